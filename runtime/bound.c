/*
 * Bounds on mailboxes.
 *
 * All decisions are the receiver's owner's, when it delivers a message: so a bound needs no shared
 * count, is exact where it can be, and means nothing to a mailbox without one. `counted` says which
 * messages it is about; that is a property of the message alone, so that what was counted in is
 * counted out.
 *
 * Blocking. A sender that must wait sends its message as PIT__ASK, and waits for PIT__ROOM:
 *   on the receiver's scheduler   the queue is looked at, and only a message that does not fit becomes an ASK
 *   elsewhere                     the hint bound_full is looked at; every PIT_MAILBOX_AHEAD-th message asks anyway
 * The owner lets an ASK in if it fits, and answers; else it holds it, in order, until messages have
 * left the queue.
 *   the sender ends while it waits    it sends PIT__CANCEL before any other signal of its end: the message was not sent, and
 *                                     no exit signal overtakes one that was (SIG-1)
 *   the receiver ends, or is gone     every ASK, held or coming, is answered: a send to the dead is no error
 *   the bound goes or changes         what fits is let in
 * So an ASK is answered or cancelled, exactly once, whatever ends; tests/model/bound.pml takes
 * these steps away one by one. The sender waits at the end of the runtime call that sent
 * (pit__leave_slow): nothing on the way of other senders asks for it.
 *
 * A process asks with one message at a time, so an ASK, its answer and its CANCEL need no number:
 * the pids name it. What it sends in the same runtime call after that (the layers above may) is let
 * in.
 *
 * An ASK to an alias carries the alias's number, as the message that it becomes does (RECV-5).
 * Whether the alias is active is decided when it is let in: until then it is under way (ALIAS-3).
 * What comes by an alias for replies no bound holds, nor a priority message; a sender elsewhere
 * cannot know whether its message is one, so it asks, and who is one is let in at once.
 */
#include "runtime/bound.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/probes.h"
#include "runtime/attend.h"
#include "runtime/enter.h"
#include "runtime/excuse.h"
#include "runtime/extra.h"
#include "runtime/inner.h"
#include "runtime/monitor.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "runtime/trace.h"

struct pit__bound {
    pit_mailbox limits;
    uint64_t messages, bytes; /* that wait and count */
    uint64_t dropped;
    uint64_t held;                     /* ASKs of senders that wait */
    struct pit__message *first, *last; /* them, oldest first */
    struct pit__message *undroppable;  /* up to here nothing counts; NULL: nothing is known */
    bool passed; /* PIT_OVERLOAD_CALL: beyond the bound, and not below half of it since */
    bool call_due;
};

/* ---- what counts, and what fits */

static bool counted(const struct pit__message *m)
{
    return (m->block.kind == PIT__MESSAGE || m->block.kind == PIT__CALL) &&
           !(m->public.type->flags & PIT_TYPE_SYSTEM);
}

static bool within(const struct pit__bound *b, uint64_t messages, uint64_t bytes)
{
    return (!b->limits.messages || messages <= b->limits.messages) &&
           (!b->limits.bytes || bytes <= b->limits.bytes);
}

static bool fits_bytes(const struct pit__bound *b, size_t bytes)
{
    return !b->messages || within(b, b->messages + 1, b->bytes + bytes);
}

static bool fits(const struct pit__bound *b, const struct pit__message *m)
{
    return fits_bytes(b, pit__message_content(m));
}

static void publish(struct pit__process *p, const struct pit__bound *b)
{
    bool full = b->held || !within(b, b->messages + 1, b->bytes + 1);

    if (atomic_load_explicit(&p->bound_full, memory_order_relaxed) != full)
        atomic_store_explicit(&p->bound_full, full, memory_order_relaxed);
}

static void count_in(struct pit__process *p, struct pit__bound *b, const struct pit__message *m)
{
    b->messages++;
    b->bytes += pit__message_content(m);
    if (b->limits.policy == PIT_OVERLOAD_BLOCK)
        publish(p, b);
}

