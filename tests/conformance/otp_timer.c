/*
 * Goal: Erlang/OTP's timer_bif_SUITE, for what tests/runtime/test_timer.c has not asked.
 * Method: each case names the one of OTP's whose question it asks in C. Late is not judged, early
 *   is, to the nanosecond.
 */
#include "tests/conformance/terms.h"

#define MS INT64_C(1000000)

PIT_MESSAGE(go);
PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(carries, (pit_term, term), (pit_binary, bytes));

static size_t timers_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info.timers;
}

/* TIMER-1, TIMER-3: what each kind sends, and not early. OTP: timer_bif_SUITE/start_timer_1,
   send_after_1 */
NODE_CASE(both_kinds_of_timers_send_what_they_should)
{
    for (int64_t ms = 0; ms <= 20; ms += 5) {
        int64_t begin = pit_now();
        pit_ref ref = pit_start_timer(ms, pit_self(), (uint64_t)ms);
        const pit_msg *m = pit_receive_ref(ref, A_WHILE);

        CHECK(m);
        CHECK(pit_now() - begin >= ms * MS);
        CHECK_EQ(pit_as(m, pit_timeout)->value, ms);
        begin = pit_now();
        (void)pit_send_after(ms, pit_self(), number, .n = ms);
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, ms);
        CHECK(pit_now() - begin >= ms * MS);
    }
    expect_empty();
}

/* TIMER-3: well apart they come in the order of their times. OTP: timer_bif_SUITE/send_after_2 */
NODE_CASE(timers_well_apart_come_in_order)
{
    int64_t order[] = {3, 0, 4, 1, 2}, begin = pit_now();

    for (int i = 0; i < 5; i++)
        (void)pit_send_at_copy(begin + (order[i] + 1) * 20 * MS, pit_self(), &pit_type_number,
                               &(struct number){order[i]});
    for (int64_t i = 0; i < 5; i++) {
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
        CHECK(pit_now() >= begin + (i + 1) * 20 * MS);
    }
}

/* TIMER-4: what was left, then nothing; and no message comes.
   OTP: timer_bif_SUITE/cancel_timer_1 */
NODE_CASE(a_cancelled_timer_tells_what_was_left)
{
    for (int i = 0; i < 20; i++) {
        pit_ref ref = pit_send_after(60000, pit_self(), number, .n = 1);
        int64_t left = pit_cancel_timer(ref);

        CHECK(left > 0 && left <= 60000);
        CHECK_EQ(pit_cancel_timer(ref), -ENOENT);
        ref = pit_start_timer(2, pit_self(), 1);
        if (pit_cancel_timer(ref) < 0) /* we were kept from it for so long */
            CHECK(pit_receive_ref(ref, A_WHILE));
    }
    pit_sleep(5);
    expect_empty();
    CHECK_EQ(timers_of(pit_self()), 0);
}

/* TIMER-1, TIMER-7: what is out of range. OTP: timer_bif_SUITE/start_timer_e, send_after_e,
   cancel_timer_e */
