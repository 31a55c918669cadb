/*
 * Goal: Erlang/OTP's process_SUITE, as far as it speaks of ends, names, lists of processes and who
 * runs when. Method: each case names the one of OTP's whose question it asks in C. Waits are for
 * events, where OTP's are for times.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);
PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(holds, (pit_binary, bytes));

static void ended(const void *arg) {}
static void ends_large(const void *arg) { pit_exit(large_term(LARGE)); }

/* ---- reasons */

/* EXIT-T11, SIG-6: a large reason reaches a linked process that traps.
   OTP: process_SUITE/t_exit_1 */
NODE_CASE(a_large_reason_comes_over_a_link)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 3; i++) {
        pit_pid p = pit_spawn_with(ends_large, NULL, 0, .link = true, .scheduler = PIT_ANYWHERE);
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, p));
        expect_alone(); /* who ended with it is gone, and it is whole */
        expect_large(pit_as(m, pit_exited)->reason);
    }
    expect_empty();
}

/* EXIT-T3, SIG-6: a large reason ends another process. OTP: process_SUITE/t_exit_2_other */
NODE_CASE(a_large_reason_ends_another)
{
    for (int i = 0; i < 3; i++) {
        pit_monitored m = spawn_watched(wait_forever, NULL, 0);

        pit_exit_process(m.pid, large_term(LARGE));
        expect_large_end(m);
    }
    expect_alone();
}

/* EXIT-T1. OTP: process_SUITE/t_exit_2_other_normal */
NODE_CASE(normal_from_another_does_nothing)
{
    pit_monitored m = spawn_watched(wait_forever, NULL, 0);

    pit_exit_process(m.pid, pit_atom("normal"));
    CHECK(pit_is_alive(m.pid));
    expect_empty();
    pit_exit_process(m.pid, pit_atom("kill"));
    expect_end(m, "killed");
}

/* EXIT-T7, EXIT-T5: one can trap one's own exit signal. OTP: process_SUITE/self_exit */
NODE_CASE(an_exit_signal_to_oneself_can_be_trapped)
{
    (void)pit_trap_exit(true);
    pit_exit_process(pit_self(), pit_build("{to, me, ~}", 1));
    expect_exited(pit_self(), "{to,me,1}");
    pit_exit_process(pit_self(), pit_atom("normal"));
    expect_exited(pit_self(), "normal");
    expect_empty();
}

static void leaves(const void *arg)
{
    (void)pit_monitor(pit_self());
    pit_exit_process(pit_self(),
                     *(const int *)arg ? pit_build("{by, myself}") : pit_atom("normal"));
    CHECK(!"reached");
}

/* EXIT-5: before the call returns. OTP: process_SUITE/normal_suicide_exit, abnormal_suicide_exit */
NODE_CASE(an_exit_signal_to_oneself_acts_before_it_returns)
{
    for (int i = 0; i < 2; i++)
        expect_end(spawn_watched(leaves, &i, sizeof i), i ? "{by,myself}" : "normal");
}

static _Atomic(int) caught;
static void catches(const int *unused) { atomic_fetch_add(&caught, 1); }

static void leaves_a_scope(const void *arg)
{
    __attribute__((cleanup(catches))) int scoped = 0;

    (void)scoped;
    pit_exit_process(pit_self(), pit_atom("stop"));
    atomic_fetch_add(&caught, 100);
}

/* EXIT-5, LIFE-6: no cleanup of the user's own sees it pass. OTP: process_SUITE/t_exit_2_catch */
NODE_CASE(an_exit_signal_to_oneself_cannot_be_caught)
{
    expect_end(spawn_watched(leaves_a_scope, NULL, 0), "stop");
    CHECK_EQ(atomic_load(&caught), 0);
}

static void matches_badly(const void *arg) { (void)pit_must(-ENOTCONN); }
static void sends_badly(const void *arg) { pit_send((pit_pid){INT64_MIN | EINVAL}, go); }
static void gets_badly(const void *arg)
{
    (void)pit_tuple_get(large_term(LARGE), 5); /* a badarg deep in a primitive, of a large term */
}

/*
 * LIFE-4: an error's reason, with its text and place, over a link.
 * OTP: process_SUITE/trap_exit_badarg, trap_exit_badarg_in_bif
 */
NODE_CASE(an_error_is_trapped_with_what_and_where)
{
    const struct {
        pit_body *body;
        const char *begins;
    } errors[] = {{matches_badly, "{badmatch,<<\"-ENOTCONN: "},
                  {sends_badly, "{badarg,<<\""},
                  {gets_badly, "{badarg,<<\""}};

    (void)pit_trap_exit(true);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        pit_pid p =
            pit_spawn_with(errors[i].body, NULL, 0, .link = true, .scheduler = PIT_ANYWHERE);
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, p));
        CHECK(!strncmp(text_of(pit_as(m, pit_exited)->reason), errors[i].begins,
                       strlen(errors[i].begins)));
    }
}

