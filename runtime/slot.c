/*
 * The slot table: one reserved range of addresses, mapped from its beginning as slots are first
 * used, and never unmapped while the node runs (a peak's memory stays: 384 MB a million). So a slot
 * of any pid that was ever given out can be read by any thread at any time: looking a pid up is an
 * index and a compare.
 *
 * The limit of processes is the table's end: there are as many slots as processes may live, and one
 * for each that was retired, so a spawn asks nothing but whether its scheduler has a free slot.
 * Schedulers take slots by the batch, and smaller ones the nearer the end is; one that finds
 * neither a free slot nor room in the table asks the others for theirs (limit.c).
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "numa/memory.h"
#include "runtime/node_state.h"
#include "runtime/process.h"
#include "runtime/sched.h"

#define GRAB 256     /* slots a scheduler takes at a time at most: 96 KiB */
#define COMMIT 16384 /* slots mapped at a time: 6 MiB, three huge pages exactly */
#define KEEP 8192    /* free slots that a scheduler keeps for itself */
#define GIVE 2048    /* and gives away at a time beyond that */

struct pit__slots pit__slots;

static _Atomic(uint32_t)
    retired; /* slots; relaxed: one more or less is seen by the next who grows */

int pit__slots_open(uint32_t limit)
{
    size_t slots = (size_t)limit + 1; /* index 0 is nobody */
    int r;

    slots = (slots + COMMIT - 1) / COMMIT * COMMIT;
    pit__slots.reserved = slots * sizeof(struct pit__process);
    r = pit__numa_reserve(pit__slots.reserved, (void **)&pit__slots.base);
    if (r < 0)
        return r;
    pit__slots.limit = limit;
    pit__slots.room = (uint32_t)slots;
    atomic_store_explicit(&retired, 0, memory_order_relaxed);
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

/* How many slots to take: of what is left a scheduler leaves the others their part. Not beyond the
   mapped, which grows apart. */
static uint32_t batch(uint32_t from)
{
    uint32_t end = pit__slots.limit + 1 + atomic_load_explicit(&retired, memory_order_relaxed);
    uint32_t left, n;

    if (end > pit__slots.room)
        end = pit__slots.room;
    left = end - from;
    n = left / (2 * (pit__node.count ? pit__node.count : 1));
    if (n > GRAB)
        n = GRAB;
    if (n == 0)
        n = left < 2 ? left : 1;
    if (from == 0)
        n++; /* for nobody */
    return n < COMMIT - from % COMMIT ? n : COMMIT - from % COMMIT;
}

/*
 * Extend the table by slots that s owns. R3: `used` is raised when they are mapped and owned; a
 * second scheduler waits for its turn, so `used` never passes a slot that is not ready. The lock is
 * taken once a batch of a growing node.
 */
static pthread_mutex_t growing = PTHREAD_MUTEX_INITIALIZER;

static bool grow(struct pit__slot_pool *pool, struct pit__sched *s)
{
    struct pit__process *p;
    uint32_t from, n;

    pthread_mutex_lock(&growing);
    from = atomic_load_explicit(&pit__slots.used, memory_order_relaxed);
    n = batch(from);
    if (n == 0 || (from % COMMIT == 0 &&
                   pit__numa_commit(pit__slots.base + from, COMMIT * sizeof *p, s->numa_node,
                                    PIT__NUMA_HUGE | PIT__NUMA_NO_FORK) < 0)) {
        pthread_mutex_unlock(&growing);
        return false;
    }
    for (unsigned i = n; i-- > 0;) {
        p = pit__slots.base + from + i;
        atomic_store_explicit(&p->owner, s, memory_order_relaxed);
        p->generation = 1;
        p->run_next = pool->free;
        pool->free = p;
    }
    pool->count += n;
    if (from == 0) { /* index 0 is nobody: PIT_NO_PID would be generation 0 of it */
        pool->free = pool->free->run_next;
        pool->count--;
    }
    atomic_store_explicit(&pit__slots.used, from + n, memory_order_release); /* R3 */
    pthread_mutex_unlock(&growing);
    return true;
}

struct pit__process *pit__slot_get(struct pit__slot_pool *pool, struct pit__sched *s)
{
    struct pit__process *p;

    if (PIT__UNLIKELY(!pool->free) && !grow(pool, s))
        return NULL;
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

unsigned pit__slots_give(struct pit__slot_pool *pool, unsigned n, struct pit__sched *from,
                         struct pit__sched *to)
{
    struct pit__message *m;
    struct pit__process *first = pool->free, *p = first;

    if (n == 0)
        return 0;
    m = pit__message_alloc(&from->blocks, PIT__SLOTS, sizeof(struct pit__process *));
    if (!m)
        return 0;
    for (unsigned i = 1; i < n; i++) {
        atomic_store_explicit(&p->owner, to, memory_order_release);
        p = p->run_next;
    }
    atomic_store_explicit(&p->owner, to, memory_order_release);
    pool->free = p->run_next;
    pool->count -= n;
    p->run_next = NULL;
    *(struct pit__process **)pit__message_payload(m) = first;
    m->to = PIT_NO_PID;
    pit__sched_post(to, m);
    return n;
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
    if (PIT__UNLIKELY(p->generation > PIT__PID_GENERATION_MAX)) {
        /* Its generations are used up: retired for ever, and the table may have one more for it. */
        atomic_fetch_add_explicit(&retired, 1, memory_order_relaxed);
        return;
    }
    p->run_next = pool->free;
    pool->free = p;
    if (PIT__UNLIKELY(++pool->count > KEEP && pool->count % GIVE == 0 && pit__node.count > 1)) {
        struct pit__sched *s = pit__thread()->sched, *to = neediest(s);

        if (to)
            (void)pit__slots_give(pool, GIVE, s, to);
    }
}

int64_t pit__slot_next_pid(struct pit__process *p)
{
    return pit__pid(false, pit__slot_index(p), p->generation++).id;
}