NODE_CASE(wrong_times_make_no_timer)
{
    CHECK_EQ(pit_error(pit_start_timer(-1, pit_self(), 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_start_timer(INT64_MIN, pit_self(), 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_send_after(-1, pit_self(), number, .n = 1)), -EINVAL);
    CHECK_EQ(pit_cancel_timer(pit_make_ref()), -ENOENT);
    CHECK_EQ(pit_read_timer(pit_make_ref()), -ENOENT);
    CHECK_EQ(timers_of(pit_self()), 0);
}

/* TIMER-1, TIMER-5: very far ones. OTP: timer_bif_SUITE/start_timer_big, send_after_big,
   huge_timeout */
NODE_CASE(very_far_timers_can_be_read_and_cancelled)
{
    int64_t far[] = {INT64_C(1) << 32, (INT64_C(1) << 32) + 1, INT64_C(1) << 40, INT64_MAX};

    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        pit_ref a = pit_start_timer(far[i], pit_self(), 1),
                b = pit_send_after(far[i], pit_self(), number, .n = 1);

        /* farther than a century is a century at least: the clock has 63 bits of nanoseconds */
        int64_t least =
            far[i] < INT64_MAX / MS / 2 ? far[i] - 10000 : INT64_C(100) * 365 * 86400 * 1000;

        CHECK(pit_read_timer(a) >= least);
        CHECK(pit_read_timer(b) >= least);
        CHECK(pit_cancel_timer(a) >= least);
        CHECK(pit_cancel_timer(b) >= least);
    }
    expect_empty();
}

/* TIMER-5. OTP: timer_bif_SUITE/read_timer_trivial, read_timer */
NODE_CASE(what_is_left_of_a_timer_shrinks)
{
    int64_t due = pit_now() + 60000 * MS, last = 60000;
    pit_ref ref = pit_start_timer_at(due, pit_self(), 1), soon;

    for (int i = 0; i < 5; i++) {
        int64_t left = pit_read_timer(ref);

        CHECK(left > 0 && left <= last);
        CHECK(left * MS >= due - pit_now()); /* what is left is never said to be less than it is */
        last = left;
        pit_sleep(2);
    }
    CHECK(last <= 60000 - 8);
    CHECK(pit_cancel_timer(ref) > 0);
    CHECK_EQ(pit_read_timer(ref), -ENOENT);
    soon = pit_start_timer(0, pit_self(), 2);
    CHECK(pit_receive_ref(soon, A_WHILE));
    CHECK_EQ(pit_read_timer(soon), -ENOENT);
}

/* TIMER-2: timers with large messages, to processes that are killed: nothing is left (asan).
   OTP: timer_bif_SUITE/cleanup, evil_timers */
NODE_CASE(timers_with_large_messages_go_with_their_process)
{
    static char bytes[5000];

    for (int round = 0; round < 10; round++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

        for (int i = 0; i < 20; i++)
            (void)pit_send_after(i % 4 ? 100000 : i, p, carries, .term = large_term(50),
                                 .bytes = pit_binary_new(bytes, sizeof bytes));
        for (int i = 0; i < round; i++)
            pit_yield();
        pit_exit_process(p, pit_atom("kill"));
        CHECK_EQ(pit_error(pit_send_after(1, p, carries, .term = large_term(50),
                                          .bytes = pit_binary_text("x"))),
                 0); /* gone: no error */
    }
    (void)pit_send_after(1, pit_self(), carries, .term = large_term(LARGE),
                         .bytes = pit_binary_new(bytes, sizeof bytes));
    {
        const struct carries *c = pit_receive_only(carries, A_WHILE);

        expect_large(c->term);
        CHECK_EQ(c->bytes.size, sizeof bytes);
    }
    expect_alone();
}

/* TIMER-3: tens of thousands at one instant all come, and others run meanwhile.
   OTP: timer_bif_SUITE/same_time_yielding */
NODE_CASE(very_many_timers_at_one_instant_all_come)
{
    int64_t n = (int64_t)pit_test_scale(pit_test_sanitized() ? 3000 : 20000, 100000), sum = 0;
    int64_t when = pit_now() + 50 * MS;

    for (int64_t i = 0; i < n; i++)
        (void)pit_send_at_copy(when, pit_self(), &pit_type_number, &(struct number){i});
    for (int64_t i = 0; i < n; i++) {
        sum += pit_receive_only(number, A_WHILE)->n;
        if (!i)
            CHECK(pit_now() >= when);
    }
    CHECK_EQ(sum, n * (n - 1) / 2);
    expect_empty();
}

PIT_MESSAGE(stop_them, (pit_ref, refs, 50), (int, count));

static void cancels_all(const void *arg)
{
    int64_t cancelled = 0;

    for (;;) {
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        if (pit_is(m, go))
            break;
        for (int i = 0; i < pit_as(m, stop_them)->count; i++)
            cancelled += pit_cancel_timer(pit_as(m, stop_them)->refs[i]) >= 0;
    }
    pit_send(*(const pit_pid *)arg, number, .n = -1 - cancelled);
}

/*
 * TIMER-4, TIMER-6: very many at one instant, of which some are cancelled as they fire, by oneself
 * and by another: each either comes or was cancelled.
 * OTP: timer_bif_SUITE/same_time_yielding_with_cancel, same_time_yielding_with_cancel_other
 */
NODE_CASE(of_very_many_timers_each_comes_or_was_cancelled)
{
    enum { N = 2000 };
    pit_ref *refs = pit_alloc(N * sizeof *refs);
    int64_t when = pit_now() + 20 * MS, cancelled = 0, came = 0;
    pit_pid me = pit_self(), other = spawn_anywhere(cancels_all, &me, sizeof me);

    for (int i = 0; i < N; i++)
        refs[i] = pit_send_at_copy(when, me, &pit_type_number, &(struct number){i});
    while (pit_now() < when)
        pit_yield();
    for (int i = 0; i < N / 4; i += 50) {
        struct stop_them s = {.count = 50};

        memcpy(s.refs, &refs[i], sizeof s.refs);
        pit_send_copy(other, &pit_type_stop_them, &s);
    }
    for (int i = N / 4; i < N / 2; i++)
        cancelled += pit_cancel_timer(refs[i]) >= 0;
    pit_send(other, go);
    for (bool told = false; !told || came + cancelled < N;) {
        int64_t n = pit_receive_only(number, A_WHILE)->n;

        if (n < 0) {
            cancelled += -1 - n;
            told = true;
        } else
            came++;
    }
    CHECK_EQ(came + cancelled, N);
    CHECK(!pit_receive(5));
    CHECK_EQ(timers_of(me), 0);
}

/* TIMER-2, SCHED-7: the end of one with very many timers holds up nobody.
   OTP: timer_bif_SUITE/auto_cancel_yielding */
NODE_CASE(the_end_of_one_with_very_many_timers_blocks_nobody)
{
    int64_t n = (int64_t)pit_test_scale(pit_test_sanitized() ? 5000 : 50000, 500000);
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
    int turns = 0;

    for (int64_t i = 0; i < n; i++)
        (void)pit_start_timer(1000000 + i, p, 1);
    pit_exit_process(p, pit_atom("kill"));
    while (pit__node_processes() > 1) {
        pit_yield();
        turns++;
    }
    CHECK(turns > 1); /* its teardown came in pieces, and this process had turns between them */
    expect_alone();
}

static void reacts(const void *arg)
{
    for (int64_t left = 200; left;) {
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        if (pit_is(m, pit_timeout)) {
            (void)pit_start_timer(0, pit_self(), 1);
            left--;
        }
    }
    pit_send(*(const pit_pid *)arg, go);
}

/* TIMER-1: a timer of no time, set as one fires, again and again.
   OTP: timer_bif_SUITE/multizero_timeout_in_timeout */
NODE_CASE(timers_of_no_time_set_by_timers_fire)
{
    pit_pid me = pit_self();

    for (int i = 0; i < 4; i++) {
        pit_pid p = spawn_anywhere(reacts, &me, sizeof me);

        (void)pit_start_timer(0, p, 1);
    }
    for (int i = 0; i < 4; i++)
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
    expect_alone();
}

/* ---- asynchronous forms, and names */

PIT_MESSAGE(has_timers, (pit_ref, refs, 20));

static void makes_timers(const void *arg)
{
    struct has_timers t;

    for (int i = 0; i < 20; i++)
        t.refs[i] = pit_start_timer(60000, pit_self(), (uint64_t)i);
    pit_send_copy(*(const pit_pid *)arg, &pit_type_has_timers, &t);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
}

/*
 * TIMER-4, TIMER-5, TIMER-6: answers of all ways to ask, for timers of processes of other
 * schedulers: the answer is the same, as a result or as a message; cancelled once, a timer is gone
 * for all who ask later. OTP: timer_bif_SUITE/cancel_timer_sync
 */
NODE_CASE(all_ways_to_ask_another_schedulers_timers_agree)
{
    pit_pid me = pit_self();

    for (int round = 0; round < 10; round++) {
        pit_pid p = spawn_anywhere(makes_timers, &me, sizeof me);
        struct has_timers t = *pit_receive_only(has_timers, A_WHILE);
        const pit_msg *m;
        int64_t left;

        for (int i = 0; i < 20; i++)
            switch (i % 4) {
            case 0:
                left = pit_cancel_timer(t.refs[i]);
                CHECK(left > 0 && left <= 60000);
                CHECK_EQ(pit_cancel_timer_async(t.refs[i], true), 0);
                m = pit_receive_ref(t.refs[i], A_WHILE);
                CHECK_EQ(pit_as(m, pit_timer_cancelled)->left, -ENOENT);
                break;
            case 1:
                CHECK_EQ(pit_cancel_timer_async(t.refs[i], true), 0);
                CHECK_EQ(pit_cancel_timer(t.refs[i]), -ENOENT); /* behind it: SIG-1 */
                m = pit_receive_ref(t.refs[i], A_WHILE);
                left = pit_as(m, pit_timer_cancelled)->left;
                CHECK(left > 0 && left <= 60000);
                break;
            case 2:
                CHECK_EQ(pit_cancel_timer_async(t.refs[i], false), 0);
                CHECK_EQ(pit_read_timer(t.refs[i]), -ENOENT);
                CHECK(!pit_receive_ref(t.refs[i], 0));
                break;
            default:
                break;
            }
        CHECK_EQ(timers_of(p), 5);
        pit_send(p, go);
        expect_alone();
        CHECK_EQ(pit_cancel_timer_async(t.refs[3], true), 0); /* TIMER-2: gone with it */
        CHECK_EQ(pit_as(pit_receive_ref(t.refs[3], A_WHILE), pit_timer_cancelled)->left, -ENOENT);
        expect_empty();
    }
}

/* TIMER-5: reading by message: it shrinks, and is nothing when it has fired.
   OTP: timer_bif_SUITE/read_timer_async */
NODE_CASE(what_is_left_can_be_asked_for_by_message)
{
    pit_ref ref = pit_start_timer(60000, pit_self(), 1), soon;
    int64_t last = 60000;

    for (int i = 0; i < 5; i++) {
        int64_t left;

        CHECK_EQ(pit_read_timer_async(ref), 0);
        left = pit_as(pit_receive_ref(ref, A_WHILE), pit_timer_read)->left;
        CHECK(left > 0 && left <= last);
        last = left;
        pit_sleep(2);
    }
    CHECK(last <= 60000 - 8);
    CHECK(pit_cancel_timer(ref) > 0);
    CHECK_EQ(pit_read_timer_async(ref), 0);
    CHECK_EQ(pit_as(pit_receive_ref(ref, A_WHILE), pit_timer_read)->left, -ENOENT);
    soon = pit_start_timer(0, pit_self(), 2);
    CHECK(pit_is(pit_receive_ref(soon, A_WHILE), pit_timeout));
    CHECK_EQ(pit_read_timer_async(soon), 0);
    CHECK_EQ(pit_as(pit_receive_ref(soon, A_WHILE), pit_timer_read)->left, -ENOENT);
    expect_empty();
}

static void takes_the_name(const void *arg)
{
    pit_pid test = *(const pit_pid *)arg;

    CHECK_EQ(pit_register("by_timer", pit_self()), 0);
    pit_send(test, go);
    pit_send(test, number, .n = pit_receive_only(number, A_WHILE)->n + 100);
}

/*
 * TIMER-2: a name is looked up when the time has come: who has it then gets the message, not who
 * had it as it was set; nobody: nothing is sent, and nothing stays. Ends of processes do not cancel
 * it. OTP: timer_bif_SUITE/registered_process
 */
NODE_CASE(a_timer_to_a_name_finds_who_has_it_then)
{
    pit_pid me = pit_self(), first, second;
    struct number n = {1}, later = {2};
    int64_t when;
    pit_ref timer, lost;

    for (int round = 0; round < 10; round++) {
        first = spawn_anywhere(takes_the_name, &me, sizeof me);
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        when = pit_now() + 60 * MS;
        timer = pit_send_at_name(when, "by_timer", &pit_type_number, &n);
        CHECK_EQ(pit_error(timer), 0);
        pit_exit_process(first, pit_atom("kill"));
        CHECK(!pit_is_alive(first));
        while (pit_whereis("by_timer").id)
            pit_yield();
        second = spawn_anywhere(takes_the_name, &me, sizeof me);
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));

        if (pit_now() < when) {
            CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 101);
            CHECK(pit_now() >= when);
        } else {
            /* else it finds who has the name in the next round */
            while (pit_read_timer(timer) >= 0)
                pit_sleep(1);
            pit_exit_process(second, pit_atom("kill"));
        }
        expect_alone();
        (void)pit_receive_type(&pit_type_number, 0); /* it may have had it before it was killed */
    }
    lost = pit_send_after_name(1, "by_timer", &pit_type_number, &later); /* nobody */
    while (pit_read_timer(lost) >= 0)
        pit_sleep(1);
    CHECK_EQ(pit_register("by_timer", me), 0);
    pit_sleep(3);
    expect_empty();
    CHECK_EQ(pit_error(pit_send_after_name(-1, "by_timer", &pit_type_number, &n)), -EINVAL);
    CHECK_EQ(pit_error(pit_start_timer_name(1, "", 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_start_timer_name(1, NULL, 1)), -EINVAL);
}
