/*
 * The node: starting, stopping in order, and what it can say of itself.
 *
 * Stopping: the first process ends (by itself, or by `shutdown`) -> STOPPING: what it was linked to
 * has got its exit signal, supervisors end their children in their order -> when no supervisor is
 * left, or stop_timeout has passed, KILLING: whatever stands outside the trees is killed -> when no
 * process is left, STOPPED: the schedulers' loops end. Scheduler 0 drives it.
 */
#include <pit/node.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pit/log.h>
#include <pit/process.h>

#include "base/types.h"
#include "numa/memory.h"
#include "numa/place.h"
#include "runtime/atomics.h"
#include "runtime/caught.h"
#include "runtime/enter.h"
#include "runtime/excuse.h"
#include "runtime/grace.h"
#include "runtime/heap_limit.h"
#include "runtime/land.h"
#include "runtime/last_resort.h"
#include "runtime/memory.h"
#include "runtime/name.h"
#include "runtime/node_state.h"
#include "runtime/options.h"
#include "runtime/persistent.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "runtime/tally.h"
#include "runtime/trace.h"
#include "term/atom.h"
#include "term/heap.h"

/* ns without progress until processes that never call the runtime are given up */
#define KILLING_MOST INT64_C(5000000000)
#define KILL_A_PASS 4096
#define KILL_PAUSE INT64_C(20000000) /* ns */

struct pit__node pit__node;
const struct pit__driver_ops *pit__driver_default;

static struct {
    pit_first *first;
    int argc;
    char **argv;
    /* by pit_stop or an OS signal: what first returns does not count any more */
    _Atomic(bool) status_given;
    /* of KILLING, scheduler 0's: */
    int64_t killing_since; /* the last progress */
    int64_t kill_again;
    uint64_t left;
    uint32_t killed; /* slots gone through */
} running;

static void first_body(const void *unused)
{
    int status = running.first(running.argc, running.argv);

    if (!atomic_load_explicit(&running.status_given, memory_order_relaxed))
        atomic_store_explicit(&pit__node.status, status, memory_order_relaxed);
}

/* ---- stopping */

/* Sequentially consistent for the sake of STOPPED: a step P1 of the sleeping protocol (idle.c),
   with wake() as P2. */
static void set_state(int state)
{
    atomic_store_explicit(&pit__node.state, state, memory_order_seq_cst);
}

void pit__node_first_ended(void)
{
    pit__node.stop_deadline = pit__now() + pit__node.opts.stop_timeout * INT64_C(1000000);
    set_state(PIT__NODE_STOPPING);
    pit__node.scheds[0]->driver_ops->wake(pit__node.scheds[0]->driver);
    pit__last_resort_ask();
}

static void stopped(void)
{
    set_state(PIT__NODE_STOPPED);
    pit__last_resort_ask();
    for (unsigned i = 0; i < pit__node.count; i++)
        pit__node.scheds[i]->driver_ops->wake(pit__node.scheds[i]->driver);
}

/* A part of the table a pass, so that those who end meanwhile are torn down meanwhile. true: once
   through. */
static bool kill_some(struct pit__sched *s)
{
    uint32_t used = atomic_load_explicit(&pit__slots.used, memory_order_acquire),
             end = running.killed + KILL_A_PASS;

    if (end > used)
        end = used;
    for (; running.killed < end; running.killed++) {
        pit_pid pid = {pit__process_pid(pit__slots.base + running.killed)};

        if (pid.id > 0)
            pit__signal(s, PIT__EXIT, PIT_NO_PID, pid, pit__reason(kill), 0);
    }
    return end == used;
}

/* Once through, the table is gone through again after a pause, for what was spawned meanwhile. */
static void killing(struct pit__sched *s, int64_t now)
{
    uint64_t left = pit__node_processes();

    if (!left) {
        stopped();
        return;
    }
    if (left < running.left || !running.killing_since) {
        running.left = left;
        running.killing_since = now;
    }
    if (now >= running.kill_again && kill_some(s)) {
        running.killed = 0;
        running.kill_again = now + KILL_PAUSE;
    }
    if (now - running.killing_since > KILLING_MOST) {
        pit_log(PIT_LOG_ERROR,
                "%llu processes never called the runtime and cannot be ended: leaving them",
                (unsigned long long)left);
        fflush(NULL);
        _exit(atomic_load_explicit(&pit__node.status, memory_order_relaxed));
    }
}

