/*
 * Goal: Erlang/OTP's monitor_SUITE, as far as tests/runtime/test_monitor.c and test_alias.c have
 * not asked its questions. Method: each case names the one of OTP's whose question it asks in C.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);
PIT_MESSAGE(who_is, (pit_pid, who));

static void ended(const void *arg) {}

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

static void ends_on_go(const void *arg)
{
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    pit_exit(pit_atom("told"));
}

/* ---- the watched process acts on its watcher around its own end */

struct pair {
    pit_pid test;
    bool kills_first, demonitors;
};

static void watcher(const void *arg)
{
    pit_pid p = pit_receive_only(who_is, A_WHILE)->who;
    pit_ref ref = pit_monitor(p);

    if (*(const bool *)arg)
        CHECK(pit_demonitor(ref, 0) >= 0);
    pit_send(p, ready);
    (void)pit_receive_ref(ref, *(const bool *)arg ? 5 : PIT_INFINITY);
    wait_forever(NULL);
}

static void kills_its_watcher(const void *arg)
{
    pit_pid w = pit_receive_only(who_is, A_WHILE)->who;

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    pit_exit_process(w, pit_atom("kill"));
}

/*
 * MON-13, SIG-1: the watcher is killed by the watched, which ends at once, the monitor still there
 * or not. OTP: monitor_SUITE/case_1, case_1a
 */
NODE_CASE(a_watched_process_kills_its_watcher_and_ends)
{
    for (int i = 0; i < 40; i++) {
        bool demonitors = i % 2;
        pit_monitored w = spawn_watched(watcher, &demonitors, sizeof demonitors),
                      p = spawn_watched(kills_its_watcher, NULL, 0);

        pit_send(p.pid, who_is, .who = w.pid);
        pit_send(w.pid, who_is, .who = p.pid);
        expect_end(w, "killed");
        expect_end(p, "normal");
    }
    expect_alone();
}

static void is_told_to_stop_watching(const void *arg)
{
    bool ends = *(const bool *)arg;
    pit_pid p = pit_receive_only(who_is, A_WHILE)->who;
    pit_ref ref = pit_monitor(p);

    pit_send(p, ready);
    CHECK(pit_receive_type(&pit_type_go, A_WHILE)); /* from p, which ends then */
    if (ends)
        return; /* with the monitor, as it fires */
    if (!pit_demonitor(ref, PIT_DEMONITOR_FLUSH))
        expect_empty();
    CHECK(!pit_receive_ref(ref, 0));
}

static void tells_its_watcher(const void *arg)
{
    pit_pid w = pit_receive_only(who_is, A_WHILE)->who;

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    pit_send(w, go);
}

/*
 * MON-8, MON-9, MON-13: both sides take the monitor away at once: by end, by demonitor, by the
 * watcher's end. OTP: monitor_SUITE/case_2, case_2a
 */
NODE_CASE(both_ends_take_a_monitor_away_at_once)
{
    for (int i = 0; i < 60; i++) {
        bool ends = i % 2;
        pit_monitored w = spawn_watched(is_told_to_stop_watching, &ends, sizeof ends),
                      p = spawn_watched(tells_its_watcher, NULL, 0);

        pit_send(p.pid, who_is, .who = w.pid);
        pit_send(w.pid, who_is, .who = p.pid);
        expect_end(w, "normal");
        expect_end(p, "normal");
    }
    expect_alone();
}

/* ---- demonitor */

/* MON-8, MON-9: of what never was, is over, or was taken away. OTP: monitor_SUITE/demon_1,
   demon_e_1 */
