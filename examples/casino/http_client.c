/*
 * An HTTP client; see http_client.h. A request for a key is a round of one command; all others are
 * answered at once.
 *
 *   GET /           the page            GET /healthz   200 if all tables answer, else 503
 *   GET /tree.json  what it shows       GET /metrics   for Prometheus
 *   GET, HEAD, PUT (or POST), DELETE /kv/KEY
 */
#include "examples/casino/http_client.h"

#include "examples/casino/client.h"
#include "examples/casino/http.h"
#include "examples/casino/monitor.h"
#include "examples/casino/page.h"
#include "examples/casino/report.h"
#include "examples/casino/stats.h"

struct http_client {
    struct client client; /* first: client.h */
    struct http http;
    struct out key, assembled;
    enum command_id command; /* of the round */
    bool head;
    enum http_after after;
};

static void init(void *state)
{
    struct http_client *self = state;

    http_init(&self->http, &self->client.options.http, &memory_process);
    self->key = out_new(&memory_process);
    self->assembled = out_new(&memory_process);
    stats_add(&stats.http_clients, 1);
}

static void respond(struct http_client *self, int status, const char *type, const char *more,
                    struct bytes body)
{
    http_respond(&self->client.reply, &(struct http_response){.status = status,
                                                              .type = type,
                                                              .more = more,
                                                              .body = body,
                                                              .head = self->head,
                                                              .after = self->after});
    stats_add(&stats.requests, 1);
}

static void respond_text(struct http_client *self, int status, const char *text)
{
    respond(self, status, NULL, NULL, bytes_text(text));
}

static void not_allowed(struct http_client *self, const char *allow)
{
    respond(self, 405, NULL, allow, bytes_text("this is not done here\n"));
}

/* A document that is made for each request. */
static void respond_made(struct http_client *self, void (*make)(struct out *), const char *type)
{
    struct out body = out_new(&memory_process);

    make(&body);
    if (body.failed)
        pit_exit(pit_build("system_limit"));
    respond(self, 200, type, "Cache-Control: no-store\r\n", out_content(&body));
    out_free(&body);
}

#define HEALTH_MS 2000

static void health(struct http_client *self)
{
    struct monitor_state_reply s = {0};
    struct out body = out_new(&memory_process);
    int r = monitor_try_state(pit_whereis("monitor"), HEALTH_MS, &s);
    bool well = r == 0 && s.well == s.tables;

    out_format(&body, "%s: %u of %u tables\n", well ? "ok" : "not well", s.well, s.tables);
    respond(self, well ? 200 : 503, NULL, "Cache-Control: no-store\r\n", out_content(&body));
    out_free(&body);
}

/* What a document's path answers; false: there is no such. */
static bool document(struct http_client *self, struct bytes path, bool get)
{
    static const char get_only[] = "Allow: GET, HEAD\r\n";
    bool page = bytes_equal(path, bytes_text("/"));
    bool tree = bytes_equal(path, bytes_text("/tree.json"));
    bool metrics = bytes_equal(path, bytes_text("/metrics"));

    if (!page && !tree && !metrics && !bytes_equal(path, bytes_text("/healthz")))
        return false;
    if (!get)
        not_allowed(self, get_only);
    else if (page)
        respond(self, 200, "text/html; charset=utf-8", NULL, bytes_text(page_html));
    else if (tree)
        respond_made(self, report_tree, "application/json");
    else if (metrics)
        respond_made(self, report_metrics, "text/plain; version=0.0.4");
    else
        health(self);
    return true;
}

/* Ask a key's table; the answer comes as messages. */
static void ask(struct http_client *self, enum command_id id, struct bytes body)
{
    struct bytes words[] = {bytes_text(commands[id].name), out_content(&self->key), body};

    self->command = id;
    route_add(&self->client.round.route, &commands[id], words, id == COMMAND_set ? 3 : 2);
    client_ask(&self->client);
}

static void key_request(struct http_client *self, struct bytes name, struct bytes method)
{
    out_clear(&self->key);
    if (!http_decode(name, &self->key) || !self->key.len)
        respond_text(self, 400, "that is no key\n");
    else if (bytes_is(method, "get") || bytes_is(method, "head"))
        ask(self, COMMAND_get, bytes_of("", 0));
    else if (bytes_is(method, "put") || bytes_is(method, "post"))
        ask(self, COMMAND_set, self->http.body);
    else if (bytes_is(method, "delete"))
        ask(self, COMMAND_del, bytes_of("", 0));
    else
        not_allowed(self, "Allow: GET, HEAD, PUT, POST, DELETE\r\n");
}

