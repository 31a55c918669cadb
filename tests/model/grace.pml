/*
 * Grace periods: what was found without a lock is not freed while it is used.
 *
 * Modelled: a pointer to an object, which writers on two schedulers replace; what they took away waits for a round, in which
 *   a function runs on one scheduler after the other, outside of any process; what comes during a round waits for the next.
 *   A look on a scheduler reads the pointer and uses what it found in two steps, between which nothing else runs there. A
 *   foreign thread looks under the read side of a lock, whose write side is taken before what a round was for is freed.
 * Abstracted: the mutex around the lists is one step; objects are numbers; memory is sequentially consistent (a round's
 *   messages carry the order: runtime/grace.c).
 *
 * Invariants
 *  (1) What is used has not been freed.
 *  (2) When nothing moves any more, all that was taken away has been freed, once.
 *
 * Broken by: SKIPS_A_SCHEDULER JOINS_THE_ROUND NO_FOREIGN_LOCK FREED_AT_ONCE NO_NEXT_ROUND
 */
#define OBJECTS 4 /* the first, and one for each replacement */
#define LOOKS 2   /* of each reader */

#define NOBODY 2

byte now;              /* the object that the pointer leads to */
byte made = 1;         /* objects so far */
bit freed[OBJECTS];
byte waiting, in_round; /* sets of objects, a bit each */
bit round_runs;
byte visit = NOBODY; /* the scheduler that the round's function is under way to */
byte readers;        /* of the foreign lock */

inline release(set)
{
    i = 0;
    do
    :: i < OBJECTS ->
        if
        :: set & (1 << i) -> assert(!freed[i]); freed[i] = 1
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0
}

/* Under the mutex. */
inline begin_round()
{
    if
    :: !round_runs && waiting ->
        in_round = waiting;
        waiting = 0;
        round_runs = 1;
#ifdef SKIPS_A_SCHEDULER
        visit = 1
#else
        visit = 0
#endif
    :: else
    fi
}

proctype scheduler(byte me)
{
    byte i, looks, found, done;

end:
    do
    :: atomic { looks < LOOKS -> looks++; found = now }
        atomic { assert(!freed[found]); found = 0 } /* (1) */
    :: atomic { /* replace it */
        made < OBJECTS ->
        i = now;
        now = made;
        made++;
#ifdef FREED_AT_ONCE
        freed[i] = 1;
#else
        waiting = waiting | (1 << i);
#ifdef JOINS_THE_ROUND
        if
        :: round_runs -> in_round = in_round | waiting; waiting = 0
        :: else
        fi;
#endif
        begin_round();
#endif
        i = 0
    }
    :: atomic { visit == me && me == 0 -> visit = 1 }
    :: atomic {
        visit == me && me == 1 ->
        visit = NOBODY;
        done = in_round;
        in_round = 0;
        round_runs = 0;
#ifndef NO_NEXT_ROUND
        begin_round()
#endif
    }
        atomic {
#ifndef NO_FOREIGN_LOCK
            readers == 0 -> /* the write side, taken and given back */
#endif
            release(done);
            done = 0
        }
    od
}

proctype foreign()
{
    byte looks, found;

    do
    :: atomic { looks < LOOKS -> looks++; readers++ }
        found = now;
        assert(!freed[found]); /* (1) */
        atomic { found = 0; readers-- }
    :: looks == LOOKS -> break
    od
}

init
{
    byte i;

    atomic {
        run scheduler(0);
        run scheduler(1);
        run foreign()
    }
    timeout ->
    d_step {
        for (i : 0 .. OBJECTS - 1) {
            assert(freed[i] == (i < made && i != now)) /* (2) */
        }
    }
}
