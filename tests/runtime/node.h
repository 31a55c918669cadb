/*
 * A node for one case: its body runs as the node's first process, on 1, 2, 4 and 16 schedulers, and
 * once more on 3 while runnable processes are handed from scheduler to scheduler at random all the
 * time. What a case promises must not depend on where its processes run.
 *
 * The mover is a foreign thread that asks each scheduler, by pit__run_on, to hand over what can
 * run: the owner's own act, as a balance is. CHECK ends the test on the spot, from any process.
 */
#ifndef TESTS_RUNTIME_NODE_H
#define TESTS_RUNTIME_NODE_H

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pit/pit.h>

#include "tests/harness/test.h"

#include "runtime/node_state.h"
#include "runtime/park.h"
#include "runtime/run_queue.h"

struct node_case {
    void (*body)(void);
    int schedulers;
    bool moved;
    pit_node_opts opts;
};

static struct node_case node_now;

/* ---- the mover */

static struct {
    struct pit__resource owned; /* by the case's first process */
    pthread_t thread;
    _Atomic(bool) stop;
    _Atomic(uint64_t) asked, done, moved;
} mover;

/* On a scheduler, outside of any process. Takes up to 16 of its processes and gives every second
   one away. */
static void move_some(void *argument)
{
    struct pit__sched *s = pit__sched_current();
    uint64_t chance = (uint64_t)(uintptr_t)argument;

    for (unsigned i = 0; i < 16 && pit__sched_has_work(s); i++) {
        struct pit__process *p = pit__queue_pop(s);
        struct pit__sched *to = pit__node.scheds[pit_test_random_below(&chance, pit__node.count)];

        if (to != s && p->status == PIT__RUNNABLE && !p->pending_io && !(p->flags & PIT__F_BOUND)) {
            pit__balance_move(s, p, to);
            atomic_fetch_add_explicit(&mover.moved, 1, memory_order_relaxed);
        } else
            pit__queue_push(s, p);
    }
    atomic_fetch_add_explicit(&mover.done, 1, memory_order_release);
}

static void *mover_main(void *unused)
{
    uint64_t chance = pit_test_seed();

    while (!atomic_load_explicit(&mover.stop, memory_order_acquire)) {
        for (unsigned i = 0; i < pit__node.count; i++) {
            /* No more under way than a pass takes: a slow scheduler is not to be buried. */
            if (atomic_load_explicit(&mover.asked, memory_order_relaxed) -
                    atomic_load_explicit(&mover.done, memory_order_relaxed) >
                64)
                break;
            atomic_fetch_add_explicit(&mover.asked, 1, memory_order_relaxed);
            CHECK_EQ(pit__run_on((int)i, move_some, (void *)(uintptr_t)pit_test_random(&chance)),
                     0);
        }
        usleep(20);
    }
    return NULL;
}

/* It waits for no scheduler: so it may be joined on one. */
static void mover_end(struct pit__resource *unused)
{
    atomic_store_explicit(&mover.stop, true, memory_order_release);
    pthread_join(mover.thread, NULL);
}

/* Should the first process end before its case does, it takes the mover with it: the node closes
   next. */
static inline void mover_start(void)
{
    mover.owned.release = mover_end;
    pit__own(pit__current(), &mover.owned);
    CHECK_EQ(pthread_create(&mover.thread, NULL, mover_main, NULL), 0);
}

static inline void mover_stop(void)
{
    pit__disown(&mover.owned);
    mover_end(&mover.owned);
    while (atomic_load_explicit(&mover.done, memory_order_acquire) !=
           atomic_load_explicit(&mover.asked, memory_order_relaxed))
        pit_sleep(1);
}

/* ---- the node */

/* Processes end on purpose here, and that is logged: nobody needs to see it. */
static inline void node_silent(enum pit_log_level level, const char *text, size_t length) {}

static int node_first(int argc, char **argv)
{
    if (node_now.moved)
        mover_start();
    node_now.body();
    if (node_now.moved)
        mover_stop();
    return 42;
}

/* Of all threads of this OS process, in ms: on a core, and ready for one that others had. */
static inline void node_cores(double *ret_ran, double *ret_waited)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *e;

    *ret_ran = *ret_waited = 0;
    while (tasks && (e = readdir(tasks))) {
        char path[300];
        unsigned long long ran, waited;
        FILE *f;

        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", e->d_name);
        f = fopen(path, "r");
        if (f && fscanf(f, "%llu %llu", &ran, &waited) == 2) {
            *ret_ran += (double)ran / 1e6;
            *ret_waited += (double)waited / 1e6;
        }
        if (f)
            fclose(f);
    }
    if (tasks)
        closedir(tasks);
}

/*
 * Of a case that failed because something did not come in time: was a scheduler asleep with work
 * before it (a lost wake-up), or did it only get too little of the machine? A glance from outside,
 * so what it says of a scheduler that runs may be old.
 */
