/*
 * Sieve of Eratosthenes: a chain of processes, each of which holds so many primes and passes on
 * what none of them divides.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

PIT_MESSAGE(sieve_candidate, (uint64_t, value));
PIT_MESSAGE(sieve_end, (uint64_t, sum)); /* of the primes that the filters before hold */

struct filter {
    pit_pid first, next;
    uint64_t room, count;
    uint64_t *primes;
};

static bool divided(const struct filter *self, uint64_t value)
{
    for (uint64_t i = 0; i < self->count; i++)
        if (value % self->primes[i] == 0)
            return true;
    return false;
}

static void filter(void *state, const pit_msg *m);

/* A number that no prime here divides: a prime of ours while there is room, then one for the
   next. */
static void passed(struct filter *self, uint64_t value)
{
    if (self->count < self->room) {
        self->primes[self->count++] = value;
        return;
    }
    if (pit_pid_equal(self->next, PIT_NO_PID)) {
        struct filter next = {.first = self->first, .room = self->room};

        self->next = pit_spawn_handler_link(filter, &next, sizeof next);
    }
    pit_send(self->next, sieve_candidate, .value = value);
}

static void filter(void *state, const pit_msg *m)
{
    struct filter *self = state;

    if (pit_is(m, sieve_candidate)) {
        uint64_t value = pit_as(m, sieve_candidate)->value;

        if (!divided(self, value))
            passed(self, value);
    } else if (pit_is(m, sieve_end)) {
        uint64_t sum = pit_as(m, sieve_end)->sum;

        for (uint64_t i = 0; i < self->count; i++)
            sum += self->primes[i];
        if (pit_pid_equal(self->next, PIT_NO_PID))
            pit_send(self->first, bench_done, .count = sum);
        else
            pit_send(self->next, sieve_end, .sum = sum);
    } else { /* pit_start */
        self->primes = pit_alloc(self->room * sizeof *self->primes);
    }
}

/* Their sum, and not how many they are: without 3 there would be as many, 9 among them. */
static uint64_t sum_of_primes_below(uint64_t n)
{
    bool *composite = bench_memory(n + 1, sizeof *composite);
    uint64_t sum = 0;

    for (uint64_t i = 2; i < n; i++) {
        if (composite[i])
            continue;
        sum += i;
        for (uint64_t k = i * i; k < n; k += i)
            composite[k] = true;
    }
    free(composite);
    return sum;
}

static void run(const uint64_t *params)
{
    uint64_t below = params[0];
    struct filter arg = {.first = pit_self(), .room = params[1]};

    BENCH_CHECK(below > 3 && arg.room > 0);
    int64_t since = pit_now();
    pit_pid head = pit_spawn_handler_link(filter, &arg, sizeof arg);
    pit_send(head, sieve_candidate, .value = 2);
    for (uint64_t i = 3; i < below; i += 2)
        pit_send(head, sieve_candidate, .value = i);
    pit_send(head, sieve_end, .sum = 0);
    uint64_t sum = bench_wait_done(1);
    savina_report(since, "candidates_per_s", below / 2);
    savina_expect("sum of the primes", sum, sum_of_primes_below(below));
}

const struct savina savina_sieve = {
    .name = "sieve",
    .what = "a chain of filters finds primes",
    .run = run,
    .params = {{"below", 100000, 100, SAVINA_LINEAR},
               {"primes_per_filter", 1000, 10, SAVINA_LINEAR}},
};
