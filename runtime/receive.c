/*
 * Receiving. The inner queue belongs to its process, and only the process takes from it; so a scan that found nothing may
 * wait and go on where it stopped: whatever came meanwhile stands behind. Spec: RECV-1..5.
 */
#include <errno.h>

#include <pit/timer.h>

#include "base/probes.h"
#include "runtime/attend.h"
#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/run_queue.h"
#include "runtime/signal.h"

/* By p's own clock, which stands still while it is suspended. */
static int64_t deadline_of(const struct pit__process *p, int64_t timeout_ms)
{
    if (timeout_ms < 0 || timeout_ms > INT64_MAX / 2000000)
        return INT64_MAX;
    return pit__now() - pit__extra_paused(p) + timeout_ms * 1000000;
}

/* What the last receive of this level returned goes, and what was built since. */
static inline void let_go(struct pit__thread *t, struct pit__process *p)
{
    bool handler = p->flags & PIT__F_CALLBACK;
    struct pit__message **hand = handler ? &p->received : &p->message, *m = *hand;

    if (m) {
        *hand = NULL;
        pit__message_done(t->sched, m);
    }
    if (PIT__UNLIKELY(p->flags & PIT__F_HEAP) &&
        !handler) /* a handler's terms live until it returns */
        pit__process_heap_reset(p);
}

/* Wait for a message. false: the deadline came first. */
static inline __attribute__((always_inline)) bool wait_for_mail(struct pit__process *p,
                                                                int64_t deadline_ns)
{
    struct pit__thread *t = pit__thread();
    bool timed_out;

    pit__exit_if_told(p);
    if (deadline_ns != INT64_MAX)
        pit__timeout_arm_own(t->sched, p, deadline_ns);
    p->status = PIT__WAITING;
    p->wakes_on = PIT__WAKE_MESSAGE;
    pit__sched_switch_away(t->sched, p);
    timed_out = p->flags & PIT__F_TIMED_OUT;
    p->flags &= ~PIT__F_TIMED_OUT;
    return !timed_out;
}

static inline struct pit__message *
unlink_message(struct pit__process *p, struct pit__message *before, struct pit__message *m)
{
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
        pit__attend_take(pit__thread()->sched, p, m);
    if (before)
        before->block.next = m->block.next;
    else
        p->head = m->block.next;
    if (p->tail == m)
        p->tail = before;
    if (PIT__UNLIKELY(p->flags & PIT__F_MARK) && p->mark == m)
        p->mark = before;
    p->length--;
    PIT_PROBE_RECEIVE(pit__process_pid(p), m->block.size, p->length);
    return m;
}

static inline const pit_msg *in_hand(struct pit__process *p, struct pit__message *m)
{
    if (!m)
        return NULL;
    *(p->flags & PIT__F_CALLBACK ? &p->received : &p->message) = m;
    return &m->public;
}

static __attribute__((noinline)) const pit_msg *receive_any(int64_t timeout)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_receive");
    const pit_msg *found = NULL;

    let_go(t, p);
    if (PIT__UNLIKELY(!p->head)) {
        if (timeout == 0)
            pit__sched_drain(t->sched);
        else {
            int64_t deadline = deadline_of(p, timeout);

            while (!p->head && wait_for_mail(p, deadline))
                ;
        }
    }
    pit__exit_if_told(p); /* then there may be in the queue what is not for it */
    if (p->head)
        found = in_hand(p, unlink_message(p, NULL, p->head));
    pit__out(1);
    return found;
}

/* What makes a receive more than taking the first message of a stackful process's queue. */
#define UNUSUAL (PIT__F_CALLBACK | PIT__F_HEAP | PIT__F_MARK | PIT__F_EXIT | PIT__F_ATTENTION)

static inline bool nobody_watches(void)
{
    return !(PIT_PROBE_ENABLED(message_receive) | PIT_PROBE_ENABLED(process_park));
}

/* May the last message be let go by freeing its block? A call that nobody answered must be failed, which may deliver signals. */
static inline bool plain(const struct pit__message *m)
{
    return (m->block.kind == PIT__MESSAGE || m->block.kind == PIT__ANSWERED) &&
           !(m->public.type->flags & PIT_TYPE_OWNS);
}

/*
 * The fast way, as pit_send_copy's: whatever is unusual is asked for first and left to receive_any. Nothing between the
 * test of UNUSUAL and the wait delivers a signal, so an exit cannot come in between and go unseen.
 */
const pit_msg *pit_receive(int64_t timeout)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p;
    struct pit__message *m;

    if (PIT__UNLIKELY(!t || !(p = t->current) || t->in_runtime ||
                      (uintptr_t)__builtin_frame_address(0) < t->floor || (p->flags & UNUSUAL) ||
                      (!p->head && timeout >= 0) || t->sched->reductions <= 1 ||
                      !nobody_watches() || ((m = p->message) && !plain(m))))
        return receive_any(timeout);
    if (m) {
        p->message = NULL;
        pit__block_free(&t->sched->blocks, m);
    }
    if (PIT__UNLIKELY(!p->head)) {
        p->status = PIT__WAITING;
        p->wakes_on = PIT__WAKE_MESSAGE;
        pit__sched_switch_away(t->sched, p);
        if (PIT__UNLIKELY(p->flags & UNUSUAL)) /* it became so meanwhile */
            return receive_any(timeout);
        t = pit__thread();
        PIT_AUDIT(PIT_ASSERT(p->head)); /* nothing but a message wakes the usual process */
    }
    m = p->head;
    p->head = pit__message_next(m);
    if (!p->head)
        p->tail = NULL;
    p->length--;
    p->message = m;
    t->sched->reductions--;
    return &m->public;
}

