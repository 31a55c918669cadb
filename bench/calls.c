/*
 * call: clients that ask one gen_server, each one question at a time. The typed client function
 * that a program would use: a monitor's guarantee, a 5 s timeout, the answer copied out.
 *
 * call_backlog: one client asks while so many messages wait unread in its own mailbox. Its calls,
 * and its receives by the reference of a monitor, should cost what they cost with none.
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

/* ---- with a backlog */

static void ends(const void *arg) {}

static double rate_of(uint64_t n, int64_t since)
{
    return (double)n * 1e9 / (double)(pit_now() - since);
}

static double calls_per_s(pit_pid server, uint64_t calls)
{
    int64_t since = pit_now();

    for (uint64_t i = 0; i < calls; i++)
        (void)asked_next(server);
    return rate_of(calls, since);
}

/* The DOWN of a process that is gone comes at once, behind all that waits. */
static double downs_per_s(pit_pid gone, uint64_t n)
{
    int64_t since = pit_now();

    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_receive_ref(pit_monitor(gone), 60000));
    return rate_of(n, since);
}

int bench_call_backlog(char **argv)
{
    uint64_t waiting = bench_number(argv[0], UINT32_MAX), calls = bench_number(argv[1], UINT32_MAX);
    pit_pid server = pit_must(pit_server_start_link(&asked_server, NULL, 0));
    pit_monitored gone = pit_spawn_monitor(ends, NULL, 0);
    double none, some;

    BENCH_CHECK(pit_receive_ref(gone.ref, 60000));
    (void)calls_per_s(server, calls / 10); /* warm */
    none = calls_per_s(server, calls);
    bench_report("downs_per_s_none", downs_per_s(gone.pid, calls));
    for (uint64_t i = 0; i < waiting; i++)
        pit_send(pit_self(), bench_done, .count = i);
    some = calls_per_s(server, calls);
    bench_report("calls_per_s_none", none);
    bench_report("calls_per_s", some);
    bench_report("slowdown", none / some);
    bench_report("downs_per_s", downs_per_s(gone.pid, calls));
    for (uint64_t i = 0; i < waiting; i++) /* and nothing of it was lost or moved */
        BENCH_CHECK(pit_receive_only(bench_done, 0)->count == i);
    return 0;
}
