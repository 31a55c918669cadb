/*
 * Fib: each process spawns two, which compute the numbers before its own, and adds what they
 * answer.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(fib_number, (uint64_t, value));

struct fib {
    pit_pid parent;
    uint64_t n, sum;
    bool has_one;
};

PIT_NORETURN static void answer(const struct fib *self, uint64_t value)
{
    pit_send(self->parent, fib_number, .value = value);
    bench_end();
}

static void fib(void *state, const pit_msg *m)
{
    struct fib *self = state;

    if (pit_is(m, pit_start)) {
        if (self->n <= 2)
            answer(self, 1);
        for (uint64_t k = 1; k <= 2; k++) {
            struct fib child = {.parent = pit_self(), .n = self->n - k};

            pit_spawn_handler(fib, &child, sizeof child);
        }
        return;
    }
    self->sum += pit_as(m, fib_number)->value;
    if (self->has_one)
        answer(self, self->sum);
    self->has_one = true;
}

static void run(const uint64_t *params)
{
    uint64_t a = 1, b = 1;
    struct fib arg = {.parent = pit_self(), .n = params[0]};

    for (uint64_t i = 2; i < arg.n; i++) {
        uint64_t next = a + b;

        a = b;
        b = next;
    }
    int64_t since = pit_now();
    pit_spawn_handler_link(fib, &arg, sizeof arg);
    uint64_t value = BENCH_AWAIT(pit_receive_only(fib_number, PIT_INFINITY))->value;
    savina_report(since, "actors_per_s", 2 * b - 1);
    savina_expect("the Fibonacci number", value, b);
}

const struct savina savina_fib = {
    .name = "fib",
    .what = "each process spawns two for the numbers before its own",
    .run = run,
    .params = {{"n", 25, 2, SAVINA_EXPONENTIAL}},
};
