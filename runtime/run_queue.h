/*
 * The run queue, and how a running process passes the core on: the part of the scheduler that every
 * message goes through, inlined for that reason. The rest, and the argument, is in sched.c. Owner
 * only.
 */
#ifndef PIT_RUNTIME_RUN_QUEUE_H
#define PIT_RUNTIME_RUN_QUEUE_H

#include "base/assert.h"
#include "base/probes.h"
#include "runtime/extra.h"
#include "runtime/sched.h"

#define PIT__DIRECT 64 /* switches from process to process before the loop looks after the rest */
/* for s->direct: a slice was used up, so timers and completions come first */
#define PIT__SLICE_OVER (1u << 30)
/* a time stamp costs more than half a message: one wake in so many has one */
#define PIT__SAMPLE_WAKES 64
#define PIT__LOW_TURNS 8 /* a low process runs in the last of so many turns. Spec: SCHED-2 */

enum { PIT__QUEUE_MAX, PIT__QUEUE_HIGH, PIT__QUEUE_NORMAL };

static inline unsigned pit__queue_of(const struct pit__process *p)
{
    return PIT__LIKELY(p->priority <= PIT_PRIORITY_LOW) ? PIT__QUEUE_NORMAL
           : p->priority == PIT_PRIORITY_MAX            ? PIT__QUEUE_MAX
                                                        : PIT__QUEUE_HIGH;
}

static inline void pit__queue_push_to(struct pit__sched *s, unsigned n, struct pit__process *p)
{
    struct pit__run_queue *q = &s->queue[n];

    p->run_next = NULL;
    if (q->head)
        q->tail->run_next = p;
    else {
        q->head = p;
        if (n != PIT__QUEUE_NORMAL)
            s->ready |= 1u << n;
    }
    q->tail = p;
    s->runnable++;
}
static inline void pit__queue_push(struct pit__sched *s, struct pit__process *p)
{
    pit__queue_push_to(s, pit__queue_of(p), p);
}

static inline bool pit__sched_has_work(const struct pit__sched *s)
{
    return s->queue[PIT__QUEUE_NORMAL].head || s->ready;
}

/* The queue whose head is the next one's; it may be empty only if all are. */
static inline unsigned pit__queue_first(const struct pit__sched *s)
{
    return PIT__LIKELY(!s->ready) ? PIT__QUEUE_NORMAL : (unsigned)__builtin_ctz(s->ready);
}

static inline struct pit__process *pit__queue_pop_from(struct pit__sched *s, unsigned n)
{
    struct pit__run_queue *q = &s->queue[n];
    struct pit__process *p = q->head;

    q->head = p->run_next;
    if (n != PIT__QUEUE_NORMAL && !q->head)
        s->ready &= ~(1u << n);
    s->runnable--;
    return p;
}

/* If there is work. */
static inline struct pit__process *pit__queue_pop(struct pit__sched *s)
{
    return pit__queue_pop_from(s, pit__queue_first(s));
}

/* The next to run; NULL: none. */
static inline struct pit__process *pit__queue_next(struct pit__sched *s)
{
    struct pit__process *p;

    for (;;) {
        if (!pit__sched_has_work(s))
            return NULL;
        p = pit__queue_pop(s);
        if (PIT__LIKELY(p->priority != PIT_PRIORITY_LOW) || ++p->low_turns >= PIT__LOW_TURNS ||
            !pit__sched_has_work(s))
            break;
        pit__queue_push(s, p);
    }
    p->low_turns = 0;
    return p;
}

/* The one timeout of a process that waits, by the node's clock. */
static inline void pit__timeout_arm(struct pit__sched *s, struct pit__process *p, int64_t when_ns)
{
    p->flags |= PIT__F_TIMEOUT;
    pit__wheel_add(&s->wheel, &p->timeout, when_ns);
}

/* The same by the process's own clock (pit__extra_paused), by which deadlines are kept while it
   waits again and again. */
static inline void pit__timeout_arm_own(struct pit__sched *s, struct pit__process *p,
                                        int64_t when_ns)
{
    pit__timeout_arm(s, p, when_ns + pit__extra_paused(p));
}

static inline void pit__timeout_disarm(struct pit__sched *s, struct pit__process *p)
{
    p->flags &= ~PIT__F_TIMEOUT;
    pit__wheel_remove(&s->wheel, &p->timeout);
}

void pit__slice_stamp(struct pit__sched *s, struct pit__process *p);

