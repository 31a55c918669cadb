/*
 * Arguments in, metrics out. Percentiles come from arrays of all samples, sorted: no buckets, no
 * estimate.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_fail(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(stdout);
    _Exit(1); /* others are in the middle of something: nothing to clean up, and no time to wait */
}

uint64_t bench_number(const char *text, uint64_t most)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (end == text || *end || text[0] == '-' || n > most)
        bench_fail("not a number up to %llu: %s", (unsigned long long)most, text);
    return n;
}

void bench_report(const char *metric, double value)
{
    printf("%s %.3f\n", metric, value);
    fflush(stdout);
}

/*
 * A slow-down to order: PITBOSS_BENCH_PLANT=10 in the environment makes what is timed by a rate
 * last 10 % longer. For tests/bench/plant, which shows that the harness finds it.
 */
static void planted_delay(int64_t since_ns)
{
    const char *percent = getenv("PITBOSS_BENCH_PLANT");
    int64_t lasted = pit_now() - since_ns, until = pit_now();

    if (percent)
        until += lasted * (int64_t)bench_number(percent, 1000) / 100;
    while (pit_now() < until)
        ;
}

void bench_report_rate(const char *metric, uint64_t count, int64_t since_ns)
{
    planted_delay(since_ns);
    bench_report(metric, (double)count * 1e9 / (double)(pit_now() - since_ns));
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest sample that at least `per_mille` of a thousand do not exceed. */
static int64_t percentile(const int64_t *sorted, size_t count, size_t per_mille)
{
    size_t rank = (count * per_mille + 999) / 1000;

    return sorted[rank ? rank - 1 : 0];
}

void bench_report_percentiles(const char *prefix, int64_t *samples_ns, size_t count,
                              bool with_count)
{
    static const struct {
        const char *suffix;
        size_t per_mille;
    } wanted[] = {{"p50", 500}, {"p99", 990}, {"p999", 999}, {"max", 1000}};
    char metric[64];

    BENCH_CHECK(count > 0);
    qsort(samples_ns, count, sizeof *samples_ns, by_value);
    if (with_count) {
        snprintf(metric, sizeof metric, "%s_n", prefix);
        bench_report(metric, (double)count);
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        snprintf(metric, sizeof metric, "%s_%s", prefix, wanted[i].suffix);
        bench_report(metric, (double)percentile(samples_ns, count, wanted[i].per_mille) / 1000);
    }
}

double bench_resident_bytes(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = -1;

    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "VmRSS:", 6))
            kib = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    BENCH_CHECK(kib >= 0);
    return kib * 1024;
}

void *bench_memory(size_t count, size_t size)
{
    void *m = calloc(count ? count : 1, size);

    BENCH_CHECK(m);
    return m;
}
