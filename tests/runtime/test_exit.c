/*
 * Goal: exit signals do to their receiver what the table of the specification says (EXIT-1..9,
 * T1..T12).
 * Method: a victim brings the signal upon itself, by a helper or a peer on any scheduler, waits
 * until the signal must have arrived (the order of a pair, or LIFE-9: EXIT before DOWN), and ends
 * with what it saw as its reason. Who watches it reads from that what happened: {trapped,Reason},
 * ignored, or the reason of its death.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(done);
PIT_MESSAGE(go);
PIT_MESSAGE(number, (int64_t, n));

/* ---- the table */

enum signal_of { BY_OTHER, BY_SELF, BY_PEER, BY_PEER_KILLED, BY_NOBODY };

struct row {
    const char *rule;
    enum signal_of who;
    const char *reason;
    const char *trapping, *plain; /* what becomes of the victim */
};

static const struct row table[] = {
    {"EXIT-T1", BY_OTHER, "normal", "{trapped,normal}", "ignored"},
    {"EXIT-T2", BY_OTHER, "kill", "killed", "killed"},
    {"EXIT-T3", BY_OTHER, "other", "{trapped,other}", "other"},
    {"EXIT-T3", BY_OTHER, "{shutdown,[1,<<\"x\">>]}", "{trapped,{shutdown,[1,<<\"x\">>]}}",
     "{shutdown,[1,<<\"x\">>]}"},
    {"EXIT-T4", BY_OTHER, "killed", "{trapped,killed}", "killed"},
    {"EXIT-T5", BY_SELF, "normal", "{trapped,normal}", "normal"},
    {"EXIT-T6", BY_SELF, "kill", "killed", "killed"},
    {"EXIT-T7", BY_SELF, "other", "{trapped,other}", "other"},
    {"EXIT-T8", BY_PEER, "normal", "{trapped,normal}", "ignored"},
    {"EXIT-T9", BY_PEER, "kill", "{trapped,kill}", "kill"},
    {"EXIT-T10", BY_PEER_KILLED, "kill", "{trapped,killed}", "killed"},
    {"EXIT-T11", BY_PEER, "other", "{trapped,other}", "other"},
    {"EXIT-T11", BY_PEER, "{badmatch,#{a => 1.5}}", "{trapped,{badmatch,#{a => 1.5}}}",
     "{badmatch,#{a => 1.5}}"},
    {"EXIT-T12", BY_NOBODY, "noproc", "{trapped,noproc}", "noproc"},
};

static pit_term term_of(const char *text)
{
    pit_term t;

    CHECK_EQ(pit_term_parse(text, strlen(text), &t), 0);
    return t;
}

struct job {
    const struct row *row;
    bool trap;
    pit_pid victim;
};

static void other(const void *arg)
{
    const struct job *j = arg;

    pit_exit_process(j->victim, term_of(j->row->reason));
    pit_send(j->victim, done);
}

static void peer(const void *arg)
{
    const struct job *j = arg;

    if (j->row->who == BY_PEER_KILLED)
        wait_forever(NULL);
    if (!strcmp(j->row->reason, "normal"))
        return; /* LIFE-3 */
    pit_exit(term_of(j->row->reason));
}

static void ended(const void *arg) {}

/* Returns from whom the signal comes. */
static pit_pid provoke(struct job *j)
{
    pit_pid who = pit_self();
    pit_ref ref;

    switch (j->row->who) {
    case BY_OTHER:
        who = spawn_anywhere(other, j, sizeof *j);
        CHECK(pit_receive_type(&pit_type_done, A_WHILE));
        break;
    case BY_SELF:
        pit_exit_process(who, term_of(j->row->reason));
        break;
    case BY_PEER:
    case BY_PEER_KILLED:
        who = pit_spawn_with(peer, j, sizeof *j, .scheduler = PIT_ANYWHERE, .link = true,
                             .monitor = true, .ret_ref = &ref);
        if (j->row->who == BY_PEER_KILLED)
            pit_exit_process(who, term_of("kill"));
        CHECK(pit_receive_ref(ref, A_WHILE));
        break;
    case BY_NOBODY:
        who = pit_spawn_with(ended, NULL, 0, .monitor = true, .ret_ref = &ref);
        CHECK(pit_receive_ref(ref, A_WHILE));
        pit_link(who);
        break;
    }
    return who;
}

