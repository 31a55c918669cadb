/*
 * Goal: Erlang/OTP's signal_SUITE: order and conservation of signals of all kinds, from many
 * senders at once. Method: each case names the one of OTP's whose question it asks in C; senders
 * are on any scheduler, and the counts are closed.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);
PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(target, (pit_pid, who), (int64_t, n));

static void ended(const void *arg) {}

/* ---- exit signals and messages of one sender */

static void sends_around_an_exit(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (int64_t n = 0; n < 50; n++) {
        pit_send(to, number, .n = n);
        pit_exit_process(to, pit_build("{after, ~}", n));
    }
    pit_send(to, go);
}

/* SIG-1, EXIT-4: messages and exit signals of one sender in turn. OTP: signal_SUITE/xm_sig_order */
NODE_CASE(exit_signals_and_messages_keep_their_turns)
{
    pit_pid me = pit_self();

    (void)pit_trap_exit(true);
    for (int round = 0; round < 10; round++) {
        (void)spawn_anywhere(sends_around_an_exit, &me, sizeof me);
        for (int64_t n = 0; n < 50; n++) {
            const pit_msg *m = pit_receive(A_WHILE);

            CHECK_EQ(pit_as(m, number)->n, n);
            m = pit_receive(A_WHILE);
            CHECK_STR(text_of(pit_as(m, pit_exited)->reason), text_of(pit_build("{after, ~}", n)));
        }
        CHECK(pit_is(pit_receive(A_WHILE), go));
    }
    expect_empty();
}

static void dies_of_kill(const void *arg) { pit_exit(pit_atom("kill")); }

static void is_linked_and_killed(const void *arg)
{
    pit_pid p =
        pit_spawn_with(*(pit_body *const *)arg, NULL, 0, .link = true, .scheduler = PIT_ANYWHERE);

    if (*(pit_body *const *)arg == wait_forever)
        pit_exit_process(p, pit_atom("kill"));
    wait_forever(NULL);
}

/*
 * EXIT-T2, EXIT-T9, EXIT-T10: kill becomes killed when it is sent, once, and not when a link
 * carries it. OTP: signal_SUITE/kill2killed
 */
NODE_CASE(kill_becomes_killed_only_where_it_is_sent)
{
    pit_body *bodies[] = {wait_forever, dies_of_kill};
    pit_monitored m = spawn_watched(wait_forever, NULL, 0);

    pit_exit_process(m.pid, pit_atom("kill"));
    expect_end(m, "killed");
    expect_end(spawn_watched(dies_of_kill, NULL, 0), "kill");
    for (int i = 0; i < 2; i++)
        expect_end(spawn_watched(is_linked_and_killed, &bodies[i], sizeof *bodies),
                   i ? "kill" : "killed");
    expect_alone();
}

/* ---- unlink */

static void unlinks_and_dies(const void *arg)
{
    struct target t = *(const struct target *)arg;

    pit_link(t.who);
    pit_send(t.who, ready);
    (void)pit_receive_type(&pit_type_go, A_WHILE);
    if (t.n)
        pit_unlink(t.who);
    pit_exit(pit_atom("bye"));
}

static void partner(const void *arg)
{
    struct target t = {.who = pit_self(), .n = *(const int *)arg};
    pit_monitored m = spawn_watched(unlinks_and_dies, &t, sizeof t);

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    pit_send(m.pid, go);
    expect_end(m, "bye");
    pit_exit(pit_atom("lived"));
}

/* LINK-6, EXIT-1: an end right behind an unlink does not reach the other; without one it does.
   OTP: signal_SUITE/unlink_exit */
NODE_CASE(an_end_behind_an_unlink_is_not_felt)
{
    for (int i = 0; i < 60; i++) {
        int unlinks = i % 2;

        expect_end(spawn_watched(partner, &unlinks, sizeof unlinks), unlinks ? "lived" : "bye");
    }
    expect_alone();
}

/* ---- messages and DOWN */

static void sends_and_ends(const void *arg)
{
    const struct target *t = arg;

    for (int64_t n = 0; n < t->n; n++)
        pit_send(t->who, number, .n = n);
}

