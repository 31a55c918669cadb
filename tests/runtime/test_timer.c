/*
 * Goal: timers (TIMER-1..7).
 * Method: cases of the specification in a node (node.h). Nothing is expected to come by a time that
 * a slow machine could miss; that nothing comes early is checked to the nanosecond.
 */
#include "tests/runtime/node.h"

#define MS INT64_C(1000000)

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(ref_is, (pit_ref, ref));
PIT_MESSAGE(go);

static void ended(const void *arg) {}

static size_t timers_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info.timers;
}

/* TIMER-1, TIMER-3: both kinds; never early; the sender is who started it. */
NODE_CASE(a_timer_sends_and_never_early)
{
    for (int64_t ms = 0; ms < 12; ms++) {
        int64_t begin = pit_now();
        pit_ref ref = pit_start_timer(ms, pit_self(), 77);
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        CHECK(pit_now() - begin >= ms * MS);
        CHECK(pit_ref_equal(pit_as(m, pit_timeout)->timer, ref));
        CHECK_EQ(pit_as(m, pit_timeout)->value, 77);
        begin = pit_now();
        ref = pit_send_after(ms, pit_self(), number, .n = ms);
        m = pit_receive(A_WHILE);
        CHECK(m);
        CHECK(pit_now() - begin >= ms * MS);
        CHECK_EQ(pit_as(m, number)->n, ms);
        CHECK(pit_pid_equal(m->from, pit_self()));
        CHECK_EQ(pit_cancel_timer(ref), -ENOENT); /* TIMER-7 */
    }
}

/* TIMER-1: absolute times, also past ones. */
NODE_CASE(a_timer_at_a_time_that_has_passed_fires_at_once)
{
    int64_t when = pit_now() + 5 * MS;

    (void)pit_start_timer_at(pit_now() - 1000 * MS, pit_self(), 1);
    CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timeout)->value, 1);
    (void)pit_start_timer_at(0, pit_self(), 2);
    CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timeout)->value, 2);
    (void)pit_start_timer_at(INT64_MIN, pit_self(), 3);
    CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timeout)->value, 3);
    (void)pit_send_at_copy(when, pit_self(), &pit_type_number, &(struct number){4});
    CHECK_EQ(pit_as(pit_receive(A_WHILE), number)->n, 4);
    CHECK(pit_now() >= when);
}

/* TIMER-1: a negative time is an error. TIMER-7: an error's reference is badarg; far times are
   fine. */
NODE_CASE(times_out_of_the_ordinary)
{
    pit_ref far = pit_start_timer(INT64_MAX, pit_self(), 1);

    CHECK_EQ(pit_error(pit_start_timer(-1, pit_self(), 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_send_after(-1, pit_self(), number, .n = 1)), -EINVAL);
    CHECK(pit_read_timer(far) > INT64_C(1000) * 3600 * 24 * 365);
    CHECK(pit_cancel_timer(far) > 0);
    /* Of a time that has passed nothing is left, however long ago it was; unless it has been sent
       meanwhile. */
    for (int64_t past = INT64_MIN; past <= 0; past += INT64_MAX / 2 + 1) {
        pit_ref t = pit_start_timer_at(past, pit_self(), 1);
        int64_t left = pit_read_timer(t);

        CHECK(left == 0 || left == -ENOENT);
        if (pit_cancel_timer(t) == -ENOENT)
            CHECK(pit_receive_ref(t, A_WHILE));
        t = pit_start_timer_at_name(past, "nobody", 1);
        left = pit_cancel_timer(t);
        CHECK(left == 0 || left == -ENOENT);
    }
    far = pit_start_timer_at(INT64_MAX, pit_self(), 1);
    CHECK(pit_read_timer(far) > INT64_C(1000) * 3600 * 24 * 365);
    CHECK(pit_cancel_timer(far) > 0);
    expect_empty();
}

/* TIMER-4, TIMER-5, TIMER-7 */
NODE_CASE(cancelling_and_reading_say_what_is_left)
{
    pit_ref t = pit_start_timer(60000, pit_self(), 1);
    int64_t left = pit_read_timer(t);

    CHECK(left > 0 && left <= 60000);
    CHECK_EQ(timers_of(pit_self()), 1);
    left = pit_cancel_timer(t);
    CHECK(left > 0 && left <= 60000);
    CHECK_EQ(pit_cancel_timer(t), -ENOENT);
    CHECK_EQ(pit_read_timer(t), -ENOENT);
    CHECK_EQ(pit_cancel_timer(pit_make_ref()), -ENOENT);
    CHECK_EQ(pit_cancel_timer((pit_ref){PIT_NO_PID, 5}), -ENOENT);
    CHECK_EQ(timers_of(pit_self()), 0);
    t = pit_start_timer(0, pit_self(), 2);
    CHECK(pit_receive(A_WHILE));
    CHECK_EQ(pit_cancel_timer(t), -ENOENT);
    expect_empty();
}

/* TIMER-4: whether it was cancelled or fires is never both and never neither. */
NODE_CASE(a_cancelled_timer_never_fires)
{
    for (int i = 0; i < 300; i++) {
        pit_ref t = pit_start_timer_at(pit_now() + i % 10 * 50000, pit_self(), (uint64_t)i);
        int64_t left;

        if (i % 3 == 0)
            pit_yield();
        left = pit_cancel_timer(t);
        if (left >= 0) {
            pit_yield();
            expect_empty();
        } else
            CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timeout)->value, i); /* "or will come" */
    }
}

