/*
 * call: clients that ask one gen_server, each one question at a time. The typed client function
 * that a program would use: a monitor's guarantee, a 5 s timeout, the answer copied out.
 */
#include "bench/bench.h"

#define asked_protocol(CALL, CAST) CALL(next, (), ((uint64_t, number)))
PIT_PROTOCOL(asked);

struct asked {
    uint64_t next;
};

static void on_next(struct asked *self, const struct asked_next *m, struct asked_next_reply *r)
{
    r->number = self->next++;
}

static int init(struct asked *self, const void *arg) { return 0; }

PIT_SERVER(asked, struct asked, .init = init);

struct client {
    pit_pid server, first;
    uint64_t calls;
};

static void client(const void *arg)
{
    const struct client *self = arg;
    uint64_t last = 0;

    for (uint64_t i = 0; i < self->calls; i++) {
        uint64_t number = asked_next(self->server).number;

        BENCH_CHECK(i == 0 || number > last); /* the server's numbers only grow */
        last = number;
    }
    pit_send(self->first, bench_done, .count = self->calls);
}

int bench_call(char **argv)
{
    uint64_t clients = bench_number(argv[0], 1000000),
             each = bench_number(argv[1], UINT32_MAX) / clients;
    struct client arg = {
        .server = pit_must(pit_server_start_link(&asked_server, NULL, 0)),
        .first = pit_self(),
        .calls = each,
    };

    int64_t since = pit_now();
    for (uint64_t i = 0; i < clients; i++)
        pit_spawn_link(client, &arg, sizeof arg);
    BENCH_CHECK(bench_wait_done(clients) == clients * each);
    bench_report_rate("calls_per_s", clients * each, since);
    BENCH_CHECK(asked_next(arg.server).number == clients * each);
    return 0;
}
