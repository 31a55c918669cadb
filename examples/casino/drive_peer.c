/* The driver's own client; see drive_peer.h. Replies longer than its buffer are not asked for. */
#include "examples/casino/drive_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "examples/casino/resp.h"

#define WAIT_SECONDS 60

bool peer_open(struct peer *p, const char *address, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval wait = {.tv_sec = WAIT_SECONDS};
    int one = 1;

    p->have = 0;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        return false;
    setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (inet_pton(AF_INET, address, &to.sin_addr) == 1 &&
        connect(p->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    peer_close(p);
    return false;
}

void peer_close(struct peer *p)
{
    close(p->fd);
    p->fd = -1;
}

static bool send_line(struct peer *p, const char *format, va_list args)
{
    char line[4096];
    int n = vsnprintf(line, sizeof(line) - 1, format, args);

    line[n++] = '\n';
    return send(p->fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

const char *peer_ask(struct peer *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool sent = send_line(p, format, args);
    va_end(args);
    p->have = 0;
    while (sent && !resp_reply_length(bytes_of(p->text, p->have))) {
        ssize_t n = recv(p->fd, p->text + p->have, sizeof(p->text) - 1 - p->have, 0);

        /* stopped by SIGSTOP, and going on: with a time-out that is no restart */
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        p->have += (size_t)n;
    }
    if (!sent)
        return NULL;
    p->text[p->have - 2] = '\0';
    if (p->text[0] == '$' && p->text[1] != '-')
        return strchr(p->text, '\n') + 1;
    return p->text;
}
