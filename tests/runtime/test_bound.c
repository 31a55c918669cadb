/*
 * Goal: bounds on mailboxes (<pit/mailbox.h>): each policy, by messages and by bytes; what waits for room is freed by room, by
 * the receiver's end and by its own; the system lane passes whatever the bound says; nothing is lost but by a policy.
 * Method: cases in a node (node.h); senders number their messages, and what was sent is held against what arrived.
 * What no test can show, that no interleaving loses a wake-up, is tests/model/bound.pml's.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(number, (int64_t, n), (int64_t, sender));
PIT_MESSAGE(large, (uint8_t, bytes, 100));
PIT_MESSAGE(of_terms, (pit_term, list));
PIT_MESSAGE(wake);
PIT_MESSAGE(next);
PIT_MESSAGE(question, (int64_t, n));
PIT_MESSAGE(answer, (int64_t, n));
PIT_SYSTEM_MESSAGE(sys_question, (int64_t, n));
PIT_MESSAGE(report, (uint64_t, messages), (uint64_t, bytes), (uint64_t, dropped),
            (uint64_t, blocked));

/* ---- a receiver that takes nothing until it is told, by the system lane */

struct full {
    pit_pid parent;
    pit_mailbox bound;
    bool trap;
};

PIT_SYSTEM_MESSAGE(take, (int64_t, n));
PIT_SYSTEM_MESSAGE(ask_state);

/* Takes `number`s when told by a `take`; says what it has when told by ask_state; answers questions at any time. */
static void lane(const void *arg)
{
    const struct full *f = arg;

    pit_trap_exit(f->trap);
    CHECK_EQ(pit_mailbox_bound(f->bound), 0);
    pit_send(f->parent, wake);
    for (;;) {
        const pit_msg *m = pit_receive_type(&pit_type_take, 0);

        if (m) {
            for (int64_t n = pit_as(m, take)->n; n > 0; n--) {
                m = pit_receive_type(&pit_type_number, 0);
                if (!m)
                    break;
                pit_send_copy(f->parent, m->type, pit_payload(m));
            }
            pit_send(f->parent, wake);
        } else if (pit_receive_type(&pit_type_ask_state, 0)) {
            pit_mailbox_load l = pit_mailbox_state();

            pit_send(f->parent, report, .messages = l.messages, .bytes = l.bytes,
                     .dropped = l.dropped, .blocked = l.blocked);
        } else if ((m = pit_receive_type(&pit_type_question, 0)) ||
                   (m = pit_receive_type(&pit_type_sys_question, 0))) {
            struct answer a = {((const struct question *)pit_payload(m))->n + 1};

            CHECK_EQ(pit_answer(m, &pit_type_answer, &a), 0);
        } else if ((m = pit_receive_type(&pit_type_pit_exited, 0)))
            pit_send_copy(f->parent, m->type, pit_payload(m));
        else
            pit_sleep(1);
    }
}

static pit_monitored spawn_lane(pit_mailbox bound, bool trap)
{
    struct full f = {pit_self(), bound, trap};
    pit_monitored m = spawn_watched(lane, &f, sizeof f);

    CHECK(pit_receive_only(wake, A_WHILE));
    return m;
}

static struct report state_of(pit_pid p)
{
    pit_send(p, ask_state);
    return *pit_receive_only(report, A_WHILE);
}

static void tell(pit_pid to, int n)
{
    pit_send(to, take, .n = n);
    CHECK(pit_receive_only(wake, A_WHILE));
}

/* The numbers that it took, in order: these. */
static void expect_numbers(int64_t first, int64_t count)
{
    for (int64_t i = first; i < first + count; i++)
        CHECK_EQ(pit_receive_only(number, 0)->n, i);
    CHECK(!pit_try_receive_only(number, 0));
}

static void send_numbers(pit_pid to, int64_t from, int64_t count)
{
    for (int64_t i = from; i < from + count; i++)
        pit_send(to, number, .n = i, .sender = 0);
}

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

/* A waiting selective receive goes on rightly although what it has looked at is dropped under it. */
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

/* ---- ending, calling back */

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
    send_numbers(m.pid, 0, 10);
    pit_send(m.pid, take, .n = 0);
    CHECK(pit_receive_only(wake, A_WHILE));
    CHECK(pit_try_receive_only(next, 0));
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

/* Before it takes the first message, not behind it. On one scheduler nothing comes between what is taken and what is counted. */
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

/* ---- blocking */

struct sends {
    pit_pid to, parent;
    int64_t sender, count;
};

