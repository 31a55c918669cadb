/*
 * The scheduler's loop, and how a process gets and leaves the core.
 *
 * The loop runs on a pooled stack like any other. A callback process's handler is called by the
 * loop as a function: no switch, no stack of its own. If the handler waits half way, the process
 * keeps the stack, the loop's frame with it, and the loop begins anew on a fresh one; when the
 * handler returns to that old frame, the frame finds that the stack is the process's (p->stack),
 * gives it back and is gone. So after a handler nothing that was read before it may be used but p.
 *
 * Ways between the loop L and processes:
 *   L  -> P        resume, or start a body; L is saved in loop_sp
 *   P  -> L        P waits or yields: loop_sp continues
 *   P  -> Q        P waits or yields and Q is ready with a stack: straight, at most DIRECT times (twice as fast as through L)
 *   P  -> L'       P is a callback process on L's stack: it takes that stack, L' is new
 *   P  -> nowhere  P has ended: abandon. On L's own stack L is restarted at its top; it keeps nothing in its frame.
 *
 * A pass of the loop is bounded: the inbox, due timers, BUDGET processes, completions. Then, if
 * nothing is left to run, idle.c waits for more.
 */
#include "runtime/sched.h"

#include <string.h>

#include "base/assert.h"
#include "base/probes.h"
#include "runtime/attend.h"
#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/node_state.h"
#include "runtime/reason.h"
#include "runtime/request.h"
#include "runtime/foresee.h"
#include "runtime/run_queue.h"
#include "runtime/signal.h"
#include "runtime/spawn.h"
#include "runtime/trace.h"
#include "runtime/wall_time.h"

#define BUDGET 64
#define TIMERS_AT_ONCE 256 /* between two looks at the clock */
/* slots in use, with a few lines of stack each, that leave the first cache */
#define NEAR_LEAST 512
/* ns of a pass: firing a million due timers must not stop the world, nor fall behind */
#define TIMERS_MOST INT64_C(200000)
#define DEFAULT_STACK (64u * 1024)

static void loop(void *unused);
static void loop_fresh(void *unused);

void pit__slice_stamp(struct pit__sched *s, struct pit__process *p)
{
    if (!s->until_stamp)
        s->until_stamp = PIT__SAMPLE_WAKES;
    p->stamp = pit__now();
    p->flags |= PIT__F_STAMPED;
}

void pit__slice_sample(struct pit__sched *s, struct pit__process *p)
{
    int64_t delay = pit__now() - p->stamp;
    unsigned bucket = delay > 0 ? 63 - (unsigned)__builtin_clzll((uint64_t)delay) : 0;

    p->flags &= ~PIT__F_STAMPED;
    PIT__COUNT(s->run_delay[bucket]);
    PIT_PROBE_RUN(pit__process_pid(p), s->index, delay);
}

/* ---- onto the core */

static void body_entry(void *argument)
{
    struct pit__process *p = argument;

    pit__fibre_entered();
    pit__thread()->in_runtime = 0;
    p->body(p->state);
    pit__thread()->in_runtime = 1;
    pit__exit_current(pit__reason(normal));
}

/* false: no memory for a stack, and p will exit with system_limit. */
static bool give_stack(struct pit__sched *s, struct pit__process *p)
{
    p->stack = pit__stack_get(&s->stacks, p->stack_size);
    if (!p->stack)
        return false;
    p->sp = pit__context_prepare(pit__stack_top(p->stack), body_entry, p);
    return true;
}

/* From the loop into a process that has a stack, and back. */
static void resume(struct pit__thread *t, struct pit__sched *s, struct pit__process *p)
{
    t->in_runtime = 1;
    t->floor = pit__floor_of(p->stack, p->stack_size); /* it may have got its stack just now */
    pit__switch_fibre(&s->loop_sp, &s->loop_stack->fibre, p->sp, &p->stack->fibre);
    t = pit__thread();
    t->in_runtime = 1;
    t->current = NULL;
    t->floor = 0;
    if (s->dead_stack) {
        pit__stack_put(&s->stacks, s->dead_stack);
        s->dead_stack = NULL;
    }
}

/* The handler has returned, on whatever stack: what it received is let go. */
static inline void message_over(struct pit__sched *s, struct pit__process *p)
{
    struct pit__message *m = p->message;

    p->message = NULL;
    /* handlers take from the queue without a look at it; a later one scans from the head. RECV-5 */
    p->mark = NULL;
    if (m)
        pit__message_done(s, m);
    if (PIT__UNLIKELY((m = p->received) != NULL)) {
        p->received = NULL;
        pit__message_done(s, m);
    }
    if (PIT__UNLIKELY(p->flags & PIT__F_HEAP))
        pit__process_heap_reset(p);
}

