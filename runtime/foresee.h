/*
 * Foreseeing whom a message will make send next, so that the memory is on its way before it is
 * asked for.
 *
 * With 100,000 processes none of what a message touches is in a cache, and the misses come one
 * after the other: the receiver's slot says where its stack is, the page table where that page is,
 * and only the process itself, once it runs, to whom it sends. But most processes send to the same
 * one as the last time. Each remembers it; when a message arrives, the slot of the receiver's
 * partner is fetched, and while the guesses are right the partner's stack and the partner's
 * partner's slot as well: three misses at a time and not one.
 *
 * A guess changes nothing but what is in the cache. It is made only where processes are so many
 * that they do not fit there.
 */
#ifndef PIT_RUNTIME_FORESEE_H
#define PIT_RUNTIME_FORESEE_H

#include "runtime/sched.h"

/* So many slots with a line or two of stack each do not fit in a core's second cache. */
#define PIT__FORESEE_LEAST 4096

/* `from` has sent to `to`, both of this scheduler. Only if s->crowded. */
void pit__foresee(struct pit__sched *s, struct pit__process *from, struct pit__process *to);

#endif