static void sends_all(const void *arg)
{
    const struct sends *s = arg;

    for (int64_t i = 0; i < s->count; i++)
        pit_send(s->to, number, .n = i, .sender = s->sender);
}

static pit_monitored spawn_sender(pit_pid to, int64_t sender, int64_t count, int16_t scheduler)
{
    struct sends s = {to, pit_self(), sender, count};
    pit_monitored m;

    m.pid = pit_spawn_with(sends_all, &s, sizeof s, .scheduler = scheduler, .monitor = true,
                           .ret_ref = &m.ref);
    return m;
}

enum { BOUND = 8 };

/* Sender after sender stops at the bound; each takes room as it comes; nothing is lost, and the order of each pair holds. SIG-1 */
NODE_CASE(block_makes_senders_wait_and_loses_nothing)
{
    enum { SENDERS = 5, EACH = 300 };
    pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, false), from[SENDERS];
    int64_t last[SENDERS], taken = 0;

    for (int i = 0; i < SENDERS; i++) {
        from[i] = spawn_sender(to.pid, i, EACH, PIT_ANYWHERE);
        last[i] = -1;
    }
    while (taken < SENDERS * EACH) {
        const struct number *n;

        CHECK(state_of(to.pid).messages <= BOUND + SENDERS * PIT_MAILBOX_AHEAD);
        tell(to.pid, 17);
        while ((n = pit_try_receive_only(number, 0))) {
            CHECK_EQ(n->n, last[n->sender] + 1);
            last[n->sender]++;
            taken++;
        }
    }
    for (int i = 0; i < SENDERS; i++)
        expect_end(from[i], "normal");
    CHECK_EQ(state_of(to.pid).messages, 0);
    CHECK_EQ(state_of(to.pid).dropped, 0);
}

/* On one scheduler the bound is exact, by messages and by bytes. */
static void block_is_exact(pit_mailbox bound)
{
    pit_monitored to = spawn_lane(bound, false), from[3];

    for (int i = 0; i < 3; i++)
        from[i] = spawn_sender(to.pid, i, 100, 0);
    for (int taken = 0; taken < 300; taken++) {
        while (state_of(to.pid).messages < BOUND && taken + BOUND < 300)
            pit_yield();
        CHECK(state_of(to.pid).messages <= BOUND);
        tell(to.pid, 1);
        CHECK(pit_try_receive_only(number, 0));
    }
    for (int i = 0; i < 3; i++)
        expect_end(from[i], "normal");
}
NODE_CASE_WITH(block_is_exact_on_one_scheduler, .schedulers = 1)
{
    block_is_exact((pit_mailbox){.messages = BOUND});
    block_is_exact((pit_mailbox){.bytes = BOUND * sizeof(struct number)});
}

static struct report wait_until_blocked(pit_pid to, uint64_t n)
{
    struct report r;

    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000);;) {
        r = state_of(to);
        if (r.blocked == n)
            return r;
        CHECK(pit_now() < until);
        pit_yield();
    }
}

/* An exit signal ends a blocked sender; what it was sending was not sent, and its link's exit overtakes nothing. SIG-1 */
NODE_CASE(an_exit_signal_ends_a_blocked_sender)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, true);

    for (int round = 0; round < 10; round++) {
        pit_monitored from[3];
        struct report r;
        const struct number *n;

        for (int i = 0; i < 3; i++)
            from[i] = spawn_sender(to.pid, i, 1000, PIT_ANYWHERE);
        r = wait_until_blocked(to.pid, 3);
        for (int i = 0; i < 3; i++) {
            pit_exit_process(from[i].pid, pit_atom("enough"));
            expect_end(from[i], "enough");
        }
        r = wait_until_blocked(to.pid, 0);
        tell(to.pid, 10000);
        while ((n = pit_try_receive_only(number, 0)))
            r.messages--;
        CHECK_EQ(r.messages, 0); /* what was let in is there, what waited is not */
        CHECK_EQ(state_of(to.pid).messages, 0);
    }
}

static void sends_then_ends(const void *arg)
{
    const struct sends *s = arg;

    pit_link(s->to);
    sends_all(arg);
}

/* The exit signal of a link comes behind every message that was sent. SIG-1, LINK-3 */
NODE_CASE(a_killed_sender_s_exit_comes_last)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = 2}, true);

    for (int round = 0; round < 20; round++) {
        struct sends s = {to.pid, pit_self(), 1, 1000};
        pit_monitored from = spawn_watched(sends_then_ends, &s, sizeof s);

        wait_until_blocked(to.pid, 1);
        pit_exit_process(from.pid, pit_atom("kill"));
        expect_end(from, "killed");
        CHECK(pit_receive_only(pit_exited, A_WHILE));
        CHECK_EQ(state_of(to.pid).blocked, 0);
        tell(to.pid, 10000);
        while (pit_try_receive_only(number, 0))
            ;
        CHECK_EQ(state_of(to.pid).messages, 0);
    }
}

