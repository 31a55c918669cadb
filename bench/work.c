/*
 * What several benchmarks do: wait for the others, end, compute.
 */
#include "bench/bench.h"

#include <math.h>

#define GIVE_UP_MS 120000

uint64_t bench_wait_done(uint64_t messages)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < messages; i++) {
        const pit_msg *m = pit_receive_type(&pit_type_bench_done, GIVE_UP_MS);

        if (!m)
            bench_fail("only %llu of %llu parts are done, and nothing has come for two minutes",
                       (unsigned long long)i, (unsigned long long)messages);
        sum += pit_as(m, bench_done)->count;
    }
    return sum;
}

void bench_end(void) { pit_exit(pit_atom("normal")); }

void bench_compute(double x)
{
    double s = sin(x);

    BENCH_CHECK(s * s > 0);
}
