/*
 * Goal: who runs when (SCHED-1, SCHED-2, SCHED-3, SCHED-7), and that the node starts, stops and
 * moves work as it says.
 * Method: on one scheduler the order of running is fact; on several it is counted.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ran, (int, who));

static void says_it_ran(const void *arg)
{
    const struct {
        pit_pid to;
        int who;
    } *a = arg;

    pit_send(a->to, ran, .who = a->who);
}

/* SCHED-2: max before high before normal. */
NODE_CASE_WITH(higher_priorities_run_first, .schedulers = 1)
{
    struct {
        pit_pid to;
        int who;
    } a = {pit_self(), 0};
    uint8_t order[] = {PIT_PRIORITY_NORMAL, PIT_PRIORITY_HIGH, PIT_PRIORITY_MAX,
                       PIT_PRIORITY_NORMAL, PIT_PRIORITY_HIGH, PIT_PRIORITY_MAX};
    int expected[] = {2, 5, 1, 4, 0, 3};

    for (a.who = 0; a.who < 6; a.who++)
        (void)pit_spawn_with(says_it_ran, &a, sizeof a, .priority = order[a.who]);
    for (int i = 0; i < 6; i++)
        CHECK_EQ(pit_receive_only(ran, A_WHILE)->who, expected[i]);
}

static _Atomic(int) turns[3];

static void takes_turns(const void *arg)
{
    int who = *(const int *)arg;

    for (;;) {
        atomic_fetch_add(&turns[who], 1);
        pit_yield();
    }
}

/* SCHED-2: a low process gets a turn for several of a normal one's, but it gets it. SCHED-7: round
   robin of equals. */
NODE_CASE_WITH(low_processes_get_their_turn_and_equals_get_the_same, .schedulers = 1)
{
    int who[] = {0, 1, 2};
    pit_pid p[3];

    p[0] = pit_spawn(takes_turns, &who[0], sizeof(int));
    p[1] = pit_spawn(takes_turns, &who[1], sizeof(int));
    p[2] = pit_spawn_with(takes_turns, &who[2], sizeof(int), .priority = PIT_PRIORITY_LOW);
    while (atomic_load(&turns[0]) < 8000)
        pit_yield();
    CHECK_NEAR(turns[0], turns[1], 10);
    CHECK_NEAR(turns[2], 1000, 200); /* every eighth time */
    for (int i = 0; i < 3; i++)
        pit_exit_process(p[i], pit_atom("kill"));
    expect_alone();
}

static void spins_for_ever(const void *arg)
{
    for (;;)
        (void)pit_make_ref();
}

/* SCHED-1, SCHED-7: who calls the runtime all the time yields when its slice is used up: others
   run, timers fire. */
NODE_CASE(a_busy_process_holds_up_nobody)
{
    struct {
        pit_pid to;
        int who;
    } a = {pit_self(), 1};
    pit_pid p[8];

    for (int i = 0; i < 8; i++)
        p[i] = spawn_anywhere(spins_for_ever, NULL, 0);
    for (int i = 0; i < 20; i++) {
        (void)pit_start_timer(1, pit_self(), 1);
        CHECK(pit_receive_type(&pit_type_pit_timeout, A_WHILE));
        (void)spawn_anywhere(says_it_ran, &a, sizeof a);
        CHECK_EQ(pit_receive_only(ran, A_WHILE)->who, 1);
    }
    for (int i = 0; i < 8; i++)
        pit_exit_process(p[i], pit_atom("kill"));
    expect_alone();
}

static void floods(const void *arg)
{
    for (;;)
        pit_send(*(const pit_pid *)arg, go);
}

static void handler_swallows(void *state, const pit_msg *m) {}

/* SCHED-1: a handler that never runs dry is put behind the others when its slice is used up. */
NODE_CASE(a_busy_callback_process_holds_up_nobody)
{
    pit_pid server = pit_spawn_handler_with(handler_swallows, NULL, 0, .scheduler = PIT_ANYWHERE);
    pit_pid source = spawn_anywhere(floods, &server, sizeof server);

    for (int i = 0; i < 10; i++) {
        (void)pit_start_timer(1, pit_self(), 1);
        CHECK(pit_receive_type(&pit_type_pit_timeout, A_WHILE));
        pit_yield();
    }
    pit_exit_process(source, pit_atom("kill"));
    pit_exit_process(server, pit_atom("kill"));
    expect_alone();
}

static _Atomic(uint64_t) seen_on; /* a bit a scheduler */

static _Atomic(int)
    at_once[20]; /* how many threads are in the code of each, between two runtime calls */

static void is_seen(const void *arg)
{
    _Atomic(int) *mine = &at_once[*(const int *)arg];

    while (__builtin_popcountll(atomic_load(&seen_on)) < 2) {
        atomic_fetch_or(&seen_on, UINT64_C(1) << pit_scheduler());
        for (int i = 0; i < 100; i++) {
            CHECK_EQ(atomic_fetch_add(mine, 1), 0);
            CHECK_EQ(atomic_fetch_sub(mine, 1), 1);
            (void)pit_make_ref();
        }
    }
}

/* SCHED-3: who is idle asks, and is handed half of what can run; nobody ever runs on two schedulers
   at once. */
