/*
 * Goal: links (LINK-1..8, LINK-10, LINK-11).
 * Method: cases of the specification in a node (node.h); races are run many times, with the parties
 * on different schedulers.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready, (pit_pid, who));
PIT_MESSAGE(link_to, (pit_pid, who));

static void ended(const void *arg) {}

static void sends_ready(const void *arg)
{
    pit_send(*(const pit_pid *)arg, ready, .who = pit_self());
}

static size_t links_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info.links;
}

static pit_pid a_dead_pid(void)
{
    pit_monitored m = spawn_watched(ended, NULL, 0);

    expect_end(m, "normal");
    return m.pid;
}

/* LINK-1: one link, however often it is made; none to oneself. LINK-10: only active ones are
   counted. */
NODE_CASE(there_is_at_most_one_link_between_two)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

    (void)pit_trap_exit(true);
    for (int i = 0; i < 5; i++)
        pit_link(p);
    CHECK_EQ(pit_try_link(p), 0);
    CHECK_EQ(links_of(p), 1);
    CHECK_EQ(links_of(pit_self()), 1);
    pit_link(pit_self());
    CHECK_EQ(links_of(pit_self()), 1);
    pit_exit_process(p, pit_atom("stop"));
    expect_exited(p, "stop");
    expect_empty();
    CHECK_EQ(links_of(pit_self()), 0);
}

static void links_to_the_dead(const void *arg) { pit_link(*(const pit_pid *)arg); }

/* LINK-2 */
NODE_CASE(a_link_to_the_dead_is_noproc)
{
    pit_pid dead = a_dead_pid();

    expect_end(spawn_watched(links_to_the_dead, &dead, sizeof dead), "noproc");
    CHECK_EQ(pit_try_link(dead), -PIT_ENOPROC);
    expect_empty();
    (void)pit_trap_exit(true);
    pit_link(dead);
    expect_exited(dead, "noproc");
    CHECK_EQ(links_of(pit_self()), 0);
}

/*
 * LINK-2, LINK-10: a link to the dead is none at any moment, however much mail is on its way; each
 * brings its message, which no unlink, nor the end of trapping, takes back.
 */
NODE_CASE(a_link_to_the_dead_is_not_listed)
{
    pit_pid dead = a_dead_pid(), me = pit_self();

    (void)pit_trap_exit(true);
    for (int i = 0; i < 50; i++) {
        pit_pid p = spawn_anywhere(sends_ready, &me, sizeof me); /* so that mail is on its way */

        pit_link(dead);
        CHECK_EQ(links_of(me), 0);
        pit_unlink(dead);
        pit_link(dead);
        (void)pit_trap_exit(false);
        expect_exited(dead, "noproc");
        expect_exited(dead, "noproc");
        (void)pit_trap_exit(true);
        CHECK(pit_pid_equal(pit_receive_only(ready, A_WHILE)->who, p));
    }
    expect_empty();
    expect_alone();
}

static void dies_soon(const void *arg)
{
    for (int i = *(const int *)arg; i > 0; i--)
        pit_yield();
}

/* LINK-3: whenever it dies, the linker hears of it exactly once: its reason, or noproc. */
NODE_CASE(a_link_to_the_dying_is_heard_of_once)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 300; i++) {
        int life = i % 7;
        pit_pid p = spawn_anywhere(dies_soon, &life, sizeof life);
        const pit_msg *m;

        for (int k = i % 5; k > 0; k--)
            pit_yield();
        pit_link(p);
        m = pit_receive_type(&pit_type_pit_exited, A_WHILE);
        CHECK(m);
        CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, p));
        CHECK(pit_atom_is(pit_as(m, pit_exited)->reason, "normal") ||
              pit_atom_is(pit_as(m, pit_exited)->reason, "noproc"));
        CHECK_EQ(links_of(pit_self()), 0);
    }
    expect_empty();
}

/* Wait for it without a call of the runtime, so that nothing is delivered meanwhile; in vain if
   both are on one scheduler. */
static _Atomic(int) crossing;

static void await_step(int step)
{
    int64_t until = pit_now() + (pit__node.count > 1 ? 5 * INT64_C(1000000) : 0);

    while (atomic_load(&crossing) < step && pit_now() < until)
        ;
}

static void links_and_ends(const void *arg)
{
    pit_link(*(const pit_pid *)arg);
    atomic_store(&crossing, 1);
    await_step(2);
    pit_exit(pit_atom("stop"));
}

