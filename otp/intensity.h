/*
 * Restart intensity: how many restarts there were in the last period. Spec: SUP-10, exactly.
 *
 * OTP keeps the time of each restart, in whole seconds, in a list and walks it at each restart:
 * 13,600 restarts/s with 10,000 in the list. Here is a ring of (second, how many), so one entry a
 * second whatever the rate: each restart is O(1) amortised, and the ring never holds more than
 * period + 1 entries.
 */
#ifndef PIT_OTP_INTENSITY_H
#define PIT_OTP_INTENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pit__second {
    int64_t second;
    uint64_t restarts;
};

struct pit__intensity {
    int64_t allowed, period;  /* period in seconds */
    struct pit__second *ring; /* of the process's memory; a power of two, NULL at first */
    size_t room, first, used;
    uint64_t restarts; /* sum over the ring */
};

/* One more restart, now (whole seconds of the monotonic clock, not before the last one). false: it
   is one too many. */
bool pit__intensity_add(struct pit__intensity *i, int64_t now);

#endif
