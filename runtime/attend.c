#include "runtime/attend.h"

#include <errno.h>

#include "runtime/bound.h"
#include "runtime/inner.h"
#include "runtime/heap_limit.h"
#include "runtime/signal.h"
#include "runtime/suspend.h"
#include "runtime/trace.h"

static void flags_in_step(struct pit__process *p)
{
    uint32_t attends = p->extra ? p->extra->attends : 0;

    p->flags &= ~(PIT__F_ATTENTION | PIT__F_LOOP | PIT__F_URGENT);
    if (attends)
        p->flags |= PIT__F_ATTENTION;
    if ((attends & PIT__AT_RUN) || p->priority == PIT_PRIORITY_LOW || p->status == PIT__EXITING)
        p->flags |= PIT__F_LOOP;
    if (p->priority > PIT_PRIORITY_LOW)
        p->flags |= PIT__F_URGENT;
}

static uint64_t bytes_of(const struct pit__message *first)
{
    uint64_t bytes = 0;

    for (const struct pit__message *m = first; m; m = pit__message_next(m))
        bytes += pit__message_bytes(m);
    return bytes;
}

int pit__attend(struct pit__process *p, uint32_t bits)
{
    struct pit__extra *x = pit__extra_of(p);

    if (!x)
        return -ENOMEM;
    if ((bits & PIT__AT_MAIL) && !(x->attends & PIT__AT_MAIL)) { /* counted from here on */
        x->queue_bytes = bytes_of(p->head);
        x->kept_bytes = bytes_of(p->kept);
    }
    x->attends |= bits;
    flags_in_step(p);
    if ((bits & PIT__AT_RUN) && p->status == PIT__RUNNING)
        pit__thread()->sched->direct = PIT__SLICE_OVER; /* from here it leaves by the loop */
    return 0;
}

void pit__unattend(struct pit__process *p, uint32_t bits)
{
    if (!p->extra)
        return;
    p->extra->attends &= ~bits;
    flags_in_step(p);
}

void pit__attend_priority(struct pit__process *p, uint8_t priority)
{
    p->priority = priority;
    flags_in_step(p);
}

/* ---- the hooks */

void pit__attend_came(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__extra *x = p->extra;

    if (x->attends & PIT__AT_MAIL)
        x->queue_bytes += pit__message_bytes(m);
    if (x->attends & PIT__AT_TRACED)
        pit__trace_receive(s, p, m);
    if (x->attends & PIT__AT_MEMORY)
        pit__heap_limit_check(s, p);
}

void pit__append_let_in(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    pit__attend_came(s, p, m);
    pit__append_only(p, m);
    pit__append_wake(s, p);
}

void pit__append_attended(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    if (p->extra->attends & PIT__AT_BOUND)
        pit__bound_append(s, p, m);
    else
        pit__append_let_in(s, p, m);
}

void pit__attend_take(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__extra *x = p->extra;

    if (x->attends & PIT__AT_MAIL)
        x->queue_bytes -= pit__message_bytes(m);
}

void pit__attend_keep(struct pit__process *p, const struct pit__message *m, bool kept)
{
    struct pit__extra *x = p->extra;

    if (!(x->attends & PIT__AT_MAIL))
        return;
    x->kept_bytes += kept ? pit__message_bytes(m) : -pit__message_bytes(m);
    if (kept && (x->attends & PIT__AT_MEMORY))
        pit__heap_limit_check(pit__thread()->sched, p);
}

bool pit__attend_run(struct pit__sched *s, struct pit__process *p)
{
    if (pit__attends(p, PIT__AT_SUSPENDED)) {
        pit__suspend_hold(p);
        return false;
    }
    if (pit__attends(p, PIT__AT_TRACED))
        pit__trace_in(s, p);
    return true;
}

void pit__attend_stop(struct pit__sched *s, struct pit__process *p)
{
    if (pit__attends(p, PIT__AT_TRACED))
        pit__trace_out(s, p);
    if (pit__attends(p, PIT__AT_SUSPENDED))
        pit__suspend_pause(s, p);
}

struct pit__message *pit__attend_next(struct pit__process *p)
{
    struct pit__message *m;

    if (pit__attends(p, PIT__AT_BOUND))
        (void)pit__bound_call(p); /* the queue is looked at behind it */
    if ((p->flags & PIT__F_EXIT) || !(m = p->head))
        return NULL;
    pit__inner_unlink(p, NULL, m);
    return m;
}

bool pit__attend_leave(struct pit__process *p)
{
    if (!(p->extra->attends & PIT__AT_BLOCKED))
        return false;
    pit__bound_wait(p);
    return true;
}

bool pit__attend_end(struct pit__sched *s, struct pit__process *p, int *budget)
{
    if (p->extra->attends & PIT__AT_BLOCKED)
        pit__bound_sender_ends(s, p);
    return pit__bound_close(s, p, budget);
}
