/*
 * Topology: see topology.h. The kernel is asked three times: which CPUs (sched_getaffinity),
 * which NUMA node each belongs to (libnuma), which package and core (sysfs). Only the first must
 * answer: in a container the others may be hidden, and a flat machine is then the right guess.
 */
#include "numa/topology.h"

#include <errno.h>
#include <numa.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* the kernel's own limit is 8,192; a mask larger than this is not believed */
#define MOST_CPUS 65536
#define MOST_DESCRIBED 1024

static struct pit__topology *new_topology(int cpu_count)
{
    struct pit__topology *t = calloc(1, sizeof *t + (size_t)cpu_count * sizeof t->cpus[0]);

    if (t)
        t->cpu_count = cpu_count;
    return t;
}

void pit__topology_free(struct pit__topology *t) { free(t); }

const struct pit__cpu *pit__topology_find(const struct pit__topology *t, int cpu)
{
    for (int i = 0; i < t->cpu_count; i++)
        if (t->cpus[i].cpu == cpu)
            return &t->cpus[i];
    return NULL;
}

/*
 * The kernel's core numbers are unique in a package only, and have holes. Replace them by dense
 * ones, in order of each core's first CPU, and number the CPUs of a core. O(CPUs^2), once, at the
 * start.
 */
static void number_cores(struct pit__topology *t, const int *kernel_core)
{
    t->core_count = 0;
    for (int i = 0; i < t->cpu_count; i++) {
        struct pit__cpu *c = &t->cpus[i];
        int sibling = i - 1;

        while (sibling >= 0 &&
               !(t->cpus[sibling].package == c->package && kernel_core[sibling] == kernel_core[i]))
            sibling--;
        c->core = sibling < 0 ? t->core_count++ : t->cpus[sibling].core;
        c->thread = sibling < 0 ? 0 : t->cpus[sibling].thread + 1;
    }
}

static void count_nodes(struct pit__topology *t)
{
    t->node_count = 0;
    for (int i = 0; i < t->cpu_count; i++) {
        int before = 0;

        while (before < i && t->cpus[before].numa_node != t->cpus[i].numa_node)
            before++;
        if (before == i)
            t->node_count++;
    }
}

/* ---- this machine --------------------------------------------------------------------------- */

/* The mask's size is the kernel's to know: EINVAL says that ours was too small. */
static int allowed_cpus(cpu_set_t **ret_set, size_t *ret_size, int *ret_bits)
{
    for (int bits = 1024; bits <= MOST_CPUS; bits *= 2) {
        size_t size = CPU_ALLOC_SIZE(bits);
        cpu_set_t *set = CPU_ALLOC(bits);

        if (!set)
            return -ENOMEM;
        if (sched_getaffinity(0, size, set) == 0) {
            *ret_set = set;
            *ret_size = size;
            *ret_bits = bits;
            return 0;
        }
        int e = errno;
        CPU_FREE(set);
        if (e != EINVAL)
            return -e;
    }
    return -EINVAL;
}

/* One number of /sys/devices/system/cpu/cpuN/topology/, or otherwise. */
static int sysfs_number(int cpu, const char *what, int otherwise)
{
    char path[128];
    int value;

    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", cpu, what);
    FILE *f = fopen(path, "re");
    if (!f)
        return otherwise;
    if (fscanf(f, "%d", &value) != 1 || value < 0) /* -1: the firmware does not say */
        value = otherwise;
    fclose(f);
    return value;
}

int pit__topology_read(struct pit__topology **ret)
{
    cpu_set_t *set = NULL;
    size_t size = 0;
    int bits = 0;

    int r = allowed_cpus(&set, &size, &bits);
    if (r < 0)
        return r;
    int count = CPU_COUNT_S(size, set);
    PIT_ASSERT(count > 0);

    struct pit__topology *t = new_topology(count);
    int *kernel_core = calloc((size_t)count, sizeof *kernel_core);
    if (!t || !kernel_core) {
        r = -ENOMEM;
        goto done;
    }

    bool nodes_known = numa_available() >= 0;
    for (int cpu = 0, n = 0; cpu < bits; cpu++) {
        if (!CPU_ISSET_S((size_t)cpu, size, set))
            continue;
        int node = nodes_known ? numa_node_of_cpu(cpu) : 0;
        t->cpus[n] = (struct pit__cpu){
            .cpu = cpu,
            .numa_node = node < 0 ? 0 : node,
            .package = sysfs_number(cpu, "physical_package_id", 0),
        };
        kernel_core[n] = sysfs_number(cpu, "core_id", cpu);
        n++;
    }
    number_cores(t, kernel_core);
    count_nodes(t);
    *ret = t;
    t = NULL;

done:
    free(kernel_core);
    pit__topology_free(t);
    CPU_FREE(set);
    return r;
}

/* ---- a described machine -------------------------------------------------------------------- */

/* Takes "N word" or "N words" off *text, with blanks around it. */
static bool take_count(const char **text, const char *word, int *ret)
{
    const char *p = *text + strspn(*text, " ");
    size_t digits = strspn(p, "0123456789");
    size_t length = strlen(word);

    if (digits == 0 || digits > 4)
        return false;
    int n = atoi(p);
    p += digits;
    p += strspn(p, " ");
    if (n == 0 || strncmp(p, word, length) != 0)
        return false;
    p += length;
    p += *p == 's';
    *text = p + strspn(p, " ");
    *ret = n;
    return true;
}

static bool take_times(const char **text)
{
    if (**text != 'x')
        return false;
    ++*text;
    return true;
}

int pit__topology_describe(const char *text, struct pit__topology **ret)
{
    int nodes, cores, threads = 1;

    if (!take_count(&text, "node", &nodes) || !take_times(&text) ||
        !take_count(&text, "core", &cores))
        return -EINVAL;
    if (take_times(&text) && !take_count(&text, "thread", &threads))
        return -EINVAL;
    if (*text != '\0' || (long long)nodes * cores * threads > MOST_DESCRIBED)
        return -EINVAL;

    struct pit__topology *t = new_topology(nodes * cores * threads);
    if (!t)
        return -ENOMEM;
    t->described = true;
    t->node_count = nodes;
    t->core_count = nodes * cores;
    for (int i = 0; i < t->cpu_count; i++) {
        int core = i % t->core_count;

        t->cpus[i] = (struct pit__cpu){
            .cpu = i,
            .numa_node = core / cores,
            .package = core / cores,
            .core = core,
            .thread = i / t->core_count,
        };
    }
    *ret = t;
    return 0;
}
