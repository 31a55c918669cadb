/*
 * fairness: how late is a 1 ms timer, and how long does an echo take, beside K processes that
 * compute for ever?
 *
 * The hogs are endless loops that never call the runtime; taking the core from them needs injected
 * yields (level 2 of preemption). A node without them would never run the others again, so with K >
 * 0 the benchmark says so and ends with status 3. A hog that yields by itself would measure
 * something else under the same name.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_POSSIBLE_YET 3
#define MS 1000000

PIT_MESSAGE(bench_poke, (uint64_t, n));

static void echo(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send(m->from, bench_poke, .n = pit_as(m, bench_poke)->n);
    }
}

struct watcher {
    pit_pid first;
    uint8_t priority;
    int64_t end;
};

static int64_t *timer_late, *round_trip, *response;

static void watch(const void *arg)
{
    const struct watcher *self = arg;
    pit_pid e = pit_spawn_with(echo, NULL, 0, .link = true, .priority = self->priority);
    uint64_t n = 0;

    for (;;) {
        int64_t asleep = pit_now();
        pit_sleep(1);
        int64_t awake = pit_now();
        pit_send(e, bench_poke, .n = n);
        BENCH_CHECK(pit_receive_only(bench_poke, PIT_INFINITY)->n == n);
        int64_t answered = pit_now();

        if (answered >= self->end)
            break;
        timer_late[n] = awake - asleep - MS;
        round_trip[n] = answered - awake;
        response[n] = answered - asleep - MS; /* from the timer's due time to the reply */
        n++;
    }
    pit_send(self->first, bench_done, .count = n);
}

int bench_fairness(char **argv)
{
    bool high = !strcmp(argv[0], "high");
    uint64_t hogs = bench_number(argv[1], 1000000), seconds = bench_number(argv[2], 3600);
    struct watcher arg = {
        .first = pit_self(),
        .priority = high ? PIT_PRIORITY_HIGH : PIT_PRIORITY_NORMAL,
        .end = pit_now() + (int64_t)seconds * 1000 * MS,
    };
    size_t room = seconds * 1000 + 1; /* a sample takes 1 ms at least */

    if (hogs) {
        fprintf(
            stderr,
            "fairness: endless loops need preemption by injected yields, which this build lacks\n");
        fflush(stdout);
        _Exit(NOT_POSSIBLE_YET);
    }
    timer_late = bench_memory(room, sizeof *timer_late);
    round_trip = bench_memory(room, sizeof *round_trip);
    response = bench_memory(room, sizeof *response);
    pit_spawn_with(watch, &arg, sizeof arg, .link = true, .priority = arg.priority);

    uint64_t n = bench_wait_done(1);
    bench_report_percentiles("timer_late_us", timer_late, n, true);
    bench_report_percentiles("rtt_us", round_trip, n, true);
    bench_report_percentiles("response_us", response, n, true);
    return 0;
}
