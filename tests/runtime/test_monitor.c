/*
 * Goal: monitors (MON-1..11, MON-13; aliases of monitors are test_alias.c's).
 * Method: cases of the specification in a node (node.h); races are run many times, with the parties
 * on different schedulers.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready, (pit_ref, ref));

static void ended(const void *arg) {}
static void boom(const void *arg) { pit_exit(pit_build("{boom, [~a]}", "now")); }

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

/* MON-1, MON-2, MON-7: one DOWN each, of its own reference, with the real reason. */
NODE_CASE(each_monitor_fires_once)
{
    for (int round = 0; round < 20; round++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        pit_ref refs[10];

        for (int i = 0; i < 10; i++)
            refs[i] = pit_monitor(p);
        CHECK_EQ(info_of(p).monitored_by, 10);
        CHECK_EQ(info_of(pit_self()).monitors, 10);
        pit_exit_process(p, round % 2 ? pit_atom("kill") : pit_build("{shutdown, ~}", round));
        for (int i = 9; i >= 0; i--)
            expect_down(refs[i], p,
                        round % 2 ? "killed" : text_of(pit_build("{shutdown, ~}", round)));
        CHECK_EQ(info_of(pit_self()).monitors, 0);
        expect_empty();
    }
}

/* MON-4: the dead and the never born are noproc. */
NODE_CASE(monitoring_the_dead_is_noproc)
{
    pit_monitored m = spawn_watched(boom, NULL, 0);
    pit_pid never = {INT64_C(5) << 27 | 1000000};

    expect_end(m, "{boom,[now]}");
    expect_down(pit_monitor(m.pid), m.pid, "noproc");
    expect_down(pit_monitor(PIT_NO_PID), PIT_NO_PID, "noproc");
    expect_down(pit_monitor(never), never, "noproc");
}

/* MON-4, SIG-1: after an exit signal to it a monitor finds nobody, as if it were long dead.
   LIFE-7, step 9. */
NODE_CASE(monitoring_one_that_was_just_killed_is_noproc)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 100; i++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

        if (i % 2)
            pit_yield();
        pit_exit_process(p, pit_atom("kill"));
        expect_down(pit_monitor(p), p, "noproc");
        p = spawn_anywhere(wait_forever, NULL, 0);
        pit_exit_process(p, pit_atom("kill"));
        pit_link(p);
        expect_exited(p, "noproc");
    }
    expect_empty();
}

static void dies_soon(const void *arg)
{
    for (int i = *(const int *)arg; i > 0; i--)
        pit_yield();
}

/* MON-4, MON-1: however the monitor and the end race, there is one DOWN. */
NODE_CASE(a_monitor_of_the_dying_fires_once)
{
    for (int i = 0; i < 400; i++) {
        int life = i % 6;
        pit_pid p = spawn_anywhere(dies_soon, &life, sizeof life);
        pit_ref ref;
        const pit_msg *m;

        for (int k = i % 4; k > 0; k--)
            pit_yield();
        ref = pit_monitor(p);
        m = pit_receive_ref(ref, A_WHILE);
        CHECK(m);
        CHECK(pit_atom_is(pit_as(m, pit_down)->reason, "normal") ||
              pit_atom_is(pit_as(m, pit_down)->reason, "noproc"));
    }
    expect_alone();
    expect_empty();
}

static void is_called(const void *arg)
{
    CHECK_EQ(pit_register("called", pit_self()), 0);
    pit_send(*(const pit_pid *)arg, go);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    pit_exit(pit_atom("stop"));
}

/* MON-3: a name is who has it now; nobody is noproc. */
NODE_CASE(a_monitor_by_name_is_of_who_has_it_now)
{
    pit_pid me = pit_self(), a, b;
    pit_ref ra, rb;

    expect_down(pit_monitor_name("called"), PIT_NO_PID, "noproc");
    expect_down(pit_monitor_name(NULL), PIT_NO_PID, "noproc");
    a = spawn_anywhere(is_called, &me, sizeof me);
    CHECK(pit_receive_type(&pit_type_go, A_WHILE));
    ra = pit_monitor_name("called");
    CHECK_EQ(pit_unregister("called"), 0);
    b = spawn_anywhere(is_called, &me, sizeof me);
    CHECK(pit_receive_type(&pit_type_go, A_WHILE));
    rb = pit_monitor_name("called");
    pit_send(b, go);
    expect_down(rb, b, "stop");
    expect_empty(); /* a lives */
    pit_send(a, go);
    expect_down(ra, a, "stop");
}

