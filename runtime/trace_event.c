/*
 * Making an event and handing it to its tracer.
 *
 * This is called in the middle of whatever the runtime does, so it may deliver nothing else: to a
 * tracer process of this scheduler with nothing outside the message is appended, to any other it is
 * pushed outside, and the own inbox is not taken first as a send would do. The order holds all the
 * same: while something of ours is outside, what follows goes there too.
 */
#include <stdio.h>
#include <string.h>

#include "base/oracle.h"
#include "runtime/extra.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "runtime/trace.h"

static void hand_over(struct pit__sched *s, struct pit__message *m)
{
    struct pit__process *p = pit__slot_of(m->to);

    if (!p || pit__process_pid(p) != m->to.id)
        pit__message_free(&s->blocks, m); /* it has ended, which closes the tracer */
    else if (pit__owned_by(p, s) && pit__mailbox_quiet(&p->mailbox))
        pit__append(s, p, m);
    else
        pit__push_outside(p, m);
}

static bool send_event(struct pit__sched *s, struct pit__tracer *t, const pit_trace_event *e)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, PIT__TRACE_EVENT, sizeof *e);

    if (!m)
        return false;
    memcpy(pit__message_payload(m), e, sizeof *e);
    m->to = t->to;
    m->public.type = &pit_type_pit_trace_event;
    m->public.from = e->pid;
    m->public.pit__tag = (uint64_t)atomic_load_explicit(&t->id, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->backlog, 1, memory_order_relaxed);
    hand_over(s, m);
    return true;
}

static bool give(struct pit__sched *s, struct pit__tracer *t, const pit_trace_event *e,
                 struct pit__message *m)
{
    if (!t->function)
        return send_event(s, t, e);
    t->function(e, m ? &m->public : NULL, t->context);
    return true;
}

/* One is not counted twice: the id is compared, and a place is not used again before we leave the
   runtime. */
void pit__trace_let_go(const struct pit__message *m)
{
    struct pit__tracer *t = pit__tracer_of((int64_t)m->public.pit__tag);

    if (t)
        atomic_fetch_sub_explicit(&t->backlog, 1, memory_order_relaxed);
}

bool pit__trace_dropped(struct pit__sched *s, struct pit__tracer *t, uint64_t count)
{
    pit_trace_event e = {
        .when_ns = pit__now(), .number = count, .event = PIT_TRACE_DROPPED, .scheduler = s->index};

    return give(s, t, &e, NULL);
}

/* The tracer that is to get this event of p, which may pass; NULL: none. Of the sensitive nothing
   is told. */
static struct pit__tracer *wanted(struct pit__sched *s, struct pit__process *p, uint32_t event,
                                  pit_trace_event *e)
{
    const struct pit__extra *extra = pit__extra_peek(p);
    struct pit__tracer *t;
    int64_t id;

    if (!extra || extra->sensitive || !(extra->traced.events & event) || !pit__trace_of(p, &id))
        return NULL;
    t = pit__tracer_of(id); /* asked anew: it may have been closed since, on another thread */
    e->when_ns = pit__now();
    if (!t || !pit__trace_admit(s, t, e->when_ns))
        return NULL;
    e->pid = pit__pid_of(p);
    e->event = event;
    e->scheduler = s->index;
    e->text[0] = 0;
    return t;
}

static void put_text(pit_trace_event *e, const char *text)
{
    size_t n = text ? strnlen(text, PIT_TRACE_TEXT - 1) : 0;

    if (n)
        memcpy(e->text, text, n);
    memset(e->text + n, 0, PIT_TRACE_TEXT - n);
}

void pit__trace_event(struct pit__sched *s, struct pit__process *p, uint32_t event, pit_pid peer,
                      uint64_t number, const char *text, struct pit__message *m)
{
    pit_trace_event e;
    struct pit__tracer *t = wanted(s, p, event, &e);

    if (!t)
        return;
    e.peer = peer;
    e.number = number;
    put_text(&e, text);
    if (!give(s, t, &e, m))
        pit__trace_lost(s, t);
}

/* What no process sent, or no program (an answer to a request of the runtime's own) has no type. */
void pit__trace_send(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    const struct pit__process *to = pit__slot_of(m->to);
    bool gone = !to || pit__process_pid(to) != m->to.id;

    if (p && m->public.type)
        pit__trace_event(s, p, gone ? PIT_TRACE_SEND_GONE : PIT_TRACE_SEND, m->to, m->block.size,
                         m->public.type->name, m);
}

void pit__trace_receive(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    if (m->public.type)
        pit__trace_event(s, p, PIT_TRACE_RECEIVE, m->public.from, m->block.size,
                         m->public.type->name, m);
}

/* Its sends are looked at while it has the core, which it gives back to the loop, so that nobody
   runs in between. */
void pit__trace_in(struct pit__sched *s, struct pit__process *p)
{
    s->watch |= PIT__WATCH_SENDER;
    s->direct = PIT__DIRECT;
    pit__trace_event(s, p, PIT_TRACE_IN, PIT_NO_PID, s->index, NULL, NULL);
}

/* A handler's process has no state yet that says whether it waits. */
void pit__trace_out(struct pit__sched *s, struct pit__process *p)
{
    bool waits = p->status == PIT__WAITING || (p->status == PIT__RUNNING && !p->head);

    s->watch &= (uint8_t)~PIT__WATCH_SENDER;
    pit__trace_event(s, p, PIT_TRACE_OUT, PIT_NO_PID, waits, NULL, NULL);
}

void pit__trace_exit(struct pit__sched *s, struct pit__process *p)
{
    pit_trace_event e;
    struct pit__tracer *t = wanted(s, p, PIT_TRACE_EXIT, &e);

    s->watch &= (uint8_t)~PIT__WATCH_SENDER; /* if it ran just now, it runs no more */
    if (!t)
        return;
    e.peer = PIT_NO_PID;
    e.number = pit__reason_kind(p->exit_reason);
    put_text(&e, NULL);
    (void)pit_term_print(e.text, sizeof e.text, pit__sealed_root(p->exit_reason));
    if (!give(s, t, &e, NULL))
        pit__trace_lost(s, t);
}