void pit__node_reap(struct pit__sched *s)
{
    int64_t now = pit__now();

    switch (atomic_load_explicit(&pit__node.state, memory_order_acquire)) {
    case PIT__NODE_STOPPING:
        if (atomic_load_explicit(&pit__node.supervisors, memory_order_relaxed) &&
            now < pit__node.stop_deadline)
            return;
        if (now >= pit__node.stop_deadline)
            pit_log(PIT_LOG_WARNING,
                    "supervision trees did not stop within %d ms (-stop): killing what is left",
                    pit__node.opts.stop_timeout);
        running.killing_since = running.kill_again = 0;
        running.killed = 0;
        running.left = UINT64_MAX;
        set_state(PIT__NODE_KILLING);
        return;
    case PIT__NODE_KILLING:
        killing(s, now);
        return;
    default:
        return;
    }
}

/* A signal of the node's own to a process; any thread. */
static void send_exit(pit_pid to, struct pit__sealed *reason)
{
    struct pit__thread *t = pit__thread();
    struct pit__message *m =
        pit__message_alloc(t ? &t->sched->blocks : NULL, PIT__EXIT, sizeof(struct pit__signal));

    PIT_NEED(m);
    *(struct pit__signal *)pit__message_payload(m) = (struct pit__signal){reason, 0};
    m->to = to;
    m->public.type = NULL;
    m->public.from = PIT_NO_PID;
    pit__route(t, m);
}

static void stop_first(int status)
{
    int64_t first;

    atomic_store_explicit(&pit__node.status, status, memory_order_relaxed);
    atomic_store_explicit(&running.status_given, true, memory_order_seq_cst);
    first = atomic_load_explicit(&pit__node.first, memory_order_seq_cst);
    if (first) /* else it is told when it is spawned */
        send_exit((pit_pid){first}, pit__reason(shutdown));
    pit__last_resort_ask();
}

void pit_stop(int status)
{
    pit__in();
    if (atomic_load_explicit(&pit__node.state, memory_order_acquire) == PIT__NODE_UP)
        stop_first(status);
    pit__out(1);
}

/* ---- OS signals that ask the node to stop */

static void on_os_signal(int signo)
{
    atomic_store_explicit(&pit__node.os_signal, signo,
                          memory_order_seq_cst); /* before the wake: node_waiting() of idle.c */
    /* Always: it may be about to sleep, and looks for messages only. The scheduler lives until the
       handler is gone. */
    pit__node.scheds[0]->driver_ops->wake(pit__node.scheds[0]->driver);
    pit__last_resort_ask();
}

void pit__node_os_signal(struct pit__sched *s)
{
    int signo = atomic_exchange_explicit(&pit__node.os_signal, 0, memory_order_relaxed);

    if (!signo)
        return;
    pit_log(PIT_LOG_NOTICE, "%s: stopping", signo == SIGINT ? "SIGINT" : "SIGTERM");
    if (atomic_load_explicit(&pit__node.state, memory_order_acquire) == PIT__NODE_UP)
        stop_first(0);
}

static struct sigaction old_int, old_term, old_pipe;

/*
 * Who writes to a pipe or socket that nobody reads gets EPIPE, as in every server: the signal would
 * end the node, and a log line is enough for that. A program that wants the signal has set a
 * handler before.
 */
static void pipe_signal_off(void)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGPIPE, NULL, &old_pipe);
    if (old_pipe.sa_handler == SIG_DFL)
        (void)sigaction(SIGPIPE, &ignored, NULL);
}

static void signals_on(void)
{
    struct sigaction sa = {.sa_handler = on_os_signal, .sa_flags = SA_RESTART};

    pipe_signal_off();
    sigemptyset(&sa.sa_mask);
    if (pit__node.opts.no_signals)
        return;
    sigaction(SIGINT, &sa, &old_int);
    sigaction(SIGTERM, &sa, &old_term);
}

