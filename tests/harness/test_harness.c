/*
 * Goal: the harness itself: its checks pass what holds, and a failure, a crash, a hang and an early
 * exit are each counted as one failed test, by name, with the command that replays it.
 * Method: victims.c, a test program of failing tests that stands beside this one, is run and its
 * output read.
 */
#include "tests/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

PIT_TEST(checks_that_hold_say_nothing)
{
    int x = 3;
    uint64_t big = 3;

    CHECK(x == 3);
    CHECK_EQ(x, big);
    CHECK_EQ(&x, &x);
    CHECK_STR("abc", "abc");
    CHECK_STR(NULL, NULL);
    CHECK_NEAR(1.0, 1.05, 0.1);
}

PIT_TEST(a_generator_repeats_itself_and_stays_below_its_bound)
{
    uint64_t a = pit_test_seed(), b = a;

    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(pit_test_random(&a), pit_test_random(&b));
        CHECK(pit_test_random_below(&a, 7) < 7);
        (void)pit_test_random(&b);
    }
}

/* Run one victim. What it prints, to be freed, and its wait status. */
static char *output_of(const char *victim, int *ret_status)
{
    char self[256], command[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    CHECK(n > 0);
    self[n] = 0;
    *strrchr(self, '/') = 0;
    n = snprintf(command, sizeof(command),
                 "PIT_SEED=7 PIT_TEST_TIMEOUT=1 '%s/victims' %s 2>/dev/null", self, victim);
    CHECK(n > 0 && (size_t)n < sizeof(command));
    FILE *f = popen(command, "r");
    CHECK(f != NULL);
    char *text = calloc(1, 8192);
    CHECK(text != NULL);
    size_t size = fread(text, 1, 8191, f);
    text[size] = 0;
    *ret_status = pclose(f);
    return text;
}

static void expect(const char *victim, const char *line, const char *sum, bool failure)
{
    int status;
    char *text = output_of(victim, &status);

    if (!strstr(text, line) || !strstr(text, sum) || (status != 0) != failure ||
        (strstr(text, "replay: PIT_SEED=7 ") != NULL) != failure)
        pit_test_fail(__FILE__, __LINE__, "%s printed, with status %d: %s", victim, status, text);
    free(text);
}

static void expect_failure(const char *victim, const char *line)
{
    expect(victim, line, "0 passed, 1 failed\n", true);
}

PIT_TEST(a_failed_check_is_named_with_its_values)
{
    expect_failure("unequal", "x == 4: 3 (0x3) is not 4 (0x4)\n");
    expect_failure("text", "\"abc\" is not NULL\n");
}

PIT_TEST(a_crash_a_hang_and_an_early_exit_are_failures)
{
    expect_failure("crash", "killed by SIGABRT\n");
    expect_failure("hang", "hung: still running after");
    expect_failure("early_exit", "the test called exit(0)\n");
}

PIT_TEST(a_failure_in_a_forked_child_fails_the_test) { expect_failure("in_a_fork", "in a fork\n"); }

PIT_TEST(a_skipped_test_says_why_and_is_counted_apart)
{
    expect("skipped", "skipped skipped: this machine has no tail\n",
           "0 passed, 0 failed, 1 skipped\n", false);
}

PIT_TEST(a_name_that_no_test_has_is_an_error)
{
    int status;
    char *text = output_of("no_such_name", &status);

    CHECK_STR(text, "0 passed, 0 failed\n");
    CHECK(status != 0);
    free(text);
}
