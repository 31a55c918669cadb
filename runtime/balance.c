/*
 * Balance between schedulers, in its first form: who is idle asks, and is handed half of what can
 * run.
 *
 * No run queue is touched by two threads. The asker leaves its name with a busy scheduler (one
 * compare-and-swap); that one, at the end of its pass, chains every second process of its queue
 * into one message to the asker.
 *
 * Hand-over of a process, by its owner's act only:
 *   (H1) it is runnable, has no operation in flight, and is off the run queue; its timers leave the
 *        wheel
 *   (H2) status TRANSIT, then owner := the new one, release
 *   (H3) the ADOPT message goes to the new owner's inbox
 *   (H4) the new owner, on that message: timers into its wheel, status RUNNABLE, on its run queue
 * Between H2 and H4 the new owner may find mail for it and appends to the inner queue, but does not
 * enqueue it: TRANSIT says so. Mail whose carrier is still on the way to the old owner is
 * forwarded. tests/model/handover.pml.
 *
 * Who asks whom: a scheduler that is about to sleep asks one with at least two processes waiting.
 * Whoever has had two or more waiting for BUSY_LONG wakes one that sleeps, so a burst that is over
 * in microseconds moves nobody: a message between cores costs ten times one on the same.
 *
 * The other way round: two processes that take turns, on two cores, have one core idle at any time
 * and pay a hop between them for each message, ten times a switch. So a process that was woken
 * FAR_WAKES times from another core, when its own had nothing else to do and the waker's had gone
 * idle, follows the message to the waker's core. Where the waker goes on working the two work at
 * the same time, and nobody moves.
 */
#include "base/assert.h"
#include "base/probes.h"
#include "runtime/node_state.h"
#include "runtime/run_queue.h"
#include "runtime/signal.h"
#include "runtime/trace.h"

#define MOST 1024 /* processes in one hand-over: some tens of microseconds */
/*
 * ns of work waiting before it is given to who asks: two processes that talk to each other and
 * happen to be runnable at once are better left together.
 */
#define BUSY_SHORT INT64_C(50000)
#define FAR_WAKES 8
#define BUSY_LONG INT64_C(200000) /* ns before one that sleeps is woken to ask */

struct adopt {
    struct pit__process *first;
    uint32_t from;
};

static void timers_leave(struct pit__sched *s, struct pit__process *p)
{
    if (!p->relations.timers)
        return;
    for (struct pit__relation *r = p->relations.first; r; r = r->next)
        if (r->block.kind == PIT__R_TIMER)
            pit__wheel_remove(&s->wheel, &((struct pit__timer_relation *)r)->timer);
}

static void timers_arrive(struct pit__sched *s, struct pit__process *p)
{
    if (!p->relations.timers)
        return;
    for (struct pit__relation *r = p->relations.first; r; r = r->next) {
        struct pit__timer *t = &((struct pit__timer_relation *)r)->timer;

        if (r->block.kind == PIT__R_TIMER && !pit__timer_armed(t))
            pit__wheel_add(&s->wheel, t, t->when_ns);
    }
}

static void leave(struct pit__sched *s, struct pit__process *p, struct pit__sched *to)
{
    timers_leave(s, p); /* H1 */
    p->status = PIT__TRANSIT;
    PIT_POINT("balance.transit");
    atomic_store_explicit(&p->owner, to, memory_order_release); /* H2 */
}

static void send(struct pit__sched *s, struct pit__sched *to, struct pit__process *first,
                 struct pit__message *m)
{
    *(struct adopt *)pit__message_payload(m) = (struct adopt){first, s->index};
    m->to = PIT_NO_PID;
    PIT_POINT("balance.between");
    pit__sched_post(to, m); /* H3 */
}

void pit__balance_move(struct pit__sched *s, struct pit__process *p, struct pit__sched *to)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, PIT__ADOPT, sizeof(struct adopt));

    PIT_NEED(m);
    p->run_next = NULL;
    leave(s, p, to);
    send(s, to, p, m);
}

static bool movable(const struct pit__process *p)
{
    return p->status == PIT__RUNNABLE && !p->pending_io && !(p->flags & PIT__F_BOUND);
}

/* Every second movable process of a queue, in order; the others stay, in order. Returns the
   chain. */
static struct pit__process *halve(struct pit__sched *s, struct pit__run_queue *q,
                                  struct pit__sched *to, unsigned *given)
{
    struct pit__process *chain = NULL, **end = &chain, **link = &q->head, *p, *last = NULL;
    unsigned seen = 0;

    while ((p = *link) && *given < MOST && seen < 2 * MOST) {
        seen++;
        if (movable(p) && (seen & 1)) {
            *link = p->run_next;
            p->run_next = NULL;
            leave(s, p, to);
            *end = p; /* its link is written by us until H3, nobody else follows it */
            end = &p->run_next;
            ++*given;
        } else {
            last = p;
            link = &p->run_next;
        }
    }
    if (!*link)
        q->tail = last;
    return chain;
}

