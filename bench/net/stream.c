/*
 * stream: bytes one way, as fast as they are taken. A request is two numbers of 32 bits, most
 * significant byte first, an offset and a count: so many bytes of the pattern follow, from that
 * offset on. The pattern is a table that is repeated for ever (pattern.h), so whoever receives it
 * can check each byte.
 *
 * The table is never copied: what is sent are slices of memory that does not change. A peer that
 * takes nothing makes its own connection wait, and nobody else.
 */
#include <arpa/inet.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/net/pattern.h"
#include "bench/net/serve.h"

struct request {
    uint32_t offset, count;
};

struct connection {
    pit_tcp socket;
    struct request request; /* as it comes in */
    size_t have;            /* bytes of it */
};

static const uint8_t *table;

static void answer(pit_tcp s, uint64_t from, uint64_t left)
{
    while (left) {
        size_t at = from % PATTERN_SIZE, n = PATTERN_SIZE - at < left ? PATTERN_SIZE - at : left;

        if (pit_tcp_send(s, pit_binary_static(table + at, n)) < 0)
            serve_end();
        from += n;
        left -= n;
    }
}

static void received(struct connection *c, pit_binary bytes)
{
    for (size_t used = 0, n; used < bytes.size; used += n) {
        n = sizeof c->request - c->have < bytes.size - used ? sizeof c->request - c->have
                                                            : bytes.size - used;
        memcpy((char *)&c->request + c->have, bytes.data + used, n);
        c->have += n;
        if (c->have == sizeof c->request) {
            c->have = 0;
            answer(c->socket, ntohl(c->request.offset), ntohl(c->request.count));
        }
    }
}

static void connection(void *state, const pit_msg *m)
{
    struct connection *c = state;

    if (pit_is(m, pit_tcp_data))
        received(c, pit_as(m, pit_tcp_data)->bytes);
    else if (pit_is(m, pit_tcp_closed))
        serve_end();
    else if (pit_is(m, pit_start) || pit_is(m, pit_tcp_passive))
        serve_active(c->socket);
}

static void start(pit_tcp s, void *arg)
{
    struct connection c = {.socket = s};

    pit_tcp_give_handler(s, connection, &c, sizeof c);
}

int bench_stream(char **argv)
{
    table = pattern_new();
    BENCH_CHECK(table);
    return serve(argv[0], &(struct service){.start = start, .high_watermark = 1 << 20});
}
