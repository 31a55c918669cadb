/*
 * pitboss-load: put a load on a server on this machine, check every answer, and say how long they
 * took. See load.h.
 *
 *   pitboss-load PROTOCOL PORT [OPTION...]          --help lists the options
 *
 * Prints `metric value` lines. Exit status: 0; 1: an answer was wrong, lost or late beyond all
 * measure, or no connection; 2: usage.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "bench/net/load/load.h"
#include "bench/net/pattern.h"

struct options options = {
    .connections = 100, .depth = 1, .warm = NS / 2, .timeout = 5 * NS, .seed = 1};
const uint8_t *pattern;

void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("pitboss-load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* ---- the command line ---- */

static const char help[] =
    "usage: pitboss-load PROTOCOL PORT [OPTION...]\n"
    "\n"
    "PROTOCOL: echo, stream, http, resp, ws; PORT: of 127.0.0.1\n"
    "  --connections N    100\n"
    "  --depth N          requests on their way on each: 1\n"
    "  --size BYTES       of a payload: 64; stream: 1048576\n"
    "  --seconds S        measured: 3\n"
    "  --requests N       measured at most; without --seconds there is a minute for them\n"
    "  --warm S           before that, not measured: 0.5\n"
    "  --rate R           open loop: so many requests are due each second, however slow the "
    "answers are\n"
    "  --share X          open loop at X times what a closed loop gets while warming up (2: twice "
    "too many)\n"
    "  --fixed            open loop: due at equal distances; else at random ones, a Poisson "
    "process\n"
    "  --timeout S        without any answer, while some are owed: 5\n"
    "  --seed N           of the random distances: 1\n"
    "  --curve            also print the distribution, `curve SHARE MICROSECONDS` lines\n"
    "\n"
    "Without --rate or --share the loop is closed: the next request is due when an answer came.\n";

static _Noreturn void usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void usage(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("pitboss-load: ", stderr);
    vfprintf(stderr, format, args);
    fputs(" (see --help)\n", stderr);
    va_end(args);
    exit(2);
}

static double number(const char *what, const char *text, double least, double most)
{
    char *end;
    double x = strtod(text, &end);

    if (end == text || *end || !(x >= least && x <= most))
        usage("%s: a number from %g to %g, not \"%s\"", what, least, most, text);
    return x;
}

static uint64_t count(const char *what, const char *text, double least, double most)
{
    double x = number(what, text, least, most);

    if (x != floor(x))
        usage("%s: a whole number, not \"%s\"", what, text);
    return (uint64_t)x;
}

enum {
    CONNECTIONS = 256,
    DEPTH,
    SIZE,
    SECONDS,
    REQUESTS,
    WARM,
    RATE,
    SHARE,
    FIXED,
    TIMEOUT,
    SEED,
    CURVE,
    HELP
};

