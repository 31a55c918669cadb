/*
 * The trace of one process: a tracer's id and a set of events, in what is hung off the process
 * (extra.h). Its owner alone reads and writes it; others ask by a request, so a trace is set in
 * order with what its setter sent before.
 */
#include "runtime/trace.h"

#include <errno.h>

#include "runtime/attend.h"
#include "runtime/enter.h"
#include "runtime/extra.h"
#include "runtime/name.h"
#include "runtime/signal.h"

#define KNOWN (PIT_TRACE_EVERYTHING | PIT__TRACE_INHERIT)

static void take_away(struct pit__process *p, struct pit__traced *traced)
{
    *traced = (struct pit__traced){0};
    pit__unattend(p, PIT__AT_TRACED);
    if (p->status == PIT__RUNNING)
        pit__thread()->sched->watch &= (uint8_t)~PIT__WATCH_SENDER;
}

uint32_t pit__trace_of(struct pit__process *p, int64_t *ret_id)
{
    struct pit__extra *e = pit__extra_peek(p);

    if (!e || !e->traced.events)
        return 0;
    if (!pit__tracer_of(e->traced.tracer)) {
        take_away(p, &e->traced);
        return 0;
    }
    *ret_id = e->traced.tracer;
    return e->traced.events;
}

static int end(struct pit__process *p, int64_t tracer)
{
    int64_t now;

    if (!pit__trace_of(p, &now) || (tracer && now != tracer))
        return 0;
    take_away(p, &pit__extra_peek(p)->traced);
    return 1;
}

int pit__trace_set(struct pit__process *p, int64_t tracer, uint32_t events)
{
    int64_t now;

    if (!events)
        return end(p, tracer);
    if (!pit__tracer_of(tracer))
        return -EINVAL;
    if (pit__is_tracer(pit__pid_of(p)))
        return -EPERM;
    if (pit__trace_of(p, &now) && now != tracer)
        return -EBUSY;
    if (pit__attend(p, PIT__AT_TRACED) < 0)
        return -ENOMEM;
    if (p->status == PIT__RUNNING)
        pit__thread()->sched->watch |= PIT__WATCH_SENDER;
    pit__extra_peek(p)->traced = (struct pit__traced){.tracer = tracer, .events = events};
    return 1;
}

/* ---- inheriting */

/* The child, or who was linked, gets the parent's trace; after a `first` both lose the flags that
   said so. */
static void inherit(struct pit__process *parent, struct pit__process *child, uint32_t always,
                    uint32_t first)
{
    int64_t id;
    uint32_t events = pit__trace_of(parent, &id);

    if (!(events & (always | first)))
        return;
    if (events & first) {
        events &= ~(always | first);
        (void)pit__trace_set(parent, id, events);
    }
    (void)pit__trace_set(child, id,
                         events); /* of another tracer's, or without memory: it stays as it is */
}

void pit__trace_spawned(struct pit__sched *s, struct pit__process *parent,
                        struct pit__process *child, bool linked, uint64_t monitor)
{
    pit_pid pid = pit__pid_of(child), by = pit__pid_of(parent);
    const char *text = child->name ? pit__name_text(child) : child->label;

    if (s->trace_new)
        (void)pit__trace_set(child, s->trace_new, s->trace_new_events);
    inherit(parent, child, PIT_TRACE_SET_ON_SPAWN, PIT_TRACE_SET_ON_FIRST_SPAWN);
    if (linked)
        inherit(parent, child, PIT_TRACE_SET_ON_LINK, PIT_TRACE_SET_ON_FIRST_LINK);
    PIT__TRACE(s, parent, PIT_TRACE_SPAWN, pid, 0, text);
    PIT__TRACE(s, child, PIT_TRACE_SPAWNED, by, 0, text);
    if (child->name)
        PIT__TRACE(s, child, PIT_TRACE_REGISTER, PIT_NO_PID, 0, text);
    if (linked) {
        PIT__TRACE(s, parent, PIT_TRACE_LINK, pid, 0, NULL);
        PIT__TRACE(s, child, PIT_TRACE_GETTING_LINKED, by, 0, NULL);
    }
    if (monitor)
        PIT__TRACE(s, parent, PIT_TRACE_MONITOR, pid, monitor, NULL);
}

