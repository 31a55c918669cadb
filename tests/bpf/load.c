/*
 * A load with a known answer: see load.h.
 */
#include "tests/bpf/load.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/oracle.h"
#include "base/probes.h"

static void nap(long ns) { nanosleep(&(struct timespec){.tv_nsec = ns}, NULL); }

static int64_t process(int64_t index) { return INT64_C(7) << 27 | index; }

/*
 * One site for each probe that is counted: its semaphore is then 1 when all of it is attached.
 */
__attribute__((noinline)) static void runnable(int64_t pid) { PIT_PROBE_RUNNABLE(pid, 0); }
__attribute__((noinline)) static void exits(int64_t pid)
{
    PIT_PROBE_EXIT(pid, PIT__EXIT_KIND_KILLED);
}
__attribute__((noinline)) static void runs(int64_t pid, int64_t delay_ns)
{
    PIT_PROBE_RUN(pid, 0, delay_ns);
}

static bool watched(bool all)
{
    return PIT_PROBE_ENABLED(process_run) &&
           (!all || (PIT_PROBE_ENABLED(process_runnable) && PIT_PROBE_ENABLED(process_exit)));
}

static bool wait_for_tool(bool all, double seconds)
{
    int64_t deadline = pit__now() + (int64_t)(seconds * 1e9);

    while (!watched(all)) {
        if (pit__now() > deadline)
            return false;
        nap(1000000);
    }
    return true;
}

static void wait_for_its_going(void)
{
    while (watched(false))
        nap(1000000);
}

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static void fire_delays(void)
{
    for (int i = 0; i < 23; i++) {
        runnable(process(1));
        nap(3000000);
        runs(process(1), -1);
    }
    for (int i = 0; i < 100; i++) {
        runnable(process(2));
        runs(process(2), i < 7 ? 5000 : -1);
    }
    runnable(process(3));
    exits(process(3));
    runs(process(3), -1);
    for (int64_t i = 11; i <= 15; i++)
        runnable(process(i));
    for (int64_t i = 11; i <= 15; i++)
        runs(process(i), -1);
}

static void fire_others(void)
{
    PIT_PROBE_SPAWN(process(1), 0);
    PIT_PROBE_PARK(process(1), 0);
    PIT_PROBE_MIGRATE(process(1), 0, 1);
    PIT_PROBE_SEND(process(1), process(2), 16);
    PIT_PROBE_RECEIVE(process(2), 16, 0);
    PIT_PROBE_IO_SUBMIT(27, 5, 0);
    PIT_PROBE_IO_COMPLETE(27, -104, 0);
    PIT_PROBE_SCHED_SLEEP(0);
    PIT_PROBE_SCHED_WAKE(0);
}

static int cost(long pairs)
{
    int64_t start = pit__now();

    for (long i = 0; i < pairs; i++) {
        runnable(process(1));
        runs(process(1), -1);
    }
    printf("%.2f\n", (double)(pit__now() - start) / (double)pairs);
    return 0;
}

__attribute__((visibility("default"))) int load_main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--cost") == 0) {
        say("ready");
        return getchar() == EOF ? 3 : cost(atol(argv[2]));
    }
    if (argc != 2 && argc != 3)
        return 2;

    say("ready");
    /* The semaphores are up a moment before the tool's program is there: who has heard of that from
       the tool says so. */
    if (!wait_for_tool(argc == 2, atof(argv[1])) || getchar() == EOF)
        return 3;
    fire_delays();
    fire_others();
    say("fired");
    wait_for_its_going();
    return 0;
}
