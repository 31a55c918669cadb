/*
 * What a supervisor is told of itself and of its children, and whether that is sound. Spec: SUP-2,
 * SUP-3.
 */
#ifndef PIT_OTP_CHILD_SPEC_H
#define PIT_OTP_CHILD_SPEC_H

#include <pit/supervisor.h>

/* What PIT_CHILDREN copies: the specifications, their ids and arguments, in one block of the
   process's memory. */
struct pit__children {
    size_t count;
    pit_child child[];
};

/* What is wrong, in words; NULL: nothing. simple: of a simple supervisor, whose children have no
   id. */
const char *pit__child_wrong(const pit_child *c, bool simple);
const char *pit__flags_wrong(const pit_sup_spec *spec);

#endif
