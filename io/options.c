/*
 * Options of TCP sockets. See options.h; get and set of <pit/tcp.h>.
 */
#include "io/options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "io/stream.h"

#define HIGH_DEFAULT (64u << 10) /* a connection's share of memory that a stalled peer may hold */
#define READ_AHEAD_DEFAULT (64u << 10)
#define LINGER_DEFAULT 10000u

int pit__tcp_opts_check(const pit_tcp_opts *o)
{
    if (o->backlog < 0 || o->max_connections < 0 || o->send_buffer < 0 || o->receive_buffer < 0)
        return -EINVAL;
    if (o->high_watermark > INT32_MAX || o->read_ahead > INT32_MAX || o->linger > INT32_MAX ||
        o->send_timeout > INT32_MAX)
        return -EINVAL;
    if (o->low_watermark > (o->high_watermark ? o->high_watermark : HIGH_DEFAULT))
        return -EINVAL;
    return 0;
}

static int set_int(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

static int get_int(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, level, name, &value, &size) < 0 ? -errno : value;
}

int pit__tcp_opts_to_kernel(int fd, const pit_tcp_opts *o)
{
    int r = o->delay ? 0 : set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);

    if (r == 0 && o->keepalive)
        r = set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (r == 0 && o->send_buffer)
        r = set_int(fd, SOL_SOCKET, SO_SNDBUF, o->send_buffer);
    if (r == 0 && o->receive_buffer)
        r = set_int(fd, SOL_SOCKET, SO_RCVBUF, o->receive_buffer);
    return r;
}

void pit__tcp_opts_to_socket(struct pit__socket *s, const pit_tcp_opts *o)
{
    s->high = o->high_watermark ? o->high_watermark : HIGH_DEFAULT;
    s->low = o->low_watermark ? o->low_watermark : s->high / 2;
    s->read_ahead = o->read_ahead ? o->read_ahead : READ_AHEAD_DEFAULT;
    s->send_timeout = o->send_timeout;
    s->linger = o->linger ? o->linger : LINGER_DEFAULT;
    s->no_wait = o->no_wait;
}

static int set(struct pit__socket *s, enum pit_tcp_option option, int value)
{
    if (value < 0)
        return -EINVAL;
    switch (option) {
    case PIT_TCP_DELAY:
        return set_int(s->fd, IPPROTO_TCP, TCP_NODELAY, !value);
    case PIT_TCP_KEEPALIVE:
        return set_int(s->fd, SOL_SOCKET, SO_KEEPALIVE, value != 0);
    case PIT_TCP_SEND_BUFFER:
        return set_int(s->fd, SOL_SOCKET, SO_SNDBUF, value);
    case PIT_TCP_RECEIVE_BUFFER:
        return set_int(s->fd, SOL_SOCKET, SO_RCVBUF, value);
    case PIT_TCP_HIGH_WATERMARK:
        if (value == 0)
            return -EINVAL;
        s->high = (uint32_t)value;
        s->low = s->low < s->high ? s->low : s->high / 2;
        return 0;
    case PIT_TCP_LOW_WATERMARK:
        if ((uint32_t)value > s->high)
            return -EINVAL;
        s->low = (uint32_t)value;
        return 0;
    case PIT_TCP_READ_AHEAD:
        if (value == 0)
            return -EINVAL;
        s->read_ahead = (uint32_t)value;
        pit__receive_arm(s);
        return 0;
    case PIT_TCP_SEND_TIMEOUT:
        s->send_timeout = (uint32_t)value;
        return 0;
    case PIT_TCP_LINGER:
        s->linger = (uint32_t)value;
        return 0;
    case PIT_TCP_NO_WAIT:
        s->no_wait = value != 0;
        return 0;
    }
    return -EINVAL;
}

static int get(const struct pit__socket *s, enum pit_tcp_option option)
{
    int r;

    switch (option) {
    case PIT_TCP_DELAY:
        r = get_int(s->fd, IPPROTO_TCP, TCP_NODELAY);
        return r < 0 ? r : !r;
    case PIT_TCP_KEEPALIVE:
        return get_int(s->fd, SOL_SOCKET, SO_KEEPALIVE);
    case PIT_TCP_SEND_BUFFER:
        return get_int(s->fd, SOL_SOCKET, SO_SNDBUF);
    case PIT_TCP_RECEIVE_BUFFER:
        return get_int(s->fd, SOL_SOCKET, SO_RCVBUF);
    case PIT_TCP_HIGH_WATERMARK:
        return (int)s->high;
    case PIT_TCP_LOW_WATERMARK:
        return (int)s->low;
    case PIT_TCP_READ_AHEAD:
        return (int)s->read_ahead;
    case PIT_TCP_SEND_TIMEOUT:
        return (int)s->send_timeout;
    case PIT_TCP_LINGER:
        return (int)s->linger;
    case PIT_TCP_NO_WAIT:
        return s->no_wait;
    }
    return -EINVAL;
}

int pit_tcp_set(pit_tcp socket, enum pit_tcp_option option, int value)
{
    struct pit__socket *s;
    int r = pit__socket_of(socket.id, PIT__STREAM, pit__enter(), &s);

    if (r == 0)
        r = set(s, option, value);
    pit__leave();
    return r;
}

int pit_tcp_get(pit_tcp socket, enum pit_tcp_option option)
{
    struct pit__socket *s;
    int r = pit__socket_of(socket.id, PIT__STREAM, pit__enter(), &s);

    if (r == 0)
        r = get(s, option);
    pit__leave();
    return r;
}
