/*
 * Cigarette smokers: an arbiter gives one smoker, chosen at random, what he lacks; when he has
 * begun, it is the next one's turn.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

PIT_MESSAGE(cigsmok_smoke, (uint32_t, steps));
PIT_MESSAGE(cigsmok_begun);
PIT_MESSAGE(cigsmok_end);

struct smoker {
    pit_pid arbiter;
    uint64_t smoked;
};

static void smoker(void *state, const pit_msg *m)
{
    struct smoker *self = state;

    if (pit_is(m, cigsmok_smoke)) {
        pit_send(self->arbiter, cigsmok_begun);
        savina_busy(pit_as(m, cigsmok_smoke)->steps);
        self->smoked++;
    } else if (pit_is(m, cigsmok_end)) {
        pit_send(self->arbiter, bench_done, .count = self->smoked);
        bench_end();
    }
}

static void run(const uint64_t *params)
{
    uint64_t rounds = params[0];
    uint32_t smokers = (uint32_t)params[1], random = 1;
    struct smoker arg = {.arbiter = pit_self()};
    pit_pid *pids = bench_memory(smokers, sizeof *pids);

    BENCH_CHECK(smokers > 0);
    int64_t since = pit_now();
    for (uint32_t i = 0; i < smokers; i++)
        pids[i] = pit_spawn_handler_link(smoker, &arg, sizeof arg);
    for (uint64_t i = 0; i < rounds; i++) {
        uint32_t who = savina_random(&random, smokers), steps = savina_random(&random, 1000) + 10;

        pit_send(pids[who], cigsmok_smoke, .steps = steps);
        (void)BENCH_AWAIT(pit_receive_only(cigsmok_begun, PIT_INFINITY));
    }
    for (uint32_t i = 0; i < smokers; i++)
        pit_send(pids[i], cigsmok_end);
    uint64_t smoked = bench_wait_done(smokers);
    savina_report(since, "rounds_per_s", rounds);
    savina_expect("cigarettes", smoked, rounds);
    free(pids);
}

const struct savina savina_cigsmok = {
    .name = "cigsmok",
    .what = "an arbiter lets one smoker after the other begin",
    .run = run,
    .params = {{"rounds", 1000, 1, SAVINA_LINEAR}, {"smokers", 200, 1, SAVINA_FIXED}},
};