/* SIG-1: all that a process sent stands before its DOWN, of many at once.
   OTP: signal_SUITE/monitor_order */
NODE_CASE(a_down_comes_behind_all_that_was_sent)
{
    enum { N = 8 };
    pit_monitored m[N];
    int64_t next[N] = {0};
    struct target t = {.who = pit_self(), .n = 200};
    int left = N;

    for (int i = 0; i < N; i++)
        m[i] = spawn_watched(sends_and_ends, &t, sizeof t);
    while (left) {
        const pit_msg *msg = pit_receive(A_WHILE);
        bool down;
        pit_pid who;
        int i = 0;

        CHECK(msg);
        down = pit_is(msg, pit_down);
        who = down ? pit_as(msg, pit_down)->pid : msg->from;
        while (!pit_pid_equal(m[i].pid, who))
            CHECK(++i < N);
        CHECK_EQ(next[i], down ? 200 : pit_as(msg, number)->n);
        next[i]++;
        left -= down;
    }
    expect_empty();
}

static void has_a_name(const void *arg)
{
    struct target t = *(const struct target *)arg;

    CHECK_EQ(pit_register("ordered", pit_self()), 0);
    pit_send(t.who, ready);
    (void)pit_receive_type(&pit_type_go, A_WHILE);
    for (int64_t n = 0; n < t.n; n++)
        pit_send(t.who, number, .n = n);
}

/* SIG-1, SIG-2: the same for a monitor by name. OTP: signal_SUITE/monitor_named_order_local */
NODE_CASE(a_down_by_name_comes_behind_all_that_was_sent)
{
    struct target t = {.who = pit_self(), .n = 50};

    for (int round = 0; round < 20; round++) {
        pit_pid p = spawn_anywhere(has_a_name, &t, sizeof t);
        pit_ref ref;

        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        ref = pit_monitor_name("ordered");
        pit_send(p, go);
        for (int64_t n = 0; n < 50; n++)
            CHECK_EQ(pit_as(pit_receive(A_WHILE), number)->n, n);
        CHECK(pit_ref_equal(pit_as(pit_receive(A_WHILE), pit_down)->ref, ref));
    }
    expect_empty();
}

/* ---- many senders */

static void floods(const void *arg)
{
    const struct target *t = arg;
    uint64_t chance = pit_random();

    for (int64_t n = 0; n < t->n; n++) {
        pit_send(t->who, number, .n = n);
        if (!pit_test_random_below(&chance, 16))
            (void)pit_demonitor(pit_monitor(t->who), 0);
        if (!pit_test_random_below(&chance, 32))
            pit_yield();
    }
}

/*
 * SIG-1, RECV-6: very many senders to one: each one's are complete and in order, whatever it does
 * besides. OTP: signal_SUITE/parallel_signal_enqueue_race_1, parallel_signal_enqueue_race_2
 */
NODE_CASE(many_senders_lose_and_reorder_nothing)
{
    enum { N = 24, EACH = 200 };
    pit_pid p[N];
    int64_t next[N] = {0};
    struct target t = {.who = pit_self(), .n = EACH};

    for (int i = 0; i < N; i++)
        p[i] = spawn_anywhere(floods, &t, sizeof t);
    for (int k = 0; k < N * EACH; k++) {
        const pit_msg *m = pit_receive(A_WHILE);
        int i = 0;

        CHECK(m);
        while (!pit_pid_equal(p[i], m->from))
            CHECK(++i < N);
        CHECK_EQ(pit_as(m, number)->n, next[i]++);
    }
    expect_alone();
    expect_empty();
}

/* The receiver hibernates, selects, sleeps and asks about itself, while signals of all kinds come
   in. */
static void handles_all_ways(const void *arg)
{
    pit_process_info info;
    int64_t got = 0;

    (void)pit_trap_exit(true);
    for (int i = 0; got < *(const int64_t *)arg; i++) {
        switch (i % 4) {
        case 0:
            pit_hibernate();
            break;
        case 1:
            CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
            break;
        case 2:
            pit_sleep(0);
            break;
        default:
            pit_yield();
        }
        while (pit_receive_type(&pit_type_number, 0))
            got++;
    }
}