static void append(struct pit__sched *s, struct pit__process *p, struct pit__bound *b,
                   struct pit__message *m)
{
    if (counted(m))
        count_in(p, b, m);
    pit__append_let_in(s, p, m);
}

/* ---- those that wait */

static void answer(struct pit__sched *s, const struct pit__message *ask)
{
    pit__signal(s, PIT__ROOM, ask->to, ask->public.from, NULL, 0);
}

/* The ASK is by an alias that is no more, or that no bound is about. */
static bool by_free_alias(const struct pit__process *p, const struct pit__message *m)
{
    return m->public.pit__tag && !pit__alias_bounded(p, m->public.pit__tag);
}

/* The ASK is let in as the message that it is. */
static void let_in(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    answer(s, m);
    if (PIT__UNLIKELY(by_free_alias(p, m))) {
        m->block.kind = PIT__ALIASED;
        pit__alias_received(s, p, m);
        return;
    }
    m->block.kind = PIT__MESSAGE;
    if (p->flags & PIT__F_ATTENTION && pit__extra_peek(p)->bound)
        append(s, p, pit__extra_peek(p)->bound, m);
    else
        pit__append(s, p, m);
}

static void hold(struct pit__process *p, struct pit__bound *b, struct pit__message *m)
{
    m->block.next = NULL;
    if (b->last)
        b->last->block.next = m;
    else
        b->first = m;
    b->last = m;
    b->held++;
    publish(p, b);
}

static struct pit__message *unhold(struct pit__bound *b, struct pit__message *before,
                                   struct pit__message *m)
{
    if (before)
        before->block.next = m->block.next;
    else
        b->first = m->block.next;
    if (b->last == m)
        b->last = before;
    b->held--;
    return m;
}

/* Whatever fits by now, oldest first; all: whether it fits or not. */
static void let_in_some(struct pit__sched *s, struct pit__process *p, struct pit__bound *b,
                        bool all)
{
    while (b->first && (all || fits(b, b->first)))
        let_in(s, p, unhold(b, NULL, b->first));
    publish(p, b);
}

void pit__bound_asked(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__extra *x = p->flags & PIT__F_ATTENTION ? pit__extra_peek(p) : NULL;
    struct pit__bound *b = x ? x->bound : NULL;

    if (m->block.kind == PIT__ASK_PRIORITY) {
        if (pit__alias_takes_priority(p, m->public.pit__tag)) {
            answer(s, m);
            m->block.kind = PIT__ALIASED_PRIORITY;
            pit__alias_received(s, p, m);
            return;
        }
        m->block.kind = PIT__ASK;
    }
    if (b && b->limits.policy == PIT_OVERLOAD_BLOCK && (b->held || !fits(b, m)) &&
        !by_free_alias(p, m))
        hold(p, b, m);
    else
        let_in(s, p, m);
}

void pit__bound_cancelled(struct pit__sched *s, struct pit__process *p, pit_pid from)
{
    struct pit__extra *x = p->flags & PIT__F_ATTENTION ? pit__extra_peek(p) : NULL;
    struct pit__message *before = NULL, *m = x && x->bound ? x->bound->first : NULL;

    while (m && m->public.from.id != from.id) {
        before = m;
        m = pit__message_next(m);
    }
    if (!m)
        return; /* it was let in, and the answer missed its sender */
    pit__message_free(&s->blocks, unhold(x->bound, before, m));
    let_in_some(s, p, x->bound,
                false); /* it may have been a large one, before small ones that fit */
}

void pit__bound_undeliverable(struct pit__sched *s, const struct pit__message *m)
{
    if (s)
        answer(s, m);
}

/* ---- overload */

static void refuse(struct pit__sched *s, struct pit__bound *b, struct pit__message *m)
{
    b->dropped++;
    if (m->block.kind == PIT__CALL)
        pit__call_refused(s, m, PIT_EOVERLOAD);
    pit__message_free(&s->blocks, m);
}

