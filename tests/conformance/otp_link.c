/*
 * Goal: Erlang/OTP's erl_link_SUITE. Method: each case names the one of OTP's whose question it
 * asks in C; races are run many times, with the parties on different schedulers.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);
PIT_MESSAGE(partner, (pit_pid, who), (pit_pid, test), (uint64_t, seed));

static void ended(const void *arg) {}

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

static void traps(const void *arg)
{
    (void)pit_trap_exit(true);
    wait_forever(NULL);
}

/* LINK-1, LINK-2, LINK-7, LINK-10: both ends' lists through all that a link goes through.
   OTP: erl_link_SUITE/links */
NODE_CASE(both_ends_know_of_a_link)
{
    pit_pid p = spawn_anywhere(traps, NULL, 0), q = spawn_anywhere(wait_forever, NULL, 0),
            me = pit_self();
    pit_monitored dead = spawn_watched(ended, NULL, 0);

    expect_end(dead, "normal");
    (void)pit_trap_exit(true);
    pit_link(p);
    pit_link(p);
    pit_link(q);
    CHECK_EQ(info_of(me).links, 2);
    CHECK_EQ(info_of(p).links, 1);
    pit_unlink(p);
    pit_unlink(p);
    CHECK_EQ(info_of(me).links, 1);
    CHECK_EQ(info_of(p).links, 0);
    pit_link(me);
    CHECK_EQ(info_of(me).links, 1);
    pit_link(dead.pid);
    expect_exited(dead.pid, "noproc");
    pit_unlink(dead.pid);
    CHECK_EQ(info_of(me).links, 1);
    pit_exit_process(q, pit_atom("stop"));
    expect_exited(q, "stop");
    CHECK_EQ(info_of(me).links, 0);
    pit_link(p);
    CHECK_EQ(info_of(p).links, 1);
    pit_exit_process(p, pit_atom("kill"));
    expect_exited(p, "killed");
    expect_empty();
    expect_alone();
}

/* MON-11: both ends' books of monitors, also of two that watch each other.
   OTP: erl_link_SUITE/process_monitors */
NODE_CASE(both_ends_know_of_a_monitor)
{
    pit_pid p = spawn_anywhere(traps, NULL, 0), me = pit_self();
    pit_ref a = pit_monitor(p), b = pit_monitor(p);

    CHECK_EQ(info_of(me).monitors, 2);
    CHECK_EQ(info_of(me).monitored_by, 0);
    CHECK_EQ(info_of(p).monitored_by, 2);
    CHECK_EQ(info_of(p).monitors, 0);
    CHECK_EQ(pit_demonitor(a, 0), 1);
    CHECK_EQ(info_of(p).monitored_by, 1);
    CHECK_EQ(info_of(me).monitors, 1);
    pit_exit_process(p, pit_atom("kill"));
    expect_down(b, p, "killed");
    CHECK_EQ(info_of(me).monitors, 0);
    expect_empty();
}

/*
 * LINK-6, MON-8: what was sent an exit signal but did not run yet: after unlink or demonitor
 * nothing comes of it. OTP: erl_link_SUITE/otp_5772_link, otp_5772_monitor
 */
NODE_CASE(nothing_comes_late_of_one_that_did_not_run)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 200; i++) {
        pit_ref ref;
        pit_pid p = pit_spawn_with(traps, NULL, 0, .scheduler = PIT_ANYWHERE, .link = true,
                                   .monitor = true, .ret_ref = &ref);

        if (i % 3)
            pit_yield();
        pit_exit_process(p, pit_atom("kill"));
        if (i % 2) {
            pit_unlink(p);
            (void)pit_receive_type(&pit_type_pit_exited, 0); /* one that had come */
            CHECK(pit_receive_ref(ref, A_WHILE));
        } else {
            (void)pit_demonitor(ref, PIT_DEMONITOR_FLUSH);
            expect_exited(p, "killed");
        }
        expect_alone();
        expect_empty();
    }
}

/* ---- both at once */

