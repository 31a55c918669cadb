/*
 * pitboss-bench: every benchmark of the runtime in one program, on the same work as the programs in
 * peers/.
 *
 *   pitboss-bench [--schedulers N] NAME [ARGUMENT...]     (the option may stand anywhere)
 *
 * Prints `metric value` lines. Exit status: 0; 1: the result was wrong, or the node could not
 * start; 2: usage; 3: this build cannot do it yet, and nothing was printed. A server runs until
 * SIGTERM.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    const char *name, *arguments;
    int needs; /* how many arguments */
    bench_run *run;
    bool bare;   /* runs without a node */
    int spin_us; /* of idle schedulers; 0: the node's default */
    uint32_t processes;
};

/* As long as the node allows: it does not sleep while a message is under way. */
#define SPIN_MOST 1000000

static const struct bench benches[] = {
    {"spawn", "N", 1, bench_spawn},
    {"spawn_idle", "callback|stack|gen_server N", 2, bench_spawn_idle},
    {"ping_pong", "N", 1, bench_ping_pong},
    {"ping_pong_apart", "N", 1, bench_ping_pong_apart, .spin_us = SPIN_MOST},
    {"bounce", "N", 1, bench_bounce, .bare = true},
    {"floor_switch", "N", 1, bench_floor_switch, .bare = true},
    {"floor_atomic", "N", 1, bench_floor_atomic, .bare = true},
    {"floor_malloc", "N", 1, bench_floor_malloc, .bare = true},
    {"floor_syscall", "N", 1, bench_floor_syscall, .bare = true},
    {"floor_enter", "N", 1, bench_floor_enter, .bare = true},
    {"floor_nop", "N", 1, bench_floor_nop, .bare = true},
    {"floor_loopback", "N", 1, bench_floor_loopback, .bare = true},
    {"thread_ring", "PROCESSES HOPS", 2, bench_thread_ring},
    {"counting", "PRODUCERS EACH", 2, bench_counting},
    {"big", "PROCESSES EACH", 2, bench_big},
    {"fork_join_create", "N", 1, bench_fork_join_create},
    {"fork_join_throughput", "PROCESSES EACH", 2, bench_fork_join_throughput},
    {"chameneos", "PROCESSES MEETINGS", 2, bench_chameneos},
    {"call", "CLIENTS CALLS", 2, bench_call},
    {"call_backlog", "WAITING CALLS", 2, bench_call_backlog},
    {"links_monitors", "N", 1, bench_links_monitors},
    {"supervisor_restart", "N", 1, bench_supervisor_restart},
    {"supervisor_children", "static|dynamic|simple N", 2, bench_supervisor_children},
    {"timers", "N MAX_MS", 2, bench_timers},
    {"timers_cancel", "N", 1, bench_timers_cancel},
    {"trace", "off|limited|on N", 2, bench_trace},
    {"fairness", "normal|high HOGS SECONDS", 3, bench_fairness},
    {"spike", "N", 1, bench_spike, .processes = 8388608},
    {"flat", "PROCESSES HOPS", 2, bench_flat, .processes = 8388608},
    {"overload", "none|block|drop_newest|drop_oldest PERCENT MS", 3, bench_overload},
    {"echo", "PORT", 1, bench_echo},
    {"stream", "PORT", 1, bench_stream},
    {"http", "PORT", 1, bench_http},
    {"kv", "PORT", 1, bench_kv},
    {"ws", "PORT", 1, bench_ws},
};

static const struct bench *chosen;

static int usage(void)
{
    fprintf(stderr, "usage: pitboss-bench [--schedulers N] NAME [ARGUMENT...]\n");
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        fprintf(stderr, "  %s %s\n", benches[i].name, benches[i].arguments);
    return 2;
}

static const struct bench *find(const char *name)
{
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (!strcmp(benches[i].name, name))
            return &benches[i];
    return NULL;
}

static int run_chosen(int argc, char **argv) { return chosen->run(argv); }

/* Takes the options out of argv, wherever they stand; argv[0] goes too. How many words are left;
   -1: one lacks its value. */
static int take_options(pit_node_opts *opts, int argc, char **argv)
{
    int left = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--schedulers") != 0) {
            argv[left++] = argv[i];
            continue;
        }
        if (++i == argc)
            return -1;
        opts->schedulers = (int)bench_number(argv[i], 1024);
    }
    argv[left] = NULL;
    return left;
}

int main(int argc, char **argv)
{
    pit_node_opts opts = {0};
    int left = take_options(&opts, argc, argv);

    chosen = left > 0 ? find(argv[0]) : NULL;
    if (!chosen || left - 1 != chosen->needs)
        return usage();
    if (chosen->bare)
        return chosen->run(argv + 1);
    opts.spin_us = chosen->spin_us;
    opts.processes = chosen->processes;
    int status = pit_run(&opts, run_chosen, left - 1, argv + 1);
    return status < 0 ? 1 : status;
}
