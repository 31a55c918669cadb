/*
 * Goal: Erlang's order of terms, the exact order, equality and hash agree with each other and with
 * the manual.
 * Method: a table in ascending order, each entry against each; laws (antisymmetry, transitivity,
 * equal hashes) on random terms. test_erlang.c compares with a real Erlang.
 */
#include <stdlib.h>
#include <string.h>

#include "term/heap.h"
#include "tests/harness/test.h"
#include "tests/term/random_term.h"

static pit_term parsed(const char *text) { return random_parsed(text); }
static int sign(int order) { return (order > 0) - (order < 0); }

/* number < atom < reference < pid < tuple < map < nil < list < binary, and inside each. */
static const char *const ascending[] = {"-1.0e300",
                                        "-18446744073709551616",
                                        "-9223372036854775809",
                                        "-9223372036854775808",
                                        "-1152921504606846977",
                                        "-1152921504606846976",
                                        "-2.5",
                                        "-2",
                                        "-1",
                                        "0",
                                        "0.5",
                                        "1",
                                        "1.5",
                                        "2",
                                        "1152921504606846975",
                                        "1152921504606846976",
                                        "9007199254740993000",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "1.0e20",
                                        "100000000000000000001",
                                        "1.7976931348623157e308",
                                        "''",
                                        "'A'",
                                        "a",
                                        "aa",
                                        "ab",
                                        "b",
                                        "'\xc3\xa9'",
                                        "#Ref<0.1.0.5>",
                                        "#Ref<0.1.0.6>",
                                        "#Ref<0.2.0.1>",
                                        "<0.1.0>",
                                        "<0.2.0>",
                                        "<0.1.1>",
                                        "<1.0.0>",
                                        "{}",
                                        "{a}",
                                        "{b}",
                                        "{1,2}",
                                        "{1,3}",
                                        "{a,0}",
                                        "{0,0,0}",
                                        "#{}",
                                        "#{1 => b}",
                                        "#{1.0 => a}",
                                        "#{a => 1}",
                                        "#{a => 2}",
                                        "#{b => 0}",
                                        "#{a => 1,b => 2}",
                                        "#{a => 2,b => 1}",
                                        "[]",
                                        "[0|0]",
                                        "[0]",
                                        "[0,0]",
                                        "[1|a]",
                                        "[1]",
                                        "[1,2]",
                                        "[a]",
                                        "[[]]",
                                        "[[a]]",
                                        "<<>>",
                                        "<<0>>",
                                        "<<0,1>>",
                                        "<<1>>",
                                        "<<\"a\">>",
                                        "<<\"aa\">>",
                                        "<<255>>"};
#define COUNT (sizeof ascending / sizeof ascending[0])

PIT_TEST(terms_stand_in_erlangs_order)
{
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            int order = pit_term_compare(parsed(ascending[i]), parsed(ascending[j]));
            if (sign(order) != (i > j) - (i < j))
                pit_test_fail(__FILE__, __LINE__, "%s against %s: %d", ascending[i], ascending[j],
                              order);
        }
}

PIT_TEST(integers_and_floats_compare_by_value_and_differ_exactly)
{
    CHECK_EQ(pit_term_compare(pit_int(1), pit_float(1.0)), 0);
    CHECK(pit_term_compare_exact(pit_int(1), pit_float(1.0)) < 0);
    CHECK(pit_term_compare_exact(pit_int(5), pit_float(1.0)) < 0);
    CHECK(!pit_term_equal(pit_int(1), pit_float(1.0)));
    CHECK_EQ(pit_term_compare(parsed("{1,[2]}"), parsed("{1.0,[2.0]}")), 0);
    CHECK_EQ(pit_term_compare(parsed("#{a => 1}"), parsed("#{a => 1.0}")), 0);
    CHECK(pit_term_compare(parsed("#{1 => a}"), parsed("#{1.0 => a}")) < 0);
    CHECK(!pit_term_equal(parsed("#{a => 1}"), parsed("#{a => 1.0}")));
}