static void signals_off(void)
{
    (void)sigaction(SIGPIPE, &old_pipe, NULL);
    if (pit__node.opts.no_signals)
        return;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
}

/* ---- starting */

static struct pit__heap *current_heap(void)
{
    struct pit__thread *t = pit__thread();

    return t && t->current ? pit__process_heap(t->current) : NULL;
}

PIT_NORETURN static void on_badarg(const char *what) { pit__exit_text("badarg", what, NULL, 0); }
PIT_NORETURN static void on_system_limit(const char *what)
{
    pit__reason_no_memory();
    pit__heap_limit_terms(); /* does not return if it is the process's own limit that was reached */
    pit__exit_text("system_limit", what, NULL, 0);
}

static void on_term_tally(bool binary, int64_t bytes)
{
    pit__tally(binary ? PIT__TALLY_BINARY : PIT__TALLY_TERMS, bytes);
}

static void *thread_main(void *arg)
{
    struct pit__sched *s = arg;
    char name[16];

    snprintf(name, sizeof name, "pit-sched-%u", s->index);
    pthread_setname_np(pthread_self(), name);
    if (s->cpu >= 0 && pit__pin(s->cpu) < 0)
        pit_log(PIT_LOG_WARNING,
                "scheduler %u cannot be pinned to core %d: it runs wherever the kernel puts it",
                s->index, s->cpu);
    pit__land_thread_begin();
    pit__sched_run(s);
    pit__land_thread_end();
    return NULL;
}

static int open_scheds(const struct pit__placement *place, uint64_t seed)
{
    struct pit__node *n = &pit__node;

    n->count = (unsigned)place->count;
    n->scheds = calloc(n->count, sizeof *n->scheds);
    pit__block_pools = calloc(n->count, sizeof *pit__block_pools);
    if (!n->scheds || !pit__block_pools)
        return -ENOMEM;
    for (unsigned i = 0; i < n->count; i++) {
        struct pit__sched *s = pit__numa_alloc(place->cpus[i].numa_node, sizeof *s);
        int r;

        if (!s)
            return -ENOMEM;
        n->scheds[i] = s;
        pit__block_pools[i] = &s->blocks;
        r = pit__sched_open(s, i, n->count, pit__driver_default, seed);
        if (r < 0)
            return r;
        s->cpu = place->pinned ? place->cpus[i].cpu : -1;
        s->numa_node = place->cpus[i].numa_node;
    }
    return 0;
}

/* Accepts what is half made. No thread runs any more. */
static void close_node(void)
{
    struct pit__node *n = &pit__node;

    for (unsigned i = 0; i < n->count && n->scheds; i++)
        if (n->scheds[i] && n->scheds[i]->driver)
            n->scheds[i]->driver_ops->close(n->scheds[i]->driver), n->scheds[i]->driver = NULL;
    for (unsigned i = 0; i < n->count && n->scheds; i++)
        if (n->scheds[i] && n->scheds[i]->blocks.returns)
            pit__sched_discard(n->scheds[i]);
    for (unsigned i = 0; i < n->count && n->scheds; i++)
        if (n->scheds[i]) {
            pit__sched_close(n->scheds[i]);
            pit__numa_free(n->scheds[i], sizeof *n->scheds[i]);
        }
    free(n->scheds);
    free(pit__block_pools);
    pit__block_pools = NULL;
    pit__grace_close();
    pit__persistent_close();
    pit__atomics_close();
    pit__slots_close();
    pit__names_close();
    pit__tracers_close();
    pit__trace_walk_close();
    n->scheds = NULL;
    n->count = 0;
}

