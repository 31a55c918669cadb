/*
 * Aliases: references that a process may be sent messages by, for as long as it likes. The sender
 * knows nothing: a message to an alias is a signal to the process that made it, whose record
 * decides when it arrives. Spec: ALIAS-1..7.
 */
#include "runtime/monitor.h"

#include <errno.h>

#include "base/assert.h"
#include "base/probes.h"
#include "runtime/bound.h"
#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/reason.h"
#include "runtime/trace.h"

static struct pit__relation *find(const struct pit__process *p, uint64_t number)
{
    return pit__relation_find(&p->relations, PIT__R_ALIAS, number);
}

struct pit__relation *pit__alias_find(const struct pit__process *p, uint64_t number)
{
    return find(p, number);
}

bool pit__alias_bounded(const struct pit__process *p, uint64_t number)
{
    struct pit__relation *r = find(p, number);

    return r && PIT__R_MODE(r) <= PIT_ALIAS_EXPLICIT;
}

bool pit__alias_takes_priority(const struct pit__process *p, uint64_t number)
{
    struct pit__relation *r = find(p, number);

    return r && (PIT__R_FLAGS(r) & PIT__R_PRIORITY);
}

void pit__alias_follow(struct pit__sched *s, struct pit__process *p,
                       const struct pit__relation *monitor)
{
    struct pit__relation *r = PIT__R_FLAGS(monitor) & PIT__R_ALIASED ? find(p, monitor->key) : NULL;

    if (r && PIT__R_MODE(r) != PIT_ALIAS_EXPLICIT)
        pit__relation_drop(&s->blocks, &p->relations, r);
}

void pit__alias_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    uint64_t number = m->public.pit__tag;
    struct pit__relation *r = find(p, number), *monitor;
    unsigned mode;
    bool first;

    if (!r) {
        pit__message_free(&s->blocks, m);
        return;
    }
    mode = PIT__R_MODE(r);
    first = m->block.kind == PIT__ALIASED_PRIORITY && (PIT__R_FLAGS(r) & PIT__R_PRIORITY);
    if (mode == PIT_ALIAS_REPLY || mode == PIT_ALIAS_REPLY_DEMONITOR)
        pit__relation_drop(&s->blocks, &p->relations, r);
    /* The tag stays: pit_receive_ref finds it by that. What comes by an alias for replies is one:
       no bound refuses it. */
    m->block.kind = mode <= PIT_ALIAS_EXPLICIT ? PIT__MESSAGE : PIT__PASSING;
    if (first)
        pit__append_priority(s, p, m);
    else
        pit__append(s, p, m);
    if (mode == PIT_ALIAS_REPLY_DEMONITOR &&
        (monitor = pit__relation_find(&p->relations, PIT__R_MONITOR, number)))
        pit__monitor_cancel(s, p, monitor);
}

/* ---- the public side */

pit_ref pit_alias_opt(pit_alias_opts opts)
{
    struct pit__thread *t = pit__in();
    struct pit__relation *r;
    pit_ref ref = {{INT64_MIN | EINVAL}, 0};

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    if (opts.priority && pit__priority_accept(t->current) < 0)
        ref.owner.id = INT64_MIN | ENOMEM;
    else if (opts.mode <= PIT_ALIAS_REPLY) {
        ref = pit__ref_fresh(t->sched, t->current);
        r = pit__relate(&t->sched->blocks, &t->current->relations, PIT__R_ALIAS, ref.number, 0);
        PIT__R_FLAGS(r) = (uint32_t)opts.mode << PIT__R_MODE_SHIFT;
        PIT__R_FLAGS(r) |= opts.priority ? PIT__R_PRIORITY : 0;
    }
    pit__out(2);
    return ref;
}

pit_ref pit_alias(void) { return pit_alias_opt((pit_alias_opts){0}); }

bool pit_unalias(pit_ref alias)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_unalias");
    struct pit__relation *r = alias.owner.id == pit__process_pid(p) ? find(p, alias.number) : NULL;

    if (r)
        pit__relation_drop(&t->sched->blocks, &p->relations, r);
    pit__out(2);
    return r != NULL;
}

static void send(pit_ref alias, enum pit__kind kind, const pit_type *type, const void *payload)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p;
    struct pit__message *m;

    if (PIT__UNLIKELY(alias.owner.id < 0))
        pit__exit_text("badarg", "sending to a handle that holds an error", NULL, 0);
    m = pit__message_copy(t, kind, type, payload);
    if (PIT__UNLIKELY(!m))
        pit__exit_text("system_limit", "no memory for a message", NULL, 0);
    m->to = alias.owner;
    m->public.pit__tag = alias.number;
    PIT_PROBE_SEND(m->public.from.id, m->to.id, type->size);
    if (t) {
        PIT__COUNT(t->sched->sent);
        PIT__TRACE_SEND(t, m);
    }
    p = pit__slot_of(m->to);
    if (PIT__UNLIKELY(p && pit__bound_blocks(p)) && t)
        pit__bound_route(t, p, m);
    else
        pit__route(t, m);
    pit__out(2);
}

void pit_send_alias_copy(pit_ref alias, const pit_type *type, const void *payload)
{
    send(alias, PIT__ALIASED, type, payload);
}

void pit_send_priority_copy(pit_ref alias, const pit_type *type, const void *payload)
{
    send(alias, PIT__ALIASED_PRIORITY, type, payload);
}

static void exit_by(pit_ref alias, pit_term reason, bool first)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_exit_alias");
    struct pit__message *m;

    if (PIT__UNLIKELY(alias.owner.id < 0))
        pit__exit_text("badarg", "pit_exit_alias: a handle that holds an error", NULL, 0);
    m = pit__message_alloc(&t->sched->blocks, PIT__EXIT_ALIAS, sizeof(struct pit__signal));
    PIT_NEED(m);
    *(struct pit__signal *)pit__message_payload(m) =
        (struct pit__signal){pit__reason_of(reason), alias.number};
    m->to = alias.owner;
    m->public.type = NULL;
    m->public.from = pit__handle_of(p);
    m->public.pit__tag = first;
    pit__route(t, m);
    pit__out(2);
}

void pit_exit_alias(pit_ref alias, pit_term reason) { exit_by(alias, reason, false); }
void pit_exit_alias_priority(pit_ref alias, pit_term reason) { exit_by(alias, reason, true); }
