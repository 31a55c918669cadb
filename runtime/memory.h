/*
 * A process's own memory inside the runtime: what pit_alloc gave, its state, its terms.
 */
#ifndef PIT_RUNTIME_MEMORY_H
#define PIT_RUNTIME_MEMORY_H

#include "runtime/sched.h"

/* A copy of data in a block, aligned to 16, for an argument or a handler's state; NULL: no memory
   (size 0: NULL is right). */
void *pit__copy_in(struct pit__sched *s, const void *data, size_t size);
void pit__copy_free(struct pit__sched *s, void *copy);
size_t pit__copy_size(const void *copy); /* NULL: 0 */

/* What a process has beside what pit_alloc gave counts as its memory, or no more. The process
   itself only. */
void pit__process_charge(struct pit__process *p, int64_t bytes);

/* The terms of this process: made on first use; emptied; gone. */
struct pit__heap *pit__process_heap(struct pit__process *p);
void pit__process_heap_reset(struct pit__process *p);

/* A piece of the release of everything; true: done. Most have nothing, and are asked without a
   call. */
static inline bool pit__process_memory_none(const struct pit__process *p)
{
    return !p->state && !p->heap && pit__list_empty(&p->allocations);
}
bool pit__process_memory_free(struct pit__sched *s, struct pit__process *p, int *budget);

/* Bytes of stack in use. */
size_t pit__process_stack(const struct pit__process *p);

size_t pit__process_memory(const struct pit__process *p);

#endif
