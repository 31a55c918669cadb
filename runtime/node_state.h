/*
 * The one node of an OS process, as the files of runtime/ see it. The public side is node.c.
 */
#ifndef PIT_RUNTIME_NODE_STATE_H
#define PIT_RUNTIME_NODE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <pit/node.h>

#include "runtime/sched.h"

enum { PIT__NODE_DOWN, PIT__NODE_UP, PIT__NODE_STOPPING, PIT__NODE_KILLING, PIT__NODE_STOPPED };

struct pit__node {
    struct pit__sched **scheds;
    unsigned count;
    pit_node_opts opts;
    char name[64];
    int64_t started;
    _Atomic(int) state;  /* only forward; release/acquire: what a later state needs is set before */
    _Atomic(int) status; /* exit status; relaxed, read after the threads were joined */
    _Atomic(int) supervisors; /* that live; relaxed: polled */
    /* the first process's pid; relaxed, a hint for pit_stop and OS signals */
    _Atomic(int64_t) first;
    /* how many schedulers sleep; relaxed: a hint for who has too much work */
    _Atomic(uint32_t) sleepers;
    _Atomic(uint32_t) placement; /* round robin of PIT_ANYWHERE */
    _Atomic(int) os_signal;      /* a SIGINT or SIGTERM not yet passed on */
    _Atomic(uint32_t) wall_turn; /* odd: wall time is counted. Relaxed: a setting. wall_time.c */
    int64_t stop_deadline;       /* scheduler 0's */
    uint64_t peak;               /* scheduler 0's, sampled */
};
extern struct pit__node pit__node;

/* Scheduler 0, each pass while the node stops: end what should have ended. */
void pit__node_reap(struct pit__sched *s);
/* Scheduler 0: pass an OS signal on to the first process. */
void pit__node_os_signal(struct pit__sched *s);
/* The first process has ended. */
void pit__node_first_ended(void);

/* The node's first process, from scheduler 0 outside of any process (spawn.c). */
pit_pid pit__spawn_first(struct pit__sched *s, pit_body *body);

/* Processes that live or are being torn down. */
uint64_t pit__node_processes(void);

#endif