/* MON-5 */
NODE_CASE(monitoring_oneself_does_nothing)
{
    pit_ref ref = pit_monitor(pit_self());

    CHECK_EQ(info_of(pit_self()).monitors, 0);
    CHECK_EQ(info_of(pit_self()).monitored_by, 0);
    CHECK_EQ(pit_demonitor(ref, 0), 0);
    CHECK(!pit_ref_equal(ref, pit_monitor(pit_self())));
}

/* MON-8: after demonitor no DOWN of that reference is added. */
NODE_CASE(after_demonitor_no_down_is_added)
{
    for (int i = 0; i < 400; i++) {
        int life = i % 5;
        pit_monitored m = spawn_watched(dies_soon, &life, sizeof life);
        int active;

        for (int k = i % 4; k > 0; k--)
            pit_yield();
        active = pit_demonitor(m.ref, 0);
        if (active) /* it had not fired, and never will */
            expect_empty();
        else
            expect_end(m, "normal");
    }
    expect_alone();
    expect_empty();
}

/* MON-9, the table. OTP: monitor_SUITE/demonitor_flush */
NODE_CASE(demonitor_says_whether_it_was_active)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0), me = pit_self();
    pit_ref active[2] = {pit_monitor(p), pit_monitor(p)},
            fired[2] = {pit_monitor(p), pit_monitor(p)};

    CHECK_EQ(pit_demonitor(active[0], 0xf0), -EINVAL); /* no such options: nothing is done */
    CHECK_EQ(pit_demonitor(active[0], PIT_DEMONITOR_FLUSH | 2), -EINVAL);
    CHECK_EQ(info_of(p).monitored_by, 4);
    CHECK_EQ(pit_demonitor(active[0], 0), 1);
    CHECK_EQ(pit_demonitor(active[1], PIT_DEMONITOR_FLUSH), 1);
    CHECK_EQ(pit_demonitor(active[0], 0), 0);
    CHECK_EQ(pit_demonitor(active[1], PIT_DEMONITOR_FLUSH), 0);
    CHECK_EQ(info_of(p).monitored_by, 2);
    pit_send(me, go);
    pit_exit_process(p, pit_atom("stop"));
    while (pit_message_count() < 3)
        pit_yield();
    CHECK_EQ(pit_demonitor(fired[0], 0), 0);
    CHECK_EQ(pit_message_count(), 3); /* left */
    CHECK_EQ(pit_demonitor(fired[1], PIT_DEMONITOR_FLUSH), 0);
    CHECK_EQ(pit_message_count(), 2); /* removed */
    CHECK_EQ(pit_demonitor(pit_make_ref(), PIT_DEMONITOR_FLUSH), 0);
    CHECK_EQ(pit_demonitor((pit_ref){p, 77}, PIT_DEMONITOR_FLUSH), 0); /* not ours */
    expect_down(fired[0], p, "stop");
    CHECK(pit_receive_type(&pit_type_go, 0));
}

/* MON-9: flush at the head, in the middle and at the end of the queue, and what comes after is
   received in order. */
PIT_MESSAGE(number, (int, n));
NODE_CASE(flush_takes_one_message_from_anywhere_in_the_queue)
{
    for (int place = 0; place <= 4; place++) {
        pit_monitored m;

        for (int i = 0; i < place; i++)
            pit_send(pit_self(), number, .n = i);
        m = spawn_watched(ended, NULL, 0);
        while (pit_message_count() < (size_t)place + 1)
            pit_yield();
        for (int i = place; i < 4; i++)
            pit_send(pit_self(), number, .n = i);
        CHECK_EQ(pit_demonitor(m.ref, PIT_DEMONITOR_FLUSH), 0);
        pit_send(pit_self(), number, .n = 4);
        for (int i = 0; i < 5; i++)
            CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
        expect_empty();
    }
}

static void watches(const void *arg)
{
    pit_ref ref = pit_monitor(*(const pit_pid *)arg);

    CHECK(ref.number);
    pit_exit(pit_atom("watcher_gone"));
}

