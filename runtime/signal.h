/*
 * Routing and delivering of messages and signals; what each signal does to the process it reaches.
 */
#ifndef PIT_RUNTIME_SIGNAL_H
#define PIT_RUNTIME_SIGNAL_H

#include "runtime/sched.h"

/* Send m, complete but for the road: it takes the one that keeps the order of each pair. Any thread (t NULL: foreign). */
void pit__route(struct pit__thread *t, struct pit__message *m);

/* m has reached the owner of its receiver's slot. Owner only. */
void pit__deliver(struct pit__sched *s, struct pit__process *p, struct pit__message *m);

/* Append to the inner queue and wake who waits for it. Owner only. */
void pit__append(struct pit__sched *s, struct pit__process *p, struct pit__message *m);

/* A message with a copy of the payload, complete but for `to`. Any thread (t NULL: foreign). NULL: no memory. */
struct pit__message *pit__message_copy(struct pit__thread *t, enum pit__kind kind, const pit_type *type, const void *payload);

/* A signal with a reason (whose reference it takes over; NULL: none) and a number. */
void pit__signal(struct pit__sched *s, enum pit__kind kind, pit_pid from, pit_pid to, struct pit__sealed *reason,
                 uint64_t number);

/* The receiver is gone: answer what needs an answer, with this reason (borrowed), and free m. */
void pit__undeliverable(struct pit__sched *s, struct pit__message *m, struct pit__sealed *reason);

/* The process must end with this reason (taken over): at its next chance if it runs, else its teardown is queued. Owner only. */
void pit__terminate(struct pit__sched *s, struct pit__process *p, struct pit__sealed *reason);

/* A message that its receiver let go. A call without an answer fails in its caller: bad call. */
void pit__message_done(struct pit__sched *s, struct pit__message *m);

/* Run a function on another process's data, on its owner, ordered like every signal; park until it has answered. */
typedef void pit__request_fn(struct pit__sched *s, struct pit__process *p_or_null, const void *in, void *out);
int pit__request(struct pit__thread *t, struct pit__process *caller, pit_pid to, pit__request_fn *fn, const void *in,
                 size_t in_size, void *out, size_t out_size);

/* Wait for the answer to call number, which was made current by pit__call_begin; 0 and *ret_reply, which the caller
   frees, -ETIMEDOUT, or -PIT_ENOPROC / -PIT_EBADCALL. */
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
/* A piece of teardown of an exiting process; true: complete, and the slot is free (or waits as a zombie for I/O). */
bool pit__teardown(struct pit__sched *s, struct pit__process *p);

#endif
