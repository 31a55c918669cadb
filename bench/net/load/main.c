/*
 * pitboss-load: put a load on a server on this machine, check every answer, and say how long they
 * took. See load.h.
 *
 *   pitboss-load PROTOCOL PORT [OPTION...]          --help lists the options
 *
 * Prints `metric value` lines. Exit status: 0; 1: an answer was wrong, lost or late beyond all
 * measure, or no connection; 2: usage.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "bench/net/load/load.h"

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

int main(int argc, char **argv)
{
    static struct result r;

    options_parse(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1); /* wake when a request is due, not 50 us later */
    pattern_make();
    engine_connect();
    double rate = rate_wanted(&r);

    engine_run(rate, options.warm, options.length, options.requests, &r);
    if (!r.latencies.count || !(r.seconds > 0))
        fail("no request was answered in the measured time");
    report_all(&r, rate);
    return 0;
}
