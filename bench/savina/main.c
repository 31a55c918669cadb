/*
 * pitboss-savina: the thirty benchmarks of the Savina suite (Imam and Sarkar, 2014), with its
 * parameters.
 *
 *   pitboss-savina NAME [--schedulers N] [--scale N] [PARAMETER...]
 *   pitboss-savina --list
 *   pitboss-savina --wrong      as a benchmark ends whose result is wrong, for its test
 *
 * Parameters stand in the order that --list shows; those that are left out have the suite's value,
 * divided so that the work is about one N-th of it. Prints `metric value` lines. Exit status: 0; 1:
 * the result was wrong, or the node could not start; 2: usage.
 */
#include "bench/savina/savina.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_PARAMS (sizeof((struct savina *)0)->params / sizeof(struct savina_param))

#define SAVINA_ENTRY(name) &savina_##name,
static const struct savina *const all[] = {SAVINA_ALL(SAVINA_ENTRY)};

static const struct savina *chosen;
static uint64_t values[MOST_PARAMS];

static size_t param_count(const struct savina *s)
{
    size_t n = 0;

    while (n < MOST_PARAMS && s->params[n].name)
        n++;
    return n;
}

static void list(FILE *to)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        fprintf(to, "  %-14s", all[i]->name);
        for (size_t k = 0; k < param_count(all[i]); k++)
            fprintf(to, " %s=%" PRIu64, all[i]->params[k].name, all[i]->params[k].standard);
        fprintf(to, "\n                 %s\n", all[i]->what);
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: pitboss-savina NAME [--schedulers N] [--scale N] [PARAMETER...]\n");
    list(stderr);
    return 2;
}

static const struct savina *find(const char *name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i]->name, name))
            return all[i];
    return NULL;
}

static uint64_t scaled(const struct savina_param *p, double scale)
{
    double divisor = p->growth == SAVINA_LINEAR   ? scale
                     : p->growth == SAVINA_SQUARE ? sqrt(scale)
                     : p->growth == SAVINA_CUBE   ? cbrt(scale)
                                                  : 1;
    double less = p->growth == SAVINA_EXPONENTIAL ? log2(scale) : 0;
    double value = (double)p->standard / divisor - less;

    return value < (double)p->least ? p->least : (uint64_t)value;
}

static int run_chosen(int argc, char **argv)
{
    chosen->run(values);
    return 0;
}

int main(int argc, char **argv)
{
    pit_node_opts opts = {0};
    double scale = 1;
    size_t given = 0;

    if (argc == 2 && !strcmp(argv[1], "--list")) {
        list(stdout);
        return 0;
    }
    if (argc == 2 && !strcmp(argv[1], "--wrong"))
        savina_expect("the sum", 5, 4);
    chosen = argc > 1 ? find(argv[1]) : NULL;
    if (!chosen)
        return usage();
    for (int i = 2; i < argc; i++) {
        bool schedulers = !strcmp(argv[i], "--schedulers"), divide = !strcmp(argv[i], "--scale");

        if ((schedulers || divide) && i + 1 == argc)
            return usage();
        if (schedulers)
            opts.schedulers = (int)bench_number(argv[++i], 1024);
        else if (divide)
            scale = (double)bench_number(argv[++i], UINT32_MAX);
        else if (given < param_count(chosen))
            values[given++] = bench_number(argv[i], UINT32_MAX);
        else
            return usage();
    }
    for (size_t k = given; k < param_count(chosen); k++)
        values[k] = scaled(&chosen->params[k], scale < 1 ? 1 : scale);
    int status = pit_run(&opts, run_chosen, 0, NULL);
    return status < 0 ? 1 : status;
}
