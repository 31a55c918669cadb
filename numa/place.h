/*
 * Placement: which CPU each scheduler runs on, and how a thread is pinned to it.
 *
 * Made once at the start from the topology and the node's options; immutable afterwards; any
 * thread.
 */
#ifndef PIT_NUMA_PLACE_H
#define PIT_NUMA_PLACE_H

#include <stdbool.h>

#include "numa/topology.h"

#define PIT__PLACE_MOST 1024 /* schedulers of a node, and entries of a list */

struct pit__placement {
    bool pinned; /* false: .cpus say where memory should lie, but the threads may roam */
    int count;
    struct pit__cpu cpus[]; /* of scheduler 0, 1, ... */
};

/*
 * Place `schedulers` schedulers (0: one for each CPU of the list).
 *
 * cores  "0-3,8"  these CPUs, in this order;
 *        NULL     all of the topology: NUMA node by NUMA node, so that few schedulers are near to
 *                 each other's memory, and in each the first thread of every core before any
 *                 second one, which would halve the first;
 *        "none"   the same, and nobody is pinned.
 *
 * More schedulers than CPUs begin again with the first: for tests; they slow each other down. 0;
 * -EINVAL: the list, or a CPU that is not in the topology, or more than PIT__PLACE_MOST
 * schedulers (which it was is logged); -ENOMEM.
 */
int pit__place_new(const struct pit__topology *t, const char *cores, int schedulers,
                   struct pit__placement **ret);

void pit__place_free(struct pit__placement *p); /* NULL is accepted */

/*
 * Let the calling thread run on this CPU only. Where that fails (a cpuset that shrank, a sandbox)
 * the thread stays where it may run and the node works, slower: the caller says so once. 0 or a
 * negative errno.
 */
int pit__pin(int cpu);

#endif
