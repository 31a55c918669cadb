/*
 * What a RESP client and an HTTP client have in common: a socket, the input that has not been used yet, and bounds.
 *
 * A client process is a callback process without a stack while it waits. Input is taken in portions: after so many
 * messages the socket is silent until client_more() says that there is room again; so a client that sends faster than
 * it is served fills the kernel's buffers and then its own. Output is bounded by the socket's watermark: a reply that
 * does not fit makes this process wait, and nobody else; for at most send_timeout.
 */
#ifndef CASINO_CLIENT_H
#define CASINO_CLIENT_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"
#include "examples/casino/out.h"

struct client {
    pit_tcp socket;
    struct out input;
    size_t used;      /* of input, from the front */
    int idle_timeout; /* seconds; 0: none */
    int64_t heard;    /* pit_now() of the last input */
    bool silent;      /* the socket gives no input until asked */
    bool ended;       /* the peer will send no more */
};

void client_init(struct client *c, int idle_timeout);

/* client_socket came: take the first portion. */
void client_open(struct client *c, pit_tcp socket);

/* Data, its end, silence, the idle timer. true: it was one of these, and there may be something to do. */
bool client_message(struct client *c, const pit_msg *m);

/* What has not been used. */
static inline char *client_input(const struct client *c) { return c->input.data + c->used; }
static inline size_t client_input_len(const struct client *c) { return c->input.len - c->used; }

/* All that can be used has been: let more come, and keep no more memory than needed. */
void client_more(struct client *c);

/* Send; ends the process if the peer is gone or takes nothing. */
void client_send(struct client *c, struct bytes b);

/* Let what was sent leave, and end. */
_Noreturn void client_end(struct client *c);

#endif
