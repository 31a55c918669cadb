/*
 * Placement: see place.h. A list of CPUs is read first, or made; then schedulers are dealt out to
 * it.
 */
#include "numa/place.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pit/log.h>

#include "base/assert.h"

struct list {
    int count;
    const struct pit__cpu *cpus[PIT__PLACE_MOST];
};

/* ---- a list of the user --------------------------------------------------------------------- */

static bool take_number(const char **text, int *ret)
{
    size_t digits = strspn(*text, "0123456789");

    if (digits == 0 || digits > 6)
        return false;
    *ret = atoi(*text);
    *text += digits;
    return true;
}

/* "3" or "0-3"; a range may run downwards. */
static bool take_range(const char **text, int *ret_first, int *ret_last)
{
    if (!take_number(text, ret_first))
        return false;
    *ret_last = *ret_first;
    if (**text != '-')
        return true;
    ++*text;
    return take_number(text, ret_last);
}

static int append(struct list *l, const struct pit__topology *t, int cpu)
{
    const struct pit__cpu *c = pit__topology_find(t, cpu);

    if (!c) {
        pit_log(PIT_LOG_ERROR, "cores: this OS process may not use CPU %d; see taskset -cp", cpu);
        return -EINVAL;
    }
    if (l->count == PIT__PLACE_MOST) {
        pit_log(PIT_LOG_ERROR, "cores: more than %d in the list", PIT__PLACE_MOST);
        return -EINVAL;
    }
    l->cpus[l->count++] = c;
    return 0;
}

static int read_list(struct list *l, const struct pit__topology *t, const char *text)
{
    const char *p = text;
    int first, last;

    for (;;) {
        if (!take_range(&p, &first, &last) || (*p != ',' && *p != '\0')) {
            pit_log(PIT_LOG_ERROR, "cores: \"%s\" is no list like 0-3,8", text);
            return -EINVAL;
        }
        int step = first <= last ? 1 : -1;
        for (int cpu = first; cpu != last + step; cpu += step) {
            int r = append(l, t, cpu);
            if (r < 0)
                return r;
        }
        if (*p++ == '\0')
            return 0;
    }
}

/* ---- the list of all ------------------------------------------------------------------------ */

/* Nodes in ascending order, in each node threads, in each thread CPUs: place.h says why. */
static int by_node_then_thread(const void *a, const void *b)
{
    const struct pit__cpu *x = *(const struct pit__cpu *const *)a;
    const struct pit__cpu *y = *(const struct pit__cpu *const *)b;

    if (x->numa_node != y->numa_node)
        return x->numa_node < y->numa_node ? -1 : 1;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return x->cpu < y->cpu ? -1 : 1;
}

static void list_all(struct list *l, const struct pit__topology *t)
{
    for (int i = 0; i < t->cpu_count && l->count < PIT__PLACE_MOST; i++)
        l->cpus[l->count++] = &t->cpus[i];
    qsort(l->cpus, (size_t)l->count, sizeof l->cpus[0], by_node_then_thread);
}

/* ---- the interface -------------------------------------------------------------------------- */

int pit__place_new(const struct pit__topology *t, const char *cores, int schedulers,
                   struct pit__placement **ret)
{
    struct list l = {0};
    bool roam = cores && strcmp(cores, "none") == 0;

    if (schedulers < 0 || schedulers > PIT__PLACE_MOST) {
        pit_log(PIT_LOG_ERROR, "schedulers: %d is not in 0..%d", schedulers, PIT__PLACE_MOST);
        return -EINVAL;
    }
    if (!cores || roam) {
        list_all(&l, t);
    } else {
        int r = read_list(&l, t, cores);
        if (r < 0)
            return r;
    }
    PIT_ASSERT(l.count > 0);

    int count = schedulers ? schedulers : l.count;
    struct pit__placement *p = malloc(sizeof *p + (size_t)count * sizeof p->cpus[0]);
    if (!p)
        return -ENOMEM;
    p->pinned = !roam && !t->described;
    p->count = count;
    for (int i = 0; i < count; i++)
        p->cpus[i] = *l.cpus[i % l.count];
    *ret = p;
    return 0;
}

void pit__place_free(struct pit__placement *p) { free(p); }

int pit__pin(int cpu)
{
    size_t size = CPU_ALLOC_SIZE(cpu + 1);
    cpu_set_t *set = CPU_ALLOC(cpu + 1);

    if (!set)
        return -ENOMEM;
    CPU_ZERO_S(size, set);
    CPU_SET_S((size_t)cpu, size, set);
    int r = sched_setaffinity(0, size, set) == 0 ? 0 : -errno;
    CPU_FREE(set);
    return r;
}
