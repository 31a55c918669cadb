/*
 * An io_uring round trip as a program meets it: a request to a process of the same node over
 * loopback, and its answer. Client and server share one scheduler, so each waits by its ring alone,
 * and no other core is woken.
 */
#include <pit/pit.h>
#include <pit/tcp.h>

#include "bench/bench.h"
#include "bench/micro/loops.h"

#define MOST 4096

static void serve(const void *arg)
{
    pit_tcp s = *(const pit_tcp *)arg;
    char bytes[MOST];
    int size;

    while ((size = pit_tcp_read(s, bytes, sizeof bytes, PIT_INFINITY)) > 0)
        if (pit_tcp_send_copy(s, bytes, (size_t)size) < 0)
            return;
}

static void start(pit_tcp s, void *arg) { pit_tcp_give(s, serve); }

void micro_tcp_round_trip(uint64_t n, uint64_t size)
{
    char bytes[MOST] = {0}, text[PIT_ADDRESS_TEXT];
    pit_address local;

    BENCH_CHECK(pit_tcp_serve("127.0.0.1:0", start, NULL, &local) == 0);
    pit_tcp s = pit_tcp_connect(pit_address_text(&local, text, sizeof text), 5000);
    BENCH_CHECK(pit_error(s) == 0);
    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        bytes[0] = bytes[size - 1] = (char)i;
        BENCH_CHECK(pit_tcp_send_copy(s, bytes, size) == 0);
        bytes[0] = (char)~i;
        BENCH_CHECK(pit_tcp_read_exactly(s, bytes, size, PIT_INFINITY) == (int)size);
        BENCH_CHECK(bytes[0] == (char)i && bytes[size - 1] == (char)i);
    }
    micro_end();
    (void)pit_tcp_close(s); /* the node ends */
}
