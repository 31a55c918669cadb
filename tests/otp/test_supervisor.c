/*
 * Goal: supervisors do what spec/behaviours says (rules SUP-; each case names its own).
 * Method: children that register a name, count their starts in a log of the test, and end as they
 * are told. The order of what happened is read from that log.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/otp/node.h"

/* ---- children, and what they were seen to do ---- */

PIT_MESSAGE(end_with, (pit_term, reason));

/* "+a" started, "-a" ended in order; one process at a time writes, in program order */
static char events[4000];
static int refuse_starts; /* so many starts of "c" fail */

static void event(char what, const char *name)
{
    char one[16];

    snprintf(one, sizeof one, "%c%s ", what, name);
    strncat(events, one, sizeof events - strlen(events) - 1);
}

#define kid_protocol(CALL, CAST) CALL(end, ((pit_term, reason)), ())
PIT_PROTOCOL(kid);
struct kid {
    char name[8];
    bool deaf; /* ends only by kill */
};

static int kid_init(struct kid *self, const void *arg)
{
    memcpy(self->name, arg, sizeof self->name);
    self->deaf = self->name[0] == 'D';
    if (self->name[0] == 'c' && refuse_starts > 0 && refuse_starts--)
        return -EADDRINUSE;
    if (self->name[0] == 'i')
        return -PIT_EIGNORE;
    pit_trap_exit(true);
    event('+', self->name);
    return 0;
}
static void on_end(struct kid *self, const struct kid_end *m, struct kid_end_reply *r)
{
    pit_server_finish(m->reason);
}
static void kid_terminate(struct kid *self, pit_term reason)
{
    if (self->deaf)
        pit_sleep(100000);
    event('-', self->name);
}
PIT_SERVER(kid, struct kid, .init = kid_init, .terminate = kid_terminate);

static pit_pid kid_start(const void *arg)
{
    return pit_server_start_with(&kid_server, arg, 8, .link = true, .name = arg);
}

/* A child called x, whose argument is its name. */
#define KID(x, ...)                                                                    \
    {                                                                                  \
        .id = x, .start = kid_start, .arg = (const char[8]){x}, .size = 8, __VA_ARGS__ \
    }

static struct {
    enum pit_strategy strategy;
    int64_t intensity, period, shutdown;
    enum pit_restart restart;
} wanted;

static void reset(enum pit_strategy strategy, enum pit_restart restart, int64_t intensity)
{
    wanted.strategy = strategy;
    wanted.restart = restart;
    wanted.intensity = intensity;
    wanted.period = 60;
    wanted.shutdown = 0;
    pit_log_level_set(PIT_LOG_ERROR);
    pit_log_sink_set(node_log_add);
    pit_trap_exit(true);
}

static pit_sup_spec three(const void *arg)
{
    return (pit_sup_spec){
        .strategy = wanted.strategy,
        .intensity = wanted.intensity,
        .period = wanted.period,
        .children =
            PIT_CHILDREN(KID("a", .restart = wanted.restart, .shutdown = wanted.shutdown),
                         KID("b", .restart = wanted.restart), KID("c", .restart = wanted.restart)),
    };
}

static pit_pid start_three(enum pit_strategy strategy, enum pit_restart restart, int64_t intensity)
{
    reset(strategy, restart, intensity);
    return pit_must(pit_supervisor_start_link(three, NULL, 0));
}

/* The supervisor has handled what came before this. */
static void settle(pit_pid sup) { (void)pit_supervisor_count_children(sup); }

/* Until the supervisor has handled the end of this process: it is not listed any more. */
static void await_handled(pit_pid sup, pit_pid ended)
{
    pit_child_info info[8];
    bool listed = true;

    while (listed) {
        size_t n = pit_supervisor_which_children(sup, info, 8);

        listed = false;
        for (size_t i = 0; i < n; i++)
            listed = listed || pit_pid_equal(info[i].pid, ended);
        pit_yield();
    }
}

/* Until the supervisor says that this child runs. Its name is there before its init is. */
static void await_running(pit_pid sup, const char *id)
{
    pit_child_info info[8];

    for (;;) {
        size_t n = pit_supervisor_which_children(sup, info, 8);

        for (size_t i = 0; i < n; i++)
            if (strcmp(info[i].id, id) == 0 && info[i].pid.id)
                return;
        pit_yield();
    }
}

