/*
 * Goal: traces (issue "process semantics"; Erlang's trace): each event, who gets a trace, the order of events, the limits, and that a
 *   tracer's end ends its traces. Method: cases in a node (node.h), on 1, 2, 4 schedulers and while processes are moved. Function
 *   tracers write into a table of atomics, since they run on several threads.
 */
#include "tests/runtime/node.h"

#include <stdio.h>

#include <pit/trace.h>

PIT_MESSAGE(ping, (uint32_t, n));
PIT_MESSAGE(pong, (uint32_t, n));
PIT_MESSAGE(stop);
PIT_MESSAGE(do_link, (pit_pid, to), (bool, undo));
PIT_MESSAGE(do_spawn, (pit_pid, tell));
PIT_MESSAGE(child, (pit_pid, pid));

/* ---- what cases say */

static void no_log(enum pit_log_level level, const char *text, size_t length) {}

static const pit_trace_event *next_event(void)
{
    const pit_msg *m = pit_receive_type(&pit_type_pit_trace_event, A_WHILE);

    CHECK(m);
    return pit_payload(m);
}

/* The next event is this one, of pid, with this peer. */
static const pit_trace_event *expect_event(uint32_t event, pit_pid pid, pit_pid peer)
{
    const pit_trace_event *e = next_event();

    if (e->event != event || !pit_pid_equal(e->pid, pid) || !pit_pid_equal(e->peer, peer)) {
        char text[300];

        (void)pit_trace_text(e, NULL, text, sizeof text);
        pit_test_fail(__FILE__, __LINE__, "wanted event %x, got %x: %s", event, e->event, text);
    }
    CHECK(e->when_ns > 0);
    return e;
}

static void expect_text(uint32_t event, pit_pid pid, pit_pid peer, const char *text)
{
    CHECK_STR(expect_event(event, pid, peer)->text, text);
}

/* All that was traced of pid so far has been looked at. */
static void expect_no_more(pit_pid pid)
{
    pit_ref ref = pit_trace_delivered(pid);
    const pit_msg *m;

    CHECK(ref.owner.id > 0);
    m = pit_receive(A_WHILE);
    CHECK(m);
    if (m->type == &pit_type_pit_trace_event) {
        char text[300];

        (void)pit_trace_text(pit_payload(m), NULL, text, sizeof text);
        pit_test_fail(__FILE__, __LINE__, "one event more: %s", text);
    }
    CHECK(pit_is(m, pit_trace_delivered));
    CHECK(pit_ref_equal(pit_as(m, pit_trace_delivered)->ref, ref));
    CHECK(pit_pid_equal(pit_as(m, pit_trace_delivered)->pid, pid));
}

static pit_tracer open_to_me(void)
{
    pit_tracer t = pit_tracer_open((pit_tracer_opts){0});

    CHECK(t.id > 0);
    return t;
}

static void obeys(const void *arg)
{
    (void)pit_trap_exit(true);
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        if (pit_is(m, ping))
            pit_send(m->from, pong, .n = pit_as(m, ping)->n);
        else if (pit_is(m, do_link) && pit_as(m, do_link)->undo)
            pit_unlink(pit_as(m, do_link)->to);
        else if (pit_is(m, do_link))
            pit_link(pit_as(m, do_link)->to);
        else if (pit_is(m, do_spawn))
            pit_send(pit_as(m, do_spawn)->tell, child,
                     .pid = pit_spawn_with(obeys, NULL, 0, .link = true, .label = "obeys",
                                           .scheduler = PIT_ANYWHERE));
        else if (pit_is(m, stop))
            return;
    }
}

static pit_pid child_of(pit_pid p)
{
    const pit_msg *m;

    pit_send(p, do_spawn, .tell = pit_self());
    m = pit_receive_type(&pit_type_child, A_WHILE);
    CHECK(m);
    return pit_as(m, child)->pid;
}

static void ask(pit_pid p, uint32_t n)
{
    const pit_msg *m;

    pit_send(p, ping, .n = n);
    m = pit_receive_type(&pit_type_pong, A_WHILE);
    CHECK(m);
    CHECK_EQ(pit_as(m, pong)->n, n);
}

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

/* Section 11: of a sensitive process nothing is traced, its end neither; its trace stays, and acts when it is so no more. */
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

