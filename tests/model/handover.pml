/*
 * Hand-over: an idle scheduler asks, a busy one gives half of what is runnable.
 *
 * Modelled: the asker leaves its name with the busy scheduler (one compare-and-swap), which looks at
 *   it at its next scheduling point, and gives if it has two or more. For each process given:
 *   status TRANSIT, the owner store, its place in the chain; then one adopt message with the chain.
 *   Messages arrive meanwhile on the inbox of the owner that the sender read, and are forwarded. A
 *   message may be delivered while a process runs (a send processes the inbox), to it or another.
 * Abstracted: mailbox words (mailbox.pml), what processes do (each run takes one message), the order
 *   of a run queue (any queued process may run next), timers (timer.pml). That an asker wakes again when
 *   there is work is heuristics: it was not given any, it lost none. What touches only what its owner
 *   alone touches is one step with what it follows: nobody can tell when it was done.
 *
 * Invariants
 *  (1) A process is on at most one run queue, its owner's, and there exactly if it is runnable.
 *  (2) What belongs to a process is touched by its owner alone: the old one until the owner store,
 *      the new one after it, which before the adoption appends to the inner queue and no more.
 *      But for the chain: it is the old owner's until the message is sent.
 *  (3) When nothing moves any more, every message has been received and every process waits.
 *
 * Broken by: ENQUEUE_IN_TRANSIT OWNER_FIRST CHAIN_LATE GIVE_RUNNING
 */
#define PROCESSES 3
#define SENT 2
#define REQUESTS 2 /* by both schedulers together */

mtype = { waiting, runnable, running, transit };
mtype = { message, adopt };

chan inbox[2] = [8] of { mtype, byte }; /* to this process; or the chain's scheduler */

byte owner[PROCESSES];
mtype state[PROCESSES];
byte inner[PROCESSES];
byte queued[PROCESSES]; /* 0: on no queue; n: on scheduler n - 1's */
byte length[2];         /* of each run queue */
bit chained[PROCESSES]; /* in the chain that is under way to its owner */
bit asker[2];           /* the other one has left its name here */
byte requests;

inline owned(p) { assert(owner[p] == me) } /* (2) */

inline enqueue(p)
{
    owned(p);
    assert(queued[p] == 0); /* (1) */
    state[p] = runnable;
    queued[p] = me + 1;
    length[me]++
}

inline dequeue(p)
{
    owned(p);
    assert(queued[p] == me + 1 && state[p] == runnable); /* (1) */
    queued[p] = 0;
    length[me]--
}

inline deliver()
{
    owned(p);
    inner[p]++;
    if
    :: state[p] == waiting -> enqueue(p)
#ifdef ENQUEUE_IN_TRANSIT
    :: state[p] == transit -> enqueue(p)
#endif
    :: else
    fi
}

inline adopt_chain()
{
    p = 0;
    do
    :: p < PROCESSES && chained[p] && owner[p] == me ->
        assert(state[p] == transit);
        chained[p] = 0;
        enqueue(p);
        p++
    :: p < PROCESSES && !(chained[p] && owner[p] == me) -> p++
    :: p == PROCESSES -> break
    od;
    p = 0
}

/* Any process on our queue; there is one. */
inline some_queued()
{
    if
    :: queued[0] == me + 1 -> q = 0
    :: queued[1] == me + 1 -> q = 1
    :: queued[2] == me + 1 -> q = 2
    fi
}

inline give(p)
{
#ifdef OWNER_FIRST
    owner[p] = 1 - me;
    owned(p);
    state[p] = transit;
#else
    owned(p);
    state[p] = transit;
    owner[p] = 1 - me;
#endif
#ifndef CHAIN_LATE
    chained[p] = 1
#endif
}

#define NONE PROCESSES

proctype scheduler(byte me)
{
    mtype kind;
    byte p, q, half, to = me;
    byte on_core = NONE; /* the process that runs here */

end:
    do
    :: atomic { /* at any time: a process that runs may send, and that delivers */
        to == me && nempty(inbox[me]) -> inbox[me]?kind, p;
        if
        :: kind == adopt -> adopt_chain()
        :: kind == message ->
            to = owner[p];
            if
            :: to == me -> deliver(); p = 0
            :: else /* forwarded in a step of its own: it may have a new owner by then */
            fi
        fi;
        kind = 0
    }
    :: atomic { to != me -> inbox[to]!message, p; to = me; p = 0 }
    :: atomic {
        to == me && on_core == NONE && asker[me] ->
        asker[me] = 0;
        half = (length[me] >= 2 -> (length[me] + 1) / 2 : 0);
        if
        :: half > 0 -> some_queued(); dequeue(q); give(q); half--
        :: else -> goto next
        fi
    }
        do
        :: atomic { half > 0 -> some_queued(); dequeue(q); give(q); half-- }
        :: atomic {
            half == 0 -> inbox[1 - me]!adopt, 0;
#ifndef CHAIN_LATE
            q = 0;
#endif
            break
        }
        od;
#ifdef CHAIN_LATE
        atomic { chained[q] = 1; q = 0 }
#endif
next:
        skip
    :: atomic {
        to == me && on_core == NONE && length[me] > 0 ->
        some_queued();
        dequeue(q);
        state[q] = running;
        on_core = q;
        q = 0
    }
    :: atomic {
        to == me && on_core != NONE ->
        owned(on_core);
        assert(state[on_core] == running && inner[on_core] > 0);
        inner[on_core]--;
        if
        :: inner[on_core] > 0 -> enqueue(on_core)
        :: else -> state[on_core] = waiting
        fi;
        on_core = NONE
    }
#ifdef GIVE_RUNNING
    :: atomic {
        to == me && on_core != NONE && asker[me] ->
        asker[me] = 0;
        give(on_core);
        inbox[1 - me]!adopt, 0
    }
#endif
    :: atomic {
        to == me && on_core == NONE && length[me] == 0 && requests < REQUESTS ->
        requests++;
        asker[1 - me] = 1
    }
    od
}

proctype foreign()
{
    byte i, p, to;

    do
    :: atomic {
        i < SENT ->
        if
        :: p = 0
        :: p = 1
        fi;
        to = owner[p]
    }
        atomic { inbox[to]!message, p; p = 0; to = 0; i++ }
    :: else -> break
    od
}

init
{
    byte k;

    atomic { /* all on scheduler 0, each with a message */
        d_step {
            for (k : 0 .. PROCESSES - 1) {
                state[k] = runnable;
                queued[k] = 1;
                inner[k] = 1
            }
            length[0] = PROCESSES
        }
        run scheduler(0);
        run scheduler(1);
        run foreign()
    }
    timeout ->
    d_step {
        for (k : 0 .. PROCESSES - 1) {
            assert(state[k] == waiting && inner[k] == 0 && queued[k] == 0) /* (3) */
        }
    }
}
