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

int drive_patience = 60;

bool peer_open(struct peer *p, const char *address, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval wait = {.tv_sec = drive_patience};
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

/* More of a reply, behind what is there, and a '\0'. */
static bool receive(struct peer *p)
{
    ssize_t n;

    do /* stopped by SIGSTOP, and going on: with a time-out that is no restart */
        n = recv(p->fd, p->text + p->have, sizeof(p->text) - 1 - p->have, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    p->have += (size_t)n;
    p->text[p->have] = '\0';
    return true;
}

const char *peer_ask(struct peer *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool sent = send_line(p, format, args);
    va_end(args);
    p->have = 0;
    while (sent && !resp_reply_length(bytes_of(p->text, p->have)))
        if (!receive(p))
            return NULL;
    if (!sent)
        return NULL;
    p->text[p->have - 2] = '\0';
    if (p->text[0] == '$' && p->text[1] != '-')
        return strchr(p->text, '\n') + 1;
    return p->text;
}

/* The body of the response in text once all of it is there, else NULL. */
static const char *whole_response(const struct peer *p)
{
    static const char header[] = "\r\nContent-Length: ";
    const char *end = strstr(p->text, "\r\n\r\n"), *length = strstr(p->text, header);
    size_t size = end && length && length < end ? strtoul(length + strlen(header), NULL, 10) : 0;

    return end && (size_t)(p->text + p->have - (end + 4)) >= size ? end + 4 : NULL;
}

int peer_request(struct peer *p, const char *method, const char *path, const char *body,
                 const char **ret_body)
{
    char text[1024];
    int status = 0, n = snprintf(text, sizeof(text),
                                 "%s %s HTTP/1.1\r\nHost: casino\r\nContent-Length: %zu\r\n\r\n%s",
                                 method, path, strlen(body), body);
    bool going = send(p->fd, text, (size_t)n, MSG_NOSIGNAL) == n;

    *ret_body = NULL;
    p->have = 0;
    p->text[0] = '\0';
    while (going && !(*ret_body = whole_response(p)))
        going = receive(p);
    if (!going || sscanf(p->text, "HTTP/1.1 %d ", &status) != 1)
        *ret_body = NULL;
    return *ret_body ? status : 0;
}