static inline void call_handler(struct pit__thread *t, struct pit__process *p, const pit_msg *m)
{
    t->in_runtime = 0;
    p->handler(p->state, m);
    pit__thread()->in_runtime = 1;
}

static struct pit__message start_message = {.public = {.type = &pit_type_pit_start}};

/* Messages to a callback process until none is left or its slice is used up. */
static void handle(struct pit__thread *t, struct pit__sched *s, struct pit__process *p)
{
    t->in_runtime = 1;
    t->floor = pit__floor_of(s->loop_stack, DEFAULT_STACK);
    if (p->flags & PIT__F_STARTING) {
        p->flags &= ~PIT__F_STARTING;
        call_handler(t, p, &start_message.public);
        t = pit__thread();
        s = t->sched;
        message_over(s, p);
    }
    while (p->head && s->reductions > 0) {
        struct pit__message *m = p->head;

        if (PIT__UNLIKELY(p->flags & (PIT__F_EXIT | PIT__F_ATTENTION))) {
            m = pit__attend_next(p);
            t = pit__thread();
            s = t->sched;
            if (!m)
                break;
        } else {
            p->head = m->block.next;
            p->length--;
        }
        p->message = m;
        PIT_PROBE_RECEIVE(pit__process_pid(p), m->block.size, p->length);
        call_handler(t, p, &m->public);
        t = pit__thread();
        s = t->sched;
        s->reductions -= PIT__MESSAGE_COST;
        message_over(s, p);
    }
    if (PIT__UNLIKELY(p->flags & (PIT__F_EXIT | PIT__F_LOOP))) {
        pit__exit_if_told(p);
        pit__attend_stop(s, p);
    }
    pit__slice_end(s, p);
    if (s->reductions <= 0)
        s->direct = PIT__SLICE_OVER;
    if (p->head)
        pit__sched_enqueue(s, p);
    else {
        p->status = PIT__WAITING;
        p->wakes_on = PIT__WAKE_MESSAGE;
        PIT_PROBE_PARK(pit__process_pid(p), s->index);
    }
    if (PIT__UNLIKELY(p->stack)) { /* it waited meanwhile: this frame is not the loop's any more */
        struct pit__stack *stack = p->stack;

        p->stack = NULL;
        pit__sched_abandon(s, stack);
    }
    t->current = NULL;
    t->floor = 0;
}

/* What is out of the ordinary before a slice. false: it does not run. */
static __attribute__((noinline)) bool begins(struct pit__sched *s, struct pit__process *p)
{
    if ((p->flags & PIT__F_LOOP) && !pit__attend_run(s, p))
        return false;
    if (p->flags & PIT__F_STAMPED)
        pit__slice_sample(s, p);
    else
        PIT_PROBE_RUN(pit__process_pid(p), s->index, -1);
    return true;
}

static void run(struct pit__sched *s, struct pit__process *p)
{
    struct pit__thread *t = pit__thread();

    if (PIT__UNLIKELY(p->status == PIT__EXITING)) {
        if (!pit__teardown(s, p))
            pit__sched_enqueue(s, p);
        return;
    }
    if (PIT__UNLIKELY(p->flags & (PIT__F_STAMPED | PIT__F_LOOP))) {
        if (!begins(s, p))
            return;
    } else
        PIT_PROBE_RUN(pit__process_pid(p), s->index, -1);
    pit__slice_take(t, s, p);
    if (!p->stack && (p->flags & PIT__F_CALLBACK))
        handle(t, s, p);
    else if (p->stack || give_stack(s, p))
        resume(t, s, p);
    else {
        t->current = NULL;
        p->status = PIT__WAITING;
        pit__terminate(
            s, p,
            pit__reason_system_limit(
                "no memory for a stack: raise vm.max_map_count or lower the number of processes"));
    }
}

/* ---- off the core */

/* p ends where it wanted to wait or yield: it is not to be run again. Linear, on a road that ends
   processes only. */
static void unqueue(struct pit__sched *s, struct pit__process *p)
{
    unsigned n = pit__queue_of(p);
    struct pit__run_queue *q = &s->queue[n];
    struct pit__process *before = NULL, *at = q->head;

    if (p->status != PIT__RUNNABLE)
        return;
    for (; at != p; at = at->run_next)
        before = at;
    if (before)
        before->run_next = p->run_next;
    else
        q->head = p->run_next;
    if (q->tail == p)
        q->tail = before;
    if (n != PIT__QUEUE_NORMAL && !q->head)
        s->ready &= ~(1u << n);
    s->runnable--;
    p->status = PIT__RUNNING;
}

