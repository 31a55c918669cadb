#include "runtime/foresee.h"

/*
 * p->partner: the slot last sent to, + 1, in the lower bits; above them how often it has changed.
 * Who has changed it CHANGES times is not followed any more: a process that sends to many would
 * else write to its identity line, which others read, with every message.
 */
#define CHANGES 4u
#define INDEX_MASK ((UINT32_C(1) << PIT__FORESEE_BITS) - 1)

_Static_assert(PIT__PID_INDEX_BITS < PIT__FORESEE_BITS, "a slot's index + 1 fits");

static void remember(struct pit__process *p, const struct pit__process *to)
{
    uint32_t index = pit__slot_index(to) + 1, changes = p->partner >> PIT__FORESEE_BITS;

    if ((p->partner & INDEX_MASK) != index && changes < CHANGES)
        p->partner = index | (changes + 1) << PIT__FORESEE_BITS;
}

static struct pit__process *partner_of(const struct pit__process *p)
{
    uint32_t index = p->partner & INDEX_MASK;

    return index && p->partner >> PIT__FORESEE_BITS < CHANGES ? pit__slots.base + index - 1 : NULL;
}

/* One process more at the far end. Its slot is on its way afterwards, and read a message later. */
static bool look_further(struct pit__sched *s, const struct pit__process *from,
                         const struct pit__process *to)
{
    struct pit__foresight *f = &s->foresight;
    const struct pit__process *last = f->count ? f->ahead[f->count - 1] : to;
    struct pit__process *next = pit__owned_by(last, s) ? partner_of(last) : NULL;

    if (!next || next == from || next == to)
        return false;
    pit__process_prefetch(next);
    f->ahead[f->count++] = next;
    return true;
}

static void fetch_stack(struct pit__sched *s, const struct pit__process *p)
{
    if (pit__owned_by(p, s) && p->stack)
        pit__process_prefetch_stack(p);
}

void pit__foresee(struct pit__sched *s, struct pit__process *from, struct pit__process *to)
{
    struct pit__foresight *f = &s->foresight;
    bool right = f->count && f->ahead[0] == to;

    remember(from, to);
    if (right) {
        f->count--;
        for (unsigned i = 0; i < f->count; i++)
            f->ahead[i] = f->ahead[i + 1];
        f->stacks -= f->stacks > 0;
    } else
        f->count = f->stacks = 0;
    if (look_further(s, from, to) && right && f->count < PIT__FORESEE_FAR)
        look_further(s, from, to);
    if (f->count == PIT__FORESEE_FAR && f->stacks < 2) {
        fetch_stack(s, f->ahead[f->stacks]);
        fetch_stack(s, f->ahead[f->stacks + 1]);
        f->stacks += 2;
    }
}
