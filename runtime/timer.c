/*
 * Timers that send. A timer is a relation of the process it will send to, and stands in the wheel
 * of that process's scheduler, with which it moves. For a process of another scheduler the whole
 * timer travels there as a signal. One to a name belongs to nobody, and stays with the scheduler
 * that started it, whose index the reference's number begins with. Spec: TIMER-1..7.
 */
#include <pit/timer.h>

#include <errno.h>
#include <stdatomic.h>

#include "runtime/enter.h"
#include "runtime/inner.h"
#include "runtime/name.h"
#include "runtime/node_state.h"
#include "runtime/request.h"
#include "runtime/signal.h"
#include "runtime/trace.h"

#define START_COST 6 /* in sends: a slice should last about as long whatever it is spent on */

int64_t pit_now(void) { return pit__now(); }
int64_t pit_wall_clock(void) { return pit__wall_clock(); }

uint64_t pit_random(void)
{
    static _Atomic(uint64_t) foreign; /* relaxed: any value will do */
    struct pit__thread *t = pit__thread();
    struct pit__chance c;

    if (t)
        return pit__chance_next(&t->sched->chance);
    pit__chance_seed(&c,
                     atomic_fetch_add_explicit(&foreign, 1, memory_order_relaxed) ^ pit__entropy());
    return pit__chance_next(&c);
}

/* What travels: the timer, complete but for its place in a wheel. */
struct start {
    struct pit__timer_relation *timer;
    int64_t when_ns;
};

static void arm(struct pit__sched *s, struct pit__process *p, struct pit__timer_relation *r,
                int64_t when_ns)
{
    pit__relation_add(&p->relations, &r->r);
    pit__wheel_add(&s->wheel, &r->timer, when_ns);
}

void pit__timer_received(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct start *st = pit__message_payload(m);

    arm(s, p, st->timer, st->when_ns);
    pit__block_free(&s->blocks, m);
}

void pit__timer_undeliverable(struct pit__sched *s, struct pit__message *m)
{
    struct pit__timer_relation *r = ((struct start *)pit__message_payload(m))->timer;
    struct pit__blocks *pool = s ? &s->blocks : NULL;

    pit__message_free(pool, r->message);
    pit__block_free(pool, r);
}

/* With a copy of the payload; whatever fails ends the caller. */
static struct pit__timer_relation *make(struct pit__thread *t, const pit_type *type,
                                        const void *payload)
{
    /* The message first: a bad payload ends us, and nothing else is taken yet. */
    struct pit__message *m = pit__message_copy(t, PIT__MESSAGE, type, payload);
    struct pit__timer_relation *r = m ? pit__block_alloc(&t->sched->blocks, sizeof *r) : NULL;

    if (!r) {
        if (m)
            pit__message_free(&t->sched->blocks, m);
        pit__exit_text("system_limit", "no memory for a timer", NULL, 0);
    }
    r->message = m;
    return r;
}

static void prepare(struct pit__timer_relation *r, pit_ref ref, uint8_t what)
{
    r->r.block.kind = PIT__R_TIMER;
    r->r.key = ref.number;
    r->r.peer = 0;
    r->r.extra = 0;
    PIT__R_FLAGS(&r->r) = 0;
    r->timer = (struct pit__timer){.what = what};
    if (r->message->public.type == &pit_type_pit_timeout)
        ((struct pit_timeout *)pit__message_payload(r->message))->timer = ref;
}

static void start(struct pit__thread *t, pit_pid to, struct pit__timer_relation *r, int64_t when_ns)
{
    struct pit__sched *s = t->sched;
    struct pit__process *p = pit__slot_of(to);
    struct pit__message *m;

    r->message->to = to;
    if (p && pit__owned_by(p, s) && pit__mailbox_quiet(&p->mailbox) &&
        pit__process_pid(p) == to.id) {
        arm(s, p, r, when_ns);
        return;
    }
    m = pit__message_alloc(&s->blocks, PIT__TIMER, sizeof(struct start));
    PIT_NEED(m);
    *(struct start *)pit__message_payload(m) = (struct start){r, when_ns};
    m->to = to;
    m->public.type = NULL;
    m->public.from = r->message->public.from;
    pit__route(t, m);
}

