/*
 * Goal: a scheduler without work waits awake where completions come soon, does not where they do
 * not, finds out when that changes, and never does where it was told not to.
 * Method: a scheduler of its own with a driver that is a script; each idle moment is one call.
 */
#include "tests/harness/test.h"

#include "runtime/node_state.h"
#include "runtime/sched.h"

static struct {
    struct pit__sched sched;
    bool answers; /* there is a completion at the third look */
    unsigned looks, looked, sleeps;
} f;

static int opened(struct pit__sched *s, int index, struct pit__driver **ret_driver)
{
    *ret_driver = NULL;
    return 0;
}

static int pending(const struct pit__driver *d)
{
    f.looked += f.looks++ == 0;
    return f.answers && f.looks >= 3;
}

static unsigned sleeps(struct pit__driver *d, int64_t deadline_ns)
{
    f.sleeps++;
    return 0;
}

static void begin(int spin_us)
{
    static const struct pit__driver_ops script = {
        .name = "script", .open = opened, .pending = pending, .wait = sleeps};

    pit__node.opts.spin_us = spin_us;
    CHECK_EQ(pit__sched_open(&f.sched, 0, 1, &script, 1), 0);
}

/* So many idle moments; f.sleeps and f.looked tell of how many it slept, and looked around. */
static void idle(unsigned times)
{
    f.sleeps = f.looked = 0;
    for (unsigned i = 0; i < times; i++) {
        f.looks = 0;
        pit__sched_idle(&f.sched);
    }
}

static void end(void) { pit__sched_close(&f.sched); }

PIT_TEST(where_completions_come_soon_it_does_not_sleep)
{
    begin(20);
    f.answers = true;
    idle(1000);
    CHECK(f.sleeps < 500); /* none, but for moments in which the machine took the core */
    end();
}

PIT_TEST(where_none_come_it_sleeps_and_seldom_looks)
{
    begin(20);
    f.answers = false;
    idle(100);
    CHECK_EQ(f.sleeps, 100);
    idle(1600);
    CHECK_EQ(f.sleeps, 1600);
    CHECK_EQ(f.looked, 100); /* one in sixteen */
    end();
}

PIT_TEST(when_they_come_again_it_finds_out)
{
    begin(20);
    f.answers = false;
    idle(200);
    f.answers = true;
    idle(2000);
    idle(1000);
    CHECK(f.sleeps < 500);
    end();
}

PIT_TEST(where_it_was_told_not_to_it_never_looks)
{
    begin(-1);
    f.answers = true;
    idle(1000);
    CHECK_EQ(f.looked, 0);
    CHECK_EQ(f.sleeps, 1000);
    end();
}
