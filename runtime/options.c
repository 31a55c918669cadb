#include "runtime/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pit/log.h>

enum how { NUMBER, TEXT };

struct flag {
    const char *name;
    enum how how;
    const char *what; /* for the message */
    int64_t least, most;
    void (*set)(pit_node_opts *o, int64_t number, const char *text);
};

static void set_schedulers(pit_node_opts *o, int64_t n, const char *t) { o->schedulers = (int)n; }
static void set_cores(pit_node_opts *o, int64_t n, const char *t) { o->cores = t; }
static void set_processes(pit_node_opts *o, int64_t n, const char *t)
{
    o->processes = (uint32_t)n;
}
static void set_atoms(pit_node_opts *o, int64_t n, const char *t) { o->atoms = (uint32_t)n; }
static void set_memory(pit_node_opts *o, int64_t n, const char *t) { o->memory = (uint64_t)n; }
static void set_name(pit_node_opts *o, int64_t n, const char *t) { o->name = t; }
static void set_dump(pit_node_opts *o, int64_t n, const char *t) { o->crash_dump = t; }
static void set_stack(pit_node_opts *o, int64_t n, const char *t) { o->stack = (uint32_t)n * 1024; }
static void set_spin(pit_node_opts *o, int64_t n, const char *t) { o->spin_us = n ? (int)n : -1; }
static void set_stop(pit_node_opts *o, int64_t n, const char *t) { o->stop_timeout = (int)n; }
static void set_seed(pit_node_opts *o, int64_t n, const char *t) { o->seed = (uint64_t)n; }

static const struct flag flags[] = {
    {"+S", NUMBER, "the number of schedulers", 1, 1024, set_schedulers},
    {"+sbt", TEXT, "a list of cores such as 0-3,8, or none", 0, 0, set_cores},
    {"+P", NUMBER, "the limit of processes", 1024, 134217727, set_processes},
    {"+t", NUMBER, "the limit of atoms", 1024, 16777216, set_atoms},
    {"+M", NUMBER, "bytes of memory one process may have", 65536, INT64_MAX, set_memory},
    {"+sss", NUMBER, "KiB of stack of a process", 16, 8192, set_stack},
    {"+sbwt", NUMBER, "microseconds that an idle scheduler spins", 0, 1000000, set_spin},
    {"-name", TEXT, "the node's name", 0, 0, set_name},
    {"-dump", TEXT, "where a crash dump goes", 0, 0, set_dump},
    {"-stop", NUMBER, "milliseconds that stopping may take", 1, 86400000, set_stop},
    {"-seed", NUMBER, "a seed", 1, INT64_MAX, set_seed},
};

static int apply(pit_node_opts *o, const char *name, const char *value)
{
    char *end;
    int64_t n = 0;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const struct flag *f = &flags[i];

        if (strcmp(f->name, name))
            continue;
        if (!value) {
            pit_log(PIT_LOG_ERROR, "flag %s needs a value: %s", name, f->what);
            return -EINVAL;
        }
        if (f->how == NUMBER) {
            errno = 0;
            n = strtoll(value, &end, 0);
            if (errno || *end || end == value || n < f->least || n > f->most) {
                pit_log(PIT_LOG_ERROR, "flag %s %s: %s must be a number from %lld to %lld", name,
                        value, f->what, (long long)f->least, (long long)f->most);
                return -EINVAL;
            }
        }
        f->set(o, n, value);
        return 0;
    }
    pit_log(PIT_LOG_ERROR,
            "unknown flag %s; known are +S +sbt +P +t +M +sss +sbwt -name -dump -stop -seed", name);
    return -EINVAL;
}

int pit__options_args(pit_node_opts *o, int argc, char **argv, int from)
{
    for (int i = from; i < argc; i += 2) {
        int r = apply(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);

        if (r < 0)
            return r;
    }
    return 0;
}

int pit__options_text(pit_node_opts *o, const char *text, char *storage, size_t size)
{
    char *words[64], *save = NULL;
    int n = 0;

    if (!text)
        return 0;
    if (snprintf(storage, size, "%s", text) >= (int)size) {
        pit_log(PIT_LOG_ERROR, "PITBOSS_FLAGS is longer than %zu bytes", size - 1);
        return -EINVAL;
    }
    for (char *w = strtok_r(storage, " \t\n", &save); w && n < 64;
         w = strtok_r(NULL, " \t\n", &save))
        words[n++] = w;
    return pit__options_args(o, n, words, 0);
}

static int out_of_range(const char *what, const char *range)
{
    pit_log(PIT_LOG_ERROR, "option %s must be %s", what, range);
    return -EINVAL;
}

int pit__options_complete(pit_node_opts *o)
{
    if (o->schedulers < 0 || o->schedulers > 1024)
        return out_of_range("schedulers", "from 1 to 1024, or 0 for one a core");
    if (!o->processes)
        o->processes = 4194304;
    if (o->processes < 1024 || o->processes > 134217727)
        return out_of_range("processes", "from 1024 to 134217727");
    if (!o->stack)
        o->stack = 64 * 1024;
    if (o->stack < 16 * 1024 || o->stack > 8 * 1024 * 1024)
        return out_of_range("stack", "from 16 KiB to 8 MiB");
    if (!o->spin_us)
        o->spin_us = 20;
    if (o->spin_us > 1000000)
        return out_of_range("spin_us", "at most a second");
    if (!o->stop_timeout)
        o->stop_timeout = 10000;
    if (o->stop_timeout < 0)
        return out_of_range("stop_timeout", "positive");
    return 0;
}
