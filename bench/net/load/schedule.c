/* When requests are due; see load.h. */
#include <math.h>

#include "bench/net/load/load.h"

struct schedule schedule_new(double rate, bool fixed, uint64_t seed, int64_t begin)
{
    return (struct schedule){.due = (double)begin,
                             .gap = 1e9 / rate,
                             .random = seed * 0x9e3779b97f4a7c15u | 1,
                             .fixed = fixed};
}

/* In (0, 1]: xorshift64*, its upper 53 bits. */
static double uniform(uint64_t *x)
{
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return (double)((*x * 0x2545f4914f6cdd1du >> 11) + 1) / 9007199254740992.0;
}

/* Independent users come at exponential distances. */
int64_t schedule_next(struct schedule *s)
{
    s->due += s->fixed ? s->gap : -s->gap * log(uniform(&s->random));
    return (int64_t)s->due;
}
