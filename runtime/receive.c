/*
 * Receiving. The inner queue belongs to its process, and only the process takes from it; so a scan
 * that found nothing may wait and go on where it stopped: whatever came meanwhile stands behind.
 * Spec: RECV-1..5.
 */
#include <errno.h>

#include <pit/timer.h>

#include "base/probes.h"
#include "runtime/attend.h"
#include "runtime/bound.h"
#include "runtime/enter.h"
#include "runtime/inner.h"
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
    /* a handler's terms live until it returns */
    if (PIT__UNLIKELY(p->flags & PIT__F_HEAP) && !handler)
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

static inline struct pit__message *take(struct pit__process *p, struct pit__message *before,
                                        struct pit__message *m)
{
    pit__inner_unlink(p, before, m);
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

/*
 * The mailbox went beyond its bound, and its process is to be told before it takes the next
 * message: in its own code, which may do what it likes. true: it was, and may have received: no
 * place in the queue is what it was. Nothing is in its hands then.
 */
static inline bool overloaded(struct pit__process *p)
{
    if (PIT__LIKELY(!pit__attends(p, PIT__AT_BOUND)))
        return false;
    pit__exit_if_told(p);
    if (!pit__bound_call(p))
        return false;
    let_go(pit__thread(), p);
    return true;
}

static __attribute__((noinline)) const pit_msg *receive_any(int64_t timeout)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_receive");
    const pit_msg *found = NULL;

    let_go(t, p);
    (void)overloaded(p);
    if (PIT__UNLIKELY(!p->head)) {
        if (timeout == 0) {
            pit__sched_drain(pit__thread()->sched);
            (void)overloaded(p);
        } else {
            int64_t deadline = deadline_of(p, timeout);
            bool more = true;

            while (!p->head && more) {
                more = wait_for_mail(p, deadline);
                (void)overloaded(p); /* it may have taken what came */
            }
        }
    }
    pit__exit_if_told(p); /* then there may be in the queue what is not for it */
    if (p->head)
        found = in_hand(p, take(p, NULL, p->head));
    pit__out(1);
    return found;
}

/* What makes a receive more than taking the first message of a stackful process's queue. */
#define UNUSUAL (PIT__F_CALLBACK | PIT__F_HEAP | PIT__F_MARK | PIT__F_EXIT | PIT__F_ATTENTION)

/* The switch of wait_usual when who comes next must be looked at, or it is the loop. */
static __attribute__((noinline)) void wait_unusual(struct pit__thread *t, struct pit__sched *s,
                                                   struct pit__process *p)
{
    struct pit__process *q = pit__queue_direct(s);

    if (q) {
        pit__slice_begin(t, s, q);
        pit__switch_fibre(&p->sp, &p->stack->fibre, q->sp, &q->stack->fibre);
    } else {
        t->current = NULL;
        pit__sched_switch_to_loop(t, s, p);
    }
}

/* The head of a queue that is not empty, whose owner is a usual process. */
static inline const pit_msg *take_head(struct pit__sched *s, struct pit__process *p)
{
    struct pit__message *m = p->head;

    p->head = pit__message_next(m);
    p->length--;
    p->message = m;
    s->reductions--;
    return &m->public;
}

/*
 * Wait for the first message, and take it. Nothing is kept in a register or in the frame while
 * others run: who is run is t->current, so that but the few registers that a caller expects to find
 * again, nothing is saved.
 */
static __attribute__((noinline)) const pit_msg *
wait_usual(struct pit__thread *t, struct pit__sched *s, struct pit__process *p)
{
    struct pit__process *q;

    p->status = PIT__WAITING;
    p->wakes_on = PIT__WAKE_MESSAGE;
    pit__slice_end(s, p);
    q = pit__queue_usual(s);
    if (PIT__LIKELY(q != NULL)) {
        pit__slice_take(t, s, q);
        pit__switch_fibre(&p->sp, &p->stack->fibre, q->sp, &q->stack->fibre);
    } else
        wait_unusual(t, s, p);
    t = pit__thread();
    t->in_runtime = 0;
    p = t->current;
    if (PIT__UNLIKELY(p->flags & UNUSUAL)) /* it became so meanwhile */
        return receive_any(PIT_INFINITY);
    PIT_AUDIT(PIT_ASSERT(p->head)); /* nothing but a message wakes the usual process */
    return take_head(t->sched, p);
}

/* The last message is plain but not small, or another scheduler's: let it go. */
static __attribute__((noinline)) const pit_msg *
let_go_plain(struct pit__sched *s, struct pit__process *p, int64_t timeout)
{
    struct pit__message *m = p->message;

    p->message = NULL;
    pit__block_free(&s->blocks, m);
    return pit_receive(timeout);
}

/*
 * The fast way, as pit_send_copy's: whatever is unusual is asked for first and left to receive_any.
 * Nothing between the test of UNUSUAL and the wait delivers a signal, so an exit cannot come in
 * between and go unseen. The last message is let go by freeing its block; a call that nobody
 * answered must be failed, which may deliver signals, and is left to receive_any.
 */
