/* The load generator's arithmetic: what is read from a histogram, and when requests are due. */
#include "tests/harness/test.h"

#include <math.h>

#include "bench/net/load/histogram.h"
#include "bench/net/load/load.h"

/* Goal: at most 0.8 % above what was noted, never below it, for values of every size. */
PIT_TEST(a_histogram_is_exact_to_its_bucket)
{
    static struct histogram h;
    uint64_t random = pit_test_seed();

    for (int bits = 0; bits < 64; bits++) {
        uint64_t value = bits ? pit_test_random(&random) >> (64 - bits) : 0;

        h = (struct histogram){0};
        histogram_note(&h, value);
        histogram_note(&h, UINT64_MAX); /* so that `most` does not cut the bucket */
        uint64_t read = histogram_at(&h, 0.5);
        CHECK(read >= value);
        CHECK(read - value <= value / 128);
    }
    CHECK_EQ(histogram_at(&h, 1), UINT64_MAX);
}

/* Goal: a share is the smallest value that as many do not exceed; the largest is exact. */
PIT_TEST(a_histogram_ranks)
{
    static struct histogram h;

    CHECK_EQ(histogram_at(&h, 0.5), 0);
    for (uint64_t i = 1; i <= 100; i++)
        histogram_note(&h, i);
    CHECK_EQ(histogram_at(&h, 0), 1);
    CHECK_EQ(histogram_at(&h, 0.5), 50);
    CHECK_EQ(histogram_at(&h, 0.99), 99);
    CHECK_EQ(histogram_at(&h, 0.991), 100);
    histogram_note(&h, 123456789);
    CHECK_EQ(histogram_at(&h, 1), 123456789);
}

PIT_TEST(a_fixed_schedule_is_even)
{
    struct schedule s = schedule_new(1000, true, 1, 5000);

    for (int64_t i = 1; i <= 1000; i++)
        CHECK_EQ(schedule_next(&s), 5000 + i * 1000000);
}

/* Goal: exponential distances: their mean is the gap, and so is their deviation; a seed is a
   schedule. */
PIT_TEST(a_random_schedule_is_a_poisson_process)
{
    enum { COUNT = 100000 };
    struct schedule s = schedule_new(1e6, false, pit_test_seed(), 0), same = s;
    double sum = 0, squares = 0;

    for (int64_t i = 0, last = 0; i < COUNT; i++) {
        int64_t due = schedule_next(&s);
        double gap = (double)(due - last);

        CHECK(gap >= 0);
        CHECK_EQ(due, schedule_next(&same));
        sum += gap;
        squares += gap * gap;
        last = due;
    }
    double mean = sum / COUNT;
    /* Six deviations of the estimates: 1000 / sqrt(COUNT), and about 1.4 times that. */
    CHECK_NEAR(mean, 1000, 20);
    CHECK_NEAR(sqrt(squares / COUNT - mean * mean), 1000, 35);
}
