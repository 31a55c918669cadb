#include "runtime/last_resort.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <pit/log.h>

#include "base/oracle.h"
#include "runtime/node_state.h"

#define LOOK INT64_C(200000000)      /* ns between two looks */
#define HEARING INT64_C(1000000000)  /* ns until it is taken for deaf */
#define FLUSHING INT64_C(1000000000) /* ns for what stdio holds */

static sem_t asked, flushed;

void pit__last_resort_open(void) { (void)sem_init(&asked, 0, 0); }
void pit__last_resort_ask(void) { (void)sem_post(&asked); }

static bool stopped(void)
{
    /* Acquire, pairs with set_state: relaxed would do, since the threads are joined after it. */
    return atomic_load_explicit(&pit__node.state, memory_order_acquire) == PIT__NODE_STOPPED;
}

static void wait_until(int64_t when_ns)
{
    struct timespec t = {.tv_sec = when_ns / 1000000000, .tv_nsec = when_ns % 1000000000};

    (void)sem_clockwait(&asked, CLOCK_MONOTONIC, &t); /* too early does no harm */
}

/* Relaxed: a counter and a flag, looked at again and again. */
static bool alive(const struct pit__sched *s, uint64_t *passes)
{
    uint64_t now = atomic_load_explicit(&s->passes, memory_order_relaxed);
    bool moved = now != *passes || atomic_load_explicit(&s->sleeping, memory_order_relaxed);

    *passes = now;
    return moved;
}

static void *flush(void *unused)
{
    fflush(NULL);
    (void)sem_post(&flushed);
    return unused;
}

/* What stdio holds goes out, but for a stream whose lock or whose reader keeps it: then the rest is
   lost. */
static void flush_within(int64_t ns)
{
    int64_t end = pit__now() + ns;
    struct timespec t = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
    pthread_t thread;

    if (sem_init(&flushed, 0, 0) < 0 || pthread_create(&thread, NULL, flush, NULL) != 0)
        return;
    while (sem_clockwait(&flushed, CLOCK_MONOTONIC, &t) < 0 && errno == EINTR)
        ;
}

static void leave(void)
{
    pit_log(
        PIT_LOG_ERROR,
        "scheduler 0 runs a process that never calls the runtime and cannot be ended: leaving it");
    flush_within(FLUSHING);
    _exit(atomic_load_explicit(&pit__node.status, memory_order_relaxed));
}

void pit__last_resort_wait(int64_t limit_ns)
{
    struct pit__sched *s = pit__node.scheds[0];
    uint64_t passes = UINT64_MAX;
    int64_t since = 0;

    while (sem_wait(&asked) < 0 && errno == EINTR)
        ;
    while (!stopped()) {
        int64_t now = pit__now();

        if (alive(s, &passes))
            since = now;
        else if (now - since > limit_ns)
            leave();
        else if (now - since > HEARING)
            pit__node_os_signal(s);
        wait_until(now + LOOK);
    }
}
