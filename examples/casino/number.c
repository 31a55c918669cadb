/* Whole numbers to text and back; see number.h for which spellings count. */
#include "examples/casino/number.h"

bool number_parse(struct bytes text, int64_t *ret)
{
    size_t i = 0;
    bool negative = text.len > 0 && text.at[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t n = 0;

    i += negative;
    if (i == text.len || text.len > NUMBER_DIGITS)
        return false;
    if (text.at[i] == '0' && text.len > 1)
        return false; /* "007" and "-0" are texts */
    for (; i < text.len; i++) {
        unsigned digit = (unsigned)((unsigned char)text.at[i] - '0');

        if (digit > 9 || n > (limit - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *ret = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

size_t number_print(int64_t n, char *to)
{
    char reversed[NUMBER_DIGITS];
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    size_t digits = 0, at = 0;

    do {
        reversed[digits++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (n < 0)
        to[at++] = '-';
    while (digits)
        to[at++] = reversed[--digits];
    return at;
}