static void cancels(const void *arg)
{
    pit_ref t = pit_receive_only(ref_is, A_WHILE)->ref;

    pit_exit(pit_build("{~}", (bool)(pit_read_timer(t) > 0 && pit_cancel_timer(t) > 0 &&
                                     pit_cancel_timer(t) == -ENOENT)));
}

/* TIMER-6: any process that knows the reference may. */
NODE_CASE(anybody_may_cancel_a_timer)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0), to[2] = {p, pit_self()};

    for (int i = 0; i < 40; i++) {
        pit_monitored m = spawn_watched(cancels, NULL, 0);

        pit_send(m.pid, ref_is, .ref = pit_start_timer(60000, to[i % 2], 1));
        expect_end(m, "{true}");
    }
    CHECK_EQ(timers_of(p), 0);
    pit_exit_process(p, pit_atom("kill"));
}

static void forwards_value(const void *arg)
{
    for (;;)
        pit_send(*(const pit_pid *)arg, number,
                 .n = (int64_t)pit_as(pit_receive(PIT_INFINITY), pit_timeout)->value);
}

/* TIMER-1: for a process of another scheduler, which moves meanwhile. */
NODE_CASE(timers_follow_their_process)
{
    pit_pid me = pit_self(), p[6];
    int64_t n = pit_test_sanitized() ? 300 : 1000, sum = 0;
    uint64_t chance = pit_test_seed();

    for (int i = 0; i < 6; i++)
        p[i] = spawn_anywhere(forwards_value, &me, sizeof me);
    for (int64_t i = 0; i < n; i++)
        (void)pit_start_timer((int64_t)pit_test_random_below(&chance, 30), p[i % 6], (uint64_t)i);
    for (int64_t i = 0; i < n; i++)
        sum += pit_receive_only(number, A_WHILE)->n;
    CHECK_EQ(sum, n * (n - 1) / 2);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(timers_of(p[i]), 0);
        pit_exit_process(p[i], pit_atom("kill"));
    }
    expect_alone();
}

/* TIMER-2: timers go with their process, and one for the dead is none; a million of them leave
   nothing behind. */
NODE_CASE(timers_end_with_their_process)
{
    pit_monitored m = spawn_watched(ended, NULL, 0);
    int64_t n = (int64_t)pit_test_scale(pit_test_sanitized() ? 3000 : 100000, 1000000);
    pit_pid p;

    expect_end(m, "normal");
    for (int64_t i = 0; i < n; i++) {
        pit_ref t = pit_start_timer(100000, m.pid, 1);

        if (i % 1000 == 0)
            CHECK_EQ(pit_read_timer(t), -ENOENT);
    }
    p = spawn_anywhere(wait_forever, NULL, 0);
    for (int64_t i = 0; i < n; i++)
        (void)pit_start_timer(100000 + i % 1000, p, 1);
    CHECK_EQ(timers_of(p), n);
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
    for (unsigned i = 0; i < pit__node.count; i++)
        CHECK(atomic_load(&pit__node.state) == PIT__NODE_UP);
}

