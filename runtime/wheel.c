/*
 * Wheel: a hierarchy of five levels; a slot of level n spans 2^(8n) ticks: 65 us, 17 ms, 4.3 s, 18
 * min, 78 h.
 *
 * A timer stands on the lowest level that reaches it: a level has 512 slots, 256 of which span one
 * slot of the level above. So the slot of level n+1 that comes next can be spread over level n
 * while its predecessor is still being served, MOVE timers a call. Spread at once, a million timers
 * took 20 ms, in which nobody ran.
 *
 * Invariants
 *  (1) A timer fires in a tick that begins at or after its time: times are rounded up. Spec:
 *      TIMER-3.
 *  (2) `now` passes a tick only when its slot on level 0 is empty, and enters a slot of level n+1
 *      only when that slot is empty, that is, spread over level n.
 *  (3) Every armed timer is on the level and slot that it says, and that slot's bit is set.
 *  (4) The timers of a slot stand in the order in which they came there: of one process's timers
 *      that fall into one tick the first to be started fires first. Nobody may rely on it: those
 *      that wait for longer come down from a higher level, perhaps behind later ones. Spec: TIMER-3.
 *
 * A time further away than the top level's 833 days waits in its last slot and is placed anew from
 * there.
 */
#include "runtime/wheel.h"

#include <string.h>

#include "base/assert.h"

#define LEVEL_BITS 8
#define MASK (PIT__WHEEL_SLOTS - 1)
#define MOVE 256 /* timers spread in one call: some microseconds */

static inline uint64_t tick_of(int64_t ns)
{
    return ns <= 0 ? 0 : ((uint64_t)ns + (1u << PIT__TICK_SHIFT) - 1) >> PIT__TICK_SHIFT;
}

void pit__wheel_init(struct pit__wheel *w, int64_t now_ns)
{
    memset(w, 0, sizeof *w);
    w->now = (uint64_t)now_ns >> PIT__TICK_SHIFT;
}

/* The lowest level on which so many ticks are no more slots than there are: 9 bits on the lowest, 8
   more on each. */
static inline unsigned level_of(uint64_t ticks)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(ticks | 3);

    return (bits - 2) / LEVEL_BITS;
}

static void place(struct pit__wheel *w, struct pit__timer *t)
{
    uint64_t tick = tick_of(t->when_ns);
    unsigned level;
    struct pit__timer **head, *first;

    if (tick < w->now)
        tick = w->now;
    level = level_of(tick - w->now);
    if ((tick >> (LEVEL_BITS * level)) - (w->now >> (LEVEL_BITS * level)) > MASK)
        level++; /* it would be reached but for where now stands in its slot */
    if (PIT__UNLIKELY(level >= PIT__WHEEL_LEVELS)) {
        level = PIT__WHEEL_LEVELS - 1;
        tick = ((w->now >> (LEVEL_BITS * level)) + MASK) << (LEVEL_BITS * level);
    }
    t->level = (uint8_t)level;
    t->slot = (uint16_t)((tick >> (LEVEL_BITS * level)) & MASK);
    head = &w->slots[level][t->slot];
    first = *head;
    if (!first) {
        *head = t->next = t->prev = t;
    } else {
        t->next = first;
        t->prev = first->prev;
        t->prev->next = first->prev = t;
    }
    w->bits[level][t->slot / 64] |= UINT64_C(1) << (t->slot % 64);
}

static void unlink_timer(struct pit__wheel *w, struct pit__timer *t)
{
    struct pit__timer **head = &w->slots[t->level][t->slot];

    if (t->next == t) {
        *head = NULL;
        w->bits[t->level][t->slot / 64] &= ~(UINT64_C(1) << (t->slot % 64));
    } else {
        t->prev->next = t->next;
        t->next->prev = t->prev;
        if (*head == t)
            *head = t->next;
    }
    t->prev = NULL;
}

void pit__wheel_add(struct pit__wheel *w, struct pit__timer *t, int64_t when_ns)
{
    PIT_ASSERT(!t->prev);
    t->when_ns = when_ns;
    place(w, t);
    w->armed++;
}

void pit__wheel_remove(struct pit__wheel *w, struct pit__timer *t)
{
    if (!t->prev)
        return;
    unlink_timer(w, t);
    w->armed--;
}

