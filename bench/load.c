/*
 * What a service meets: spike (N requests at once, each a new process that asks one of 1,000
 * servers and ends) and flat (64 tokens that hop at random between K processes: as K grows past the
 * caches, the rate should fall little).
 *
 * All are callback processes, so that a million waiting requests hold no stacks.
 */
#include "bench/bench.h"

#include <stdatomic.h>

/* ---- spike ---- */

#define SERVERS 1000

PIT_MESSAGE(bench_request, (pit_ref, ref));
PIT_MESSAGE(bench_response, (pit_ref, ref));

static _Atomic uint64_t served;
static uint64_t requests;
static pit_pid first;

static void serve(void *state, const pit_msg *m)
{
    if (pit_is(m, bench_request))
        pit_send(m->from, bench_response, .ref = pit_as(m, bench_request)->ref);
}

struct request {
    pit_pid server;
    pit_ref ref;
};

static void request(void *state, const pit_msg *m)
{
    struct request *self = state;

    if (pit_is(m, pit_start)) {
        self->ref = pit_make_ref();
        pit_send(self->server, bench_request, .ref = self->ref);
        return;
    }
    BENCH_CHECK(pit_ref_equal(pit_as(m, bench_response)->ref, self->ref));
    if (atomic_fetch_add_explicit(&served, 1, memory_order_relaxed) + 1 == requests)
        pit_send(first, bench_done, .count = requests);
    bench_end();
}

int bench_spike(char **argv)
{
    pit_pid servers[SERVERS];

    requests = bench_number(argv[0], UINT32_MAX);
    first = pit_self();
    for (int i = 0; i < SERVERS; i++)
        servers[i] = pit_spawn_handler(serve, NULL, 0);

    int64_t since = pit_now();
    for (uint64_t i = 0; i < requests; i++)
        pit_spawn_handler(request, &(struct request){.server = servers[i % SERVERS]},
                          sizeof(struct request));
    BENCH_CHECK(bench_wait_done(1) == requests);
    bench_report_rate("requests_per_s", requests, since);
    return 0;
}

/* ---- flat ---- */

#define TOKENS 64

PIT_MESSAGE(bench_hop, (uint64_t, left));

static pit_pid *places;
static uint64_t place_count;

struct place {
    uint32_t random;
};

static void hop(void *state, const pit_msg *m)
{
    struct place *self = state;

    if (!pit_is(m, bench_hop))
        return; /* pit_start */
    uint64_t left = pit_as(m, bench_hop)->left;
    if (left <= 1) {
        if (left == 1)
            pit_send(first, bench_done, .count = 1);
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
        pit_send(places[i * (place_count / TOKENS)], bench_hop, .left = hops / TOKENS);
    BENCH_CHECK(bench_wait_done(TOKENS) == TOKENS);
    bench_report_rate("msgs_per_s", hops / TOKENS * TOKENS, since);
    return 0;
}
