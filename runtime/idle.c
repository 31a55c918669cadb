/*
 * A scheduler that has nothing to run: it looks around for a moment, then sleeps in its driver.
 *
 * Why not at once: a core that has halted is late when it is woken, and who wakes it pays as much
 * again. So it waits about as long as that costs, at most twice what the better of both would have
 * cost, and only where waiting paid lately:
 *   for messages of other schedulers, up to +sbwt (spin_ns);
 *   for completions, IO_SPIN (io_luck): clients that are as busy as the server ask again within
 *   microseconds. One that asks seldom costs a look of IO_SPIN in every RARELY sleeps.
 *
 * Sleeping: (S1) store sleeping, (S2) read the inbox again, (S3) wait in the driver. A sender
 * (pit__sched_post): (P1) push on the inbox, and if that made it non-empty (P2) read sleeping,
 * exchange it, wake the driver. S1, S2, P1 and P2 are sequentially consistent: in their one order
 * either P1 is before S2 and the scheduler sees the message, or S1 is before P2 and the sender sees
 * that it sleeps. The wake is an eventfd on which a poll is armed: one that comes before S3 ends
 * the wait at once. tests/model/sleep.pml has it with explicit store buffers.
 */
#include "base/probes.h"
#include "runtime/memory.h"
#include "runtime/node_state.h"
#include "runtime/sched.h"
#include "runtime/wall_time.h"

#define GLANCES 2000             /* about a microsecond */
#define SPIN_LEAST INT64_C(1000) /* ns; below it waiting did not pay */
#define SPIN_MORE INT64_C(4000)  /* ns more to wait for, when a sleep was a short one */
#define SHORT_SLEEP INT64_C(200000)
#define IO_SPIN INT64_C(3000) /* ns; docs/performance.md has what longer and shorter ones gave */
#define LUCK 4096             /* io_luck of one whose every wait was ended by a completion */
#define LUCK_ENOUGH (LUCK / 4)
#define LUCK_WEIGHT 16 /* the mean of about so many waits */
#define RARELY 16u     /* without luck, one sleep in so many is preceded by a wait */

void pit__idle_open(struct pit__sched *s) { s->io_luck = LUCK; }

/* ---- waiting awake ---- */

static int64_t setting(void) { return pit__node.opts.spin_us * INT64_C(1000); }
static bool others_answer(const struct pit__sched *s)
{
    return s->spin_ns >= SPIN_LEAST && pit__node.count > 1;
}

static int64_t for_messages(struct pit__sched *s)
{
    if (s->spin_ns > setting())
        s->spin_ns = setting();
    return others_answer(s) ? s->spin_ns : 0;
}

static int64_t for_completions(struct pit__sched *s)
{
    if (s->io_luck < LUCK_ENOUGH && ++s->unlucky % RARELY)
        return 0;
    return setting() < IO_SPIN ? setting() : IO_SPIN;
}

static void learn_of_completions(struct pit__sched *s, bool soon)
{
    s->io_luck += ((soon ? LUCK : 0) - s->io_luck) / LUCK_WEIGHT;
}

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

/* Wait without sleeping; false if nothing came. */
static bool spin(struct pit__sched *s)
{
    int64_t messages = for_messages(s), completions = for_completions(s);
    int64_t limit = messages > completions ? messages : completions, start, waited;

    if (limit <= 0)
        return false;
    start = pit__now();
    do {
        for (int i = 0; i < 8; i++) {
            if (!pit__inbox_empty(&s->inbox)) {
                s->spin_ns = setting(); /* it paid */
                return true;
            }
            relax();
        }
        waited = pit__now() - start;
        if (s->driver_ops->pending(s->driver)) {
            learn_of_completions(s, waited <= IO_SPIN);
            return true;
        }
    } while (waited < limit);
    s->spin_ns /= 2;
    learn_of_completions(s, false);
    return false;
}

/*
 * The first moment of idleness: an answer from another core takes about a microsecond. Returning
 * blocks and looking around would move more cache lines than the message itself does, and a pause
 * is as long as a line's way; so neither comes yet.
 */
static bool glance(struct pit__sched *s)
{
    if (!others_answer(s))
        return false;
    for (int i = 0; i < GLANCES; i++)
        if (!pit__inbox_empty(&s->inbox))
            return true;
    return false;
}

/* ---- sleeping ---- */

static bool inbox_waiting(struct pit__sched *s)
{
    return atomic_load_explicit(&s->inbox.head, memory_order_seq_cst) != NULL; /* S2 */
}

/* What the node wants of this scheduler. Whoever wants it wrote it down before the wake; a wake
   that a poll took since this scheduler last looked is gone, but what it was for is seen here. */
static bool node_waiting(struct pit__sched *s)
{
    return atomic_load_explicit(&pit__node.state, memory_order_seq_cst) == PIT__NODE_STOPPED ||
           (s->index == 0 && atomic_load_explicit(&pit__node.os_signal, memory_order_seq_cst));
}

static int64_t sleep_until(struct pit__sched *s)
{
    int64_t next = pit__wheel_next(&s->wheel);

    if (s->index == 0 &&
        atomic_load_explicit(&pit__node.state, memory_order_relaxed) >= PIT__NODE_STOPPING) {
        int64_t soon = pit__now() + 1000000; /* whoever ends does not tell us: look again */
        return next < soon ? next : soon;
    }
    return next;
}

static void wait_for_work(struct pit__sched *s)
{
    int64_t before;

    pit__publish(&s->idle_seen, 1);
    if (glance(s))
        return;
    pit__blocks_flush(&s->blocks);
    (void)pit__stack_trim(&s->stacks, 64);
    pit__balance_ask(s);
    if (spin(s))
        return;
    PIT_PROBE_SCHED_SLEEP(s->index);
    atomic_fetch_add_explicit(&pit__node.sleepers, 1, memory_order_relaxed);
    atomic_store_explicit(&s->sleeping, 1, memory_order_seq_cst); /* S1 */
    PIT_POINT("sched.sleeping");
    before = pit__now();
    if (inbox_waiting(s) || node_waiting(s))
        s->driver_ops->poll(s->driver);
    else
        s->driver_ops->wait(s->driver, sleep_until(s)); /* S3 */
    atomic_store_explicit(&s->sleeping, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&pit__node.sleepers, 1, memory_order_relaxed);
    s->now = pit__now();
    if (!pit__inbox_empty(&s->inbox) && s->now - before < SHORT_SLEEP)
        s->spin_ns += SPIN_MORE; /* it was woken so soon that spinning might pay */
    s->watch |= PIT__WATCH_STAMP;
    PIT_PROBE_SCHED_WAKE(s->index);
}

void pit__sched_idle(struct pit__sched *s)
{
    bool counted = pit__wall_time_counted(s);

    if (PIT__UNLIKELY(counted))
        pit__wall_time_idle(s);
    wait_for_work(s);
    if (PIT__UNLIKELY(counted))
        pit__wall_time_again(s);
}