static void request(struct http_client *self)
{
    struct bytes path = http_path(self->http.url), method = bytes_text(self->http.method);
    bool get = bytes_is(method, "get") || bytes_is(method, "head");

    self->head = bytes_is(method, "head");
    self->after = self->http.after;
    if (path.len > 4 && !memcmp(path.at, "/kv/", 4))
        key_request(self, bytes_of(path.at + 4, path.len - 4), method);
    else if (!document(self, path, get))
        respond_text(self, 404, "there is / and /kv/KEY, /healthz and /metrics\n");
}

/* A table's error: what it says decides whose fault it is. */
static void respond_error(struct http_client *self, struct bytes reply)
{
    struct bytes text = bytes_of(reply.at + 1, reply.len - 2); /* without '-' and "\r" */
    bool memory = text.len > 3 && !memcmp(text.at, "OOM", 3);
    struct out body = out_new(&memory_process);

    out_bytes(&body, bytes_of(text.at, text.len - 1));
    out_text(&body, "\n");
    respond(self, memory ? 507 : 400, NULL, NULL, out_content(&body));
    out_free(&body);
}

/* The value in a bulk reply. */
static struct bytes value_in(struct bytes reply)
{
    const char *end = memchr(reply.at, '\n', reply.len);

    return bytes_of(end + 1, (size_t)(reply.at + reply.len - end) - 3);
}

static void respond_round(struct http_client *self)
{
    struct bytes reply = round_reply(&self->client.round, &self->assembled);

    if (!reply.len)
        pit_exit(pit_build("no_reply"));
    if (reply.at[0] == '-')
        respond_error(self, reply);
    else if (bytes_equal(reply, bytes_text("$-1\r\n")) || bytes_equal(reply, bytes_text(":0\r\n")))
        respond_text(self, 404, "no such key\n");
    else if (self->command != COMMAND_get)
        respond(self, 204, NULL, NULL, bytes_of("", 0));
    else
        respond(self, 200, "application/octet-stream", NULL, value_in(reply));
}

/* What is written leaves; pipelined replies leave together. */
static void flush(struct http_client *self)
{
    client_send(&self->client, out_content(&self->client.reply));
}

/* bytes of replies to pipelined requests that are gathered before they are sent */
#define TOGETHER (64 << 10)

static bool close_now(const struct http_client *self, bool answered)
{
    return answered && self->after == HTTP_CLOSE;
}

static void serve(void *state)
{
    struct http_client *self = state;
    struct client *c = &self->client;
    enum http_result r = HTTP_GOT;
    size_t used;

    while (!c->asking && client_input_len(c) > 0) {
        r = http_next(&self->http, client_input(c), client_input_len(c), &used);
        c->used += used;
        if (r == HTTP_CONTINUE)
            http_go_on(&c->reply);
        if (r == HTTP_BROKEN) {
            stats_add(&stats.protocol_errors, 1);
            self->after = HTTP_CLOSE;
            self->head = false;
            respond_text(self, self->http.status, http_trouble(self->http.status));
        }
        if (r == HTTP_GOT) {
            c->begun = 0;
            request(self);
        }
        bool answered = (r == HTTP_GOT && !c->asking) || r == HTTP_BROKEN;
        if (c->reply.len > TOGETHER || close_now(self, answered))
            flush(self);
        if (r == HTTP_BROKEN) {
            client_leave(c);
            return;
        }
        if (close_now(self, answered))
            client_end(c);
    }
    flush(self);
    if (r != HTTP_GOT && !c->begun) /* there is input, and it is not whole */
        c->begun = pit_now();
}

/* Else a byte now and then, which is not silence, would hold a connection for ever. */
static void late(void *state)
{
    struct http_client *self = state;

    self->after = HTTP_CLOSE;
    self->head = false;
    respond_text(self, 408, http_trouble(408));
    flush(self);
    client_leave(&self->client);
}

/* The round is over, and what it asked is answered. */
static void answered(struct http_client *self)
{
    round_clear(&self->client.round);
    if (self->after == HTTP_CLOSE) {
        flush(self);
        client_end(&self->client);
    }
}

static void answer(void *state)
{
    respond_round(state);
    answered(state);
}

static void give_up(void *state)
{
    struct http_client *self = state;

    respond_text(self, 503, self->client.round.error + 4); /* without "ERR " */
    answered(self);
}

static const struct client_kind http_kind = {init, serve, answer, give_up, late};

static void handle(void *state, const pit_msg *m)
{
    client_handle(&((struct http_client *)state)->client, m);
}

pit_pid http_client_start_link(const struct options *o, int scheduler)
{
    struct http_client state = {.client = {.kind = &http_kind,
                                           .options = *o,
                                           .idle_timeout = o->http_idle_timeout,
                                           .request_timeout = o->http_request_timeout}};

    return pit_try_spawn_handler(handle, &state, sizeof(state),
                                 (pit_spawn_opts){.link = true,
                                                  .scheduler = (int16_t)PIT_ON(scheduler),
                                                  .label = "http_client"});
}
