/*
 * Goal: bounds on mailboxes (<pit/mailbox.h>): the policies that drop or end, by messages and by
 * bytes, the options and bad use; nothing is lost but by a policy.
 * Method: cases in a node (bounded.h); senders number their messages, and what was sent is held
 * against what arrived.
 */
#include "tests/runtime/bounded.h"

PIT_MESSAGE(large, (uint8_t, bytes, 100));
PIT_MESSAGE(of_terms, (pit_term, list));

/* ---- dropping */

/* One with room for 10 that was sent 0 to 24. */
static pit_monitored overfilled(enum pit_overload policy)
{
    pit_monitored m = spawn_lane((pit_mailbox){.messages = 10, .policy = policy}, false);
    struct report r;

    send_numbers(m.pid, 0, 25);
    r = state_of(m.pid);
    CHECK_EQ(r.messages, 10);
    CHECK_EQ(r.dropped, 15);
    return m;
}

NODE_CASE(drop_newest_keeps_the_oldest)
{
    pit_monitored m = overfilled(PIT_OVERLOAD_DROP_NEWEST);

    tell(m.pid, 100);
    expect_numbers(0, 10);
    send_numbers(m.pid, 100, 3); /* there is room again */
    tell(m.pid, 100);
    expect_numbers(100, 3);
    CHECK_EQ(state_of(m.pid).dropped, 15);
}

NODE_CASE(drop_oldest_keeps_the_newest)
{
    pit_monitored m = overfilled(PIT_OVERLOAD_DROP_OLDEST);

    tell(m.pid, 100);
    expect_numbers(15, 10);
}

/* SIG-8: no priority message is dropped to make room, whatever was dropped between two of them. */
NODE_CASE(drop_oldest_spares_priority_messages)
{
    pit_ref first = pit_alias_with(.priority = true);

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 4, .policy = PIT_OVERLOAD_DROP_OLDEST}),
             0);
    for (int64_t i = 0; i < 2; i++) {
        send_numbers(pit_self(), i * 10, 6);
        pit_send_priority(first, number, .n = 100 + i, .sender = 0);
    }
    send_numbers(pit_self(), 20, 6);
    CHECK_EQ(pit_receive_only(number, 0)->n, 100);
    CHECK_EQ(pit_receive_only(number, 0)->n, 101);
    expect_numbers(24, 2);
}

/* By bytes: and a message larger than the bound fits where none waits. */
NODE_CASE(bytes_are_bounded_too)
{
    pit_monitored m = spawn_lane(
        (pit_mailbox){.bytes = 3 * sizeof(struct number), .policy = PIT_OVERLOAD_DROP_NEWEST},
        false);
    struct large l = {{0}};
    struct report r;

    send_numbers(m.pid, 0, 5);
    r = state_of(m.pid);
    CHECK_EQ(r.messages, 3);
    CHECK_EQ(r.bytes, 3 * sizeof(struct number));
    tell(m.pid, 100);
    expect_numbers(0, 3);
    pit_send_copy(m.pid, &pit_type_large, &l);
    pit_send_copy(m.pid, &pit_type_large, &l);
    r = state_of(m.pid);
    CHECK_EQ(r.messages, 1);
    CHECK_EQ(r.bytes, sizeof l);
    CHECK_EQ(r.dropped, 3);
}

/* The terms of a message are bytes, too. */
NODE_CASE(the_bytes_of_terms_are_bounded)
{
    pit_term list = pit_nil();

    for (int i = 0; i < 1000; i++)
        list = pit_list_cons(pit_int(i), list);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.bytes = 1000, .policy = PIT_OVERLOAD_DROP_NEWEST}),
             0);
    for (int i = 0; i < 5; i++)
        pit_send(pit_self(), of_terms, .list = list);
    CHECK_EQ(pit_mailbox_state().messages, 1);
    CHECK(pit_mailbox_state().bytes > 1000 * sizeof(pit_term));
    CHECK(pit_receive_only(of_terms, 0));
    CHECK_EQ(pit_mailbox_state().bytes, 0);
    pit_send(pit_self(), of_terms, .list = pit_nil());
    pit_send(pit_self(), of_terms, .list = pit_nil());
    CHECK_EQ(pit_mailbox_state().messages, 2);
    CHECK_EQ(pit_mailbox_state().dropped, 4);
}

/* A waiting selective receive goes on rightly although what it has looked at is dropped under
   it. */
static bool is_1000(const pit_msg *m, void *unused)
{
    return pit_is(m, number) && pit_as(m, number)->n >= 1000;
}

static void selects(const void *arg)
{
    const struct full *f = arg;
    const pit_msg *m;

    CHECK_EQ(pit_mailbox_bound(f->bound), 0);
    pit_send(f->parent, wake);
    m = pit_receive_match(is_1000, NULL, A_WHILE);
    CHECK_EQ(pit_as(m, number)->n, 1000);
    for (int64_t n = 1001 - (int64_t)f->bound.messages; (m = pit_receive(0)); n++)
        CHECK_EQ(pit_as(m, number)->n, n == 1000 ? ++n : n);
}

NODE_CASE(dropping_under_a_selective_receive)
{
    for (uint32_t bound = 1; bound < 6; bound++) {
        struct full f = {
            pit_self(), {.messages = bound, .policy = PIT_OVERLOAD_DROP_OLDEST}, false};
        pit_monitored m = spawn_watched(selects, &f, sizeof f);

        CHECK(pit_receive_only(wake, A_WHILE));
        for (int64_t i = 900; i <= 1000; i++) {
            pit_send(m.pid, number, .n = i, .sender = 0);
            if (i % 3 == 0)
                pit_yield();
        }
        expect_end(m, "normal");
    }
}

