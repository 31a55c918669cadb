/*
 * A node for one test: run a function as its first process. What it checks, it checks with CHECK,
 * which ends the test on the spot from any process.
 */
#ifndef TESTS_OTP_NODE_H
#define TESTS_OTP_NODE_H

#include <string.h>

#include <pit/pit.h>

#include "tests/harness/test.h"

static void (*node_body)(void);

static int node_first(int argc, char **argv)
{
    node_body();
    return 0;
}

/* Two schedulers, unless the test says otherwise. The log is silent: many tests make processes end
   on purpose. */
static inline void node_run(void (*body)(void), int schedulers)
{
    pit_node_opts opts = {.schedulers = schedulers, .crash_dump = "-", .no_signals = true};

    pit_log_level_set(PIT_LOG_ERROR);
    node_body = body;
    CHECK_EQ(pit_run(&opts, node_first, 0, NULL), 0);
}

/* PIT_TEST, whose body runs as the first process of a node with two schedulers. */
#define NODE_TEST(name)                          \
    static void node_##name(void);               \
    PIT_TEST(name) { node_run(node_##name, 2); } \
    static void node_##name(void)

/* What is logged goes here and not to stderr, so that a test can look at it. Any thread. */
static char node_log[1 << 16];
static size_t node_logged;
static int node_log_lock;

static inline void node_log_add(enum pit_log_level level, const char *text, size_t length)
{
    while (__atomic_exchange_n(&node_log_lock, 1, __ATOMIC_ACQUIRE))
        ;
    if (node_logged + length < sizeof node_log) {
        memcpy(node_log + node_logged, text, length);
        node_logged += length;
    }
    __atomic_store_n(&node_log_lock, 0, __ATOMIC_RELEASE);
}

static inline bool node_logs(const char *text)
{
    bool found;

    while (__atomic_exchange_n(&node_log_lock, 1, __ATOMIC_ACQUIRE))
        ;
    node_log[node_logged] = '\0';
    found = strstr(node_log, text) != NULL;
    __atomic_store_n(&node_log_lock, 0, __ATOMIC_RELEASE);
    return found;
}

/* The reason with which a process ends that was just spawned with a monitor. Lives until the next
   receive. */
static inline pit_term reason_of(pit_monitored m)
{
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down);
    return pit_as(down, pit_down)->reason;
}

static inline const char *text_of(pit_term t)
{
    static char text[2000];

    pit_term_print(text, sizeof text, t);
    return text;
}

#endif