static void on_peer_inherit(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    const struct pit__traced *from = in;

    if (p)
        (void)pit__trace_set(p, from->tracer, from->events);
}

void pit__trace_linked(struct pit__thread *t, struct pit__process *p, pit_pid other)
{
    const uint32_t first = PIT_TRACE_SET_ON_FIRST_LINK, all = first | PIT_TRACE_SET_ON_LINK;
    struct pit__traced given = {0};

    given.events = pit__trace_of(p, &given.tracer);
    if (!(given.events & all))
        return;
    if (given.events & first) {
        given.events &= ~all;
        (void)pit__trace_set(p, given.tracer, given.events);
    }
    if (given.events)
        pit__request_post(t, other, on_peer_inherit, &given, sizeof given);
}

/* ---- from outside */

struct setting {
    int64_t tracer;
    uint32_t events;
};

static void on_owner_set(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    const struct setting *set = in;
    int r = p && p->status != PIT__EXITING && !(p->flags & PIT__F_EXIT)
                ? pit__trace_set(p, set->tracer, set->events)
                : -PIT_ENOPROC;

    *(int *)out = r < 0 ? r : 0;
}

int pit_trace(pit_tracer tracer, pit_pid pid, uint32_t events)
{
    struct pit__thread *t = pit__in();
    struct setting set = {tracer.id, events};
    int r = -EINVAL, result = -PIT_ENOPROC;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if (pid.id >= 0 && !(events & ~KNOWN) && pit__tracer_of(tracer.id)) {
        r = pid.id ? pit__request(t, t->current, pid, on_owner_set, &set, sizeof set, &result,
                                  sizeof result)
                   : 0;
        if (r == 0)
            r = result;
    }
    pit__out(2);
    return r;
}

int pit_trace_name(pit_tracer tracer, const char *name, uint32_t events)
{
    return pit_trace(tracer, pit_whereis(name), events);
}

struct found {
    pit_pid to;
    int64_t events;
};

static void on_owner_info(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    const struct pit__tracer *t;
    struct found *f = out;
    int64_t id = 0;

    if (!p) {
        f->events = -PIT_ENOPROC;
        return;
    }
    f->events = pit__trace_of(p, &id);
    if (f->events && (t = pit__tracer_of(id))) /* it may have been closed since */
        f->to = t->to;
}

int64_t pit_trace_info(pit_pid pid, pit_pid *ret_tracer)
{
    struct pit__thread *t = pit__in();
    struct found f = {0};
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    r = pit__request(t, t->current, pid, on_owner_info, "", 1, &f, sizeof f);
    if (r == 0 && f.events > 0 && ret_tracer) {
        pit__touching_begin();
        *ret_tracer = f.to;
        pit__touching_end();
    }
    pit__out(2);
    return r < 0 ? r : f.events;
}

/* ---- delivered */

static void on_owner_reached(struct pit__sched *s, struct pit__process *p, const void *in,
                             void *out)
{
}

/*
 * An event is in its tracer's mailbox before whoever makes it goes on. So when the owner (or all
 * schedulers) has been asked and has answered, those of before are there, and what the caller puts
 * in its own queue now stands behind them.
 */
pit_ref pit_trace_delivered(pit_pid pid)
{
    struct pit__thread *t = pit__in();
    struct pit__message *m = NULL;
    struct pit__process *p;
    struct pit_trace_delivered d = {.pid = pid};
    uint64_t unused;
    int r = -EINVAL;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    p = t->current;
    if (pid.id > 0)
        r = pit__request(t, p, pid, on_owner_reached, "", 1, &unused, sizeof unused);
    else if (!pid.id)
        r = pit__trace_barrier(p);
    t = pit__thread();
    if (r == 0) {
        d.ref = (pit_ref){pit__pid_of(p), pit__sched_number(t->sched)};
        m = pit__message_copy(t, PIT__MESSAGE, &pit_type_pit_trace_delivered, &d);
        r = m ? 0 : -ENOMEM;
    }
    if (m) {
        m->to = pit__pid_of(p);
        pit__route(t, m);
    }
    pit__out(2);
    return r < 0 ? (pit_ref){{INT64_MIN | -r}, 0} : d.ref;
}
