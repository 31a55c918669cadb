/*
 * Sleep and wake: no wake-up is lost.
 *
 * Modelled: a scheduler that finds nothing stores `sleeping`, fences, reads its inbox again and
 *   waits in the driver; a sender that turned the inbox from empty fences, tests `sleeping`,
 *   exchanges it with 0 and, if it was set, writes the eventfd. That is never read. A multishot poll
 *   on it completes for each write while it is armed, and at once if it is armed after a write; it
 *   may end at any completion, and is then armed again by the call that waits next, after the inbox
 *   was read. A timer may end a wait as well. The scheduler's stores to `sleeping` pass through a
 *   store buffer, as on every machine; without its fence the sender's test may be done before its
 *   push is visible, as on machines where a compare-and-swap is no fence (on x86-64 it is one).
 * Abstracted: the inbox is a number of messages; pushing and taking are one step each.
 *
 * Invariant: when nothing moves any more, all that was pushed has been taken. The scheduler's
 * last wait has no timeout, so a lost wake-up is a message that stays.
 *
 * Broken by: NO_SLEEPER_FENCE NO_SENDER_FENCE NO_REREAD NO_REARM ARMED_DEAF SLEEP_THEN_READ
 */
#define SENDERS 2
#define EACH 2
#define TIMERS 1 /* waits that a timer ends */
#define STOPS 2  /* completions with which the poll ends */

byte inbox; /* pushed, not taken */
byte taken;

bit sleeping;                 /* as other cores see it */
chan buffer = [2] of { bit }; /* stores to it by the scheduler that they do not see yet */

bit written;    /* the eventfd: it stays readable */
bit armed = 1;  /* the poll on it */
bit event;      /* a write that the poll has not told */
bit completion; /* of the poll, not reaped */
bit ended;      /* that completion was its last */
byte stops;
byte timers;

inline store_sleeping(value) { buffer!value }
inline fence() { empty(buffer) } /* waits until all is visible */

active proctype store_buffer()
{
    bit value;
end:
    do
    :: atomic { buffer?value -> sleeping = value }
    od
}

active proctype kernel()
{
end:
    do
    :: atomic { event && !completion -> event = 0; completion = 1; ended = 0 }
    :: atomic {
        event && !completion && stops < STOPS ->
        stops++;
        event = 0;
        completion = 1;
        ended = 1;
        armed = 0
    }
    od
}

inline write_eventfd() { atomic { written = 1; event = event | armed } }

inline arm()
{
#ifdef ARMED_DEAF
    armed = 1
#else
    atomic { armed = 1; event = written }
#endif
}

inline reap() { atomic { completion = 0; disarmed = disarmed | ended } }

active proctype scheduler()
{
    bit disarmed;

    do
    :: atomic { taken = taken + inbox; inbox = 0 }
#ifdef SLEEP_THEN_READ
        if
        :: inbox != 0 -> goto again
        :: else
        fi;
#endif
        store_sleeping(1);
#ifndef NO_SLEEPER_FENCE
        fence();
#endif
#if !defined(NO_REREAD) && !defined(SLEEP_THEN_READ)
        if
        :: inbox != 0 -> store_sleeping(0); goto again
        :: else
        fi;
#endif
#ifndef NO_REARM
        if
        :: disarmed -> arm(); disarmed = 0 /* submitted by the call that waits */
        :: else
        fi;
#endif
end_wait:
        if
        :: completion -> reap()
        :: timers < TIMERS -> timers++
        fi;
        store_sleeping(0);
again:
    od
}

active [SENDERS] proctype sender()
{
    byte i;
    bit first, seen;

    do
    :: i < EACH ->
#ifdef NO_SENDER_FENCE
        seen = sleeping;
#endif
        atomic { first = (inbox == 0); inbox++ }
        if
        :: first ->
            if
#ifdef NO_SENDER_FENCE
            :: true /* the load was done before the push */
#endif
            :: seen = sleeping
            fi;
            if
            :: seen ->
                atomic { seen = sleeping; sleeping = 0 }
                if
                :: seen -> write_eventfd()
                :: else
                fi
            :: else
            fi
        :: else
        fi;
        i++
    :: else -> break
    od
}

init
{
    timeout -> assert(inbox == 0 && taken == SENDERS * EACH)
}
