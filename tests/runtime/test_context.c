/*
 * Goal: what runtime/arch/context.h, fibre.h and tls.h promise, on both architectures and under
 *   sanitizers.
 * Method: contexts on stacks of the test's own. Registers are checked by a function in assembly
 *   that fills all that the ABI says a call preserves, calls into a switch to a context that
 *   overwrites them, and compares. The first frame is checked by the unwinder of the compiler and
 *   by following frame pointers.
 */
#include "tests/harness/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#include "runtime/arch/fibre.h"
#include "runtime/arch/tls.h"

#define STACK_SIZE ((size_t)256 * 1024)

struct task {
    struct pit__fibre fibre;
    void *sp;
    char *low;
    struct task *next;
    unsigned runs;
    void (*body)(struct task *);
};

static struct task loop;

static void *task_top(const struct task *t) { return t->low + STACK_SIZE; }

static void task_entry(void *arg)
{
    struct task *t = (struct task *)arg;

    pit__fibre_entered();
    t->body(t);
    pit__leave_fibre(&t->fibre, loop.sp, &loop.fibre);
}

static void task_init(struct task *t, void (*body)(struct task *))
{
    t->low =
        (char *)mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(t->low != MAP_FAILED);
    t->body = body;
    pit__fibre_create(&t->fibre, t->low, STACK_SIZE);
    t->sp = pit__context_prepare(task_top(t), task_entry, t);
}

static void task_free(struct task *t)
{
    pit__fibre_destroy(&t->fibre);
    CHECK_EQ(munmap(t->low, STACK_SIZE), 0);
}

/* Out of line, like the scheduler's functions; the bodies have inlined copies of the switch. */
static __attribute__((noinline)) void task_run(struct task *t)
{
    pit__switch_fibre(&loop.sp, &loop.fibre, t->sp, &t->fibre);
}

static __attribute__((noinline)) void task_pause(struct task *t)
{
    pit__switch_fibre(&t->sp, &t->fibre, loop.sp, &loop.fibre);
}

/* --- going round ---------------------------------------------------------------------- */

static uint64_t round_limit;
static uint64_t round_switches;

static void round_body(struct task *t)
{
    uint64_t mine = 0;

    while (round_switches < round_limit) {
        mine++;
        round_switches++;
        t->runs++;
        CHECK_EQ(mine, t->runs);
        pit__switch_fibre(&t->sp, &t->fibre, t->next->sp, &t->next->fibre);
    }
    task_pause(t);
}

PIT_TEST(eight_stacks_take_turns)
{
    struct task tasks[8] = {0};

    round_limit = pit_test_scale(200000, 20000000);
    pit__fibre_adopt(&loop.fibre);
    for (unsigned i = 0; i < 8; i++) {
        task_init(&tasks[i], round_body);
        tasks[i].next = &tasks[(i + 1) % 8];
    }
    task_run(&tasks[0]);
    CHECK_EQ(round_switches, round_limit);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQ(tasks[i].runs, round_limit / 8);
        task_free(&tasks[i]);
    }
}

/* --- registers ------------------------------------------------------------------------ */

/*
 * Fill every register that a call preserves, call f, and return a bit for each that came back
 * changed. x86-64: rbx rbp r12 r13 r14 r15. AArch64: x19 to x29, d8 to d15.
 */
uint64_t check_preserved(void (*f)(void));

#if defined(__x86_64__)
__asm__(".text\n.p2align 4\n.globl check_preserved\n.type check_preserved, @function\n"
        "check_preserved:\n"
        "  pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
        "  subq $8, %rsp\n"
        "  movq $0x1111, %rbx; movq $0x2222, %rbp; movq $0x3333, %r12\n"
        "  movq $0x4444, %r13; movq $0x5555, %r14; movq $0x6666, %r15\n"
        "  callq *%rdi\n"
        "  xorl %eax, %eax\n"
        "  cmpq $0x1111, %rbx; je 1f; orq $1, %rax\n"
        "1: cmpq $0x2222, %rbp; je 1f; orq $2, %rax\n"
        "1: cmpq $0x3333, %r12; je 1f; orq $4, %rax\n"
        "1: cmpq $0x4444, %r13; je 1f; orq $8, %rax\n"
        "1: cmpq $0x5555, %r14; je 1f; orq $16, %rax\n"
        "1: cmpq $0x6666, %r15; je 1f; orq $32, %rax\n"
        "1: addq $8, %rsp\n"
        "  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx\n"
        "  ret\n"
        ".size check_preserved, . - check_preserved\n");

