/*
 * The node's items, as terms. All of them are read where they lie, by whoever asks: nobody is asked
 * for them.
 */
#include <pit/info.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/oracle.h"
#include "runtime/enter.h"
#include "runtime/name.h"
#include "runtime/node_state.h"
#include "runtime/tally.h"
#include "runtime/wall_time.h"
#include "term/atom.h"

#define COST 50            /* in reductions, as of a process's item */
#define COST_OF_NAMES 1000 /* cells of the table of names for each further one */

/* Its own scheduler's a caller sees as it is. */
static uint64_t run_queue(const struct pit__sched *s)
{
    return pit__thread()->sched == s
               ? s->runnable
               : atomic_load_explicit(&s->runnable_seen, memory_order_relaxed);
}

/* f of each scheduler, the first one first. */
static pit_term of_each(pit_term (*f)(const struct pit__sched *s))
{
    pit_term list = pit_nil();

    for (unsigned i = pit__node.count; i-- > 0;)
        list = pit_list_cons(f(pit__node.scheds[i]), list);
    return list;
}

static pit_term run_queue_length(const struct pit__sched *s) { return pit_term_of(run_queue(s)); }

static pit_term run_queues(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < pit__node.count; i++)
        sum += run_queue(pit__node.scheds[i]);
    return pit_term_of(sum);
}

static pit_term wall_time(const struct pit__sched *s)
{
    int64_t active, total;

    pit__wall_time_get(s, &active, &total);
    return pit_tuple((int)s->index, active, total);
}

static pit_term switches(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < pit__node.count; i++)
        sum += atomic_load_explicit(&pit__node.scheds[i]->switches, memory_order_relaxed);
    return pit_term_of(sum);
}

static void add_name(pit_term atom, void *context)
{
    pit_term *list = context;

    *list = pit_list_cons(atom, *list);
}

static pit_term names(void)
{
    pit_term list = pit_nil();

    (void)pit__names_each(add_name, &list);
    return list;
}

/* Of the OS process, by the kernel; 0: it does not say. */
static uint64_t resident(void)
{
    char text[100], *second;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    second = strchr(text, ' '); /* pages of address space, and of memory */
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static pit_term memory(void)
{
    struct pit__stack_usage stacks;
    uint64_t slots = (uint64_t)atomic_load_explicit(&pit__slots.used, memory_order_relaxed) *
                     sizeof(struct pit__process);
    uint64_t blocks = pit__tally_sum(PIT__TALLY_BLOCKS), all = pit__tally_sum(PIT__TALLY_TERMS);
    uint64_t binary = pit__tally_sum(PIT__TALLY_BINARY), terms = all > binary ? all - binary : 0;
    uint64_t atom = pit__atoms_memory();
    uint64_t system =
        atom + binary + pit__names_memory() + pit__node.count * (uint64_t)sizeof(struct pit__sched);
    uint64_t processes = slots + blocks + terms;

    pit__stack_usage(&stacks);
    return pit_build("#{total => ~, processes => ~, slots => ~, blocks => ~, terms => ~,"
                     " system => ~, atom => ~, binary => ~, stacks => ~, resident => ~}",
                     processes + system, processes, slots, blocks, terms, system, atom, binary,
                     stacks.warm, resident());
}

static pit_term value_of(enum pit_system item)
{
    switch (item) {
    case PIT_SYSTEM_PROCESS_COUNT:
        return pit_term_of(pit__node_processes());
    case PIT_SYSTEM_PROCESS_LIMIT:
        return pit_term_of(pit__node.opts.processes);
    case PIT_SYSTEM_ATOM_COUNT:
        return pit_term_of(pit__atoms_count());
    case PIT_SYSTEM_ATOM_LIMIT:
        return pit_term_of(pit__atoms_limit());
    case PIT_SYSTEM_NAME_COUNT:
        return pit_term_of(pit__names_each(NULL, NULL));
    case PIT_SYSTEM_REGISTERED:
        return names();
    case PIT_SYSTEM_SCHEDULERS:
        return pit_term_of(pit__node.count);
    case PIT_SYSTEM_RUN_QUEUE_LENGTHS:
        return of_each(run_queue_length);
    case PIT_SYSTEM_RUN_QUEUE:
        return run_queues();
    case PIT_SYSTEM_SCHEDULER_WALL_TIME:
        return pit__wall_time_on() ? of_each(wall_time) : PIT__A(undefined);
    case PIT_SYSTEM_CONTEXT_SWITCHES:
        return switches();
    case PIT_SYSTEM_UPTIME:
        return pit_term_of(pit__now() - pit__node.started);
    default:
        return memory();
    }
}

static int cost_of(enum pit_system item)
{
    if (item == PIT_SYSTEM_NAME_COUNT || item == PIT_SYSTEM_REGISTERED)
        return COST + (int)(pit__names_memory() / sizeof(int64_t) / COST_OF_NAMES);
    return COST + (int)pit__node.count;
}

int pit_system_info(enum pit_system item, pit_term *value)
{
    struct pit__thread *t = pit__in();
    pit_term v;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if ((unsigned)item < PIT_SYSTEM_ITEMS) {
        v = value_of(item);
        pit__touching_begin();
        *value = v;
        pit__touching_end();
    }
    pit__out(cost_of(item));
    return (unsigned)item < PIT_SYSTEM_ITEMS ? 0 : -EINVAL;
}
