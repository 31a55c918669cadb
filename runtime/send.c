#include <errno.h>
#include <string.h>

#include "base/probes.h"
#include "base/size.h"
#include "runtime/bound.h"
#include "runtime/enter.h"
#include "runtime/foresee.h"
#include "runtime/signal.h"
#include "runtime/trace.h"

/*
 * What a send costs by the length of the receiver's queue. Its producers should yield while the
 * queue is still in the cache (with slices of 250 sends eight producers made 210 M messages/s, with
 * 2,000 they made 37 M), and in a round they should not send more together than the receiver
 * handles in its slice, about 1,000, or the queue grows without end. A cost that grows with the
 * queue settles there by itself, however many the producers are.
 */
#define QUEUE_SHORT 64
/* messages for which a reduction more is charged: at 1,000 a slice has 64 sends */
#define QUEUE_A_REDUCTION 16

static inline int cost_of_send(uint32_t queue)
{
    if (queue <= QUEUE_SHORT)
        return 1;
    return queue < QUEUE_A_REDUCTION * PIT__SLICE ? (int)(queue / QUEUE_A_REDUCTION) : PIT__SLICE;
}

struct pit__message *pit__message_copy_slow(struct pit__thread *t, enum pit__kind kind,
                                            const pit_type *type, const void *payload)
{
    size_t size = type->size, extra = 0;
    struct pit__message *m;

    if (PIT__UNLIKELY(type->flags & PIT_TYPE_OWNS)) {
        unsigned terms = pit__owned_terms(type);

        if (terms)
            pit__owned_look(type, payload);
        extra = 8 + terms * sizeof(void *);
    }
    m = pit__message_alloc(t ? &t->sched->blocks : NULL, kind, size + extra);
    if (PIT__UNLIKELY(!m))
        return NULL;
    m->block.size = (uint32_t)size;
    m->public.type = type;
    m->public.from = (pit_pid){t && t->current ? pit__process_pid(t->current) : 0};
    if (PIT__LIKELY(t))
        t->touching = m; /* a bad payload is the sender's fault */
    memcpy(pit__message_payload(m), payload, size);
    if (PIT__LIKELY(t))
        t->touching = NULL;
    if (PIT__UNLIKELY(extra) && pit__owned_adopt(m) < 0) {
        pit__message_free(t ? &t->sched->blocks : NULL, m);
        return NULL;
    }
    return m;
}

PIT_NORETURN static void out_of_memory(void)
{
    pit__exit_text("system_limit", "no memory for a message", NULL, 0);
}

PIT_NORETURN static void bad_pid(pit_pid to)
{
    pit__exit_text("badarg", "sending to a handle that holds an error", NULL, 0);
}

/* An ordinary message to p (NULL: nobody), which may be one that makes its senders wait. */
static inline void route_message(struct pit__thread *t, struct pit__process *p,
                                 struct pit__message *m)
{
    if (PIT__UNLIKELY(p && pit__bound_blocks(p)) && t)
        pit__bound_route(t, p, m);
    else
        pit__route(t, m);
}

/* From any thread, of any type, to whom it may concern. */
static void send_slow(struct pit__thread *t, struct pit__process *p, pit_pid to,
                      const pit_type *type, const void *payload)
{
    struct pit__message *m;

    if (to.id < 0)
        bad_pid(to);
    if (t && p) { /* both lines come while the payload is copied, and for writing at once */
        __builtin_prefetch(&p->mailbox, 1);
        __builtin_prefetch(&atomic_load_explicit(&p->owner, memory_order_relaxed)->inbox, 1);
    }
    m = pit__message_copy(t, PIT__MESSAGE, type, payload);
    if (!m)
        out_of_memory();
    m->to = to;
    PIT_PROBE_SEND(m->public.from.id, to.id, type->size);
    if (t) {
        PIT__COUNT(t->sched->sent);
        PIT__TRACE_SEND(t, m);
    }
    route_message(t, p, m);
}

/* Everything that the fast way leaves to others. */
static __attribute__((noinline)) void send_any(pit_pid to, const pit_type *type,
                                               const void *payload)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__slot_of(to);
    struct pit__message *m;
    int cost = 1;

    if (PIT__LIKELY(t && p && !pit__type_owns(type) && pit__owned_by(p, t->sched) &&
                    pit__mailbox_quiet(&p->mailbox) && pit__process_pid(p) == to.id)) {
        m = pit__message_copy_plain(t, PIT__MESSAGE, type, payload);
        if (PIT__UNLIKELY(!m))
            out_of_memory();
        m->to = to;
        PIT_PROBE_SEND(m->public.from.id, to.id, type->size);
        PIT__COUNT(t->sched->sent);
        PIT__TRACE_SEND(t, m);
        cost = cost_of_send(p->length);
        pit__append(t->sched, p, m);
    } else
        send_slow(t, p, to, type, payload);
    pit__out_same(t, cost);
}

#define SMALL 16 /* payload that fills a message of one cache line */

/* May p, on this scheduler, be sent a small plain message and woken without anything out of the
   ordinary? */
