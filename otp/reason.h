/*
 * Exit reasons, as behaviours look at them.
 */
#ifndef PIT_OTP_REASON_H
#define PIT_OTP_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include <pit/process.h>

/* normal, shutdown or {shutdown, _}: an end that was meant to be. Spec: behaviours, top. */
bool pit__reason_expected(pit_term reason);

/*
 * The exit signal of pid, taken from the caller's queue, where it may be if pid was linked and has
 * ended. true: there was one, and *ret_reason is its reason, which lives as a received message
 * does. Looks at the whole queue.
 */
bool pit__take_exit_of(pit_pid pid, pit_term *ret_reason);

/* A process for the log: its registered name and pid, or its pid. */
const char *pit__process_text(pit_pid pid, const char *name, char *buffer, size_t size);

#endif