/* TIMER-3: many at once, random, some cancelled: each of the others once, none early. */
NODE_CASE(many_timers_each_fire_once_and_not_early)
{
    enum { N = 3000 };
    static int64_t due[N];
    static bool open[N];
    uint64_t chance = pit_test_seed();
    int left = 0;

    for (int i = 0; i < N; i++) {
        int64_t ms = (int64_t)pit_test_random_below(&chance, 60);
        pit_ref t;

        due[i] = pit_now() + ms * MS;
        t = pit_start_timer(ms, pit_self(), (uint64_t)i);
        open[i] = pit_test_random_below(&chance, 4) || pit_cancel_timer(t) < 0;
        left += open[i];
    }
    for (; left; left--) {
        const pit_msg *m = pit_receive(A_WHILE);
        uint64_t i;

        CHECK(m);
        i = pit_as(m, pit_timeout)->value;
        CHECK(open[i]);
        open[i] = false;
        CHECK(pit_now() >= due[i]);
    }
    CHECK(!pit_receive(20));
    CHECK_EQ(timers_of(pit_self()), 0);
}

static void bad_target(const void *arg) { (void)pit_start_timer(1, *(const pit_pid *)arg, 1); }
static void bad_cancel(const void *arg)
{
    (void)pit_cancel_timer((pit_ref){{INT64_MIN | EINVAL}, 0});
}

/* TIMER-7: what is no pid, or no reference, is badarg. */
NODE_CASE(a_timer_for_what_is_no_process_is_badarg)
{
    pit_pid wrong[] = {PIT_NO_PID, {INT64_MIN | EINVAL}};

    for (int i = 0; i < 3; i++) {
        pit_monitored m =
            spawn_watched(i < 2 ? bad_target : bad_cancel, &wrong[i % 2], sizeof *wrong);
        const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

        CHECK(down);
        CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{badarg,", 8));
    }
}

/* ---- to names: TIMER-2 */

static void is_called(const void *arg)
{
    pit_must(pit_register("timed", pit_self()));
    pit_send(*(const pit_pid *)arg, go);
    CHECK(pit_receive_type(&pit_type_number, A_WHILE));
    pit_exit(pit_atom("got_it"));
}

/* TIMER-1, TIMER-2: the name is looked up when the time has come; both kinds, relative and
   absolute. */
NODE_CASE(a_timer_to_a_name_finds_who_has_it_then)
{
    pit_pid me = pit_self();
    pit_ref refs[4];
    pit_monitored m;
    bool seen[4] = {0};

    /* Longer where the machine was too slow. */
    for (int64_t ms = 60, in_time = 0; !in_time; ms *= 4) {
        int64_t when = pit_now() + ms * MS;

        (void)pit_send_after_name(ms, "timed", &pit_type_number, &(struct number){1});
        m = spawn_watched(is_called, &me, sizeof me); /* it has the name only now */
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        in_time = pit_now() < when;
        if (!in_time)
            pit_send(m.pid, number, .n = 1);
        expect_end(m, "got_it");
    }
    pit_must(pit_register("timed", me));
    (void)pit_send_at_name(pit_now() - MS, "timed", &pit_type_number, &(struct number){2});
    CHECK_EQ(pit_as(pit_receive(A_WHILE), number)->n, 2);
    for (unsigned i = 0; i < 4; i++)
        refs[i] = i % 2 ? pit_start_timer_name(i, "timed", i)
                        : pit_start_timer_at_name(pit_now() + i * MS, "timed", i);
    for (int i = 0; i < 4; i++) {
        const struct pit_timeout *t = pit_as(pit_receive(A_WHILE), pit_timeout);

        CHECK(t->value < 4 && !seen[t->value]);
        seen[t->value] = true;
        CHECK(pit_ref_equal(t->timer, refs[t->value]));
    }
    expect_empty();
}

static void starts_and_ends(const void *arg)
{
    (void)pit_start_timer_name(5, "timed", 7);
    (void)pit_start_timer_name(5, "nobody_has_this", 8);
}

/* TIMER-2: who started it may end; nobody of the name, nothing happens; who has the name may end
   and another take it. */
NODE_CASE(a_timer_to_a_name_belongs_to_nobody)
{
    pit_pid me = pit_self();
    pit_ref left;

    /* Longer where the machine was too slow. */
    for (int64_t ms = 50, in_time = 0; !in_time; ms *= 4) {
        pit_monitored m = spawn_watched(is_called, &me, sizeof me);
        int64_t when = pit_now() + ms * MS;

        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        left = pit_start_timer_at_name(when, "timed", 9);
        pit_exit_process(m.pid, pit_atom("kill"));
        expect_end(m, "killed");
        pit_must(pit_register("timed", me));
        in_time = pit_now() < when;
        if (!in_time) {
            pit_must(pit_unregister("timed"));
            while (pit_read_timer(left) >= 0)
                pit_sleep(1);
            (void)pit_receive_ref(left, 0); /* to us, if it fired just now */
        }
    }
    CHECK_EQ(pit_as(pit_receive_ref(left, A_WHILE), pit_timeout)->value, 9);
    expect_end(spawn_watched(starts_and_ends, NULL, 0), "normal");
    CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timeout)->value, 7);
    pit_sleep(2);
    expect_empty();
    (void)pit_start_timer_name(3600000, "timed", 1); /* the node ends with it */
    (void)pit_send_after_name(3600000, "nobody_has_this", &pit_type_go, "");
}