/* The oldest that counts and is no priority message goes. false: there is none. */
static bool drop_oldest(struct pit__sched *s, struct pit__process *p, struct pit__bound *b)
{
    struct pit__message *before = b->undroppable ? b->undroppable : pit__inner_last_priority(p);
    struct pit__message *m = before ? pit__message_next(before) : p->head;

    while (m && !counted(m)) {
        before = m;
        m = pit__message_next(m);
    }
    b->undroppable = before;
    if (!m)
        return false;
    pit__inner_unlink(p, before, m);
    refuse(s, b, m);
    return true;
}

static void end_receiver(struct pit__sched *s, struct pit__process *p, const struct pit__bound *b)
{
    char text[128];

    snprintf(text, sizeof text, "the mailbox is full: %llu messages of %llu bytes wait",
             (unsigned long long)b->messages, (unsigned long long)b->bytes);
    pit__terminate(s, p, pit__reason_text("overload", text, NULL, 0));
}

/* c waits with m at the end of this runtime call. */
static void ask(struct pit__sched *s, struct pit__process *c, struct pit__extra *x,
                struct pit__message *m)
{
    m->block.kind = m->block.kind == PIT__ALIASED_PRIORITY ? PIT__ASK_PRIORITY : PIT__ASK;
    x->blocked_to = m->to;
    x->blocked = true;
    (void)pit__attend(c, PIT__AT_BLOCKED); /* its extra data is there */
    s->reductions = 0;
}

/*
 * May the sender wait? It must be the process that runs here and is sending just now: what arrives
 * from elsewhere comes in a drain, what a timer or a driver sends comes outside of processes. A
 * caller waits already.
 */
static bool sender_waits(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__process *c = pit__thread()->current;
    struct pit__extra *x;

    if (s->draining || !c || c == p || m->block.kind != PIT__MESSAGE ||
        m->public.from.id != pit__process_pid(c) || !(x = pit__extra_of(c)) || x->blocked)
        return false;
    ask(s, c, x, m);
    return true;
}

void pit__bound_append(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__bound *b = pit__extra_peek(p)->bound;

    if (!counted(m) || (!b->held && fits(b, m))) {
        append(s, p, b, m);
        return;
    }
    switch (b->limits.policy) {
    case PIT_OVERLOAD_BLOCK:
        if (sender_waits(s, p, m))
            hold(p, b, m);
        else
            append(s, p, b, m);
        return;
    case PIT_OVERLOAD_DROP_NEWEST:
        refuse(s, b, m);
        return;
    case PIT_OVERLOAD_DROP_OLDEST:
        while (!fits(b, m) && drop_oldest(s, p, b))
            ;
        append(s, p, b, m);
        return;
    case PIT_OVERLOAD_EXIT:
        end_receiver(s, p, b);
        refuse(s, b, m);
        return;
    default:
        b->call_due = b->call_due || !b->passed;
        b->passed = true;
        append(s, p, b, m);
    }
}

void pit__bound_left(struct pit__process *p, struct pit__bound *b, struct pit__message *before,
                     struct pit__message *m)
{
    if (b->undroppable == m)
        b->undroppable = before;
    if (!counted(m))
        return;
    b->messages--;
    b->bytes -= pit__message_content(m);
    if (b->passed && within(b, b->messages * 2, b->bytes * 2))
        b->passed = false;
    if (b->limits.policy == PIT_OVERLOAD_BLOCK)
        let_in_some(pit__thread()->sched, p, b, false);
}

void pit__bound_priority(struct pit__process *p, struct pit__bound *b, struct pit__message *last,
                         struct pit__message *m)
{
    if (b->undroppable == last && last)
        b->undroppable = m;
    if (counted(m))
        count_in(p, b, m);
}

bool pit__bound_call(struct pit__process *p)
{
    struct pit__extra *x = pit__extra_peek(p);
    struct pit__thread *t;

    if (!x || !x->bound || !x->bound->call_due)
        return false;
    x->bound->call_due = false;
    t = pit__thread();
    t->in_runtime--;
    x->bound->limits.overloaded(x->bound->limits.context);
    pit__thread()->in_runtime++;
    return true;
}