/* The stack under our feet becomes p's, and the loop begins anew on another. */
static void *new_loop(struct pit__sched *s, struct pit__process *p)
{
    struct pit__stack *fresh = pit__stack_get(&s->stacks, DEFAULT_STACK);

    if (!fresh) {
        unqueue(s, p);
        pit__exit_current(pit__reason_system_limit(
            "no memory for a stack: raise vm.max_map_count or lower the number of processes"));
    }
    p->stack = s->loop_stack;
    p->stack_size = DEFAULT_STACK;
    s->loop_stack = fresh;
    return pit__context_prepare(pit__stack_top(fresh), loop_fresh, NULL);
}

/* Only where guards are not to be had for every stack: it ran over its end, and nobody noticed. */
void pit__slice_overflowed(struct pit__process *p)
{
    unqueue(pit__thread()->sched, p);
    pit__exit_current(pit__reason_text("stack_overflow", "the stack ran over its end", NULL, 0));
}

/* To the loop, or on a new one; back in p when it is run again. */
void pit__sched_switch_to_loop(struct pit__thread *t, struct pit__sched *s, struct pit__process *p)
{
    void *to;

    if (PIT__UNLIKELY(p->flags & PIT__F_LOOP))
        pit__attend_stop(s, p);
    if (PIT__UNLIKELY(!p->stack)) {
        t->current = p; /* should there be no memory, it is p that ends */
        to = new_loop(s, p);
        t->current = NULL;
    } else
        to = s->loop_sp;
    pit__switch_fibre(&p->sp, &p->stack->fibre, to, &s->loop_stack->fibre);
}

void pit__sched_abandon(struct pit__sched *s, struct pit__stack *stack)
{
    pit__thread()->current = NULL;
    pit__thread()->floor = 0;
    if (!stack)
        pit__restart_fibre(&s->loop_stack->fibre, pit__stack_top(s->loop_stack), loop, NULL);
    s->dead_stack = stack;
    pit__leave_fibre(&stack->fibre, s->loop_sp, &s->loop_stack->fibre);
}

/* ---- the inbox */

static void deliver_carrier(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__message *rest;
    struct pit__sched *waker,
        *owner =
            atomic_load_explicit(&p->owner, memory_order_acquire); /* pairs with R2 of balance.c */

    if (owner != s) { /* handed over while its carrier was on the way to us */
        pit__sched_post(owner, m);
        return;
    }
    __builtin_prefetch(&p->mailbox, 1); /* comes while the carrier is delivered */
    waker = pit__balance_waker(s, p, m);
    pit__deliver(s, p, m);
    for (rest = pit__mailbox_take(&p->mailbox); rest;) {
        struct pit__message *next = pit__message_next(rest);

        pit__deliver(s, p, rest);
        rest = next;
    }
    if (PIT__UNLIKELY(waker != NULL))
        pit__balance_follow(s, p, waker);
}

struct run_on {
    void (*fn)(void *arg);
    void *arg;
};

static void deliver_inbox(struct pit__sched *s, struct pit__message *m)
{
    if (m->block.kind == PIT__ADOPT)
        pit__balance_adopt(s, m);
    else if (m->block.kind == PIT__SPAWN)
        pit__spawn_arrived(s, m);
    else if (m->block.kind == PIT__SLOTS) {
        pit__slots_adopt(&s->slots, *(struct pit__process **)pit__message_payload(m));
        pit__block_free(&s->blocks, m);
    } else if (m->block.kind == PIT__RUN) {
        struct run_on *r = pit__message_payload(m);
        struct pit__thread *t = pit__thread();
        struct pit__process *current = t->current;

        t->current = NULL; /* a process may be sending just now, whose call delivers the inbox */
        r->fn(r->arg);
        t->current = current;
        pit__block_free(&s->blocks, m);
    } else
        deliver_carrier(s, pit__slot_of(m->to), m);
}

void pit__sched_drain(struct pit__sched *s)
{
    struct pit__message *m;

    if (s->draining)
        return;
    s->draining = true;
    /* Relaxed: nothing is read from it. Its line comes while the exchange waits for the inbox's
       own. */
    __builtin_prefetch(atomic_load_explicit(&s->inbox.head, memory_order_relaxed), 1);
    for (m = pit__inbox_take(&s->inbox); m;) {
        struct pit__message *next = pit__message_next(m);

        deliver_inbox(s, m);
        m = next;
    }
    s->draining = false;
}