/* The receiver's end frees all that wait: a send to the dead is no error. SIG-3 */
NODE_CASE(the_receiver_s_end_frees_its_senders)
{
    for (int round = 0; round < 10; round++) {
        pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, false), from[4];

        for (int i = 0; i < 4; i++)
            from[i] = spawn_sender(to.pid, i, 500, PIT_ANYWHERE);
        wait_until_blocked(to.pid, 4);
        pit_exit_process(to.pid, pit_atom("kill"));
        expect_end(to, "killed");
        for (int i = 0; i < 4; i++)
            expect_end(from[i], "normal");
    }
}

/* Both end at the same time, again and again: nobody is left behind. */
NODE_CASE(ends_on_both_sides_leave_nobody_waiting)
{
    for (uint64_t round = 0; round < pit_test_scale(30, 300); round++) {
        pit_monitored to = spawn_lane((pit_mailbox){.messages = 1}, false), from[4];

        for (int i = 0; i < 4; i++)
            from[i] = spawn_sender(to.pid, i, 100, PIT_ANYWHERE);
        if (round % 2)
            pit_yield();
        for (int i = 0; i < 2; i++)
            pit_exit_process(from[i].pid, pit_atom("kill"));
        pit_exit_process(to.pid, pit_atom("kill"));
        for (int i = 0; i < 4; i++)
            CHECK(pit_receive_ref(from[i].ref, A_WHILE));
        expect_end(to, "killed");
    }
    expect_alone();
}

static void changes_its_mind(const void *arg)
{
    const struct full *f = arg;
    int64_t n = 0;

    for (int round = 0; round < 200; round++) {
        CHECK_EQ(pit_mailbox_bound(
                     (pit_mailbox){.messages = (uint32_t)(round % 5), .bytes = round % 3 ? 0 : 64}),
                 0);
        for (int k = 0; k < 5; k++, n++) {
            const pit_msg *m = pit_receive(A_WHILE);

            CHECK_EQ(pit_as(m, number)->n, n);
        }
    }
    pit_send(f->parent, wake);
}

/* At run time: the bound comes, changes and goes while a sender waits. */
NODE_CASE(the_bound_may_change_while_senders_wait)
{
    struct full f = {.parent = pit_self()};
    pit_monitored to = spawn_watched(changes_its_mind, &f, sizeof f),
                  from = spawn_sender(to.pid, 0, 1000, PIT_ANYWHERE);

    expect_end(from, "normal");
    CHECK(pit_receive_only(wake, A_WHILE));
    expect_end(to, "normal");
}

/* One that sends to itself would wait for ever: it does not wait. */
NODE_CASE(oneself_is_let_in)
{
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    send_numbers(pit_self(), 0, 20);
    CHECK_EQ(pit_mailbox_state().messages, 20);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){0}), 0);
    CHECK_EQ(pit_mailbox_state().messages, 0);
    expect_numbers(0, 20);
}

static void *sends_from_outside(void *arg)
{
    pit_pid to = *(pit_pid *)arg;

    send_numbers(to, 0, 20);
    while (pit_try_send(to, number, .n = 20, .sender = 0) == 0)
        ;
    return NULL;
}

/* A foreign thread never waits; it is let in, and pit_try_send tells it that there is no room. */
NODE_CASE(a_foreign_thread_is_let_in_and_may_ask)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = 4}, false);
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, sends_from_outside, &to.pid), 0);
    while (state_of(to.pid).messages < 20)
        pit_yield();
    pthread_join(thread, NULL);
    CHECK(state_of(to.pid).messages >= 20);
    pit_exit_process(to.pid, pit_atom("kill"));
    expect_end(to, "killed");
    CHECK_EQ(pit_try_send(to.pid, number, .n = 0, .sender = 0), 0); /* the dead are no error */
}

/* SIG-4: nosuspend. */
NODE_CASE(try_send_does_not_wait)
{
    pit_monitored to = spawn_lane((pit_mailbox){.messages = BOUND}, false);
    int64_t sent = 0;

    while (pit_try_send(to.pid, number, .n = sent, .sender = 0) == 0) {
        sent++;
        if (sent % 64 == 0)
            pit_sleep(1 + sent / 500); /* what another scheduler last said is some time old */
        CHECK(sent < 100000);
    }
    CHECK(sent >= BOUND);
    tell(to.pid, 100000);
    expect_numbers(0, sent);
    while (pit_try_send(to.pid, number, .n = 0, .sender = 0) != 0)
        pit_yield();
}

