/*
 * The word: what the 64 bits of a pit_term and of the cells it points to mean.
 *
 *   ...000  atom, its index above            ...001  small integer, 61 bits
 *   ...010  pointer to a boxed object        ...011  pid below 2^61
 *   ...100  pointer to a pair (head, tail)   ...101  []
 *   ...110  header of a boxed object; in cells only, never a pit_term
 *
 * Atom 0 is undefined, so the zero pit_term is a term and needs no special case anywhere. ...111 is
 * free in a pit_term; term/sealed.h uses it.
 *
 * A boxed object is a header and its words. Header: bits 3-7 the type, from bit 8 the size:
 * elements of a tuple, pairs of a map (n keys in exact order, then n values), limbs of an integer,
 * bytes of a binary. Since headers are told from terms by their tag, an area of cells can be walked
 * from its first word to its last without knowing what points into it: pit__term_flatten rests on
 * this.
 *
 * Invariants: an integer that fits 61 bits is small, one that does not is not; limbs have no
 * leading zero; a pid that fits its word is not boxed; a map has no key twice. So identical terms
 * have identical shapes.
 */
#ifndef PIT_TERM_CELL_H
#define PIT_TERM_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pit/term.h>

#define PIT__TAG_MASK UINT64_C(7)
enum {
    PIT__TAG_ATOM = 0,
    PIT__TAG_SMALL = 1,
    PIT__TAG_BOX = 2,
    PIT__TAG_PID = 3,
    PIT__TAG_PAIR = 4,
    PIT__TAG_NIL = 5,
    PIT__TAG_HEADER = 6,
};

enum pit__box {
    PIT__BOX_TUPLE,
    PIT__BOX_MAP,
    PIT__BOX_FLOAT,
    PIT__BOX_POSITIVE, /* an integer beyond 61 bits: limbs, least significant first */
    PIT__BOX_NEGATIVE,
    PIT__BOX_PID,
    PIT__BOX_REF,
    PIT__BOX_BYTES, /* a binary of up to PIT__BYTES_INLINE bytes, zero-terminated and zero-filled */
    PIT__BOX_BLOB,  /* a counted one: struct pit__blob_cell */
};

/* Longer binaries are counted: a copy of 64 bytes costs less than the count's cache line that would
   travel. */
#define PIT__BYTES_INLINE 64

#define PIT__SMALL_MAX ((INT64_C(1) << 60) - 1)
#define PIT__SMALL_MIN (-(INT64_C(1) << 60))

/* 65,536 bits: conversion to decimal is quadratic, and text from strangers must not buy much of
   it. */
#define PIT__LIMBS_MAX 1024

static inline unsigned pit__tag(pit_term t) { return (unsigned)(t.word & PIT__TAG_MASK); }
static inline bool pit__is_pointer(pit_term t)
{
    return pit__tag(t) == PIT__TAG_BOX || pit__tag(t) == PIT__TAG_PAIR;
}
static inline uint64_t *pit__cells(pit_term t) { return (uint64_t *)(t.word & ~PIT__TAG_MASK); }
static inline pit_term pit__at(const uint64_t *cell) { return (pit_term){*cell}; }

static inline pit_term pit__small(int64_t value)
{
    return (pit_term){(uint64_t)value << 3 | PIT__TAG_SMALL};
}
static inline int64_t pit__small_value(pit_term t) { return (int64_t)t.word >> 3; }
static inline bool pit__fits_small(int64_t v) { return v >= PIT__SMALL_MIN && v <= PIT__SMALL_MAX; }

static inline uint64_t pit__header(enum pit__box type, uint64_t size)
{
    return size << 8 | (uint64_t)type << 3 | PIT__TAG_HEADER;
}
static inline enum pit__box pit__header_type(uint64_t header)
{
    return (enum pit__box)(header >> 3 & 31);
}
static inline uint64_t pit__header_size(uint64_t header) { return header >> 8; }

static inline pit_term pit__box_term(const uint64_t *cells)
{
    return (pit_term){(uint64_t)(uintptr_t)cells | PIT__TAG_BOX};
}
static inline pit_term pit__pair_term(const uint64_t *cells)
{
    return (pit_term){(uint64_t)(uintptr_t)cells | PIT__TAG_PAIR};
}
static inline bool pit__is_box(pit_term t, enum pit__box type)
{
    return pit__tag(t) == PIT__TAG_BOX && pit__header_type(*pit__cells(t)) == type;
}
static inline bool pit__is_big(pit_term t)
{
    return pit__is_box(t, PIT__BOX_POSITIVE) || pit__is_box(t, PIT__BOX_NEGATIVE);
}

/* Words of a boxed object after its header that are terms, and that are not. */
static inline size_t pit__header_terms(uint64_t header)
{
    switch (pit__header_type(header)) {
    case PIT__BOX_TUPLE:
        return pit__header_size(header);
    case PIT__BOX_MAP:
        return 2 * pit__header_size(header);
    default:
        return 0;
    }
}
static inline size_t pit__header_raw(uint64_t header)
{
    switch (pit__header_type(header)) {
    case PIT__BOX_FLOAT:
    case PIT__BOX_PID:
        return 1;
    case PIT__BOX_REF:
        return 2;
    case PIT__BOX_POSITIVE:
    case PIT__BOX_NEGATIVE:
        return pit__header_size(header);
    case PIT__BOX_BYTES:
        return pit__header_size(header) / 8 + 1; /* room for a zero byte at the end */
    case PIT__BOX_BLOB:
        return 4;
    default:
        return 0;
    }
}
static inline size_t pit__header_words(uint64_t header)
{
    return 1 + pit__header_terms(header) + pit__header_raw(header);
}

/* A use of a counted binary by an area of cells; the areas chain them, to give them back. */
struct pit__blob_use {
    struct pit__blob *owner;
    struct pit__blob_use *next;
};
struct pit__blob_cell {
    /* its size is 0: the bytes' number may need more bits than a header has left */
    uint64_t header;
    const uint8_t *data;
    size_t size;
    struct pit__blob_use use;
};
_Static_assert(sizeof(struct pit__blob_cell) == 5 * 8, "pit__header_raw says 4");

/* The bytes of any binary term. */
static inline const uint8_t *pit__bytes(pit_term t, size_t *ret_size)
{
    const uint64_t *c = pit__cells(t);
    if (pit__header_type(*c) == PIT__BOX_BYTES) {
        *ret_size = pit__header_size(*c);
        return (const uint8_t *)(c + 1);
    }
    const struct pit__blob_cell *blob = (const struct pit__blob_cell *)c;
    *ret_size = blob->size;
    return blob->data;
}

static inline double pit__float_value(pit_term t)
{
    double d;
    __builtin_memcpy(&d, pit__cells(t) + 1, sizeof d);
    return d;
}

#endif
