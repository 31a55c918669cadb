/*
 * Goal: receiving (RECV-1..6, SIG-7) and hibernating (HIB-2, HIB-3).
 * Method: cases of the specification in a node (node.h).
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(other, (int64_t, n));
PIT_MESSAGE(go);
PIT_MESSAGE(watch, (pit_pid, who));

static bool is_n(const pit_msg *m, void *n)
{
    return pit_is(m, number) && pit_as(m, number)->n == *(int64_t *)n;
}

static void fill(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        pit_send(pit_self(), number, .n = i);
}

/* RECV-1: the oldest that matches; what does not match keeps its order. SIG-7: new ones stand
   behind. */
NODE_CASE(selecting_leaves_the_others_in_order)
{
    int64_t wanted[] = {5, 0, 9, 4, 6}; /* middle, head, tail, and both sides of a gap */

    fill(10);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(pit_as(pit_receive_match(is_n, &wanted[i], 0), number)->n, wanted[i]);
    pit_send(pit_self(), number, .n = 10);
    for (int64_t i = 0, left[] = {1, 2, 3, 7, 8, 10}; i < 6; i++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, left[i]);
    expect_empty();
}

static void comes_to(uint64_t n)
{
    while (pit_message_count() < n)
        pit_yield();
}

static void ends_at_once(const void *arg) {}

/* SIG-7: exits, DOWNs, timeouts, the answers of timers and of spawn requests stand where they came,
   like ordinary messages. */
NODE_CASE(what_the_runtime_sends_stands_behind_too)
{
    const pit_type *order[] = {&pit_type_number,          &pit_type_pit_exited,
                               &pit_type_number,          &pit_type_pit_down,
                               &pit_type_pit_timeout,     &pit_type_pit_timer_read,
                               &pit_type_pit_spawn_reply, &pit_type_number};
    pit_pid p;

    pit_trap_exit(true);
    pit_send(pit_self(), number, .n = 0);
    p = pit_spawn_link(ends_at_once, NULL, 0);
    comes_to(2);
    pit_send(pit_self(), number, .n = 1);
    (void)pit_monitor(p);
    comes_to(4);
    (void)pit_start_timer(0, pit_self(), 1);
    comes_to(5);
    CHECK_EQ(pit_read_timer_async(pit_start_timer(A_WHILE, pit_self(), 2)), 0);
    comes_to(6);
    (void)pit_spawn_request(ends_at_once, NULL, 0);
    comes_to(7);
    pit_send(pit_self(), number, .n = 2);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        CHECK_STR(pit_receive(0)->type->name, order[i]->name);
    expect_empty();
}

static void sends_late(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (int64_t i = 0; i < 50; i++) {
        pit_send(to, other, .n = i);
        if (i % 5 == 0)
            pit_yield();
    }
    pit_send(to, number, .n = 7);
    pit_send(to, other, .n = 50);
}

/* RECV-1: the scan goes on with what comes later. */
NODE_CASE(a_selective_receive_waits_for_its_message)
{
    pit_pid me = pit_self();
    int64_t seven = 7;

    fill(3);
    for (int round = 0; round < 20; round++) {
        (void)spawn_anywhere(sends_late, &me, sizeof me);
        CHECK(pit_receive_match(is_n, &seven, A_WHILE));
        for (int64_t i = 0; i <= 50; i++)
            CHECK_EQ(pit_receive_only(other, A_WHILE)->n, i);
    }
    CHECK_EQ(pit_message_count(), 3);
    CHECK_EQ(pit_as(pit_receive(0), number)->n, 0);
}

/* RECV-2: 0 looks once, at all of the queue. */
NODE_CASE(after_0_looks_at_all_of_the_queue_once)
{
    int64_t last = 99, none = 1000;

    CHECK(!pit_receive(0));
    fill(100);
    CHECK(!pit_receive_match(is_n, &none, 0));
    CHECK(pit_receive_match(is_n, &last, 0));
    CHECK_EQ(pit_message_count(), 99);
    CHECK(!pit_receive_type(&pit_type_go, 0));
    CHECK(!pit_receive_ref(pit_make_ref(), 0));
}

static void trickles(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (;;) {
        pit_send(to, other, .n = 0);
        pit_sleep(1);
    }
}

