/*
 * Goal: the public headers of terms are C++17 too, and mean the same there.
 * Method: what test_build.c does in C, in small.
 */
#include <pit/term.h>

#include "tests/harness/test.h"

PIT_TEST(cxx_builds_and_matches_by_overload)
{
    const char *text = "memo";
    pit_term t = pit_build("{deposit, ~, #{currency => ~a, memo => ~, yes => ~}, ~}", 100u, "EUR",
                           text, true, 1.5);
    uint64_t amount = 0;
    const char *currency = nullptr;
    bool yes = false;
    double d = 0;
    pit_term memo;

    CHECK_STR(pit_term_text(t),
              "{deposit,100,#{currency => 'EUR',memo => <<\"memo\">>,yes => true},1.5}");
    CHECK(pit_match(t, "{deposit, ~, #{currency := ~a, yes := ~, memo := ~}, ~}", &amount,
                    &currency, &yes, &memo, &d));
    CHECK(amount == 100 && yes && d == 1.5);
    CHECK_STR(currency, "EUR");
    CHECK(pit_match(memo, "<<\"memo\">>"));
    CHECK(!pit_match(t, "{withdraw, _, _, _}"));
}

PIT_TEST(cxx_makes_terms_by_function)
{
    CHECK_STR(pit_term_text(pit_tuple(pit_atom("ok"), 1, "x")), "{ok,1,<<\"x\">>}");
    CHECK_STR(pit_term_text(pit_list(1, 2.5)), "[1,2.5]");
    int i = 0;
    CHECK(pit_term_to(pit_term_of(7), &i));
    CHECK(i == 7);
    CHECK(pit_atom("again").word == pit_atom("again").word);
}
