/*
 * Fork-join, creation: many workers, each of which does one small job and ends.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(fjcreate_job, (double, x));

struct worker {
    pit_pid first;
};

static void worker(void *state, const pit_msg *m)
{
    const struct worker *self = state;

    if (!pit_is(m, fjcreate_job))
        return; /* pit_start */
    bench_compute(pit_as(m, fjcreate_job)->x);
    pit_send(self->first, bench_done, .count = 1);
    bench_end();
}

static void run(const uint64_t *params)
{
    uint64_t workers = params[0];
    struct worker arg = {.first = pit_self()};
    int64_t since = pit_now();

    for (uint64_t i = 0; i < workers; i++)
        pit_send(pit_spawn_handler(worker, &arg, sizeof arg), fjcreate_job, .x = 37.2);
    uint64_t done = bench_wait_done(workers);
    savina_report(since, "actors_per_s", workers);
    savina_expect("jobs done", done, workers);
}

const struct savina savina_fjcreate = {
    .name = "fjcreate",
    .what = "many workers do one small job each and end",
    .run = run,
    .params = {{"workers", 40000, 1, SAVINA_LINEAR}},
};
