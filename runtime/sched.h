/*
 * Scheduler: one a core. Runs the processes it owns, one at a time; its loop is in sched.c.
 *
 * Groups of fields stand on lines of their own, headed by who writes them.
 */
#ifndef PIT_RUNTIME_SCHED_H
#define PIT_RUNTIME_SCHED_H

#include <pthread.h>

#include "base/oracle.h"
#include "runtime/arch/tls.h"
#include "runtime/block.h"
#include "runtime/driver.h"
#include "runtime/mailbox.h"
#include "runtime/process.h"
#include "runtime/stack.h"
#include "runtime/wheel.h"

/* A slice, in reductions: a runtime call costs one, a message handled MESSAGE_COST; about 50 to 100
   us of a busy process. */
#define PIT__SLICE 4000
#define PIT__MESSAGE_COST 4

/* sched.watch */
#define PIT__WATCH_STAMP 1u  /* after a sleep every wake of the pass is stamped */
#define PIT__WATCH_SENDER 2u /* the running process's sends are looked at: attend.h */
#define PIT__WATCH_SPAWN 4u  /* what is spawned is traced: trace.h */
/* a tool has a probe of messages or switches; the semaphores are read once a pass */
#define PIT__WATCH_PROBES 8u
/* some stacks have no guard: their canaries are looked at when they are left */
#define PIT__WATCH_CANARIES 16u

/* sched.crowded: how far a message's road is not in the cache */
#define PIT__CROWD_NEAR 1u /* not in the first one: fetched as soon as its address is known */
#define PIT__CROWD_FAR 2u  /* in none: foresee.h */

struct pit__trace_piece;

struct pit__run_queue {
    struct pit__process *head, *tail;
};

#define PIT__FORESEE_FAR 4
struct pit__foresight { /* foresee.c */
    struct pit__process
        *ahead[PIT__FORESEE_FAR]; /* who will probably be sent to next, nearest first */
    unsigned count;
    unsigned stacks; /* of the first so many the stacks were fetched */
};

struct pit__sched {
    /* ---- other threads */
    struct pit__inbox inbox __attribute__((aligned(64)));
    /* 1: waits in its driver, or is about to. See idle() */
    _Atomic(int) sleeping __attribute__((aligned(64)));
    _Atomic(struct pit__sched *) asker; /* an idle scheduler that asks for work; NULL: none */

    /* ---- this thread; others read, relaxed: hints and statistics */
    /* published when it has changed: the idle ones read it */
    _Atomic(uint32_t) runnable_seen __attribute__((aligned(64)));
    _Atomic(uint32_t) free_slots_seen;
    _Atomic(uint32_t) idle_seen; /* 1: nothing to run, it waits or is about to */
    _Atomic(uint64_t) passes __attribute__((aligned(64)));
    _Atomic(uint64_t) spawned, exited, faults, sent, switches, steals;
    _Atomic(uint64_t) looked_at; /* messages, by selective receives that did not want them */
    _Atomic(uint64_t) run_delay[64];
    _Atomic(int64_t) wall_since, wall_idle; /* wall_time.c */

    /* ---- this thread alone */
    int reductions __attribute__((aligned(64))); /* left of the running slice */
    /* bit n: queue n, max or high, is not empty; the last one's head tells by itself */
    unsigned ready;
    struct pit__run_queue queue[3]; /* max, high, normal and low */
    unsigned runnable;
    unsigned direct; /* switches from process to process since the loop ran */
    void *loop_sp;
    struct pit__stack *loop_stack;
    struct pit__foresight foresight;
    struct pit__stack *dead_stack; /* left for good by who ran on it; the loop puts it away */
    struct pit__stack *leaving;    /* a zombie's to be, which runs on it for the last time */
    unsigned until_stamp;          /* wakes: every 64th is stamped */
    bool draining;                 /* the inbox is being delivered: no recursion */
    uint8_t watch;                 /* PIT__WATCH_: sends and receives take the long way */
    uint8_t crowded;               /* PIT__CROWD_: the node's processes do not fit in a cache */
    uint16_t index;
    int cpu; /* pinned to; -1: not */
    int numa_node;
    uint64_t numbers; /* of references: unique on the node, since they begin with the index */
    int64_t now;      /* read once a pass */
    int64_t busy_since;
    struct pit__blocks blocks;
    struct pit__slot_pool slots;
    struct pit__stack_pool stacks;
    struct pit__driver *driver;
    const struct pit__driver_ops *driver_ops;
    struct pit__chance chance;
    int64_t spin_ns;  /* idle.c: how long waiting for other schedulers paid */
    int io_luck;      /* idle.c: how often waiting for completions did */
    unsigned unlucky; /* idle.c: times that it did not look like it */
    struct pit__wheel wheel;
    struct pit__relations named_timers;   /* to names: they belong to no process */
    uint32_t wall_turn;                   /* that it has heard of: wall_time.c */
    struct pit__trace_piece *trace_walks; /* trace_walk.c: those that are under way */
    int64_t trace_new;                    /* the tracer of what is spawned from now on; 0: none */
    uint32_t trace_new_events;
    void *main_sp; /* the thread's own stack */
    struct pit__fibre main_fibre;
    pthread_t thread;
    bool thread_started;
};

