/*
 * Trace inside the runtime. The public side, with what can be relied on, is <pit/trace.h>.
 *
 *   tracer.c       the table of tracers: opening, closing, who is one
 *   trace.c        setting a trace on one process, inheriting it
 *   trace_walk.c   what all schedulers do, each with its own processes: node-wide traces, and waiting for all
 *   trace_limit.c  may this event pass?
 *   trace_event.c  making an event and handing it to its tracer
 *   trace_text.c   events as text
 *
 * Who may touch what. A process's trace (struct pit__traced, in its extra) is its owner's. A
 * tracer's settings are written before its id is published and read only after the id was compared,
 * by scheduler threads that do not leave the runtime in between; a place in the table is used again
 * only after every scheduler has said that it is past such a stretch (trace_walk.c). So no
 * reference is counted for an event, and whoever holds the id of a closed tracer finds out by
 * comparing. A lane is its scheduler's.
 */
#ifndef PIT_RUNTIME_TRACE_H
#define PIT_RUNTIME_TRACE_H

#include <pit/trace.h>

#include "runtime/process.h"
#include "runtime/park.h"
#include "runtime/sched.h"
#include "runtime/wheel.h"

#define PIT__TRACERS 32
#define PIT__TRACE_INHERIT                                                           \
    (PIT_TRACE_SET_ON_SPAWN | PIT_TRACE_SET_ON_FIRST_SPAWN | PIT_TRACE_SET_ON_LINK | \
     PIT_TRACE_SET_ON_FIRST_LINK)

/* What one scheduler has of a tracer: its rate, its drops (trace_limit.c), its part of a walk
   (trace_walk.c). */
struct pit__trace_lane {
    struct pit__tracer *tracer;
    struct pit__timer timer; /* armed: a tenth of a second after a drop */
    int64_t filled_ns;       /* the bucket is empty of events until then; see trace_limit.c */
    bool closed;             /* something was dropped, and the bucket is not half empty yet */
    uint64_t pending;        /* dropped since the last event that said so */
    _Atomic(uint64_t) taken, dropped; /* relaxed: statistics */
};

/* Something that every scheduler does once with its processes. */
struct pit__trace_walk {
    struct pit__tracer *tracer;
    int64_t id; /* the tracer's, which may be closed meanwhile */
    int what;
    unsigned which;
    uint32_t events;
    pit_pid waiter; /* who waits for the answer to call tag; PIT_NO_PID: nobody */
    uint64_t tag;
    /* schedulers that have not done their part. Release and acquire: the last sees what all did */
    _Atomic(uint32_t) left;
    _Atomic(uint64_t) count; /* processes it was set on */
    struct pit__trace_piece {
        struct pit__trace_walk *walk;
        struct pit__trace_piece *next; /* of those under way on this scheduler */
        uint32_t slot;                 /* the next to look at */
        uint16_t scheduler;
    } pieces[]; /* one a scheduler */
};

struct pit__tracer {
    _Atomic(int64_t) id;      /* 0: not open. R1, release: what follows is complete */
    _Atomic(uint32_t) uses;   /* 0: free. Being open is one, and so is each walk under way */
    _Atomic(bool) walking;    /* its node-wide walk is under way */
    _Atomic(int64_t) backlog; /* relaxed: a bound, no more */
    pit_pid to;
    pit_trace_function *function;
    void *context;
    int64_t interval_ns; /* between two events, at its rate */
    int64_t backlog_most;
    uint64_t generation;
    struct pit__resource resource; /* of `to`, whose end closes the tracer */
    struct pit__trace_lane *lanes; /* one a scheduler */
    struct pit__trace_walk *closing, *all;
};

/* ---- tracer.c */

/* The open tracer of this id, or NULL. Good until this thread leaves the runtime. */
struct pit__tracer *pit__tracer_of(int64_t id);
bool pit__is_tracer(pit_pid pid);
void pit__tracer_use(struct pit__tracer *t);
void pit__tracer_release(struct pit__tracer *t); /* one use fewer */
void pit__tracers_close(void);                   /* all schedulers have stopped */

