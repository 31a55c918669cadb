/*
 * pitboss-loop: a loop of the table, once, as often as it is told; needs no google-benchmark. For
 * counting (bench/instructions takes the difference of two lengths) and for the tests.
 *
 *   pitboss-loop NAME N [SPIN]  prints `metric value` lines, each of one operation; SPIN: idle schedulers spin so many
 *                            microseconds, not as many as the loop says: what valgrind runs ends
 *                            sooner
 *   pitboss-loop --all N     every loop; those that need more cores than there are say so
 *   pitboss-loop --list
 *
 * Exit status: 0; 1: a result was wrong, or a node did not start; 2: usage.
 */
#include <pit/pit.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/micro/loops.h"

static int cores(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static bool measured(const struct micro_loop *loop, uint64_t n)
{
    struct micro_result result;

    if (!micro_run(loop, n, &result))
        return false;
    bench_report("ns_per_op", result.seconds * 1e9 / (double)n);
    for (int i = 0; i < MICRO_COUNTERS; i++)
        if (result.counts.value[i] >= 0)
            bench_report(micro_counter_names[i], (double)result.counts.value[i] / (double)n);
    return true;
}

static int all(uint64_t n)
{
    for (size_t i = 0; i < micro_loop_count; i++) {
        if (micro_loops[i].schedulers > cores()) {
            printf("%s: skipped: needs %d cores\n", micro_loops[i].name, micro_loops[i].schedulers);
            continue;
        }
        printf("%s\n", micro_loops[i].name);
        if (!measured(&micro_loops[i], n))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct micro_loop *loop;
    struct micro_loop other;

    if (argc == 2 && !strcmp(argv[1], "--list")) {
        for (size_t i = 0; i < micro_loop_count; i++)
            printf("%-28s %s\n", micro_loops[i].name, micro_loops[i].sketch);
        return 0;
    }
    if (argc == 3 && !strcmp(argv[1], "--all"))
        return all(bench_number(argv[2], UINT32_MAX));
    if ((argc == 3 || argc == 4) && (loop = micro_find(argv[1])) != NULL) {
        other = *loop;
        if (argc == 4)
            other.spin_us = (int)bench_number(argv[3], 1000000);
        return measured(&other, bench_number(argv[2], UINT32_MAX)) ? 0 : 1;
    }
    fprintf(stderr, "usage: pitboss-loop NAME N [SPIN] | --all N | --list\n");
    return 2;
}
