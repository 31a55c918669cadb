/*
 * pitlat: how long the processes of a live node wait for a core, from runnable to run.
 *
 * Attaches to the probes of base/probes.h in a running node, which needs no restart and no
 * special build, and prints a histogram when it ends. Measuring every delay costs the node two
 * traps for each run of a process; --sampled uses the delays that the runtime samples itself: one
 * trap.
 *
 * The order here is: options, where the probes are, open and attach, wait, print.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/oracle.h"

#include "bpf/pitlat.h"
#include "bpf/pitlat.skel.h"

#define TOP 20 /* lines of --by-pid */

struct options {
    pid_t pid;
    double seconds; /* 0: until interrupted */
    bool by_pid;
    bool sampled;
    bool verbose;
    uint32_t most; /* processes that may wait at once */
};

static bool verbose;

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    va_list args;

    fputs("pitlat: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* libbpf explains at length what we say in a sentence; --verbose shows it. */
static int libbpf_says(enum libbpf_print_level level, const char *format, va_list args)
{
    if (!verbose || level == LIBBPF_DEBUG)
        return 0;
    return vfprintf(stderr, format, args);
}

/* ---- options -------------------------------------------------------------------------------- */

static void usage(FILE *to)
{
    fputs("usage: pitlat -p PID [-d SECONDS] [--by-pid] [--sampled] [--most N] [--verbose]\n"
          "\n"
          "How long the processes of a live pitboss node wait for a core: a histogram of the\n"
          "delay from runnable to run, in nanoseconds.\n"
          "\n"
          "  -p, --pid PID        the node's OS process\n"
          "  -d, --duration SECS  stop after so long; without it: at Ctrl-C or the node's end\n"
          "      --by-pid         besides, a line for each of the 20 processes that waited most\n"
          "      --sampled        use the delays that the runtime samples, instead of measuring\n"
          "                       each: one probe instead of two, and no trap in what is measured\n"
          "      --most N         room for so many processes that wait at once (1048576)\n"
          "      --verbose        show what libbpf says\n"
          "\n"
          "Needs root, or CAP_BPF and CAP_PERFMON.\n",
          to);
}

static bool parse_number(const char *text, double least, double most, double *ret)
{
    char *end;

    errno = 0;
    double v = strtod(text, &end);
    if (errno || end == text || *end != '\0' || !(v >= least && v <= most))
        return false;
    *ret = v;
    return true;
}

/* 0: go on; else exit with status ret - 1. */
static int parse_options(int argc, char **argv, struct options *o)
{
    enum { BY_PID = 256, SAMPLED, MOST, VERBOSE };
    static const struct option known[] = {
        {"pid", required_argument, NULL, 'p'},   {"duration", required_argument, NULL, 'd'},
        {"by-pid", no_argument, NULL, BY_PID},   {"sampled", no_argument, NULL, SAMPLED},
        {"most", required_argument, NULL, MOST}, {"verbose", no_argument, NULL, VERBOSE},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    double number;
    int c;

    while ((c = getopt_long(argc, argv, "p:d:h", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            if (!parse_number(optarg, 1, INT_MAX, &number) || number != (int)number) {
                complain("-p %s: not a process number", optarg);
                return 1 + 2;
            }
            o->pid = (pid_t)number;
            break;
        case 'd':
            if (!parse_number(optarg, 0.001, 1e6, &o->seconds)) {
                complain("-d %s: not a number of seconds", optarg);
                return 1 + 2;
            }
            break;
        case BY_PID:
            o->by_pid = true;
            break;
        case SAMPLED:
            o->sampled = true;
            break;
        case MOST:
            if (!parse_number(optarg, 1, 1 << 28, &number) || number != (uint32_t)number) {
                complain("--most %s: not a number of processes", optarg);
                return 1 + 2;
            }
            o->most = (uint32_t)number;
            break;
        case VERBOSE:
            o->verbose = true;
            break;
        case 'h':
            usage(stdout);
            return 1 + 0;
        default:
            usage(stderr);
            return 1 + 2;
        }
    }
    if (optind < argc || o->pid == 0) {
        usage(stderr);
        return 1 + 2;
    }
    return 0;
}

/* ---- open and attach ------------------------------------------------------------------------ */

struct session {
    const struct options *options;
    struct pitlat_bpf *bpf;
    int node; /* pidfd: readable when the node has ended */
    char object[PATH_MAX];
};

static struct bpf_link *attach(struct session *s, struct bpf_program *p, const char *probe)
{
    return bpf_program__attach_usdt(p, s->options->pid, s->object, "pitboss", probe, NULL);
}

/* process_run comes last: who sees its semaphore set knows that all are attached. */
static int attach_all(struct session *s)
{
    struct pitlat_bpf *b = s->bpf;

    if (!s->options->sampled) {
        b->links.on_runnable = attach(s, b->progs.on_runnable, "process_runnable");
        if (!b->links.on_runnable)
            return -errno;
        b->links.on_exit = attach(s, b->progs.on_exit, "process_exit");
        if (!b->links.on_exit && errno != ENOENT) /* a small program may have no exit */
            return -errno;
    }
    b->links.on_run = attach(s, b->progs.on_run, "process_run");
    return b->links.on_run ? 0 : -errno;
}

/*
 * The next file that is mapped to be executed, as seen from here even if the node is in a
 * container.
 */
static bool next_object(FILE *maps, const struct options *o, char path[PATH_MAX])
{
    char line[PATH_MAX + 128], flags[5], file[PATH_MAX];

    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%*x-%*x %4s %*s %*s %*s %4095[^\n]", flags, file) == 2 &&
            flags[2] == 'x' && file[0] == '/') {
            int n = snprintf(path, PATH_MAX, "/proc/%d/root%s", (int)o->pid, file);
            return n < PATH_MAX;
        }
    }
    return false;
}

/* The probes are in the program itself, or in libpitboss.so: try each object that is mapped. */
static int find_and_attach(struct session *s)
{
    char path[64];
    int r = -ENOENT;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)s->options->pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        return -errno;
    while (r == -ENOENT && next_object(maps, s->options, s->object))
        r = attach_all(s);
    fclose(maps);
    return r;
}

