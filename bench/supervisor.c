/*
 * supervisor_restart: one child, killed and restarted, again and again; each restart is timed from the kill to the
 * new child's own word that it is up. supervisor_children: N children started, then the supervisor told to stop.
 *
 * The children are gen_servers, started synchronously as supervisors start them.
 */
#include "bench/bench.h"

#include <stdlib.h>
#include <string.h>

PIT_MESSAGE(bench_up, (uint64_t, nothing));

#define child_protocol(CALL, CAST) CALL(ping, (), ((bool, alive)))
PIT_PROTOCOL(child);

struct child {
    pit_pid watcher;
};

static int init(struct child *self, const void *arg)
{
    if (arg) {
        self->watcher = *(const pit_pid *)arg;
        pit_send(self->watcher, bench_up, .nothing = 0);
    }
    return 0;
}

static void on_ping(struct child *self, const struct child_ping *m, struct child_ping_reply *r) { r->alive = true; }

PIT_SERVER(child, struct child, .init = init);

/* ---- supervisor_restart ---- */

static pit_pid watcher; /* set before the supervisor starts */

static pit_pid start_watched(const void *arg) { return pit_server_start_link(&child_server, &watcher, sizeof watcher); }

static pit_sup_spec one_child(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_ONE_FOR_ONE,
        .intensity = 1000000000,
        .period = 1,
        .children = PIT_CHILDREN({.id = "child", .start = start_watched}),
    };
}

static pit_pid next_up(void) { return (pit_receive_type(&pit_type_bench_up, PIT_INFINITY))->from; }

int bench_supervisor_restart(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    int64_t *latency = bench_memory(n, sizeof *latency);

    BENCH_CHECK(n > 0);
    watcher = pit_self();
    pit_must(pit_supervisor_start_link(one_child, NULL, 0));
    pit_pid child = next_up();

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++) {
        int64_t killed = pit_now();

        pit_exit_process(child, pit_atom("kill"));
        pit_pid next = next_up();
        latency[i] = pit_now() - killed;
        BENCH_CHECK(!pit_pid_equal(next, child));
        child = next;
    }
    bench_report_rate("restarts_per_s", n, since);
    bench_report_percentiles("restart_us", latency, n, true);
    BENCH_CHECK(child_ping(child).alive);
    return 0;
}
