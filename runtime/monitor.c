/*
 * Monitors: the watcher's side. The other side's record is made and removed in signal.c. Spec:
 * MON-1..13.
 */
#include "runtime/monitor.h"

#include <errno.h>

#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/name.h"
#include "runtime/reason.h"
#include "runtime/trace.h"

pit_ref pit__ref_fresh(struct pit__sched *s, struct pit__process *p)
{
    pit_ref ref = {pit__handle_of(p), pit__sched_number(s)};

    pit__inner_mark(p, ref.number);
    return ref;
}

pit_ref pit_make_ref(void)
{
    struct pit__thread *t = pit__in();
    pit_ref ref;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    ref = pit__ref_fresh(t->sched, t->current);
    pit__out(1);
    return ref;
}

/* ---- records */

int pit__tag_seal(pit_term tag, struct pit__sealed **ret_tag)
{
    struct pit__sealed *sealed = NULL;

    if (tag.word) { /* undefined is 0 */
        sealed = pit__seal(tag);
        if (!sealed)
            return -ENOMEM;
    }
    *ret_tag = sealed;
    return 0;
}

void pit__monitor_record(struct pit__sched *s, struct pit__process *p, uint64_t number,
                         pit_pid target, unsigned alias, bool first, struct pit__sealed *tag,
                         uint64_t name)
{
    struct pit__relation *r =
        tag ? pit__relation_new_tagged(&s->blocks, PIT__R_MONITOR, number, target.id, tag)
            : pit__relation_new(&s->blocks, PIT__R_MONITOR, number, target.id);

    r->extra = name;
    PIT__R_FLAGS(r) |= first ? PIT__R_PRIORITY : 0;
    pit__relation_add(&p->relations, r);
    if (alias) {
        PIT__R_FLAGS(r) |= PIT__R_ALIASED;
        r = pit__relate(&s->blocks, &p->relations, PIT__R_ALIAS, number, 0);
        PIT__R_FLAGS(r) = alias << PIT__R_MODE_SHIFT;
    }
}

void pit__monitor_fired(struct pit__sched *s, struct pit__process *p, pit_pid from,
                        const struct pit__signal *sig)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_MONITOR, sig->number);
    struct pit_down d = {.pid = from, .reason = pit__sealed_root(sig->reason)};
    struct pit__sealed *tag = NULL;
    bool first;

    if (!r)
        return;
    first = PIT__R_FLAGS(r) & PIT__R_PRIORITY;
    d.ref = (pit_ref){.owner = pit__handle_of(p), .number = sig->number};
    d.name = (pit_term){r->extra};
    if (PIT__R_FLAGS(r) & PIT__R_TAGGED) {
        tag = pit__sealed_retain(((struct pit__tagged_relation *)r)->tag);
        d.tag = pit__sealed_root(tag);
    }
    pit__alias_follow(s, p, r);
    pit__relation_drop(&s->blocks, &p->relations, r);
    pit__append_system(s, p, &pit_type_pit_down, from, &d, pit__sealed_retain(sig->reason), tag,
                       first);
}

void pit__monitor_cancel(struct pit__sched *s, struct pit__process *p, struct pit__relation *r)
{
    pit_pid target = {r->peer};
    uint64_t number = r->key;

    pit__relation_drop(&s->blocks, &p->relations, r);
    PIT__TRACE(s, p, PIT_TRACE_DEMONITOR, target, number, NULL);
    pit__signal(s, PIT__DEMONITOR, pit__handle_of(p), target, NULL, number);
}

/* ---- the public side */

static const pit_monitor_opts plain;

#define HOLDS(error) ((pit_ref){{INT64_MIN | (error)}, 0})

static pit_ref monitor(pit_pid target, const pit_monitor_opts *o, uint64_t name)
{
    struct pit__thread *t = pit__in();
    struct pit__sealed *tag = NULL;
    struct pit__process *p;
    pit_ref ref;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    p = t->current;
    if (PIT__UNLIKELY(target.id < 0))
        pit__exit_text("badarg", "pit_monitor: a handle that holds an error", NULL, 0);
    if (PIT__UNLIKELY(o->alias > PIT_ALIAS_REPLY_DEMONITOR || o->alias == PIT_ALIAS_REPLY)) {
        pit__out(1);
        return HOLDS(EINVAL);
    }
    ref = pit__ref_fresh(t->sched, p);
    if (target.id != pit__process_pid(p)) { /* MON-5 */
        if (PIT__UNLIKELY((o->priority && pit__priority_accept(p) < 0) ||
                          pit__tag_seal(o->tag, &tag) < 0)) {
            pit__out(1);
            return HOLDS(ENOMEM);
        }
        pit__monitor_record(t->sched, p, ref.number, target, o->alias, o->priority, tag, name);
        PIT__TRACE(t->sched, p, PIT_TRACE_MONITOR, target, ref.number, NULL);
        pit__signal(t->sched, PIT__MONITOR, pit__handle_of(p), target, NULL, ref.number);
    }
    pit__out(2);
    return ref;
}

pit_ref pit_monitor(pit_pid target) { return monitor(target, &plain, 0); }
pit_ref pit_monitor_opt(pit_pid target, pit_monitor_opts opts) { return monitor(target, &opts, 0); }
pit_ref pit_monitor_name(const char *name) { return pit_monitor_name_opt(name, plain); }

pit_ref pit_monitor_name_opt(const char *name, pit_monitor_opts opts)
{
    pit_term atom;
    int r;

    pit__in();
    r = pit__name_atom(name, &atom);
    pit__out(1);
    return r < 0 ? monitor(PIT_NO_PID, &opts, 0)
                 : monitor(pit__name_holder(atom), &opts, atom.word);
}

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
    pit__inner_unlink(p, before, m);
    pit__message_free(&s->blocks, m);
}

int pit_demonitor(pit_ref ref, unsigned flags)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p;
    struct pit__relation *r = NULL;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    p = t->current;
    if (PIT__UNLIKELY(flags & ~PIT_DEMONITOR_FLUSH)) {
        pit__out(2);
        return -EINVAL;
    }
    if (ref.owner.id == pit__process_pid(p))
        r = pit__relation_find(&p->relations, PIT__R_MONITOR, ref.number);
    if (r) {
        pit__alias_follow(t->sched, p, r);
        pit__monitor_cancel(t->sched, p, r);
    } else if (flags & PIT_DEMONITOR_FLUSH)
        flush(t->sched, p, ref.number);
    pit__out(2);
    return r != NULL;
}
