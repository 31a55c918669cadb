/* Characters; see text.h. */
#include "term/text.h"

#include <string.h>

/* Overlong forms, surrogates and what lies above the last plane are refused by the bounds of the
   second byte. */
unsigned pit__utf8_decode(const uint8_t *at, const uint8_t *end, uint32_t *ret)
{
    if (at >= end)
        return 0;
    if (at[0] < 0x80) {
        *ret = at[0];
        return 1;
    }

    unsigned size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint8_t low = 0x80, high = 0xbf;
    if (at[0] < 0xc2 || at[0] > 0xf4 || (size_t)(end - at) < size)
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;

    uint32_t c = at[0] & (0x7fu >> size);
    for (unsigned i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3f);
    }
    *ret = c;
    return size;
}

unsigned pit__utf8_encode(uint32_t c, uint8_t *to)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (uint8_t)(0xc0 | c >> 6);
        to[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (uint8_t)(0xe0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | c >> 18);
    to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

bool pit__utf8_valid(const uint8_t *text, size_t size, size_t *ret_characters)
{
    const uint8_t *end = text + size;
    size_t n = 0;
    uint32_t c;

    for (; text < end; n++) {
        unsigned used = pit__utf8_decode(text, end, &c);
        if (!used)
            return false;
        text += used;
    }
    *ret_characters = n;
    return true;
}

bool pit__printable(uint64_t c)
{
    if (c < 0x20)
        return (c >= '\b' && c <= '\r') || c == 0x1b; /* \b \t \n \v \f \r \e */
    if (c < 0xa0)
        return c < 0x7f;
    return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

bool pit__is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
bool pit__is_lower(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xdf && c <= 0xff && c != 0xf7);
}

bool pit__is_name(uint32_t c)
{
    return pit__is_lower(c) || (c >= 'A' && c <= 'Z') || pit__is_digit(c) || c == '_' || c == '@' ||
           (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

/* Erlang's reserved words: they need quotes to be atoms. */
static bool is_reserved(const char *text, size_t size)
{
    static const char *const words[] = {
        "after", "and",   "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr", "bxor",
        "case",  "catch", "cond",    "div",    "else",    "end",  "fun", "if",   "let", "maybe",
        "not",   "of",    "or",      "orelse", "receive", "rem",  "try", "when", "xor"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == size && memcmp(words[i], text, size) == 0)
            return true;
    return false;
}

bool pit__atom_is_bare(const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    uint32_t c;
    unsigned used = pit__utf8_decode(at, end, &c);

    if (!used || !pit__is_lower(c))
        return false;
    while (at += used, at < end) {
        used = pit__utf8_decode(at, end, &c);
        if (!used || !pit__is_name(c))
            return false;
    }
    return size > 8 || !is_reserved(text, size);
}
