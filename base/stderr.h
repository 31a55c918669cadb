/*
 * Writing to stderr, where a node says what it must: without waiting for ever. Who reads stderr may
 * be slow, stopped or gone.
 */
#ifndef PIT__STDERR_H
#define PIT__STDERR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Write a line. Waits for a slow reader, but not for one that has read nothing for a second: from
 * then on lines are dropped at once, until it reads again. Returns whether all of it was written. A
 * line of up to 4,096 bytes goes into a pipe whole or not at all. Any thread, and a signal handler:
 * async-signal-safe, keeps errno.
 */
bool pit__stderr_write(const char *text, size_t size);

#endif
