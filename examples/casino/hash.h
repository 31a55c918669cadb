/*
 * The hash of a key: which table it lives on (upper half) and in which bucket there (lower half).
 *
 * Keyed, since clients choose the keys: with a seed they do not know, they cannot aim at one
 * bucket. A folded 64 by 64 bit multiplication per 16 bytes; two independent halves come out of one
 * pass.
 */
#ifndef CASINO_HASH_H
#define CASINO_HASH_H

#include <stdint.h>
#include <string.h>

#include "examples/casino/bytes.h"

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_load(const char *at, size_t len)
{
    uint64_t word = 0;

    memcpy(&word, at, len);
    return word;
}

static inline uint64_t hash_key(uint64_t seed, struct bytes key)
{
    /* Odd numbers without structure (digits of pi), so that a zero word does not make the product
       zero. */
    const uint64_t p0 = 0x243f6a8885a308d3u, p1 = 0x13198a2e03707345u, p2 = 0xa4093822299f31d1u;
    uint64_t state = seed ^ hash_fold(key.len ^ p0, p1 ^ seed);
    const char *at = key.at;
    size_t left = key.len;

    for (; left > 16; at += 16, left -= 16)
        state = hash_fold(hash_load(at, 8) ^ p1 ^ state, hash_load(at + 8, 8) ^ p2);
    if (left > 8)
        state = hash_fold(hash_load(at, 8) ^ p1 ^ state, hash_load(at + 8, left - 8) ^ p2);
    else if (left)
        state = hash_fold(hash_load(at, left) ^ p1 ^ state, p2);
    return hash_fold(state ^ p0, p2 ^ seed);
}

#endif