/*
 * EXIT-1 step 1, LINK-3, LINK-8: two link to each other at once, and one of them ends before it
 * hears of the other's link. The noproc that this one brings finds no link any more, for the end
 * itself was told over it, and is dropped.
 */
NODE_CASE(links_that_cross_an_end_are_heard_of_once)
{
    pit_pid me = pit_self();

    (void)pit_trap_exit(true);
    for (int i = 0; i < 20; i++) {
        pit_pid p;

        atomic_store(&crossing, 0);
        p = spawn_anywhere(links_and_ends, &me, sizeof me);
        await_step(1);
        (void)pit_try_link(p);
        atomic_store(&crossing, 2);
        expect_exited(p, "stop");
        CHECK(!pit_is_alive(p)); /* behind the link, so is its answer */
        expect_empty();
        CHECK_EQ(links_of(me), 0);
    }
}

static void hears_nothing_for_a_while(const void *arg)
{
    atomic_store(&crossing, 1);
    await_step(2);
    wait_forever(NULL);
}

/* LINK-10: nor is one listed that is being unlinked, and of which the other has not heard yet. */
NODE_CASE(a_link_that_is_being_undone_is_not_listed)
{
    pit_pid p;
    pit_term links;

    for (int i = 0; i < 5; i++) {
        atomic_store(&crossing, 0);
        p = spawn_anywhere(hears_nothing_for_a_while, NULL, 0);
        await_step(1);
        pit_link(p);
        pit_unlink(p);
        CHECK_EQ(pit_process_item(pit_self(), PIT_INFO_LINKS, &links), 0);
        CHECK_EQ(pit_list_length(links), 0);
        CHECK_EQ(links_of(pit_self()), 0);
        atomic_store(&crossing, 2);
        CHECK_EQ(links_of(p), 0);
        pit_exit_process(p, pit_atom("kill"));
    }
    expect_alone();
    expect_empty();
}

/*
 * LIFE-7 step 9, LIFE-10, INFO-3, SIG-1: who is told that a process is gone has its exit signal
 * already, whether it asks if the process lives, for its counts, or sets up a monitor. The bug was
 * an answer that overtook the end of the process.
 */
NODE_CASE(who_learns_of_an_end_has_its_exit_signal)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 300; i++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        pit_process_info info;
        const pit_msg *m;

        pit_link(p);
        if (i % 2)
            pit_yield();
        pit_exit_process(p, pit_build("{stop, ~}", i));
        if (i % 3 == 0)
            CHECK(!pit_is_alive(p));
        else if (i % 3 == 1)
            CHECK_EQ(pit_process_info_of(p, &info), -PIT_ENOPROC);
        else
            expect_down(pit_monitor(p), p, "noproc");
        CHECK((m = pit_receive(0)));
        CHECK_STR(text_of(pit_as(m, pit_exited)->reason), text_of(pit_build("{stop, ~}", i)));
    }
    expect_empty();
}

/*
 * LINK-1: a link that is there already has no effect, also when the other has died and its signal
 * is still to come: it is heard of once, and with its own reason. The bug was a second record and
 * two signals, or an end with noproc. The one that dies has so many links that its teardown takes
 * several turns; the last of them is ours.
 */
static void traps_for_ever(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start))
        (void)pit_trap_exit(true);
}

static void has_many_links(const void *arg)
{
    for (int i = 0; i < 1000; i++) /* without stacks: a fibre costs ThreadSanitizer a millisecond */
        (void)pit_spawn_handler_with(traps_for_ever, NULL, 0, .link = true);
    pit_send(*(const pit_pid *)arg, go);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    pit_exit(pit_atom("stop"));
}

static void relinks(const void *arg)
{
    pit_pid me = pit_self(), p = pit_spawn(has_many_links, &me, sizeof me);
    const struct pit__process *slot = pit__slot_of(p);
    bool trap = *(const bool *)arg;

    CHECK(slot);
    CHECK(pit_receive_type(&pit_type_go, A_WHILE));
    (void)pit_trap_exit(trap);
    pit_link(p);
    pit_send(p, go);
    while (pit__process_pid(slot) == p.id)
        pit_yield();
    CHECK_EQ(pit_message_count(), 0); /* gone, but not heard of yet */
    pit_link(p);
    expect_exited(p, "stop");
    while (slot->status != PIT__FREE)
        pit_yield();
    pit_exit(pit_build("{heard, ~}", (int)pit_message_count()));
}