static pit_ref start_copy(int64_t when_ns, pit_pid to, const pit_type *type, const void *payload)
{
    struct pit__thread *t = pit__in();
    struct pit__timer_relation *r;
    pit_ref ref;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    if (PIT__UNLIKELY(to.id <= 0))
        pit__exit_text("badarg", "a timer needs the pid of a process", NULL, 0);
    r = make(t, type, payload);
    ref = (pit_ref){to, pit__sched_number(t->sched)};
    prepare(r, ref, PIT__TIMER_RELATION);
    PIT__TRACE(t->sched, t->current, PIT_TRACE_TIMER_START, to, ref.number, NULL);
    if (to.id == pit__process_pid(t->current))
        pit__inner_mark(t->current, ref.number); /* RECV-5 */
    start(t, to, r, when_ns);
    pit__out(START_COST);
    return ref;
}

static const pit_ref negative = {{INT64_MIN | EINVAL}, 0};

static int64_t after(int64_t ms)
{
    return ms > INT64_MAX / 2000000 ? INT64_MAX / 2 : pit__now() + ms * 1000000;
}

pit_ref pit_send_after_copy(int64_t ms, pit_pid to, const pit_type *type, const void *payload)
{
    return ms < 0 ? negative : start_copy(after(ms), to, type, payload);
}

pit_ref pit_send_at_copy(int64_t when_ns, pit_pid to, const pit_type *type, const void *payload)
{
    return start_copy(when_ns, to, type, payload);
}

pit_ref pit_start_timer(int64_t ms, pit_pid to, uint64_t value)
{
    struct pit_timeout m = {.value = value};

    return ms < 0 ? negative : start_copy(after(ms), to, &pit_type_pit_timeout, &m);
}

pit_ref pit_start_timer_at(int64_t when_ns, pit_pid to, uint64_t value)
{
    struct pit_timeout m = {.value = value};

    return start_copy(when_ns, to, &pit_type_pit_timeout, &m);
}

/* ---- to names */

static pit_ref start_named(int64_t when_ns, const char *name, const pit_type *type,
                           const void *payload)
{
    struct pit__thread *t = pit__in();
    struct pit__timer_relation *r;
    pit_term atom;
    pit_ref ref;
    int error;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    error = pit__name_atom(name, &atom);
    if (error < 0)
        ref = (pit_ref){{INT64_MIN | -error}, 0};
    else {
        r = make(t, type, payload);
        ref = (pit_ref){PIT_NO_PID, pit__sched_number(t->sched)};
        prepare(r, ref, PIT__TIMER_NAMED);
        r->r.peer = (int64_t)atom.word;
        PIT__TRACE(t->sched, t->current, PIT_TRACE_TIMER_START, PIT_NO_PID, ref.number, name);
        pit__relation_add(&t->sched->named_timers, &r->r);
        pit__wheel_add(&t->sched->wheel, &r->timer, when_ns);
    }
    pit__out(START_COST);
    return ref;
}

pit_ref pit_send_after_name(int64_t ms, const char *name, const pit_type *type, const void *payload)
{
    return ms < 0 ? negative : start_named(after(ms), name, type, payload);
}

pit_ref pit_send_at_name(int64_t when_ns, const char *name, const pit_type *type,
                         const void *payload)
{
    return start_named(when_ns, name, type, payload);
}

pit_ref pit_start_timer_name(int64_t ms, const char *name, uint64_t value)
{
    struct pit_timeout m = {.value = value};

    return ms < 0 ? negative : start_named(after(ms), name, &pit_type_pit_timeout, &m);
}

pit_ref pit_start_timer_at_name(int64_t when_ns, const char *name, uint64_t value)
{
    struct pit_timeout m = {.value = value};

    return start_named(when_ns, name, &pit_type_pit_timeout, &m);
}

