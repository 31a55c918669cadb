/*
 * Goal: the driver keeps what runtime/driver.h promises: nothing is lost when queues are full, a
 *   wake is never lost, deadlines hold, cancelled operations end, lent buffers come back from any
 *   thread, also after the driver is gone.
 * Method: a driver without a scheduler, driven by the test's own thread; operations on socket
 * pairs.
 */
#include "io/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/oracle.h"
#include "tests/harness/test.h"

static const struct pit__driver_ops *ops = &pit__uring_ops;

static struct pit__driver *open_driver(void)
{
    struct pit__driver *d = NULL;

    CHECK_EQ(ops->open(NULL, 0, &d), 0);
    return d;
}

static struct pit__uring_stats stats(struct pit__driver *d)
{
    struct pit__uring_stats s;

    pit__uring_stats_of(d, &s);
    return s;
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* ---- an operation that remembers what happened to it */

struct probe {
    struct pit__op op;
    int fd, times, last;
    struct pit__driver *driver;
    struct pit__buffer *received;
};

static void nop_prepare(struct pit__op *op, struct io_uring_sqe *sqe) { io_uring_prep_nop(sqe); }
static void readable_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_poll_add(sqe, PIT__CONTAINER(op, struct probe, op)->fd, POLLIN);
}
static void receive_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_recv_multishot(sqe, PIT__CONTAINER(op, struct probe, op)->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = PIT__BUFFER_GROUP;
}
static void note(struct pit__op *op, int res, uint32_t flags)
{
    struct probe *p = PIT__CONTAINER(op, struct probe, op);

    p->times++;
    p->last = res;
    if (flags & IORING_CQE_F_BUFFER) {
        struct pit__buffer *b = pit__driver_buffer(p->driver, flags, (uint32_t)res);
        b->next = p->received;
        p->received = b;
    }
    if (res == -ENOBUFS)
        pit__op_start_starved(p->driver, op);
}
static const struct pit__op_kind nop_kind = {IORING_OP_NOP, nop_prepare, note};
static const struct pit__op_kind readable_kind = {IORING_OP_POLL_ADD, readable_prepare, note};
static const struct pit__op_kind receive_kind = {IORING_OP_RECV, receive_prepare, note};

static struct probe probe_on(struct pit__driver *d, const struct pit__op_kind *kind, int fd)
{
    struct probe p = {.fd = fd, .driver = d};

    pit__op_init(&p.op, kind);
    return p;
}

static void until_idle(struct pit__driver *d, struct probe *p)
{
    int64_t end = pit__now() + A_WHILE * INT64_C(1000000);

    while (!pit__op_idle(&p->op)) {
        CHECK(pit__now() < end);
        ops->wait(d, end);
    }
}

/* ---- */

PIT_TEST(opening_and_closing_leaves_no_descriptor)
{
    unsigned before = open_descriptors();

    for (int i = 0; i < 20; i++)
        ops->close(open_driver());
    ops->close(NULL);
    CHECK_EQ(open_descriptors(), before);
}

PIT_TEST(more_operations_than_the_submission_queue_holds_all_complete)
{
    enum { MANY = 20000 };
    pit__uring_settings.sq_entries = 64;
    /* overflows too: what does not fit is kept by the kernel */
    pit__uring_settings.cq_entries = 128;
    struct pit__driver *d = open_driver();
    struct probe *p = calloc(MANY, sizeof(*p));
    uint64_t done = 0, submitted, completed;

    for (int i = 0; i < MANY; i++) {
        p[i] = probe_on(d, &nop_kind, -1);
        pit__op_start(d, &p[i].op);
    }
    CHECK_EQ(ops->queued(d), MANY);
    for (int pass = 0; pass < MANY && (ops->queued(d) || ops->pending(d)); pass++)
        done += ops->poll(d);
    CHECK_EQ(done, MANY);
    for (int i = 0; i < MANY; i++) {
        CHECK(pit__op_idle(&p[i].op));
        CHECK_EQ(p[i].times, 1);
        CHECK_EQ(p[i].last, 0);
    }
    CHECK_EQ(stats(d).in_flight, 0);
    ops->counters(d, &submitted, &completed);
    CHECK_EQ(submitted, MANY + 1); /* and the wake-up's poll */
    CHECK_EQ(completed, MANY);
    ops->close(d);
    free(p);
}