/* RECV-2, TIMER-3: the time runs from the beginning, what does not match does not restart it, and
   it is never early. */
NODE_CASE(other_messages_do_not_restart_the_time)
{
    pit_pid me = pit_self(), p = spawn_anywhere(trickles, &me, sizeof me);
    int64_t begin = pit_now(), took;

    CHECK(!pit_receive_type(&pit_type_go, 30));
    took = pit_now() - begin;
    CHECK(took >= 30 * 1000000);
    CHECK(took < 10000 * INT64_C(1000000));
    pit_exit_process(p, pit_atom("kill"));
}

/* RECV-3: a sleep consumes nothing and is not woken by messages. */
NODE_CASE(a_sleep_consumes_nothing)
{
    int64_t begin = pit_now();

    (void)pit_send_after(1, pit_self(), number, .n = 1);
    pit_send(pit_self(), number, .n = 0);
    pit_sleep(20);
    CHECK(pit_now() - begin >= 20 * 1000000);
    pit_sleep(0);
    CHECK_EQ(pit_receive_only(number, 0)->n, 0);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n,
             1); /* its timer may be another scheduler's by now */
}

static void sends_at(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    pit_sleep(2);
    pit_send(to, number, .n = 1);
}

/* RECV-4: a message that came in time is taken, not lost; one that came late is there for the next
   receive. */
NODE_CASE(a_timeout_loses_no_message)
{
    pit_pid me = pit_self();
    int in_time = 0, late = 0;

    for (int i = 0; i < 60; i++) {
        const pit_msg *m;

        (void)spawn_anywhere(sends_at, &me, sizeof me);
        m = i % 2 ? pit_receive(2) : pit_receive_type(&pit_type_number, 2);
        in_time += m != NULL;
        if (!m)
            late += pit_receive(A_WHILE) != NULL;
    }
    CHECK_EQ(in_time + late, 60);
    expect_empty();
}

