/*
 * supervisor_restart: one child, killed and restarted, again and again; each restart is timed from
 * the kill to the new child's own word that it is up. supervisor_children: N children started, then
 * the supervisor told to stop.
 *
 * The children are gen_servers, started synchronously as supervisors start them.
 */
#include "bench/bench.h"

#include <stdio.h>
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

static void on_ping(struct child *self, const struct child_ping *m, struct child_ping_reply *r)
{
    r->alive = true;
}

PIT_SERVER(child, struct child, .init = init);

/* ---- supervisor_restart ---- */

static pit_pid watcher; /* set before the supervisor starts */

static pit_pid start_watched(const void *arg)
{
    return pit_server_start_link(&child_server, &watcher, sizeof watcher);
}

static pit_sup_spec one_child(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_ONE_FOR_ONE,
        .intensity = 1000000000,
        .period = 1,
        .children = PIT_CHILDREN({.id = "child", .start = start_watched}),
    };
}

static pit_pid next_up(void)
{
    return BENCH_AWAIT(pit_receive_type(&pit_type_bench_up, PIT_INFINITY))->from;
}

int bench_supervisor_restart(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    int64_t *latency = bench_memory(n, sizeof *latency);

    BENCH_CHECK(n > 0);
    /* each restart is reported; the peer runs without a log, too */
    pit_log_level_set(PIT_LOG_NONE);
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
    free(latency);
    return 0;
}

/* ---- supervisor_children ---- */

static uint64_t child_count;

static pit_pid start_child(const void *arg)
{
    return pit_server_start_link(&child_server, NULL, 0);
}

static pit_child numbered(char *id, size_t size, uint64_t n)
{
    snprintf(id, size, "%llu", (unsigned long long)n);
    return (pit_child){.id = id, .start = start_child};
}

/* As many children as the benchmark was told: their list is made at run time. */
static pit_sup_spec many_children(const void *arg)
{
    enum { ID = 24 };
    pit_child *list = bench_memory(child_count, sizeof *list);
    char *ids = bench_memory(child_count, ID);

    for (uint64_t i = 0; i < child_count; i++)
        list[i] = numbered(ids + i * ID, ID, i);
    pit_sup_spec spec = {.strategy = PIT_ONE_FOR_ONE, .children = pit__children(list, child_count)};
    free(list);
    free(ids);
    return spec;
}

static pit_sup_spec no_children(const void *arg)
{
    return (pit_sup_spec){.strategy = PIT_ONE_FOR_ONE};
}

static pit_sup_spec one_kind(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_SIMPLE_ONE_FOR_ONE,
        .children = PIT_CHILDREN({.id = "child", .start = start_child}),
    };
}

static pit_pid start_static(void)
{
    return pit_must(pit_supervisor_start_link(many_children, NULL, 0));
}

static pit_pid start_dynamic(void)
{
    pit_pid sup = pit_must(pit_supervisor_start_link(no_children, NULL, 0));
    char id[24];

    for (uint64_t i = 0; i < child_count; i++)
        pit_must(pit_supervisor_add_child(sup, numbered(id, sizeof id, i)));
    return sup;
}

static pit_pid start_simple(void)
{
    pit_pid sup = pit_must(pit_supervisor_start_link(one_kind, NULL, 0));

    for (uint64_t i = 0; i < child_count; i++)
        pit_must(pit_supervisor_start_simple(sup, NULL, 0));
    return sup;
}

int bench_supervisor_children(char **argv)
{
    pit_pid (*start)(void) = !strcmp(argv[0], "static")    ? start_static
                             : !strcmp(argv[0], "dynamic") ? start_dynamic
                             : !strcmp(argv[0], "simple")  ? start_simple
                                                           : NULL;
    if (!start)
        bench_fail("supervisor_children: static, dynamic or simple, not %s", argv[0]);
    child_count = bench_number(argv[1], UINT32_MAX);

    int64_t since = pit_now();
    pit_pid sup = start();
    bench_report("start_s", (double)(pit_now() - since) / 1e9);
    BENCH_CHECK(pit_supervisor_count_children(sup).active == child_count);

    pit_unlink(sup);
    pit_ref ref = pit_monitor(sup);
    since = pit_now();
    pit_exit_process(sup, pit_atom("shutdown"));
    pit_receive_ref(ref, PIT_INFINITY);
    bench_report("shutdown_s", (double)(pit_now() - since) / 1e9);
    return 0;
}
