/*
 * Bounds on mailboxes, inside the runtime. The argument is in bound.c; what it promises in
 * <pit/mailbox.h>.
 *
 * A process with a bound is attended to (PIT__AT_BOUND), and so is a sender that waits for room
 * (PIT__AT_BLOCKED). Nothing here is reached by a process that is neither, or that sends to one
 * that is neither.
 */
#ifndef PIT_RUNTIME_BOUND_H
#define PIT_RUNTIME_BOUND_H

#include <pit/mailbox.h>

#include "runtime/process.h"

struct pit__bound;
struct pit__thread;

/* ---- the receiver's side, on its owner */

/* An option as given: 0 or -EINVAL. */
int pit__bound_check(const pit_mailbox *limits);
/* Set, change or (all zero) take away p's bound. 0 or -ENOMEM. */
int pit__bound_set(struct pit__sched *s, struct pit__process *p, const pit_mailbox *limits);
/* false: it has none. */
bool pit__bound_state(const struct pit__process *p, pit_mailbox *ret_limits,
                      pit_mailbox_load *ret_load);
/* p ends: who waits for it waits no longer. false: the budget is used up, and there are more.
   Before its extra goes. */
bool pit__bound_close(struct pit__sched *s, struct pit__process *p, int *budget);

/* An ordinary or system message for p's queue: in place of pit__append. Takes m over. */
void pit__bound_append(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
/* A message whose sender waits until it is in the queue (PIT__ASK) has come. */
void pit__bound_asked(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
/* Its sender ended while it waited: it was not sent. */
void pit__bound_cancelled(struct pit__sched *s, struct pit__process *p, pit_pid from);
/* The receiver is gone: the sender goes on. The message is freed by the caller. */
void pit__bound_undeliverable(struct pit__sched *s, const struct pit__message *m);

/* From inner.c: m has left the queue, or has come as a priority message behind `last`. */
void pit__bound_left(struct pit__process *p, struct pit__bound *b, struct pit__message *before,
                     struct pit__message *m);
void pit__bound_priority(struct pit__process *p, struct pit__bound *b, struct pit__message *last,
                         struct pit__message *m);

/* In the process, before it takes a message: calls `overloaded` if that is due. It may switch.
   true: it was called. */
bool pit__bound_call(struct pit__process *p);

/* ---- the sender's side */

/* Does p, on another scheduler, make its senders wait? Relaxed, as all of it: a hint, by which a
   sender asks; what happens is decided by the owner. */
static inline bool pit__bound_blocks(const struct pit__process *p)
{
    return atomic_load_explicit(&p->bound_blocks, memory_order_relaxed);
}

/* Send m, which is complete, to p (or to an alias of p's) with such a bound; the current process
   may have to wait. */
void pit__bound_route(struct pit__thread *t, struct pit__process *p, struct pit__message *m);
/* There is room, or the receiver is gone. */
void pit__bound_room(struct pit__sched *s, struct pit__process *p);
/* In pit__leave_slow: wait for room. */
void pit__bound_wait(struct pit__process *p);
/* The sender ends, first of all in its teardown: what it waits with is not sent. */
void pit__bound_sender_ends(struct pit__sched *s, struct pit__process *p);

#endif