static inline bool ordinary(const struct pit__sched *s, struct pit__process *p, pit_pid to)
{
    return pit__owned_by(p, s) && pit__mailbox_quiet(&p->mailbox) && pit__process_pid(p) == to.id &&
           !(p->flags & (PIT__F_TIMEOUT | PIT__F_ATTENTION | PIT__F_URGENT));
}

/* The end of the fast way, when it is the turn of p's wake to be stamped, or p's memory is in no
   near cache. */
static __attribute__((noinline)) void rarely(struct pit__sched *s, struct pit__process *from,
                                             struct pit__process *p)
{
    if (!s->until_stamp)
        pit__slice_stamp(s, p);
    if (s->crowded && p->status == PIT__RUNNABLE && p->stack)
        pit__process_prefetch_stack(p);
    if (s->crowded & PIT__CROWD_FAR)
        pit__foresee(s, from, p);
}

/* m, which is still free, becomes the message and is appended. A fault can strike only where the
   payload is read, before anything has been changed. */
static inline __attribute__((always_inline)) void put(struct pit__thread *t, struct pit__process *p,
                                                      struct pit__message *m, pit_pid to,
                                                      const pit_type *type, const void *payload,
                                                      uint32_t size, int cost)
{
    struct pit__sched *s = t->sched;

    PIT__UNPOISON(m, pit__block_class_size(PIT__BLOCK_SMALL));
    t->touching = t; /* a bad payload is the sender's fault */
    __asm__ volatile("" ::: "memory");
    if (PIT__LIKELY(size == 8))
        __builtin_memcpy(pit__message_payload(m), payload, 8);
    else if (size == SMALL)
        __builtin_memcpy(pit__message_payload(m), payload, SMALL);
    else
        __builtin_memcpy(pit__message_payload(m), payload, 1);
    __asm__ volatile("" ::: "memory");
    t->touching = NULL;

    s->blocks.free[PIT__BLOCK_SMALL] = m->block.next;
    __builtin_prefetch(m->block.next, 1);
    m->block.kind = PIT__MESSAGE;
    m->block.size = size;
    m->to = to;
    m->public = (pit_msg){.type = type, .from = {pit__process_pid(t->current)}};
    PIT__COUNT(s->sent);
    s->reductions -= cost;
    pit__append_only(p, m);
    if (p->status == PIT__WAITING && (p->wakes_on & PIT__WAKE_MESSAGE) &&
        PIT__UNLIKELY(!pit__sched_enqueue_ordinary(s, p)))
        return rarely(s, t->current, p);
    if (PIT__UNLIKELY(s->crowded))
        return rarely(s, t->current, p);
}

/* The same to a process that does not keep up. */
static __attribute__((noinline)) void to_long_queue(struct pit__thread *t, struct pit__process *p,
                                                    pit_pid to, const pit_type *type,
                                                    const void *payload)
{
    struct pit__sched *s = t->sched;
    int cost = cost_of_send(p->length);

    if (PIT__UNLIKELY(s->reductions <= cost))
        return send_any(to, type, payload);
    put(t, p, (struct pit__message *)s->blocks.free[PIT__BLOCK_SMALL], to, type, payload,
        type->size, cost);
}

/*
 * The fast way: a process sends a small plain message to a process of its own scheduler. Whatever
 * may need a call is asked for first and left to send_any, so that what remains is one straight
 * line that saves no registers: half of the instructions.
 */
void pit_send_copy(pit_pid to, const pit_type *type, const void *payload)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p;
    struct pit__message *m;
    struct pit__sched *s;
    uint64_t index = pit__pid_index(to);
    uint32_t size;

    /* Outside of a process in_runtime is set. A pid that is no process of ours, but 0, is not that
       of the slot. */
    if (PIT__UNLIKELY(!t || t->in_runtime || (uintptr_t)__builtin_frame_address(0) < t->floor ||
                      !to.id || !pit__slot_there(index)))
        return send_any(to, type, payload);
    p = pit__slots.base + index;
    s = t->sched;
    if (PIT__UNLIKELY(s->crowded))
        pit__process_prefetch(p);
    m = (struct pit__message *)s->blocks.free[PIT__BLOCK_SMALL];
    size = pit__type_size(type);
    if (PIT__UNLIKELY(!m || (type->flags & PIT_TYPE_OWNS) || s->reductions <= 1 ||
                      (s->watch & (PIT__WATCH_STAMP | PIT__WATCH_SENDER | PIT__WATCH_PROBES)) ||
                      !ordinary(s, p, to) || (size != 8 && size != SMALL && size != 1)))
        return send_any(to, type, payload);
    if (PIT__UNLIKELY(p->length > QUEUE_SHORT))
        return to_long_queue(t, p, to, type, payload);
    put(t, p, m, to, type, payload, size, 1);
}

int pit_send_name(const char *name, const pit_type *type, const void *payload)
{
    pit_pid to = pit_whereis(name);

    if (!to.id)
        return -PIT_ENOPROC;
    pit_send_copy(to, type, payload);
    return 0;
}