/* MON-13, MON-11: the owner's end removes its monitors silently; the target feels nothing of any of
   it. */
NODE_CASE(monitors_go_with_their_owner)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

    for (int i = 0; i < 50; i++)
        expect_end(spawn_watched(watches, &p, sizeof p), "watcher_gone");
    for (int i = 0; i < 10000 && info_of(p).monitored_by; i++)
        pit_yield();
    CHECK_EQ(info_of(p).monitored_by, 0);
    CHECK_EQ(info_of(p).message_count, 0);
    CHECK(pit_is_alive(p));
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

/* MON-11: no limit, and a teardown of many pieces tells each of them, in the order of their
   making. */
NODE_CASE(a_process_may_be_watched_by_many)
{
    int n = pit_test_sanitized() ? 3000 : 30000;
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
    pit_ref *refs = pit_alloc((size_t)n * sizeof *refs);

    for (int i = 0; i < n; i++)
        refs[i] = pit_monitor(p);
    CHECK_EQ(info_of(p).monitored_by, n);
    for (int i = 0; i < n; i += 3)
        CHECK_EQ(pit_demonitor(refs[i], 0), 1);
    pit_exit_process(p, pit_atom("stop"));
    for (int i = 0; i < n; i++)
        if (i % 3) {
            const pit_msg *m = pit_receive(A_WHILE);

            CHECK(m);
            CHECK(pit_ref_equal(pit_as(m, pit_down)->ref, refs[i]));
        }
    expect_empty();
}

/* A monitor and its call for the last reason survive the end of who sealed it. */
NODE_CASE(a_reason_outlives_who_ended_with_it)
{
    const pit_msg *kept[20];

    for (int i = 0; i < 20; i++) {
        pit_monitored m = spawn_watched(boom, NULL, 0);

        kept[i] = pit_keep(pit_receive_ref(m.ref, A_WHILE));
    }
    expect_alone();
    for (int i = 0; i < 20; i++) {
        CHECK_STR(text_of(pit_as(kept[i], pit_down)->reason), "{boom,[now]}");
        pit_drop(kept[i]);
    }
}

/* MON-2: by name, the message says which; MON-3: also when somebody else has the name by then, or
   nobody. */
NODE_CASE(a_down_says_by_which_name_it_was_watched)
{
    pit_pid me = pit_self(), p = spawn_anywhere(is_called, &me, sizeof me);
    const struct pit_down *d;
    pit_ref by_name, by_pid;

    CHECK(pit_receive_type(&pit_type_go, A_WHILE));
    by_name = pit_monitor_name_with("called", .tag = pit_atom("t"));
    by_pid = pit_monitor(p);
    pit_send(p, go);
    d = pit_as(pit_receive_ref(by_name, A_WHILE), pit_down);
    CHECK_STR(text_of(d->name), "called");
    CHECK_STR(text_of(d->tag), "t");
    CHECK_STR(text_of(d->reason), "stop");
    CHECK(pit_pid_equal(d->pid, p));
    d = pit_as(pit_receive_ref(by_pid, A_WHILE), pit_down);
    CHECK_STR(text_of(d->name), "undefined");
    CHECK_STR(text_of(d->tag), "undefined");
    d = pit_as(pit_receive_ref(pit_monitor_name("called"), A_WHILE), pit_down);
    CHECK_STR(text_of(d->name), "called");
    CHECK_STR(text_of(d->reason), "noproc");
    d = pit_as(pit_receive_ref(pit_monitor_name(NULL), A_WHILE), pit_down);
    CHECK_STR(text_of(d->name), "undefined");
}

/* MON-10, tags of one word and of many; OTP: process_SUITE/monitor_tag,
   monitor_SUITE/monitor_tag_storage */
