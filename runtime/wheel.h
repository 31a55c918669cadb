/*
 * Wheel: the timers of one scheduler, in ticks of 2^16 ns. Owner only. The argument is in wheel.c.
 */
#ifndef PIT_RUNTIME_WHEEL_H
#define PIT_RUNTIME_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIT__TICK_SHIFT 16
#define PIT__WHEEL_LEVELS 5
#define PIT__WHEEL_SLOTS 512

struct pit__timer {
    struct pit__timer *next, *prev; /* a ring, those of one slot; prev NULL: not armed */
    int64_t when_ns;
    uint8_t what; /* the holder's own: which kind of timer this is */
    uint8_t level;
    uint16_t slot;
    uint32_t reserved;
};

struct pit__wheel {
    uint64_t now; /* the next tick to be fired; all before it have been */
    uint32_t armed;
    uint64_t bits[PIT__WHEEL_LEVELS][PIT__WHEEL_SLOTS / 64];       /* slots that are not empty */
    struct pit__timer *slots[PIT__WHEEL_LEVELS][PIT__WHEEL_SLOTS]; /* the first of each */
};

void pit__wheel_init(struct pit__wheel *w, int64_t now_ns);

/* Arm a timer that is not armed; a time that has passed fires at the next advance. */
void pit__wheel_add(struct pit__wheel *w, struct pit__timer *t, int64_t when_ns);

/* No effect if it is not armed. */
void pit__wheel_remove(struct pit__wheel *w, struct pit__timer *t);

static inline bool pit__timer_armed(const struct pit__timer *t) { return t->prev != NULL; }

/* Fire what is due at now_ns, never early, at most `most` timers; then whoever calls comes again
   soon. fire may add and remove timers. Returns whether something due is left. */
bool pit__wheel_advance(struct pit__wheel *w, int64_t now_ns, unsigned most,
                        void (*fire)(struct pit__timer *t, void *context), void *context);

/* When advance is worth calling next: never later than the first timer; INT64_MAX: none is
   armed. */
int64_t pit__wheel_next(const struct pit__wheel *w);

#endif
