/*
 * Goal: Erlang/OTP's receive_SUITE: that where a receive by reference begins to look is never
 * wrong. Method: each case names the one of OTP's whose question it asks in C; a wrong mark is a
 * message that is not found.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ask, (pit_ref, ref));
PIT_MESSAGE(answer, (pit_ref, ref), (int64_t, n));
PIT_MESSAGE(number, (int64_t, n));

/* Answers by the alias that it is asked by. */
static void echo(const void *arg)
{
    for (int64_t n = 0;; n++) {
        pit_ref ref = pit_receive_only(ask, PIT_INFINITY)->ref;

        pit_send(ref, answer, .ref = ref, .n = n);
    }
}

static int64_t ask_for(pit_pid server)
{
    pit_ref ref = pit_monitor_with(server, .alias = PIT_ALIAS_REPLY_DEMONITOR);
    const pit_msg *m;

    pit_send(server, ask, .ref = ref);
    m = pit_receive_ref(ref, A_WHILE);
    CHECK(m);
    CHECK(pit_ref_equal(pit_as(m, answer)->ref, ref));
    return pit_as(m, answer)->n;
}

static void fill(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        pit_send(pit_self(), number, .n = i);
}

static void expect_numbers(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
    expect_empty();
}

static bool counts_looks(const pit_msg *m, void *context)
{
    ++*(int64_t *)context;
    return false;
}

/*
 * RECV-5: calls with a huge queue behind them: each answer is found, and the queue is as it was.
 * (That it costs no scan: tests/runtime/test_receive.c and test_call.c.)
 * OTP: receive_SUITE/call_with_huge_message_queue
 */
NODE_CASE(calls_beside_a_huge_queue_are_answered)
{
    pit_pid server = spawn_anywhere(echo, NULL, 0);
    int64_t n = pit_test_sanitized() ? 5000 : 100000, looks = 0;

    fill(n);
    for (int64_t i = 0; i < 1000; i++)
        CHECK_EQ(ask_for(server), i);
    CHECK(!pit_receive_match(counts_looks, &looks, 0));
    CHECK_EQ(looks, n);
    expect_numbers(n);
    pit_exit_process(server, pit_atom("kill"));
}

/* RECV-1, RECV-5: another receive between the making of a reference and its use.
   OTP: receive_SUITE/receive_in_between */
NODE_CASE(a_receive_between_does_not_move_the_mark)
{
    pit_pid server = spawn_anywhere(echo, NULL, 0);

    for (int64_t i = 0; i < 50; i++) {
        pit_ref ref;

        pit_send(pit_self(), number, .n = 0);
        ref = pit_alias_with(.mode = PIT_ALIAS_REPLY);
        pit_send(server, ask, .ref = ref);
        if (i % 2)
            pit_sleep(1); /* the answer is here, behind the number */
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 0); /* before the mark, and taken */
        pit_send(pit_self(), number, .n = 1);              /* behind it */
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 1);
        CHECK_EQ(pit_as(pit_receive_ref(ref, A_WHILE), answer)->n, i);
        expect_empty();
    }
    pit_exit_process(server, pit_atom("kill"));
}

static bool never(const pit_msg *m, void *context) { return false; }

/* RECV-5: a receive that ends early, by its timeout, in the midst.
   OTP: receive_SUITE/receive_opt_exception */
NODE_CASE(a_receive_that_gave_up_leaves_no_wrong_mark)
{
    pit_pid server = spawn_anywhere(echo, NULL, 0);

    fill(3);
    for (int64_t i = 0; i < 30; i++) {
        pit_ref given_up = pit_make_ref(), ref;

        CHECK(!pit_receive_ref(given_up, 0));
        ref = pit_alias_with(.mode = PIT_ALIAS_REPLY);
        pit_send(server, ask, .ref = ref);
        CHECK(!pit_receive_ref(pit_make_ref(), i % 3)); /* the mark is another's now */
        CHECK(!pit_receive_match(never, NULL, 0));
        CHECK_EQ(pit_as(pit_receive_ref(ref, A_WHILE), answer)->n, i);
        CHECK_EQ(pit_message_count(), 3);
    }
    expect_numbers(3);
    pit_exit_process(server, pit_atom("kill"));
}