/* ---- blocking by an alias */

struct sends_by {
    pit_ref to;
    int64_t sender, count;
};

static void sends_all_by(const void *arg)
{
    const struct sends_by *s = arg;

    for (int64_t i = 0; i < s->count; i++)
        pit_send(s->to, number, .n = i, .sender = s->sender);
}

static pit_monitored spawn_sender_by(pit_ref to, int64_t sender, int64_t count)
{
    struct sends_by s = {to, sender, count};

    return spawn_watched(sends_all_by, &s, sizeof s);
}

/* The caller has the bound, and `n` senders wait for it. */
static void let_them_block(uint64_t n)
{
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); pit_mailbox_state().blocked != n;
         pit_yield())
        CHECK(pit_now() < until);
}

/* What waited for room is found by its alias, as what did not. RECV-5, ALIAS-2 */
NODE_CASE(a_reply_that_waited_is_found_by_its_alias)
{
    pit_ref alias = pit_alias();
    pit_monitored from;
    const pit_msg *m;

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    send_numbers(pit_self(), 77, 1);
    from = spawn_sender_by(alias, 5, 1);
    let_them_block(1);
    CHECK(!pit_receive_ref(alias, 0));
    CHECK_EQ(pit_receive_only(number, 0)->n, 77);
    CHECK(m = pit_receive_ref(alias, A_WHILE));
    CHECK_EQ(pit_as(m, number)->sender, 5);
    expect_end(from, "normal");
    expect_empty();
}

/* Who sends by an alias is stopped at the bound as who sends to the pid, wherever it runs. SIG-1 */
NODE_CASE(block_holds_for_aliases_too)
{
    enum { SENDERS = 3, EACH = BOUND + SENDERS * PIT_MAILBOX_AHEAD + 1 };
    pit_ref alias = pit_alias();
    pit_monitored from[SENDERS];
    int64_t last[SENDERS];

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = BOUND}), 0);
    for (int i = 0; i < SENDERS; i++) {
        from[i] = spawn_sender_by(alias, i, EACH);
        last[i] = -1;
    }
    let_them_block(SENDERS);
    CHECK(pit_mailbox_state().messages <= BOUND + SENDERS * PIT_MAILBOX_AHEAD);
    for (int taken = 0; taken < SENDERS * EACH; taken++) {
        const struct number *n = pit_as(pit_receive_ref(alias, A_WHILE), number);

        CHECK_EQ(n->n, last[n->sender] + 1);
        last[n->sender]++;
    }
    for (int i = 0; i < SENDERS; i++)
        expect_end(from[i], "normal");
    expect_empty();
}

/* The alias ends, or the sender does, before there is room: nothing comes, and nobody is left waiting. ALIAS-3 */
NODE_CASE(an_alias_that_ends_lets_its_senders_go)
{
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), 0);
    for (int killed = 0; killed < 2; killed++) {
        pit_ref alias = pit_alias();
        pit_monitored from;

        send_numbers(pit_self(), 77, 1);
        from = spawn_sender_by(alias, 5, 3);
        let_them_block(1);
        if (killed)
            pit_exit_process(from.pid, pit_atom("kill"));
        else
            CHECK(pit_unalias(alias));
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 77);
        expect_end(from, killed ? "killed" : "normal");
        while (pit_try_receive_only(number, 0)) /* there may have been room before the kill came */
            CHECK(killed);
        let_them_block(0);
        expect_empty();
    }
}

/* ---- the system lane */

static int ask(pit_pid to, const pit_type *type, int64_t n)
{
    struct question q = {n};
    struct answer a = {0};
    int r = pit_try_call(to, type, &q, A_WHILE, &pit_type_answer, &a);

    CHECK(r != 0 || a.n == n + 1);
    return r;
}

static void asks(const void *arg)
{
    const struct sends *s = arg;

    CHECK_EQ(ask(s->to, &pit_type_sys_question, 41), 0);
}

static void links_and_dies(const void *arg)
{
    pit_link(*(const pit_pid *)arg);
    pit_exit(pit_atom("done"));
}

static void lets_be(void *unused) {}

/*
 * A mailbox that is full to the brim is called, monitored, linked to, looked at and killed; it itself hears of the ends that
 * it watches and gets its answers and timeouts. No signal, no reply and no system message is lost, refused or delayed.
 */
