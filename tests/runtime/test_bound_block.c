/*
 * Goal: PIT_OVERLOAD_BLOCK (<pit/mailbox.h>): senders wait for room, and are freed by room, by the
 * receiver's end and by their own; also who sends by an alias. Nothing is lost, and the order of
 * each pair holds.
 * Method: cases in a node (bounded.h); senders number their messages, and what was sent is held
 * against what arrived. What no test can show, that no interleaving loses a wake-up, is
 * tests/model/bound.pml's.
 */
#include "tests/runtime/bounded.h"

PIT_MESSAGE(large, (uint8_t, bytes, 1000));

static pit_monitored spawn_sender(pit_pid to, int64_t sender, int64_t count, int16_t scheduler)
{
    struct sends s = {to, pit_self(), sender, count};
    pit_monitored m;

    m.pid = pit_spawn_with(sends_all, &s, sizeof s, .scheduler = scheduler, .monitor = true,
                           .ret_ref = &m.ref);
    return m;
}

/* Sender after sender stops at the bound; each takes room as it comes; nothing is lost, and the
   order of each pair holds. SIG-1 */
NODE_CASE(block_makes_senders_wait_and_loses_nothing)
{
    enum { SENDERS = 5, EACH = 300 };
    pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, false), from[SENDERS];
    int64_t last[SENDERS], taken = 0;

    for (int i = 0; i < SENDERS; i++) {
        from[i] = spawn_sender(to.pid, i, EACH, PIT_ANYWHERE);
        last[i] = -1;
    }
    while (taken < SENDERS * EACH) {
        const struct number *n;

        CHECK(state_of(to.pid).messages <= BOUND + SENDERS * PIT_MAILBOX_AHEAD);
        tell(to.pid, 17);
        while ((n = pit_try_receive_only(number, 0))) {
            CHECK_EQ(n->n, last[n->sender] + 1);
            last[n->sender]++;
            taken++;
        }
    }
    for (int i = 0; i < SENDERS; i++)
        expect_end(from[i], "normal");
    CHECK_EQ(state_of(to.pid).messages, 0);
    CHECK_EQ(state_of(to.pid).dropped, 0);
}

/* On one scheduler the bound is exact, by messages and by bytes. */
static void block_is_exact(pit_mailbox bound)
{
    pit_monitored to = spawn_lane(bound, false), from[3];

    for (int i = 0; i < 3; i++)
        from[i] = spawn_sender(to.pid, i, 100, 0);
    for (int taken = 0; taken < 300; taken++) {
        while (state_of(to.pid).messages < BOUND && taken + BOUND < 300)
            pit_yield();
        CHECK(state_of(to.pid).messages <= BOUND);
        tell(to.pid, 1);
        CHECK(pit_try_receive_only(number, 0));
    }
    for (int i = 0; i < 3; i++)
        expect_end(from[i], "normal");
}
NODE_CASE_WITH(block_is_exact_on_one_scheduler, .schedulers = 1)
{
    block_is_exact((pit_mailbox){.messages = BOUND});
    block_is_exact((pit_mailbox){.bytes = BOUND * sizeof(struct number)});
}

/* An exit signal ends a blocked sender; what it was sending was not sent, and its link's exit
   overtakes nothing. SIG-1 */
NODE_CASE(an_exit_signal_ends_a_blocked_sender)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, true);

    for (int round = 0; round < 10; round++) {
        pit_monitored from[3];
        struct report r;

        for (int i = 0; i < 3; i++)
            from[i] = spawn_sender(to.pid, i, 1000, PIT_ANYWHERE);
        (void)wait_until_blocked(to.pid, 3);
        for (int i = 0; i < 3; i++) {
            pit_exit_process(from[i].pid, pit_atom("enough"));
            expect_end(from[i], "enough");
        }
        r = wait_until_blocked(to.pid, 0);
        tell(to.pid, 10000);
        while (pit_try_receive_only(number, 0))
            r.messages--;
        CHECK_EQ(r.messages, 0); /* what was let in is there, what waited is not */
        CHECK_EQ(state_of(to.pid).messages, 0);
    }
}

static void sends_large(const void *arg)
{
    pit_send_copy(*(const pit_pid *)arg, &pit_type_large, &(struct large){{0}});
}

/*
 * Who waits is not overtaken by who comes later with less, and when it ends, those behind it that
 * fit are let in. On one scheduler, where who does not fit waits although the mailbox is not full.
 */
