#include "runtime/request.h"

#include <errno.h>
#include <string.h>

#include "runtime/enter.h"
#include "runtime/run_queue.h"
#include "term/sealed.h"

/* What a request's message holds; the input follows, aligned to 16. */
struct request {
    pit__request_fn *fn;
    size_t out_size;
};

static void run(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct request *q = pit__message_payload(m);
    struct pit__message *a = pit__message_alloc(s ? &s->blocks : NULL, PIT__REPLY, q->out_size);

    PIT_ASSERT(a);
    memset(pit__message_payload(a), 0, q->out_size);
    q->fn(s, p, q + 1, pit__message_payload(a));
    a->to = m->public.from;
    a->public.type = NULL;
    a->public.from = m->to;
    a->public.pit__tag = m->public.pit__tag;
    pit__route(pit__thread(), a);
}

void pit__request_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    if (pit__put_off(p, m))
        return;
    run(s, p, m);
    pit__block_free(&s->blocks, m);
}

/* The message itself is freed by who found it undeliverable. */
void pit__request_undeliverable(struct pit__sched *s, struct pit__message *m) { run(s, NULL, m); }

uint64_t pit__call_begin(struct pit__sched *s, struct pit__process *p)
{
    PIT_ASSERT(!p->call_tag && !p->reply);
    return p->call_tag = pit__sched_number(s);
}

int pit__call_wait(struct pit__process *p, int64_t deadline_ns, struct pit__message **ret_reply)
{
    struct pit__thread *t = pit__thread();
    struct pit__message *m;

    if (deadline_ns != INT64_MAX)
        deadline_ns -= pit__extra_paused(p); /* it stands still while p is suspended */
    while (!p->reply) {
        pit__exit_if_told(p);
        if (p->flags & PIT__F_TIMED_OUT) {
            p->flags &= ~PIT__F_TIMED_OUT;
            p->call_tag = 0;
            return -ETIMEDOUT;
        }
        if (deadline_ns != INT64_MAX)
            pit__timeout_arm_own(t->sched, p, deadline_ns);
        p->status = PIT__WAITING;
        p->wakes_on = PIT__WAKE_REPLY;
        pit__sched_switch_away(t->sched, p);
        t = pit__thread();
    }
    p->flags &= ~PIT__F_TIMED_OUT;
    m = p->reply;
    p->reply = NULL;
    p->call_tag = 0;
    if (m->block.kind == PIT__FAILED) {
        struct pit__signal *sig = pit__message_payload(m);
        int error = (int)sig->number;

        if (sig->reason) {
            if (p->last_reason)
                pit__sealed_release(p->last_reason);
            p->last_reason = sig->reason;
            sig->reason = NULL;
        }
        pit__message_free(&t->sched->blocks, m);
        return -error;
    }
    *ret_reply = m;
    return 0;
}

static struct pit__message *make(struct pit__sched *s, pit_pid to, struct request q, const void *in,
                                 size_t in_size)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, PIT__REQUEST, sizeof q + in_size);

    if (m) {
        *(struct request *)pit__message_payload(m) = q;
        memcpy((struct request *)pit__message_payload(m) + 1, in, in_size);
        m->to = to;
        m->public.type = NULL;
        m->public.from = PIT_NO_PID; /* the answer is nobody's */
    }
    return m;
}

void pit__request_post(struct pit__thread *t, pit_pid to, pit__request_fn *fn, const void *in,
                       size_t in_size)
{
    struct pit__message *m =
        make(t->sched, to, (struct request){fn, sizeof(uint64_t)}, in, in_size);

    PIT_NEED(m);
    pit__route(t, m);
}

int pit__request(struct pit__thread *t, struct pit__process *caller, pit_pid to,
                 pit__request_fn *fn, const void *in, size_t in_size, void *out, size_t out_size)
{
    struct pit__sched *s = t->sched;
    struct pit__process *p = pit__slot_of(to);
    struct pit__message *m;
    int r;

    if (!p) {
        fn(s, NULL, in, out);
        return 0;
    }
    if (pit__owned_by(p, s) && pit__mailbox_quiet(&p->mailbox) && !pit__is_ending(p, to)) {
        fn(s, pit__process_pid(p) == to.id ? p : NULL, in, out);
        return 0;
    }
    m = make(s, to, (struct request){fn, out_size}, in, in_size);
    if (!m)
        return -ENOMEM;
    m->public.from = (pit_pid){pit__process_pid(caller)};
    m->public.pit__tag = pit__call_begin(s, caller);
    pit__route(t, m);
    r = pit__call_wait(caller, INT64_MAX, &m);
    if (r < 0)
        return r;
    memcpy(out, pit__message_payload(m), out_size);
    pit__message_free(&pit__thread()->sched->blocks, m);
    return 0;
}
