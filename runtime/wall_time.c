/*
 * Each scheduler has two words, which it alone writes and anybody reads.
 *   wall_since   when it began to count; 0: it does not
 *   wall_idle    even: twice the ns that it was idle, and it is active. Odd: it is idle, and has
 *                been for now - wall_idle / 2
 * So one word says both how long and whether, and a reader needs nothing more at one moment with
 * it. wall_since is stored with release after the wall_idle of a new count (R1), and read with
 * acquire before it (A1): who sees a count sees its own idle time, or a later one's. That is told
 * by wall_since being another when it is looked at again: the second look cannot be before the load
 * of wall_idle, which is an acquire for that (A2), and its stores are releases, so that who reads a
 * later count's also sees that the older one has ended, or more.
 */
#include "runtime/wall_time.h"

#include <errno.h>

#include <pit/info.h>

#include "base/oracle.h"
#include "runtime/enter.h"
#include "runtime/node_state.h"
#include "runtime/park.h"

static int64_t idle_word(const struct pit__sched *s)
{
    return atomic_load_explicit(&s->wall_idle, memory_order_acquire); /* A2 */
}

static void set_idle_word(struct pit__sched *s, int64_t word)
{
    atomic_store_explicit(&s->wall_idle, word, memory_order_release);
}

/* While it is active word / 2 is how long it was idle; while it is idle, now minus that. */
void pit__wall_time_idle(struct pit__sched *s)
{
    set_idle_word(s, 2 * (pit__now() - idle_word(s) / 2) + 1);
}

void pit__wall_time_again(struct pit__sched *s)
{
    int64_t word = idle_word(s);

    if (word & 1)
        set_idle_word(s, 2 * (pit__now() - word / 2));
}

void pit__wall_time_woken(void)
{
    struct pit__thread *t = pit__thread();

    if (t && PIT__UNLIKELY(pit__wall_time_counted(t->sched)))
        pit__wall_time_again(t->sched);
}

void pit__wall_time_get(const struct pit__sched *s, int64_t *ret_active, int64_t *ret_total)
{
    int64_t since, word, now, idle;

    do {
        since = atomic_load_explicit(&s->wall_since, memory_order_acquire); /* A1 */
        word = idle_word(s);
        now = pit__now();
    } while (atomic_load_explicit(&s->wall_since, memory_order_relaxed) != since);
    *ret_active = *ret_total = 0;
    if (!since || now <= since)
        return;
    idle = word & 1 ? now - word / 2 : word / 2;
    *ret_total = now - since;
    *ret_active = idle < *ret_total ? *ret_total - idle : 0;
}

bool pit__wall_time_on(void)
{
    return atomic_load_explicit(&pit__node.wall_turn, memory_order_relaxed) & 1;
}

/* On each scheduler, which has something to do, namely this. It asks what the turn is now: so of
   two that want it otherwise the later one has its way on all, in whatever order they are heard. */
static void as_asked(void *unused)
{
    struct pit__sched *s = pit__sched_current();
    uint32_t turn = atomic_load_explicit(&pit__node.wall_turn, memory_order_relaxed);

    if (turn == s->wall_turn)
        return;
    s->wall_turn = turn;
    atomic_store_explicit(&s->wall_since, 0, memory_order_release);
    set_idle_word(s, 0);
    if (turn & 1)
        atomic_store_explicit(&s->wall_since, pit__now(), memory_order_release); /* R1 */
}

/* Its turn, if it is otherwise. Returns what it was. */
static bool set(bool on)
{
    uint32_t turn = atomic_load_explicit(&pit__node.wall_turn, memory_order_relaxed);

    while ((turn & 1) != on &&
           !atomic_compare_exchange_weak_explicit(&pit__node.wall_turn, &turn, turn + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
    return turn & 1;
}

int pit_scheduler_wall_time(bool on)
{
    struct pit__thread *t = pit__in();
    int r = 0;
    bool was;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    was = set(on);
    for (unsigned i = 0; i < pit__node.count && r == 0; i++)
        r = pit__run_on((int)i, as_asked, NULL);
    pit__out(1 + (int)pit__node.count);
    return r < 0 ? r : was;
}
