/*
 * A suspended process is never on the core. It may still stand on the run queue: the loop, which
 * alone runs it, puts it aside (held) when its turn comes. One that waits goes on waiting, and is
 * put aside when what it waited for has come. Signals act on it as on any that waits, so it is
 * killed and asked as ever.
 *
 * Who suspends has a record of it with a count, and the suspended one a record of each suspender,
 * without: two signals, SUSPEND and RESUME, make and end it. A suspender that ends sends RESUME
 * with its last signals; a process that ends while it is suspended sends SUSPEND_OVER, which takes
 * the suspender's record away.
 *
 * Time stands still for a suspended process's timeouts: deadlines of its receives, calls and sleeps
 * are counted on a clock of its own, which is the node's less what it was suspended
 * (pit__timeout_arm_own).
 */
#include "runtime/suspend.h"

#include <errno.h>

#include "base/assert.h"
#include "runtime/enter.h"

/* ---- the suspended one's side */

void pit__suspend_hold(struct pit__process *p)
{
    p->status = PIT__WAITING;
    p->wakes_on = 0;
    p->extra->held = true;
    p->extra->timeout_ns = 0; /* what woke it disarmed it; it arms it anew if it needs it still */
}

void pit__suspend_pause(struct pit__sched *s, struct pit__process *p)
{
    if (!(p->flags & PIT__F_TIMEOUT))
        return;
    p->extra->timeout_ns = p->timeout.when_ns;
    pit__timeout_disarm(s, p);
}

static struct pit__relation *suspended_by(struct pit__process *p, pit_pid suspender)
{
    return pit__relation_find(&p->relations, PIT__R_SUSPENDED_BY, (uint64_t)suspender.id);
}

void pit__suspend_received(struct pit__sched *s, struct pit__process *p, pit_pid from)
{
    if (suspended_by(p, from))
        return;
    pit__relate(&s->blocks, &p->relations, PIT__R_SUSPENDED_BY, (uint64_t)from.id, from.id);
    if (p->extra && p->extra->suspenders++)
        return;
    /* As with records: without a few bytes of memory the node cannot keep its promises. */
    PIT_ASSERT(pit__attend(p, PIT__AT_SUSPENDED) == 0);
    p->extra->suspenders = 1;
    p->extra->suspended_at = pit__now();
    if (p->status == PIT__WAITING)
        pit__suspend_pause(s, p);
    else if (p->status == PIT__RUNNING)
        /* its call of the runtime, which delivers this, yields when it returns */
        s->reductions = 0;
}

static void run_again(struct pit__sched *s, struct pit__process *p)
{
    struct pit__extra *x = p->extra;
    int64_t stood_still = pit__now() - x->suspended_at, timeout = x->timeout_ns;

    pit__unattend(p, PIT__AT_SUSPENDED);
    x->paused_ns += stood_still;
    x->timeout_ns = 0;
    if (p->status != PIT__WAITING)
        return;
    if (x->held)
        pit__sched_enqueue(s, p);
    else if (timeout)
        pit__timeout_arm(s, p, timeout + stood_still);
    x->held = false;
}

void pit__resume_received(struct pit__sched *s, struct pit__process *p, pit_pid from)
{
    struct pit__relation *r = suspended_by(p, from);

    if (!r)
        return;
    pit__relation_drop(&s->blocks, &p->relations, r);
    if (--p->extra->suspenders == 0)
        run_again(s, p);
}

/* ---- the suspender's side */

static struct pit__relation *suspending(struct pit__process *p, pit_pid pid)
{
    return pit__relation_find(&p->relations, PIT__R_SUSPENDING, (uint64_t)pid.id);
}

void pit__suspend_over_received(struct pit__sched *s, struct pit__process *p, pit_pid from)
{
    struct pit__relation *r = suspending(p, from);

    if (r)
        pit__relation_drop(&s->blocks, &p->relations, r);
}

enum state { GONE, STILL_RUNNING, STOPPED };

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    enum state *state = out;

    if (!p || p->status == PIT__EXITING || (p->flags & PIT__F_EXIT))
        *state = GONE;
    else
        *state = p->status == PIT__RUNNING ? STILL_RUNNING : STOPPED;
}

/* Until it has left the core. It runs only to the end of the call that delivered the signal. */
static int await_stop(struct pit__process *self, pit_pid pid)
{
    enum state state = GONE;
    int r;

    do {
        r = pit__request(pit__thread(), self, pid, on_owner, "", 1, &state, sizeof state);
    } while (r == 0 && state == STILL_RUNNING);
    return r == 0 && state == GONE ? -PIT_ENOPROC : r;
}

static int suspend(struct pit__thread *t, struct pit__process *self, pit_pid pid, unsigned flags)
{
    struct pit__relation *r = suspending(self, pid);
    bool already = r && (flags & PIT_SUSPEND_ONCE);
    int error;

    if (pid.id == pit__process_pid(self) || (flags & ~(PIT_SUSPEND_ONCE | PIT_SUSPEND_NO_WAIT)))
        return -EINVAL;
    if (r)
        r->extra += !already;
    else {
        pit__relate(&t->sched->blocks, &self->relations, PIT__R_SUSPENDING, (uint64_t)pid.id,
                    pid.id)
            ->extra = 1;
        pit__signal(t->sched, PIT__SUSPEND, (pit_pid){pit__process_pid(self)}, pid, NULL, 0);
    }
    if (flags & PIT_SUSPEND_NO_WAIT)
        return already ? -EALREADY : 0;
    error = await_stop(self, pid); /* also of one that was suspended without waiting before */
    if (error == -PIT_ENOPROC)
        pit__suspend_over_received(pit__thread()->sched, self, pid);
    return error == 0 && already ? -EALREADY : error;
}

int pit_suspend(pit_pid pid, unsigned flags)
{
    struct pit__thread *t = pit__in();
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if (pid.id < 0)
        pit__exit_text("badarg", "suspending a handle that holds an error", NULL, 0);
    r = suspend(t, t->current, pid, flags);
    pit__out(4);
    return r;
}

int pit_resume(pit_pid pid)
{
    struct pit__thread *t = pit__in();
    struct pit__process *self;
    struct pit__relation *r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    self = t->current;
    r = suspending(self, pid);
    if (r && --r->extra == 0) {
        pit__relation_drop(&t->sched->blocks, &self->relations, r);
        pit__signal(t->sched, PIT__RESUME, (pit_pid){pit__process_pid(self)}, pid, NULL, 0);
    }
    pit__out(2);
    return r ? 0 : -EINVAL;
}
