/*
 * Counters by perf_event_open, one descriptor each: a group would need all of them, and machines
 * have some. They are inherited, so they count a node's schedulers, which start after the opening.
 */
#include "bench/micro/counters.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const micro_counter_names[MICRO_COUNTERS] = {"instructions", "cycles", "cache_misses",
                                                         "context_switches", "page_faults"};

static const struct {
    uint32_t type, config;
} events[MICRO_COUNTERS] = {
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES}, /* these two of any kernel */
    {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
};

static int descriptors[MICRO_COUNTERS] = {-1, -1, -1, -1, -1};

void micro_counters_open(void)
{
    for (int i = 0; i < MICRO_COUNTERS; i++) {
        struct perf_event_attr attr = {
            .size = sizeof attr,
            .type = events[i].type,
            .config = events[i].config,
            .disabled = 1,
            .inherit = 1,
            /* A switch and a fault happen in the kernel; instructions are counted where ours
               are. */
            .exclude_kernel = events[i].type == PERF_TYPE_HARDWARE,
            .exclude_hv = 1,
        };

        descriptors[i] = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    }
}

static void all(unsigned long request)
{
    for (int i = 0; i < MICRO_COUNTERS; i++)
        if (descriptors[i] >= 0)
            (void)ioctl(descriptors[i], request, 0); /* it was opened, so it can be switched */
}

void micro_counters_start(void) { all(PERF_EVENT_IOC_ENABLE); }

void micro_counters_stop(void) { all(PERF_EVENT_IOC_DISABLE); }

struct micro_counts micro_counters_close(void)
{
    struct micro_counts counts;

    for (int i = 0; i < MICRO_COUNTERS; i++) {
        int64_t *value = &counts.value[i];

        if (descriptors[i] < 0 || read(descriptors[i], value, sizeof *value) != sizeof *value)
            *value = -1;
        if (descriptors[i] >= 0)
            close(descriptors[i]);
        descriptors[i] = -1;
    }
    return counts;
}
