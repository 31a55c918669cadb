/*
 * Node-local memory: address space reserved in large pieces, filled with memory of one NUMA node.
 *
 * Two steps, because a table that may grow to 128 million slots must not move: reserve takes
 * address space and no memory; commit makes a part of it usable. Nearness is a preference: when a
 * NUMA node is full the kernel takes another's memory, and where policies are forbidden
 * (containers) or there is only one NUMA node, the thread that touches a page first decides.
 * Nothing here fails for want of a policy. Any thread.
 */
#ifndef PIT_NUMA_MEMORY_H
#define PIT_NUMA_MEMORY_H

#include <stddef.h>

#define PIT__NUMA_ANY (-1) /* no preference */

/*
 * Address space is handed out in multiples of this: the size of a huge page on both
 * architectures.
 */
#define PIT__NUMA_GRAIN ((size_t)2 << 20)

enum pit__numa_flags {
    PIT__NUMA_HUGE = 1,    /* huge pages if the kernel has them: tables that are used as a whole */
    PIT__NUMA_SMALL = 2,   /* never huge pages: stacks, where the first touch would cost 2 MiB */
    PIT__NUMA_NO_FORK = 4, /* a forked child does not get it: its page tables would cost the fork */
    PIT__NUMA_NO_DUMP = 8, /* not in a core file */
};

/*
 * size bytes of address space (rounded up to PIT__NUMA_GRAIN), aligned to PIT__NUMA_GRAIN, that
 * fault when touched. 0 or -ENOMEM (RLIMIT_AS, or vm.max_map_count).
 */
int pit__numa_reserve(size_t size, void **ret);

/*
 * Make a part of a reserved region usable: readable, writable, zero, backed page by page as it is
 * touched. at and size are multiples of the page size; HUGE only takes effect in whole, aligned
 * grains. 0 or -ENOMEM: as it was before, unless part of it had been committed.
 */
int pit__numa_commit(void *at, size_t size, int numa_node, unsigned flags);

/* Give back all that reserve returned, with the same size. */
void pit__numa_release(void *at, size_t size);

/*
 * A block of its own for what lives as long as a scheduler: zeroed, page-aligned. NULL: no
 * memory. Each costs a mapping, so this is for few and large ones.
 */
void *pit__numa_alloc(int numa_node, size_t size);
void pit__numa_free(void *p, size_t size); /* the same size; NULL is accepted */

#endif
