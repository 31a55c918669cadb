/*
 * Requests: signals that run a function on the receiver's data and answer with what it found; and
 * timers that are started for another scheduler's process. Used by signal.c, which delivers them.
 */
#ifndef PIT_RUNTIME_REQUEST_H
#define PIT_RUNTIME_REQUEST_H

#include "runtime/signal.h"

void pit__request_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
void pit__request_undeliverable(struct pit__sched *s, struct pit__message *m);
void pit__timer_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
void pit__timer_undeliverable(struct pit__sched *s, struct pit__message *m);
void pit__timer_asked(struct pit__sched *s, struct pit__process *p_or_null,
                      struct pit__message *m); /* borrows m */

/* Timers to names: one is due; and what is left when the node has stopped. */
void pit__timer_named_fired(struct pit__sched *s, struct pit__timer *timer);
void pit__timers_named_discard(struct pit__sched *s);

#endif
