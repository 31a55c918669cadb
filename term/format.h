/*
 * What ~, ~a and ~s mean, for pit_build (values) and pit_match (targets).
 */
#ifndef PIT_TERM_FORMAT_H
#define PIT_TERM_FORMAT_H

#include "term/heap.h"

struct pit__format_args {
    const struct pit__arg *args;
    unsigned count;
};

/* The term of an argument; NULL, or what is wrong with it. */
const char *pit__format_value(struct pit__arg arg, char letter, pit_term *ret);

/* Set a target from a term. *ret_what: NULL, or what is wrong with the target, whatever the
   term. */
bool pit__format_take(pit_term t, struct pit__arg target, char letter, const char **ret_what);

/* End the caller with badarg, naming format, position and place. */
_Noreturn void pit__format_refuse(const char *who, struct pit__place place, size_t offset,
                                  const char *what);

#endif
