/*
 * The C peer of tcp_echo: one thread, one epoll loop, read and write. What a careful person writes
 * by hand when the whole server is an echo.
 *
 *   echo_epoll PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 512

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

static void watch(int loop, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

    must(!epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
}

static void accept_all(int loop, int listener)
{
    int one = 1, fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(loop, fd);
    }
    must(errno == EAGAIN || errno == EINTR || errno == ECONNABORTED, "accept");
}

static void echo(int fd)
{
    char buffer[65536];
    ssize_t n = read(fd, buffer, sizeof buffer);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || write(fd, buffer, (size_t)n) !=
                      n) /* the load keeps one short request in flight: it always fits */
        close(fd);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];

    if (argc != 2) {
        fprintf(stderr, "usage: echo_epoll PORT\n");
        return 2;
    }
    int listener = listen_on(atoi(argv[1])), loop = epoll_create1(EPOLL_CLOEXEC);

    must(loop >= 0, "epoll_create1");
    watch(loop, listener);
    for (;;) {
        int n = epoll_wait(loop, events, EVENTS, -1);

        must(n >= 0 || errno == EINTR, "epoll_wait");
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_all(loop, listener);
            else
                echo(events[i].data.fd);
        }
    }
}