static void the_lane_is_open(uint32_t policy)
{
    pit_mailbox bound = {.messages = BOUND, .policy = policy, .overloaded = lets_be};
    pit_monitored to = spawn_lane(bound, true), dead, asker;
    struct sends s = {to.pid, pit_self(), 0, 1000};
    pit_process_info info;
    pit_monitored sender = {0};
    pit_ref ref;

    if (policy == PIT_OVERLOAD_BLOCK) {
        sender = spawn_watched(sends_all, &s, sizeof s);
        wait_until_blocked(to.pid, 1);
    } else if (policy == PIT_OVERLOAD_EXIT)
        send_numbers(to.pid, 0, BOUND);
    else
        sends_all(&s);
    CHECK(state_of(to.pid).messages >= BOUND);
    /* an ordinary call is let in by BLOCK and CALL, and else answered at once: by nobody's loss */
    if (policy == PIT_OVERLOAD_BLOCK || policy == PIT_OVERLOAD_DROP_OLDEST ||
        policy == PIT_OVERLOAD_CALL)
        CHECK_EQ(ask(to.pid, &pit_type_question, 1), 0);
    else if (policy == PIT_OVERLOAD_DROP_NEWEST)
        CHECK_EQ(ask(to.pid, &pit_type_question, 1), -PIT_EOVERLOAD);
    for (int i = 0; i < 20; i++) /* system calls are taken in */
        CHECK_EQ(ask(to.pid, &pit_type_sys_question, i), 0);
    asker = spawn_watched(asks, &s, sizeof s);
    expect_end(asker, "normal");
    CHECK_EQ(pit_process_info_of(to.pid, &info), 0); /* asked of its owner */
    CHECK(pit_is_alive(to.pid));
    ref = pit_monitor(to.pid);
    dead = spawn_watched(links_and_dies, &to.pid, sizeof to.pid); /* its exit is trapped there */
    expect_end(dead, "done");
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "done");
    pit_exit_process(to.pid, pit_atom("trapped"));
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "trapped");
    pit_exit_process(to.pid, pit_atom("kill"));
    expect_end(to, "killed");
    expect_down(ref, to.pid, "killed");
    if (policy == PIT_OVERLOAD_BLOCK)
        expect_end(sender, "normal");
}

NODE_CASE(the_system_lane_passes_block) { the_lane_is_open(PIT_OVERLOAD_BLOCK); }
NODE_CASE(the_system_lane_passes_drop_newest) { the_lane_is_open(PIT_OVERLOAD_DROP_NEWEST); }
NODE_CASE(the_system_lane_passes_drop_oldest) { the_lane_is_open(PIT_OVERLOAD_DROP_OLDEST); }
NODE_CASE(the_system_lane_passes_exit) { the_lane_is_open(PIT_OVERLOAD_EXIT); }
NODE_CASE(the_system_lane_passes_call) { the_lane_is_open(PIT_OVERLOAD_CALL); }

static void ends_at_once(const void *arg) {}

/*
 * What the full one asked for itself: its DOWNs, its timeouts, its answers, and that a trace has been delivered. None is dropped to
 * make room either.
 */
static void full_itself(uint32_t policy)
{
    pit_monitored server = spawn_lane((pit_mailbox){0}, false);
    pit_monitored ends[20];
    pit_ref timers[20];

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 3, .policy = policy}), 0);
    send_numbers(pit_self(), 0, 5);
    for (int i = 0; i < 20; i++) {
        ends[i] = spawn_watched(ends_at_once, NULL, 0);
        timers[i] = pit_start_timer(1, pit_self(), (uint64_t)i);
    }
    CHECK_EQ(ask(server.pid, &pit_type_question, 7), 0);
    (void)pit_trace_delivered(server.pid);
    pit_sleep(5);
    send_numbers(pit_self(), 5, 5);
    for (int i = 0; i < 20; i++) {
        expect_end(ends[i], "normal");
        CHECK(pit_receive_ref(timers[i], A_WHILE));
    }
    CHECK(pit_receive_only(pit_trace_delivered, A_WHILE));
    expect_numbers(policy == PIT_OVERLOAD_DROP_OLDEST ? 7 : 0, 3);
    pit_exit_process(server.pid, pit_atom("kill"));
    expect_end(server, "killed");
    expect_empty();
}
NODE_CASE(a_full_one_hears_what_it_asked_for)
{
    full_itself(PIT_OVERLOAD_DROP_NEWEST);
    full_itself(PIT_OVERLOAD_DROP_OLDEST);
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
