/*
 * The sending half of a stream: a queue of pieces, and one operation that sends its head.
 *
 * The operation is started when something is queued and prepared when the scheduler next submits,
 * so what a handler sends in several parts, and what several handlers send, leaves in one system
 * call. It sends with MSG_WAITALL: the kernel goes on after a short write by itself, and the
 * completion tells what is done or what went wrong. One operation is as long as it takes for
 * senders that wait for room to go on, within two bounds: see operation_bytes.
 *
 * Small binaries are copied: a count and a piece of their own would cost more than the bytes, and a
 * queue of one-byte pieces would outgrow the bytes that the watermarks count.
 */
#include "io/stream.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/assert.h"
#include "base/size.h"
#include "runtime/sched.h"
#include "term/blob.h"

#define SMALL 256u /* what is copied rather than shared, if a piece of ours has room for it */
#define FIRST_CHUNK (1024 - sizeof(struct pit__block)) /* most answers, many gathered */
#define CHUNK (4096 - sizeof(struct pit__block))
#define OPERATION_LEAST (256u << 10)
#define OPERATION_MOST (1u << 20)
#define OPERATION_PIECES 16u
/* of operations with several pieces in one submission; more go out a piece at a time */
#define HEADERS 64u

struct scratch {
    uint64_t epoch;
    unsigned used;
    struct {
        struct msghdr header;
        struct iovec pieces[OPERATION_PIECES];
    } all[HEADERS];
};

/* ---- the queue */

static struct pit__piece *piece_at(const struct pit__socket *s, uint32_t i)
{
    return &s->pieces[(s->piece_head + i) & (s->piece_room - 1)];
}

static int grow(struct pit__socket *s)
{
    uint32_t room = s->piece_room ? s->piece_room * 2 : 4;
    struct pit__piece *pieces = malloc(room * sizeof(*pieces));

    if (!pieces)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->piece_count; i++)
        pieces[i] = *piece_at(s, i);
    free(s->pieces);
    s->pieces = pieces;
    s->piece_room = room;
    s->piece_head = 0;
    return 0;
}

static int append(struct pit__socket *s, struct pit__piece piece)
{
    if (s->piece_count == s->piece_room && grow(s) < 0)
        return -ENOMEM;
    s->pieces[(s->piece_head + s->piece_count++) & (s->piece_room - 1)] = piece;
    return 0;
}

/* So many bytes more are in the queue. */
static void queued(struct pit__socket *s, size_t length)
{
    s->queued += length;
    if (pit__op_idle(&s->send))
        pit__socket_start(s, &s->send);
}

/* The last piece, if it is ours and has room for so many bytes. */
static struct pit__piece *with_room(struct pit__socket *s, size_t length)
{
    struct pit__piece *p = s->piece_count ? piece_at(s, s->piece_count - 1) : NULL;

    return p && p->room >= length ? p : NULL;
}

int pit__send_blob(struct pit__socket *s, const uint8_t *data, size_t length,
                   struct pit__blob *blob)
{
    int r;

    if (length == 0 || (length <= SMALL && with_room(s, length))) {
        r = pit__send_bytes(s, data, length);
        pit__blob_release(blob);
        return r;
    }
    r = append(s, (struct pit__piece){.data = data, .length = length, .blob = blob});
    if (r < 0)
        pit__blob_release(blob);
    else
        queued(s, length);
    return r;
}

/* Of this thread, which is the socket's scheduler; at the end of the node it has none. */
static struct pit__blocks *pool(void)
{
    struct pit__thread *t = pit__thread();

    return t ? &t->sched->blocks : NULL;
}

/* A piece of our own, empty, at the end of the queue. */
static struct pit__piece *new_piece(struct pit__socket *s, size_t length)
{
    size_t size = s->piece_count ? CHUNK : FIRST_CHUNK;
    struct pit__block *b;

    if (size < length)
        size = length;
    b = pit__size_never(size) ? NULL : pit__block_alloc(pool(), sizeof(*b) + size);
    if (!b)
        return NULL;
    if (append(s, (struct pit__piece){.data = (uint8_t *)(b + 1), .block = b, .room = size}) < 0) {
        pit__block_free(pool(), b);
        return NULL;
    }
    return piece_at(s, s->piece_count - 1);
}

int pit__send_bytes(struct pit__socket *s, const void *data, size_t length)
{
    struct pit__piece *p;

    if (length == 0)
        return 0;
    p = with_room(s, length);
    if (!p)
        p = new_piece(s, length);
    if (!p)
        return -ENOMEM;
    /* Behind what may be in flight: the kernel reads only what it was told of. A wrong pointer
       ends the process here; the queue is as it was, but perhaps for an empty piece at its end.
       */
    pit__touching_begin();
    memcpy((uint8_t *)p->data + p->length, data, length);
    pit__touching_end();
    p->length += length;
    p->room -= length;
    queued(s, length);
    return 0;
}

static void drop_head(struct pit__socket *s)
{
    struct pit__piece *p = piece_at(s, 0);

    pit__blob_release(p->blob);
    if (p->block)
        pit__block_free(pool(), p->block);
    s->piece_head = (s->piece_head + 1) & (s->piece_room - 1);
    s->piece_count--;
}

