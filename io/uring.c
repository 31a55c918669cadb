/*
 * The io_uring driver: one ring a scheduler.
 *
 * Flags: COOP_TASKRUN and TASKRUN_FLAG: completions are worked off when the thread enters the
 * kernel anyway, and the ring says when that is worth a call. Not SINGLE_ISSUER and DEFER_TASKRUN,
 * which measured no faster and tie the ring to one thread: nothing would complete while that one is
 * stuck, and nobody else could take the ring over.
 *
 * One pass (poll, wait), the same order always:
 *   1. buffers that came back go into the ring, and receives that waited for them onto the list;
 *   2. operations on the list are prepared and submitted; requests to cancel too;
 *   3. completions are copied out of the ring, as many as were there when we looked, at most BATCH
 *   at a time;
 *   4. they are delivered: complete() may start and cancel operations, which wait for the next
 *      pass.
 *
 * Invariants
 *  (1) Between passes no SQE is filled in and not submitted, unless the kernel refused to take it
 *      (then `queued` says so). A full submission queue is therefore no state of its own:
 *      operations stay on the list.
 *  (2) user_data is the operation, 0 for requests to cancel, whose outcome nobody needs: the
 *  operation's own tells.
 *  (3) The wake-up's poll is in flight whenever the scheduler waits. It is a multishot poll of an
 *      eventfd that is never read: each write is an event, and arming on a written one completes at
 *      once, so a wake between its end and its re-arming is seen. The count would overflow after
 *      2^64 writes.
 *  (4) in_flight counts operations in the kernel, the wake-up's poll not among them.
 *
 * Completions beyond the queue's room are kept by the kernel (NODROP) and fetched when the ring's
 * overflow flag is seen.
 */
#include "io/uring.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pit/log.h>

#include "base/assert.h"
#include "base/oracle.h"
#include "base/probes.h"
#include "io/buffers.h"
#include "io/uring_probe.h"
#include "runtime/arch/fibre.h"
#include "runtime/park.h"
#include "runtime/wall_time.h"

/* Completions copied out before they are delivered: 4 KiB, stays in the first-level cache. */
#define BATCH 256u

/* How long closing waits for what was cancelled: the kernel ends it from a thread of its own. */
#define END_LIMIT_NS 5000000000

struct completion {
    struct pit__op *op;
    int res;
    uint32_t flags;
};

struct op_list {
    struct pit__op *head, **tail;
    unsigned count;
};

struct pit__driver {
    struct io_uring ring;
    bool ring_open, delivering, closing;
    /* valgrind runs one thread at a time, and would let no other run while one waits in
       io_uring_enter */
    bool polls;
    int index, wake_fd; /* wake_fd: the buffers' object owns it */
    struct pit__op wake_op;
    struct pit__buffers *buffers;

    struct op_list waiting, starved, cancels;
    struct op_list dead; /* cancelled before they were submitted: completed after the submission */
    unsigned in_flight;
    uint64_t times_starved, epoch;
    void *attached;
    void (*detach)(void *attached);

    struct completion batch[BATCH];

    /* Read by other threads: single writer, relaxed. */
    _Atomic(uint64_t) submitted, completed, wakes;
};

struct pit__uring_settings pit__uring_settings = {
    .sq_entries = 1024, /* a pass rarely starts more; what does not fit follows in the same pass */
    /* a completion of each of thousands of multishot receives between two passes */
    .cq_entries = 8192,
    .buffers = 1024,      /* 16 MiB a ring of address space; memory as far as data has come */
    .buffer_size = 16384, /* large streams come in few pieces; a request touches one page of it */
};

/* ---- lists of operations */

static void list_init(struct op_list *l) { *l = (struct op_list){.tail = &l->head}; }

static void list_append(struct op_list *l, struct pit__op *op)
{
    op->next = NULL;
    *l->tail = op;
    l->tail = &op->next;
    l->count++;
}

static struct pit__op *list_take(struct op_list *l)
{
    struct pit__op *op = l->head;

