/*
 * Registered names: one cell for each atom, holding a pid or 0. So a look-up is an atom's look-up
 * and one load, and all registrations and look-ups of the node have one order (REG-5): every access
 * is sequentially consistent.
 */
#ifndef PIT_RUNTIME_NAME_H
#define PIT_RUNTIME_NAME_H

#include "runtime/process.h"

/* Whether anybody could have this name; NULL: nobody. A pointer that leads nowhere is a fault of
   the process, so ask first. */
bool pit__name_valid(const char *name);

/* Claim a name for a process of ours that is not yet known to anybody, or that calls itself. 0,
   -EINVAL, -PIT_ENAMETAKEN, -ENOMEM. */
int pit__name_claim(const char *name, struct pit__process *p);

/* Step 4 of the teardown, and unregister. Owner only. */
void pit__name_free(struct pit__process *p);

/* The registered name of p, which has one: its atom, and that as text. */
pit_term pit__name_term(const struct pit__process *p);
const char *pit__name_text(const struct pit__process *p);

/* The atom of a name that somebody could have, and who has it now. 0, -EINVAL, -PIT_ESYSTEMLIMIT,
   -ENOMEM. Any thread. */
int pit__name_atom(const char *name, pit_term *ret);
pit_pid pit__name_holder(pit_term atom);

/* Which atoms are names now, youngest first: f of each. Returns their number; f NULL: that alone.
   Any thread, while the node runs. */
size_t pit__names_each(void (*f)(pit_term atom, void *context), void *context);

/* Bytes of the table. Any thread. */
size_t pit__names_memory(void);

void pit__names_close(void);

#endif
