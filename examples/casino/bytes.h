/*
 * A run of bytes that somebody else owns. The words of a command, keys and values all travel as
 * these: nothing is copied until it is stored, and a zero byte is a byte like any other.
 */
#ifndef CASINO_BYTES_H
#define CASINO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
    const char *at;
    size_t len;
};

static inline struct bytes bytes_of(const char *at, size_t len) { return (struct bytes){at, len}; }
static inline struct bytes bytes_text(const char *text) { return bytes_of(text, strlen(text)); }

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline char bytes_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Is it this word, which is given in lower case, in any case? */
static inline bool bytes_is(struct bytes b, const char *word)
{
    size_t i = 0;

    while (i < b.len && word[i] && bytes_lower(b.at[i]) == word[i])
        i++;
    return i == b.len && word[i] == '\0';
}

#endif
