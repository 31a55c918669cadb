#include <errno.h>

#include "runtime/enter.h"
#include "runtime/heap_limit.h"

static int64_t set_trap_exit(struct pit__process *p, int64_t value)
{
    bool old = p->flags & PIT__F_TRAP;

    p->flags = value ? p->flags | PIT__F_TRAP : p->flags & ~PIT__F_TRAP;
    return old;
}

static int64_t set_priority(struct pit__process *p, int64_t value)
{
    int64_t old = p->priority;

    pit__attend_priority(p, (uint8_t)value); /* it runs, so it is on no queue of the old one */
    return old;
}

static unsigned heap_flags(const struct pit__process *p)
{
    const struct pit__extra *x = p->extra;

    return !x ? 0
              : (x->heap_no_kill ? PIT_MAX_HEAP_NO_KILL : 0) |
                    (x->heap_no_report ? PIT_MAX_HEAP_NO_REPORT : 0);
}

static int64_t set_heap(struct pit__process *p, enum pit_flag flag, int64_t value)
{
    uint64_t size = p->extra ? p->extra->heap_limit : 0;
    unsigned flags = heap_flags(p),
             bit = flag == PIT_FLAG_MAX_HEAP_KILL ? PIT_MAX_HEAP_NO_KILL : PIT_MAX_HEAP_NO_REPORT;
    int r;

    if (flag == PIT_FLAG_MAX_HEAP_SIZE) {
        r = pit__heap_limit_set(p, (uint64_t)value, flags);
        return r < 0 ? r : (int64_t)size;
    }
    r = pit__heap_limit_set(p, size, value ? flags & ~bit : flags | bit);
    return r < 0 ? r : !(flags & bit);
}

static int64_t set_sensitive(struct pit__process *p, int64_t value)
{
    struct pit__extra *x = pit__extra_of(p);
    bool old;

    if (!x)
        return -ENOMEM;
    old = x->sensitive;
    x->sensitive = value;
    return old;
}

static int64_t set(struct pit__process *p, enum pit_flag flag, int64_t value)
{
    bool number = flag == PIT_FLAG_MAX_HEAP_SIZE || flag == PIT_FLAG_PRIORITY;

    if (value < 0 || (!number && value > 1) ||
        (flag == PIT_FLAG_PRIORITY && value > PIT_PRIORITY_MAX))
        return -EINVAL;
    switch (flag) {
    case PIT_FLAG_TRAP_EXIT:
        return set_trap_exit(p, value);
    case PIT_FLAG_PRIORITY:
        return set_priority(p, value);
    case PIT_FLAG_MAX_HEAP_SIZE:
    case PIT_FLAG_MAX_HEAP_KILL:
    case PIT_FLAG_MAX_HEAP_REPORT:
        return set_heap(p, flag, value);
    case PIT_FLAG_SENSITIVE:
        return set_sensitive(p, value);
    default:
        return -EINVAL;
    }
}

int64_t pit_process_flag(enum pit_flag flag, int64_t value)
{
    struct pit__thread *t = pit__in();
    int64_t old;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    old = set(t->current, flag, value);
    if (old >= 0 && pit__attends(t->current, PIT__AT_MEMORY))
        pit__heap_limit_check(t->sched, t->current); /* it may be over the new one already */
    pit__out(1);
    return old;
}
