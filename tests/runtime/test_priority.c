/*
 * Goal: where priority messages stand in a queue (SIG-8), and that no receive overlooks them
 * (RECV-1, RECV-5).
 * Method: cases in a node (node.h). Messages are put there by the owner, as the signals that carry
 * them do (runtime/inner.h): what opts in, and how they are sent, is the subject of test_alias,
 * test_monitor and test_link.
 */
#include "tests/runtime/node.h"

#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/signal.h"

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(ready);

/* ---- putting them there */

static void put(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    struct pit__message *m = pit__message_copy(pit__thread(), PIT__MESSAGE, &pit_type_number, in);

    CHECK(m && p);
    m->to = pit__handle_of(p);
    pit__append_priority(s, p, m);
}

static void send_priority(pit_pid to, int64_t n)
{
    struct pit__thread *t = pit__in();
    struct number in = {n};
    char none;

    CHECK_EQ(pit__request(t, t->current, to, put, &in, sizeof in, &none, 1), 0);
    pit__out(1);
}

static void accept_priority(void)
{
    pit__in();
    CHECK_EQ(pit__priority_accept(pit__current()), 0);
    pit__out(1);
}

static void expect(int64_t n)
{
    const pit_msg *m = pit_receive(0);

    CHECK_EQ(pit_as(m, number)->n, n);
}

static bool is_n(const pit_msg *m, void *n)
{
    return pit_is(m, number) && pit_as(m, number)->n == *(int64_t *)n;
}

static void expect_selected(int64_t n) { CHECK(pit_receive_match(is_n, &n, 0)); }

/* ---- cases */

/* SIG-8: behind the last priority message that is in the queue, before all ordinary ones.
   OTP: signal_SUITE/priority_messages_order */
NODE_CASE(priority_messages_stand_first_in_their_own_order)
{
    accept_priority();
    pit_send(pit_self(), number, .n = 10);
    send_priority(pit_self(), 1);
    pit_send(pit_self(), number, .n = 11);
    send_priority(pit_self(), 2);
    expect(1);
    send_priority(pit_self(), 3);
    expect(2);
    expect(3);
    send_priority(pit_self(), 4);
    for (int64_t i = 4, left[] = {4, 10, 11}; i < 7; i++)
        expect(left[i - 4]);
    expect_empty();
    send_priority(pit_self(), 5); /* into an empty queue, where it is the tail too */
    pit_send(pit_self(), number, .n = 12);
    expect(5);
    expect(12);
}

/* SIG-8: accepted only if the receiver opted in; else it is an ordinary message. */
NODE_CASE(without_opting_in_it_is_an_ordinary_message)
{
    pit_send(pit_self(), number, .n = 1);
    send_priority(pit_self(), 2);
    expect(1);
    expect(2);
}

/* SIG-8, RECV-1: the place of the last priority message is kept right when any of them is taken out
   of the middle. */
NODE_CASE(taking_them_in_any_order)
{
    int64_t order[][4] = {{1, 2, 3, 4}, {3, 2, 1, 4}, {2, 3, 4, 1}, {4, 3, 1, 2}, {1, 3, 4, 2}};

    accept_priority();
    for (int k = 0; k < 5; k++) {
        for (int64_t i = 1; i <= 3; i++)
            send_priority(pit_self(), i);
        pit_send(pit_self(), number, .n = 4);
        expect_selected(order[k][0]);
        expect_selected(order[k][1]);
        send_priority(pit_self(), 9); /* behind the priority ones that are left, before 4 */
        pit_send(pit_self(), number, .n = 5);
        for (int64_t i = 1; i <= 3; i++)
            if (i != order[k][0] && i != order[k][1])
                expect(i);
        expect(9);
        if (order[k][0] != 4 && order[k][1] != 4)
            expect(4);
        expect(5);
        expect_empty();
    }
}

struct wanted {
    pit_pid parent;
    int64_t n;
    int64_t ordinary;
};

static void waits_for_one(const void *arg)
{
    const struct wanted *w = arg;
    int64_t n = w->n;

    accept_priority();
    for (int64_t i = 0; i < w->ordinary; i++)
        pit_send(pit_self(), number, .n = 1000 + i);
    pit_send(w->parent, ready);
    CHECK(pit_receive_match(is_n, &n, A_WHILE));
    for (int64_t i = 1; i < n; i++)
        expect(i); /* those that it did not want, in order, before the ordinary ones */
    for (int64_t i = 0; i < w->ordinary; i++)
        expect(1000 + i);
}

