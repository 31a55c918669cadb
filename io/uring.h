/*
 * The io_uring driver, as the other files of io/ see it: operations, and buffers that the kernel
 * fills.
 *
 * An operation is embedded in the object it works for. start() queues it; it is *prepared* (its SQE
 * filled in) only when the scheduler next submits, so what an object gathers until then leaves in
 * one operation. complete() is called on the driver's scheduler, outside of any process, after the
 * completion queue was read.
 *
 * All functions here are for the thread of the scheduler that owns the driver, but
 * pit__buffer_drop: any thread.
 */
#ifndef PIT_IO_URING_H
#define PIT_IO_URING_H

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>

#include "runtime/driver.h"

struct pit__op;

struct pit__op_kind {
    uint8_t opcode; /* IORING_OP_..., for probes */
    /* Fill in a zeroed SQE; user_data is the driver's. The object's memory that the SQE names (a
       msghdr, not the data) need be stable until the submission only. */
    void (*prepare)(struct pit__op *op, struct io_uring_sqe *sqe);
    /* One completion. flags: IORING_CQE_F_...; without F_MORE the operation has ended and may be
       started again, or its memory freed. */
    void (*complete)(struct pit__op *op, int res, uint32_t flags);
};

/*
 * State: IDLE     not the driver's; the only state in which it may be started or freed.
 *        WAITING  on the driver's list, without an SQE.
 *        STARVED  on the driver's list of those that wait for buffers.
 *        FLIGHT   the kernel has it.
 *        CANCEL   the kernel has it, and a request to cancel it is on the driver's list.
 */
enum pit__op_state {
    PIT__OP_IDLE,
    PIT__OP_WAITING,
    PIT__OP_STARVED,
    PIT__OP_FLIGHT,
    PIT__OP_CANCEL
};

struct pit__op {
    const struct pit__op_kind *kind;
    struct pit__op *next;
    uint8_t state;
    bool cancelled; /* ends with -ECANCELED instead of being submitted */
};

static inline void pit__op_init(struct pit__op *op, const struct pit__op_kind *kind)
{
    *op = (struct pit__op){.kind = kind};
}
static inline bool pit__op_idle(const struct pit__op *op) { return op->state == PIT__OP_IDLE; }

void pit__op_start(struct pit__driver *d, struct pit__op *op);

/* Start it again when buffers have come back to the ring; for what ended with -ENOBUFS. */
void pit__op_start_starved(struct pit__driver *d, struct pit__op *op);

/* Ask for the end of an operation that is not idle; complete() comes all the same, with
   -ECANCELED unless it was faster. */
void pit__op_cancel(struct pit__driver *d, struct pit__op *op);

/* Grows with each submission that left nothing behind: memory that earlier SQEs name is free
   when it has changed. */
uint64_t pit__driver_epoch(const struct pit__driver *d);

/* What the layer above keeps for each driver; detach(attached) is called by close, when nothing
   is in flight any more. */
void *pit__driver_attached(const struct pit__driver *d);
void pit__driver_attach(struct pit__driver *d, void *attached, void (*detach)(void *attached));

/* ---- buffers that the kernel picks for multishot receives (buffers.c) */

struct pit__buffers;

/* One buffer while it is out of the ring; also what an object queues received bytes as. */
struct pit__buffer {
    struct pit__buffer *next;  /* the holder's */
    struct pit__buffers *home; /* NULL: a copy of its own, not of any ring */
    uint8_t *data;
    uint32_t offset, length; /* unread bytes: data[offset .. offset + length) */
};

#define PIT__BUFFER_GROUP 1 /* the one group of a ring: what a receive's buf_group names */

/* The buffer that a completion with IORING_CQE_F_BUFFER handed out. When most of the ring is
   lent the bytes are copied and the buffer goes back at once, so that who holds on to bytes
   starves nobody (without memory for the copy it is lent all the same). */
struct pit__buffer *pit__driver_buffer(struct pit__driver *d, uint32_t cqe_flags, uint32_t length);

/* Give it back, or free the copy. Any thread. */
void pit__buffer_drop(struct pit__buffer *b);

/* ---- the driver's settings, for tests; to be changed only while no node runs. */
struct pit__uring_settings {
    unsigned sq_entries, cq_entries;
    unsigned buffers; /* a power of two, up to 32768 */
    unsigned buffer_size;
};
extern struct pit__uring_settings pit__uring_settings;

extern const struct pit__driver_ops pit__uring_ops;

/* What a test wants to know. */
struct pit__uring_stats {
    uint64_t submitted, completed, starved, wakes;
    unsigned lent;      /* buffers out of the ring */
    unsigned in_flight; /* operations in the kernel, the wake-up's poll not counted */
};
void pit__uring_stats_of(const struct pit__driver *d, struct pit__uring_stats *ret);

#endif
