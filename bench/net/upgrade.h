/*
 * The handshake of WebSocket (RFC 6455, 4.2): a request of HTTP/1.1 on llhttp, and its answer,
 * whose key is hashed by OpenSSL. Knows bytes alone: no process, no socket.
 */
#ifndef BENCH_NET_UPGRADE_H
#define BENCH_NET_UPGRADE_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#define UPGRADE_KEY 24    /* letters: 16 bytes in base64 */
#define UPGRADE_REPLY 256 /* room that every answer fits in, its zero included */

enum upgrade_result { UPGRADE_MORE, UPGRADE_DONE, UPGRADE_REFUSED };

/* A header's name or value as far as it is of interest: what does not fit is none that we look
   for. */
struct upgrade_word {
    char text[32];
    size_t len;
};

struct upgrade {
    llhttp_t parser;
    struct upgrade_word name, value;
    char key[UPGRADE_KEY + 1];
    size_t bytes; /* of the whole request */
    bool websocket, version, complete;
};

/* The parser points into itself: it is set up where it stays. */
void upgrade_init(struct upgrade *u);

/*
 * Read so much of the request. DONE: reply is what to send, and from input + *used on frames
 * follow; REFUSED: reply says why, send it and close; MORE: nothing to send yet, all of the input
 * was used.
 */
enum upgrade_result upgrade_next(struct upgrade *u, const char *input, size_t len, size_t *used,
                                 char reply[UPGRADE_REPLY]);

#endif
