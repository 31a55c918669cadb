/*
 * Count: one process sends as fast as it can, another counts. What a mailbox takes.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(count_increment);
PIT_MESSAGE(count_get);

struct counter {
    uint64_t count;
};

static void counter(void *state, const pit_msg *m)
{
    struct counter *self = state;

    if (pit_is(m, count_increment))
        self->count++;
    else if (pit_is(m, count_get))
        pit_send(m->from, bench_done, .count = self->count);
}

static void run(const uint64_t *params)
{
    uint64_t messages = params[0];
    struct counter zero = {0};
    int64_t since = pit_now();
    pit_pid c = pit_spawn_handler_link(counter, &zero, sizeof zero);

    for (uint64_t i = 0; i < messages; i++)
        pit_send(c, count_increment);
    pit_send(c, count_get);
    uint64_t counted = bench_wait_done(1);
    savina_report(since, "msgs_per_s", messages);
    savina_expect("messages counted", counted, messages);
}

const struct savina savina_count = {
    .name = "count",
    .what = "one process sends, one counts",
    .run = run,
    .params = {{"messages", 1000000, 1, SAVINA_LINEAR}},
};