/* ---- setting */

int pit__bound_check(const pit_mailbox *limits)
{
    return limits->policy > PIT_OVERLOAD_CALL ||
                   (limits->policy == PIT_OVERLOAD_CALL && !limits->overloaded)
               ? -EINVAL
               : 0;
}

static void forget(struct pit__process *p, struct pit__extra *x)
{
    free(x->bound);
    x->bound = NULL;
    pit__unattend(p, PIT__AT_BOUND);
    atomic_store_explicit(&p->bound_blocks, false, memory_order_relaxed);
    atomic_store_explicit(&p->bound_full, false, memory_order_relaxed);
}

static int make(struct pit__process *p, struct pit__extra *x)
{
    struct pit__bound *b = calloc(1, sizeof *b);

    if (!b)
        return -ENOMEM;
    for (const struct pit__message *m = p->head; m; m = pit__message_next(m))
        if (counted(m)) {
            b->messages++;
            b->bytes += pit__message_content(m);
        }
    x->bound = b;
    return pit__attend(p, PIT__AT_BOUND); /* its extra data is there: it cannot fail */
}

int pit__bound_set(struct pit__sched *s, struct pit__process *p, const pit_mailbox *limits)
{
    bool any = limits->messages || limits->bytes;
    struct pit__extra *x = any ? pit__extra_of(p) : pit__extra_peek(p);
    struct pit__bound *b;

    if (!x)
        return any ? -ENOMEM : 0;
    if (!x->bound && (!any || make(p, x) < 0))
        return any ? -ENOMEM : 0;
    b = x->bound;
    b->limits = *limits;
    b->passed = b->call_due = false;
    atomic_store_explicit(&p->bound_blocks, any && limits->policy == PIT_OVERLOAD_BLOCK,
                          memory_order_relaxed);
    let_in_some(s, p, b, !any || limits->policy != PIT_OVERLOAD_BLOCK);
    if (!any)
        forget(p, x);
    return 0;
}

bool pit__bound_close(struct pit__sched *s, struct pit__process *p, int *budget)
{
    struct pit__extra *x = p->flags & PIT__F_ATTENTION ? pit__extra_peek(p) : NULL;

    if (!x || !x->bound)
        return true;
    while (x->bound->first) {
        struct pit__message *m;

        if (--*budget < 0)
            return false;
        m = unhold(x->bound, NULL, x->bound->first);
        answer(s, m);
        pit__message_free(&s->blocks, m);
    }
    forget(p, x);
    return true;
}

int pit_mailbox_bound(pit_mailbox limits)
{
    struct pit__thread *t = pit__in();
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    r = pit__bound_check(&limits);
    if (r == 0)
        r = pit__bound_set(t->sched, t->current, &limits);
    pit__out(2);
    return r;
}

bool pit__bound_state(const struct pit__process *p, pit_mailbox *ret_limits,
                      pit_mailbox_load *ret_load)
{
    const struct pit__extra *x = pit__extra_peek(p);

    if (!x || !x->bound)
        return false;
    *ret_limits = x->bound->limits;
    *ret_load =
        (pit_mailbox_load){x->bound->messages, x->bound->bytes, x->bound->dropped, x->bound->held};
    return true;
}

pit_mailbox_load pit_mailbox_state(void)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_mailbox_state");
    pit_mailbox_load load = {0};
    pit_mailbox limits;

    pit__sched_drain(t->sched);
    (void)pit__bound_state(p, &limits, &load);
    pit__out(1);
    return load;
}

/* ---- the sender */

