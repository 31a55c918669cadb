/*
 * flat: 64 tokens that hop at random between K processes. As K grows past the caches, the rate
 * should fall little. All are callback processes.
 */
#include "bench/bench.h"

#define TOKENS 64

PIT_MESSAGE(bench_hop, (uint64_t, left)); /* hops; in the upper half which of the tokens it is */

static pit_pid *places;
static uint64_t place_count;
static pit_pid first;

struct place {
    uint32_t random;
};

static void hop(void *state, const pit_msg *m)
{
    struct place *self = state;

    if (!pit_is(m, bench_hop))
        return; /* pit_start */
    uint64_t left = pit_as(m, bench_hop)->left;
    if ((uint32_t)left == 1) {
        pit_send(first, bench_done, .count = UINT64_C(1) << (left >> 32));
        return;
    }
    self->random = bench_lcg(self->random);
    pit_send(places[(self->random >> 8) % place_count], bench_hop, .left = left - 1);
}

int bench_flat(char **argv)
{
    uint64_t hops = bench_number(argv[1], UINT32_MAX);

    place_count = bench_number(argv[0], UINT32_MAX);
    BENCH_CHECK(place_count >= TOKENS && hops >= TOKENS);
    places = bench_memory(place_count, sizeof *places);
    first = pit_self();
    for (uint64_t i = 0; i < place_count; i++)
        places[i] = pit_spawn_handler(hop, &(struct place){.random = (uint32_t)i + 1},
                                      sizeof(struct place));

    int64_t since = pit_now();
    for (uint64_t i = 0; i < TOKENS; i++)
        pit_send(places[i * (place_count / TOKENS)], bench_hop, .left = i << 32 | hops / TOKENS);
    BENCH_CHECK(bench_wait_done(TOKENS) == UINT64_MAX); /* each of the 64 once */
    bench_report_rate("msgs_per_s", hops / TOKENS * TOKENS, since);
    BENCH_CHECK(!pit_receive(10)); /* one that was two would end about now, too */
    return 0;
}
