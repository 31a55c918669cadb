/*
 * Blocks: the memory that moves between schedulers (messages, signals, relations, processes' own
 * memory).
 *
 * Each scheduler has free lists by size class. A block remembers its home; who frees a foreign
 * block keeps it for its home and returns RETURN_BATCH of a class at a time with one
 * compare-and-swap, and all of them before it sleeps. The home takes what was returned when a class
 * runs dry: the list as it is, without a look at its blocks, each of which still lies in another
 * core's cache and is fetched only when its predecessor is used. Threads that are no schedulers use
 * malloc (home NONE), and so do large blocks.
 *
 * May run at the same time?   alloc/free of one pool: only its scheduler.   return: any scheduler, on any pool.
 * Order: the return's release (R1) publishes the block's contents as dead; the home's exchange (A1)
 * acquires them.
 */
#ifndef PIT_RUNTIME_BLOCK_H
#define PIT_RUNTIME_BLOCK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

#define PIT__BLOCK_CLASSES 8 /* 32, 64, 128 ... 4096 bytes, header included */
#define PIT__BLOCK_SMALL 1   /* the class of most messages: a cache line */
#define PIT__BLOCK_LARGE 15  /* from malloc */
#define PIT__BLOCK_HOME_NONE UINT16_MAX
#define PIT__BLOCK_RETURN_BATCH 64
#define PIT__BLOCK_MOST UINT32_MAX /* of payload, of an argument: what `size` can say */

/* The first 16 bytes of every block. next belongs to whoever holds the block. */
struct pit__block {
    void *next;
    union {
        struct {
            uint16_t home;
            uint8_t size_class;
            uint8_t kind; /* the holder's own; messages: enum pit__kind */
        };
        uint32_t what; /* the three at once, to be compared */
    };
    uint32_t size; /* the holder's own; messages: bytes of payload */
};

/* At the beginning of a chunk, on the line before its first block: blocks of 64 stay on lines of
   their own. */
struct pit__chunk {
    struct pit__chunk *next;
    size_t size;
} __attribute__((aligned(64)));

struct pit__returns {
    struct pit__block *head, *tail;
    unsigned count;
};

struct pit__blocks {
    struct pit__block *free[PIT__BLOCK_CLASSES];
    char *fresh, *fresh_end;      /* what is left of the newest chunk */
    struct pit__returns *returns; /* by home and class; ours are unused */
    unsigned waiting_returns;     /* blocks in all of `returns` */
    uint16_t home;
    uint16_t homes;
    uint32_t small; /* `what` of a block of this home and class SMALL, whose kind is 0 */
    unsigned chunk_count;
    struct pit__chunk *chunks; /* every chunk, for the end of the node */
    /* Written by the other schedulers: free lists ready for use. */
    _Atomic(struct pit__block *) returned[PIT__BLOCK_CLASSES] __attribute__((aligned(64)));
};

/* pools: all pools of the node, by home; set once before schedulers run. */
int pit__blocks_init(struct pit__blocks *pool, unsigned home, unsigned homes);
/* NULL-safe, half-made is fine; all threads have stopped */
void pit__blocks_free(struct pit__blocks *pool);
extern struct pit__blocks **pit__block_pools;

void *pit__block_alloc_slow(struct pit__blocks *pool, size_t size);
void pit__block_free_slow(struct pit__blocks *pool, struct pit__block *b);

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define PIT__POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define PIT__UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define PIT__POISON(p, n) ((void)0)
#define PIT__UNPOISON(p, n) ((void)0)
#endif

static inline size_t pit__block_class_size(unsigned c) { return (size_t)32 << c; }
static inline unsigned pit__block_class_of(size_t size)
{
    return size <= 32 ? 0 : (unsigned)(64 - __builtin_clzl(size - 1)) - 5;
}

/* size bytes, header included; contents undefined past the header. pool NULL: a foreign thread.
   NULL: no memory. */
static inline void *pit__block_alloc(struct pit__blocks *pool, size_t size)
{
    if (PIT__LIKELY(pool && size <= pit__block_class_size(PIT__BLOCK_CLASSES - 1))) {
        unsigned c = pit__block_class_of(size);
        struct pit__block *b = pool->free[c];

        if (PIT__LIKELY(b)) {
            pool->free[c] = b->next;
            /* The next one will be written soon: have its line here by then, a foreign core's list
               leaves it far away. */
            __builtin_prefetch(b->next, 1);
            PIT__UNPOISON(b, pit__block_class_size(c));
            return b;
        }
    }
    return pit__block_alloc_slow(pool, size);
}

static inline void pit__block_free(struct pit__blocks *pool, void *block)
{
    struct pit__block *b = block;

    if (PIT__LIKELY(pool && b->home == pool->home)) {
        PIT__POISON(b + 1, pit__block_class_size(b->size_class) - sizeof *b);
        b->next = pool->free[b->size_class];
        pool->free[b->size_class] = b;
    } else
        pit__block_free_slow(pool, b);
}

/* The same for one whose `what` is pool->small. */
static inline void pit__block_free_small(struct pit__blocks *pool, void *block)
{
    struct pit__block *b = block;

    PIT__POISON(b + 1, pit__block_class_size(PIT__BLOCK_SMALL) - sizeof *b);
    b->next = pool->free[PIT__BLOCK_SMALL];
    pool->free[PIT__BLOCK_SMALL] = b;
}

/* The usable size of a block, header included. */
size_t pit__block_room(const void *block);

/* Send home all that waits. Before sleeping, and at the end. */
void pit__blocks_flush(struct pit__blocks *pool);

#endif
