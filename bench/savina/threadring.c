/*
 * ThreadRing: a token travels round a ring of processes.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(threadring_next, (pit_pid, next)); /* to the last member: who is the first */
PIT_MESSAGE(threadring_token, (uint64_t, left));

struct member {
    pit_pid next, first;
    uint64_t place, members; /* the head's place is 0 */
    uint64_t passed;
};

static void member(void *state, const pit_msg *m)
{
    struct member *self = state;

    if (pit_is(m, threadring_next)) {
        self->next = pit_as(m, threadring_next)->next;
    } else if (pit_is(m, threadring_token)) {
        uint64_t left = pit_as(m, threadring_token)->left;

        self->passed++;
        if (left)
            pit_send(self->next, threadring_token, .left = left - 1);
        else
            pit_send(self->first, bench_done,
                     .count = (self->passed - 1) * self->members + self->place);
    }
}

static void run(const uint64_t *params)
{
    uint64_t members = params[0], hops = params[1];
    struct member arg = {.first = pit_self(), .members = members, .place = members - 1};

    BENCH_CHECK(members > 0);
    int64_t since = pit_now();
    pit_pid last = pit_spawn_handler_link(member, &arg, sizeof arg), head = last;
    for (uint64_t i = 1; i < members; i++) {
        arg.next = head;
        arg.place--;
        head = pit_spawn_handler_link(member, &arg, sizeof arg);
    }
    pit_send(last, threadring_next, .next = head);
    pit_send(head, threadring_token, .left = hops);
    uint64_t passed = bench_wait_done(1); /* by rounds and place, not by what the token says */
    savina_report(since, "hops_per_s", hops);
    savina_expect("hops", passed, hops);
}

const struct savina savina_threadring = {
    .name = "threadring",
    .what = "a token travels round a ring",
    .run = run,
    .params = {{"members", 100, 2, SAVINA_FIXED}, {"hops", 100000, 1, SAVINA_LINEAR}},
};