static inline void node_show(void)
{
    double ran, waited;

    for (unsigned i = 0; i < pit__node.count; i++) {
        struct pit__sched *s = pit__node.scheds[i];

        printf("    scheduler %u: %s, inbox %s, %u runnable, %llu passes\n", i,
               atomic_load_explicit(&s->sleeping, memory_order_seq_cst) ? "asleep" : "awake",
               pit__inbox_empty(&s->inbox) ? "empty" : "waiting",
               atomic_load_explicit(&s->runnable_seen, memory_order_relaxed),
               (unsigned long long)atomic_load_explicit(&s->passes, memory_order_relaxed));
    }
    node_cores(&ran, &waited);
    printf("    its threads ran for %.0f ms and waited for a core for %.0f ms\n", ran, waited);
    fflush(stdout);
}

static inline void node_run(struct node_case c)
{
    c.opts.schedulers = c.schedulers;
    c.opts.crash_dump = "-";
    c.opts.no_signals = true;
    c.opts.seed = pit_test_seed() >> 1 | 1;
    if (!getenv("PIT_TEST_LOG"))
        pit_log_sink_set(node_silent);
    node_now = c;
    pit_test_show_when_failing(node_show);
    CHECK_EQ(pit_run(&c.opts, node_first, 0, NULL), 42);
}

#define NODE_CASE_ON(name, label, ...) \
    PIT_TEST(name##_##label) { node_run((struct node_case){.body = node_##name, __VA_ARGS__}); }

/* A case of the specification; the rules that it is of stand in the comment above it, where
   scripts/conformance finds them. */
#define NODE_CASE(name)                                             \
    static void node_##name(void);                                  \
    NODE_CASE_ON(name, on_1, .schedulers = 1)                       \
    NODE_CASE_ON(name, on_2, .schedulers = 2)                       \
    NODE_CASE_ON(name, on_4, .schedulers = 4)                       \
    NODE_CASE_ON(name, on_16, .schedulers = 16)                     \
    NODE_CASE_ON(name, while_moved, .schedulers = 3, .moved = true) \
    static void node_##name(void)

/* A case that speaks of one scheduler, or brings its own options. */
#define NODE_CASE_WITH(name, ...)                                                      \
    static void node_##name(void);                                                     \
    PIT_TEST(name) { node_run((struct node_case){.body = node_##name, __VA_ARGS__}); } \
    static void node_##name(void)

/* ---- what cases say */

static inline const char *text_of(pit_term t)
{
    static _Thread_local char text[4][1000];
    static _Thread_local unsigned turn;
    char *to = text[turn++ % 4];

    pit_term_print(to, sizeof text[0], t);
    return to;
}

/* Anywhere: on the next scheduler, round robin. */
static inline pit_pid spawn_anywhere(pit_body *body, const void *arg, size_t size)
{
    return pit_spawn_with(body, arg, size, .scheduler = PIT_ANYWHERE);
}

static inline pit_monitored spawn_watched(pit_body *body, const void *arg, size_t size)
{
    pit_monitored m;

    m.pid = pit_spawn_with(body, arg, size, .scheduler = PIT_ANYWHERE, .monitor = true,
                           .ret_ref = &m.ref);
    return m;
}

/* The DOWN of this monitor comes, with this reason. */
static inline void expect_down(pit_ref ref, pit_pid pid, const char *reason)
{
    const pit_msg *m = pit_receive_ref(ref, A_WHILE);

    CHECK(m);
    CHECK_STR(text_of(pit_as(m, pit_down)->reason), reason);
    CHECK(pit_pid_equal(pit_as(m, pit_down)->pid, pid));
    CHECK(pit_ref_equal(pit_as(m, pit_down)->ref, ref));
}

static inline void expect_end(pit_monitored m, const char *reason)
{
    expect_down(m.ref, m.pid, reason);
}

/* The oldest trapped exit signal is this one. */
static inline void expect_exited(pit_pid pid, const char *reason)
{
    const pit_msg *m = pit_receive_type(&pit_type_pit_exited, A_WHILE);

    CHECK(m);
    CHECK_STR(text_of(pit_as(m, pit_exited)->reason), reason);
    CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, pid));
}

static inline void expect_empty(void) { CHECK_EQ(pit_message_count(), 0); }

/* A process that waits for ever; it ends when it is told to. */
static inline void wait_forever(const void *arg)
{
    for (;;)
        (void)pit_receive(PIT_INFINITY);
}

/* Only the caller is left: what was spawned has ended, its teardown included. */
static inline void expect_alone(void)
{
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); pit__node_processes() > 1;) {
        CHECK(pit_now() < until);
        pit_sleep(1);
    }
}

#endif