/* RECV-1, SIG-8: a selective receive that waits goes on behind what it saw; a priority message
   comes in before that place. OTP: receive_SUITE/prio_msg_while_in_receive */
NODE_CASE(a_waiting_receive_sees_a_priority_message_before_its_place)
{
    for (int64_t ordinary = 0; ordinary < 3; ordinary++) {
        struct wanted w = {pit_self(), 5, ordinary};
        pit_monitored m = spawn_watched(waits_for_one, &w, sizeof w);

        CHECK(pit_receive_only(ready, A_WHILE));
        pit_sleep(1); /* so that it often waits by now; both orders must do */
        for (int64_t i = 1; i <= 5; i++)
            send_priority(m.pid, i);
        expect_end(m, "normal");
    }
}

/* RECV-5: a receive by reference begins at its mark, and lets priority messages be seen all the
   same. OTP: signal_SUITE/priority_messages_qmarkers */
NODE_CASE(a_mark_does_not_hide_priority_messages)
{
    for (int64_t before = 0; before < 3; before++) {
        pit_ref timer;

        accept_priority();
        for (int64_t i = 0; i < before; i++)
            send_priority(pit_self(), i);
        pit_send(pit_self(), number, .n = 100);
        timer = pit_make_ref(); /* the mark is here */
        {
            struct pit_timeout fired = {timer, 7};
            struct pit__thread *t = pit__in();
            struct pit__message *m =
                pit__message_copy(t, PIT__MESSAGE, &pit_type_pit_timeout, &fired);

            m->to = pit_self();
            pit__append_priority(t->sched, t->current, m);
            pit__out(1);
        }
        pit_send(pit_self(), number, .n = 101);
        CHECK_EQ(pit_as(pit_receive_ref(timer, 0), pit_timeout)->value, 7);
        for (int64_t i = 0; i < before; i++)
            expect(i);
        expect(100);
        expect(101);
    }
}

static void handles_in_order(void *state, const pit_msg *m)
{
    struct wanted *w = state;

    if (pit_is(m, pit_start)) {
        accept_priority();
        pit_send(w->parent, ready);
        (void)pit_receive_type(&pit_type_ready, A_WHILE); /* the others gather */
        return;
    }
    CHECK_EQ(pit_as(m, number)->n, ++w->n);
    if (w->n == 6)
        pit_exit(pit_atom("normal"));
}

/* SIG-8: a callback process is called with them first. */
NODE_CASE(a_handler_is_called_with_them_first)
{
    struct wanted w = {pit_self(), 0, 0};
    pit_pid p = pit_spawn_handler_with(handles_in_order, &w, sizeof w, .scheduler = PIT_ANYWHERE);
    pit_ref ref = pit_monitor(p);

    CHECK(pit_receive_only(ready, A_WHILE));
    for (int64_t i = 4; i <= 6; i++)
        pit_send(p, number, .n = i);
    for (int64_t i = 1; i <= 3; i++)
        send_priority(p, i);
    pit_send(p, ready);
    expect_down(ref, p, "normal");
}

/* They count towards a bound, but no bound refuses or drops them. */
NODE_CASE(a_bound_does_not_refuse_them)
{
    accept_priority();
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 3, .policy = PIT_OVERLOAD_DROP_OLDEST}),
             0);
    for (int64_t i = 10; i < 20; i++)
        pit_send(pit_self(), number, .n = i);
    for (int64_t i = 0; i < 5; i++)
        send_priority(pit_self(), i);
    CHECK_EQ(pit_mailbox_state().messages, 8);
    for (int64_t i = 20; i < 30; i++)
        pit_send(pit_self(), number, .n = i);
    for (int64_t i = 0; i < 5; i++)
        expect(i);
    expect(29); /* all that the five left room for: one that is just coming */
    expect_empty();
    CHECK_EQ(pit_mailbox_state().messages, 0);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){0}), 0);
}

/* A long queue of them costs no more than a short one: each is put behind the last, which is
   known. */
NODE_CASE(many_of_them)
{
    int64_t many = (int64_t)pit_test_scale(20000, 200000);

    accept_priority();
    for (int64_t i = 0; i < many; i++) {
        pit_send(pit_self(), number, .n = many + i);
        send_priority(pit_self(), i);
    }
    for (int64_t i = 0; i < 2 * many; i++)
        expect(i);
}