/* TIMER-4..7 for timers to names, and what can be no name */
NODE_CASE(a_timer_to_a_name_is_cancelled_and_read)
{
    pit_ref t = pit_start_timer_name(60000, "timed", 1), none = {.number = t.number};

    CHECK(pit_read_timer(t) > 0 && pit_read_timer(t) <= 60000);
    CHECK(pit_cancel_timer(t) > 0);
    CHECK_EQ(pit_cancel_timer(t), -ENOENT);
    CHECK_EQ(pit_read_timer(t), -ENOENT);
    none.number = 77;
    CHECK_EQ(pit_cancel_timer(none), -ENOENT);
    none.number = UINT64_MAX;
    CHECK_EQ(pit_read_timer(none), -ENOENT);
    CHECK_EQ(pit_cancel_timer_async(none, true), 0);
    CHECK_EQ(pit_receive_only(pit_timer_cancelled, A_WHILE)->left, -ENOENT);
    CHECK_EQ(pit_error(pit_start_timer_name(1, "", 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_start_timer_name(1, NULL, 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_start_timer_name(1, "undefined", 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_start_timer_name(-1, "timed", 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_send_after_name(-1, "timed", &pit_type_go, "")), -EINVAL);
    expect_empty();
}

/* ---- others' timers, TIMER-6, and asynchronous forms, TIMER-4, TIMER-5 */

PIT_MESSAGE(cancel_it, (pit_ref, ref), (int, how));
PIT_MESSAGE(result, (int64_t, left));

enum { SYNC, READ, ASYNC, ASYNC_READ, SILENT };

static void answers_about(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);
        struct cancel_it c = *pit_as(m, cancel_it);
        pit_pid asker = m->from;
        int64_t left = 0;

        switch (c.how) {
        case SYNC:
            left = pit_cancel_timer(c.ref);
            break;
        case READ:
            left = pit_read_timer(c.ref);
            break;
        case ASYNC:
            pit_must(pit_cancel_timer_async(c.ref, true));
            left = pit_as(pit_receive_ref(c.ref, A_WHILE), pit_timer_cancelled)->left;
            break;
        case ASYNC_READ:
            pit_must(pit_read_timer_async(c.ref));
            left = pit_as(pit_receive_ref(c.ref, A_WHILE), pit_timer_read)->left;
            break;
        default:
            pit_must(pit_cancel_timer_async(c.ref, false));
            CHECK_EQ(pit_read_timer(c.ref), -ENOENT); /* in order with it */
            expect_empty();
        }
        pit_send(asker, result, .left = left);
    }
}

static int64_t by_another(pit_pid other, pit_ref ref, int how)
{
    pit_send(other, cancel_it, .ref = ref, .how = how);
    return pit_receive_only(result, A_WHILE)->left;
}

NODE_CASE(anybody_may_cancel_and_read_in_every_form)
{
    pit_pid other = spawn_anywhere(answers_about, NULL, 0),
            third = spawn_anywhere(wait_forever, NULL, 0);

    for (int i = 0; i < 60; i++) {
        pit_ref t = i % 3 == 0   ? pit_start_timer(60000, pit_self(), 1)
                    : i % 3 == 1 ? pit_start_timer(60000, third, 1)
                                 : pit_start_timer_name(60000, "timed", 1);
        int how = (int[]){SYNC, ASYNC, SILENT}[i / 3 % 3];
        int64_t left = by_another(other, t, READ);

        CHECK(left > 0 && left <= 60000);
        left = by_another(other, t, ASYNC_READ);
        CHECK(left > 0 && left <= 60000);
        left = by_another(other, t, how);
        CHECK(how == SILENT || (left > 0 && left <= 60000));
        CHECK_EQ(by_another(other, t, ASYNC), -ENOENT);
        CHECK_EQ(by_another(other, t, ASYNC_READ), -ENOENT);
        CHECK_EQ(by_another(other, t, SYNC), -ENOENT);
    }
    CHECK_EQ(timers_of(pit_self()), 0);
    CHECK_EQ(timers_of(third), 0);
    expect_empty();
}

/* TIMER-4, TIMER-7: of one's own, of the dead, of what is no timer: an answer, never an error. */
NODE_CASE(asynchronous_questions_are_answered)
{
    pit_monitored m = spawn_watched(ended, NULL, 0);
    pit_ref t = pit_start_timer(60000, pit_self(), 1), dead;
    const struct pit_timer_cancelled *c;

    CHECK_EQ(pit_read_timer_async(t), 0);
    CHECK(pit_receive_only(pit_timer_read, A_WHILE)->left > 0);
    CHECK_EQ(pit_cancel_timer_async(t, true), 0);
    c = pit_receive_only(pit_timer_cancelled, A_WHILE);
    CHECK(c->left > 0);
    CHECK(pit_ref_equal(c->timer, t));
    expect_end(m, "normal");
    dead = pit_start_timer(60000, m.pid, 1); /* TIMER-2 */
    CHECK_EQ(pit_cancel_timer_async(dead, true), 0);
    CHECK_EQ(pit_as(pit_receive_ref(dead, A_WHILE), pit_timer_cancelled)->left, -ENOENT);
    CHECK_EQ(pit_read_timer_async(pit_make_ref()), 0);
    CHECK_EQ(pit_receive_only(pit_timer_read, A_WHILE)->left, -ENOENT);
    CHECK_EQ(pit_cancel_timer_async(dead, false), 0);
    expect_empty();
}

/* TIMER-4: cancelled or fired, exactly one, also when both happen at about the same time. */
NODE_CASE(a_cancel_that_races_with_the_expiry)
{
    pit_pid other = spawn_anywhere(answers_about, NULL, 0);
    int cancelled = 0, fired = 0;

    for (int i = 0; i < 200; i++) {
        pit_ref t = i % 2 ? pit_start_timer(i % 4 / 2, pit_self(), 1)
                          : pit_start_timer_at(pit_now() + i % 7 * 30000, pit_self(), 1);
        int64_t left =
            i % 3 ? by_another(other, t, i % 3 == 1 ? SYNC : ASYNC) : pit_cancel_timer(t);

        CHECK(left >= 0 || left == -ENOENT);
        if (left >= 0)
            cancelled++;
        else {
            CHECK(pit_receive_ref(t, A_WHILE)); /* it is in the queue, or will come */
            fired++;
        }
        CHECK(!pit_receive_ref(t, 0));
    }
    CHECK_EQ(cancelled + fired, 200);
    expect_empty();
}
