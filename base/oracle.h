/*
 * The oracle: the one place where the runtime learns what the program does not determine: time and
 * chance. Nothing else in the tree calls clock_gettime, getrandom or rand, so that a seed can
 * replay a whole run.
 */
#ifndef PIT_BASE_ORACLE_H
#define PIT_BASE_ORACLE_H

#include <stdint.h>

int64_t pit__now(void);        /* monotonic, nanoseconds */
int64_t pit__wall_clock(void); /* since 1970, nanoseconds */

/* The monotonic clock at the kernel's last tick: a fifth of the cost, behind pit__now by at most
   PIT__COARSE_LAG (HZ is 100 or more). */
#define PIT__COARSE_LAG INT64_C(10000000)
int64_t pit__now_coarse(void);

/* A generator of its own state (xoshiro256**-like quality is not needed: splitmix64). Each
   scheduler has one, split from the node's seed. */
struct pit__chance {
    uint64_t state;
};
void pit__chance_seed(struct pit__chance *c, uint64_t seed);
uint64_t pit__chance_next(struct pit__chance *c);
uint64_t pit__chance_below(struct pit__chance *c,
                           uint64_t bound); /* 0 <= result < bound; bound > 0 */

/* A seed from the system. */
uint64_t pit__entropy(void);

#endif
