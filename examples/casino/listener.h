/* A listener: accepts connections of one kind and has the connection supervisor start a process for
   each. */
#ifndef CASINO_LISTENER_H
#define CASINO_LISTENER_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

enum listener_kind { LISTEN_RESP, LISTEN_HTTP };

/* The start argument of a client, for connection_sup. */
struct newcomer {
    enum listener_kind kind;
    int scheduler; /* where its socket was accepted, so where it is served */
};

/* o must live as long as the node. */
/* The address that it listens on, with this port, as pit_tcp_serve wants it. */
pit_text128 listener_address(const struct options *o, int port);

pit_pid listener_start_link(const struct options *o, enum listener_kind kind);

/* The port that it listens on; 0: it does not, yet. Any thread. */
int listener_port(enum listener_kind kind);

#endif