NODE_CASE(to_demonitor_what_is_no_monitor_is_nothing)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
    pit_ref ref = pit_monitor(p), dead = pit_monitor(PIT_NO_PID);

    CHECK_EQ(pit_demonitor(pit_make_ref(), 0), 0);
    CHECK_EQ(pit_demonitor((pit_ref){PIT_NO_PID, 0}, 0), 0);
    CHECK_EQ(pit_demonitor((pit_ref){p, ref.number}, 0), 0); /* another's by its look */
    CHECK_EQ(info_of(p).monitored_by, 1);
    CHECK_EQ(pit_demonitor(ref, 0), 1);
    CHECK_EQ(pit_demonitor(ref, 0), 0);
    CHECK_EQ(info_of(p).monitored_by, 0);
    CHECK(pit_receive_ref(dead, A_WHILE));
    CHECK_EQ(pit_demonitor(dead, 0), 0);
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
    expect_empty();
}

/* MON-8, MON-11: one taken away, the others fire. OTP: monitor_SUITE/demon_2 */
NODE_CASE(a_monitor_that_was_taken_away_does_not_fire)
{
    for (int i = 0; i < 30; i++) {
        pit_pid p = spawn_anywhere(ends_on_go, NULL, 0);
        pit_ref a = pit_monitor(p), b = pit_monitor(p), c = pit_monitor(p);

        CHECK_EQ(pit_demonitor(b, 0), 1);
        pit_send(p, go);
        expect_down(a, p, "told");
        expect_down(c, p, "told");
        expect_empty();
    }
}

/* ---- monitor */

static void named(const void *arg)
{
    CHECK_EQ(pit_register("named", pit_self()), 0);
    pit_send(*(const pit_pid *)arg, ready);
    ends_on_go(NULL);
}

/*
 * MON-1..4: of the living, the named, the dead, the missing. A pid of before this node's time is
 * one that was never born. OTP: monitor_SUITE/mon_1, otp_5827
 */
NODE_CASE(a_monitor_of_whoever_fires_once)
{
    pit_pid me = pit_self(), p = spawn_anywhere(named, &me, sizeof me);
    pit_pid old = {p.id + (INT64_C(1) << 40)}, beyond = {INT64_MAX};
    pit_ref by_pid, by_name;

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    by_pid = pit_monitor(p);
    by_name = pit_monitor_name("named");
    pit_send(p, go);
    expect_down(by_pid, p, "told");
    expect_down(by_name, p, "told");
    expect_down(pit_monitor(p), p, "noproc");
    expect_down(pit_monitor_name("named"), PIT_NO_PID, "noproc");
    expect_down(pit_monitor(old), old, "noproc");
    expect_down(pit_monitor(beyond), beyond, "noproc");
    expect_empty();
}

static void ends_large(const void *arg) { pit_exit(large_term(LARGE)); }

/* MON-7, SIG-6: a large reason, to many watchers. OTP: monitor_SUITE/large_exit */
NODE_CASE(a_large_reason_is_in_every_down)
{
    pit_monitored m = spawn_watched(ends_on_go, NULL, 0);

    pit_send(m.pid, go);
    expect_end(m, "told");
    for (int i = 0; i < 3; i++) {
        pit_monitored large[3];

        large[0] = spawn_watched(ends_large, NULL, 0);
        for (int k = 1; k < 3; k++) {
            large[k].pid = spawn_anywhere(wait_forever, NULL, 0);
            large[k].ref = pit_monitor(large[k].pid);
            pit_exit_process(large[k].pid, large_term(LARGE));
        }
        for (int k = 2; k >= 0; k--)
            expect_large_end(large[k]);
    }
}

/* MON-11, MON-13: however it ends, nothing is left on either side.
   OTP: monitor_SUITE/list_cleanup */