/* Tell a child to end with this reason; returns when it has, and its supervisor has acted. */
static void end_kid(pit_pid sup, const char *name, pit_term reason)
{
    pit_pid kid = pit_whereis(name);
    pit_ref down = pit_monitor(kid);
    struct kid_end_reply r;

    CHECK(kid.id);
    CHECK_EQ(kid_try_end(kid, A_WHILE, &r, reason), 0);
    CHECK(pit_receive_ref(down, A_WHILE));
    if (sup.id)
        await_handled(sup, kid);
}

static void check_events(const char *expected)
{
    CHECK_STR(events, expected);
    events[0] = '\0';
}

static void stop(pit_pid sup) { CHECK_EQ(pit_server_stop(sup, pit_atom("shutdown"), A_WHILE), 0); }

/* ---- start and stop ---- */

NODE_TEST(sup_5_sup_15_children_start_in_order_and_end_in_reverse)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    pit_child_info info[4];
    pit_child_count n = pit_supervisor_count_children(sup);

    check_events("+a +b +c ");
    CHECK_EQ(pit_supervisor_which_children(sup, info, 4), 3); /* SUP-21: the newest first */
    CHECK_STR(info[0].id, "c");
    CHECK_STR(info[2].id, "a");
    CHECK(pit_pid_equal(info[1].pid, pit_whereis("b")));
    CHECK_EQ(n.specs, 3);
    CHECK_EQ(n.active, 3);
    CHECK_EQ(n.workers, 3);
    CHECK_EQ(n.supervisors, 0);
    stop(sup);
    check_events("-c -b -a ");
}

NODE_TEST(sup_7_a_child_that_cannot_be_started_ends_the_others)
{
    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    refuse_starts = 1;
    CHECK_EQ(pit_error(pit_supervisor_start_link(three, NULL, 0)), -EADDRINUSE);
    check_events("+a +b -b -a ");
    CHECK(node_logs("a child could not be started: c, Address already in use"));
    CHECK_EQ(pit_message_count(), 0);
}

static pit_sup_spec with_ignored(const void *arg)
{
    return (pit_sup_spec){
        .children = PIT_CHILDREN(KID("i"), KID("a"), KID("i2", .restart = PIT_TEMPORARY))};
}

NODE_TEST(sup_6_a_start_that_says_ignore_leaves_a_child_without_a_process)
{
    pit_child_info info[4];
    pit_pid sup;

    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    sup = pit_must(pit_supervisor_start_link(with_ignored, NULL, 0));
    CHECK_EQ(pit_supervisor_which_children(sup, info, 4), 2); /* the temporary one is forgotten */
    CHECK_STR(info[1].id, "i");
    CHECK_EQ(info[1].pid.id, 0);
    CHECK_EQ(pit_supervisor_count_children(sup).active, 1);
    stop(sup);
}

static pit_sup_spec ignored(const void *arg) { return (pit_sup_spec){.ignore = true}; }
static pit_sup_spec same_ids(const void *arg)
{
    return (pit_sup_spec){.children = PIT_CHILDREN(KID("a"), KID("a"))};
}
static pit_sup_spec no_id(const void *arg)
{
    return (pit_sup_spec){.children = PIT_CHILDREN({.start = kid_start})};
}
static pit_sup_spec no_start(const void *arg)
{
    return (pit_sup_spec){.children = PIT_CHILDREN({.id = "x"})};
}
static pit_sup_spec bad_strategy(const void *arg) { return (pit_sup_spec){.strategy = 9}; }
static pit_sup_spec bad_period(const void *arg) { return (pit_sup_spec){.period = -1}; }
static pit_sup_spec two_kinds(const void *arg)
{
    return (pit_sup_spec){.strategy = PIT_SIMPLE_ONE_FOR_ONE,
                          .children = PIT_CHILDREN(KID("a"), KID("b"))};
}

