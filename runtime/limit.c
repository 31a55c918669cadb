/*
 * The table of slots is full, and a scheduler has no free slot (slot.c). Free slots may lie with
 * others: processes end where they were moved to, and batches were taken ahead. So who wants to
 * spawn asks every other scheduler for half of what it has, and waits for their answers; the limit
 * is exact, and a spawn below it pays nothing for that.
 *
 * A round: each scheduler gives (1) and counts itself off (2); the last one answers the asker (3).
 * What was given is in the inbox of the asker's scheduler before the answer: (1) is before (2) on
 * each thread, all (2) before (3) by acquire and release, and an inbox keeps the order of pushes of
 * which one is before the other. Between its answer and its spawn the asker lets nobody run; but it
 * may have been moved, or slots were on their way from a scheduler to another as they were asked
 * for. Then it asks again, a few times.
 *
 * An asker that is ended while it waits leaves the answer to be dropped like every late one, and
 * the slots where they came.
 */
#include "runtime/limit.h"

#include "base/assert.h"
#include "runtime/node_state.h"
#include "runtime/park.h"
#include "runtime/signal.h"

#define ROUNDS 16

struct round {
    struct pit__block block;
    struct pit__sched *to;
    pit_pid asker;
    uint64_t tag;
    _Atomic(uint32_t) left; /* schedulers that have not answered */
};

static void answer(struct pit__sched *s, struct round *r)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, PIT__REPLY, 0);

    PIT_NEED(m);
    m->to = r->asker;
    m->public.type = NULL;
    m->public.from = PIT_NO_PID;
    m->public.pit__tag = r->tag;
    pit__route(pit__thread(), m);
    pit__block_free(&s->blocks, r);
}

/* On each scheduler but the asker's, outside of processes. */
static void give(void *argument)
{
    struct round *r = argument;
    struct pit__sched *s = pit__sched_current();

    (void)pit__slots_give(&s->slots, (s->slots.count + 1) / 2, s, r->to);  /* (1) */
    if (atomic_fetch_sub_explicit(&r->left, 1, memory_order_acq_rel) == 1) /* (2) */
        answer(s, r);                                                      /* (3) */
}

/* false: there is nobody to ask, or no memory to. */
static bool ask_all(struct pit__thread *t, struct pit__process *p)
{
    struct pit__sched *s = t->sched;
    struct pit__message *m;
    struct round *r = pit__node.count > 1 ? pit__block_alloc(&s->blocks, sizeof *r) : NULL;

    if (!r)
        return false;
    r->to = s;
    r->asker = pit__handle_of(p);
    r->tag = pit__call_begin(s, p);
    atomic_store_explicit(&r->left, pit__node.count - 1, memory_order_relaxed);
    for (unsigned i = 0; i < pit__node.count; i++)
        if (i != s->index)
            PIT_ASSERT(pit__run_on((int)i, give, r) == 0);
    if (pit__call_wait(p, INT64_MAX, &m) == 0)
        pit__message_free(&pit__thread()->sched->blocks, m);
    return true;
}

bool pit__limit_find_slot(struct pit__process *p)
{
    if (pit__thread()->sched->slots.free)
        return false; /* it was another limit: the name's atom */
    for (int round = 0; round < ROUNDS; round++) {
        if (pit__node_processes() >= pit__slots.limit || !ask_all(pit__thread(), p))
            return false;
        if (pit__thread()->sched->slots.free)
            return true;
    }
    return false;
}
