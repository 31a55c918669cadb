/*
 * Links, monitors and exits: the sending side. What arrives is in signal.c. Spec: LINK-1..8, MON-1..13, EXIT-1..9.
 */
#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/reason.h"
#include "runtime/signal.h"

static pit_pid pid_of(const struct pit__process *p) { return (pit_pid){pit__process_pid(p)}; }

static struct pit__relation *relate(struct pit__sched *s, struct pit__process *p,
                                    enum pit__relation_kind kind, uint64_t key, pit_pid peer)
{
    struct pit__relation *r = pit__relation_new(&s->blocks, kind, key, peer.id);

    pit__relation_add(&p->relations, r);
    return r;
}

/* What local code may know at once: the pid names nobody (any more). If it still does, its owner decides. */
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

static bool linked(const struct pit__process *p, pit_pid other)
{
    const struct pit__relation *r =
        pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)other.id);

    return r && !r->extra;
}

/* An active record: a new one, or that of an unlink which is under way. */
static void activate(struct pit__sched *s, struct pit__process *p, pit_pid other)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)other.id);

    if (!r)
        r = relate(s, p, PIT__R_LINK, (uint64_t)other.id, other);
    r->extra = 0;
}

int pit_try_link(pit_pid other)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = t ? t->current : NULL;
    int result = 0;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    need_pid(other, "pit_try_link: not a pid");
    /* Linked already comes first: one that is gone may not have told us yet. LINK-1 */
    if (other.id != pit__process_pid(p) && !linked(p, other)) {
        if (gone(other))
            result = -PIT_ENOPROC;
        else { /* send LINK of LINK-8 */
            activate(t->sched, p, other);
            pit__signal(t->sched, PIT__LINK, pid_of(p), other, NULL, 0);
        }
    }
    pit__out(2);
    return result;
}

void pit_link(pit_pid other)
{
    struct pit__thread *t;

    if (pit_try_link(other) == 0)
        return;
    t = pit__in();
    if (!(t->current->flags & PIT__F_TRAP))
        pit__exit_current(pit__reason(noproc));
    activate(t->sched, t->current, other); /* for the signal to find. LINK-2 */
    pit__signal(t->sched, PIT__EXIT_LINK, other, pid_of(t->current), pit__reason(noproc), 0);
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
        pit__signal(t->sched, PIT__UNLINK, pid_of(p), other, NULL, r->extra);
    }
    pit__out(2);
}

static pit_ref fresh_ref(struct pit__sched *s, struct pit__process *p)
{
    pit_ref ref = {pid_of(p), pit__sched_number(s)};

    p->mark = p->tail; /* a receive by this reference begins here. RECV-5 */
    p->mark_number = ref.number;
    p->flags |= PIT__F_MARK;
    return ref;
}

pit_ref pit_make_ref(void)
{
    struct pit__thread *t = pit__in();
    pit_ref ref;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    ref = fresh_ref(t->sched, t->current);
    pit__out(1);
    return ref;
}

pit_ref pit_monitor(pit_pid target)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p;
    pit_ref ref;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    p = t->current;
    ref = fresh_ref(t->sched, p);
    if (PIT__UNLIKELY(target.id < 0))
        pit__exit_text("badarg", "pit_monitor: a handle that holds an error", NULL, 0);
    if (target.id != pit__process_pid(p)) { /* MON-5 */
        relate(t->sched, p, PIT__R_MONITOR, ref.number, target);
        pit__signal(t->sched, PIT__MONITOR, pid_of(p), target, NULL, ref.number);
    }
    pit__out(2);
    return ref;
}

pit_ref pit_monitor_name(const char *name) { return pit_monitor(pit_whereis(name)); }

static bool is_down_of(const struct pit__message *m, uint64_t number)
{
    return m->public.type == &pit_type_pit_down &&
           ((const struct pit_down *)pit_payload(&m->public))->ref.number == number;
}

static void flush(struct pit__sched *s, struct pit__process *p, uint64_t number)
{
    struct pit__message *before = NULL, *m = p->head;

    while (m && !is_down_of(m, number)) {
        before = m;
        m = pit__message_next(m);
    }
    if (!m)
        return;
    if (before)
        before->block.next = m->block.next;
    else
        p->head = m->block.next;
    if (p->tail == m)
        p->tail = before;
    if (p->mark == m)
        p->mark = before;
    p->length--;
    pit__message_free(&s->blocks, m);
}

int pit_demonitor(pit_ref ref, unsigned flags)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p;
    struct pit__relation *r = NULL;
    int active;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    p = t->current;
    if (ref.owner.id == pit__process_pid(p))
        r = pit__relation_find(&p->relations, PIT__R_MONITOR, ref.number);
    active = r != NULL;
    if (active) {
        pit_pid target = {r->peer};

        pit__relation_remove(&p->relations, r);
        pit__block_free(&t->sched->blocks, r);
        pit__signal(t->sched, PIT__DEMONITOR, pid_of(p), target, NULL, ref.number);
    } else if (flags & PIT_DEMONITOR_FLUSH)
        flush(t->sched, p, ref.number);
    pit__out(2);
    return active;
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
    if (to.id == pit__process_pid(p) &&
        (!(p->flags & PIT__F_TRAP) || pit__reason_is(r, kill))) /* EXIT-5 */
        pit__exit_current(pit__reason_is(r, kill) ? pit__reason(killed) : r);
    pit__signal(t->sched, PIT__EXIT, pid_of(p), to, r, 0);
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
