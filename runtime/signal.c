/*
 * Routing, delivering, and what each signal does.
 *
 * Messages and signals take the same road, so that the order of each pair of processes holds over
 * all kinds (SIG-1):
 *   receiver on the sender's scheduler, mailbox word quiet:    delivered at once
 *   the same, word set:  the own inbox is delivered first, since the carrier is usually there; still set: pushed outside
 *   receiver elsewhere, or a foreign thread:                   pushed outside
 * Delivered at once is in order: a quiet word says that all this sender ever pushed outside has
 * been delivered.
 *
 * A signal acts when its receiver's owner delivers it, whatever the receiver does meanwhile. If it
 * runs just then (it called the runtime, which delivers), an exit takes effect when that call
 * returns to it.
 */
#include "runtime/run_queue.h"
#include "runtime/signal.h"

#include "base/assert.h"
#include "base/probes.h"
#include "runtime/bound.h"
#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/monitor.h"
#include "runtime/reason.h"
#include "runtime/request.h"
#include "runtime/spawn.h"
#include "runtime/suspend.h"
#include "runtime/trace.h"

/* ---- the road */

void pit__push_outside(struct pit__process *p, struct pit__message *m)
{
    if (pit__mailbox_push(&p->mailbox, m)) /* an owner of old forwards it */
        pit__sched_post(atomic_load_explicit(&p->owner, memory_order_acquire), m);
}

static inline bool may_append(struct pit__sched *s, struct pit__process *p)
{
    return pit__owned_by(p, s) && pit__mailbox_quiet(&p->mailbox);
}

void pit__route_slow(struct pit__thread *t, struct pit__process *p, struct pit__message *m)
{
    struct pit__sched *s = t ? t->sched : NULL;

    if (PIT__UNLIKELY(!p)) {
        pit__undeliverable(s, m, pit__reason(noproc));
        return;
    }
    if (PIT__LIKELY(s && may_append(s, p))) {
        pit__deliver(s, p, m);
        return;
    }
    if (s && !s->draining && pit__owned_by(p, s)) {
        pit__sched_drain(s);
        if (may_append(s, p)) {
            pit__deliver(s, p, m);
            return;
        }
    }
    pit__push_outside(p, m);
}

void pit__signal(struct pit__sched *s, enum pit__kind kind, pit_pid from, pit_pid to,
                 struct pit__sealed *reason, uint64_t number)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, kind, sizeof(struct pit__signal));

    PIT_NEED(m);
    *(struct pit__signal *)pit__message_payload(m) = (struct pit__signal){reason, number};
    m->to = to;
    m->public.type = NULL;
    m->public.from = from;
    pit__route(pit__thread(), m);
}

static struct pit__signal *signal_of(struct pit__message *m) { return pit__message_payload(m); }

static void signal_free(struct pit__sched *s, struct pit__message *m)
{
    struct pit__sealed *reason = signal_of(m)->reason;

    if (reason)
        pit__sealed_release(reason);
    pit__block_free(s ? &s->blocks : NULL, m);
}

/* ---- messages */

static struct pit__sealed **second_seal(const struct pit__message *m)
{
    return (struct pit__sealed **)((char *)(uintptr_t)(m + 1) + m->block.size);
}

void pit__append_system(struct pit__sched *s, struct pit__process *p, const pit_type *type,
                        pit_pid from, const void *payload, struct pit__sealed *reason,
                        struct pit__sealed *tag, bool first)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, tag ? PIT__SYSTEM_TAGGED : PIT__SYSTEM,
                                                type->size + (tag ? sizeof tag : 0));

    PIT_NEED(m);
    m->block.size = type->size;
    __builtin_memcpy(pit__message_payload(m), payload, type->size);
    m->to = pit__handle_of(p);
    m->public.type = type;
    m->public.from = from;
    m->public.pit__tag = (uint64_t)(uintptr_t)reason;
    if (tag)
        *second_seal(m) = tag;
    if (PIT__UNLIKELY(first))
        pit__append_priority(s, p, m);
    else
        pit__append(s, p, m);
}

size_t pit__message_content(const struct pit__message *m)
{
    size_t bytes = m->block.size;

    switch (m->block.kind) {
    case PIT__SYSTEM_TAGGED:
        bytes += pit__sealed_bytes(*second_seal(m));
        __attribute__((fallthrough));
    case PIT__SYSTEM:
        return bytes + pit__sealed_bytes((struct pit__sealed *)(uintptr_t)m->public.pit__tag);
    case PIT__MESSAGE:
    case PIT__CALL:
    case PIT__ANSWERED:
    case PIT__PASSING:
    case PIT__ASK:
        if (m->public.type && (m->public.type->flags & PIT_TYPE_OWNS))
            bytes += pit__owned_bytes(m);
        return bytes;
    default:
        return bytes;
    }
}

