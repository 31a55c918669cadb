/*
 * Durations, counted in buckets whose width grows with the value: 128 for each power of two, so
 * what is read back is at most 0.8 % more than what was noted. The size does not depend on how many
 * there are (as in HdrHistogram).
 */
#ifndef BENCH_NET_LOAD_HISTOGRAM_H
#define BENCH_NET_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 7
#define HISTOGRAM_BUCKETS ((65 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
    uint64_t count, most; /* most: the largest, exactly */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_note(struct histogram *h, uint64_t value);

/* The smallest bucket's upper end that at least this share (0 to 1) of all do not exceed; 0:
   nothing was noted. */
uint64_t histogram_at(const struct histogram *h, double share);

#endif