/* ---- exit signals and what else happens at once */

static void receives_with_a_timeout(const void *arg)
{
    int64_t ms = *(const int *)arg;

    for (;;)
        (void)pit_receive(ms);
}

/* EXIT-6: an exit signal as the receive of its receiver times out.
   OTP: process_SUITE/exit_and_timeout */
NODE_CASE(an_exit_signal_and_a_timeout_at_once)
{
    for (int i = 0; i < 60; i++) {
        int ms = i % 2;
        pit_monitored m = spawn_watched(receives_with_a_timeout, &ms, sizeof ms);
        int64_t until = pit_now() + 900000 + i * 4000; /* about 1 ms: when it times out */

        while (pit_now() < until)
            pit_yield();
        pit_exit_process(m.pid, pit_atom("now"));
        expect_end(m, "now");
    }
    expect_alone();
}

static void links_a_hundred(const void *arg)
{
    for (int i = 0; i < 100; i++)
        (void)pit_spawn_with(wait_forever, NULL, 0, .link = true, .scheduler = PIT_ANYWHERE);
    pit_send(*(const pit_pid *)arg, ready);
    wait_forever(NULL);
}

/* EXIT-7: the links of one that is ending answer with exit signals of their own.
   OTP: process_SUITE/exit_twice */
NODE_CASE(a_second_exit_signal_changes_nothing)
{
    pit_pid me = pit_self();

    for (int i = 0; i < 10; i++) {
        pit_monitored m = spawn_watched(links_a_hundred, &me, sizeof me);

        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        pit_exit_process(m.pid, pit_atom("first"));
        pit_exit_process(m.pid, pit_atom("second"));
        pit_exit_process(m.pid, pit_atom("kill"));
        expect_end(m, "first");
        expect_alone();
    }
}

static void is_killed_by_peers(const void *arg)
{
    pit_pid me = *(const pit_pid *)arg;

    for (int i = 0; i < 50; i++)
        pit_exit_process(me, pit_build("{reason, ~}", i));
}

/* EXIT-7: of several that kill at once, one wins, and its reason is told to all.
   OTP: process_SUITE/exit_twice */
NODE_CASE(of_many_killers_one_is_the_reason)
{
    for (int i = 0; i < 30; i++) {
        pit_monitored m = spawn_watched(wait_forever, NULL, 0);
        pit_ref second = pit_monitor(m.pid);
        const pit_msg *a, *b;

        for (int k = 0; k < 4; k++)
            (void)spawn_anywhere(is_killed_by_peers, &m.pid, sizeof m.pid);
        a = pit_keep(pit_receive_ref(m.ref, A_WHILE));
        b = pit_receive_ref(second, A_WHILE);
        CHECK(a && b);
        CHECK_STR(text_of(pit_as(a, pit_down)->reason), "{reason,0}");
        CHECK(pit_term_equal(pit_as(a, pit_down)->reason, pit_as(b, pit_down)->reason));
        pit_drop(a);
    }
    expect_alone();
}

/* ---- spawn */

static void checks_argument(const void *arg)
{
    const uint8_t *bytes = arg;

    for (size_t i = 0; i < 1 << 20; i += 509)
        CHECK_EQ(bytes[i], (uint8_t)(i * 31));
}

/* SPAWN-1: an argument of a megabyte. OTP: process_SUITE/spawn_huge_arglist */
NODE_CASE(an_argument_may_be_large)
{
    uint8_t *bytes = pit_alloc(1 << 20);

    for (size_t i = 0; i < 1 << 20; i++)
        bytes[i] = (uint8_t)(i * 31);
    for (int i = 0; i < 5; i++)
        expect_end(spawn_watched(checks_argument, bytes, 1 << 20), "normal");
}

static void holds_what_it_gets(const void *arg)
{
    const pit_msg *m = pit_receive(A_WHILE);

    CHECK(pit_as(m, holds)->bytes.size == 100000);
    (void)pit_keep(pit_as(m, holds)->bytes);
    if (*(const int *)arg)
        pit_exit(pit_atom("holding"));
}

/* A binary that a process holds as it ends is released; under asan nothing is left.
   OTP: process_SUITE/spawn_with_binaries */
