/*
 * Node-local memory: see memory.h. mmap, mprotect, madvise and mbind, and what to do when one of
 * the last two is refused: nothing, for they are advice.
 */
#include "numa/memory.h"

#include <errno.h>
#include <limits.h>
#include <numaif.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pit/log.h>

#include "base/assert.h"

#define MOST_NODES 1024 /* the kernel's limit (CONFIG_NODES_SHIFT 10) */
#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

static size_t round_up(size_t size, size_t grain) { return (size + grain - 1) / grain * grain; }

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* ---- policy --------------------------------------------------------------------------------- */

/* ENOSYS, EPERM: a container. EINVAL: no such NUMA node, as in a described topology. Said once. */
static void note_refusal(int numa_node, int error)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set(&said))
        pit_log(PIT_LOG_INFO, "memory on NUMA node %d: mbind: %s; pages go where they are touched",
                numa_node, pit_strerror(error));
}

/*
 * Done on one NUMA node as well: there it costs a system call a commit, and the code is then the
 * same everywhere. Neighbours with the same preference stay one mapping.
 */
static void prefer(void *at, size_t size, int numa_node)
{
    unsigned long mask[MOST_NODES / WORD_BITS] = {0};

    if (numa_node < 0 || numa_node >= MOST_NODES)
        return;
    mask[(size_t)numa_node / WORD_BITS] = 1ul << ((size_t)numa_node % WORD_BITS);
    /* The kernel reads one bit less than it is told. */
    if (mbind(at, size, MPOL_PREFERRED, mask, MOST_NODES + 1, 0) < 0)
        note_refusal(numa_node, errno);
}

/* ---- regions -------------------------------------------------------------------------------- */

/* The kernel aligns to pages only: take a grain more and give the ends back. */
int pit__numa_reserve(size_t size, void **ret)
{
    PIT_ASSERT(size > 0);
    if (size > SIZE_MAX - 2 * PIT__NUMA_GRAIN)
        return -ENOMEM;

    size_t wanted = round_up(size, PIT__NUMA_GRAIN);
    size_t taken = wanted + PIT__NUMA_GRAIN;
    char *all = mmap(NULL, taken, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED)
        return -errno;

    size_t before = -(uintptr_t)all & (PIT__NUMA_GRAIN - 1);
    size_t after = taken - wanted - before;
    if (before > 0)
        munmap(all, before); /* the ends of our own mapping: neither can fail */
    if (after > 0)
        munmap(all + before + wanted, after);
    *ret = all + before;
    return 0;
}

/* Each is a wish: EINVAL where the kernel was built without it. */
static void advise(void *at, size_t size, unsigned flags)
{
    static const struct {
        unsigned flag;
        int advice;
    } wishes[] = {
        {PIT__NUMA_HUGE, MADV_HUGEPAGE},
        {PIT__NUMA_SMALL, MADV_NOHUGEPAGE},
        {PIT__NUMA_NO_FORK, MADV_DONTFORK},
        {PIT__NUMA_NO_DUMP, MADV_DONTDUMP},
    };

    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        if (flags & wishes[i].flag)
            (void)madvise(at, size, wishes[i].advice);
}

int pit__numa_commit(void *at, size_t size, int numa_node, unsigned flags)
{
    PIT_ASSERT((uintptr_t)at % page_size() == 0);
    PIT_ASSERT(size > 0 && size % page_size() == 0);
    PIT_ASSERT(!((flags & PIT__NUMA_HUGE) && (flags & PIT__NUMA_SMALL)));

    /* The wishes come first: they hold before any page can be touched. */
    prefer(at, size, numa_node);
    advise(at, size, flags);
    if (mprotect(at, size, PROT_READ | PROT_WRITE) < 0)
        return -errno;
    return 0;
}

static void unmap(void *at, size_t size)
{
    int r = munmap(at, size);

    PIT_ASSERT(r == 0); /* it fails for bad arguments only: a whole mapping never splits another */
}

void pit__numa_release(void *at, size_t size) { unmap(at, round_up(size, PIT__NUMA_GRAIN)); }

/* ---- blocks --------------------------------------------------------------------------------- */

void *pit__numa_alloc(int numa_node, size_t size)
{
    PIT_ASSERT(size > 0);
    if (size > SIZE_MAX - page_size())
        return NULL;

    size_t whole = round_up(size, page_size());
    void *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    prefer(p, whole, numa_node);
    return p;
}

void pit__numa_free(void *p, size_t size)
{
    if (p)
        unmap(p, round_up(size, page_size()));
}
