/*
 * Goal: rules of life and spawn that no other case is of: the log of an error (LIFE-5), classes of
 *   ends (LIFE-4), an entry that does not exist (SPAWN-5), the order of teardown seen by one that
 *   watches all of it (LIFE-7).
 * Method: the log's sink is the test's own; teardown is watched from the process that is told of
 *   it.
 */
#include <stdio.h>

#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);

/* ---- the log */

static struct {
    pthread_mutex_t lock;
    char text[4000];
    int events;
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void hear(enum pit_log_level level, const char *text, size_t length)
{
    pthread_mutex_lock(&heard.lock);
    heard.events += level == PIT_LOG_ERROR;
    snprintf(heard.text, sizeof heard.text, "%.*s", (int)length, text);
    pthread_mutex_unlock(&heard.lock);
}

static void errs(const void *arg) { (void)pit_must(-ENOTCONN); }
static void errs_by_handle(const void *arg) { pit_link((pit_pid){INT64_MIN | EINVAL}); }
static void exits(const void *arg) { pit_exit(pit_build("{on, ~}", "purpose")); }
static void ends(const void *arg) {}

/*
 * LIFE-4, LIFE-5, GL-2: an error is one event of level error: "Error in process <pid> with exit
 * value: " and the reason. To exit, to return and to be ended by a signal are none. (There are no
 * throws in C: nothing else ends a process by itself but a fault, which is an error;
 * tests/runtime/test_crash.c.)
 */
NODE_CASE(an_error_is_logged_and_an_exit_is_not)
{
    const struct {
        pit_body *body;
        const char *reason;
    } quiet[] = {{exits, "{on,<<\"purpose\">>}"}, {ends, "normal"}, {wait_forever, "killed"}};
    pit_body *loud[] = {errs, errs_by_handle};

    pit_log_sink_set(hear);
    for (int i = 0; i < 3; i++) {
        pit_monitored m = spawn_watched(quiet[i].body, NULL, 0);

        if (quiet[i].body == wait_forever)
            pit_exit_process(m.pid, pit_atom("kill"));
        expect_end(m, quiet[i].reason);
        CHECK_EQ(heard.events, 0);
    }
    for (int i = 0; i < 2; i++) {
        pit_monitored m = spawn_watched(loud[i], NULL, 0);
        const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);
        char expected[1200];

        CHECK(down);
        pthread_mutex_lock(&heard.lock);
        CHECK_EQ(heard.events, i + 1);
        snprintf(expected, sizeof expected,
                 "Error in process %s with exit value: %s, group leader %s",
                 text_of(pit_build("~", m.pid)), text_of(pit_as(down, pit_down)->reason),
                 text_of(pit_build("~", pit_group_leader())));
        CHECK(strstr(heard.text, expected));
        pthread_mutex_unlock(&heard.lock);
    }
    pit_log_sink_set(node_silent);
}

/* ---- teardown */

struct watched {
    pit_pid test, peer;
};

static void has_everything(const void *arg)
{
    const struct watched *w = arg;

    CHECK_EQ(pit_register("everything", pit_self()), 0);
    pit_link(w->peer);
    pit_link(w->test);
    (void)pit_monitor(w->peer);
    for (int i = 0; i < 10; i++)
        (void)pit_start_timer(100000, pit_self(), 1);
    pit_send(w->test, ready);
    wait_forever(NULL);
}

static void traps(const void *arg)
{
    (void)pit_trap_exit(true);
    pit_send(*(const pit_pid *)arg, ready);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
}

/*
 * LIFE-7, LIFE-8, LIFE-9, MON-13: whoever is told, by link or monitor, finds the name free, the pid
 * gone, the timers cancelled; the EXIT comes before the DOWN; its own monitors are gone; a link or
 * monitor asked for now is noproc (steps 1, 4, 5, 7, 8, 9).
 */
NODE_CASE(who_is_told_of_an_end_finds_nothing_left)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 60; i++) {
        pit_pid me = pit_self(), peer = spawn_anywhere(traps, &me, sizeof me), p;
        struct watched w = {me, peer};
        pit_process_info info;
        pit_ref ref, timer;
        const pit_msg *m;

        CHECK(pit_receive_type(&pit_type_ready, A_WHILE)); /* it traps */
        p = spawn_anywhere(has_everything, &w, sizeof w);
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        ref = pit_monitor(p);
        timer = pit_start_timer(100000, p, 2);
        CHECK_EQ(pit_process_info_of(p, &info), 0);
        CHECK_EQ(info.timers, 11);
        CHECK_EQ(info.links, 2);
        pit_exit_process(p, i % 2 ? pit_atom("stop") : pit_atom("kill"));
        m = pit_receive(A_WHILE);
        if (i % 2 == 0) {
            CHECK(pit_is(m, pit_exited)); /* untrappable there, and "killed" here */
            CHECK_STR(text_of(pit_as(m, pit_exited)->reason), "killed");
        } else
            CHECK_STR(text_of(pit_as(m, pit_exited)->reason), "stop");
        CHECK_EQ(pit_whereis("everything").id, 0);
        CHECK(!pit_is_alive(p));
        CHECK_EQ(pit_process_info_of(p, &info), -PIT_ENOPROC);
        CHECK_EQ(pit_cancel_timer(timer), -ENOENT);
        CHECK_EQ(pit_try_link(p), -PIT_ENOPROC);
        CHECK_EQ(pit_register("everything", pit_self()), 0);
        CHECK_EQ(pit_unregister("everything"), 0);
        expect_down(ref, p, i % 2 ? "stop" : "killed");
        expect_down(pit_monitor(p), p, "noproc");
        do /* the EXIT, and behind it the end of p's monitor: step 8 comes after ours */
            CHECK_EQ(pit_process_info_of(peer, &info), 0);
        while (info.message_count < 1 || info.monitored_by || info.links);
        pit_send(peer, go);
        expect_alone();
        expect_empty();
    }
}

/* LIFE-7 step 9: what is in the queue of one that ends, unhandled, is answered as for the dead. */
NODE_CASE(signals_that_the_dead_did_not_handle_are_answered)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 100; i++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        pit_ref ref;

        if (i % 2)
            pit_yield();
        pit_exit_process(p, pit_atom("kill")); /* in its queue; behind it: */
        ref = pit_monitor(p);
        pit_link(p);
        CHECK_EQ(pit_process_info_of(p, &(pit_process_info){0}), -PIT_ENOPROC);
        expect_down(ref, p, "noproc");
        expect_exited(p, "noproc");
        expect_empty();
    }
}
