/*
 * A*: workers search a grid in three dimensions for a way to a target. A node belongs to who
 * reaches it first, which an array of shared integers decides; what a worker has not expanded when
 * its turn is up goes back to the master.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

#define NOBODY (-1)

PIT_MESSAGE(astar_work, (uint32_t, node));
/* to the master: a node that it dealt out, and all found from there, is expanded or sent back */
PIT_MESSAGE(astar_done);

struct grid {
    uint32_t side, nodes, target;
    uint8_t *ways; /* which of the six steps lead on from a node, as bits */
};

/* Steps go up, by one in one or two of the three dimensions. */
static uint32_t step(const struct grid *g, uint32_t node, uint32_t way)
{
    uint32_t n = way + 1, side = g->side, k = node % side, j = node / side % side,
             i = node / side / side;

    i += (n & 4) && i + 1 < side;
    j += (n & 2) && j + 1 < side;
    k += (n & 1) && k + 1 < side;
    return (i * side + j) * side + k;
}

static struct grid grid_new(uint32_t side)
{
    uint32_t random = 123456, at = side * 4 / 5;
    struct grid g = {
        .side = side, .nodes = side * side * side, .target = (at * side + at) * side + at};

    g.ways = bench_memory(g.nodes, 1);
    for (uint32_t node = 0; node < g.nodes; node++) {
        g.ways[node] = (uint8_t)savina_random(&random, 64);
        if (!g.ways[node])
            g.ways[node] = 32; /* the last, so that no node is a dead end */
    }
    return g;
}

struct worker {
    pit_pid master;
    uint32_t threshold;
    const struct grid *grid;
    pit_atomics parents; /* of each node; NOBODY: it was not reached */
};

static void search(const struct worker *self, uint32_t from, uint32_t *open)
{
    const struct grid *g = self->grid;
    uint32_t first = 0, count = 0;

    open[count++] = from;
    while (first < count && first < self->threshold) {
        uint32_t node = open[first++];

        savina_busy(100);
        for (uint32_t way = 0; way < 6; way++) {
            uint32_t next = step(g, node, way);
            int64_t expected = NOBODY;

            if (!(g->ways[node] >> way & 1) || next == node)
                continue;
            if (pit_atomics_compare_exchange(self->parents, next, &expected, node))
                open[count++] = next;
        }
    }
    while (first < count)
        pit_send(self->master, astar_work, .node = open[first++]);
    pit_send(self->master, astar_done);
}

static void worker(void *state, const pit_msg *m)
{
    const struct worker *self = state;

    if (!pit_is(m, astar_work))
        return; /* pit_start */
    uint32_t *open = pit_alloc((self->threshold * 6 + 1) * sizeof *open);
    search(self, pit_as(m, astar_work)->node, open);
    pit_free(open);
}

/* How many nodes can be reached, by the same steps taken alone. */
static uint64_t reachable(const struct grid *g, bool *ret_target)
{
    bool *seen = bench_memory(g->nodes, sizeof *seen);
    uint64_t count = 0;

    seen[0] = true;
    for (uint32_t node = 0; node < g->nodes; node++) { /* a step leads to a higher number */
        if (!seen[node])
            continue;
        count++;
        for (uint32_t way = 0; way < 6; way++)
            if (g->ways[node] >> way & 1)
                seen[step(g, node, way)] = true;
    }
    *ret_target = seen[g->target];
    free(seen);
    return count;
}

static void run(const uint64_t *params)
{
    struct grid g = grid_new((uint32_t)params[0]);
    uint64_t workers = params[1], next = 0, under_way = 1, reached = 0;
    pit_atomics parents = pit_must(pit_atomics_new(g.nodes, 0));
    struct worker arg = {
        .master = pit_self(), .threshold = (uint32_t)params[2], .grid = &g, .parents = parents};
    pit_pid *pids = pit_alloc(workers * sizeof *pids);
    bool can_reach;

    BENCH_CHECK(workers > 0 && arg.threshold > 0);
    for (uint32_t i = 0; i < g.nodes; i++)
        pit_atomics_put(parents, i, i == 0 ? 0 : NOBODY);
    int64_t since = pit_now();
    for (uint64_t i = 0; i < workers; i++)
        pids[i] = pit_spawn_handler_link(worker, &arg, sizeof arg);
    pit_send(pids[0], astar_work, .node = 0);
    while (under_way) {
        const pit_msg *m = BENCH_AWAIT(pit_receive(PIT_INFINITY));

        if (pit_is(m, astar_done)) {
            under_way--;
        } else {
            pit_send(pids[++next % workers], astar_work, .node = pit_as(m, astar_work)->node);
            under_way++;
        }
    }
    for (uint32_t i = 0; i < g.nodes; i++)
        reached += pit_atomics_get(parents, i) != NOBODY;
    savina_report(since, "nodes_per_s", reached);
    savina_expect("nodes reached", reached, reachable(&g, &can_reach));
    uint32_t node = g.target, hops = 0;
    while (can_reach && node && hops++ < g.nodes)
        node = (uint32_t)pit_atomics_get(parents, node);
    savina_expect("where the way back from the target ends", can_reach ? node : 0, 0);
    free(g.ways);
}

const struct savina savina_astar = {
    .name = "astar",
    .what = "workers search a grid for a way to a target",
    .run = run,
    .params = {{"side", 30, 5, SAVINA_CUBE},
               {"workers", 20, 1, SAVINA_FIXED},
               {"threshold", 1024, 16, SAVINA_LINEAR}},
};