static bool explain_open(const struct options *o, int error)
{
    if (error == ESRCH)
        complain("no process %d", (int)o->pid);
    else
        complain("process %d: %s", (int)o->pid, strerror(error));
    return false;
}

static bool explain_load(int error)
{
    if (error == EPERM || error == EACCES)
        complain("not permitted: run as root, or with CAP_BPF and CAP_PERFMON "
                 "(in a container they may be withheld)");
    else if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
        complain("this kernel has no BTF (/sys/kernel/btf/vmlinux; CONFIG_DEBUG_INFO_BTF)");
    else
        complain("cannot load the BPF programs: %s; --verbose says more", strerror(error));
    return false;
}

static bool explain_attach(const struct options *o, int error)
{
    if (error == ENOENT)
        complain("process %d has no pitboss probes: is it a pitboss node?", (int)o->pid);
    else if (error == EPERM || error == EACCES)
        complain("not permitted to probe process %d: run as root, or with CAP_PERFMON "
                 "(and CAP_SYS_PTRACE for another user's)",
                 (int)o->pid);
    else
        complain("cannot attach to process %d: %s; --verbose says more", (int)o->pid,
                 strerror(error));
    return false;
}

static bool open_session(struct session *s, const struct options *o)
{
    s->options = o;
    s->node = (int)syscall(SYS_pidfd_open, o->pid, 0);
    if (s->node < 0)
        return explain_open(o, errno == EINVAL ? ESRCH : errno); /* EINVAL: a thread's number */

    s->bpf = pitlat_bpf__open();
    if (!s->bpf)
        return explain_load(errno);
    s->bpf->rodata->by_pid = o->by_pid;
    s->bpf->rodata->sampled = o->sampled;
    bpf_program__set_autoload(s->bpf->progs.on_runnable, !o->sampled);
    bpf_program__set_autoload(s->bpf->progs.on_exit, !o->sampled);
    if (o->most > 0)
        bpf_map__set_max_entries(s->bpf->maps.waiting, o->most);
    int r = pitlat_bpf__load(s->bpf);
    if (r < 0)
        return explain_load(-r);

    r = find_and_attach(s);
    if (r < 0)
        return explain_attach(o, -r);
    return true;
}

