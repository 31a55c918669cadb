/*
 * What layers above the runtime build on: the running process, waiting for an event, owning a
 * resource, messages from outside of a process. All of it runs on the scheduler's thread; nothing
 * here is atomic.
 *
 * The life of a blocking operation (io/):
 *   1. in the process: pit__io_begin(p) counts an operation in flight: p will not be handed to
 *      another scheduler, and its slot and stack outlive it until pit__io_end. Submit to
 *      pit__sched_driver().
 *   2. pit__park(&wait, deadline): the process waits until pit__unpark(&wait) or the deadline. If
 *      it is ended by an exit signal meanwhile, pit__park never returns: wait.abandoned is called
 *      on the scheduler, which starts a cancel.
 *   3. the completion, on the scheduler: pit__unpark(&wait) (which does nothing if p is gone), then
 *      pit__io_end(p).
 */
#ifndef PIT_RUNTIME_PARK_H
#define PIT_RUNTIME_PARK_H

#include <pit/process.h>

#include "base/list.h"

struct pit__process;
struct pit__sched;
struct pit__driver;
struct pit__driver_ops;

/* The process that runs on this thread, or NULL (a foreign thread, or the scheduler between
   processes). */
struct pit__process *pit__current(void);
pit_pid pit__pid_of(const struct pit__process *p);

/* This thread's scheduler and its driver; NULL outside of one. */
struct pit__sched *pit__sched_current(void);
struct pit__driver *pit__sched_driver(void);
int pit__sched_index(const struct pit__sched *s);

/* Which driver schedulers open; set before pit_run (io/ does it by constructor). */
extern const struct pit__driver_ops *pit__driver_default;

/* Every public function of an upper layer that works on the current process begins and ends with
   these (fault containment: what faults between them is a fault of the node). They nest. */
struct pit__process *pit__enter(void); /* the current process, NULL if none */
void pit__leave(void);                 /* charges a reduction; may yield if the slice is used up */

/* A fault between these two is the process's, although the runtime runs: reading or writing memory
   that a program named. */
void pit__touching_begin(void);
void pit__touching_end(void);

struct pit__wait {
    struct pit__process *process; /* NULL: nobody waits */
    bool done;
    /* on the scheduler: the process ended while it waited; may be NULL */
    void (*abandoned)(struct pit__wait *w);
};

/* Wait until unparked: 0; or -ETIMEDOUT at deadline_ns (of pit__now; INT64_MAX: never). Unparked
   before it parks: returns at once. w is initialised by pit__wait_init, lives on the caller's stack
   or longer. */
void pit__wait_init(struct pit__wait *w);
int pit__park(struct pit__wait *w, int64_t deadline_ns);
void pit__unpark(struct pit__wait *w);

void pit__io_begin(struct pit__process *p);
void pit__io_end(struct pit__process *p);

/*
 * A resource belongs to a process and is released when it ends, however it ends: release is called
 * once, on the owner's scheduler, outside of any process, after it was taken off the list. Embed
 * the struct. Own/disown only from the owner itself or its scheduler.
 */
struct pit__resource {
    struct pit__list link;
    void (*release)(struct pit__resource *r);
};
void pit__own(struct pit__process *p, struct pit__resource *r);
void pit__disown(struct pit__resource *r);

/* Messages made by the runtime's upper layers on a scheduler thread, in or outside of a process:
   make (payload returned, zeroed; NULL: no memory), fill in, send. from may be PIT_NO_PID. A
   message of a type that owns (binary, term) takes over the references in its fields. */
void *pit__message_make(const pit_type *type, size_t size);
void pit__message_send(pit_pid to, pit_pid from, void *payload);

/* Run fn(arg) soon on scheduler index's thread, outside of any process. Any thread. -ENOMEM. */
int pit__run_on(int index, void (*fn)(void *arg), void *arg);

/* End the current process with {badmatch or badarg ..., {file, line}}-like reason made of text. */
PIT_NORETURN void pit__exit_text(const char *kind, const char *what, const char *file, int line);

#endif
