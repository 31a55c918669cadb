/*
 * Routing and delivering of messages and signals; what each signal does to the process it reaches.
 */
#ifndef PIT_RUNTIME_SIGNAL_H
#define PIT_RUNTIME_SIGNAL_H

#include "runtime/attend.h"
#include "runtime/excuse.h"
#include "runtime/run_queue.h"
#include "runtime/sched.h"

/* Send m, complete but for the road: it takes the one that keeps the order of each pair. Any thread
   (t NULL: foreign). */
void pit__route_slow(struct pit__thread *t, struct pit__process *p, struct pit__message *m);
static inline void pit__route(struct pit__thread *t, struct pit__message *m);

/* Has the process with this pid begun to end, in this slot, and is its teardown not over yet? Its
   pid may be gone. Owner only. */
bool pit__is_ending(const struct pit__process *p, pit_pid pid);
bool pit__put_off(struct pit__process *p, struct pit__message *m);
/* The last part of it: to the owner of p by its mailbox, whoever that is; delivers nothing. Any
   thread. */
void pit__push_outside(struct pit__process *p, struct pit__message *m);

/* m has reached the owner of its receiver's slot. Owner only. */
void pit__deliver(struct pit__sched *s, struct pit__process *p, struct pit__message *m);

/* Append to the inner queue and wake who waits for it. Owner only. */
static inline void pit__append_only(struct pit__process *p, struct pit__message *m)
{
    m->block.next = NULL;
    if (p->head)
        p->tail->block.next = m;
    else
        p->head = m;
    p->tail = m;
    p->length++;
}
static inline void pit__append_wake(struct pit__sched *s, struct pit__process *p)
{
    if (p->status == PIT__WAITING && (p->wakes_on & PIT__WAKE_MESSAGE)) {
        if (p->stack)
            pit__process_prefetch_stack(p);
        pit__sched_enqueue(s, p);
    }
}
static inline void pit__append(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION)) {
        pit__append_attended(s, p, m);
        return;
    }
    pit__append_only(p, m);
    pit__append_wake(s, p);
}

/* A message with a copy of the payload, complete but for `to`. Any thread (t NULL: foreign). NULL:
   no memory. */
struct pit__message *pit__message_copy_slow(struct pit__thread *t, enum pit__kind kind,
                                            const pit_type *type, const void *payload);
/* The same on a scheduler's thread, of a type that owns nothing. */
static inline struct pit__message *pit__message_copy_plain(struct pit__thread *t,
                                                           enum pit__kind kind,
                                                           const pit_type *type,
                                                           const void *payload)
{
    struct pit__message *m = pit__message_alloc(&t->sched->blocks, kind, type->size);

    if (PIT__UNLIKELY(!m))
        return NULL;
    m->public.type = type;
    m->public.from = (pit_pid){t->current ? pit__process_pid(t->current) : 0};
    t->touching = m; /* a bad payload is the sender's fault */
    __asm__ volatile("" ::: "memory");
    pit__copy_small(pit__message_payload(m), payload, type->size);
    __asm__ volatile("" ::: "memory");
    t->touching = NULL;
    return m;
}
static inline struct pit__message *pit__message_copy(struct pit__thread *t, enum pit__kind kind,
                                                     const pit_type *type, const void *payload)
{
    if (PIT__UNLIKELY(!t || pit__type_owns(type)))
        return pit__message_copy_slow(t, kind, type, payload);
    return pit__message_copy_plain(t, kind, type, payload);
}

/* The number of PIT__EXIT_LINK. A link to nobody is none: what comes of it is a message to who made
   it and traps exits, whatever it unlinks or stops trapping until then; FIRST: a priority message.
   Spec: LINK-2. */
enum pit__exit_link { PIT__EXIT_LINKED, PIT__EXIT_NOBODY, PIT__EXIT_NOBODY_FIRST };

/* A signal with a reason (whose reference it takes over; NULL: none) and a number. */
void pit__signal(struct pit__sched *s, enum pit__kind kind, pit_pid from, pit_pid to,
                 struct pit__sealed *reason, uint64_t number);

/*
 * A message of the runtime's own to p, one of its own types: payload is copied, reason and tag
 * (NULL: none), whose terms are in it, are taken over. first: it is a priority message. Owner only.
 */
void pit__append_system(struct pit__sched *s, struct pit__process *p, const pit_type *type,
                        pit_pid from, const void *payload, struct pit__sealed *reason,
                        struct pit__sealed *tag, bool first);