NODE_CASE(a_process_ends_with_binaries_in_its_hands)
{
    static char bytes[100000];

    for (int i = 0; i < 50; i++) {
        int way = i % 2;
        pit_monitored m = spawn_watched(holds_what_it_gets, &way, sizeof way);

        pit_send(m.pid, holds, .bytes = pit_binary_new(bytes, sizeof bytes));
        expect_end(m, way ? "holding" : "normal");
    }
    expect_alone();
}

/* ---- lists of processes */

static _Atomic(bool) churning;

/* No more than a scheduler that gets less of the machine than the others can end: it would be
   buried, and who waits there with it. */
static void churns(const void *arg)
{
    while (atomic_load(&churning)) {
        for (int i = 0; i < 10 && pit__node_processes() < 1000; i++)
            (void)pit_spawn_with(ended, NULL, 0, .scheduler = PIT_ANYWHERE, .stack = 16384);
        pit_yield(); /* or a slice of births stands before everybody's next turn */
    }
}

static bool listed(const pit_pid *all, size_t n, pit_pid p)
{
    size_t times = 0;

    for (size_t i = 0; i < n; i++)
        times += pit_pid_equal(all[i], p);
    CHECK(times <= 1);
    return times;
}

/*
 * LIFE-10: who lives all the time is in each list, once; who ended before is in none.
 * OTP: process_SUITE/processes_large_tab, processes_default_tab, processes_small_tab,
 * processes_this_tab, processes_iter
 */
NODE_CASE(a_list_of_processes_holds_who_lived_all_the_time)
{
    enum { STAY = 100, ROOM = 20000 };
    pit_pid stay[STAY], churn[2], *all = pit_alloc(ROOM * sizeof *all);
    pit_monitored gone = spawn_watched(ended, NULL, 0);

    expect_end(gone, "normal");
    atomic_store(&churning, true);
    for (int i = 0; i < 2; i++)
        churn[i] = spawn_anywhere(churns, NULL, 0);
    for (int i = 0; i < STAY; i++)
        stay[i] = spawn_anywhere(wait_forever, NULL, 0);
    for (int round = 0; round < 50; round++) {
        size_t n = pit_processes(all, ROOM);

        CHECK(n >= STAY + 1);
        if (n > ROOM)
            n = ROOM;
        for (int i = 0; i < STAY; i++)
            CHECK(listed(all, n, stay[i]));
        CHECK(!listed(all, n, gone.pid));
        pit_yield();
    }
    atomic_store(&churning, false);
    for (int i = 0; i < STAY; i++)
        pit_exit_process(stay[i], pit_atom("kill"));
    expect_alone();
    CHECK(!pit_is_alive(churn[0]) && !pit_is_alive(churn[1]));
}

static void answers_go(const void *arg)
{
    pit_pid asker = pit_receive_type(&pit_type_go, A_WHILE)->from;

    pit_send(asker, ready);
}

/* LIFE-10: who was just born is listed and can be sent to.
   OTP: process_SUITE/processes_send_infant */
NODE_CASE(an_infant_in_the_list_can_be_sent_to)
{
    for (int i = 0; i < 100; i++) {
        pit_pid p = spawn_anywhere(answers_go, NULL, 0), all[8];
        size_t n = pit_processes(all, 8);

        CHECK(listed(all, n, p));
        for (size_t k = 0; k < n; k++)
            if (!pit_pid_equal(all[k], pit_self()))
                pit_send(all[k], go);
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        expect_alone();
    }
}

/* LIFE-1: thousands of ends, and no pid comes again. OTP: process_SUITE/no_pid_wrap */
NODE_CASE(a_freed_pid_does_not_come_again)
{
    uint64_t n = pit_test_scale(pit_test_sanitized() ? 1000 : 4000, 1000000);
    int64_t *seen = pit_alloc(n * sizeof *seen);

    for (uint64_t i = 0; i < n; i++) {
        pit_monitored m = spawn_watched(ended, NULL, 0);

        seen[i] = m.pid.id;
        expect_end(m, "normal");
    }
    for (uint64_t i = 0; i < n; i++) /* an old one is nobody's */
        CHECK(!pit_is_alive((pit_pid){seen[i]}));
}

/* ---- names */

/* REG-1: each way that it is refused, and nothing is changed by it.
   OTP: process_SUITE/bad_register */
