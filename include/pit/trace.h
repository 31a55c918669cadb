/*
 * Trace: see what processes do while they do it, as Erlang's trace and dbg show it.
 *
 * A *tracer* takes events: a process, which gets them as messages of type pit_trace_event, or a
 * function, which is called on the scheduler. Traces are set on processes: on one (pit_trace), by
 * name (pit_trace_name), on all that live, all that will be spawned, or both (pit_trace_all). A
 * process has one tracer at most, and a tracer process is never traced.
 *
 *     pit_tracer t = pit_tracer_open((pit_tracer_opts){.function = pit_trace_print});
 *     pit_trace(t, pid, PIT_TRACE_MESSAGES | PIT_TRACE_PROCS);
 *     ...
 *     pit_tracer_close(t);
 *
 * Order. The events of one process come in the order in which it did them; of two processes an
 * event that caused another (a send and the receive of that message) comes first. Nothing else is
 * promised between processes.
 *
 * Limits. A trace must not bring a node down. A tracer gets at most `rate` events a second from
 * each scheduler (a bucket that holds a tenth of a second's), and no more are on their way to a
 * tracer process, or wait in it, than `backlog`. What is beyond is dropped and counted; then one
 * event PIT_TRACE_DROPPED says how many, before the next that is let through and a tenth of a
 * second after the first drop at the latest, or as soon as the tracer has room. After a drop events
 * come again when the bucket, and the backlog, is half empty.
 *
 * A process that is not traced pays nothing but the branches that it takes anyway for whatever is
 * out of the ordinary (docs/trace.md has the figures). Calls here are made from inside a process,
 * and return -PIT_ENOTPROCESS elsewhere.
 */
#ifndef PIT_TRACE_H
#define PIT_TRACE_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/type.h>

PIT_BEGIN_DECLS

/* ---- events ---------------------------------------------------------------------------------- */

/*
 * What is traced, one bit an event, and how it spreads. With each event: what peer, number and text
 * of it are; where nothing is said they are PIT_NO_PID, 0 and empty. Erlang's names are the same in
 * lower case.
 */
#define PIT_TRACE_SEND (1u << 0) /* a message, call or answer to peer; bytes; its type */
/* the same, but peer was not there. send_to_non_existing_process */
#define PIT_TRACE_SEND_GONE (1u << 1)
/* it came into the queue (an answer: arrived), from peer; bytes; its type */
#define PIT_TRACE_RECEIVE (1u << 2)
#define PIT_TRACE_SPAWN (1u << 3) /* it spawned peer; name or label of peer */
/* it was spawned by peer, first of its events; its name or label */
#define PIT_TRACE_SPAWNED (1u << 4)
/* it ended; kind of reason as of probe process_exit; the reason as text */
#define PIT_TRACE_EXIT (1u << 5)
#define PIT_TRACE_REGISTER (1u << 6) /* it got a name; the name */
#define PIT_TRACE_UNREGISTER (1u << 7)
#define PIT_TRACE_LINK (1u << 8) /* it linked itself to peer */
#define PIT_TRACE_UNLINK (1u << 9)
#define PIT_TRACE_GETTING_LINKED (1u << 10)   /* peer linked itself to it */
#define PIT_TRACE_GETTING_UNLINKED (1u << 11) /* peer unlinked itself, or ended */
#define PIT_TRACE_MONITOR (1u << 12)          /* it began to watch peer; the reference's number */
#define PIT_TRACE_DEMONITOR (1u << 13)        /* it stopped watching peer; the reference's number */
#define PIT_TRACE_IN (1u << 14)               /* it was given the core; on scheduler number */
#define PIT_TRACE_OUT (1u << 15) /* it gave the core up; 1: it waits, 0: it can run on */
/* it started a timer of peer's, or one to the name in text; the reference's number */
#define PIT_TRACE_TIMER_START (1u << 16)
/* it cancelled one, running or not; the reference's number */
#define PIT_TRACE_TIMER_CANCEL (1u << 17)
#define PIT_TRACE_TIMER_FIRE (1u << 18) /* one that sends to it fired; the reference's number */

