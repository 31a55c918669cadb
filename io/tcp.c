/*
 * Streams, as <pit/tcp.h> promises them: the functions that a process calls. What they stand on:
 * receive.c, send.c.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "io/address.h"
#include "io/options.h"
#include "io/stream.h"
#include "term/blob.h"
#include "term/heap.h"

/* A write of so many bytes goes to the kernel at once: copying them first costs more than a
   call. */
#define DIRECT (16u << 10)

/* Between these a process's call works on its socket. */
static int begin(pit_tcp socket, struct pit__socket **ret)
{
    return pit__socket_of(socket.id, PIT__STREAM, pit__enter(), ret);
}

static int end(int r)
{
    pit__leave();
    return r;
}

/* ---- connecting */

static void connect_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    struct pit__socket *s = PIT__CONTAINER(op, struct pit__socket, send);
    union pit__sockaddr *to = s->extra;

    io_uring_prep_connect(sqe, s->fd, &to->any,
                          to->any.sa_family == AF_INET ? sizeof to->v4 : sizeof to->v6);
}

static void connect_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__socket *s = PIT__CONTAINER(op, struct pit__socket, send);

    pit__socket_ended(s, op);
    if (s->life == PIT__SOCKET_CLOSING) {
        pit__socket_progress(s);
        return;
    }
    free(s->extra);
    s->extra = NULL;
    s->error = res;
    s->connected = res == 0;
    pit__op_init(&s->send, &pit__send_kind);
    pit__socket_unpark(s, PIT__FOR_CONNECT);
}

static const struct pit__op_kind connect_kind = {IORING_OP_CONNECT, connect_prepare,
                                                 connect_complete};

static void stream_drop(struct pit__socket *s)
{
    pit__receive_drop_all(s);
    pit__send_drop_all(s);
}

struct pit__socket *pit__stream_new(int fd, const pit_tcp_opts *opts)
{
    struct pit__socket *s = pit__socket_new(fd, PIT__STREAM, stream_drop);

    if (!s)
        return NULL;
    pit__op_init(&s->receive, &pit__receive_kind);
    pit__op_init(&s->send, &pit__send_kind);
    pit__tcp_opts_to_socket(s, opts);
    return s;
}

static int bind_from(int fd, const pit_address *a)
{
    union pit__sockaddr from;
    socklen_t size = pit__address_to_kernel(a, &from);

    return bind(fd, &from.any, size) < 0 ? -errno : 0;
}

/* From where to where; from: only if the options name it. */
struct route {
    pit_address from, to;
};