/* ---- built in place */

void *pit_message_make(const pit_type *type, size_t size)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_message_make");
    size_t extra = pit__type_owns(type) ? 8 + pit__owned_terms(type) * sizeof(void *) : 0;
    struct pit__message *m;

    if (size < type->size)
        size = type->size;
    m = pit__size_never(size) ? NULL
                              : pit__message_alloc(&t->sched->blocks, PIT__MESSAGE, size + extra);
    if (m) {
        memset(pit__message_payload(m), 0, size + extra);
        m->block.size = (uint32_t)size;
        m->block.kind = PIT__BUILDING;
        m->public.type = type;
        m->public.from = (pit_pid){pit__process_pid(p)};
        m->block.next = p->kept;
        p->kept = m;
        if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
            pit__attend_keep(p, m, true);
    }
    pit__out(1);
    return m ? pit__message_payload(m) : NULL;
}

/* Where m is on the list of what the process keeps, if it is there and is (or is not) being built;
   it is near the head: built last, sent first. */
static struct pit__message **kept_at(struct pit__process *p, const struct pit__message *m,
                                     bool building)
{
    struct pit__message **link = &p->kept;

    while (*link && *link != m)
        link = (struct pit__message **)&(*link)->block.next;
    return *link && (m->block.kind == PIT__BUILDING) == building ? link : NULL;
}

/* Off that list. NULL: it is not there. */
static struct pit__message *unkeep(struct pit__process *p, struct pit__message *m, bool building)
{
    struct pit__message **link = kept_at(p, m, building);

    if (!link)
        return NULL;
    *link = pit__message_next(m);
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
        pit__attend_keep(p, m, false);
    return m;
}

void pit_message_send(pit_pid to, void *payload)
{
    struct pit__thread *t;
    struct pit__process *p;
    struct pit__message *m;

    if (PIT__UNLIKELY(to.id < 0))
        bad_pid(to);
    t = pit__in();
    p = pit__caller(t, "pit_message_send");
    m = pit__message_of_payload(payload);
    if (PIT__UNLIKELY(!kept_at(p, m, true)))
        pit__exit_text("badarg",
                       "pit_message_send: not a message of pit_message_make, or sent already", NULL,
                       0);
    if (m->public.type->flags & PIT_TYPE_OWNS)
        pit__owned_look(m->public.type, payload); /* while it is the process's */
    (void)unkeep(p, m, true);
    m->block.kind = PIT__MESSAGE;
    if ((m->public.type->flags & PIT_TYPE_OWNS) && pit__owned_adopt(m) < 0) {
        pit__message_free(&t->sched->blocks, m);
        out_of_memory();
    }
    m->to = to;
    PIT_PROBE_SEND(m->public.from.id, to.id, m->block.size);
    PIT__COUNT(t->sched->sent);
    PIT__TRACE_SEND(t, m);
    route_message(t, pit__slot_of(to), m);
    pit__out(1);
}

void pit_message_drop(void *payload)
{
    struct pit__thread *t;
    struct pit__message *m;

    if (!payload)
        return;
    t = pit__in();
    m = unkeep(pit__caller(t, "pit_message_drop"), pit__message_of_payload(payload), true);
    if (m)
        pit__block_free(&t->sched->blocks, m);
    pit__out(1);
}

/* ---- kept */

const pit_msg *pit_keep(const pit_msg *public)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_keep");
    struct pit__message *m = pit__message_of(public);

    if (p->message == m || p->received == m) {
        if (p->message == m)
            p->message = NULL;
        else
            p->received = NULL;
        m->block.next = p->kept;
        p->kept = m;
        if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
            pit__attend_keep(p, m, true);
    }
    pit__out(1);
    return public;
}

void pit_drop(const pit_msg *public)
{
    struct pit__thread *t = pit__in();
    struct pit__message *m = unkeep(pit__caller(t, "pit_drop"), pit__message_of(public), false);

    if (m)
        pit__message_done(t->sched, m);
    pit__out(1);
}

PIT__GIVEN size_t pit_message_size(const pit_msg *m) { return pit__message_of(m)->block.size; }

/* ---- for the layers above */

void *pit__message_make(const pit_type *type, size_t size)
{
    struct pit__thread *t = pit__thread();
    struct pit__message *m;

    if (size < type->size)
        size = type->size;
    m = pit__message_alloc(t ? &t->sched->blocks : NULL, PIT__PASSING, size);
    if (!m)
        return NULL;
    memset(pit__message_payload(m), 0, size);
    m->public.type = type;
    return pit__message_payload(m);
}

void pit__message_send(pit_pid to, pit_pid from, void *payload)
{
    struct pit__thread *t = pit__thread();
    struct pit__message *m = pit__message_of_payload(payload);

    m->to = to;
    m->public.from = from;
    PIT_PROBE_SEND(from.id, to.id, m->block.size);
    if (t)
        PIT__COUNT(t->sched->sent);
    pit__route(t, m);
}
