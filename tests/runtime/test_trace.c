/*
 * Goal: traces (Erlang's trace): each event, who gets a trace, and the order of events. Who takes
 * them is test_tracer.c's.
 * Method: cases in a node (node.h), on 1, 2, 4 schedulers and while processes are moved.
 */
#include "tests/runtime/traced.h"

/* ---- events */

/* OTP: trace_SUITE/receive_trace, send traces. */
NODE_CASE(sends_and_receives_are_traced)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self(), p = spawn_anywhere(obeys, NULL, 0);

    ask(p, 0);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_MESSAGES), 0);
    for (uint32_t i = 1; i <= 50; i++) {
        const pit_trace_event *e;

        ask(p, i);
        e = expect_event(PIT_TRACE_RECEIVE, p, me);
        CHECK_STR(e->text, "ping");
        CHECK_EQ(e->number, sizeof(struct ping));
        expect_text(PIT_TRACE_SEND, p, me, "pong");
    }
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SEND), 0);
    ask(p, 99);
    expect_text(PIT_TRACE_SEND, p, me, "pong");
    CHECK_EQ(pit_trace(t, p, 0), 0);
    ask(p, 100);
    expect_no_more(p);
}

static void obeys_in_secret(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        if (pit_is(m, ping)) {
            (void)pit_process_flag(PIT_FLAG_SENSITIVE, pit_as(m, ping)->n % 2);
            pit_send(m->from, pong, .n = pit_as(m, ping)->n);
        } else
            return;
    }
}

/* Section 11: of a sensitive process nothing is traced, its end neither; its trace stays, and acts
   when it is so no more. */
NODE_CASE(of_the_sensitive_nothing_is_traced)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self();
    pit_monitored m = spawn_watched(obeys_in_secret, NULL, 0);

    ask(m.pid, 1);
    CHECK_EQ(pit_trace(t, m.pid, PIT_TRACE_MESSAGES | PIT_TRACE_EXIT), 0);
    ask(m.pid, 3);
    expect_no_more(m.pid);
    ask(m.pid, 2); /* comes while it is sensitive, and is answered when it is not */
    expect_text(PIT_TRACE_SEND, m.pid, me, "pong");
    ask(m.pid, 4);
    expect_text(PIT_TRACE_RECEIVE, m.pid, me, "ping");
    expect_text(PIT_TRACE_SEND, m.pid, me, "pong");
    ask(m.pid, 5); /* the other way round */
    expect_text(PIT_TRACE_RECEIVE, m.pid, me, "ping");
    pit_send(m.pid, stop);
    expect_end(m, "normal");
    expect_no_more(m.pid);
}

/* OTP: trace_SUITE/send_trace (send_to_non_existing_process). */
NODE_CASE(a_send_to_nobody_says_so)
{
    pit_tracer t = open_to_me();
    pit_monitored gone = spawn_watched(sends_to, &(pit_pid){0}, sizeof(pit_pid)), p;

    pit_exit_process(gone.pid, pit_atom("kill"));
    expect_end(gone, "killed");
    p = spawn_watched(sends_to, &gone.pid, sizeof gone.pid);
    CHECK_EQ(pit_trace(t, p.pid, PIT_TRACE_SEND | PIT_TRACE_SEND_GONE), 0);
    pit_send(p.pid, stop);
    expect_text(PIT_TRACE_SEND_GONE, p.pid, gone.pid, "ping");
    expect_end(p, "normal");
    expect_no_more(p.pid);
}

PIT_MESSAGE(sends_how, (pit_ref, alias), (pit_ref, first));
PIT_MESSAGE(by_alias);
PIT_MESSAGE(by_priority);
PIT_MESSAGE(by_try);
PIT_MESSAGE(by_name);
PIT_MESSAGE(in_place);

static void sends_in_all_ways(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;
    struct sends_how how = *pit_receive_only(sends_how, PIT_INFINITY);

    pit_send(how.alias, by_alias);
    pit_send_priority(how.first, by_priority);
    CHECK_EQ(pit_try_send(to, by_try), 0);
    CHECK_EQ(pit_send_name("traced_receiver", &pit_type_by_name, &(struct by_name){0}), 0);
    pit_message_send(to, pit_new(in_place));
}

