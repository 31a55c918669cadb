/*
 * Fork-join, throughput: many workers, each of which gets many small jobs.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

PIT_MESSAGE(fjthroughput_job, (double, x));

struct worker {
    pit_pid first;
    uint64_t done, jobs;
};

static void worker(void *state, const pit_msg *m)
{
    struct worker *self = state;

    if (pit_is(m, fjthroughput_job)) {
        bench_compute(pit_as(m, fjthroughput_job)->x);
        self->done++;
    }
    if (self->done < self->jobs)
        return;
    pit_send(self->first, bench_done, .count = self->done);
    bench_end();
}

static void run(const uint64_t *params)
{
    uint64_t workers = params[0], jobs = params[1];
    struct worker arg = {.first = pit_self(), .jobs = jobs};
    pit_pid *pids = bench_memory(workers, sizeof *pids);
    int64_t since = pit_now();

    for (uint64_t i = 0; i < workers; i++)
        pids[i] = pit_spawn_handler_link(worker, &arg, sizeof arg);
    for (uint64_t k = 0; k < jobs; k++)
        for (uint64_t i = 0; i < workers; i++)
            pit_send(pids[i], fjthroughput_job, .x = 37.2);
    uint64_t done = bench_wait_done(workers);
    savina_report(since, "msgs_per_s", workers * jobs);
    savina_expect("jobs done", done, workers * jobs);
    free(pids);
}

const struct savina savina_fjthroughput = {
    .name = "fjthroughput",
    .what = "many workers get many small jobs each",
    .run = run,
    .params = {{"workers", 60, 1, SAVINA_FIXED}, {"jobs", 10000, 1, SAVINA_LINEAR}},
};
