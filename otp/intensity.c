/*
 * Restart intensity: see the header.
 */
#include "otp/intensity.h"

#include <pit/process.h>

static struct pit__second *at(struct pit__intensity *i, size_t n)
{
    return &i->ring[(i->first + n) & (i->room - 1)];
}

/* The window is inclusive: a difference of just the period counts. */
static void forget_old(struct pit__intensity *i, int64_t now)
{
    while (i->used && at(i, 0)->second < now - i->period) {
        i->restarts -= at(i, 0)->restarts;
        i->first = (i->first + 1) & (i->room - 1);
        i->used--;
    }
}

static void grow(struct pit__intensity *i)
{
    size_t room = i->room ? 2 * i->room : 8;
    struct pit__second *ring = pit_alloc(room * sizeof *ring);

    for (size_t n = 0; n < i->used; n++)
        ring[n] = *at(i, n);
    pit_free(i->ring);
    i->ring = ring;
    i->room = room;
    i->first = 0;
}

bool pit__intensity_add(struct pit__intensity *i, int64_t now)
{
    forget_old(i, now);
    if (!i->used || at(i, i->used - 1)->second != now) {
        if (i->used == i->room)
            grow(i);
        *at(i, i->used++) = (struct pit__second){now, 0};
    }
    at(i, i->used - 1)->restarts++;
    i->restarts++;
    return i->restarts <= (uint64_t)i->allowed;
}
