/*
 * Characters: UTF-8, and which of them Erlang prints as they are.
 */
#ifndef PIT_TERM_TEXT_H
#define PIT_TERM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next character of at..end and its size in bytes; 0 bytes: not UTF-8 (or at the end). */
unsigned pit__utf8_decode(const uint8_t *at, const uint8_t *end, uint32_t *ret);

/* 1 to 4 bytes; the character must be one (pit__utf8_is_character). */
unsigned pit__utf8_encode(uint32_t c, uint8_t *to);

bool pit__utf8_valid(const uint8_t *text, size_t size, size_t *ret_characters);

/* A Unicode scalar value: below 0x110000, and no half of a surrogate pair. */
static inline bool pit__utf8_is_character(uint64_t c)
{
    return c < 0xd800 || (c > 0xdfff && c < 0x110000);
}

/* What makes Erlang print a list as a string: io_lib:printable_unicode_list/1. */
bool pit__printable(uint64_t c);

/* Character classes of Erlang's tokens; Latin-1 letters are letters. */
bool pit__is_lower(uint32_t c);
bool pit__is_name(uint32_t c); /* may stand in an unquoted atom after its first letter */
bool pit__is_digit(uint32_t c);

/* Is this text an atom without quotes? */
bool pit__atom_is_bare(const char *text, size_t size);

#endif
