/*
 * Random terms from a seed: every kind, the bounds of each more often than chance would, nested a
 * few levels. With RANDOM_FOR_ERLANG only those that a real Erlang reads and prints alike;
 * test_erlang.c says which are not.
 */
#ifndef TESTS_TERM_RANDOM_TERM_H
#define TESTS_TERM_RANDOM_TERM_H

#ifndef RANDOM_FOR_ERLANG
#define RANDOM_FOR_ERLANG 0
#endif

#include <pit/term.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "term/make.h"
#include "term/pid.h"
#include "term/text.h"
#include "tests/harness/test.h"

static inline uint64_t below(uint64_t *seed, uint64_t n) { return pit_test_random_below(seed, n); }

static inline pit_term random_parsed(const char *text)
{
    pit_term t;
    CHECK_EQ(pit_term_parse(text, strlen(text), &t), 0);
    return t;
}

static inline pit_term random_integer(uint64_t *seed)
{
    static const int64_t edges[] = {0,
                                    1,
                                    -1,
                                    127,
                                    -128,
                                    INT32_MAX,
                                    INT32_MIN,
                                    INT64_MAX,
                                    INT64_MIN,
                                    (INT64_C(1) << 60) - 1,
                                    INT64_C(1) << 60,
                                    -(INT64_C(1) << 60),
                                    -(INT64_C(1) << 60) - 1,
                                    INT64_C(1) << 53,
                                    (INT64_C(1) << 53) + 1};
    char text[120] = "-";
    unsigned n = 1;

    switch (below(seed, 5)) {
    case 0:
        return pit_int(edges[below(seed, sizeof edges / sizeof edges[0])]);
    case 1:
        return pit_int((int64_t)pit_test_random(seed) >> below(seed, 64));
    case 2:
        return pit_uint(pit_test_random(seed));
    case 3:
        for (n += !below(seed, 2), text[n - 1] = '7'; n < 20 + below(seed, 80);)
            text[n++] = (char)('0' + below(seed, 10));
        return random_parsed(text);
    default:
        return pit_int((int64_t)below(seed, 200) - 50);
    }
}

static inline double random_double(uint64_t *seed)
{
    static const double edges[] = {0.0,
                                   -0.0,
                                   1.0,
                                   -1.0,
                                   0.1,
                                   1e10,
                                   1e-5,
                                   123456.0,
                                   1e22,
                                   5e-324,
                                   1.7976931348623157e308,
                                   9007199254740992.0,
                                   9007199254740994.0,
                                   1e21,
                                   100000.0,
                                   1000000.0,
                                   0.001,
                                   0.0001,
                                   1.5e-7,
                                   2.5};
    double d;

    switch (below(seed, 3)) {
    case 0:
        return edges[below(seed, sizeof edges / sizeof edges[0])];
    case 1:
        return (double)((int64_t)pit_test_random(seed) >> below(seed, 64)) / 1000.0;
    default:
        do {
            uint64_t bits = pit_test_random(seed);
            memcpy(&d, &bits, sizeof d);
        } while (!__builtin_isfinite(d));
        return d;
    }
}

static inline pit_term random_float(uint64_t *seed)
{
    double d = random_double(seed);
    return pit_float(RANDOM_FOR_ERLANG && d == 0 ? 0.0 : d);
}

/* Characters of all the classes that text treats apart. */
static inline uint32_t random_character(uint64_t *seed)
{
    static const uint32_t edges[] = {'\n',    '\t',    '\\',    '\'',
                                     '"',     1,       31,      127,
                                     0x80,    0x9f,    0xa0,    0xe9,
                                     0xd7,    0xdf,    0xff,    0x3a9,
                                     0xd7ff,  0xe000,  0xfffd,  RANDOM_FOR_ERLANG ? 0xfffd : 0xffff,
                                     0x10000, 0x1f600, 0x10ffff};
    if (below(seed, 4))
        return 'a' + (uint32_t)below(seed, 26);
    if (below(seed, 2))
        return ' ' + (uint32_t)below(seed, 95);
    return edges[below(seed, sizeof edges / sizeof edges[0])];
}

static inline size_t random_text(uint64_t *seed, char *text, size_t characters)
{
    size_t size = 0;

    for (size_t n = below(seed, characters + 1); n > 0; n--)
        size += pit__utf8_encode(random_character(seed), (uint8_t *)text + size);
    text[size] = '\0';
    return size;
}

static inline pit_term random_binary(uint64_t *seed)
{
    uint8_t bytes[400];
    size_t size = below(seed, 3) ? below(seed, 20) : below(seed, 200);

    if (below(seed, 2))
        return pit_bytes(bytes, random_text(seed, (char *)bytes, size < 90 ? size : 90));
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)pit_test_random(seed);
    if (RANDOM_FOR_ERLANG && size > 0)
        bytes[0] = 1; /* no text in any encoding */
    return pit_bytes(bytes, size);
}

static inline pit_pid random_pid(uint64_t *seed)
{
    return pit__pid(below(seed, 8) == 0,
                    pit_test_random(seed) & PIT__PID_INDEX_MAX >> below(seed, 27),
                    pit_test_random(seed) & PIT__PID_GENERATION_MAX >> below(seed, 35));
}

static inline pit_term random_string(uint64_t *seed)
{
    char text[200];

    random_text(seed, text, 40);
    return pit_string(text);
}

#define RANDOM_LEAVES 7
static inline pit_term random_leaf(uint64_t *seed, unsigned kind)
{
    char text[200];

    switch (kind) {
    case 0:
        return random_integer(seed);
    case 1:
        return random_float(seed);
    case 2:
        random_text(seed, text, 40);
        return pit_atom_of(below(seed, 2) ? text : below(seed, 2) ? "ok" : "end");
    case 3:
        return random_binary(seed);
    case 4:
        return below(seed, 2) ? random_string(seed) : pit_nil();
    case 5:
        return pit_term_of(random_pid(seed));
    default:
        return pit_term_of(((pit_ref){random_pid(seed), pit_test_random(seed) >> below(seed, 64)}));
    }
}

static inline pit_term random_term(uint64_t *seed, unsigned depth)
{
    pit_term t[12], v[12];
    size_t n = below(seed, 6);

    if (depth == 0 || below(seed, 3) == 0)
        return random_leaf(seed, (unsigned)below(seed, RANDOM_LEAVES - 2 * RANDOM_FOR_ERLANG));
    for (size_t i = 0; i < n; i++) {
        t[i] = random_term(seed, depth - 1);
        v[i] = random_term(seed, depth - 1);
    }
    switch (below(seed, 4)) {
    case 0:
        return pit_tuple_of(t, n);
    case 1:
        return pit_map_of(t, v, n);
    case 2:
        return n > 1 ? pit_list_cons(t[0], pit_list_cons(t[1], v[0])) : pit_list_of(t, n);
    default:
        return pit_list_of(t, n);
    }
}

#endif