    l->head = op->next;
    if (!l->head)
        l->tail = &l->head;
    l->count--;
    return op;
}

/* Linear; for operations that end in the short time in which they are listed. */
static void list_remove(struct op_list *l, struct pit__op *op)
{
    struct pit__op **at = &l->head;

    while (*at != op) {
        PIT_ASSERT(*at);
        at = &(*at)->next;
    }
    *at = op->next;
    if (!*at)
        l->tail = at;
    l->count--;
}

static void add(_Atomic(uint64_t) *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* ---- operations */

void pit__op_start(struct pit__driver *d, struct pit__op *op)
{
    PIT_ASSERT(op->state == PIT__OP_IDLE);
    op->state = PIT__OP_WAITING;
    op->cancelled = false;
    list_append(&d->waiting, op);
}

void pit__op_start_starved(struct pit__driver *d, struct pit__op *op)
{
    PIT_ASSERT(op->state == PIT__OP_IDLE);
    op->state = PIT__OP_STARVED;
    op->cancelled = false;
    list_append(&d->starved, op);
    d->times_starved++;
    if (d->starved.count == 1) /* once for all that starve in a pass */
        pit__buffers_deepen(d->buffers);
}

void pit__op_cancel(struct pit__driver *d, struct pit__op *op)
{
    switch (op->state) {
    case PIT__OP_STARVED:
        list_remove(&d->starved, op);
        op->state = PIT__OP_WAITING;
        list_append(&d->waiting, op);
        op->cancelled = true;
        break;
    case PIT__OP_WAITING:
        op->cancelled = true;
        break;
    case PIT__OP_FLIGHT:
        op->state = PIT__OP_CANCEL;
        list_append(&d->cancels, op);
        break;
    default: /* asked for already, or nothing to cancel */
        break;
    }
}

uint64_t pit__driver_epoch(const struct pit__driver *d) { return d->epoch; }
void *pit__driver_attached(const struct pit__driver *d) { return d->attached; }

void pit__driver_attach(struct pit__driver *d, void *attached, void (*detach)(void *attached))
{
    PIT_ASSERT(!d->attached);
    d->attached = attached;
    d->detach = detach;
}

static void deliver(struct pit__driver *d, struct pit__op *op, int res, uint32_t flags)
{
    PIT_PROBE_IO_COMPLETE(op->kind->opcode, res, d->index);
    if (!(flags & IORING_CQE_F_MORE)) {
        if (op->state == PIT__OP_CANCEL)
            list_remove(&d->cancels, op);
        op->state = PIT__OP_IDLE;
        if (op != &d->wake_op)
            d->in_flight--;
    }
    op->kind->complete(op, res, flags);
}

/* ---- submission */

/* An SQE, submitting what fills the queue; NULL: the kernel takes no more now. */
static struct io_uring_sqe *get_sqe(struct pit__driver *d)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&d->ring);

    if (PIT__UNLIKELY(!sqe)) {
        (void)io_uring_submit(&d->ring); /* a refusal (EAGAIN, EBUSY) shows as a full queue */
        sqe = io_uring_get_sqe(&d->ring);
    }
    return sqe;
}

static bool prepare_cancels(struct pit__driver *d)
{
    while (d->cancels.head) {
        struct io_uring_sqe *sqe = get_sqe(d);
        if (!sqe)
            return false;
        struct pit__op *op = list_take(&d->cancels);
        io_uring_prep_cancel(sqe, op, 0);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        sqe->user_data = 0;
        op->state = PIT__OP_FLIGHT;
    }
    return true;
}