NODE_TEST(sup_1_sup_3_what_is_wrong_is_refused_and_named)
{
    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    CHECK_EQ(pit_error(pit_supervisor_start_link(ignored, NULL, 0)), -PIT_EIGNORE);
    CHECK_EQ(pit_error(pit_supervisor_start_link(same_ids, NULL, 0)), -EINVAL);
    CHECK(node_logs("another child has the same id"));
    CHECK_EQ(pit_error(pit_supervisor_start_link(no_id, NULL, 0)), -EINVAL);
    CHECK(node_logs("its id must have"));
    CHECK_EQ(pit_error(pit_supervisor_start_link(no_start, NULL, 0)), -EINVAL);
    CHECK(node_logs("it has no start function"));
    CHECK_EQ(pit_error(pit_supervisor_start_link(bad_strategy, NULL, 0)), -EINVAL);
    CHECK(node_logs("its strategy is none of the four"));
    CHECK_EQ(pit_error(pit_supervisor_start_link(bad_period, NULL, 0)), -EINVAL);
    CHECK(node_logs("its period is negative"));
    CHECK_EQ(pit_error(pit_supervisor_start_link(two_kinds, NULL, 0)), -EINVAL);
    CHECK(node_logs("exactly one child specification"));
    CHECK_EQ(pit_message_count(), 0);
    check_events("");
}

/* ---- restart types ---- */

struct ending {
    const char *reason;
    bool expected;
};
static const struct ending endings[] = {
    {"normal", true}, {"shutdown", true}, {"{shutdown,x}", true}, {"crash", false}};

static void restarts_of(enum pit_restart restart)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, restart, 100);

    for (unsigned i = 0; i < 4; i++) {
        bool again = restart == PIT_PERMANENT || (restart == PIT_TRANSIENT && !endings[i].expected);
        pit_term reason = i == 2 ? pit_build("{shutdown, x}") : pit_atom_of(endings[i].reason);

        events[0] = '\0';
        end_kid(sup, "b", reason);
        check_events(again ? "-b +b " : "-b ");
        CHECK_EQ(pit_supervisor_count_children(sup).specs,
                 again || restart != PIT_TEMPORARY ? 3 : 2);
        CHECK_EQ(pit_supervisor_count_children(sup).active, again ? 3 : 2);
        if (!again && restart == PIT_TRANSIENT)
            CHECK(pit_supervisor_restart_child(sup, "b").id > 0);
        if (!again && restart == PIT_TEMPORARY)
            CHECK(pit_supervisor_start_child(sup, .id = "b", .start = kid_start,
                                             .arg = (const char[8]){"b"}, .size = 8,
                                             .restart = restart)
                      .id > 0);
    }
    stop(sup);
}

NODE_TEST(sup_6_3_permanent_children_always_come_back) { restarts_of(PIT_PERMANENT); }
NODE_TEST(sup_6_3_transient_children_come_back_from_crashes) { restarts_of(PIT_TRANSIENT); }
NODE_TEST(sup_6_3_temporary_children_do_not_come_back) { restarts_of(PIT_TEMPORARY); }

/* ---- strategies ---- */

NODE_TEST(sup_12_one_for_one_restarts_one)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 5);

    events[0] = '\0';
    end_kid(sup, "a", pit_atom("crash"));
    check_events("-a +a ");
    CHECK_EQ(pit_supervisor_count_children(sup).restarts, 1);
    stop(sup);
}

NODE_TEST(sup_12_rest_for_one_restarts_those_after_it)
{
    pit_pid sup = start_three(PIT_REST_FOR_ONE, PIT_PERMANENT, 5);

    events[0] = '\0';
    end_kid(sup, "b", pit_atom("crash"));
    check_events("-b -c +b +c ");
    stop(sup);
    check_events("-c -b -a ");
}

NODE_TEST(sup_12_one_for_all_restarts_all)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ALL, PIT_PERMANENT, 5);

    events[0] = '\0';
    end_kid(sup, "b", pit_atom("crash"));
    check_events("-b -c -a +a +b +c ");
    stop(sup);
}

