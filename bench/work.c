/*
 * What several benchmarks do: wait for the others, end, compute.
 */
#include "bench/bench.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_MS 120000
#define TICKS 4 /* looks in that time */

/* The number of the wait that the first process is in; 0: it is in none. The handler may run in any
   thread, and reads it: what it misses it sees at its next look, so relaxed does. */
static _Atomic uint64_t wait_now;

static void look(int signal)
{
    static const char text[] = "benchmark: a message was lost: nothing for two minutes\n";
    static _Atomic uint64_t before,
        looks; /* each look in any thread; two at once would only count wrongly */
    uint64_t now = atomic_load_explicit(&wait_now, memory_order_relaxed);

    looks = now && now == before ? looks + 1 : 0;
    before = now;
    if (looks < TICKS)
        return;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}

static void look_now_and_then(void)
{
    const char *text = getenv("PITBOSS_BENCH_PATIENCE");
    int64_t us = 1000 * (int64_t)(text ? bench_number(text, PATIENCE_MS) : PATIENCE_MS) / TICKS;
    struct timeval tick = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};

    BENCH_CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    BENCH_CHECK(setitimer(ITIMER_REAL, &(struct itimerval){tick, tick}, NULL) == 0);
}

/* A signal now and then, and not a timeout of each wait: the peers have no timer either, a wheel
   with a timer in it costs the scheduler a look at the clock in each pass, and an alarm set for
   each wait a system call. */
void bench_waits(bool begins)
{
    static uint64_t waits;

    if (begins && waits++ == 0)
        look_now_and_then();
    atomic_store_explicit(&wait_now, begins ? waits : 0, memory_order_relaxed);
}

uint64_t bench_wait_done(uint64_t messages)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < messages; i++)
        sum += BENCH_AWAIT(pit_receive_only(bench_done, PIT_INFINITY))->count;
    return sum;
}

void bench_end(void) { pit_exit(pit_atom("normal")); }

void bench_compute(double x)
{
    double s = sin(x);

    BENCH_CHECK(s * s > 0);
}
