/*
 * The limits that keep a trace from bringing the node down.
 *
 * The rate is a bucket of a tenth of a second's events, kept as one time: filled_ns is when all
 * events that are in it will have run out. An event adds its interval; it does not fit if that
 * would be more than the bucket's depth from now. Once something has been dropped the lane stays
 * closed until the bucket is half empty, and the tracer's backlog too: so there are at most some
 * tens of summaries a second, and not one for every second event.
 *
 * What was dropped is told by one event, before the next that passes; or, if none comes, by the
 * lane's timer, a tenth of a second after the first drop, and again until there is room. The
 * backlog is counted by all schedulers together, so it may be overrun by an event a scheduler.
 */
#include "base/oracle.h"
#include "runtime/trace.h"

#define DEPTH_NS INT64_C(100000000)

static struct pit__trace_lane *lane_of(struct pit__sched *s, struct pit__tracer *t)
{
    return &t->lanes[s->index];
}

static int64_t backlog(const struct pit__tracer *t)
{
    return atomic_load_explicit(&t->backlog, memory_order_relaxed);
}

static bool has_room(const struct pit__trace_lane *l, int64_t now)
{
    const struct pit__tracer *t = l->tracer;

    if (l->closed)
        return l->filled_ns - now <= DEPTH_NS / 2 && backlog(t) <= t->backlog_most / 2;
    /* An interval longer than the bucket is deep: one at a time. */
    return (l->filled_ns <= now || l->filled_ns - now + t->interval_ns <= DEPTH_NS) &&
           backlog(t) < t->backlog_most;
}

static void take_room(struct pit__trace_lane *l, int64_t now)
{
    l->filled_ns = (l->filled_ns > now ? l->filled_ns : now) + l->tracer->interval_ns;
}

static void tell(struct pit__sched *s, struct pit__trace_lane *l)
{
    uint64_t count = l->pending;

    l->pending = 0;
    if (count && !pit__trace_dropped(s, l->tracer, count))
        l->pending = count;
}

static void drop(struct pit__sched *s, struct pit__trace_lane *l, int64_t now)
{
    l->closed = true;
    l->pending++;
    PIT__COUNT(l->dropped);
    if (!pit__timer_armed(&l->timer)) {
        l->timer.what = PIT__TIMER_TRACE;
        pit__wheel_add(&s->wheel, &l->timer, now + DEPTH_NS);
    }
}

bool pit__trace_admit(struct pit__sched *s, struct pit__tracer *t, int64_t now)
{
    struct pit__trace_lane *l = lane_of(s, t);

    if (!has_room(l, now)) {
        drop(s, l, now);
        return false;
    }
    l->closed = false;
    tell(s, l);
    take_room(l, now);
    PIT__COUNT(l->taken);
    return true;
}

void pit__trace_lost(struct pit__sched *s, struct pit__tracer *t)
{
    struct pit__trace_lane *l = lane_of(s, t);

    atomic_store_explicit(&l->taken, atomic_load_explicit(&l->taken, memory_order_relaxed) - 1,
                          memory_order_relaxed);
    drop(s, l, pit__now());
}

void pit__trace_lane_fire(struct pit__sched *s, struct pit__timer *timer)
{
    struct pit__trace_lane *l = PIT__CONTAINER(timer, struct pit__trace_lane, timer);
    int64_t now = pit__now();

    if (!l->pending || !atomic_load_explicit(&l->tracer->id, memory_order_relaxed))
        return;
    if (has_room(l, now))
        tell(s, l);
    else
        pit__wheel_add(&s->wheel, &l->timer, now + DEPTH_NS);
}