/* ---- trace.c */

/* Set or replace the trace of p: 1, or an error of pit_trace. With events 0 end it if it is this
   tracer's (0: whosever): 1, or 0: none. Owner only. */
int pit__trace_set(struct pit__process *p, int64_t tracer, uint32_t events);
/* What p is traced with, *ret_id its tracer's id, which is open; 0: nothing. A trace of a closed
   tracer is taken away. Owner only. */
uint32_t pit__trace_of(struct pit__process *p, int64_t *ret_id);

/* A child was made, its relations and name too; it is not on a run queue yet. The node's first
   process, which has no parent, is none. */
void pit__trace_spawned(struct pit__sched *s, struct pit__process *parent,
                        struct pit__process *child, bool linked, uint64_t monitor);
/* p has linked itself to other, which may inherit its trace. */
void pit__trace_linked(struct pit__thread *t, struct pit__process *p, pit_pid other);

/* ---- trace_walk.c */

enum { PIT__WALK_SET, PIT__WALK_SET_OVER, PIT__WALK_CLOSE, PIT__WALK_BARRIER };
struct pit__trace_walk *pit__trace_walk_new(void); /* NULL: no memory */
void pit__trace_walk_start(struct pit__trace_walk *w);
/* Wait until each scheduler has been outside of all processes once. 0, or -ENOMEM. */
int pit__trace_barrier(struct pit__process *caller);
void pit__trace_walk_close(void); /* with the node */
/* p has come to s while walks are under way there. */
void pit__trace_adopted(struct pit__sched *s, struct pit__process *p);

/* ---- trace_limit.c */

/* May an event pass now? The drops before it are told first. */
bool pit__trace_admit(struct pit__sched *s, struct pit__tracer *t, int64_t now);
void pit__trace_lost(struct pit__sched *s, struct pit__tracer *t); /* one, without memory for it */
/* A lane's timer has fired. */
void pit__trace_lane_fire(struct pit__sched *s, struct pit__timer *timer);

/* ---- trace_event.c */

/* p does what this event says, if it is traced with it. Owner only; may be called wherever the
   runtime is on a scheduler's thread: it delivers nothing but to the tracer. text may be NULL; m
   only for a send or receive. */
void pit__trace_event(struct pit__sched *s, struct pit__process *p, uint32_t event, pit_pid peer,
                      uint64_t number, const char *text, struct pit__message *m);
#define PIT__TRACE(s, p, event, peer, number, text)                              \
    do {                                                                         \
        if (PIT__UNLIKELY((p)->flags & PIT__F_ATTENTION))                        \
            pit__trace_event((s), (p), (event), (peer), (number), (text), NULL); \
    } while (0)

/* m, complete, leaves for m->to, sent by p, which runs on this thread; m comes to p. */
void pit__trace_send(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
void pit__trace_receive(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
#define PIT__TRACE_SEND(t, m)                                     \
    do {                                                          \
        if (PIT__UNLIKELY((t)->sched->watch & PIT__WATCH_SENDER)) \
            pit__trace_send((t)->sched, (t)->current, (m));       \
    } while (0)
/* p is about to be given the core by the loop; it gives it back. attend.h */
void pit__trace_in(struct pit__sched *s, struct pit__process *p);
void pit__trace_out(struct pit__sched *s, struct pit__process *p);
/* p has ended with p->exit_reason; its pid and its name are still its own. */
void pit__trace_exit(struct pit__sched *s, struct pit__process *p);

/* So many events were dropped on s. false: no memory to say so. */
bool pit__trace_dropped(struct pit__sched *s, struct pit__tracer *t, uint64_t count);
/* The message of an event was let go. */
void pit__trace_let_go(const struct pit__message *m);

#endif
