/*
 * LogisticMap: some series, each a process that asks a computer process of its own for every next
 * term.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

#define START_RATE 3.46
#define INCREMENT 0.0025

static double next_term(double term, double rate) { return rate * term * (1 - term); }

#define rate_protocol(CALL, CAST) CALL(next, ((double, term)), ((double, term)))
PIT_PROTOCOL(rate);

struct rate {
    double rate;
};

static int init(struct rate *self, const void *arg)
{
    self->rate = *(const double *)arg;
    return 0;
}

static void on_next(struct rate *self, const struct rate_next *m, struct rate_next_reply *r)
{
    r->term = next_term(m->term, self->rate);
}

PIT_SERVER(rate, struct rate, .init = init);

PIT_MESSAGE(logisticmap_next); /* go on by one term */
PIT_MESSAGE(logisticmap_get);
/* terms: how many were asked for; the first series is 0 all along, however many */
PIT_MESSAGE(logisticmap_result, (uint64_t, series), (double, term), (uint64_t, terms));

struct series {
    uint64_t number;
    pit_pid computer;
    double term;
    uint64_t terms;
};

/* The call waits in the middle of the handler, and only this process: what comes meanwhile comes
   after it. */
static void series(void *state, const pit_msg *m)
{
    struct series *self = state;

    if (pit_is(m, logisticmap_next)) {
        self->term = rate_next(self->computer, self->term).term;
        self->terms++;
    } else if (pit_is(m, logisticmap_get)) {
        pit_send(m->from, logisticmap_result, .series = self->number, .term = self->term,
                 .terms = self->terms);
    }
}

static void run(const uint64_t *params)
{
    uint64_t terms = params[0], count = params[1];
    pit_pid *pids = bench_memory(count, sizeof *pids);
    double *results = bench_memory(count, sizeof *results);
    int64_t since = pit_now();

    for (uint64_t i = 0; i < count; i++) {
        double rate = START_RATE + (double)i * INCREMENT;
        struct series arg = {
            .number = i,
            .computer = pit_must(pit_server_start_link(&rate_server, &rate, sizeof rate)),
            .term = (double)i * INCREMENT,
        };
        pids[i] = pit_spawn_handler_link(series, &arg, sizeof arg);
    }
    for (uint64_t k = 0; k < terms; k++)
        for (uint64_t i = 0; i < count; i++)
            pit_send(pids[i], logisticmap_next);
    for (uint64_t i = 0; i < count; i++)
        pit_send(pids[i], logisticmap_get);
    for (uint64_t i = 0; i < count; i++) {
        const struct logisticmap_result *r =
            BENCH_AWAIT(pit_receive_only(logisticmap_result, PIT_INFINITY));

        BENCH_CHECK(r->series < count);
        savina_expect("terms of a series", r->terms, terms);
        results[r->series] = r->term;
    }
    savina_report(since, "terms_per_s", terms * count);
    for (uint64_t i = 0; i < count; i++) {
        double rate = START_RATE + (double)i * INCREMENT, term = (double)i * INCREMENT;

        for (uint64_t k = 0; k < terms; k++)
            term = next_term(term, rate);
        savina_expect_double("last term of a series", results[i], term);
    }
    free(pids);
    free(results);
}

const struct savina savina_logisticmap = {
    .name = "logisticmap",
    .what = "series ask their computers for each next term",
    .run = run,
    .params = {{"terms", 25000, 1, SAVINA_LINEAR}, {"series", 10, 1, SAVINA_FIXED}},
};
