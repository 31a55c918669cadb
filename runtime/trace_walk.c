/*
 * Walks: something that every scheduler does once with the processes that it owns, in pieces
 * between its passes.
 *
 * Setting a trace on all that live must not miss one that is handed over meanwhile from a scheduler
 * that has not walked to one that has. So a walk stays on the list of each scheduler
 * (s->trace_walks) until all have walked, and what is adopted while one is on the list gets its
 * trace there. In the second round each takes it off again: a hand-over that began before the first
 * round ended is in the new owner's inbox before the second round's message, and an inbox is taken
 * in order (tests/model/walk.pml). A closing walk needs no such care: a trace whose tracer is closed
 * is taken away when it is next looked at.
 */
#include "runtime/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/enter.h"
#include "runtime/node_state.h"
#include "runtime/signal.h"

#define PIECE 2048 /* slots: some ten microseconds */

static struct {
    _Atomic(struct pit__trace_walk *) walk; /* made on first use */
    _Atomic(bool) busy;
} barrier;

/* Whose PIT_TRACE_NEW is in force; 0: nobody's. The id of a closed tracer is nobody's. */
static _Atomic(int64_t) new_of;

struct pit__trace_walk *pit__trace_walk_new(void)
{
    return calloc(1, sizeof(struct pit__trace_walk) +
                         pit__node.count * sizeof(struct pit__trace_piece));
}

static void walk_piece(void *argument);

/* A walk is like a signal: it must not be lost for want of 64 bytes. */
static void post(struct pit__trace_piece *piece)
{
    int r = pit__run_on(piece->scheduler, walk_piece, piece);

    PIT_ASSERT(r == 0);
}

/* Release: each scheduler finds the walk complete (by its inbox); what `left` is for: the last
   part's acquire. */
static void round_start(struct pit__trace_walk *w)
{
    atomic_store_explicit(&w->left, pit__node.count, memory_order_release);
    for (unsigned i = 0; i < pit__node.count; i++)
        post(&w->pieces[i]);
}

void pit__trace_walk_start(struct pit__trace_walk *w)
{
    atomic_store_explicit(&w->count, 0, memory_order_relaxed);
    for (unsigned i = 0; i < pit__node.count; i++)
        w->pieces[i] = (struct pit__trace_piece){.walk = w, .scheduler = (uint16_t)i};
    round_start(w);
}

/* ---- the end of a walk */

static void answer(const struct pit__trace_walk *w, uint64_t count)
{
    struct pit__thread *t = pit__thread();
    struct pit__message *m = pit__message_alloc(&t->sched->blocks, PIT__REPLY, sizeof count);

    PIT_NEED(m);
    *(uint64_t *)pit__message_payload(m) = count;
    m->to = w->waiter;
    m->public.type = NULL;
    m->public.from = PIT_NO_PID;
    m->public.pit__tag = w->tag;
    pit__route(t, m);
}

static void no_longer_new(int64_t id)
{
    (void)atomic_compare_exchange_strong_explicit(&new_of, &id, 0, memory_order_relaxed,
                                                  memory_order_relaxed);
}

static void walk_over(struct pit__trace_walk *w)
{
    struct pit__trace_walk was = {.waiter = w->waiter, .tag = w->tag};
    struct pit__tracer *t = w->tracer;
    uint64_t count = atomic_load_explicit(&w->count, memory_order_relaxed);

    if (w->what == PIT__WALK_CLOSE || ((w->which & PIT_TRACE_NEW) && !w->events))
        no_longer_new(w->id);
    /* Once it is said to be over the walk may be another's. */
    if (w->what == PIT__WALK_BARRIER)
        atomic_store_explicit(&barrier.busy, false, memory_order_release);
    else if (w->what == PIT__WALK_SET_OVER)
        atomic_store_explicit(&t->walking, false, memory_order_release);
    if (t)
        pit__tracer_release(t);
    if (was.waiter.id)
        answer(&was, count);
}

static void part_over(struct pit__trace_piece *piece)
{
    struct pit__trace_walk *w = piece->walk;

    if (atomic_fetch_sub_explicit(&w->left, 1, memory_order_acq_rel) != 1)
        return;
    if (w->what == PIT__WALK_SET) {
        w->what = PIT__WALK_SET_OVER;
        round_start(w);
    } else
        walk_over(w);
}

/* ---- a scheduler's part */

static void set_one(struct pit__trace_walk *w, struct pit__process *p)
{
    if (pit__trace_set(p, w->id, w->events) == 1)
        atomic_fetch_add_explicit(&w->count, 1, memory_order_relaxed);
}

static void visit(struct pit__trace_walk *w, struct pit__process *p)
{
    int64_t id;

    if (w->what == PIT__WALK_SET)
        set_one(w, p);
    else
        (void)pit__trace_of(p, &id);
}

static bool may_visit(const struct pit__sched *s, const struct pit__process *p)
{
    return pit__owned_by(p, s) &&
           (p->status == PIT__WAITING || p->status == PIT__RUNNABLE || p->status == PIT__RUNNING);
}

/* true: once through. */
static bool walk_on(struct pit__sched *s, struct pit__trace_piece *piece)
{
    uint32_t used = atomic_load_explicit(&pit__slots.used, memory_order_acquire),
             end = used - piece->slot > PIECE ? piece->slot + PIECE : used;

    for (; piece->slot < end; piece->slot++)
        if (may_visit(s, pit__slots.base + piece->slot))
            visit(piece->walk, pit__slots.base + piece->slot);
    return piece->slot == used;
}

