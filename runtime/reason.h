/*
 * Exit reasons of the runtime's own making. They are sealed terms: one copy however many links
 * carry it; a plain atom needs no memory at all: pit__reason(normal).
 */
#ifndef PIT_RUNTIME_REASON_H
#define PIT_RUNTIME_REASON_H

#include <pit/term.h>

#include "base/probes.h"
#include "term/heap.h"
#include "term/sealed.h"

/* {system_limit, Text}; and {kind, Text, {File, Line}}, without the place if file is NULL. Without
   memory: the plain atom. */
struct pit__sealed *pit__reason_system_limit(const char *text);
struct pit__sealed *pit__reason_text(const char *kind, const char *text, const char *file,
                                     int line);

/* Seal a reason; without memory for the copy, enomem. */
static inline struct pit__sealed *pit__reason_of(pit_term reason)
{
    struct pit__sealed *s = pit__seal(reason);

    return s ? s : pit__reason(enomem);
}

/*
 * Build a reason in the current heap, however full it is: its limit is lifted from begin to end,
 * which seals the reason and undoes what was built since. Nothing in between may switch. If memory
 * itself ends in between, the process exits with the plain atom system_limit, which needs none
 * (pit__reason_no_memory, from the hook for limits).
 */
struct pit__reason_room {
    struct pit__heap *heap;
    struct pit__heap_mark mark;
    size_t limit;
};
struct pit__reason_room pit__reason_begin(void);
struct pit__sealed *pit__reason_end(const struct pit__reason_room *room, pit_term reason);

/* A limit was reached. Does not return if it is in the middle of building a reason. */
void pit__reason_no_memory(void);

enum pit__exit_kind pit__reason_kind(const struct pit__sealed *r);

#endif