NODE_CASE_WITH(linking_again_to_one_that_died_is_heard_of_once, .schedulers = 1)
{
    bool trap = true;

    expect_end(spawn_watched(relinks, &trap, sizeof trap), "{heard,0}");
    trap = false;
    expect_end(spawn_watched(relinks, &trap, sizeof trap), "stop");
}

/* LINK-6: returns for all; after it no exit signal of that link comes; what is in the queue
   stays. */
NODE_CASE(after_unlink_nothing_comes_of_that_link)
{
    (void)pit_trap_exit(true);
    pit_unlink(a_dead_pid());
    pit_unlink(pit_self());
    for (int i = 0; i < 300; i++) {
        int life = i % 4;
        pit_ref ref;
        pit_pid p = pit_spawn_with(dies_soon, &life, sizeof life, .scheduler = PIT_ANYWHERE,
                                   .link = true, .monitor = true, .ret_ref = &ref);
        size_t before;

        for (int k = i % 3; k > 0; k--)
            pit_yield();
        pit_unlink(p);
        before = pit_message_count() != 0; /* an EXIT, a DOWN or both are here, or nothing is */
        CHECK(pit_receive_ref(ref, A_WHILE));
        if (!before)
            CHECK(!pit_receive_type(&pit_type_pit_exited, 0));
        else
            (void)pit_receive_type(&pit_type_pit_exited, 0);
        expect_empty();
    }
}

static void not_trapping(const void *arg)
{
    pit_pid me = *(const pit_pid *)arg;

    pit_link(me);
    pit_unlink(me);
    pit_send(me, ready, .who = pit_self());
    wait_forever(NULL);
}

static void ends_with_its_first(const void *arg)
{
    pit_pid me = pit_self(), p = spawn_anywhere(not_trapping, &me, sizeof me);

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    pit_send(*(const pit_pid *)arg, ready, .who = p);
    pit_exit(pit_atom("boom"));
}

/* LINK-7: unlinking on one side frees the other. */
NODE_CASE(unlink_works_for_both_sides)
{
    for (int i = 0; i < 50; i++) {
        pit_pid me = pit_self(), p;
        pit_monitored m = spawn_watched(ends_with_its_first, &me, sizeof me);

        p = pit_receive_only(ready, A_WHILE)->who;
        expect_end(m, "boom");
        CHECK(pit_is_alive(p));
        CHECK_EQ(links_of(p), 0);
        pit_exit_process(p, pit_atom("kill"));
    }
    expect_alone();
}

/* LINK-8: link, unlink and link again, as fast as it goes, from both sides: both agree in the
   end. */
static void storms(const void *arg)
{
    pit_pid other = pit_receive_only(link_to, A_WHILE)->who;
    uint64_t chance = *(const uint64_t *)arg;

    (void)pit_trap_exit(true);
    for (int i = 0; i < 300; i++) {
        if (pit_test_random_below(&chance, 2))
            pit_link(other);
        else
            pit_unlink(other);
        if (!pit_test_random_below(&chance, 8))
            pit_yield();
    }
    (void)pit_is_alive(other); /* all that we sent has been handled there */
    pit_send(pit_receive_only(ready, A_WHILE)->who, go);
    wait_forever(NULL);
}

NODE_CASE(two_that_link_and_unlink_at_once_agree_in_the_end)
{
    uint64_t chance = pit_test_seed();

    (void)pit_trap_exit(true);
    for (int round = 0; round < 40; round++) {
        uint64_t a_seed = pit_test_random(&chance), b_seed = pit_test_random(&chance);
        pit_monitored a = spawn_watched(storms, &a_seed, sizeof a_seed),
                      b = spawn_watched(storms, &b_seed, sizeof b_seed);
        size_t links;

        pit_send(a.pid, link_to, .who = b.pid);
        pit_send(b.pid, link_to, .who = a.pid);
        pit_send(a.pid, ready, .who = pit_self());
        pit_send(b.pid, ready, .who = pit_self());
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        /* One question each way more, for the acknowledgements. */
        links = links_of(a.pid);
        for (int i = 0; i < 10000 && links != links_of(b.pid); i++) {
            pit_yield();
            links = links_of(a.pid);
        }
        CHECK_EQ(links, links_of(b.pid));
        CHECK(links <= 1);
        pit_exit_process(a.pid, pit_atom("kill"));
        expect_end(a, "killed");
        CHECK(pit_is_alive(b.pid)); /* it traps */
        CHECK_EQ(links_of(b.pid), 0);
        pit_exit_process(b.pid, pit_atom("kill"));
        expect_end(b, "killed");
    }
    expect_alone();
}

