/*
 * Goal: print writes Erlang's text, parse reads it back, and any other bytes are refused with a
 * place.
 * Method: a table of texts that print as they are; forms that are read but written otherwise;
 * random terms there and back; random damage to good texts (the fuzzer,
 * tests/fuzz/fuzz_term_parse.c, goes further).
 */
#include <locale.h>
#include <string.h>

#include "term/atom.h"
#include "term/heap.h"
#include "tests/harness/test.h"
#include "tests/term/ends.h"
#include "tests/term/random_term.h"

PIT_TEST(these_texts_print_as_they_are_written)
{
    static const char *const texts[] = {"0",
                                        "-1",
                                        "1152921504606846975",
                                        "1152921504606846976",
                                        "-1152921504606846976",
                                        "-1152921504606846977",
                                        "18446744073709551616",
                                        "-340282366920938463463374607431768211456",
                                        "10000000000000000000000000000000000000001",
                                        "1.0",
                                        "-0.0",
                                        "0.1",
                                        "1.0e10",
                                        "1.0e-7",
                                        "123456.789",
                                        "1.0e22",
                                        "5.0e-324",
                                        "1.7976931348623157e308",
                                        "0.001",
                                        "ok",
                                        "'Hello world'",
                                        "''",
                                        "a@b_C1",
                                        "'1a'",
                                        "'end'",
                                        "'a\\'b'",
                                        "'\\n\\t\\\\'",
                                        "ma\xc3\x9fstab",
                                        "'\xce\xa9'",
                                        "{}",
                                        "{a}",
                                        "{a,{b,{}}}",
                                        "[]",
                                        "[1,2,3]",
                                        "[a|b]",
                                        "[a,b|c]",
                                        "[[]]",
                                        "\"abc\"",
                                        "\"a\\\"b\\n\"",
                                        "\"\xce\xa9\xf0\x9f\x98\x80\"",
                                        "[0,1]",
                                        "[97|b]",
                                        "<<>>",
                                        "<<1,2,255>>",
                                        "<<\"abc\">>",
                                        "<<\"\xce\xa9\"/utf8>>",
                                        "<<\"a\\\"\\\\\">>",
                                        "<<195>>",
                                        "#{}",
                                        "#{a => 1}",
                                        "#{1 => [],a => #{},{} => \"x\"}",
                                        "<0.1.0>",
                                        "<0.134217727.34359738367>",
                                        "<1.5.6>",
                                        "#Ref<0.1.2.3>",
                                        "#Ref<1.1.2.18446744073709551615>"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK_STR(pit_term_text(random_parsed(texts[i])), texts[i]);
}

PIT_TEST(other_ways_to_write_a_term_are_read_too)
{
    static const char *const pairs[][2] = {
        {" { a , % comment }\n b } . ", "{a,b}"},
        {"16#ff", "255"},
        {"36#Zz", "1295"},
        {"2#101", "5"},
        {"-16#80", "-128"},
        {"+7", "7"},
        {"1_000_000", "1000000"},
        {"$a", "97"},
        {"$\\n", "10"},
        {"$ ", "32"},
        {"$\\x{3a9}", "937"},
        {"1.5E3", "1.5e3"},
        {"1.0e+2", "100.0"},
        {"1.0e-400", "0.0"},
        {"00012", "12"},
        {"'a'", "a"},
        {"'\\x{61}\\101\\x62'", "aAb"},
        {"\"a\" \"b\"", "\"ab\""},
        {"\"a\"\n  % c\n\"b\"", "\"ab\""},
        {"\"\\e\\s\\d\\^A\\b\\v\\f\\q\"", "[27,32,127,1,8,11,12,113]"},
        {"[1|[2|[3]]]", "[1,2,3]"},
        {"[- 1, + 1, -\n1.5, -$a, + $a, - 16#ff]", "[-1,1,-1.5,-97,97,-255]"},
        {"[$\\^a, $\\^?, $\\^@, $\\^ , $\\^1]", "[1,31,0,0,17]"},
        {"\"\\^?\"", "[31]"},
        {"<<1:8, -1, - 1, +1, 300, $a>>", "<<1,255,255,1,44,97>>"},
        {"<<1:16, -2 : 24, 256:0, -1:72>>",
         "<<0,1,255,255,254,255,255,255,255,255,255,255,255,255>>"},
        {"<<1:4, \"a\", 2:4>>", "<<22,18>>"},
        {"[98,99]", "\"bc\""},
        {"<<97,\"b\",$c>>", "<<\"abc\">>"},
        {"<< >>", "<<>>"},
        {"<<\"\xc3\xa9\">>", "<<233>>"},
        {"<<\"\xc3\xa9\"/utf8>>", "<<\"\xc3\xa9\"/utf8>>"},
        {"#{a=>1,a=>2}", "#{a => 2}"},
        {"#{b=>1,a=>2,1=>3,\"x\"=>4}", "#{1 => 3,a => 2,b => 1,\"x\" => 4}"},
        {"end", "'end'"},
        {"\"\"", "[]"},
        {"-0", "0"},
        {"1.", "1"},
        {"000000000000000000000000000000000000000000", "0"}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        CHECK_STR(pit_term_text(random_parsed(pairs[i][0])), pairs[i][1]);
}

PIT_TEST(what_is_no_term_is_refused_with_its_place)
{
    static const struct {
        const char *text;
        size_t offset;
    } wrong[] = {{"", 0},
                 {"  % only a comment", 18},
                 {"{", 1},
                 {"{a", 2},
                 {"{a,", 3},
                 {"{a,}", 3},
                 {"{,a}", 1},
                 {"}", 0},
                 {"{a]", 2},
                 {"[a}", 2},
                 {"a b", 2},
                 {"a..", 2},
                 {"[a|b|c]", 4},
                 {"[a|b,c]", 4},
                 {"[|a]", 1},
                 {"{a|b}", 2},
                 {"#{a}", 3},
                 {"#{a,b}", 3},
                 {"#{a => }", 7},
                 {"#{a := 1}", 4},
                 {"#{a => 1 => 2}", 9},
                 {"#a", 0},
                 {"Var", 0},
                 {"_", 0},
                 {"_a", 0},
                 {"~", 0},
                 {"'a", 2},
                 {"\"a", 2},
                 {"\"\\x{110000}\"", 11},
                 {"\"\\xg\"", 3},
                 {"\"\\x{}\"", 4},
                 {"'\\x{d800}'", 9},
                 {"$", 0},
                 {"<<1", 3},
                 {"<<1.5>>", 2},
                 {"<<-a>>", 2},
                 {"<<18446744073709551616>>", 2},
                 {"<<1:3>>", 7},
                 {"<<1:65537>>", 9},
                 {"<<1:>>", 4},
                 {"<<1:8", 5},
                 {"<<\"\xce\xa9\">>", 6},
                 {"<<a>>", 2},
                 {"1.0e", 0},
                 {"1.0e400", 0},
                 {"1#0", 0},
                 {"37#0", 0},
                 {"16#", 0},
                 {"16#g", 0},
                 {"-", 0},
                 {"--1", 0},
                 {"- - 1", 0},
                 {"- a", 0},
                 {"+", 0},
                 {"<0.1>", 4},
                 {"<2.1.1>", 2},
                 {"<0.134217728.0>", 12},
                 {"#Ref<0.1.2>", 10},
                 {"\xff", 0},
                 {"'\xff'", 1},
                 {"a\xff", 1},
                 {"\xce\xa9", 0},
                 {"=", 0},
                 {"1_", 1},
                 {"1__0", 1}};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pit_term t = {42};
        pit_parse_error e = {99, NULL};
        int r = pit_term_parse_with(wrong[i].text, strlen(wrong[i].text), 0, &t, &e);
        if (r != -EINVAL || e.offset != wrong[i].offset)
            pit_test_fail(__FILE__, __LINE__, "%s: %d at %zu, not at %zu: %s", wrong[i].text, r,
                          e.offset, wrong[i].offset, e.what);
        CHECK_EQ(t.word, 42);
        CHECK(strlen(e.what) > 5);
    }
}

PIT_TEST(random_terms_survive_print_and_parse)
{
    uint64_t seed = pit_test_seed();

    for (uint64_t i = 0; i < pit_test_scale(5000, 200000); i++) {
        pit_term t = random_term(&seed, 4), back;
        const char *text = pit_term_text(t);
        int r = pit_term_parse(text, strlen(text), &back);
        if (r < 0 || !pit_term_equal(t, back))
            pit_test_fail(__FILE__, __LINE__, "%d for %s", r, text);
        CHECK_STR(pit_term_text(back), text);
        pit_term_release_all();
    }
}

PIT_TEST(damaged_texts_are_read_or_refused_and_never_more)
{
    uint64_t seed = pit_test_seed();
    static const char bits[] = "{}[]|,\"'\\#<>=:.~%_-+0a9$ \n\xff\xc3";
    char text[4096];

    for (uint64_t i = 0; i < pit_test_scale(5000, 300000); i++) {
        size_t size = pit_term_print(text, sizeof text, random_term(&seed, 3));
        pit_term t;
        size = size < sizeof text ? size : sizeof text - 1;
        for (size_t n = 1 + below(&seed, 3); n > 0 && size > 0; n--)
            text[below(&seed, size)] = bits[below(&seed, sizeof bits - 1)];
        int r = pit_term_parse(text, size - below(&seed, 2) * (size > 0), &t);
        CHECK(r == 0 || r == -EINVAL);
        if (r == 0)
            (void)pit_term_text(t);
        pit_term_release_all();
    }
}

PIT_TEST(print_writes_what_fits_and_counts_all)
{
    char buf[64];
    pit_term t = pit_build("{ok, \"abc\", 12345}");

    CHECK_EQ(pit_term_print(NULL, 0, t), 16);
    for (size_t size = 1; size < 30; size++) {
        memset(buf, '#', sizeof buf);
        CHECK_EQ(pit_term_print(buf, size, t), 16);
        CHECK_EQ(strlen(buf), size > 16 ? 16 : size - 1);
        CHECK(strncmp(buf, "{ok,\"abc\",12345}", strlen(buf)) == 0);
        CHECK_EQ(buf[size], '#');
    }
}

PIT_TEST(texts_longer_than_the_first_buffer_are_whole)
{
    char text[2000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *printed = pit_term_text(pit_tuple(text));
    CHECK_EQ(strlen(printed), sizeof text - 1 + strlen("{<<\"\">>}"));
    for (size_t n = 250; n < 262; n++) {
        text[n] = '\0';
        CHECK_EQ(strlen(pit_term_text(pit_term_of(text))), n + strlen("<<\"\">>"));
        text[n] = 'x';
    }
}

static char *nested(size_t depth)
{
    static char text[2 * PIT_PARSE_DEPTH + 10];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    return text;
}

PIT_TEST(a_text_is_nested_as_deep_as_it_may_be_and_no_deeper)
{
    pit_parse_error e;
    pit_term t;

    CHECK_STR(pit_term_text(random_parsed(nested(PIT_PARSE_DEPTH))), nested(PIT_PARSE_DEPTH));
    char *text = nested(PIT_PARSE_DEPTH + 1);
    CHECK_EQ(pit_term_parse_with(text, strlen(text), 0, &t, &e), -EINVAL);
    CHECK_STR(e.what, "nested too deep");
    CHECK_EQ(e.offset, PIT_PARSE_DEPTH);
}

PIT_TEST(an_integer_is_as_long_as_it_may_be_and_no_longer)
{
    static char text[20000];
    pit_term t;

    memset(text, 'f', sizeof text);
    memcpy(text, "16#", 3);
    CHECK_EQ(pit_term_parse(text, 3 + 65536 / 4, &t), 0);
    CHECK_EQ(pit_term_print(NULL, 0, t), 19729);
    CHECK(pit_term_equal(random_parsed(pit_term_text(t)), t));
    CHECK_EQ(pit_term_parse(text, 3 + 65536 / 4 + 1, &t), -PIT_ESYSTEMLIMIT);
    memset(text, '9', sizeof text);
    CHECK_EQ(pit_term_parse(text, sizeof text, &t), -PIT_ESYSTEMLIMIT);
}

PIT_TEST(strangers_can_name_only_atoms_that_exist)
{
    pit_term t;
    pit_parse_error e;
    uint32_t before = pit__atoms_count();

    CHECK_EQ(pit_term_parse_with("{ok, never_heard_of}", 20, PIT_PARSE_KNOWN_ATOMS, &t, &e),
             -ENOENT);
    CHECK_EQ(e.offset, 5);
    CHECK_EQ(pit_term_parse_with("{ok, 'never heard of'}", 22, PIT_PARSE_KNOWN_ATOMS, &t, NULL),
             -ENOENT);
    CHECK_EQ(pit_term_parse_with("{ok, error}", 11, PIT_PARSE_KNOWN_ATOMS, &t, &e), 0);
    CHECK_EQ(pit__atoms_count(), before);
}

PIT_TEST(a_full_table_of_atoms_fails_the_parse)
{
    pit_term t;

    (void)pit_atom_of("one is made");
    pit__atoms_set_limit(pit__atoms_count());
    CHECK_EQ(pit_term_parse("{ok, one_more}", 14, &t), -PIT_ESYSTEMLIMIT);
    pit__atoms_set_limit(PIT__ATOMS_LIMIT);
    CHECK_EQ(pit_term_parse("{ok, one_more}", 14, &t), 0);
}

/* A locale with a decimal comma must not reach the text; where none is installed, C's is used and
   nothing shows. */
PIT_TEST(the_programs_locale_does_not_change_a_float)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C.UTF-8"};

    for (size_t i = 0; i < sizeof names / sizeof names[0] && !setlocale(LC_ALL, names[i]); i++)
        ;
    CHECK_STR(pit_term_text(random_parsed("{1.5,2.25e10,1.0e-9}")), "{1.5,2.25e10,1.0e-9}");
    CHECK_STR(pit_term_text(pit_float(0.1)), "0.1");
}

PIT_TEST(an_attackers_map_is_sorted_in_time)
{
    static char text[2000000];
    size_t n = 3, count = pit_test_scale(20000, 100000);
    pit_term t;

    memcpy(text, "#{ ", 3);
    for (size_t i = count; i > 0; i--) /* descending: the worst for an insertion */
        n += (size_t)sprintf(text + n, "%zu=>[],", i);
    text[n - 1] = '}';
    CHECK_EQ(pit_term_parse(text, n, &t), 0);
    CHECK_EQ(pit_map_size(t), count);
}
