/*
 * Probes: the one list of what perf, bpftrace and the tools in bpf/ can watch in a live node.
 *
 * Each is a USDT probe of provider `pitboss` (`bpftrace -l 'usdt:./server:pitboss:*'`), fired by
 * the macro beside it. The list is an interface like a header: a probe keeps its name, the number
 * of its arguments, their meaning and their units; new arguments are added at the end.
 *
 * Every argument is a signed 64-bit integer.
 *   pid       a process as pit_pid.id holds it; 0: none (a foreign thread, or the node). Its text is
 *             <0.Index.Generation>: bits 0 to 26 and bits 27 to 61
 *   sched     a scheduler's index, 0 .. number of schedulers - 1; -1: a thread that is none
 *   *_ns      nanoseconds of the monotonic clock; -1: not measured this time
 *
 * Cost: an unused probe is a load of its semaphore and a branch that is not taken (the fast ways of
 * send and receive pay nothing: for them a scheduler reads the semaphores once a pass of its loop);
 * its arguments are not evaluated, so they may be expressions, but without effects that the program
 * needs. An attached tool raises the semaphore (the kernel counts), and each firing then costs a
 * trap, about a microsecond. What costs to prepare is put under PIT_PROBE_ENABLED(name). Any thread
 * may fire any probe, at any time but in the handler of an OS signal: a trap there is taken on the
 * handler's stack.
 */
#ifndef PIT_BASE_PROBES_H
#define PIT_BASE_PROBES_H

#include <stdint.h>

/*
 * Arguments are constants or registers, never memory: libbpf before 1.6 rejects operands with an
 * index register and the compiler picks those at will, so that a tool would attach to one build
 * and not to the next. sdt.h reads both macros when it is first included, so no other file
 * includes it.
 */
#ifdef _SYS_SDT_H
#error "include base/probes.h instead of sys/sdt.h"
#endif
#define _SDT_HAS_SEMAPHORES 1
#define STAP_SDT_ARG_CONSTRAINT nr
#include <sys/sdt.h>

/* The names; probes.c makes a semaphore of each, tests look for each in the binary. */
#define PIT__PROBES(PROBE)  \
    PROBE(process_spawn)    \
    PROBE(process_exit)     \
    PROBE(process_runnable) \
    PROBE(process_run)      \
    PROBE(process_park)     \
    PROBE(process_migrate)  \
    PROBE(message_send)     \
    PROBE(message_receive)  \
    PROBE(io_submit)        \
    PROBE(io_complete)      \
    PROBE(sched_sleep)      \
    PROBE(sched_wake)

/* ---- processes ------------------------------------------------------------------------------ */

/* pid exists from now on; parent spawned it. Fired by the spawner, before the process can run. */
#define PIT_PROBE_SPAWN(pid, parent) PIT__PROBE2(process_spawn, pid, parent)

/* pid has ended and its teardown begins. reason_kind: enum pit__exit_kind below. */
#define PIT_PROBE_EXIT(pid, reason_kind) PIT__PROBE2(process_exit, pid, reason_kind)

/*
 * pid was put on sched's run queue: it waited, was new, gave up its slice, or is to be torn down,
 * which ends with process_exit and without process_run (0: it has ended, its remains are many).
 */
#define PIT_PROBE_RUNNABLE(pid, sched) PIT__PROBE2(process_runnable, pid, sched)

/*
 * sched begins to run pid, delay_ns after it became runnable; -1 unless this wake was sampled.
 * The runtime may sample more while PIT_PROBE_ENABLED(process_run).
 */
#define PIT_PROBE_RUN(pid, sched, delay_ns) PIT__PROBE3(process_run, pid, sched, delay_ns)

/* pid stopped running on sched and waits for a message, a timer or I/O. */
#define PIT_PROBE_PARK(pid, sched) PIT__PROBE2(process_park, pid, sched)

/* pid, runnable, was adopted by scheduler `to`; `from` had handed it over. Fired by `to`. */
#define PIT_PROBE_MIGRATE(pid, from, to) PIT__PROBE3(process_migrate, pid, from, to)

/* ---- messages ------------------------------------------------------------------------------- */

/* A message of `size` bytes of payload leaves from (0: no process) for to, which may be dead. */
#define PIT_PROBE_SEND(from, to, size) PIT__PROBE3(message_send, from, to, size)

/* pid takes a message of `size` bytes of payload; queue_len messages stay in its inner queue. */
#define PIT_PROBE_RECEIVE(pid, size, queue_len) PIT__PROBE3(message_receive, pid, size, queue_len)

/* ---- I/O ------------------------------------------------------------------------------------ */

/* sched queued operation op (an IORING_OP_ number, whatever the driver) on descriptor fd, or -1. */
#define PIT_PROBE_IO_SUBMIT(op, fd, sched) PIT__PROBE3(io_submit, op, fd, sched)

/* A completion of operation op reached sched; res: a count, a handle or a negative errno. */
#define PIT_PROBE_IO_COMPLETE(op, res, sched) PIT__PROBE3(io_complete, op, res, sched)

/* ---- schedulers ----------------------------------------------------------------------------- */

/* sched found nothing to do and goes to sleep in its driver; then: it is awake again. */
#define PIT_PROBE_SCHED_SLEEP(sched) PIT__PROBE1(sched_sleep, sched)
#define PIT_PROBE_SCHED_WAKE(sched) PIT__PROBE1(sched_wake, sched)

/* The reason_kind of process_exit. */
enum pit__exit_kind {
    PIT__EXIT_KIND_NORMAL = 0,   /* normal: it returned, or said so */
    PIT__EXIT_KIND_SHUTDOWN = 1, /* shutdown, or {shutdown, Term} */
    PIT__EXIT_KIND_ERROR = 2,    /* any other reason that is a term */
    PIT__EXIT_KIND_KILLED = 3,   /* killed: exit_process(pid, kill), or a limit */
    PIT__EXIT_KIND_FAULT = 4, /* contained: an OS signal, abort, an assertion, a stack overflow */
};

/* ---- how it is done ------------------------------------------------------------------------- */

/* True while a tool watches: `if (PIT_PROBE_ENABLED(message_send)) ...`. */
#define PIT_PROBE_ENABLED(name) __builtin_expect(pitboss_##name##_semaphore != 0, 0)

/*
 * Volatile: the kernel writes it behind the compiler's back, and a load hoisted out of the
 * scheduler's loop would never see a tool attach. Hidden: else the shared library loads its
 * address from the GOT. sdt.h prescribes name, width and section.
 */
#define PIT__PROBE_DECLARE(name)                              \
    extern volatile unsigned short pitboss_##name##_semaphore \
        __attribute__((visibility("hidden"), section(".probes")));
PIT__PROBES(PIT__PROBE_DECLARE)

#define PIT__PROBE1(name, a)                          \
    do {                                              \
        if (PIT_PROBE_ENABLED(name))                  \
            STAP_PROBE1(pitboss, name, (int64_t)(a)); \
    } while (0)

#define PIT__PROBE2(name, a, b)                                     \
    do {                                                            \
        if (PIT_PROBE_ENABLED(name))                                \
            STAP_PROBE2(pitboss, name, (int64_t)(a), (int64_t)(b)); \
    } while (0)

#define PIT__PROBE3(name, a, b, c)                                                \
    do {                                                                          \
        if (PIT_PROBE_ENABLED(name))                                              \
            STAP_PROBE3(pitboss, name, (int64_t)(a), (int64_t)(b), (int64_t)(c)); \
    } while (0)

#endif
