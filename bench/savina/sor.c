/*
 * Successive over-relaxation: a grid of cells, each a process, which exchange their values with
 * their neighbours. Cells are red and black as on a chessboard, and take turns.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

#define OMEGA 1.25
#define SIDES 4

PIT_MESSAGE(sor_begin, (pit_pid, neighbours, SIDES));     /* PIT_NO_PID: the edge */
PIT_MESSAGE(sor_value, (uint8_t, side), (double, value)); /* from the neighbour on that side */
PIT_MESSAGE(sor_result, (uint32_t, cell), (double, value));

static double relaxed(double value, const double *neighbours)
{
    double sum = 0;

    for (int i = 0; i < SIDES; i++)
        sum += neighbours[i];
    return OMEGA / 4 * sum + (1 - OMEGA) * value;
}

struct cell {
    pit_pid first;
    uint32_t number, rounds, sent;
    bool red, begun;
    double value;
    pit_pid neighbours[SIDES];
    double values[SIDES]; /* theirs; of the edge: zero */
    uint32_t wanted, got; /* how many of them */
};

static void tell_neighbours(struct cell *self)
{
    for (uint8_t i = 0; i < SIDES; i++)
        if (!pit_pid_equal(self->neighbours[i], PIT_NO_PID))
            pit_send(self->neighbours[i], sor_value, .side = (i + 2) % SIDES, .value = self->value);
    if (++self->sent < self->rounds)
        return;
    pit_send(self->first, sor_result, .cell = self->number, .value = self->value);
    bench_end();
}

static void begin(struct cell *self, const struct sor_begin *m)
{
    for (int i = 0; i < SIDES; i++) {
        self->neighbours[i] = m->neighbours[i];
        self->wanted += !pit_pid_equal(m->neighbours[i], PIT_NO_PID);
    }
    self->begun = true;
    if (self->red)
        tell_neighbours(self);
}

/* Nobody is ahead by more than one value: each waits for all of its neighbours'. They may come
   before the beginning. */
static void cell(void *state, const pit_msg *m)
{
    struct cell *self = state;

    if (pit_is(m, sor_begin)) {
        begin(self, pit_as(m, sor_begin));
    } else if (pit_is(m, sor_value)) {
        self->values[pit_as(m, sor_value)->side] = pit_as(m, sor_value)->value;
        self->got++;
    }
    if (!self->begun || self->got < self->wanted)
        return;
    self->got = 0;
    self->value = relaxed(self->value, self->values);
    tell_neighbours(self);
}

/* The neighbour's place on a side: up, right, down, left; -1: the edge. */
static int64_t beside(uint32_t at, int side, uint32_t n)
{
    uint32_t row = at / n, column = at % n;

    switch (side) {
    case 0:
        return row > 0 ? (int64_t)at - n : -1;
    case 1:
        return column + 1 < n ? (int64_t)at + 1 : -1;
    case 2:
        return row + 1 < n ? (int64_t)at + n : -1;
    default:
        return column > 0 ? (int64_t)at - 1 : -1;
    }
}

static bool is_red(uint32_t at, uint32_t n) { return (at / n + at % n) % 2 == 0; }

static void relax_alone(double *values, uint32_t n, uint32_t rounds)
{
    /* The red ones have told theirs before the first round of the black ones. */
    for (uint32_t turn = 0; turn < 2 * rounds - 1; turn++)
        for (uint32_t at = 0; at < n * n; at++) {
            double theirs[SIDES] = {0};

            if (is_red(at, n) != (turn % 2 == 1))
                continue;
            for (int i = 0; i < SIDES; i++)
                theirs[i] = beside(at, i, n) < 0 ? 0 : values[beside(at, i, n)];
            values[at] = relaxed(values[at], theirs);
        }
}

static void run(const uint64_t *params)
{
    uint32_t n = (uint32_t)params[0], rounds = (uint32_t)params[1], random = 10101010;
    double *values = bench_memory((size_t)n * n, sizeof *values);
    double *results = bench_memory((size_t)n * n, sizeof *results);
    pit_pid *pids = bench_memory((size_t)n * n, sizeof *pids);

    BENCH_CHECK(n > 1 && rounds > 0);
    for (uint32_t i = 0; i < n * n; i++)
        values[i] = savina_random(&random, 1 << 20) * 1e-6 / (1 << 20);
    int64_t since = pit_now();
    for (uint32_t i = 0; i < n * n; i++) {
        struct cell arg = {.first = pit_self(),
                           .number = i,
                           .rounds = rounds,
                           .red = is_red(i, n),
                           .value = values[i]};

        pids[i] = pit_spawn_handler_link(cell, &arg, sizeof arg);
    }
    for (uint32_t i = 0; i < n * n; i++) {
        struct sor_begin m;

        for (int side = 0; side < SIDES; side++)
            m.neighbours[side] = beside(i, side, n) < 0 ? PIT_NO_PID : pids[beside(i, side, n)];
        pit_send_copy(pids[i], &pit_type_sor_begin, &m);
    }
    for (uint32_t i = 0; i < n * n; i++) {
        const struct sor_result *r = BENCH_AWAIT(pit_receive_only(sor_result, PIT_INFINITY));

        results[r->cell] = r->value;
    }
    savina_report(since, "updates_per_s", (uint64_t)n * n * rounds);
    relax_alone(values, n, rounds);
    for (uint32_t i = 0; i < n * n; i++)
        savina_expect_double("a cell", results[i], values[i]);
    free(values);
    free(results);
    free(pids);
}

const struct savina savina_sor = {
    .name = "sor",
    .what = "a grid of cells, each a process, exchange values with their neighbours",
    .run = run,
    .params = {{"side", 20, 4, SAVINA_FIXED}, {"rounds", 100, 2, SAVINA_LINEAR}},
};
