/*
 * The end of a process. Spec: LIFE-6, LIFE-7.
 *
 * Teardown runs in pieces of PIECE steps from the run queue, so that a process with a million
 * monitors stalls nobody. The steps are done in LIFE-7's order: timers and resources, the name, the
 * pid (from here on what is sent to it is dropped), links, monitors, unhandled mail, memory. Timers
 * are taken with the links: what they would send is dropped already.
 *
 * While the kernel may still write to its memory (operations in flight) the rest waits: slot and
 * stack stay, as a zombie, until the last completion.
 */
#include <stdlib.h>

#include <pit/log.h>

#include "base/assert.h"
#include "runtime/attend.h"
#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/name.h"
#include "runtime/node_state.h"
#include "runtime/reason.h"
#include "runtime/run_queue.h"
#include "runtime/signal.h"
#include "runtime/spawn.h"
#include "runtime/trace.h"

#define PIECE 256

/* Step 2: sockets and the like. false: more are left. */
static bool release_resources(struct pit__process *p, int *budget)
{
    while (!pit__list_empty(&p->resources)) {
        struct pit__resource *r = PIT__CONTAINER(p->resources.next, struct pit__resource, link);

        if (--*budget < 0)
            return false;
        pit__list_remove(&r->link);
        r->release(r);
    }
    return true;
}

/* What few have to have counted, or their end looked at: the pid is still theirs. */
static void vanish_unusual(struct pit__sched *s, struct pit__process *p)
{
    if (p->flags & PIT__F_SUPERVISOR)
        atomic_fetch_sub_explicit(&pit__node.supervisors, 1, memory_order_relaxed);
    if (p->flags & PIT__F_FAULTED)
        PIT__COUNT(s->faults);
    if (pit__attends(p, PIT__AT_TRACED))
        pit__trace_exit(s, p);
}

/* Steps 4 and 5. */
static inline __attribute__((always_inline)) void vanish(struct pit__sched *s,
                                                         struct pit__process *p)
{
    PIT_PROBE_EXIT(pit__process_pid(p), pit__reason_kind(p->exit_reason));
    if (PIT__UNLIKELY(p->flags & (PIT__F_SUPERVISOR | PIT__F_FAULTED | PIT__F_ATTENTION)))
        vanish_unusual(s, p);
    if (p->name)
        pit__name_free(p);
    /* The dead pid is kept where only the owner reads it: links and monitors still speak in its
       name. */
    p->dead_pid.id = pit__process_pid(p);
    atomic_store_explicit(
        &p->pid, 0,
        memory_order_release); /* release: who sees it gone sees the name free. LIFE-8 */
    p->flags |= PIT__F_TORN_DOWN;
    if (p->relations.index)
        pit__relations_close(&p->relations);
}

/* Steps 1 and 7: timers, links and spawn requests go, the rest is put behind them. false: more are
   left. */
static bool release_links(struct pit__sched *s, struct pit__process *p, int *budget)
{
    struct pit__relation *r;

    while ((r = p->relations.first) && !(PIT__R_FLAGS(r) & PIT__R_SEEN)) {
        if (--*budget < 0)
            return false;
        switch (r->block.kind) {
        case PIT__R_LINK:
            if (!r->extra)
                pit__signal(s, PIT__EXIT_LINK, p->dead_pid, (pit_pid){r->peer},
                            pit__sealed_retain(p->exit_reason), 0);
            break;
        case PIT__R_SPAWN:
            pit__spawn_give_up(s, p->dead_pid, r, p->exit_reason);
            break;
        case PIT__R_TIMER: {
            struct pit__timer_relation *t = (struct pit__timer_relation *)r;

            pit__wheel_remove(&s->wheel, &t->timer);
            pit__message_free(&s->blocks, t->message);
            break;
        }
        default:
            PIT__R_FLAGS(r) |= PIT__R_SEEN;
            pit__relation_to_end(&p->relations, r);
            continue;
        }
        pit__relation_drop(&s->blocks, &p->relations, r);
    }
    return true;
}

static void fail_asker(struct pit__sched *s, struct pit__process *p, const struct pit__relation *r)
{
    struct pit__message *m =
        pit__message_alloc(&s->blocks, PIT__FAILED, sizeof(struct pit__signal));

    PIT_NEED(m);
    *(struct pit__signal *)pit__message_payload(m) =
        (struct pit__signal){pit__sealed_retain(p->exit_reason), PIT_ENOPROC};
    m->to = (pit_pid){r->peer};
    m->public.type = NULL;
    m->public.from = p->dead_pid;
    m->public.pit__tag = r->key;
    pit__route(pit__thread(), m);
}

/* Step 8, and the calls that were deferred. */
static bool release_monitors(struct pit__sched *s, struct pit__process *p, int *budget)
{
    struct pit__relation *r;

    while ((r = p->relations.first)) {
        if (--*budget < 0)
            return false;
        if (r->block.kind == PIT__R_MONITORED_BY)
            pit__signal(s, PIT__DOWN, p->dead_pid, (pit_pid){r->peer},
                        pit__sealed_retain(p->exit_reason), r->key);
        else if (r->block.kind == PIT__R_MONITOR)
            pit__signal(s, PIT__DEMONITOR, p->dead_pid, (pit_pid){r->peer}, NULL,
                        r->key); /* MON-13 */
        else if (r->block.kind == PIT__R_ASKER)
            fail_asker(s, p, r);
        else if (r->block.kind == PIT__R_SUSPENDING)
            pit__signal(s, PIT__RESUME, p->dead_pid, (pit_pid){r->peer}, NULL, 0);
        else if (r->block.kind == PIT__R_SUSPENDED_BY)
            pit__signal(s, PIT__SUSPEND_OVER, p->dead_pid, (pit_pid){r->peer}, NULL, 0);
        pit__relation_drop(&s->blocks, &p->relations, r);
    }
    return true;
}