/* Groups. */
#define PIT_TRACE_MESSAGES (PIT_TRACE_SEND | PIT_TRACE_SEND_GONE | PIT_TRACE_RECEIVE)
#define PIT_TRACE_LINKS \
    (PIT_TRACE_LINK | PIT_TRACE_UNLINK | PIT_TRACE_GETTING_LINKED | PIT_TRACE_GETTING_UNLINKED)
#define PIT_TRACE_MONITORS (PIT_TRACE_MONITOR | PIT_TRACE_DEMONITOR)
#define PIT_TRACE_PROCS                                                          \
    (PIT_TRACE_SPAWN | PIT_TRACE_SPAWNED | PIT_TRACE_EXIT | PIT_TRACE_REGISTER | \
     PIT_TRACE_UNREGISTER | PIT_TRACE_LINKS)
#define PIT_TRACE_RUNNING (PIT_TRACE_IN | PIT_TRACE_OUT)
#define PIT_TRACE_TIMERS (PIT_TRACE_TIMER_START | PIT_TRACE_TIMER_CANCEL | PIT_TRACE_TIMER_FIRE)
#define PIT_TRACE_EVERYTHING ((1u << 19) - 1)

/*
 * Inheritance, given together with events: what the process spawns, or links itself to (spawning
 * with a link included), gets its trace with all flags, unless another tracer has it. With
 * ..._FIRST_... only the first does, and both lose the flags that say so.
 */
#define PIT_TRACE_SET_ON_SPAWN (1u << 24)
#define PIT_TRACE_SET_ON_FIRST_SPAWN (1u << 25)
#define PIT_TRACE_SET_ON_LINK (1u << 26)
#define PIT_TRACE_SET_ON_FIRST_LINK (1u << 27)

/* Not asked for, always sent: number events were dropped on this scheduler; pid is PIT_NO_PID. */
#define PIT_TRACE_DROPPED (1u << 31)

#define PIT_TRACE_TEXT 160

/* An event, and the message that a tracer process gets. */
struct pit_trace_event {
    int64_t when_ns; /* of pit_now */
    pit_pid pid;     /* whose event it is */
    pit_pid peer;
    uint64_t number;
    uint32_t event;            /* one bit of the above */
    uint32_t scheduler;        /* where it happened, counted from 0 */
    char text[PIT_TRACE_TEXT]; /* cut to fit, zero at the end */
};
typedef struct pit_trace_event pit_trace_event;
extern const pit_type pit_type_pit_trace_event;

/*
 * An event as a line like Erlang's dbg writes: "(<0.5.1>) <0.6.1> ! #ping{n = 1}". m: the message
 * of a send or receive, or NULL. At most size bytes with the zero; returns how long the whole is,
 * as snprintf. Any thread.
 */
size_t pit_trace_text(const pit_trace_event *e, const pit_msg *m, char *buffer, size_t size);

/* ---- tracers --------------------------------------------------------------------------------- */

/*
 * A tracer; negative: the error it holds. One that is closed is recognised, never mistaken for a
 * newer one.
 */
typedef struct pit_tracer {
    int64_t id;
} pit_tracer;

/*
 * A function that takes events. It is called in the middle of the runtime's work on the scheduler
 * that the event happened on, so on several threads at once, and all that this scheduler runs waits
 * for it. It may read its arguments, which live until it returns, use atomics, and call
 * pit_trace_text, pit_message_text, pit_payload, pit_now and pit_log; no other function of pit_,
 * and nothing that blocks. A fault in it may end the node. m is the message of a send or a receive,
 * and NULL with all else.
 */
typedef void pit_trace_function(const pit_trace_event *e, const pit_msg *m, void *context);

/*
 * One such: logs each event as a line of pit_trace_text (level notice), after context, a text that
 * outlives the tracer, or NULL.
 */
void pit_trace_print(const pit_trace_event *e, const pit_msg *m, void *context);

typedef struct pit_tracer_opts {
    pit_pid to;                   /* the process that gets the events; PIT_NO_PID: the caller */
    pit_trace_function *function; /* or, if not NULL, the function that is called instead */
    void *context;                /* its last argument */
    uint32_t rate;                /* events a second from each scheduler; 0: 100,000 */
    uint32_t backlog; /* events under way to a process and in it, not let go yet; 0: 10,000 */
} pit_tracer_opts;

