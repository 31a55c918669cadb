/*
 * The supervision tree of the servers among the benchmarks (bench/net/serve.h): what ends is
 * started again, and what a connection loses by it is what its comment says.
 */
#include "tests/harness/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pit/pit.h>
#include <pit/tcp.h>

#include "bench/bench.h"
#include "bench/net/kv_table.h"

static bench_run *server;
static void (*story)(void);
static char address[32];

/*
 * A port that nobody has just now; below those that the kernel gives to whoever connects, for one
 * of these could be some other program's connection by the time, or our own with itself.
 */
static char *free_port(void)
{
    static char port[8];
    uint64_t random = (uint64_t)pit_now();
    pit_listener l;

    do {
        snprintf(port, sizeof port, "%u", 10000 + (unsigned)pit_test_random_below(&random, 22000));
        snprintf(address, sizeof address, "127.0.0.1:%s", port);
        l = pit_tcp_listen_opts(address, (pit_tcp_opts){0});
    } while (pit_error(l) == -EADDRINUSE);
    pit_must(pit_tcp_unlisten(l));
    return port;
}

static void serve_all(const void *arg)
{
    char *argv[] = {free_port(), NULL};

    server(argv);
}

static pit_pid wait_for(const char *name, pit_pid not_this)
{
    pit_pid p;

    while (pit_pid_equal(p = pit_whereis(name), PIT_NO_PID) || pit_pid_equal(p, not_this))
        pit_sleep(1);
    return p;
}

/* While the listener is being started again a connection is refused; and the kernel resets one that
 * stood in the old listener's queue when that was closed, which connect itself reports if it had
 * not looked yet. */
static pit_tcp connect_to_it(void)
{
    pit_tcp s;
    int e;

    while ((e = pit_error(s = pit_tcp_connect(address, A_WHILE))) == -ECONNREFUSED ||
           e == -ECONNRESET)
        pit_sleep(1);
    return pit_must(s);
}

static bool answers(pit_tcp s, const char *question, const char *answer)
{
    char got[64];
    size_t len = strlen(answer);

    return pit_tcp_write(s, question, strlen(question)) == 0 &&
           pit_tcp_read_exactly(s, got, len, A_WHILE) == (int)len && !memcmp(got, answer, len);
}

/* A new connection is answered; one that the old listener had not accepted when it ended is reset,
   so not at once. */
static void answers_soon(const char *question, const char *answer)
{
    for (pit_tcp s = connect_to_it(); !answers(s, question, answer); s = connect_to_it())
        CHECK_EQ(pit_tcp_close(s), 0);
}

static void kill_it(pit_pid p) { pit_exit_process(p, pit_build("kill")); }

static int first(int argc, char **argv)
{
    pit_pid all = pit_spawn(serve_all, NULL, 0);

    (void)wait_for("listener", PIT_NO_PID);
    story();
    pit_exit_process(all, pit_build("shutdown")); /* as SIGTERM does to a first process */
    while (!pit_pid_equal(pit_whereis("serve_sup"), PIT_NO_PID))
        pit_sleep(1);
    return 0;
}

static void run(bench_run *which, void (*what)(void))
{
    server = which;
    story = what;
    CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = 2}, first, 0, NULL), 0);
}

static void listener_ends(void)
{
    pit_tcp before = connect_to_it();

    CHECK(answers(before, "one", "one"));
    pit_pid listener = wait_for("listener", PIT_NO_PID);
    kill_it(listener);
    (void)wait_for("listener", listener);
    answers_soon("two", "two");
    CHECK(answers(before, "three", "three"));
}

PIT_TEST(a_listener_that_ends_is_started_again_and_connections_go_on)
{
    run(bench_echo, listener_ends);
}

#define SET "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
#define GET "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"

static void table_ends(void)
{
    char byte;
    pit_tcp before = connect_to_it();

    CHECK(answers(before, SET GET, "+OK\r\n$1\r\n1\r\n"));
    pit_pid table = wait_for(KV_TABLE, PIT_NO_PID);
    kill_it(table);
    CHECK_EQ(pit_tcp_read(before, &byte, 1, A_WHILE), 0); /* its keys are gone, and it is told */
    (void)wait_for(KV_TABLE, table);
    answers_soon(GET, "$-1\r\n");
}

PIT_TEST(a_table_that_ends_takes_its_connections_along) { run(bench_kv, table_ends); }