void pit__sched_wake(struct pit__sched *s)
{
    if (atomic_exchange_explicit(&s->sleeping, 0, memory_order_seq_cst))
        s->driver_ops->wake(s->driver);
}

void pit__sched_post(struct pit__sched *s, struct pit__message *m)
{
    /* P1, P2: idle.c */
    if (pit__inbox_push(&s->inbox, m) && atomic_load_explicit(&s->sleeping, memory_order_seq_cst))
        pit__sched_wake(s);
}

int pit__run_on(int index, void (*fn)(void *arg), void *arg)
{
    struct pit__thread *t = pit__thread();
    struct pit__message *m =
        pit__message_alloc(t ? &t->sched->blocks : NULL, PIT__RUN, sizeof(struct run_on));

    if (!m)
        return -ENOMEM;
    PIT_ASSERT(index >= 0 && (unsigned)index < pit__node.count);
    *(struct run_on *)pit__message_payload(m) = (struct run_on){fn, arg};
    pit__sched_post(pit__node.scheds[index], m);
    return 0;
}

/* ---- the loop */

static void fire(struct pit__timer *t, void *context);

static bool node_running(void)
{
    return atomic_load_explicit(&pit__node.state, memory_order_acquire) != PIT__NODE_STOPPED;
}

/* What scheduler 0 does for the node. */
static void node_duties(struct pit__sched *s)
{
    if (PIT__UNLIKELY(atomic_load_explicit(&pit__node.os_signal, memory_order_relaxed)))
        pit__node_os_signal(s);
    if (PIT__UNLIKELY(atomic_load_explicit(&pit__node.state, memory_order_relaxed) >=
                      PIT__NODE_STOPPING))
        pit__node_reap(s);
}

static void run_some(struct pit__sched *s)
{
    struct pit__process *p;

    s->direct = 0;
    for (int budget = BUDGET; budget > 0 && (p = pit__queue_next(s)); budget--) {
        run(s, p);
        s = pit__thread()->sched;
        budget -= (int)(s->direct / 8); /* what ran straight from process to process counts too */
        s->direct = 0;
    }
}

static void fire_due(struct pit__sched *s)
{
    int64_t begun = s->now = pit__now();

    while (pit__wheel_advance(&s->wheel, s->now, TIMERS_AT_ONCE, fire, s)) {
        s->now = pit__now();
        if (s->now - begun > TIMERS_MOST)
            break;
    }
}

/* Does a tool watch what the fast ways of pit_send_copy and pit_receive pass by? */
static inline bool probed(void)
{
    return PIT_PROBE_ENABLED(message_send) | PIT_PROBE_ENABLED(message_receive) |
           PIT_PROBE_ENABLED(process_runnable) | PIT_PROBE_ENABLED(process_run) |
           PIT_PROBE_ENABLED(process_park);
}

/* Hints: how many slots are in use, and what a message to any of them finds in which cache. */
static inline uint8_t crowd(void)
{
    uint32_t used = atomic_load_explicit(&pit__slots.used, memory_order_relaxed);

    return (uint8_t)((used >= NEAR_LEAST ? PIT__CROWD_NEAR : 0) |
                     (used >= PIT__FORESEE_LEAST ? PIT__CROWD_FAR : 0));
}

static void pass(struct pit__sched *s)
{
    PIT__COUNT(s->passes);
    if (!pit__inbox_empty(&s->inbox))
        pit__sched_drain(s);
    if (s->wheel.armed)
        fire_due(s);
    if (s->index == 0)
        node_duties(s);
    if (pit__sched_has_work(s))
        pit__publish(&s->idle_seen, 0);
    s->watch = (uint8_t)((s->watch & ~PIT__WATCH_PROBES) | (probed() ? PIT__WATCH_PROBES : 0));
    run_some(s);
    s = pit__thread()->sched;
    s->watch &= (uint8_t)~PIT__WATCH_STAMP;
    s->crowded = crowd();
    pit__publish(&s->runnable_seen, s->runnable);
    pit__publish(&s->free_slots_seen, s->slots.count);
    if (s->driver_ops->queued(s->driver) || s->driver_ops->pending(s->driver))
        s->driver_ops->poll(s->driver);
    if (atomic_load_explicit(&s->asker, memory_order_relaxed))
        pit__balance_give(s);
    else if (s->runnable > 1)
        pit__balance_offer(s);
    if (s->runnable < 2)
        s->busy_since = 0;
    if (!pit__sched_has_work(s) && pit__inbox_empty(&s->inbox))
        pit__sched_idle(s);
}

