/*
 * The inner queue beyond appending and taking the head, which stand where they are hot (signal.h,
 * receive.c, sched.c): taking out of the middle, and priority messages. Owner only.
 *
 * Places in the queue that are remembered while it changes; each names the message before the
 * place, NULL the head:
 *   p->mark            the tail when the last reference was made. RECV-5
 *   last_priority      the last priority message. They are a prefix of the queue. SIG-8
 *   scan               where a selective receive that waits goes on
 *   bound's undroppable   how far all messages are known not to count towards the bound
 * Whatever takes a message out goes by pit__inner_unlink, or takes the head of a process that
 * nobody attends to and that has no mark.
 */
#ifndef PIT_RUNTIME_INNER_H
#define PIT_RUNTIME_INNER_H

#include "base/assert.h"
#include "runtime/extra.h"

/*
 * The reference of this number was made now: a receive by it begins behind what is in the queue. Of
 * several the last one counts. No mark is needed in front of an empty queue: what comes stands
 * behind its head either way. Spec: RECV-5
 */
static inline void pit__inner_mark(struct pit__process *p, uint64_t number)
{
    p->mark = p->head ? p->tail : NULL;
    p->mark_number = number;
    if (PIT__UNLIKELY(p->mark))
        p->flags |= PIT__F_MARK;
    else
        p->flags &= ~PIT__F_MARK;
}

/* m has just left its place behind `before`: the places are moved, and the bound hears of it. */
void pit__inner_left(struct pit__process *p, struct pit__message *before, struct pit__message *m);

/* Take m out, which stands behind before (NULL: at the head). */
static inline void pit__inner_unlink(struct pit__process *p, struct pit__message *before,
                                     struct pit__message *m)
{
    if (before)
        before->block.next = m->block.next;
    else
        p->head = m->block.next;
    if (p->tail == m)
        p->tail = before;
    p->length--;
    if (PIT__UNLIKELY(p->flags & (PIT__F_MARK | PIT__F_ATTENTION)))
        pit__inner_left(p, before, m);
}

/* From now on p takes priority messages: it made an alias, a monitor or a link with that option. In
   p. 0 or -ENOMEM. */
int pit__priority_accept(struct pit__process *p);

/* Put m behind the last priority message, before all ordinary ones, and wake who waits for it; if p
   does not take such messages, it is an ordinary one. Takes m over. Spec: SIG-8. */
void pit__append_priority(struct pit__sched *s, struct pit__process *p, struct pit__message *m);

/* A selective receive waits, and goes on behind *place, which is kept right while the queue
   changes; NULL: it waits no more. */
static inline void pit__inner_scan(struct pit__process *p, struct pit__message **place)
{
    if (PIT__UNLIKELY(p->extra))
        p->extra->scan = place;
}

/* The last priority message in the queue; NULL: none. */
struct pit__message *pit__inner_last_priority(const struct pit__process *p);

#endif
