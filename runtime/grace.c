/*
 * Grace periods. A reader finds an object through an atomic pointer and uses it; a writer takes the
 * pointer away and may free the object only when no reader that found it before is still using it.
 *
 * On a scheduler's thread a look does not switch, so when a function has run on that scheduler
 * outside of any process (pit__run_on), every look that began before is over. A round goes from
 * scheduler to scheduler; what comes during a round waits for the next one. A foreign thread looks
 * under the read side of a lock, whose write side a round takes at its end.
 *
 * Why the looks before are over: the writer's store to the pointer happens before the round's
 * messages (the inbox's release and acquire); a look that a scheduler begins after its message
 * therefore finds the new pointer.
 *
 * Bound: what waits is bounded by what was deleted within two rounds, each of which takes a pass of
 * every scheduler.
 */
#include "runtime/grace.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"
#include "runtime/node_state.h"
#include "runtime/park.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t foreign = PTHREAD_RWLOCK_INITIALIZER;
static struct pit__grace *waiting, *in_round; /* under the lock */
static bool round_runs;

static void visit(void *scheduler);

void pit__grace_look(struct pit__thread *t)
{
    if (PIT__UNLIKELY(!t))
        pthread_rwlock_rdlock(&foreign);
}

void pit__grace_looked(struct pit__thread *t)
{
    if (PIT__UNLIKELY(!t))
        pthread_rwlock_unlock(&foreign);
}

static void over(struct pit__grace *list)
{
    while (list) {
        struct pit__grace *g = list;

        list = g->next;
        g->over(g);
    }
}

/* Under the lock. Without memory for the first step the next call tries again. */
static void begin_round(void)
{
    if (round_runs || !waiting)
        return;
    in_round = waiting;
    waiting = NULL;
    round_runs = pit__run_on(0, visit, (void *)0) == 0;
    if (!round_runs) {
        waiting = in_round;
        in_round = NULL;
    }
}

/* On scheduler index, outside of any process. */
static void visit(void *scheduler)
{
    unsigned next = (unsigned)(uintptr_t)scheduler + 1;
    struct pit__grace *done;

    if (next < pit__node.count && pit__run_on((int)next, visit, (void *)(uintptr_t)next) == 0)
        return;
    pthread_mutex_lock(&lock);
    if (next < pit__node.count) { /* no memory for the next step: this round did not happen */
        struct pit__grace **end = &in_round;

        while (*end)
            end = &(*end)->next;
        *end = waiting;
        waiting = in_round;
        in_round = NULL;
        round_runs = false;
        pthread_mutex_unlock(&lock);
        return;
    }
    done = in_round;
    in_round = NULL;
    round_runs = false;
    begin_round();
    pthread_mutex_unlock(&lock);
    pthread_rwlock_wrlock(&foreign);
    pthread_rwlock_unlock(&foreign);
    over(done);
}

void pit__grace_after(struct pit__grace *g)
{
    bool alone;

    pthread_mutex_lock(&lock);
    alone = pit__node.count == 0; /* no node runs: only foreign threads look */
    if (!alone) {
        g->next = waiting;
        waiting = g;
        begin_round();
    }
    pthread_mutex_unlock(&lock);
    if (alone) {
        pthread_rwlock_wrlock(&foreign);
        pthread_rwlock_unlock(&foreign);
        g->over(g);
    }
}

void pit__grace_close(void)
{
    struct pit__grace *a, *b;

    pthread_mutex_lock(&lock);
    a = waiting;
    b = in_round;
    waiting = in_round = NULL;
    round_runs = false;
    pthread_mutex_unlock(&lock);
    over(a);
    over(b);
}