void pit__bound_route(struct pit__thread *t, struct pit__process *p, struct pit__message *m)
{
    struct pit__process *c = t->current;
    bool ordinary = (m->block.kind == PIT__MESSAGE || m->block.kind == PIT__ALIASED ||
                     m->block.kind == PIT__ALIASED_PRIORITY) &&
                    !(m->public.type->flags & PIT_TYPE_SYSTEM);
    /* On its own scheduler the queue itself is looked at; and nobody waits for room that only he
       can make. */
    bool asks =
        c && c != p && ordinary && !(pit__owned_by(p, t->sched) && pit__mailbox_quiet(&p->mailbox));
    struct pit__extra *x = asks ? pit__extra_of(c) : NULL;

    if (x && !x->blocked &&
        (atomic_load_explicit(&p->bound_full, memory_order_relaxed) ||
         ++x->unasked >= PIT_MAILBOX_AHEAD)) {
        x->unasked = 0;
        ask(t->sched, c, x, m);
    }
    pit__route(t, m);
}

void pit__bound_room(struct pit__sched *s, struct pit__process *p)
{
    struct pit__extra *x = pit__extra_peek(p);

    if (!x || !x->blocked)
        return;
    x->blocked = false;
    pit__unattend(p, PIT__AT_BLOCKED);
    if (p->status == PIT__WAITING && (p->wakes_on & PIT__WAKE_ROOM))
        pit__sched_enqueue(s, p);
}

void pit__bound_wait(struct pit__process *p)
{
    struct pit__extra *x = pit__extra_peek(p);

    while (x && x->blocked) {
        struct pit__sched *s = pit__thread()->sched;

        pit__exit_if_told(p);
        p->status = PIT__WAITING;
        p->wakes_on = PIT__WAKE_ROOM;
        pit__sched_switch_away(s, p);
    }
    pit__exit_if_told(p);
}

void pit__bound_sender_ends(struct pit__sched *s, struct pit__process *p)
{
    struct pit__extra *x = pit__extra_peek(p);

    if (!x || !x->blocked)
        return;
    pit__signal(s, PIT__CANCEL, (pit_pid){pit__process_pid(p)}, x->blocked_to, NULL, 0);
    x->blocked = false;
}

/* For one of so many bytes, as far as t can tell: elsewhere it knows no more than the hint. */
static bool no_room(struct pit__thread *t, struct pit__process *p, size_t bytes)
{
    struct pit__extra *x;

    if (!p || !pit__bound_blocks(p) || (t && t->current == p))
        return false;
    if (t && pit__owned_by(p, t->sched) && (x = pit__extra_peek(p)) && x->bound)
        return x->bound->held || !fits_bytes(x->bound, bytes);
    return atomic_load_explicit(&p->bound_full, memory_order_relaxed);
}

/* NULL: there is no room. What has none even without its terms is not copied; the terms' size is
   known by their copy. */
static struct pit__message *copy_if_room(struct pit__thread *t, struct pit__process *p,
                                         const pit_type *type, const void *payload)
{
    uint32_t flags = pit__type_flags(type);
    bool ordinary = !(flags & PIT_TYPE_SYSTEM);
    struct pit__message *m;

    if (ordinary && no_room(t, p, pit__type_size(type)))
        return NULL;
    m = pit__message_copy(t, PIT__MESSAGE, type, payload);
    if (!m)
        pit__exit_text("system_limit", "no memory for a message", NULL, 0);
    if (ordinary && flags & PIT_TYPE_OWNS && no_room(t, p, pit__message_content(m))) {
        pit__message_free(t ? &t->sched->blocks : NULL, m);
        return NULL;
    }
    return m;
}

int pit_try_send_copy(pit_pid to, const pit_type *type, const void *payload)
{
    struct pit__thread *t = pit__in();
    struct pit__message *m;

    if (PIT__UNLIKELY(to.id < 0))
        pit__exit_text("badarg", "pit_try_send: a handle that holds an error", NULL, 0);
    m = copy_if_room(t, pit__slot_of(to), type, payload);
    if (m) {
        m->to = to;
        PIT_PROBE_SEND(m->public.from.id, to.id, type->size);
        if (t) {
            PIT__COUNT(t->sched->sent);
            PIT__TRACE_SEND(t, m);
        }
        /* Not by bound_route: it has asked for what it wants to know, and waits for nothing. */
        pit__route(t, m);
    }
    pit__out(1);
    return m ? 0 : -EAGAIN;
}
