/*
 * Mailbox word: messages on their way to a process from threads that do not own it. The argument is
 * in mailbox.c.
 */
#ifndef PIT_RUNTIME_MAILBOX_H
#define PIT_RUNTIME_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/message.h"

struct pit__mailbox {
    _Atomic(uintptr_t) word;
};

/* true: m is the carrier, and the caller pushes it on the owner's inbox at once. Any thread. */
bool pit__mailbox_push(struct pit__mailbox *mb, struct pit__message *m);

/* What followed the carrier, oldest first; NULL if nothing. Owner only, with the carrier in its
   hands. */
struct pit__message *pit__mailbox_take(struct pit__mailbox *mb);

/* Nothing outside, and nothing under way: the owner may append to the inner queue. */
static inline bool pit__mailbox_quiet(struct pit__mailbox *mb)
{
    return atomic_load_explicit(&mb->word, memory_order_relaxed) == 0;
}

/*
 * Inbox: what arrives at a scheduler, carriers and whole signals. A LIFO list that is taken as a
 * whole.
 */
struct pit__inbox {
    _Atomic(struct pit__message *) head;
};

/* true: it was empty, so the owner may be asleep and the caller sees to its waking. Any thread. */
bool pit__inbox_push(struct pit__inbox *in, struct pit__message *m);

/* All of it, oldest first. Owner only. */
struct pit__message *pit__inbox_take(struct pit__inbox *in);

static inline bool pit__inbox_empty(struct pit__inbox *in)
{
    return atomic_load_explicit(&in->head, memory_order_relaxed) == NULL;
}

#endif
