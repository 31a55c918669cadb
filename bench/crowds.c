/*
 * Many at once: counting (many senders, one receiver), big (all to all), fork_join (one to many),
 * chameneos (pairs that meet in a hall). Receivers that only react are callback processes; who
 * loops or waits half way is stackful.
 */
#include "bench/bench.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---- counting ---- */

/* Numbered by its sender, so that one that came twice in another's place is in the sum. */
PIT_MESSAGE(bench_add, (uint64_t, amount));

struct counter {
    pit_pid first;
    uint64_t left, sum;
};

static void count(void *state, const pit_msg *m)
{
    struct counter *self = state;

    if (!pit_is(m, bench_add))
        return; /* pit_start */
    self->sum += pit_as(m, bench_add)->amount;
    if (--self->left == 0)
        pit_send(self->first, bench_done, .count = self->sum);
}

struct producer {
    pit_pid counter;
    uint64_t count;
};

static void produce(const void *arg)
{
    const struct producer *self = arg;

    for (uint64_t i = 1; i <= self->count; i++)
        pit_send(self->counter, bench_add, .amount = i);
}

int bench_counting(char **argv)
{
    uint64_t producers = bench_number(argv[0], 1000000), each = bench_number(argv[1], UINT32_MAX);
    struct counter counter = {.first = pit_self(), .left = producers * each};

    int64_t since = pit_now();
    pit_pid c = pit_spawn_handler_link(count, &counter, sizeof counter);
    struct producer arg = {.counter = c, .count = each};
    for (uint64_t i = 0; i < producers; i++)
        pit_spawn_link(produce, &arg, sizeof arg);
    BENCH_CHECK(bench_wait_done(1) == producers * (each * (each + 1) / 2));
    bench_report_rate("msgs_per_s", producers * each, since);
    return 0;
}

/* ---- big: each asks random others, one question at a time, and answers theirs meanwhile ---- */

PIT_MESSAGE(bench_question, (uint32_t, number));
PIT_MESSAGE(bench_answer, (uint32_t, number));

static pit_pid *everyone;
static uint64_t everyone_count;

struct guest {
    pit_pid first;
    uint64_t questions;
    uint32_t seed;
};

static void answer_until(uint32_t number)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        if (pit_is(m, bench_answer)) {
            BENCH_CHECK(pit_as(m, bench_answer)->number == number);
            return;
        }
        pit_send(m->from, bench_answer, .number = pit_as(m, bench_question)->number);
    }
}

static void guest(const void *arg)
{
    const struct guest *self = arg;
    uint32_t x = self->seed;

    pit_receive_only(bench_done, PIT_INFINITY); /* everyone is here */
    for (uint32_t i = 0; i < self->questions; i++) {
        x = bench_lcg(x);
        pit_send(everyone[(x >> 8) % everyone_count], bench_question, .number = i);
        answer_until(i);
    }
    pit_send(self->first, bench_done, .count = self->questions);
    answer_until(UINT32_MAX); /* for the others, until the node stops */
}

int bench_big(char **argv)
{
    uint64_t n = bench_number(argv[0], 1000000), each = bench_number(argv[1], UINT32_MAX);

    everyone = bench_memory(n, sizeof *everyone);
    everyone_count = n;

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++) {
        struct guest arg = {
            .first = pit_self(), .questions = each, .seed = (uint32_t)(i + 1) * 7919};

        everyone[i] = pit_spawn_link(guest, &arg, sizeof arg);
    }
    for (uint64_t i = 0; i < n; i++)
        pit_send(everyone[i], bench_done, .count = 0);
    BENCH_CHECK(bench_wait_done(n) == n * each);
    bench_report_rate("msgs_per_s", 2 * n * each, since);
    return 0;
}

/* ---- fork_join ---- */

PIT_MESSAGE(bench_work, (double, x));

static _Atomic uint64_t joined;
static uint64_t forked;
static pit_pid forker;

static void compute_once(void *state, const pit_msg *m)
{
    if (!pit_is(m, bench_work))
        return; /* pit_start */
    bench_compute(pit_as(m, bench_work)->x);
    if (atomic_fetch_add_explicit(&joined, 1, memory_order_relaxed) + 1 == forked)
        pit_send(forker, bench_done, .count = forked);
    bench_end();
}

