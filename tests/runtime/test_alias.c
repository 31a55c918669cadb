/*
 * Goal: aliases (ALIAS-1..7), alone, with a monitor in each of its modes (MON-10), and with
 * priority (SIG-8); the order of what comes by them (SIG-2).
 * Method: cases of the specification in a node (node.h); that something is dropped is shown by what
 * was sent after it in order.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(go);
PIT_MESSAGE(number, (int, n));
PIT_MESSAGE(to_alias, (pit_ref, alias), (int, n), (int, times));
PIT_MESSAGE(sent);
PIT_MESSAGE(words, (pit_term, term), (pit_binary, bytes));

static size_t aliases_and_more_of(const struct pit__process *p) { return p->relations.count; }

/* Sends what it is asked to by an alias, then says so: all it sent has arrived, or was dropped,
   when that has come. */
static void sender(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);
        struct to_alias what;
        pit_pid asker = m->from;

        if (pit_is(m, go))
            return;
        what = *pit_as(m, to_alias);
        for (int i = 0; i < what.times; i++)
            pit_send(what.alias, number, .n = what.n + i);
        pit_send(asker, sent);
    }
}

static void have_sent(pit_pid by, pit_ref alias, int n, int times)
{
    pit_send(by, to_alias, .alias = alias, .n = n, .times = times);
    (void)pit_receive_only(sent, A_WHILE);
}

static void expect_numbers(int first, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, first + i);
    expect_empty();
}

/* ALIAS-1, ALIAS-2, ALIAS-3; OTP: process_SUITE/alias_bif */
NODE_CASE(an_alias_lives_until_unalias)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0);
    pit_ref a = pit_alias(), b = pit_alias_with(.mode = PIT_ALIAS_EXPLICIT);

    CHECK(!pit_ref_equal(a, b));
    have_sent(by, a, 1, 2);
    have_sent(by, b, 3, 2);
    expect_numbers(1, 4);
    have_sent(by, a, 5, 1);
    CHECK(pit_unalias(a));
    CHECK(!pit_unalias(a));
    have_sent(by, a, 6, 1);
    have_sent(by, b, 6, 1);
    expect_numbers(5, 2); /* 5 was in the queue already and stays: ALIAS-2 */
    CHECK(pit_unalias(b));
    have_sent(by, b, 7, 3);
    expect_empty();
    pit_send(by, go);
}

/* ALIAS-1 reply; OTP: process_SUITE/alias_bif */
NODE_CASE(a_reply_alias_takes_one_message)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0);
    pit_ref a = pit_alias_with(.mode = PIT_ALIAS_REPLY);

    have_sent(by, a, 1, 3);
    expect_numbers(1, 1);
    CHECK(!pit_unalias(a));
    a = pit_alias_with(.mode = PIT_ALIAS_REPLY);
    CHECK(pit_unalias(a));
    have_sent(by, a, 1, 3);
    expect_empty();
    pit_send(a, number, .n = 9); /* by its maker, which is a sender like others */
    expect_empty();
    a = pit_alias_with(.mode = PIT_ALIAS_REPLY);
    pit_send(a, number, .n = 9);
    pit_send(a, number, .n = 10);
    expect_numbers(9, 1);
}

/* ALIAS-5, ALIAS-6: to any reference, never an error. An error's handle is badarg, a bad mode
   -EINVAL. */
static void sends_to_an_error(const void *arg)
{
    pit_send(pit_alias_with(.mode = PIT_ALIAS_DEMONITOR), number, .n = 1);
}
static void ended(const void *arg) {}
static void gives_alias(const void *arg)
{
    pit_send(*(const pit_pid *)arg, to_alias, .alias = pit_alias(), .n = 0, .times = 0);
}
static void unaliases(const void *arg) { CHECK(!pit_unalias(*(const pit_ref *)arg)); }

