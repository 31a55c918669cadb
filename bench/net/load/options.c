/* pitboss-load: the command line. See load.h. */
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/net/load/load.h"

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

void options_parse(int argc, char **argv)
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
