/*
 * The loops of bench/micro: send and receive, switch, spawn, timer. One scheduler, so that nothing
 * but the operation is in the figure: no core is woken, no process handed over.
 */
#include "bench/micro/loops.h"

#include <pit/pit.h>

PIT_MESSAGE(micro_item, (uint64_t, n));
PIT_MESSAGE(micro_done, (uint64_t, n));

/* What the process that measures is told, and tells: one node at a time, so they need no lock. */
static uint64_t wanted, done;
static int64_t took_ns;

static double run(pit_first *first, uint64_t n)
{
    pit_node_opts opts = {.schedulers = 1, .no_signals = true};

    wanted = n;
    done = 0;
    if (pit_run(&opts, first, 0, NULL) != 0 || done != n)
        return -1;
    return (double)took_ns / 1e9;
}

/* To oneself: a message is built, queued, taken and released; nobody is switched to. */
static int send_receive(int argc, char **argv)
{
    pit_pid self = pit_self();
    int64_t since = pit_now();

    for (uint64_t i = 0; i < wanted; i++) {
        pit_send(self, micro_item, .n = i);
        done += pit_as(pit_receive(PIT_INFINITY), micro_item)->n == i;
    }
    took_ns = pit_now() - since;
    return 0;
}

/* Half of the switches are to the other process, half are back. */
static void yield_often(const void *arg)
{
    pit_pid first = *(const pit_pid *)arg;

    for (uint64_t i = 0; i < wanted / 2; i++)
        pit_yield();
    pit_send(first, micro_done, .n = wanted / 2);
}

static int two_yield(int argc, char **argv)
{
    pit_pid self = pit_self();
    int64_t since = pit_now();

    pit_spawn_link(yield_often, &self, sizeof self);
    pit_spawn_link(yield_often, &self, sizeof self);
    for (int i = 0; i < 2; i++)
        done += pit_receive_only(micro_done, PIT_INFINITY)->n;
    took_ns = pit_now() - since;
    return 0;
}

static void count_and_end(void *state, const pit_msg *m)
{
    if (++done == wanted) /* one scheduler: they run one after the other */
        pit_send(*(const pit_pid *)state, micro_done, .n = wanted);
    pit_exit(pit_atom("normal"));
}

static int spawn_many(int argc, char **argv)
{
    pit_pid self = pit_self();
    int64_t since = pit_now();

    for (uint64_t i = 0; i < wanted; i++)
        pit_spawn_handler(count_and_end, &self, sizeof self);
    pit_receive_only(micro_done, PIT_INFINITY);
    took_ns = pit_now() - since;
    return 0;
}

static int start_and_cancel(int argc, char **argv)
{
    pit_pid self = pit_self();
    int64_t since = pit_now();

    for (uint64_t i = 0; i < wanted; i++)
        done += pit_cancel_timer(pit_start_timer(5000, self, i)) > 0;
    took_ns = pit_now() - since;
    return 0;
}

double micro_send_receive(uint64_t n) { return run(send_receive, n); }
double micro_switch(uint64_t n) { return run(two_yield, n / 2 * 2); }
double micro_spawn(uint64_t n) { return run(spawn_many, n); }
double micro_timer(uint64_t n) { return run(start_and_cancel, n); }
