/*
 * Goal: suspending and resuming (SCHED-5), and what still acts on the suspended.
 * Method: cases in a node (node.h). Who is watched for running counts in shared memory; that it
 * does not run is seen by what is sent to it standing in its queue.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(tick, (uint64_t, n));
PIT_MESSAGE(seen, (uint64_t, n));

static _Atomic(uint64_t) turns;

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

static void spins(const void *arg)
{
    for (;;) {
        atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
        pit_yield();
    }
}

static void echoes(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send(to, seen, .n = pit_as(m, tick)->n);
    }
}

static void handles(void *state, const pit_msg *m)
{
    if (pit_is(m, tick))
        pit_send(*(pit_pid *)state, seen, .n = pit_as(m, tick)->n);
}

static void stands_still(void)
{
    uint64_t before = atomic_load(&turns);

    for (int i = 0; i < 20; i++)
        pit_yield();
    pit_sleep(2);
    CHECK_EQ(atomic_load(&turns), before);
}

static void moves(void)
{
    for (uint64_t before = atomic_load(&turns); atomic_load(&turns) == before;)
        pit_yield();
}

/* SCHED-5: when pit_suspend returns it has left the core; resumed, it goes on where it was. */
NODE_CASE(who_is_suspended_does_not_run)
{
    pit_pid p;

    atomic_store(&turns, 0);
    p = spawn_anywhere(spins, NULL, 0);
    for (int i = 0; i < 20; i++) {
        moves();
        CHECK_EQ(pit_suspend(p, 0), 0);
        CHECK_EQ(info_of(p).status, PIT_SUSPENDED);
        stands_still();
        CHECK_EQ(pit_resume(p), 0);
    }
    moves();
    pit_exit_process(p, pit_atom("kill"));
}

/* SCHED-5: one that was suspended without waiting has left the core, or is known to be gone, when
   it is asked for once more. */
NODE_CASE(to_suspend_once_waits_as_well)
{
    pit_pid p;

    atomic_store(&turns, 0);
    p = spawn_anywhere(spins, NULL, 0);
    for (int i = 0; i < 10; i++) {
        moves();
        CHECK_EQ(pit_suspend(p, PIT_SUSPEND_NO_WAIT), 0);
        CHECK_EQ(pit_suspend(p, PIT_SUSPEND_ONCE | PIT_SUSPEND_NO_WAIT), -EALREADY);
        CHECK_EQ(pit_suspend(p, PIT_SUSPEND_ONCE), -EALREADY);
        CHECK_EQ(info_of(p).status, PIT_SUSPENDED);
        stands_still();
        CHECK_EQ(pit_resume(p), 0);
    }
    CHECK_EQ(pit_suspend(p, PIT_SUSPEND_NO_WAIT), 0);
    pit_exit_process(p, pit_atom("kill"));
    CHECK_EQ(pit_suspend(p, PIT_SUSPEND_ONCE), -PIT_ENOPROC);
    CHECK_EQ(pit_resume(p), -EINVAL);
}

/* SCHED-5: each suspender counts, and the last one lets it go. */
static void holds(const void *arg)
{
    CHECK_EQ(pit_suspend(*(const pit_pid *)arg, 0), 0);
    (void)pit_receive(PIT_INFINITY);
    CHECK_EQ(pit_resume(*(const pit_pid *)arg), 0);
}

NODE_CASE(suspensions_are_counted_for_each_suspender)
{
    pit_pid p;
    pit_monitored other;

    atomic_store(&turns, 0);
    p = spawn_anywhere(spins, NULL, 0);
    CHECK_EQ(pit_suspend(p, 0), 0);
    CHECK_EQ(pit_suspend(p, 0), 0);
    CHECK_EQ(pit_suspend(p, PIT_SUSPEND_ONCE), -EALREADY);
    other = spawn_watched(holds, &p, sizeof p);
    while (info_of(p).suspended_by < 2)
        pit_yield();
    stands_still();
    CHECK_EQ(pit_resume(p), 0);
    stands_still();
    CHECK_EQ(pit_resume(p), 0);
    stands_still();
    CHECK_EQ(pit_resume(p), -EINVAL);
    pit_send(other.pid, tick, .n = 0);
    expect_end(other, "normal");
    moves();
    pit_exit_process(p, pit_atom("kill"));
}