static void victim(const void *arg)
{
    struct job j = *(const struct job *)arg;
    const pit_msg *m;
    pit_pid who;

    j.victim = pit_self();
    (void)pit_trap_exit(j.trap);
    who = provoke(&j);
    m = pit_receive_type(&pit_type_pit_exited,
                         j.row->who == BY_SELF || j.row->who == BY_NOBODY ? A_WHILE : 0);
    if (!m)
        pit_exit(term_of("ignored"));
    CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, who));
    pit_exit(pit_build("{trapped, ~}", pit_as(m, pit_exited)->reason));
}

/* EXIT-1, EXIT-T1..T12 */
NODE_CASE(exit_signals_do_what_the_table_says)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int trap = 0; trap < 2; trap++) {
            struct job j = {.row = &table[i], .trap = trap};

            expect_end(spawn_watched(victim, &j, sizeof j),
                       trap ? table[i].trapping : table[i].plain);
        }
    expect_alone();
}

/* ---- the rules beside it */

static void exits_kill(const void *arg) { pit_exit(pit_atom("kill")); }

/*
 * EXIT-2: exit(kill) is a reason like any other, and links carry it trappably. That it can be
 * caught is not expressible in C, which has no exceptions: nothing of the process's code runs after
 * pit_exit.
 */
NODE_CASE(ending_oneself_with_kill_ends_with_kill)
{
    pit_pid p;
    pit_ref ref;

    (void)pit_trap_exit(true);
    p = pit_spawn_with(exits_kill, NULL, 0, .link = true, .monitor = true, .ret_ref = &ref);
    expect_exited(p, "kill");
    expect_down(ref, p, "kill");
}

/* EXIT-3: for the dead and the never born it is no error. */
NODE_CASE(an_exit_signal_to_nobody_is_no_error)
{
    pit_monitored m = spawn_watched(ended, NULL, 0);

    expect_end(m, "normal");
    pit_exit_process(m.pid, pit_atom("kill"));
    pit_exit_process(PIT_NO_PID, pit_atom("kill"));
    pit_exit_process((pit_pid){INT64_C(77) << 27 | 1000000},
                     pit_atom("kill")); /* a slot that was never used */
    expect_empty();
}

static void counts_to(const void *arg)
{
    const pit_msg *m;
    int64_t n = 0;

    (void)pit_trap_exit(true);
    pit_send(*(const pit_pid *)arg, done);
    while ((m = pit_receive(PIT_INFINITY))) {
        if (pit_is(m, pit_exited))
            pit_exit(pit_build("{stopped, ~}", n));
        CHECK_EQ(pit_as(m, number)->n, n);
        n++;
    }
}

/* EXIT-4, SIG-1: asynchronous, but in order with what else was sent. */
NODE_CASE(an_exit_signal_keeps_its_place_among_messages)
{
    pit_pid me = pit_self();

    for (int round = 0; round < 20; round++) {
        pit_monitored m = spawn_watched(counts_to, &me, sizeof me);

        CHECK(pit_receive_type(&pit_type_done, A_WHILE)); /* it traps */
        for (int64_t n = 0; n < 100; n++)
            pit_send(m.pid, number, .n = n);
        if (round % 2)
            pit_yield(); /* the receiver may begin meanwhile */
        pit_exit_process(m.pid, pit_atom("stop"));
        for (int64_t n = 100; n < 110; n++)
            pit_send(m.pid, number, .n = n);
        expect_end(m, "{stopped,100}");
    }
}

static void spins(const void *arg)
{
    for (;;)
        (void)pit_self(), pit_yield();
}

static void spins_in_calls(const void *arg)
{
    for (;;)
        (void)pit_make_ref();
}

static void sleeps(const void *arg) { pit_sleep(PIT_INFINITY); }

static void calls(const void *arg)
{
    struct number n = {0};

    (void)pit_try_call(*(const pit_pid *)arg, &pit_type_number, &n, PIT_INFINITY, &pit_type_number,
                       &n);
}

static void asks(const void *arg)
{
    for (;;)
        (void)pit_is_alive(*(const pit_pid *)arg);
}

static void selects(const void *arg) { (void)pit_receive_type(&pit_type_go, PIT_INFINITY); }
static void hibernates(const void *arg) { pit_hibernate(); }

/* EXIT-6: whatever it is doing: not tied to receive. */
NODE_CASE(an_exit_signal_ends_what_a_process_is_doing)
{
    pit_body *bodies[] = {spins, spins_in_calls, sleeps,  wait_forever,
                          calls, asks,           selects, hibernates};
    pit_pid server = spawn_anywhere(selects, NULL, 0); /* it never looks at a call */

    for (int round = 0; round < 10; round++)
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            pit_monitored m = spawn_watched(bodies[i], &server, sizeof server);

            if (round % 2)
                pit_sleep(1);
            pit_exit_process(m.pid, pit_build("{stop, ~}", (int)i));
            CHECK(!pit_is_alive(m.pid));               /* LIFE-10 */
            pit_exit_process(m.pid, pit_atom("kill")); /* EXIT-7 */
            expect_end(m, text_of(pit_build("{stop, ~}", (int)i)));
        }
    pit_exit_process(server, pit_atom("kill"));
    expect_alone();
}

