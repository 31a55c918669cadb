/*
 * Goal: order of each sender (SIG-1), conservation, and one carrier between two takes, while the
 * receiver's owner changes.
 * Method: senders number their messages; two owners hand the receiver to and fro, and forward
 * carriers that reach them too late, as schedulers do. With R1 or A1 of mailbox.c made relaxed this
 * fails under tsan; what tsan cannot see (a carrier lost at a hand-over) is
 * tests/model/mailbox.pml's to defend.
 */
#include "tests/harness/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "runtime/mailbox.h"

enum { SENDERS = 4, OWNERS = 2 };

static struct {
    struct pit__mailbox mailbox;
    struct pit__inbox inbox[OWNERS];
    _Atomic(unsigned) owner;
    uint64_t each;
    unsigned owners;
    _Atomic(bool) done;
    /* the receiver's own: touched by who is its owner */
    uint64_t next[SENDERS], received, carriers, takes;
} f;

static void post(struct pit__message *m)
{
    (void)pit__inbox_push(&f.inbox[atomic_load_explicit(&f.owner, memory_order_acquire)], m);
}

static void *sends(void *arg)
{
    int64_t me = (int64_t)(intptr_t)arg;

    for (uint64_t n = 0; n < f.each; n++) {
        struct pit__message *m = malloc(sizeof *m);

        CHECK(m);
        m->public.from.id = me;
        m->public.pit__tag = n;
        if (pit__mailbox_push(&f.mailbox, m))
            post(m);
    }
    return NULL;
}

static void received(struct pit__message *m)
{
    CHECK(m->public.from.id >= 0 && m->public.from.id < SENDERS);
    CHECK_EQ(m->public.pit__tag, f.next[m->public.from.id]++);
    f.received++;
    free(m);
}

/* What a scheduler does with a carrier. */
static void carrier(unsigned me, struct pit__message *m, uint64_t *chance)
{
    if (atomic_load_explicit(&f.owner, memory_order_acquire) != me) {
        post(m);
        return;
    }
    CHECK(!pit__mailbox_quiet(&f.mailbox));
    f.carriers++;
    received(m);
    for (struct pit__message *rest = pit__mailbox_take(&f.mailbox), *next; rest; rest = next) {
        next = pit__message_next(rest);
        received(rest);
    }
    f.takes++;
    if (f.received == f.each * SENDERS)
        atomic_store(&f.done, true);
    if (f.owners > 1 && pit_test_random_below(chance, 3) == 0)
        atomic_store_explicit(&f.owner, 1 - me, memory_order_release);
}

static void *owns(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    uint64_t chance = pit_test_seed() + me;

    while (!atomic_load(&f.done)) {
        struct pit__message *m = pit__inbox_take(&f.inbox[me]), *next;

        if (!m)
            sched_yield();
        for (; m; m = next) {
            next = pit__message_next(m);
            carrier(me, m, &chance);
        }
    }
    return NULL;
}

static void run(unsigned owners)
{
    pthread_t senders[SENDERS], owner[OWNERS];

    f.each = pit_test_scale(pit_test_sanitized() ? 10000 : 200000, 20000000);
    f.owners = owners;
    for (uintptr_t i = 0; i < owners; i++)
        CHECK_EQ(pthread_create(&owner[i], NULL, owns, (void *)i), 0);
    for (intptr_t i = 0; i < SENDERS; i++)
        CHECK_EQ(pthread_create(&senders[i], NULL, sends, (void *)i), 0);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i], NULL);
    for (unsigned i = 0; i < owners; i++)
        pthread_join(owner[i], NULL);
    for (int i = 0; i < SENDERS; i++)
        CHECK_EQ(f.next[i], f.each);
    CHECK_EQ(f.carriers, f.takes);
    CHECK(pit__mailbox_quiet(&f.mailbox));
    for (int i = 0; i < OWNERS; i++)
        CHECK(pit__inbox_empty(&f.inbox[i]));
}

PIT_TEST(mailbox_keeps_order_and_loses_nothing) { run(1); }
PIT_TEST(mailbox_keeps_order_while_its_owner_changes) { run(2); }

/* By one thread, step by step. */
PIT_TEST(one_push_between_two_takes_is_the_carrier)
{
    struct pit__mailbox mb = {0};
    struct pit__message m[5];
    struct pit__message *list;

    for (int round = 0; round < 3; round++) {
        CHECK(pit__mailbox_quiet(&mb));
        for (int i = 0; i < 5; i++)
            CHECK_EQ(pit__mailbox_push(&mb, &m[i]), i == 0);
        CHECK(!pit__mailbox_quiet(&mb));
        list = pit__mailbox_take(&mb);
        for (int i = 1; i < 5; i++, list = pit__message_next(list))
            CHECK(list == &m[i]);
        CHECK(!list);
    }
    CHECK(pit__mailbox_push(&mb, &m[0]));
    CHECK(!pit__mailbox_take(&mb));
}

PIT_TEST(an_inbox_is_taken_oldest_first)
{
    struct pit__inbox in = {NULL};
    struct pit__message m[4], *list;

    CHECK(pit__inbox_empty(&in));
    CHECK(!pit__inbox_take(&in));
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pit__inbox_push(&in, &m[i]), i == 0);
    list = pit__inbox_take(&in);
    for (int i = 0; i < 4; i++, list = pit__message_next(list))
        CHECK(list == &m[i]);
    CHECK(!list && pit__inbox_empty(&in));
}