static __attribute__((noinline)) void overwrite_registers(void)
{
    __asm__ volatile(
        "movq $-1, %%rax\n\t"
        "movq %%rax, %%rbx\n\t movq %%rax, %%rcx\n\t movq %%rax, %%rdx\n\t"
        "movq %%rax, %%r8\n\t movq %%rax, %%r9\n\t movq %%rax, %%r10\n\t"
        "movq %%rax, %%r11\n\t movq %%rax, %%r12\n\t movq %%rax, %%r13\n\t"
        "movq %%rax, %%r14\n\t movq %%rax, %%r15\n\t"
        "pcmpeqd %%xmm0, %%xmm0\n\t movaps %%xmm0, %%xmm1\n\t movaps %%xmm0, %%xmm2\n\t"
        "movaps %%xmm0, %%xmm6\n\t movaps %%xmm0, %%xmm7\n\t movaps %%xmm0, %%xmm8\n\t"
        "movaps %%xmm0, %%xmm13\n\t movaps %%xmm0, %%xmm14\n\t movaps %%xmm0, %%xmm15"
        :
        :
        : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
          "xmm1", "xmm2", "xmm6", "xmm7", "xmm8", "xmm13", "xmm14", "xmm15");
}
#else
__asm__(".text\n.p2align 4\n.globl check_preserved\n.type check_preserved, %function\n"
        "check_preserved:\n"
        "  stp x29, x30, [sp, #-160]!\n"
        "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n"
        "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n"
        "  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "  mov x19, #19\n  mov x20, #20\n  mov x21, #21\n  mov x22, #22\n  mov x23, #23\n"
        "  mov x24, #24\n  mov x25, #25\n  mov x26, #26\n  mov x27, #27\n  mov x28, #28\n"
        "  mov x29, #29\n"
        "  fmov d8, x20\n  fmov d9, x21\n  fmov d10, x22\n  fmov d11, x23\n"
        "  fmov d12, x24\n  fmov d13, x25\n  fmov d14, x26\n  fmov d15, x27\n"
        "  blr x0\n"
        "  mov x0, #0\n"
        "  .macro same reg, want, bit\n"
        "    cmp \\reg, #\\want\n    cset x9, ne\n    orr x0, x0, x9, lsl #\\bit\n"
        "  .endm\n"
        "  same x19, 19, 0\n  same x20, 20, 1\n  same x21, 21, 2\n  same x22, 22, 3\n"
        "  same x23, 23, 4\n  same x24, 24, 5\n  same x25, 25, 6\n  same x26, 26, 7\n"
        "  same x27, 27, 8\n  same x28, 28, 9\n  same x29, 29, 10\n"
        "  fmov x10, d8\n  same x10, 20, 11\n  fmov x10, d9\n  same x10, 21, 12\n"
        "  fmov x10, d10\n  same x10, 22, 13\n  fmov x10, d11\n  same x10, 23, 14\n"
        "  fmov x10, d12\n  same x10, 24, 15\n  fmov x10, d13\n  same x10, 25, 16\n"
        "  fmov x10, d14\n  same x10, 26, 17\n  fmov x10, d15\n  same x10, 27, 18\n"
        "  ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n"
        "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n"
        "  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "  ldp x29, x30, [sp], #160\n"
        "  ret\n"
        ".size check_preserved, . - check_preserved\n");