/* RECV-5: a receive by reference costs the same with a hundred thousand messages waiting. */
NODE_CASE(a_receive_by_reference_does_not_scan_what_was_there_before)
{
    int64_t n = pit_test_sanitized() ? 20000 : 100000, rounds = 200, begin, with_queue, scans;
    int64_t none = -1;

    fill(n);
    begin = pit_now();
    for (int64_t i = 0; i < rounds; i++) {
        pit_ref ref = pit_monitor(PIT_NO_PID);

        expect_down(ref, PIT_NO_PID, "noproc");
    }
    with_queue = (pit_now() - begin) / rounds;
    begin = pit_now();
    for (int i = 0; i < 5; i++)
        CHECK(!pit_receive_match(is_n, &none, 0));
    scans = (pit_now() - begin) / 5;
    /* Far below one scan: a ratio, so that a slow machine is no failure. */
    if (with_queue * 5 >= scans)
        pit_test_fail(__FILE__, __LINE__,
                      "a receive by reference took %lld ns, a scan of the queue %lld ns",
                      (long long)with_queue, (long long)scans);
    CHECK_EQ(pit_message_count(), n);
    for (int64_t i = 0; i < n; i++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
}

static void naps(const void *arg) { pit_sleep(1); }

/* RECV-5 is invisible but for speed: whatever happens to the queue between the making of a
          reference and its use. */
NODE_CASE(the_mark_of_a_reference_survives_all_that_happens_to_the_queue)
{
    uint64_t chance = pit_test_seed();

    for (int round = 0; round < 300; round++) {
        int64_t before = (int64_t)pit_test_random_below(&chance, 5),
                after = (int64_t)pit_test_random_below(&chance, 4), left;
        pit_ref ref;

        fill(before);
        /* Its DOWN is the next message, or comes later. */
        ref = pit_test_random_below(&chance, 2) ? pit_monitor(PIT_NO_PID)
                                                : spawn_watched(naps, NULL, 0).ref;
        left = before;
        for (int64_t i = 0; i < after; i++) {
            switch (pit_test_random_below(&chance, 4)) {
            case 0: /* from the head */
                left -= pit_receive_type(&pit_type_number, 0) != NULL;
                break;
            case 1: { /* the one at the mark itself */
                int64_t last = before - 1;

                left -= pit_receive_match(is_n, &last, 0) != NULL;
                break;
            }
            case 2:
                pit_send(pit_self(), number, .n = 100 + i);
                left++;
                break;
            case 3:
                pit_yield();
                break;
            }
        }
        CHECK(pit_receive_ref(ref, A_WHILE));
        CHECK_EQ(pit_message_count(), left);
        while (left--)
            CHECK(pit_receive(0));
    }
}

/*
 * RECV-5 in a callback process: the message at the mark is handled, and gone, before the reference
 * is used. The bug was a mark that dangled, so that the message was never found.
 */
struct marked {
    pit_pid test;
    pit_ref ref;
    bool late; /* the DOWN comes when the reference is waited for, or long before */
    bool came; /* it was handled: the test was kept from sending `go` for so long */
};

static void naps_on(const void *arg) { pit_sleep(10); }
static void does_not_nap(const void *arg) {}

static void handler_marks(void *state, const pit_msg *m)
{
    struct marked *s = state;

    if (pit_is(m, watch)) {
        while (pit_message_count() < 1) /* the mark will be at that message */
            pit_yield();
        s->ref = spawn_watched(s->late ? naps_on : does_not_nap, NULL, 0).ref;
    } else if (pit_is(m, go)) {
        if (!s->late)
            pit_sleep(2);
        CHECK(s->came || pit_receive_ref(s->ref, A_WHILE));
        pit_send(s->test, number, .n = 9);
    } else if (pit_is(m, pit_down))
        s->came = true;
}

NODE_CASE(a_reference_made_in_one_handler_is_received_in_a_later_one)
{
    struct marked s = {.test = pit_self()};

    for (int i = 0; i < 20; i++) {
        const struct number *nine;
        pit_pid p;

        s.late = i % 2;
        p = pit_spawn_handler_with(handler_marks, &s, sizeof s, .scheduler = PIT_ANYWHERE);
        pit_send(p, watch, .who = pit_self());
        for (int k = 0; k < i % 3; k++)
            pit_send(p, other, .n = k); /* handled and freed before */
        pit_send(p, go);
        CHECK((nine = pit_receive_only(number, A_WHILE)));
        CHECK_EQ(nine->n, 9);
        pit_exit_process(p, pit_atom("kill"));
    }
    expect_alone();
}

/* RECV-6: all that arrived is counted, also what no receive has looked at. */
NODE_CASE(the_queue_is_unbounded_and_counted)
{
    int64_t n = (int64_t)pit_test_scale(pit_test_sanitized() ? 50000 : 300000, 3000000);
    pit_process_info info;

    fill(n);
    CHECK_EQ(pit_message_count(), n);
    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK_EQ(info.message_count, n);
    for (int64_t i = 0; i < n; i++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
    expect_empty();
}

static void hibernating(const void *arg)
{
    pit_pid me = *(const pit_pid *)arg;
    volatile char deep[8192];

    memset((char *)deep, 7, sizeof deep);
    for (int64_t i = 0;; i++) {
        pit_hibernate();
        CHECK_EQ(pit_message_count(), 1); /* it was not taken */
        CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
        for (size_t k = 0; k < sizeof deep; k += 100)
            CHECK_EQ(deep[k], 7); /* the frames are as they were */
        pit_send(me, other, .n = i);
    }
}

/* HIB-2, HIB-3: a message wakes it and stays in the queue; other signals are handled meanwhile and
   wake nobody. */
NODE_CASE(hibernation_ends_with_a_message_alone)
{
    pit_pid me = pit_self(), p = spawn_anywhere(hibernating, &me, sizeof me);
    pit_process_info info;
    uint64_t reductions;

    (void)pit_trap_exit(true);
    for (int64_t i = 0; i < 20; i++) {
        pit_ref ref;

        do
            CHECK_EQ(pit_process_info_of(p, &info), 0);
        while (info.status != PIT_WAITING);
        reductions = info.reductions;
        ref = pit_monitor(p);
        pit_link(p);
        CHECK(pit_is_alive(p));
        CHECK_EQ(pit_process_info_of(p, &info), 0);
        CHECK_EQ(info.monitored_by, 1);
        CHECK_EQ(info.links, 1);
        pit_unlink(p);
        CHECK_EQ(pit_demonitor(ref, 0), 1);
        CHECK_EQ(pit_process_info_of(p, &info), 0);
        CHECK_EQ(info.status, PIT_WAITING);
        CHECK_EQ(info.reductions, reductions); /* it has not run */
        pit_send(p, number, .n = i);
        CHECK_EQ(pit_receive_only(other, A_WHILE)->n, i);
    }
    pit_exit_process(p, pit_atom("stop")); /* a fatal exit ends it */
    expect_down(pit_monitor(p), p, "noproc");
    expect_alone();
}

/* HIB-2: with a message in the queue it does not wait at all. */
NODE_CASE(hibernation_with_mail_returns_at_once)
{
    pit_send(pit_self(), number, .n = 3);
    pit_hibernate();
    CHECK_EQ(pit_receive_only(number, 0)->n, 3);
}

/* ---- what a received message is */

static void keeps(const void *arg)
{
    const pit_msg *kept[10];

    for (int64_t i = 0; i < 20; i++) {
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        if (i % 2)
            kept[i / 2] = pit_keep(m);
    }
    for (int64_t i = 0; i < 10; i++)
        CHECK_EQ(pit_as(kept[i], number)->n, 2 * i + 1);
    pit_drop(kept[3]);
    pit_drop(kept[9]);
    CHECK_EQ(pit_as(kept[4], number)->n, 9);
    pit_drop(kept[0]);
    if (*(const bool *)arg)
        wait_forever(NULL);
}

/* A message lives until the next receive, a kept one until it is dropped or the process ends. */
NODE_CASE(a_kept_message_stays_as_it_is)
{
    for (int i = 0; i < 10; i++) {
        bool stay = i % 2;
        pit_monitored m = spawn_watched(keeps, &stay, sizeof stay);

        for (int64_t n = 0; n < 20; n++)
            pit_send(m.pid, number, .n = n);
        if (stay) {
            pit_process_info info = {.message_count = 1};

            while (info.message_count || info.status != PIT_WAITING)
                CHECK_EQ(pit_process_info_of(m.pid, &info), 0);
            pit_exit_process(m.pid, pit_atom("stop"));
        }
        expect_end(m, stay ? "stop" : "normal");
    }
    expect_alone();
}

static void handler_keeps(void *state, const pit_msg *m)
{
    const pit_msg **kept = state;

    if (pit_is(m, number)) {
        if (*kept)
            pit_drop(*kept);
        (void)pit_receive_type(&pit_type_go, 0);
        *kept = pit_keep(m);
    } else if (pit_is(m, watch)) {
        pit_send(pit_as(m, watch)->who, number, .n = pit_as(*kept, number)->n);
        CHECK(pit_is(m, watch)); /* sending did not end it; a receive does not either */
        (void)pit_receive_type(&pit_type_go, 0);
        CHECK(pit_is(m, watch));
    }
}

NODE_CASE(a_handlers_message_lives_until_it_returns)
{
    const pit_msg *none = NULL;
    pit_pid p =
        pit_spawn_handler_with(handler_keeps, &none, sizeof none, .scheduler = PIT_ANYWHERE);

    for (int64_t i = 0; i < 50; i++) {
        pit_send(p, number, .n = i);
        if (i % 3 == 0)
            pit_send(p, go);
        pit_send(p, watch, .who = pit_self());
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
    }
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

/* ---- by reference */

static uint64_t looked_at(void)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < pit__node.count; i++)
        n += atomic_load_explicit(&pit__node.scheds[i]->looked_at, memory_order_relaxed);
    return n;
}

static void answers(void *state, const pit_msg *m)
{
    if (!pit_is(m, pit_start))
        CHECK_EQ(pit_answer(m, &pit_type_number, pit_payload(m)), 0);
}

static void answers_alias(const void *arg) { pit_send(*(const pit_ref *)arg, number, .n = 3); }

/*
 * RECV-5: a call, and a receive by the reference of a monitor, of a spawn's monitor, of an alias or
 * of a timer, look at none of a million messages that wait, and leave them as they are.
 */
NODE_CASE(a_receive_by_reference_looks_at_nothing_else)
{
    int64_t waiting = (int64_t)pit_test_scale(100000, 1000000);
    pit_pid server = pit_spawn_handler_with(answers, NULL, 0, .scheduler = PIT_ANYWHERE);
    enum { TIMES = 20 };
    uint64_t before;

    fill(waiting);
    before = looked_at();
    for (int i = 0; i < TIMES; i++) {
        struct number asked = {i}, answered = {0};
        pit_monitored m = spawn_watched(ends_at_once, NULL, 0);
        pit_ref ref;

        expect_end(m, "normal");
        CHECK_EQ(
            pit_try_call(server, &pit_type_number, &asked, A_WHILE, &pit_type_number, &answered),
            0);
        CHECK_EQ(answered.n, i);
        CHECK(pit_receive_ref(pit_monitor(m.pid), A_WHILE));
        ref = pit_alias();
        (void)spawn_anywhere(answers_alias, &ref, sizeof ref);
        CHECK_EQ(pit_as(pit_receive_ref(ref, A_WHILE), number)->n, 3);
        CHECK(pit_unalias(ref));
        CHECK(pit_receive_ref(pit_start_timer(1, pit_self(), 0), A_WHILE));
    }
    CHECK(looked_at() - before < 10 * TIMES);
    for (int64_t i = 0; i < waiting; i++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
    pit_exit_process(server, pit_atom("kill"));
}

/* RECV-5: invisible but for speed. What the mark stands behind is taken, in any way, and the
   receive still finds its message. */
NODE_CASE(a_mark_outlives_the_message_it_stands_behind)
{
    for (int64_t taken = 0; taken < 4; taken++) {
        pit_monitored m = spawn_watched(ends_at_once, NULL, 0);

        expect_end(m, "normal");
        fill(3);
        m.ref = pit_monitor(m.pid);
        for (int64_t i = 0; i < taken; i++) { /* from the tail: the mark moves before each */
            int64_t n = 2 - i;

            CHECK(pit_receive_match(is_n, &n, 0));
        }
        pit_send(pit_self(), number, .n = 9);
        expect_down(m.ref, m.pid, "noproc");
        for (int64_t i = 0; i < 3 - taken; i++)
            CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
        CHECK_EQ(pit_as(pit_receive(0), number)->n, 9);
        expect_empty();
    }
}

/*
 * Of round i: 2 * i + 1, the receiver runs, and makes no call of the runtime: it stays where it
 * is, and nothing is delivered to it; 2 * i + 2, the message was sent then. Each waits for the
 * other but for a while, since both may be on one scheduler.
 */
static _Atomic(int) meeting;

static bool meets(int step)
{
    int64_t until = pit_now() + (pit__node.count > 1 ? 5 * INT64_C(1000000) : 0);

    while (atomic_load(&meeting) != step)
        if (pit_now() >= until)
            return false;
    return true;
}

struct meets {
    pit_pid to;
    int round;
};

static void sends_and_says_so(const void *arg)
{
    const struct meets *a = arg;
    int listens = 2 * a->round + 1;

    if (!meets(listens))
        listens = -1;
    pit_send(a->to, number, .n = 1);
    (void)atomic_compare_exchange_strong(&meeting, &listens, 2 * a->round + 2);
}

/* RECV-2: a receive that does not wait finds what was sent before by another scheduler, also what
   nobody has delivered yet. */
NODE_CASE(a_receive_without_a_wait_finds_what_is_there)
{
    for (int i = 0; i < 16; i++) {
        struct meets a = {pit_self(), i};
        const pit_msg *m = NULL;
        int64_t one = 1;
        bool sent;

        (void)spawn_anywhere(sends_and_says_so, &a, sizeof a);
        atomic_store(&meeting, 2 * i + 1);
        sent = meets(2 * i + 2);
        switch (i % 4) {
        case 0:
            m = pit_receive(0);
            break;
        case 1:
            m = pit_receive_type(&pit_type_number, 0);
            break;
        case 2:
            m = pit_receive_match(is_n, &one, 0);
            break;
        default:
            CHECK(pit_message_count() == 1 || !sent);
        }
        CHECK(m || i % 4 == 3 || !sent);
        if (!m)
            CHECK(pit_receive(A_WHILE));
        expect_empty();
    }
    expect_alone();
}
