#include "bench/net/load/histogram.h"

#include <math.h>

/*
 * Below 2^8 a value is its own bucket. Above, the topmost 8 bits of it, the first of which is
 * always set, and how far they were shifted, name the bucket: the ranges of two shifts meet without
 * a gap.
 */
static unsigned bucket_of(uint64_t value)
{
    int top = value ? 63 - __builtin_clzll(value) : 0;
    int shift = top > HISTOGRAM_BITS ? top - HISTOGRAM_BITS : 0;

    return ((unsigned)shift << HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

static uint64_t upper_end(unsigned bucket)
{
    unsigned shift = bucket >> HISTOGRAM_BITS;

    if (shift < 2)
        return bucket;
    shift--;
    return (((uint64_t)(bucket - (shift << HISTOGRAM_BITS)) + 1) << shift) - 1;
}

void histogram_note(struct histogram *h, uint64_t value)
{
    h->buckets[bucket_of(value)]++;
    h->count++;
    if (value > h->most)
        h->most = value;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)h->count), seen = 0;

    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
        seen += h->buckets[b];
        if (seen && seen >= wanted)
            return upper_end(b) < h->most ? upper_end(b) : h->most;
    }
    return h->most;
}
