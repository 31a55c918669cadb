/*
 * overload: what does a bound on a mailbox do for a server that is asked more than it can do?
 *
 * A server needs 10 us for a request. A client on another scheduler asks it by a schedule that does
 * not wait for it, PERCENT of what it can do at most: at 200 every second request is one too many.
 * Latency is the time from when a request was due until it was served, so a client that is made to
 * wait, or that comes late, is no excuse. The policies are those of <pit/mailbox.h>:
 *
 *   none          no bound: the queue grows as long as the overload lasts, and with it latency and memory
 *   block         the client waits, so its requests come later and later: memory is bounded, latency is not
 *   drop_newest   what comes to a full mailbox is dropped: latency is at most the bound times the service time
 *   drop_oldest   who waits longest is dropped: the same, and what is served is younger
 *
 * What is dropped is counted by the mailbox: served and dropped together must be what was sent.
 */
#include "bench/bench.h"

#include <string.h>

#include <pit/mailbox.h>

#define BOUND 1000 /* messages: 10 ms of work */
#define SERVICE_NS 10000
#define NS 1000000000

PIT_MESSAGE(bench_ask, (int64_t, due));
PIT_SYSTEM_MESSAGE(bench_sent, (uint64_t, count)); /* no bound keeps it out */

static int64_t *latencies; /* of what was served; the server alone writes */

struct server {
    pit_pid first;
    struct pit_mailbox bound;
    uint64_t served, sent; /* sent: UINT64_MAX until the client says it */
    uint64_t waiting_most;
};

/* Nothing is under way any more when what was served and what was dropped are all that was sent. */
static void finish(const struct server *self)
{
    uint64_t dropped = self->bound.messages ? pit_mailbox_state().dropped : 0;

    BENCH_CHECK(self->served + dropped <= self->sent);
    if (self->served + dropped < self->sent)
        return;
    pit_send(self->first, bench_done, .count = self->served);
    pit_send(self->first, bench_done, .count = self->waiting_most);
}

static void serve_one(struct server *self, int64_t due)
{
    int64_t done = pit_now() + SERVICE_NS;
    uint64_t waiting = pit_message_count();

    while (pit_now() < done)
        ;
    latencies[self->served++] = pit_now() - due;
    if (waiting > self->waiting_most)
        self->waiting_most = waiting;
}

static void serve(void *state, const pit_msg *m)
{
    struct server *self = state;

    if (pit_is(m, bench_ask))
        serve_one(self, pit_as(m, bench_ask)->due);
    else if (pit_is(m, bench_sent))
        self->sent = pit_as(m, bench_sent)->count;
    else if (self->bound.messages) /* pit_start */
        pit_must(pit_mailbox_bound(self->bound));
    if (self->sent != UINT64_MAX)
        finish(self);
}

struct client {
    pit_pid server;
    uint64_t requests;
    double gap; /* ns */
};

static void ask(const void *arg)
{
    const struct client *self = arg;
    int64_t begin = pit_now();

    for (uint64_t i = 0; i < self->requests; i++) {
        int64_t due = begin + (int64_t)((double)i * self->gap);

        while (pit_now() < due)
            pit_yield();
        pit_send(self->server, bench_ask, .due = due);
    }
    pit_send(self->server, bench_sent, .count = self->requests);
}

static struct pit_mailbox bound_named(const char *name)
{
    static const struct {
        const char *name;
        struct pit_mailbox bound;
    } known[] = {{"none", {0}},
                 {"block", {.messages = BOUND, .policy = PIT_OVERLOAD_BLOCK}},
                 {"drop_newest", {.messages = BOUND, .policy = PIT_OVERLOAD_DROP_NEWEST}},
                 {"drop_oldest", {.messages = BOUND, .policy = PIT_OVERLOAD_DROP_OLDEST}}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name))
            return known[i].bound;
    bench_fail("overload: no such policy: %s (none, block, drop_newest, drop_oldest)", name);
}

static uint64_t requests_of(const char *percent, const char *milliseconds)
{
    uint64_t rate = NS / SERVICE_NS * bench_number(percent, 1000) / 100;
    uint64_t requests = rate * bench_number(milliseconds, 3600000) / 1000;

    if (!requests)
        bench_fail("overload: nothing to do in %s ms at %s percent", milliseconds, percent);
    return requests;
}

int bench_overload(char **argv)
{
    struct server server = {.first = pit_self(), .bound = bound_named(argv[0]), .sent = UINT64_MAX};
    struct client client = {.requests = requests_of(argv[1], argv[2])};
    pit_node_info info;

    pit_node_info_get(&info);
    if (info.schedulers < 2)
        bench_fail("overload: a server and its client need two schedulers");
    latencies = bench_memory(client.requests, sizeof *latencies);
    memset(latencies, 1,
           client.requests * sizeof *latencies); /* so that it does not count as growth */
    double before = bench_resident_bytes();

    client.gap = (double)bench_number(argv[2], 3600000) * 1e6 / (double)client.requests;
    client.server =
        pit_spawn_handler_with(serve, &server, sizeof server, .link = true, .scheduler = PIT_ON(0));
    int64_t since = pit_now();
    pit_spawn_with(ask, &client, sizeof client, .link = true, .scheduler = PIT_ON(1));

    uint64_t served = bench_wait_done(1);
    bench_report_rate("served_per_s", served, since);
    bench_report("offered_per_s", 1e9 / client.gap);
    bench_report("dropped_percent",
                 100 * (double)(client.requests - served) / (double)client.requests);
    bench_report_percentiles("latency_us", latencies, served, false);
    bench_report("waiting_max", (double)bench_wait_done(1));
    bench_report("memory_growth_bytes", bench_resident_bytes() - before);
    return 0;
}
