/*
 * Goal: pit_build and pit_match take and give every C type they name, and refuse what they should.
 * Method: one small case a behaviour; what ends a caller is caught in the hooks (ends.h).
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "term/blob.h"
#include "term/heap.h"
#include "tests/harness/test.h"
#include "tests/term/ends.h"

#define CHECK_TEXT(t, text) CHECK_STR(pit_term_text(t), text)

static const pit_pid a_pid = {(INT64_C(3) << 27) | 7}; /* <0.7.3> */

/* ---- Build ---- */

PIT_TEST(a_format_without_arguments_is_a_term)
{
    CHECK_TEXT(pit_build("ok"), "ok");
    CHECK_TEXT(pit_build(" { ok , [ 1 ,2| x ] , #{ } , \"s\" , <<\"b\">> , 'Q q' , -3 , 1.5 } "),
               "{ok,[1,2|x],#{},\"s\",<<\"b\">>,'Q q',-3,1.5}");
}

PIT_TEST(every_c_integer_becomes_an_integer)
{
    CHECK_TEXT(pit_build("{~,~,~,~,~}", (char)'a', (signed char)-1, (short)-2, -3, -4L),
               "{97,-1,-2,-3,-4}");
    CHECK_TEXT(pit_build("{~,~,~,~,~}", -5LL, (unsigned char)255, (unsigned short)65535, 3u, 4ul),
               "{-5,255,65535,3,4}");
    CHECK_TEXT(pit_build("{~,~,~}", LLONG_MIN, LLONG_MAX, ULLONG_MAX),
               "{-9223372036854775808,9223372036854775807,18446744073709551615}");
}

PIT_TEST(floats_bools_texts_and_handles_become_terms_by_their_type)
{
    pit_ref ref = {a_pid, 99};

    CHECK_TEXT(pit_build("[~,~,~,~]", 1.5, 2.5f, (bool)true, (bool)false), "[1.5,2.5,true,false]");
    CHECK_TEXT(pit_build("{~,~a,~s}", "a b", "a b", "a b"), "{<<\"a b\">>,'a b',\"a b\"}");
    CHECK_TEXT(pit_build("{~,~}", a_pid, ref), "{<0.7.3>,#Ref<0.7.3.99>}");
    CHECK_TEXT(pit_build("{~,~}", pit_binary_text("xyz"), pit_build("[a]")), "{<<\"xyz\">>,[a]}");
    CHECK_TEXT(pit_build("#{k => ~, ~ => ~a}", 1, 2, "v"), "#{2 => v,k => 1}");
    CHECK_TEXT(pit_build("[~|~]", 1, pit_build("[2,3]")), "[1,2,3]");
    CHECK_TEXT(pit_build("~", 5), "5");
    CHECK_TEXT(pit_build("{~a,~s}", pit_atom("x"), pit_build("[]")), "{x,[]}");
    char array[] = "array";
    CHECK_TEXT(pit_build("~", array), "<<\"array\">>");
}

PIT_TEST(sixteen_arguments_are_taken_in_order)
{
    CHECK_TEXT(pit_build("[~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~]", 'a' - 0, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                         11, 12, 13, 14, 15, 16),
               "[97,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]");
    CHECK_TEXT(pit_tuple(1, "two", pit_atom("three"), 4.0), "{1,<<\"two\">>,three,4.0}");
    CHECK_TEXT(pit_list(1), "[1]");
}

PIT_TEST(a_tilde_in_quotes_is_a_character)
{
    CHECK_TEXT(pit_build("{'~', \"~\", <<\"~\">>, $~, ~}", 1), "{'~',\"~\",<<\"~\">>,126,1}");
}

PIT_TEST(a_long_binary_is_shared_and_a_short_one_copied)
{
    uint8_t *to;
    pit_binary b = pit__binary_alloc(1000, &to), got;

    pit_term t = pit_build("{~,~}", b, pit_binary_slice(b, 100, 10));
    CHECK_EQ(pit__binary_count(b), 2);
    CHECK(pit_match(t, "{~,_}", &got));
    CHECK(got.data == b.data);
    pit_term_release_all();
    CHECK_EQ(pit__binary_count(b), 1);
    pit__binary_release(b);
}

