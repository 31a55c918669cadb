/*
 * The limit of a process's memory, its own and its mailbox's together. Spec: HEAP-1..5. Owner only.
 *
 * It is looked at when memory is given to it (pit__heap_limit_touched), when a message reaches it,
 * and when its terms are let go. Terms grow where nobody looks, so their heap has what its other
 * memory leaves of the limit as its own bound; what reaches it ends in on_system_limit.
 */
#ifndef PIT_RUNTIME_HEAP_LIMIT_H
#define PIT_RUNTIME_HEAP_LIMIT_H

#include "runtime/attend.h"

/* flags: PIT_MAX_HEAP_. 0 or -ENOMEM. */
int pit__heap_limit_set(struct pit__process *p, uint64_t bytes, unsigned flags);

/* Over the limit: reports, and terminates it. It may be in the middle of a call, which goes on to
   its end. */
void pit__heap_limit_check(struct pit__sched *s, struct pit__process *p);

/* The same for one that perhaps has a limit. */
static inline void pit__heap_limit_touched(struct pit__sched *s, struct pit__process *p)
{
    if (pit__attends(p, PIT__AT_MEMORY))
        pit__heap_limit_check(s, p);
}

/* p has a term heap now, another limit, or less memory beside its terms. */
void pit__heap_limit_heap(struct pit__process *p);

/* A bound of the current process's terms was reached: ends it if that was its limit, else
   returns. */
void pit__heap_limit_terms(void);

#endif
