/*
 * Goal: PIT_OVERLOAD_CALL (<pit/mailbox.h>): the receiver is told of its overload, once for each,
 * whatever it does when it comes.
 * Method: cases in a node (bounded.h); the receiver counts its calls, and the case is told of each.
 */
#include "tests/runtime/bounded.h"

PIT_MESSAGE(next);

struct called {
    pit_pid parent;
    int times;
    bool takes; /* all that waits, when it is called */
};

static void on_overload(void *context)
{
    struct called *c = context;

    c->times++;
    pit_send(c->parent, next); /* it is the process's own code: it may do what a process may */
}

static void is_called(const void *arg)
{
    struct called c = *(const struct called *)arg;
    pit_mailbox bound = {
        .messages = 4, .policy = PIT_OVERLOAD_CALL, .overloaded = on_overload, .context = &c};

    CHECK_EQ(pit_mailbox_bound(bound), 0);
    pit_send(c.parent, wake);
    pit_receive_only(take, A_WHILE);
    for (int64_t i = 0; i < 10; i++) { /* nothing was dropped */
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
        CHECK_EQ(c.times, 1); /* once for one overload */
    }
    pit_send(c.parent, wake);
    pit_receive_only(take, A_WHILE);
    for (int64_t i = 0; i < 5; i++)
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
    CHECK_EQ(c.times, 2);
}

NODE_CASE(call_tells_the_receiver)
{
    struct called c = {.parent = pit_self()};
    pit_monitored m = spawn_watched(is_called, &c, sizeof c);

    CHECK(pit_receive_only(wake, A_WHILE));
    send_numbers(m.pid, 0, 5);
    CHECK(pit_receive_only(next, A_WHILE));
    send_numbers(m.pid, 5, 5); /* the same overload, of which it has been told */
    pit_send(m.pid, take, .n = 0);
    CHECK(pit_receive_only(wake, A_WHILE));
    CHECK(!pit_try_receive_only(next, 0));
    send_numbers(m.pid, 0, 5);
    pit_send(m.pid, take, .n = 0);
    expect_end(m, "normal");
    CHECK(pit_try_receive_only(next, 0));
}

/* What waits for something else is told, and may take what waits before it goes on. */
static void takes_all(void *context)
{
    struct called *c = context;

    while (pit_try_receive_only(number, 0))
        ;
    on_overload(c);
}

static void waits_and_is_called(const void *arg)
{
    struct called c = *(const struct called *)arg;
    pit_mailbox bound = {.messages = 4,
                         .policy = PIT_OVERLOAD_CALL,
                         .overloaded = c.takes ? takes_all : on_overload,
                         .context = &c};

    CHECK_EQ(pit_mailbox_bound(bound), 0);
    pit_send(c.parent, wake);
    pit_receive_only(take, A_WHILE);
    CHECK_EQ(c.times, 1);
    for (int64_t i = 0; i < 10 && !c.takes; i++)
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
}

NODE_CASE(call_tells_one_that_waits)
{
    for (int takes = 0; takes < 2; takes++) {
        struct called c = {.parent = pit_self(), .takes = takes};
        pit_monitored m = spawn_watched(waits_and_is_called, &c, sizeof c);

        CHECK(pit_receive_only(wake, A_WHILE));
        send_numbers(m.pid, 0, takes ? 5 : 10);
        CHECK(pit_receive_only(next, A_WHILE)); /* although nothing has come that it waits for */
        pit_send(m.pid, take, .n = 0);
        expect_end(m, "normal");
    }
}

/* Before it takes the first message, not behind it. On one scheduler nothing comes between what is
   taken and what is counted. */
static void takes_the_first(const void *arg)
{
    struct called c = *(const struct called *)arg;

    CHECK_EQ(
        pit_mailbox_bound((pit_mailbox){
            .messages = 4, .policy = PIT_OVERLOAD_CALL, .overloaded = on_overload, .context = &c}),
        0);
    pit_send(c.parent, wake);
    CHECK_EQ(pit_as(pit_receive(PIT_INFINITY), number)->n, 0);
    CHECK_EQ(c.times, 1 + pit_message_count() > 4);
}

NODE_CASE_WITH(call_tells_before_the_first_is_taken, .schedulers = 1)
{
    struct called c = {.parent = pit_self()};
    pit_monitored m = spawn_watched(takes_the_first, &c, sizeof c);

    CHECK(pit_receive_only(wake, A_WHILE));
    send_numbers(m.pid, 0, 10);
    expect_end(m, "normal");
}

static void bounded_handler(void *state, const pit_msg *m)
{
    struct called *c = state;

    if (pit_is(m, pit_start)) {
        CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 2,
                                                 .policy = PIT_OVERLOAD_CALL,
                                                 .overloaded = on_overload,
                                                 .context = c}),
                 0);
        pit_send(c->parent, wake);
        (void)pit_receive_type(&pit_type_take, A_WHILE); /* messages gather meanwhile */
    } else if (pit_as(m, number)->n == 9) {
        CHECK_EQ(c->times, 1);
        pit_exit(pit_atom("normal"));
    }
}

/* A callback process is told before its handler is called with the next message. */
NODE_CASE(call_tells_a_handler)
{
    struct called c = {.parent = pit_self()};
    pit_pid p = pit_spawn_handler_with(bounded_handler, &c, sizeof c, .scheduler = PIT_ANYWHERE);
    pit_ref ref = pit_monitor(p);

    CHECK(pit_receive_only(wake, A_WHILE));
    send_numbers(p, 0, 10);
    pit_send(p, take, .n = 0);
    expect_down(ref, p, "normal");
    CHECK(pit_try_receive_only(next, 0));
    CHECK(!pit_try_receive_only(next, 0));
}