NODE_CASE(a_tag_comes_along_with_the_down)
{
    const char *tags[] = {"a", "7", "[]", "{conn,#{id => 12345678901234567890},[1,2,3]}",
                          "<<\"abc\">>"};
    const pit_msg *kept[5];

    for (int round = 0; round < 20; round++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        pit_ref refs[6];

        for (int i = 0; i < 5; i++) {
            pit_term tag;

            CHECK(pit_term_parse(tags[i], strlen(tags[i]), &tag) >= 0);
            refs[i] = pit_monitor_with(p, .tag = tag);
        }
        refs[5] = pit_monitor(p);
        if (round % 2)
            CHECK_EQ(pit_demonitor(refs[3], PIT_DEMONITOR_FLUSH), 1);
        pit_exit_process(p, pit_build("{why, ~}", round));
        for (int i = 4; i >= 0; i--) {
            if (i == 3 && round % 2)
                continue;
            kept[i] = pit_keep(pit_receive_ref(refs[i], A_WHILE));
            CHECK(kept[i]);
        }
        for (int i = 0; i < 5; i++) {
            const struct pit_down *d;

            if (i == 3 && round % 2)
                continue;
            d = pit_as(kept[i], pit_down);
            CHECK_STR(text_of(d->tag), tags[i]);
            CHECK_STR(text_of(d->reason), text_of(pit_build("{why, ~}", round)));
            pit_drop(kept[i]);
        }
        expect_down(refs[5], p, text_of(pit_build("{why, ~}", round)));
    }
    expect_empty();
}

static void tags_and_ends(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;

    (void)pit_monitor_with(p, .tag = pit_build("{some, [~]}", 1), .alias = PIT_ALIAS_DEMONITOR);
    (void)pit_monitor_with(PIT_NO_PID, .tag = pit_build("{some, [~]}", 2));
}

/* MON-13: tags go with their monitors, the watcher's end included; under asan nothing is left of
   them. */
NODE_CASE(tags_go_with_their_owner)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

    for (int i = 0; i < 50; i++)
        expect_end(spawn_watched(tags_and_ends, &p, sizeof p), "normal");
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

/* MON-9 when demonitor and the end race: removed or delivered, exactly one.
         OTP: monitor_SUITE/local_remove_monitor */
NODE_CASE(a_racing_demonitor_is_one_of_two)
{
    int active = 0, fired = 0;

    for (int i = 0; i < 400; i++) {
        int life = i % 3;
        pit_monitored m = spawn_watched(dies_soon, &life, sizeof life);
        bool was_active;

        for (int k = i % 3; k > 0; k--)
            pit_yield();
        was_active = pit_demonitor(m.ref, 0);
        active += was_active;
        if (!was_active) {
            CHECK(pit_receive_ref(m.ref, A_WHILE));
            fired++;
        }
        CHECK(!pit_receive_ref(m.ref, 0));
    }
    CHECK_EQ(active + fired, 400);
}

/* SIG-8 (c); OTP: signal_SUITE/priority_messages_monitor_enable_disable */
NODE_CASE(a_priority_down_stands_before_ordinary_messages)
{
    for (int i = 0; i < 20; i++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0), q;
        pit_ref plain = pit_monitor(p), first, spawned, asked;

        q = pit_spawn_with(wait_forever, NULL, 0, .monitor = true, .monitor_priority = true,
                           .ret_ref = &spawned, .scheduler = PIT_ANYWHERE);
        asked = pit_spawn_request(wait_forever, NULL, 0, .monitor = true, .monitor_priority = true,
                                  .scheduler = PIT_ANYWHERE);
        first = pit_monitor_with(p, .priority = true, .tag = pit_build("{t, ~}", i));
        pit_send(pit_self(), number, .n = 0);
        pit_exit_process(pit_must(pit_as(pit_receive_ref(asked, A_WHILE), pit_spawn_reply)->pid),
                         pit_atom("kill"));
        while (pit_message_count() < 2)
            pit_yield();
        CHECK(pit_ref_equal(pit_as(pit_receive(0), pit_down)->ref, asked));
        CHECK_EQ(pit_as(pit_receive(0), number)->n, 0);
        pit_send(pit_self(), number, .n = 1);
        pit_exit_process(p, pit_atom("kill"));
        while (pit_message_count() < 3)
            pit_yield();
        pit_exit_process(q, pit_atom("kill"));
        while (pit_message_count() < 4)
            pit_yield();
        CHECK(pit_ref_equal(pit_as(pit_receive(0), pit_down)->ref, first));
        CHECK(pit_ref_equal(pit_as(pit_receive(0), pit_down)->ref, spawned));
        CHECK_EQ(pit_as(pit_receive(0), number)->n, 1);
        CHECK(pit_ref_equal(pit_as(pit_receive(0), pit_down)->ref, plain));
        expect_empty();
    }
}