static void bothers(const void *arg)
{
    const struct target *t = arg;
    pit_process_info info;

    for (int64_t n = 0; n < t->n; n++) {
        pit_ref ref = pit_monitor(t->who);

        CHECK_EQ(pit_process_info_of(t->who, &info), 0);
        CHECK(pit_is_alive(t->who));
        pit_exit_process(t->who, pit_atom("trapped"));
        CHECK_EQ(pit_demonitor(ref, PIT_DEMONITOR_FLUSH), 1);
        pit_send(t->who, number, .n = n);
    }
}

/*
 * SIG-1, INFO-3: signals of all kinds at once to one that does this and that: contended by their
 * senders and the receiver. OTP: signal_SUITE/contended_signal_handling,
 * simultaneous_signals_basic, simultaneous_signals_recv
 */
NODE_CASE(signals_are_handled_whatever_the_receiver_does)
{
    enum { N = 6, EACH = 50 };
    int64_t total = N * EACH;
    pit_monitored m = spawn_watched(handles_all_ways, &total, sizeof total), by[N];
    struct target t = {.who = m.pid, .n = EACH};

    for (int i = 0; i < N; i++)
        by[i] = spawn_watched(bothers, &t, sizeof t);
    for (int i = 0; i < N; i++)
        expect_end(by[i], "normal");
    expect_end(m, "normal");
    expect_alone();
}

static void bothers_the_dying(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;
    pit_process_info info;

    (void)pit_trap_exit(true);
    for (int i = 0; i < 30; i++) {
        pit_ref ref = pit_monitor(p);
        int r = pit_process_info_of(p, &info);
        bool alive = pit_is_alive(p);
        int active;

        CHECK(r == 0 || (r == -PIT_ENOPROC && !alive)); /* the dead do not rise */
        pit_link(p);
        pit_unlink(p);
        active = pit_demonitor(ref, 0);
        if (!active)
            CHECK(pit_receive_ref(ref, A_WHILE));
        pit_send(p, number, .n = i);
    }
    while (pit_receive(0))
        ;
}

/*
 * LIFE-7, LIFE-10, MON-4, LINK-3: the same to one that ends in the midst of it, waiting or running.
 * OTP: signal_SUITE/simultaneous_signals_exit, simultaneous_signals_recv_exit
 */
NODE_CASE(signals_to_the_dying_are_all_answered)
{
    for (int round = 0; round < 10; round++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        pit_monitored by[6];

        for (int i = 0; i < 6; i++)
            by[i] = spawn_watched(bothers_the_dying, &p, sizeof p);
        for (int i = 0; i < round * 2; i++)
            pit_yield();
        pit_exit_process(p, pit_atom("kill"));
        for (int i = 0; i < 6; i++)
            expect_end(by[i], "normal");
    }
    expect_alone();
}

/* SIG-6: who gets a reason may keep it; that its sender changes or ends does nothing to it. SIG-5
   for what is in it. */
NODE_CASE(a_reason_is_the_receivers_own)
{
    const pit_msg *kept[10];
    pit_pid p[10];

    (void)pit_trap_exit(true);
    for (int i = 0; i < 10; i++) {
        pit_term reason = pit_build("{why, ~, [~, ~]}", i, "text", i * 2);

        p[i] = spawn_anywhere(ended, NULL, 0);
        pit_exit_process(pit_self(), reason);
        pit_term_release_all(); /* the sender's own are gone */
        kept[i] = pit_keep(pit_receive_type(&pit_type_pit_exited, A_WHILE));
        CHECK(kept[i]);
    }
    for (int i = 0; i < 10; i++) {
        CHECK_STR(text_of(pit_as(kept[i], pit_exited)->reason),
                  text_of(pit_build("{why, ~, [~, ~]}", i, "text", i * 2)));
        CHECK(!pit_pid_equal(p[i], pit_as(kept[i], pit_exited)->pid));
        pit_drop(kept[i]);
    }
}