NODE_CASE_WITH(who_waits_is_not_overtaken, .schedulers = 1)
{
    for (int round = 0; round < 4; round++) {
        pit_monitored to = spawn_lane((pit_mailbox){.bytes = 4 * sizeof(struct number)}, false);
        pit_monitored waits, small;

        send_numbers(to.pid, 0, 1);
        waits = spawn_watched(sends_large, &to.pid, sizeof to.pid);
        (void)wait_until_blocked(to.pid, 1);
        small = spawn_sender(to.pid, 1, 1, PIT_ANYWHERE);
        CHECK_EQ(wait_until_blocked(to.pid, 2).messages, 1);
        pit_exit_process(waits.pid, pit_atom("kill"));
        expect_end(waits, "killed");
        expect_end(small, "normal");
        CHECK_EQ(wait_until_blocked(to.pid, 0).messages, 2);
        pit_exit_process(to.pid, pit_atom("kill"));
        expect_end(to, "killed");
    }
}

static void sends_then_ends(const void *arg)
{
    const struct sends *s = arg;

    pit_link(s->to);
    sends_all(arg);
}

/* The exit signal of a link comes behind every message that was sent. SIG-1, LINK-3 */
NODE_CASE(a_killed_sender_s_exit_comes_last)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = 2}, true);

    for (int round = 0; round < 20; round++) {
        struct sends s = {to.pid, pit_self(), 1, 1000};
        pit_monitored from = spawn_watched(sends_then_ends, &s, sizeof s);

        wait_until_blocked(to.pid, 1);
        pit_exit_process(from.pid, pit_atom("kill"));
        expect_end(from, "killed");
        CHECK(pit_receive_only(pit_exited, A_WHILE));
        CHECK_EQ(state_of(to.pid).blocked, 0);
        tell(to.pid, 10000);
        while (pit_try_receive_only(number, 0))
            ;
        CHECK_EQ(state_of(to.pid).messages, 0);
    }
}

/* The receiver's end frees all that wait: a send to the dead is no error. SIG-3 */
NODE_CASE(the_receiver_s_end_frees_its_senders)
{
    for (int round = 0; round < 10; round++) {
        pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, false), from[4];

        for (int i = 0; i < 4; i++)
            from[i] = spawn_sender(to.pid, i, 500, PIT_ANYWHERE);
        wait_until_blocked(to.pid, 4);
        pit_exit_process(to.pid, pit_atom("kill"));
        expect_end(to, "killed");
        for (int i = 0; i < 4; i++)
            expect_end(from[i], "normal");
    }
}

/* Both end at the same time, again and again: nobody is left behind. */
NODE_CASE(ends_on_both_sides_leave_nobody_waiting)
{
    for (uint64_t round = 0; round < pit_test_scale(30, 300); round++) {
        pit_monitored to = spawn_lane((pit_mailbox){.messages = 1}, false), from[4];

        for (int i = 0; i < 4; i++)
            from[i] = spawn_sender(to.pid, i, 100, PIT_ANYWHERE);
        if (round % 2)
            pit_yield();
        for (int i = 0; i < 2; i++)
            pit_exit_process(from[i].pid, pit_atom("kill"));
        pit_exit_process(to.pid, pit_atom("kill"));
        for (int i = 0; i < 4; i++)
            CHECK(pit_receive_ref(from[i].ref, A_WHILE));
        expect_end(to, "killed");
    }
    expect_alone();
}

static void changes_its_mind(const void *arg)
{
    const struct full *f = arg;
    int64_t n = 0;

    for (int round = 0; round < 200; round++) {
        CHECK_EQ(pit_mailbox_bound(
                     (pit_mailbox){.messages = (uint32_t)(round % 5), .bytes = round % 3 ? 0 : 64}),
                 0);
        for (int k = 0; k < 5; k++, n++) {
            const pit_msg *m = pit_receive(A_WHILE);

            CHECK_EQ(pit_as(m, number)->n, n);
        }
    }
    pit_send(f->parent, wake);
}

/* At run time: the bound comes, changes and goes while a sender waits. */
NODE_CASE(the_bound_may_change_while_senders_wait)
{
    struct full f = {.parent = pit_self()};
    pit_monitored to = spawn_watched(changes_its_mind, &f, sizeof f),
                  from = spawn_sender(to.pid, 0, 1000, PIT_ANYWHERE);

    expect_end(from, "normal");
    CHECK(pit_receive_only(wake, A_WHILE));
    expect_end(to, "normal");
}