static void sends_to(const void *arg)
{
    (void)pit_receive(PIT_INFINITY);
    pit_send(*(const pit_pid *)arg, ping, .n = 1);
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

/* OTP: trace_SUITE/running trace. Each `in` is followed by an `out`, and they tell where. Both kinds of body. */
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
    CHECK(
        n >=
        N); /* the runtime may have processes of its own; this one is a tracer and is not traced */
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

/* ---- tracers */

static void takes_events(const void *arg)
{
    pit_tracer t = pit_tracer_open((pit_tracer_opts){0});
    const pit_msg *m = pit_receive_type(&pit_type_child, A_WHILE);

    CHECK(t.id > 0 && m);
    CHECK_EQ(pit_trace(t, pit_as(m, child)->pid, PIT_TRACE_MESSAGES), 0);
    pit_send(m->from, pong, .n = 1);
    (void)pit_receive_type(&pit_type_stop, PIT_INFINITY);
}

/* The tracer's death removes its traces. OTP: trace_SUITE/tracer_exit, tracer_die. */
NODE_CASE(a_tracers_death_ends_its_traces)
{
    for (int i = 0; i < 60; i++) { /* more than there are places: they are free again */
        pit_pid p = spawn_anywhere(obeys, NULL, 0), tracer;
        pit_monitored m = spawn_watched(takes_events, NULL, 0);
        pit_pid to;

        tracer = m.pid;
        pit_send(tracer, child, .pid = p);
        CHECK(pit_receive_type(&pit_type_pong, A_WHILE));
        CHECK_EQ(pit_trace_info(p, &to), PIT_TRACE_MESSAGES);
        CHECK(pit_pid_equal(to, tracer));
        ask(p, 1);
        if (i % 2)
            pit_exit_process(tracer, pit_atom("kill"));
        else
            pit_send(tracer, stop);
        expect_end(m, i % 2 ? "killed" : "normal");
        CHECK_EQ(pit_trace_info(p, NULL), 0);
        ask(p, 2);
        pit_send(p, stop);
    }
    expect_empty();
}

/* A tracer is not traced. OTP: trace_SUITE/self_send, suicidal_tracer: a process cannot trace itself to itself. */
NODE_CASE(a_tracer_is_never_traced)
{
    pit_tracer other = pit_tracer_open((pit_tracer_opts){.function = pit_trace_print}), t;

    pit_log_sink_set(no_log);
    CHECK(other.id > 0);
    CHECK_EQ(pit_trace(other, pit_self(), PIT_TRACE_RECEIVE), 0);
    CHECK_EQ(pit_trace_info(pit_self(), NULL), PIT_TRACE_RECEIVE);
    t = open_to_me();
    CHECK_EQ(pit_trace_info(pit_self(), NULL), 0);
    CHECK_EQ(pit_trace(t, pit_self(), PIT_TRACE_EVERYTHING), -EPERM);
    CHECK_EQ(pit_trace(other, pit_self(), PIT_TRACE_EVERYTHING), -EPERM);
    CHECK_EQ(pit_tracer_close(t), 0);
    CHECK_EQ(pit_trace(other, pit_self(), PIT_TRACE_EVERYTHING), 0);
    CHECK_EQ(pit_tracer_close(other), 0);
    expect_empty();
}

/* What is wrong is said. OTP: trace_SUITE/wrong_flags, trace_info_badarg. */
NODE_CASE(bad_use_is_an_error)
{
    pit_tracer t = open_to_me(),
               u = pit_tracer_open((pit_tracer_opts){.function = pit_trace_print}), more[40];
    pit_pid p = spawn_anywhere(obeys, NULL, 0), garbage = {INT64_C(5) << 27 | 1000000};
    pit_monitored gone = spawn_watched(sends_to, &(pit_pid){0}, sizeof(pit_pid));
    pit_tracer_info info;
    int n = 0;

    pit_exit_process(gone.pid, pit_atom("kill"));
    expect_end(gone, "killed");
    CHECK_EQ(pit_trace(t, gone.pid, PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_trace(t, garbage, PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_trace(t, PIT_NO_PID, PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_trace(t, (pit_pid){INT64_MIN | EINVAL}, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace(t, p, 1u << 30), -EINVAL);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_DROPPED), -EINVAL);
    CHECK_EQ(pit_trace((pit_tracer){0}, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace((pit_tracer){-5}, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace((pit_tracer){INT64_MAX}, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace(u, p, PIT_TRACE_SEND), -EBUSY);
    CHECK_EQ(pit_trace(u, p, 0), 0); /* it has none there to end */
    CHECK_EQ(pit_trace_info(p, NULL), PIT_TRACE_SEND);
    CHECK_EQ(pit_trace_info(gone.pid, NULL), -PIT_ENOPROC);
    CHECK_EQ(pit_trace_all(t, 0, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace_all(t, 4, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace_all(u, PIT_TRACE_NEW, PIT_TRACE_SEND), -EBUSY);
    CHECK_EQ(pit_tracer_close(t), 0);
    CHECK_EQ(pit_tracer_close(t), -EINVAL);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_tracer_info_of(t, &info), -EINVAL);
    CHECK_EQ(pit_trace_all(u, PIT_TRACE_NEW, PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace_all(u, PIT_TRACE_NEW, 0), 0);
    CHECK(pit_tracer_open((pit_tracer_opts){.to = gone.pid}).id == (INT64_MIN | PIT_ENOPROC));
    CHECK(pit_tracer_open((pit_tracer_opts){.to = {-1}}).id == (INT64_MIN | EINVAL));
    CHECK(pit_trace_delivered((pit_pid){-1}).owner.id == (INT64_MIN | EINVAL));
    for (; n < 40 && (more[n] = pit_tracer_open((pit_tracer_opts){0})).id > 0; n++)
        ;
    CHECK_EQ(n, 31);
    CHECK(more[n].id == (INT64_MIN | EMFILE));
    while (n--)
        CHECK_EQ(pit_tracer_close(more[n]), 0);
    CHECK((more[0] = pit_tracer_open((pit_tracer_opts){0})).id > 0);
    expect_empty();
}

/* ---- functions */

static struct {
    _Atomic(uint64_t) receives, sends, others, dropped, sum;
    _Atomic(bool) closed;
} seen;

static void note(const pit_trace_event *e, const pit_msg *m, void *context)
{
    char text[400];

    CHECK(context == &seen);
    CHECK(!atomic_load_explicit(&seen.closed, memory_order_relaxed));
    CHECK(pit_trace_text(e, m, text, sizeof text) > 0);
    if (e->event == PIT_TRACE_DROPPED) {
        CHECK(!m);
        atomic_fetch_add(&seen.dropped, e->number);
    } else if (e->event == PIT_TRACE_RECEIVE || e->event == PIT_TRACE_SEND) {
        CHECK(m);
        if (pit_is(m, ping))
            atomic_fetch_add(&seen.sum, pit_as(m, ping)->n);
        atomic_fetch_add(e->event == PIT_TRACE_SEND ? &seen.sends : &seen.receives, 1);
    } else
        atomic_fetch_add(&seen.others, 1);
}

/* A function sees the message itself, and is called no more once its tracer is closed. */
NODE_CASE(a_function_is_called_with_the_message)
{
    pit_tracer t;
    pit_pid p = spawn_anywhere(obeys, NULL, 0);
    pit_tracer_info info;

    memset(&seen, 0, sizeof seen);
    t = pit_tracer_open((pit_tracer_opts){.function = note, .context = &seen});
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_MESSAGES | PIT_TRACE_EXIT), 0);
    for (uint32_t i = 1; i <= 100; i++)
        ask(p, i);
    CHECK_EQ(seen.sum, 5050);
    CHECK_EQ(seen.sends, 100);
    CHECK_EQ(seen.receives, 100);
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    CHECK_EQ(info.taken, 200);
    CHECK_EQ(info.dropped, 0);
    CHECK_EQ(info.backlog, 0);
    CHECK(pit_pid_equal(info.to, pit_self()));
    CHECK_EQ(pit_tracer_close(t), 0);
    atomic_store(&seen.closed, true);
    CHECK_EQ(pit_trace_info(p, NULL), 0);
    ask(p, 1);
    expect_empty();
}

static char printed[4000];

static void keep_log(enum pit_log_level level, const char *text, size_t length)
{
    if (level == PIT_LOG_NOTICE && strlen(printed) + length < sizeof printed)
        strncat(printed, text, length);
}

/* Lines as dbg writes them. */
NODE_CASE_WITH(events_are_printed_as_lines, .schedulers = 1)
{
    pit_tracer t = pit_tracer_open(
        (pit_tracer_opts){.function = pit_trace_print, .context = (void *)(uintptr_t) "trace: "});
    pit_monitored watched = pit_spawn_monitor(obeys, NULL, 0);
    pit_pid p = watched.pid;
    const char *it = text_of(pit_term_of(p)), *me = text_of(pit_term_of(pit_self()));
    char wanted[1000];

    pit_log_sink_set(keep_log);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_MESSAGES | PIT_TRACE_EXIT), 0);
    ask(p, 5);
    pit_exit_process(p, pit_atom("kill"));
    expect_end(watched, "killed");
    CHECK_EQ(pit_tracer_close(t), 0);
    pit_log_sink_set(no_log);
    snprintf(wanted, sizeof wanted,
             "=notice= trace: (%s) << #ping{n = 5}\n=notice= trace: (%s) %s ! #pong{n = 5}\n"
             "=notice= trace: (%s) exit killed\n",
             it, it, me, it);
    CHECK_STR(printed, wanted);
}

/* Of a timer to a name the line says the name, of one to a process the pid. */
NODE_CASE_WITH(the_line_of_a_timer_says_to_whom, .schedulers = 1)
{
    pit_trace_event e = {
        .pid = pit_self(), .number = 7, .event = PIT_TRACE_TIMER_START, .text = "house"};
    const char *me = text_of(pit_term_of(pit_self()));
    char line[200], wanted[200];

    (void)pit_trace_text(&e, NULL, line, sizeof line);
    snprintf(wanted, sizeof wanted, "(%s) timer_start house #7", me);
    CHECK_STR(line, wanted);
    e.text[0] = '\0';
    e.peer = pit_self();
    (void)pit_trace_text(&e, NULL, line, sizeof line);
    snprintf(wanted, sizeof wanted, "(%s) timer_start %s #7", me, me);
    CHECK_STR(line, wanted);
}

/* ---- limits */

/* What does not fit the rate is dropped, counted, and told once; afterwards events come again. */
NODE_CASE(events_beyond_the_rate_are_dropped_and_told)
{
    const uint64_t most =
        4; /* a tenth of a second's, on each scheduler: less than the slowest machine asks for */
    pit_tracer t;
    pit_pid p = spawn_anywhere(obeys, NULL, 0);
    pit_tracer_info info;
    uint64_t all = 0;

    memset(&seen, 0, sizeof seen);
    t = pit_tracer_open((pit_tracer_opts){.function = note, .context = &seen, .rate = 40});
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_RECEIVE), 0);
    for (uint32_t i = 0; i < 2000; i++, all++)
        ask(p, i);
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    CHECK_EQ(info.taken + info.dropped, all);
    CHECK(info.taken >= most);
    CHECK(info.dropped > 0);
    /* The summary of the last drops comes by itself. */
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); seen.dropped < info.dropped;) {
        CHECK(pit_now() < until);
        pit_sleep(5);
    }
    CHECK_EQ(seen.dropped, info.dropped);
    CHECK_EQ(seen.receives, info.taken);
    pit_sleep(120);
    ask(p, 1);
    CHECK_EQ(seen.receives, info.taken + 1);
}

