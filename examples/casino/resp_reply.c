/* Writing RESP2 replies, and finding where one ends. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "examples/casino/number.h"
#include "examples/casino/resp.h"

static void line(struct out *o, char kind, struct bytes text)
{
    char *to = out_space(o, text.len + 3);

    if (!to)
        return;
    *to++ = kind;
    memcpy(to, text.at, text.len);
    memcpy(to + text.len, "\r\n", 2);
    o->len += text.len + 3;
}

void resp_status(struct out *o, const char *text) { line(o, '+', bytes_text(text)); }

/* Bytes of a client may stand in an error; those that would end the line become spaces. */
void resp_error(struct out *o, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t len = n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\r' || text[i] == '\n')
            text[i] = ' ';
    line(o, '-', bytes_of(text, len));
}

static void number_line(struct out *o, char kind, int64_t n)
{
    char digits[NUMBER_DIGITS];

    line(o, kind, bytes_of(digits, number_print(n, digits)));
}

void resp_integer(struct out *o, int64_t n) { number_line(o, ':', n); }
void resp_null(struct out *o) { out_add(o, "$-1\r\n", 5); }
void resp_array(struct out *o, size_t count) { number_line(o, '*', (int64_t)count); }

void resp_bulk(struct out *o, struct bytes b)
{
    char digits[NUMBER_DIGITS];
    size_t n = number_print((int64_t)b.len, digits);
    char *to = out_space(o, b.len + n + 5);

    if (!to)
        return;
    *to++ = '$';
    memcpy(to, digits, n);
    to += n;
    memcpy(to, "\r\n", 2);
    if (b.len)
        memcpy(to + 2, b.at, b.len);
    memcpy(to + 2 + b.len, "\r\n", 2);
    o->len += b.len + n + 5;
}

void resp_bulk_number(struct out *o, int64_t n)
{
    char digits[NUMBER_DIGITS];

    resp_bulk(o, bytes_of(digits, number_print(n, digits)));
}

/* An array's elements are counted into what is still to be walked, so nesting needs no
   recursion. */
size_t resp_reply_length(struct bytes b)
{
    size_t at = 0;

    for (uint64_t left = 1; left > 0; left--) {
        const char *end = at < b.len ? memchr(b.at + at, '\r', b.len - at) : NULL;
        int64_t n = 0;

        if (!end || (size_t)(end - b.at) + 2 > b.len)
            return 0;
        size_t next = (size_t)(end - b.at) + 2;
        char kind = b.at[at];
        if (kind == '$' || kind == '*') {
            if (!number_parse(bytes_of(b.at + at + 1, (size_t)(end - b.at) - at - 1), &n) || n < -1)
                return 0;
        }
        if (kind == '*' && n > 0)
            left += (uint64_t)n;
        if (kind == '$' && n >= 0) {
            if ((uint64_t)n + 2 > b.len - next)
                return 0;
            next += (size_t)n + 2;
        }
        at = next;
    }
    return at;
}