NODE_CASE(any_reference_may_be_sent_to)
{
    pit_pid me = pit_self();
    pit_monitored m = spawn_watched(ended, NULL, 0);
    pit_ref mine = pit_alias(), dead, none = {.number = 12345};

    pit_send(pit_make_ref(), number, .n = 1);
    none.owner = m.pid;
    pit_send(none, number, .n = 1);
    none.owner = PIT_NO_PID;
    pit_send(none, number, .n = 1);
    none.owner.id = INT64_C(5) << 27 | 1000000;
    pit_send(none, number, .n = 1);
    pit_send(pit_start_timer(60000, me, 0), number, .n = 1);
    expect_end(m, "normal");
    pit_send(m.ref, number, .n = 1);
    m = spawn_watched(gives_alias, &me, sizeof me);
    dead = pit_receive_only(to_alias, A_WHILE)->alias;
    expect_end(m, "normal");
    pit_send(dead, number, .n = 1);
    CHECK_EQ(pit_error(pit_alias_with(.mode = PIT_ALIAS_DEMONITOR)), -EINVAL);
    CHECK_EQ(pit_error(pit_monitor_with(me, .alias = PIT_ALIAS_REPLY)), -EINVAL);
    CHECK_EQ(pit_error(pit_monitor_with(me, .alias = 77)), -EINVAL);
    m = spawn_watched(sends_to_an_error, NULL, 0);
    CHECK(!strncmp(text_of(pit_as(pit_receive_ref(m.ref, A_WHILE), pit_down)->reason), "{badarg,",
                   8));
    expect_end(spawn_watched(unaliases, &mine, sizeof mine), "normal"); /* another's: no */
    pit_send(mine, number, .n = 2);
    expect_numbers(2, 1);
}

/* What a message owns goes with it, whether it arrives or not. */
NODE_CASE(a_dropped_message_leaves_nothing)
{
    for (int i = 0; i < 50; i++) {
        pit_ref a = pit_alias_with(.mode = PIT_ALIAS_REPLY);

        for (int k = 0; k < 2; k++)
            pit_send(a, words, .term = pit_build("{some, [~]}", i),
                     .bytes = pit_binary_text("0123456789"));
        CHECK(pit_receive_only(words, A_WHILE)->bytes.size == 10);
        expect_empty();
    }
}

/* ---- with a monitor: ALIAS-4, MON-10; OTP: process_SUITE/monitor_alias, demonitor_aliasmonitor,
   down_aliasmonitor */

static void told_to_end(const void *arg) { (void)pit_receive_type(&pit_type_go, PIT_INFINITY); }

static pit_ref watch(pit_pid *ret, uint8_t mode)
{
    *ret = spawn_anywhere(told_to_end, NULL, 0);
    return pit_monitor_with(*ret, .alias = mode);
}

NODE_CASE(an_explicit_alias_outlives_its_monitor)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0), p;
    pit_ref r = watch(&p, PIT_ALIAS_EXPLICIT);

    CHECK_EQ(pit_demonitor(r, 0), 1);
    have_sent(by, r, 1, 2);
    expect_numbers(1, 2);
    CHECK(pit_unalias(r));
    have_sent(by, r, 3, 1);
    r = watch(&p, PIT_ALIAS_EXPLICIT);
    pit_send(p, go);
    expect_down(r, p, "normal");
    have_sent(by, r, 1, 2);
    expect_numbers(1, 2);
    CHECK(pit_unalias(r));
    r = watch(&p, PIT_ALIAS_EXPLICIT);
    CHECK(pit_unalias(r));
    pit_send(p, go);
    expect_down(r, p, "normal");
}

/* ALIAS-4, MON-10: it ends with the demonitor, or with the DOWN. */
NODE_CASE(a_demonitor_alias_ends_with_its_monitor)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0), p;
    pit_ref r = watch(&p, PIT_ALIAS_DEMONITOR);

    have_sent(by, r, 1, 2); /* messages end neither */
    expect_numbers(1, 2);
    CHECK_EQ(pit_demonitor(r, 0), 1);
    have_sent(by, r, 3, 2);
    expect_empty();
    CHECK(!pit_unalias(r));
    r = watch(&p, PIT_ALIAS_DEMONITOR);
    have_sent(by, r, 1, 1);
    expect_numbers(1, 1);
    pit_send(p, go);
    expect_down(r, p, "normal");
    have_sent(by, r, 3, 2);
    expect_empty();
    CHECK(!pit_unalias(r));
    CHECK_EQ(pit_demonitor(r, 0), 0);
    r = watch(&p, PIT_ALIAS_DEMONITOR);
    CHECK(pit_unalias(r)); /* the monitor stays */
    have_sent(by, r, 1, 1);
    expect_empty();
    pit_send(p, go);
    expect_down(r, p, "normal");
}

