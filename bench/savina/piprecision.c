/*
 * PiPrecision: pi to many digits. Workers compute the terms of the series of Bailey, Borwein and
 * Plouffe, which the master deals out and adds.
 */
#include "bench/savina/savina.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

PIT_MESSAGE(piprecision_work, (uint64_t, term));
PIT_MESSAGE(piprecision_term, (pit_binary, limbs));

/* A number is its integer part and so many limbs of 32 bits behind the point. */

/* to += or -= from; what is carried beyond the first limb is lost. */
static void add(uint32_t *to, const uint32_t *from, size_t limbs, bool minus)
{
    uint64_t carry = 0;

    for (size_t i = limbs; i-- > 0;) {
        uint64_t sum =
            minus ? (uint64_t)to[i] - from[i] - carry : (uint64_t)to[i] + from[i] + carry;

        to[i] = (uint32_t)sum;
        carry = sum >> 32 & 1;
    }
}

/* number /= divisor; the limbs before `from` are zero. */
static void divide(uint32_t *number, size_t from, size_t limbs, uint32_t divisor)
{
    uint64_t rest = 0;

    for (size_t i = from; i < limbs; i++) {
        rest = rest << 32 | number[i];
        number[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
}

/* (4/(8k+1) - 2/(8k+4) - 1/(8k+5) - 1/(8k+6)) / 16^k; part is room for a number. */
static void bbp_term(uint32_t *term, uint32_t *part, size_t limbs, uint64_t k)
{
    static const struct {
        uint32_t dividend, plus;
    } parts[] = {{4, 1}, {2, 4}, {1, 5}, {1, 6}};
    uint64_t shift = 4 * k;
    size_t at = shift / 32;

    memset(term, 0, limbs * sizeof *term);
    for (size_t i = 0; i < 4; i++) {
        uint64_t dividend = ((uint64_t)parts[i].dividend << 32) >> shift % 32;

        memset(part, 0, limbs * sizeof *part);
        if (at < limbs)
            part[at] = (uint32_t)(dividend >> 32);
        if (at + 1 < limbs)
            part[at + 1] = (uint32_t)dividend;
        divide(part, at, limbs, (uint32_t)(8 * k + parts[i].plus));
        add(term, part, limbs, i > 0);
    }
}

struct worker {
    size_t limbs;
};

static void worker(void *state, const pit_msg *m)
{
    const struct worker *self = state;
    uint8_t *room;

    if (!pit_is(m, piprecision_work))
        return; /* pit_start */
    pit_binary term = pit_binary_make(self->limbs * sizeof(uint32_t), &room);
    uint32_t *part = pit_alloc(self->limbs * sizeof *part);
    bbp_term((uint32_t *)(void *)room, part, self->limbs, pit_as(m, piprecision_work)->term);
    pit_free(part);
    pit_send(m->from, piprecision_term, .limbs = term);
}

/* sum += or -= times * arctan(1/x) */
static void add_arctan(uint32_t *sum, size_t limbs, uint32_t times, uint32_t x, bool minus)
{
    uint32_t *power = bench_memory(limbs, sizeof *power), *part = bench_memory(limbs, sizeof *part);
    size_t from = 0;

    power[0] = times;
    divide(power, 0, limbs, x);
    for (uint32_t k = 0; from < limbs; k++) {
        memcpy(part, power, limbs * sizeof *part);
        divide(part, from, limbs, 2 * k + 1);
        add(sum, part, limbs, minus != (k % 2 == 1));
        divide(power, from, limbs, x * x);
        while (from < limbs && power[from] == 0)
            from++;
    }
    free(power);
    free(part);
}

/* Machin: pi = 16 arctan(1/5) - 4 arctan(1/239). Every division of either way lost less than one of
   the last limb. */
static bool is_pi(const uint32_t *pi, size_t limbs)
{
    uint32_t *difference = bench_memory(limbs, sizeof *difference);
    bool close = true;

    add_arctan(difference, limbs, 16, 5, false);
    add_arctan(difference, limbs, 4, 239, true);
    add(difference, pi, limbs, true);
    bool negative = difference[0] >> 31;
    for (size_t i = 0; i + 1 < limbs; i++)
        close &= difference[i] == (negative ? UINT32_MAX : 0);
    free(difference);
    return close;
}

static void run(const uint64_t *params)
{
    uint64_t digits = params[0], workers = params[1];
    size_t limbs = (size_t)((double)digits * log2(10) / 32) + 3;
    uint64_t terms = 8 * limbs, sent = 0; /* later ones are zero in so many limbs */
    uint32_t *pi = bench_memory(limbs, sizeof *pi);
    struct worker arg = {.limbs = limbs};

    BENCH_CHECK(workers > 0);
    int64_t since = pit_now();
    pit_pid *pids = pit_alloc(workers * sizeof *pids);
    for (uint64_t i = 0; i < workers; i++)
        pids[i] = pit_spawn_handler_link(worker, &arg, sizeof arg);
    while (sent < terms && sent < 10 * workers) { /* so many are under way at a time */
        pit_send(pids[sent % workers], piprecision_work, .term = sent);
        sent++;
    }
    for (uint64_t i = 0; i < terms; i++) {
        const pit_msg *m = BENCH_AWAIT(pit_receive(PIT_INFINITY));

        add(pi, (const uint32_t *)(const void *)pit_as(m, piprecision_term)->limbs.data, limbs,
            false);
        if (sent < terms)
            pit_send(m->from, piprecision_work, .term = sent++);
    }
    savina_report(since, "terms_per_s", terms);
    savina_expect("limbs agree with Machin's formula", is_pi(pi, limbs), true);
    free(pi);
}

const struct savina savina_piprecision = {
    .name = "piprecision",
    .what = "workers compute the terms of a series for pi",
    .run = run,
    .params = {{"digits", 5000, 50, SAVINA_SQUARE}, {"workers", 20, 1, SAVINA_FIXED}},
};
