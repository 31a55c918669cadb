/*
 * Attention: what is unusual about a process, asked for by one flag where others are asked for
 * already, so that the usual process pays nothing for it.
 *
 * A process has a word of PIT__AT_ bits in its extra data; each bit is one subject's, which sets
 * and clears it by pit__attend and pit__unattend. Two flags in p->flags are kept in step with the
 * word:
 *   PIT__F_ATTENTION  any bit is set: sends to it take the long way, and so do its own receives
 *   PIT__F_LOOP       a bit of PIT__AT_RUN is set, its priority is low, or it is exiting: it is run by the loop only,
 *                     never straight from another process, and gives the core back to the loop
 *
 * Where it is asked, and what is called there; all by the owner:
 *   a message is to be put into its queue          pit__append_attended: instead of pit__append. Consumes m
 *   a message leaves its queue                     pit__attend_take: m has just been unlinked (inner.h). Not asked in a teardown
 *   a callback process is to take a message        pit__attend_next: takes it. In the process: may switch
 *   a runtime call ends, and its slice is used up  pit__attend_leave. In the process: may wait. true: it has
 *   it keeps a message, or no more                 pit__attend_keep: also one that it builds. Not asked in a teardown
 *   the loop is about to run it (PIT__AT_RUN)      pit__attend_run: false: it does not run, and is off the run queue
 *   it gives the core back (PIT__AT_RUN)           pit__attend_stop. Not asked when it ends
 *   it ends; nothing of its end has been told      pit__attend_end: false: the budget is used up, and there is more
 *   pid and relations still stand                  vanish_unusual of exit.c
 * None of the others may switch, and none may end the process but by pit__terminate. Each hook asks
 * its bits in the order in which they must act, and calls the subject's own file; nothing is
 * decided here. A sender is not asked: who must know what a process sends sets PIT__WATCH_SENDER of
 * its scheduler in pit__attend_run and clears it in pit__attend_stop.
 *
 * A bit that is set while its process waits in a receive is seen by that receive when it goes on.
 */
#ifndef PIT_RUNTIME_ATTEND_H
#define PIT_RUNTIME_ATTEND_H

#include "runtime/extra.h"
#include "runtime/sched.h"

enum {
    PIT__AT_SUSPENDED = 1, /* suspend.c */
    PIT__AT_MEMORY = 2,    /* heap_limit.c */
    PIT__AT_BOUND = 4,     /* its mailbox has a bound: bound.c */
    /* it waits for room in another's mailbox, or will when its call ends: bound.c */
    PIT__AT_BLOCKED = 8,
    PIT__AT_PRIORITY = 16, /* it takes priority messages: inner.c */
    PIT__AT_TRACED = 32,   /* trace.h */

    PIT__AT_RUN = PIT__AT_SUSPENDED | PIT__AT_TRACED, /* who want to know when it runs */
    /* who want the bytes of its queue, and of what it keeps, counted */
    PIT__AT_MAIL = PIT__AT_MEMORY,
};

/* Set or clear bits. Attend makes the extra data: 0, or -ENOMEM and nothing has changed. */
int pit__attend(struct pit__process *p, uint32_t bits);
void pit__unattend(struct pit__process *p, uint32_t bits);

/* The flags of a priority that has changed, of a process that attends to something or not. */
void pit__attend_priority(struct pit__process *p, uint8_t priority);

static inline bool pit__attends(const struct pit__process *p, uint32_t bits)
{
    return (p->flags & PIT__F_ATTENTION) && (p->extra->attends & bits);
}

void pit__append_attended(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
/* m has come into p's queue, wherever it stands there. */
void pit__attend_came(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
void pit__attend_take(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
/* Append m, which no bound refuses: the rest of append_attended. */
void pit__append_let_in(struct pit__sched *s, struct pit__process *p, struct pit__message *m);
struct pit__message *pit__attend_next(struct pit__process *p);
bool pit__attend_leave(struct pit__process *p);
bool pit__attend_end(struct pit__sched *s, struct pit__process *p, int *budget);
void pit__attend_keep(struct pit__process *p, const struct pit__message *m, bool kept);
bool pit__attend_run(struct pit__sched *s, struct pit__process *p);
void pit__attend_stop(struct pit__sched *s, struct pit__process *p);

#endif