/* Spread up to *budget timers of a slot over the levels below. */
static void spread(struct pit__wheel *w, unsigned level, unsigned slot, unsigned *budget)
{
    struct pit__timer *t;

    while (*budget && (t = w->slots[level][slot])) {
        unlink_timer(w, t);
        place(w, t);
        --*budget;
        if (t->level == level && t->slot == slot)
            return; /* further away than the top level reaches */
    }
}

/* Invariant (2): what stands in the way of entering tick `now`, from the top down. */
static void enter(struct pit__wheel *w)
{
    unsigned all = UINT32_MAX;

    for (unsigned level = PIT__WHEEL_LEVELS - 1; level > 0; level--)
        if (!(w->now & ((UINT64_C(1) << (LEVEL_BITS * level)) - 1)))
            spread(w, level, (unsigned)(w->now >> (LEVEL_BITS * level)) & MASK, &all);
}

/* The slots that will be entered next, ahead of time. */
static void spread_ahead(struct pit__wheel *w)
{
    unsigned budget = MOVE;

    for (unsigned level = 1; level < PIT__WHEEL_LEVELS && budget; level++)
        spread(w, level, (unsigned)((w->now >> (LEVEL_BITS * level)) + 1) & MASK, &budget);
}

/* How many slots from `from` on the first set bit is, or PIT__WHEEL_SLOTS. */
static unsigned first_set(const uint64_t *bits, unsigned from)
{
    for (unsigned i = 0; i <= PIT__WHEEL_SLOTS / 64; i++) {
        unsigned word = (from / 64 + i) % (PIT__WHEEL_SLOTS / 64);
        uint64_t b = bits[word];

        if (i == 0)
            b &= ~UINT64_C(0) << (from % 64);
        else if (i == PIT__WHEEL_SLOTS / 64)
            b &= ~(~UINT64_C(0) << (from % 64));
        if (b)
            return (word * 64 + (unsigned)__builtin_ctzll(b) - from) & MASK;
    }
    return PIT__WHEEL_SLOTS;
}

/*
 * The next tick at which there is something to fire or to enter; not before now. UINT64_MAX:
 * nothing. On the levels above 0 the slot of `now` is empty (2), so an empty slot of level 0 at
 * `now` means that the answer is later.
 */
static uint64_t next_tick(const struct pit__wheel *w)
{
    uint64_t best = UINT64_MAX;

    for (unsigned level = 0; level < PIT__WHEEL_LEVELS; level++) {
        unsigned shift = LEVEL_BITS * level;
        uint64_t base = w->now >> shift, tick;
        unsigned ahead = first_set(w->bits[level], (unsigned)base & MASK);

        if (ahead == PIT__WHEEL_SLOTS)
            continue;
        tick = (base + ahead) << shift;
        if (tick < w->now)
            tick = w->now;
        if (tick < best)
            best = tick;
    }
    return best;
}

int64_t pit__wheel_next(const struct pit__wheel *w)
{
    uint64_t tick = w->armed ? next_tick(w) : UINT64_MAX;

    return tick > (uint64_t)INT64_MAX >> PIT__TICK_SHIFT ? INT64_MAX
                                                         : (int64_t)(tick << PIT__TICK_SHIFT);
}

bool pit__wheel_advance(struct pit__wheel *w, int64_t now_ns, unsigned most,
                        void (*fire)(struct pit__timer *t, void *context), void *context)
{
    /* the tick under way: what is due at its beginning is due */
    uint64_t until = (uint64_t)now_ns >> PIT__TICK_SHIFT;

    if (!w->armed) {
        if (until > w->now)
            w->now = until;
        return false;
    }
    while (w->now <= until) {
        struct pit__timer *t;

        while ((t = w->slots[0][w->now & MASK])) {
            if (!most--)
                return true;
            unlink_timer(w, t);
            w->armed--;
            fire(t, context);
        }
        if (w->now == until)
            break;
        w->now = next_tick(w);
        if (w->now > until)
            /* whatever was skipped is empty on every level, or next_tick would have named it */
            w->now = until;
        if (!(w->now & 255))
            enter(w);
    }
    spread_ahead(w);
    return false;
}