static int run_threads(void)
{
    struct pit__node *n = &pit__node;
    int r = 0;

    for (unsigned i = 0; i < n->count && r == 0; i++) {
        struct pit__sched *s = n->scheds[i];

        r = -pthread_create(&s->thread, NULL, thread_main, s);
        s->thread_started = r == 0;
    }
    if (r < 0) {
        pit_log(PIT_LOG_ERROR,
                "cannot start %u scheduler threads: %s (limits: ulimit -u, ulimit -v, cgroup "
                "pids.max; a seccomp filter must allow clone3, or answer it with ENOSYS)",
                n->count, pit_strerror(r));
        set_state(PIT__NODE_STOPPED); /* those that run end their loops */
        for (unsigned i = 0; i < n->count; i++)
            n->scheds[i]->driver_ops->wake(n->scheds[i]->driver);
    }
    if (r == 0)
        pit__last_resort_wait(n->opts.stop_timeout * INT64_C(1000000) + KILLING_MOST);
    for (unsigned i = 0; i < n->count; i++)
        if (n->scheds[i]->thread_started)
            pthread_join(n->scheds[i]->thread, NULL);
    return r;
}

/* A server with many connections should not need a shell's ulimit: the soft limit is ours to
   raise. */
static void raise_descriptor_limit(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
        l.rlim_cur = l.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &l); /* as it was, if not */
    }
}

static void first_on_scheduler_0(void *unused)
{
    pit_pid first = pit__spawn_first(pit__node.scheds[0], first_body);

    PIT_ASSERT(first.id > 0);
    atomic_store_explicit(&pit__node.first, first.id, memory_order_seq_cst);
    /* Sequentially consistent with stop_first: one of the two sees the other's. */
    if (atomic_load_explicit(&running.status_given, memory_order_seq_cst))
        send_exit(first, pit__reason(shutdown));
}

static int start(const struct pit__placement *place)
{
    struct pit__node *n = &pit__node;
    int r;

    if (!pit__driver_default) {
        pit_log(PIT_LOG_ERROR, "no I/O driver is linked in: link the whole of libpitboss");
        return -ENOSYS;
    }
    r = pit__types_check(); /* logs which two messages have one name, and where */
    if (r < 0)
        return r;
    pit__heap_current = current_heap;
    pit__term_badarg = on_badarg;
    pit__term_system_limit = on_system_limit;
    pit__term_tally = on_term_tally;
    if (n->opts.atoms)
        pit__atoms_set_limit(n->opts.atoms);
    raise_descriptor_limit();
    r = pit__slots_open(n->opts.processes);
    if (r < 0) {
        pit_log(PIT_LOG_ERROR,
                "cannot reserve address space for %u processes: lower +P, or raise ulimit -v",
                n->opts.processes);
        return r;
    }
    r = open_scheds(place, n->opts.seed ? n->opts.seed : pit__entropy());
    if (r < 0)
        return r;
    pit__caught_check();
    return pit__land_begin();
}

static void name_node(int argc, char **argv)
{
    const char *name = pit__node.opts.name, *slash;

    if (!name) {
        name = argc > 0 && argv && argv[0] ? argv[0] : "pitboss";
        slash = strrchr(name, '/');
        name = slash ? slash + 1 : name;
    }
    snprintf(pit__node.name, sizeof pit__node.name, "%s", name);
}

static int run_node(pit_first *first, int argc, char **argv)
{
    struct pit__topology *topology = NULL;
    struct pit__placement *place = NULL;
    int r = pit__topology_read(&topology);

    if (r < 0)
        pit_log(PIT_LOG_ERROR,
                "cannot learn which cores the node may use (sched_getaffinity): %s; if a seccomp "
                "filter forbids the call, allow it",
                pit_strerror(r));
    if (r == 0)
        r = pit__place_new(topology, pit__node.opts.cores, pit__node.opts.schedulers, &place);
    if (r == 0)
        r = start(place);
    if (r == 0) {
        running.first = first;
        running.argc = argc;
        running.argv = argv;
        atomic_store_explicit(&running.status_given, false, memory_order_relaxed);
        atomic_store_explicit(&pit__node.first, 0, memory_order_relaxed);
        atomic_store_explicit(&pit__node.status, 1, memory_order_relaxed);
        atomic_store_explicit(&pit__node.supervisors, 0, memory_order_relaxed);
        atomic_store_explicit(&pit__node.os_signal, 0, memory_order_relaxed);
        atomic_store_explicit(&pit__node.wall_turn, 0, memory_order_relaxed);
        pit__node.started = pit__now();
        pit__last_resort_open();
        set_state(PIT__NODE_UP);
        r = pit__run_on(0, first_on_scheduler_0, NULL);
        signals_on();
        if (r == 0)
            r = run_threads();
        signals_off();
        pit__land_end();
        if (r == 0)
            r = atomic_load_explicit(&pit__node.status, memory_order_relaxed) & 0xff;
    }
    close_node();
    pit__place_free(place);
    pit__topology_free(topology);
    return r;
}

