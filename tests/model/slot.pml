/*
 * Reuse of a slot: late mail finds nobody but the process that it was sent to.
 *
 * Modelled: one slot that is spawned in, exited from and spawned in again, its generation counted
 *   up; it is handed between two schedulers while it lives, and given from one to the other while
 *   it is free; at any time it has an owner, who drains late mail; foreign senders that know every pid that ever was, and send messages and signals that
 *   need an answer, through the mailbox word (mailbox.pml). The word is not touched by spawn or exit.
 * Abstracted: generations do not wrap (a slot whose generations are used up is retired); who asks is
 *   not modelled, only that each question gets one answer.
 *
 * Invariants
 *  (1) What is delivered was sent to this generation, and that generation lives.
 *  (2) A message to a process that lives to the end is delivered.
 *  (3) Each question is answered exactly once: by the process, or noproc by the slot's owner.
 *  (4) Only the owner delivers, discards, spawns and exits; one carrier between two takes.
 *
 * Broken by: NO_GENERATION WORD_RESET FREE_UNOWNED
 */
#define LAST 2  /* generation, which lives to the end; 0 and 1 exit */
#define SENT 3  /* by both senders together: a carrier, and two in the list */
#define MOVES 2
#define NOWHERE 2

mtype = { message, question };
mtype = { carrier, adopt };

chan inbox[2] = [4] of { mtype, mtype, byte }; /* what, its kind, its generation */

byte generation;
bit alive = 1;
byte owner;
byte at; /* the scheduler that has adopted it; NOWHERE in transit */
byte moves;

bit word;
byte length;
mtype list_kind[SENT];
byte list_generation[SENT];

byte carriers, asked, answered, sent_last, got_last; /* ghosts */

inline consume(kind, target)
{
    d_step {
        assert(owner == me); /* (4) */
        if
#ifdef NO_GENERATION
        :: alive ->
#else
        :: alive && target == generation ->
#endif
            assert(target == generation); /* (1) */
            got_last = got_last + (target == LAST)
        :: else
        fi;
        answered = answered + (kind == question)
    }
}

inline take()
{
    atomic {
        word = 0;
        carriers--;
        do
        :: length > 0 ->
            length--;
            consume(list_kind[length], list_generation[length]);
            d_step { list_kind[length] = 0; list_generation[length] = 0 }
        :: else -> break
        od
    }
}

proctype scheduler(byte me)
{
    mtype what, kind;
    byte target, to = me;

end:
    do
    :: atomic {
        to == me && nempty(inbox[me]) -> inbox[me]?what, kind, target;
        if
        :: what == adopt -> assert(owner == me); at = me
        :: what == carrier ->
            to = owner;
            if
            :: to != me -> goto forward
#ifdef FREE_UNOWNED
            :: to == me && !alive -> skip
#endif
            :: else -> consume(kind, target); take()
            fi
        fi;
forward:
        what = 0;
        if
        :: to == me -> kind = 0; target = 0
        :: else /* forwarded in a step of its own: it may have a new owner by then */
        fi
    }
    :: atomic { to != me -> inbox[to]!carrier, kind, target; kind = 0; target = 0; to = me }
    :: to == me && at == me && alive && generation < LAST -> alive = 0 /* exit; the slot stays ours */
    :: atomic {
        to == me && at == me && !alive -> /* spawn */
#ifdef WORD_RESET
        word = 0;
        length = 0;
#endif
        generation++;
        alive = 1
    }
    :: atomic {
        to == me && at == me && moves < MOVES -> /* handed over, or given away when free */
        moves++;
        at = NOWHERE;
        owner = 1 - me
    }
        inbox[1 - me]!adopt, message, 0
    od
}

/* The pid that a sender has: of a process that was born, dead or alive. */
inline some_pid()
{
    target = 0;
    do
    :: target < generation -> target++
    :: break
    od
}

proctype sender(byte each)
{
    byte i, target, to;
    mtype kind;
    bit first;

    do
    :: i < each ->
        atomic {
            some_pid();
            if
            :: kind = message
            :: kind = question; asked++
            fi;
            sent_last = sent_last + (target == LAST)
        }
        atomic {
            if
            :: word == 0 ->
                word = 1;
                carriers++;
                assert(carriers == 1); /* (4) */
                first = 1
            :: else ->
                list_kind[length] = kind;
                list_generation[length] = target;
                length++;
                first = 0
            fi
        }
        if
        :: first -> to = owner; inbox[to]!carrier, kind, target
        :: else
        fi;
        d_step { kind = 0; target = 0; to = 0; first = 0; i++ }
    :: else -> break
    od
}

init
{
    atomic {
        run scheduler(0);
        run scheduler(1);
        run sender(2);
        run sender(SENT - 2)
    }
    timeout ->
    assert(generation == LAST && alive);
    assert(got_last == sent_last); /* (2) */
    assert(answered == asked);     /* (3) */
    assert(word == 0 && length == 0)
}
