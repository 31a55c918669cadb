/*
 * The mailbox word: order of every pair, nothing lost, nothing doubled, while everybody moves.
 *
 * Modelled: the receiver's mailbox word (QUIET, CARRIER, or a list, youngest first, that ends in
 *   CARRIER); a sender's two steps (the word, then the carrier on the inbox of the owner that it
 *   read); who pops a carrier of a process that it does not own forwards it, else delivers it and
 *   takes the list; a sender on the owner's thread, which appends directly if the word is QUIET,
 *   else processes its own inbox first (unless that is why it sends), and pushes outside if the
 *   word is still set; two schedulers that hand the receiver to and fro (owner store, then the
 *   adopt message); a foreign sender, and a sending process that is itself handed to and fro.
 * Abstracted: an inbox is a queue (its own lock-freedom is a test's); compare-and-swap is one step,
 *   for a failed one changes nothing; messages are checked when they are appended to the inner
 *   queue, which nobody but the receiver takes from; memory is sequentially consistent (the orders
 *   are argued in runtime/mailbox.c and tested under ThreadSanitizer).
 *
 * Invariants
 *  (1) Messages of one sender are appended in the order they were sent, each once.
 *  (2) Who appends owns the receiver at that moment.
 *  (3) Between two takes exactly one push makes a carrier.
 *  (4) When nothing moves any more, everything sent has been appended and the word is QUIET.
 *
 * Broken by: NO_WORD_TEST NO_FORWARD NO_REVERSE TAKE_FIRST
 */
#define SENT 3  /* by each sender: one becomes a carrier and two can be in the list */
#define MOVES 2 /* of the receiver, and of the sending process: there and back */

#define FOREIGN 0
#define PROCESS 1
#define NOWHERE 2

mtype = { carrier, adopt_receiver, adopt_sender };

chan inbox[2] = [4] of { mtype, byte, byte }; /* sender, number */

bit word;          /* 0: QUIET; 1: a carrier is under way, and the list behind it: */
byte length;
byte list_from[2 * SENT]; /* oldest first, though its links lead from youngest to oldest */
byte list_number[2 * SENT];

byte owner;        /* of the receiver; stored by the present owner only */
byte receiver_at;  /* which scheduler may hand it over: NOWHERE in transit */
byte sender_at;    /* which scheduler runs the sending process */
byte sent;         /* by the sending process */
byte receiver_moves;
byte sender_moves;

byte appended[2];  /* of each sender: ghost */
byte carriers;     /* made since the last take: ghost */

inline append(from, number)
{
    d_step {
        assert(owner == me);             /* (2) */
        assert(appended[from] == number); /* (1) */
        appended[from]++;
    }
}

inline push(from, number)
{
    atomic {
        if
        :: word == 0 ->
            word = 1;
            carriers++;
            assert(carriers == 1); /* (3) */
            first = 1
        :: else ->
            list_from[length] = from;
            list_number[length] = number;
            length++;
            first = 0
        fi
    }
    if
    :: first ->
        to = owner;
        inbox[to]!carrier, from, number
    :: else
    fi
}

/* One exchange; what follows touches only what the owner alone touches, so it is the same step. */
inline take()
{
    atomic {
        word = 0;
        carriers--;
#ifdef NO_REVERSE
        i = length;
        do
        :: i > 0 -> i--; append(list_from[i], list_number[i])
        :: else -> break
        od;
#else
        i = 0;
        do
        :: i < length ->
            append(list_from[i], list_number[i]);
            d_step { list_from[i] = 0; list_number[i] = 0; i++ }
        :: else -> break
        od;
#endif
        length = 0;
        i = 0
    }
}

/* A carrier is in our hands. */
inline deliver(from, number)
{
    to = owner;
    if
#ifndef NO_FORWARD
    :: to != me -> inbox[to]!carrier, from, number
#endif
    :: else ->
#ifdef TAKE_FIRST
        take();
        append(from, number)
#else
        append(from, number);
        take()
#endif
    fi
}

inline handle()
{
    if
    :: kind == carrier -> deliver(from, number)
    :: kind == adopt_receiver -> assert(owner == me); receiver_at = me
    :: kind == adopt_sender -> sender_at = me
    fi
}

inline drain()
{
    do
    :: inbox[me]?kind, from, number -> handle()
    :: empty(inbox[me]) -> break
    od
}

inline send()
{
    to = owner;
    if
    :: to != me -> push(PROCESS, sent)
    :: else ->
#ifdef NO_WORD_TEST
        append(PROCESS, sent)
#else
        if
        :: word != 0 -> drain()
        :: true /* it is being processed: a delivery sends */
        fi;
        if
        :: word == 0 -> append(PROCESS, sent)
        :: else -> push(PROCESS, sent)
        fi
#endif
    fi;
    sent++
}

/* What is not needed any more must not tell states apart. */
inline forget() { d_step { kind = 0; from = 0; number = 0; to = 0; first = 0 } }

proctype scheduler(byte me)
{
    mtype kind;
    byte from, number, to, i;
    bit first;

end:
    do
    :: inbox[me]?kind, from, number -> handle(); forget()
    :: sender_at == me && sent < SENT -> send(); forget()
    :: sender_at == me && sender_moves < MOVES ->
        sender_moves++;
        sender_at = NOWHERE;
        inbox[1 - me]!adopt_sender, 0, 0
    :: receiver_at == me && receiver_moves < MOVES ->
        receiver_moves++;
        receiver_at = NOWHERE;
        owner = 1 - me; /* from here on the new owner appends */
        inbox[1 - me]!adopt_receiver, 0, 0
    od
}

proctype foreign()
{
    byte mine, to;
    bit first;

    do
    :: mine < SENT -> push(FOREIGN, mine); d_step { mine++; to = 0; first = 0 }
    :: else -> break
    od
}

init
{
    atomic {
        run scheduler(0);
        run scheduler(1);
        run foreign()
    }
    timeout -> /* nothing moves any more: (4) */
    assert(appended[FOREIGN] == SENT && appended[PROCESS] == SENT);
    assert(word == 0 && length == 0 && carriers == 0)
}