static int64_t asks_deeply(pit_pid server, int depth)
{
    pit_ref ref = pit_alias_with(.mode = PIT_ALIAS_REPLY);
    int64_t inner, outer;

    pit_send(server, ask, .ref = ref);
    inner = depth ? asks_deeply(server, depth - 1) : 0;
    outer = pit_as(pit_receive_ref(ref, A_WHILE), answer)->n;
    CHECK(!depth || outer < inner); /* it was asked first */
    return outer;
}

/* RECV-5: a call within the wait for a call, many deep. OTP: receive_SUITE/receive_opt_recursion */
NODE_CASE(calls_within_calls_each_get_their_answer)
{
    pit_pid server = spawn_anywhere(echo, NULL, 0);

    fill(10);
    for (int64_t i = 0; i < 10; i++)
        CHECK_EQ(asks_deeply(server, 20), i * 21);
    expect_numbers(10);
    pit_exit_process(server, pit_atom("kill"));
}

/* RECV-5: the place where a selective receive stopped and that of a mark.
   OTP: receive_SUITE/receive_opt_deferred_save, erl_1199 */
NODE_CASE(a_scan_that_was_interrupted_does_not_hide_a_message)
{
    for (int64_t i = 0; i < 50; i++) {
        pit_ref ref = pit_alias();
        pit_ref other = pit_alias();

        fill(2);
        pit_send(ref, answer, .ref = ref, .n = 1);
        CHECK(!pit_receive_ref(other, 0));         /* looked at all */
        CHECK(!pit_receive_type(&pit_type_go, 0)); /* looked at all */
        pit_send(other, answer, .ref = other, .n = 2);
        CHECK_EQ(pit_as(pit_receive_ref(other, 0), answer)->n, 2);
        CHECK_EQ(pit_as(pit_receive_ref(ref, 0), answer)->n, 1);
        expect_numbers(2);
        CHECK(pit_unalias(ref) && pit_unalias(other));
    }
}

/*
 * RECV-5: many references at once, used in any order. A mark is the last reference's: for the
 * others the receive looks from the beginning, and finds them all the same.
 * OTP: receive_SUITE/multi_recv_opt, multi_recv_opt_clear
 */
NODE_CASE(many_references_are_received_in_any_order)
{
    enum { N = 20 };
    uint64_t chance = pit_test_seed();
    pit_pid server = spawn_anywhere(echo, NULL, 0);

    for (int round = 0; round < 30; round++) {
        pit_ref refs[N];
        int order[N];

        fill(round % 3);
        for (int i = 0; i < N; i++) {
            refs[i] = pit_alias_with(.mode = PIT_ALIAS_REPLY);
            order[i] = i;
            pit_send(server, ask, .ref = refs[i]);
        }
        for (int i = N - 1; i > 0; i--) {
            int k = (int)pit_test_random_below(&chance, (uint64_t)i + 1), swap = order[i];

            order[i] = order[k];
            order[k] = swap;
        }
        for (int i = 0; i < N; i++)
            CHECK_EQ(pit_as(pit_receive_ref(refs[order[i]], A_WHILE), answer)->n,
                     round * N + order[i]);
        expect_numbers(round % 3);
    }
    pit_exit_process(server, pit_atom("kill"));
}

/*
 * RECV-1, RECV-5: a receive of all after one by reference begins at the head; a mark at a message
 * that is taken meanwhile. OTP: receive_SUITE/gh_5235_missing_save_reset, gh_5235_recv_mark,
 * recv_marker_reserve
 */
NODE_CASE(after_a_receive_by_reference_the_next_begins_at_the_head)
{
    for (int i = 0; i < 20; i++) {
        pit_ref ref;

        pit_send(pit_self(), number, .n = 0);
        pit_send(pit_self(), number, .n = 1);
        ref = pit_alias_with(.mode = PIT_ALIAS_REPLY);
        CHECK(!pit_receive_ref(ref, i % 2));
        CHECK_EQ(pit_as(pit_receive(0), number)->n, 0);
        CHECK_EQ(pit_as(pit_receive(0), number)->n, 1); /* the mark stood behind this one */
        pit_send(ref, answer, .ref = ref, .n = 5);
        pit_send(pit_self(), number, .n = 2);
        CHECK_EQ(pit_as(pit_receive_ref(ref, 0), answer)->n, 5);
        CHECK_EQ(pit_as(pit_receive(0), number)->n, 2);
        expect_empty();
    }
}
