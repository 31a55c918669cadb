/*
 * Topology: the CPUs that this OS process may use, and how they lie together.
 *
 * Read once at the start, or described by a text so that tests and simulations can have any
 * machine. A CPU is what the kernel schedules on (a hardware thread); a core has one or more, a
 * package cores, and a NUMA node is the memory that is near to some of them. Immutable after it
 * was made; any thread.
 */
#ifndef PIT_NUMA_TOPOLOGY_H
#define PIT_NUMA_TOPOLOGY_H

#include <stdbool.h>

struct pit__cpu {
    int cpu;       /* the kernel's number */
    int numa_node; /* the kernel's number; 0 where there is only one or none can be told */
    int package;   /* the kernel's number */
    int core;      /* 0, 1, ...: unique in the machine; CPUs with the same one share a core */
    int thread;    /* 0, 1, ...: which of its core's usable CPUs this is */
};

struct pit__topology {
    bool described; /* by a text: not this machine's CPUs, so nobody can be pinned to them */
    int node_count; /* NUMA nodes that have a usable CPU */
    int core_count;
    int cpu_count;
    struct pit__cpu cpus[]; /* ascending by .cpu */
};

/*
 * This machine, as far as sched_getaffinity(2) lets this OS process use it: taskset, cpusets and
 * containers all show there. What libnuma or sysfs do not tell is taken to be one node, one
 * package and one core a CPU. 0, -ENOMEM, or what sched_getaffinity said.
 */
int pit__topology_read(struct pit__topology **ret);

/*
 * The machine that text describes: "2 nodes x 4 cores" or "2 nodes x 4 cores x 2 threads", at
 * most 1,024 CPUs, one package a node, CPUs numbered as Linux does it: the first thread of each
 * core, then the second. 0, -ENOMEM, -EINVAL: another text.
 */
int pit__topology_describe(const char *text, struct pit__topology **ret);

void pit__topology_free(struct pit__topology *t); /* NULL is accepted */

/* NULL: this OS process may not use it. */
const struct pit__cpu *pit__topology_find(const struct pit__topology *t, int cpu);

#endif