/* Put a process that waits, or is new, on the run queue. */
static inline void pit__sched_enqueue(struct pit__sched *s, struct pit__process *p)
{
    if (PIT__UNLIKELY(p->flags & PIT__F_TIMEOUT))
        pit__timeout_disarm(s, p);
    if (p->status != PIT__EXITING)
        p->status = PIT__RUNNABLE;
    if (PIT__UNLIKELY(--s->until_stamp == 0 || (s->watch & PIT__WATCH_STAMP) ||
                      PIT_PROBE_ENABLED(process_run)))
        pit__slice_stamp(s, p);
    pit__queue_push(s, p);
    PIT_PROBE_RUNNABLE(pit__process_pid(p), s->index);
}

/* The same for one that waits, of usual priority, without a timeout, when no probe is. false:
   pit__slice_stamp it, it is its turn. */
static inline bool pit__sched_enqueue_ordinary(struct pit__sched *s, struct pit__process *p)
{
    p->status = PIT__RUNNABLE;
    pit__queue_push_to(s, PIT__QUEUE_NORMAL, p);
    return PIT__LIKELY(--s->until_stamp != 0);
}

void pit__slice_sample(struct pit__sched *s, struct pit__process *p);

/* p has the core from here on; a stamp was looked at. */
static inline void pit__slice_take(struct pit__thread *t, struct pit__sched *s,
                                   struct pit__process *p)
{
    t->current = p;
    t->floor = p->stack ? pit__floor_of(p->stack, p->stack_size) : 0;
    p->status = PIT__RUNNING;
    s->reductions = PIT__SLICE;
    PIT__COUNT(s->switches);
}

static inline void pit__slice_begin(struct pit__thread *t, struct pit__sched *s,
                                    struct pit__process *p)
{
    if (PIT__UNLIKELY(p->flags & PIT__F_STAMPED))
        pit__slice_sample(s, p);
    else
        PIT_PROBE_RUN(pit__process_pid(p), s->index, -1);
    pit__slice_take(t, s, p);
}

static inline void pit__slice_end(struct pit__sched *s, struct pit__process *p)
{
    unsigned used = (unsigned)(PIT__SLICE + 1 - s->reductions);

    s->direct += used >> 6; /* a full slice counts as much as DIRECT short ones */
    p->slice_reductions += used;
    if (PIT__UNLIKELY(p->slice_reductions > INT32_MAX)) {
        p->reductions += p->slice_reductions;
        p->slice_reductions = 0;
    }
}

/* A ready process that can be switched to without the loop; it is taken off the queue. NULL:
   none. */
static inline struct pit__process *pit__queue_direct(struct pit__sched *s)
{
    unsigned n = pit__queue_first(s);
    struct pit__process *q = s->queue[n].head;

    if (PIT__UNLIKELY(s->direct >= PIT__DIRECT || !q || !q->stack || (q->flags & PIT__F_LOOP)))
        return NULL;
    PIT_AUDIT(PIT_ASSERT(q->status != PIT__EXITING));
    s->direct++;
    return pit__queue_pop_from(s, n);
}

/* The same, of usual priority and without a stamp: it needs no pit__slice_begin. */
static inline struct pit__process *pit__queue_usual(struct pit__sched *s)
{
    struct pit__process *q = s->queue[PIT__QUEUE_NORMAL].head;
    unsigned direct = s->direct;

    if (PIT__UNLIKELY(s->ready || direct >= PIT__DIRECT || !q || !q->stack ||
                      (q->flags & (PIT__F_LOOP | PIT__F_STAMPED))))
        return NULL;
    PIT_AUDIT(PIT_ASSERT(q->status != PIT__EXITING));
    s->direct = direct + 1;
    s->queue[PIT__QUEUE_NORMAL].head = q->run_next;
    s->runnable--;
    return q;
}

PIT_NORETURN void pit__slice_overflowed(struct pit__process *p);
void pit__sched_switch_to_loop(struct pit__thread *t, struct pit__sched *s, struct pit__process *p);

/* The current process stops here and continues when it is run again; its status says whether it is
   on the queue. */
static inline __attribute__((always_inline)) void pit__sched_switch_away(struct pit__sched *s,
                                                                         struct pit__process *p)
{
    struct pit__thread *t = pit__thread();
    int depth = t->in_runtime;
    struct pit__process *q;

    pit__slice_end(s, p);
    if (p->status == PIT__WAITING)
        PIT_PROBE_PARK(pit__process_pid(p), s->index);
    if (PIT__UNLIKELY(s->watch & PIT__WATCH_CANARIES) && p->stack && !pit__stack_sound(p->stack))
        pit__slice_overflowed(p);
    if (PIT__LIKELY(p->stack && (q = pit__queue_direct(s)))) {
        pit__slice_begin(t, s, q);
        if (PIT__LIKELY(q != p))
            pit__switch_fibre(&p->sp, &p->stack->fibre, q->sp, &q->stack->fibre);
    } else {
        t->current = NULL;
        pit__sched_switch_to_loop(t, s, p);
    }
    pit__thread()->in_runtime = depth;
}

#endif
