/*
 * Goal: which faults end one process and which the node (runtime/fault.h), and what is told of
 * them.
 * Method: a fake runtime of one thread, whose processes are functions on pooled stacks; land goes
 * back to the test. Faults are real. What ends the node does so in a forked child, whose dump and
 * status are read. Under sanitizers wrap.c is not there, and their own handler comes before the
 * dump: those cases check there that the child did not live on.
 */
#include "tests/harness/test.h"

#include <assert.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/crashdump.h"
#include "runtime/fault.h"
#include "runtime/guard.h"
#include "runtime/text.h"

/* Bodies that fault on purpose are not to be diagnosed. */
#define FAULTY \
    __attribute__((noinline, no_sanitize_address, no_sanitize_thread, no_sanitize("undefined")))

/* --- the fake runtime ------------------------------------------------------------------------ */

static struct {
    struct pit__stack_pool pool;
    struct pit__stack *stack; /* of the process that runs; NULL: none */
    struct pit__fibre main_fibre;
    void *main_sp, *sp;
    void (*body)(void);
    bool in_runtime, touching;
    bool landed;
    struct pit__fault_info info; /* of the last that landed */
} node;

static bool running(struct pit__fault_place *ret_place)
{
    if (!node.stack)
        return false;
    *ret_place = (struct pit__fault_place){
        .stack = node.stack, .in_runtime = node.in_runtime, .touching = node.touching};
    return true;
}

static void land(void *info)
{
    node.info = *(struct pit__fault_info *)info;
    node.landed = true;
    pit__leave_fibre(&node.stack->fibre, node.main_sp, &node.main_fibre);
}

static void dump(int fd) { pit__crashdump_printf(fd, "processes: %d\n", 1); }

static const struct pit__fault_ops ops = {.running = running, .land = land, .dump = dump};

static void entry(void *arg)
{
    (void)arg;
    pit__fibre_entered();
    node.body();
    pit__leave_fibre(&node.stack->fibre, node.main_sp, &node.main_fibre);
}

/* Runs body as a process to its end; true: it ended by a fault, and node.info says which. */
static bool faults(void (*body)(void))
{
    node.body = body;
    node.landed = node.in_runtime = node.touching = false;
    node.stack = pit__stack_get(&node.pool, 0);
    CHECK(node.stack);
    node.sp = pit__context_prepare(pit__stack_top(node.stack), entry, NULL);
    pit__switch_fibre(&node.main_sp, &node.main_fibre, node.sp, &node.stack->fibre);
    pit__stack_put(&node.pool, node.stack);
    node.stack = NULL;
    return node.landed;
}

static void start(void)
{
    pit__fibre_adopt(&node.main_fibre);
    CHECK_EQ(pit__fault_init(&ops), 0);
    CHECK_EQ(pit__fault_thread_init(), 0);
}

static bool frames_mention(uintptr_t function, size_t length)
{
    for (unsigned i = 0; i < node.info.frame_count; i++)
        if (node.info.frames[i] >= function && node.info.frames[i] < function + length)
            return true;
    return false;
}

static const char *reason(void)
{
    static char text[512];
    size_t length = pit__fault_reason_text(&node.info, text, sizeof(text));

    CHECK_EQ(length, strlen(text));
    return text;
}

