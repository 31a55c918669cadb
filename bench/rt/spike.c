/*
 * spike: N requests at once, each a new process that asks one of 1,000 servers and ends.
 *
 * All are callback processes, so that a million waiting requests hold no stacks.
 */
#include "bench/bench.h"

#include <stdatomic.h>

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
