/*
 * Goal: a node that ends by a fault of the runtime leaves a dump that says what it was doing: its
 * schedulers, its processes, where each of them waits, and the way to the fault.
 * Method: a forked node with a known few processes, and a fault where no process is to blame. Its
 * dump comes through a pipe. Sanitizers write a report of their own first and end there; that the
 * node ends is what is left to check under them.
 */
#include "tests/runtime/node.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

PIT_MESSAGE(unread);

static char dump[1 << 16];

/* Run first as a node of its own, and read what it says on stderr until it has ended. */
static int node_of(pit_first *first)
{
    pit_node_opts opts = {.schedulers = 2, .crash_dump = "-", .name = "house"};
    size_t length = 0;
    int ends[2], status;
    ssize_t n;
    pid_t child;

    CHECK_EQ(pipe(ends), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_EQ(setrlimit(RLIMIT_CORE, &(struct rlimit){0}), 0);
        CHECK_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        _exit(pit_run(&opts, first, 0, NULL));
    }
    (void)close(ends[1]);
    while ((n = read(ends[0], dump + length, sizeof dump - 1 - length)) > 0 ||
           (n < 0 && errno == EINTR))
        length += n > 0 ? (size_t)n : 0;
    dump[length] = 0;
    (void)close(ends[0]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    return status;
}

/* How many frames stand in the lines after this one; it must be there. */
static unsigned frames_after(const char *line)
{
    const char *at = strstr(dump, line);
    unsigned count = 0;

    if (!at)
        pit_test_fail(__FILE__, __LINE__, "no %s in: %s", line, dump);
    while ((at = strchr(at, '\n')) && !strncmp(++at, "  0x", 4))
        count++;
    return count;
}

static void expect_dump(int status)
{
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    if (pit_test_sanitized())
        return;
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGSEGV);
    CHECK(strstr(dump, "pitboss crash dump\nwhy the node ended: in the runtime\n"));
    CHECK(strstr(dump, "signal: SIGSEGV "));
    CHECK(strstr(dump, "address: 0x"));
    CHECK(strstr(dump, "\nnode house, 2 schedulers, 3 processes\n"));
    CHECK(strstr(dump, "\nscheduler 0: "));
    CHECK(strstr(dump, "\nscheduler 1: "));
    CHECK(strstr(dump, "\nend of dump\n"));
    CHECK(frames_after(" label stands\n") >= 2);
    CHECK_EQ(frames_after(" messages 2 reductions"), 0); /* one that is called holds no stack */
    CHECK(strstr(dump, " label is called\n"));
}

/* ---- the processes that it lists */

static void stands(const void *arg) { (void)pit_receive(PIT_INFINITY); }

static void is_called(void *state, const pit_msg *m) {}

static void populate(void)
{
    pit_pid called;

    (void)pit_spawn_with(stands, NULL, 0, .label = "stands");
    called = pit_spawn_handler_with(is_called, NULL, 0, .label = "is called");
    pit_sleep(20); /* both wait */
    CHECK_EQ(pit_suspend(called, 0), 0);
    pit_send(called, unread);
    pit_send(called, unread);
    pit_sleep(20); /* both messages have come */
}

/* ---- between two processes */

static volatile int *volatile null;
static volatile int sink;

/* clang and gcc know one way each to leave a fault on purpose alone; no call here is a tail call. */
__attribute__((noinline, no_sanitize("undefined"))) static void read_null(void)
{
    sink = *null;
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void between(void *unused)
{
    read_null();
    __asm__ volatile("" ::: "memory");
}

PIT_NORETURN static int first_asks_a_scheduler(int argc, char **argv)
{
    populate();
    CHECK_EQ(pit__run_on(1, between, NULL), 0);
    for (;;)
        (void)pit_receive(PIT_INFINITY);
}

PIT_TEST(a_fault_between_two_processes_leaves_a_dump_that_shows_the_way_there)
{
    expect_dump(node_of(first_asks_a_scheduler));
    /* read_null(), between(), and who called that in the scheduler's loop */
    CHECK(pit_test_sanitized() || frames_after("backtrace:") >= 4);
}

/* ---- while a process is in the runtime */

__attribute__((noinline)) static void as_the_runtime(void)
{
    pit__thread()->in_runtime++;
    read_null();
    __asm__ volatile("" ::: "memory");
}

static int first_breaks_the_runtime(int argc, char **argv)
{
    populate();
    as_the_runtime();
    return 0;
}

PIT_TEST(a_fault_of_the_runtime_in_a_process_leaves_a_dump_that_shows_the_way_there)
{
    expect_dump(node_of(first_breaks_the_runtime));
    CHECK(pit_test_sanitized() || frames_after("backtrace:") >= 4);
}
