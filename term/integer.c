/* Integers beyond 61 bits; see integer.h. */
#include "term/integer.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/assert.h"

__extension__ typedef unsigned __int128 wide;

/* An integer of either shape, looked at as limbs. count 0: zero. */
struct integer {
    bool negative;
    size_t count;
    const uint64_t *limbs;
    uint64_t own; /* the limb of a small one */
};

static void integer_of(pit_term t, struct integer *ret)
{
    if (pit__tag(t) == PIT__TAG_SMALL) {
        int64_t v = pit__small_value(t);
        ret->negative = v < 0;
        ret->own = v < 0 ? -(uint64_t)v : (uint64_t)v;
        ret->limbs = &ret->own;
        ret->count = v != 0;
        return;
    }
    const uint64_t *c = pit__cells(t);
    ret->negative = pit__header_type(*c) == PIT__BOX_NEGATIVE;
    ret->limbs = c + 1;
    ret->count = pit__header_size(*c);
}

int pit__integer_make(struct pit__heap *h, bool negative, const uint64_t *limbs, size_t count,
                      pit_term *ret)
{
    while (count > 0 && limbs[count - 1] == 0)
        count--;
    if (count == 0 || (count == 1 && limbs[0] <= (uint64_t)PIT__SMALL_MAX + negative)) {
        int64_t v = count ? (int64_t)limbs[0] : 0;
        *ret = pit__small(negative ? -v : v);
        return 0;
    }

    uint64_t *c = h ? pit__heap_try(h, 1 + count) : pit__heap_cells(1 + count);
    if (!c)
        return -ENOMEM;
    c[0] = pit__header(negative ? PIT__BOX_NEGATIVE : PIT__BOX_POSITIVE, count);
    memcpy(c + 1, limbs, count * sizeof *limbs);
    *ret = pit__box_term(c);
    return 0;
}

static pit_term from_magnitude(bool negative, uint64_t magnitude)
{
    pit_term t = {0};

    /* The current heap: ends instead of failing. */
    (void)pit__integer_make(NULL, negative, &magnitude, 1, &t);
    return t;
}

pit_term pit_int(int64_t v)
{
    if (PIT__LIKELY(pit__fits_small(v)))
        return pit__small(v);
    return from_magnitude(v < 0, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

pit_term pit_uint(uint64_t v)
{
    return PIT__LIKELY(v <= (uint64_t)PIT__SMALL_MAX) ? pit__small((int64_t)v)
                                                      : from_magnitude(false, v);
}

uint64_t pit__limbs_multiply(uint64_t *limbs, size_t count, uint64_t by, uint64_t plus)
{
    uint64_t carry = plus;

    for (size_t i = 0; i < count; i++) {
        wide w = (wide)limbs[i] * by + carry;
        limbs[i] = (uint64_t)w;
        carry = (uint64_t)(w >> 64);
    }
    return carry;
}

static int compare_magnitude(const struct integer *a, const struct integer *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (size_t i = a->count; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

int pit__integer_compare(pit_term ta, pit_term tb)
{
    if (pit__tag(ta) == PIT__TAG_SMALL && pit__tag(tb) == PIT__TAG_SMALL)
        return (pit__small_value(ta) > pit__small_value(tb)) -
               (pit__small_value(ta) < pit__small_value(tb));

    struct integer a, b;
    integer_of(ta, &a);
    integer_of(tb, &b);
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    return a.negative ? compare_magnitude(&b, &a) : compare_magnitude(&a, &b);
}

/* The whole part of a positive double as limbs, at most 1,024 bits of them. */
#define FLOAT_LIMBS 17
static size_t limbs_of_float(double d, uint64_t limbs[FLOAT_LIMBS])
{
    int exponent;
    double fraction = frexp(d, &exponent); /* d = fraction * 2^exponent, fraction in [0.5, 1) */

    memset(limbs, 0, FLOAT_LIMBS * sizeof *limbs);
    if (exponent <= 0)
        return 0;
    if (exponent <= 53) {
        limbs[0] = (uint64_t)d;
    } else {
        uint64_t mantissa = (uint64_t)ldexp(fraction, 53);
        unsigned shift = (unsigned)exponent - 53, at = shift / 64, bits = shift % 64;
        limbs[at] = mantissa << bits;
        if (bits > 11)
            limbs[at + 1] = mantissa >> (64 - bits);
    }
    size_t count = FLOAT_LIMBS;
    while (count > 0 && limbs[count - 1] == 0)
        count--;
    return count;
}

int pit__integer_compare_float(pit_term ta, double d)
{
    struct integer a;
    uint64_t limbs[FLOAT_LIMBS];

    integer_of(ta, &a);
    bool zero = a.count == 0;
    if (zero || a.negative != (d < 0))
        return zero ? (d < 0) - (d > 0) : a.negative ? -1 : 1;

    struct integer b = {.limbs = limbs, .count = limbs_of_float(fabs(d), limbs)};
    int order = compare_magnitude(&a, &b);
    if (order == 0 && fabs(d) > trunc(fabs(d))) /* equal but for what is behind the point */
        order = -1;
    return a.negative ? -order : order;
}

bool pit__integer_to_int(pit_term t, int64_t *ret)
{
    if (pit__tag(t) == PIT__TAG_SMALL) {
        *ret = pit__small_value(t);
        return true;
    }
    if (!pit__is_big(t))
        return false;

    struct integer a;
    integer_of(t, &a);
    if (a.count > 1 || a.limbs[0] > (uint64_t)INT64_MAX + a.negative)
        return false;
    *ret = a.negative ? (int64_t)-a.limbs[0] : (int64_t)a.limbs[0];
    return true;
}

bool pit__integer_to_uint(pit_term t, uint64_t *ret)
{
    if (pit__tag(t) == PIT__TAG_SMALL) {
        *ret = (uint64_t)pit__small_value(t);
        return pit__small_value(t) >= 0;
    }
    if (!pit__is_box(t, PIT__BOX_POSITIVE) || pit__header_size(*pit__cells(t)) > 1)
        return false;
    *ret = pit__cells(t)[1];
    return true;
}

#define DECIMALS 19 /* digits that always fit a limb */
#define DECIMALS_POWER UINT64_C(10000000000000000000)

static uint64_t divide(uint64_t *limbs, size_t count, uint64_t by)
{
    uint64_t rest = 0;

    for (size_t i = count; i-- > 0;) {
        wide w = (wide)rest << 64 | limbs[i];
        limbs[i] = (uint64_t)(w / by);
        rest = (uint64_t)(w % by);
    }
    return rest;
}

static char *digits_of(uint64_t v, unsigned least, char *end)
{
    for (; v || least; v /= 10) {
        *--end = (char)('0' + v % 10);
        least -= least > 0;
    }
    return end;
}

char *pit__integer_digits(pit_term t, uint64_t *scratch, char *end)
{
    struct integer a;

    integer_of(t, &a);
    if (a.count <= 1)
        return digits_of(a.count ? a.limbs[0] : 0, 1, end);

    size_t count = a.count;
    memcpy(scratch, a.limbs, count * sizeof *scratch);
    while (count > 0) {
        uint64_t rest = divide(scratch, count, DECIMALS_POWER);
        while (count > 0 && scratch[count - 1] == 0)
            count--;
        end = digits_of(rest, count ? DECIMALS : 1, end);
    }
    return end;
}
