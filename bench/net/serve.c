/* The supervision tree of a server; see serve.h. */
#include "bench/net/serve.h"

#include <stdio.h>

#include "bench/bench.h"

/* ---- the listener ---- */

#define SEND_TIMEOUT 10000 /* ms that a peer may take nothing of what is sent to it */

struct door {
    struct service service;
    char address[32];
};

struct listener {
    pit_address local;
};

static int init(struct listener *self, const void *arg)
{
    const struct door *d = arg;

    return pit_tcp_serve(d->address, d->service.start, NULL, &self->local, .backlog = 4096,
                         .per_scheduler = true, .send_timeout = SEND_TIMEOUT,
                         .high_watermark = d->service.high_watermark);
}

/* Nobody asks it anything; it is there to end, and to be started again. */
#define listener_protocol(CALL, CAST)
PIT_PROTOCOL(listener);

PIT_SERVER(listener, struct listener, .init = init);

static pit_pid start_listener(const void *arg)
{
    return pit_server_start_with(&listener_server, arg, sizeof(struct door), .link = true,
                                 .name = "listener");
}

/* ---- the tree ---- */

static pit_sup_spec with_helper(const void *arg)
{
    const struct door *d = arg;

    return (pit_sup_spec){
        .strategy = PIT_REST_FOR_ONE,
        .intensity = 5,
        .period = 10,
        .children =
            PIT_CHILDREN({.id = "helper", .start = d->service.helper},
                         {.id = "listener", .start = start_listener, .arg = d, .size = sizeof *d}),
    };
}

static pit_sup_spec listener_alone(const void *arg)
{
    return (pit_sup_spec){
        .intensity = 5,
        .period = 10,
        .children = PIT_CHILDREN(
            {.id = "listener", .start = start_listener, .arg = arg, .size = sizeof(struct door)}),
    };
}

int serve(const char *port, const struct service *service)
{
    struct door d = {.service = *service};

    snprintf(d.address, sizeof d.address, "127.0.0.1:%u", (unsigned)bench_number(port, 65535));
    /* SIGTERM comes as an exit signal, and then the server has done what it should */
    pit_trap_exit(true);
    pit_pid sup = pit_supervisor_start_with(service->helper ? with_helper : listener_alone, &d,
                                            sizeof d, .link = true, .name = "serve_sup");
    if (pit_error(sup) < 0) {
        fprintf(stderr, "pitboss-bench: cannot serve on %s: %s\n", d.address,
                pit_strerror(pit_error(sup)));
        return 1;
    }
    const struct pit_exited *e = pit_receive_only(pit_exited, PIT_INFINITY);
    if (pit_pid_equal(e->pid, sup)) {
        fprintf(stderr, "pitboss-bench: the supervisor gave up: %s\n", pit_term_text(e->reason));
        return 1;
    }
    return pit_server_stop(sup, pit_build("shutdown"), PIT_INFINITY) < 0;
}

/* ---- connections ---- */

static void *resize(void *old, size_t size) { return pit_realloc(old, size); }
static void release(void *block) { pit_free(block); }

const struct memory serve_memory = {resize, release};

void serve_reply(pit_tcp s, const void *data, size_t size)
{
    if (size && pit_tcp_send_copy(s, data, size) < 0)
        serve_end();
}

void serve_end(void) { bench_end(); }
