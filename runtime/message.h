/*
 * Messages and signals inside the runtime: a block whose payload is what the user sees.
 *
 *   offset 0   block: next, home, size class, kind, payload size
 *          16  to: the pid it was sent to, generation included
 *          24  the public header: type, from, tag
 *          48  the payload, aligned to 16; with 16 bytes of payload a message fills one cache line
 */
#ifndef PIT_RUNTIME_MESSAGE_H
#define PIT_RUNTIME_MESSAGE_H

#include <pit/type.h>

#include "runtime/block.h"

struct pit__sealed;
struct pit__heap;
struct pit__process;
struct pit__sched;

enum pit__kind {
    PIT__MESSAGE,  /* an ordinary message; 0, for block.h's `small` */
    PIT__ANSWERED, /* a call that was answered or deferred; only in the receiver's hands */
    PIT__PASSING,  /* an ordinary message that no bound counts: from the layers above */
    PIT__CALL, /* a message that its sender waits for an answer to; public.pit__tag says which */
    PIT__BUILDING, /* of pit_message_make, not sent yet: its payload owns nothing */
    /* a message of the runtime's whose pit__tag owns the sealed reason in its payload */
    PIT__SYSTEM,
    /* the same, and behind the payload stands a sealed term more that it owns */
    PIT__SYSTEM_TAGGED,
    /* an event to a tracer, whose id is pit__tag; counted in its backlog until let go */
    PIT__TRACE_EVENT,
    PIT__FIRST_SIGNAL,
    PIT__REPLY = PIT__FIRST_SIGNAL, /* the answer to call pit__tag */
    PIT__FAILED, /* no answer to call pit__tag will come: struct pit__signal says why */
    /* a message to alias pit__tag: it becomes an ordinary one if the receiver says so */
    PIT__ALIASED,
    PIT__ALIASED_PRIORITY, /* the same, with priority if the alias was made for that */
    PIT__EXIT,             /* pit_exit_process */
    PIT__EXIT_ALIAS,       /* pit_exit_alias; number: the alias's; pit__tag: 1 with priority */
    PIT__EXIT_LINK,        /* a linked process ended; number: enum pit__exit_link */
    PIT__LINK,
    PIT__UNLINK, /* number: the unlink's id */
    PIT__UNLINK_ACK,
    PIT__MONITOR, /* number: the reference's */
    PIT__DEMONITOR,
    PIT__DOWN,
    PIT__SUSPEND,      /* the sender suspends the receiver */
    PIT__RESUME,       /* the sender suspends it no more */
    PIT__SUSPEND_OVER, /* the sender, which was suspended by the receiver, is gone */
    /* a timer to be started by the owner of its process; payload: struct start of timer.c */
    PIT__TIMER,
    PIT__TIMER_ASK, /* cancel or read a timer and send a message about it; timer.c */
    /* an ordinary message, pit__tag not 0: to that alias, whose sender waits until it is let in;
       bound.c */
    PIT__ASK,
    /* the same by pit_send_priority: it is one if the alias was made for that, and then does not
       wait */
    PIT__ASK_PRIORITY,
    PIT__ROOM,   /* the receiver's ASK has been let in, or who was asked is gone */
    PIT__CANCEL, /* the sender of an ASK ended */
    /* run a function on the receiver's data and answer; payload: struct pit__request */
    PIT__REQUEST,
    PIT__SPAWNED,          /* a requested process is there, and sends this; number: the request's */
    PIT__SPAWNED_UNLINKED, /* the same, and it has no link with who asked */
    PIT__ADOPT,            /* the processes chained in the payload are handed over */
    PIT__SLOTS,            /* the free slots chained in the payload are handed over */
    PIT__SPAWN,            /* a new process, to be started here, its spawn request to be answered */
    PIT__RUN,              /* run a function on this scheduler, outside of any process */
};

struct pit__message {
    struct pit__block block;
    pit_pid to;
    pit_msg public;
};

_Static_assert(sizeof(struct pit__message) == 48, "the payload must begin at 48, aligned to 16");

/* The payload of most signals: 16 bytes, so that a signal is one line. */
struct pit__signal {
    struct pit__sealed *reason;
    uint64_t number;
};

/* The bytes of its payload and of the terms that it owns; of binaries the handles. The same from
   its arrival to its end. */
size_t pit__message_content(const struct pit__message *m);
/* And with the header: what it takes of its receiver's memory. */
static inline size_t pit__message_bytes(const struct pit__message *m)
{
    return sizeof *m + pit__message_content(m);
}
static inline void *pit__message_payload(struct pit__message *m) { return m + 1; }
static inline struct pit__message *pit__message_of(const pit_msg *public)
{
    return (struct pit__message *)((char *)(uintptr_t) public -
                                   offsetof(struct pit__message, public));
}
static inline struct pit__message *pit__message_of_payload(const void *payload)
{
    return (struct pit__message *)(uintptr_t)payload - 1;
}
static inline struct pit__message *pit__message_next(const struct pit__message *m)
{
    return m->block.next;
}

/* A message with room for size bytes of payload, not zeroed; NULL: no memory. pool NULL: a foreign
   thread. */
static inline struct pit__message *pit__message_alloc(struct pit__blocks *pool, enum pit__kind kind,
                                                      size_t size)
{
    struct pit__message *m =
        size <= PIT__BLOCK_MOST ? pit__block_alloc(pool, sizeof *m + size) : NULL;

    if (m) {
        m->block.kind = (uint8_t)kind;
        m->block.size = (uint32_t)size;
        m->public.pit__tag = 0;
    }
    return m;
}

/* memcpy, without a call for what most messages are. */
static inline void pit__copy_small(void *to, const void *from, size_t size)
{
    if (size == 8)
        __builtin_memcpy(to, from, 8);
    else if (size == 16)
        __builtin_memcpy(to, from, 16);
    else
        __builtin_memcpy(to, from, size);
}

/* Free a message and what its payload owns. A call that nobody answered must have been failed
   before. */
void pit__message_free(struct pit__blocks *pool, struct pit__message *m);

/*
 * Binaries and terms inside a payload (owned.c). A message of a type that owns is allocated with
 * room for pit__owned_terms(type) pointers behind its payload: the sealed copies of its terms.
 */
unsigned pit__owned_terms(const pit_type *type);
/* The first look at a payload's terms, before there is a message: see pit__seal_look. */
void pit__owned_look(const pit_type *type, const void *payload);
/* After the payload was copied: make what is in it the message's. 0 or -ENOMEM. */
int pit__owned_adopt(struct pit__message *m);
void pit__owned_release(struct pit__message *m);
size_t pit__owned_bytes(const struct pit__message *m); /* of the sealed terms */
/* copy is a plain copy of m's payload: make what is in it live in the heap. 0 or -ENOMEM. */
int pit__owned_copy_out(struct pit__message *m, void *copy, struct pit__heap *heap);

#endif