/*
 * Open a tracer. It belongs to opts.to, a function's too, and is closed when that process ends. A
 * process that becomes a tracer is not traced any more.
 * Holds -PIT_ENOPROC (`to` is not there), -EMFILE (32 are open), -ENOMEM, -EINVAL (`to` holds an
 * error), -PIT_ENOTPROCESS. Waits if `to` belongs to another scheduler.
 * Erlang: trace:session_create/3.
 */
pit_tracer pit_tracer_open(pit_tracer_opts opts);

/*
 * Close it: all of its traces are gone, its function is called no more, once this has returned.
 * Events that are in a process's queue stay there. 0, or -EINVAL: not open (any more);
 * -PIT_ENOTPROCESS. Waits for all schedulers. Erlang: trace:session_destroy/1.
 */
int pit_tracer_close(pit_tracer tracer);

typedef struct pit_tracer_info {
    pit_pid to;
    uint64_t taken;   /* events that it was given, those of PIT_TRACE_DROPPED not counted */
    uint64_t dropped; /* because of rate and backlog, or without memory */
    uint64_t backlog; /* under way to it and in it; 0 for a function */
} pit_tracer_info;

/*
 * 0; -EINVAL: not open; -PIT_ENOTPROCESS. Does not wait; the counts of other schedulers are a
 * moment old.
 */
int pit_tracer_info_of(pit_tracer tracer, pit_tracer_info *ret);

/* ---- setting traces -------------------------------------------------------------------------- */

/*
 * From now on tracer gets these events of this process, and no others: the set replaces that of the
 * same tracer; 0 ends the trace. In order with what the caller sends to the process. 0, or:
 *   -PIT_ENOPROC  not there
 *   -EBUSY        another tracer has it
 *   -EPERM        it is a process that a tracer's events go to
 *   -EINVAL       the tracer is not open, events has unknown bits, or pid holds an error
 *   -ENOMEM, -PIT_ENOTPROCESS
 * Waits if the process belongs to another scheduler. Erlang: trace:process/4.
 */
int pit_trace(pit_tracer tracer, pit_pid pid, uint32_t events);

/* The same for who has this name now; -PIT_ENOPROC: nobody. */
int pit_trace_name(pit_tracer tracer, const char *name, uint32_t events);

/*
 * Node-wide: which is PIT_TRACE_EXISTING, PIT_TRACE_NEW or both: all processes that live when this
 * returns and did when it was called, and all that are spawned from its return on until the next
 * such call. Those of other tracers, and tracers, are left out. events 0 ends what the tracer has.
 * Returns how many living processes it was set on (with 0: which it was taken from), or -EBUSY
 * (PIT_TRACE_NEW: another tracer has that; or another such call of this tracer is under way),
 * -EINVAL (not open, unknown bits), -PIT_ENOTPROCESS. Each scheduler goes through its processes, a
 * few thousand at a time; the caller waits for all.
 * Erlang: trace:process(Session, existing | new | all, ...).
 */
#define PIT_TRACE_EXISTING 1u
#define PIT_TRACE_NEW 2u
int64_t pit_trace_all(pit_tracer tracer, unsigned which, uint32_t events);

/*
 * The events that a process is traced with, and in *ret_tracer (unless NULL) the process or owner
 * of its tracer; 0: it is not traced. -PIT_ENOPROC, -ENOMEM, -PIT_ENOTPROCESS. Waits if it belongs
 * to another scheduler. Erlang: trace:info/3.
 */
int64_t pit_trace_info(pit_pid pid, pit_pid *ret_tracer);

/* ---- waiting for events ---------------------------------------------------------------------- */

/*
 * All events of pid up to the call are in the tracer's queue before this message is in the
 * caller's.
 */
struct pit_trace_delivered {
    pit_ref ref;
    pit_pid pid;
};
extern const pit_type pit_type_pit_trace_delivered;

/*
 * Ask for pit_trace_delivered with the reference that this returns; pid PIT_NO_PID: of all
 * processes. A process that is gone counts as one whose events have all been sent. Holds -ENOMEM,
 * -EINVAL (pid holds an error), -PIT_ENOTPROCESS. Waits for the process's scheduler, or for all.
 * Erlang: trace:delivered/2.
 */
pit_ref pit_trace_delivered(pit_pid pid);

PIT_END_DECLS

#endif
