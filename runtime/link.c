/*
 * Links and exits: the sending side. What arrives is in signal.c. Spec: LINK-1..8, EXIT-1..9.
 */
#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "runtime/trace.h"

/* What local code may know at once: the pid names nobody (any more). If it still does, its owner
   decides. */
static bool gone(pit_pid pid)
{
    struct pit__process *p = pit__slot_of(pid);

    return !p || pit__process_pid(p) != pid.id;
}

static void need_pid(pit_pid pid, const char *function)
{
    if (PIT__UNLIKELY(pid.id <= 0))
        pit__exit_text("badarg", function, NULL, 0);
}

static struct pit__relation *linked(const struct pit__process *p, pit_pid other)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)other.id);

    return r && !r->extra ? r : NULL;
}

/* An active record: a new one, or that of an unlink which is under way. */
static void activate(struct pit__sched *s, struct pit__process *p, pit_pid other, bool first)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)other.id);

    if (!r)
        r = pit__relate(&s->blocks, &p->relations, PIT__R_LINK, (uint64_t)other.id, other.id);
    r->extra = 0;
    PIT__R_FLAGS(r) = first ? PIT__R_PRIORITY : 0;
}

/* The option of a link that is there already is the last call's. Spec: LINK-11 */
static int try_link(pit_pid other, bool first)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = t ? t->current : NULL;
    struct pit__relation *r;
    int result = 0;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    need_pid(other, "pit_try_link: not a pid");
    if (PIT__UNLIKELY(first) && pit__priority_accept(p) < 0)
        pit__exit_text("system_limit", "no memory for priority messages", NULL, 0);
    /* Linked already comes first: one that is gone may not have told us yet. LINK-1 */
    if (other.id != pit__process_pid(p)) {
        if ((r = linked(p, other)))
            PIT__R_FLAGS(r) = first ? PIT__R_PRIORITY : 0;
        else if (gone(other))
            result = -PIT_ENOPROC;
        else { /* send LINK of LINK-8 */
            activate(t->sched, p, other, first);
            PIT__TRACE(t->sched, p, PIT_TRACE_LINK, other, 0, NULL);
            pit__signal(t->sched, PIT__LINK, pit__handle_of(p), other, NULL, 0);
            if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
                pit__trace_linked(t, p, other);
        }
    }
    pit__out(2);
    return result;
}

int pit_try_link(pit_pid other) { return try_link(other, false); }
void pit_link(pit_pid other) { pit_link_opt(other, (pit_link_opts){0}); }

void pit_link_opt(pit_pid other, pit_link_opts opts)
{
    struct pit__thread *t;

    if (try_link(other, opts.priority) == 0)
        return;
    t = pit__in();
    if (!(pit__caller(t, "pit_link")->flags & PIT__F_TRAP))
        pit__exit_current(pit__reason(noproc));
    pit__signal(t->sched, PIT__EXIT_LINK, other, pit__handle_of(t->current), pit__reason(noproc),
                opts.priority ? PIT__EXIT_NOBODY_FIRST : PIT__EXIT_NOBODY);
    pit__out(1);
}

void pit_unlink(pit_pid other)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_unlink");
    struct pit__relation *r;

    need_pid(other, "pit_unlink: not a pid");
    r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)other.id);
    if (r && !r->extra) {
        r->extra = pit__sched_number(t->sched);
        PIT__TRACE(t->sched, p, PIT_TRACE_UNLINK, other, 0, NULL);
        pit__signal(t->sched, PIT__UNLINK, pit__handle_of(p), other, NULL, r->extra);
    }
    pit__out(2);
}

/* ---- exits */

void pit_exit(pit_term reason)
{
    struct pit__thread *t = pit__in();

    (void)pit__caller(t, "pit_exit");
    pit__exit_current(pit__reason_of(reason));
}

void pit_exit_process(pit_pid to, pit_term reason)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_exit_process");
    struct pit__sealed *r;

    if (PIT__UNLIKELY(to.id < 0))
        pit__exit_text("badarg", "pit_exit_process: a handle that holds an error", NULL, 0);
    r = pit__reason_of(reason);
    /* EXIT-5 */
    if (to.id == pit__process_pid(p) && (!(p->flags & PIT__F_TRAP) || pit__reason_is(r, kill)))
        pit__exit_current(pit__reason_is(r, kill) ? pit__reason(killed) : r);
    pit__signal(t->sched, PIT__EXIT, pit__handle_of(p), to, r, 0);
    pit__out(2);
}

bool pit_trap_exit(bool on)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_trap_exit");
    bool was = p->flags & PIT__F_TRAP;

    p->flags = on ? p->flags | PIT__F_TRAP : p->flags & ~PIT__F_TRAP;
    pit__out(1);
    return was;
}

static void on_owner_alive(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    /* A process that was told to exit but has not run since is dead to the world. LIFE-10 */
    *(bool *)out = p && p->status != PIT__EXITING && !(p->flags & PIT__F_EXIT);
}

bool pit_is_alive(pit_pid pid)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_is_alive");
    bool alive = false;

    if (pid.id > 0)
        (void)pit__request(t, p, pid, on_owner_alive, "", 1, &alive,
                           sizeof alive); /* no memory to ask: it counts as gone */
    pit__out(1);
    return alive;
}