static void links_and_unlinks(const void *arg)
{
    struct partner p = *pit_receive_only(partner, A_WHILE);
    unsigned kind = (unsigned)p.seed;

    (void)pit_trap_exit(true);
    if (kind & 1)
        pit_link(p.who);
    if (kind & 2)
        pit_unlink(p.who);
    if (kind & 4)
        pit_link(p.who);
    (void)pit_is_alive(p.who);
    pit_send(p.test, ready);
    wait_forever(NULL);
}

/* What both say when all signals between them have been handled. */
static size_t agreed(pit_pid a, pit_pid b)
{
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); pit_now() < until; pit_yield()) {
        size_t n = info_of(a).links;

        if (info_of(b).links == n && info_of(a).links == n && info_of(b).links == n)
            return n; /* they said so twice */
    }
    pit_test_fail(__FILE__, __LINE__, "the two ends of a link disagree");
}

/*
 * LINK-8: every pair of link, unlink and link again at both ends at once; in the end both are
 * linked, or neither is. OTP: erl_link_SUITE/otp_17127_local_link_with_simultaneous_link_unlink
 */
NODE_CASE(link_and_unlink_at_both_ends_at_once_agree)
{
    pit_pid me = pit_self();

    for (unsigned kinds = 0; kinds < 64; kinds++) {
        pit_pid a = spawn_anywhere(links_and_unlinks, NULL, 0),
                b = spawn_anywhere(links_and_unlinks, NULL, 0);
        size_t links;

        pit_send(a, partner, .who = b, .test = me, .seed = kinds % 8);
        pit_send(b, partner, .who = a, .test = me, .seed = kinds / 8);
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        links = agreed(a, b);
        CHECK(links <= 1);
        if ((kinds % 8 & 5) && !(kinds & 022)) /* somebody linked, nobody unlinked */
            CHECK_EQ(links, 1);
        if (!(kinds & 055)) /* nobody linked */
            CHECK_EQ(links, 0);
        pit_exit_process(a, pit_atom("kill"));
        pit_exit_process(b, pit_atom("kill"));
    }
    expect_alone();
}

static void storms(const void *arg)
{
    struct partner all[4];
    uint64_t chance = 0;

    (void)pit_trap_exit(true);
    for (int i = 0; i < 4; i++) {
        all[i] = *pit_receive_only(partner, A_WHILE);
        chance = all[i].seed;
    }
    for (int i = 0; i < 200; i++) {
        pit_pid other = all[pit_test_random_below(&chance, 4)].who;

        if (pit_test_random_below(&chance, 2))
            pit_link(other);
        else
            pit_unlink(other);
        if (!pit_test_random_below(&chance, 8))
            pit_yield();
    }
    for (int i = 0; i < 4; i++)
        (void)pit_is_alive(all[i].who);
    pit_send(all[0].test, ready);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY); /* what else comes stays in the queue */
}

/*
 * LINK-8: five that link and unlink each other at random: each link has two ends in the end, and
 * one that is killed is heard of by exactly those that were linked to it.
 * OTP: erl_link_SUITE/otp_17127_local_random
 */
NODE_CASE(a_storm_of_links_converges)
{
    enum { N = 5 };
    uint64_t chance = pit_test_seed();

    for (int round = 0; round < 8; round++) {
        pit_pid p[N];
        size_t links, before, after;

        for (int i = 0; i < N; i++)
            p[i] = spawn_anywhere(storms, NULL, 0);
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                if (i != k)
                    pit_send(p[i], partner, .who = p[k], .test = pit_self(),
                             .seed = pit_test_random(&chance));
        for (int i = 0; i < N; i++)
            CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        pit_sleep(2); /* acknowledgements; what is still under way then changes no sum below */
        links = info_of(p[0]).links;
        before = after = 0;
        for (int i = 1; i < N; i++)
            before += info_of(p[i]).links;
        CHECK_EQ((before + links) % 2, 0);
        pit_exit_process(p[0], pit_atom("kill"));
        while (pit__node_processes() > N)
            pit_yield();
        for (int i = 1; i < N; i++) {
            after += info_of(p[i]).links;
            CHECK(info_of(p[i]).message_count <= 1);
            links -= info_of(p[i]).message_count;
        }
        CHECK_EQ(links, 0);
        CHECK_EQ(after % 2, 0);
        for (int i = 1; i < N; i++)
            pit_exit_process(p[i], pit_atom("kill"));
        expect_alone();
    }
}
