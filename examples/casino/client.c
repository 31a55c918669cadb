/* A client's socket and input; see client.h. */
#include "examples/casino/client.h"

#include "examples/casino/stats.h"

struct stats stats;

#define PORTION 16     /* messages of input between two looks at whether there is room */
#define KEPT_IDLE 4096 /* bytes of either buffer that an idle client keeps */
/* replies up to this are copied into the socket's queue; longer ones are written in turns */
#define COPIED (16 << 10)

/* Never cancelled: it ends with the process. */
static void start_timer(int64_t ns) { (void)pit_start_timer(ns / 1000000 + 1, pit_self(), 0); }

#define SECOND ((int64_t)1000000000)

/* Until the first of the time-outs; one that does not run now may begin at any moment. INT64_MAX:
   there is none. */
static int64_t time_left(const struct client *c)
{
    int64_t now = pit_now(), begun = c->begun ? c->begun : now;
    int64_t idle = c->idle_timeout ? c->heard + c->idle_timeout * SECOND - now : INT64_MAX;
    int64_t late = c->request_timeout ? begun + c->request_timeout * SECOND - now : INT64_MAX;

    return idle < late ? idle : late;
}

static void open(struct client *c, pit_tcp socket)
{
    c->socket = socket;
    c->heard = pit_now();
    if (time_left(c) != INT64_MAX)
        start_timer(time_left(c));
    if (pit_tcp_active(socket, PORTION) < 0)
        client_end(c);
}

static void data(struct client *c, const pit_msg *m)
{
    const struct pit_tcp_data *d = pit_as(m, pit_tcp_data);

    if (c->used) { /* the input starts at the front again: parsers count from there */
        memmove(c->input.data, client_input(c), client_input_len(c));
        c->input.len -= c->used;
        c->used = 0;
    }
    out_add(&c->input, d->bytes.data, d->bytes.size);
    if (c->input.failed)
        pit_exit(pit_build("system_limit"));
    if (c->idle_timeout)
        c->heard = pit_now();
}

/* The timer is not moved with each input: when it fires, it is set again for what is left. */
static void timer(struct client *c)
{
    int64_t left = time_left(c);

    if (left > 0)
        start_timer(left);
    else if (c->begun)
        c->kind->late(c);
    else
        client_end(c);
}

/* Data, its end, silence, the timer. true: it was one of these, and there may be something to
   do. */
static bool socket_message(struct client *c, const pit_msg *m)
{
    if (pit_is(m, pit_tcp_data))
        data(c, m);
    else if (pit_is(m, pit_tcp_closed))
        c->ended = true;
    else if (pit_is(m, pit_tcp_passive))
        c->silent = true;
    else if (pit_is(m, pit_timeout))
        timer(c);
    else
        return false;
    return true;
}

static void empty(struct out *o)
{
    if (o->room > KEPT_IDLE)
        out_free(o);
    else
        out_clear(o);
}

/* All that can be used has been: let more come, and keep no more memory than needed. */
static void more(struct client *c)
{
    if (c->input.len == c->used) {
        empty(&c->input);
        c->used = 0;
    }
    if (c->silent && !c->ended) {
        c->silent = false;
        if (pit_tcp_active(c->socket, PORTION) < 0)
            client_end(c);
    }
}

static void serve(struct client *c)
{
    if (!c->leaving)
        c->kind->serve(c);
    if (c->asking || c->leaving)
        return;
    if (c->ended) /* and all that it had asked is answered */
        client_end(c);
    more(c);
}

/* What comes is dropped; see client_leave(). */
static void leave(struct client *c, const pit_msg *m)
{
    if (pit_is(m, pit_tcp_closed) || pit_now() >= c->leave_by ||
        (pit_is(m, pit_tcp_passive) && pit_tcp_active(c->socket, PORTION) < 0))
        client_end(c);
}

static void init(struct client *c)
{
    c->input = out_new(&memory_process);
    c->reply = out_new(&memory_process);
    round_init(&c->round, &c->options);
    c->kind->init(c);
}

/* A message that is not the socket's. */
static void other_message(struct client *c, const pit_msg *m)
{
    switch (round_message(&c->round, m)) {
    case ROUND_DONE:
        c->asking = false;
        c->kind->answer(c);
        serve(c);
        break;
    case ROUND_NOT_MINE:
        pit_unexpected(m);
        break;
    case ROUND_WAIT:
    case ROUND_FAILED:
        break;
    }
}

void client_handle(struct client *c, const pit_msg *m)
{
    if (c->leaving) {
        leave(c, m);
    } else if (socket_message(c, m)) {
        if (!c->asking)
            serve(c);
    } else if (pit_is(m, pit_start)) {
        init(c);
    } else if (pit_is(m, client_socket)) {
        open(c, pit_as(m, client_socket)->socket);
    } else {
        other_message(c, m);
    }
    while (c->round.error) { /* again: the next request's round may fail at once as well */
        stats_add(&stats.failed, 1);
        c->asking = false;
        c->kind->give_up(c);
        serve(c);
    }
}

void client_ask(struct client *c)
{
    if (route_failed(&c->round.route))
        pit_exit(pit_build("system_limit"));
    c->asking = true;
    round_start(&c->round);
}

void client_ask_on(struct client *c)
{
    c->asking = true;
    round_go_on(&c->round);
}

static int write_out(struct client *c, struct bytes b)
{
    return b.len <= COPIED ? pit_tcp_send_copy(c->socket, b.at, b.len)
                           : pit_tcp_write(c->socket, b.at, b.len);
}

void client_send(struct client *c, struct bytes b)
{
    int r;

    if (c->reply.failed)
        pit_exit(pit_build("system_limit"));
    r = b.len ? write_out(c, b) : 0;
    if (r == -ETIMEDOUT) {
        stats_add(&stats.stalled, 1);
        pit_log(PIT_LOG_INFO, "a client takes no replies: closed");
        (void)pit_tcp_abort(c->socket); /* what is queued would linger for nobody */
    }
    if (r < 0)
        client_end(c);
    empty(&c->reply);
}

#define LEAVE_SECONDS 10 /* what it was sending has so long to come, on a busy machine too */

void client_leave(struct client *c)
{
    if (c->ended)
        client_end(c);
    c->leaving = true;
    c->leave_by = pit_now() + LEAVE_SECONDS * SECOND;
    start_timer(LEAVE_SECONDS * SECOND);
    out_free(&c->input);
    c->used = 0;
    (void)pit_tcp_shutdown(c->socket, PIT_TCP_WRITE);
    if (c->silent && pit_tcp_active(c->socket, PORTION) < 0)
        client_end(c);
}

_Noreturn void client_end(struct client *c)
{
    (void)pit_tcp_close(c->socket); /* if it is closed already, so much the better */
    pit_exit(pit_build("normal"));
}