/* ALIAS-4, MON-10: the first message ends both. */
NODE_CASE(a_reply_ends_a_reply_demonitor_alias_and_its_monitor)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0), p;
    pit_ref r = watch(&p, PIT_ALIAS_REPLY_DEMONITOR);
    pit_process_info info;

    have_sent(by, r, 1, 3);
    expect_numbers(1, 1);
    CHECK_EQ(pit_demonitor(r, 0), 0);
    CHECK(!pit_unalias(r));
    CHECK_EQ(pit_process_info_of(p, &info), 0);
    CHECK_EQ(info.monitored_by, 0);
    pit_send(p, go);
    r = watch(&p, PIT_ALIAS_REPLY_DEMONITOR);
    CHECK_EQ(pit_demonitor(r, 0), 1);
    have_sent(by, r, 1, 1);
    expect_empty();
    pit_send(p, go);
    r = watch(&p, PIT_ALIAS_REPLY_DEMONITOR);
    pit_send(p, go);
    expect_down(r, p, "normal");
    have_sent(by, r, 1, 1);
    expect_empty();
    r = watch(&p, PIT_ALIAS_REPLY_DEMONITOR);
    CHECK(pit_unalias(r)); /* alone, it leaves the monitor active */
    have_sent(by, r, 1, 1);
    expect_empty();
    CHECK_EQ(pit_process_info_of(p, &info), 0);
    CHECK_EQ(info.monitored_by, 1);
    pit_send(p, go);
    expect_down(r, p, "normal");
    expect_empty();
}

/* MON-4, MON-10: noproc at once, with its tag, and the alias is gone;
   OTP: monitor_SUITE/monitor_3_noproc_gh6185 */
NODE_CASE(options_of_a_monitor_on_the_dead)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0);
    pit_monitored m = spawn_watched(ended, NULL, 0);

    expect_end(m, "normal");
    for (unsigned mode = 0; mode <= PIT_ALIAS_REPLY_DEMONITOR; mode++) {
        pit_ref r;
        const struct pit_down *d;

        if (mode == PIT_ALIAS_REPLY)
            continue;
        r = pit_monitor_with(m.pid, .alias = (uint8_t)mode,
                             .tag = pit_build("{tag, ~}", (int)mode));
        d = pit_as(pit_receive_ref(r, A_WHILE), pit_down);
        CHECK_STR(text_of(d->reason), "noproc");
        CHECK_STR(text_of(d->tag), text_of(pit_build("{tag, ~}", (int)mode)));
        have_sent(by, r, 1, 1);
        CHECK_EQ(pit_unalias(r), mode == PIT_ALIAS_EXPLICIT);
        if (mode == PIT_ALIAS_EXPLICIT)
            expect_numbers(1, 1);
        expect_empty();
    }
}

/* OTP: monitor_SUITE/gh_5225_demonitor_alias, unexpected_alias_at_demonitor_gh5310 */
NODE_CASE(demonitor_of_an_alias_is_harmless)
{
    pit_ref a = pit_alias(), b = pit_alias_with(.mode = PIT_ALIAS_REPLY), r;

    CHECK_EQ(pit_demonitor(a, 0), 0);
    CHECK_EQ(pit_demonitor(b, PIT_DEMONITOR_FLUSH), 0);
    pit_send(a, number, .n = 1);
    pit_send(b, number, .n = 2);
    expect_numbers(1, 2);
    CHECK(pit_unalias(a));
    /* A message by the alias is not the DOWN: a flush leaves it. */
    r = pit_monitor_with(spawn_anywhere(wait_forever, NULL, 0), .alias = PIT_ALIAS_DEMONITOR);
    pit_send(r, number, .n = 3);
    CHECK_EQ(pit_demonitor(r, PIT_DEMONITOR_FLUSH), 1);
    CHECK_EQ(pit_demonitor(r, PIT_DEMONITOR_FLUSH), 0);
    expect_numbers(3, 1);
}

/* MON-5, as measured: of oneself neither monitor nor alias */
NODE_CASE(a_monitor_of_oneself_has_no_alias)
{
    pit_ref r = pit_monitor_with(pit_self(), .alias = PIT_ALIAS_DEMONITOR);

    pit_send(r, number, .n = 1);
    expect_empty();
    CHECK(!pit_unalias(r));
    CHECK_EQ(pit_demonitor(r, 0), 0);
}

/* ---- order and races */

