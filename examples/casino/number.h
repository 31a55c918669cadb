/*
 * Whole numbers as redis writes them: no plus sign, no leading zero, no spaces, 64 bits. So a text
 * that is a number has exactly one spelling, and INCR writes back what a client would have written.
 */
#ifndef CASINO_NUMBER_H
#define CASINO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "examples/casino/bytes.h"

#define NUMBER_DIGITS 20 /* the longest: -9223372036854775808 */

/* false: not a number, or too large; *ret is then left alone. */
bool number_parse(struct bytes text, int64_t *ret);
/* Writes up to NUMBER_DIGITS bytes, no terminator; returns how many. */
size_t number_print(int64_t n, char *to);

#endif