/* Noinline and without an argument: what it works on is found anew after each pass, since a pass
   may end on another stack. */
static void loop(void *unused)
{
    struct pit__sched *s;

    for (;;) {
        s = pit__thread()->sched;
        if (PIT__UNLIKELY(!node_running()))
            break;
        pass(s);
    }
    pit__leave_fibre(&s->loop_stack->fibre, s->main_sp, &s->main_fibre);
}

static void loop_fresh(void *unused)
{
    pit__fibre_entered();
    loop(unused);
}

/* ---- timers */

static void fire(struct pit__timer *t, void *context)
{
    struct pit__sched *s = context;

    if (t->what == PIT__TIMER_RELATION) {
        struct pit__timer_relation *r = PIT__CONTAINER(t, struct pit__timer_relation, timer);
        struct pit__process *p = pit__slot_of(r->message->to);

        PIT__TRACE(s, p, PIT_TRACE_TIMER_FIRE, PIT_NO_PID, r->r.key, NULL);
        pit__relation_remove(&p->relations, &r->r);
        pit__append(s, p, r->message);
        pit__block_free(&s->blocks, r);
    } else if (t->what == PIT__TIMER_NAMED)
        pit__timer_named_fired(s, t);
    else if (t->what == PIT__TIMER_TRACE)
        pit__trace_lane_fire(s, t);
    else {
        struct pit__process *p = PIT__CONTAINER(t, struct pit__process, timeout);

        p->flags = (p->flags & ~PIT__F_TIMEOUT) | PIT__F_TIMED_OUT;
        if (p->status == PIT__WAITING)
            pit__sched_enqueue(s, p);
    }
}

/* ---- making one */

int pit__sched_open(struct pit__sched *s, unsigned index, unsigned count,
                    const struct pit__driver_ops *ops, uint64_t seed)
{
    struct pit__stack_usage stacks;
    int r;

    memset(s, 0, sizeof *s);
    s->index = (uint16_t)index;
    s->until_stamp = 1;
    pit__idle_open(s);
    s->driver_ops = ops;
    pit__chance_seed(&s->chance, seed + index * UINT64_C(0x9e3779b97f4a7c15));
    pit__wheel_init(&s->wheel, pit__now());
    r = pit__blocks_init(&s->blocks, index, count);
    if (r < 0)
        return r;
    s->loop_stack = pit__stack_get(&s->stacks, DEFAULT_STACK);
    if (!s->loop_stack)
        return -ENOMEM;
    pit__stack_usage(&stacks);
    if (!stacks.light_guards) /* the first thousands have heavy guards even so */
        s->watch = PIT__WATCH_CANARIES;
    return ops->open(s, (int)index, &s->driver);
}

static void discard(struct pit__sched *s, struct pit__message *m)
{
    if (m->block.kind == PIT__TIMER)
        pit__timer_undeliverable(s, m);
    pit__message_free(&s->blocks, m);
}

void pit__sched_discard(struct pit__sched *s)
{
    pit__timers_named_discard(s);
    for (struct pit__message *m = pit__inbox_take(&s->inbox), *next; m; m = next) {
        next = pit__message_next(m);
        if (m->block.kind == PIT__ADOPT || m->block.kind == PIT__SLOTS ||
            m->block.kind == PIT__SPAWN || m->block.kind == PIT__RUN) {
            pit__block_free(&s->blocks, m);
            continue;
        }
        for (struct pit__message *rest = pit__mailbox_take(&pit__slot_of(m->to)->mailbox), *after;
             rest; rest = after) {
            after = pit__message_next(rest);
            discard(s, rest);
        }
        discard(s, m);
    }
}

void pit__sched_close(struct pit__sched *s)
{
    if (!s)
        return;
    if (s->driver)
        s->driver_ops->close(s->driver);
    if (s->loop_stack)
        pit__stack_put(&s->stacks, s->loop_stack);
    pit__stack_pool_close(&s->stacks);
    pit__blocks_free(&s->blocks);
}

void pit__sched_run(struct pit__sched *s)
{
    struct pit__thread thread = {.sched = s, .in_runtime = 1};
    void *sp = pit__context_prepare(pit__stack_top(s->loop_stack), loop_fresh, NULL);

    pit__thread_set(&thread);
    pit__fibre_adopt(&s->main_fibre);
    pit__switch_fibre(&s->main_sp, &s->main_fibre, sp, &s->loop_stack->fibre);
    pit__blocks_flush(&s->blocks);
    pit__thread_set(NULL);
}
