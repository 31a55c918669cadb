/* A RESP connection of the driver: plain, blocking, one command at a time. Used by drive*.c
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

/* false: no connection. */
bool peer_open(struct peer *p, const char *address, int port);
void peer_close(struct peer *p);

/*
 * Send a line as an inline command and wait for its reply. The reply's text: of a bulk its content,
 * else the line with its first character. NULL: the connection broke, or nothing came for 10
 * seconds. Lives until the next call.
 */
const char *peer_ask(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
