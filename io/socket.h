/*
 * Sockets: who owns one, what is in flight for it, and how it ends. Streams and listeners have this
 * in common.
 *
 * Life:  OPEN       has a handle. Owned by a process (owner), or on the way to one (heir).
 *        CLOSING    no handle, no owner: what is queued to send leaves, until linger_until; then
 *                   all that is in flight is cancelled, and with its last completion the descriptor
 *                   is closed.
 *        FREE       on the free list, with the next generation ready.
 *
 * Invariants
 *  (1) All but handle, owner and heir is touched only on the owner's scheduler (OPEN), on the
 *      driver's (CLOSING), or by who carries the socket to its heir. handle, owner and heir are
 *      read by all, who may hold a stale handle.
 *  (2) While an operation is not idle, `driver` is its driver, and the owner is counted in flight
 *      (pinned), so that it stays on that driver's scheduler. No operation reads or writes a
 *      process's memory, so a process that ended leaves nothing behind: its count is given back
 *      when the socket is released.
 *  (3) Sockets are type-stable: their memory is never given back, so looking at a stale handle is
 *      safe.
 *
 * Everything here is for the scheduler's thread that (1) names.
 */
#ifndef PIT_IO_SOCKET_H
#define PIT_IO_SOCKET_H

#include <stdatomic.h>
#include <string.h>

#include <pit/tcp.h>

#include "io/uring.h"
#include "runtime/park.h"

/* It is to be given to a process that is being spawned: who asks for the socket and does not own
   it asks again. */
#define PIT__HEIR_UNBORN INT64_C(-1)

enum pit__socket_kind { PIT__STREAM, PIT__LISTENER };
enum pit__socket_life { PIT__SOCKET_FREE, PIT__SOCKET_OPEN, PIT__SOCKET_CLOSING };

/* What the owner, parked on `wait`, waits for. */
enum pit__waits_for {
    PIT__FOR_NOTHING,
    PIT__FOR_INPUT,
    PIT__FOR_ROOM,
    PIT__FOR_CONNECT,
    PIT__FOR_IDLE
};

/* Bytes to send: a part of a binary, of which the socket holds a count, or of a block of our own;
   static bytes have neither. */
struct pit__piece {
    const uint8_t *data;
    size_t length;
    struct pit__blob *blob;
    struct pit__block *block;
    size_t room; /* of our own: so many bytes are free behind these */
};

/* A listener's count of living connections, shared with them. */
struct pit__limit {
    atomic_int alive;
    atomic_uint references;
    int max; /* 0: none */
};

/* The fields that each request touches are in the first three cache lines: with a thousand
   connections it is misses that cost. */
struct pit__socket {
    /* Read through stale handles too. */
    _Atomic(int64_t) handle; /* 0: none */
    _Atomic(struct pit__process *) owner;
    _Atomic(int64_t) heir; /* the pid that it is on its way to; 0: none; or UNBORN */

    /* What follows starts as zeros in each life, but for slot, generation and fd. */
#define PIT__SOCKET_CLEARED driver
    struct pit__driver *driver;
    struct pit__op receive; /* a listener's accept */
    int fd;
    uint8_t kind, life, waits_for;
    bool ended : 1;    /* the peer sends no more */
    bool told : 1;     /* pit_tcp_closed was sent */
    bool armed : 1;    /* the owner has shown that it wants to receive */
    bool stopping : 1; /* receive was cancelled: enough is queued, or somebody waits for its end */

    struct pit__op send; /* a stream's connect too; a listener's timer */
    bool connected : 1;
    bool no_wait : 1, wants_writable : 1;
    bool shut_after : 1; /* to be shut down for sending when the queue is empty */
    bool shut : 1;       /* no more may be sent */
    bool lingers : 1;
    int error;  /* negative: what every operation returns from now on */
    int active; /* PIT_TCP_PASSIVE, _ONCE, _ALWAYS, or how many messages are left */

    /* received, not read */
    uint32_t received, read_ahead;
    struct pit__buffer *first, *last;

    /* to send: a ring of pieces, of which `queued` bytes are left */
    struct pit__piece *pieces;
    uint32_t piece_head, piece_count, piece_room; /* room: 0 or a power of two */
    uint32_t high, low;
    size_t queued;

    /* Rarely touched. */
    uint32_t send_timeout, linger;
    struct pit__resource resource;
    struct pit__wait wait;
    struct pit__list lingering;
    int64_t linger_until;
    struct pit__limit *limit;
    void *extra; /* a listener's own; the address of a stream that connects */
    void (*drop)(struct pit__socket *);
    struct pit__socket *next_free;
    int64_t generation;
    uint32_t slot;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct pit__socket) == 320, "five cache lines");
_Static_assert(offsetof(struct pit__socket, queued) < 192, "what is touched is in the first three");

/* ---- handles and owners */

/* A new socket around fd, not owned yet; NULL: no memory, and fd is the caller's still. drop gives up
   what its kind keeps in it, when the descriptor is closed: it is called last. */
struct pit__socket *pit__socket_new(int fd, enum pit__socket_kind kind,
                                    void (*drop)(struct pit__socket *));

/* The socket that a handle names and p owns (an heir becomes the owner here); 0, -EBADF,
   -EACCES. */
int pit__socket_of(int64_t handle, enum pit__socket_kind kind, struct pit__process *p,
                   struct pit__socket **ret);

void pit__socket_own(struct pit__socket *s, struct pit__process *p);
struct pit__process *pit__socket_owner(const struct pit__socket *s);

/* Start an operation of s on this scheduler's driver; pins the owner. And its end: called first
   in complete() when it has ended. */
void pit__socket_start(struct pit__socket *s, struct pit__op *op);
void pit__socket_start_starved(struct pit__socket *s, struct pit__op *op);
void pit__socket_ended(struct pit__socket *s, struct pit__op *op);

/* The owner waits for something, until unparked or deadline_ns. 0 or -ETIMEDOUT. */
int pit__socket_park(struct pit__socket *s, enum pit__waits_for what, int64_t deadline_ns);
void pit__socket_unpark(struct pit__socket *s, enum pit__waits_for what);

/* Leave the owner and close in the background; reset: at once, and what is queued is thrown
   away. */
void pit__socket_release(struct pit__socket *s, bool reset);

/* CLOSING: something has ended or left; closes the descriptor when nothing holds it any more. */
void pit__socket_progress(struct pit__socket *s);

/* It will be bequeathed to a process that may run before that is done. */
void pit__socket_promise(struct pit__socket *s, bool promised);

/* OPEN, in its owner's hands, nothing in flight: leave the owner for pid. The caller gives up s.
   0, -EINVAL. */
int pit__socket_bequeath(struct pit__socket *s, pit_pid pid);

/* A handle, or a negative error, as the handle that a program gets: pit_error() reads the error. */
static inline int64_t pit__handle(int64_t r) { return r < 0 ? INT64_MIN | -r : r; }

static inline bool pit__socket_idle(const struct pit__socket *s)
{
    return pit__op_idle(&s->receive) && pit__op_idle(&s->send);
}

/* ms from now as a deadline; PIT_INFINITY (any negative): INT64_MAX. */
int64_t pit__deadline(int64_t ms);

/* A connection is gone, or its listener is: they share the count. */
void pit__limit_release(struct pit__limit *limit);

/* A place for what the sending half keeps for each driver: NULL at first, freed with the driver. NULL:
   no memory for the place itself. */
void **pit__socket_scratch(struct pit__driver *d);

#endif
