/*
 * Calls: a question that knows whether it was answered. The caller needs no monitor: the message
 * itself is the obligation. Whoever lets it go unanswered, by forgetting it, by ending with it in
 * its hands or queue, or by being dead already, tells the caller so. The answer goes to a place of
 * its own in the caller, past its queue.
 */
#include <errno.h>
#include <string.h>

#include "base/probes.h"
#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/signal.h"
#include "runtime/trace.h"
#include "term/heap.h"
#include "term/sealed.h"

static struct pit__message *make(struct pit__thread *t, enum pit__kind kind, const pit_type *type,
                                 const void *payload, pit_pid to, uint64_t tag)
{
    struct pit__message *m = pit__message_copy(t, kind, type, payload);

    if (PIT__UNLIKELY(!m))
        pit__exit_text("system_limit", "no memory for a message", NULL, 0);
    m->to = to;
    m->public.pit__tag = tag;
    PIT__COUNT(t->sched->sent);
    PIT_PROBE_SEND(m->public.from.id, to.id, type->size);
    PIT__TRACE_SEND(t, m);
    return m;
}

/* The clock costs as much as a third of a call; a timeout of seconds is content with the cheap one,
   which lags a little. */
static int64_t deadline_of(int64_t timeout_ms)
{
    if (timeout_ms < 0 || timeout_ms > INT64_MAX / 2000000)
        return INT64_MAX;
    return (timeout_ms >= 1000 ? pit__now_coarse() + PIT__COARSE_LAG : pit__now()) +
           timeout_ms * 1000000;
}

static int answered(struct pit__process *p, struct pit__message *m, const pit_type *type,
                    void *reply)
{
    struct pit__thread *t = pit__thread();
    int r = -PIT_EBADCALL;

    p->reply = m; /* should a look at type or reply fault, it goes with the process */
    if (PIT__LIKELY(pit__type_has_size(type, m->block.size))) {
        t->touching = t;
        memcpy(reply, pit__message_payload(m), m->block.size);
        t->touching = NULL;
        r = PIT__UNLIKELY(type->flags & PIT_TYPE_OWNS)
                ? pit__owned_copy_out(m, reply, pit__process_heap(p))
                : 0;
    }
    p->reply = NULL;
    pit__answer_free(t->sched, m);
    return r;
}

/* To nobody, or to what holds an error. The reason of an earlier call must not be taken for this
   one's. */
static int cannot_call(struct pit__process *p, pit_pid server)
{
    if (server.id < 0)
        return -EINVAL;
    pit__sealed_release(p->last_reason);
    p->last_reason = NULL; /* noproc */
    return -PIT_ENOPROC;
}

int pit_try_call(pit_pid server, const pit_type *request_type, const void *request, int64_t timeout,
                 const pit_type *reply_type, void *reply)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = t ? t->current : NULL;
    struct pit__message *m;
    int r = -EDEADLK;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if (PIT__UNLIKELY(server.id <= 0)) {
        r = cannot_call(p, server);
    } else if (PIT__LIKELY(server.id != pit__process_pid(p))) {
        m = make(t, PIT__CALL, request_type, request, server, pit__call_begin(t->sched, p));
        pit__route(t, m);
        r = pit__call_wait(p, deadline_of(timeout), &m);
        if (PIT__LIKELY(r == 0))
            r = answered(p, m, reply_type, reply);
    }
    pit__out(1);
    return r;
}

pit_term pit_last_exit_reason(void)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_last_exit_reason");
    pit_term reason = PIT__A(noproc);

    if (p->last_reason &&
        pit__term_copy(pit__process_heap(p), pit__sealed_root(p->last_reason), &reason) < 0)
        reason = PIT__A(enomem);
    pit__out(1);
    return reason;
}

int pit_answer(const pit_msg *call, const pit_type *reply_type, const void *reply)
{
    struct pit__thread *t = pit__in();
    struct pit__message *m = pit__message_of(call);
    int r = -EINVAL;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if (pit__message_is_call(m)) {
        pit__route_answer(t, make(t, PIT__REPLY, reply_type, reply, call->from, call->pit__tag));
        m->block.kind = PIT__ANSWERED;
        r = 0;
    }
    pit__out(1);
    return r;
}

pit_asker pit_defer_message(const pit_msg *call)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_defer_message");
    struct pit__message *m = pit__message_of(call);
    struct pit__relation *r;

    if (pit__message_is_call(m)) {
        r = pit__relation_new(&t->sched->blocks, PIT__R_ASKER, call->pit__tag, call->from.id);
        pit__relation_add(&p->relations, r);
        m->block.kind = PIT__ANSWERED;
    }
    pit__out(1);
    return (pit_asker){call->from, call->pit__tag};
}

void pit_answer_asker(pit_asker asker, const pit_type *reply_type, const void *reply)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_answer_asker");
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_ASKER, asker.tag);

    if (r) { /* else it was answered already */
        pit__route(t, make(t, PIT__REPLY, reply_type, reply, asker.pid, asker.tag));
        pit__relation_remove(&p->relations, r);
        pit__block_free(&t->sched->blocks, r);
    }
    pit__out(1);
}
