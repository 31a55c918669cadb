#include "runtime/block.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/tally.h"

/*
 * Chunks are small at first, so that an idle scheduler wastes little; a pool that has grown takes
 * huge pages, where the kernel gives them: what is scattered over megabytes costs a TLB miss an
 * access otherwise, and in a guest two.
 */
#define CHUNK (256u * 1024)
#define HUGE (2u * 1024 * 1024)
#define SMALL_CHUNKS 16

struct pit__blocks **pit__block_pools;

size_t pit__block_room(const void *block)
{
    const struct pit__block *b = block;

    return b->size_class == PIT__BLOCK_LARGE ? SIZE_MAX : pit__block_class_size(b->size_class);
}

int pit__blocks_init(struct pit__blocks *pool, unsigned home, unsigned homes)
{
    memset(pool, 0, sizeof *pool);
    pool->home = (uint16_t)home;
    pool->homes = (uint16_t)homes;
    pool->small = (struct pit__block){.home = pool->home, .size_class = PIT__BLOCK_SMALL}.what;
    pool->returns = calloc((size_t)homes * PIT__BLOCK_CLASSES, sizeof *pool->returns);
    return pool->returns ? 0 : -ENOMEM;
}

void pit__blocks_free(struct pit__blocks *pool)
{
    if (!pool)
        return;
    free(pool->returns);
    for (struct pit__chunk *chunk = pool->chunks, *next; chunk; chunk = next) {
        PIT__UNPOISON(chunk, chunk->size);
        next = chunk->next;
        pit__tally(PIT__TALLY_BLOCKS, -(int64_t)chunk->size);
        munmap(chunk, chunk->size);
    }
    pool->chunks = NULL;
}

static struct pit__block *cut(struct pit__blocks *pool, unsigned c)
{
    struct pit__block *b = (struct pit__block *)pool->fresh;

    PIT__UNPOISON(b, sizeof *b);
    b->home = pool->home;
    b->size_class = (uint8_t)c;
    pool->fresh += pit__block_class_size(c);
    return b;
}

/* The rest of the old chunk is cut into blocks of the smallest classes, so that nothing is lost. */
static void cut_up(struct pit__blocks *pool)
{
    while (pool->fresh_end - pool->fresh >= (ptrdiff_t)pit__block_class_size(0)) {
        unsigned c = 0;
        struct pit__block *b;

        while (c + 1 < PIT__BLOCK_CLASSES &&
               pool->fresh_end - pool->fresh >= (ptrdiff_t)pit__block_class_size(c + 1))
            c++;
        b = cut(pool, c);
        b->next = pool->free[c];
        pool->free[c] = b;
    }
}

static void *map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* Aligned, by mapping twice as much and giving back what is over. */
static void *map_huge(void)
{
    char *at = map(2 * (size_t)HUGE);
    size_t before = at ? -(uintptr_t)at & (HUGE - 1) : 0;

    if (!at)
        return NULL;
    if (before)
        munmap(at, before);
    munmap(at + before + HUGE, HUGE - before);
    (void)madvise(at + before, HUGE, MADV_HUGEPAGE); /* refused: small pages do as well */
    return at + before;
}

static int new_chunk(struct pit__blocks *pool)
{
    size_t size = pool->chunk_count < SMALL_CHUNKS ? CHUNK : HUGE;
    struct pit__chunk *chunk = size == HUGE ? map_huge() : NULL;

    if (!chunk)
        chunk = map(size = CHUNK);
    if (!chunk)
        return -ENOMEM;
    cut_up(pool);
    *chunk = (struct pit__chunk){.next = pool->chunks, .size = size};
    pool->chunks = chunk;
    pool->chunk_count++;
    pit__tally(PIT__TALLY_BLOCKS, (int64_t)size);
    pool->fresh = (char *)(chunk + 1);
    pool->fresh_end = (char *)chunk + size;
    PIT__POISON(pool->fresh, size - sizeof *chunk);
    return 0;
}

