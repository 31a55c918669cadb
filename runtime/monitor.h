/*
 * Monitors and aliases inside the runtime: their records in the watcher, and what signals do to
 * them. Owner only.
 */
#ifndef PIT_RUNTIME_MONITOR_H
#define PIT_RUNTIME_MONITOR_H

#include "runtime/signal.h"

/* A new reference of p's; a receive by it begins behind what is in the queue now. Spec: RECV-5 */
pit_ref pit__ref_fresh(struct pit__sched *s, struct pit__process *p);

/*
 * The watcher's record of a monitor, and its alias of this mode (0: none); first: its message is a
 * priority message; name: the term of the name that it was made by, or 0. tag is taken over; NULL:
 * none.
 */
void pit__monitor_record(struct pit__sched *s, struct pit__process *p, uint64_t number,
                         pit_pid target, unsigned alias, bool first, struct pit__sealed *tag,
                         uint64_t name);

/* A tag of the user's, sealed; undefined is none: NULL. 0 or -ENOMEM. */
int pit__tag_seal(pit_term tag, struct pit__sealed **ret_tag);

/* The watched process has ended: the record goes, the message comes. sig is borrowed. */
void pit__monitor_fired(struct pit__sched *s, struct pit__process *p, pit_pid from,
                        const struct pit__signal *sig);

/* End a monitor of p's by its record. */
void pit__monitor_cancel(struct pit__sched *s, struct pit__process *p, struct pit__relation *r);

/* alias.c: an alias that lives no longer than its monitor goes with it. */
void pit__alias_follow(struct pit__sched *s, struct pit__process *p,
                       const struct pit__relation *monitor);

/* m, sent to an alias of p's, has arrived. And the record of an alias that is active, else NULL.
   Spec: ALIAS-7 */
void pit__alias_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
struct pit__relation *pit__alias_find(const struct pit__process *p, uint64_t number);

/* Is it active, and made for priority messages? */
bool pit__alias_takes_priority(const struct pit__process *p, uint64_t number);

/* Is it active, and does a bound on the mailbox hold for what comes by it? Not if it is one for
   replies. */
bool pit__alias_bounded(const struct pit__process *p, uint64_t number);

#endif