static int stream_open(const struct route *route, const pit_tcp_opts *opts,
                       struct pit__socket **ret)
{
    int fd = socket(route->to.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r;

    if (fd < 0)
        return -errno;
    r = pit__tcp_opts_to_kernel(fd, opts);
    if (r == 0 && opts->from)
        r = bind_from(fd, &route->from);
    if (r < 0)
        goto fail;
    r = -ENOMEM;
    *ret = pit__stream_new(fd, opts);
    if (!*ret)
        goto fail;
    return 0;

fail:
    (void)close(fd); /* never connected */
    return r;
}

static int64_t connect_stream(struct pit__process *p, const struct route *route, int64_t deadline,
                              const pit_tcp_opts *opts)
{
    union pit__sockaddr *address = malloc(sizeof(*address));
    struct pit__socket *s = NULL;
    int r = -ENOMEM;

    if (!address)
        return -ENOMEM;
    r = stream_open(route, opts, &s);
    if (r < 0) {
        free(address);
        return r;
    }
    PIT_ASSERT(s);
    (void)pit__address_to_kernel(&route->to, address);
    s->extra = address; /* not on the stack, which a process may leave before the kernel reads it */
    pit__op_init(&s->send, &connect_kind);
    pit__socket_own(s, p);
    pit__socket_start(s, &s->send);
    r = pit__socket_park(s, PIT__FOR_CONNECT, deadline);
    if (r == 0)
        r = s->error;
    if (r < 0) {
        pit__disown(&s->resource);
        pit__socket_release(s, false);
        return r;
    }
    return atomic_load_explicit(&s->handle, memory_order_relaxed);
}

pit_tcp pit_tcp_connect_opts(const char *address, int64_t timeout, pit_tcp_opts opts)
{
    struct pit__process *p = pit__enter();
    struct route route;
    int64_t id = p ? pit__address_taken(address, &route.to) : -PIT_ENOTPROCESS;

    if (id == 0)
        id = pit__tcp_opts_check(&opts);
    if (id == 0 && opts.from)
        id = pit__address_taken(opts.from, &route.from);
    if (id == 0)
        id = connect_stream(p, &route, pit__deadline(timeout), &opts);
    pit__leave();
    return (pit_tcp){pit__handle(id)};
}

/* ---- receiving */

/* Until something can be read (1), the peer has closed (0), or an error. */
static int wait_for_input(struct pit__socket *s, int64_t deadline)
{
    if (s->active != PIT_TCP_PASSIVE)
        return -EBUSY;
    s->armed = true;
    for (;;) {
        if (s->first)
            return 1;
        if (s->error)
            return s->error;
        if (s->ended)
            return 0;
        if (!s->connected)
            return -ENOTCONN;
        pit__receive_arm(s);
        int r = pit__socket_park(s, PIT__FOR_INPUT, deadline);
        if (r < 0 && !s->first)
            return r;
    }
}

/* Nothing is here and nothing was asked for: what has arrived is in the kernel still. */
static bool only_kernel_knows(const struct pit__socket *s)
{
    return s->active == PIT_TCP_PASSIVE && !s->first && !s->error && !s->ended &&
           pit__op_idle(&s->receive);
}

static int look(struct pit__socket *s, void *buffer, size_t size)
{
    ssize_t n = recv(s->fd, buffer, size, MSG_DONTWAIT);

    if (n < 0 &&
        errno == EFAULT) { /* as where we write to it ourselves: the fault of who named it */
        pit__touching_begin();
        memset(buffer, 0, size);
        pit__touching_end();
        return -EFAULT; /* it was no memory a moment ago */
    }
    if (n < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    s->ended = n == 0;
    return (int)n;
}

static int read_some(struct pit__socket *s, void *buffer, size_t size, int64_t deadline)
{
    int r = wait_for_input(s, deadline);

    if (r <= 0)
        return r;
    size_t n = pit__receive_read(s, buffer, size);
    if (s->received < s->read_ahead / 2 || !s->stopping)
        pit__receive_arm(s);
    return (int)n;
}

int pit_tcp_read(pit_tcp socket, void *buffer, size_t size, int64_t timeout)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r < 0)
        return end(r);
    if (size == 0)
        return end(-EINVAL);
    if (size > INT_MAX)
        size = INT_MAX;
    if (timeout == 0 && only_kernel_knows(s))
        return end(look(s, buffer, size));
    return end(read_some(s, buffer, size, pit__deadline(timeout)));
}

int pit_tcp_read_exactly(pit_tcp socket, void *buffer, size_t size, int64_t timeout)
{
    struct pit__socket *s;
    int64_t deadline = pit__deadline(timeout);
    size_t done = 0;
    int r = begin(socket, &s);

    if (r < 0)
        return end(r);
    if (size == 0 || size > INT_MAX)
        return end(-EINVAL);
    while (done < size) {
        r = read_some(s, (uint8_t *)buffer + done, size - done, deadline);
        if (r <= 0)
            return end(r == 0 && done ? -EPIPE : r);
        done += (size_t)r;
    }
    return end((int)size);
}

int pit_tcp_receive(pit_tcp socket, pit_binary *ret, int64_t timeout)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r == 0)
        r = wait_for_input(s, pit__deadline(timeout));
    if (r <= 0)
        return end(r);

    pit_binary b = pit__receive_binary(pit__receive_take(s));
    if (!b.data) {
        s->error = -ENOMEM; /* its bytes are gone: what would follow makes no sense */
        return end(-ENOMEM);
    }
    if (pit__heap_adopt(pit__heap(), b) < 0) {
        pit__binary_release(b);
        s->error = -ENOMEM;
        return end(-ENOMEM);
    }
    pit__receive_arm(s);
    pit__touching_begin();
    *ret = b;
    pit__touching_end();
    return end((int)b.size);
}

int pit_tcp_active(pit_tcp socket, int count)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r == 0 && count < PIT_TCP_ALWAYS)
        r = -EINVAL;
    if (r < 0)
        return end(r);
    s->active = count;
    if (count != PIT_TCP_PASSIVE) {
        s->armed = true;
        pit__receive_pump(s);
        pit__receive_arm(s);
    }
    return end(0);
}

/* ---- sending */

static int sendable(const struct pit__socket *s)
{
    if (s->error)
        return s->error;
    if (!s->connected)
        return -ENOTCONN;
    return s->shut || s->shut_after ? -EPIPE : 0;
}

