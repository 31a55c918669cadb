/*
 * Spawning. Spec: SPAWN-1..5. What asks for a process without waiting is in spawn_request.c.
 */
#include "runtime/spawn.h"

#include <errno.h>
#include <string.h>

#include "base/probes.h"
#include "runtime/attend.h"
#include "runtime/bound.h"
#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/heap_limit.h"
#include "runtime/limit.h"
#include "runtime/memory.h"
#include "runtime/monitor.h"
#include "runtime/name.h"
#include "runtime/node_state.h"
#include "runtime/reason.h"
#include "runtime/run_queue.h"
#include "runtime/trace.h"

#define STACK_MOST (8u << 20)
#define PAGE 4096 /* no larger than any page */

/* Spec: SPAWN-5, an entry that is not there: the spawn succeeds, and the child ends. */
static void undefined(const void *arg)
{
    pit__exit_text("undef", "a process was spawned with NULL for its function", NULL, 0);
}

static inline __attribute__((always_inline)) int check(const pit_spawn_opts *o)
{
    if (o->priority > PIT_PRIORITY_MAX ||
        (PIT__UNLIKELY(o->alias | o->reply | o->max_heap) &&
         (o->max_heap > (PIT_MAX_HEAP_NO_KILL | PIT_MAX_HEAP_NO_REPORT) ||
          o->alias > PIT_ALIAS_REPLY_DEMONITOR || o->alias == PIT_ALIAS_REPLY ||
          o->reply > PIT_REPLY_SUCCESS_ONLY)) ||
        o->scheduler < PIT_ANYWHERE || o->scheduler > (int)pit__node.count ||
        o->stack > STACK_MOST || (o->monitor && !o->ret_ref) ||
        (o->name && !pit__name_valid(o->name)))
        return -EINVAL;
    return 0;
}

/* A pointer that leads nowhere is the spawner's fault, not ours: touch what it gave before anything
   is taken. */
static void touch(const struct pit__entry *e, const pit_spawn_opts *o)
{
    volatile const char *from = e->argument;
    volatile uint64_t *ref = o->monitor ? &o->ret_ref->number : NULL;

    pit__touching_begin();
    for (size_t i = 0; i < e->size; i += PAGE)
        (void)from[i];
    if (e->size)
        (void)from[e->size - 1];
    if (ref)
        /* cppcheck-suppress selfAssignment */
        *ref = *ref;
    if (o->mailbox)
        (void)((volatile const pit_mailbox *)o->mailbox)->context;
    for (volatile const char *c = o->label; c && *c;
         c++) /* who reads it later is not the spawner */
        ;
    pit__touching_end();
}

int pit__spawn_foresee(const struct pit__entry *e, const pit_spawn_opts *o)
{
    int r = e->size > PIT__BLOCK_MOST ? -EINVAL : check(o);

    if (r == 0)
        touch(e, o);
    return r;
}

static int prepare_unusual(struct pit__process *p, const pit_spawn_opts *o)
{
    if (o->max_heap_kib &&
        pit__heap_limit_set(p, o->max_heap_kib * UINT64_C(1024), o->max_heap) < 0)
        return -ENOMEM;
    pit__attend_priority(p, o->priority);
    if (o->pit__kind & 1) {
        p->flags |= PIT__F_SUPERVISOR;
        atomic_fetch_add_explicit(&pit__node.supervisors, 1, memory_order_relaxed);
    }
    return 0;
}

/* A slot's life begins: everything that its last life left as it was is set here, the rest was
   cleared at its end. */
static inline __attribute__((always_inline)) int prepare(struct pit__sched *s,
                                                         struct pit__process *p,
                                                         const struct pit__entry *e,
                                                         const pit_spawn_opts *o, pit_pid parent)
{
    void *copy = NULL;

    if (e->size) {
        copy = pit__copy_in(s, e->argument, e->size);
        if (!copy)
            return -ENOMEM;
    }
    if (e->handler) {
        p->handler = e->handler;
        p->flags = PIT__F_CALLBACK | PIT__F_STARTING;
    } else {
        p->body = PIT__LIKELY(e->body) ? e->body : undefined;
        p->flags = PIT__F_STARTING;
    }
    p->state = copy;
    p->priority = o->priority;
    p->partner = 0;
    if (o->scheduler > 0)
        p->flags |= PIT__F_BOUND;
    p->stack_size = o->stack ? o->stack : pit__node.opts.stack;
    if (p->stack_size < PIT__STACK_LEAST)
        p->stack_size = PIT__STACK_LEAST; /* it gets so much: the floor is not to be higher */
    p->parent = parent;
    p->label = o->label;
    p->kind = o->pit__kind;
    p->reductions = 0;
    p->slice_reductions = 0;
    p->low_turns = 0;
    if (PIT__UNLIKELY(o->priority | (o->pit__kind & 1) | o->max_heap_kib))
        return prepare_unusual(p, o);
    return 0;
}

