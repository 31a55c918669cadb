/*
 * Recursive matrix multiplication: a worker either multiplies two blocks or splits them into eight
 * smaller multiplications, which the master deals out. Blocks of the inputs are named by their
 * places; a product comes back as a binary.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

/* Where a and b are read and where their product is added. */
PIT_MESSAGE(recmatmul_work, (uint32_t, row), (uint32_t, inner), (uint32_t, column),
            (uint32_t, side));
PIT_MESSAGE(recmatmul_split,
            (struct recmatmul_work, of)); /* this is eight multiplications instead */
PIT_MESSAGE(recmatmul_product, (struct recmatmul_work, of), (pit_binary, cells));

struct worker {
    pit_pid master;
    uint32_t threshold;  /* cells of a block that is multiplied at once */
    uint32_t n;          /* the inputs' edge */
    const double *a, *b; /* which nobody writes */
};

static void multiply(const struct worker *self, const struct recmatmul_work *w)
{
    uint8_t *room;
    pit_binary cells = pit_binary_make((size_t)w->side * w->side * sizeof(double), &room);
    double *c = (double *)(void *)room;

    for (uint32_t i = 0; i < w->side; i++)
        for (uint32_t k = 0; k < w->side; k++) {
            double x = self->a[(size_t)(w->row + i) * self->n + w->inner + k];
            const double *b = self->b + (size_t)(w->inner + k) * self->n + w->column;

            for (uint32_t j = 0; j < w->side; j++)
                c[i * w->side + j] += x * b[j];
        }
    pit_send(self->master, recmatmul_product, .of = *w, .cells = cells);
}

static void worker(void *state, const pit_msg *m)
{
    const struct worker *self = state;

    if (!pit_is(m, recmatmul_work))
        return; /* pit_start */
    const struct recmatmul_work *w = pit_as(m, recmatmul_work);
    if (w->side * w->side <= self->threshold || w->side % 2)
        multiply(self, w);
    else
        pit_send(self->master, recmatmul_split, .of = *w);
}

struct master {
    pit_pid *workers;
    uint64_t count, next, under_way, done;
};

static void deal(struct master *self, struct recmatmul_work w)
{
    pit_send(self->workers[self->next++ % self->count], recmatmul_work, .row = w.row,
             .inner = w.inner, .column = w.column, .side = w.side);
    self->under_way++;
}

static void deal_parts(struct master *self, const struct recmatmul_work *w)
{
    uint32_t half = w->side / 2;

    for (uint32_t i = 0; i < 8; i++)
        deal(self, (struct recmatmul_work){
                       .row = w->row + (i & 1 ? half : 0),
                       .inner = w->inner + (i & 2 ? half : 0),
                       .column = w->column + (i & 4 ? half : 0),
                       .side = half,
                   });
}

static void add(double *c, uint32_t n, const struct recmatmul_product *p)
{
    const double *cells = (const double *)(const void *)p->cells.data;

    for (uint32_t i = 0; i < p->of.side; i++)
        for (uint32_t j = 0; j < p->of.side; j++)
            c[(size_t)(p->of.row + i) * n + p->of.column + j] += cells[i * p->of.side + j];
}

static void multiply_all(struct master *self, double *c, uint32_t n)
{
    deal(self, (struct recmatmul_work){.side = n});
    while (self->under_way) {
        const pit_msg *m = BENCH_AWAIT(pit_receive(PIT_INFINITY));

        if (pit_is(m, recmatmul_split)) {
            deal_parts(self, &pit_as(m, recmatmul_split)->of);
        } else {
            add(c, n, pit_as(m, recmatmul_product));
            self->done++;
        }
        self->under_way--;
    }
}

static void run(const uint64_t *params)
{
    uint32_t n = (uint32_t)params[0];
    uint64_t wrong = 0;
    double *a = bench_memory((size_t)n * n, sizeof *a), *b = bench_memory((size_t)n * n, sizeof *b),
           *c = bench_memory((size_t)n * n, sizeof *c);
    struct master self = {.count = params[1]};
    struct worker arg = {
        .master = pit_self(), .threshold = (uint32_t)params[2], .n = n, .a = a, .b = b};

    BENCH_CHECK(n && self.count);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            a[(size_t)i * n + j] = i;
            b[(size_t)i * n + j] = j;
        }
    int64_t since = pit_now();
    self.workers = pit_alloc(self.count * sizeof *self.workers);
    for (uint64_t i = 0; i < self.count; i++)
        self.workers[i] = pit_spawn_handler_link(worker, &arg, sizeof arg);
    multiply_all(&self, c, n);
    savina_report(since, "products_per_s", (uint64_t)n * n * n);
    bench_report("blocks", (double)self.done);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            wrong += c[(size_t)i * n + j] != (double)n * i * j;
    savina_expect("wrong cells", wrong, 0);
    free(a);
    free(b);
    free(c);
}

const struct savina savina_recmatmul = {
    .name = "recmatmul",
    .what = "workers multiply two matrices, block by block",
    .run = run,
    .params = {{"side", 1024, 16, SAVINA_CUBE},
               {"workers", 20, 1, SAVINA_FIXED},
               {"threshold", 16384, 64, SAVINA_SQUARE}},
};