/* The oldest message behind `before` (NULL: of all) for which match says true. */
static const pit_msg *select_message(struct pit__message *before,
                                     bool (*match)(const pit_msg *, void *), void *context,
                                     int64_t timeout, const char *function)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, function);
    int64_t deadline = timeout == 0 ? 0 : deadline_of(p, timeout);
    const pit_msg *found = NULL;
    bool last_look = timeout == 0;

    let_go(t, p);
    if (last_look)
        pit__sched_drain(t->sched);
    pit__exit_if_told(p); /* then there may be in the queue what is not for the program's eyes */
    for (;;) {
        struct pit__message *m = before ? pit__message_next(before) : p->head;

        pit__thread()->touching =
            pit__thread(); /* match is the program's, and so is its fault; nothing is half done */
        while (m && !match(&m->public, context)) {
            before = m;
            m = pit__message_next(m);
        }
        pit__thread()->touching = NULL;
        if (m)
            found = in_hand(p, unlink_message(p, before, m));
        if (found || last_look)
            break;
        last_look = !wait_for_mail(p, deadline);
    }
    pit__out(1);
    return found;
}

struct matching {
    bool (*match)(const pit_msg *, void *);
    void *context;
};

/* The program's own code, although the runtime runs: a fault in it is the process's. */
static bool says_true(const pit_msg *m, void *context)
{
    const struct matching *with = context;
    struct pit__thread *t = pit__thread();
    bool says;

    t->touching = t;
    says = with->match(m, with->context);
    t->touching = NULL;
    return says;
}

const pit_msg *pit_receive_match(bool (*match)(const pit_msg *, void *), void *context,
                                 int64_t timeout)
{
    struct matching with = {match, context};

    return select_message(NULL, says_true, &with, timeout, "pit_receive_match");
}

static bool has_type(const pit_msg *m, void *type) { return m->type == type; }

const pit_msg *pit_receive_type(const pit_type *type, int64_t timeout)
{
    return select_message(NULL, has_type, (void *)(uintptr_t)type, timeout, "pit_receive_type");
}

static bool has_ref(const pit_msg *m, void *context)
{
    const struct pit__message *whole = pit__message_of(m);
    const pit_ref *ref = context;

    if (whole->block.kind == PIT__MESSAGE && m->pit__tag) /* it came by an alias */
        return m->pit__tag == ref->number && pit_pid_equal(whole->to, ref->owner);
    if (m->type == &pit_type_pit_down)
        return pit_ref_equal(((const struct pit_down *)pit_payload(m))->ref, *ref);
    if (m->type == &pit_type_pit_timeout)
        return pit_ref_equal(((const struct pit_timeout *)pit_payload(m))->timer, *ref);
    if (m->type == &pit_type_pit_timer_cancelled || m->type == &pit_type_pit_timer_read)
        return pit_ref_equal(((const struct pit_timer_read *)pit_payload(m))->timer, *ref);
    if (m->type == &pit_type_pit_spawn_reply)
        return pit_ref_equal(((const struct pit_spawn_reply *)pit_payload(m))->request, *ref);
    return false;
}

const pit_msg *pit_receive_ref(pit_ref ref, int64_t timeout)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p = pit__caller(t, "pit_receive_ref");

    return select_message((p->flags & PIT__F_MARK) && p->mark_number == ref.number ? p->mark : NULL,
                          has_ref, &ref, timeout, "pit_receive_ref");
}

size_t pit_message_count(void)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_message_count");
    size_t n;

    pit__sched_drain(t->sched);
    n = p->length;
    pit__out(1);
    return n;
}

void pit_sleep(int64_t ms)
{
    struct pit__wait w;

    pit__in();
    pit__caller(pit__thread(), "pit_sleep");
    pit__wait_init(&w);
    (void)pit__park(&w, ms < 0 || ms > INT64_MAX / 2000000
                            ? INT64_MAX
                            : pit__now() + ms * 1000000); /* nobody unparks it: the deadline does */
    pit__out(1);
}

void pit_yield(void)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_yield");

    pit__exit_if_told(p);
    pit__sched_enqueue(t->sched, p);
    pit__sched_switch_away(t->sched, p);
    pit__exit_if_told(p);
    pit__out(1);
}

void pit_hibernate(void)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_hibernate");

    if (p->heap && !(p->flags & PIT__F_CALLBACK))
        pit__process_heap_reset(p);
    while (!p->head) {
        if (p->stack)
            pit__stack_discard(p->stack, __builtin_frame_address(0));
        (void)wait_for_mail(p, INT64_MAX);
    }
    pit__out(1);
}
