/*
 * What the tests of traces share (test_trace.c, test_tracer.c): a process that does what it is
 * told, and the events that a case wants, one after the other.
 */
#ifndef TESTS_RUNTIME_TRACED_H
#define TESTS_RUNTIME_TRACED_H

#include "tests/runtime/node.h"

#include <pit/trace.h>

PIT_MESSAGE(ping, (uint32_t, n));
PIT_MESSAGE(pong, (uint32_t, n));
PIT_MESSAGE(stop);
PIT_MESSAGE(do_link, (pit_pid, to), (bool, undo));
PIT_MESSAGE(do_spawn, (pit_pid, tell));
PIT_MESSAGE(child, (pit_pid, pid));

static inline void no_log(enum pit_log_level level, const char *text, size_t length) {}

static inline const pit_trace_event *next_event(void)
{
    const pit_msg *m = pit_receive_type(&pit_type_pit_trace_event, A_WHILE);

    CHECK(m);
    return pit_payload(m);
}

/* The next event is this one, of pid, with this peer. */
static inline const pit_trace_event *expect_event(uint32_t event, pit_pid pid, pit_pid peer)
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

static inline void expect_text(uint32_t event, pit_pid pid, pit_pid peer, const char *text)
{
    CHECK_STR(expect_event(event, pid, peer)->text, text);
}

/* All that was traced of pid so far has been looked at. */
static inline void expect_no_more(pit_pid pid)
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

static inline pit_tracer open_to_me(void)
{
    pit_tracer t = pit_tracer_open((pit_tracer_opts){0});

    CHECK(t.id > 0);
    return t;
}

static inline void obeys(const void *arg)
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

static inline pit_pid child_of(pit_pid p)
{
    const pit_msg *m;

    pit_send(p, do_spawn, .tell = pit_self());
    m = pit_receive_type(&pit_type_child, A_WHILE);
    CHECK(m);
    return pit_as(m, child)->pid;
}

static inline void ask(pit_pid p, uint32_t n)
{
    const pit_msg *m;

    pit_send(p, ping, .n = n);
    m = pit_receive_type(&pit_type_pong, A_WHILE);
    CHECK(m);
    CHECK_EQ(pit_as(m, pong)->n, n);
}

static inline void sends_to(const void *arg)
{
    (void)pit_receive(PIT_INFINITY);
    pit_send(*(const pit_pid *)arg, ping, .n = 1);
}

#endif
