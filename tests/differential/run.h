/*
 * What one run of a program has: who is which process, which reference is which, and what each
 * process has logged.
 *
 * Each process writes its own log and the references that it makes; another reads a reference once
 * `ready` says so, and the coordinator reads logs when their writer has told it so or has ended. In
 * a run that hangs it looks all the same, so a log's length is published behind its events.
 */
#ifndef TESTS_DIFFERENTIAL_RUN_H
#define TESTS_DIFFERENTIAL_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pit/pit.h>

#include "tests/differential/program.h"

enum { MAX_EVENTS = 256, MAX_TEXT = 64 };

enum event_kind {
    EVENT_RESULT,
    EVENT_NOTE,
    EVENT_EXIT,
    EVENT_DOWN,
    EVENT_TIMEOUT,
    EVENT_CANCELLED,
    EVENT_READ
};

struct event {
    enum event_kind kind;
    int step;            /* of which the event is the result; -1: it was in the queue at the end */
    int number;          /* of a note, a timeout; of an answer about a timer whether it was there */
    pit_pid pid;         /* who ended */
    pit_ref ref;         /* of DOWN, timeout, an answer about a timer */
    char text[MAX_TEXT]; /* a result, or a reason */
};

struct log {
    _Atomic(int) count; /* R: an event is complete. A: events() reads those before it */
    struct event events[MAX_EVENTS];
};

struct made {
    pit_ref ref;
    bool by_name;        /* the monitor of a name */
    _Atomic(bool) ready; /* R: the above is written. A: made_ref() */
};

struct run {
    const struct program *program;
    int worker; /* whose run it is: its names are its own */
    pit_pid coordinator;
    _Atomic(int64_t) pids[MAX_PROCESSES]; /* 0: not there yet. A pid is all its word, so relaxed */
    _Atomic(unsigned) ended; /* bits: those whose DOWN the coordinator has; a hint, so relaxed */
    struct made made[MAX_REFS];
    struct log logs[MAX_PROCESSES];
};

/* A process's own: what it is given, and where it stands. */
struct seat {
    struct run *run;
    int process;
    uint32_t noise; /* yields before one step in so many, by chance; 0: never */
    uint64_t chance;
    int steps; /* done so far */
};

/* Between coordinator and processes. */
enum control { CONTROL_RUN, CONTROL_DRAIN, CONTROL_NOTED };
PIT_MESSAGE(tell, (int, what), (int, phase), (int, script));
PIT_MESSAGE(done, (int, process));
PIT_MESSAGE(born, (int, process), (pit_pid, pid), (pit_pid, parent));
/* What programs send. */
PIT_MESSAGE(note, (int, number));

/* The next number, 0 to below - 1. */
uint32_t chance(uint64_t *state, uint32_t below);

/* The body of every process: a function, and the same as a handler that never returns from its
   first call. */
void process_body(const void *seat);
void process_handler(void *seat, const pit_msg *m);

/* How many links, monitors ... a process has now, as text of at most MAX_TEXT bytes. */
void counts_text(pit_pid pid, char *ret);

/* The reference that the program calls number, false: not made yet. */
bool made_ref(struct run *run, int number, pit_ref *ret);

#endif