/* A message is traced by whatever way it leaves. ALIAS-5, SIG-4, SIG-8. */
NODE_CASE(every_way_to_send_is_traced)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self(), to = spawn_anywhere(wait_forever, NULL, 0);
    pit_monitored p = spawn_watched(sends_in_all_ways, &me, sizeof me);

    CHECK_EQ(pit_register("traced_receiver", to), 0);
    CHECK_EQ(pit_trace(t, p.pid, PIT_TRACE_SEND | PIT_TRACE_SEND_GONE), 0);
    pit_send(p.pid, sends_how, .alias = pit_alias(), .first = pit_alias_with(.priority = true));
    expect_text(PIT_TRACE_SEND, p.pid, me, "by_alias");
    expect_text(PIT_TRACE_SEND, p.pid, me, "by_priority");
    expect_text(PIT_TRACE_SEND, p.pid, me, "by_try");
    expect_text(PIT_TRACE_SEND, p.pid, to, "by_name");
    expect_text(PIT_TRACE_SEND, p.pid, me, "in_place");
    expect_end(p, "normal");
    CHECK(pit_receive_type(&pit_type_by_alias, 0));
    CHECK(pit_receive_type(&pit_type_by_priority, 0));
    CHECK(pit_receive_type(&pit_type_by_try, 0));
    CHECK(pit_receive_type(&pit_type_in_place, 0));
    expect_no_more(p.pid);
}

static void answers(void *state, const pit_msg *m)
{
    if (pit_is(m, ping))
        (void)pit_answer(m, &pit_type_pong, &(struct pong){.n = pit_as(m, ping)->n});
}

static void calls(const void *arg)
{
    struct pong reply = {0};

    (void)pit_receive(PIT_INFINITY);
    CHECK_EQ(pit_try_call(*(const pit_pid *)arg, &pit_type_ping, &(struct ping){.n = 7}, A_WHILE,
                          &pit_type_pong, &reply),
             0);
    CHECK_EQ(reply.n, 7);
}

/* Calls and their answers are messages like others. */
NODE_CASE(calls_and_answers_are_traced_on_both_sides)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self(),
            server = pit_spawn_handler_with(answers, NULL, 0, .scheduler = PIT_ANYWHERE);
    pit_monitored p = spawn_watched(calls, &server, sizeof server);

    CHECK_EQ(pit_trace(t, server, PIT_TRACE_MESSAGES), 0);
    CHECK_EQ(pit_trace(t, p.pid, PIT_TRACE_MESSAGES), 0);
    pit_send(p.pid, stop);
    expect_text(PIT_TRACE_RECEIVE, p.pid, me, "stop");
    expect_text(PIT_TRACE_SEND, p.pid, server, "ping");
    expect_text(PIT_TRACE_RECEIVE, server, p.pid, "ping");
    expect_text(PIT_TRACE_SEND, server, p.pid, "pong");
    expect_text(PIT_TRACE_RECEIVE, p.pid, server, "pong");
    expect_end(p, "normal");
    expect_no_more(PIT_NO_PID);
}

/* OTP: trace_SUITE/procs_trace, procs_trace_self. */
NODE_CASE(the_life_of_a_process_is_traced)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self(), p = spawn_anywhere(obeys, NULL, 0), other, c;
    const pit_trace_event *e;

    other = spawn_anywhere(obeys, NULL, 0);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_PROCS), 0);
    CHECK_EQ(pit_register("traced", p), 0);
    expect_text(PIT_TRACE_REGISTER, p, PIT_NO_PID, "traced");
    c = child_of(p);
    expect_text(PIT_TRACE_SPAWN, p, c, "obeys");
    expect_event(PIT_TRACE_LINK, p, c);
    pit_send(p, do_link, .to = other, .undo = false);
    expect_event(PIT_TRACE_LINK, p, other);
    pit_send(p, do_link, .to = other, .undo = true);
    expect_event(PIT_TRACE_UNLINK, p, other);
    pit_send(other, do_link, .to = p, .undo = false);
    expect_event(PIT_TRACE_GETTING_LINKED, p, other);
    pit_send(other, do_link, .to = p, .undo = true);
    expect_event(PIT_TRACE_GETTING_UNLINKED, p, other);
    pit_send(c, stop);
    expect_event(PIT_TRACE_GETTING_UNLINKED, p, c);
    CHECK_EQ(pit_unregister("traced"), 0);
    expect_text(PIT_TRACE_UNREGISTER, p, PIT_NO_PID, "traced");
    CHECK_EQ(pit_register("again", p), 0);
    expect_text(PIT_TRACE_REGISTER, p, PIT_NO_PID, "again");
    pit_exit_process(p, pit_atom("kill"));
    e = expect_event(PIT_TRACE_EXIT, p, PIT_NO_PID);
    CHECK_STR(e->text, "killed");
    CHECK_EQ(e->number, PIT__EXIT_KIND_KILLED);
    expect_text(PIT_TRACE_UNREGISTER, p, PIT_NO_PID, "again");
    expect_no_more(p);
    pit_send(other, stop);
    CHECK(me.id);
}

