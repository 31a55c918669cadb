/*
 * Spawn requests: a process is made without waiting for where it is to start. Spec: SPAWN-7.
 *
 * The slot is the requester's scheduler's, as in every spawn; the process then goes to its own
 * scheduler's inbox, even if that is this one. There it begins (1) with a signal to the requester
 * in the child's name, SPAWNED, and only then (2) can it run. So the answer precedes all other
 * signals of the child (SIG-1).
 *
 * Until SPAWNED arrives the requester has one record, R_SPAWN, with all that was asked for; the
 * child has its half of the link and the monitor from the beginning, so it cannot live on unnoticed
 * (SPAWN-2). The record is
 *   completed   on SPAWNED: it becomes the link, the monitor, the alias, and the message. Who
 *               linked to the child by its name before, and unlinked again, has taken the child's
 *               half of the link away: SPAWNED says so, and there is none
 *   given up    by an abandon, or with the requester: the child's half of the monitor goes, and
 *               over its half of the link it gets an exit signal, abandoned or the requester's own
 *               reason. A SPAWNED that finds no record is ignored.
 * What fails is known at once, and the answer then stands in the queue when the request returns.
 */
#include "runtime/spawn.h"

#include <errno.h>

#include "base/assert.h"
#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/limit.h"
#include "runtime/monitor.h"
#include "runtime/reason.h"
#include "runtime/trace.h"

/* Flags of the record, beyond those in relation.h; the alias's mode is where an alias has its
   own. */
#define LINK (1u << 8)
#define MONITOR (1u << 9)
#define LINK_FIRST (1u << 10)    /* priority messages for exits */
#define MONITOR_FIRST (1u << 11) /* and for downs */
#define REPLY_SHIFT 12           /* enum pit_reply_mode */

/* What travels. H1 to H4 are those of balance.c. */
struct birth {
    struct pit__process *process;
    pit_pid parent;
    uint64_t number;
};

/* ---- the answer */

static void answer(struct pit__sched *s, struct pit__process *p, struct pit__relation *request,
                   pit_pid child)
{
    unsigned mode = PIT__R_FLAGS(request) >> REPLY_SHIFT & 3u;
    struct pit__sealed *tag = ((struct pit__tagged_relation *)request)->reply_tag;
    struct pit_spawn_reply m = {.request = {pit__handle_of(p), request->key}, .pid = child};

    if (mode == PIT_REPLY_NO ||
        mode == (child.id < 0 ? PIT_REPLY_SUCCESS_ONLY : PIT_REPLY_ERROR_ONLY))
        return;
    if (tag) {
        pit__sealed_retain(tag);
        m.tag = pit__sealed_root(tag);
    }
    pit__append_system(s, p, &pit_type_pit_spawn_reply, child.id < 0 ? pit__handle_of(p) : child,
                       &m, NULL, tag, false);
}

static bool has_link(const struct pit__process *p, pit_pid other)
{
    return pit__relation_find(&p->relations, PIT__R_LINK, (uint64_t)other.id);
}

/* The requester may have linked to it before, by a name that it was given: then that is the one
   link (LINK-1), active or not. */
static void link_completed(struct pit__sched *s, struct pit__process *p, pit_pid child, bool first)
{
    if (!has_link(p, child))
        PIT__R_FLAGS(pit__relate(&s->blocks, &p->relations, PIT__R_LINK, (uint64_t)child.id,
                                 child.id)) = first ? PIT__R_PRIORITY : 0;
}

void pit__spawn_completed(struct pit__sched *s, struct pit__process *p, pit_pid child,
                          uint64_t number, bool linked)
{
    struct pit__relation *r = pit__relation_find(&p->relations, PIT__R_SPAWN, number);
    struct pit__sealed **tag;

    if (!r)
        return;
    pit__relation_remove(&p->relations, r);
    tag = &((struct pit__tagged_relation *)r)->tag;
    if ((PIT__R_FLAGS(r) & LINK) && linked)
        link_completed(s, p, child, PIT__R_FLAGS(r) & LINK_FIRST);
    if (PIT__R_FLAGS(r) & MONITOR) {
        pit__monitor_record(s, p, number, child, PIT__R_MODE(r), PIT__R_FLAGS(r) & MONITOR_FIRST,
                            *tag, 0);
        *tag = NULL;
    }
    answer(s, p, r, child);
    pit__relation_free(&s->blocks, r);
}

void pit__spawn_give_up(struct pit__sched *s, pit_pid p, const struct pit__relation *request,
                        struct pit__sealed *reason)
{
    pit_pid child = {request->peer};

    if (PIT__R_FLAGS(request) & MONITOR)
        pit__signal(s, PIT__DEMONITOR, p, child, NULL, request->key);
    if (PIT__R_FLAGS(request) & LINK)
        pit__signal(s, PIT__EXIT_LINK, p, child, pit__sealed_retain(reason), 0);
}

/* ---- the child's way */

static void send_off(struct pit__sched *s, struct pit__sched *to, struct birth b)
{
    struct pit__message *m = pit__message_alloc(&s->blocks, PIT__SPAWN, sizeof b);

    PIT_NEED(m);
    *(struct birth *)pit__message_payload(m) = b;
    m->to = PIT_NO_PID;
    b.process->status = PIT__TRANSIT; /* H1: it has neither timers nor operations */
    PIT_POINT("spawn.transit");
    atomic_store_explicit(&b.process->owner, to, memory_order_release); /* H2 */
    PIT_POINT("spawn.between");
    pit__sched_post(to, m); /* H3 */
}

