/*
 * One message at a time: ping_pong (two processes), thread_ring (N processes and one token),
 * ping_pong_apart (two schedulers). Stackful processes throughout: what is measured is send, park,
 * switch, receive.
 *
 * ping_pong_apart pins the two to different schedulers that spin instead of sleeping, so that its
 * round trip can be held against bounce: the bare cache-line round trip between the same two cores.
 */
#include "bench/bench.h"

PIT_MESSAGE(bench_ping, (uint64_t, n));
PIT_MESSAGE(bench_pong, (uint64_t, n));

static void pong(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send(m->from, bench_pong, .n = pit_as(m, bench_ping)->n);
    }
}

struct ping {
    pit_pid pong, first;
    uint64_t count;
};

static void ping(const void *arg)
{
    const struct ping *self = arg;

    for (uint64_t i = 0; i < self->count; i++) {
        pit_send(self->pong, bench_ping, .n = i);
        BENCH_CHECK(pit_as(pit_receive(PIT_INFINITY), bench_pong)->n == i);
    }
    pit_send(self->first, bench_done, .count = self->count);
}

int bench_ping_pong(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    pit_pid p = pit_spawn_link(pong, NULL, 0);
    struct ping arg = {.pong = p, .first = pit_self(), .count = n};

    int64_t since = pit_now();
    pit_spawn_link(ping, &arg, sizeof arg);
    BENCH_CHECK(bench_wait_done(1) == n);
    bench_report_rate("msgs_per_s", 2 * n, since);
    return 0;
}

int bench_ping_pong_apart(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    pit_node_info info;

    pit_node_info_get(&info);
    if (info.schedulers < 2)
        bench_fail("ping_pong_apart needs two schedulers");
    pit_pid p = pit_spawn_with(pong, NULL, 0, .link = true, .scheduler = PIT_ON(1));
    struct ping arg = {.pong = p, .first = pit_self(), .count = n};

    int64_t since = pit_now();
    pit_spawn_with(ping, &arg, sizeof arg, .link = true, .scheduler = PIT_ON(0));
    BENCH_CHECK(bench_wait_done(1) == n);
    bench_report("round_trip_ns", (double)(pit_now() - since) / (double)n);
    return 0;
}

PIT_MESSAGE(bench_token, (uint64_t, left));
PIT_MESSAGE(bench_next, (pit_pid, next));

struct ring {
    pit_pid next, first;
    uint64_t place, members; /* the place of the one that has the token first is 0 */
};

/* How far the token came is told by rounds and place, not by what the token says. */
static void pass_on(const struct ring *self, pit_pid next)
{
    for (uint64_t rounds = 0;; rounds++) {
        uint64_t left = pit_as(pit_receive(PIT_INFINITY), bench_token)->left;

        if (left)
            pit_send(next, bench_token, .left = left - 1);
        else
            pit_send(self->first, bench_done, .count = rounds * self->members + self->place);
    }
}

static void ring_member(const void *arg)
{
    const struct ring *self = arg;

    pass_on(self, self->next);
}

/* The one that was spawned first: it learns its neighbour, who was spawned last, by message. */
static void ring_closer(const void *arg)
{
    const struct ring *self = arg;

    pass_on(self, pit_receive_only(bench_next, PIT_INFINITY)->next);
}

int bench_thread_ring(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX), hops = bench_number(argv[1], UINT32_MAX);
    struct ring arg = {.first = pit_self(), .members = n, .place = n - 1};
    pit_pid last = pit_spawn_link(ring_closer, &arg, sizeof arg), member = last;

    for (uint64_t i = 1; i < n; i++) {
        arg.next = member;
        arg.place--;
        member = pit_spawn_link(ring_member, &arg, sizeof arg);
    }
    pit_send(last, bench_next, .next = member);

    int64_t since = pit_now();
    pit_send(member, bench_token, .left = hops);
    BENCH_CHECK(bench_wait_done(1) == hops);
    bench_report_rate("hops_per_s", hops, since);
    return 0;
}
