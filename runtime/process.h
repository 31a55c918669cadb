/*
 * The control block of a process: a slot of 384 bytes in a table that is never unmapped.
 *
 * Three kinds of cache line, because false sharing decides more than the algorithm (38 M messages/s
 * between cores with pid and mailbox word on one line, 113 M apart):
 *   mailbox    written by senders on any thread
 *   identity   read by all, written at spawn, exit and hand-over only
 *   the rest   touched by the owner alone: the scheduler that `owner` names, without atomics
 * A slot changes owner only by its present owner's act. A free slot has an owner too, who discards
 * late mail.
 */
#ifndef PIT_RUNTIME_PROCESS_H
#define PIT_RUNTIME_PROCESS_H

#include <pit/process.h>

#include "base/assert.h"
#include "base/list.h"
#include "runtime/mailbox.h"
#include "runtime/relation.h"
#include "runtime/wheel.h"
#include "term/pid.h"

struct pit__sched;
struct pit__stack;
struct pit__sealed;
struct pit__heap;
struct pit__wait;
struct pit__extra;

enum pit__status {
    PIT__FREE,
    PIT__WAITING,
    PIT__RUNNABLE, /* on its owner's run queue */
    PIT__RUNNING,
    /* handed over, and not adopted yet: the new owner may append to the inner queue, no more */
    PIT__TRANSIT,
    PIT__EXITING, /* runs no user code any more; on the run queue until its teardown is complete */
    /* torn down, but the kernel still writes to its memory: waits for the last completion */
    PIT__ZOMBIE,
};

/* What wakes a process that waits; an exit signal always does. */
#define PIT__WAKE_MESSAGE 1u
#define PIT__WAKE_REPLY 2u
#define PIT__WAKE_PARK 4u
#define PIT__WAKE_ROOM 8u /* in a mailbox that it sends to */

/* flags */
#define PIT__F_CALLBACK 1u    /* has a handler and not a body */
#define PIT__F_STARTING 2u    /* has not run yet */
#define PIT__F_TRAP 4u        /* traps exits */
#define PIT__F_EXIT 8u        /* must exit at the next chance: exit_reason is set */
#define PIT__F_TIMED_OUT 16u  /* the receive timer fired */
#define PIT__F_SUPERVISOR 32u /* counted for the order of stopping */
#define PIT__F_FAULTED 64u
#define PIT__F_FIRST 128u     /* the node's first process */
#define PIT__F_TORN_DOWN 256u /* the name and the pid are gone, the relations are going */
#define PIT__F_BOUND 512u     /* stays on its scheduler */
/* the timeout is armed: said here so that a wake-up need not look at its line */
#define PIT__F_TIMEOUT 1024u
#define PIT__F_STAMPED 2048u    /* the stamp is set, likewise */
#define PIT__F_MARK 8192u       /* mark and mark_number are set, likewise */
#define PIT__F_HEAP 4096u       /* the heap is there, likewise */
#define PIT__F_EXTRA 16384u     /* the extra data is there, likewise */
#define PIT__F_ATTENTION 32768u /* attend.h, this and the next */
#define PIT__F_LOOP 65536u      /* is run by the loop only; so is what ends */
/* its priority is high or max: said here so that the usual need not be asked */
#define PIT__F_URGENT 131072u
#define PIT__FORESEE_BITS 28 /* of process.partner: a slot's index + 1 */
/* a parked process has so many lines of frames, the runtime's and the first of its own */
#define PIT__PREFETCH_LINES 5

struct pit__process {
    /* ---- mailbox line: any sender */
    struct pit__mailbox mailbox;
    uint64_t kind; /* cold owner's data from here on, read rarely */
    const char *label;
    pit_pid parent;
    struct pit__sealed *exit_reason;
    uint32_t name;            /* the registered name's atom index + 1; 0: none */
    _Atomic(bool) bound_full; /* by bound_blocks: it had no room when its owner last looked */
    uint8_t far_wakes;        /* balance.c */
    uint64_t generation;      /* of the next process in this slot */
    pit_pid dead_pid;         /* in a teardown: links and monitors still speak in its name */

    /* ---- identity line: all read, rarely written */
    /* 0: free or ended. R1: released at spawn, after the slot is complete */
    _Atomic(int64_t) pid __attribute__((aligned(64)));
    /* R2: released at hand-over, after all that is the process's */
    _Atomic(struct pit__sched *) owner;
    union {
        pit_handler *handler;
        pit_body *body;
    };
    void *state; /* the copy of what the spawner gave: a handler's state, a body's argument */
    /* the owner's, cold: operations in flight. Not handed over; slot and stack outlive them */
    uint32_t pending_io;
    uint32_t stack_size;        /* of the stack that it has or will have */
    uint32_t partner;           /* the owner's: foresee.c */
    _Atomic(bool) bound_blocks; /* its mailbox makes senders wait: bound.h */
    struct pit__extra *extra;   /* the owner's; NULL: it has nothing of what few have. extra.h */
    pit_pid group_leader;       /* the owner's, cold. Spec: GL-1 */

    /* ---- hot line: owner */
    struct pit__message *head __attribute__((aligned(64))),
        *tail; /* the inner queue; tail means nothing while head is NULL */
    struct pit__process *run_next;
    struct pit__message
        *message; /* in the process's hands: a handler's; a stackful process's last received */
    void *sp;
    struct pit__stack *stack; /* NULL: waits or runs without one of its own */
    uint8_t status, wakes_on, priority, low_turns;
    uint32_t flags;
    uint32_t length;           /* of the inner queue */
    uint32_t slice_reductions; /* used since they were last added to `reductions` */