static void set_new(struct pit__sched *s, const struct pit__trace_walk *w)
{
    bool open = w->events && pit__tracer_of(w->id);

    s->trace_new = open ? w->id : 0;
    s->trace_new_events = open ? w->events : 0;
    s->watch = (uint8_t)((s->watch & ~PIT__WATCH_SPAWN) | (open ? PIT__WATCH_SPAWN : 0));
}

static void begin(struct pit__sched *s, struct pit__trace_piece *piece)
{
    struct pit__trace_walk *w = piece->walk;

    if (w->what == PIT__WALK_SET) {
        if (w->which & PIT_TRACE_NEW)
            set_new(s, w);
        if (w->which & PIT_TRACE_EXISTING) {
            piece->next = s->trace_walks;
            s->trace_walks = piece;
        }
    } else if (w->what == PIT__WALK_CLOSE) {
        if (s->trace_new == w->id) {
            s->trace_new = 0;
            s->watch &= (uint8_t)~PIT__WATCH_SPAWN;
        }
        pit__wheel_remove(&s->wheel, &w->tracer->lanes[s->index].timer);
    }
}

static void unlist(struct pit__sched *s, struct pit__trace_piece *piece)
{
    struct pit__trace_piece **link = &s->trace_walks;

    while (*link && *link != piece)
        link = &(*link)->next;
    if (*link)
        *link = piece->next;
}

static void walk_piece(void *argument)
{
    struct pit__trace_piece *piece = argument;
    struct pit__trace_walk *w = piece->walk;
    struct pit__sched *s = pit__thread()->sched;

    if (w->what == PIT__WALK_SET_OVER)
        unlist(s, piece);
    else {
        if (!piece->slot)
            begin(s, piece);
        if ((w->what == PIT__WALK_CLOSE ||
             (w->what == PIT__WALK_SET && (w->which & PIT_TRACE_EXISTING))) &&
            !walk_on(s, piece)) {
            post(piece);
            return;
        }
    }
    part_over(piece);
}

void pit__trace_adopted(struct pit__sched *s, struct pit__process *p)
{
    int64_t id;

    for (struct pit__trace_piece *piece = s->trace_walks; piece; piece = piece->next) {
        struct pit__trace_walk *w = piece->walk;

        if (pit__trace_of(p, &id) != w->events || id != w->id)
            set_one(w, p);
    }
}

/* ---- who starts one and waits */

static int64_t wait_for(struct pit__process *p)
{
    struct pit__message *m;
    int r = pit__call_wait(p, INT64_MAX, &m);
    int64_t count;

    if (r < 0)
        return r;
    count = (int64_t) * (uint64_t *)pit__message_payload(m);
    pit__message_free(&pit__thread()->sched->blocks, m);
    return count;
}

static bool may_be_new(int64_t id)
{
    int64_t now = atomic_load_explicit(&new_of, memory_order_relaxed);

    /* Relaxed: a name for a right; what comes with it goes to the schedulers by their inboxes. */
    do {
        if (now && now != id && pit__tracer_of(now))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&new_of, &now, id, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

static int64_t trace_all(struct pit__process *p, int64_t id, unsigned which, uint32_t events)
{
    struct pit__tracer *t = pit__tracer_of(id);
    struct pit__trace_walk *w;

    if (!t || !which || (which & ~(PIT_TRACE_EXISTING | PIT_TRACE_NEW)) ||
        (events & ~(PIT_TRACE_EVERYTHING | PIT__TRACE_INHERIT)))
        return -EINVAL;
    /* Acquire, pairs with the release at the end of the walk before. */
    if (atomic_exchange_explicit(&t->walking, true, memory_order_acquire))
        return -EBUSY;
    if ((which & PIT_TRACE_NEW) && !may_be_new(id)) {
        atomic_store_explicit(&t->walking, false, memory_order_release);
        return -EBUSY;
    }
    pit__tracer_use(t);
    w = t->all;
    w->tracer = t;
    w->id = id;
    w->what = PIT__WALK_SET;
    w->which = which;
    w->events = events;
    w->waiter = pit__pid_of(p);
    w->tag = pit__call_begin(pit__thread()->sched, p);
    pit__trace_walk_start(w);
    return wait_for(p);
}

int64_t pit_trace_all(pit_tracer tracer, unsigned which, uint32_t events)
{
    struct pit__thread *t = pit__in();
    int64_t r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    r = trace_all(t->current, tracer.id, which, events);
    pit__out(2);
    return r;
}

/* One at a time, for the node has one: who finds it busy lets others run. */
static struct pit__trace_walk *barrier_take(void)
{
    struct pit__trace_walk *w = atomic_load_explicit(&barrier.walk, memory_order_acquire);

    if (!w) {
        struct pit__trace_walk *mine = pit__trace_walk_new();

        if (mine && !atomic_compare_exchange_strong_explicit(
                        &barrier.walk, &w, mine, memory_order_acq_rel, memory_order_acquire))
            free(mine); /* another's is there, in w */
        else
            w = mine;
    }
    while (w && atomic_exchange_explicit(&barrier.busy, true, memory_order_acquire))
        pit_yield();
    return w;
}

int pit__trace_barrier(struct pit__process *p)
{
    struct pit__trace_walk *w = barrier_take();
    int64_t r;

    if (!w)
        return -ENOMEM;
    w->tracer = NULL;
    w->what = PIT__WALK_BARRIER;
    w->waiter = pit__pid_of(p);
    w->tag = pit__call_begin(pit__thread()->sched, p);
    pit__trace_walk_start(w);
    r = wait_for(p);
    return r < 0 ? (int)r : 0;
}

void pit__trace_walk_close(void)
{
    free(atomic_exchange_explicit(&barrier.walk, NULL, memory_order_relaxed));
    atomic_store_explicit(&barrier.busy, false, memory_order_relaxed);
    atomic_store_explicit(&new_of, 0, memory_order_relaxed);
}
