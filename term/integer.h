/*
 * Integers beyond 61 bits: a sign and limbs of 64 bits, least significant first. Enough arithmetic
 * for text, order and C's own 64-bit types; programs that calculate use C.
 */
#ifndef PIT_TERM_INTEGER_H
#define PIT_TERM_INTEGER_H

#include "term/cell.h"
#include "term/heap.h"

/* The term of a sign and limbs (which may have leading zeros); NULL heap: the current one, never
   fails. */
int pit__integer_make(struct pit__heap *h, bool negative, const uint64_t *limbs, size_t count,
                      pit_term *ret);

/* limbs = limbs * by + plus; the limb that came out at the top, 0 if none. */
uint64_t pit__limbs_multiply(uint64_t *limbs, size_t count, uint64_t by, uint64_t plus);

int pit__integer_compare(pit_term a, pit_term b);
int pit__integer_compare_float(pit_term a, double b); /* exact: neither is rounded to the other */

bool pit__integer_to_int(pit_term t, int64_t *ret);
bool pit__integer_to_uint(pit_term t, uint64_t *ret);

/* Decimal digits, without the sign: at most 20 for each limb. To end from the end; the first is
   returned. */
char *pit__integer_digits(pit_term t, uint64_t *scratch, char *end);

#endif
