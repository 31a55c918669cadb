/* What the command line says; read once, before the node starts, and copied to whoever needs it. */
#ifndef CASINO_OPTIONS_H
#define CASINO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "examples/casino/execute.h"
#include "examples/casino/http.h"
#include "examples/casino/resp.h"

struct options {
    char address[64]; /* to listen on, without a port */
    int port, http_port;
    int tables;
    int schedulers;                   /* 0: as the flags say, or one a core */
    const struct pit_node_opts *node; /* the flags; main's */
    int max_clients;
    int idle_timeout; /* seconds a RESP client may be silent; 0: for ever, as redis's default is */
    int http_idle_timeout; /* seconds, of HTTP clients */
    /* seconds an HTTP request may take, from its first byte to its last; 0: for ever */
    int http_request_timeout;
    int send_timeout; /* seconds a client may take nothing of what it is sent */
    size_t max_reply; /* bytes one table may answer to one command */
    /* bytes of replies made for a client before it has taken them; what one command answers is made
       whole, so it may be exceeded by one reply a table */
    size_t max_outstanding;
    uint64_t seed; /* of the hash of keys */
    bool allow_crash;
    bool allow_house_crash;
    bool self_drive;
    int drive_seconds;
    struct store_limits store;
    struct resp_limits resp;
    struct http_limits http;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Prints help, or what is wrong. */
enum options_result options_parse(int argc, char **argv, struct options *ret);

#endif