/* Not constants: what the compiler refuses by itself cannot be tested here. */
static void build_with_too_few(void)
{
    pit__build((struct pit__place){"{~,~}", "f.c", 7}, (struct pit__arg[]){pit__arg_int(1)}, 1);
}
static void build_with_too_many(void)
{
    pit__build((struct pit__place){"{~}", "f.c", 7},
               (struct pit__arg[]){pit__arg_int(1), pit__arg_int(1)}, 2);
}

PIT_TEST(a_wrong_build_is_badarg_and_says_where)
{
    CHECK_ENDS((build_with_too_few(), 0),
               "more ~ than arguments, at character 4 of the format, f.c:7");
    CHECK_ENDS((build_with_too_many(), 0), "fewer ~ than arguments");
    CHECK_ENDS(pit_build("{ok, "),
               "badarg: pit_build(\"{ok, \"): the text ends where a term is missing");
    CHECK_ENDS(pit_build("{ok, Var}"), "a variable is not a term, at character 6");
    CHECK_ENDS(pit_build("{ok, _}"), "_ is a pattern");
    CHECK_ENDS(pit_build("#{a := 1}"), "expected , or the end of the bracket");
    CHECK_ENDS(pit_build("~x", 1), "~ is followed by nothing, a or s");
    CHECK_ENDS(pit_build("~a", 1), "~a and ~s take a C text");
    CHECK_ENDS(pit_build("~a", pit_int(1)), "~a takes an atom");
    CHECK_ENDS(pit_build("~", (const char *)NULL), "NULL");
    CHECK_ENDS(pit_build("~a", (const char *)NULL), "NULL");
    CHECK_ENDS(pit_build("~a", "\xff"), "not UTF-8");
    CHECK_ENDS(pit_build("~s", "\xff"), "not UTF-8");
    CHECK_ENDS(pit_build("~", NAN), "not a finite number");
    CHECK_ENDS(pit_build("~", -INFINITY), "not a finite number");
    CHECK_ENDS(pit_build("~", ((pit_pid){-ENOMEM})), "a pid that holds an error");
    CHECK_ENDS(pit_build("~", ((pit_ref){{-ENOMEM}, 1})), "a reference that holds an error");
}

/* ---- Match ---- */

PIT_TEST(a_match_sets_each_target_by_its_type)
{
    pit_term t =
        pit_build("{deposit, ~, #{currency => ~a, memo => ~, ratio => ~}, [~, ~], ~, ~}", 100,
                  "EUR", "rent", 1.25, a_pid, ((pit_ref){a_pid, 5}), (bool)true, "str");
    uint64_t amount = 0;
    const char *currency = NULL, *memo = NULL;
    double ratio = 0;
    pit_pid pid = {0};
    pit_ref ref = {{0}, 0};
    bool flag = false;
    pit_binary str = {0};
    pit_term rest;

    CHECK(pit_match(t, "{deposit, ~, #{currency := ~a, memo := ~, ratio := ~}, [~ | ~], ~, ~}",
                    &amount, &currency, &memo, &ratio, &pid, &rest, &flag, &str));
    CHECK_EQ(amount, 100);
    CHECK_STR(currency, "EUR");
    CHECK_STR(memo, "rent");
    CHECK(ratio == 1.25);
    CHECK_EQ(pid.id, a_pid.id);
    CHECK(flag);
    CHECK(pit_binary_equal(str, pit_binary_text("str")));
    CHECK(pit_match(rest, "[~]", &ref));
    CHECK_EQ(ref.number, 5);
}

PIT_TEST(a_failed_match_touches_no_target)
{
    int first = -1, second = -1;

    CHECK(!pit_match(pit_build("{1, 2, no}"), "{~, ~, yes}", &first, &second));
    CHECK(!pit_match(pit_build("{1, no}"), "{~, ~}", &first, &second));
    CHECK(!pit_match(pit_build("{1, 2, 3}"), "{~, ~}", &first, &second));
    CHECK_EQ(first, -1);
    CHECK_EQ(second, -1);
    CHECK(pit_match(pit_build("{1, 2}"), "{~, ~}", &first, &second));
    CHECK_EQ(first + 10 * second, 21);
}

