/*
 * Radix sort: a chain of processes, one a bit, each of which lets the numbers without its bit pass
 * and sends those with it behind them.
 */
#include "bench/savina/savina.h"

#define BITS 60

struct stage {
    pit_pid next;
    uint64_t bit, count, seen, held;
    uint64_t *later; /* the numbers with the bit */
};

static void stage(void *state, const pit_msg *m)
{
    struct stage *self = state;

    if (!pit_is(m, savina_number)) { /* pit_start */
        self->later = pit_alloc(self->count * sizeof *self->later);
        return;
    }
    uint64_t value = pit_as(m, savina_number)->value;
    if (value & self->bit)
        self->later[self->held++] = value;
    else
        pit_send(self->next, savina_number, .value = value);
    if (++self->seen < self->count)
        return;
    for (uint64_t i = 0; i < self->held; i++)
        pit_send(self->next, savina_number, .value = self->later[i]);
    bench_end();
}

static void run(const uint64_t *params)
{
    uint64_t count = params[0];

    BENCH_CHECK(count > 0);
    int64_t since = pit_now();
    pit_pid head = pit_self();
    for (int bit = BITS - 1; bit >= 0; bit--) { /* the lowest is the first in the chain */
        struct stage arg = {.next = head, .bit = 1ull << bit, .count = count};

        head = pit_spawn_handler_link(stage, &arg, sizeof arg);
    }
    struct savina_stream sorted = savina_stream_through(head, count);
    savina_report(since, "msgs_per_s", count * BITS);
    savina_stream_check(&sorted);
}

const struct savina savina_radix = {
    .name = "radix",
    .what = "a chain of sixty processes sorts numbers, one bit each",
    .run = run,
    .params = {{"numbers", 100000, 1, SAVINA_LINEAR}},
};
