/*
 * Goal: a node at one of its limits (atoms, names, memory for a process) says so to who asks for
 * more, and goes on for all others (LIFE-6, LIFE-11, REG-1, HEAP-4). The limit of processes:
 * test_life.c.
 * Method: each limit is reached by processes of all schedulers, on 1, 2 and 4; then what needs no
 * more of it is done.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "term/atom.h"
#include "term/heap.h"
#include "tests/runtime/node.h"

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(go);

#define ON(name, n, ...)                                                          \
    PIT_TEST(name##_on_##n)                                                       \
    {                                                                             \
        node_run((struct node_case){.body = name, .schedulers = n, __VA_ARGS__}); \
    }
#define ON_1_2_4(name, ...)  \
    static void name(void);  \
    ON(name, 1, __VA_ARGS__) \
    ON(name, 2, __VA_ARGS__) \
    ON(name, 4, __VA_ARGS__) \
    static void name(void)

static void expect_error(pit_body *body, const char *begin)
{
    pit_monitored m = spawn_watched(body, NULL, 0);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);
    const char *reason;

    CHECK(down);
    reason = text_of(pit_as(down, pit_down)->reason);
    if (strncmp(reason, begin, strlen(begin)) != 0)
        pit_test_fail(__FILE__, __LINE__, "%s, where %s... was promised", reason, begin);
}

/* ---- atoms, and the names that are atoms */

#define ATOMS 1500

static void makes_atoms(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;
    int64_t made = 0;
    char name[40];

    for (int i = 0;; i++) {
        int r;

        snprintf(name, sizeof name, "own_%llx_%d", (unsigned long long)pit_self().id, i);
        r = pit_register(name, pit_self());
        if (r == -PIT_ESYSTEMLIMIT)
            break;
        CHECK_EQ(r, i ? -PIT_ENAMETAKEN : 0); /* it has its first name */
        made++;
    }
    pit_send(to, number, .n = made);
    (void)pit_receive_type(&pit_type_go, A_WHILE);
}

static void makes_one_more(const void *arg) { (void)pit_atom_of("one_more"); }
static void parses_one_more(const void *arg)
{
    pit_term t;

    CHECK_EQ(pit_term_parse("{one_more, 1}", 13, &t), -PIT_ESYSTEMLIMIT);
    CHECK_EQ(pit_term_parse("{ok, 1}", 7, &t), 0);
}
static int *volatile nowhere;
static void faults(const void *arg) { *nowhere = 1; }
static void mistakes(const void *arg) { (void)pit_must(-ENOENT); }

/* LIFE-11, REG-1: the table of atoms is filled to the last one by all at once; what needs none goes
   on. */
ON_1_2_4(the_limit_of_atoms_is_exact_and_harms_nobody, .opts = {.atoms = ATOMS})
{
    enum { MAKERS = 5 };
    pit_pid me = pit_self(), makers[MAKERS], p;
    int64_t before, made = 0;

    (void)pit_atom("an_atom");
    CHECK_EQ(pit_register("first", me), 0);
    before = pit__atoms_count();
    for (int i = 0; i < MAKERS; i++)
        makers[i] = spawn_anywhere(makes_atoms, &me, sizeof me);
    for (int i = 0; i < MAKERS; i++)
        made += pit_receive_only(number, A_WHILE)->n;
    CHECK_EQ(before + made, ATOMS);
    CHECK_EQ(pit__atoms_count(), ATOMS);

    expect_error(makes_one_more, "{system_limit,<<\"");
    expect_error(parses_one_more, "normal");
    if (!pit_test_sanitized())
        expect_error(faults, "{fault,'SIGSEGV',null_pointer,");
    expect_error(mistakes, "{badmatch,<<\"");
    CHECK_EQ(pit_error(pit_try_spawn(wait_forever, NULL, 0, (pit_spawn_opts){.name = "other"})),
             -PIT_ESYSTEMLIMIT);
    CHECK_EQ(pit_error(pit_send_after_name(1, "other", &pit_type_go, &(struct go){0})),
             -PIT_ESYSTEMLIMIT);
    expect_down(pit_monitor_name("other"), PIT_NO_PID, "noproc");

    CHECK(pit_pid_equal(pit_whereis("first"), me));
    CHECK_EQ(pit_unregister("first"), 0);
    p = pit_spawn_with(wait_forever, NULL, 0, .name = "first");
    CHECK(pit_pid_equal(pit_whereis("first"), p));
    pit_exit_process(p, pit_atom("an_atom"));
    for (int i = 0; i < MAKERS; i++)
        pit_send(makers[i], go);
    expect_alone();
}

/* ---- memory */

#define LARGE ((size_t)1 << 29)

static void *large; /* to be read, and made of nothing */