/* 2^53 + 1 has no float; rounding it to one would make it equal to 2^53. */
PIT_TEST(large_integers_and_floats_are_not_rounded_to_each_other)
{
    CHECK(pit_term_compare(parsed("9007199254740993"), parsed("9007199254740992.0")) > 0);
    CHECK_EQ(pit_term_compare(parsed("9007199254740992"), parsed("9007199254740992.0")), 0);
    CHECK(pit_term_compare(parsed("-9007199254740993"), parsed("-9007199254740992.0")) < 0);
    CHECK_EQ(pit_term_compare(parsed("100000000000000000000"), parsed("1.0e20")), 0);
    CHECK(pit_term_compare(parsed("100000000000000000001"), parsed("1.0e20")) > 0);
    CHECK(pit_term_compare(parsed("1"), parsed("1.0000000000000002")) < 0);
    CHECK(pit_term_compare(parsed("-1"), parsed("-1.0000000000000002")) > 0);
    CHECK(pit_term_compare(pit_int(INT64_MAX), parsed("9223372036854775808.0")) < 0);
    CHECK_EQ(pit_term_compare(parsed("0"), parsed("-0.0")), 0);
    CHECK(pit_term_compare(parsed("0"), parsed("5.0e-324")) < 0);
    CHECK(pit_term_compare(parsed("1.7976931348623157e308"),
                           parsed("16#fffffffffffff7ffffffffffffffffffff")) > 0);
}

PIT_TEST(minus_zero_is_equal_but_not_identical_to_zero)
{
    CHECK_EQ(pit_term_compare(pit_float(-0.0), pit_float(0.0)), 0);
    CHECK(pit_term_compare_exact(pit_float(-0.0), pit_float(0.0)) < 0);
    CHECK(!pit_term_equal(pit_float(-0.0), pit_float(0.0)));
}

PIT_TEST(atoms_order_by_text_and_not_by_age)
{
    pit_term z = pit_atom_of("z older"), a = pit_atom_of("a younger");

    CHECK(pit_term_compare(a, z) < 0);
    CHECK(pit_term_compare(pit_atom_of("ab"), pit_atom_of("a")) > 0);
    CHECK(pit_term_compare(pit_atom_of("\xef\xbf\xbd"), pit_atom_of("\xf0\x90\x80\x80")) < 0);
}

PIT_TEST(orders_are_orders)
{
    uint64_t seed = pit_test_seed();

    for (uint64_t i = 0; i < pit_test_scale(3000, 200000); i++) {
        pit_term a = random_term(&seed, 2), b = random_term(&seed, 2), c = random_term(&seed, 2);
        for (int exact = 0; exact < 2; exact++) {
            int (*compare)(pit_term, pit_term) = exact ? pit_term_compare_exact : pit_term_compare;
            CHECK_EQ(compare(a, a), 0);
            CHECK_EQ(sign(compare(a, b)), -sign(compare(b, a)));
            if (compare(a, b) <= 0 && compare(b, c) <= 0)
                CHECK(compare(a, c) <= 0);
        }
        CHECK_EQ(pit_term_equal(a, b), pit_term_compare_exact(a, b) == 0);
        if (pit_term_equal(a, b))
            CHECK_EQ(pit_term_hash(a), pit_term_hash(b));
        pit_term_release_all();
    }
}

/* Built again from text, in other memory. */
PIT_TEST(identical_terms_have_identical_hashes)
{
    uint64_t seed = pit_test_seed();

    for (uint64_t i = 0; i < pit_test_scale(2000, 50000); i++) {
        pit_term a = random_term(&seed, 3), b = random_parsed(pit_term_text(a));
        CHECK(pit_term_equal(a, b));
        CHECK_EQ(pit_term_hash(a), pit_term_hash(b));
        pit_term_release_all();
    }
}

PIT_TEST(hashes_tell_similar_terms_apart)
{
    static const char *const similar[] = {
        "{1,2}",   "{2,1}", "[1,2]",   "[1|2]",     "{1,[2]}", "{[1],2}",   "[[1],2]",
        "[1,[2]]", "1",     "1.0",     "#{1 => 2}", "{}",      "[]",        "''",
        "<<>>",    "<<0>>", "<<0,0>>", "0",         "0.0",     "-0.0",      "#{}",
        "{{}}",    "[{}]",  "{[]}",    "\"ab\"",    "ab",      "<<\"ab\">>"};
    size_t n = sizeof similar / sizeof similar[0];

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(pit_term_hash(parsed(similar[i])) != pit_term_hash(parsed(similar[j])));
}
