/* A connection of the driver, RESP or HTTP: plain, blocking, one command at a time. Used by drive*.c
   only. */
#ifndef CASINO_DRIVE_PEER_H
#define CASINO_DRIVE_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer {
    int fd;
    size_t have; /* bytes in text */
    char text[8192];
};

/* Seconds that anything may take before it counts as one that hangs, on a machine that is busy with
   other things: 60. Tests that plant a hanging one have less. */
extern int drive_patience;

/* false: no connection. */
bool peer_open(struct peer *p, const char *address, int port);
void peer_close(struct peer *p);

/*
 * Send a line as an inline command and wait for its reply. The reply's text: of a bulk its content,
 * else the line with its first character. NULL: the connection broke, or nothing came for
 * drive_patience. Lives until the next call.
 */
const char *peer_ask(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The same of an HTTP connection, which stays open: the status of the response, and in *ret_body its
 * body as text. 0 and NULL: as above, or what came is no response.
 */
int peer_request(struct peer *p, const char *method, const char *path, const char *body,
                 const char **ret_body);

#endif