void pit__message_free(struct pit__blocks *pool, struct pit__message *m)
{
    switch (m->block.kind) {
    case PIT__SYSTEM_TAGGED:
        pit__sealed_release(*second_seal(m));
        __attribute__((fallthrough));
    case PIT__SYSTEM:
        pit__sealed_release((struct pit__sealed *)(uintptr_t)m->public.pit__tag);
        break;
    case PIT__MESSAGE:
    case PIT__CALL:
    case PIT__ANSWERED:
    case PIT__PASSING:
    case PIT__ALIASED:
    case PIT__ALIASED_PRIORITY:
    case PIT__ASK:
    case PIT__ASK_PRIORITY:
    case PIT__REPLY:
        if (m->public.type && (m->public.type->flags & PIT_TYPE_OWNS))
            pit__owned_release(m);
        break;
    case PIT__TRACE_EVENT:
        pit__trace_let_go(m);
        break;
    case PIT__BUILDING:
    case PIT__REQUEST:
    case PIT__TIMER:
    case PIT__TIMER_ASK:
        break;
    default:
        pit__sealed_release(signal_of(m)->reason);
    }
    pit__block_free(pool, m);
}

/* reason: why its receiver is gone; NULL: it is there, and error says what it made of the call. */
static void fail_call(struct pit__sched *s, const struct pit__message *call,
                      struct pit__sealed *reason, int error)
{
    struct pit__message *f =
        pit__message_alloc(s ? &s->blocks : NULL, PIT__FAILED, sizeof(struct pit__signal));

    PIT_ASSERT(f);
    *signal_of(f) =
        (struct pit__signal){reason ? pit__sealed_retain(reason) : NULL, (uint64_t)error};
    f->to = call->public.from;
    f->public.type = NULL;
    f->public.from = call->to;
    f->public.pit__tag = call->public.pit__tag;
    pit__route(s ? pit__thread() : NULL, f);
}

void pit__message_done_slow(struct pit__sched *s, struct pit__message *m)
{
    if (m->block.kind <= PIT__PASSING && !(m->public.type->flags & PIT_TYPE_OWNS)) {
        pit__block_free(&s->blocks, m);
        return;
    }
    if (PIT__UNLIKELY(m->block.kind == PIT__CALL))
        fail_call(s, m, NULL, PIT_EBADCALL);
    pit__message_free(&s->blocks, m);
}

void pit__call_refused(struct pit__sched *s, const struct pit__message *call, int error)
{
    fail_call(s, call, NULL, error);
}

void pit__undeliverable(struct pit__sched *s, struct pit__message *m, struct pit__sealed *reason)
{
    struct pit__signal sig;

    switch (m->block.kind) {
    case PIT__CALL:
        fail_call(s, m, reason, PIT_ENOPROC);
        break;
    case PIT__REQUEST:
        pit__request_undeliverable(s, m);
        break;
    case PIT__ASK:
    case PIT__ASK_PRIORITY:
        pit__bound_undeliverable(s, m);
        break;
    case PIT__LINK:
        pit__signal(s, PIT__EXIT_LINK, m->to, m->public.from, pit__reason(noproc), 0);
        break;
    case PIT__MONITOR:
        sig = *signal_of(m);
        pit__signal(s, PIT__DOWN, m->to, m->public.from, pit__reason(noproc), sig.number);
        break;
    case PIT__TIMER:
        pit__timer_undeliverable(s, m);
        break;
    case PIT__SUSPEND:
        pit__signal(s, PIT__SUSPEND_OVER, m->to, m->public.from, NULL, 0);
        break;
    case PIT__TIMER_ASK:
        pit__timer_asked(s, NULL, m);
        break;
    case PIT__UNLINK:
        sig = *signal_of(m);
        pit__signal(s, PIT__UNLINK_ACK, m->to, m->public.from, NULL, sig.number);
        break;
    default:
        break;
    }
    pit__message_free(s ? &s->blocks : NULL, m);
}

/* ---- ending */