static void times_and_watches(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;
    pit_ref r;

    (void)pit_receive(PIT_INFINITY);
    r = pit_monitor(to);
    CHECK_EQ(pit_demonitor(r, 0), 1);
    r = pit_start_timer(60000, to, 1);
    CHECK(pit_cancel_timer(r) > 0);
    (void)pit_start_timer(0, pit_self(), 2);
    CHECK(pit_receive_type(&pit_type_pit_timeout, A_WHILE));
}

/* Monitors and timers. */
NODE_CASE(monitors_and_timers_are_traced)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self();
    pit_monitored p = spawn_watched(times_and_watches, &me, sizeof me);
    uint64_t number;

    CHECK_EQ(pit_trace(t, p.pid, PIT_TRACE_MONITORS | PIT_TRACE_TIMERS), 0);
    pit_send(p.pid, stop);
    number = expect_event(PIT_TRACE_MONITOR, p.pid, me)->number;
    CHECK_EQ(expect_event(PIT_TRACE_DEMONITOR, p.pid, me)->number, number);
    number = expect_event(PIT_TRACE_TIMER_START, p.pid, me)->number;
    CHECK_EQ(expect_event(PIT_TRACE_TIMER_CANCEL, p.pid, me)->number, number);
    number = expect_event(PIT_TRACE_TIMER_START, p.pid, p.pid)->number;
    CHECK_EQ(expect_event(PIT_TRACE_TIMER_FIRE, p.pid, PIT_NO_PID)->number, number);
    expect_end(p, "normal");
    expect_no_more(p.pid);
}

/* OTP: trace_SUITE/running trace. Each `in` is followed by an `out`, and they tell where. Both
   kinds of body. */
NODE_CASE(in_and_out_alternate)
{
    pit_tracer t = open_to_me();
    pit_pid server = pit_spawn_handler_with(answers, NULL, 0, .scheduler = PIT_ANYWHERE),
            p = spawn_anywhere(obeys, NULL, 0), both[2] = {server, p};

    ask(p, 1);
    for (int k = 0; k < 2; k++) {
        bool in = false;
        int ins = 0, outs = 0, idle = 0;

        CHECK_EQ(pit_trace(t, both[k], PIT_TRACE_RUNNING), 0);
        for (uint32_t i = 0; i < 20; i++) {
            struct pong reply;

            if (k == 0)
                CHECK_EQ(pit_try_call(server, &pit_type_ping, &(struct ping){.n = i}, A_WHILE,
                                      &pit_type_pong, &reply),
                         0);
            else
                ask(p, i);
        }
        CHECK_EQ(pit_trace(t, both[k], 0), 0);
        (void)pit_trace_delivered(both[k]);
        for (;;) {
            const pit_msg *m = pit_receive(A_WHILE);
            const pit_trace_event *e;

            CHECK(m);
            if (pit_is(m, pit_trace_delivered))
                break;
            e = pit_as(m, pit_trace_event);
            CHECK(pit_pid_equal(e->pid, both[k]));
            if (e->event == PIT_TRACE_IN) {
                CHECK(!in);
                CHECK_EQ(e->number, e->scheduler);
                in = true;
                ins++;
            } else {
                CHECK_EQ(e->event, PIT_TRACE_OUT);
                CHECK(in || !ins); /* it may have been running when it was traced */
                in = false;
                outs++;
                idle += e->number == 1;
            }
        }
        CHECK(ins >= 1 && outs >= 1 && idle >= 1);
    }
}

/* SIG-1: what is asked of one process comes behind the events of what it was sent before. */
NODE_CASE(what_one_did_is_delivered_before_it_is_said_to_be)
{
    enum { N = 20 };
    pit_tracer t = open_to_me();

    for (int round = 0; round < 10; round++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        int events = 0;
        const pit_msg *m;

        CHECK_EQ(pit_trace(t, p, PIT_TRACE_RECEIVE), 0);
        for (uint32_t i = 0; i < N; i++)
            pit_send(p, ping, .n = i);
        (void)pit_trace_delivered(p);
        while ((m = pit_receive(A_WHILE)) && !pit_is(m, pit_trace_delivered))
            events += pit_as(m, pit_trace_event)->event == PIT_TRACE_RECEIVE;
        CHECK_EQ(events, N);
        pit_exit_process(p, pit_atom("kill"));
    }
    expect_alone();
}

