/*
 * The slot table: one reserved range of addresses, mapped from its beginning as slots are first used, and never unmapped
 * while the node runs (a peak's memory stays: 384 MB a million). So a slot of any pid that was ever given out can be
 * read by any thread at any time: looking a pid up is an index and a compare.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "numa/memory.h"
#include "runtime/node_state.h"
#include "runtime/process.h"
#include "runtime/sched.h"

#define GRAB 256     /* slots a scheduler takes at a time: 96 KiB */
#define COMMIT 16384 /* slots mapped at a time: 6 MiB, three huge pages exactly */
#define KEEP 8192    /* free slots that a scheduler keeps for itself */
#define GIVE 2048    /* and gives away at a time beyond that */

struct pit__slots pit__slots;

int pit__slots_open(uint32_t limit, unsigned schedulers)
{
    size_t slots = (size_t)limit + (size_t)schedulers * (KEEP + GRAB);
    int r;

    slots = (slots + COMMIT - 1) / COMMIT * COMMIT;
    if (slots > (size_t)PIT__PID_INDEX_MAX)
        slots = (size_t)PIT__PID_INDEX_MAX / COMMIT * COMMIT;
    pit__slots.reserved = slots * sizeof(struct pit__process);
    r = pit__numa_reserve(pit__slots.reserved, (void **)&pit__slots.base);
    if (r < 0)
        return r;
    pit__slots.limit = (uint32_t)slots;
    atomic_store_explicit(&pit__slots.used, 0, memory_order_relaxed);
    return 0;
}

void pit__slots_close(void)
{
    /* Before the memory goes: a pid that somebody kept names nobody from here on. */
    atomic_store_explicit(&pit__slots.used, 0, memory_order_release);
    if (pit__slots.base)
        pit__numa_release(pit__slots.base, pit__slots.reserved);
    pit__slots.base = NULL;
}

/*
 * Extend the table by GRAB slots that s owns. R3: `used` is raised when they are mapped and owned; a second scheduler waits
 * for its turn, so `used` never passes a slot that is not ready. The lock is taken once in GRAB spawns of a growing node.
 */
static pthread_mutex_t growing = PTHREAD_MUTEX_INITIALIZER;

static bool grow(struct pit__slot_pool *pool, struct pit__sched *s)
{
    struct pit__process *p;
    uint32_t from;

    pthread_mutex_lock(&growing);
    from = atomic_load_explicit(&pit__slots.used, memory_order_relaxed);
    if (from + GRAB > pit__slots.limit ||
        (from % COMMIT == 0 &&
         pit__numa_commit(pit__slots.base + from, COMMIT * sizeof *p, s->numa_node,
                          PIT__NUMA_HUGE | PIT__NUMA_NO_FORK) < 0)) {
        pthread_mutex_unlock(&growing);
        return false;
    }
    for (unsigned i = GRAB; i-- > 0;) {
        p = pit__slots.base + from + i;
        atomic_store_explicit(&p->owner, s, memory_order_relaxed);
        p->generation = 1;
        p->run_next = pool->free;
        pool->free = p;
    }
    if (from == 0) { /* index 0 is nobody: PIT_NO_PID would be generation 0 of it */
        pool->free = pool->free->run_next;
        pool->count--;
    }
    pool->count += GRAB;
    atomic_store_explicit(&pit__slots.used, from + GRAB, memory_order_release); /* R3 */
    pthread_mutex_unlock(&growing);
    return true;
}

struct pit__process *pit__slot_get(struct pit__slot_pool *pool, struct pit__sched *s)
{
    struct pit__process *p;

    if (PIT__UNLIKELY(!pool->free)) {
        /* The limit is looked at where the table grows only: a node may have a few thousand more a scheduler. */
        if (pit__node_processes() >= pit__node.opts.processes || !grow(pool, s))
            return NULL;
    }
    p = pool->free;
    pool->free = p->run_next;
    pool->count--;
    return p;
}

static struct pit__sched *neediest(struct pit__sched *self)
{
    struct pit__sched *best = NULL;
    uint32_t least = KEEP / 8;

    for (unsigned i = 0; i < pit__node.count; i++) {
        struct pit__sched *s = pit__node.scheds[i];
        uint32_t free = atomic_load_explicit(&s->free_slots_seen, memory_order_relaxed);

        if (s != self && free < least) {
            least = free;
            best = s;
        }
    }
    return best;
}

static void give(struct pit__slot_pool *pool, struct pit__sched *from, struct pit__sched *to)
{
    struct pit__message *m =
        pit__message_alloc(&from->blocks, PIT__SLOTS, sizeof(struct pit__process *));
    struct pit__process *first = pool->free, *p = first;

    if (!m)
        return;
    for (unsigned i = 1; i < GIVE; i++) {
        atomic_store_explicit(&p->owner, to, memory_order_release);
        p = p->run_next;
    }
    atomic_store_explicit(&p->owner, to, memory_order_release);
    pool->free = p->run_next;
    pool->count -= GIVE;
    p->run_next = NULL;
    *(struct pit__process **)pit__message_payload(m) = first;
    m->to = PIT_NO_PID;
    pit__sched_post(to, m);
}

void pit__slots_adopt(struct pit__slot_pool *pool, struct pit__process *first)
{
    while (first) {
        struct pit__process *next = first->run_next;

        first->run_next = pool->free;
        pool->free = first;
        pool->count++;
        first = next;
    }
}

void pit__slot_put(struct pit__slot_pool *pool, struct pit__process *p)
{
    if (p->generation > PIT__PID_GENERATION_MAX)
        return; /* its generations are used up: retired for ever */
    p->run_next = pool->free;
    pool->free = p;
    if (PIT__UNLIKELY(++pool->count > KEEP && pool->count % GIVE == 0 && pit__node.count > 1)) {
        struct pit__sched *s = pit__thread()->sched, *to = neediest(s);

        if (to)
            give(pool, s, to);
    }
}

int64_t pit__slot_next_pid(struct pit__process *p)
{
    return pit__pid(false, pit__slot_index(p), p->generation++).id;
}