void pit__spawn_arrived(struct pit__sched *s, struct pit__message *m)
{
    struct birth b = *(struct birth *)pit__message_payload(m);

    pit__block_free(&s->blocks, m);
    pit__signal(s, has_link(b.process, b.parent) ? PIT__SPAWNED : PIT__SPAWNED_UNLINKED,
                pit__handle_of(b.process), b.parent, NULL, b.number); /* (1) */
    pit__balance_arrive(s, b.process);                                /* (2) */
}

/* ---- the public side */

/* The record; -ENOMEM if a tag cannot be kept. */
static int make_record(struct pit__sched *s, struct pit__process *p, uint64_t number,
                       const pit_spawn_opts *o, struct pit__relation **ret)
{
    struct pit__sealed *tag = NULL, *reply_tag = NULL;
    unsigned reply = o->reply > PIT_REPLY_SUCCESS_ONLY ? PIT_REPLY_YES : o->reply;
    struct pit__relation *r;

    pit__seal_look(o->reply_tag); /* before there is a copy of the other */
    if (((o->link_priority | o->monitor_priority) && pit__priority_accept(p) < 0) ||
        pit__tag_seal(o->tag, &tag) < 0 || pit__tag_seal(o->reply_tag, &reply_tag) < 0) {
        pit__sealed_release(tag);
        return -ENOMEM;
    }
    r = pit__relation_new_tagged(&s->blocks, PIT__R_SPAWN, number, 0, tag);
    ((struct pit__tagged_relation *)r)->reply_tag = reply_tag;
    PIT__R_FLAGS(r) |= (o->link ? LINK : 0) | (o->monitor ? MONITOR : 0) |
                       (o->link_priority ? LINK_FIRST : 0) |
                       (o->monitor_priority ? MONITOR_FIRST : 0) |
                       (uint32_t)o->alias << PIT__R_MODE_SHIFT | reply << REPLY_SHIFT;
    *ret = r;
    return 0;
}

static pit_pid create(struct pit__sched *s, struct pit__process *parent, const struct pit__entry *e,
                      const pit_spawn_opts *o, struct pit__relation *r)
{
    pit_pid self = pit__handle_of(parent), pid;
    struct pit__process *p;

    pid = pit__spawn_create(s, self, e, o, &p);
    if (pid.id < 0)
        return pid;
    p->group_leader = parent->group_leader;
    r->peer = pid.id;
    pit__relation_add(&parent->relations, r);
    if (o->link)
        pit__relate(&s->blocks, &p->relations, PIT__R_LINK, (uint64_t)self.id, self.id);
    if (o->monitor)
        pit__relate(&s->blocks, &p->relations, PIT__R_MONITORED_BY, r->key, self.id);
    if (PIT__UNLIKELY(s->watch & (PIT__WATCH_SENDER | PIT__WATCH_SPAWN)))
        pit__trace_spawned(s, parent, p, o->link, o->monitor ? r->key : 0);
    send_off(s, pit__spawn_place(s, o->scheduler), (struct birth){p, self, r->key});
    return pid;
}

/* One attempt: 0, and what failed is answered; -ENOMEM; or, unless it is the last,
   -PIT_ESYSTEMLIMIT: there is no slot. */
static int attempt(struct pit__process *p, const struct pit__entry *e, const pit_spawn_opts *o,
                   bool last)
{
    struct pit__sched *s = pit__thread()->sched;
    struct pit__relation *r;
    pit_pid pid;

    (void)pit__spawn_foresee(e, o); /* before there is a record; what it refuses, create answers */
    if (make_record(s, p, o->ret_ref->number, o, &r) < 0)
        return -ENOMEM;
    pid = create(s, p, e, o, r);
    if (pid.id > 0)
        return 0;
    last |= !pit__limit_reached(pid);
    if (last)
        answer(s, p, r, pid);
    pit__relation_free(&s->blocks, r);
    return last ? 0 : -PIT_ESYSTEMLIMIT;
}

static pit_ref request(const struct pit__entry *e, pit_spawn_opts o)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p;
    pit_ref ref;
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    p = t->current;
    ref = pit__ref_fresh(t->sched, p);
    o.ret_ref = &ref; /* the monitor's reference is the request's */
    r = attempt(p, e, &o, false);
    if (r == -PIT_ESYSTEMLIMIT) {
        (void)pit__limit_find_slot(p); /* if there is none, the second attempt says so */
        r = attempt(p, e, &o, true);
    }
    if (r < 0)
        ref = (pit_ref){{INT64_MIN | ENOMEM}, 0};
    pit__out(8);
    return ref;
}

pit_ref pit_spawn_request_opt(pit_body *body, const void *arg, size_t size, pit_spawn_opts opts)
{
    return request(&(struct pit__entry){.body = body, .argument = arg, .size = size}, opts);
}

pit_ref pit_spawn_request_handler_opt(pit_handler *handler, const void *state, size_t size,
                                      pit_spawn_opts opts)
{
    return request(&(struct pit__entry){.handler = handler, .argument = state, .size = size}, opts);
}

bool pit_spawn_request_abandon(pit_ref request)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_spawn_request_abandon");
    struct pit__relation *r = request.owner.id == pit__process_pid(p)
                                  ? pit__relation_find(&p->relations, PIT__R_SPAWN, request.number)
                                  : NULL;

    if (r) {
        pit__relation_remove(&p->relations, r);
        pit__spawn_give_up(t->sched, pit__handle_of(p), r, pit__reason(abandoned));
        pit__relation_free(&t->sched->blocks, r);
    }
    pit__out(2);
    return r != NULL;
}
