/*
 * The table of tracers.
 *
 * A place:   free (uses 0) -> taken (uses 1, id 0) -> open (id set) -> closing (id 0) -> free, when nothing uses it any more
 *
 * Opening: who turns uses from 0 to 1 has the place, fills it in, and has the process that it is to
 * belong to take it as a resource (a second use) and publish the id (R1). Closing: who turns the id
 * to 0 closes. An event that begins later finds no such tracer; those under way are over when every
 * scheduler has done its part of the closing walk, which ends the first use. The second ends with
 * the resource: disowned by who closes, or released by the process's end, which closes likewise.
 * Ids are never used twice: index + 1 in the low bits, the place's generation above.
 */
#include "runtime/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/enter.h"
#include "runtime/node_state.h"
#include "runtime/signal.h"

#define INDEX_BITS 8
#define RATE 100000
#define BACKLOG 10000

static struct pit__tracer tracers[PIT__TRACERS];

static int64_t id_now(const struct pit__tracer *t)
{
    return atomic_load_explicit(&t->id, memory_order_acquire); /* A1, pairs with R1 */
}

static int64_t id_of(const struct pit__tracer *t)
{
    return (int64_t)(t->generation << INDEX_BITS | (uint64_t)(t - tracers + 1));
}

struct pit__tracer *pit__tracer_of(int64_t id)
{
    uint64_t index = ((uint64_t)id & ((1u << INDEX_BITS) - 1)) - 1;

    if (id <= 0 || index >= PIT__TRACERS || id_now(&tracers[index]) != id)
        return NULL;
    return &tracers[index];
}

bool pit__is_tracer(pit_pid pid)
{
    for (unsigned i = 0; i < PIT__TRACERS; i++)
        if (id_now(&tracers[i]) && !tracers[i].function && pit_pid_equal(tracers[i].to, pid))
            return true;
    return false;
}

void pit__tracer_use(struct pit__tracer *t)
{
    atomic_fetch_add_explicit(&t->uses, 1, memory_order_relaxed); /* by who has a use already */
}

/* Release: who takes the place next (acquire) finds all that was done with it complete. */
void pit__tracer_release(struct pit__tracer *t)
{
    atomic_fetch_sub_explicit(&t->uses, 1, memory_order_acq_rel);
}

/* ---- closing */

