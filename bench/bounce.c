/*
 * bounce: one cache line to and fro between two cores, with nothing around it. Two pinned threads;
 * each waits until the line has its number and writes the next. No message between two cores can be
 * faster than this, so ping_pong_apart is given as a multiple of it.
 */
#include "bench/bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static _Alignas(128) _Atomic uint64_t line;
static uint64_t rounds;

/* The nth core that this OS process may use. */
static int allowed_core(int n)
{
    cpu_set_t set;

    BENCH_CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set) && n-- == 0)
            return cpu;
    bench_fail("bounce needs two cores");
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    BENCH_CHECK(pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0);
}

/* Writes the odd numbers when side is 0 and the even ones when it is 1, each as the answer to the
   one before. */
static void play(uint64_t side)
{
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t wanted = 2 * i + side;

        while (atomic_load_explicit(&line, memory_order_acquire) != wanted)
            ;
        atomic_store_explicit(&line, wanted + 1, memory_order_release);
    }
}

static void *opponent(void *cpu)
{
    pin((int)(intptr_t)cpu);
    play(1);
    return NULL;
}

int bench_bounce(char **argv)
{
    int here = allowed_core(0), there = allowed_core(1);
    pthread_t thread;

    rounds = bench_number(argv[0], UINT32_MAX);
    pin(here);
    BENCH_CHECK(pthread_create(&thread, NULL, opponent, (void *)(intptr_t)there) == 0);

    int64_t since = pit_now();
    play(0);
    pthread_join(thread, NULL);
    BENCH_CHECK(line == 2 * rounds);
    bench_report("round_trip_ns", (double)(pit_now() - since) / (double)rounds);
    return 0;
}