static void prepare_waiting(struct pit__driver *d)
{
    unsigned n = 0;

    while (d->waiting.head) {
        if (PIT__UNLIKELY(d->waiting.head->cancelled)) {
            list_append(&d->dead, list_take(&d->waiting));
            continue;
        }
        struct io_uring_sqe *sqe = get_sqe(d);
        if (!sqe)
            break;
        struct pit__op *op = list_take(&d->waiting);
        op->kind->prepare(op, sqe);
        sqe->user_data = (uintptr_t)op;
        op->state = PIT__OP_FLIGHT;
        n++;
        if (op != &d->wake_op)
            d->in_flight++;
        PIT_PROBE_IO_SUBMIT(op->kind->opcode, sqe->fd, d->index);
    }
    add(&d->submitted, n);
}

/* Receives that found no buffer go on when there are some: few would end most of them again at
   once. */
static void feed_starved(struct pit__driver *d)
{
    unsigned enough = pit__buffers_depth(d->buffers) / 4 + 1;
    unsigned there = pit__buffers_collect(d->buffers);

    if (PIT__LIKELY(!d->starved.head))
        return;
    if (there < enough) {
        pit__buffers_awaited(d->buffers, true);
        there = pit__buffers_collect(d->buffers);
        if (there < enough)
            return;
    }
    pit__buffers_awaited(d->buffers, false);
    while (d->starved.head) {
        struct pit__op *op = list_take(&d->starved);
        op->state = PIT__OP_WAITING;
        list_append(&d->waiting, op);
    }
}

static void prepare_all(struct pit__driver *d)
{
    if (!io_uring_sq_ready(&d->ring))
        d->epoch++;
    feed_starved(d);
    if (prepare_cancels(d))
        prepare_waiting(d);
}

/* ---- completion */

static unsigned deliver_dead(struct pit__driver *d)
{
    unsigned n = d->dead.count;

    for (unsigned i = 0; i < n; i++) {
        struct pit__op *op = list_take(&d->dead);
        d->in_flight++; /* deliver() takes it off again */
        deliver(d, op, -ECANCELED, 0);
    }
    return n;
}

static unsigned copy_out(struct pit__driver *d, unsigned room)
{
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;

    io_uring_for_each_cqe(&d->ring, head, cqe)
    {
        if (n == room)
            break;
        d->batch[n++] =
            (struct completion){(struct pit__op *)(uintptr_t)cqe->user_data, cqe->res, cqe->flags};
    }
    if (n)
        io_uring_cq_advance(&d->ring, n);
    return n;
}

/* At most as many as were there at the beginning, so that a busy ring cannot hold the
   scheduler's loop. */
static unsigned deliver_all(struct pit__driver *d)
{
    unsigned left = io_uring_cq_ready(&d->ring), total = 0;

    PIT_ASSERT(!d->delivering);
    d->delivering = true;
    if (PIT__UNLIKELY(d->dead.head))
        total += deliver_dead(d);
    while (left) {
        unsigned n = copy_out(d, left < BATCH ? left : BATCH);
        for (unsigned i = 0; i < n; i++)
            if (d->batch[i].op)
                deliver(d, d->batch[i].op, d->batch[i].res, d->batch[i].flags);
        left -= n;
        total += n;
    }
    d->delivering = false;
    add(&d->completed, total);
    return total;
}