/* The id is 0 from here on for all that look. */
static bool claim_closing(struct pit__tracer *t, int64_t id)
{
    /* Release: nothing of ours moves behind it; acquire: all of the opening is visible. */
    return atomic_compare_exchange_strong_explicit(&t->id, &id, 0, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

static void walk_closing(struct pit__tracer *t, pit_pid waiter, uint64_t tag)
{
    struct pit__trace_walk *w = t->closing;

    w->tracer = t;
    w->id = id_of(t);
    w->what = PIT__WALK_CLOSE;
    w->waiter = waiter;
    w->tag = tag;
    pit__trace_walk_start(w);
}

/* The process that it belongs to has ended. */
static void owner_ended(struct pit__resource *r)
{
    struct pit__tracer *t = PIT__CONTAINER(r, struct pit__tracer, resource);
    int64_t id = id_now(t);

    if (id && claim_closing(t, id))
        walk_closing(t, PIT_NO_PID, 0);
    pit__tracer_release(t);
}

static bool ending(const struct pit__process *p)
{
    return !p || p->status == PIT__EXITING || (p->flags & PIT__F_EXIT);
}

/* Of one that ends the resource goes by itself, or went: then the place may be another's already,
   and is not looked at. */
static void on_owner_disown(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    struct pit__tracer *t = *(struct pit__tracer *const *)in;

    if (ending(p))
        return;
    pit__disown(&t->resource);
    pit__tracer_release(t);
}

int pit_tracer_close(pit_tracer tracer)
{
    struct pit__thread *th = pit__in();
    struct pit__process *p;
    struct pit__tracer *t;
    struct pit__message *m;
    uint64_t unused;
    pit_pid to;

    if (PIT__UNLIKELY(pit__no_process(th)))
        return -PIT_ENOTPROCESS;
    p = th->current;
    t = pit__tracer_of(tracer.id);
    if (!t || !claim_closing(t, tracer.id)) {
        pit__out(1);
        return -EINVAL;
    }
    to = t->to;
    walk_closing(t, pit__pid_of(p), pit__call_begin(th->sched, p));
    if (pit__call_wait(p, INT64_MAX, &m) == 0)
        pit__message_free(&pit__thread()->sched->blocks, m);
    /* Without memory to ask, or should we end before: the place is free when its process ends. */
    (void)pit__request(pit__thread(), p, to, on_owner_disown, &t, sizeof t, &unused, sizeof unused);
    pit__out(1);
    return 0;
}

/* ---- opening */

static struct pit__tracer *take_place(void)
{
    for (unsigned i = 0; i < PIT__TRACERS; i++) {
        uint32_t nobody = 0;

        /* Acquire: pairs with the last use's release. */
        if (atomic_compare_exchange_strong_explicit(&tracers[i].uses, &nobody, 1,
                                                    memory_order_acquire, memory_order_relaxed))
            return &tracers[i];
    }
    return NULL;
}

/* Memory for all schedulers, once for the node: a place keeps it. */
static int furnish(struct pit__tracer *t)
{
    if (!t->lanes)
        t->lanes = calloc(pit__node.count, sizeof *t->lanes);
    if (!t->closing)
        t->closing = pit__trace_walk_new();
    if (!t->all)
        t->all = pit__trace_walk_new();
    return t->lanes && t->closing && t->all ? 0 : -ENOMEM;
}

static void fill_in(struct pit__tracer *t, const pit_tracer_opts *o)
{
    uint32_t rate = o->rate ? o->rate : RATE;

    t->to = o->to;
    t->function = o->function;
    t->context = o->context;
    t->interval_ns = INT64_C(1000000000) / rate;
    t->backlog_most = o->backlog ? o->backlog : BACKLOG;
    t->resource.release = owner_ended;
    t->generation++;
    atomic_store_explicit(&t->backlog, 0, memory_order_relaxed);
    for (unsigned i = 0; i < pit__node.count; i++)
        t->lanes[i] = (struct pit__trace_lane){.tracer = t};
}

/* On the owner of `to`, in whose life the tracer's begins and ends. */
static void on_owner_open(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    struct pit__tracer *t = *(struct pit__tracer *const *)in;

    if (ending(p)) {
        *(int *)out = -PIT_ENOPROC;
        pit__tracer_release(t); /* here: who opens it may end before it hears of this */
        return;
    }
    pit__own(p, &t->resource);
    pit__tracer_use(t);
    atomic_store_explicit(&t->id, id_of(t), memory_order_release); /* R1 */
    if (!t->function)
        (void)pit__trace_set(p, 0, 0);
    *(int *)out = 0;
}

static int64_t open_for(struct pit__thread *th, const pit_tracer_opts *o)
{
    struct pit__tracer *t = take_place();
    int64_t id = 0;
    int r, result = 0;

    if (!t)
        return -EMFILE;
    r = furnish(t);
    if (r == 0) {
        fill_in(t, o);
        id = id_of(t);
        r = pit__request(th, th->current, o->to, on_owner_open, &t, sizeof t, &result,
                         sizeof result);
    }
    if (r < 0) {
        pit__tracer_release(t);
        return r;
    }
    return result < 0 ? result : id;
}

pit_tracer pit_tracer_open(pit_tracer_opts opts)
{
    struct pit__thread *th = pit__in();
    int64_t id = -EINVAL;

    if (PIT__UNLIKELY(pit__no_process(th)))
        return (pit_tracer){INT64_MIN | PIT_ENOTPROCESS};
    if (!opts.to.id)
        opts.to = pit__pid_of(th->current);
    if (opts.to.id > 0)
        id = open_for(th, &opts);
    pit__out(2);
    return (pit_tracer){id < 0 ? INT64_MIN | -id : id};
}

/* ---- the rest */

int pit_tracer_info_of(pit_tracer tracer, pit_tracer_info *ret)
{
    pit_tracer_info info = {0};
    struct pit__thread *th = pit__in();
    struct pit__tracer *t;
    int64_t backlog;

    if (PIT__UNLIKELY(pit__no_process(th)))
        return -PIT_ENOTPROCESS;
    t = pit__tracer_of(tracer.id);
    if (t) {
        backlog = atomic_load_explicit(&t->backlog, memory_order_relaxed);
        info.to = t->to;
        info.backlog = backlog > 0 ? (uint64_t)backlog : 0;
        for (unsigned i = 0; i < pit__node.count; i++) {
            info.taken += atomic_load_explicit(&t->lanes[i].taken, memory_order_relaxed);
            info.dropped += atomic_load_explicit(&t->lanes[i].dropped, memory_order_relaxed);
        }
        pit__touching_begin();
        *ret = info;
        pit__touching_end();
    }
    pit__out(1);
    return t ? 0 : -EINVAL;
}

void pit__tracers_close(void)
{
    for (unsigned i = 0; i < PIT__TRACERS; i++) {
        struct pit__tracer *t = &tracers[i];

        free(t->lanes);
        free(t->closing);
        free(t->all);
        t->lanes = NULL;
        t->closing = t->all = NULL;
        atomic_store_explicit(&t->id, 0, memory_order_relaxed);
        atomic_store_explicit(&t->uses, 0, memory_order_relaxed);
    }
}
