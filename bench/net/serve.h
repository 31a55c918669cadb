/*
 * What the servers among the benchmarks share: a supervision tree, a listener that hands each
 * connection to a process of its own, and an end in order on SIGTERM.
 *
 *     serve_sup (rest for one)
 *       helper      optional: what the connections ask, such as a table
 *       listener    its acceptors, one on each scheduler, are linked to it
 *
 * A connection is linked to nobody: it ends alone, and its peer sees the socket close. A listener
 * that ends is started again on the same port, and the connections go on meanwhile.
 */
#ifndef BENCH_NET_SERVE_H
#define BENCH_NET_SERVE_H

#include <pit/pit.h>
#include <pit/tcp.h>

#include "examples/casino/memory.h"

/*
 * After so many messages a connection's socket is passive, and serve_active() makes it active
 * again: what waits in the mailbox of a connection is bounded, and a peer that sends faster than it
 * is served is held back by TCP.
 */
#define SERVE_AT_ONCE 128

struct service {
    pit_tcp_start *start;            /* as pit_tcp_serve says; its argument is NULL */
    pit_pid (*helper)(const void *); /* a child's start function, see pit_child; NULL: none */
    uint32_t high_watermark;         /* bytes queued for one connection; 0: the default */
};

/* Serve on 127.0.0.1:port until the node is told to stop. 0; 1: the tree could not start, or gave
   up. */
int serve(const char *port, const struct service *service);

/* Memory of the process that runs: what it holds goes when it ends. For casino's buffers and
   parsers. */
extern const struct memory serve_memory;

/* What every connection does at its start, and when its socket has become passive. */
static inline void serve_active(pit_tcp s) { pit_must(pit_tcp_active(s, SERVE_AT_ONCE)); }

/* Queue a reply. A peer that is gone is the end of the connection, and no fault of it. */
void serve_reply(pit_tcp s, const void *data, size_t size);

/* The end of a connection: its socket closes with it, after what it has queued. */
PIT_NORETURN void serve_end(void);

#endif
