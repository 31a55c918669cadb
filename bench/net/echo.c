/*
 * echo: what a connection sends comes back. A callback process a connection; the bytes are not
 * copied on their way.
 */
#include "bench/bench.h"
#include "bench/net/serve.h"

static void connection(void *state, const pit_msg *m)
{
    const pit_tcp *s = state;

    if (pit_is(m, pit_tcp_data))
        pit_must(pit_tcp_send(*s, pit_as(m, pit_tcp_data)->bytes));
    else if (pit_is(m, pit_tcp_closed))
        bench_end();
    else if (pit_is(m, pit_start))
        pit_must(pit_tcp_active(*s, PIT_TCP_ALWAYS));
}

static void start(pit_tcp s, void *arg) { pit_tcp_give_handler(s, connection, &s, sizeof s); }

int bench_echo(char **argv) { return bench_serve(argv[0], start, NULL); }
