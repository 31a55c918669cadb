/*
 * What ends a node that has been asked to stop while scheduler 0, which sees to the stopping, is
 * held by a process that never calls the runtime: the thread that called pit_run, which has nothing
 * else to do.
 *
 * It sleeps until a stop is asked for, and then looks five times a second whether scheduler 0 still
 * runs its loop. If not for HEARING, it passes the OS signal on itself; if not for as long as a
 * stop may take, it leaves with the node's status.
 */
#ifndef PIT_RUNTIME_LAST_RESORT_H
#define PIT_RUNTIME_LAST_RESORT_H

#include <stdint.h>

void pit__last_resort_open(void); /* before schedulers and OS signals */

/* A stop was asked for, or the node has stopped. Any thread, signal handlers too. */
void pit__last_resort_ask(void);

/* Until the node has stopped; does not return if limit_ns passes without scheduler 0's doing
   anything. */
void pit__last_resort_wait(int64_t limit_ns);

#endif
