/*
 * How long schedulers had something to do: statistics(scheduler_wall_time). Off unless it is asked
 * for; then it costs two looks at the clock each time that a scheduler has nothing to run. The
 * argument is in wall_time.c.
 */
#ifndef PIT_RUNTIME_WALL_TIME_H
#define PIT_RUNTIME_WALL_TIME_H

#include "runtime/sched.h"

/* Is it counted on s? Its own thread. */
static inline bool pit__wall_time_counted(const struct pit__sched *s)
{
    return atomic_load_explicit(&s->wall_since, memory_order_relaxed) != 0;
}

/* If it is counted. s has nothing to run; and it looks again, which it may have said already. Its
   own thread. */
void pit__wall_time_idle(struct pit__sched *s);
void pit__wall_time_again(struct pit__sched *s);

/* For drivers: the wait of this thread's scheduler is over, what has completed will be
   delivered. */
void pit__wall_time_woken(void);

/* ns since it is counted on s, and how many of them it was active; 0 for both if it is not. Any
   thread. */
void pit__wall_time_get(const struct pit__sched *s, int64_t *ret_active, int64_t *ret_total);

/* Is it asked for? Any thread. */
bool pit__wall_time_on(void);

#endif