PIT_MESSAGE(both, (pit_ref, alias), (int, times));
static void sends_both_ways(const void *arg)
{
    const pit_msg *m = pit_receive(PIT_INFINITY);
    struct both b = *pit_as(m, both);
    pit_pid to = m->from;

    for (int i = 0; i < b.times; i += 2) {
        pit_send(b.alias, number, .n = i);
        pit_send(to, number, .n = i + 1);
    }
}

/* SIG-2: an alias and the pid are one receiver. */
NODE_CASE(alias_and_pid_keep_one_order)
{
    int n = (int)pit_test_scale(2000, 100000);
    pit_ref a = pit_alias();

    pit_send(spawn_anywhere(sends_both_ways, NULL, 0), both, .alias = a, .times = n);
    for (int i = 0; i < n; i++)
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
}

static void answers(const void *arg)
{
    for (;;) {
        const struct to_alias *m = pit_as(pit_receive(PIT_INFINITY), to_alias);

        for (int i = m->n % 4; i > 0; i--)
            pit_yield();
        pit_send(m->alias, number, .n = m->n);
    }
}

/* ALIAS-7: the pattern of a call with a timeout: after unalias and one look, no answer comes any
   more. */
NODE_CASE(no_answer_comes_after_unalias)
{
    pit_pid by = spawn_anywhere(answers, NULL, 0);
    int late = 0;

    for (int i = 0; i < 400; i++) {
        pit_ref a = pit_monitor_with(by, .alias = PIT_ALIAS_REPLY_DEMONITOR);
        const pit_msg *m;

        pit_send(by, to_alias, .alias = a, .n = i, .times = 1);
        for (int k = i % 5; k > 0; k--)
            pit_yield();
        if (i % 3 == 0) {
            m = pit_receive_ref(a, A_WHILE);
            CHECK_EQ(pit_as(m, number)->n, i);
            continue;
        }
        late += !pit_unalias(a);
        CHECK_EQ(pit_demonitor(a, PIT_DEMONITOR_FLUSH) >= 0, 1);
        m = pit_receive_ref(a, 0);
        if (m)
            CHECK_EQ(pit_as(m, number)->n, i);
        expect_empty();
    }
    CHECK(late >= 0);
}

/* RECV-5: what came by an alias is found by its reference, behind what was there before. */
NODE_CASE(a_receive_by_alias_takes_what_came_by_it)
{
    pit_pid by = spawn_anywhere(sender, NULL, 0);
    pit_ref a, b;

    for (int i = 0; i < 100; i++)
        pit_send(pit_self(), number, .n = i);
    a = pit_alias();
    b = pit_alias();
    have_sent(by, a, 1000, 2);
    have_sent(by, b, 2000, 1);
    CHECK_EQ(pit_as(pit_receive_ref(b, A_WHILE), number)->n, 2000);
    CHECK_EQ(pit_as(pit_receive_ref(a, A_WHILE), number)->n, 1000);
    CHECK_EQ(pit_as(pit_receive_ref(a, 0), number)->n, 1001);
    CHECK(!pit_receive_ref(a, 0));
    CHECK(!pit_receive_ref(b, 0));
    expect_numbers(0, 100);
}

/* ---- exit signals by an alias: EXIT-3 */

static void exits_itself_by(const void *arg)
{
    pit_exit_alias(pit_alias(), pit_atom_of(*(const char *const *)arg));
    pit_exit(pit_atom("lives"));
}

/* EXIT-1, EXIT-5: to oneself an alias is no pid: the signal is as another's, so that normal does
   nothing. */
NODE_CASE(an_exit_signal_to_oneself_by_an_alias)
{
    static const char *const rows[][2] = {
        {"normal", "lives"}, {"boom", "boom"}, {"kill", "killed"}};

    for (int i = 0; i < 3; i++)
        expect_end(spawn_watched(exits_itself_by, &rows[i][0], sizeof rows[i][0]), rows[i][1]);
}

static void exits_by(const void *arg)
{
    pit_exit_alias(*(const pit_ref *)arg, pit_atom("by_alias"));
}

NODE_CASE(an_exit_signal_by_an_alias)
{
    pit_ref a = pit_alias();
    pit_monitored m;

    (void)pit_trap_exit(true);
    m = spawn_watched(exits_by, &a, sizeof a);
    expect_exited(m.pid, "by_alias");
    expect_end(m, "normal");
    CHECK(pit_unalias(a));
    m = spawn_watched(exits_by, &a, sizeof a);
    expect_end(m, "normal");
    expect_empty();
    pit_exit_alias(pit_make_ref(), pit_atom("nobody"));
    expect_empty();
}

