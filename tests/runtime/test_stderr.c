/*
 * Goal: whoever reads a node's stderr, or does not, the node works and ends: docs/observing.md.
 * Method: a node in a child whose stderr is a pipe that is closed, full, or read slowly; its
 * answers, its lines, its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pit/log.h>

#include "tests/runtime/node.h"

enum { LINES = 3000 }; /* of 100 bytes: more than a pipe holds */

static void logs(const void *arg)
{
    for (int i = 0; i < LINES; i++)
        pit_log(PIT_LOG_NOTICE,
                "%060d, one of many lines that are longer than they would have to be", i);
}

static int first_logs(int argc, char **argv)
{
    pit_monitored m = pit_spawn_monitor(logs, NULL, 0);
    const struct pit_down *down = pit_receive_only(pit_down, A_WHILE);

    CHECK(pit_pid_equal(down->pid, m.pid));
    return pit_term_equal(down->reason, pit_atom("normal")) ? 7 : 1;
}

static int first_crashes_and_writes(int argc, char **argv)
{
    int ends[2];

    CHECK_EQ(pipe(ends), 0);
    (void)close(ends[0]);
    CHECK_EQ(write(ends[1], "x", 1), -1); /* and goes on */
    CHECK_EQ(errno, EPIPE);
    return first_logs(argc, argv);
}

static int first_waits(int argc, char **argv)
{
    first_logs(argc, argv);
    kill(getpid(), SIGTERM);
    (void)pit_receive(PIT_INFINITY);
    return 1;
}

/* A node in a child that has `to` for stderr. */
static pid_t start(pit_first *first, int to)
{
    pit_node_opts opts = {.schedulers = 2, .stop_timeout = 300};
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        CHECK_EQ(dup2(to, STDERR_FILENO), STDERR_FILENO);
        (void)close(to);
        _exit(pit_run(&opts, first, 0, NULL));
    }
    return child;
}

static int end_of(pid_t child)
{
    int status;

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

PIT_TEST(a_closed_stderr_and_a_pipe_that_nobody_reads_end_no_node)
{
    int ends[2];
    pid_t child;

    CHECK_EQ(pipe(ends), 0);
    (void)close(ends[0]);
    child = start(first_crashes_and_writes, ends[1]);
    CHECK_EQ(end_of(child), 7);
}

PIT_TEST(a_stderr_that_nobody_reads_holds_neither_the_node_nor_its_end)
{
    int ends[2];
    pid_t child;

    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    child = start(first_waits, ends[1]);
    CHECK_EQ(end_of(child), 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* Slow, and yet within the second that the node waits (base/stderr.c); where the machine kept us
   from reading for longer, lines may be lost. */
PIT_TEST(a_slow_reader_of_stderr_gets_every_line)
{
    static char text[LINES * 160];
    size_t length = 0, lines = 0;
    int64_t last = now_ms(), longest = 0, now;
    ssize_t n;
    int ends[2];
    pid_t child;

    CHECK_EQ(pipe(ends), 0);
    child = start(first_logs, ends[1]);
    (void)close(ends[1]);
    usleep(100000); /* it fills, and is waited for */
    while ((n = read(ends[0], text + length, sizeof text - length)) > 0) {
        length += (size_t)n;
        now = now_ms();
        longest = now - last > longest ? now - last : longest;
        last = now;
    }
    (void)close(ends[0]);
    CHECK_EQ(end_of(child), 7);
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    CHECK(lines == LINES || longest >= 900);
}

PIT_TEST(lines_that_were_lost_are_counted_in_the_log)
{
    char text[8192];
    ssize_t n;
    int ends[2];

    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    (void)dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < LINES; i++)
        pit_log(PIT_LOG_NOTICE, "line %d", i);
    CHECK((n = read(ends[0], text, sizeof text)) > 0);
    pit_log(PIT_LOG_NOTICE, "the end");
    CHECK((n = read(ends[0], text, sizeof text - 1)) > 0);
    text[n] = '\0';
    CHECK(strstr(text, "=warning= nobody read stderr: "));
    CHECK(strstr(text, " lines lost\n=notice= the end\n"));
}