/* One that sends to itself would wait for ever: it does not wait. */
NODE_CASE(oneself_is_let_in)
{
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    send_numbers(pit_self(), 0, 20);
    CHECK_EQ(pit_mailbox_state().messages, 20);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){0}), 0);
    CHECK_EQ(pit_mailbox_state().messages, 0);
    expect_numbers(0, 20);
}

static void *sends_from_outside(void *arg)
{
    pit_pid to = *(pit_pid *)arg;

    send_numbers(to, 0, 20);
    while (pit_try_send(to, number, .n = 20, .sender = 0) == 0)
        ;
    return NULL;
}

/* A foreign thread never waits; it is let in, and pit_try_send tells it that there is no room. */
NODE_CASE(a_foreign_thread_is_let_in_and_may_ask)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = 4}, false);
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, sends_from_outside, &to.pid), 0);
    while (state_of(to.pid).messages < 20)
        pit_yield();
    pthread_join(thread, NULL);
    CHECK(state_of(to.pid).messages >= 20);
    pit_exit_process(to.pid, pit_atom("kill"));
    expect_end(to, "killed");
    CHECK_EQ(pit_try_send(to.pid, number, .n = 0, .sender = 0), 0); /* the dead are no error */
}

/* SIG-4: nosuspend. */
NODE_CASE(try_send_does_not_wait)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, false);
    int64_t sent = 0;

    while (pit_try_send(to.pid, number, .n = sent, .sender = 0) == 0) {
        sent++;
        if (sent % 64 == 0)
            pit_sleep(1 + sent / 500); /* what another scheduler last said is some time old */
        CHECK(sent < 100000);
    }
    CHECK(sent >= BOUND);
    tell(to.pid, 100000);
    expect_numbers(0, sent);
    while (pit_try_send(to.pid, number, .n = 0, .sender = 0) != 0)
        pit_yield();
}

PIT_MESSAGE(of_terms, (int64_t, n), (pit_term, list));

static void takes_lists(const void *arg)
{
    pit_pid test = *(const pit_pid *)arg;
    const pit_msg *m;

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.bytes = 1000}), 0);
    pit_send(test, wake);
    for (;;) {
        (void)pit_receive_only(take, PIT_INFINITY);
        while ((m = pit_receive_type(&pit_type_of_terms, 0)))
            pit_send(test, number, .n = pit_list_length(pit_as(m, of_terms)->list),
                     .sender = pit_as(m, of_terms)->n);
        pit_send(test, wake);
    }
}

/*
 * SIG-4: what a message's terms take counts when it is asked whether there is room for it, and they
 * arrive whole. On one scheduler, where that is known exactly.
 */
NODE_CASE_WITH(try_send_asks_for_room_for_the_terms, .schedulers = 1)
{
    pit_pid self = pit_self(), p = pit_spawn(takes_lists, &self, sizeof self);
    pit_term list = pit_nil();

    CHECK(pit_receive_only(wake, A_WHILE));
    for (int i = 0; i < 1000; i++)
        list = pit_list_cons(pit_int(i), list);
    list = pit_keep(list);
    for (int round = 0; round < 5; round++) {
        CHECK_EQ(pit_try_send(p, of_terms, .n = 1, .list = list), 0); /* larger, and none waits */
        CHECK_EQ(pit_try_send(p, of_terms, .n = 2, .list = pit_nil()), -EAGAIN);
        tell(p, 0);
        CHECK_EQ(pit_receive_only(number, 0)->n, 1000);
        CHECK_EQ(pit_try_send(p, of_terms, .n = 3, .list = pit_nil()), 0);
        CHECK_EQ(pit_try_send(p, of_terms, .n = 4, .list = list), -EAGAIN); /* but for its terms */
        CHECK_EQ(pit_try_send(p, of_terms, .n = 5, .list = pit_nil()), 0);
        tell(p, 0);
        for (int n = 3; n <= 5; n += 2) {
            const struct number *got = pit_receive_only(number, 0);

            CHECK_EQ(got->n, 0);
            CHECK_EQ(got->sender, n);
        }
        CHECK(!pit_try_receive_only(number, 0));
    }
}

/* ---- blocking by an alias */

struct sends_by {
    pit_ref to;
    int64_t sender, count;
    bool first; /* by pit_send_priority */
};

