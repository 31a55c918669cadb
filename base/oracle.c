#include "base/oracle.h"

#include <sys/random.h>
#include <time.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t pit__now(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t pit__now_coarse(void) { return clock_ns(CLOCK_MONOTONIC_COARSE); }
int64_t pit__wall_clock(void) { return clock_ns(CLOCK_REALTIME); }

void pit__chance_seed(struct pit__chance *c, uint64_t seed) { c->state = seed; }

/* splitmix64 (Steele, Lea, Flood 2014): one add and three multiply-xors, every state is fine. */
uint64_t pit__chance_next(struct pit__chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Multiply and shift: the bias is below 2^-32 for the small bounds that choices have. */
uint64_t pit__chance_below(struct pit__chance *c, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)pit__chance_next(c) * bound) >> 64);
}

uint64_t pit__entropy(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint64_t)pit__now() ^ (uint64_t)pit__wall_clock();
    return seed;
}
