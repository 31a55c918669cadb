/*
 * Timers: one that fires and one that is cancelled are never the same, wherever their process is.
 *
 * Modelled: a timer is a record of the process that it will send to, and stands in the wheel of that process's scheduler;
 *   two schedulers hand the process to and fro (H1 to H4 of runtime/balance.c). A process elsewhere starts it, by a signal,
 *   then cancels it and waits for the answer, then cancels it again without waiting. The process itself may cancel it too:
 *   at once where nothing is under way to it, else by a signal. The process may end, in pieces, with all of that under way:
 *   what finds it ending is put off (who waits) or looks at what is left (who does not), what finds it gone is answered.
 * Abstracted: the wheel (its tests'): a timer may fire at any moment at which it stands in one; the road of signals
 *   (mailbox.pml), so what is under way to the process is a queue that its owner takes from.
 *
 * Invariants
 *  (1) Of a process that lives a timer sends once, or one cancel says that it was active: never both, never neither.
 *  (2) A timer stands in one wheel at most, that of its process's owner; only that one fires it.
 *  (3) A cancel that says "no such timer" of a living process comes behind the timer's message.
 *  (4) Each question is answered once.
 *
 * Broken by: WHEEL_KEPT ADOPT_ADDS_ALL FIRE_KEEPS_RECORD CANCEL_KEEPS_WHEEL DEAD_IS_SILENT PUT_OFF_IS_LOST ARMED_BY_ANYONE
 */
#define MOVES 3
#define NOWHERE 2

mtype = { start, ask, ask_async };
mtype = { living, ending, vanished, gone };

chan road = [4] of { mtype, byte }; /* to the process: what, and who asks */
chan put_off = [2] of { byte };

#define ASKER 0
#define ITSELF 1

mtype status = living;
byte owner, at; /* at: NOWHERE in transit */
byte moves;
bit ends; /* chosen at the start: what may happen must not happen */
bit record;
byte wheel[2]; /* how often the timer stands in it */
bit answered[2], waits[2]; /* who waits for an answer */
byte asked, told;          /* questions without waiting, and their answers */

byte sent, cancelled; /* ghosts */

#define active (record)

inline forget()
{
    record = 0;
#ifndef CANCEL_KEEPS_WHEEL
    wheel[me] = 0;
#endif
    cancelled++;
    assert(cancelled == 1 && sent == 0) /* (1) */
}

/* The owner looks whether the timer is there. */
inline look()
{
    assert(owner == me);
    if
    :: active && status != gone -> forget()
    :: else -> assert(status != living || sent + cancelled == 1) /* (3) */
    fi
}

inline answer(who)
{
    assert(!answered[who]); /* (4) */
    answered[who] = waits[who] /* but for who has ended meanwhile */
}

inline signal(kind, who)
{
    assert(owner == me);
    if
    :: kind == start ->
        if
        :: status == living || status == ending ->
            record = 1;
            wheel[me]++;
            assert(wheel[0] + wheel[1] == 1) /* (2) */
        :: else /* it comes to nothing */
        fi
    :: kind == ask ->
        if
        :: status == ending || status == vanished -> put_off!who
#ifdef DEAD_IS_SILENT
        :: status == gone -> skip
#else
        :: status == gone -> answer(who)
#endif
        :: status == living -> look(); answer(who)
        fi
    :: kind == ask_async ->
        if
        :: status == living || status == ending -> look()
        :: else
        fi;
        told++
    fi
}

proctype scheduler(byte me)
{
    mtype kind;
    byte who;

end:
    do
    :: atomic { owner == me && nempty(road) -> road?kind, who; signal(kind, who); who = 0 }

    /* A wheel fires what is in it, wherever its process has gone. */
    :: atomic {
        wheel[me] > 0 ->
        assert(owner == me && record); /* (2) */
        wheel[me]--;
        sent++;
        assert(sent == 1 && cancelled == 0); /* (1) */
#ifndef FIRE_KEEPS_RECORD
        record = 0
#endif
    }

    /* Handed over. */
    :: atomic {
        at == me && status == living && moves < MOVES ->
        moves++;
#ifndef WHEEL_KEPT
        wheel[me] = 0; /* H1 */
#endif
        at = NOWHERE;
        owner = 1 - me /* H2 */
    }
    :: atomic { /* H4: what was started meanwhile stands in the wheel already */
        at == NOWHERE && owner == me ->
        at = me;
        if
#ifdef ADOPT_ADDS_ALL
        :: record ->
#else
        :: record && wheel[me] == 0 ->
#endif
            wheel[me]++;
            assert(wheel[0] + wheel[1] == 1) /* (2) */
        :: else
        fi
    }

    /* It cancels the timer itself: at once, if nothing is under way. It is one question a life. */
    :: atomic {
        at == me && status == living && !waits[ITSELF] && !answered[ITSELF] && asked > 0 ->
        waits[ITSELF] = 1;
        if
        :: empty(road) -> look(); answer(ITSELF)
        :: nempty(road) -> road!ask, ITSELF
        fi
    }

    /* It ends: piece by piece. */
    :: atomic { ends && at == me && status == living -> status = ending }
    :: atomic { at == me && status == ending -> status = vanished; waits[ITSELF] = 0 }
    :: atomic { at == me && status == vanished && record -> record = 0; wheel[me] = 0 }
    :: atomic {
        at == me && status == vanished && !record ->
        do
        :: nempty(put_off) ->
            put_off?who;
#ifndef PUT_OFF_IS_LOST
            if
            :: who == ASKER -> answer(who)
            :: else /* it is itself */
            fi
#endif
        :: empty(put_off) -> break
        od;
        who = 0;
        status = gone
    }
    od
}

/* Elsewhere. It knows that the timer was started once it has sent that: its later signals come behind. */
proctype asker()
{
#ifdef ARMED_BY_ANYONE
    atomic { record = 1; wheel[0]++ } /* in the wheel of its own scheduler, without asking whose the process is */
#else
    road!start, ASKER;
#endif
    asked = 1;
    if
    :: atomic { waits[ASKER] = 1; road!ask, ASKER }
        answered[ASKER]
    :: skip
    fi;
    asked = 2;
    road!ask_async, ASKER
}

init
{
    atomic {
        if
        :: ends = 1
        :: skip
        fi;
        run scheduler(0);
        run scheduler(1);
        run asker()
    }
    timeout ->
    assert(status == (ends -> gone : living));
    assert(told == 1 && (!waits[ASKER] || answered[ASKER])); /* (4) */
    assert(status == gone || (sent + cancelled == 1 && !record)); /* (1) */
    assert(wheel[0] + wheel[1] == 0)
}
