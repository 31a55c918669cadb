/*
 * ws: WebSocket. Every message comes back as it was. The handshake is upgrade.h's; frames, pings
 * and the closing handshake are wslay's, which is given what has arrived and appends what is to be
 * sent to a buffer: one send for each read.
 *
 * wslay takes its memory from malloc, so it is freed on each way that a connection ends by itself.
 * Within its callbacks nothing of the runtime is called but for the buffer's memory.
 */
#include <string.h>
#include <wslay/wslay.h>

#include "bench/bench.h"
#include "bench/net/serve.h"
#include "bench/net/upgrade.h"
#include "examples/casino/out.h"

#define MOST_MESSAGE (1 << 20) /* bytes; a longer one closes the connection with 1009 */

struct connection {
    pit_tcp socket;
    struct upgrade upgrade;
    wslay_event_context_ptr frames; /* NULL: the handshake is not over */
    struct bytes input;             /* what wslay has not taken yet */
    struct out replies;
};

/* ---- wslay's side ---- */

static ssize_t give_input(wslay_event_context_ptr w, uint8_t *to, size_t room, int flags, void *arg)
{
    struct connection *c = arg;
    size_t n = c->input.len < room ? c->input.len : room;

    if (!n) {
        wslay_event_set_error(w, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(to, c->input.at, n);
    c->input = bytes_of(c->input.at + n, c->input.len - n);
    return (ssize_t)n;
}

static ssize_t take_output(wslay_event_context_ptr w, const uint8_t *from, size_t len, int flags,
                           void *arg)
{
    struct connection *c = arg;

    out_add(&c->replies, from, len);
    if (!c->replies.failed)
        return (ssize_t)len;
    wslay_event_set_error(w, WSLAY_ERR_NOMEM);
    return -1;
}

static void message(wslay_event_context_ptr w, const struct wslay_event_on_msg_recv_arg *m,
                    void *arg)
{
    struct wslay_event_msg same = {m->opcode, m->msg, m->msg_length};

    if (!wslay_is_ctrl_frame(m->opcode))
        wslay_event_queue_msg(w,
                              &same); /* fails when there is no memory, and then so does the send */
}

static const struct wslay_event_callbacks callbacks = {
    .recv_callback = give_input,
    .send_callback = take_output,
    .on_msg_recv_callback = message,
};

/* ---- the connection ---- */

static PIT_NORETURN void leave(struct connection *c)
{
    if (c->frames)
        wslay_event_context_free(c->frames);
    serve_end();
}

static void send_replies(struct connection *c)
{
    if (c->replies.len && pit_tcp_send_copy(c->socket, c->replies.data, c->replies.len) < 0)
        leave(c);
    out_clear(&c->replies);
}

static void shake_hands(struct connection *c)
{
    char reply[UPGRADE_REPLY];
    size_t used;
    enum upgrade_result r = upgrade_next(&c->upgrade, c->input.at, c->input.len, &used, reply);

    c->input = bytes_of(c->input.at + used, c->input.len - used);
    if (r == UPGRADE_MORE)
        return;
    out_text(&c->replies, reply);
    if (r == UPGRADE_REFUSED || wslay_event_context_server_init(&c->frames, &callbacks, c)) {
        send_replies(c);
        leave(c);
    }
    wslay_event_config_set_max_recv_msg_length(c->frames, MOST_MESSAGE);
}

static void received(struct connection *c, pit_binary bytes)
{
    c->input = bytes_of((const char *)bytes.data, bytes.size);
    if (!c->frames)
        shake_hands(c);
    bool sound = !c->frames || (!wslay_event_recv(c->frames) && !wslay_event_send(c->frames));
    send_replies(c);
    if (!sound || (c->frames && wslay_event_get_close_sent(c->frames)))
        leave(c);
}

static void connection(void *state, const pit_msg *m)
{
    struct connection *c = state;

    if (pit_is(m, pit_tcp_data)) {
        received(c, pit_as(m, pit_tcp_data)->bytes);
    } else if (pit_is(m, pit_tcp_closed)) {
        leave(c);
    } else if (pit_is(m, pit_tcp_passive)) {
        serve_active(c->socket);
    } else if (pit_is(m, pit_start)) {
        upgrade_init(&c->upgrade);
        c->replies = out_new(&serve_memory);
        serve_active(c->socket);
    }
}

static void start(pit_tcp s, void *arg)
{
    struct connection c = {.socket = s};

    pit_tcp_give_handler(s, connection, &c, sizeof c);
}

int bench_ws(char **argv) { return serve(argv[0], &(struct service){.start = start}); }