int bench_fork_join_create(char **argv)
{
    forked = bench_number(argv[0], UINT32_MAX);
    forker = pit_self();

    int64_t since = pit_now();
    for (uint64_t i = 0; i < forked; i++)
        pit_send(pit_spawn_handler(compute_once, NULL, 0), bench_work, .x = 37.2);
    BENCH_CHECK(bench_wait_done(1) == forked);
    bench_report_rate("actors_per_s", forked, since);
    return 0;
}

struct worker {
    pit_pid first;
    uint64_t left, done;
};

static void compute_many(void *state, const pit_msg *m)
{
    struct worker *self = state;

    if (!pit_is(m, bench_work))
        return; /* pit_start */
    bench_compute(pit_as(m, bench_work)->x);
    self->done++;
    if (--self->left)
        return;
    pit_send(self->first, bench_done, .count = self->done);
    bench_end();
}

int bench_fork_join_throughput(char **argv)
{
    uint64_t n = bench_number(argv[0], 1000000), each = bench_number(argv[1], UINT32_MAX);
    struct worker arg = {.first = pit_self(), .left = each};
    pit_pid *workers = bench_memory(n, sizeof *workers);

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++)
        workers[i] = pit_spawn_handler_link(compute_many, &arg, sizeof arg);
    for (uint64_t k = 0; k < each; k++)
        for (uint64_t i = 0; i < n; i++)
            pit_send(workers[i], bench_work, .x = 37.2);
    BENCH_CHECK(bench_wait_done(n) == n * each);
    bench_report_rate("msgs_per_s", n * each, since);
    free(workers);
    return 0;
}

/* ---- chameneos: two meet in the hall, tell each other their colours and change them ---- */

PIT_MESSAGE(bench_meet, (uint8_t, colour));                    /* to the hall: I am here */
PIT_MESSAGE(bench_other, (uint8_t, colour), (pit_pid, other)); /* to the first: whom you met */
PIT_MESSAGE(bench_change, (uint8_t, colour));                  /* to the other: what you are now */
PIT_MESSAGE(bench_home, (uint8_t, nothing));                   /* to each: it is over */

struct hall {
    pit_pid first, waiting;
    uint64_t meetings_left, meetings, guests;
};

static void hall_closed(struct hall *self, pit_pid guest)
{
    pit_send(guest, bench_home, .nothing = 0);
    if (--self->guests == 0)
        pit_send(self->first, bench_done, .count = self->meetings);
}

static void hall(void *state, const pit_msg *m)
{
    struct hall *self = state;

    if (!pit_is(m, bench_meet))
        return; /* pit_start */
    if (!self->meetings_left) {
        hall_closed(self, m->from);
        return;
    }
    if (pit_pid_equal(self->waiting, PIT_NO_PID)) {
        self->waiting = m->from;
        return;
    }
    pit_send(self->waiting, bench_other, .colour = pit_as(m, bench_meet)->colour, .other = m->from);
    self->waiting = PIT_NO_PID;
    self->meetings_left--;
    self->meetings++;
}

struct chameneo {
    pit_pid hall;
    uint8_t colour;
};

static uint8_t third(uint8_t a, uint8_t b) { return a == b ? a : (uint8_t)(3 - a - b); }

static void chameneo(void *state, const pit_msg *m)
{
    struct chameneo *self = state;

    if (pit_is(m, bench_home))
        bench_end();
    if (pit_is(m, bench_other)) {
        const struct bench_other *met = pit_as(m, bench_other);

        self->colour = third(self->colour, met->colour);
        pit_send(met->other, bench_change, .colour = self->colour);
    } else if (pit_is(m, bench_change)) {
        self->colour = pit_as(m, bench_change)->colour;
    }
    pit_send(self->hall, bench_meet, .colour = self->colour); /* also on pit_start */
}

int bench_chameneos(char **argv)
{
    uint64_t n = bench_number(argv[0], 1000000), meetings = bench_number(argv[1], UINT32_MAX);
    struct hall arg = {.first = pit_self(), .meetings_left = meetings, .guests = n};

    BENCH_CHECK(n >= 2);
    int64_t since = pit_now();
    pit_pid h = pit_spawn_handler_link(hall, &arg, sizeof arg);
    for (uint64_t i = 1; i <= n; i++) {
        struct chameneo guest_arg = {.hall = h, .colour = (uint8_t)(i % 3)};

        pit_spawn_handler_link(chameneo, &guest_arg, sizeof guest_arg);
    }
    BENCH_CHECK(bench_wait_done(1) == meetings);
    bench_report_rate("meetings_per_s", meetings, since);
    return 0;
}
