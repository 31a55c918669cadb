/*
 * A walk that sets a trace on all processes there are, while one of them is handed over again and
 * again (runtime/trace_walk.c, balance.c).
 *
 * Modelled: the two rounds, whose parts lie in the schedulers' inboxes, with what is handed over, in
 *   the order of their pushes; a part in pieces: it begins, by putting the walk on its scheduler's
 *   list, and comes by the process later, if it owns it then and it is not under way; the two steps
 *   of a hand-over, owner first (H2), then the message (H3).
 * Abstracted: all other processes; more than one walk; births, which PIT_TRACE_NEW is about.
 *
 * Invariants
 *   when the walk is over the process has its trace. No list holds the walk then.
 *
 * Broken by: ONE_ROUND NOT_LISTED LISTED_BEHIND UNORDERED
 */
#define SCHEDS 3
#define MOVES 3

#define BEGIN 1 /* the first round's message */
#define GO_ON 2 /* the part's next piece */
#define OFF 3   /* the second round's */
#define ADOPT 4

chan inbox[SCHEDS] = [5] of { byte };
bit listed[SCHEDS];
byte owner;
bit transit;
bit traced;
byte left = SCHEDS;
bit second; /* round */
bit over;
byte moves;

inline part_over()
{
    atomic {
        left--;
        if
        :: left > 0
        :: left == 0 && !second ->
#ifdef ONE_ROUND
            over = 1
#else
            second = 1;
            left = SCHEDS;
            k = 0;
            do
            :: k < SCHEDS -> inbox[k]!OFF; k++
            :: else -> break
            od
#endif
        :: left == 0 && second -> over = 1
        fi;
        k = 0
    }
}

inline come_by(s)
{
    if
    :: owner == s && !transit -> traced = 1
    :: else
    fi
}

inline handle(s)
{
    if
    :: what == BEGIN ->
#if !defined(NOT_LISTED) && !defined(LISTED_BEHIND)
        listed[s] = 1;
#endif
        inbox[s]!GO_ON
    :: what == GO_ON ->
        come_by(s);
#ifdef LISTED_BEHIND
        inbox[s]!GO_ON + 10
    :: what == GO_ON + 10 ->
        listed[s] = 1;
#endif
#ifdef ONE_ROUND
        listed[s] = 0;
#endif
        part_over()
    :: what == OFF ->
        listed[s] = 0;
        part_over()
    :: what == ADOPT -> /* H4 */
        atomic {
            if
            :: listed[s] -> traced = 1
            :: else
            fi;
            transit = 0
        }
    fi
}

proctype scheduler(byte s)
{
    byte what, to, k;

end:
    do
#ifdef UNORDERED
    :: atomic { inbox[s]??[OFF] -> inbox[s]??OFF; what = OFF }; handle(s)
#endif
    :: inbox[s]?what -> handle(s)
    :: atomic { owner == s && !transit && moves < MOVES ->
            moves++;
            transit = 1; /* H1 */
            if
            :: to = (s + 1) % SCHEDS
            :: to = (s + 2) % SCHEDS
            fi }
        owner = to;      /* H2 */
        inbox[to]!ADOPT  /* H3 */
    od
}

init
{
    byte k;

    atomic {
        do
        :: k < SCHEDS -> inbox[k]!BEGIN; run scheduler(k); k++
        :: else -> break
        od
    }
    over;
    assert(traced);
    assert(!listed[0] && !listed[1] && !listed[2])
}