static struct pit__block *refill(struct pit__blocks *pool, unsigned c)
{
    struct pit__block *b;

    /* Relaxed: only whether it is worth an exchange. */
    if (atomic_load_explicit(&pool->returned[c], memory_order_relaxed)) {
        b = atomic_exchange_explicit(&pool->returned[c], NULL, memory_order_acquire); /* A1 */
        pool->free[c] = b->next;
        return b;
    }
    /* Two of the smallest at a time, so that all larger blocks stay on cache lines of their own. */
    if (pool->fresh_end - pool->fresh < (ptrdiff_t)pit__block_class_size(c ? c : 1) &&
        new_chunk(pool) < 0)
        return NULL;
    if (c == 0) {
        b = cut(pool, 0);
        b->next = pool->free[0];
        pool->free[0] = b;
    }
    return cut(pool, c);
}

static void *alloc_large(size_t size)
{
    /* What no malloc gives: one that aborts at such a size (sanitizers') is not asked. */
    struct pit__block *b = size <= PTRDIFF_MAX ? malloc(size) : NULL;

    if (b) {
        b->home = PIT__BLOCK_HOME_NONE;
        b->size_class = PIT__BLOCK_LARGE;
        pit__tally(PIT__TALLY_BLOCKS, (int64_t)malloc_usable_size(b));
    }
    return b;
}

void *pit__block_alloc_slow(struct pit__blocks *pool, size_t size)
{
    struct pit__block *b;
    unsigned c;

    if (!pool || size > pit__block_class_size(PIT__BLOCK_CLASSES - 1))
        return alloc_large(size);
    c = pit__block_class_of(size);
    b = refill(pool, c);
    if (b)
        PIT__UNPOISON(b, pit__block_class_size(c));
    return b;
}

/* R1: one compare-and-swap for the whole list, which is of one home and one class. */
static void give_back(struct pit__returns *r)
{
    struct pit__blocks *to = pit__block_pools[r->head->home];
    _Atomic(struct pit__block *) *returned = &to->returned[r->head->size_class];
    struct pit__block *old = atomic_load_explicit(returned, memory_order_relaxed);

    do
        r->tail->next = old;
    while (!atomic_compare_exchange_weak_explicit(returned, &old, r->head, memory_order_release,
                                                  memory_order_relaxed));
    r->head = r->tail = NULL;
    r->count = 0;
}

static void stage(struct pit__blocks *pool, struct pit__block *b)
{
    struct pit__returns *r = &pool->returns[b->home * PIT__BLOCK_CLASSES + b->size_class];

    b->next = r->head;
    r->head = b;
    if (!r->tail)
        r->tail = b;
    pool->waiting_returns++;
    if (++r->count >= PIT__BLOCK_RETURN_BATCH) {
        pool->waiting_returns -= r->count;
        give_back(r);
    }
}

/* A foreign thread keeps no stage: it returns each block by itself. */
static void return_one(struct pit__block *b)
{
    struct pit__returns one = {.head = b, .tail = b, .count = 1};

    give_back(&one);
}

void pit__block_free_slow(struct pit__blocks *pool, struct pit__block *b)
{
    if (b->size_class == PIT__BLOCK_LARGE) {
        pit__tally(PIT__TALLY_BLOCKS, -(int64_t)malloc_usable_size(b));
        free(b);
        return;
    }
    PIT_ASSERT(b->size_class < PIT__BLOCK_CLASSES);
    PIT__POISON(b + 1, pit__block_class_size(b->size_class) - sizeof *b);
    if (pool)
        stage(pool, b);
    else
        return_one(b);
}

void pit__blocks_flush(struct pit__blocks *pool)
{
    if (!pool->waiting_returns)
        return;
    for (unsigned i = 0; i < pool->homes * PIT__BLOCK_CLASSES; i++)
        if (pool->returns[i].count)
            give_back(&pool->returns[i]);
    pool->waiting_returns = 0;
}
