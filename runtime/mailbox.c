/*
 * Mailbox word: messages on their way to a process from threads that do not own it.
 *
 * May run at the same time?   push  take
 *                     push     yes   yes
 *                     take     yes    -      "-": only the owner takes
 *
 * State: QUIET    nothing outside.
 *        CARRIER  one message, the carrier, is on its way through an inbox to the owner.
 *        else     the same, and a list of the later messages, youngest first, that ends in CARRIER.
 *
 * Invariants
 *  (1) Of all pushes between two takes exactly one returns true: the one that replaced QUIET. Its
 *      message is the carrier, and nothing is taken before the carrier has been delivered.
 *  (2) Messages of one sender are delivered in the order they were pushed: its carrier is delivered
 *      before the list, and the list is taken oldest first. Spec: SIG-1.
 *  (3) No part of the mailbox is a node of any list, so nothing of it can be stale in a reused
 *      slot.
 *
 * Order                            (R, release, is what A, acquire, synchronises with)
 *  R1 a sender sets the word: its message's contents and link are complete.
 *  A1 the owner takes the list. It synchronises with every R1 since the last take, not only with
 *     the youngest: each is a read-modify-write of the same word, so all are one release sequence.
 *  R2 a push on the inbox: the carrier's contents are complete; it is also a step of the sleeping
 *     protocol, which wants sequential consistency (idle.c).
 *  A2 the owner takes the inbox, likewise all of it.
 *  A comparison that fails is relaxed: nothing was learnt. A head that was freed and came back is
 *  harmless, since `next` names it rightly.
 *  The owner's test for QUIET is relaxed: it reads QUIET only if it wrote it (take) or nobody ever
 *  pushed, and a push that it does not see yet has not happened before anything that this thread
 *  knows of: a sender that this owner has heard from since (by any acquire) has made its push
 *  visible.
 *
 * Progress: take is one exchange. A push repeats only when another push succeeded. Between a first
 * push and the caller's push on the inbox the others wait: a few instructions, for a process is
 * never switched there; a kernel that takes the sender's core costs its slice.
 * tests/model/mailbox.pml checks (1) and (2) over hand-overs.
 */
#include "runtime/mailbox.h"

#include "base/assert.h"

#define QUIET ((uintptr_t)0)
#define CARRIER ((uintptr_t)1)

bool pit__mailbox_push(struct pit__mailbox *mb, struct pit__message *m)
{
    uintptr_t old = atomic_load_explicit(&mb->word, memory_order_relaxed);
    uintptr_t new;

    do {
        m->block.next = (void *)old;
        new = old == QUIET ? CARRIER : (uintptr_t)m;
    } while (!atomic_compare_exchange_weak_explicit(&mb->word, &old, new, memory_order_release,
                                                    memory_order_relaxed)); /* R1 */
    PIT_POINT("mailbox.carrier"); /* a sender stands between its two steps */
    return old == QUIET;
}

/* The list hangs youngest first; end is what its last node points to. */
static struct pit__message *oldest_first(struct pit__message *m, const void *end)
{
    struct pit__message *done = NULL;

    while (m != end) {
        struct pit__message *next = m->block.next;

        m->block.next = done;
        done = m;
        m = next;
    }
    return done;
}

struct pit__message *pit__mailbox_take(struct pit__mailbox *mb)
{
    uintptr_t list = atomic_exchange_explicit(&mb->word, QUIET, memory_order_acquire); /* A1 */

    PIT_ASSERT(list != QUIET);
    return oldest_first((struct pit__message *)list, (void *)CARRIER);
}

bool pit__inbox_push(struct pit__inbox *in, struct pit__message *m)
{
    struct pit__message *old = atomic_load_explicit(&in->head, memory_order_relaxed);

    do
        m->block.next = old;
    while (!atomic_compare_exchange_weak_explicit(&in->head, &old, m, memory_order_seq_cst,
                                                  memory_order_relaxed)); /* R2, and P1 of idle.c */
    PIT_POINT("inbox.pushed");
    return old == NULL;
}

struct pit__message *pit__inbox_take(struct pit__inbox *in)
{
    return oldest_first(atomic_exchange_explicit(&in->head, NULL, memory_order_acquire),
                        NULL); /* A2 */
}
