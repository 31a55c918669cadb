/*
 * Large terms, as exit reasons and in messages: that they arrive whole is what OTP's cases with
 * large terms are about.
 */
#ifndef TESTS_CONFORMANCE_TERMS_H
#define TESTS_CONFORMANCE_TERMS_H

#include "tests/runtime/node.h"

/* {big, [{N, <<"...">>, #{f => 1.5, n => N}}, ..., {1, ...}]} */
static inline pit_term large_term(int n)
{
    pit_term list = pit_nil();

    for (int i = 1; i <= n; i++)
        list = pit_list_cons(
            pit_build("{~, ~, #{n => ~, f => 1.5}}", i, "some bytes, and a few more of them", i),
            list);
    return pit_build("{big, ~}", list);
}

#define LARGE 2000

/* It is large_term(LARGE), to the last of its parts. */
static inline void expect_large(pit_term t) { CHECK(pit_term_equal(t, large_term(LARGE))); }

/* The DOWN of m comes, with that as its reason. */
static inline void expect_large_end(pit_monitored m)
{
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down);
    expect_large(pit_as(down, pit_down)->reason);
}

#endif
