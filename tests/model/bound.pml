/*
 * A bound that makes senders wait: nobody waits for ever, and no message comes behind its sender's exit.
 *
 * Modelled: a sender sends its message as ASK and waits for ROOM; an exit signal may end it there, and then it sends CANCEL
 *   before the exit signals of its links. The receiver's owner lets an ASK in if it fits and answers, else it holds it; when
 *   a message leaves the queue it lets in what fits. The receiver may end at any time: it answers what it holds, and
 *   whoever finds an ASK for the dead answers it.
 * Abstracted: all signals go through one queue, which keeps the order of each pair; a message has no size; the hint by
 *   which senders on other schedulers ask seldom is left out, since it decides only whether a message is an ASK.
 *
 * Invariants: no sender waits when nothing moves any more (an invalid end state). When a sender's exit arrives, nothing
 * of it is held, and nothing of it comes in later. An ASK is never held while there is room.
 *
 * Broken by: NO_LET_IN NO_ANSWER_AT_END NO_ANSWER_BY_THE_DEAD NO_CANCEL CANCEL_BEHIND_EXIT
 */
#define SENDERS 3
#define EACH 2
#define BOUND 1
#define KILLS 2 /* these may be killed; who is alike need not be tried in its place */
#define ENDS 1

mtype = { ASK, CANCEL, EXIT };

chan inbox = [8] of { mtype, byte };
chan room[SENDERS] = [2] of { bit };
chan held = [SENDERS] of { byte };

byte queue;
byte ended;
bit alive = 1;
bit gone[SENDERS]; /* its exit has arrived */

active [SENDERS] proctype sender()
{
    byte i;

    do
    :: i < EACH ->
        inbox!ASK, _pid;
        if
        :: atomic { room[_pid]?1 -> i++ }
        :: _pid < KILLS ->
#if !defined(NO_CANCEL) && !defined(CANCEL_BEHIND_EXIT)
            inbox!CANCEL, _pid;
#endif
            inbox!EXIT, _pid;
#ifdef CANCEL_BEHIND_EXIT
            inbox!CANCEL, _pid;
#endif
            break
        fi
    :: else -> break
    od
}

inline let_in(s)
{
    assert(!gone[s]);
    queue++;
    room[s]!1
}

inline let_in_some()
{
    do
    :: nempty(held) && queue < BOUND -> held?other; let_in(other)
    :: else -> break
    od
}

active proctype receiver()
{
    byte s, other;

end:
    do
    :: atomic {
        inbox?ASK, s ->
        if
        :: !alive ->
#ifndef NO_ANSWER_BY_THE_DEAD
            room[s]!1;
#endif
            skip
        :: alive && (nempty(held) || queue >= BOUND) -> held!s
        :: else -> let_in(s)
        fi
    }
    :: atomic {
        inbox?CANCEL, s ->
        if
        :: held??[eval(s)] -> held??eval(s); let_in_some()
        :: else
        fi
    }
    :: atomic { inbox?EXIT, s -> assert(!(held??[eval(s)])); gone[s] = 1 }
    :: atomic {
        alive && queue > 0 -> /* it takes a message */
        queue--;
#ifndef NO_LET_IN
        let_in_some();
#endif
        assert(empty(held) || queue >= BOUND)
    }
    :: atomic {
        alive && ended < ENDS ->
        ended++;
        alive = 0;
        queue = 0;
        do
        :: nempty(held) ->
            held?s;
#ifndef NO_ANSWER_AT_END
            room[s]!1;
#endif
            skip
        :: else -> break
        od
    }
    od
}
