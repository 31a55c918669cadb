/*
 * Goal: text, order and equality of terms are Erlang's own.
 * Method: random terms are printed, and read by a real Erlang, which prints each as ~0tp and
 * compares each with the one before it; both must say what we say. Skipped where no erl is
 * installed. Left out: pids and references, which erl_parse does not read; -0.0, whose equality
 * changed in OTP 27; binaries that are Latin-1 but not UTF-8, which Erlang prints as text and we as
 * bytes; U+FFFF, which erl_scan refuses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANDOM_FOR_ERLANG 1
#include "tests/harness/test.h"
#include "tests/term/random_term.h"

static const char script[] =
    "{ok,B}=file:read_file(os:getenv(\"PIT_TERMS\")),"
    "F=case list_to_integer(erlang:system_info(otp_release)) of R when "
    "R>=26->\"~0ktp~n\";_->\"~0tp~n\" end,"
    "P=fun(L)->{ok,S,_}=erl_scan:string(L++\".\"),{ok,T}=erl_parse:parse_term(S),T end,"
    "{ok,O}=file:open(os:getenv(\"PIT_ANSWERS\"),[write,{encoding,utf8},{delayed_write,65536,1000}]"
    "),"
    "lists:foldl(fun(\"\",A)->A;(L,A)->T=P(L),io:format(O,F,[T]),"
    "io:format(O,\"~w ~w ~w~n\",[A<T,A==T,A=:=T]),T end,undefined,"
    "string:split(unicode:characters_to_list(B),\"\\n\",all)),"
    "ok=file:close(O),halt(0).";

static void ask_erlang(const char *terms, const char *answers)
{
    char command[2048];

    if (system("command -v erl >/dev/null 2>&1") != 0)
        pit_test_skip("no erl in PATH: the Debian package erlang-base has it");
    setenv("PIT_TERMS", terms, 1);
    setenv("PIT_ANSWERS", answers, 1);
    setenv("ERL_CRASH_DUMP", "/dev/null", 1);
    snprintf(command, sizeof command, "erl -noshell +pc unicode -eval '%s' </dev/null", script);
    CHECK_EQ(system(command), 0);
}

/* The line as a C string without its end. */
static char *line(FILE *f, char **buffer, size_t *room)
{
    ssize_t n = getline(buffer, room, f);
    CHECK(n > 0);
    (*buffer)[n - 1] = '\0';
    return *buffer;
}

static const char *truth(bool b) { return b ? "true" : "false"; }

PIT_TEST_WITHIN(erlang_prints_and_orders_the_same, 120)
{
    char terms[] = "/tmp/pit-terms-XXXXXX", answers[] = "/tmp/pit-answers-XXXXXX", expected[64];
    uint64_t n = pit_test_scale(3000, 100000), seed = pit_test_seed(), again = seed;
    FILE *out = fdopen(mkstemp(terms), "w"), *in = fdopen(mkstemp(answers), "r");
    char *buffer = NULL;
    size_t room = 0;
    pit_term before = {0};

    for (uint64_t i = 0; i < n; i++)
        fprintf(out, "%s\n", pit_term_text(random_term(&seed, i % 4)));
    fclose(out);
    ask_erlang(terms, answers);
    for (uint64_t i = 0; i < n; i++) {
        pit_term t = random_term(&again, i % 4);
        CHECK_STR(line(in, &buffer, &room), pit_term_text(t));
        int order = pit_term_compare(before, t);
        snprintf(expected, sizeof expected, "%s %s %s", truth(order < 0), truth(order == 0),
                 truth(pit_term_equal(before, t)));
        if (strcmp(line(in, &buffer, &room), expected) != 0)
            pit_test_fail(__FILE__, __LINE__, "Erlang: %s, here: %s, for\n%s\n%s", buffer, expected,
                          pit_term_text(before), pit_term_text(t));
        before = t;
    }
    free(buffer);
    fclose(in);
    unlink(terms);
    unlink(answers);
}
