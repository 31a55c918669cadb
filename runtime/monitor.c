/*
 * Monitors: the watcher's side. What arrives at either side is in signal.c. Spec: MON-1..13.
 */
#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/reason.h"
#include "runtime/signal.h"

static pit_ref fresh_ref(struct pit__sched *s, struct pit__process *p)
{
    pit_ref ref = {pit__handle_of(p), pit__sched_number(s)};

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
        pit__relate(&t->sched->blocks, &p->relations, PIT__R_MONITOR, ref.number, target.id);
        pit__signal(t->sched, PIT__MONITOR, pit__handle_of(p), target, NULL, ref.number);
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
        pit__signal(t->sched, PIT__DEMONITOR, pit__handle_of(p), target, NULL, ref.number);
    } else if (flags & PIT_DEMONITOR_FLUSH)
        flush(t->sched, p, ref.number);
    pit__out(2);
    return active;
}
