/*
 * The bytes that are sent and checked: a table of pseudo-random bytes, the same in each program
 * that includes this.
 *
 * Where an answer is to be told from another, it begins somewhere else in the table. The size is a
 * prime, so that nothing that is lost or doubled in blocks of a usual size leaves the rest in its
 * place.
 */
#ifndef BENCH_NET_PATTERN_H
#define BENCH_NET_PATTERN_H

#include <stdint.h>
#include <stdlib.h>

#define PATTERN_SIZE 1048573u

/* The table, which is never freed; NULL: no memory. */
static inline uint8_t *pattern_new(void)
{
    uint8_t *table = malloc(PATTERN_SIZE);
    uint32_t x = 1;

    for (uint32_t i = 0; table && i < PATTERN_SIZE; i++) {
        x = x * 1664525u + 1013904223u;
        table[i] = (uint8_t)(x >> 24);
    }
    return table;
}

#endif
