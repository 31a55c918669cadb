/*
 * Goal: blocks are of their class, never given out twice, and come home from wherever they are
 * freed.
 * Method: pools as schedulers have them; then threads, each with its own, that pass blocks to each
 * other at random, and a pattern in each block that another owner would destroy. tsan sees R1 and
 * A1 of block.h: without either it reports.
 */
#include "tests/harness/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/block.h"

enum { POOLS = 3 };

static struct pit__blocks pools[POOLS];
static struct pit__blocks *by_home[POOLS];

static void open_pools(void)
{
    for (unsigned i = 0; i < POOLS; i++) {
        by_home[i] = &pools[i];
        CHECK_EQ(pit__blocks_init(&pools[i], i, POOLS), 0);
    }
    pit__block_pools = by_home;
}

static void close_pools(void)
{
    for (unsigned i = 0; i < POOLS; i++)
        pit__blocks_free(&pools[i]);
    pit__blocks_free(NULL);
}

static uint64_t *contents(void *b) { return (uint64_t *)((struct pit__block *)b + 1); }

PIT_TEST(a_block_has_room_and_stands_on_its_own_lines)
{
    open_pools();
    for (size_t size = sizeof(struct pit__block); size <= 10000; size += size < 300 ? 1 : 97) {
        void *a = pit__block_alloc(&pools[0], size), *b = pit__block_alloc(&pools[0], size);

        CHECK(a && b && a != b);
        CHECK(pit__block_room(a) >= size);
        CHECK_EQ((uintptr_t)a % 16, 0);
        if (size > 32 && size <= 4096)
            CHECK_EQ((uintptr_t)a % 64, 0);
        if (size <= 4096) {
            CHECK(pit__block_class_size(pit__block_class_of(size)) >= size);
            CHECK(size <= 32 || pit__block_class_size(pit__block_class_of(size)) < 2 * size);
        }
        memset((struct pit__block *)a + 1, 1, size - sizeof(struct pit__block));
        memset((struct pit__block *)b + 1, 2, size - sizeof(struct pit__block));
        if (size > sizeof(struct pit__block))
            CHECK_EQ(((char *)a)[size - 1], 1);
        pit__block_free(&pools[0], a);
        /* the youngest first: it is in the cache */
        CHECK(size > 4096 || pit__block_alloc(&pools[0], size) == a);
        if (size <= 4096)
            pit__block_free(&pools[0], a);
        pit__block_free(&pools[0], b);
    }
    close_pools();
}

PIT_TEST(a_block_comes_home)
{
    void *mine[200], *again;
    int found = 0;

    open_pools();
    for (int i = 0; i < 200; i++)
        mine[i] = pit__block_alloc(&pools[0], 2000);
    for (int i = 0; i < 200; i++)
        pit__block_free(&pools[1], mine[i]); /* by batches */
    CHECK(atomic_load(&pools[0].returned[pit__block_class_of(2000)]));
    CHECK_EQ(pools[1].waiting_returns, 200 % PIT__BLOCK_RETURN_BATCH);
    pit__blocks_flush(&pools[1]);
    CHECK_EQ(pools[1].waiting_returns, 0);
    for (int i = 0; i < 400 && found < 200; i++) {
        again = pit__block_alloc(&pools[0], 2000);
        for (int k = 0; k < 200; k++)
            found += again == mine[k];
    }
    CHECK_EQ(found, 200);
    close_pools();
}

PIT_TEST(a_thread_without_a_pool_allocates_and_returns)
{
    void *b, *mine;

    open_pools();
    b = pit__block_alloc(NULL, 100);
    CHECK(b);
    CHECK_EQ(((struct pit__block *)b)->home, PIT__BLOCK_HOME_NONE);
    pit__block_free(&pools[2], b); /* by anybody */
    b = pit__block_alloc(NULL, 100);
    pit__block_free(NULL, b);
    mine = pit__block_alloc(&pools[1], 100);
    pit__block_free(NULL, mine);
    CHECK(atomic_load(&pools[1].returned[pit__block_class_of(100)]) == mine);
    b = pit__block_alloc(&pools[0], 1 << 20); /* large ones are nobody's */
    pit__block_free(&pools[1], b);
    close_pools();
}

/* ---- threads */

enum { CELLS = 64 };
static _Atomic(void *) cells[CELLS]; /* blocks on their way */
static uint64_t each;

static void *trades(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    struct pit__blocks *pool = me < POOLS ? &pools[me] : NULL;
    uint64_t chance = pit_test_seed() + me;

    for (uint64_t i = 0; i < each; i++) {
        size_t size =
            32 + pit_test_random_below(&chance, pit_test_random_below(&chance, 20) ? 200 : 5000);
        void *b = pit__block_alloc(pool, size), *other;

        CHECK(b);
        contents(b)[0] = (uintptr_t)b;
        contents(b)[1] = ~(uintptr_t)b;
        other = atomic_exchange_explicit(&cells[pit_test_random_below(&chance, CELLS)], b,
                                         memory_order_acq_rel);
        if (other) {
            CHECK_EQ(contents(other)[0], (uintptr_t)other);
            CHECK_EQ(contents(other)[1], ~(uintptr_t)other);
            contents(other)[0] = contents(other)[1] = 0;
            pit__block_free(pool, other);
        }
        if (pool && pit_test_random_below(&chance, 100) == 0)
            pit__blocks_flush(pool);
    }
    if (pool)
        pit__blocks_flush(pool);
    return NULL;
}

PIT_TEST(blocks_that_threads_trade_are_each_given_out_once)
{
    pthread_t threads[POOLS + 1]; /* the last one has no pool */

    each = pit_test_scale(pit_test_sanitized() ? 20000 : 200000, 20000000);
    open_pools();
    for (uintptr_t i = 0; i < POOLS + 1; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, trades, (void *)i), 0);
    for (int i = 0; i < POOLS + 1; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < CELLS; i++)
        if (cells[i])
            pit__block_free(&pools[0], cells[i]);
    close_pools();
}
