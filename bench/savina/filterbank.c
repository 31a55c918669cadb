/*
 * FilterBank: a stream of values through some channels, each a chain of processes (delay, filter,
 * sample, delay, filter), and together again. Long filters: most of it is arithmetic.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

#define MOST_CHANNELS 33

PIT_MESSAGE(filterbank_boot);  /* the first process to the source */
PIT_MESSAGE(filterbank_ready); /* and back */
PIT_MESSAGE(filterbank_value, (double, value));
PIT_MESSAGE(filterbank_tagged, (uint32_t, channel), (double, value));

/* What the source sends as its n-th. */
static double source_value(uint64_t n) { return (double)(n % 1000); }

static double first_coefficient(uint32_t channel, uint32_t i, uint32_t columns, uint32_t channels)
{
    return (double)i * columns + (double)channel * channels + channel + i + channel + 1;
}

static double second_coefficient(uint32_t channel, uint32_t i)
{
    return (double)i * channel + (double)channel * channel + channel + i;
}

/* Four sums, so that one addition need not wait for the last; coefficients stand in the order of
   the data's. */
static double filtered(const double *data, const double *coefficients, uint32_t n)
{
    double a = 0, b = 0, c = 0, d = 0;
    uint32_t i = 0;

    for (; i + 4 <= n; i += 4) {
        a += data[i] * coefficients[i];
        b += data[i + 1] * coefficients[i + 1];
        c += data[i + 2] * coefficients[i + 2];
        d += data[i + 3] * coefficients[i + 3];
    }
    for (; i < n; i++)
        a += data[i] * coefficients[i];
    return (a + b) + (c + d);
}

/* The coefficients of a filter; the suite's filters take them backwards. */
static void fill(double *coefficients, uint32_t n, bool second, uint32_t channel, uint32_t channels)
{
    for (uint32_t i = 0; i < n; i++)
        coefficients[n - 1 - i] =
            second ? second_coefficient(channel, i) : first_coefficient(channel, i, n, channels);
}

/* ---- the stages ---- */

struct source {
    pit_pid next;
    uint64_t sent;
};

static void source(void *state, const pit_msg *m)
{
    struct source *self = state;

    if (!pit_is(m, filterbank_boot))
        return; /* pit_start */
    pit_send(self->next, filterbank_value, .value = source_value(self->sent++));
    pit_send(m->from, filterbank_ready);
}

struct branches {
    uint32_t count;
    pit_pid channels[MOST_CHANNELS];
};

static void branches(void *state, const pit_msg *m)
{
    const struct branches *self = state;

    for (uint32_t i = 0; pit_is(m, filterbank_value) && i < self->count; i++)
        pit_send(self->channels[i], filterbank_value, .value = pit_as(m, filterbank_value)->value);
}

/* A stage of a channel. */
struct stage {
    pit_pid next;
    uint32_t channel, channels, length;
    bool second; /* which of its channel's two filters */
    uint64_t seen;
    double *data, *coefficients;
};

static void delay(void *state, const pit_msg *m)
{
    struct stage *self = state;

    if (!pit_is(m, filterbank_value)) {
        self->data = pit_alloc(self->length * sizeof *self->data);
        return;
    }
    double *slot = &self->data[self->seen++ % self->length];
    pit_send(self->next, filterbank_value, .value = *slot);
    *slot = pit_as(m, filterbank_value)->value;
}

static void filter(void *state, const pit_msg *m)
{
    struct stage *self = state;
    uint32_t n = self->length;

    if (!pit_is(m, filterbank_value)) {
        self->data = pit_alloc(n * sizeof *self->data);
        self->coefficients = pit_alloc(n * sizeof *self->coefficients);
        fill(self->coefficients, n, self->second, self->channel, self->channels);
        return;
    }
    self->data[self->seen++ % n] = pit_as(m, filterbank_value)->value;
    if (self->seen >= n)
        pit_send(self->next, filterbank_value,
                 .value = filtered(self->data, self->coefficients, n));
}

static void sample(void *state, const pit_msg *m)
{
    struct stage *self = state;

    if (!pit_is(m, filterbank_value))
        return; /* pit_start */
    bool pass = self->seen++ % self->length == 0;
    pit_send(self->next, filterbank_value, .value = pass ? pit_as(m, filterbank_value)->value : 0);
}

static void tag(void *state, const pit_msg *m)
{
    const struct stage *self = state;

    if (pit_is(m, filterbank_value))
        pit_send(self->next, filterbank_tagged, .channel = self->channel,
                 .value = pit_as(m, filterbank_value)->value);
}

/* Waits until every channel has its n-th value, and sends their sum, added in the channels'
   order. */
struct combine {
    pit_pid next;
    uint32_t channels;
    uint64_t outputs, sent;
    uint64_t seen[MOST_CHANNELS];
    double *values; /* outputs times channels */
    uint32_t *there;
};

