/*
 * What several benchmarks do: wait for the others, end, compute.
 */
#include "bench/bench.h"

#include <math.h>
#include <signal.h>
#include <unistd.h>

#define GIVE_UP 120 /* seconds */

static void give_up(int signal)
{
    static const char text[] = "benchmark: a message was lost: nothing for two minutes\n";

    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}

/* An alarm and not a timeout: the peers have no timer either, and a wheel with a timer in it costs the
   scheduler a look at the clock in each pass. */
uint64_t bench_wait_done(uint64_t messages)
{
    uint64_t sum = 0;

    signal(SIGALRM, give_up);
    for (uint64_t i = 0; i < messages; i++) {
        alarm(GIVE_UP);
        sum += pit_receive_only(bench_done, PIT_INFINITY)->count;
    }
    alarm(0);
    return sum;
}

void bench_end(void) { pit_exit(pit_atom("normal")); }

void bench_compute(double x)
{
    double s = sin(x);

    BENCH_CHECK(s * s > 0);
}