static void close_session(struct session *s)
{
    pitlat_bpf__destroy(s->bpf); /* NULL is accepted; detaches first */
    if (s->node >= 0)
        close(s->node);
}

/* ---- wait ----------------------------------------------------------------------------------- */

/* Until time is up, an interrupt or the node's end; true: it ended. ret: how long it was. */
static bool wait_for_end(const struct session *s, int interrupts, double *ret)
{
    struct pollfd on[] = {{.fd = s->node, .events = POLLIN}, {.fd = interrupts, .events = POLLIN}};
    int64_t start = pit__now();
    double left = s->options->seconds;

    for (;;) {
        int ms = s->options->seconds == 0 ? -1 : left > 1e6 ? 1000000000 : (int)(left * 1e3) + 1;
        int n = poll(on, 2, ms);

        *ret = (double)(pit__now() - start) / 1e9;
        left = s->options->seconds - *ret;
        if (n > 0 || (n < 0 && errno != EINTR) || (n == 0 && left <= 0))
            return on[0].revents != 0;
    }
}

/* ---- print ---------------------------------------------------------------------------------- */

/* The upper end of the slot in which the fraction lies: it is less than that. */
static uint64_t below(const struct pitlat_hist *h, double fraction)
{
    uint64_t sum = 0, all = 0;

    for (int i = 0; i < PITLAT_SLOTS; i++)
        all += h->slots[i];
    for (int i = 0; i < PITLAT_SLOTS; i++) {
        sum += h->slots[i];
        if ((double)sum >= fraction * (double)all)
            return UINT64_C(2) << i;
    }
    return UINT64_C(2) << (PITLAT_SLOTS - 1);
}

static void print_histogram(const struct pitlat_hist *h)
{
    static const char bar[] = "****************************************";
    int first = 0, last = PITLAT_SLOTS - 1;
    uint64_t most = 1;

    while (first < last && h->slots[first] == 0)
        first++;
    while (last > first && h->slots[last] == 0)
        last--;
    for (int i = first; i <= last; i++)
        most = h->slots[i] > most ? h->slots[i] : most;

    printf("%14s .. %-12s %9s\n", "from ns", "below ns", "count");
    for (int i = first; i <= last; i++) {
        int width = (int)((double)h->slots[i] / (double)most * (double)(sizeof bar - 1));
        printf("%14" PRIu64 " .. %-12" PRIu64 " %9llu |%-36.*s|\n", i ? UINT64_C(1) << i : 0,
               UINT64_C(2) << i, h->slots[i], width * 36 / 40, bar);
    }
}

struct line {
    int64_t pid;
    struct pitlat_hist hist;
};