static const struct option known[] = {
    {"connections", required_argument, NULL, CONNECTIONS},
    {"depth", required_argument, NULL, DEPTH},
    {"size", required_argument, NULL, SIZE},
    {"seconds", required_argument, NULL, SECONDS},
    {"requests", required_argument, NULL, REQUESTS},
    {"warm", required_argument, NULL, WARM},
    {"rate", required_argument, NULL, RATE},
    {"share", required_argument, NULL, SHARE},
    {"fixed", no_argument, NULL, FIXED},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"seed", required_argument, NULL, SEED},
    {"curve", no_argument, NULL, CURVE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static void set_option(int which, const char *value)
{
    switch (which) {
    case CONNECTIONS:
        options.connections = (uint32_t)count("--connections", value, 1, 1e6);
        break;
    case DEPTH:
        options.depth = (uint32_t)count("--depth", value, 1, 4096);
        break;
    case SIZE:
        options.size = count("--size", value, 1, 1 << 30);
        break;
    case SECONDS:
        options.length = (int64_t)(number("--seconds", value, 0.01, 3600) * 1e9);
        break;
    case REQUESTS:
        options.requests = count("--requests", value, 1, 1e12);
        break;
    case WARM:
        options.warm = (int64_t)(number("--warm", value, 0, 3600) * 1e9);
        break;
    case RATE:
        options.rate = number("--rate", value, 1, 1e7);
        break;
    case SHARE:
        options.share = number("--share", value, 0.01, 100);
        break;
    case FIXED:
        options.fixed = true;
        break;
    case TIMEOUT:
        options.timeout = (int64_t)(number("--timeout", value, 0.1, 3600) * 1e9);
        break;
    case SEED:
        options.seed = count("--seed", value, 0, 9e15);
        break;
    case CURVE:
        options.curve = true;
        break;
    case HELP:
        fputs(help, stdout);
        exit(0);
    default:
        usage("an unknown option, or one without its value");
    }
}

static void parse(int argc, char **argv)
{
    int which;

    opterr = 0;
    while ((which = getopt_long(argc, argv, "", known, NULL)) != -1)
        set_option(which, optarg);
    if (argc - optind != 2)
        usage("a protocol and a port are wanted");
    options.protocol = protocol_named(argv[optind]);
    if (!options.protocol)
        usage("no such protocol: %s", argv[optind]);
    options.port = (uint16_t)count("the port", argv[optind + 1], 1, 65535);
    if (options.rate > 0 && options.share > 0)
        usage("--rate and --share exclude each other");
    if (options.share > 0 && options.warm < NS / 20)
        usage("--share needs --warm of 0.05 s at least, to see what a closed loop gets");
    if (options.size && !options.protocol->most)
        usage("%s has no --size", options.protocol->name);
    if (options.size > options.protocol->most)
        usage("--size: %zu at most with %s", options.protocol->most, options.protocol->name);
    if (!options.length)
        options.length = options.requests ? 60 * NS : 3 * NS;
    if (!options.size)
        options.size = options.protocol->size;
}

/* ---- what is printed ---- */

static void report(const char *metric, double value) { printf("%s %.3f\n", metric, value); }

static void report_latencies(const struct histogram *h)
{
    static const struct {
        const char *metric;
        double share;
    } wanted[] = {{"lat_us_p50", 0.5},    {"lat_us_p90", 0.9},      {"lat_us_p99", 0.99},
                  {"lat_us_p999", 0.999}, {"lat_us_p9999", 0.9999}, {"lat_us_max", 1}};

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        report(wanted[i].metric, (double)histogram_at(h, wanted[i].share) / 1000);
}

/* Ten points for each nine of the share. */
static void report_curve(const struct histogram *h)
{
    double rest = 1;

    while (options.curve && rest * (double)h->count >= 0.5) {
        printf("curve %.7f %.3f\n", 1 - rest, (double)histogram_at(h, 1 - rest) / 1000);
        rest /= 1.2589254;
    }
}

static void report_all(const struct result *r, double rate)
{
    double answers = (double)r->answers / r->seconds;

    report("req_per_s", answers);
    if (options.protocol->most)
        report("bytes_per_s", answers * (double)options.size);
    if (rate > 0) {
        report("offered_per_s", (double)r->latencies.count / r->seconds);
        report("own_delay_us_p99", (double)histogram_at(&r->own_delay, 0.99) / 1000);
    }
    report("lat_us_n", (double)r->latencies.count);
    report_latencies(&r->latencies);
    report("served", (double)served);
    report("load_cpu", r->cpu);
    report_curve(&r->latencies);
}

#define TRIES 20 /* of a machine that is so busy that a whole warm-up has no answer */

/* The rate of the open loop; with --share from a closed one, the first half of which warms up. */
static double rate_wanted(struct result *r)
{
    int tries = 0;

    if (!(options.share > 0))
        return options.rate;
    do
        engine_run(0, options.warm / 2, options.warm / 2, 0, r);
    while (!r->answers && ++tries < TRIES);
    if (!r->answers)
        fail("no answer came while warming up");
    return options.share * (double)r->answers / r->seconds;
}

static const uint8_t *pattern_twice(void)
{
    uint8_t *one = pattern_new(), *twice = malloc(2 * PATTERN_SIZE);

    if (!one || !twice)
        fail("no memory");
    memcpy(twice, one, PATTERN_SIZE);
    memcpy(twice + PATTERN_SIZE, one, PATTERN_SIZE);
    free(one);
    return twice;
}

int main(int argc, char **argv)
{
    static struct result r;

    parse(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1); /* wake when a request is due, not 50 us later */
    pattern = pattern_twice();
    engine_connect();
    double rate = rate_wanted(&r);

    engine_run(rate, options.warm, options.length, options.requests, &r);
    if (!r.latencies.count || !(r.seconds > 0))
        fail("no request was answered in the measured time");
    report_all(&r, rate);
    return 0;
}