static void combine(void *state, const pit_msg *m)
{
    struct combine *self = state;

    if (!pit_is(m, filterbank_tagged)) {
        self->values = pit_alloc(self->outputs * self->channels * sizeof *self->values);
        self->there = pit_alloc(self->outputs * sizeof *self->there);
        return;
    }
    uint32_t channel = pit_as(m, filterbank_tagged)->channel;
    uint64_t n = self->seen[channel]++;
    BENCH_CHECK(n < self->outputs);
    self->values[n * self->channels + channel] = pit_as(m, filterbank_tagged)->value;
    self->there[n]++;
    while (self->sent < self->outputs && self->there[self->sent] == self->channels) {
        double sum = 0;

        for (uint32_t i = 0; i < self->channels; i++)
            sum += self->values[self->sent * self->channels + i];
        self->sent++;
        pit_send(self->next, filterbank_value, .value = sum);
    }
}

static pit_pid channel_new(uint32_t channel, uint32_t channels, uint32_t columns, pit_pid next)
{
    static pit_handler *const stages[] = {tag, filter, delay, sample, filter, delay};
    struct stage arg = {.channel = channel, .channels = channels, .second = true};

    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) { /* from the end */
        arg.next = next;
        arg.length = stages[i] == delay ? columns - 1 : columns;
        next = pit_spawn_handler_link(stages[i], &arg, sizeof arg);
        if (stages[i] == sample)
            arg.second = false;
    }
    return next;
}

/* ---- the last output, computed alone: the stages as functions of the number of a value ---- */

struct alone {
    uint32_t channel, channels, columns;
};

/* What is in a filter's data when it has seen its input up to number `last`. */
static double alone_filtered(const struct alone *a, uint64_t last, bool second,
                             double (*input)(const struct alone *, uint64_t))
{
    uint32_t n = a->columns;
    double *data = bench_memory(n, sizeof *data), *coefficients = bench_memory(n, sizeof *data);

    for (uint64_t i = last + 1 - n; i <= last; i++)
        data[i % n] = input(a, i);
    fill(coefficients, n, second, a->channel, a->channels);
    double result = filtered(data, coefficients, n);
    free(data);
    free(coefficients);
    return result;
}

static double alone_delayed(const struct alone *a, uint64_t n)
{
    return n < a->columns - 1 ? 0 : source_value(n - (a->columns - 1));
}

static double alone_sampled_delayed(const struct alone *a, uint64_t n)
{
    uint64_t before = a->columns - 1;

    if (n < before || (n - before) % a->columns)
        return 0;
    /* The filter's output n - before: it was full for the first time at its input `before`. */
    return alone_filtered(a, n, false, alone_delayed);
}

static double alone_output(uint32_t channels, uint32_t columns, uint64_t number)
{
    double sum = 0;

    for (uint32_t i = 0; i < channels; i++) {
        struct alone a = {.channel = i, .channels = channels, .columns = columns};

        sum += alone_filtered(&a, number + columns - 1, true, alone_sampled_delayed);
    }
    return sum;
}

static void run(const uint64_t *params)
{
    uint32_t columns = (uint32_t)params[0], channels = (uint32_t)params[1];
    uint64_t inputs = 2 * (uint64_t)columns + 2048, outputs = inputs - 2 * ((uint64_t)columns - 1);
    struct combine c = {.next = pit_self(), .channels = channels, .outputs = outputs};
    struct branches b = {.count = channels};
    double last = 0;

    BENCH_CHECK(columns >= 2 && channels >= 1 && channels <= MOST_CHANNELS);
    int64_t since = pit_now();
    pit_pid end = pit_spawn_handler_link(combine, &c, sizeof c);
    for (uint32_t i = 0; i < channels; i++)
        b.channels[i] = channel_new(i, channels, columns, end);
    struct source s = {.next = pit_spawn_handler_link(branches, &b, sizeof b)};
    pit_pid first = pit_spawn_handler_link(source, &s, sizeof s);
    for (uint64_t i = 0; i < inputs; i++) {
        pit_send(first, filterbank_boot);
        (void)BENCH_AWAIT(pit_receive_only(filterbank_ready, PIT_INFINITY));
    }
    for (uint64_t i = 0; i < outputs; i++)
        last = BENCH_AWAIT(pit_receive_only(filterbank_value, PIT_INFINITY))->value;
    savina_report(since, "inputs_per_s", inputs);
    savina_expect_double("last output", last, alone_output(channels, columns, outputs - 1));
}

const struct savina savina_filterbank = {
    .name = "filterbank",
    .what = "a stream through channels of delays and filters",
    .run = run,
    .params = {{"columns", 16384, 64, SAVINA_LINEAR}, {"channels", 8, 1, SAVINA_FIXED}},
};
