/*
 * The measured loops, in C. Each starts a node with one scheduler, does n operations in a process,
 * checks that all were done, and returns the seconds that they took: the start of the node is not
 * in it. Negative: something was lost.
 */
#ifndef BENCH_MICRO_LOOPS_H
#define BENCH_MICRO_LOOPS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

double micro_send_receive(uint64_t n);
double micro_switch(uint64_t n);
double micro_spawn(uint64_t n);
double micro_timer(uint64_t n);

#ifdef __cplusplus
}
#endif

#endif
