/*
 * What few processes have: data that hangs off a process by one pointer and is made when it is
 * first needed. Owner only; it travels with the process and is freed at the end of its teardown.
 */
#ifndef PIT_RUNTIME_EXTRA_H
#define PIT_RUNTIME_EXTRA_H

#include "runtime/caught.h"
#include "runtime/process.h"

/* What a process is traced with: trace.h. */
struct pit__traced {
    int64_t tracer;  /* its id, which may be closed */
    uint32_t events; /* 0: it is not traced */
};

struct pit__bound;

struct pit__extra {
    uint32_t attends; /* PIT__AT_...: attend.h */
    struct pit__traced traced;
    /* of the messages in its queue, headers included; counted while a bit of PIT__AT_MAIL is set */
    uint64_t queue_bytes;

    uint64_t kept_bytes; /* likewise of what it keeps or builds */

    struct pit__caught caught; /* caught.c */

    bool sensitive; /* flag.c: nobody looks into its mail, dictionary and stack */
    char *label;    /* leader.c: pit_set_label's copy */
    struct pit__dictionary *dictionary; /* dictionary.c */

    /* the limit of its memory (heap_limit.c) */
    uint64_t heap_limit;    /* bytes; 0: none */
    uint64_t heap_reported; /* it was over it, and said so at so many bytes; 0: it is not */
    bool heap_no_kill, heap_no_report;

    /* suspension (suspend.c) */
    uint32_t suspenders;
    bool held;            /* it would run if it were not suspended */
    int64_t suspended_at; /* by the node's clock */
    int64_t paused_ns;    /* how long it was suspended in all: its timeouts stood still */
    int64_t timeout_ns;   /* when the timeout that suspension took away would have come; 0: none */

    /* bounds on mailboxes (bound.c) */
    uint32_t unasked; /* messages to bounded mailboxes elsewhere since it last asked one for room */
    struct pit__bound *bound; /* on its own mailbox; NULL: none */
    pit_pid blocked_to;       /* as a sender: its message is to be let in there, */
    bool blocked;             /* and until then it waits */

    /* the queue's remembered places (inner.c) */
    struct pit__message *last_priority; /* in its queue; NULL: none */
    struct pit__message *
        *scan; /* where its selective receive that waits goes on; NULL: none waits */
};

/* Makes it on first use; NULL: no memory. */
struct pit__extra *pit__extra_of(struct pit__process *p);

/* NULL: it has none. */
static inline struct pit__extra *pit__extra_peek(const struct pit__process *p) { return p->extra; }

/* The clock of its timeouts is so far behind the node's: while it is suspended it stands still. */
static inline int64_t pit__extra_paused(const struct pit__process *p)
{
    return PIT__UNLIKELY(p->flags & PIT__F_EXTRA) ? p->extra->paused_ns : 0;
}

/* In a teardown, after all that may look at it. */
void pit__extra_free(struct pit__sched *s, struct pit__process *p);

#endif
