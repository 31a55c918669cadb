/*
 * Goal: the restart intensity is OTP's, exactly (SUP-10), in O(1) a restart and memory that follows
 * the period.
 * Method: seeded sequences of times against the list of times that OTP keeps, walked as OTP does.
 */
#include "tests/otp/node.h"

#include "otp/intensity.h"

/* OTP's rule as the spec words it. */
struct listed {
    int64_t times[4096];
    size_t count;
};

static bool listed_add(struct listed *l, int64_t now, int64_t allowed, int64_t period)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++)
        if (l->times[i] >= now - period)
            l->times[kept++] = l->times[i];
    l->times[kept++] = now;
    l->count = kept;
    return (int64_t)kept <= allowed;
}

NODE_TEST(sup_10_counts_as_otp_does)
{
    uint64_t state = pit_test_seed();

    for (int round = 0; round < 200; round++) {
        struct pit__intensity i = {.allowed = (int64_t)pit_test_random_below(&state, 12),
                                   .period = 1 + (int64_t)pit_test_random_below(&state, 9)};
        struct listed l = {.count = 0};
        int64_t now = (int64_t)pit_test_random_below(&state, 1000);

        for (int n = 0; n < 300; n++) {
            now += (int64_t)pit_test_random_below(&state, 3);
            CHECK_EQ(pit__intensity_add(&i, now), listed_add(&l, now, i.allowed, i.period));
            CHECK_EQ(i.restarts, l.count);
            CHECK(i.used <= (size_t)i.period + 1);
        }
        pit_free(i.ring);
    }
}

NODE_TEST(sup_10_the_window_is_inclusive_and_zero_allows_none)
{
    struct pit__intensity one = {.allowed = 1, .period = 5}, none = {.allowed = 0, .period = 5};

    CHECK(pit__intensity_add(&one, 100));
    CHECK(!pit__intensity_add(&one, 105)); /* a difference of just the period counts */
    CHECK(pit__intensity_add(&one, 111));
    CHECK(!pit__intensity_add(&none, 100));
}

NODE_TEST(a_million_restarts_in_a_second_take_one_entry)
{
    struct pit__intensity i = {.allowed = 1 << 30, .period = 3600};

    for (int n = 0; n < 1000000; n++)
        CHECK(pit__intensity_add(&i, 7));
    CHECK_EQ(i.used, 1);
    CHECK_EQ(i.restarts, 1000000);
}