static void floods(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (uint32_t i = 0; i < 3000; i++)
        pit_send(to, ping, .n = i);
}

static void swallows(void *state, const pit_msg *m) {}

/* A tracer that does not keep up has no more than its backlog in its queue, and hears of the rest. */
NODE_CASE(a_slow_tracer_has_a_bounded_backlog)
{
    pit_tracer t = pit_tracer_open((pit_tracer_opts){.backlog = 100, .rate = 100000000});
    pit_pid sink = pit_spawn_handler_with(swallows, NULL, 0, .scheduler = PIT_ANYWHERE);
    pit_monitored f;
    pit_tracer_info info;
    uint64_t told = 0, got = 0;

    CHECK_EQ(pit_trace(t, sink, PIT_TRACE_RECEIVE), 0);
    f = spawn_watched(floods, &sink, sizeof sink);
    expect_end(f, "normal");
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    while (info.taken + info.dropped < 3000) {
        pit_sleep(1);
        CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    }
    CHECK(info.backlog <= 104);
    CHECK(pit_message_count() <= 104);
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); told < info.dropped;) {
        const pit_msg *m = pit_receive_type(&pit_type_pit_trace_event, 1);
        const pit_trace_event *e = m ? pit_payload(m) : NULL;

        CHECK(pit_now() < until);
        if (e && e->event == PIT_TRACE_DROPPED)
            told += e->number;
        else if (e)
            got++;
        CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    }
    while (pit_receive_type(&pit_type_pit_trace_event, 0))
        got++;
    CHECK_EQ(told, info.dropped);
    CHECK_EQ(got, info.taken);
    CHECK_EQ(got + told, 3000);
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    CHECK_EQ(info.backlog, 0);
}

