/*
 * NQueens: workers place the first queens and give every board back to the master, which deals it
 * out again; from some depth on they finish it themselves, and send a message for each solution.
 */
#include "bench/savina/savina.h"

#define MOST 20

PIT_MESSAGE(nqueens_board, (uint8_t, depth),
            (uint8_t, columns, MOST)); /* master and workers, both ways */
PIT_MESSAGE(nqueens_solution);
PIT_MESSAGE(nqueens_done); /* the worker has finished a board */

struct worker {
    pit_pid master;
    uint8_t size, threshold;
};

/* May the queen of line `depth` stand there, as the lines before it are? */
static bool fits(const uint8_t *columns, uint8_t depth, uint8_t column)
{
    for (uint8_t i = 0; i < depth; i++) {
        int d = columns[i] - column;

        if (d == 0 || d == depth - i || d == i - depth)
            return false;
    }
    return true;
}

static void solve(const struct worker *self, uint8_t *columns, uint8_t depth)
{
    if (depth == self->size) {
        pit_send(self->master, nqueens_solution);
        return;
    }
    for (uint8_t c = 0; c < self->size; c++)
        if (fits(columns, depth, c)) {
            columns[depth] = c;
            solve(self, columns, depth + 1);
        }
}

static void worker(void *state, const pit_msg *m)
{
    const struct worker *self = state;

    if (!pit_is(m, nqueens_board))
        return; /* pit_start */
    struct nqueens_board b = *pit_as(m, nqueens_board);
    if (b.depth >= self->threshold) {
        solve(self, b.columns, b.depth);
    } else {
        uint8_t depth = b.depth++;

        for (uint8_t c = 0; c < self->size; c++)
            if (fits(b.columns, depth, c)) {
                b.columns[depth] = c;
                pit_send_copy(self->master, &pit_type_nqueens_board, &b);
            }
    }
    pit_send(self->master, nqueens_done);
}

static uint64_t solutions_of(uint64_t size)
{
    static const uint64_t known[] = {1,  1,   0,   0,    2,     10,    4,     40,
                                     92, 352, 724, 2680, 14200, 73712, 365596};

    if (size >= sizeof known / sizeof *known)
        bench_fail("boards of up to %zu", sizeof known / sizeof *known - 1);
    return known[size];
}

static void run(const uint64_t *params)
{
    uint64_t workers = params[1], next = 0, under_way = 1, solutions = 0, boards = 1;
    struct worker arg = {
        .master = pit_self(), .size = (uint8_t)params[0], .threshold = (uint8_t)params[2]};
    uint64_t expected = solutions_of(params[0]);

    BENCH_CHECK(workers > 0);
    int64_t since = pit_now();
    pit_pid *pids = pit_alloc(workers * sizeof *pids);
    for (uint64_t i = 0; i < workers; i++)
        pids[i] = pit_spawn_handler_link(worker, &arg, sizeof arg);
    struct nqueens_board empty = {0};
    pit_send_copy(pids[0], &pit_type_nqueens_board, &empty);
    while (under_way) {
        const pit_msg *m = BENCH_AWAIT(pit_receive(PIT_INFINITY));

        if (pit_is(m, nqueens_solution)) {
            solutions++;
        } else if (pit_is(m, nqueens_done)) {
            under_way--;
        } else {
            pit_send_copy(pids[++next % workers], &pit_type_nqueens_board,
                          pit_as(m, nqueens_board));
            under_way++;
            boards++;
        }
    }
    savina_report(since, "solutions_per_s", solutions);
    bench_report("boards", (double)boards);
    savina_expect("solutions", solutions, expected);
}

const struct savina savina_nqueens = {
    .name = "nqueens",
    .what = "workers place queens, a message for each board and each solution",
    .run = run,
    .params = {{"size", 12, 4, SAVINA_EXPONENTIAL},
               {"workers", 20, 1, SAVINA_FIXED},
               {"threshold", 4, 1, SAVINA_FIXED}},
};