/* Has work been waiting here for so long? Asked at the ends of passes; sched.c forgets when nothing
   waits. */
static bool busy_for(struct pit__sched *s, int64_t ns)
{
    int64_t now = pit__now();

    if (!s->busy_since)
        s->busy_since = now;
    return now - s->busy_since >= ns;
}

void pit__balance_give(struct pit__sched *s)
{
    /* Acquire, pairs with the asker's release; relaxed store: only we clear it. */
    struct pit__sched *to = atomic_load_explicit(&s->asker, memory_order_acquire);
    struct pit__message *m;
    struct pit__process *chain;
    unsigned given = 0;
    enum { NORMAL = 2 };

    if (s->runnable >= 2 && !busy_for(s, BUSY_SHORT))
        return; /* perhaps a burst that is over soon; the asker stays noted */
    atomic_store_explicit(&s->asker, NULL, memory_order_release);
    if (s->runnable < 2 || !s->queue[NORMAL].head)
        return;
    m = pit__message_alloc(&s->blocks, PIT__ADOPT, sizeof(struct adopt));
    if (!m)
        return;
    chain = halve(s, &s->queue[NORMAL], to, &given);
    if (!chain) {
        pit__block_free(&s->blocks, m);
        return;
    }
    s->runnable -= given;
    atomic_store_explicit(&s->steals,
                          atomic_load_explicit(&s->steals, memory_order_relaxed) + given,
                          memory_order_relaxed);
    send(s, to, chain, m);
}

void pit__balance_arrive(struct pit__sched *s, struct pit__process *p)
{
    PIT_ASSERT(p->status == PIT__TRANSIT);
    if (p->flags & PIT__F_EXIT) {
        p->status = PIT__EXITING;
        p->flags = (p->flags & ~PIT__F_EXIT) | PIT__F_LOOP;
    } else
        p->status = PIT__RUNNABLE;
    if (PIT__UNLIKELY(s->trace_walks != NULL))
        pit__trace_adopted(s, p);
    pit__sched_enqueue(s, p);
}

void pit__balance_adopt(struct pit__sched *s, struct pit__message *m)
{
    struct adopt *a = pit__message_payload(m);

    for (struct pit__process *p = a->first, *next; p; p = next) {
        next = p->run_next;
        timers_arrive(s, p);
        PIT_PROBE_MIGRATE(pit__process_pid(p), a->from, s->index);
        pit__balance_arrive(s, p); /* H4 */
    }
    pit__block_free(&s->blocks, m);
}

void pit__balance_ask(struct pit__sched *s)
{
    unsigned n = pit__node.count, start;

    if (n < 2)
        return;
    start = (unsigned)pit__chance_below(&s->chance, n);
    for (unsigned i = 0; i < n; i++) {
        struct pit__sched *victim = pit__node.scheds[(start + i) % n], *nobody = NULL;

        if (victim != s &&
            atomic_load_explicit(&victim->runnable_seen, memory_order_relaxed) >= 2 &&
            atomic_compare_exchange_strong_explicit(&victim->asker, &nobody, s,
                                                    memory_order_release, memory_order_relaxed))
            return; /* one at a time: what it hands over ends our sleep */
    }
}

void pit__balance_offer(struct pit__sched *s)
{
    if (!atomic_load_explicit(&pit__node.sleepers, memory_order_relaxed) || !busy_for(s, BUSY_LONG))
        return;
    s->busy_since = 0;
    for (unsigned i = 0; i < pit__node.count; i++) {
        struct pit__sched *other = pit__node.scheds[i];

        if (atomic_load_explicit(&other->sleeping, memory_order_relaxed)) {
            pit__sched_wake(other); /* it looks around, and asks */
            return;
        }
    }
}

/* ---- together again */

struct pit__sched *pit__balance_waker(struct pit__sched *s, struct pit__process *p,
                                      const struct pit__message *m)
{
    struct pit__process *from;
    struct pit__sched *to;

    if (s->runnable || pit__thread()->current || p->status != PIT__WAITING || p->pending_io ||
        (p->flags & PIT__F_BOUND) || !(from = pit__slot_of(m->public.from)) ||
        ++p->far_wakes < FAR_WAKES)
        return NULL;
    /* Hints: a scheduler is never gone, and to move where it does not pay is no mistake but of
       time. */
    to = atomic_load_explicit(&from->owner, memory_order_relaxed);
    p->far_wakes = 0;
    return to != s && atomic_load_explicit(&to->idle_seen, memory_order_relaxed) ? to : NULL;
}

void pit__balance_follow(struct pit__sched *s, struct pit__process *p, struct pit__sched *to)
{
    if (s->runnable != 1 || !movable(p)) /* others came, or it was not woken */
        return;
    (void)pit__queue_pop(s);
    pit__balance_move(s, p, to);
}
