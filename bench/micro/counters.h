/*
 * What the machine counts while a loop runs: instructions and the like, of all threads that start
 * after micro_counters_open, in user space. Where the kernel or the hypervisor gives no such
 * counter it is left out, and bench/instructions counts by callgrind instead. (google-benchmark has
 * counters of its own, through libpfm, but Debian's build of it does not.)
 */
#ifndef BENCH_MICRO_COUNTERS_H
#define BENCH_MICRO_COUNTERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MICRO_COUNTERS = 5 };

struct micro_counts {
    int64_t value[MICRO_COUNTERS]; /* negative: this machine does not give it */
};

extern const char *const micro_counter_names[MICRO_COUNTERS];

/* Open those that there are, stopped. Any thread; its later threads are counted too. */
void micro_counters_open(void);
void micro_counters_start(void);
void micro_counters_stop(void);
/* What was counted between start and stop, and close them. */
struct micro_counts micro_counters_close(void);

#ifdef __cplusplus
}
#endif

#endif
