/*
 * The limit of processes: what a spawn does that finds no slot. Spec: LIFE-11.
 */
#ifndef PIT_RUNTIME_LIMIT_H
#define PIT_RUNTIME_LIMIT_H

#include "runtime/process.h"

/*
 * A spawn of p, which runs, failed with system_limit. true: for want of a slot; its scheduler,
 * which may be another now, has one, and nobody has run since it came. false: no slot is to be had,
 * or that was not what failed. Waits for the other schedulers, but only while there are fewer
 * processes than may be.
 */
bool pit__limit_find_slot(struct pit__process *p);

/* Does this handle hold the error of a spawn that perhaps found no slot? */
static inline bool pit__limit_reached(pit_pid pid)
{
    return pid.id == (INT64_MIN | PIT_ESYSTEMLIMIT);
}

#endif
