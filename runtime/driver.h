/*
 * The seam between the scheduler and I/O: what a scheduler asks of an I/O driver. io/ implements
 * it; runtime/ calls it.
 *
 * One driver object a scheduler. All but wake() are called by the scheduler's own thread, outside
 * of any process. The drivers: uring (production), and in time sim (a seeded simulation) and epoll
 * (where io_uring is forbidden).
 */
#ifndef PIT_RUNTIME_DRIVER_H
#define PIT_RUNTIME_DRIVER_H

#include <stdint.h>

struct pit__sched;
struct pit__driver; /* the implementation's own */

struct pit__driver_ops {
    const char *name;

    /* Make a driver for scheduler number `index`. Logs why it cannot, with what to change: only it
       knows. */
    int (*open)(struct pit__sched *sched, int index, struct pit__driver **ret_driver);
    void (*close)(struct pit__driver *d); /* NULL is fine; nothing is in flight any more */

    /* Submit what was queued, deliver what has completed, without waiting. Bounded: at most as much
       as was there. Returns how many. */
    unsigned (*poll)(struct pit__driver *d);

    /* As poll, and wait for the first completion, a wake, or deadline_ns (of pit__now; INT64_MAX:
       none). The eventfd that wake writes is armed before this is called for the first time, and
       stays so: a wake that came before is not lost. */
    unsigned (*wait)(struct pit__driver *d, int64_t deadline_ns);

    /* End a wait, or the next one. Any thread, and async-signal-safe. */
    void (*wake)(struct pit__driver *d);

    /* How many operations are queued and not yet submitted; so that the loop knows when a poll is
       worth a system call. */
    unsigned (*queued)(const struct pit__driver *d);

    /* Cheap: may something have completed? Reads the ring's tail only. */
    int (*pending)(const struct pit__driver *d);

    void (*counters)(const struct pit__driver *d, uint64_t *ret_submitted, uint64_t *ret_completed);
};

#endif