NODE_TEST(sup_12_a_temporary_child_restarts_nobody_and_is_not_restarted_with_others)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ALL, PIT_PERMANENT, 5);

    CHECK(pit_supervisor_start_child(sup, .id = "t", .start = kid_start,
                                     .arg = (const char[8]){"t"}, .size = 8,
                                     .restart = PIT_TEMPORARY)
              .id > 0);
    CHECK(pit_supervisor_start_child(sup, .id = "u", .start = kid_start,
                                     .arg = (const char[8]){"u"}, .size = 8,
                                     .restart = PIT_TEMPORARY)
              .id > 0);
    events[0] = '\0';
    end_kid(sup, "u", pit_atom("crash"));
    check_events("-u ");
    end_kid(sup, "a", pit_atom("crash"));
    check_events("-a -t -c -b +a +b +c ");
    CHECK_EQ(pit_supervisor_count_children(sup).specs, 3);
    stop(sup);
}

/* ---- intensity ---- */

NODE_TEST(sup_10_sup_11_too_many_restarts_end_the_supervisor)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 2);

    end_kid(sup, "a", pit_atom("crash"));
    end_kid(sup, "b", pit_atom("crash"));
    events[0] = '\0';
    end_kid(PIT_NO_PID, "a", pit_atom("crash"));
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "shutdown"); /* SUP-26 */
    check_events("-a -c -b ");
    CHECK(node_logs("reached_max_restart_intensity"));
}

NODE_TEST(sup_10_an_intensity_of_none_allows_no_restart)
{
    start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, PIT_NO_RESTARTS);
    end_kid(PIT_NO_PID, "a", pit_atom("crash"));
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "shutdown");
}

NODE_TEST(sup_13_a_restart_that_fails_is_tried_again_and_counts)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 4);

    refuse_starts = 3; /* one restart and three retries: four */
    events[0] = '\0';
    end_kid(sup, "c", pit_atom("crash"));
    await_running(sup, "c");
    check_events("-c +c ");
    CHECK_EQ(pit_supervisor_count_children(sup).restarts, 4);
    refuse_starts = 1;
    end_kid(PIT_NO_PID, "c", pit_atom("crash"));
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "shutdown");
}

NODE_TEST(sup_13_a_failed_restart_of_many_goes_on_from_where_it_failed)
{
    pit_pid sup = start_three(PIT_REST_FOR_ONE, PIT_PERMANENT, 9);

    refuse_starts = 2;
    events[0] = '\0';
    end_kid(sup, "b", pit_atom("crash"));
    await_running(sup, "c");
    check_events("-b -c +b +c ");
    stop(sup);
}

/* The supervisor is told to end the child while it has a retry in its queue. */
NODE_TEST(sup_14_a_retry_for_a_child_that_was_ended_is_ignored)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1 << 30);
    pit_child_info info[3];

    refuse_starts = 1 << 30;
    end_kid(sup, "c", pit_atom("crash"));
    CHECK_EQ(pit_supervisor_which_children(sup, info, 3), 3);
    CHECK(info[0].restarting);
    CHECK_EQ(pit_error(pit_supervisor_restart_child(sup, "c")), -EAGAIN);
    CHECK_EQ(pit_supervisor_delete_child(sup, "c"), -EAGAIN);
    CHECK_EQ(pit_supervisor_terminate_child(sup, "c"), 0);
    refuse_starts = 0;
    settle(sup);
    CHECK_EQ(pit_whereis("c").id, 0);
    CHECK(pit_supervisor_restart_child(sup, "c").id > 0);
    stop(sup);
}

/* ---- ending a child ---- */

static pit_sup_spec deaf(const void *arg)
{
    return (pit_sup_spec){.children =
                              PIT_CHILDREN(KID("D", .shutdown = *(const int64_t *)arg), KID("a"))};
}

/* It would end by itself after 100 s. */
static void ends_deaf_child(int64_t shutdown, int64_t at_least_ms)
{
    int64_t before;
    pit_pid sup;

    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    sup = pit_must(pit_supervisor_start_link(deaf, &shutdown, sizeof shutdown));
    before = pit_now();
    stop(sup);
    CHECK(pit_now() - before >= at_least_ms * 1000000);
    CHECK(pit_now() - before < A_WHILE * INT64_C(1000000));
    check_events("+D +a -a ");
}

