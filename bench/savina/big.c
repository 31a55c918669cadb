/*
 * Big: every process asks others, chosen at random, one question at a time, and answers theirs
 * meanwhile.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

PIT_MESSAGE(big_ping, (uint64_t, n));
PIT_MESSAGE(big_pong, (uint64_t, n));
PIT_MESSAGE(big_begin);

/* Written before anybody is told to begin, and only read from then on. */
static pit_pid *everyone;
static uint64_t everyone_count;

struct guest {
    pit_pid first;
    uint64_t asked, pings;
    uint32_t random;
};

static void ask(struct guest *self)
{
    if (self->asked == self->pings) {
        pit_send(self->first, bench_done, .count = self->asked);
        return; /* and goes on answering the others */
    }
    uint32_t whom = savina_random(&self->random, (uint32_t)everyone_count);
    pit_send(everyone[whom], big_ping, .n = ++self->asked);
}

static void guest(void *state, const pit_msg *m)
{
    struct guest *self = state;

    if (pit_is(m, big_ping)) {
        pit_send(m->from, big_pong, .n = pit_as(m, big_ping)->n);
    } else if (pit_is(m, big_pong)) {
        BENCH_CHECK(pit_as(m, big_pong)->n == self->asked);
        ask(self);
    } else if (pit_is(m, big_begin)) {
        ask(self);
    }
}

static void run(const uint64_t *params)
{
    uint64_t guests = params[0], pings = params[1];

    everyone = bench_memory(guests, sizeof *everyone);
    everyone_count = guests;
    int64_t since = pit_now();
    for (uint64_t i = 0; i < guests; i++) {
        struct guest arg = {
            .first = pit_self(), .pings = pings, .random = (uint32_t)(i + 1) * 7919};

        everyone[i] = pit_spawn_handler_link(guest, &arg, sizeof arg);
    }
    for (uint64_t i = 0; i < guests; i++)
        pit_send(everyone[i], big_begin);
    uint64_t answered = bench_wait_done(guests);
    savina_report(since, "msgs_per_s", 2 * guests * pings);
    savina_expect("pings answered", answered, guests * pings);
}

const struct savina savina_big = {
    .name = "big",
    .what = "every process asks others, chosen at random",
    .run = run,
    .params = {{"processes", 120, 1, SAVINA_FIXED}, {"pings", 20000, 1, SAVINA_LINEAR}},
};