static void sends_all_by(const void *arg)
{
    const struct sends_by *s = arg;

    for (int64_t i = 0; i < s->count; i++)
        if (s->first)
            pit_send_priority(s->to, number, .n = i, .sender = s->sender);
        else
            pit_send(s->to, number, .n = i, .sender = s->sender);
}

static pit_monitored spawn_sender_by(pit_ref to, int64_t sender, int64_t count, bool first)
{
    struct sends_by s = {to, sender, count, first};

    return spawn_watched(sends_all_by, &s, sizeof s);
}

/* The caller has the bound, and `n` senders wait for it. */
static void let_them_block(uint64_t n)
{
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); pit_mailbox_state().blocked != n;
         pit_yield())
        CHECK(pit_now() < until);
}

/* What waited for room is found by its alias, as what did not. RECV-5, ALIAS-2 */
NODE_CASE(a_reply_that_waited_is_found_by_its_alias)
{
    pit_ref alias = pit_alias();
    pit_monitored from;
    const pit_msg *m;

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    send_numbers(pit_self(), 77, 1);
    from = spawn_sender_by(alias, 5, 1, false);
    let_them_block(1);
    CHECK(!pit_receive_ref(alias, 0));
    CHECK_EQ(pit_receive_only(number, 0)->n, 77);
    CHECK(m = pit_receive_ref(alias, A_WHILE));
    CHECK_EQ(pit_as(m, number)->sender, 5);
    expect_end(from, "normal");
    expect_empty();
}

/* Three that send by an alias are stopped at the bound, and none of their messages is lost or out
   of order. */
static void stopped_by(pit_ref alias, bool first)
{
    enum { SENDERS = 3, EACH = BOUND + SENDERS * PIT_MAILBOX_AHEAD + 1 };
    pit_monitored from[SENDERS];
    int64_t last[SENDERS];

    for (int i = 0; i < SENDERS; i++) {
        from[i] = spawn_sender_by(alias, i, EACH, first);
        last[i] = -1;
    }
    let_them_block(SENDERS);
    CHECK(pit_mailbox_state().messages <= BOUND + SENDERS * PIT_MAILBOX_AHEAD);
    for (int taken = 0; taken < SENDERS * EACH; taken++) {
        const struct number *n = pit_as(pit_receive_ref(alias, A_WHILE), number);

        CHECK_EQ(n->n, last[n->sender] + 1);
        last[n->sender]++;
    }
    for (int i = 0; i < SENDERS; i++)
        expect_end(from[i], "normal");
    expect_empty();
}

/*
 * Who sends by an alias is stopped at the bound as who sends to the pid, wherever it runs; with
 * pit_send_priority too, as long as the alias takes no priority messages. SIG-1, SIG-8
 */
NODE_CASE(block_holds_for_aliases_too)
{
    pit_ref alias = pit_alias();

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = BOUND}), 0);
    stopped_by(alias, false);
    stopped_by(alias, true);
}

/* Priority messages are not delayed by a bound, however many they are and wherever they come from:
   nobody takes any here. SIG-8 */
NODE_CASE(block_lets_priority_messages_in)
{
    enum { EACH = 3 * PIT_MAILBOX_AHEAD };
    pit_ref alias = pit_alias_with(.priority = true);

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    send_numbers(pit_self(), EACH, 1);
    for (int i = 0; i < 3; i++)
        expect_end(spawn_sender_by(alias, 1, EACH, true), "normal");
    CHECK_EQ(pit_mailbox_state().messages, 1 + 3 * EACH);
    for (int64_t i = 0; i < 3 * EACH; i++)
        CHECK_EQ(pit_receive_only(number, 0)->n, i % EACH);
    CHECK_EQ(pit_receive_only(number, 0)->n, EACH);
    expect_empty();
}

/* The alias ends, or the sender does, before there is room: nothing comes, and nobody is left
   waiting. ALIAS-3 */
NODE_CASE(an_alias_that_ends_lets_its_senders_go)
{
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    for (int killed = 0; killed < 2; killed++) {
        pit_ref alias = pit_alias();
        pit_monitored from;

        send_numbers(pit_self(), 77, 1);
        from = spawn_sender_by(alias, 5, 3, killed);
        let_them_block(1);
        if (killed)
            pit_exit_process(from.pid, pit_atom("kill"));
        else
            CHECK(pit_unalias(alias));
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 77);
        expect_end(from, killed ? "killed" : "normal");
        while (pit_try_receive_only(number, 0)) /* there may have been room before the kill came */
            CHECK(killed);
        let_them_block(0);
        expect_empty();
    }
}
