/*
 * http: every request is answered with the same 13 bytes. Requests are parsed in full (casino's
 * parser, on llhttp), may be pipelined, and one connection carries as many as it likes.
 */
#include "examples/casino/http.h"

#include "bench/bench.h"
#include "bench/net/serve.h"

#define BODY "Hello, World!"

struct connection {
    pit_tcp socket;
    struct http http;
    struct out replies;
};

static void respond(struct connection *c)
{
    struct http_response r = {
        .status = 200,
        .body = bytes_text(BODY),
        .after = c->http.after,
    };

    http_respond(&c->replies, &r);
}

static void refuse(struct connection *c)
{
    struct http_response r = {.status = c->http.status, .body = bytes_text("refused\n")};

    http_respond(&c->replies, &r);
}

/* Returns false when the connection is to be closed. */
static bool take_requests(struct connection *c, struct bytes input)
{
    for (;;) {
        size_t used;
        enum http_result result = http_next(&c->http, input.at, input.len, &used);

        input = bytes_of(input.at + used, input.len - used);
        switch (result) {
        case HTTP_MORE:
            return true;
        case HTTP_CONTINUE:
            http_go_on(&c->replies);
            break;
        case HTTP_GOT:
            respond(c);
            if (c->http.after == HTTP_CLOSE)
                return false;
            break;
        case HTTP_BROKEN:
            refuse(c);
            return false;
        }
    }
}

static void received(struct connection *c, pit_binary bytes)
{
    bool stays = take_requests(c, bytes_of((const char *)bytes.data, bytes.size));

    BENCH_CHECK(!c->replies.failed);
    serve_reply(c->socket, c->replies.data, c->replies.len);
    out_clear(&c->replies);
    if (!stays)
        serve_end();
}

static void connection(void *state, const pit_msg *m)
{
    static const struct http_limits limits = HTTP_LIMITS;
    struct connection *c = state;

    if (pit_is(m, pit_tcp_data)) {
        received(c, pit_as(m, pit_tcp_data)->bytes);
    } else if (pit_is(m, pit_tcp_closed)) {
        serve_end();
    } else if (pit_is(m, pit_tcp_passive)) {
        serve_active(c->socket);
    } else if (pit_is(m, pit_start)) {
        http_init(&c->http, &limits, &serve_memory);
        c->replies = out_new(&serve_memory);
        serve_active(c->socket);
    }
}

static void start(pit_tcp s, void *arg)
{
    struct connection c = {.socket = s};

    pit_tcp_give_handler(s, connection, &c, sizeof c);
}

int bench_http(char **argv) { return serve(argv[0], &(struct service){.start = start}); }
