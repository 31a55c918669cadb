/*
 * main() of every test program: picks tests, runs each in a forked OS process, counts.
 *
 * Why fork: what is tested here crashes on purpose, pins threads, leaves kernel objects behind and
 * can hang in a signal handler. A child's end is a fact that the kernel reports, whatever state the
 * child was in.
 *
 * The child tells its outcome through a page shared with the parent, because an exit status alone
 * cannot tell "finished" from "something called exit(0) half way". The child leads a process group,
 * so that what it forked dies with it.
 */
#include "tests/harness/test.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* A load of 25 on two cores has kept a case of a third of a second from its end for 60. */
#define DEFAULT_SECONDS 120
#define SANITIZED_FACTOR 4 /* TSan slows our queues 5 to 15 times, but no test is queues alone */
#define LONG_FACTOR 20

enum outcome { RUNNING, FINISHED, FAILED, SKIPPED };

static struct pit_test *first_test;
static const struct pit_test *current; /* in the child */
static const char *program;
static uint64_t seed;
static _Atomic int *outcome;       /* shared with the child; a failure is final */
static volatile pid_t child_group; /* for the handler of SIGINT and SIGTERM */

void pit_test_register(struct pit_test *entry)
{
    struct pit_test **at = &first_test;

    while (*at)
        at = &(*at)->next;
    *at = entry;
}

bool pit_test_sanitized(void) { return SANITIZED; }

static bool is_long(void)
{
    const char *s = getenv("PIT_TEST_LONG");

    return s && *s && strcmp(s, "0") != 0;
}

uint64_t pit_test_scale(uint64_t small, uint64_t large) { return is_long() ? large : small; }

uint64_t pit_test_seed(void) { return seed; }

uint64_t pit_test_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t pit_test_random_below(uint64_t *state, uint64_t below)
{
    __extension__ typedef unsigned __int128 wide;

    return (uint64_t)(((wide)pit_test_random(state) * below) >> 64);
}

/* Nobody has a pid of 2^22: 127.1.0.0 to 127.64.255.255. */
const char *pit_test_loopback(void)
{
    static char text[16];
    unsigned pid = (unsigned)getpid();

    (void)snprintf(text, sizeof(text), "127.%u.%u.%u", 1 + (pid >> 16 & 63), pid >> 8 & 255,
                   pid & 255);
    return text;
}

/* One write(2), so that the lines of several threads do not mix, and no lock that a crash may have
   left held. */
static void say(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody reads us; the exit status still tells */
        text += n;
        size -= (size_t)n;
    }
}

