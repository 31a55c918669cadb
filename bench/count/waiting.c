/*
 * Loaded before liburing into a program that valgrind runs. Valgrind 3.19 does not know that
 * io_uring_enter waits, and runs one thread at a time: a scheduler that sleeps would stop all
 * others, and no OS signal would reach it. So the two calls that wait submit without waiting, and
 * wait in poll, which valgrind knows.
 *
 * And the monotonic clock goes by how often it is read, nearly: a scheduler whose answer comes after
 * a millisecond, where it would come after a microsecond, stops to spin for it and sleeps, and what
 * is counted would be another road than the one that is taken. (Nearly, so that timers end.) With
 * VALGRIND_CLOCK in the environment alone: it costs instructions.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SHARED __attribute__((visibility("default")))
#define READING 1000 /* nanoseconds */
#define SLOWER 10000

static bool by_readings;

__attribute__((constructor)) static void look(void)
{
    by_readings = getenv("VALGRIND_CLOCK") != NULL;
}

SHARED int clock_gettime(clockid_t clock, struct timespec *ret)
{
    static _Atomic(int64_t) begin;         /* a race sets it to nearly the same */
    static _Thread_local int64_t readings; /* shared, it would itself be a line that moves */
    int status = (int)syscall(SYS_clock_gettime, clock, ret);

    if (by_readings && status == 0 && clock == CLOCK_MONOTONIC) {
        int64_t now = ret->tv_sec * INT64_C(1000000000) + ret->tv_nsec, first = begin;

        if (!first)
            begin = first = now;
        now = first + (now - first) / SLOWER + READING * readings++;
        *ret = (struct timespec){.tv_sec = now / 1000000000, .tv_nsec = now % 1000000000};
    }
    return status;
}

SHARED int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **ret,
                                            unsigned wanted, struct __kernel_timespec *limit,
                                            sigset_t *mask)
{
    struct pollfd ready = {.fd = ring->ring_fd, .events = POLLIN};
    struct timespec at_most = {0};
    int submitted = io_uring_submit(ring);

    if (limit)
        at_most = (struct timespec){.tv_sec = limit->tv_sec, .tv_nsec = limit->tv_nsec};
    (void)io_uring_get_events(ring); /* what it would say shows in the queue */
    if (wanted && !io_uring_cq_ready(ring)) {
        /* An early return: the caller looks again. ppoll() itself would be two atomic operations. */
        (void)syscall(SYS_ppoll, &ready, 1, limit ? &at_most : NULL, mask, sizeof(uint64_t));
        (void)io_uring_get_events(ring);
    }
    if (wanted && io_uring_peek_cqe(ring, ret) != 0)
        return -ETIME;
    return submitted;
}

SHARED int io_uring_submit_and_wait(struct io_uring *ring, unsigned wanted)
{
    struct io_uring_cqe *cqe;
    int r = io_uring_submit_and_wait_timeout(ring, &cqe, wanted, NULL, NULL);

    return r == -ETIME ? -EINTR : r;
}
