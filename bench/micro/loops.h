/*
 * The measured loops, in C: each is one operation of the runtime, n times, with nothing else in the
 * figure. Three programs run them: pitboss-micro under google-benchmark, pitboss-loop once and so
 * often as it is told (bench/instructions counts that), and tests/bench/run, small.
 *
 * A loop runs in the first process of a node of its own, checks its result (BENCH_CHECK ends the
 * program), and puts micro_begin and micro_end around what is measured, so that neither the start
 * of the node nor the making of peers is in it.
 */
#ifndef BENCH_MICRO_LOOPS_H
#define BENCH_MICRO_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/micro/counters.h"

#ifdef __cplusplus
extern "C" {
#endif

/* n operations; size is the table's: bytes of a payload, or which variant. */
typedef void micro_body(uint64_t n, uint64_t size);

struct micro_loop {
    const char *name;
    micro_body *body;
    uint64_t size;
    uint64_t batch;     /* operations of one iteration: some milliseconds */
    int schedulers;     /* 0: one */
    int spin_us;        /* of idle schedulers; 0: the node's default, -1: they sleep at once */
    const char *sketch; /* what bounds it */
};

extern const struct micro_loop micro_loops[];
extern const size_t micro_loop_count;

/* NULL: no loop has this name. */
const struct micro_loop *micro_find(const char *name);

struct micro_result {
    double seconds; /* of all n */
    struct micro_counts counts;
};

/* Start a node, run the loop in it, stop it. false: the node did not start, or it lacks the
   cores. */
bool micro_run(const struct micro_loop *loop, uint64_t n, struct micro_result *ret);

void micro_begin(void);
void micro_end(void);

/* messages.c */
micro_body micro_send_receive, micro_send_receive_moved, micro_send_receive_binary;
micro_body micro_ping_pong, micro_ping_pong_binary;
micro_body micro_ping_pong_apart, micro_ping_pong_apart_binary;
/* processes.c */
micro_body micro_switch, micro_spawn_exit, micro_spawn_exit_stack, micro_call;
micro_body micro_link, micro_monitor, micro_spawn_monitor_down;
micro_body micro_whereis, micro_register, micro_timer, micro_timer_fire, micro_alloc;
/* terms.c */
micro_body micro_term_build, micro_term_match, micro_term_print, micro_term_parse;
/* wire.c */
micro_body micro_tcp_round_trip;

#ifdef __cplusplus
}
#endif

#endif