void pit__terminate(struct pit__sched *s, struct pit__process *p, struct pit__sealed *reason)
{
    if (p->status == PIT__EXITING || p->status == PIT__ZOMBIE || (p->flags & PIT__F_EXIT)) {
        pit__sealed_release(reason); /* the first reason stands. Spec: EXIT-7 */
        return;
    }
    p->exit_reason = reason;
    if (p->status == PIT__RUNNING) {
        p->flags |= PIT__F_EXIT;
        s->reductions = 0; /* so that it is seen when the runtime call under way returns */
        return;
    }
    if (p->wait) {
        struct pit__wait *w = p->wait;

        p->wait = NULL;
        w->process = NULL;
        if (w->abandoned)
            w->abandoned(w);
    }
    if (p->status == PIT__TRANSIT) { /* handed over and not adopted: who takes it sees it */
        p->flags |= PIT__F_EXIT;
        return;
    }
    p->flags |= PIT__F_LOOP;
    if (p->status == PIT__WAITING) {
        p->status = PIT__EXITING;
        pit__sched_enqueue(s, p);
    } else
        p->status = PIT__EXITING; /* it is on the run queue already */
}

static void append_exited(struct pit__sched *s, struct pit__process *p, pit_pid from,
                          struct pit__sealed *reason, bool first)
{
    struct pit_exited e = {.pid = from, .reason = pit__sealed_root(reason)};

    pit__append_system(s, p, &pit_type_pit_exited, from, &e, pit__sealed_retain(reason), NULL,
                       first);
}

/* EXIT-1, steps 2 to 4. first: a message that comes of it is a priority message. */
static void exit_signal(struct pit__sched *s, struct pit__process *p, pit_pid from,
                        struct pit__sealed *reason, bool linked, bool first)
{
    bool kill = !linked && pit__reason_is(reason, kill);

    if ((p->flags & PIT__F_TRAP) && !kill)
        append_exited(s, p, from, reason, first);
    else if (pit__reason_is(reason, normal))
        return; /* EXIT-T1, T8; EXIT-T5 acts without a signal */
    else
        pit__terminate(s, p, kill ? pit__reason(killed) : pit__sealed_retain(reason));
}

/* ---- links, monitors: the receiving side */

/* recv LINK of LINK-8: a record, active or being unlinked, stays as it is. */
static void link_received(struct pit__sched *s, struct pit__process *p, pit_pid from)
{
    PIT__TRACE(s, p, PIT_TRACE_GETTING_LINKED, from, 0, NULL);
    if (!pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)from.id))
        pit__relation_add(&p->relations,
                          pit__relation_new(&s->blocks, PIT__R_LINK, (uint64_t)from.id, from.id));
}

/* recv UNLINK_ID: an active record goes; the acknowledgement comes before any other signal. */
static void unlink_received(struct pit__sched *s, struct pit__process *p, pit_pid from, uint64_t id)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)from.id);

    if (r && !r->extra) {
        PIT__TRACE(s, p, PIT_TRACE_GETTING_UNLINKED, from, 0, NULL);
        pit__relation_drop(&s->blocks, &p->relations, r);
    }
    pit__signal(s, PIT__UNLINK_ACK, (pit_pid){pit__process_pid(p)}, from, NULL, id);
}

static void unlink_acknowledged(struct pit__sched *s, struct pit__process *p, pit_pid from,
                                uint64_t id)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)from.id);

    if (r && r->extra == id)
        pit__relation_drop(&s->blocks, &p->relations, r);
}

static void link_exit(struct pit__sched *s, struct pit__process *p, pit_pid from,
                      const struct pit__signal *sig)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)from.id);
    bool active = r && !r->extra, first = r && (PIT__R_FLAGS(r) & PIT__R_PRIORITY);

    if (PIT__UNLIKELY(sig->number != PIT__EXIT_LINKED)) {
        append_exited(s, p, from, sig->reason, sig->number == PIT__EXIT_NOBODY_FIRST);
        return;
    }
    if (r)
        pit__relation_drop(&s->blocks, &p->relations, r);
    if (active) {
        PIT__TRACE(s, p, PIT_TRACE_GETTING_UNLINKED, from, 0, NULL);
        exit_signal(s, p, from, sig->reason, true, first);
    }
}

/* The answer that p waits for; any other is late and dropped. Spec: GEN-6, ALIAS-7. */
static void reply_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    if (!p->call_tag || p->call_tag != m->public.pit__tag || p->reply) {
        pit__message_free(&s->blocks, m);
        return;
    }
    p->reply = m;
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
        pit__trace_receive(s, p, m);
    if (p->status == PIT__WAITING && (p->wakes_on & PIT__WAKE_REPLY))
        pit__sched_enqueue(s, p);
}

