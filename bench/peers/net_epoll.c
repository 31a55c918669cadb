/*
 * The C peer of bench/net: one thread, one epoll loop, read and send. What a careful person writes
 * by hand when the whole server is an echo, a stream of bytes, or one answer of HTTP.
 *
 *   net_epoll echo|stream|http PORT
 *
 * A connection that does not take what it is sent is read no further until it has.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/net/pattern.h"

#define EVENTS 512
#define INPUT 65536
#define KEPT 4096 /* the longest head of an HTTP request */

struct connection {
    int fd;
    bool waits; /* for room in the kernel's buffer */
    char *rest; /* echo: what it did not take; http: the beginning of a request */
    size_t rest_at, rest_len;
    uint64_t from, left; /* stream: what is still to be sent */
    uint32_t request[2]; /* stream: as it comes in */
    size_t have;
};

static const uint8_t *table;
static int loop;

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    must(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
    must(!bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    must(!listen(fd, 4096), "listen");
    return fd;
}

static void watch(int op, int fd, uint32_t events, void *what)
{
    struct epoll_event e = {.events = events, .data.ptr = what};

    must(!epoll_ctl(loop, op, fd, &e), "epoll_ctl");
}

static void accept_all(int listener)
{
    int one = 1, fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);

        must(c != NULL, "calloc");
        c->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
    }
    must(errno == EAGAIN || errno == EINTR || errno == ECONNABORTED, "accept");
}

static void end(struct connection *c)
{
    close(c->fd);
    free(c->rest);
    free(c);
}

/* How many bytes the kernel took; -1: the connection is gone. */
static ssize_t push(struct connection *c, const void *bytes, size_t len)
{
    ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);

    return n >= 0 ? n : errno == EAGAIN ? 0 : -1;
}

static void wait_for_room(struct connection *c, bool waits)
{
    if (c->waits != waits)
        watch(EPOLL_CTL_MOD, c->fd, waits ? EPOLLOUT : EPOLLIN, c);
    c->waits = waits;
}

static void keep(struct connection *c, const char *bytes, size_t len)
{
    char *rest = malloc(len);

    must(rest != NULL, "malloc");
    memcpy(rest, bytes, len);
    free(c->rest);
    c->rest = rest;
    c->rest_at = 0;
    c->rest_len = len;
}

/* ---- echo: each returns false when the connection is over ---- */

static bool echo(struct connection *c, char *input, size_t len)
{
    ssize_t n = push(c, input, len);

    if (n >= 0 && (size_t)n < len) {
        keep(c, input + n, len - (size_t)n);
        wait_for_room(c, true);
    }
    return n >= 0;
}

static bool echo_rest(struct connection *c)
{
    ssize_t n = push(c, c->rest + c->rest_at, c->rest_len - c->rest_at);

    if (n < 0)
        return false;
    c->rest_at += (size_t)n;
    if (c->rest_at == c->rest_len)
        wait_for_room(c, false);
    return true;
}

/* ---- stream: bench/net/stream.c says what is asked ---- */

static bool stream_rest(struct connection *c)
{
    while (c->left) {
        size_t at = c->from % PATTERN_SIZE,
               n = PATTERN_SIZE - at < c->left ? PATTERN_SIZE - at : c->left;
        ssize_t sent = push(c, table + at, n);

        if (sent < 0)
            return false;
        c->from += (size_t)sent;
        c->left -= (size_t)sent;
        if ((size_t)sent < n)
            break;
    }
    wait_for_room(c, c->left > 0);
    return true;
}

/* One request at a time is read: the next one waits in the kernel until this is answered. */
static bool stream(struct connection *c, char *input, size_t len)
{
    memcpy((char *)c->request + c->have, input, len);
    c->have += len;
    if (c->have < sizeof c->request)
        return true;
    c->have = 0;
    c->from = ntohl(c->request[0]);
    c->left = ntohl(c->request[1]);
    return stream_rest(c);
}

/* ---- http: a request ends with an empty line, and nothing else of it is looked at ---- */

static bool http(struct connection *c, char *input, size_t len)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Length: 13\r\n\r\nHello, World!";
    static char answers[INPUT / 4 * sizeof answer];
    char *at = input, *stop;
    size_t out = 0;

    while ((stop = memmem(at, (size_t)(input + len - at), "\r\n\r\n", 4))) {
        memcpy(answers + out, answer, sizeof answer - 1);
        out += sizeof answer - 1;
        at = stop + 4;
    }
    free(c->rest);
    c->rest = NULL;
    if (at < input + len)
        keep(c, at, (size_t)(input + len - at));
    /* The load never has more on its way than the kernel's buffer takes of such answers. */
    return (!c->rest || c->rest_len <= KEPT) && push(c, answers, out) == (ssize_t)out;
}

/* ---- the loop ---- */

struct mode {
    const char *name;
    bool (*input)(struct connection *c, char *input, size_t len);
    bool (*room)(struct connection *c);
    size_t at_once; /* bytes read */
};

static const struct mode modes[] = {{"echo", echo, echo_rest, INPUT},
                                    {"stream", stream, stream_rest, 8},
                                    {"http", http, NULL, INPUT - KEPT}};

static void serve(const struct mode *m, struct connection *c, uint32_t events)
{
    static char input[INPUT];
    size_t had = 0, room = m->input == stream ? sizeof c->request - c->have : m->at_once;

    if (events & EPOLLOUT) {
        if (!m->room(c))
            end(c);
        return;
    }
    if (m->input == http && c->rest) {
        memcpy(input, c->rest, c->rest_len);
        had = c->rest_len;
    }
    ssize_t n = read(c->fd, input + had, room);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || !m->input(c, input, had + (size_t)n))
        end(c);
}

int main(int argc, char **argv)
{
    struct rlimit files;
    const struct mode *m = modes;

    while (argc == 3 && m < modes + 3 && strcmp(argv[1], m->name) != 0)
        m++;
    if (argc != 3 || m == modes + 3) {
        fprintf(stderr, "usage: net_epoll echo|stream|http PORT\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = listen_on(atoi(argv[2]));

    loop = epoll_create1(EPOLL_CLOEXEC);
    must(loop >= 0, "epoll_create1");
    table = pattern_new();
    must(table != NULL, "malloc");
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(loop, events, EVENTS, -1);

        must(n >= 0 || errno == EINTR, "epoll_wait");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                serve(m, events[i].data.ptr, events[i].events);
            else
                accept_all(listener);
        }
    }
}
