/*
 * Goal: what Erlang/OTP's process_SUITE asks of suspended processes, beside
 *   tests/runtime/test_suspend.c.
 * Method: each case names the one of OTP's; that a timeout stood still is seen from it not having
 *   come while others of the same length did.
 */
#include "tests/conformance/terms.h"

#define MS INT64_C(1000000)

PIT_MESSAGE(go);
PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(woke, (int64_t, at));

static void times_out(const void *arg)
{
    pit_pid test = *(const pit_pid *)arg;

    pit_send(test, number, .n = pit_now());
    CHECK(!pit_receive_type(&pit_type_go, 30));
    pit_send(test, woke, .at = pit_now());
}

/* One that was suspended before its 30 ms were over, also where the machine lets others go
   first. */
static pit_pid suspended_in_time(int64_t *ret_began)
{
    pit_pid me = pit_self(), p;

    for (;;) {
        p = spawn_anywhere(times_out, &me, sizeof me);
        *ret_began = pit_receive_only(number, A_WHILE)->n;
        int r = pit_suspend(p, 0);

        if (pit_now() - *ret_began < 30 * MS) {
            CHECK_EQ(r, 0);
            return p;
        }
        if (r == 0)
            CHECK_EQ(pit_resume(p), 0);
        (void)pit_receive_only(woke, A_WHILE);
    }
}

/* SCHED-5 [28+], RECV-2: the time of its receive stands still.
           OTP: process_SUITE/suspend_process_pausing_proc_timer */
NODE_CASE(the_timeout_of_a_suspended_receive_stands_still)
{
    int64_t began, suspended_at, resumed_at, woke_at;
    pit_pid p = suspended_in_time(&began);

    suspended_at = pit_now();
    pit_sleep(60);
    expect_empty(); /* twice its time, and it did not wake */
    resumed_at = pit_now();
    CHECK_EQ(pit_resume(p), 0);
    woke_at = pit_receive_only(woke, A_WHILE)->at;
    CHECK(woke_at >= resumed_at);
    /* What it had waited before it was suspended counts: at most all up to when that had
       returned. */
    CHECK(woke_at - resumed_at >= 30 * MS - (suspended_at - began));
}

static void suspends_for(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;

    CHECK_EQ(pit_suspend(p, 0), 0);
    CHECK_EQ(pit_suspend(p, 0), 0);
    (void)pit_receive_type(&pit_type_go, A_WHILE);
    CHECK_EQ(pit_resume(p), 0);
    (void)pit_receive_type(&pit_type_go, A_WHILE);
    if (!pit_receive_type(&pit_type_number, 0))
        CHECK_EQ(pit_resume(p), 0);
}

/* SCHED-5: until the last of several lets go, one of them by its end.
   OTP: process_SUITE/suspend_process_pausing_proc_timer_multi_suspend */
NODE_CASE(a_timeout_stands_still_until_the_last_lets_go)
{
    int64_t last;
    pit_pid p = suspended_in_time(&last);
    pit_monitored by[3];

    for (int i = 0; i < 3; i++) {
        pit_process_info info;

        by[i] = spawn_watched(suspends_for, &p, sizeof p);
        do
            CHECK_EQ(pit_process_info_of(by[i].pid, &info), 0);
        while (info.status != PIT_WAITING);
    }
    CHECK_EQ(pit_resume(p), 0);
    for (int i = 0; i < 3; i++) {
        pit_send(by[i].pid, go); /* one of its two */
        pit_sleep(15);
        expect_empty();
        if (i == 2)
            pit_send(by[i].pid, number, .n = 1); /* this one ends with its suspension on */
        last = pit_now();
        pit_send(by[i].pid, go);
        expect_end(by[i], "normal");
    }
    CHECK(pit_receive_only(woke, A_WHILE)->at >= last);
}

static void asks_all(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;

    for (int i = 0; i < 50; i++) {
        CHECK_EQ(pit_process_info_of(p, &(pit_process_info){0}), 0);
        CHECK(pit_is_alive(p));
        CHECK_EQ(pit_demonitor(pit_monitor(p), PIT_DEMONITOR_FLUSH), 1);
        pit_link(p);
        pit_unlink(p);
    }
}

/* SCHED-5, INFO-3: very many requests to one that is suspended are served.
   OTP: process_SUITE/system_task_on_suspended */
NODE_CASE(the_suspended_answers_very_many_requests)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
    pit_monitored by[6];

    CHECK_EQ(pit_suspend(p, 0), 0);
    for (int i = 0; i < 6; i++)
        by[i] = spawn_watched(asks_all, &p, sizeof p);
    for (int i = 0; i < 6; i++)
        expect_end(by[i], "normal");
    CHECK_EQ(pit_resume(p), 0);
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}