static int wait_for_room(struct pit__socket *s)
{
    int64_t deadline = s->send_timeout ? pit__deadline(s->send_timeout) : INT64_MAX;
    int r = pit__socket_park(s, PIT__FOR_ROOM, deadline);

    return r < 0 ? r : sendable(s);
}

/* May something be queued? Waits if need be. */
static int room_to_send(struct pit__socket *s)
{
    int r = sendable(s);

    if (r < 0 || PIT__LIKELY(s->queued < s->high))
        return r;
    if (s->no_wait) {
        s->wants_writable = true;
        return -EAGAIN;
    }
    return wait_for_room(s);
}

int pit_tcp_send(pit_tcp socket, pit_binary bytes)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r == 0)
        r = room_to_send(s);
    if (r == 0) {
        pit__binary_retain(bytes);
        r = pit__send_blob(s, bytes.data, bytes.size, bytes.pit__owner);
    }
    return end(r);
}

int pit_tcp_send_copy(pit_tcp socket, const void *data, size_t size)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r == 0)
        r = room_to_send(s);
    if (r == 0)
        r = pit__send_bytes(s, data, size);
    return end(r);
}

/* Straight into the kernel what it takes now, in order: only if nothing is queued before it. How
   much it took, or an error. What it cannot read is left to the queue, which ends who named it. */
static ssize_t send_directly(struct pit__socket *s, const void *data, size_t size)
{
    ssize_t n;

    if (s->queued || size < DIRECT || !pit__op_idle(&s->send))
        return 0;
    n = send(s->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n >= 0 ? n : errno == EAGAIN || errno == EFAULT ? 0 : -errno;
}

static int write_all(struct pit__socket *s, const uint8_t *data, size_t size)
{
    int r = sendable(s);

    while (r == 0 && size) {
        ssize_t n = send_directly(s, data, size);
        if (n < 0)
            return (int)n;
        data += n;
        size -= (size_t)n;
        if (s->queued >= s->high) {
            r = wait_for_room(s);
            continue;
        }
        size_t part = s->high - s->queued < size ? s->high - s->queued : size;
        r = pit__send_bytes(s, data, part);
        data += part;
        size -= part;
    }
    return r;
}

int pit_tcp_write(pit_tcp socket, const void *data, size_t size)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    return end(r < 0 ? r : write_all(s, data, size));
}

int64_t pit_tcp_queued(pit_tcp socket)
{
    struct pit__socket *s;
    int64_t r = begin(socket, &s);

    if (r == 0)
        r = (int64_t)s->queued;
    pit__leave();
    return r;
}

/* ---- ending */

static int shut_down(struct pit__socket *s, int how)
{
    return shutdown(s->fd, how) < 0 ? -errno : 0;
}

int pit_tcp_shutdown(pit_tcp socket, enum pit_tcp_how how)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r == 0 && !s->connected)
        r = -ENOTCONN;
    if (r == 0 && how != PIT_TCP_WRITE)
        r = shut_down(s, SHUT_RD);
    if (r == 0 && how != PIT_TCP_READ) {
        s->shut = true;
        if (s->queued)
            s->shut_after = true;
        else
            r = shut_down(s, SHUT_WR);
    }
    return end(r);
}

static int close_stream(pit_tcp socket, bool reset)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    if (r == 0) {
        pit__disown(&s->resource);
        pit__socket_release(s, reset);
    }
    return end(r);
}

int pit_tcp_close(pit_tcp socket) { return close_stream(socket, false); }
int pit_tcp_abort(pit_tcp socket) { return close_stream(socket, true); }

/* ---- addresses */

static int name_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *), pit_address *ret)
{
    union pit__sockaddr a;
    socklen_t size = sizeof a;
    pit_address name;

    if (get(fd, &a.any, &size) < 0)
        return -errno;
    pit__address_from_kernel(&a, &name);
    pit__address_given(&name, ret);
    return 0;
}

int pit_tcp_peer(pit_tcp socket, pit_address *ret)
{
    struct pit__socket *s;
    int r = begin(socket, &s);

    return end(r < 0 ? r : name_of(s->fd, getpeername, ret));
}

int pit__tcp_local(int64_t id, pit_address *ret)
{
    struct pit__process *p = pit__enter();
    struct pit__socket *s;
    int r = pit__socket_of(id, PIT__STREAM, p, &s);

    if (r == -EBADF)
        r = pit__socket_of(id, PIT__LISTENER, p, &s);
    return end(r < 0 ? r : name_of(s->fd, getsockname, ret));
}
