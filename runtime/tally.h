/*
 * Tally: how many bytes the runtime has taken, by kind.
 *
 * A lane for each scheduler, which its thread alone writes, and one for all other threads. What one
 * thread takes another may give back, so only the sum of all lanes is a number of bytes. Lanes
 * outlive the node: so does what threads outside of it hold. Nothing is tallied on a fast way:
 * chunks and large blocks, regions and binaries, not what is cut from them.
 */
#ifndef PIT_RUNTIME_TALLY_H
#define PIT_RUNTIME_TALLY_H

#include <stdint.h>

enum pit__tally {
    PIT__TALLY_BLOCKS, /* chunks, and what is too large for them */
    PIT__TALLY_TERMS,  /* all memory of the layer term/, binaries too */
    PIT__TALLY_BINARY, /* of it: binaries */
    PIT__TALLY_KINDS
};

/* The caller's thread has taken so many bytes more; negative: it gave them back. Any thread. */
void pit__tally(enum pit__tally kind, int64_t bytes);

/* Any thread; never less than 0. */
uint64_t pit__tally_sum(enum pit__tally kind);

#endif