NODE_CASE_WITH(idle_schedulers_are_handed_work, .schedulers = 2)
{
    pit_monitored m[20];
    pit_node_info info;

    for (int i = 0; i < 20; i++) /* all here */
        m[i].pid = pit_spawn_with(is_seen, &i, sizeof i, .scheduler = 0, .monitor = true,
                                  .ret_ref = &m[i].ref);
    for (int i = 0; i < 20; i++)
        expect_end(m[i], "normal");
    pit_node_info_get(&info);
    CHECK(info.steals > 0);
    CHECK_EQ(info.schedulers, 2);
    CHECK_EQ(info.process_limit, 4194304);
    CHECK(info.spawned >= 21);
    CHECK(info.messages > 0 || info.context_switches > 0);
}

/* ---- the mover moves: or the cases "while moved" would show nothing */
NODE_CASE_WITH(processes_are_moved_at_random_all_the_time, .schedulers = 3, .moved = true)
{
    uint64_t on = 0, moved = atomic_load(&mover.moved);

    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000);
         on != 7 || atomic_load(&mover.moved) - moved < 50;) {
        CHECK(pit_now() < until);
        pit_yield();
        on |= UINT64_C(1) << pit_scheduler();
    }
}

/* ---- those that take turns come together */

PIT_MESSAGE(ball, (uint64_t,
                   seen)); /* a bit for each scheduler that a player ran on since it last started */

static void plays_back(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send(m->from, ball, .seen = UINT64_C(1) << pit_scheduler());
    }
}

/* So many rounds in a row on one scheduler; false: not within a while. */
static bool play_on_one(pit_pid other, int rounds)
{
    int64_t until = pit_now() + A_WHILE * INT64_C(1000000);

    for (int together = 0; together < rounds;) {
        pit_send(other, ball, .seen = 0);
        together = pit_receive_only(ball, A_WHILE)->seen == UINT64_C(1) << pit_scheduler()
                       ? together + 1
                       : 0;
        if (pit_now() > until)
            return false;
    }
    return true;
}

NODE_CASE_WITH(two_that_take_turns_come_together, .schedulers = 2)
{
    for (int i = 0; i < 10; i++) {
        pit_pid other =
            pit_spawn_with(plays_back, NULL, 0, .scheduler = PIT_ANYWHERE, .link = true);

        CHECK(play_on_one(other, 1000));
    }
}

NODE_CASE_WITH(one_that_was_placed_stays_there, .schedulers = 2)
{
    pit_pid other = pit_spawn_with(plays_back, NULL, 0, .scheduler = PIT_ON(1), .link = true);

    for (int i = 0; i < 1000; i++) {
        pit_send(other, ball, .seen = 0);
        CHECK_EQ(pit_receive_only(ball, A_WHILE)->seen, 2);
    }
}

/* ---- the node itself */

static int returns_7(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    CHECK_STR(argv[1], "x");
    return 7;
}

static int stops_itself(int argc, char **argv)
{
    (void)spawn_anywhere(wait_forever, NULL, 0);
    pit_stop(9);
    (void)pit_receive(PIT_INFINITY);
    CHECK(!"reached");
    return 0;
}

static int exits(int argc, char **argv) { pit_exit(pit_atom("oops")); }

static int runs_another(int argc, char **argv)
{
    CHECK_EQ(pit_run(NULL, returns_7, 0, NULL), -EBUSY);
    return 0;
}

static void stops_from_a_child(const void *arg) { pit_stop(3); }

static int waits_to_be_stopped(int argc, char **argv)
{
    (void)spawn_anywhere(stops_from_a_child, NULL, 0);
    (void)pit_receive(PIT_INFINITY);
    return 0;
}

/* The status is what first returned, or was given to pit_stop, or 1; nodes can follow each other;
   -EBUSY inside of one. */
PIT_TEST(a_node_ends_with_its_status)
{
    pit_node_opts opts = {.schedulers = 2, .no_signals = true};
    char name[] = "program", x[] = "x", *argv[] = {name, x, NULL};

    pit_log_sink_set(node_silent);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pit_run(&opts, returns_7, 2, argv), 7);
        CHECK_EQ(pit_run(&opts, stops_itself, 0, NULL), 9);
        CHECK_EQ(pit_run(&opts, waits_to_be_stopped, 0, NULL), 3);
        CHECK_EQ(pit_run(&opts, exits, 0, NULL), 1);
        CHECK_EQ(pit_run(&opts, runs_another, 0, NULL), 0);
    }
}

/* What is wrong with the options is an error, and the next node starts all the same. */
PIT_TEST(a_node_with_wrong_options_does_not_start)
{
    const pit_node_opts wrong[] = {{.schedulers = -1},   {.schedulers = 1025}, {.processes = 10},
                                   {.stack = 100},       {.stack = 16 << 20},  {.spin_us = 2000000},
                                   {.stop_timeout = -5}, {.cores = "seven"}};
    pit_node_opts right = {.schedulers = 1, .no_signals = true};

    pit_log_sink_set(node_silent);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQ(pit_run(&wrong[i], returns_7, 0, NULL), -EINVAL);
    CHECK_EQ(pit_run(&right, exits, 0, NULL), 1);
}
