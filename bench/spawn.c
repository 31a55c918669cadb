/*
 * spawn: processes that start, count themselves and end.  spawn_idle: processes that start and then
 * wait for ever.
 *
 * spawn uses a callback process, which is what a program would take for a short job: it holds no
 * stack of its own unless it blocks. spawn_idle takes one of three kinds, since what an idle
 * process costs is the question: callback, stack, or gen_server (synchronous start included).
 */
#include "bench/bench.h"

#include <stdatomic.h>
#include <string.h>

/* shared by all, like the counter that the peers' processes count on */
static _Atomic uint64_t started;
static uint64_t expected;
static pit_pid first;

static void count_and_end(void *state, const pit_msg *m)
{
    if (atomic_fetch_add_explicit(&started, 1, memory_order_relaxed) + 1 == expected)
        pit_send(first, bench_done, .count = expected);
    bench_end();
}

int bench_spawn(char **argv)
{
    expected = bench_number(argv[0], UINT32_MAX);
    first = pit_self();

    int64_t since = pit_now();
    for (uint64_t i = 0; i < expected; i++)
        pit_spawn_handler(count_and_end, NULL, 0);
    BENCH_CHECK(bench_wait_done(1) == expected);
    bench_report_rate("spawns_per_s", expected, since);
    return 0;
}

static void idle_callback(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start))
        atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
}

static void idle_stack(const void *arg)
{
    atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
    pit_receive(PIT_INFINITY);
}

#define idler_protocol(CALL, CAST) CALL(ask, (), ((uint64_t, answer)))
PIT_PROTOCOL(idler);

struct idler {
    uint64_t answer;
};

static int idler_init(struct idler *self, const void *arg)
{
    atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
    return 0;
}

static void on_ask(struct idler *self, const struct idler_ask *m, struct idler_ask_reply *r)
{
    r->answer = self->answer;
}

PIT_SERVER(idler, struct idler, .init = idler_init);

static void start_callback(void) { pit_spawn_handler(idle_callback, NULL, 0); }
static void start_stack(void) { pit_spawn(idle_stack, NULL, 0); }
static void start_gen_server(void) { pit_must(pit_server_start(&idler_server, NULL, 0)); }

int bench_spawn_idle(char **argv)
{
    void (*start)(void) = !strcmp(argv[0], "callback")     ? start_callback
                          : !strcmp(argv[0], "stack")      ? start_stack
                          : !strcmp(argv[0], "gen_server") ? start_gen_server
                                                           : NULL;
    if (!start)
        bench_fail("spawn_idle: callback, stack or gen_server, not %s", argv[0]);
    expected = bench_number(argv[1], UINT32_MAX);

    double before = bench_resident_bytes();
    int64_t since = pit_now();
    for (uint64_t i = 0; i < expected; i++)
        start();
    bench_waits(true);
    while (atomic_load_explicit(&started, memory_order_relaxed) < expected)
        pit_sleep(1);
    bench_waits(false);
    bench_report_rate("spawns_per_s", expected, since);
    pit_sleep(200);
    bench_report("rss_bytes_per_process", (bench_resident_bytes() - before) / (double)expected);
    BENCH_CHECK(started == expected);
    return 0;
}