static int by_total(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    if (x->hist.total_ns != y->hist.total_ns)
        return x->hist.total_ns > y->hist.total_ns ? -1 : 1;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* As the runtime prints it. */
static const char *pid_text(int64_t pid, char text[48])
{
    snprintf(text, 48, "<0.%lld.%lld>", PITLAT_PID_INDEX(pid), PITLAT_PID_GENERATION(pid));
    return text;
}

static void print_lines(struct line *lines, size_t count)
{
    char text[48];

    qsort(lines, count, sizeof *lines, by_total);
    printf("\n%-24s %9s %11s %10s %10s %11s\n", "process", "runs", "average ns", "p50 below",
           "p99 below", "longest ns");
    for (size_t i = 0; i < count && i < TOP; i++) {
        const struct pitlat_hist *h = &lines[i].hist;

        printf("%-24s %9llu %11llu %10" PRIu64 " %10" PRIu64 " %11llu\n",
               pid_text(lines[i].pid, text), h->count, h->total_ns / h->count, below(h, 0.5),
               below(h, 0.99), h->longest_ns);
    }
    if (count > TOP)
        printf("and %zu more\n", count - TOP);
}

/* Room for one more, or NULL: the old ones are then gone. */
static struct line *grow(struct line *lines, size_t count, size_t *room)
{
    if (count < *room)
        return lines;
    *room = *room ? 2 * *room : 256;
    struct line *more = realloc(lines, *room * sizeof *lines);
    if (!more)
        free(lines);
    return more;
}

static bool print_by_pid(int map)
{
    size_t count = 0, room = 0;
    struct line *lines = NULL;
    int64_t key, previous;

    /* The probes are still attached: a process that comes now may be met or not. */
    for (int64_t *after = NULL; bpf_map_get_next_key(map, after, &key) == 0; after = &previous) {
        previous = key;
        lines = grow(lines, count, &room);
        if (!lines) {
            complain("no memory for %zu processes", room);
            return false;
        }
        lines[count].pid = key;
        if (key != PITLAT_EVERYBODY && bpf_map_lookup_elem(map, &key, &lines[count].hist) == 0 &&
            lines[count].hist.count > 0)
            count++;
    }
    if (count > 0)
        print_lines(lines, count);
    free(lines);
    return true;
}

static void print_losses(int map)
{
    static const char *const texts[PITLAT_LOSSES] = {
        [PITLAT_LOST_WAITING] = "became runnable while too many others waited: see --most",
        [PITLAT_LOST_PROCESS] = "measured, but of more than 16,383 processes: not in their lines",
        [PITLAT_UNSEEN] =
            "ran, but became runnable unseen: before pitlat was attached, or as above",
    };

    for (uint32_t i = 0; i < PITLAT_LOSSES; i++) {
        uint64_t n = 0;

        if (bpf_map_lookup_elem(map, &i, &n) == 0 && n > 0)
            printf("%" PRIu64 " %s\n", n, texts[i]);
    }
}

static bool print_all(const struct session *s, double seconds, bool ended)
{
    const struct options *o = s->options;
    int hists = bpf_map__fd(s->bpf->maps.hists);
    struct pitlat_hist all = {0};
    int64_t everybody = PITLAT_EVERYBODY;

    (void)bpf_map_lookup_elem(hists, &everybody,
                              &all); /* not there: nothing ran, and zeros say so */
    printf("%s: delay from runnable to run, process %d, %.1f s%s\n",
           o->sampled ? "sampled by the runtime" : "every run", (int)o->pid, seconds,
           ended ? " (it ended)" : "");
    printf("%llu delays\n", all.count);
    if (all.count > 0) {
        printf("average %llu ns, p50 below %" PRIu64 ", p99 below %" PRIu64 ", longest %llu ns\n",
               all.total_ns / all.count, below(&all, 0.5), below(&all, 0.99), all.longest_ns);
        print_histogram(&all);
    }
    print_losses(bpf_map__fd(s->bpf->maps.losses));
    return !o->by_pid || print_by_pid(hists);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct session s = {.node = -1};
    sigset_t interrupts;
    double seconds;

    int r = parse_options(argc, argv, &o);
    if (r > 0)
        return r - 1;
    verbose = o.verbose;
    libbpf_set_print(libbpf_says);

    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigaddset(&interrupts, SIGTERM);
    sigprocmask(SIG_BLOCK, &interrupts, NULL); /* read from a descriptor: no handler, no race */
    int fd = signalfd(-1, &interrupts, SFD_CLOEXEC);
    if (fd < 0) {
        complain("signalfd: %s", strerror(errno));
        return 1;
    }

    bool ok = open_session(&s, &o);
    if (ok) {
        fprintf(stderr, "pitlat: watching process %d; Ctrl-C ends it\n", (int)o.pid);
        bool ended = wait_for_end(&s, fd, &seconds);
        ok = print_all(&s, seconds, ended);
    }
    close_session(&s);
    close(fd);
    return ok ? 0 : 1;
}