/* When nothing is queued no piece is left, even one with room: the next bytes may be a binary to
   share. */
static void consume(struct pit__socket *s, size_t n)
{
    PIT_ASSERT(n <= s->queued);
    s->queued -= n;
    while (n || (!s->queued && s->piece_count)) {
        struct pit__piece *p = piece_at(s, 0);
        size_t k = n < p->length ? n : p->length;
        p->data += k;
        p->length -= k;
        n -= k;
        if (p->length == 0)
            drop_head(s);
    }
}

void pit__send_drop_all(struct pit__socket *s)
{
    while (s->piece_count)
        drop_head(s);
    s->queued = 0;
}

/* ---- the operation */

/* Headers of earlier submissions are free again when the driver says that all of it is
   submitted. */
static struct scratch *scratch_of(struct pit__socket *s)
{
    void **place = pit__socket_scratch(s->driver);
    uint64_t epoch = pit__driver_epoch(s->driver);
    struct scratch *scratch;

    if (!place || (!*place && !(*place = calloc(1, sizeof(struct scratch)))))
        return NULL;
    scratch = *place;
    if (scratch->epoch != epoch) {
        scratch->epoch = epoch;
        scratch->used = 0;
    }
    return scratch->used < HEADERS ? scratch : NULL;
}

/*
 * Down to the low watermark at once, and below it all that is there: nobody is woken in between,
 * and what is sent in more parts costs more (a stream of mebibytes in parts of 256 KiB took a tenth
 * to a fifth more CPU time than in whole ones). Not without end, since a send copies what the
 * socket has room for while the scheduler's other processes wait.
 */
static size_t operation_bytes(const struct pit__socket *s)
{
    size_t over = s->queued > s->low ? s->queued - s->low : OPERATION_MOST;

    return over < OPERATION_LEAST ? OPERATION_LEAST : over < OPERATION_MOST ? over : OPERATION_MOST;
}

static size_t at_most(size_t length, size_t limit) { return length < limit ? length : limit; }

static void prepare_one(struct pit__socket *s, struct io_uring_sqe *sqe)
{
    const struct pit__piece *p = piece_at(s, 0);

    io_uring_prep_send(sqe, s->fd, p->data, at_most(p->length, operation_bytes(s)),
                       MSG_NOSIGNAL | MSG_WAITALL);
}

static void send_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    struct pit__socket *s = PIT__CONTAINER(op, struct pit__socket, send);
    struct scratch *scratch;
    size_t room = operation_bytes(s);

    PIT_ASSERT(s->piece_count);
    if (s->piece_count == 1 || !(scratch = scratch_of(s))) {
        prepare_one(s, sqe);
        return;
    }
    struct msghdr *h = &scratch->all[scratch->used].header;
    struct iovec *v = scratch->all[scratch->used++].pieces;
    unsigned n = 0;

    for (; n < s->piece_count && n < OPERATION_PIECES && room; n++) {
        const struct pit__piece *p = piece_at(s, n);
        v[n] = (struct iovec){(void *)p->data, at_most(p->length, room)};
        room -= v[n].iov_len;
    }
    *h = (struct msghdr){.msg_iov = v, .msg_iovlen = n};
    io_uring_prep_sendmsg(sqe, s->fd, h, MSG_NOSIGNAL | MSG_WAITALL);
}

static void tell_writable(struct pit__socket *s)
{
    struct pit_tcp_writable *m;

    s->wants_writable = false;
    m = pit__message_make(&pit_type_pit_tcp_writable, sizeof(*m));
    if (!m) {
        s->wants_writable = true; /* told with the next completion; until then its next send is */
        return;
    }
    m->socket.id = atomic_load_explicit(&s->handle, memory_order_relaxed);
    pit__message_send(pit__pid_of(pit__socket_owner(s)), PIT_NO_PID, m);
}

/* Senders go on below the low watermark, and when there is an error to be told. */
static void let_go_on(struct pit__socket *s)
{
    if (s->queued > s->low && !s->error)
        return;
    pit__socket_unpark(s, PIT__FOR_ROOM);
    if (s->wants_writable)
        tell_writable(s);
}

static void send_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__socket *s = PIT__CONTAINER(op, struct pit__socket, send);

    pit__socket_ended(s, op);
    if (res > 0)
        consume(s, (size_t)res);
    else if (res != -ECANCELED && res != -EINTR && res != -EAGAIN && !s->error)
        s->error = res;

    if (s->error)
        pit__send_drop_all(s);
    /* Not while somebody waits for the end of what is in flight; he starts it again. */
    if (s->queued && s->waits_for != PIT__FOR_IDLE &&
        (res != -ECANCELED || s->life == PIT__SOCKET_OPEN))
        pit__socket_start(s, op);
    if (s->life == PIT__SOCKET_CLOSING) {
        pit__socket_progress(s);
        return;
    }
    if (!s->queued && s->shut_after) {
        s->shut_after = false;
        (void)shutdown(s->fd, SHUT_WR); /* not connected any more: the next operation tells */
    }
    let_go_on(s);
}

const struct pit__op_kind pit__send_kind = {IORING_OP_SEND, send_prepare, send_complete};