static void say_verdict(const char *verdict, const char *name, const char *what)
{
    char line[2048];
    int n = snprintf(line, sizeof(line), "%s %s: %s\n", verdict, name ? name : "(no test)", what);

    say(line, n < 0 ? 0 : (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

static void say_replay(const char *name)
{
    char line[1024];
    int n = snprintf(line, sizeof(line), "    replay: PIT_SEED=%llu %s%s %s\n",
                     (unsigned long long)seed, is_long() ? "PIT_TEST_LONG=1 " : "", program, name);

    if (n > 0)
        say(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

static void (*_Atomic shower)(void);

void pit_test_show_when_failing(void (*show)(void)) { atomic_store(&shower, show); }

void pit_test_fail(const char *file, int line, const char *what, ...)
{
    void (*show)(void) = atomic_exchange(&shower, NULL);
    char text[1800];
    int n = snprintf(text, sizeof(text), "%s:%d: ", file, line);
    va_list args;

    va_start(args, what);
    if (n > 0 && (size_t)n < sizeof(text))
        (void)vsnprintf(text + n, sizeof(text) - (size_t)n, what, args);
    va_end(args);
    say_verdict("FAILED", current ? current->name : NULL, text);
    if (show)
        show();
    if (current)
        say_replay(current->name);
    if (outcome)
        atomic_store(outcome, FAILED);
    _exit(1);
}

void pit_test_skip(const char *why, ...)
{
    char text[1024];
    int expected = RUNNING;
    va_list args;

    va_start(args, why);
    (void)vsnprintf(text, sizeof(text), why, args);
    va_end(args);
    say_verdict("skipped", current ? current->name : NULL, text);
    (void)atomic_compare_exchange_strong(outcome, &expected, SKIPPED); /* a failure stays one */
    _exit(0);
}

void pit_test_equal(long long a, long long b, const char *file, int line, const char *what)
{
    if (a != b)
        pit_test_fail(file, line, "%s: %lld (%#llx) is not %lld (%#llx)", what, a,
                      (unsigned long long)a, b, (unsigned long long)b);
}

void pit_test_equal_text(const char *a, const char *b, const char *file, int line, const char *what)
{
    if (a == b || (a && b && strcmp(a, b) == 0))
        return;
    pit_test_fail(file, line, "%s: %s%.500s%s is not %s%.500s%s", what, a ? "\"" : "",
                  a ? a : "NULL", a ? "\"" : "", b ? "\"" : "", b ? b : "NULL", b ? "\"" : "");
}

void pit_test_near(double a, double b, double distance, const char *file, int line,
                   const char *what)
{
    double d = a < b ? b - a : a - b;

    if (!(d <= distance))
        pit_test_fail(file, line, "%s: %.17g is not within %g of %.17g", what, a, distance, b);
}

static unsigned limit_of(const struct pit_test *t)
{
    const char *s = getenv("PIT_TEST_TIMEOUT");
    unsigned limit = t->seconds         ? t->seconds
                     : s && atoi(s) > 0 ? (unsigned)atoi(s)
                                        : DEFAULT_SECONDS;

    return limit * (SANITIZED ? SANITIZED_FACTOR : 1) * (is_long() ? LONG_FACTOR : 1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_tick(int s) { (void)s; } /* its use is that waitid() returns EINTR */

static void on_stop(int s)
{
    if (child_group > 0)
        kill(-child_group, SIGKILL);
    _exit(128 + s);
}

static void set_handler(int s, void (*handler)(int))
{
    struct sigaction a;

    memset(&a, 0, sizeof(a));
    a.sa_handler = handler;
    sigaction(s, &a, NULL);
}

static void tick_every(unsigned milliseconds)
{
    struct itimerval t = {{0, milliseconds * 1000L}, {0, milliseconds * 1000L}};

    setitimer(ITIMER_REAL, &t, NULL);
}

static void run_here(const struct pit_test *t)
{
    current = t;
    t->run();
    int expected = RUNNING;
    (void)atomic_compare_exchange_strong(outcome, &expected, FINISHED);
    fflush(NULL);
}

_Noreturn static void run_as_child(const struct pit_test *t, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* the parent ended before prctl() could see it */
    set_handler(SIGALRM, SIG_DFL);
    set_handler(SIGINT, SIG_DFL);
    set_handler(SIGTERM, SIG_DFL);
    run_here(t);
    exit(0); /* and not _exit: the leak checker runs here */
}

/* Wait until the child ends, or kill it when its time is over. True: it ended by itself, *ret_end
   says how. */
static bool wait_for(pid_t pid, unsigned seconds, siginfo_t *ret_end)
{
    double deadline = now() + seconds;
    bool in_time = true;

    tick_every(200);
    for (;;) {
        if (waitid(P_PID, (id_t)pid, ret_end, WEXITED | WNOWAIT) == 0)
            break;
        if (in_time && now() > deadline) {
            in_time = false;
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
        }
    }
    tick_every(0);
    /* what it left behind; the group's number is still ours, since nothing was reaped */
    kill(-pid, SIGKILL);
    (void)waitid(P_PID, (id_t)pid, ret_end, WEXITED);
    return in_time;
}

/* Say why a test failed that could not say it itself. */
static void say_end(const struct pit_test *t, bool in_time, const siginfo_t *end)
{
    char what[256];

    if (!in_time)
        (void)snprintf(what, sizeof(what), "%s: hung: still running after %u s", t->file,
                       limit_of(t));
    else if (end->si_code == CLD_EXITED && atomic_load(outcome) == RUNNING)
        (void)snprintf(what, sizeof(what), "%s: the test called exit(%d)", t->file, end->si_status);
    else if (end->si_code == CLD_EXITED)
        (void)snprintf(what, sizeof(what), "%s: exit status %d after its end (see above)", t->file,
                       end->si_status);
    else
        (void)snprintf(what, sizeof(what), "%s: killed by SIG%s", t->file,
                       sigabbrev_np(end->si_status));
    say_verdict("FAILED", t->name, what);
    say_replay(t->name);
}

static enum outcome run_forked(const struct pit_test *t)
{
    siginfo_t end;
    pid_t parent = getpid();

    memset(&end, 0, sizeof(end));
    atomic_store(outcome, RUNNING);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        printf("FAILED %s: fork: %s\n", t->name, strerror(errno));
        return FAILED;
    }
    if (pid == 0)
        run_as_child(t, parent);
    setpgid(pid, pid); /* both sides do it, so that it is done for both */
    child_group = pid;
    bool in_time = wait_for(pid, limit_of(t), &end);
    child_group = 0;

    int told = atomic_load(outcome);
    if (told == FAILED && in_time)
        return FAILED;
    if (in_time && end.si_code == CLD_EXITED && end.si_status == 0 && told != RUNNING)
        return (enum outcome)told;
    say_end(t, in_time, &end);
    return FAILED;
}

static bool is_chosen(const struct pit_test *t, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (fnmatch(*names, t->name, 0) == 0)
            return true;
    return false;
}

static void help(void)
{
    printf("usage: %s [--list | --no-fork] [NAME...]\n"
           "Run all tests, or those named (patterns with * are understood). --no-fork runs them in "
           "this OS\n"
           "process, for gdb. Environment: PIT_SEED=N replays a run, PIT_TEST_LONG=1 uses the "
           "large scales,\n"
           "PIT_TEST_TIMEOUT=S is the default limit of one test in seconds (%d).\n",
           program, DEFAULT_SECONDS);
}

static uint64_t choose_seed(void)
{
    const char *s = getenv("PIT_SEED");
    uint64_t drawn = 0;

    if (s && *s)
        return strtoull(s, NULL, 0);
    if (getrandom(&drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn))
        drawn = (uint64_t)time(NULL);
    return drawn;
}

static int run_chosen(char **names, bool forked)
{
    unsigned count[4] = {0};

    for (const struct pit_test *t = first_test; t; t = t->next) {
        if (!is_chosen(t, names))
            continue;
        enum outcome o = FINISHED;
        if (forked)
            o = run_forked(t);
        else
            run_here(t);
        count[o]++;
        if (o == FINISHED)
            printf("ok %s\n", t->name);
        fflush(stdout);
    }
    printf("%u passed, %u failed", count[FINISHED], count[FAILED]);
    if (count[SKIPPED])
        printf(", %u skipped", count[SKIPPED]);
    printf("\n");
    if (count[FINISHED] + count[FAILED] + count[SKIPPED] == 0)
        fprintf(stderr, "%s: no test has such a name\n", program);
    return count[FAILED] || count[FINISHED] + count[SKIPPED] == 0;
}

int main(int argc, char **argv)
{
    bool forked = true;
    char **names = argv + 1;

    program = argv[0];
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        help();
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (const struct pit_test *t = first_test; t; t = t->next)
            printf("%s\n", t->name);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--no-fork") == 0) {
        forked = false;
        names++;
    }

    seed = choose_seed();
    outcome = (_Atomic int *)mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcome == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    set_handler(SIGALRM, on_tick);
    set_handler(SIGINT, on_stop);
    set_handler(SIGTERM, on_stop);
    return run_chosen(names, forked);
}