/* SCHED-5: a suspender that ends lets go, however often it had suspended. */
static void suspends_and_ends(const void *arg)
{
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pit_suspend(*(const pit_pid *)arg, i == 1 ? PIT_SUSPEND_NO_WAIT : 0), 0);
    pit_exit(pit_atom("enough"));
}

NODE_CASE(a_suspender_that_ends_lets_go)
{
    pit_pid p;

    atomic_store(&turns, 0);
    p = spawn_anywhere(spins, NULL, 0);
    for (int i = 0; i < 10; i++) {
        pit_monitored m = spawn_watched(suspends_and_ends, &p, sizeof p);

        expect_end(m, "enough");
        moves();
    }
    CHECK_EQ(info_of(p).suspended_by, 0);
    pit_exit_process(p, pit_atom("kill"));
}

/* SCHED-5: a fatal exit signal ends it at once, a trapped one waits; SIG-1: it is asked and told as
   ever. */
NODE_CASE(the_suspended_is_ended_as_ever)
{
    for (int i = 0; i < 20; i++) {
        pit_monitored m = spawn_watched(i % 2 ? spins : wait_forever, NULL, 0);

        CHECK_EQ(pit_suspend(m.pid, i % 3 ? 0 : PIT_SUSPEND_NO_WAIT), 0);
        pit_exit_process(m.pid, i % 4 < 2 ? pit_atom("kill") : pit_atom("enough"));
        expect_end(m, i % 4 < 2 ? "killed" : "enough");
        while (i % 5 == 0 && info_of(pit_self()).suspending)
            pit_yield(); /* its end tells us, if nothing that we ask does */
        CHECK_EQ(pit_suspend(m.pid, 0), -PIT_ENOPROC);
        CHECK_EQ(pit_suspend(m.pid, PIT_SUSPEND_NO_WAIT), 0);
        while (info_of(pit_self()).suspending) /* until it is told that there is nobody */
            pit_yield();
        CHECK_EQ(pit_resume(m.pid), -EINVAL);
    }
    expect_alone();
}

/* What is sent to it waits for it, and then comes in order; the same for a handler. SIG-1 */
NODE_CASE(what_is_sent_to_the_suspended_waits)
{
    pit_pid self = pit_self(), body = spawn_anywhere(echoes, &self, sizeof self),
            handler =
                pit_spawn_handler_with(handles, &self, sizeof self, .scheduler = PIT_ANYWHERE);

    for (int round = 0; round < 20; round++) {
        pit_pid p = round % 2 ? body : handler;
        uint64_t last = 0;

        CHECK_EQ(pit_suspend(p, 0), 0);
        for (uint64_t n = 1; n <= 100; n++)
            pit_send(p, tick, .n = n);
        CHECK_EQ(info_of(p).message_count, 100);
        expect_empty();
        CHECK_EQ(pit_resume(p), 0);
        while (last < 100) {
            const pit_msg *m = pit_receive(A_WHILE);

            CHECK(m);
            CHECK_EQ(pit_as(m, seen)->n, ++last);
        }
    }
    pit_exit_process(body, pit_atom("kill"));
    pit_exit_process(handler, pit_atom("kill"));
}

/* SCHED-5 [28+]: the timeouts of receives, and of whatever else waits, stand still meanwhile. */
enum { COUNTED = 40000000 }; /* ns */

static void leaves_in_its_queue(const void *arg)
{
    (void)pit_receive_type(&pit_type_seen, PIT_INFINITY);
}