PIT_TEST(a_wait_ends_at_its_deadline)
{
    struct pit__driver *d = open_driver();

    for (int i = 0; i < 5; i++) {
        int64_t deadline = pit__now() + 5000000;
        while (pit__now() < deadline)
            CHECK_EQ(ops->wait(d, deadline), 0);
        CHECK(pit__now() - deadline < A_WHILE * INT64_C(1000000));
    }
    CHECK_EQ(ops->wait(d, pit__now() - 1), 0); /* one that has passed does not wait */
    ops->close(d);
}

PIT_TEST(a_wake_before_the_wait_is_not_lost)
{
    struct pit__driver *d = open_driver();

    for (int i = 0; i < 1000; i++) {
        ops->wake(d);
        uint64_t seen = stats(d).wakes;
        while (stats(d).wakes == seen)
            ops->wait(d, INT64_MAX); /* the harness's limit ends a test that hangs here */
    }
    ops->close(d);
}

struct pinger {
    struct pit__driver *driver;
    _Atomic(uint64_t) asked, seen;
    uint64_t rounds;
};

static void *ping(void *arg)
{
    struct pinger *p = arg;

    for (uint64_t i = 1; i <= p->rounds; i++) {
        p->asked = i;
        ops->wake(p->driver);
        while (p->seen < i)
            ;
    }
    return NULL;
}

PIT_TEST(a_wake_from_another_thread_ends_the_wait)
{
    struct pit__driver *d = open_driver();
    struct pinger p = {.driver = d, .rounds = pit_test_scale(20000, 1000000)};
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, ping, &p), 0);
    while (p.seen < p.rounds) {
        ops->wait(d, INT64_MAX);
        p.seen = p.asked;
    }
    pthread_join(thread, NULL);
    ops->close(d);
}

PIT_TEST(the_wake_up_survives_an_overflow_that_ends_its_poll)
{
    pit__uring_settings.sq_entries = 64;
    pit__uring_settings.cq_entries = 64;
    struct pit__driver *d = open_driver();
    struct probe *p = calloc(5000, sizeof(*p));

    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 5000; i++) {
            p[i] = probe_on(d, &nop_kind, -1);
            pit__op_start(d, &p[i].op);
            if (i % 100 == 0)
                ops->wake(d);
        }
        while (ops->queued(d) || ops->pending(d))
            ops->poll(d);
    }
    ops->wake(d);
    for (uint64_t seen = stats(d).wakes; stats(d).wakes == seen;)
        ops->wait(d, INT64_MAX);
    ops->close(d);
    free(p);
}

