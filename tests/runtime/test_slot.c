/*
 * Goal: slots are given out once, reused under new pids, retired when their pids are used up, and
 * bounded (LIFE-1, LIFE-11).
 * Method: the table without a node, and one pool; a node's schedulers are in the cases of
 * test_life.
 */
#include "tests/harness/test.h"

#include <stdlib.h>

#include "term/pid.h"
#include "runtime/node_state.h"
#include "runtime/process.h"

static struct pit__sched *sched;

static void open_table(uint32_t limit)
{
    CHECK_EQ(posix_memalign((void **)&sched, 64, sizeof *sched), 0);
    pit__node.opts.processes = limit;
    CHECK_EQ(pit__slots_open(limit), 0);
}

static struct pit__slot_pool pool;

static struct pit__process *get(void) { return pit__slot_get(&pool, sched); }

PIT_TEST(every_slot_is_given_out_once_and_none_is_nobody)
{
    enum { MOST = 100000 };
    static bool seen[MOST];
    struct pit__process *p;
    unsigned n = 0;

    open_table(4096);
    while ((p = get())) {
        uint32_t i = pit__slot_index(p);

        CHECK(i > 0 && i < MOST && !seen[i]);
        seen[i] = true;
        CHECK(pit__owned_by(p, sched));
        CHECK_EQ(pit__process_pid(p), 0);
        CHECK(pit__slot_of((pit_pid){pit__slot_next_pid(p)}) == p);
        n++;
    }
    CHECK_EQ(n, 4096); /* the limit, and then an end */
    CHECK_EQ(pool.count, 0);
    pit__slots_close();
}

PIT_TEST(a_slot_is_reused_under_another_pid)
{
    struct pit__process *p;
    int64_t last = 0;

    open_table(1024);
    p = get();
    for (int i = 0; i < 1000; i++) {
        int64_t pid = pit__slot_next_pid(p);

        CHECK(pid > last); /* never again, and in order */
        CHECK(pit__slot_of((pit_pid){pid}) == p);
        last = pid;
        pit__slot_put(&pool, p);
        CHECK(get() == p); /* the youngest first: it is in the cache */
    }
    pit__slots_close();
}

PIT_TEST(a_slot_is_retired_when_its_pids_are_used_up)
{
    struct pit__process *p;
    unsigned before;
    int64_t pid;

    open_table(1024);
    p = get();
    before = pool.count;
    p->generation = PIT__PID_GENERATION_MAX - 1;
    (void)pit__slot_next_pid(p);
    pit__slot_put(&pool, p);
    CHECK_EQ(pool.count, before + 1);
    CHECK(get() == p);
    pid = pit__slot_next_pid(p); /* the last one there is */
    CHECK(pid > 0 && !pit__pid_is_proxy((pit_pid){pid}));
    CHECK(pit__slot_of((pit_pid){pid}) == p);
    pit__slot_put(&pool, p);
    CHECK_EQ(pool.count, before);
    for (unsigned n = 0; (before = n, get());
         n++) /* another stands in for it: the limit is what it was */
        ;
    CHECK_EQ(before, 1024);
    pit__slots_close();
}

PIT_TEST(what_is_no_pid_names_no_slot)
{
    struct pit__process *p;
    int64_t pid;

    open_table(1024);
    p = get();
    pid = pit__slot_next_pid(p);
    CHECK(!pit__slot_of(PIT_NO_PID));
    CHECK(!pit__slot_of((pit_pid){-pid}));
    CHECK(!pit__slot_of((pit_pid){INT64_MIN | EINVAL}));
    CHECK(!pit__slot_of(pit__pid(true, pit__pid_index((pit_pid){pid}), 1)));
    CHECK(!pit__slot_of(pit__pid(false, atomic_load(&pit__slots.used), 1)));
    CHECK(!pit__slot_of(pit__pid(false, PIT__PID_INDEX_MAX, 1)));
    pit__slots_close();
    pit__slots_close(); /* no effect */
}