NODE_CASE(each_bad_register_is_refused)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0), q = spawn_anywhere(wait_forever, NULL, 0);
    pit_monitored dead = spawn_watched(ended, NULL, 0);

    expect_end(dead, "normal");
    CHECK_EQ(pit_register("p", p), 0);
    CHECK_EQ(pit_register("undefined", q), -EINVAL);
    CHECK_EQ(pit_register("", q), -EINVAL);
    CHECK_EQ(pit_register(NULL, q), -EINVAL);
    CHECK_EQ(pit_register("p", q), -PIT_ENAMETAKEN);
    CHECK_EQ(pit_register("p", p), -PIT_ENAMETAKEN);
    CHECK_EQ(pit_register("other", p), -PIT_ENAMETAKEN);
    CHECK_EQ(pit_register("dead", dead.pid), -PIT_ENOPROC);
    CHECK_EQ(pit_register("nobody", PIT_NO_PID), -PIT_ENOPROC);
    CHECK_EQ(pit_unregister("q"), -PIT_ENOPROC);
    CHECK_EQ(pit_unregister("undefined"), -PIT_ENOPROC);
    CHECK(pit_pid_equal(pit_whereis("p"), p));
    CHECK_EQ(pit_whereis("dead").id, 0);
    CHECK_EQ(pit_whereis("other").id, 0);
    CHECK_EQ(pit_register("q", q), 0);
    pit_exit_process(p, pit_atom("kill"));
    pit_exit_process(q, pit_atom("kill"));
    expect_alone();
    CHECK_EQ(pit_whereis("p").id, 0);
    CHECK_EQ(pit_whereis("q").id, 0);
}

/* ---- who runs when */

static _Atomic(int) turn_of[2];

static void yields_for_ever(const void *arg)
{
    for (int who = *(const int *)arg;;) {
        atomic_fetch_add(&turn_of[who], 1);
        pit_yield();
    }
}

/* SCHED-7: two that yield take turns, one by one. OTP: process_SUITE/yield, yield2 */
NODE_CASE_WITH(a_yield_lets_the_other_run, .schedulers = 1)
{
    int who[] = {0, 1};
    pit_pid p[2];

    for (int i = 0; i < 2; i++)
        p[i] = pit_spawn(yields_for_ever, &who[i], sizeof *who);
    while (atomic_load(&turn_of[1]) < 1000) {
        int a = atomic_load(&turn_of[0]), b = atomic_load(&turn_of[1]);

        CHECK(a - b >= -1 && a - b <= 1);
        pit_yield();
    }
    for (int i = 0; i < 2; i++)
        pit_exit_process(p[i], pit_atom("kill"));
    expect_alone();
}

static void spins(const void *arg)
{
    for (;;)
        (void)pit_make_ref();
}

static void counts_low(const void *arg)
{
    for (;;) {
        atomic_fetch_add(&turn_of[0], 1);
        pit_yield();
    }
}

/* SCHED-2: beside one that never yields by itself a low process still gets its turns.
   OTP: process_SUITE/low_prio */
NODE_CASE_WITH(a_low_process_is_not_starved_by_normal_ones, .schedulers = 1)
{
    pit_pid busy = pit_spawn(spins, NULL, 0);
    pit_pid low = pit_spawn_with(counts_low, NULL, 0, .priority = PIT_PRIORITY_LOW);

    for (int i = 0; i < 400; i++)
        pit_yield();
    CHECK_NEAR(atomic_load(&turn_of[0]), 50, 10); /* each eighth time */
    pit_exit_process(busy, pit_atom("kill"));
    pit_exit_process(low, pit_atom("kill"));
    expect_alone();
}

static void asks_the_low(const void *arg)
{
    pit_pid low = *(const pit_pid *)arg;
    pit_process_info info;

    for (int i = 0; i < 20; i++) {
        CHECK_EQ(pit_process_info_of(low, &info), 0);
        CHECK_EQ(info.priority, PIT_PRIORITY_LOW);
        CHECK(pit_is_alive(low));
    }
}

/*
 * SCHED-4: who asks with a high priority is answered, though the asked is low and others keep its
 * scheduler busy: signals are handled for it without it running.
 * OTP: process_SUITE/no_priority_inversion, no_priority_inversion2
 */
NODE_CASE_WITH(a_low_process_answers_a_high_one_at_once, .schedulers = 2)
{
    pit_pid busy[4], low;

    for (int i = 0; i < 4; i++)
        busy[i] = pit_spawn_with(spins, NULL, 0, .scheduler = PIT_ON(i % 2));
    for (int i = 0; i < 4; i++) {
        pit_monitored m;

        low = pit_spawn_with(wait_forever, NULL, 0, .priority = PIT_PRIORITY_LOW,
                             .scheduler = PIT_ON(i % 2));
        m.pid = pit_spawn_with(asks_the_low, &low, sizeof low, .priority = PIT_PRIORITY_HIGH,
                               .scheduler = PIT_ON(1), .monitor = true, .ret_ref = &m.ref);
        expect_end(m, "normal");
        pit_exit_process(low, pit_atom("kill"));
    }
    for (int i = 0; i < 4; i++)
        pit_exit_process(busy[i], pit_atom("kill"));
    expect_alone();
}
