/*
 * Running the load generators and reading what they print. redis-benchmark counts requests, not
 * seconds, so it is run in short pieces until the time is over; an error reply makes it say so and
 * stop. For a reply that does not come it waits for ever, and wrk to its own end and as if nothing
 * were wrong: so a piece has a limit, and a checker of our own asks by HTTP too (drive_check.c).
 */
#include "examples/casino/drive_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "examples/casino/drive_peer.h"

static void say(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct load *l, const char *format, ...)
{
    size_t len = strlen(l->report);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(l->report + len, sizeof(l->report) - len, format, args);
    va_end(args);
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What redis-benchmark --csv says of one test, over all pieces. */
struct figures {
    char test[32];
    unsigned pieces;
    double rate, p50, p99, worst;
};

#define TESTS 4

/* "SET","152439.02","0.318","0.104","0.311","0.495","0.607","1.215" */
static bool csv_line(const char *line, struct figures *all, size_t *count)
{
    char test[32];
    double rate, mean, least, p50, p95, p99, worst;

    if (sscanf(line, "\"%31[^\"]\",\"%lf\",\"%lf\",\"%lf\",\"%lf\",\"%lf\",\"%lf\",\"%lf\"", test,
               &rate, &mean, &least, &p50, &p95, &p99, &worst) != 8)
        return false;
    struct figures *f = NULL;
    for (size_t i = 0; i < *count; i++)
        if (!strcmp(all[i].test, test))
            f = &all[i];
    if (!f && *count < TESTS) {
        f = &all[(*count)++];
        (void)snprintf(f->test, sizeof f->test, "%s", test);
    }
    if (f) {
        f->pieces++;
        f->rate += rate;
        f->p50 += p50;
        f->p99 = p99 > f->p99 ? p99 : f->p99;
        f->worst = worst > f->worst ? worst : f->worst;
    }
    return true;
}

/* timeout's way to say that it had to end the command. */
#define TOO_LATE (124 << 8)

static void piece(struct load *l, int requests, struct figures *all, size_t *count)
{
    char command[512], line[1024];

    (void)snprintf(
        command, sizeof(command),
        "timeout --foreground %d "
        "redis-benchmark -h %s -p %d -t set,get,incr -n %d -r 100000 -d 64 -c 50 -P 16 --csv 2>&1",
        3 * drive_patience, l->address, l->port, requests);
    FILE *out = popen(command, "r");
    if (!out) {
        l->missing = true;
        return;
    }
    while (fgets(line, sizeof(line), out)) {
        if (csv_line(line, all, count) || !strncmp(line, "\"test\"", 6) || line[0] == '\n')
            continue;
        say(l, "    redis-benchmark: %s", line);
        l->errors++;
    }
    int status = pclose(out);
    if (status == TOO_LATE)
        say(l, "    redis-benchmark: replies did not come\n");
    if (status != 0) {
        l->missing |= status == 127 << 8;
        l->errors++;
    }
}

void *load_redis(void *arg)
{
    struct load *l = arg;
    struct figures all[TESTS] = {0};
    size_t count = 0;
    int requests = 10000;

    for (double end = seconds_now() + l->seconds; seconds_now() < end && !l->errors;) {
        double start = seconds_now();

        piece(l, requests, all, &count);
        /* Pieces of about two seconds: long enough for percentiles, short enough to end in time. */
        double took = seconds_now() - start;
        if (took < 1 && requests < 2000000)
            requests *= 2;
    }
    for (size_t i = 0; i < count; i++)
        say(l, "  %-4s  %9.0f requests/s   p50 %.2f ms   p99 %.2f ms   worst %.1f ms\n",
            all[i].test, all[i].rate / all[i].pieces, all[i].p50 / all[i].pieces, all[i].p99,
            all[i].worst);
    return NULL;
}

struct wrk {
    double rate;
    char p50[32], p99[32];
};

static void wrk_line(struct load *l, const char *line, struct wrk *w)
{
    unsigned a, b, c, d, bad;

    if (sscanf(line, "Requests/sec: %lf", &w->rate) == 1 ||
        sscanf(line, " 50%% %31s", w->p50) == 1 || sscanf(line, " 99%% %31s", w->p99) == 1)
        return;
    if (sscanf(line, " Socket errors: connect %u, read %u, write %u, timeout %u", &a, &b, &c, &d) ==
        4) {
        l->errors += a + b + c + d;
        say(l, "    wrk:%s", line);
    } else if (sscanf(line, " Non-2xx or 3xx responses: %u", &bad) == 1) {
        l->errors += bad;
        say(l, "    wrk:%s", line);
    }
}

void *load_http(void *arg)
{
    struct load *l = arg;
    char command[512], line[1024];
    struct wrk w = {0, "?", "?"};

    (void)snprintf(command, sizeof(command),
                   "wrk -t 1 -c 20 -d %ds --timeout 60s --latency http://%s:%d/kv/house-rules 2>&1",
                   l->seconds, l->address, l->http_port);
    FILE *out = popen(command, "r");
    if (!out) {
        l->missing = true;
        return NULL;
    }
    while (fgets(line, sizeof(line), out))
        wrk_line(l, line, &w);
    int status = pclose(out);
    if (status != 0) {
        l->missing |= status == 127 << 8;
        l->errors++;
    }
    say(l, "  HTTP  %9.0f requests/s   p50 %s   p99 %s\n", w.rate, w.p50, w.p99);
    return NULL;
}
