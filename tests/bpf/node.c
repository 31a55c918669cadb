/*
 * A real node whose work is known: a ball goes to and fro between two processes.
 *
 *   node BALLS [+S N ...]   prints `ready`; at a line of input plays BALLS; prints
 *                            `player INDEX GENERATION` and `switches N`, how often a process was
 *                            given the core meanwhile, as the node itself counts it; at the next
 *                            line of input it ends
 */
#include <pit/pit.h>

#include <stdio.h>
#include <stdlib.h>

#include "runtime/process.h"

#include "bpf/pitlat.h"

_Static_assert(PITLAT_PID_INDEX(INT64_MAX) == (int64_t)PIT__PID_INDEX_MAX, "base/probes.h says so");
_Static_assert(PITLAT_PID_GENERATION(5LL << PIT__PID_INDEX_BITS) == 5, "base/probes.h says so");

PIT_MESSAGE(ball, (uint32_t, n));

static void player(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send(m->from, ball, .n = pit_as(m, ball)->n);
    }
}

static uint64_t switches(void)
{
    pit_node_info info;

    pit_node_info_get(&info);
    return info.context_switches;
}

/* Blocks the scheduler, which has nothing else to do: nothing runs but what the script asked
   for. */
static void wait_for_line(void)
{
    int c;

    while ((c = getchar()) != '\n' && c != EOF)
        ;
}

static int first(int argc, char **argv)
{
    uint32_t balls = argc > 1 ? (uint32_t)atol(argv[1]) : 0;

    puts("ready");
    fflush(stdout);
    wait_for_line();

    uint64_t before = switches();
    pit_pid p = pit_spawn_link(player, NULL, 0);
    for (uint32_t i = 0; i < balls; i++) {
        pit_send(p, ball, .n = i);
        (void)pit_receive_only(ball, PIT_INFINITY);
    }
    printf("player %lld %lld\nswitches %llu\n", PITLAT_PID_INDEX((long long)p.id),
           PITLAT_PID_GENERATION((long long)p.id), (unsigned long long)(switches() - before));
    fflush(stdout);
    wait_for_line();
    return 0;
}

int main(int argc, char **argv) { return pit_main(argc, argv, first); }