static __attribute__((noinline)) void overwrite_registers(void)
{
    __asm__ volatile("mov x9, #-1\n\t mov x19, x9\n\t mov x20, x9\n\t mov x21, x9\n\t"
                     "mov x22, x9\n\t mov x23, x9\n\t mov x24, x9\n\t mov x25, x9\n\t"
                     "mov x26, x9\n\t mov x27, x9\n\t mov x28, x9\n\t"
                     "fmov d8, x9\n\t fmov d9, x9\n\t fmov d10, x9\n\t fmov d11, x9\n\t"
                     "fmov d12, x9\n\t fmov d13, x9\n\t fmov d14, x9\n\t fmov d15, x9"
                     :
                     :
                     : "x9", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15");
}
#endif

static struct task destroyer;

static void destroyer_body(struct task *t)
{
    for (;;) {
        overwrite_registers();
        t->runs++;
        task_pause(t);
    }
}

static void visit_destroyer(void) { task_run(&destroyer); }

PIT_TEST(registers_that_a_call_preserves_survive_a_switch)
{
    pit__fibre_adopt(&loop.fibre);
    task_init(&destroyer, destroyer_body);
    for (unsigned i = 1; i <= 100; i++) {
        CHECK_EQ(check_preserved(visit_destroyer), 0);
        CHECK_EQ(destroyer.runs, i);
    }
    task_free(&destroyer);
}

PIT_TEST(values_that_live_in_any_register_survive_a_switch)
{
    volatile uint64_t seed = 12345;
    volatile double fseed = 1.5;

    pit__fibre_adopt(&loop.fibre);
    task_init(&destroyer, destroyer_body);
    for (unsigned round = 0; round < 1000; round++) {
        uint64_t a = seed, b = a * 3 + 1, c = b ^ (a << 7), d = c + 5, e = d * 7, f = e ^ b,
                 g = f + c;
        double p = fseed, q = p * 3, r = q + p, s = r * r, u = s - q, v = u / p, w = v + s,
               x = w * 2;

        pit__switch_fibre(&loop.sp, &loop.fibre, destroyer.sp, &destroyer.fibre);
        CHECK(a == seed && b == a * 3 + 1 && c == (b ^ (a << 7)) && d == c + 5 && e == d * 7);
        CHECK(f == (e ^ b) && g == f + c);
        CHECK(p == fseed && q == p * 3 && r == q + p && s == r * r && u == s - q);
        CHECK(v == u / p && w == v + s && x == w * 2);
        seed = g;
    }
    task_free(&destroyer);
}

/* --- the first frame ------------------------------------------------------------------ */

static uintptr_t entry_frame;
static int aligned_sum;

static void aligned_body(struct task *t)
{
    _Alignas(64) volatile int values[16];

    entry_frame = (uintptr_t)__builtin_frame_address(0);
    CHECK_EQ((uintptr_t)values % 64, 0);
    for (int i = 0; i < 16; i++)
        values[i] = i;
    task_pause(t);
    for (int i = 0; i < 16; i++)
        aligned_sum += values[i];
}

PIT_TEST(an_entry_function_finds_its_stack_aligned)
{
    struct task t = {0};

    pit__fibre_adopt(&loop.fibre);
    task_init(&t, aligned_body);
    task_run(&t);
    CHECK_EQ(entry_frame % 16, 0);
    CHECK(entry_frame > (uintptr_t)t.low && entry_frame < (uintptr_t)task_top(&t));
    task_run(&t);
    CHECK_EQ(aligned_sum, 120);
    task_free(&t);
}

struct trace {
    uintptr_t functions[64];
    unsigned count;
};

static _Unwind_Reason_Code trace_frame(struct _Unwind_Context *c, void *arg)
{
    struct trace *trace = (struct trace *)arg;
    uintptr_t pc = _Unwind_GetIP(c);

    if (pc != 0 && trace->count < 64)
        trace->functions[trace->count++] = (uintptr_t)_Unwind_FindEnclosingFunction((void *)pc);
    return _URC_NO_REASON;
}

/* The unwinder ends without error, and its last frame is `first`, the only one of that function. */
static void check_unwinds_to(uintptr_t first)
{
    struct trace trace = {0};

    CHECK_EQ(_Unwind_Backtrace(trace_frame, &trace), _URC_END_OF_STACK);
    CHECK(trace.count >= 3 && trace.count < 64);
    CHECK_EQ(trace.functions[trace.count - 1], first);
    for (unsigned i = 0; i + 1 < trace.count; i++)
        CHECK(trace.functions[i] != first);
}

/* Each frame pointer lies above the last, in the stack, and the chain ends in 0 in a few steps. */
static void check_frame_chain(const struct task *t, const uintptr_t *fp)
{
    unsigned frames = 0;

    while (fp) {
        const uintptr_t *up = (const uintptr_t *)fp[0];

        CHECK((uintptr_t)fp > (uintptr_t)t->low && (uintptr_t)fp < (uintptr_t)task_top(t));
        CHECK(!up || up > fp);
        CHECK(++frames < 64);
        fp = up;
    }
    CHECK(frames >= 2);
}

static __attribute__((noinline)) void unwinding_deeper(struct task *t, unsigned depth)
{
    if (depth > 0) {
        unwinding_deeper(t, depth - 1);
        __asm__ volatile("" ::: "memory"); /* no tail call */
        return;
    }
    check_unwinds_to((uintptr_t)pit__context_start);
    check_frame_chain(t, (const uintptr_t *)__builtin_frame_address(0));
    task_pause(t);
    check_unwinds_to((uintptr_t)pit__context_start);
}

static void unwinding_body(struct task *t)
{
    unwinding_deeper(t, 5);
    __asm__ volatile("" ::: "memory");
}

PIT_TEST(unwinders_and_frame_chains_stop_at_the_first_frame)
{
    struct task t = {0};

    pit__fibre_adopt(&loop.fibre);
    task_init(&t, unwinding_body);
    CHECK_EQ(pit__context_pc(t.sp), (uintptr_t)pit__context_start);
    CHECK_EQ(pit__context_fp(t.sp), 0);
    task_run(&t);
    /* parked: what a crash dump walks */
    CHECK(pit__context_pc(t.sp) != (uintptr_t)pit__context_start);
    check_frame_chain(&t, (const uintptr_t *)pit__context_fp(t.sp));
    task_run(&t);
    task_free(&t);
}

/* --- restart -------------------------------------------------------------------------- */

struct restarting {
    struct task task;
    unsigned left;
    uintptr_t frame;
};

static void restart_entry(void *arg);
static void restart_from_below(struct restarting *r, unsigned depth);

/* Called through a variable, for gcc warns of a recursion that has no way out but the switch. */
static void (*volatile deeper_restart)(struct restarting *, unsigned) = restart_from_below;

static __attribute__((noinline)) void restart_from_below(struct restarting *r, unsigned depth)
{
    volatile char frame[512];

    frame[0] = (char)depth;
    frame[511] = frame[0];
    if (depth > 0) {
        deeper_restart(r, depth - 1);
        CHECK(!"an abandoned frame came back");
    }
    pit__restart_fibre(&r->task.fibre, task_top(&r->task), restart_entry, r);
}

static void restart_entry(void *arg)
{
    struct restarting *r = (struct restarting *)arg;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

    CHECK_EQ(frame % 16, 0);
    if (r->frame)
        CHECK_EQ(frame, r->frame);
    r->frame = frame;
    check_unwinds_to((uintptr_t)pit__context_restart);
    if (r->left-- > 0)
        restart_from_below(r, 8);
    pit__leave_fibre(&r->task.fibre, loop.sp, &loop.fibre);
}

static void restart_body(struct task *t)
{
    struct restarting *r = (struct restarting *)t;

    restart_from_below(r, 3);
}

PIT_TEST(restart_abandons_all_frames_however_often)
{
    struct restarting r = {.left = (unsigned)pit_test_scale(2000, 200000)};

    pit__fibre_adopt(&loop.fibre);
    task_init(&r.task, restart_body);
    task_run(&r.task);
    CHECK_EQ(r.left, UINT32_MAX);
    task_free(&r.task);
}

/* --- recycled stacks ------------------------------------------------------------------ */

static void abandon_deep(struct task *t, unsigned depth);
static void (*volatile deeper_abandon)(struct task *, unsigned) = abandon_deep;

static __attribute__((noinline)) void abandon_deep(struct task *t, unsigned depth)
{
    volatile char frame[256];

    memset((char *)frame, (int)depth, sizeof(frame));
    CHECK_EQ(frame[17], (char)depth);
    if (depth > 0) {
        deeper_abandon(t, depth - 1);
        CHECK(!"an abandoned frame came back");
    }
    pit__leave_fibre(&t->fibre, loop.sp, &loop.fibre);
}

static void abandoning_body(struct task *t)
{
    t->runs++;
    abandon_deep(t, 20);
}

PIT_TEST(a_stack_left_with_frames_on_it_serves_the_next)
{
    struct task t = {0};
    unsigned rounds = (unsigned)pit_test_scale(10000, 200000);

    pit__fibre_adopt(&loop.fibre);
    task_init(&t, abandoning_body);
    for (unsigned i = 0; i < rounds; i++) {
        task_run(&t);
        pit__fibre_renew(&t.fibre);
        t.sp = pit__context_prepare(task_top(&t), task_entry, &t);
    }
    CHECK_EQ(t.runs, rounds);
    task_free(&t);
}

/* --- the current thread --------------------------------------------------------------- */

struct pit__thread {
    unsigned number;
};

static struct task traveller;
static unsigned seen[2];

static void travelling_body(struct task *t)
{
    seen[0] = pit__thread()->number;
    pit__switch_fibre(&t->sp, &t->fibre, loop.sp, &loop.fibre);
    seen[1] = pit__thread()->number;
}

static void *second_thread(void *arg)
{
    struct pit__thread second = {.number = 2};

    CHECK(pit__thread() == NULL);
    pit__thread_set(&second);
    pit__fibre_adopt(&loop.fibre);
    task_run(&traveller);
    CHECK_EQ(pit__thread()->number, 2);
    return arg;
}

PIT_TEST(a_context_that_moved_finds_its_new_thread)
{
    struct pit__thread first = {.number = 1};
    pthread_t thread;

    pit__thread_set(&first);
    pit__fibre_adopt(&loop.fibre);
    task_init(&traveller, travelling_body);
    task_run(&traveller);
    CHECK_EQ(pthread_create(&thread, NULL, second_thread, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(seen[0], 1);
    CHECK_EQ(seen[1], 2);
    CHECK_EQ(pit__thread()->number, 1);
    task_free(&traveller);
}