NODE_TEST(sup_16_a_child_that_does_not_end_in_time_is_killed)
{
    ends_deaf_child(50, 50);
    CHECK(node_logs("did not shut down as it should: D <"));
    CHECK(node_logs(", killed"));
}
NODE_TEST(sup_16_brutal_kill_does_not_wait) { ends_deaf_child(PIT_BRUTAL_KILL, 0); }
NODE_TEST(sup_17_a_timeout_of_zero_kills_at_once) { ends_deaf_child(PIT_SHUTDOWN_NOW, 0); }

static void unlinked_body(const void *arg)
{
    pit_unlink(*(const pit_pid *)arg);
    pit_sleep(5);
}
static pit_pid unlinks_itself(const void *arg)
{
    pit_pid me = pit_self();

    return pit_spawn_link(unlinked_body, &me, sizeof me);
}
static pit_sup_spec with_unlinked(const void *arg)
{
    return (pit_sup_spec){.children = PIT_CHILDREN({.id = "x", .start = unlinks_itself})};
}

NODE_TEST(sup_16_a_child_that_unlinked_itself_and_is_gone_does_not_hang_the_end)
{
    pit_pid sup;

    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    sup = pit_must(pit_supervisor_start_link(with_unlinked, NULL, 0));
    pit_sleep(20);
    stop(sup);
}

/* ---- requests ---- */

static pit_pid start_gives(const void *arg) { return pit_pid_error(*(const int *)arg); }

NODE_TEST(sup_18_a_start_function_gives_an_error_of_its_own)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 5);
    static const int gives[] = {-ENOENT, ENOENT, -PIT_EOVERLOAD, -PIT_EIGNORE, 0};
    static const int holds[] = {-ENOENT, -ENOENT, -PIT_EOVERLOAD, 0, 0};

    for (size_t i = 0; i < sizeof gives / sizeof *gives; i++) {
        pit_pid d = pit_supervisor_start_child(sup, .id = "d", .start = start_gives,
                                               .arg = &gives[i], .size = sizeof gives[i]);

        CHECK_EQ(pit_error(d), holds[i]);
        CHECK(holds[i] || pit_pid_equal(d, PIT_NO_PID));
        (void)pit_supervisor_delete_child(sup, "d");
    }
    stop(sup);
}

NODE_TEST(sup_18_children_are_added_at_run_time)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 5), d;
    pit_child_info info[8];

    events[0] = '\0';
    d = pit_supervisor_start_child(sup, .id = "d", .start = kid_start, .arg = (const char[8]){"d"},
                                   .size = 8);
    CHECK(pit_pid_equal(d, pit_whereis("d")));
    CHECK_EQ(pit_error(pit_supervisor_start_child(sup, .id = "d", .start = kid_start)), -EALREADY);
    CHECK_EQ(pit_supervisor_terminate_child(sup, "d"), 0);
    CHECK_EQ(pit_error(pit_supervisor_start_child(sup, .id = "d", .start = kid_start)), -EEXIST);
    CHECK_EQ(pit_error(pit_supervisor_start_child(sup, .id = "e")), -EINVAL);
    CHECK_EQ(pit_error(pit_supervisor_start_child(sup, .start = kid_start)), -EINVAL);
    refuse_starts = 1;
    CHECK_EQ(pit_error(pit_supervisor_start_child(sup, .id = "c2", .start = kid_start,
                                                  .arg = (const char[8]){"c2"}, .size = 8)),
             -EADDRINUSE);
    CHECK_EQ(pit_supervisor_start_child(sup, .id = "i", .start = kid_start,
                                        .arg = (const char[8]){"i"}, .size = 8)
                 .id,
             0);
    CHECK_EQ(pit_supervisor_which_children(sup, info, 8), 5); /* a b c d i; nothing of c2 */
    CHECK_STR(info[0].id, "i");
    CHECK_STR(info[1].id, "d");
    stop(sup);
    check_events("+d -d -c -b -a ");
}