void pit__timer_named_fired(struct pit__sched *s, struct pit__timer *timer)
{
    struct pit__timer_relation *r = PIT__CONTAINER(timer, struct pit__timer_relation, timer);

    r->message->to = pit__name_holder((pit_term){(uint64_t)r->r.peer});
    pit__relation_remove(&s->named_timers, &r->r);
    if (r->message->to.id)
        pit__route(pit__thread(), r->message);
    else
        pit__message_free(&s->blocks, r->message);
    pit__block_free(&s->blocks, r);
}

static void forget(struct pit__sched *s, struct pit__relations *rs, struct pit__timer_relation *r)
{
    pit__wheel_remove(&s->wheel, &r->timer);
    pit__relation_remove(rs, &r->r);
    pit__message_free(&s->blocks, r->message);
    pit__block_free(&s->blocks, r);
}

void pit__timers_named_discard(struct pit__sched *s)
{
    while (s->named_timers.first)
        forget(s, &s->named_timers, (struct pit__timer_relation *)s->named_timers.first);
}

/* ---- cancel and read: by the owner of the timer's process, or the scheduler of one to a name */

struct asked {
    pit_ref timer;
    bool cancel;
    bool info; /* asynchronous: whether an answer is wanted */
};

/* In ms, rounded up. A time may be any that there is, so that its distance from now is reckoned
   only if it is to come. */
static int64_t left_until(int64_t when_ns)
{
    int64_t now = pit__now();

    return when_ns > now ? (when_ns - now - 1) / 1000000 + 1 : 0;
}

/* rs NULL: the process has ended. */
static int64_t look(struct pit__sched *s, struct pit__relations *rs, const struct asked *a)
{
    struct pit__timer_relation *r =
        rs ? (struct pit__timer_relation *)pit__relation_find(rs, PIT__R_TIMER, a->timer.number)
           : NULL;
    int64_t left;

    if (!r)
        return -ENOENT;
    left = left_until(r->timer.when_ns);
    if (a->cancel)
        forget(s, rs, r);
    return left;
}

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    *(int64_t *)out = look(s, p ? &p->relations : NULL, in);
}

/* The message that ends an asynchronous question. s NULL: a foreign thread. */
static void tell(struct pit__sched *s, pit_pid asker, const struct asked *a, int64_t left)
{
    const pit_type *type = a->cancel ? &pit_type_pit_timer_cancelled : &pit_type_pit_timer_read;
    struct pit__message *m;

    if (!a->info)
        return;
    _Static_assert(sizeof(struct pit_timer_read) == sizeof(struct pit_timer_cancelled), "alike");
    m = pit__message_alloc(s ? &s->blocks : NULL, PIT__SYSTEM, type->size);
    PIT_NEED(m);
    *(struct pit_timer_read *)pit__message_payload(m) = (struct pit_timer_read){a->timer, left};
    m->to = asker;
    m->public.type = type;
    m->public.from = a->timer.owner;
    pit__route(s ? pit__thread() : NULL, m);
}

void pit__timer_asked(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    const struct asked *a = pit__message_payload(m);

    tell(s, m->public.from, a, look(s, p ? &p->relations : NULL, a));
}

/* A question about a timer to a name of another scheduler, on its way; tag 0: asynchronous. */
struct named {
    struct pit__block block;
    pit_pid asker;
    uint64_t tag;
    struct asked asked;
};

static void on_scheduler(void *argument)
{
    struct named *n = argument;
    struct pit__sched *s = pit__thread()->sched;
    int64_t left = look(s, &s->named_timers, &n->asked);

    if (n->tag) {
        struct pit__message *m = pit__message_alloc(&s->blocks, PIT__REPLY, sizeof left);

        PIT_NEED(m);
        *(int64_t *)pit__message_payload(m) = left;
        m->to = n->asker;
        m->public.type = NULL;
        m->public.from = PIT_NO_PID;
        m->public.pit__tag = n->tag;
        pit__route(pit__thread(), m);
    } else
        tell(s, n->asker, &n->asked, left);
    pit__block_free(&s->blocks, n);
}

/* The scheduler that a number begins with; NULL: none. */
static struct pit__sched *place_of(uint64_t number)
{
    uint64_t index = (number >> 48) - 1;

    return index < pit__node.count ? pit__node.scheds[index] : NULL;
}

