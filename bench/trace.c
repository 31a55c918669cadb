/*
 * What a trace costs: ping_pong (messages.c) once more, while
 *   off      another process is traced and these two are not: it must cost what it costs without any trace
 *   limited  every send and receive of the two is given to a function, at the default rate: what is beyond is dropped
 *   on       the same without a limit
 * The events are counted: with `on` none may be missing.
 */
#include "bench/bench.h"

#include <stdatomic.h>
#include <string.h>

#include <pit/trace.h>

PIT_MESSAGE(trace_ping, (uint64_t, n));

static _Atomic(uint64_t) events;

static void count_event(const pit_trace_event *e, const pit_msg *m, void *context)
{
    atomic_fetch_add_explicit(&events, 1, memory_order_relaxed);
}

static void echo(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send(m->from, trace_ping, .n = pit_as(m, trace_ping)->n);
    }
}

struct asker {
    pit_pid echo, first;
    uint64_t count;
};

static void asker(const void *arg)
{
    const struct asker *self = arg;

    (void)pit_receive(PIT_INFINITY); /* until the trace is set */
    for (uint64_t i = 0; i < self->count; i++) {
        pit_send(self->echo, trace_ping, .n = i);
        BENCH_CHECK(pit_as(pit_receive(PIT_INFINITY), trace_ping)->n == i);
    }
    pit_send(self->first, bench_done, .count = self->count);
}

static void waits(const void *arg) { (void)pit_receive(PIT_INFINITY); }

int bench_trace(char **argv)
{
    bool off = !strcmp(argv[0], "off"), on = !strcmp(argv[0], "on");
    uint64_t n = bench_number(argv[1], UINT32_MAX);
    pit_tracer t =
        pit_tracer_open((pit_tracer_opts){.function = count_event, .rate = on ? UINT32_MAX : 0});
    struct asker arg = {.echo = pit_spawn_link(echo, NULL, 0), .first = pit_self(), .count = n};
    pit_pid a = pit_spawn_link(asker, &arg, sizeof arg), bystander = pit_spawn(waits, NULL, 0);
    pit_tracer_info info;

    if (!off && !on && strcmp(argv[0], "limited") != 0)
        bench_fail("trace: off, limited or on");
    BENCH_CHECK(pit_trace(t, off ? bystander : a, PIT_TRACE_MESSAGES) == 0);
    BENCH_CHECK(off || pit_trace(t, arg.echo, PIT_TRACE_MESSAGES) == 0);
    int64_t since = pit_now();
    pit_send(a, trace_ping, .n = 0);
    BENCH_CHECK(bench_wait_done(1) == n);
    bench_report_rate("msgs_per_s", 2 * n, since);
    BENCH_CHECK(pit_tracer_info_of(t, &info) == 0);
    BENCH_CHECK(info.taken + info.dropped == (off ? 0 : 4 * n + 2));
    BENCH_CHECK(!on || atomic_load(&events) == 4 * n + 2);
    bench_report("events_dropped", (double)info.dropped);
    return 0;
}
