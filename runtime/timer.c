/*
 * Timers that send. A timer is a relation of the process it will send to, and stands in the wheel of that process's
 * scheduler, with which it moves. For a process of another scheduler the whole timer travels there as a signal.
 * Spec: TIMER-1..7.
 */
#include <pit/timer.h>

#include <errno.h>
#include <stdatomic.h>

#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/request.h"
#include "runtime/signal.h"

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

/* r->message is set; takes it over. */
static void start(struct pit__thread *t, pit_pid to, struct pit__timer_relation *r, uint64_t number,
                  int64_t when_ns)
{
    struct pit__sched *s = t->sched;
    struct pit__process *p = pit__slot_of(to);
    struct pit__message *m;

    r->r.block.kind = PIT__R_TIMER;
    r->r.key = number;
    r->r.peer = 0;
    r->r.extra = 0;
    PIT__R_FLAGS(&r->r) = 0;
    r->timer = (struct pit__timer){.what = PIT__TIMER_RELATION};
    r->message->to = to;
    if (p && pit__owned_by(p, s) && pit__mailbox_quiet(&p->mailbox) &&
        pit__process_pid(p) == to.id) {
        arm(s, p, r, when_ns);
        return;
    }
    m = pit__message_alloc(&s->blocks, PIT__TIMER, sizeof(struct start));
    PIT_ASSERT(m);
    *(struct start *)pit__message_payload(m) = (struct start){r, when_ns};
    m->to = to;
    m->public.type = NULL;
    m->public.from = r->message->public.from;
    pit__route(t, m);
}

static pit_ref start_copy(int64_t when_ns, pit_pid to, const pit_type *type, const void *payload)
{
    struct pit__thread *t = pit__in();
    struct pit__message *m;
    struct pit__timer_relation *r;
    pit_ref ref;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return PIT__REF_ENOTPROCESS;
    if (PIT__UNLIKELY(to.id <= 0))
        pit__exit_text("badarg", "a timer needs the pid of a process", NULL, 0);
    m = pit__message_copy(
        t, PIT__MESSAGE, type,
        payload); /* first: a bad payload ends us, and nothing else is taken yet */
    r = m ? pit__block_alloc(&t->sched->blocks, sizeof *r) : NULL;
    if (!r) {
        if (m)
            pit__message_free(&t->sched->blocks, m);
        pit__exit_text("system_limit", "no memory for a timer", NULL, 0);
    }
    r->message = m;
    ref = (pit_ref){to, pit__sched_number(t->sched)};
    if (type == &pit_type_pit_timeout)
        ((struct pit_timeout *)pit__message_payload(r->message))->timer = ref;
    start(t, to, r, ref.number, when_ns);
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

/* ---- cancel and read: by the owner of the timer's process */

struct asked {
    uint64_t number;
    bool cancel;
};

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    const struct asked *a = in;
    int64_t *left = out, ns;
    struct pit__timer_relation *r =
        p ? (struct pit__timer_relation *)pit__relation_find(&p->relations, PIT__R_TIMER, a->number)
          : NULL;

    if (!r) {
        *left = -ENOENT;
        return;
    }
    ns = r->timer.when_ns - pit__now();
    *left = ns > 0 ? (ns + 999999) / 1000000 : 0;
    if (!a->cancel)
        return;
    pit__wheel_remove(&s->wheel, &r->timer);
    pit__relation_remove(&p->relations, &r->r);
    pit__message_free(&s->blocks, r->message);
    pit__block_free(&s->blocks, r);
}

static int64_t ask(pit_ref timer, bool cancel)
{
    struct pit__thread *t = pit__in();
    struct asked a = {timer.number, cancel};
    int64_t left = -ENOENT;
    int r = 0;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if (PIT__UNLIKELY(timer.owner.id < 0))
        pit__exit_text("badarg", "not a timer's reference", NULL, 0);
    if (timer.owner.id > 0)
        r = pit__request(t, t->current, timer.owner, on_owner, &a, sizeof a, &left, sizeof left);
    pit__out(1);
    return r < 0 ? r : left;
}

int64_t pit_cancel_timer(pit_ref timer) { return ask(timer, true); }
int64_t pit_read_timer(pit_ref timer) { return ask(timer, false); }
