/*
 * Checks that a call ends its caller: the hooks of term/ jump back here with the text they were
 * given.
 */
#ifndef TESTS_TERM_ENDS_H
#define TESTS_TERM_ENDS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "term/heap.h"
#include "tests/harness/test.h"

static jmp_buf ends_here;
static bool ends_expected;
static char ends_text[400];

static inline void ends_jump(const char *reason, const char *what)
{
    if (!ends_expected)
        pit_test_fail(__FILE__, __LINE__, "ended with %s: %s", reason, what);
    ends_expected = false;
    snprintf(ends_text, sizeof ends_text, "%s: %s", reason, what);
    longjmp(ends_here, 1);
}
static inline void ends_badarg(const char *what) { ends_jump("badarg", what); }
static inline void ends_system_limit(const char *what) { ends_jump("system_limit", what); }

/* The expression ends its caller with a text that contains part. */
#define CHECK_ENDS(expression, part)                                                       \
    do {                                                                                   \
        pit__term_badarg = ends_badarg;                                                    \
        pit__term_system_limit = ends_system_limit;                                        \
        ends_expected = true;                                                              \
        if (setjmp(ends_here) == 0) {                                                      \
            (void)(expression);                                                            \
            pit_test_fail(__FILE__, __LINE__, "%s did not end its caller", #expression);   \
        }                                                                                  \
        if (!strstr(ends_text, part))                                                      \
            pit_test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", part, ends_text); \
    } while (0)

#endif
