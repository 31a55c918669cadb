#include "runtime/inner.h"

#include "runtime/attend.h"
#include "runtime/bound.h"
#include "runtime/extra.h"
#include "runtime/signal.h"

struct pit__message *pit__inner_last_priority(const struct pit__process *p)
{
    const struct pit__extra *x =
        PIT__UNLIKELY(p->flags & PIT__F_ATTENTION) ? pit__extra_peek(p) : NULL;

    return x ? x->last_priority : NULL;
}

static void move(struct pit__message **place, struct pit__message *before, struct pit__message *m)
{
    if (*place == m)
        *place = before;
}

void pit__inner_left(struct pit__process *p, struct pit__message *before, struct pit__message *m)
{
    struct pit__extra *x = pit__extra_peek(p);

    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
        pit__attend_take(pit__thread()->sched, p, m);
    move(&p->mark, before, m);
    if (!p->mark)
        p->flags &= ~PIT__F_MARK;
    if (!x)
        return;
    move(&x->last_priority, before,
         m); /* they are a prefix: what stands before is one, or nothing */
    if (x->scan)
        move(x->scan, before, m);
    if (x->bound)
        pit__bound_left(p, x->bound, before, m);
}

int pit__priority_accept(struct pit__process *p) { return pit__attend(p, PIT__AT_PRIORITY); }

void pit__append_priority(struct pit__sched *s, struct pit__process *p, struct pit__message *m)
{
    struct pit__extra *x = pit__extra_peek(p);
    struct pit__message *last;

    if (!pit__attends(p, PIT__AT_PRIORITY)) {
        pit__append(s, p, m);
        return;
    }
    last = x->last_priority;
    m->block.next = last ? last->block.next : p->head;
    if (last)
        last->block.next = m;
    else
        p->head = m;
    if (!m->block.next)
        p->tail = m;
    p->length++;
    pit__attend_came(s, p, m);
    x->last_priority = m;
    if (x->bound)
        pit__bound_priority(p, x->bound, last, m);
    pit__append_wake(s, p);
}