struct pit__sched *pit__spawn_place(struct pit__sched *s, int16_t scheduler)
{
    if (PIT__LIKELY(scheduler == 0))
        return s;
    if (scheduler > 0)
        return pit__node.scheds[scheduler - 1];
    return pit__node
        .scheds[atomic_fetch_add_explicit(&pit__node.placement, 1, memory_order_relaxed) %
                pit__node.count];
}

static pit_pid failed(struct pit__sched *s, struct pit__process *p, int error)
{
    if (p) {
        int budget = 1;

        if (p->flags & PIT__F_SUPERVISOR)
            atomic_fetch_sub_explicit(&pit__node.supervisors, 1, memory_order_relaxed);
        atomic_store_explicit(&p->pid, 0, memory_order_relaxed);
        pit__copy_free(s, p->state);
        p->state = NULL;
        if (p->flags & PIT__F_EXTRA) {
            (void)pit__bound_close(s, p, &budget); /* nobody has sent to it: one step does */
            pit__extra_free(s, p);
        }
        p->flags = 0;
        p->status = PIT__FREE;
        pit__slot_put(&s->slots, p);
    }
    return (pit_pid){INT64_MIN | error};
}

/* Options that few give. */
static __attribute__((noinline)) int rarely(struct pit__sched *s, struct pit__process *p,
                                            const pit_spawn_opts *o)
{
    int r = 0;

    if (o->mailbox && (r = pit__bound_check(o->mailbox)) == 0)
        r = pit__bound_set(s, p, o->mailbox);
    return r == 0 && o->name ? pit__name_claim(o->name, p) : r;
}

static inline __attribute__((always_inline)) pit_pid create(struct pit__sched *s, pit_pid parent,
                                                            const struct pit__entry *e,
                                                            const pit_spawn_opts *o,
                                                            struct pit__process **ret_p)
{
    struct pit__process *p;
    pit_pid pid;
    int r = e->size > PIT__BLOCK_MOST ? -EINVAL : check(o);

    if (r < 0)
        return failed(s, NULL, -r);
    if (e->size || ((uintptr_t)o->mailbox | (uintptr_t)o->label | o->monitor))
        touch(e, o);
    p = pit__slot_get(&s->slots, s);
    if (!p)
        return failed(s, NULL, PIT_ESYSTEMLIMIT);
    r = prepare(s, p, e, o, parent);
    if (r < 0)
        return failed(s, p, -r);
    pid.id = pit__slot_next_pid(p);
    atomic_store_explicit(&p->pid, pid.id, memory_order_release); /* R1: the slot is complete */
    if (PIT__UNLIKELY((uintptr_t)o->name | (uintptr_t)o->mailbox) && (r = rarely(s, p, o)) < 0)
        return failed(s, p, -r);
    PIT__COUNT(s->spawned);
    PIT_PROBE_SPAWN(pid.id, parent.id);
    *ret_p = p;
    return pid;
}

pit_pid pit__spawn_create(struct pit__sched *s, pit_pid parent, const struct pit__entry *e,
                          const pit_spawn_opts *o, struct pit__process **ret_p)
{
    return create(s, parent, e, o, ret_p);
}

static pit_pid refused(struct pit__process *parent, const struct pit__entry *e,
                       const pit_spawn_opts *o, pit_pid error);

/* A tag is sealed before there is a child, which no memory for it would have to end again. */
static __attribute__((noinline)) int seal_tag(const struct pit__entry *e, const pit_spawn_opts *o,
                                              struct pit__sealed **ret_tag)
{
    if (pit__spawn_foresee(e, o) < 0)
        return 0; /* there will be no child, and so no use for it */
    return pit__tag_seal(o->tag, ret_tag);
}

/* Spec: SPAWN-2, link and monitor are there before the child can run. */
static pit_pid spawn(struct pit__sched *s, struct pit__process *parent, const struct pit__entry *e,
                     const pit_spawn_opts *o)
{
    pit_pid self = {pit__process_pid(parent)}, pid;
    struct pit__sealed *tag = NULL;
    struct pit__process *p = NULL;
    struct pit__sched *to;

    if (PIT__UNLIKELY(o->monitor | o->link_priority)) {
        if ((o->monitor_priority | o->link_priority) && pit__priority_accept(parent) < 0)
            return failed(s, NULL, ENOMEM);
        if (o->tag.word && seal_tag(e, o, &tag) < 0)
            return failed(s, NULL, ENOMEM);
    }
    pid = create(s, self, e, o, &p);
    if (PIT__UNLIKELY(!p)) {
        pit__sealed_release(tag);
        return refused(parent, e, o, pid);
    }
    p->group_leader = parent->group_leader;
    if (o->link) {
        pit__relate(&s->blocks, &p->relations, PIT__R_LINK, (uint64_t)self.id, self.id);
        PIT__R_FLAGS(pit__relate(&s->blocks, &parent->relations, PIT__R_LINK, (uint64_t)pid.id,
                                 pid.id)) = o->link_priority ? PIT__R_PRIORITY : 0;
    }
    if (o->monitor) {
        *o->ret_ref = pit__ref_fresh(s, parent);
        pit__monitor_record(s, parent, o->ret_ref->number, pid, o->alias, o->monitor_priority, tag,
                            0);
        pit__relate(&s->blocks, &p->relations, PIT__R_MONITORED_BY, o->ret_ref->number, self.id);
    }
    if (PIT__UNLIKELY(s->watch & (PIT__WATCH_SENDER | PIT__WATCH_SPAWN)))
        pit__trace_spawned(s, parent, p, o->link, o->monitor ? o->ret_ref->number : 0);
    to = pit__spawn_place(s, o->scheduler);
    if (PIT__LIKELY(to == s))
        pit__sched_enqueue(s, p);
    else
        pit__balance_move(s, p, to);
    return pid;
}