static void waits_40_ms(const void *arg)
{
    int how = *(const int *)arg;
    int64_t since = pit_now();

    if (how == 0)
        CHECK(!pit_receive(40));
    else if (how == 1)
        CHECK(!pit_receive_type(&pit_type_tick, 40));
    else if (how == 2)
        pit_sleep(40);
    else
        CHECK_EQ(pit_try_call(spawn_anywhere(leaves_in_its_queue, NULL, 0), &pit_type_tick,
                              &(struct tick){0}, 40, &pit_type_seen, &(struct seen){0}),
                 -ETIMEDOUT);
    pit_exit(pit_term_of(pit_now() - since));
}

NODE_CASE(timeouts_of_the_suspended_stand_still)
{
    for (int how = 0; how < 4; how++) {
        int64_t still = 0, took = 0, begun = pit_now();
        pit_monitored m = spawn_watched(waits_40_ms, &how, sizeof how);
        pit_process_info info;
        const pit_msg *d;

        /* Until it has begun to count. */
        while (pit_process_info_of(m.pid, &info) == 0 && info.status != PIT_WAITING)
            pit_yield();
        for (int i = 0; i < 3; i++) {
            int64_t since;

            if (pit_suspend(m.pid, 0) < 0) { /* we got no core while its time ran out */
                CHECK(pit_now() - begun - still >= COUNTED);
                break;
            }
            since = pit_now();
            pit_sleep(30);
            if (how == 1)
                pit_send(m.pid, seen, .n = 0); /* what does not match wakes it, and it waits on */
            still += pit_now() - since;
            CHECK_EQ(pit_resume(m.pid), 0);
        }
        d = pit_receive_ref(m.ref, A_WHILE);
        CHECK(d);
        CHECK(pit_term_to(pit_as(d, pit_down)->reason, &took));
        CHECK(took >= COUNTED + still);
    }
}

/* Nonsense is refused. */
NODE_CASE(suspending_oneself_is_refused)
{
    CHECK_EQ(pit_suspend(pit_self(), 0), -EINVAL);
    CHECK_EQ(pit_suspend(pit_self(), 64), -EINVAL);
    CHECK_EQ(pit_suspend(PIT_NO_PID, 0), -PIT_ENOPROC);
    CHECK_EQ(pit_resume(PIT_NO_PID), -EINVAL);
}

/* Many suspend, resume and send to the same few while these move and end: whoever is left runs in
   the end. */
struct crowd {
    pit_pid of[8];
    unsigned seed;
};

static void disturbs(const void *arg)
{
    const struct crowd *c = arg;
    uint64_t chance = c->seed;

    for (uint64_t i = 0; i < pit_test_scale(200, 5000); i++) {
        pit_pid p = c->of[pit_test_random_below(&chance, 8)];
        unsigned what = (unsigned)pit_test_random_below(&chance, 8);

        if (what < 3)
            (void)pit_suspend(p, what == 1 ? PIT_SUSPEND_NO_WAIT : 0);
        else if (what < 6)
            (void)pit_resume(p);
        else
            pit_send(p, tick, .n = 1);
    }
}

static void counts(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(1);

        if (m && pit_is(m, tick) && !pit_as(m, tick)->n)
            break;
        atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
    }
}

NODE_CASE(however_they_are_disturbed_they_run_again)
{
    struct crowd c;
    pit_monitored of[8], by[6];

    for (int i = 0; i < 8; i++) {
        of[i] = spawn_watched(counts, NULL, 0);
        c.of[i] = of[i].pid;
    }
    for (unsigned i = 0; i < 6; i++) {
        c.seed = (unsigned)pit_test_seed() + i;
        by[i] = spawn_watched(disturbs, &c, sizeof c);
    }
    for (int i = 0; i < 6; i++)
        expect_end(by[i], "normal");
    for (int i = 0; i < 8; i++)
        pit_send(of[i].pid, tick, .n = 0);
    for (int i = 0; i < 8; i++)
        expect_end(of[i], "normal");
}