/* ---- who gets a trace */

/* OTP: trace_SUITE/set_on_spawn, set_on_first_spawn. */
NODE_CASE(children_inherit_or_only_the_first)
{
    pit_tracer t = open_to_me();
    pit_pid p = spawn_anywhere(obeys, NULL, 0), a, b, c;

    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SPAWN | PIT_TRACE_SPAWNED | PIT_TRACE_SET_ON_SPAWN), 0);
    a = child_of(p);
    expect_event(PIT_TRACE_SPAWN, p, a);
    expect_text(PIT_TRACE_SPAWNED, a, p, "obeys");
    b = child_of(a);
    expect_event(PIT_TRACE_SPAWN, a, b);
    expect_event(PIT_TRACE_SPAWNED, b, a);
    CHECK_EQ(pit_trace_info(b, NULL), PIT_TRACE_SPAWN | PIT_TRACE_SPAWNED | PIT_TRACE_SET_ON_SPAWN);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SPAWNED | PIT_TRACE_SET_ON_FIRST_SPAWN), 0);
    a = child_of(p);
    c = child_of(p);
    expect_event(PIT_TRACE_SPAWNED, a, p);
    expect_no_more(PIT_NO_PID);
    CHECK_EQ(pit_trace_info(p, NULL), PIT_TRACE_SPAWNED);
    CHECK_EQ(pit_trace_info(a, NULL), PIT_TRACE_SPAWNED);
    CHECK_EQ(pit_trace_info(c, NULL), 0);
}

static void requests(const void *arg)
{
    pit_ref r =
        pit_spawn_request(obeys, NULL, 0, .link = true, .monitor = true, .scheduler = PIT_ANYWHERE);
    const pit_msg *m = pit_receive_type(&pit_type_pit_spawn_reply, A_WHILE);

    CHECK(m);
    pit_send(*(const pit_pid *)arg, child, .pid = pit_as(m, pit_spawn_reply)->pid);
    (void)pit_receive(PIT_INFINITY);
    CHECK(r.number);
}

/* A process that is asked for is spawned like others. */
NODE_CASE(spawn_requests_are_traced)
{
    pit_tracer t = open_to_me();
    pit_pid me = pit_self(), p, c;
    const pit_msg *m;

    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, PIT_TRACE_PROCS | PIT_TRACE_MONITORS), 0);
    p = spawn_anywhere(requests, &me, sizeof me);
    m = pit_receive_type(&pit_type_child, A_WHILE);
    CHECK(m);
    c = pit_as(m, child)->pid;
    expect_event(PIT_TRACE_SPAWNED, p, me);
    expect_event(PIT_TRACE_SPAWN, p, c);
    expect_event(PIT_TRACE_SPAWNED, c, p);
    expect_event(PIT_TRACE_LINK, p, c);
    expect_event(PIT_TRACE_GETTING_LINKED, c, p);
    expect_event(PIT_TRACE_MONITOR, p, c);
    expect_no_more(PIT_NO_PID);
}

/* OTP: trace_SUITE/set_on_link, set_on_first_link. */
NODE_CASE(the_linked_inherit_or_only_the_first)
{
    pit_tracer t = open_to_me();
    pit_pid p = spawn_anywhere(obeys, NULL, 0), a = spawn_anywhere(obeys, NULL, 0),
            b = spawn_anywhere(obeys, NULL, 0), c;
    const uint32_t always = PIT_TRACE_SEND | PIT_TRACE_SET_ON_LINK,
                   first = PIT_TRACE_SEND | PIT_TRACE_SET_ON_FIRST_LINK;

    CHECK_EQ(pit_trace(t, p, always), 0);
    pit_send(p, do_link, .to = a, .undo = false);
    c = child_of(p);
    ask(p, 1);
    CHECK_EQ(pit_trace_info(a, NULL), always);
    CHECK_EQ(pit_trace_info(c, NULL), always);
    CHECK_EQ(pit_trace(t, a, first), 0);
    pit_send(a, do_link, .to = b, .undo = false);
    c = child_of(a);
    CHECK_EQ(pit_trace_info(a, NULL), PIT_TRACE_SEND);
    CHECK_EQ(pit_trace_info(b, NULL), PIT_TRACE_SEND);
    CHECK_EQ(pit_trace_info(c, NULL), 0);
}

