/* One HTTP client: a process that reads requests and answers them one after the other. */
#ifndef CASINO_HTTP_CLIENT_H
#define CASINO_HTTP_CLIENT_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

/* On this scheduler; linked to the caller. It waits for client_socket. */
pit_pid http_client_start_link(const struct options *o, int scheduler);

#endif