/* ---- order */

/* OTP: trace_SUITE/delivered. What causes comes before what it causes; of one process all is in order. */
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

/* ---- everything at once */

static void lives_wildly(const void *arg)
{
    uint64_t chance = *(const uint64_t *)arg;
    pit_pid friends[4] = {pit_self(), pit_self(), pit_self(), pit_self()};

    (void)pit_trap_exit(true);
    for (int i = 0; i < 60; i++) {
        pit_pid other = friends[pit_test_random_below(&chance, 4)];

        switch (pit_test_random_below(&chance, 9)) {
        case 0:
            if (i < 40) {
                uint64_t seed = pit_test_random(&chance) | 1;

                if (*(const uint64_t *)arg % 4)
                    seed &= ~UINT64_C(3); /* the tree ends */
                else
                    break;
                friends[pit_test_random_below(&chance, 4)] =
                    spawn_anywhere(lives_wildly, &seed, sizeof seed);
            }
            break;
        case 1:
            pit_link(other);
            break;
        case 2:
            pit_unlink(other);
            break;
        case 3:
            (void)pit_demonitor(pit_monitor(other), PIT_DEMONITOR_FLUSH);
            break;
        case 4:
            (void)pit_cancel_timer(pit_start_timer(1, other, 1));
            break;
        case 5:
            (void)pit_receive(0);
            break;
        case 6:
            pit_yield();
            break;
        default:
            pit_send(other, ping, .n = (uint32_t)i);
            break;
        }
    }
    if (pit_test_random_below(&chance, 3) == 0)
        pit_exit(pit_atom("enough"));
}