/* So little more than there is that a copy of it has no room. */
static void limit_memory(void)
{
    struct rlimit limit = {.rlim_max = RLIM_INFINITY};
    unsigned long pages;
    FILE *f = fopen("/proc/self/statm", "r");

    CHECK(f && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    limit.rlim_cur = pages * 4096 + LARGE / 2;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
}

static void spawns_large(const void *arg) { (void)pit_spawn(wait_forever, large, LARGE); }
static void spawns_large_handler(const void *arg)
{
    (void)pit_spawn_handler_link(NULL, large, LARGE);
}

/* LIFE-11: a spawn without memory is system_limit, or holds -ENOMEM for who can handle it; nothing
   was started. */
ON_1_2_4(a_spawn_without_memory_is_system_limit, .opts = {.processes = 1024})
{
    pit_ref r;

    if (pit_test_sanitized())
        pit_test_skip("a sanitizer has its memory where this test takes it away");
    large = mmap(NULL, LARGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(large != MAP_FAILED);
    limit_memory();
    expect_error(spawns_large, "{system_limit,<<\"no memory");
    expect_error(spawns_large_handler, "{system_limit,<<\"no memory");
    CHECK_EQ(pit_error(pit_try_spawn(wait_forever, large, LARGE, (pit_spawn_opts){.link = true})),
             -ENOMEM);
    r = pit_spawn_request(wait_forever, large, LARGE, .link = true);
    CHECK_EQ(pit_error(pit_as(pit_receive_ref(r, A_WHILE), pit_spawn_reply)->pid), -ENOMEM);
    expect_error(mistakes, "{badmatch,<<\"");
    expect_alone();
}

/* ---- terms: a process that can build no more of them still ends with its own reason, alone */

struct full_case {
    enum { BUILDS, TEXTS, BYTES, FAULTS, ABORTS, MISTAKES, BADARG, WAITS, EXITS, RECEIVES } what;
    int64_t limit; /* 0: the one that all have */
    bool kill;
};

/* To the last cell. Nothing is written, so that it costs no memory. */
static void fill_the_heap(void)
{
    for (size_t cells = (size_t)1 << 20; cells; cells /= 2)
        while (pit__heap_try(pit__heap(), cells))
            ;
}

static void ends_when_full(const void *arg)
{
    const struct full_case *c = arg;

    if (c->limit) {
        pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, c->limit);
        pit_process_flag(PIT_FLAG_MAX_HEAP_KILL, c->kill);
    }
    fill_the_heap();
    switch (c->what) {
    case BUILDS:
        (void)pit_build("{a, ~}", pit_int(1));
        break;
    case TEXTS:
        (void)pit_term_text(pit_int(12345));
        break;
    case BYTES:
        (void)pit_bytes("hello", 5);
        break;
    case FAULTS:
        *nowhere = 1;
        break;
    case ABORTS:
        abort();
    case MISTAKES:
        (void)pit_must(-EIO);
        break;
    case BADARG:
        (void)pit_tuple_get(pit_int(1), 0);
        break;
    case WAITS:
        (void)pit_receive_only(go, 0);
        break;
    case EXITS:
        pit_exit(pit_atom("bye"));
    case RECEIVES: /* lets all terms go */
        (void)pit_receive(0);
        CHECK_EQ(pit_tuple_size(pit_build("{a, ~}", pit_int(1))), 2);
        break;
    }
}

static void expect_end_when_full(struct full_case c, const char *begin)
{
    pit_monitored m = spawn_watched(ends_when_full, &c, sizeof c);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);
    const char *reason;

    CHECK(down);
    reason = text_of(pit_as(down, pit_down)->reason);
    if (strncmp(reason, begin, strlen(begin)) != 0)
        pit_test_fail(__FILE__, __LINE__, "%d, %lld: %s, where %s... was promised", c.what,
                      (long long)c.limit, reason, begin);
}

/* LIFE-6, HEAP-2, HEAP-4: the reason that the runtime makes has room, whatever the process
   built. */
ON_1_2_4(a_process_full_of_terms_ends_alone)
{
    static const struct {
        int64_t limit;
        bool kill;
        const char *limited;
    } heaps[] = {{0, true, "{system_limit,<<\""},
                 {200000, false, "{system_limit,<<\""},
                 {200000, true, "killed"}};

    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
        struct full_case c = {.limit = heaps[i].limit, .kill = heaps[i].kill};
#define EXPECT_END(that, begin) \
    c.what = that;              \
    expect_end_when_full(c, begin)
        EXPECT_END(BUILDS, heaps[i].limited);
        EXPECT_END(TEXTS, heaps[i].limited);
        EXPECT_END(BYTES, heaps[i].limited);
        if (!pit_test_sanitized()) {
            EXPECT_END(FAULTS, "{fault,'SIGSEGV',null_pointer,");
            EXPECT_END(ABORTS, "{fault,'SIGABRT',abort,");
        }
        EXPECT_END(MISTAKES, "{badmatch,<<\"");
        EXPECT_END(BADARG, "{badarg,<<\"");
        EXPECT_END(WAITS, "{timeout,<<\"");
        EXPECT_END(EXITS, "bye");
        EXPECT_END(RECEIVES, "normal");
    }
    expect_alone();
}

/* ---- no memory for what must not be lost */

PIT_NORETURN static int first_monitors_without_end(int argc, char **argv)
{
    pit_pid p = pit_spawn(wait_forever, NULL, 0);
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20}; /* less than there is */

    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    for (;;)
        (void)pit_monitor(p);
}

/* The node cannot keep its promises: it ends, and says what it wants. */
PIT_TEST(a_node_without_memory_for_a_relation_says_so_and_ends)
{
    pit_node_opts opts = {.schedulers = 1, .crash_dump = "-"};
    static char text[1 << 16];
    size_t length = 0;
    int ends[2], status;
    ssize_t n;
    pid_t child;

    if (pit_test_sanitized())
        pit_test_skip("a sanitizer's own memory ends first");
    CHECK_EQ(pipe(ends), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_EQ(setrlimit(RLIMIT_CORE, &(struct rlimit){0}), 0);
        CHECK_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        _exit(pit_run(&opts, first_monitors_without_end, 0, NULL));
    }
    (void)close(ends[1]);
    while ((n = read(ends[0], text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)n;
    (void)close(ends[0]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    CHECK(strstr(text, "no memory for a signal between processes"));
    CHECK(strstr(text, "memory.max"));
    CHECK(strstr(text, "pitboss crash dump"));
}
