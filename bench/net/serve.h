/*
 * What the servers among the benchmarks share: listen, a callback process for each connection, stop
 * on SIGTERM.
 */
#ifndef BENCH_NET_SERVE_H
#define BENCH_NET_SERVE_H

#include <pit/tcp.h>

/* Serve on 127.0.0.1:port until the node is told to stop. start is given each connection, as
   pit_tcp_serve says. Returns 0. */
int bench_serve(const char *port, pit_tcp_start *start, void *arg);

#endif
