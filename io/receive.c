/*
 * The receiving half of a stream: one multishot receive, and a queue of buffers that nobody has
 * read yet.
 *
 * It is armed when the owner first reads or becomes active, and then stays so: data that arrives
 * costs no further request. An owner that does not read for read_ahead bytes has it cancelled, so
 * that the kernel's own flow control holds the peer back; reading arms it again. No operation
 * writes to a process's memory: bytes go from the ring's buffers into the reader's memory when he
 * runs, or, as a binary, to nobody's at all.
 *
 * Small pieces are copied into binaries of their own, and their buffers go back at once: a page
 * lent for 64 bytes that a program keeps would be 64 times the memory.
 */
#include "io/stream.h"

#include <sys/socket.h>

#include "term/blob.h"

/* Up to so many bytes: a copy costs less than 100 ns, lending keeps a page or more. */
#define COPIED 2048u

/* ---- the queue */

static void enqueue(struct pit__socket *s, struct pit__buffer *b)
{
    b->next = NULL;
    if (s->last)
        s->last->next = b;
    else
        s->first = b;
    s->last = b;
    s->received += b->length;
}

struct pit__buffer *pit__receive_take(struct pit__socket *s)
{
    struct pit__buffer *b = s->first;

    if (b) {
        s->first = b->next;
        if (!s->first)
            s->last = NULL;
        s->received -= b->length;
    }
    return b;
}

void pit__receive_drop_all(struct pit__socket *s)
{
    struct pit__buffer *b;

    while ((b = pit__receive_take(s)))
        pit__buffer_drop(b);
}

size_t pit__receive_read(struct pit__socket *s, uint8_t *to, size_t size)
{
    size_t done = 0;

    while (s->first && done < size) {
        struct pit__buffer *b = s->first;
        uint32_t n = b->length < size - done ? b->length : (uint32_t)(size - done);

        pit__touching_begin(); /* a wrong buffer is the reader's fault, not the node's */
        memcpy(to + done, b->data + b->offset, n);
        pit__touching_end();
        b->offset += n;
        b->length -= n;
        s->received -= n;
        done += n;
        if (b->length == 0)
            pit__buffer_drop(pit__receive_take(s));
    }
    return done;
}

static void drop_buffer(void *buffer) { pit__buffer_drop(buffer); }

pit_binary pit__receive_binary(struct pit__buffer *b)
{
    pit_binary binary = {NULL, 0, NULL};
    uint8_t *to = NULL;

    if (b->length > COPIED)
        binary = pit__binary_wrap(b->data + b->offset, b->length, drop_buffer, b);
    if (!binary.data) {
        binary = pit__binary_alloc_unfilled(b->length, &to);
        if (to)
            memcpy(to, b->data + b->offset, b->length);
        pit__buffer_drop(b);
    }
    return binary;
}

/* ---- active: messages */

static pit_tcp handle_of(const struct pit__socket *s)
{
    return (pit_tcp){atomic_load_explicit(&s->handle, memory_order_relaxed)};
}

static void send_message(struct pit__socket *s, void *payload)
{
    pit__message_send(pit__pid_of(pit__socket_owner(s)), PIT_NO_PID, payload);
}

/* false: no memory, which ends the connection for its owner: bytes that cannot be told of must
   not be missing in silence. */
static bool send_data(struct pit__socket *s)
{
    struct pit_tcp_data *m = pit__message_make(&pit_type_pit_tcp_data, sizeof(*m));

    if (!m)
        return false;
    m->socket = handle_of(s);
    m->bytes = pit__receive_binary(pit__receive_take(s));
    bool whole = m->bytes.data != NULL;
    send_message(s, m); /* an empty one too; the error follows */
    return whole;
}

static void send_closed(struct pit__socket *s)
{
    struct pit_tcp_closed *m = pit__message_make(&pit_type_pit_tcp_closed, sizeof(*m));

    if (!m)
        return; /* tried again with the next change of mode */
    m->socket = handle_of(s);
    m->error = s->error;
    s->told = true;
    send_message(s, m);
}

static void count_down(struct pit__socket *s)
{
    struct pit_tcp_passive *m;

    if (s->active == PIT_TCP_ALWAYS)
        return;
    if (s->active == PIT_TCP_ONCE) {
        s->active = PIT_TCP_PASSIVE;
        return;
    }
    if (--s->active)
        return;
    m = pit__message_make(&pit_type_pit_tcp_passive, sizeof(*m));
    if (!m) {
        s->active = 1; /* one more message rather than an owner that waits for ever */
        return;
    }
    m->socket = handle_of(s);
    send_message(s, m);
}

void pit__receive_pump(struct pit__socket *s)
{
    while (s->first && s->active != PIT_TCP_PASSIVE) {
        if (!send_data(s)) {
            s->error = -ENOMEM;
            pit__receive_drop_all(s);
            break;
        }
        count_down(s);
    }
    if (!s->first && (s->ended || s->error) && s->active != PIT_TCP_PASSIVE && !s->told)
        send_closed(s);
}

/* ---- the operation */

void pit__receive_arm(struct pit__socket *s)
{
    if (!s->armed || !pit__op_idle(&s->receive) || s->ended || s->error ||
        s->received >= s->read_ahead)
        return;
    s->stopping = false;
    pit__socket_start(s, &s->receive);
}

static void receive_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_recv_multishot(sqe, PIT__CONTAINER(op, struct pit__socket, receive)->fd, NULL, 0,
                                 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = PIT__BUFFER_GROUP;
}

/* What the completion of a receive says besides data. */
static void note_end(struct pit__socket *s, int res)
{
    switch (res) {
    case 0:
        s->ended = true;
        break;
    case -ENOBUFS:
    case -ECANCELED:
    case -EINTR:
    case -EAGAIN:
        break;
    default:
        if (res < 0 && !s->error)
            s->error = res;
        break;
    }
}

static void open_stream_received(struct pit__socket *s, int res)
{
    if (pit__op_idle(&s->receive) && s->waits_for != PIT__FOR_IDLE) {
        if (res == -ENOBUFS && !s->stopping)
            pit__socket_start_starved(s, &s->receive);
        else
            pit__receive_arm(s);
    }
    if (s->active != PIT_TCP_PASSIVE)
        pit__receive_pump(s);
    if (s->received >= s->read_ahead && !s->stopping && !pit__op_idle(&s->receive)) {
        s->stopping = true;
        pit__op_cancel(s->driver, &s->receive);
    }
    if (s->first || s->ended || s->error)
        pit__socket_unpark(s, PIT__FOR_INPUT);
}

static void receive_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__socket *s = PIT__CONTAINER(op, struct pit__socket, receive);
    struct pit__buffer *b = flags & IORING_CQE_F_BUFFER
                                ? pit__driver_buffer(s->driver, flags, res > 0 ? (uint32_t)res : 0)
                                : NULL;

    if (b && (res <= 0 || s->life != PIT__SOCKET_OPEN))
        pit__buffer_drop(b);
    else if (b)
        enqueue(s, b);
    if (!(flags & IORING_CQE_F_MORE))
        pit__socket_ended(s, op);
    note_end(s, res);
    if (s->life == PIT__SOCKET_OPEN)
        open_stream_received(s, res);
    else if (pit__op_idle(op))
        pit__socket_progress(s);
}

const struct pit__op_kind pit__receive_kind = {IORING_OP_RECV, receive_prepare, receive_complete};
