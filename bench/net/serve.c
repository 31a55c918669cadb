#include "bench/net/serve.h"

#include <stdio.h>

#include "bench/bench.h"

int bench_serve(const char *port, pit_tcp_start *start, void *arg)
{
    char address[32];

    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)bench_number(port, 65535));
    pit_trap_exit(
        true); /* SIGTERM comes as an exit signal, and then the server has done what it should */
    pit_must(pit_tcp_serve(address, start, arg, NULL, .backlog = 4096, .per_scheduler = true));
    pit_receive_type(&pit_type_pit_exited, PIT_INFINITY);
    return 0;
}
