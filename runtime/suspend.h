/*
 * Suspending a process: it does not run until every suspender has let it go. Spec: SCHED-5.
 */
#ifndef PIT_RUNTIME_SUSPEND_H
#define PIT_RUNTIME_SUSPEND_H

#include "runtime/attend.h"
#include "runtime/signal.h"

/* The signals; by the receiver's owner. */
void pit__suspend_received(struct pit__sched *s, struct pit__process *p, pit_pid from);
void pit__resume_received(struct pit__sched *s, struct pit__process *p, pit_pid from);
void pit__suspend_over_received(struct pit__sched *s, struct pit__process *p, pit_pid from);

/* It was to run, and is suspended: it is off the run queue, and waits for nothing but its end or to
   be resumed. */
void pit__suspend_hold(struct pit__process *p);

/* It is suspended and waits: the timeout that it armed stands still. */
void pit__suspend_pause(struct pit__sched *s, struct pit__process *p);

#endif
