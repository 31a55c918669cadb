#include "runtime/tally.h"

#include <stdatomic.h>

#include "numa/place.h"
#include "runtime/sched.h"

/* Relaxed: statistics. A lane of a scheduler has one writer, whose load and store need not be one
   step. */
static struct lane {
    _Atomic(int64_t) bytes[PIT__TALLY_KINDS] __attribute__((aligned(64)));
} lanes[PIT__PLACE_MOST], others;

void pit__tally(enum pit__tally kind, int64_t bytes)
{
    struct pit__thread *t = pit__thread();

    if (t)
        PIT__COUNT_MORE(lanes[t->sched->index].bytes[kind], bytes);
    else
        atomic_fetch_add_explicit(&others.bytes[kind], bytes, memory_order_relaxed);
}

uint64_t pit__tally_sum(enum pit__tally kind)
{
    int64_t sum = atomic_load_explicit(&others.bytes[kind], memory_order_relaxed);

    for (unsigned i = 0; i < PIT__PLACE_MOST; i++)
        sum += atomic_load_explicit(&lanes[i].bytes[kind], memory_order_relaxed);
    return sum > 0 ? (uint64_t)sum : 0; /* what was given back may be seen before it was taken */
}