static bool contains(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* --- what ends the process ------------------------------------------------------------------- */

static volatile int sink;

FAULTY static void innermost(volatile int *p)
{
    sink = *p;
    __asm__ volatile("" ::: "memory");
}

FAULTY static void middle(volatile int *p)
{
    innermost(p);
    __asm__ volatile("" ::: "memory");
}

FAULTY static void null_body(void)
{
    middle((volatile int *)16);
    __asm__ volatile("" ::: "memory");
}

PIT_TEST(a_null_dereference_ends_the_process)
{
    start();
    CHECK(faults(null_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_MEMORY);
    CHECK_EQ(node.info.signal, SIGSEGV);
    CHECK(node.info.address_known);
    CHECK_EQ(node.info.address, 16);
    CHECK_STR(pit__fault_name(&node.info), "null_pointer");
    CHECK(node.info.frame_count >= 4);
    CHECK_EQ(node.info.frames[0], node.info.pc);
    CHECK(node.info.pc >= (uintptr_t)innermost && node.info.pc < (uintptr_t)innermost + 128);
    CHECK(frames_mention((uintptr_t)middle, 128));
    CHECK(frames_mention((uintptr_t)null_body, 128));
    CHECK(contains(reason(), "SIGSEGV: null pointer, address 0x10, in "));
    CHECK(contains(reason(), "test_fault+0x") || contains(reason(), "program+0x"));
}

static void fine_body(void) { sink = 1; }

PIT_TEST(a_process_without_a_fault_just_ends)
{
    start();
    CHECK(!faults(fine_body));
}

FAULTY static void wild_jump_body(void)
{
    void (*volatile nowhere)(void) = (void (*)(void))0x1234;

    nowhere();
    __asm__ volatile("" ::: "memory");
}

PIT_TEST(a_wild_jump_ends_the_process)
{
    start();
    CHECK(faults(wild_jump_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_JUMP);
    CHECK_EQ(node.info.pc, 0x1234);
    CHECK(frames_mention((uintptr_t)wild_jump_body, 128)); /* who jumped */
    CHECK(contains(reason(), "SIGSEGV: jump to a bad address, address 0x1234, in "));
}

static char data_page[64];

FAULTY static void jump_to_data_body(void)
{
    void (*volatile data)(void) = (void (*)(void))(uintptr_t)data_page;

    data();
    __asm__ volatile("" ::: "memory");
}

PIT_TEST(a_jump_into_data_ends_the_process)
{
    start();
    CHECK(faults(jump_to_data_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_JUMP);
}

FAULTY static void non_canonical_body(void)
{
    innermost((volatile int *)0x8000000000000000ull);
    __asm__ volatile("" ::: "memory");
}

PIT_TEST(an_address_that_the_processor_does_not_tell_is_unknown)
{
    start();
    CHECK(faults(non_canonical_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_MEMORY);
#if defined(__x86_64__)
    CHECK(!node.info.address_known);
    CHECK(contains(reason(), "address unknown"));
    CHECK_STR(pit__fault_name(&node.info), "bad_address");
#endif
}

FAULTY static int recurse(int depth);
static int (*volatile recursion)(int) = recurse; /* gcc warns of what has no end */

FAULTY static int recurse(int depth)
{
    volatile char frame[200];

    frame[0] = (char)depth;
    return recursion(depth + 1) + frame[0]; /* no tail call */
}

FAULTY static void endless_body(void) { sink = recursion(0); }

PIT_TEST(endless_recursion_is_a_stack_overflow)
{
    start();
    CHECK(faults(endless_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_OVERFLOW);
    CHECK_EQ(node.info.frame_count, PIT__FAULT_FRAMES);
    CHECK_STR(pit__fault_name(&node.info), "stack_overflow");
    CHECK(contains(reason(), "stack overflow"));
}

FAULTY static void large_frame(size_t at)
{
    volatile unsigned char frame[300000];

    frame[at] = 1;
    sink = frame[at];
}

FAULTY static void large_frame_body(void) { large_frame((size_t)sink); }

PIT_TEST(a_frame_larger_than_the_guard_does_not_step_over_it)
{
    start();
    for (unsigned i = 0; i < 8; i++) { /* neighbours, that a missed guard would overwrite */
        struct pit__stack *s = pit__stack_get(&node.pool, 0);

        CHECK(s);
        memset(s->low, 0x77, pit__stack_usable(s));
    }
    CHECK(faults(large_frame_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_OVERFLOW);
}

#if defined(__x86_64__)
FAULTY static void divide_body(void)
{
    int quotient = 1, rest = 0, zero = 0;

    __asm__ volatile("idivl %2" : "+a"(quotient), "+d"(rest) : "r"(zero));
    sink = quotient;
}

PIT_TEST(a_division_by_zero_ends_the_process)
{
    start();
    CHECK(faults(divide_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_ARITHMETIC);
    CHECK_EQ(node.info.signal, SIGFPE);
    CHECK_STR(pit__fault_name(&node.info), "arithmetic");
    CHECK(contains(reason(), "SIGFPE: division by zero, in "));
}
#endif

FAULTY static void illegal_body(void)
{
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#else
    __asm__ volatile("udf #0");
#endif
}

PIT_TEST(an_illegal_instruction_ends_the_process)
{
    start();
    CHECK(faults(illegal_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_ILLEGAL);
    CHECK_EQ(node.info.signal, SIGILL);
    CHECK(contains(reason(), "SIGILL: illegal instruction, in "));
}

#if defined(__x86_64__)
FAULTY static void unaligned_body(void)
{
    static const char bytes[16] __attribute__((aligned(8)));

    __asm__ volatile("pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\tmovl 1(%0), %%eax" ::"r"(bytes)
                     : "eax", "memory", "cc");
}

PIT_TEST(an_access_that_its_own_alignment_check_refuses_ends_the_process)
{
#ifdef __SANITIZE_THREAD__
    pit_test_skip("TSan's own handler comes first, and makes such an access itself");
#endif
    start();
    for (int i = 0; i < 3; i++) { /* again: the check is off in who comes next */
        CHECK(faults(unaligned_body));
        CHECK_EQ(node.info.signal, SIGBUS);
        CHECK(contains(reason(), "SIGBUS: "));
    }
}

FAULTY static void calls_with_its_check_on(void)
{
    uint64_t flags;

    node.in_runtime = true; /* as if it had called */
    unaligned_body();
    node.in_runtime = false;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    sink = (flags & 0x40000) != 0;
}

PIT_TEST(an_alignment_check_that_was_on_when_the_runtime_was_called_ends_nobody)
{
#ifdef __SANITIZE_THREAD__
    pit_test_skip("TSan's own handler comes first, and makes such an access itself");
#endif
    start();
    CHECK(!faults(calls_with_its_check_on));
    CHECK_EQ(sink, 0);
}
#endif

FAULTY static void past_the_end_body(void)
{
    char path[] = "/tmp/pitboss-fault-XXXXXX";
    int fd = mkstemp(path);
    volatile char *p;

    CHECK(fd >= 0);
    CHECK_EQ(unlink(path), 0);
    p = (volatile char *)mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(p != MAP_FAILED);
    CHECK_EQ(close(fd), 0);
    sink = (unsigned char)p[100];
}

PIT_TEST(a_read_past_the_end_of_a_mapped_file_ends_the_process)
{
    start();
    CHECK(faults(past_the_end_body));
    CHECK_EQ(node.info.signal, SIGBUS);
    CHECK(node.info.address_known);
}

static void abort_body(void) { abort(); }

PIT_TEST(abort_ends_the_process)
{
    start();
    CHECK(faults(abort_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_ABORT);
    CHECK_EQ(node.info.signal, SIGABRT);
    CHECK_STR(pit__fault_name(&node.info), "abort");
    if (!pit_test_sanitized())
        CHECK(frames_mention((uintptr_t)abort_body, 64));
    CHECK(contains(reason(), "SIGABRT: abort, in "));
}

static void assert_body(void) { assert(sink == 4711 && "a bet was lost"); }

PIT_TEST(a_failed_assertion_ends_the_process_and_is_its_reason)
{
    start();
    CHECK(faults(assert_body));
    CHECK_EQ(node.info.signal, SIGABRT);
    if (pit_test_sanitized())
        return; /* without wrap.c it is an abort; libc has printed the rest */
    CHECK_EQ(node.info.kind, PIT__FAULT_ASSERT);
    CHECK_STR(pit__fault_name(&node.info), "assertion");
    CHECK(contains(reason(), "a bet was lost"));
    CHECK(contains(reason(), "test_fault.c:"));
    CHECK(contains(reason(), "assert_body"));
}

static const char *volatile bad_text;

FAULTY static void strlen_body(void) { sink = (int)strlen(bad_text); }

PIT_TEST(strlen_of_null_ends_the_process)
{
    start();
    CHECK(faults(strlen_body));
    CHECK_EQ(node.info.kind, PIT__FAULT_MEMORY);
    CHECK(!node.info.foreign);
    if (!pit_test_sanitized())
        CHECK(frames_mention((uintptr_t)strlen_body, 128));
}

FAULTY static void printf_body(void)
{
    bad_text = (const char *)8;
    printf("a bad %s", bad_text);
    __asm__ volatile("" ::: "memory"); /* no tail call, which would leave no trace of us */
}

static void *prints(void *arg)
{
    *(int *)arg = printf("# stdout lives\n");
    return NULL;
}

PIT_TEST(printf_works_after_a_process_died_in_it)
{
    pthread_t other;
    int length = 0;

    start();
    /* a second thread has existed, so that glibc's locks name their owners */
    CHECK_EQ(pthread_create(&other, NULL, prints, &length), 0);
    CHECK_EQ(pthread_join(other, NULL), 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(faults(printf_body));
        CHECK_EQ(node.info.kind, PIT__FAULT_MEMORY);
        /* From the second on, remains on the stack may mislead the search. */
        if (i == 0 && !pit_test_sanitized())
            CHECK(frames_mention((uintptr_t)printf_body, 128));
        length = 0;
        CHECK_EQ(pthread_create(&other, NULL, prints, &length), 0);
        CHECK_EQ(pthread_join(other, NULL), 0);
        CHECK_EQ(length, 15);
    }
}

FAULTY static void touching_body(void)
{
    node.in_runtime = true;
    node.touching = true;
    null_body();
}

PIT_TEST(the_runtime_may_touch_the_programs_memory)
{
    start();
    CHECK(faults(touching_body));
}

PIT_TEST_WITHIN(many_faults_leave_nothing_behind, 120)
{
    static void (*const bodies[])(void) = {null_body, endless_body, illegal_body, abort_body,
                                           wild_jump_body};
    uint64_t count = pit_test_scale(5000, 1000000);
    struct pit__stack_usage before, after;

    if (pit_test_sanitized())
        count = 100;
    start();
    for (unsigned i = 0; i < 5; i++)
        CHECK(faults(bodies[i]));
    pit__stack_usage(&before);
    for (uint64_t i = 0; i < count; i++)
        CHECK(faults(bodies[i % 5]));
    pit__stack_usage(&after);
    CHECK_EQ(after.made, before.made);
    CHECK_EQ(pit__guard.locks, 0);
    CHECK_EQ(pit__guard.malloc_depth, 0);
}

/* --- who is asked first ---------------------------------------------------------------------- */

static sigjmp_buf back;
static int previous_calls;

static void previous(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    previous_calls++;
    siglongjmp(back, 1);
}

PIT_TEST(a_thread_without_a_process_keeps_the_programs_handler)
{
    struct sigaction act = {.sa_sigaction = previous, .sa_flags = SA_SIGINFO}, now;

    CHECK_EQ(sigaction(SIGSEGV, &act, NULL), 0);
    start();
    if (sigsetjmp(back, 1) == 0)
        null_body();
    CHECK_EQ(previous_calls, 1);
    CHECK(faults(null_body)); /* and a process does not */
    CHECK_EQ(previous_calls, 1);
    pit__fault_thread_exit();
    pit__fault_shutdown();
    CHECK_EQ(sigaction(SIGSEGV, NULL, &now), 0);
    CHECK(now.sa_sigaction == previous);
}

/* --- what ends the node ---------------------------------------------------------------------- */

static char dump_text[65536];

/* Body as a process of a forked node. Returns the wait status; dump_text holds the dump, or "". */
static int node_ends(void (*body)(void))
{
    char path[] = "/tmp/pitboss-dump-XXXXXX";
    int fd = mkstemp(path), status = 0;
    ssize_t n;
    pid_t child;

    CHECK(fd >= 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);

        (void)dup2(null, STDERR_FILENO);
        pit__crashdump_path(path);
        start();
        (void)faults(body);
        _exit(0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    n = read(fd, dump_text, sizeof(dump_text) - 1);
    CHECK(n >= 0);
    dump_text[n] = 0;
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(unlink(path), 0);
    return status;
}

/* The node died of this signal, and its dump says why. */
static void check_node_ends(void (*body)(void), int signal, const char *why)
{
    int status = node_ends(body);

    if (pit_test_sanitized()) {
        CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
        return;
    }
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), signal);
    CHECK(contains(dump_text, "pitboss crash dump\nwhy the node ended: "));
    CHECK(contains(dump_text, why));
    CHECK(contains(dump_text, "backtrace:\n  0x"));
    CHECK(contains(dump_text, "processes: 1\nend of dump\n"));
}

/* A function of the runtime, for the linker. */
__attribute__((section("pit_text"))) FAULTY static void runtime_text_body(void)
{
    volatile int *volatile p = (volatile int *)0x10001000;

    sink = *p;
}

__attribute__((section("pit_text"))) FAULTY static void given_null_body(void)
{
    volatile int *volatile p = (volatile int *)-16;

    sink = *p;
}

/* Where the runtime works on nothing but what it was given. */
PIT_TEST(null_given_to_the_runtimes_text_ends_the_process)
{
    start();
    CHECK(faults(given_null_body));
    CHECK_EQ(node.info.signal, SIGSEGV);
}

PIT_TEST(a_fault_in_the_runtimes_text_ends_the_node)
{
    check_node_ends(runtime_text_body, SIGSEGV, "in the runtime");
    CHECK(pit__text_refresh() == 0);
    CHECK(pit__text_knows_runtime());
    CHECK_EQ(pit__text_kind_at((uintptr_t)runtime_text_body), PIT__TEXT_RUNTIME);
    CHECK_EQ(pit__text_kind_at((uintptr_t)null_body), PIT__TEXT_PROGRAM);
    CHECK_EQ(pit__text_kind_at((uintptr_t)dlsym(RTLD_DEFAULT, "gnu_get_libc_version")),
             PIT__TEXT_LIBC);
    CHECK_EQ(pit__text_kind_at((uintptr_t)&node), PIT__TEXT_NONE);
}

FAULTY static void in_runtime_body(void)
{
    node.in_runtime = true;
    null_body();
}

PIT_TEST(a_fault_while_the_runtime_works_ends_the_node)
{
    check_node_ends(in_runtime_body, SIGSEGV, "in the runtime");
}

FAULTY static void abort_in_runtime_body(void)
{
    node.in_runtime = true;
    abort();
}

PIT_TEST(an_abort_while_the_runtime_works_ends_the_node)
{
    check_node_ends(abort_in_runtime_body, SIGABRT, "in the runtime");
}

/* Hidden from the compiler, which would refuse. */
FAULTY static void free_twice_body(void)
{
    void *volatile block = malloc(24);
    uintptr_t volatile hidden = (uintptr_t)block;

    free(block);
    free((void *)hidden); /* NOLINT(clang-analyzer-unix.Malloc): it is the case */
}

PIT_TEST(heap_corruption_ends_the_node)
{
    if (pit_test_sanitized())
        return; /* a sanitizer has a heap of its own */
    check_node_ends(free_twice_body, SIGABRT, "inside malloc");
}

FAULTY static void free_wild_body(void)
{
    void *volatile wild = (void *)0x10001000;

    free(wild); /* NOLINT(clang-analyzer-unix.Malloc): it is the case */
}

PIT_TEST(a_fault_inside_free_ends_the_node)
{
    if (pit_test_sanitized())
        return; /* a sanitizer has a heap of its own */
    check_node_ends(free_wild_body, SIGSEGV, "inside malloc");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

FAULTY static void locked_body(void)
{
    pthread_mutex_lock(&mutex);
    null_body();
}

FAULTY static void abort_locked_body(void)
{
    pthread_rwlock_rdlock(&rwlock);
    abort();
}

static int faulty_callback(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)info;
    (void)size;
    (void)arg;
    null_body();
    return 0;
}

FAULTY static void callback_body(void) { dl_iterate_phdr(faulty_callback, NULL); }

static pthread_once_t once = PTHREAD_ONCE_INIT;

FAULTY static void once_body(void) { pthread_once(&once, null_body); }

PIT_TEST(a_fault_with_a_lock_held_ends_the_node)
{
    if (pit_test_sanitized())
        return; /* without wrap.c locks are not counted */
    check_node_ends(locked_body, SIGSEGV, "while a lock was held");
    check_node_ends(abort_locked_body, SIGABRT, "while a lock was held");
    check_node_ends(callback_body, SIGSEGV, "while a lock was held");
    check_node_ends(once_body, SIGSEGV, "while a lock was held");
}

FAULTY static void unlocked_body(void)
{
    pthread_mutex_lock(&mutex);
    CHECK(pit_test_sanitized() || pit__guard_held());
    CHECK(pthread_mutex_trylock(&mutex) != 0);
    pthread_mutex_unlock(&mutex);
    pthread_rwlock_wrlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    flockfile(stdout);
    funlockfile(stdout);
    CHECK(!pit__guard_held());
    null_body();
}

PIT_TEST(locks_that_were_released_do_not_matter)
{
    start();
    CHECK(faults(unlocked_body));
}

FAULTY static void killed_body(void) { (void)kill(getpid(), SIGSEGV); /* as from anywhere */ }

PIT_TEST(a_signal_from_outside_is_not_contained)
{
    int status = node_ends(killed_body);

    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    if (!pit_test_sanitized()) {
        CHECK(WIFSIGNALED(status));
        CHECK_EQ(WTERMSIG(status), SIGSEGV);
        CHECK_STR(dump_text, "");
    }
}

static int child_status;

FAULTY static void forking_body(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0); /* not reached: a child does not inherit the stack that it would run on */
    CHECK_EQ(waitpid(child, &child_status, 0), child);
}

PIT_TEST(a_forked_child_is_no_node)
{
    if (pit_test_sanitized())
        return; /* their own fork runs code on the missing stack */
    start();
    CHECK(!faults(forking_body));
    CHECK(WIFSIGNALED(child_status));
    CHECK_EQ(WTERMSIG(child_status), SIGSEGV);
}

/* --- the dump's own formatting --------------------------------------------------------------- */

PIT_TEST(a_dump_formats_like_printf)
{
    char got[512], want[512];
    int ends[2];
    ssize_t n;

#define FORMATTED                                                                           \
    "%s|%d|%5d|%05d|%u|%lu|%lld|%llx|%x|%p|%c|%zu|%%|\n", "text", -42, 17, 17, 4000000000u, \
        5000000000ul, -9000000000ll, 0xfeedfacecafeull, 255u, (void *)0x1234, 'c', sizeof(int)
    CHECK_EQ(pipe(ends), 0);
    pit__crashdump_printf(ends[1], FORMATTED);
    CHECK(snprintf(want, sizeof(want), FORMATTED) > 0);
    n = read(ends[0], got, sizeof(got) - 1);
    CHECK(n > 0);
    got[n] = 0;
    CHECK_STR(got, want);
}
