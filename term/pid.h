/*
 * What the 63 bits of a pid are: 1 bit local or proxy, 27 bits of slot index, 35 bits of
 * generation. The one place that knows; the runtime makes pids with it, text prints and reads them
 * with it.
 */
#ifndef PIT_TERM_PID_H
#define PIT_TERM_PID_H

#include <pit/base.h>

#define PIT__PID_GENERATION_BITS 35
#define PIT__PID_INDEX_BITS 27
#define PIT__PID_GENERATION_MAX ((UINT64_C(1) << PIT__PID_GENERATION_BITS) - 1)
#define PIT__PID_INDEX_MAX ((UINT64_C(1) << PIT__PID_INDEX_BITS) - 1)

/* The index is lowest: a look-up masks it out, and a reused slot's pid differs in its upper bits
   only. */
static inline pit_pid pit__pid(bool proxy, uint64_t index, uint64_t generation)
{
    return (pit_pid){(int64_t)((uint64_t)proxy << (PIT__PID_GENERATION_BITS + PIT__PID_INDEX_BITS) |
                               generation << PIT__PID_INDEX_BITS | index)};
}
static inline bool pit__pid_is_proxy(pit_pid pid)
{
    return (uint64_t)pid.id >> (PIT__PID_GENERATION_BITS + PIT__PID_INDEX_BITS) & 1;
}
static inline uint64_t pit__pid_index(pit_pid pid) { return (uint64_t)pid.id & PIT__PID_INDEX_MAX; }
static inline uint64_t pit__pid_generation(pit_pid pid)
{
    return (uint64_t)pid.id >> PIT__PID_INDEX_BITS & PIT__PID_GENERATION_MAX;
}

#endif
