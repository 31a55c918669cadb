/*
 * What the layers above build on; the contract is in park.h.
 */
#include "runtime/park.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <pit/log.h>
#include <pit/node.h>

#include "runtime/enter.h"
#include "runtime/reason.h"
#include "runtime/run_queue.h"
#include "runtime/signal.h"

struct pit__process *pit__current(void)
{
    struct pit__thread *t = pit__thread();

    return t ? t->current : NULL;
}

pit_pid pit__pid_of(const struct pit__process *p) { return (pit_pid){pit__process_pid(p)}; }

struct pit__sched *pit__sched_current(void)
{
    struct pit__thread *t = pit__thread();

    return t ? t->sched : NULL;
}

struct pit__driver *pit__sched_driver(void)
{
    struct pit__sched *s = pit__sched_current();

    return s ? s->driver : NULL;
}

int pit__sched_index(const struct pit__sched *s) { return s->index; }

int pit_scheduler(void)
{
    struct pit__sched *s = pit__sched_current();

    return s ? s->index : -1;
}

/* ---- the border */

struct pit__process *pit__enter(void)
{
    struct pit__thread *t = pit__in();

    return t ? t->current : NULL;
}

void pit__leave(void) { pit__out(1); }

void pit__leave_slow(struct pit__thread *t)
{
    struct pit__sched *s = t->sched;
    struct pit__process *p = t->current;

    if (!p) { /* the scheduler itself, in a callback of the layers above */
        s->reductions = PIT__SLICE;
        return;
    }
    pit__exit_if_told(p);
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION) && pit__attend_leave(p))
        return;
    pit__sched_enqueue(s, p);
    s->direct = PIT__SLICE_OVER;
    pit__sched_switch_away(s, p);
    pit__exit_if_told(p);
}

struct pit__process *pit__caller_required(struct pit__thread *t, const char *function)
{
    pit_log(PIT_LOG_ERROR,
            "%s called from a thread that runs no process: spawn one, or use the functions that "
            "say \"any thread\"",
            function);
    abort();
}

void pit__touching_begin(void)
{
    struct pit__thread *t = pit__thread();

    if (t)
        t->touching = t;
}

void pit__touching_end(void)
{
    struct pit__thread *t = pit__thread();

    if (t)
        t->touching = NULL;
}

/* ---- waiting */

void pit__wait_init(struct pit__wait *w)
{
    struct pit__thread *t = pit__thread();

    *w = (struct pit__wait){.process = t ? t->current : NULL};
}

int pit__park(struct pit__wait *w, int64_t deadline_ns)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p = t->current;

    if (deadline_ns != INT64_MAX)
        deadline_ns -= pit__extra_paused(p); /* it stands still while p is suspended */
    while (!w->done) {
        pit__exit_if_told(p);
        if (p->flags & PIT__F_TIMED_OUT) {
            p->flags &= ~PIT__F_TIMED_OUT;
            w->process = NULL;
            return -ETIMEDOUT;
        }
        if (deadline_ns != INT64_MAX)
            pit__timeout_arm_own(t->sched, p, deadline_ns);
        p->wait = w;
        p->status = PIT__WAITING;
        p->wakes_on = PIT__WAKE_PARK;
        pit__sched_switch_away(t->sched, p);
        t = pit__thread();
        p->wait = NULL;
    }
    p->flags &= ~PIT__F_TIMED_OUT;
    w->process = NULL;
    return 0;
}

void pit__unpark(struct pit__wait *w)
{
    struct pit__process *p = w->process;

    w->done = true;
    if (p && p->status == PIT__WAITING && p->wait == w)
        pit__sched_enqueue(pit__thread()->sched, p);
}

void pit__io_begin(struct pit__process *p) { p->pending_io++; }

void pit__io_end(struct pit__process *p)
{
    PIT_ASSERT(p->pending_io > 0);
    if (--p->pending_io == 0 && p->status == PIT__ZOMBIE)
        pit__process_free(pit__thread()->sched, p);
}

/* ---- resources */

void pit__own(struct pit__process *p, struct pit__resource *r)
{
    if (!p->resources.next)
        pit__list_init(&p->resources);
    pit__list_append(&p->resources, &r->link);
}

void pit__disown(struct pit__resource *r) { pit__list_remove(&r->link); }

/* ---- ending */

void pit__exit_text(const char *kind, const char *what, const char *file, int line)
{
    struct pit__thread *t = pit__in();
    struct pit__sealed *reason;
    char text[1024];

    if (!t || !t->current) {
        pit_log(PIT_LOG_ERROR, "%s: %s (%s:%d), on a thread that runs no process", kind, what,
                file ? file : "?", line);
        abort();
    }
    reason = pit__reason_text(kind, what, file, line);
    /* Class error: the runtime logs it. Spec: LIFE-4, LIFE-5 */
    (void)pit_term_print(text, sizeof text, pit__sealed_root(reason));
    pit_log(PIT_LOG_ERROR,
            "Error in process <0.%u.%llu> with exit value: %s, group leader <0.%llu.%llu>",
            pit__slot_index(t->current),
            (unsigned long long)pit__pid_generation((pit_pid){pit__process_pid(t->current)}), text,
            (unsigned long long)pit__pid_index(t->current->group_leader),
            (unsigned long long)pit__pid_generation(t->current->group_leader)); /* GL-2 */
    pit__exit_current(reason);
}
