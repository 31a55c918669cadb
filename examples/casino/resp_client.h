/* One RESP client: a process that reads commands, asks the tables, and sends the replies in
   order. */
#ifndef CASINO_RESP_CLIENT_H
#define CASINO_RESP_CLIENT_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

/* On this scheduler; linked to the caller. It waits for client_socket. */
pit_pid resp_client_start_link(const struct options *o, int scheduler);

#endif