int pit_run(const pit_node_opts *opts, pit_first *first, int argc, char **argv)
{
    static _Atomic(bool) busy; /* acquire and release: the next node sees the last one closed */
    int r;

    if (pit__thread())
        return -EBUSY;
    if (atomic_exchange_explicit(&busy, true, memory_order_acquire))
        return -EBUSY;
    pit__node.opts = opts ? *opts : (pit_node_opts){0};
    r = pit__options_complete(&pit__node.opts);
    if (r == 0) {
        name_node(argc, argv);
        r = run_node(first, argc, argv);
    }
    set_state(PIT__NODE_DOWN);
    atomic_store_explicit(&busy, false, memory_order_release);
    return r;
}

int pit_node_flags(pit_node_opts *opts, int *argc, char **argv)
{
    static char storage[4096];
    int r = pit__options_text(opts, getenv("PITBOSS_FLAGS"), storage, sizeof storage);

    if (r == 0)
        r = pit__options_args(opts, *argc, argv);
    if (r < 0)
        return r;
    *argc = r;
    return 0;
}

int pit_main(int argc, char **argv, pit_first *first)
{
    pit_node_opts opts = {0};
    int r = pit_node_flags(&opts, &argc, argv);

    if (r == 0)
        r = pit_run(&opts, first, argc, argv);
    if (r < 0) {
        fprintf(stderr, "pitboss: the node did not start: %s\n", pit_strerror(r));
        return 1;
    }
    return r;
}

/* ---- what it can say of itself */

#define SUM(field)                                                                        \
    do {                                                                                  \
        for (unsigned i_ = 0; i_ < pit__node.count; i_++)                                 \
            ret->field +=                                                                 \
                atomic_load_explicit(&pit__node.scheds[i_]->field, memory_order_relaxed); \
    } while (0)

uint64_t pit__node_processes(void)
{
    uint64_t spawned = 0, exited = 0;

    /* Exits first: whoever spawns meanwhile makes the answer too large, never too small. */
    for (unsigned i = 0; i < pit__node.count; i++)
        exited += atomic_load_explicit(&pit__node.scheds[i]->exited, memory_order_acquire);
    for (unsigned i = 0; i < pit__node.count; i++)
        spawned += atomic_load_explicit(&pit__node.scheds[i]->spawned, memory_order_relaxed);
    return spawned - exited;
}

PIT__GIVEN void pit_node_info_get(pit_node_info *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->name = pit__node.name;
    ret->schedulers = (int)pit__node.count;
    ret->process_limit = pit__node.opts.processes;
    ret->processes = pit__node_processes();
    SUM(spawned);
    SUM(exited);
    SUM(faults);
    SUM(steals);
    for (unsigned i = 0; i < pit__node.count; i++) {
        struct pit__sched *s = pit__node.scheds[i];
        uint64_t submitted, completed;

        ret->messages += atomic_load_explicit(&s->sent, memory_order_relaxed);
        ret->context_switches += atomic_load_explicit(&s->switches, memory_order_relaxed);
        ret->run_queue += atomic_load_explicit(&s->runnable_seen, memory_order_relaxed);
        s->driver_ops->counters(s->driver, &submitted, &completed);
        ret->io_submitted += submitted;
        ret->io_completed += completed;
        for (unsigned b = 0; b < 64; b++)
            ret->run_delay_ns[b] += atomic_load_explicit(&s->run_delay[b], memory_order_relaxed);
    }
    if (ret->processes > pit__node.peak)
        pit__node.peak = ret->processes;
    ret->processes_peak = pit__node.peak;
    ret->uptime_ns = pit__now() - pit__node.started;
}
