/*
 * Giving a socket to another process. See <pit/tcp.h>; how it travels: socket.c.
 *
 * On the same scheduler a socket changes hands with what is in flight. To another one it goes with
 * nothing in flight, since completions come back to the ring that was asked: the giver cancels and
 * waits, and the new owner's first operation starts on its own ring.
 */
#include "io/socket.h"

#include <pit/must.h>

#include "runtime/process.h"

/* Stop what is in flight and wait for its end. What has arrived stays queued, what was not sent
   yet too. */
static void quiesce(struct pit__socket *s)
{
    while (!pit__socket_idle(s)) {
        s->stopping = true;
        pit__op_cancel(s->driver, &s->receive);
        pit__op_cancel(s->driver, &s->send);
        (void)pit__socket_park(s, PIT__FOR_IDLE, INT64_MAX); /* no deadline: 0 */
    }
    s->stopping = false;
}

static bool stays_here(pit_pid pid)
{
    const struct pit__process *p = pit__slot_of(pid);

    return p && atomic_load_explicit(&p->owner, memory_order_acquire) == pit__sched_current();
}

/* The pid is a process's; it may have died or moved since. */
static int hand_over(struct pit__socket *s, pit_pid pid)
{
    int r;

    s->active = PIT_TCP_PASSIVE;
    if (!stays_here(pid))
        quiesce(s);
    r = pit__socket_bequeath(s, pid);
    return r;
}

static pit_pid give(pit_tcp socket, pit_body *body, pit_handler *handler, const void *state,
                    size_t size, pit_spawn_opts opts)
{
    struct pit__socket *s;
    pit_pid pid = PIT_NO_PID;
    int r = pit__socket_of(socket.id, PIT__STREAM, pit__enter(), &s);

    if (r < 0)
        goto out;
    if (opts.scheduler != 0) { /* elsewhere, where it may run at once */
        quiesce(s);
        pit__socket_promise(s, true);
    }
    pid = handler ? pit_try_spawn_handler(handler, state, size, opts)
                  : pit_try_spawn(body, &socket, sizeof socket, opts);
    r = pid.id < 0 ? pit_error(pid) : hand_over(s, pid);
    if (r < 0)
        pit__socket_promise(s, false);
out:
    pit__leave();
    return r < 0 ? (pit_pid){pit__handle(r)} : pid;
}

pit_pid pit_tcp_try_give(pit_tcp s, pit_body *body, pit_spawn_opts opts)
{
    return give(s, body, NULL, NULL, 0, opts);
}

pit_pid pit_tcp_try_give_handler(pit_tcp s, pit_handler *handler, const void *state, size_t size,
                                 pit_spawn_opts opts)
{
    return give(s, NULL, handler, state, size, opts);
}

int pit_tcp_give_to(pit_tcp socket, pit_pid pid)
{
    struct pit__process *p = pit__enter();
    struct pit__socket *s;
    int r = pit__socket_of(socket.id, PIT__STREAM, p, &s);

    if (r == 0 && !pit__slot_of(pid))
        r = -EINVAL;
    if (r == 0 && !pit_pid_equal(pid, pit__pid_of(p)))
        r = hand_over(s, pid);
    pit__leave();
    return r;
}