bool pit__is_ending(const struct pit__process *p, pit_pid pid)
{
    if (pid.id == pit__process_pid(p))
        return p->status == PIT__EXITING || (p->flags & PIT__F_EXIT);
    return p->status == PIT__EXITING && (p->flags & PIT__F_TORN_DOWN) && p->dead_pid.id == pid.id;
}

/*
 * For an ending process: what wants an answer waits in its queue for the teardown, so that the
 * answer is behind what its end sends to links and watchers. Who learns that it is gone has their
 * exit signal already. LIFE-7, step 9. false: it is not ending, or there is nothing to answer.
 */
bool pit__put_off(struct pit__process *p, struct pit__message *m)
{
    if (!pit__is_ending(p, m->to) ||
        (m->block.kind != PIT__LINK && m->block.kind != PIT__MONITOR &&
         m->block.kind != PIT__SUSPEND && m->block.kind != PIT__REQUEST))
        return false;
    pit__append_only(p, m);
    return true;
}

static void signal_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__signal *sig = signal_of(m);
    struct pit__relation *r;

    if (pit__put_off(p, m))
        return;
    switch (m->block.kind) {
    case PIT__EXIT:
        exit_signal(s, p, m->public.from, sig->reason, false, false);
        break;
    case PIT__EXIT_ALIAS:
        if ((r = pit__alias_find(p, sig->number)))
            exit_signal(s, p, m->public.from, sig->reason, false,
                        m->public.pit__tag && (PIT__R_FLAGS(r) & PIT__R_PRIORITY));
        break;
    case PIT__EXIT_LINK:
        link_exit(s, p, m->public.from, sig);
        break;
    case PIT__LINK:
        link_received(s, p, m->public.from);
        break;
    case PIT__UNLINK:
        unlink_received(s, p, m->public.from, sig->number);
        break;
    case PIT__UNLINK_ACK:
        unlink_acknowledged(s, p, m->public.from, sig->number);
        break;
    case PIT__MONITOR:
        pit__relation_add(&p->relations, pit__relation_new(&s->blocks, PIT__R_MONITORED_BY,
                                                           sig->number, m->public.from.id));
        break;
    case PIT__DEMONITOR:
        if ((r = pit__relation_find(&p->relations, PIT__R_MONITORED_BY, sig->number)))
            pit__relation_drop(&s->blocks, &p->relations, r);
        break;
    case PIT__SPAWNED:
    case PIT__SPAWNED_UNLINKED:
        pit__spawn_completed(s, p, m->public.from, sig->number, m->block.kind == PIT__SPAWNED);
        break;
    case PIT__DOWN:
        pit__monitor_fired(s, p, m->public.from, sig);
        break;
    case PIT__SUSPEND:
        pit__suspend_received(s, p, m->public.from);
        break;
    case PIT__RESUME:
        pit__resume_received(s, p, m->public.from);
        break;
    case PIT__SUSPEND_OVER:
        pit__suspend_over_received(s, p, m->public.from);
        break;
    case PIT__ROOM:
        pit__bound_room(s, p);
        break;
    case PIT__CANCEL:
        pit__bound_cancelled(s, p, m->public.from);
        break;
    default:
        PIT_ASSERT(!"a signal of no known kind");
    }
    signal_free(s, m);
}

void pit__deliver(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    /* One of another life of this slot, or one that is being torn down already. */
    if (PIT__UNLIKELY(m->to.id != pit__process_pid(p))) {
        if (!pit__put_off(p, m))
            pit__undeliverable(s, m, pit__reason(noproc));
        return;
    }
    if (PIT__LIKELY(m->block.kind < PIT__FIRST_SIGNAL))
        pit__append(s, p, m);
    else if (m->block.kind == PIT__REPLY || m->block.kind == PIT__FAILED)
        reply_received(s, p, m);
    else if (m->block.kind == PIT__ALIASED || m->block.kind == PIT__ALIASED_PRIORITY)
        pit__alias_received(s, p, m);
    else if (m->block.kind == PIT__REQUEST)
        pit__request_received(s, p, m);
    else if (m->block.kind == PIT__TIMER)
        pit__timer_received(s, p, m);
    else if (m->block.kind == PIT__TIMER_ASK) {
        pit__timer_asked(s, p, m);
        pit__message_free(&s->blocks, m);
    } else if (m->block.kind == PIT__ASK || m->block.kind == PIT__ASK_PRIORITY)
        pit__bound_asked(s, p, m);
    else
        signal_received(s, p, m);
}
