/*
 * Keeping one's place in a term without recursion: runs of cells that are still to be visited.
 *
 * A tuple pushes the run of its elements, a pair the run of its tail (one cell) while its head is
 * visited next; a run is dropped before its last cell is visited, so a long list keeps the stack
 * flat.
 */
#ifndef PIT_TERM_WALK_H
#define PIT_TERM_WALK_H

#include "term/stack.h"

static inline void pit__walk_push(struct pit__stack *s, const uint64_t *cells, size_t count)
{
    if (count == 0)
        return;
    pit__stack_need(s, 2);
    pit__stack_push(s, (uint64_t)(uintptr_t)cells);
    pit__stack_push(s, count);
}

static inline bool pit__walk_next(struct pit__stack *s, pit_term *ret)
{
    if (s->count == 0)
        return false;

    uint64_t *run = s->words + s->count - 2;
    const uint64_t *cell = (const uint64_t *)(uintptr_t)run[0];
    run[0] += sizeof(uint64_t);
    if (--run[1] == 0)
        s->count -= 2;
    *ret = pit__at(cell);
    return true;
}

#endif
