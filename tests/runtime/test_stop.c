/*
 * Goal: a node that is asked to stop ends, also when a process that never calls the runtime holds a
 * scheduler, scheduler 0 with what it does for the node included.
 * Method: a node in a child, which is sent SIGTERM; its status, and how long it took, within wide
 * bounds.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/runtime/node.h"

static int ready[2]; /* a pipe: the child says that it is there */

static void says_ready(void) { CHECK_EQ(write(ready[1], "r", 1), 1); }

static void never_calls(const void *arg)
{
    volatile bool always = true;

    says_ready();
    while (always)
        ;
}

static int first_waits(int argc, char **argv)
{
    (void)pit_spawn_with(never_calls, NULL, 0, .scheduler = PIT_ON(argc));
    (void)pit_receive(PIT_INFINITY);
    return 0;
}

static int first_never_calls(int argc, char **argv)
{
    never_calls(NULL);
    return 0;
}

static int waits_only(int argc, char **argv)
{
    says_ready();
    (void)pit_receive(PIT_INFINITY);
    return 0;
}

/* A node of two schedulers in a child; what waitpid says of it after SIGTERM. */
static int status_after_sigterm(pit_first *first, int argument)
{
    int ends[2], status = -1;
    char byte;
    pid_t child;

    CHECK_EQ(pipe(ends), 0);
    ready[0] = ends[0];
    ready[1] = ends[1];
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        pit_node_opts opts = {.schedulers = 2, .stop_timeout = 300};

        pit_log_sink_set(node_silent);
        _exit(pit_run(&opts, first, argument, NULL));
    }
    CHECK_EQ(read(ends[0], &byte, 1), 1);
    CHECK_EQ(kill(child, SIGTERM), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return status;
}

static void ends_with_0(pit_first *first, int argument)
{
    int status = status_after_sigterm(first, argument);

    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

PIT_TEST(sigterm_stops_a_node_that_waits) { ends_with_0(waits_only, 0); }
PIT_TEST(a_loop_on_scheduler_0_does_not_make_the_node_deaf) { ends_with_0(first_waits, 0); }
PIT_TEST(a_loop_on_scheduler_1_does_not_keep_the_node) { ends_with_0(first_waits, 1); }
PIT_TEST(a_first_process_in_a_loop_does_not_keep_the_node) { ends_with_0(first_never_calls, 0); }
