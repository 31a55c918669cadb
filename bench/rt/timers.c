/*
 * timers: N timers of 1 ms to MAX ms, started as fast as possible; each message carries the time it
 * was due, so its receiver knows how late it is. timers_cancel: start a timer of 5 s and cancel it.
 */
#include "bench/bench.h"

PIT_MESSAGE(bench_alarm, (int64_t, due_ns));

static int64_t *late; /* one a timer; written by the receiver alone */

struct receiver {
    pit_pid first;
    uint64_t received, expected, sum; /* of due times: one twice, another not, is another sum */
};

static void receive_alarm(void *state, const pit_msg *m)
{
    struct receiver *self = state;

    if (!pit_is(m, bench_alarm))
        return; /* pit_start */
    late[self->received] = pit_now() - pit_as(m, bench_alarm)->due_ns;
    self->sum += (uint64_t)pit_as(m, bench_alarm)->due_ns;
    if (++self->received == self->expected)
        pit_send(self->first, bench_done, .count = self->sum);
}

int bench_timers(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX), most_ms = bench_number(argv[1], 1000000);
    struct receiver arg = {.first = pit_self(), .expected = n};
    pit_pid r = pit_spawn_handler_link(receive_alarm, &arg, sizeof arg);
    uint64_t sum = 0;
    uint32_t x = 42;

    BENCH_CHECK(n > 0 && most_ms > 0);
    late = bench_memory(n, sizeof *late);
    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++) {
        x = bench_lcg(x);
        int64_t ms = (int64_t)((x >> 8) % most_ms) + 1;

        int64_t due_ns = pit_now() + ms * 1000000;

        sum += (uint64_t)due_ns;
        pit_send_after(ms, r, bench_alarm, .due_ns = due_ns);
    }
    bench_report_rate("starts_per_s", n, since);
    BENCH_CHECK(bench_wait_done(1) == sum);
    bench_report_rate("fired_per_s", n, since);
    bench_report_percentiles("late_us", late, n, false);
    BENCH_CHECK(late[0] >= 0); /* sorted: none came early */
    return 0;
}

int bench_timers_cancel(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    int64_t since = pit_now();

    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_cancel_timer(pit_send_after(5000, pit_self(), bench_alarm, .due_ns = 0)) >
                    0);
    bench_report_rate("start_cancel_per_s", n, since);
    BENCH_CHECK(!pit_receive_type(&pit_type_bench_alarm, 0));
    return 0;
}