/* What a kernel thread of the runtime knows of itself. */
struct pit__thread {
    struct pit__sched *sched;
    struct pit__process *current;
    /* of the running process's stack: below it there is no room for a call of the runtime, which
       would fault in the middle of it; 0 outside of processes */
    uintptr_t floor;
    /* depth of pit__enter; a fault while it is set is the node's, unless touching */
    int in_runtime;
    /* not NULL: memory that the program named is being read or written, and a fault is the
       program's. The message that is being built for it, which is then freed; or the thread itself:
       nothing to free */
    void *touching;
};

/* ---- sched.c */
int pit__sched_open(struct pit__sched *s, unsigned index, unsigned count,
                    const struct pit__driver_ops *ops, uint64_t seed);
void pit__sched_close(struct pit__sched *s);
void pit__sched_discard(
    struct pit__sched
        *s); /* before any is closed, all threads joined: free what was still under way */
void pit__sched_run(struct pit__sched *s); /* on its thread; returns when the node has stopped */

/* Leave the current process's frames for good: its slot may be gone already. stack: its own, or
   NULL on the loop's. */
PIT_NORETURN void pit__sched_abandon(struct pit__sched *s, struct pit__stack *stack);

/* Enqueue, next and switch away: run_queue.h. */

/* Any thread: a message for this scheduler; wakes it if it sleeps. */
void pit__sched_post(struct pit__sched *s, struct pit__message *m);
void pit__sched_wake(struct pit__sched *s);

/* Deliver what is in the inbox. Owner only; no effect while it is being done. */
void pit__sched_drain(struct pit__sched *s);

/* ---- idle.c */
void pit__idle_open(struct pit__sched *s);
void pit__sched_idle(
    struct pit__sched *s); /* nothing to run: returns when there may be something */

/* Written only if it is new: others have this line in their caches. */
static inline void pit__publish(_Atomic(uint32_t) *seen, uint32_t value)
{
    if (atomic_load_explicit(seen, memory_order_relaxed) != value)
        atomic_store_explicit(seen, value, memory_order_relaxed);
}

/* ---- balance.c */
void pit__balance_give(struct pit__sched *s);  /* answer the scheduler that asks */
void pit__balance_ask(struct pit__sched *s);   /* idle: ask a busy one */
void pit__balance_offer(struct pit__sched *s); /* busy for long: wake one that sleeps */
void pit__balance_move(struct pit__sched *s, struct pit__process *p,
                       struct pit__sched *to); /* hand over one runnable process */
void pit__balance_arrive(struct pit__sched *s,
                         struct pit__process *p); /* H4 of one without timers */
void pit__balance_adopt(struct pit__sched *s, struct pit__message *m);
/* m, from outside, is about to be delivered to p: the scheduler that p should follow it to; NULL:
   none, stay. */
struct pit__sched *pit__balance_waker(struct pit__sched *s, struct pit__process *p,
                                      const struct pit__message *m);
void pit__balance_follow(struct pit__sched *s, struct pit__process *p, struct pit__sched *to);

/* Counters have one writer; readers elsewhere see each value whole. A compiler makes three
   instructions of a relaxed load and store; the one of x86-64, not locked, is as good. */
#if defined(__x86_64__) && !defined(PIT__FIBRE_TSAN)
#define PIT__COUNT_MORE(counter, n) \
    __asm__("addq %1, %0" : "+m"(*(uint64_t *)&(counter)) : "er"((uint64_t)(n)) : "cc")
#else
#define PIT__COUNT_MORE(counter, n)                                                     \
    atomic_store_explicit(&(counter),                                                   \
                          atomic_load_explicit(&(counter), memory_order_relaxed) + (n), \
                          memory_order_relaxed)
#endif
#define PIT__COUNT(counter) PIT__COUNT_MORE(counter, 1)

/* The runtime has PIT__STACK_ROOM below what the process asked for: enough for the deepest of it,
   which is snprintf. */
static inline uintptr_t pit__floor_of(const struct pit__stack *stack, size_t size)
{
    return (uintptr_t)stack - size;
}

/* A number for a reference: unique on the node. */
static inline uint64_t pit__sched_number(struct pit__sched *s)
{
    return ((uint64_t)(s->index + 1) << 48) | ++s->numbers;
}

#endif