NODE_TEST(sup_19_sup_20_ended_restarted_deleted)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 5), b = pit_whereis("b"), again;

    CHECK_EQ(pit_error(pit_supervisor_restart_child(sup, "b")), -EALREADY);
    CHECK_EQ(pit_supervisor_delete_child(sup, "b"), -EBUSY);
    CHECK_EQ(pit_supervisor_terminate_child(sup, "b"), 0);
    CHECK(!pit_is_alive(b));
    CHECK_EQ(pit_supervisor_terminate_child(sup, "b"), 0); /* also if it does not run */
    again = pit_supervisor_restart_child(sup, "b");
    CHECK(pit_pid_equal(again, pit_whereis("b")));
    CHECK_EQ(pit_supervisor_terminate_pid(sup, again), 0);
    CHECK_EQ(pit_supervisor_delete_child(sup, "b"), 0);
    CHECK_EQ(pit_supervisor_delete_child(sup, "b"), -ENOENT);
    CHECK_EQ(pit_supervisor_terminate_child(sup, "b"), -ENOENT);
    CHECK_EQ(pit_error(pit_supervisor_restart_child(sup, "b")), -ENOENT);
    CHECK_EQ(pit_supervisor_terminate_pid(sup, pit_self()), -ENOENT);
    CHECK_EQ(pit_error(pit_supervisor_start_simple(sup, NULL, 0)), -EINVAL);
    CHECK_EQ(pit_supervisor_count_children(sup).restarts, 0); /* on purpose does not count */
    stop(sup);
}

NODE_TEST(sup_24_an_unknown_message_and_an_unknown_exit_are_survived)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);

    pit_log_level_set(PIT_LOG_WARNING);
    pit_send(sup, end_with, .reason = pit_atom("x"));
    settle(sup);
    CHECK(node_logs("#end_with{reason = x}"));
    stop(sup);
}

static void exits_to(const void *arg)
{
    pit_exit_process(*(const pit_pid *)arg, pit_atom("strange"));
}

NODE_TEST(sup_24_the_exit_of_a_stranger_is_ignored_and_that_of_the_parent_ends)
{
    pit_pid sup = start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    pit_monitored m = pit_spawn_monitor(exits_to, &sup, sizeof sup);

    CHECK(pit_receive_ref(m.ref, A_WHILE));
    CHECK_EQ(pit_supervisor_count_children(sup).active, 3);
    pit_exit_process(sup, pit_atom("enough")); /* from its parent */
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "enough");
    check_events("+a +b +c -c -b -a ");
}

/* ---- trees ---- */

static pit_pid inner_start(const void *arg)
{
    return pit_supervisor_start_with(three, NULL, 0, .link = true, .name = "inner");
}
static pit_sup_spec outer(const void *arg)
{
    return (pit_sup_spec){
        .intensity = 3,
        .children = PIT_CHILDREN({.id = "inner", .start = inner_start, .type = PIT_SUPERVISOR})};
}

NODE_TEST(sup_26_a_supervisor_that_gives_up_is_restarted_by_its_own)
{
    pit_process_info info;
    pit_pid sup, first;

    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, PIT_NO_RESTARTS);
    sup = pit_must(pit_supervisor_start_link(outer, NULL, 0));
    first = pit_whereis("inner");
    CHECK_EQ(pit_process_info_of(first, &info), 0);
    CHECK(info.is_supervisor);
    end_kid(PIT_NO_PID, "b", pit_atom("crash"));
    await_handled(sup, first);
    check_events("+a +b +c -b -c -a +a +b +c ");
    CHECK_EQ(pit_supervisor_count_children(sup).supervisors, 1);
    CHECK_EQ(pit_supervisor_count_children(sup).restarts, 1);
    stop(sup);
    check_events("-c -b -a ");
}

static void starts_and_returns(void) { start_three(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1); }
static void starts_named_and_returns(void)
{
    reset(PIT_ONE_FOR_ONE, PIT_PERMANENT, 1);
    pit_must(pit_supervisor_start_with(three, NULL, 0, .name = "casino_sup"));
}

PIT_TEST(a_node_that_stops_ends_its_trees_in_order)
{
    node_run(starts_and_returns, 2);
    check_events("+a +b +c -c -b -a ");
}
PIT_TEST(a_supervisor_is_linked_without_being_told_so)
{
    node_run(starts_named_and_returns, 2);
    check_events("+a +b +c -c -b -a ");
}

