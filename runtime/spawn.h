/*
 * Making a process, in the two ways that it is asked for: spawn.c now, spawn_request.c as a request
 * with an answer.
 */
#ifndef PIT_RUNTIME_SPAWN_H
#define PIT_RUNTIME_SPAWN_H

#include "runtime/signal.h"

struct pit__entry {
    pit_handler *handler; /* one of the two; neither: the process ends with undef */
    pit_body *body;
    const void *argument;
    size_t size;
};

/*
 * A new process of s with its name, that nobody runs yet: *ret_p has status FREE, and s must
 * enqueue it or hand it over. Returns its pid, or one that holds the error, with everything as it
 * was.
 */
pit_pid pit__spawn_create(struct pit__sched *s, pit_pid parent, const struct pit__entry *e,
                          const pit_spawn_opts *o, struct pit__process **ret_p);

/*
 * What of the arguments can fault does so here: for who takes something before pit__spawn_create
 * that the process's end would not give back. 0, or -EINVAL, which create will say too.
 */
int pit__spawn_foresee(const struct pit__entry *e, const pit_spawn_opts *o);

/* The scheduler that .scheduler asks for. */
struct pit__sched *pit__spawn_place(struct pit__sched *s, int16_t scheduler);

/* spawn_request.c: the process that m brings has arrived where it is to start. */
void pit__spawn_arrived(struct pit__sched *s, struct pit__message *m);

/* Its answer has reached p, who asked; child is the new process; linked: if a link was asked for,
   it has its half. Owner only. */
void pit__spawn_completed(struct pit__sched *s, struct pit__process *p, pit_pid child,
                          uint64_t number, bool linked);

/* A request under way is given up: what the child has of p goes, and if a link was asked for it
   gets this reason (borrowed). */
void pit__spawn_give_up(struct pit__sched *s, pit_pid p, const struct pit__relation *request,
                        struct pit__sealed *reason);

#endif
