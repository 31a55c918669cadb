/*
 * The border between a program and the runtime: every public function crosses it by these, in both
 * directions. park.h has the same as functions, for the layers above.
 */
#ifndef PIT_RUNTIME_ENTER_H
#define PIT_RUNTIME_ENTER_H

#include "base/assert.h"
#include "runtime/park.h"
#include "runtime/sched.h"

/* The slice is used up, or the process must exit: yields, or does not return. */
void pit__leave_slow(struct pit__thread *t);

/* The stack's end is so near that the runtime would run over it in the middle of its work: the
   process overflows here. */
void pit__no_room(void);

/* NULL on a thread that is not the runtime's. */
static inline struct pit__thread *pit__in(void)
{
    struct pit__thread *t = pit__thread();

    if (PIT__LIKELY(t)) {
        if (PIT__UNLIKELY((uintptr_t)__builtin_frame_address(0) < t->floor) && !t->in_runtime)
            pit__no_room();
        t->in_runtime++;
        /* The flag is set before anything the runtime does; the fault handler is on this thread. */
        __asm__ volatile("" ::: "memory");
    }
    return t;
}

static inline void pit__out(int cost)
{
    struct pit__thread *t = pit__thread(); /* anew: the process may have moved */

    __asm__ volatile("" ::: "memory");
    if (PIT__LIKELY(t)) {
        if (PIT__UNLIKELY((t->sched->reductions -= cost) <= 0) && t->in_runtime == 1)
            pit__leave_slow(t), t = pit__thread();
        t->in_runtime--;
    }
}

/* The same, where nothing since pit__in() can have switched. */
static inline void pit__out_same(struct pit__thread *t, int cost)
{
    __asm__ volatile("" ::: "memory");
    if (PIT__LIKELY(t)) {
        if (PIT__UNLIKELY((t->sched->reductions -= cost) <= 0) && t->in_runtime == 1)
            pit__leave_slow(t), t = pit__thread();
        t->in_runtime--;
    }
}

/* For what can say so: the error that no process runs on t, and then the border is crossed back; or
   0. */
static inline int pit__no_process(struct pit__thread *t)
{
    if (PIT__LIKELY(t && t->current))
        return 0;
    if (t)
        t->in_runtime--;
    return -PIT_ENOTPROCESS;
}
#define PIT__REF_ENOTPROCESS ((pit_ref){{INT64_MIN | PIT_ENOTPROCESS}, 0})

/* The process that runs on t; ends the node's run with a clear text if there is none. */
struct pit__process *pit__caller_required(struct pit__thread *t, const char *function);
static inline struct pit__process *pit__caller(struct pit__thread *t, const char *function)
{
    if (PIT__LIKELY(t && t->current))
        return t->current;
    return pit__caller_required(t, function);
}

#endif
