/*
 * Receive buffers that come back from other threads: who starves for them is woken, and each is counted once.
 *
 * Modelled: others push buffers on a list and then, if they are awaited, write the wake-up; the owner, with too few of them,
 *   stores `awaited`, looks at the list once more and sleeps; woken, it takes the whole list. Its store passes through a
 *   store buffer, as on every machine, and is fenced (a sequentially consistent store).
 * Abstracted: the list is a number; the wake-up itself (sleep.pml): once written it ends a wait.
 *
 * Invariants: when nothing moves any more, the owner has its buffers and goes on. None is counted twice.
 *
 * Broken by: NO_SECOND_LOOK NO_FENCE READ_FIRST AWAITED_LATE
 */
#define OTHERS 3
#define ENOUGH 3 /* all of them: the last one's wake-up must not be lost */

byte list;    /* pushed, not collected */
byte here;    /* collected */
bit awaited;  /* as other cores see it */
chan buffer = [1] of { bit }; /* the owner's store to it that they do not see yet */
bit wake;
bit fed;

active proctype store_buffer()
{
    bit value;
end:
    do
    :: atomic { buffer?value -> awaited = value }
    od
}

inline collect() { atomic { here = here + list; list = 0; assert(here <= OTHERS) } }

active proctype owner()
{
    do
    :: true ->
        collect();
        if
        :: here >= ENOUGH -> break
        :: else
        fi;
#ifndef AWAITED_LATE
        buffer!1;
#ifndef NO_FENCE
        empty(buffer);
#endif
#endif
#ifndef NO_SECOND_LOOK
        collect();
        if
        :: here >= ENOUGH -> break
        :: else
        fi;
#endif
#ifdef AWAITED_LATE
        buffer!1;
        empty(buffer);
#endif
        atomic { wake -> wake = 0 }
    od;
    fed = 1
}

active [OTHERS] proctype other()
{
    bit seen;

#ifdef READ_FIRST
    seen = awaited;
    list++;
#else
    list++;
    seen = awaited;
#endif
    if
    :: seen -> wake = 1
    :: else
    fi
}

init
{
    timeout -> assert(fed && here == OTHERS && list == 0)
}
