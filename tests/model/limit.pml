/*
 * The limit of processes: a scheduler without free slots asks all others for half of what they have (runtime/limit.c).
 *
 * Modelled: a round at each of two schedulers, against each other, with births and ends of processes on all; the inbox of a
 *   scheduler, which keeps the order of pushes of which one is before the other; the round's block, that the last one frees.
 * Abstracted: which slots; messages that wait to be handled (a scheduler handles its inbox when it likes, in order). That a
 *   part's slots are pushed before it is counted is release and acquire of the counter: COUNT_FIRST is what a relaxed one
 *   allows.
 *
 * Invariants
 *   when a round's answer comes, all that was given for it has come before; nobody touches a round that is freed.
 *   No slot is lost or made: used, free and on their way are as many as the table has.
 *   With nobody else in the way one round finds a slot if there is one (ALONE).
 *
 * Also with: ALONE
 * Broken by: COUNT_FIRST HALF_DOWN ANSWER_TWICE
 */
#define SCHEDS 3
#if defined(ALONE) || defined(HALF_DOWN)
#define ASKERS 1
#else
#define ASKERS 2
#endif
#define TABLE 3
#define ANSWER 7 /* else: so many slots */

chan inbox[SCHEDS] = [8] of { byte, byte }; /* what, of whose round */
chan asked[SCHEDS] = [ASKERS] of { byte };  /* rounds that this scheduler has to do its part of */
byte free[SCHEDS];
byte used;              /* slots of processes */
byte under_way;         /* slots in inboxes */
byte given[SCHEDS];     /* of the round of each asker: not yet arrived */
byte left[SCHEDS];
bit freed[SCHEDS];
bit answered[SCHEDS];
byte over;

#define ALL (used + under_way + free[0] + free[1] + free[2])

inline hand_over(s, to)
{
    atomic {
        assert(!freed[to]); /* it looks there for whom */
#ifdef HALF_DOWN
        n = free[s] / 2;
#else
        n = (free[s] + 1) / 2;
#endif
        free[s] = free[s] - n;
        under_way = under_way + n;
        given[to] = given[to] + n;
        if
        :: n > 0 -> inbox[to]!n,to
        :: else
        fi
    }
}

inline count_off(to)
{
    atomic { assert(!freed[to]); left[to]--; last = (left[to] == 0) }
#ifdef ANSWER_TWICE
    last = (left[to] <= 1);
#endif
    if
    :: last -> atomic { inbox[to]!ANSWER,to; assert(!freed[to]); freed[to] = 1 }
    :: else
    fi
}

inline its_part(s, to)
{
#ifdef COUNT_FIRST
    count_off(to);
    hand_over(s, to)
#else
    hand_over(s, to);
    count_off(to)
#endif
}

proctype scheduler(byte s; bit asks)
{
    byte n, what, to;
    bit last;

    if
    :: asks ->
        atomic {
            left[s] = SCHEDS - 1;
            to = 0;
            do
            :: to == SCHEDS -> break
            :: to < SCHEDS && to != s -> asked[to]!s; to++
            :: to == s -> to++
            od
        }
    :: else
    fi;
end:
    do
    :: asked[s]?to -> its_part(s, to)
    :: atomic { inbox[s]?what,to ->
        if
        :: what == ANSWER ->
            assert(!answered[s]);
            answered[s] = 1;
            assert(given[s] == 0); /* all of it has come before */
#if ASKERS == 1
            assert(free[s] > 0 || used == TABLE);
#endif
            over++
        :: else ->
            free[s] = free[s] + what;
            under_way = under_way - what;
            given[s] = given[s] - what
        fi;
        assert(ALL == TABLE) }
#if ASKERS > 1
    :: atomic { free[s] > 0 && over < ASKERS -> free[s]--; used++ }  /* a birth */
    :: atomic { used > 0 && over < ASKERS -> used--; free[s]++ }     /* an end, where it was moved to */
#endif
    od
}

init
{
    byte n;

    atomic {
        do
        :: n < TABLE -> n++;
            if
            :: free[1]++
            :: free[2]++
            :: used++
            fi
        :: else -> break
        od;
        run scheduler(0, 1);
        run scheduler(1, ASKERS > 1);
        run scheduler(2, 0)
    }
    timeout -> assert(over == ASKERS && ALL == TABLE && under_way == 0)
}