static bool kernel_has_work(const struct pit__driver *d)
{
    return IO_URING_READ_ONCE(*d->ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

static unsigned driver_poll(struct pit__driver *d)
{
    prepare_all(d);
    /* A refusal (EAGAIN, EBUSY, EINTR) leaves the entries queued for the next pass. */
    if (kernel_has_work(d))
        (void)io_uring_submit_and_get_events(&d->ring);
    else if (io_uring_sq_ready(&d->ring))
        (void)io_uring_submit(&d->ring);
    return deliver_all(d);
}

/* As the end of driver_wait, but the waiting is done in poll(2). */
static unsigned wait_in_poll(struct pit__driver *d, const struct __kernel_timespec *timeout)
{
    struct pollfd ring = {.fd = d->ring.ring_fd, .events = POLLIN};
    struct timespec limit = {0};

    if (timeout)
        limit = (struct timespec){.tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_nsec};
    (void)io_uring_submit(&d->ring);
    (void)ppoll(&ring, 1, timeout ? &limit : NULL, NULL);
    pit__wall_time_woken();
    return driver_poll(d);
}

static unsigned driver_wait(struct pit__driver *d, int64_t deadline_ns)
{
    struct io_uring_cqe *cqe;
    struct __kernel_timespec limit, *timeout = NULL;

    prepare_all(d);
    /* The kernel takes no more at the moment, or there is something to tell: no time to sleep. */
    if (d->waiting.head || d->dead.head)
        return driver_poll(d);
    if (deadline_ns != INT64_MAX) {
        int64_t ns = deadline_ns - pit__now();
        if (ns <= 0)
            return driver_poll(d);
        limit = (struct __kernel_timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
        timeout = &limit;
    }
    PIT_ASSERT(!pit__op_idle(&d->wake_op)); /* (3) */
    if (PIT__UNLIKELY(d->polls))
        return wait_in_poll(d, timeout);
    /* Time is up, a signal, or a refusal: the caller looks around and comes back. */
    if (timeout)
        (void)io_uring_submit_and_wait_timeout(&d->ring, &cqe, 1, timeout, NULL);
    else
        (void)io_uring_submit_and_wait(&d->ring, 1);
    pit__wall_time_woken();
    return deliver_all(d);
}

/* ---- waking */

static void wake_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_poll_multishot(sqe, PIT__CONTAINER(op, struct pit__driver, wake_op)->wake_fd,
                                 POLLIN);
}

static void wake_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__driver *d = PIT__CONTAINER(op, struct pit__driver, wake_op);

    add(&d->wakes, res >= 0);
    if (pit__op_idle(op) && !d->closing)
        pit__op_start(d, op);
}

static const struct pit__op_kind wake_kind = {IORING_OP_POLL_ADD, wake_prepare, wake_complete};

static void driver_wake(struct pit__driver *d)
{
    int saved = errno;

    (void)!write(d->wake_fd, &(uint64_t){1},
                 sizeof(uint64_t)); /* fails only when full, which is an event too */
    errno = saved;
}

/* ---- buffers */

struct pit__buffer *pit__driver_buffer(struct pit__driver *d, uint32_t cqe_flags, uint32_t length)
{
    struct pit__buffer *b =
        pit__buffers_take(d->buffers, cqe_flags >> IORING_CQE_BUFFER_SHIFT, length);

    if (PIT__UNLIKELY(pit__buffers_scarce(d->buffers))) {
        struct pit__buffer *copy = pit__buffer_copy(b);
        if (copy) {
            pit__buffer_drop(b);
            return copy;
        }
    }
    return b;
}

/* ---- opening and closing */

/* Whatever is in flight still (what nobody owns any more) is cancelled, so that the kernel
   writes to no memory of ours after this. */
static void end_all(struct pit__driver *d)
{
    struct __kernel_timespec limit = {.tv_nsec = 10000000};
    int64_t end = pit__now() + END_LIMIT_NS;
    struct io_uring_cqe *cqe;
    struct io_uring_sqe *sqe;

    d->closing = true;
    for (unsigned round = 0; pit__now() < end; round++) {
        prepare_all(d);
        if (round % 16 == 0 && (sqe = get_sqe(d))) { /* what completes meanwhile may start more */
            io_uring_prep_cancel(sqe, NULL, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
            sqe->user_data = 0;
        }
        /* What went wrong shows as operations that do not end. */
        (void)io_uring_submit_and_wait_timeout(&d->ring, &cqe, 1, &limit, NULL);
        (void)deliver_all(d);
        if (!d->in_flight && !d->waiting.head && !d->dead.head && pit__op_idle(&d->wake_op))
            return;
    }
    pit_log(PIT_LOG_WARNING, "%u operations did not end when the I/O of a scheduler was closed",
            d->in_flight);
}

static void driver_close(struct pit__driver *d)
{
    if (!d)
        return;
    if (d->buffers)
        end_all(d);
    if (d->detach)
        d->detach(d->attached);
    if (d->ring_open)
        io_uring_queue_exit(&d->ring);
    if (d->buffers)
        pit__buffers_release(d->buffers); /* closes wake_fd, with the last buffer */
    else if (d->wake_fd >= 0)
        (void)close(d->wake_fd);
    free(d);
}

static int open_ring(struct pit__driver *d)
{
    struct io_uring_params p = {
        .flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = pit__uring_settings.cq_entries,
    };
    int r = io_uring_queue_init_params(pit__uring_settings.sq_entries, &d->ring, &p);

    if (r < 0)
        return pit__uring_explain(r);
    d->ring_open = true;
    /* what holds for one ring holds for all */
    return d->index == 0 ? pit__uring_check(&d->ring) : 0;
}

static int open_buffers(struct pit__driver *d)
{
    int r;

    d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->wake_fd < 0)
        return pit__uring_explain_other("eventfd2", -errno);
    r = pit__buffers_new(&d->ring, d, d->wake_fd, pit__uring_settings.buffers,
                         pit__uring_settings.buffer_size, &d->buffers);
    return r < 0 ? pit__uring_explain(r) : 0;
}

static int driver_open(struct pit__sched *sched, int index, struct pit__driver **ret_driver)
{
    struct pit__driver *d;
    int r;

    if (index == 0)
        pit__uring_raise_limits();
    if (posix_memalign((void **)&d, 64, sizeof(*d)))
        return pit__uring_explain(-ENOMEM);
    *d = (struct pit__driver){.index = index, .wake_fd = -1, .polls = pit__under_valgrind()};
    list_init(&d->waiting);
    list_init(&d->starved);
    list_init(&d->cancels);
    list_init(&d->dead);
    pit__op_init(&d->wake_op, &wake_kind);

    r = open_ring(d);
    if (r >= 0)
        r = open_buffers(d);
    if (r < 0) {
        driver_close(d);
        return r;
    }
    pit__op_start(d, &d->wake_op);
    (void)driver_poll(d); /* arms it: a wake may come before the first wait */
    *ret_driver = d;
    return 0;
}

/* ---- the rest of the seam */

static unsigned driver_queued(const struct pit__driver *d)
{
    /* The starved too: what was given back on this thread reaches the ring with the next pass. */
    return d->waiting.count + d->cancels.count + d->starved.count + io_uring_sq_ready(&d->ring);
}

static int driver_pending(const struct pit__driver *d)
{
    return io_uring_cq_ready(&d->ring) || kernel_has_work(d);
}

static void driver_counters(const struct pit__driver *d, uint64_t *ret_submitted,
                            uint64_t *ret_completed)
{
    *ret_submitted = atomic_load_explicit(&d->submitted, memory_order_relaxed);
    *ret_completed = atomic_load_explicit(&d->completed, memory_order_relaxed);
}

void pit__uring_stats_of(const struct pit__driver *d, struct pit__uring_stats *ret)
{
    *ret = (struct pit__uring_stats){.starved = d->times_starved,
                                     .lent = pit__buffers_lent(d->buffers),
                                     .in_flight = d->in_flight};
    ret->wakes = atomic_load_explicit(&d->wakes, memory_order_relaxed);
    driver_counters(d, &ret->submitted, &ret->completed);
}

const struct pit__driver_ops pit__uring_ops = {
    .name = "uring",
    .open = driver_open,
    .close = driver_close,
    .poll = driver_poll,
    .wait = driver_wait,
    .wake = driver_wake,
    .queued = driver_queued,
    .pending = driver_pending,
    .counters = driver_counters,
};

/* The runtime lies below and cannot name us. A static library's constructors run only if
   something names their file: io_dep links all of io/, and pit/tcp.h's functions reach this
   file. */
__attribute__((constructor)) static void offer(void)
{
    if (!pit__driver_default)
        pit__driver_default = &pit__uring_ops;
}
