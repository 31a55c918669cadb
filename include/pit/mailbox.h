/*
 * Bounds on a mailbox: what happens when messages come faster than a process takes them.
 *
 * A mailbox is unbounded unless its process says otherwise: by the option .mailbox of a spawn, or
 * at any time by pit_mailbox_bound. A bound counts the ordinary messages that wait and the bytes of
 * their payloads with their terms. What no bound refuses, drops or delays, the system lane: exit
 * signals, links, monitors and what they send (pit_exited, pit_down), answers, pit_timeout, what
 * the runtime asks of a process (process_info and the like), what a socket delivers, what comes by
 * an alias for replies (all modes but PIT_ALIAS_EXPLICIT), and messages and calls whose type is a
 * PIT_SYSTEM_MESSAGE. Priority messages are counted, but never refused or delayed.
 *
 * An alias of PIT_ALIAS_EXPLICIT, which pit_alias() makes, stands for the pid and carries any
 * number of messages: they are ordinary ones, and a bound holds for them. Who bounds its mailbox
 * and waits for a reply makes an alias for replies.
 *
 * What a sender sees:
 *   a process        by PIT_OVERLOAD_BLOCK it waits in its send until there is room; an exit signal
 *                    ends it there, and then what it was sending is not sent. By an alias that has
 *                    ended when there is room, its message is dropped then. A process that sends to
 *                    itself does not wait.
 *   a call           is never lost: refused or dropped, it fails at once with -PIT_EOVERLOAD. By
 *                    BLOCK it is let in, since its sender waits already.
 *   another thread   never waits: by BLOCK it is let in, beyond the bound; pit_try_send tells it
 *                    that there is no room.
 *   a timer          is let in by BLOCK, else treated as any message.
 *
 * The bound is exact for who sends on the receiver's scheduler, and for all policies but BLOCK it
 * is exact for all. By BLOCK each process of another scheduler may go beyond it by
 * PIT_MAILBOX_AHEAD messages, since asking for each would cost a round trip between two cores. What
 * is on its way between schedulers is not counted until it arrives.
 */
#ifndef PIT_MAILBOX_H
#define PIT_MAILBOX_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/type.h>

PIT_BEGIN_DECLS

/*
 * What a process of another scheduler may send to a mailbox with PIT_OVERLOAD_BLOCK before it asks
 * whether there is room.
 */
#define PIT_MAILBOX_AHEAD 32

enum pit_overload {
    PIT_OVERLOAD_BLOCK,       /* the sender waits */
    PIT_OVERLOAD_DROP_NEWEST, /* the message that comes is dropped */
    PIT_OVERLOAD_DROP_OLDEST, /* the oldest that wait are dropped, until it fits */
    /* the message is dropped, and the receiver ends with {overload, Text}, which nobody traps */
    PIT_OVERLOAD_EXIT,
    /* the message is let in, and the receiver, also one that waits in a receive, calls `overloaded`
       before it takes its next message */
    PIT_OVERLOAD_CALL,
};

typedef struct pit_mailbox {
    uint32_t messages; /* how many may wait; 0: any number */
    uint32_t policy;   /* enum pit_overload */
    /* how many bytes of payload and its terms may wait; 0: any. A message larger than that fits
       where none waits */
    size_t bytes;
    /*
     * PIT_OVERLOAD_CALL: called by the receiving process as its own code, once each time that the
     * bound is passed; it may do what a process may, receive too. It is called again after half of
     * the bound was reached from above. context is given to it; for a process that is being spawned
     * both must outlive the spawner.
     */
    void (*overloaded)(void *context);
    void *context;
} pit_mailbox;

/*
 * Bound the caller's mailbox from now on; what waits already stays, beyond the bound too. {0}: no
 * bound. Senders that wait are let in as the new bound allows. 0, -EINVAL (no such policy, or CALL
 * without a function), -ENOMEM, -PIT_ENOTPROCESS. Does not wait. No counterpart in Erlang;
 * process_flag(message_queue_data) is not needed here.
 */
int pit_mailbox_bound(pit_mailbox bound);

/*
 * The caller's mailbox: what counts towards a bound, what its policy has dropped or refused, who
 * waits. Zeros without a bound. Does not wait. No counterpart in Erlang.
 */
typedef struct pit_mailbox_load {
    uint64_t messages, bytes;
    uint64_t dropped; /* messages and calls, since there is a bound */
    uint64_t blocked; /* senders that wait now */
} pit_mailbox_load;
pit_mailbox_load pit_mailbox_state(void);

/*
 * As pit_send_copy, but it never waits: -EAGAIN if the receiver's policy is PIT_OVERLOAD_BLOCK and
 * it has no room, and then nothing was sent. 0: sent, or the receiver is gone. For a receiver on
 * another scheduler it goes by what that has last said. Any thread.
 * pit_try_send(to, name, .field = ...) of <pit/message.h> is the usual form. Erlang: send/3 with
 * nosuspend. Spec: SIG-4.
 */
int pit_try_send_copy(pit_pid to, const pit_type *type, const void *payload);

PIT_END_DECLS

#endif