/* ---- simple_one_for_one ---- */

struct worker_arg {
    int64_t number;
    char filler[100]; /* more than what travels in the message */
};

static void worker(void *state, const pit_msg *m)
{
    if (pit_is(m, end_with))
        pit_exit(pit_as(m, end_with)->reason);
}
static pit_pid worker_start(const void *arg)
{
    const int64_t *number = arg;

    if (*number < 0)
        return (pit_pid){INT64_MIN | ENOTCONN};
    return pit_spawn_handler_link(worker, number, sizeof *number);
}
static pit_sup_spec simple(const void *arg)
{
    return (pit_sup_spec){.strategy = PIT_SIMPLE_ONE_FOR_ONE,
                          .intensity = 1000000,
                          .children = PIT_CHILDREN(
                              {.start = worker_start, .restart = *(const enum pit_restart *)arg})};
}

static pit_sup_spec patient(const void *arg)
{
    return (pit_sup_spec){.strategy = PIT_SIMPLE_ONE_FOR_ONE,
                          .children = PIT_CHILDREN({.start = worker_start, .shutdown = INT64_MAX})};
}

static pit_pid start_simple(enum pit_restart restart)
{
    reset(PIT_ONE_FOR_ONE, restart, 0);
    return pit_must(pit_supervisor_start_link(simple, &restart, sizeof restart));
}

NODE_TEST(sup_22_children_of_one_kind_are_started_with_arguments)
{
    pit_pid sup = start_simple(PIT_TRANSIENT), p;
    struct worker_arg arg = {.number = 7};
    pit_child_info info[4];
    int64_t bad = -1;

    p = pit_supervisor_start_simple(sup, &arg, sizeof arg);
    CHECK(pit_is_alive(p));
    CHECK(pit_supervisor_start_simple(sup, &arg.number, sizeof arg.number).id > 0);
    CHECK_EQ(pit_error(pit_supervisor_start_simple(sup, &bad, sizeof bad)), -ENOTCONN);
    CHECK_EQ(pit_supervisor_which_children(sup, info, 4), 2);
    CHECK_STR(info[0].id, "");
    CHECK(pit_pid_equal(info[1].pid, p));
    CHECK_EQ(pit_supervisor_terminate_child(sup, "a"), -EINVAL);
    CHECK_EQ(pit_error(pit_supervisor_start_child(sup, .id = "a", .start = kid_start)), -EINVAL);
    pit_send(p, end_with, .reason = pit_atom("crash"));
    await_handled(sup, p);
    CHECK_EQ(pit_supervisor_which_children(sup, info, 4), 2);
    p = info[1].pid;
    CHECK_EQ(info[1].restarts, 1);
    pit_send(p, end_with, .reason = pit_atom("normal"));
    await_handled(sup, p);
    CHECK_EQ(pit_supervisor_count_children(sup).active, 1); /* transient and expected: forgotten */
    CHECK_EQ(pit_supervisor_count_children(sup).specs, 1);
    CHECK_EQ(pit_supervisor_which_children(sup, info, 4), 1);
    CHECK_EQ(pit_supervisor_terminate_pid(sup, info[0].pid), 0);
    CHECK_EQ(pit_supervisor_which_children(sup, info, 4), 0);
    stop(sup);
}

NODE_TEST(sup_22_many_children_start_end_and_leave_nothing)
{
    pit_pid sup = start_simple(PIT_PERMANENT);
    int64_t many = (int64_t)pit_test_scale(10000, 300000);
    pit_node_info before, after;

    pit_node_info_get(&before);
    for (int64_t i = 0; i < many; i++)
        CHECK(pit_supervisor_start_simple(sup, &i, sizeof i).id > 0);
    CHECK_EQ(pit_supervisor_count_children(sup).active, many);
    pit_node_info_get(&after);
    CHECK_EQ(after.processes - before.processes, many);
    stop(sup);
    do { /* its teardown may go on for a moment after its end is known */
        pit_yield();
        pit_node_info_get(&after);
    } while (after.processes != before.processes - 1);
}

