/*
 * Tests that fail, each in another way. Not run by themselves: test_harness.c runs them and reads
 * what is printed.
 */
#include "tests/harness/test.h"

#include <stdlib.h>
#include <unistd.h>

PIT_TEST(unequal)
{
    int x = 3;

    CHECK_EQ(x, 4);
}

PIT_TEST(text) { CHECK_STR("abc", NULL); }

PIT_TEST(crash) { abort(); }

PIT_TEST(hang)
{
    for (;;)
        pause();
}

PIT_TEST(early_exit) { exit(0); }

PIT_TEST(in_a_fork)
{
    if (fork() == 0)
        pit_test_fail(__FILE__, __LINE__, "in a fork");
    usleep(300000);
}

PIT_TEST(skipped) { pit_test_skip("this machine has no %s", "tail"); }
