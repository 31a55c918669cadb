#include "runtime/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

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
static void set_spin(pit_node_opts *o, int64_t n, const char *t)
{
    o->spin_us = n > 0 ? (int)n : -1;
}
static void set_stop(pit_node_opts *o, int64_t n, const char *t) { o->stop_timeout = (int)n; }
static void set_seed(pit_node_opts *o, int64_t n, const char *t) { o->seed = (uint64_t)n; }

static const struct flag flags[] = {
    {"+S", NUMBER, "the number of schedulers, of N:M no more than N,", 1, 1024, set_schedulers},
    {"+sbt", TEXT, "a list of cores such as 0-3,8, or none", 0, 0, set_cores},
    {"+P", NUMBER, "the limit of processes", 1024, 134217727, set_processes},
    {"+t", NUMBER, "the limit of atoms", 1024, 16777216, set_atoms},
    {"+M", NUMBER, "bytes of memory one process may have", 65536, INT64_MAX, set_memory},
    {"+sss", NUMBER, "KiB of stack of a process", 16, 8192, set_stack},
    {"+sbwt", NUMBER, "microseconds that an idle scheduler spins", -1, 1000000, set_spin},
    {"-name", TEXT, "the node's name", 0, 0, set_name},
    {"-dump", TEXT, "where a crash dump goes", 0, 0, set_dump},
    {"-stop", NUMBER, "milliseconds that stopping may take", 1, 86400000, set_stop},
    {"-seed", NUMBER, "a seed", 1, INT64_MAX, set_seed},
};

static const char *const spins[] = {"none", "very_short", "short", "medium", "long", "very_long"};
static const int spin_us[] = {0, 5, 20, 100, 500, 2000};

/* Of "N:M" the M online, for none are started later. More than there are is an error, as in erl;
   all of it then is no number. */
static const char *online(const char *value, const char *colon)
{
    bool many = colon > value && strtoll(colon + 1, NULL, 0) > strtoll(value, NULL, 0);

    return many ? value : colon + 1;
}

/* What BEAM's flags say in words, or in two numbers, as ours: "+S 4:4", "+sbt u", "+sbwt none".
   Else value itself. */
static const char *as_ours(const struct flag *f, const char *value, char *room, size_t size)
{
    const char *colon;

    if (!strcmp(f->name, "+S") && (colon = strchr(value, ':')))
        return online(value, colon);
    if (!strcmp(f->name, "+sbt") && !strcmp(value, "u"))
        return "none";
    if (!strcmp(f->name, "+sbt") && !strcmp(value, "db"))
        return NULL;
    for (size_t i = 0; !strcmp(f->name, "+sbwt") && i < sizeof spins / sizeof *spins; i++)
        if (!strcmp(value, spins[i])) {
            (void)snprintf(room, size, "%d", spin_us[i]);
            return room;
        }
    return value;
}

static int set(pit_node_opts *o, const struct flag *f, const char *given)
{
    char room[16], *end;
    const char *value = as_ours(f, given, room, sizeof room);
    int64_t n = 0;

    if (f->how == NUMBER) {
        errno = 0;
        n = strtoll(value, &end, 0);
        if (errno || *end || end == value || n < f->least || n > f->most) {
            pit_log(PIT_LOG_ERROR, "flag %s %s: %s must be a number from %lld to %lld", f->name,
                    given, f->what, (long long)f->least, (long long)f->most);
            return -EINVAL;
        }
    }
    f->set(o, n, value);
    return 0;
}

/* The flag that a word is, or, as BEAM's may be written, begins with: "+S4". The longest: "+sbwt20"
   is not "+sbt". */
static const struct flag *flag_of(const char *word)
{
    const struct flag *found = NULL;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        size_t length = strlen(flags[i].name);
        bool joined = *word == '+' && !strncmp(flags[i].name, word, length);

        if ((joined || !strcmp(flags[i].name, word)) && (!found || length > strlen(found->name)))
            found = &flags[i];
    }
    return found;
}

