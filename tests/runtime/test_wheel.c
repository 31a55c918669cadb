/*
 * Goal: no timer fires early (TIMER-3), none is lost, each fires once, and the wheel never sleeps
 * past one.
 * Method: random arming, cancelling and advancing, by a nanosecond or by days, against a plain
 * table; what fires arms and cancels others. Time is a number here.
 */
#include <string.h>

#include "tests/harness/test.h"

#include "runtime/wheel.h"

#define TICK (INT64_C(1) << PIT__TICK_SHIFT)

enum { N = 300 };

static struct {
    struct pit__wheel wheel;
    struct pit__timer timers[N];
    bool armed[N];
    int64_t when[N];
    int64_t now;
    uint64_t chance;
    uint64_t fired, armings, cancellings;
} f;

static uint64_t below(uint64_t n) { return pit_test_random_below(&f.chance, n); }

/* Any time from long ago to the end of time; most within what the levels reach. */
static int64_t some_time(void)
{
    uint64_t span = below(52);
    int64_t away = (int64_t)below(UINT64_C(1) << span);

    switch (below(20)) {
    case 0:
        return f.now - away;
    case 1:
        return INT64_MAX - away;
    case 2:
        return (f.now + away) & -TICK; /* just at a tick */
    default:
        return f.now + away;
    }
}

static void arm(int i)
{
    f.when[i] = some_time();
    f.armed[i] = true;
    f.armings++;
    pit__wheel_add(&f.wheel, &f.timers[i], f.when[i]);
}

static void cancel(int i)
{
    pit__wheel_remove(&f.wheel, &f.timers[i]); /* no effect if it is not armed */
    f.cancellings += f.armed[i];
    f.armed[i] = false;
}

static void fire(struct pit__timer *t, void *context)
{
    int i = (int)(t - f.timers), other = (int)below(N);

    CHECK(context == &f);
    CHECK(f.armed[i]);
    CHECK(f.when[i] <= f.now);
    CHECK(!pit__timer_armed(t));
    f.armed[i] = false;
    f.fired++;
    if (below(8) == 0)
        cancel(other);
    if (below(8) == 0 && !f.armed[other])
        arm(other);
}

/* What the wheel says of its next timer is not later than it. */
static void check_next(void)
{
    int64_t first = INT64_MAX, next = pit__wheel_next(&f.wheel);
    bool any = false;

    for (int i = 0; i < N; i++) {
        CHECK_EQ(f.armed[i], pit__timer_armed(&f.timers[i]));
        if (f.armed[i] && f.when[i] <= first) {
            first = f.when[i];
            any = true;
        }
    }
    if (!any)
        CHECK_EQ(next, INT64_MAX);
    else if (first <= (int64_t)(f.wheel.now << PIT__TICK_SHIFT))
        CHECK(next <= (int64_t)(f.wheel.now << PIT__TICK_SHIFT));
    else
        /* in this order: no sum overflows */
        CHECK(first > INT64_MAX - TICK || next < first + TICK);
}

static void advance(void)
{
    unsigned most = below(3) ? 256 : 1 + (unsigned)below(3);

    f.now += (int64_t)below(UINT64_C(1) << below(46));
    while (pit__wheel_advance(&f.wheel, f.now, most, fire, &f))
        if (below(4) == 0)
            f.now += (int64_t)below(1000); /* time goes on while they fire */
    for (int i = 0; i < N; i++)
        if (f.armed[i])
            CHECK(f.when[i] > f.now - TICK); /* what was due has fired: rounded up to a tick */
}

PIT_TEST(no_timer_is_early_late_or_lost)
{
    uint64_t steps = pit_test_scale(pit_test_sanitized() ? 20000 : 100000, 10000000);

    f.chance = pit_test_seed();
    f.now = (int64_t)below(UINT64_C(1) << 40);
    pit__wheel_init(&f.wheel, f.now);
    for (uint64_t n = 0; n < steps; n++) {
        int i = (int)below(N);

        switch (below(4)) {
        case 0:
        case 1:
            if (!f.armed[i])
                arm(i);
            break;
        case 2:
            cancel(i);
            break;
        case 3:
            advance();
            break;
        }
        if (n % 16 == 0)
            check_next();
    }
    for (int i = 0; i < N; i++)
        f.fired += f.armed[i];
    CHECK_EQ(f.armings, f.fired + f.cancellings);
    for (int i = 0; i < N; i++)
        cancel(i);
    CHECK_EQ(f.wheel.armed, 0);
    for (unsigned level = 0; level < PIT__WHEEL_LEVELS; level++)
        for (unsigned word = 0; word < PIT__WHEEL_SLOTS / 64; word++)
            CHECK_EQ(f.wheel.bits[level][word], 0);
}

static struct pit__timer many[100000];
static uint64_t fired_of_many;
static int64_t many_now;

static void fire_many(struct pit__timer *t, void *context)
{
    CHECK(t->when_ns <= many_now);
    fired_of_many++;
}

/* Many timers of one far time come down level by level in pieces, and all fire. */
PIT_TEST(many_timers_of_one_time_all_fire)
{
    static struct pit__wheel w;
    enum { MANY = sizeof many / sizeof *many };
    int64_t due = INT64_C(20000) * 1000000000;

    pit__wheel_init(&w, 0);
    for (int i = 0; i < MANY; i++)
        pit__wheel_add(&w, &many[i], due + i % 7 * 1000);
    for (many_now = 0; many_now < due + INT64_C(100) * 1000000; many_now += INT64_C(97) * 1000000)
        while (pit__wheel_advance(&w, many_now, 256, fire_many, NULL))
            ;
    CHECK_EQ(fired_of_many, MANY);
}

static struct pit__timer *in_order[6];
static size_t fired_in_order;

static void fire_in_order(struct pit__timer *t, void *context) { in_order[fired_in_order++] = t; }

/* Near ones at once, far ones by way of the levels above: with one time they fire as they were
   armed, whichever of them was taken out between. */
PIT_TEST(timers_of_one_tick_fire_as_they_were_armed)
{
    static const int64_t times[] = {0, 100 * INT64_C(1000000), 100 * INT64_C(1000000000)};
    static struct pit__wheel w;
    struct pit__timer t[6];

    for (size_t n = 0; n < sizeof times / sizeof *times; n++) {
        memset(t, 0, sizeof t);
        pit__wheel_init(&w, 0);
        for (int i = 0; i < 6; i++)
            pit__wheel_add(&w, &t[i], times[n]);
        pit__wheel_remove(&w, &t[0]);
        pit__wheel_remove(&w, &t[3]);
        pit__wheel_remove(&w, &t[5]);
        fired_in_order = 0;
        while (pit__wheel_advance(&w, times[n] + TICK, 1, fire_in_order, NULL))
            ;
        CHECK_EQ(fired_in_order, 3);
        CHECK(in_order[0] == &t[1] && in_order[1] == &t[2] && in_order[2] == &t[4]);
        CHECK_EQ(w.armed, 0);
    }
}
