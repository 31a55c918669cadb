/*
 * Numbers to and from text; see number.h.
 *
 * Floats go through the C library in the "C" locale whatever the program has set: a comma would be
 * read as the end of an element.
 */
#include "term/number.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "term/integer.h"
#include "term/make.h"
#include "term/stack.h"
#include "term/text.h"

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static uint8_t byte_at(const struct pit__scanner *s, size_t distance)
{
    return (size_t)(s->end - s->at) > distance ? s->at[distance] : 0;
}

/* ---- Integers ---- */

static unsigned digit_value(uint8_t c)
{
    if (pit__is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10u : 99;
}

/* The next digit of a base, stepping over one _ between digits. */
static bool next_digit(struct pit__scanner *s, unsigned base, bool first, unsigned *ret)
{
    size_t skip = !first && byte_at(s, 0) == '_';
    unsigned digit = digit_value(byte_at(s, skip));

    if (digit >= base)
        return false;
    s->at += skip + 1;
    *ret = digit;
    return true;
}

static int shift_in(struct pit__stack *limbs, uint64_t by, uint64_t plus)
{
    uint64_t carry = pit__limbs_multiply(limbs->words, limbs->count, by, plus);

    if (carry == 0)
        return 0;
    if (limbs->count == PIT__LIMBS_MAX)
        return -PIT_ESYSTEMLIMIT;
    if (!pit__stack_room(limbs, 1))
        return -ENOMEM;
    pit__stack_push(limbs, carry);
    return 0;
}

/* Digits are gathered in a word while they fit, so that limbs are multiplied once for 19 digits. */
static int digits(struct pit__scanner *s, unsigned base, struct pit__stack *limbs)
{
    uint64_t part = 0, power = 1;
    unsigned digit;
    bool first = true;

    for (; next_digit(s, base, first, &digit); first = false) {
        if (power > UINT64_MAX / base) {
            int r = shift_in(limbs, power, part);
            if (r < 0)
                return r;
            part = 0;
            power = 1;
        }
        part = part * base + digit;
        power *= base;
    }
    return first ? -EINVAL : shift_in(limbs, power, part);
}

static enum pit__token integer_failed(struct pit__scanner *s, int r)
{
    if (r == -PIT_ESYSTEMLIMIT)
        return pit__scan_fail(s, r, "an integer has at most 65,536 bits");
    return pit__scan_fail(s, r, r == -ENOMEM ? "no memory" : "a digit is missing");
}

/* ---- Floats ---- */

/* More than any float needs; a longer one is refused rather than cut. */
#define FLOAT_CHARACTERS 800

static bool float_digits(struct pit__scanner *s, char *text, size_t *size)
{
    unsigned digit;

    for (bool first = true; next_digit(s, 10, first, &digit); first = false) {
        if (*size == FLOAT_CHARACTERS)
            return false;
        text[(*size)++] = (char)('0' + digit);
    }
    return true;
}

/* At the first digit; a point with a digit behind it is known to follow. */
static enum pit__token floating(struct pit__scanner *s, bool negative)
{
    char text[FLOAT_CHARACTERS + 8];
    size_t size = 0;
    bool fits = float_digits(s, text, &size);

    s->at++;
    text[size++] = '.';
    fits = fits && float_digits(s, text, &size);
    if (fits && (byte_at(s, 0) | 0x20) == 'e') {
        size_t sign = byte_at(s, 1) == '-' || byte_at(s, 1) == '+';
        if (!pit__is_digit(byte_at(s, 1 + sign)))
            return pit__scan_fail(s, -EINVAL, "a float's exponent has no digits");
        text[size++] = 'e';
        if (sign)
            text[size++] = (char)byte_at(s, 1);
        s->at += 1 + sign;
        fits = float_digits(s, text, &size);
    }
    if (!fits)
        return pit__scan_fail(s, -EINVAL, "a float has at most 800 digits");
    text[size] = '\0';

    pthread_once(&c_locale_once, make_c_locale);
    double d = c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
    if (!isfinite(d))
        return pit__scan_fail(s, -EINVAL, "a float beyond the largest");
    if (pit__make_float(s->heap, negative ? -d : d, &s->value) < 0)
        return pit__scan_fail(s, -ENOMEM, "no memory");
    return PIT__TOKEN_TERM;
}

/* ---- Both ---- */

/* 16#ff: the base was read, and is the only limb. */
static int based_digits(struct pit__scanner *s, struct pit__stack *limbs)
{
    uint64_t base = limbs->count == 1 ? limbs->words[0] : 0;

    if (base < 2 || base > 36)
        return -EINVAL;
    s->at++;
    limbs->count = 0;
    return digits(s, (unsigned)base, limbs);
}

enum pit__token pit__scan_number(struct pit__scanner *s)
{
    struct pit__stack limbs;
    bool negative = *s->at == '-';

    if (negative || *s->at == '+') {
        s->at++;
        pit__scan_blanks(s);
    }
    const uint8_t *from = s->at;
    pit__stack_init(&limbs);
    int r = digits(s, 10, &limbs);
    if (byte_at(s, 0) == '.' && pit__is_digit(byte_at(s, 1)) && s->at > from) {
        pit__stack_free(&limbs);
        s->at = from;
        return floating(s, negative);
    }
    if (r == 0 && byte_at(s, 0) == '#')
        r = based_digits(s, &limbs);
    if (r == 0)
        r = pit__integer_make(s->heap, negative, limbs.words, limbs.count, &s->value);
    pit__stack_free(&limbs);
    return r < 0 ? integer_failed(s, r) : PIT__TOKEN_TERM;
}

/* The shortest digits that read back, without zeros at the end; the value is 0.d1d2d3... *
   10^place. */
static size_t shortest_digits(double d, char *digits_out, int *ret_place)
{
    char text[40];
    size_t n = 0;

    /* Of 15 digits each survives a double, so none shorter needs to be tried, but for the smallest
       of all. */
    for (int precision = d < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, d);
        if (precision == 16 || strtod(text, NULL) == d)
            break;
    }
    char *exponent = strchr(text, 'e');
    for (char *c = text; c < exponent; c++) /* the point is the locale's: whatever is no digit */
        if (pit__is_digit((uint8_t)*c))
            digits_out[n++] = *c;
    PIT_ASSERT(n > 0); /* %e writes one at least */
    while (n > 1 && digits_out[n - 1] == '0')
        n--;
    *ret_place = (int)strtol(exponent + 1, NULL, 10) + 1;
    return n;
}