NODE_CASE(nothing_is_left_of_monitors)
{
    pit_pid p[5];
    pit_ref ref[10];

    for (int i = 0; i < 5; i++) {
        p[i] = spawn_anywhere(ends_on_go, NULL, 0);
        ref[2 * i] = pit_monitor(p[i]);
        ref[2 * i + 1] = pit_monitor(p[i]);
    }
    CHECK_EQ(info_of(pit_self()).monitors, 10);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(info_of(p[i]).monitored_by, 2);
    CHECK_EQ(pit_demonitor(ref[0], 0), 1);
    CHECK_EQ(pit_demonitor(ref[1], PIT_DEMONITOR_FLUSH), 1);
    CHECK_EQ(info_of(p[0]).monitored_by, 0);
    CHECK_EQ(info_of(pit_self()).monitors, 8);
    for (int i = 0; i < 5; i++)
        pit_send(p[i], go);
    for (int i = 2; i < 10; i++)
        expect_down(ref[i], p[i / 2], "told");
    CHECK_EQ(info_of(pit_self()).monitors, 0);
    expect_alone();
    expect_empty();
}

/* LIFE-8, REG-4: the name is free when the DOWN comes, and can be given again.
   OTP: monitor_SUITE/named_down */
NODE_CASE(a_name_is_free_when_the_down_comes)
{
    for (int i = 0; i < 100; i++) {
        pit_monitored m;

        m.pid = pit_spawn_with(ends_on_go, NULL, 0, .name = "free_then", .scheduler = PIT_ANYWHERE,
                               .monitor = true, .ret_ref = &m.ref);
        if (i % 2)
            pit_send(m.pid, go);
        else
            pit_exit_process(m.pid, pit_atom("told"));
        expect_end(m, "told");
        CHECK_EQ(pit_whereis("free_then").id, 0);
        CHECK_EQ(pit_register("free_then", pit_self()), 0);
        CHECK_EQ(pit_unregister("free_then"), 0);
    }
}

static void watches_badly(const void *arg) { (void)pit_monitor((pit_pid){INT64_MIN | EINVAL}); }

/* MON-9: what holds an error is badarg. OTP: monitor_SUITE/mon_e_1 */
NODE_CASE(a_monitor_of_an_error_is_badarg)
{
    pit_monitored m = spawn_watched(watches_badly, NULL, 0);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down);
    CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{badarg,", 8));
    expect_end(spawn_watched(ended, NULL, 0), "normal");
}

/* ---- monitor and alias in one reference */

PIT_MESSAGE(answer, (int64_t, n));
PIT_MESSAGE(ask_by, (pit_ref, ref));

static void answers_and_ends(const void *arg)
{
    pit_ref ref = pit_receive_only(ask_by, A_WHILE)->ref;

    for (int64_t n = 0; n < 3; n++)
        pit_send(ref, answer, .n = n);
}

/*
 * ALIAS-4: the answers, and right behind them the end, in each mode: what comes is in order, the
 * DOWN comes exactly once if the monitor was not used up, and after it the alias is what its mode
 * says. OTP: monitor_SUITE/down_on_alias_gh5310
 */
NODE_CASE(answers_and_the_down_by_one_reference)
{
    for (int i = 0; i < 150; i++) {
        uint8_t mode = i % 3 == 0   ? PIT_ALIAS_EXPLICIT
                       : i % 3 == 1 ? PIT_ALIAS_DEMONITOR
                                    : PIT_ALIAS_REPLY_DEMONITOR;
        pit_pid p = spawn_anywhere(answers_and_ends, NULL, 0);
        pit_ref ref = pit_monitor_with(p, .alias = mode);
        int answers = mode == PIT_ALIAS_REPLY_DEMONITOR ? 1 : 3;

        pit_send(p, ask_by, .ref = ref);
        for (int64_t n = 0; n < answers; n++)
            CHECK_EQ(pit_as(pit_receive_ref(ref, A_WHILE), answer)->n, n);
        if (mode == PIT_ALIAS_REPLY_DEMONITOR) { /* both were used up by the first answer */
            expect_alone();
            CHECK_EQ(pit_demonitor(ref, 0), 0);
        } else
            expect_down(ref, p, "normal");
        expect_empty();
        CHECK_EQ(pit_unalias(ref), mode == PIT_ALIAS_EXPLICIT);
        pit_send(ref, answer, .n = 9);
        expect_empty();
        CHECK_EQ(info_of(pit_self()).monitors, 0);
    }
}
