/* The growing half of stack.h. */
#include "term/stack.h"

bool pit__stack_grow(struct pit__stack *s, size_t n)
{
    size_t room = s->room * 2;

    while (room - s->count < n)
        room *= 2;
    uint64_t *words = pit__term_memory.alloc(room * sizeof(uint64_t));
    if (!words)
        return false;
    memcpy(words, s->words, s->count * sizeof(uint64_t));
    pit__stack_free(s);
    s->words = words;
    s->room = room;
    return true;
}

void pit__stack_need(struct pit__stack *s, size_t n)
{
    if (pit__stack_room(s, n))
        return;

    size_t depth = s->count;
    pit__stack_free(s);
    pit__system_limit("no memory to walk a term nested %zu deep", depth);
}
