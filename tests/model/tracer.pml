/*
 * The place of a tracer: opened, used by events, closed by who likes or with its process, and another's (runtime/tracer.c).
 *
 * Modelled: one place, whose process lives on scheduler 0; two who close the tracer, by its id; the process's end at any moment;
 *   an event on each scheduler, which looks the id up and then uses the place; the closing walk, a part on each scheduler between
 *   events; one who takes the place when it is free, for the next tracer, whose id is another.
 * Abstracted: lanes, limits and what is delivered; the request by which who has closed lets go of the process's resource, a step
 *   of scheduler 0.
 *
 * Invariants
 *   the place is not given to another while an event, a walk or the process's resource uses it.
 *   Each of the two uses (the opening's, the resource's) ends once; closing happens once, whoever comes first.
 *   In the end the place is free, or the next one's.
 *
 * Broken by: NO_WALK CLAIM_BY_STORE LATE_DISOWN USE_ONCE
 */
#define SCHEDS 2

byte id = 1;        /* 0: closed; 1: ours; 2: the next one's */
byte uses = 2;      /* the opening's and the resource's */
bit mine_over;      /* the place is the next one's */
bit alive = 1;      /* the process, and it holds the resource */
bit ending;         /* scheduler 0 is at it */
byte walks;         /* closing walks that were begun */
byte parts;         /* of the walk: not yet done */
byte due[SCHEDS];   /* parts that wait on each scheduler */
bit walk_over;
byte events;        /* under way */

inline release() { atomic { assert(uses > 0 && !mine_over); uses-- } }

/* claimed: the caller is who turned the id to 0 */
inline claim()
{
#ifdef CLAIM_BY_STORE
    claimed = (id == 1);
    if
    :: claimed -> id = 0
    :: else
    fi
#else
    atomic {
        claimed = (id == 1);
        if
        :: claimed -> id = 0
        :: else
        fi
    }
#endif
}

inline walk()
{
    atomic {
        walks++;
        assert(walks == 1 && !mine_over);
        parts = SCHEDS;
        due[0]++;
        due[1]++
    }
#ifdef NO_WALK
    release()
#endif
}

proctype scheduler(byte s)
{
    bit found, claimed;

end:
    do
    :: atomic { id == 1 -> found = 1; events++ } /* an event: the id is its own */
        if
        :: found -> assert(!mine_over); found = 0; events--
        fi
    :: atomic { due[s] > 0 -> due[s]-- }
        atomic { parts--; claimed = (parts == 0) }
#ifndef NO_WALK
        if
        :: claimed -> release(); walk_over = 1
        :: else
        fi
#else
        walk_over = 1
#endif
    :: atomic { s == 0 && alive -> ending = 1 } /* the process ends: owner_ended */
        claim();
        if
        :: claimed -> walk()
        :: else
        fi;
        atomic {
            alive = 0;
            ending = 0;
#ifndef USE_ONCE
            release()
#endif
        }
    od
}

/* on_owner_disown is a step of scheduler 0: the process is ended before it or after it, not meanwhile. */
proctype closer()
{
    bit claimed;

    claim();
    if
    :: claimed ->
        walk();
        walk_over;
#ifdef LATE_DISOWN
        release()
#else
        atomic {
            !ending;
            if
            :: alive -> alive = 0; release()
            :: else
            fi
        }
#endif
    :: else
    fi
}

proctype next()
{
    atomic { uses == 0 -> uses = 1; assert(events == 0 && parts == 0 && !alive); mine_over = 1 }
    id = 2
}

init
{
    atomic {
        run scheduler(0);
        run scheduler(1);
        run closer();
        run closer();
        run next()
    }
    timeout -> assert(mine_over && walks == 1 && id == 2)
}
