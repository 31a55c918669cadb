/*
 * A stack of words that begins in its owner's frame and grows into the memory hook's.
 *
 * Terms may be nested without bound, and the stack of a process is 64 KiB; so whatever walks a term
 * keeps its place in one of these instead of recursing. Almost every term fits the words of the
 * frame.
 */
#ifndef PIT_TERM_STACK_H
#define PIT_TERM_STACK_H

#include <stdint.h>
#include <string.h>

#include "term/heap.h"

#define PIT__STACK_INLINE 48

struct pit__stack {
    uint64_t *words;
    size_t count;
    size_t room;
    uint64_t first[PIT__STACK_INLINE];
};

static inline void pit__stack_init(struct pit__stack *s)
{
    s->words = s->first;
    s->count = 0;
    s->room = PIT__STACK_INLINE;
}

static inline void pit__stack_free(struct pit__stack *s)
{
    if (s->words != s->first)
        pit__term_memory.free(s->words, s->room * sizeof(uint64_t));
}

/* Room for n more; false without memory, and the stack is as it was. */
bool pit__stack_grow(struct pit__stack *s, size_t n);
static inline bool pit__stack_room(struct pit__stack *s, size_t n)
{
    return s->room - s->count >= n || pit__stack_grow(s, n);
}

/* For those who have no error to return: without memory the process ends. */
void pit__stack_need(struct pit__stack *s, size_t n);

static inline void pit__stack_push(struct pit__stack *s, uint64_t word)
{
    s->words[s->count++] = word;
}

#endif