static void *sends_five(void *arg)
{
    send_numbers(*(pit_pid *)arg, 2, 5);
    return NULL;
}

/*
 * The same when the look at what has come drops what the reference's mark stands behind. RECV-5
 * The thread's messages are there, and nobody has taken them over, when the look does.
 */
NODE_CASE(dropping_under_a_mark)
{
    pit_pid self = pit_self();
    pthread_t thread;
    pit_ref ref;

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 2, .policy = PIT_OVERLOAD_DROP_OLDEST}),
             0);
    send_numbers(self, 0, 2);
    ref = pit_alias();
    CHECK_EQ(pthread_create(&thread, NULL, sends_five, &self), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(!pit_receive_ref(ref, 0));
    expect_numbers(5, 2);
}

/* ---- ending */

NODE_CASE(exit_names_the_overload)
{
    for (int trap = 0; trap < 2; trap++) {
        pit_monitored m =
            spawn_lane((pit_mailbox){.messages = 10, .policy = PIT_OVERLOAD_EXIT}, trap);
        const pit_msg *down;

        send_numbers(m.pid, 0, 10);
        CHECK_EQ(state_of(m.pid).messages, 10);
        send_numbers(m.pid, 10, 5);
        down = pit_receive_ref(m.ref, A_WHILE);
        CHECK(down);
        CHECK(strstr(text_of(pit_as(down, pit_down)->reason),
                     "{overload,<<\"the mailbox is full: 10 messages of 160 bytes wait\">>}"));
    }
}

static int asks(pit_pid to)
{
    struct question q = {1};
    struct answer a;

    return pit_try_call(to, &pit_type_question, &q, A_WHILE, &pit_type_answer, &a);
}

static void waits_for_an_answer(const void *arg)
{
    int r = asks(*(const pit_pid *)arg);

    CHECK_EQ(r, -PIT_ENOPROC);
    pit_exit(pit_keep(pit_last_exit_reason()));
}

static void takes_none(const void *arg)
{
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 10, .policy = PIT_OVERLOAD_EXIT}), 0);
    pit_send(*(const pit_pid *)arg, wake);
    (void)pit_receive_type(&pit_type_wake, PIT_INFINITY);
}

/*
 * The message that passes the bound may be a call: its caller is refused, and does not wait for one
 * that is gone; who waits for an answer already hears why there is none. GEN-5
 */
NODE_CASE(exit_answers_the_call_that_was_too_much)
{
    for (int i = 0; i < 20; i++) {
        pit_pid self = pit_self();
        pit_monitored m = spawn_watched(takes_none, &self, sizeof self), earlier;
        pit_process_info info = {0};
        const pit_msg *down;
        char reason[200];

        CHECK(pit_receive_only(wake, A_WHILE));
        earlier = spawn_watched(waits_for_an_answer, &m.pid, sizeof m.pid);
        while (!info.message_count)
            CHECK_EQ(pit_process_info_of(m.pid, &info), 0);
        send_numbers(m.pid, 0, 9);
        CHECK_EQ(asks(m.pid), -PIT_EOVERLOAD);
        down = pit_receive_ref(m.ref, A_WHILE);
        CHECK(down);
        snprintf(reason, sizeof reason, "%s", text_of(pit_as(down, pit_down)->reason));
        CHECK(!strncmp(reason, "{overload,", 10));
        expect_end(earlier, reason);
    }
}

/* ---- options, and bad use */

NODE_CASE(a_bound_may_be_a_spawn_option)
{
    pit_mailbox bound = {.messages = 2, .policy = PIT_OVERLOAD_DROP_NEWEST};
    pit_monitored m;

    m.pid = pit_spawn_with(wait_forever, NULL, 0, .scheduler = PIT_ANYWHERE, .monitor = true,
                           .ret_ref = &m.ref, .mailbox = &bound);
    pit_exit_process(m.pid, pit_atom("kill"));
    expect_end(m, "killed");
    bound.policy = 77;
    CHECK_EQ(pit_error(pit_try_spawn(wait_forever, NULL, 0, (pit_spawn_opts){.mailbox = &bound})),
             -EINVAL);
    bound = (pit_mailbox){.messages = 1, .policy = PIT_OVERLOAD_CALL};
    CHECK_EQ(pit_mailbox_bound(bound), -EINVAL);
    bound = (pit_mailbox){.messages = 1};
    CHECK_EQ(pit_error(pit_try_spawn(wait_forever, NULL, 0,
                                     (pit_spawn_opts){.mailbox = &bound, .name = "undefined"})),
             -EINVAL);
}

/* A bound that is set counts what waits already, and taken away counts nothing more. */
NODE_CASE(what_waits_already_counts)
{
    send_numbers(pit_self(), 0, 6);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 4, .policy = PIT_OVERLOAD_DROP_NEWEST}),
             0);
    CHECK_EQ(pit_mailbox_state().messages, 6);
    send_numbers(pit_self(), 6, 3);
    CHECK_EQ(pit_mailbox_state().dropped, 3);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){0}), 0);
    send_numbers(pit_self(), 6, 3);
    expect_numbers(0, 9);
}