NODE_TEST(sup_22_many_restarts_of_one_child)
{
    pit_pid sup = start_simple(PIT_PERMANENT), p;
    int64_t many = (int64_t)pit_test_scale(pit_test_sanitized() ? 2000 : 10000, 200000), number = 1;
    pit_child_info info;

    p = pit_supervisor_start_simple(sup, &number, sizeof number);
    for (int64_t i = 0; i < many; i++) {
        pit_send(p, end_with, .reason = pit_atom("crash"));
        do
            CHECK_EQ(pit_supervisor_which_children(sup, &info, 1), 1);
        while (pit_pid_equal(info.pid, p));
        p = info.pid;
        node_logged = 0;
    }
    CHECK_EQ(pit_supervisor_count_children(sup).restarts, many);
    stop(sup);
}

/* ---- callers that end on the way ---- */

struct asking {
    pit_pid whom;
    int how;
};
static char large[50000]; /* more than travels in the message itself */

static void asks(const void *p)
{
    const struct asking *a = p;

    if (a->how == 0)
        (void)pit_supervisor_start_simple(a->whom, large, sizeof large);
    else if (a->how == 1)
        (void)pit_supervisor_start_child(a->whom, .id = "x", .start = kid_start, .arg = large,
                                         .size = sizeof large);
    else
        (void)pit_server_stop(a->whom, pit_bytes(large, sizeof large), PIT_INFINITY);
}

static void never_answers(void *state, const pit_msg *m) { pit_sleep(PIT_INFINITY); }

static void let_ask(struct asking a, bool kill)
{
    pit_monitored m = pit_spawn_monitor(asks, &a, sizeof a);
    pit_process_info info;

    while (kill && pit_process_info_of(m.pid, &info) == 0 && info.status != PIT_WAITING)
        pit_yield();
    if (kill)
        pit_exit_process(m.pid, pit_atom("kill"));
    CHECK(pit_receive_ref(m.ref, A_WHILE) != NULL);
}

/* What the node has in counted binaries. */
static int64_t binary_bytes(void)
{
    pit_term memory, value;
    int64_t bytes = -1;

    CHECK_EQ(pit_system_info(PIT_SYSTEM_MEMORY, &memory), 0);
    CHECK(pit_map_get(memory, pit_atom("binary"), &value));
    CHECK(pit_term_to(value, &bytes));
    return bytes;
}

/* The request's argument is nobody's but the caller's: it goes with one that has no supervisor to
   ask, or is killed. */
NODE_TEST(a_caller_that_ends_takes_its_request_along)
{
    pit_pid gone = start_simple(PIT_PERMANENT), deaf;
    int64_t before = binary_bytes();
    pit_ref down;

    stop(gone);
    deaf = pit_spawn_handler(never_answers, NULL, 0);
    down = pit_monitor(deaf);
    for (int how = 0; how < 3; how++) {
        let_ask((struct asking){gone, how}, false);
        let_ask((struct asking){deaf, how}, true);
    }
    pit_exit_process(deaf, pit_atom("kill")); /* with what it was asked */
    CHECK(pit_receive_ref(down, A_WHILE) != NULL);
    while (binary_bytes() > before) { /* teardown may go on for a moment after an end is known */
        pit_term_release_all();
        pit_yield();
    }
}

/* SUP-15: a time to shut down that no clock holds is as good as no limit. */
NODE_TEST(sup_15_a_shutdown_time_may_be_as_large_as_it_likes)
{
    pit_pid sup;
    int64_t number = 1;

    reset(PIT_SIMPLE_ONE_FOR_ONE, PIT_PERMANENT, 0);
    sup = pit_must(pit_supervisor_start_link(patient, NULL, 0));
    CHECK(pit_supervisor_start_simple(sup, &number, sizeof number).id > 0);
    stop(sup);
}

static pit_sup_spec of_argument(const void *arg) { return (pit_sup_spec){.ignore = arg != NULL}; }

NODE_TEST(sup_1_without_an_argument_init_gets_none)
{
    char some = 0;

    CHECK(pit_supervisor_start_link(of_argument, &some, 0).id > 0);
    CHECK_EQ(pit_error(pit_supervisor_start_link(of_argument, &some, sizeof some)), -PIT_EIGNORE);
}