static void unlinks_then_links(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;

    pit_link(p);
    pit_unlink(p);
    pit_link(p);
    pit_send(p, go);
    wait_forever(NULL);
}

static void ends_on_go(const void *arg)
{
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    pit_exit(pit_atom("boom"));
}

/* LINK-8: a link made right after an unlink is a link. */
NODE_CASE(a_link_after_an_unlink_holds)
{
    for (int i = 0; i < 100; i++) {
        pit_pid p = spawn_anywhere(ends_on_go, NULL, 0);

        expect_end(spawn_watched(unlinks_then_links, &p, sizeof p), "boom");
    }
}

/* A chain that ends from one side to the other. */
static void chain(const void *arg)
{
    int left = *(const int *)arg - 1;

    if (left > 0)
        (void)pit_spawn_with(chain, &left, sizeof left, .link = true, .scheduler = PIT_ANYWHERE);
    else
        pit_exit(pit_atom("end_of_chain"));
    wait_forever(NULL);
}

NODE_CASE(a_chain_of_links_ends_as_a_whole)
{
    int length = pit_test_sanitized() ? 200 : 1000; /* tsan makes a fibre of each */

    expect_end(spawn_watched(chain, &length, sizeof length), "end_of_chain");
    expect_alone();
}

static void hub(const void *arg)
{
    int n = *(const int *)arg;

    for (int i = 0; i < n; i++)
        (void)pit_spawn_with(wait_forever, NULL, 0, .link = true, .scheduler = PIT_ANYWHERE,
                             .stack = 16384);
    pit_exit(pit_atom("hub"));
}

/* A teardown of many pieces; its links are told in the order of their making, all of them. */
NODE_CASE(a_process_with_many_links_ends_them_all)
{
    int n = pit_test_sanitized() ? 500 : 3000;

    expect_end(spawn_watched(hub, &n, sizeof n), "hub");
    expect_alone();
}

static void bad_link(const void *arg) { pit_link(*(const pit_pid *)arg); }
static void bad_unlink(const void *arg) { pit_unlink(*(const pit_pid *)arg); }

/* LINK-5: what is no pid ends the caller with badarg. */
NODE_CASE(linking_what_is_no_pid_is_badarg)
{
    pit_pid wrong[] = {PIT_NO_PID, {INT64_MIN | ENOENT}};
    pit_body *bodies[] = {bad_link, bad_unlink};

    for (int i = 0; i < 4; i++) {
        pit_monitored m = spawn_watched(bodies[i / 2], &wrong[i % 2], sizeof *wrong);
        const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

        CHECK(down);
        CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{badarg,", 8));
    }
}

/* LINK-11, SIG-8 (d): the last call says how; it is the caller's side alone.
   OTP: signal_SUITE/priority_messages_link_enable_disable */
NODE_CASE(a_link_with_priority)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 24; i++) {
        bool priority = i % 2;
        pit_pid p;

        switch (i / 2 % 4) {
        case 0:
            p = spawn_anywhere(wait_forever, NULL, 0);
            pit_link_with(p, .priority = priority);
            break;
        case 1: /* anew */
            p = spawn_anywhere(wait_forever, NULL, 0);
            pit_link_with(p, .priority = !priority);
            if (priority)
                pit_link_with(p, .priority = true);
            else
                pit_link(p);
            break;
        case 2:
            p = pit_spawn_with(wait_forever, NULL, 0, .link = true, .link_priority = priority,
                               .scheduler = PIT_ANYWHERE);
            break;
        default:
            p = pit_must(
                pit_as(pit_receive_ref(pit_spawn_request(wait_forever, NULL, 0, .link = true,
                                                         .link_priority = priority,
                                                         .scheduler = PIT_ANYWHERE),
                                       A_WHILE),
                       pit_spawn_reply)
                    ->pid);
        }
        CHECK_EQ(links_of(p), 1);
        pit_send(pit_self(), go);
        pit_exit_process(p, pit_atom("stop"));
        while (pit_message_count() < 2)
            pit_yield();
        CHECK(pit_is(pit_receive(0), go) == !priority);
        if (priority)
            CHECK(pit_is(pit_receive(0), go));
        else
            CHECK(pit_is(pit_receive(0), pit_exited));
        expect_empty();
    }
    pit_send(pit_self(), go);
    pit_link_with(a_dead_pid(), .priority = true); /* LINK-2 */
    CHECK(pit_is(pit_receive(A_WHILE), pit_exited));
    CHECK(pit_is(pit_receive(0), go));
}
