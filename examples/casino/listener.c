/*
 * A listener; see listener.h. The acceptors, one on each scheduler, are the library's; they end
 * with this server.
 */
#include "examples/casino/listener.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "examples/casino/resp.h"

static _Atomic int ports[2];

int listener_port(enum listener_kind kind) { return atomic_load(&ports[kind]); }

/* At least the number of clients: each is added before it starts, and those that ended go when they
   are counted. */
static _Atomic int inside;
static _Atomic int most; /* set by each listener, to the same, before it listens */

/* Is there room for one more, on the whole node? Clients are counted only when there seems to be
   none: that costs more. */
static bool room(void)
{
    while (atomic_fetch_add(&inside, 1) >= most) {
        int seen = atomic_fetch_sub(&inside, 1) - 1;
        int active = (int)pit_supervisor_count_children(pit_whereis("connection_sup")).active;

        if (active >= most)
            return false;
        (void)atomic_compare_exchange_strong(&inside, &seen, active); /* or another acceptor did */
    }
    return true;
}

static void refuse(pit_tcp s, enum listener_kind kind)
{
    static const char text[] = "max number of clients reached";
    struct out reply = out_new(&memory_process);

    if (kind == LISTEN_RESP)
        resp_error(&reply, "ERR %s", text);
    else
        http_respond(&reply, &(struct http_response){.status = 503, .body = bytes_text(text)});
    if (!reply.failed)
        (void)pit_tcp_send_copy(s, reply.data, reply.len);
    out_free(&reply);
}

/* In an acceptor's process. A connection that nobody takes is closed when this returns. */
static void admit(pit_tcp s, enum listener_kind kind)
{
    if (!room()) {
        refuse(s, kind);
        return;
    }
    struct newcomer n = {kind, pit_scheduler()};
    pit_pid client = pit_supervisor_start_simple(pit_whereis("connection_sup"), &n, sizeof(n));

    if (pit_error(client) < 0) {
        pit_log(PIT_LOG_WARNING, "no process for a connection: %s",
                pit_strerror(pit_error(client)));
        return;
    }
    if (pit_tcp_give_to(s, client) < 0)
        pit_exit_process(client, pit_build("shutdown")); /* it waits for a socket that is gone */
    else
        pit_send(client, client_socket, .socket = s);
}

pit_text128 listener_address(const struct options *o, int port)
{
    bool brackets = strchr(o->address, ':') && o->address[0] != '[';
    char text[128];

    (void)snprintf(text, sizeof(text), brackets ? "[%s]:%d" : "%s:%d", o->address, port);
    return pit_text128(text);
}

static void resp_accepted(pit_tcp s, void *arg) { admit(s, LISTEN_RESP); }
static void http_accepted(pit_tcp s, void *arg) { admit(s, LISTEN_HTTP); }

struct listener {
    enum listener_kind kind;
};
struct listener_arg {
    const struct options *options;
    enum listener_kind kind;
};

static int init(struct listener *self, const void *arg)
{
    const struct listener_arg *a = arg;
    const struct options *o = a->options;
    bool resp = a->kind == LISTEN_RESP;
    int port = resp ? o->port : o->http_port, now = listener_port(a->kind);
    pit_address local;

    most = o->max_clients;
    /* Started again, it takes the port that it had, even if any would have done at first. */
    pit_text128 address = listener_address(o, now ? now : port);
    int r = pit_tcp_serve(address.s, resp ? resp_accepted : http_accepted, NULL, &local,
                          .per_scheduler = true, .backlog = 4096,
                          .send_timeout = (uint32_t)o->send_timeout * 1000);
    if (r < 0) {
        fprintf(stderr, "casino: cannot listen on %s: %s\n", address.s, pit_strerror(r));
        return r;
    }
    atomic_store(&ports[a->kind], local.port);
    return 0;
}

/* Nobody asks it anything; it is there to end, and to be started again. */
#define listener_protocol(CALL, CAST)
PIT_PROTOCOL(listener);

PIT_SERVER(listener, struct listener, .init = init);

pit_pid listener_start_link(const struct options *o, enum listener_kind kind)
{
    struct listener_arg arg = {o, kind};

    return pit_server_start_with(&listener_server, &arg, sizeof(arg), .link = true,
                                 .name = kind == LISTEN_RESP ? "resp_listener" : "http_listener");
}