/* A filter on the name, and what process_info says. INFO-4. */
NODE_CASE(a_trace_by_name_is_of_who_has_it_now)
{
    pit_tracer t = open_to_me();
    pit_pid p = spawn_anywhere(obeys, NULL, 0);
    pit_process_info info;

    CHECK_EQ(pit_trace_name(t, "nobody_has_it", PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_register("has_it", p), 0);
    CHECK_EQ(pit_trace_name(t, "has_it", PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace_info(p, NULL), PIT_TRACE_SEND);
    CHECK_EQ(pit_process_info_of(p, &info), 0); /* INFO-4: trace */
    CHECK_EQ(info.trace, PIT_TRACE_SEND);
    CHECK(pit_pid_equal(info.tracer, pit_self()));
}

/* OTP: trace_SUITE/existing, new, all (trace(all | existing | new, ...)). */
NODE_CASE(node_wide_traces_are_of_existing_new_or_all)
{
    enum { N = 40 };
    pit_tracer t = open_to_me();
    pit_pid old[N], p, q;
    int64_t n;

    for (int i = 0; i < N; i++)
        old[i] = spawn_anywhere(obeys, NULL, 0);
    n = pit_trace_all(t, PIT_TRACE_EXISTING, PIT_TRACE_SEND);
    /* the runtime may have processes of its own; this one is a tracer and is not traced */
    CHECK(n >= N);
    for (int i = 0; i < N; i++)
        CHECK_EQ(pit_trace_info(old[i], NULL), PIT_TRACE_SEND);
    CHECK_EQ(pit_trace_info(pit_self(), NULL), 0);
    p = spawn_anywhere(obeys, NULL, 0);
    CHECK_EQ(pit_trace_info(p, NULL), 0);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_EXISTING, 0), n);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_EXISTING, 0), 0);
    CHECK_EQ(pit_trace_info(old[7], NULL), 0);

    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, PIT_TRACE_SPAWNED), 0);
    CHECK_EQ(pit_trace_info(old[7], NULL), 0);
    p = spawn_anywhere(obeys, NULL, 0);
    expect_event(PIT_TRACE_SPAWNED, p, pit_self());
    q = child_of(old[3]);
    expect_event(PIT_TRACE_SPAWNED, q, old[3]);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, 0), 0);
    q = spawn_anywhere(obeys, NULL, 0);
    CHECK_EQ(pit_trace_info(q, NULL), 0);
    CHECK_EQ(pit_trace_info(p, NULL), PIT_TRACE_SPAWNED);

    n = pit_trace_all(t, PIT_TRACE_EXISTING | PIT_TRACE_NEW, PIT_TRACE_EXIT);
    CHECK(n >= N + 4);
    p = spawn_anywhere(obeys, NULL, 0);
    pit_send(p, stop);
    expect_text(PIT_TRACE_EXIT, p, PIT_NO_PID, "normal");
    pit_send(old[0], stop);
    expect_text(PIT_TRACE_EXIT, old[0], PIT_NO_PID, "normal");
    expect_no_more(PIT_NO_PID);
}

/* ---- order */

/* OTP: trace_SUITE/delivered. What causes comes before what it causes; of one process all is in
   order. */
NODE_CASE(events_come_in_the_order_of_their_causes)
{
    enum { N = 8, ROUNDS = 100 };
    pit_tracer t = open_to_me();
    pit_pid p[N], me = pit_self();
    uint64_t sent = 0, received = 0;

    for (int i = 0; i < N; i++) {
        p[i] = spawn_anywhere(obeys, NULL, 0);
        CHECK_EQ(pit_trace(t, p[i], PIT_TRACE_MESSAGES), 0);
    }
    for (uint32_t r = 0; r < ROUNDS; r++)
        for (int i = 0; i < N; i++)
            pit_send(p[i], ping, .n = r);
    for (int i = 0; i < N * ROUNDS; i++)
        CHECK(pit_receive_type(&pit_type_pong, A_WHILE));
    (void)pit_trace_delivered(PIT_NO_PID);
    for (;;) {
        const pit_msg *m = pit_receive(A_WHILE);
        const pit_trace_event *e;

        CHECK(m);
        if (pit_is(m, pit_trace_delivered))
            break;
        e = pit_as(m, pit_trace_event);
        if (e->event == PIT_TRACE_SEND) {
            CHECK(pit_pid_equal(e->peer, me));
            CHECK(++sent <= received);
        } else if (e->event == PIT_TRACE_RECEIVE)
            received++;
    }
    CHECK_EQ(sent, N * ROUNDS);
    CHECK_EQ(received, N * ROUNDS);
}