/* No process was made. If that was for want of a slot, and one can be had from another scheduler:
   once more. Spec: LIFE-11 */
static __attribute__((noinline)) pit_pid refused(struct pit__process *parent,
                                                 const struct pit__entry *e,
                                                 const pit_spawn_opts *o, pit_pid error)
{
    if (!pit__limit_reached(error) || !pit__limit_find_slot(parent))
        return error;
    return spawn(pit__thread()->sched, parent, e, o);
}

static pit_pid spawn_from_process(const struct pit__entry *e, const pit_spawn_opts *o)
{
    struct pit__thread *t = pit__in();
    pit_pid pid;

    if (PIT__UNLIKELY(!t || !t->current)) {
        if (t)
            t->in_runtime--;
        return (pit_pid){INT64_MIN | PIT_ENOTPROCESS};
    }
    pid = spawn(t->sched, t->current, e, o);
    pit__out(8);
    return pid;
}

pit_pid pit_try_spawn(pit_body *body, const void *arg, size_t size, pit_spawn_opts opts)
{
    return spawn_from_process(&(struct pit__entry){.body = body, .argument = arg, .size = size},
                              &opts);
}

pit_pid pit_try_spawn_handler(pit_handler *handler, const void *state, size_t size,
                              pit_spawn_opts opts)
{
    return spawn_from_process(
        &(struct pit__entry){.handler = handler, .argument = state, .size = size}, &opts);
}

pit_pid pit__spawned(pit_pid pid, const char *file, int line)
{
    int error = (int)(pid.id & INT32_MAX);

    if (PIT__LIKELY(pid.id > 0))
        return pid;
    if (error == PIT_ESYSTEMLIMIT)
        pit__exit_text("system_limit", "the process limit is reached: raise it (+P)", file, line);
    if (error == ENOMEM)
        pit__exit_text("system_limit", "no memory for a process", file, line);
    pit__exit_text(error == PIT_ENOTPROCESS ? "notprocess" : "badarg", pit_strerror(error), file,
                   line);
}

pit_pid pit_spawn(pit_body *body, const void *arg, size_t size)
{
    return pit__spawned(pit_try_spawn(body, arg, size, (pit_spawn_opts){0}), NULL, 0);
}

pit_pid pit_spawn_link(pit_body *body, const void *arg, size_t size)
{
    return pit__spawned(pit_try_spawn(body, arg, size, (pit_spawn_opts){.link = true}), NULL, 0);
}

pit_monitored pit_spawn_monitor(pit_body *body, const void *arg, size_t size)
{
    pit_monitored m;

    m.pid = pit__spawned(
        pit_try_spawn(body, arg, size, (pit_spawn_opts){.monitor = true, .ret_ref = &m.ref}), NULL,
        0);
    return m;
}

pit_pid pit_spawn_handler(pit_handler *handler, const void *state, size_t size)
{
    return pit__spawned(pit_try_spawn_handler(handler, state, size, (pit_spawn_opts){0}), NULL, 0);
}

pit_pid pit_spawn_handler_link(pit_handler *handler, const void *state, size_t size)
{
    return pit__spawned(pit_try_spawn_handler(handler, state, size, (pit_spawn_opts){.link = true}),
                        NULL, 0);
}

pit_pid pit_self(void)
{
    struct pit__thread *t = pit__thread();

    return (pit_pid){t && t->current ? pit__process_pid(t->current) : 0};
}

/* The node's first process, from scheduler 0 before its loop runs: it has no parent, and nobody
   traces yet. */
pit_pid pit__spawn_first(struct pit__sched *s, pit_body *body)
{
    struct pit__process *p = NULL;
    pit_pid pid = pit__spawn_create(s, PIT_NO_PID, &(struct pit__entry){.body = body},
                                    &(pit_spawn_opts){.label = "first", .stack = 1u << 20}, &p);

    if (p) {
        p->group_leader = pid; /* its own. GL-1 */
        p->flags |= PIT__F_FIRST;
        pit__sched_enqueue(s, p);
    }
    return pid;
}
