/*
 * All pairs, shortest paths: Floyd and Warshall's algorithm on a matrix of blocks, each a process.
 * In round k a block needs what row k and column k are in the blocks above, below and beside it;
 * blocks travel as binaries, which are not copied.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>
#include <string.h>

PIT_MESSAGE(apsp_neighbours, (pit_binary, pids)); /* all blocks, row by row */
PIT_MESSAGE(apsp_block, (uint32_t, round), (uint32_t, row), (uint32_t, column),
            (pit_binary, cells));
PIT_MESSAGE(apsp_result, (uint32_t, row), (uint32_t, column), (pit_binary, cells));

struct block {
    pit_pid first;
    uint32_t rounds, side,
        per_line; /* side: cells of a block's edge; per_line: blocks of the matrix's */
    uint32_t row, column;
    const uint32_t *matrix; /* the input, which nobody writes */
};

/* A round may begin at a neighbour before it does here. */
static bool of_round(const pit_msg *m, void *round)
{
    return pit_is(m, apsp_block) &&
           ((const struct apsp_block *)pit_payload(m))->round == *(uint32_t *)round;
}

static void send_to_line(const struct block *self, const pit_pid *blocks, uint32_t round,
                         const uint32_t *cells)
{
    pit_binary copy = pit_binary_new(cells, self->side * self->side * sizeof *cells);

    for (uint32_t i = 0; i < self->per_line; i++) {
        uint32_t beside = self->row * self->per_line + i, above = i * self->per_line + self->column;

        if (i != self->column)
            pit_send(blocks[beside], apsp_block, .round = round, .row = self->row,
                     .column = self->column, .cells = copy);
        if (i != self->row)
            pit_send(blocks[above], apsp_block, .round = round, .row = self->row,
                     .column = self->column, .cells = copy);
    }
}

static void relax(uint32_t *cells, uint32_t side, const uint32_t *to_k, const uint32_t *from_k)
{
    for (uint32_t i = 0; i < side; i++)
        for (uint32_t j = 0; j < side; j++)
            if (to_k[i] + from_k[j] < cells[i * side + j])
                cells[i * side + j] = to_k[i] + from_k[j];
}

static void block(const void *arg)
{
    const struct block *self = arg;
    uint32_t side = self->side, n = side * self->per_line;
    uint32_t *cells = pit_alloc(side * side * sizeof *cells);
    uint32_t *to_k = pit_alloc(side * sizeof *to_k), *from_k = pit_alloc(side * sizeof *from_k);
    pit_binary pids = pit_keep(pit_receive_only(apsp_neighbours, PIT_INFINITY)->pids);
    const pit_pid *blocks = (const pit_pid *)(const void *)pids.data;

    BENCH_CHECK(side > 0);
    for (uint32_t i = 0; i < side; i++)
        memcpy(cells + i * side,
               self->matrix + (size_t)(self->row * side + i) * n + self->column * side,
               side * sizeof *cells);
    for (uint32_t k = 0; k < self->rounds; k++) {
        uint32_t line = k / side, at = k % side;

        send_to_line(self, blocks, k, cells);
        for (uint32_t i = 0; i < side; i++) {
            to_k[i] = cells[i * side + at];
            from_k[i] = cells[at * side + i];
        }
        for (uint32_t i = 0; i < 2 * (self->per_line - 1); i++) {
            const struct apsp_block *b =
                pit_as(pit_receive_match(of_round, &k, PIT_INFINITY), apsp_block);
            const uint32_t *its = (const uint32_t *)(const void *)b->cells.data;

            if (b->row == self->row && b->column == line)
                for (uint32_t r = 0; r < side; r++)
                    to_k[r] = its[r * side + at];
            if (b->column == self->column && b->row == line)
                memcpy(from_k, its + at * side, side * sizeof *from_k);
        }
        relax(cells, side, to_k, from_k);
    }
    pit_send(self->first, apsp_result, .row = self->row, .column = self->column,
             .cells = pit_binary_new(cells, side * side * sizeof *cells));
}

static uint32_t *shortest_alone(const uint32_t *matrix, uint32_t n)
{
    uint32_t *d = bench_memory((size_t)n * n, sizeof *d);

    memcpy(d, matrix, (size_t)n * n * sizeof *d);
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; j < n; j++)
                if (d[i * n + k] + d[k * n + j] < d[i * n + j])
                    d[i * n + j] = d[i * n + k] + d[k * n + j];
    return d;
}

static uint64_t different(const struct apsp_result *r, const uint32_t *expected, uint32_t side,
                          uint32_t n)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < side; i++)
        count += 0 != memcmp(r->cells.data + (size_t)i * side * sizeof *expected,
                             expected + (size_t)(r->row * side + i) * n + r->column * side,
                             side * sizeof *expected);
    return count;
}

static void run(const uint64_t *params)
{
    uint32_t side = (uint32_t)params[1], per_line = (uint32_t)params[0] / side;
    uint32_t n = side * per_line, random = 1;
    uint32_t *matrix = bench_memory((size_t)n * n, sizeof *matrix);
    pit_pid *pids = bench_memory((size_t)per_line * per_line, sizeof *pids);
    const pit_msg **results = bench_memory((size_t)per_line * per_line, sizeof *results);
    uint64_t wrong = 0;

    BENCH_CHECK(per_line > 0);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            matrix[i * n + j] = i == j ? 0 : savina_random(&random, (uint32_t)params[2]) + 1;
    int64_t since = pit_now();
    for (uint32_t i = 0; i < per_line * per_line; i++) {
        struct block arg = {
            .first = pit_self(),
            .rounds = n,
            .side = side,
            .per_line = per_line,
            .row = i / per_line,
            .column = i % per_line,
            .matrix = matrix,
        };
        pids[i] = pit_spawn_link(block, &arg, sizeof arg);
    }
    pit_binary all = pit_binary_new(pids, per_line * per_line * sizeof *pids);
    for (uint32_t i = 0; i < per_line * per_line; i++)
        pit_send(pids[i], apsp_neighbours, .pids = all);
    for (uint32_t i = 0; i < per_line * per_line; i++)
        results[i] = pit_keep(BENCH_AWAIT(pit_receive_type(&pit_type_apsp_result, PIT_INFINITY)));
    savina_report(since, "cells_per_s", (uint64_t)n * n * n);
    uint32_t *expected = shortest_alone(matrix, n);
    for (uint32_t i = 0; i < per_line * per_line; i++)
        wrong += different(pit_as(results[i], apsp_result), expected, side, n);
    savina_expect("wrong rows of blocks", wrong, 0);
    free(expected);
    free(results);
    free(pids);
    free(matrix);
}

const struct savina savina_apsp = {
    .name = "apsp",
    .what = "shortest paths between all pairs, a matrix of blocks, each a process",
    .run = run,
    .params = {{"nodes", 300, 20, SAVINA_CUBE},
               {"block", 50, 10, SAVINA_CUBE},
               {"weight", 100, 1, SAVINA_FIXED}},
};
