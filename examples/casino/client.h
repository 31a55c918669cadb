/*
 * What a RESP client and an HTTP client have in common: a socket, the input that has not been used
 * yet, the round that the tables are asked in, the replies on their way out, and bounds. What
 * differs is the protocol: struct client_kind.
 *
 * A client process is a callback process without a stack while it waits. Input is taken in
 * portions: after so many messages the socket is silent until what they brought has been served; so
 * a client that sends faster than it is served fills the kernel's buffers and then its own. Output
 * is bounded by the socket's watermark: a reply that does not fit makes this process wait, and
 * nobody else; for at most send_timeout.
 */
#ifndef CASINO_CLIENT_H
#define CASINO_CLIENT_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"
#include "examples/casino/out.h"
#include "examples/casino/round.h"

/* A protocol. Each function is given the struct whose first member is the client. */
struct client_kind {
    void (*init)(void *self); /* the process starts, its client is ready */
    /* Use the input: requests, until one has to wait for tables (client_ask) or there is no further
       whole one. */
    void (*serve)(void *self);
    void (*answer)(void *self); /* the round is over: reply to it and clear it */
    /* The round failed, round.error says why: reply so and clear it, or end. */
    void (*give_up)(void *self);
    /* The request that began at `begun` is not complete in its time: say so, and leave. NULL: begun
       is never set. */
    void (*late)(void *self);
};

struct client {
    const struct client_kind *kind;
    struct options options;
    struct round round;
    struct out reply; /* what is to be sent */
    bool asking;      /* a round is under way */
    pit_tcp socket;
    struct out input;
    size_t used;         /* of input, from the front */
    int idle_timeout;    /* seconds; 0: none */
    int64_t heard;       /* pit_now() of the last input */
    int request_timeout; /* seconds from the first byte of a request to its last; 0: none */
    /* the protocol's: pit_now() when a part of a request was there; 0: there is none */
    int64_t begun;
    bool silent;  /* the socket gives no input until asked */
    bool ended;   /* the peer will send no more */
    bool leaving; /* client_leave() */
    int64_t leave_by;
};

/* All that a client's process does. Its state begins with the client, whose kind, options and
   time-outs are set. */
void client_handle(struct client *c, const pit_msg *m);

/* What has not been used. */
static inline char *client_input(const struct client *c) { return c->input.data + c->used; }
static inline size_t client_input_len(const struct client *c) { return c->input.len - c->used; }

/* Ask the tables what the round's route holds; or, after a reply to a part of it, for the rest. */
void client_ask(struct client *c);
void client_ask_on(struct client *c);

/*
 * Send b, which may be a part of `reply`; afterwards `reply` is empty, and keeps no more memory
 * than an idle client needs. Ends the process if the peer is gone or takes nothing, or if there was
 * no memory for the reply.
 */
void client_send(struct client *c, struct bytes b);

/*
 * The same for a client that may still be sending what nobody wants to know: its input is read and
 * dropped, for a bounded time or until it ends. Closing at once would reset the connection, and the
 * reset would destroy the answer that says what is wrong. Returns; the protocol is not called any
 * more.
 */
void client_leave(struct client *c);

/* Let what was sent leave, and end. */
_Noreturn void client_end(struct client *c);

#endif
