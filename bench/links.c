/*
 * links_monitors: spawn with a monitor and wait for its DOWN; spawn with a link and wait for the
 * trapped exit; monitor a living process and take it back.
 */
#include "bench/bench.h"

static void end_at_once(void *state, const pit_msg *m) { bench_end(); }
static void stay(void *state, const pit_msg *m) {}

static void spawn_and_await_down(uint64_t n)
{
    int64_t since = pit_now();

    for (uint64_t i = 0; i < n; i++) {
        pit_ref ref;
        pit_pid p = pit_spawn_handler_with(end_at_once, NULL, 0, .monitor = true, .ret_ref = &ref);
        const struct pit_down *down =
            pit_as(BENCH_AWAIT(pit_receive_ref(ref, PIT_INFINITY)), pit_down);

        BENCH_CHECK(pit_pid_equal(down->pid, p));
    }
    bench_report_rate("spawn_monitor_down_per_s", n, since);
}

static void spawn_and_await_exit(uint64_t n)
{
    bool trapped = pit_trap_exit(true);
    int64_t since = pit_now();

    for (uint64_t i = 0; i < n; i++) {
        pit_pid p = pit_spawn_handler_link(end_at_once, NULL, 0);
        const struct pit_exited *e = BENCH_AWAIT(pit_receive_only(pit_exited, PIT_INFINITY));

        BENCH_CHECK(pit_pid_equal(e->pid, p));
    }
    bench_report_rate("spawn_link_exit_per_s", n, since);
    pit_trap_exit(trapped);
}

static void monitor_and_forget(uint64_t n)
{
    pit_pid living = pit_spawn_handler(stay, NULL, 0);
    int64_t since = pit_now();

    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_demonitor(pit_monitor(living), PIT_DEMONITOR_FLUSH) == 1);
    bench_report_rate("monitor_demonitor_per_s", n, since);
}

int bench_links_monitors(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);

    spawn_and_await_down(n);
    spawn_and_await_exit(n);
    monitor_and_forget(n);
    return 0;
}