/* Of the two forms the shorter, plain if equal, and no zeros that claim digits beyond 2^53: as OTP
   25 and later. */
static bool plain_is_better(double d, int place, int n)
{
    char exponent[8];
    int cost = snprintf(exponent, sizeof exponent, "%d", place - 1) + 1 + (n == 1 ? 2 : 1);

    if (place < 0)
        return 2 - place <= cost;
    if (place < n)
        return true;
    return place - n + 2 <= cost && d < 9007199254740992.0;
}

size_t pit__float_text(double d, char text[PIT__FLOAT_TEXT])
{
    char s[24];
    int place, size;
    const char *sign = signbit(d) ? "-" : "";

    d = fabs(d);
    if (d == 0)
        return (size_t)sprintf(text, "%s0.0", sign);

    int n = (int)shortest_digits(d, s, &place);
    if (!plain_is_better(d, place, n)) {
        int more = n - 1;
        size = snprintf(text, PIT__FLOAT_TEXT, "%s%c.%.*se%d", sign, s[0], more ? more : 1,
                        more ? s + 1 : "0", place - 1);
    } else if (place <= 0) {
        size = snprintf(text, PIT__FLOAT_TEXT, "%s0.%.*s%.*s", sign, -place, "0000000000", n, s);
    } else if (place < n) {
        size = snprintf(text, PIT__FLOAT_TEXT, "%s%.*s.%.*s", sign, place, s, n - place, s + place);
    } else {
        size = snprintf(text, PIT__FLOAT_TEXT, "%s%.*s%.*s.0", sign, n, s, place - n, "0000000000");
    }
    PIT_ASSERT(size > 0 && size < PIT__FLOAT_TEXT);
    return (size_t)size;
}
