#include "runtime/info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/dictionary.h"
#include "runtime/enter.h"
#include "runtime/excuse.h"
#include "runtime/memory.h"
#include "runtime/name.h"
#include "runtime/signal.h"
#include "term/heap.h"
#include "runtime/trace.h"

static void put(char *to, size_t room, const char *text)
{
    snprintf(to, room, "%s", text ? text : "");
}

enum pit_process_status pit__info_status(const struct pit__process *p)
{
    if (pit__attends(p, PIT__AT_SUSPENDED))
        return PIT_SUSPENDED;
    switch (p->status) {
    case PIT__RUNNING:
        return PIT_RUNNING;
    case PIT__RUNNABLE:
    case PIT__TRANSIT:
        return PIT_RUNNABLE;
    case PIT__WAITING:
        return PIT_WAITING;
    default:
        return PIT_EXITING;
    }
}

static void count(const struct pit__process *p, pit_process_info *ret)
{
    for (const struct pit__relation *r = p->relations.first; r; r = r->next)
        switch (r->block.kind) {
        case PIT__R_LINK:
            ret->links += !r->extra;
            break; /* LINK-10 */
        case PIT__R_MONITOR:
            ret->monitors++;
            break;
        case PIT__R_MONITORED_BY:
            ret->monitored_by++;
            break;
        case PIT__R_TIMER:
            ret->timers++;
            break;
        case PIT__R_SUSPENDING:
            ret->suspending++;
            break;
        case PIT__R_SUSPENDED_BY:
            ret->suspended_by++;
            break;
        default:
            break;
        }
}

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    pit_process_info *ret = out;
    const struct pit__tracer *t;
    int64_t tracer;

    memset(ret, 0, sizeof *ret);
    if (!p || p->status == PIT__EXITING || (p->flags & PIT__F_EXIT))
        return;
    ret->pid = (pit_pid){pit__process_pid(p)};
    ret->parent = p->parent;
    ret->group_leader = p->group_leader;
    ret->status = pit__info_status(p);
    ret->priority = p->priority;
    ret->trap_exit = p->flags & PIT__F_TRAP;
    ret->is_supervisor = p->flags & PIT__F_SUPERVISOR;
    if (p->name)
        put(ret->name, sizeof ret->name, pit__name_text(p));
    put(ret->label, sizeof ret->label, p->label);
    ret->message_count = p->length;
    ret->memory = pit__process_memory(p);
    ret->term_memory = p->heap ? p->heap->bytes : 0;
    ret->stack_memory = pit__process_stack(p);
    if (p->extra) {
        ret->sensitive = p->extra->sensitive;
        ret->max_heap_size = p->extra->heap_limit;
        ret->dictionary = p->extra->dictionary ? p->extra->dictionary->used : 0;
    }
    ret->reductions = p->reductions + p->slice_reductions;
    count(p, ret);
    ret->trace = pit__trace_of(p, &tracer);
    if (ret->trace && (t = pit__tracer_of(tracer))) /* it may have been closed since */
        ret->tracer = t->to;
}

int pit_process_info_of(pit_pid pid, pit_process_info *ret)
{
    struct pit__thread *t = pit__in();
    pit_process_info info = {0};
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    r = pit__request(t, t->current, pid, on_owner, "", 1, &info, sizeof info);
    if (r == 0 && !info.pid.id)
        r = -PIT_ENOPROC;
    if (r == 0) {
        pit__touching_begin();
        *ret = info;
        pit__touching_end();
    }
    pit__out(4);
    return r;
}

PIT__GIVEN size_t pit_processes(pit_pid *ret, size_t room)
{
    uint32_t used = atomic_load_explicit(&pit__slots.used, memory_order_acquire);
    size_t n = 0;

    for (uint32_t i = 0; i < used; i++) {
        int64_t pid = pit__process_pid(pit__slots.base + i);

        if (!pid)
            continue;
        if (n < room)
            ret[n] = (pit_pid){pid};
        n++;
    }
    pit__in();
    pit__out(1 + (int)(used / 256)); /* so that who asks again and again lets others run */
    return n;
}
