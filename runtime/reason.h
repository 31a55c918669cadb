/*
 * Exit reasons of the runtime's own making. They are sealed terms: one copy however many links carry it; a plain atom needs
 * no memory at all: pit__reason(normal).
 */
#ifndef PIT_RUNTIME_REASON_H
#define PIT_RUNTIME_REASON_H

#include <pit/term.h>

#include "base/probes.h"
#include "term/sealed.h"

/* {system_limit, Text}; and {kind, Text, {File, Line}}, without the place if file is NULL. Without memory: the plain atom. */
struct pit__sealed *pit__reason_system_limit(const char *text);
struct pit__sealed *pit__reason_text(const char *kind, const char *text, const char *file,
                                     int line);

/* Seal a reason; without memory for the copy, enomem. */
static inline struct pit__sealed *pit__reason_of(pit_term reason)
{
    struct pit__sealed *s = pit__seal(reason);

    return s ? s : pit__reason(enomem);
}

enum pit__exit_kind pit__reason_kind(const struct pit__sealed *r);

#endif