PIT_TEST(an_integer_matches_only_a_target_that_holds_it)
{
    signed char c;
    unsigned char uc;
    short s;
    unsigned short us;
    int i;
    unsigned u;
    long l;
    unsigned long ul;
    long long ll;
    unsigned long long ull;

    CHECK(pit_term_to(pit_int(-128), &c) && c == -128 && !pit_term_to(pit_int(-129), &c) &&
          !pit_term_to(pit_int(128), &c));
    CHECK(pit_term_to(pit_int(255), &uc) && uc == 255 && !pit_term_to(pit_int(256), &uc) &&
          !pit_term_to(pit_int(-1), &uc));
    CHECK(pit_term_to(pit_int(-32768), &s) && s == -32768 && !pit_term_to(pit_int(32768), &s));
    CHECK(pit_term_to(pit_int(65535), &us) && us == 65535 && !pit_term_to(pit_int(65536), &us));
    CHECK(pit_term_to(pit_int(INT_MIN), &i) && i == INT_MIN &&
          !pit_term_to(pit_int(INT_MAX + 1ll), &i));
    CHECK(pit_term_to(pit_uint(UINT_MAX), &u) && u == UINT_MAX &&
          !pit_term_to(pit_int(UINT_MAX + 1ll), &u));
    CHECK(pit_term_to(pit_int(LONG_MIN), &l) && l == LONG_MIN &&
          !pit_term_to(pit_uint(LONG_MAX + 1ul), &l));
    CHECK(pit_term_to(pit_uint(ULONG_MAX), &ul) && ul == ULONG_MAX &&
          !pit_term_to(pit_int(LONG_MIN), &ul));
    CHECK(pit_term_to(pit_int(LLONG_MAX), &ll) && ll == LLONG_MAX);
    CHECK(pit_term_to(pit_uint(ULLONG_MAX), &ull) && ull == ULLONG_MAX);
    CHECK(!pit_term_to(pit_build("18446744073709551616"), &ull));
    CHECK(!pit_term_to(pit_build("-9223372036854775809"), &ll));
    CHECK(!pit_term_to(pit_float(1.0), &i));
    CHECK(!pit_term_to(pit_atom("a"), &i));
}

PIT_TEST(types_do_not_match_each_other)
{
    double d = 7;
    float f;
    bool b;
    const char *text = "untouched";
    pit_pid pid;
    pit_ref ref;
    pit_binary bin;

    CHECK(!pit_term_to(pit_int(1), &d));
    CHECK(pit_term_to(pit_float(0.5), &f) && f == 0.5f);
    CHECK(!pit_term_to(pit_float(1e300), &f));
    CHECK(!pit_term_to(pit_atom("maybe"), &b));
    CHECK(!pit_term_to(pit_int(1), &b));
    CHECK(!pit_term_to(pit_atom("atom"), &text));
    CHECK(!pit_term_to(pit_string("list"), &text));
    CHECK(!pit_term_to(pit_bytes("a\0b", 3), &text));
    CHECK(!pit_term_to(pit_term_of(((pit_ref){a_pid, 1})), &pid));
    CHECK(!pit_term_to(pit_term_of(a_pid), &ref));
    CHECK(!pit_term_to(pit_string("x"), &bin));
    CHECK_STR(text, "untouched");
    CHECK(d == 7);
}

