/*
 * Bitonic sort: a network of comparators, each a process. A step of the network is a splitter,
 * which deals the numbers that stream in to its comparators, and a joiner, which puts what they
 * send back in order and streams it to the next step.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(bitonic_at, (uint32_t, place),
            (uint64_t, value)); /* between comparators and the step's ends */

/* Step with distance d of a merge of blocks of `block`: place i is compared with place i ^ d,
   upwards in even blocks. */
struct step {
    uint32_t count, distance, block;
    pit_pid joiner;
};

struct comparator {
    pit_pid joiner;
    bool upwards, has_one;
    uint64_t one;
    uint32_t place; /* of the lower of its two */
};

static void comparator(void *state, const pit_msg *m)
{
    struct comparator *self = state;

    if (!pit_is(m, bitonic_at))
        return; /* pit_start */
    const struct bitonic_at *at = pit_as(m, bitonic_at);
    if (!self->has_one) {
        self->has_one = true;
        self->one = at->value;
        self->place = at->place;
        return;
    }
    bool swap = (self->one > at->value) == self->upwards;
    pit_send(self->joiner, bitonic_at, .place = self->place, .value = swap ? at->value : self->one);
    pit_send(self->joiner, bitonic_at, .place = at->place, .value = swap ? self->one : at->value);
    bench_end();
}

struct splitter {
    struct step step;
    uint32_t seen;
    pit_pid *comparators;
};

/* Places i and i ^ d have the same number once the bit of d is taken out. */
static uint32_t pair_of(uint32_t place, uint32_t d)
{
    return (place & (d - 1)) | (place >> 1 & ~(d - 1));
}

static void splitter(void *state, const pit_msg *m)
{
    struct splitter *self = state;
    const struct step *s = &self->step;

    if (!pit_is(m, savina_number)) { /* pit_start */
        self->comparators = pit_alloc(s->count / 2 * sizeof *self->comparators);
        for (uint32_t i = 0; i < s->count; i++) {
            struct comparator arg = {.joiner = s->joiner, .upwards = (i / s->block) % 2 == 0};

            if (!(i & s->distance))
                self->comparators[pair_of(i, s->distance)] =
                    pit_spawn_handler(comparator, &arg, sizeof arg);
        }
        return;
    }
    pit_send(self->comparators[pair_of(self->seen, s->distance)], bitonic_at, .place = self->seen,
             .value = pit_as(m, savina_number)->value);
    if (++self->seen == s->count)
        bench_end();
}

struct joiner {
    pit_pid next;
    uint32_t count, sent;
    uint64_t *values;
    bool *there;
};

static void joiner(void *state, const pit_msg *m)
{
    struct joiner *self = state;

    if (!pit_is(m, bitonic_at)) { /* pit_start */
        self->values = pit_alloc(self->count * sizeof *self->values);
        self->there = pit_alloc(self->count * sizeof *self->there);
        return;
    }
    const struct bitonic_at *at = pit_as(m, bitonic_at);
    self->values[at->place] = at->value;
    self->there[at->place] = true;
    while (self->sent < self->count && self->there[self->sent])
        pit_send(self->next, savina_number, .value = self->values[self->sent++]);
    if (self->sent == self->count)
        bench_end();
}

static pit_pid step_before(pit_pid next, uint32_t count, uint32_t block, uint32_t distance)
{
    struct joiner j = {.next = next, .count = count};
    struct splitter s = {.step = {.count = count,
                                  .distance = distance,
                                  .block = block,
                                  .joiner = pit_spawn_handler_link(joiner, &j, sizeof j)}};

    return pit_spawn_handler_link(splitter, &s, sizeof s);
}

static void run(const uint64_t *params)
{
    uint32_t count = 2;
    uint64_t steps = 0;

    while (2 * (uint64_t)count <= params[0]) /* a power of two */
        count *= 2;
    int64_t since = pit_now();
    pit_pid head = pit_self();
    for (uint32_t block = count; block >= 2; block /= 2) /* the last step is made first */
        for (uint32_t distance = 1; distance <= block / 2; distance *= 2, steps++)
            head = step_before(head, count, block, distance);
    struct savina_stream sorted = savina_stream_through(head, count);
    savina_report(since, "msgs_per_s", 3 * steps * count);
    savina_stream_check(&sorted);
}

const struct savina savina_bitonic = {
    .name = "bitonic",
    .what = "a network of comparators, each a process, sorts numbers",
    .run = run,
    .params = {{"numbers", 4096, 4, SAVINA_LINEAR}},
};
