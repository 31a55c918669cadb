/*
 * PingPong: two processes, one message under way. What a message costs when nothing else happens.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(pingpong_ping, (uint64_t, n));
PIT_MESSAGE(pingpong_pong, (uint64_t, n));

static void pong(void *state, const pit_msg *m)
{
    if (pit_is(m, pingpong_ping))
        pit_send(m->from, pingpong_pong, .n = pit_as(m, pingpong_ping)->n);
}

struct ping {
    pit_pid pong, first;
    uint64_t sent, pings;
};

static void ping(void *state, const pit_msg *m)
{
    struct ping *self = state;

    if (pit_is(m, pingpong_pong))
        BENCH_CHECK(pit_as(m, pingpong_pong)->n == self->sent);
    if (self->sent == self->pings) {
        pit_send(self->first, bench_done, .count = self->sent);
        bench_end();
    }
    pit_send(self->pong, pingpong_ping, .n = ++self->sent);
}

static void run(const uint64_t *params)
{
    uint64_t pings = params[0];
    int64_t since = pit_now();
    struct ping arg = {
        .pong = pit_spawn_handler_link(pong, NULL, 0),
        .first = pit_self(),
        .pings = pings,
    };

    pit_spawn_handler_link(ping, &arg, sizeof arg);
    uint64_t answered = bench_wait_done(1);
    savina_report(since, "msgs_per_s", 2 * pings);
    savina_expect("pongs", answered, pings);
}

const struct savina savina_pingpong = {
    .name = "pingpong",
    .what = "two processes send one message to and fro",
    .run = run,
    .params = {{"pings", 40000, 1, SAVINA_LINEAR}},
};