PIT_TEST(texts_come_as_c_texts_whatever_they_lie_in)
{
    char text[201];
    const char *got;

    for (size_t n = 0; n <= 200; n++) {
        memset(text, 'x', n);
        text[n] = '\0';
        CHECK(pit_term_to(pit_term_of(text), &got));
        CHECK_STR(got, text);
        CHECK(pit_match(pit_string(text), "~s", &got));
        CHECK_STR(got, text);
    }
    CHECK(pit_match(pit_string("\xc3\xa9\xf0\x9f\x98\x80"), "~s", &got));
    CHECK_STR(got, "\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(!pit_match(pit_build("[1,0]"), "~s", &got));
    CHECK(!pit_match(pit_build("[16#d800]"), "~s", &got));
    CHECK(!pit_match(pit_build("[$a|$b]"), "~s", &got));
    CHECK(!pit_match(pit_build("<<\"a\">>"), "~s", &got));
}

PIT_TEST(literals_lists_and_maps_match_as_in_erlang)
{
    pit_term t;
    int n;

    CHECK(pit_match(pit_build("{ok, [1,2.5|x], \"s\", <<\"b\">>, -7}"),
                    "{ok, [1,2.5|x], \"s\", <<\"b\">>, -7}"));
    CHECK(!pit_match(pit_int(1), "1.0"));
    CHECK(!pit_match(pit_float(1.0), "1"));
    CHECK(pit_match(pit_build("#{a => 1, b => {2}}"), "#{b := {~}}", &n) && n == 2);
    CHECK(pit_match(pit_build("#{1 => x}"), "#{1 := x}"));
    CHECK(!pit_match(pit_build("#{1 => x}"), "#{1.0 := x}"));
    CHECK(!pit_match(pit_build("#{a => 1}"), "#{b := _}"));
    CHECK(pit_match(pit_build("#{a => 1}"), "#{}"));
    CHECK(!pit_match(pit_build("{}"), "#{}"));
    CHECK(pit_match(pit_build("{}"), "{}"));
    CHECK(pit_match(pit_build("[]"), "[]"));
    CHECK(!pit_match(pit_build("[1]"), "[]"));
    CHECK(!pit_match(pit_build("[1]"), "[1,2]"));
    CHECK(!pit_match(pit_build("[1,2]"), "[1]"));
    CHECK(pit_match(pit_build("[1,2,3]"), "[1,2|~]", &t));
    CHECK_TEXT(t, "[3]");
    CHECK(pit_match(pit_build("[1]"), "[_|_]"));
    CHECK(pit_match(pit_build("anything"), "_"));
    CHECK(pit_match(pit_build("{a,b}"), "{~a,_}", &t) && pit_is_atom(t));
    CHECK(!pit_match(pit_build("{1,b}"), "{~a,_}", &t));
}

PIT_TEST(a_pattern_makes_no_atoms)
{
    pit_term t;

    CHECK(!pit_match(pit_build("{here}"), "{never_made_before}"));
    CHECK(!pit_atom_known("never_made_before", &t));
}

PIT_TEST(a_failed_match_leaves_no_memory_behind)
{
    pit_term t = pit_build("{1.5, \"abc\", x}");
    int n;

    struct pit__heap_mark before = pit__heap_mark(pit__heap());
    for (int i = 0; i < 1000; i++)
        CHECK(!pit_match(t, "{1.5, \"abc\", ~}", &n));
    struct pit__heap_mark after = pit__heap_mark(pit__heap());
    CHECK(before.top == after.top);
}

static bool match_with(const char *format, unsigned count)
{
    int n[2];
    struct pit__arg targets[] = {pit__target_int(&n[0]), pit__target_int(&n[1])};
    return pit__match(pit_build("{1,2}"), (struct pit__place){format, "f.c", 7}, targets, count);
}

PIT_TEST(a_wrong_pattern_is_badarg_whether_it_matches_or_not)
{
    CHECK(match_with("{~,~}", 2));
    CHECK_ENDS(match_with("{~,~}", 1), "the number of ~ is not the number of targets");
    CHECK_ENDS(match_with("{~,2}", 2), "the number of ~ is not the number of targets");
    CHECK_ENDS(match_with("{never, ~}", 2), "the number of ~");
    CHECK(!match_with("{'~', \"~\", $~, $\\~, \"\\\"~\"}", 0));
    CHECK_ENDS(match_with("{1,", 0), "a pattern is missing here");
    CHECK_ENDS(match_with("{1 2}", 0), "expected , or }");
    CHECK_ENDS(match_with("{~ 2}", 1), "expected , or }");
    CHECK_ENDS(match_with("{1,2}}", 0), "more text than one pattern");
    CHECK_ENDS(match_with("{~z,2}", 1), "~ is followed by nothing, a or s");
    CHECK_ENDS(match_with("{~a,2}", 1), "~a and ~s set a const char *");
    CHECK_ENDS(match_with("{1,Two}", 0), "a variable is not a term");
    CHECK_ENDS(pit_match(pit_build("#{a=>1}"), "#{a => 1}"), "expected := after a key");
    CHECK_ENDS(pit_match(pit_build("#{a=>1}"), "#{{a} := 1}"), "a key is an atom");
    CHECK_ENDS(
        pit_match(pit_build("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
                  "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
        "nested at most 32 deep");
}
