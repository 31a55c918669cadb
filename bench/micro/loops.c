/*
 * The table of the loops, and how one is run: a node with as many schedulers as the loop wants, the
 * loop in its first process.
 */
#include "bench/micro/loops.h"

#include <pit/pit.h>
#include <string.h>

#include "bench/bench.h"

/* Nobody sleeps while a message is under way; and the node, which waits for who spins, soon
   ends. */
#define SPIN 20000

const struct micro_loop micro_loops[] = {
    {"send_receive/1", micro_send_receive, 1, 200000, .sketch = "a block, two list operations"},
    {"send_receive/64", micro_send_receive, 64, 200000, .sketch = "the same, one line copied"},
    {"send_receive/512", micro_send_receive, 512, 100000, .sketch = "the same, 8 lines"},
    {"send_receive/4096", micro_send_receive, 4096, 50000, .sketch = "the copy: 64 lines, in L1"},
    {"send_receive_moved/4096", micro_send_receive_moved, 4096, 50000,
     .sketch = "zeroing the message instead of the copy"},
    {"send_receive_binary/64", micro_send_receive_binary, 64, 100000,
     .sketch = "a counted block besides"},
    {"send_receive_binary/4096", micro_send_receive_binary, 4096, 50000,
     .sketch = "its bytes are written, not copied"},
    {"ping_pong/1", micro_ping_pong, 1, 100000, .sketch = "two messages, two switches"},
    {"ping_pong/64", micro_ping_pong, 64, 100000, .sketch = "the same"},
    {"ping_pong/4096", micro_ping_pong, 4096, 50000, .sketch = "two copies"},
    {"ping_pong_binary/4096", micro_ping_pong_binary, 4096, 100000,
     .sketch = "one binary to and fro: counts, no copy"},
    {"ping_pong_apart/1", micro_ping_pong_apart, 1, 20000, 2, SPIN,
     "four lines to the other core and four back"},
    {"ping_pong_apart/64", micro_ping_pong_apart, 64, 20000, 2, SPIN, "one line more each"},
    {"ping_pong_apart/4096", micro_ping_pong_apart, 4096, 10000, 2, SPIN,
     "64 lines more each, prefetched"},
    {"ping_pong_apart_binary/4096", micro_ping_pong_apart_binary, 4096, 20000, 2, SPIN,
     "the binary's counts change cores, its bytes stay"},
    {"wake/1", micro_ping_pong_apart, 1, 2000, 2, -1,
     "two wakes of a sleeping thread: a write, an interrupt, a schedule each"},
    {"switch", micro_switch, 0, 200000, .sketch = "six registers, two run queue operations"},
    {"spawn_exit", micro_spawn_exit, 0, 100000, .sketch = "slot, message, teardown"},
    {"spawn_exit_stack", micro_spawn_exit_stack, 0, 50000, .sketch = "the same, a pooled stack"},
    {"call", micro_call, 0, 100000, .sketch = "two messages, two switches, no queue"},
    {"link_unlink", micro_link, 0, 100000, .sketch = "two relations, two signals"},
    {"monitor_demonitor", micro_monitor, 0, 100000, .sketch = "a relation, two signals"},
    {"spawn_monitor_down", micro_spawn_monitor_down, 0, 50000,
     .sketch = "spawn_exit and one more message"},
    {"whereis", micro_whereis, 0, 200000, .sketch = "a hash of the text, a probe"},
    {"register_unregister", micro_register, 0, 50000, .sketch = "the same, and the table's lock"},
    {"timer_start_cancel", micro_timer, 0, 100000, .sketch = "the wheel, in and out"},
    {"timer_fire", micro_timer_fire, 0, 20000, .sketch = "the wheel, a message, a clock reading"},
    {"term_build", micro_term_build, 0, 50000, .sketch = "parsing the format, 12 words"},
    {"term_match", micro_term_match, 0, 50000, .sketch = "parsing the format, comparing"},
    {"term_print", micro_term_print, 0, 50000, .sketch = "48 characters"},
    {"term_parse", micro_term_parse, 0, 50000, .sketch = "48 characters, 12 words"},
    {"alloc_free/16", micro_alloc, 16, 200000, .sketch = "two list operations"},
    {"alloc_free/256", micro_alloc, 256, 200000, .sketch = "the same, zeroing 4 lines"},
    {"alloc_free/4096", micro_alloc, 4096, 100000, .sketch = "the same, zeroing 64 lines"},
    {"tcp_round_trip/64", micro_tcp_round_trip, 64, 5000,
     .sketch = "io_uring: two sends, two receives, and the kernel's loopback"},
};
const size_t micro_loop_count = sizeof micro_loops / sizeof *micro_loops;

static struct {
    const struct micro_loop *loop;
    uint64_t n;
    int64_t since_ns, took_ns;
} run; /* one node at a time */

const struct micro_loop *micro_find(const char *name)
{
    for (size_t i = 0; i < micro_loop_count; i++)
        if (!strcmp(micro_loops[i].name, name))
            return &micro_loops[i];
    return NULL;
}

void micro_begin(void)
{
    micro_counters_start();
    run.since_ns = pit_now();
}

void micro_end(void)
{
    run.took_ns = pit_now() - run.since_ns;
    micro_counters_stop();
}

/* A lost message would hang a loop: the whole of it is one wait, which fails after two minutes. */
static int first(int argc, char **argv)
{
    bench_waits(true);
    run.loop->body(run.n, run.loop->size);
    bench_waits(false);
    return 0;
}

bool micro_run(const struct micro_loop *loop, uint64_t n, struct micro_result *ret)
{
    pit_node_opts opts = {.schedulers = loop->schedulers ? loop->schedulers : 1,
                          .spin_us = loop->spin_us,
                          .no_signals = true};

    run.loop = loop;
    run.n = n;
    run.took_ns = -1;
    micro_counters_open();
    int status = pit_run(&opts, first, 0, NULL);
    ret->counts = micro_counters_close();
    ret->seconds = (double)run.took_ns / 1e9;
    return status == 0 && run.took_ns >= 0;
}
