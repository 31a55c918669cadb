/*
 * Reports, checks, chance and busy work of the benchmarks.
 */
#include "bench/savina/savina.h"

#include <inttypes.h>

void savina_report(int64_t since, const char *metric, uint64_t count)
{
    bench_report("time_ms", (double)(pit_now() - since) / 1e6);
    bench_report_rate(metric, count, since);
}

void savina_expect(const char *what, uint64_t actual, uint64_t expected)
{
    if (actual != expected)
        bench_fail("%s: %" PRIu64 ", expected %" PRIu64, what, actual, expected);
}

void savina_expect_double(const char *what, double actual, double expected)
{
    if (!(actual == expected))
        bench_fail("%s: %.17g, expected %.17g", what, actual, expected);
}

uint64_t savina_random60(uint32_t *state)
{
    uint64_t x = 0;

    for (int i = 0; i < 3; i++)
        x = x << 20 | savina_random(state, 1 << 20);
    return x;
}

struct savina_stream savina_stream_through(pit_pid head, uint64_t count)
{
    struct savina_stream s = {0};
    uint32_t random = 2048;
    uint64_t last = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t value = savina_random60(&random);

        s.sum_in += value;
        pit_send(head, savina_number, .value = value);
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value = BENCH_AWAIT(pit_receive_only(savina_number, PIT_INFINITY))->value;

        s.sum_out += value;
        s.falls += value < last;
        last = value;
    }
    return s;
}

void savina_stream_check(const struct savina_stream *s)
{
    savina_expect("places where it falls", s->falls, 0);
    savina_expect("sum of the numbers", s->sum_out, s->sum_in);
}

void savina_busy(uint32_t steps)
{
    uint32_t x = steps;

    for (uint32_t i = 0; i < steps; i++) {
        x = savina_next_random(x);
        __asm__ volatile("" : "+r"(x));
    }
}