/* One flag and its value; next: the word after it, or NULL. How many words it took, or -EINVAL. */
static int apply(pit_node_opts *o, const char *word, const char *next)
{
    const struct flag *f = flag_of(word);
    const char *joined = f ? word + strlen(f->name) : "";
    int r;

    if (!f) {
        pit_log(PIT_LOG_ERROR,
                "unknown flag %s; known are +S +sbt +P +t +M +sss +sbwt, and -name -dump -stop "
                "-seed after --pit or in PITBOSS_FLAGS; what follows -- is the program's own",
                word);
        return -EINVAL;
    }
    if (!*joined && !next) {
        pit_log(PIT_LOG_ERROR, "flag %s needs a value: %s", word, f->what);
        return -EINVAL;
    }
    r = set(o, f, *joined ? joined : next);
    return r < 0 ? r : *joined ? 1 : 2;
}

static int apply_all(pit_node_opts *o, int count, char **words)
{
    int taken;

    for (int i = 0; i < count; i += taken) {
        taken = apply(o, words[i], i + 1 < count ? words[i + 1] : NULL);
        if (taken < 0)
            return taken;
    }
    return 0;
}

int pit__options_args(pit_node_opts *o, int argc, char **argv)
{
    char **left = calloc((size_t)argc + 1, sizeof *left);
    int n = 0, i = 0, r = left ? 0 : -ENOMEM;
    bool ours = true; /* not yet after "--" or "-extra" */

    for (; r >= 0 && i < argc; i += r) {
        r = 1;
        if (i > 0 && ours && !strcmp(argv[i], "--pit")) {
            r = apply_all(o, argc - i - 1, argv + i + 1);
            break;
        }
        if (i > 0 && ours && argv[i][0] == '+') {
            r = apply(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            continue;
        }
        if (i > 0 && ours && (!strcmp(argv[i], "--") || !strcmp(argv[i], "-extra"))) {
            ours = false;
            if (argv[i][1] == 'e')
                continue;
        }
        left[n++] = argv[i];
    }
    if (r >= 0)
        memcpy(argv, left, ((size_t)n + 1) * sizeof *left);
    free(left);
    return r < 0 ? r : n;
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
    for (char *w = strtok_r(storage, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
        if (n == sizeof words / sizeof *words) {
            pit_log(PIT_LOG_ERROR, "PITBOSS_FLAGS has more than %d words", n);
            return -EINVAL;
        }
        words[n++] = w;
    }
    return apply_all(o, n, words);
}

static int out_of_range(const char *what, const char *range)
{
    pit_log(PIT_LOG_ERROR, "option %s must be %s", what, range);
    return -EINVAL;
}

int pit__options_complete(pit_node_opts *o)
{
    int r = pit__log_environment();

    if (r < 0)
        return r;
    if (o->schedulers < 0 || o->schedulers > 1024)
        return out_of_range("schedulers", "from 1 to 1024, or 0 for one a core");
    if (!o->processes)
        o->processes = 4194304;
    if (o->processes < 1024 || o->processes > 134217727)
        return out_of_range("processes", "from 1024 to 134217727");
    if (o->atoms && (o->atoms < 1024 || o->atoms > 16777216))
        return out_of_range("atoms", "from 1024 to 16777216, or 0 for 1048576");
    if (o->memory && (o->memory < 65536 || o->memory > INT64_MAX))
        return out_of_range("memory", "from 65536 bytes, or 0 for no limit");
    if (!o->stack)
        o->stack = 64 * 1024;
    if (o->stack < 16 * 1024 || o->stack > 8 * 1024 * 1024)
        return out_of_range("stack", "from 16 KiB to 8 MiB");
    if (!o->spin_us)
        o->spin_us = 20;
    if (o->spin_us < -1 || o->spin_us > 1000000)
        return out_of_range("spin_us", "at most a second, or -1 for not at all");
    if (!o->stop_timeout)
        o->stop_timeout = 10000;
    if (o->stop_timeout < 0 || o->stop_timeout > 86400000)
        return out_of_range("stop_timeout", "from 1 to 86400000 ms, or 0 for 10000");
    return 0;
}
