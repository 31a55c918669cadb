/*
 * Trapezoid: workers integrate a function, each over its part. Almost nothing but arithmetic.
 */
#include "bench/savina/savina.h"

#include <math.h>
#include <stdlib.h>

#define LEFT 1.0
#define RIGHT 5.0

PIT_MESSAGE(trapezoid_sum, (uint32_t, worker), (double, sum));

struct worker {
    pit_pid master;
    uint32_t number;
    double from, width;
    uint64_t pieces;
};

static double f(double x) { return sin(x * x * x - 1) / (x + 1) * sqrt(1 + exp(sqrt(2 * x))); }

static double integral(double from, double width, uint64_t pieces)
{
    double sum = (f(from) + f(from + width * (double)pieces)) / 2;

    for (uint64_t i = 1; i < pieces; i++)
        sum += f(from + width * (double)i);
    return sum * width;
}

static void worker(const void *arg)
{
    const struct worker *self = arg;

    pit_send(self->master, trapezoid_sum, .worker = self->number,
             .sum = integral(self->from, self->width, self->pieces));
}

static void run(const uint64_t *params)
{
    uint32_t workers = (uint32_t)params[1];
    uint64_t each = params[0] / workers;
    double width = (RIGHT - LEFT) / (double)(each * workers), sum = 0, expected = 0;
    double *sums = bench_memory(workers, sizeof *sums);
    struct worker arg = {.master = pit_self(), .width = width, .pieces = each};

    BENCH_CHECK(each > 0);
    int64_t since = pit_now();
    for (arg.number = 0; arg.number < workers; arg.number++) {
        arg.from = LEFT + width * (double)(arg.number * each);
        pit_spawn_link(worker, &arg, sizeof arg);
    }
    for (uint32_t i = 0; i < workers; i++) {
        const struct trapezoid_sum *s = BENCH_AWAIT(pit_receive_only(trapezoid_sum, PIT_INFINITY));

        sums[s->worker] = s->sum;
    }
    for (uint32_t i = 0; i < workers; i++)
        sum += sums[i];
    savina_report(since, "pieces_per_s", each * workers);
    for (uint32_t i = 0; i < workers; i++)
        expected += integral(LEFT + width * (double)(i * each), width, each);
    savina_expect_double("the integral", sum, expected);
    free(sums);
}

const struct savina savina_trapezoid = {
    .name = "trapezoid",
    .what = "workers integrate a function",
    .run = run,
    .params = {{"pieces", 10000000, 100, SAVINA_LINEAR}, {"workers", 100, 1, SAVINA_FIXED}},
};
