/*
 * echo: what a connection sends comes back. A callback process a connection; the bytes are not
 * copied on their way.
 */
#include "bench/bench.h"
#include "bench/net/serve.h"

static void connection(void *state, const pit_msg *m)
{
    const pit_tcp *s = state;

    if (pit_is(m, pit_tcp_data)) {
        if (pit_tcp_send(*s, pit_as(m, pit_tcp_data)->bytes) < 0)
            serve_end();
    } else if (pit_is(m, pit_tcp_closed)) {
        serve_end();
    } else if (pit_is(m, pit_start) || pit_is(m, pit_tcp_passive)) {
        serve_active(*s);
    }
}

static void start(pit_tcp s, void *arg) { pit_tcp_give_handler(s, connection, &s, sizeof s); }

int bench_echo(char **argv) { return serve(argv[0], &(struct service){.start = start}); }