static void dies_of_many(const void *arg)
{
    pit_pid me = *(const pit_pid *)arg;

    pit_send(me, done);
    wait_forever(NULL);
}

/* EXIT-7: the first reason stands, however many follow. */
NODE_CASE(the_first_of_many_exit_signals_is_the_reason)
{
    pit_pid me = pit_self();
    pit_monitored m = spawn_watched(dies_of_many, &me, sizeof me);

    CHECK(pit_receive_type(&pit_type_done, A_WHILE));
    for (int i = 0; i < 100; i++)
        pit_exit_process(m.pid, pit_build("{reason, ~}", i));
    expect_end(m, "{reason,0}");
}

/* It runs, and so hears of nothing, until both signals are on their way, or (with its sender on one
   scheduler) a while has passed. */
static _Atomic(bool) both_sent;

static void runs_until_both_are_sent(const void *arg)
{
    int64_t until = pit_now() + (pit__node.count > 1 ? 5 * INT64_C(1000000) : 0);

    pit_send(*(const pit_pid *)arg, done);
    while (!atomic_load(&both_sent) && pit_now() < until)
        ;
    (void)pit_message_count(); /* delivers what is there, to us who run */
    wait_forever(NULL);
}

/* EXIT-7: also for one that runs, and hears of both at once. */
NODE_CASE(of_two_exit_signals_to_one_that_runs_the_first_is_the_reason)
{
    pit_pid me = pit_self();

    for (int i = 0; i < 10; i++) {
        pit_monitored m;

        atomic_store(&both_sent, false);
        m = spawn_watched(runs_until_both_are_sent, &me, sizeof me);
        CHECK(pit_receive_type(&pit_type_done, A_WHILE));
        pit_exit_process(m.pid, pit_build("{first, ~}", i));
        pit_exit_process(m.pid, pit_atom("kill"));
        atomic_store(&both_sent, true);
        expect_end(m, text_of(pit_build("{first, ~}", i)));
    }
}

/* EXIT-9, MON-7 */
NODE_CASE(a_normal_end_is_told_like_any_other)
{
    pit_pid p;
    pit_ref ref;

    (void)pit_trap_exit(true);
    p = pit_spawn_with(ended, NULL, 0, .scheduler = PIT_ANYWHERE, .link = true, .monitor = true,
                       .ret_ref = &ref);
    expect_exited(p, "normal"); /* LIFE-9: before the DOWN */
    expect_down(ref, p, "normal");
}

/* EXIT-1: the old value is what pit_trap_exit returns; messages already trapped stay. */
NODE_CASE(trapping_can_be_turned_off_again)
{
    pit_pid p;

    CHECK(!pit_trap_exit(true));
    CHECK(pit_trap_exit(true));
    p = pit_spawn_with(ended, NULL, 0, .link = true);
    while (!pit_message_count())
        pit_sleep(1);
    CHECK(pit_trap_exit(false));
    expect_exited(p, "normal");
}

static struct {
    pit_pid victim;
} handler_test;

static void handler_victim(void *state, const pit_msg *m)
{
    if (pit_is(m, number))
        pit_exit(pit_build("{got, ~}", pit_as(m, number)->n));
    if (pit_is(m, go))
        (void)pit_receive_type(&pit_type_done, PIT_INFINITY); /* waits half way */
}

/* EXIT-2, EXIT-6 for callback processes: between messages, in a handler, and in one that waits. */
NODE_CASE(callback_processes_end_alike)
{
    for (int way = 0; way < 4; way++) {
        pit_monitored m;

        m.pid = pit_spawn_handler_with(handler_victim, NULL, 0, .scheduler = PIT_ANYWHERE,
                                       .monitor = true, .ret_ref = &m.ref);
        handler_test.victim = m.pid;
        if (way >= 2)
            pit_send(m.pid, go);
        if (way == 3)
            pit_sleep(1);
        if (way == 0)
            pit_send(m.pid, number, .n = 7);
        else
            pit_exit_process(m.pid, pit_atom("stop"));
        expect_end(m, way == 0 ? "{got,7}" : "stop");
    }
    expect_alone();
}