/* tag as in struct named. 0 or -ENOMEM. */
static int ask_scheduler(struct pit__sched *s, struct pit__sched *to, pit_pid asker, uint64_t tag,
                         const struct asked *a)
{
    struct named *n = pit__block_alloc(&s->blocks, sizeof *n);
    int r;

    if (!n)
        return -ENOMEM;
    n->asker = asker;
    n->tag = tag;
    n->asked = *a;
    r = pit__run_on(to->index, on_scheduler, n);
    if (r < 0)
        pit__block_free(&s->blocks, n);
    return r;
}

static int64_t ask_named(struct pit__thread *t, struct pit__process *p, const struct asked *a)
{
    struct pit__sched *to = place_of(a->timer.number);
    struct pit__message *m;
    int64_t left;
    int r;

    if (!to)
        return -ENOENT;
    if (to == t->sched)
        return look(to, &to->named_timers, a);
    r = ask_scheduler(t->sched, to, pit__handle_of(p), pit__call_begin(t->sched, p), a);
    if (r < 0) {
        p->call_tag = 0;
        return r;
    }
    r = pit__call_wait(p, INT64_MAX, &m);
    if (r < 0)
        return r;
    left = *(int64_t *)pit__message_payload(m);
    pit__message_free(&pit__thread()->sched->blocks, m);
    return left;
}

static void need_timer(pit_ref timer)
{
    if (PIT__UNLIKELY(timer.owner.id < 0))
        pit__exit_text("badarg", "not a timer's reference", NULL, 0);
}

static int64_t ask(pit_ref timer, bool cancel)
{
    struct pit__thread *t = pit__in();
    struct asked a = {.timer = timer, .cancel = cancel};
    int64_t left = -ENOENT;
    int r = 0;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    need_timer(timer);
    if (cancel)
        PIT__TRACE(t->sched, t->current, PIT_TRACE_TIMER_CANCEL, timer.owner, timer.number, NULL);
    /* The usual case, and what pit__request would do: nothing is under way that was sent before. */
    if (PIT__LIKELY(timer.owner.id == pit__process_pid(t->current) &&
                    pit__mailbox_quiet(&t->current->mailbox)))
        left = look(t->sched, &t->current->relations, &a);
    else if (timer.owner.id)
        r = pit__request(t, t->current, timer.owner, on_owner, &a, sizeof a, &left, sizeof left);
    else
        left = ask_named(t, t->current, &a);
    pit__out(1);
    return r < 0 ? r : left;
}

int64_t pit_cancel_timer(pit_ref timer) { return ask(timer, true); }
int64_t pit_read_timer(pit_ref timer) { return ask(timer, false); }

static int ask_process(struct pit__thread *t, struct pit__process *p, const struct asked *a)
{
    struct pit__message *m = pit__message_alloc(&t->sched->blocks, PIT__TIMER_ASK, sizeof *a);

    if (!m)
        return -ENOMEM;
    *(struct asked *)pit__message_payload(m) = *a;
    m->to = a->timer.owner;
    m->public.type = NULL;
    m->public.from = pit__handle_of(p);
    pit__route(t, m);
    return 0;
}

static int ask_async(pit_ref timer, bool cancel, bool info)
{
    struct pit__thread *t = pit__in();
    struct asked a = {timer, cancel, info};
    struct pit__process *p;
    struct pit__sched *to;
    int r = 0;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    need_timer(timer);
    p = t->current;
    if (cancel)
        PIT__TRACE(t->sched, p, PIT_TRACE_TIMER_CANCEL, timer.owner, timer.number, NULL);
    if (timer.owner.id)
        r = ask_process(t, p, &a);
    else if ((to = place_of(timer.number)) && to != t->sched)
        r = ask_scheduler(t->sched, to, pit__handle_of(p), 0, &a);
    else
        tell(t->sched, pit__handle_of(p), &a, look(t->sched, to ? &to->named_timers : NULL, &a));
    pit__out(2);
    return r;
}

int pit_cancel_timer_async(pit_ref timer, bool info) { return ask_async(timer, true, info); }
int pit_read_timer_async(pit_ref timer) { return ask_async(timer, false, true); }
