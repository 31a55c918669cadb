#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/stderr.h"

/* SIGILL inside the runtime: the fault handler writes the crash dump and ends the node. n: of
   snprintf. */
_Noreturn static void end(const char *text, size_t room, int n)
{
    if (n > 0)
        (void)pit__stderr_write(text, (size_t)n < room ? (size_t)n : room - 1);
    __builtin_trap();
}

_Noreturn void pit__assert_failed(const char *what, const char *file, int line)
{
    char text[512];

    end(text, sizeof text,
        snprintf(text, sizeof text, "pitboss: broken invariant: %s, %s:%d\n", what, file, line));
}

_Noreturn void pit__memory_ran_out(const char *file, int line)
{
    char text[512];

    end(text, sizeof text,
        snprintf(text, sizeof text,
                 "pitboss: no memory for a signal between processes, which must not be lost: the "
                 "node ends (%s:%d). "
                 "Give it more (ulimit -v, memory.max of its cgroup), or bound its processes and "
                 "mailboxes\n",
                 file, line));
}

#ifdef PIT_POINTS
#include <sched.h>
#include <stdint.h>

#include "base/oracle.h"

/* PIT_POINT_ODDS, or 16: one passage in so many waits. */
static uint64_t point_odds(void)
{
    const char *s = getenv("PIT_POINT_ODDS");

    return s && atoi(s) > 0 ? (uint64_t)atoi(s) : 16;
}

/* Most passes stay fast, so that races of three steps can be met too. */
void pit__point(const char *name)
{
    static _Thread_local struct pit__chance chance;
    static _Thread_local uint64_t odds;
    uint64_t r;

    (void)name;
    if (!chance.state) {
        const char *seed = getenv("PIT_SEED");
        pit__chance_seed(&chance,
                         (seed ? strtoull(seed, NULL, 0) : pit__entropy()) ^ (uintptr_t)&chance);
        odds = point_odds();
    }
    r = pit__chance_next(&chance);
    if ((r >> 32) % odds)
        return;
    if (r & 16)
        sched_yield();
    else
        for (volatile unsigned i = 0; i < ((r >> 8) & 1023); i++)
            ;
}
#endif