static void traces_wildly(const void *arg)
{
    uint64_t chance = *(const uint64_t *)arg;
    pit_tracer t = {0};
    pit_pid all[200];

    for (int i = 0; i < 60; i++) {
        size_t n = pit_processes(all, 200);
        pit_pid p = all[pit_test_random_below(&chance, n < 200 ? n : 200)];
        uint32_t events =
            (uint32_t)pit_test_random(&chance) & (PIT_TRACE_EVERYTHING | UINT32_C(0xf) << 24);
        int64_t r = 0;

        switch (pit_test_random_below(&chance, 8)) {
        case 0:
            if (t.id > 0)
                CHECK_EQ(pit_tracer_close(t), 0);
            t = pit_tracer_open(pit_test_random_below(&chance, 2)
                                    ? (pit_tracer_opts){.rate = 20000, .backlog = 500}
                                    : (pit_tracer_opts){.function = note, .context = &seen});
            break;
        case 1:
            r = pit_trace_all(t, 1 + (unsigned)pit_test_random_below(&chance, 3), events);
            break;
        case 2:
            r = pit_trace_all(t, PIT_TRACE_EXISTING | PIT_TRACE_NEW, 0);
            break;
        case 3:
            CHECK(pit_trace_delivered(i % 2 ? p : PIT_NO_PID).owner.id > 0);
            break;
        case 4:
            while (pit_receive(0))
                ;
            break;
        default:
            r = pit_trace(t, p, events);
            break;
        }
        CHECK(r >= 0 || r == -EINVAL || r == -EBUSY || r == -EPERM || r == -PIT_ENOPROC);
        if (t.id < 0)
            t.id = 0;
    }
}

/* Traces are set and cleared at random while processes send, spawn, link, end and are moved: nothing breaks, and all end. */
NODE_CASE(traces_come_and_go_while_processes_live)
{
    uint64_t chance = pit_test_seed();

    memset(&seen, 0, sizeof seen);
    for (uint64_t round = 0; round < pit_test_scale(3, 60); round++) {
        for (int i = 0; i < 12; i++) {
            uint64_t seed = pit_test_random(&chance);

            (void)spawn_anywhere(i % 4 ? lives_wildly : traces_wildly, &seed, sizeof seed);
        }
        expect_alone();
    }
}
