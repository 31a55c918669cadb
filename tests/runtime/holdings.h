/*
 * What all schedulers of a node hold, exactly: live blocks, free slots, armed timers, operations in
 * the kernel. Each scheduler counts its own, one after the other, so a figure is exact when nothing
 * is on its way between them: ask until it is as it should be.
 */
#ifndef TESTS_RUNTIME_HOLDINGS_H
#define TESTS_RUNTIME_HOLDINGS_H

#include "tests/runtime/node.h"

#include "io/uring.h"

struct holdings {
    int64_t block_bytes; /* of messages, signals, relations, arguments, states */
    int64_t chunk_bytes; /* mapped for blocks, free ones included */
    int64_t free_slots;
    int64_t timers;
    int64_t operations; /* of I/O, that the kernel has */
};

static struct {
    struct holdings sum; /* one scheduler adds at a time */
    _Atomic(int) counted;
} holdings_count;

static int64_t holdings_blocks(struct pit__blocks *b)
{
    int64_t live = -(b->fresh_end - b->fresh);
    struct pit__block *i;

    for (struct pit__chunk *c = b->chunks; c; c = c->next)
        live += (int64_t)(c->size - sizeof *c);
    for (unsigned k = 0; k < PIT__BLOCK_CLASSES; k++)
        for (i = b->free[k]; i; i = i->next)
            live -= (int64_t)pit__block_class_size(k);
    for (unsigned k = 0; k < b->homes * PIT__BLOCK_CLASSES; k++)
        for (i = b->returns[k].head; i; i = i->next)
            live -= (int64_t)pit__block_class_size(i->size_class);
    for (unsigned k = 0; k < PIT__BLOCK_CLASSES; k++)
        for (i = atomic_load_explicit(&b->returned[k], memory_order_acquire); i; i = i->next)
            live -= (int64_t)pit__block_class_size(k);
    return live;
}

static int64_t holdings_chunks(const struct pit__blocks *b)
{
    int64_t bytes = 0;

    for (const struct pit__chunk *c = b->chunks; c; c = c->next)
        bytes += (int64_t)c->size;
    return bytes;
}

static void holdings_add(void *unused)
{
    struct pit__sched *s = pit__sched_current();
    struct pit__uring_stats io;

    pit__uring_stats_of(s->driver, &io);
    holdings_count.sum.block_bytes += holdings_blocks(&s->blocks);
    holdings_count.sum.chunk_bytes += holdings_chunks(&s->blocks);
    holdings_count.sum.free_slots += s->slots.count;
    holdings_count.sum.timers += s->wheel.armed;
    holdings_count.sum.operations += io.in_flight;
    /* Release: who sees the count, the next scheduler's asker, sees the sum. */
    atomic_fetch_add_explicit(&holdings_count.counted, 1, memory_order_release);
}

/* The caller's mailbox is empty. */
static struct holdings holdings_now(void)
{
    CHECK(!pit_receive(0)); /* lets go of the last one */
    holdings_count.sum = (struct holdings){0};
    atomic_store(&holdings_count.counted, 0);
    for (unsigned i = 0; i < pit__node.count; i++) {
        CHECK_EQ(pit__run_on((int)i, holdings_add, NULL), 0);
        while (atomic_load_explicit(&holdings_count.counted, memory_order_acquire) <= (int)i)
            pit_yield();
    }
    return holdings_count.sum;
}

#endif
