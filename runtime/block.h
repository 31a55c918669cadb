/*
 * Blocks: the memory that moves between schedulers (messages, signals, relations, processes' own memory).
 *
 * Each scheduler has free lists by size class. A block remembers its home; who frees a foreign block keeps it for its home
 * and returns RETURN_BATCH at a time with one compare-and-swap, and all of them before it sleeps. The home takes what was
 * returned when a class runs dry. Threads that are no schedulers use malloc (home NONE), and so do large blocks.
 *
 * May run at the same time?   alloc/free of one pool: only its scheduler.   return: any scheduler, on any pool.
 * Order: the return's release (R1) publishes the block's contents as dead; the home's exchange (A1) acquires them.
 */
#ifndef PIT_RUNTIME_BLOCK_H
#define PIT_RUNTIME_BLOCK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define PIT__BLOCK_CLASSES 8 /* 32, 64, 128 ... 4096 bytes, header included */
#define PIT__BLOCK_LARGE 15  /* from malloc */
#define PIT__BLOCK_HOME_NONE UINT16_MAX
#define PIT__BLOCK_RETURN_BATCH 64

/* The first 16 bytes of every block. next belongs to whoever holds the block. */
struct pit__block {
    void *next;
    uint16_t home;
    uint8_t size_class;
    uint8_t kind;  /* the holder's own; messages: enum pit__kind */
    uint32_t size; /* the holder's own; messages: bytes of payload */
};

struct pit__returns {
    struct pit__block *head, *tail;
    unsigned count;
};

struct pit__blocks {
    struct pit__block *free[PIT__BLOCK_CLASSES];
    char *fresh, *fresh_end;      /* what is left of the newest chunk */
    struct pit__returns *returns; /* by home; ours is unused */
    unsigned waiting_returns;     /* blocks in all of `returns` */
    uint16_t home;
    uint16_t homes;
    void *chunks; /* every chunk, for the end of the node */
    _Atomic(struct pit__block *) returned __attribute__((aligned(64))); /* written by the other schedulers */
};

/* pools: all pools of the node, by home; set once before schedulers run. */
int pit__blocks_init(struct pit__blocks *pool, unsigned home, unsigned homes);
void pit__blocks_free(struct pit__blocks *pool); /* NULL-safe, half-made is fine; all threads have stopped */
extern struct pit__blocks **pit__block_pools;

/* size bytes, header included; contents undefined past the header. pool NULL: a foreign thread. NULL: no memory. */
void *pit__block_alloc(struct pit__blocks *pool, size_t size);
void pit__block_free(struct pit__blocks *pool, void *block);

/* The usable size of a block, header included. */
size_t pit__block_room(const void *block);

/* Send home all that waits. Before sleeping, and at the end. */
void pit__blocks_flush(struct pit__blocks *pool);

#endif