/* Step 9: what lies in the queue and in its hands; calls among them are failed with its reason. */
static inline __attribute__((always_inline)) bool release_mail(struct pit__sched *s,
                                                               struct pit__process *p, int *budget)
{
    struct pit__message *m;

    if ((m = p->message)) {
        p->message = NULL;
        pit__undeliverable(s, m, p->exit_reason);
    }
    if ((m = p->received)) {
        p->received = NULL;
        pit__undeliverable(s, m, p->exit_reason);
    }
    if ((m = p->reply)) {
        p->reply = NULL;
        pit__message_free(&s->blocks, m);
    }
    while ((m = p->kept)) {
        if (--*budget < 0)
            return false;
        p->kept = m->block.next;
        pit__undeliverable(s, m, p->exit_reason);
    }
    /* The queue last: while an answer goes out, what arrives may be put off to here
       (pit__put_off). */
    while ((m = p->head)) {
        if (--*budget < 0)
            return false;
        p->head = m->block.next;
        pit__undeliverable(s, m, p->exit_reason);
    }
    p->length = 0;
    return true;
}

static void clear(struct pit__process *p)
{
    PIT_ASSERT(!p->head);
    p->flags = 0;
    p->call_tag = 0;
    p->mark = NULL;
    p->mark_number = 0;
    p->wait = NULL;
    p->wakes_on = 0;
    p->sp = NULL;
}

static void free_unusual(struct pit__sched *s, struct pit__process *p)
{
    if (p->flags & PIT__F_FIRST)
        pit__node_first_ended();
    pit__extra_free(s, p);
}

/* The end of the end. */
static inline void free_process(struct pit__sched *s, struct pit__process *p)
{
    if (PIT__UNLIKELY(p->flags & (PIT__F_FIRST | PIT__F_EXTRA)))
        free_unusual(s, p);
    if (p->stack && p->stack == s->leaving)
        /* its resources went, and with them what the kernel had in flight: no zombie, but we stand
           on it */
        s->dead_stack = p->stack;
    else if (p->stack)
        pit__stack_put(&s->stacks, p->stack);
    p->stack = NULL;
    if (p->exit_reason)
        pit__sealed_release(p->exit_reason);
    if (p->last_reason)
        pit__sealed_release(p->last_reason);
    p->exit_reason = p->last_reason = NULL;
    clear(p);
    p->status = PIT__FREE;
    pit__slot_put(&s->slots, p);
    /* Release, pairs with pit__node_processes: who sees the count sees the slot free. */
    atomic_store_explicit(&s->exited, atomic_load_explicit(&s->exited, memory_order_relaxed) + 1,
                          memory_order_release);
}

/* From pit__io_end, for a zombie. */
void pit__process_free(struct pit__sched *s, struct pit__process *p) { free_process(s, p); }

static inline bool teardown(struct pit__sched *s, struct pit__process *p)
{
    int budget = PIECE;

    if (!(p->flags & PIT__F_TORN_DOWN)) {
        if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION) && !pit__attend_end(s, p, &budget))
            return false;
        if (!release_resources(p, &budget))
            return false;
        vanish(s, p);
    }
    if (p->relations.first && !(release_links(s, p, &budget) && release_monitors(s, p, &budget)))
        return false;
    if (!release_mail(s, p, &budget) ||
        !(pit__process_memory_none(p) || pit__process_memory_free(s, p, &budget)))
        return false;
    if (p->pending_io) {
        p->status = PIT__ZOMBIE;
        return true;
    }
    free_process(s, p);
    return true;
}

bool pit__teardown(struct pit__sched *s, struct pit__process *p) { return teardown(s, p); }

void pit__exit_current(struct pit__sealed *reason)
{
    struct pit__thread *t = pit__thread();
    struct pit__sched *s = t->sched;
    struct pit__process *p = t->current;
    struct pit__stack *stack = p->stack;

    t->in_runtime = 1;
    t->current = NULL;
    if (p->exit_reason) { /* a signal came first. EXIT-7 */
        pit__sealed_release(reason);
    } else
        p->exit_reason = reason;
    p->flags = (p->flags & ~PIT__F_EXIT) | PIT__F_LOOP;
    p->status = PIT__EXITING;
    if (p->flags & PIT__F_TIMEOUT)
        pit__timeout_disarm(s, p);
    if (stack && p->pending_io)
        /* the kernel may write to it: it goes with the zombie, and we leave it by the loop below */
        stack = NULL;
    else
        p->stack = NULL;
    if (!stack && p->stack) {
        /* On the zombie's own stack: its frames stay as they are, nobody comes back to them. */
        struct pit__stack *own = s->leaving = p->stack;

        if (!pit__teardown(s, p))
            pit__sched_enqueue(s, p);
        s->leaving = NULL;
        pit__leave_fibre(&own->fibre, s->loop_sp, &s->loop_stack->fibre);
    }
    if (!teardown(s, p))
        pit__sched_enqueue(s, p);
    pit__sched_abandon(s, stack);
}