const pit_msg *pit_receive(int64_t timeout)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p;
    struct pit__message *m;
    struct pit__sched *s;

    if (PIT__UNLIKELY(!t || t->in_runtime || (uintptr_t)__builtin_frame_address(0) < t->floor))
        return receive_any(timeout);
    p = t->current;
    s = t->sched;
    if (PIT__UNLIKELY((p->flags & UNUSUAL) || (!p->head && timeout >= 0) || s->reductions <= 1 ||
                      (s->watch & (PIT__WATCH_PROBES | PIT__WATCH_CANARIES))))
        return receive_any(timeout);
    m = p->message;
    if (m) {
        if (PIT__UNLIKELY(m->public.type->flags & PIT_TYPE_OWNS))
            return receive_any(timeout);
        if (PIT__UNLIKELY(m->block.what != s->blocks.small))
            return m->block.kind <= PIT__PASSING ? let_go_plain(s, p, timeout)
                                                 : receive_any(timeout);
        p->message = NULL;
        pit__block_free_small(&s->blocks, m);
    }
    return PIT__LIKELY(!p->head) ? wait_usual(t, s, p) : take_head(s, p);
}

struct scan {
    bool (*match)(const pit_msg *, void *);
    void *context;
    struct pit__message *before;        /* all up to here have been looked at; NULL: none */
    struct pit__message *seen_priority; /* and of the priority messages all up to here */
};

/* Look at the messages behind *before up to `last` (NULL: all), and leave *before where it
   stopped. */
static struct pit__message *look(struct pit__process *p, struct scan *sc,
                                 struct pit__message **before, const struct pit__message *last)
{
    struct pit__message *m = *before ? pit__message_next(*before) : p->head;
    const struct pit__message *end = last ? pit__message_next(last) : NULL;
    struct pit__thread *t = pit__thread();
    uint64_t looked_at = 0;

    t->touching = t; /* match is the program's, and so is its fault; nothing is half done */
    while (m != end && !sc->match(&m->public, sc->context)) {
        *before = m;
        m = pit__message_next(m);
        looked_at++;
    }
    t->touching = NULL;
    PIT__COUNT_MORE(t->sched->looked_at, looked_at);
    return m != end ? take(p, *before, m) : NULL;
}

/* The oldest that matches and was not looked at before. Priority messages came before the place
   where it goes on. SIG-8, RECV-5 */
static struct pit__message *look_on(struct pit__process *p, struct scan *sc)
{
    struct pit__message *last = pit__inner_last_priority(p), *m;

    if (PIT__UNLIKELY(last && last != sc->seen_priority)) {
        m = look(p, sc, &sc->seen_priority, last);
        if (m)
            return m;
        if (!sc->before)
            sc->before = last;
    }
    return look(p, sc, &sc->before, NULL);
}

/* The oldest message behind `before` (NULL: of all) for which match says true. */
static const pit_msg *select_message(struct pit__message *before,
                                     bool (*match)(const pit_msg *, void *), void *context,
                                     int64_t timeout)
{
    struct pit__process *p = pit__thread()->current;
    struct scan sc = {.match = match, .context = context, .before = before};
    int64_t deadline = timeout == 0 ? 0 : deadline_of(p, timeout);
    struct pit__message *m;
    bool last_look = timeout == 0;

    pit__inner_scan(p, &sc.before); /* an overload may drop what stands there */
    let_go(pit__thread(), p);
    if (last_look)
        pit__sched_drain(pit__thread()->sched);
    pit__inner_scan(p, NULL);
    pit__exit_if_told(p); /* then there may be in the queue what is not for the program's eyes */
    for (;;) {
        if (overloaded(p))
            sc.before = sc.seen_priority = NULL;
        m = look_on(p, &sc);
        if (m || last_look)
            break;
        pit__inner_scan(p, &sc.before);
        last_look = !wait_for_mail(p, deadline);
        pit__inner_scan(p, NULL);
    }
    pit__out(1);
    return in_hand(p, m);
}

/* On the way into a selective receive. */
static struct pit__process *enter(const char *function) { return pit__caller(pit__in(), function); }

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

    enter("pit_receive_match");
    return select_message(NULL, says_true, &with, timeout);
}

static bool has_type(const pit_msg *m, void *type) { return m->type == type; }

const pit_msg *pit_receive_type(const pit_type *type, int64_t timeout)
{
    enter("pit_receive_type");
    if (PIT__UNLIKELY(!type))
        pit__exit_text("badarg", "pit_receive_type(NULL): no message is of that type", NULL, 0);
    return select_message(NULL, has_type, (void *)(uintptr_t)type, timeout);
}

static bool has_ref(const pit_msg *m, void *context)
{
    const struct pit__message *whole = pit__message_of(m);
    const pit_ref *ref = context;

    if (whole->block.kind <= PIT__PASSING && m->pit__tag) /* it came by an alias */
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
    struct pit__process *p = enter("pit_receive_ref");

    return select_message((p->flags & PIT__F_MARK) && p->mark_number == ref.number ? p->mark : NULL,
                          has_ref, &ref, timeout);
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
    /* nobody unparks it: the deadline does */
    (void)pit__park(&w, ms < 0 || ms > INT64_MAX / 2000000 ? INT64_MAX : pit__now() + ms * 1000000);
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