PIT_TEST(a_cancelled_operation_completes_once_whatever_its_state)
{
    struct pit__driver *d = open_driver();
    int pair[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct probe p = probe_on(d, &readable_kind, pair[0]);

    pit__op_start(d, &p.op); /* in flight */
    ops->poll(d);
    pit__op_cancel(d, &p.op);
    pit__op_cancel(d, &p.op); /* twice is once */
    until_idle(d, &p);
    CHECK_EQ(p.last, -ECANCELED);
    CHECK_EQ(p.times, 1);

    pit__op_start(d, &p.op); /* not submitted yet */
    pit__op_cancel(d, &p.op);
    until_idle(d, &p);
    CHECK_EQ(p.last, -ECANCELED);
    CHECK_EQ(p.times, 2);

    pit__op_start_starved(d, &p.op);
    pit__op_cancel(d, &p.op);
    until_idle(d, &p);
    CHECK_EQ(p.last, -ECANCELED);
    CHECK_EQ(p.times, 3);

    pit__op_start(d, &p.op); /* completes while the request to cancel is on the list */
    ops->poll(d);
    CHECK_EQ(write(pair[1], "x", 1), 1);
    while (!ops->pending(d))
        ;
    pit__op_cancel(d, &p.op);
    until_idle(d, &p);
    CHECK_EQ(p.times, 4);
    pit__op_cancel(d, &p.op); /* idle: no effect */
    ops->poll(d);
    CHECK_EQ(p.times, 4);
    CHECK_EQ(stats(d).in_flight, 0);
    ops->close(d);
}

PIT_TEST(closing_ends_what_is_in_flight)
{
    struct pit__driver *d = open_driver();
    int pair[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct probe p = probe_on(d, &readable_kind, pair[0]), q = probe_on(d, &readable_kind, pair[0]);
    pit__op_start(d, &p.op);
    ops->poll(d);
    pit__op_start(d, &q.op);
    ops->close(d);
    CHECK(pit__op_idle(&p.op));
    CHECK(pit__op_idle(&q.op));
    CHECK_EQ(p.times + q.times, 2);
}

/* ---- buffers */

static unsigned held(const struct probe *p, size_t *ret_bytes)
{
    unsigned n = 0;

    *ret_bytes = 0;
    for (struct pit__buffer *b = p->received; b; b = b->next, n++)
        *ret_bytes += b->length;
    return n;
}

static void drop_all(struct probe *p)
{
    while (p->received) {
        struct pit__buffer *b = p->received;
        p->received = b->next;
        pit__buffer_drop(b);
    }
}

PIT_TEST(a_receiver_that_keeps_its_buffers_is_fed_by_copies_and_starves_nobody)
{
    pit__uring_settings.buffers = 4;
    pit__uring_settings.buffer_size = 64;
    struct pit__driver *d = open_driver();
    char bytes[6400];
    size_t got = 0;
    int pair[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct probe p = probe_on(d, &receive_kind, pair[0]);
    pit__op_start(d, &p.op);
    memset(bytes, 'b', sizeof bytes);
    CHECK_EQ(write(pair[1], bytes, sizeof bytes), sizeof bytes);
    while (held(&p, &got), got < sizeof bytes)
        ops->wait(d, INT64_MAX);
    ops->poll(d); /* takes back what this thread, a foreign one to the driver, gave back */
    CHECK(stats(d).lent <= 3);
    CHECK(held(&p, &got) >= 100);

    /* All buffers come back, and the receive goes on. */
    drop_all(&p);
    CHECK_EQ(write(pair[1], "end", 3), 3);
    while (held(&p, &got), got < 3)
        ops->wait(d, INT64_MAX);
    drop_all(&p);
    ops->poll(d);
    CHECK_EQ(stats(d).lent, 0);
    close(pair[1]);
    until_idle(d, &p);
    ops->close(d);
}

PIT_TEST(a_receive_without_a_buffer_waits_for_one)
{
    pit__uring_settings.buffers = 8;
    pit__uring_settings.buffer_size = 16;
    struct pit__driver *d = open_driver();
    enum { SOCKETS = 64 };
    struct probe p[SOCKETS];
    int pair[SOCKETS][2];
    unsigned done = 0;

    for (int i = 0; i < SOCKETS; i++) {
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
        CHECK_EQ(write(pair[i][1], "0123456789abcdef0123456789abcdef", 32), 32);
        p[i] = probe_on(d, &receive_kind, pair[i][0]);
        pit__op_start(d, &p[i].op); /* 128 buffers' worth at once */
    }
    while (done < SOCKETS) {
        ops->wait(d, INT64_MAX);
        done = 0;
        for (int i = 0; i < SOCKETS; i++) {
            size_t got;
            held(&p[i], &got);
            done += got == 32;
        }
    }
    CHECK(stats(d).starved > 0);
    for (int i = 0; i < SOCKETS; i++) {
        close(pair[i][1]);
        until_idle(d, &p[i]);
        CHECK_EQ(p[i].last, 0);
        drop_all(&p[i]);
    }
    ops->poll(d);
    CHECK_EQ(stats(d).lent, 0);
    ops->close(d);
}

static void *drop_elsewhere(void *arg)
{
    drop_all(arg);
    return NULL;
}

PIT_TEST(a_buffer_may_be_dropped_by_another_thread_and_after_the_driver)
{
    struct pit__driver *d = open_driver();
    pthread_t thread;
    size_t got;
    int pair[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct probe p = probe_on(d, &receive_kind, pair[0]);
    pit__op_start(d, &p.op);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(write(pair[1], "bytes", 5), 5);
        while (held(&p, &got), got < 5)
            ops->wait(d, INT64_MAX);
        CHECK_EQ(pthread_create(&thread, NULL, drop_elsewhere, &p), 0);
        pthread_join(thread, NULL);
    }
    ops->poll(d);
    CHECK_EQ(stats(d).lent, 0);

    CHECK_EQ(write(pair[1], "bytes", 5), 5);
    while (held(&p, &got), got < 5)
        ops->wait(d, INT64_MAX);
    close(pair[1]);
    until_idle(d, &p);
    ops->close(d);
    CHECK_EQ(memcmp(p.received->data, "bytes", 5), 0); /* still ours to read */
    drop_all(&p);
}