/* The receiver is gone: answer what needs an answer, with this reason (borrowed), and free m. */
void pit__undeliverable(struct pit__sched *s, struct pit__message *m, struct pit__sealed *reason);

/* The process must end with this reason (taken over): at its next chance if it runs, else its
   teardown is queued. Owner only. */
void pit__terminate(struct pit__sched *s, struct pit__process *p, struct pit__sealed *reason);

/* The usual case, inlined: an ordinary message to a process of this scheduler with nothing
   outside. */
static inline void pit__route(struct pit__thread *t, struct pit__message *m)
{
    struct pit__process *p = pit__slot_of(m->to);

    if (PIT__LIKELY(t && p && pit__owned_by(p, t->sched) && pit__mailbox_quiet(&p->mailbox) &&
                    m->block.kind < PIT__FIRST_SIGNAL && m->to.id == pit__process_pid(p)))
        pit__append(t->sched, p, m);
    else
        pit__route_slow(t, p, m);
}

/* The same for the answer to a call: its receiver is usually here, and waits for it. */
static inline void pit__route_answer(struct pit__thread *t, struct pit__message *m)
{
    struct pit__process *p = pit__slot_of(m->to);

    if (PIT__LIKELY(t && p && pit__owned_by(p, t->sched) && pit__mailbox_quiet(&p->mailbox) &&
                    m->to.id == pit__process_pid(p) && p->call_tag == m->public.pit__tag &&
                    !p->reply && p->status == PIT__WAITING && (p->wakes_on & PIT__WAKE_REPLY) &&
                    !(p->flags & PIT__F_ATTENTION))) {
        p->reply = m;
        pit__sched_enqueue(t->sched, p);
    } else
        pit__route_slow(t, p, m);
}

/* An answer that was read. */
static inline void pit__answer_free(struct pit__sched *s, struct pit__message *m)
{
    if (PIT__LIKELY(m->block.kind == PIT__REPLY && m->public.type &&
                    !(m->public.type->flags & PIT_TYPE_OWNS)))
        pit__block_free(&s->blocks, m);
    else
        pit__message_free(&s->blocks, m);
}

/* A message that its receiver let go. A call without an answer fails in its caller: bad call. */
void pit__message_done_slow(struct pit__sched *s, struct pit__message *m);
static inline void pit__message_done(struct pit__sched *s, struct pit__message *m)
{
    if (PIT__LIKELY(m->block.what == s->blocks.small && !(m->public.type->flags & PIT_TYPE_OWNS)))
        pit__block_free_small(&s->blocks, m);
    else
        pit__message_done_slow(s, m);
}

/* A call that its receiver does not take in: its caller gets -error at once. The message is freed
   by who refuses it. */
void pit__call_refused(struct pit__sched *s, const struct pit__message *call, int error);

/* Run a function on another process's data, on its owner, ordered like every signal; park until it
   has answered. */
typedef void pit__request_fn(struct pit__sched *s, struct pit__process *p_or_null, const void *in,
                             void *out);
int pit__request(struct pit__thread *t, struct pit__process *caller, pit_pid to,
                 pit__request_fn *fn, const void *in, size_t in_size, void *out, size_t out_size);
/* The same without an answer, and without waiting. */
void pit__request_post(struct pit__thread *t, pit_pid to, pit__request_fn *fn, const void *in,
                       size_t in_size);

/* Wait for the answer to call number, which was made current by pit__call_begin; 0 and *ret_reply,
   which the caller frees, -ETIMEDOUT, or -PIT_ENOPROC / -PIT_EBADCALL. */
uint64_t pit__call_begin(struct pit__sched *s, struct pit__process *p);
int pit__call_wait(struct pit__process *p, int64_t deadline_ns, struct pit__message **ret_reply);

/* ---- exit.c */

/* End the current process. reason is taken over. */
PIT_NORETURN void pit__exit_current(struct pit__sealed *reason);
/* End the current process if a signal told it to. Before waiting, and where a slice ends. */
static inline void pit__exit_if_told(struct pit__process *p)
{
    if (__builtin_expect(p->flags & PIT__F_EXIT, 0)) {
        struct pit__sealed *reason = p->exit_reason;

        p->exit_reason = NULL;
        pit__exit_current(reason);
    }
}

/* The slot is free again: at the end of the teardown, or with a zombie's last completion. */
void pit__process_free(struct pit__sched *s, struct pit__process *p);
/* A piece of teardown of an exiting process; true: complete, and the slot is free (or waits as a
   zombie for I/O). */
bool pit__teardown(struct pit__sched *s, struct pit__process *p);

#endif