/* Aliases are gone with their maker, and used up ones leave nothing behind. */
NODE_CASE(used_aliases_leave_nothing)
{
    const struct pit__process *self = pit__slot_of(pit_self());
    size_t before = aliases_and_more_of(self);

    for (int i = 0; i < 2000; i++) {
        pit_ref a = pit_alias_with(.mode = PIT_ALIAS_REPLY),
                b = pit_monitor_with(PIT_NO_PID, .alias = PIT_ALIAS_DEMONITOR);

        if (i % 2)
            pit_send(a, go);
        else
            CHECK(pit_unalias(a));
        CHECK(pit_receive_ref(b, A_WHILE));
        if (i % 2)
            CHECK(pit_receive_ref(a, A_WHILE));
    }
    CHECK_EQ(aliases_and_more_of(self), before);
}

/* ---- priority: SIG-8 (a), (b); OTP: signal_SUITE/priority_messages_order,
   priority_messages_alias_enable_disable */

PIT_MESSAGE(mixed, (pit_ref, alias), (pit_ref, plain));

/* Ordinary and priority messages, by pid and by both kinds of alias; 100 and more: what should come
   first. */
static void sends_mixed(const void *arg)
{
    const pit_msg *m = pit_receive(PIT_INFINITY);
    struct mixed a = *pit_as(m, mixed);
    pit_pid to = m->from;

    pit_send(to, number, .n = 1);
    pit_send_priority(a.alias, number, .n = 101);
    pit_send(a.alias, number, .n = 2);          /* ALIAS without the option */
    pit_send_priority(a.plain, number, .n = 3); /* the option without such an alias */
    pit_send_priority(a.alias, number, .n = 102);
    pit_send(to, number, .n = 4);
    pit_exit_alias_priority(a.alias, pit_atom("soon"));
    pit_exit_alias(a.alias, pit_atom("late"));
    pit_exit_alias_priority(a.plain, pit_atom("late_too"));
    pit_send(to, sent);
    (void)pit_receive(PIT_INFINITY);
}

/* SIG-8: both must ask for it, and when the alias is closed it takes none.
   OTP: signal_SUITE/priority_messages_alias_enable_disable */
NODE_CASE(priority_messages_come_first_if_alias_and_sender_say_so)
{
    struct mixed a = {.alias = pit_alias_with(.priority = true), .plain = pit_alias()};
    pit_pid by = spawn_anywhere(sends_mixed, NULL, 0);

    (void)pit_trap_exit(true);
    pit_send(by, mixed, .alias = a.alias, .plain = a.plain);
    while (pit_message_count() < 10)
        pit_yield();
    for (int n = 101; n <= 102; n++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, n);
    CHECK_STR(text_of(pit_as(pit_receive(0), pit_exited)->reason), "soon");
    for (int n = 1; n <= 4; n++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, n);
    CHECK_STR(text_of(pit_as(pit_receive(0), pit_exited)->reason), "late");
    CHECK_STR(text_of(pit_as(pit_receive(0), pit_exited)->reason), "late_too");
    CHECK(pit_is(pit_receive(0), sent));
    expect_empty();
    /* Closed: dropped, whatever its priority. */
    CHECK(pit_unalias(a.alias));
    pit_send_priority(a.alias, number, .n = 9);
    pit_exit_alias_priority(a.alias, pit_atom("closed"));
    expect_empty();
    pit_send(by, go);
}

/* SIG-8, ALIAS-1: both options of one alias; ALIAS-5: any reference. What it owns is let go where
   it is dropped. */
NODE_CASE(a_reply_alias_may_take_priority_messages)
{
    for (int i = 0; i < 20; i++) {
        pit_ref a = pit_alias_with(.mode = PIT_ALIAS_REPLY, .priority = true);

        pit_send(pit_self(), number, .n = 1);
        for (int k = 0; k < 2; k++)
            pit_send_priority(a, words, .term = pit_build("{some, [~]}", k),
                              .bytes = pit_binary_text("0123456789"));
        CHECK(pit_is(pit_receive(0), words));
        expect_numbers(1, 1);
        CHECK(!pit_unalias(a));
    }
    pit_send_priority(pit_make_ref(), number, .n = 9);
    expect_empty();
}
