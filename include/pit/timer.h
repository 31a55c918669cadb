/*
 * Time and timers.
 *
 * Timers run on the monotonic clock, never early, and about 0.1 ms late at most on a node that is
 * not overloaded. A timer belongs to the process that it will send to, and is cancelled when that
 * process ends. Starting one does not wait; what is no pid ends the caller with badarg, no memory
 * with system_limit. Spec: TIMER-1..7.
 */
#ifndef PIT_TIMER_H
#define PIT_TIMER_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/type.h>

PIT_BEGIN_DECLS

/*
 * Nanoseconds of the monotonic clock, and of the wall clock since 1970: the only clocks that a
 * program should use, since a replayed run replays them too. Neither waits. Any thread.
 * Erlang: monotonic_time/1, system_time/1.
 */
int64_t pit_now(void);
int64_t pit_wall_clock(void);

/* Random bits, replayed with the run. Not for secrets. Does not wait. Any thread.
   Erlang: rand:uniform/0. */
uint64_t pit_random(void);

/*
 * Send a copy of payload to `to` in ms milliseconds (0: soon; more than 146 years: as good as
 * never). Holds -EINVAL for a negative time. A process that is gone is no error: nothing will be
 * sent. The sender of the message is the caller. Erlang: send_after/3. Spec: TIMER-1..3.
 * pit_send_after(ms, to, name, .field = ...) of <pit/message.h> is the usual form.
 */
pit_ref pit_send_after_copy(int64_t ms, pit_pid to, const pit_type *type, const void *payload);

/* Send pit_timeout with the timer's reference and value, as above. Erlang: start_timer/3. */
pit_ref pit_start_timer(int64_t ms, pit_pid to, uint64_t value);

/*
 * As the two above, at a time of pit_now() instead, which may have passed. Erlang: option {abs,
 * true}.
 */
pit_ref pit_send_at_copy(int64_t when_ns, pit_pid to, const pit_type *type, const void *payload);
pit_ref pit_start_timer_at(int64_t when_ns, pit_pid to, uint64_t value);

/*
 * All four to who has this name when the time has come; nobody: nothing is sent. Such a timer
 * belongs to no process, so none cancels it by ending. The name's atom stays for ever. Hold -EINVAL
 * also for what can be no name, -PIT_ESYSTEMLIMIT (atoms), -ENOMEM. Erlang: a registered name as
 * destination. Spec: TIMER-2.
 */
pit_ref pit_send_after_name(int64_t ms, const char *name, const pit_type *type,
                            const void *payload);
pit_ref pit_send_at_name(int64_t when_ns, const char *name, const pit_type *type,
                         const void *payload);
pit_ref pit_start_timer_name(int64_t ms, const char *name, uint64_t value);
pit_ref pit_start_timer_at_name(int64_t when_ns, const char *name, uint64_t value);

/*
 * The milliseconds that were left, rounded up, or -ENOENT: expired, cancelled or unknown; -ENOMEM.
 * Any process may cancel or read any timer it knows; for one that belongs to another scheduler's
 * process the caller waits.
 * Erlang: cancel_timer/1, read_timer/1. Spec: TIMER-4..7.
 */
int64_t pit_cancel_timer(pit_ref timer);
int64_t pit_read_timer(pit_ref timer);

/*
 * The same without waiting: the answer is a message, pit_timer_cancelled or pit_timer_read, whose
 * `left` is what the functions above return. With info false a cancellation sends none.
 * pit_receive_ref(timer) finds it, as it does the timer's pit_timeout.
 * 0; -ENOMEM, and nothing was done. Do not wait. Erlang: cancel_timer/2, read_timer/2 with {async,
 * true}. Spec: TIMER-4, TIMER-5.
 */
int pit_cancel_timer_async(pit_ref timer, bool info);
int pit_read_timer_async(pit_ref timer);

struct pit_timer_cancelled { /* Erlang: {cancel_timer, TRef, Result} */
    pit_ref timer;
    int64_t left; /* ms, or -ENOENT */
};
struct pit_timer_read { /* Erlang: {read_timer, TRef, Result} */
    pit_ref timer;
    int64_t left; /* ms, or -ENOENT */
};
extern const pit_type pit_type_pit_timer_cancelled, pit_type_pit_timer_read;

PIT_END_DECLS

#endif