    /* ---- owner */
    struct pit__message *reply __attribute__((aligned(64))); /* the answer to call_tag, arrived */
    uint64_t call_tag;             /* the one call that this process waits for; 0: none */
    struct pit__wait *wait;        /* parked on */
    struct pit__message *received; /* by a handler, in a receive of its own */
    struct pit__message *mark;     /* the tail of the queue when mark_number was made */
    uint64_t mark_number;
    int64_t stamp; /* when it became runnable, if STAMPED */
    uint64_t reductions;

    /* ---- owner */
    struct pit__timer timeout __attribute__((aligned(64))); /* of the receive or park that waits */
    struct pit__relations relations;

    /* ---- owner */
    struct pit__list resources __attribute__((aligned(64)));
    struct pit__list allocations; /* pit_alloc's */
    size_t memory;                /* bytes of them */
    struct pit__message
        *kept; /* pit_keep's, and built messages that are not sent yet; youngest first */
    struct pit__sealed *last_reason; /* pit_last_exit_reason */
    struct pit__heap *heap;          /* terms; NULL until one is built */
};

_Static_assert(sizeof(struct pit__process) == 384, "six cache lines");
_Static_assert(offsetof(struct pit__process, pid) == 64, "identity on a line of its own");
_Static_assert(offsetof(struct pit__process, head) == 128, "the owner's lines begin at the third");
_Static_assert(offsetof(struct pit__process, reply) == 192, "the hot line is full");

/* ---- the slot table (slot.c) */

struct pit__slots {
    struct pit__process *base;
    _Atomic(uint32_t) used; /* slots handed out so far; those below it are mapped for good. R3 */
    uint32_t limit;         /* of processes */
    uint32_t room;   /* for slots: the limit, nobody's, and some for those that are retired */
    size_t reserved; /* bytes */
};
extern struct pit__slots pit__slots;

int pit__slots_open(uint32_t limit);
void pit__slots_close(void);

/* A3, acquire, pairs with R3: a slot below `used` is mapped and has an owner. */
static inline bool pit__slot_there(uint64_t index)
{
    return PIT__LIKELY(index < atomic_load_explicit(&pit__slots.used, memory_order_acquire));
}

/* The slot that a pid names, whoever lives there now; NULL: not a pid of ours. Any thread. */
static inline struct pit__process *pit__slot_of(pit_pid pid)
{
    uint64_t index = pit__pid_index(pid);

    if (PIT__UNLIKELY(pid.id <= 0 || pit__pid_is_proxy(pid) || !pit__slot_there(index)))
        return NULL;
    return pit__slots.base + index;
}

/* Relaxed: who may act on it is the owner, who wrote it; for all others it is a hint that the
   receiver's own check repeats. */
static inline int64_t pit__process_pid(const struct pit__process *p)
{
    return atomic_load_explicit(&p->pid, memory_order_relaxed);
}

static inline pit_pid pit__handle_of(const struct pit__process *p)
{
    return (pit_pid){pit__process_pid(p)};
}

/* Acquire, pairs with the release at hand-over: what the former owner did to the process is visible
   to the new one. */
static inline bool pit__owned_by(const struct pit__process *p, const struct pit__sched *s)
{
    return atomic_load_explicit(&p->owner, memory_order_acquire) == s;
}

static inline uint32_t pit__slot_index(const struct pit__process *p)
{
    return (uint32_t)(p - pit__slots.base);
}

/*
 * Have what a message to p touches here by the time it is needed: with 100,000 processes each line
 * is a cache miss, and they would come one after the other. The stack's first lines hold the frames
 * that its resumption returns through.
 */
static inline void pit__process_prefetch(const struct pit__process *p)
{
    __builtin_prefetch(&p->head, 1);
    __builtin_prefetch(&p->mailbox);
    __builtin_prefetch(&p->pid);
    __builtin_prefetch(&p->reply, 1);
}
static inline void pit__process_prefetch_stack(const struct pit__process *p)
{
    for (int i = 0; i < PIT__PREFETCH_LINES; i++)
        __builtin_prefetch((const char *)p->sp + 64 * i, 1);
}

struct pit__slot_pool {
    struct pit__process *free;
    unsigned count;
};

/* A free slot that s owns; NULL: it has none, and the table is full. Others may have some:
   limit.h. */
struct pit__process *pit__slot_get(struct pit__slot_pool *pool, struct pit__sched *s);

/* Free again. A pool that has grown long gives a part to a scheduler that has few: processes are
   not always ended where they are spawned. The slots travel like processes, by their owner's
   act. */
void pit__slot_put(struct pit__slot_pool *pool, struct pit__process *p);
void pit__slots_adopt(struct pit__slot_pool *pool, struct pit__process *first);

/* n free slots of from's pool, which has so many, go to another scheduler. How many went: 0,
   without memory for the message. */
unsigned pit__slots_give(struct pit__slot_pool *pool, unsigned n, struct pit__sched *from,
                         struct pit__sched *to);

/* The pid of the next life of this slot; 0: its generations are used up, and it is retired. */
int64_t pit__slot_next_pid(struct pit__process *p);

#endif
