/*
 * Goal: shared integers (AT-1, CN-1).
 * Method: cases in a node (node.h); writers on all schedulers and on a foreign thread are counted,
 * and what they wrote must be there.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(done);
PIT_MESSAGE(handed, (pit_atomics, atomics), (pit_counters, counters));

/* AT-1: every operation does to a 64-bit integer what its name says, and values wrap. */
NODE_CASE(operations_do_what_they_say)
{
    pit_atomics a = pit_must(pit_atomics_new(3, 0));
    int64_t expected = 7;

    CHECK_EQ(pit_atomics_get(a, 0), 0);
    pit_atomics_put(a, 0, 5);
    pit_atomics_add(a, 0, 4);
    pit_atomics_sub(a, 0, 2);
    CHECK_EQ(pit_atomics_get(a, 0), 7);
    CHECK_EQ(pit_atomics_add_get(a, 0, 3), 10);
    CHECK_EQ(pit_atomics_sub_get(a, 0, 1), 9);
    CHECK_EQ(pit_atomics_exchange(a, 0, 8), 9);
    CHECK(!pit_atomics_compare_exchange(a, 0, &expected, 1));
    CHECK_EQ(expected, 8);
    CHECK(pit_atomics_compare_exchange(a, 0, &expected, 1));
    CHECK_EQ(pit_atomics_get(a, 0), 1);
    pit_atomics_put(a, 1, INT64_MAX);
    CHECK_EQ(pit_atomics_add_get(a, 1, 1), INT64_MIN);
    CHECK_EQ(pit_atomics_sub_get(a, 1, 1), INT64_MAX);
    pit_atomics_sub(a, 2, INT64_MIN);
    CHECK_EQ(pit_atomics_get(a, 2), INT64_MIN);
    CHECK_EQ(pit_atomics_delete(a), 0);
}

/* AT-1, CN-1: info, for signed and unsigned. */
NODE_CASE(info_says_what_an_array_is)
{
    pit_atomics s = pit_must(pit_atomics_new(3, 0)),
                u = pit_must(pit_atomics_new(1, PIT_ATOMICS_UNSIGNED));
    pit_counters c = pit_must(pit_counters_new(10, PIT_COUNTERS_SPREAD));

    CHECK_EQ(pit_atomics_info(s).count, 3);
    CHECK(pit_atomics_info(s).min == INT64_MIN && pit_atomics_info(s).max == INT64_MAX);
    CHECK(pit_atomics_info(u).min == 0 && (uint64_t)pit_atomics_info(u).max == UINT64_MAX);
    CHECK(pit_atomics_info(s).memory >= 3 * sizeof(int64_t));
    CHECK_EQ(pit_counters_info(c).count, 10);
    CHECK(pit_counters_info(c).memory >= 2 * 10 * sizeof(int64_t));
    CHECK_EQ(pit_atomics_delete(s), 0);
    CHECK_EQ(pit_atomics_delete(u), 0);
    CHECK_EQ(pit_counters_delete(c), 0);
}

static void stale_atomics(const void *arg) { (void)pit_atomics_get(*(const pit_atomics *)arg, 0); }
static void past_the_end(const void *arg) { pit_atomics_add(*(const pit_atomics *)arg, 2, 1); }
static void another_kind(const void *arg)
{
    pit_counters_add((pit_counters){((const pit_atomics *)arg)->id}, 0, 1);
}

static void expect_badarg(pit_body *body, pit_atomics a)
{
    pit_monitored m = spawn_watched(body, &a, sizeof a);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down && strstr(text_of(pit_as(down, pit_down)->reason), "{badarg,"));
}

/* AT-1: a stale handle, garbage, an index past the end: badarg. No successor of an array answers to
   its handle. */
NODE_CASE(a_bad_handle_or_index_is_a_badarg)
{
    pit_atomics a = pit_must(pit_atomics_new(2, 0)), successor;

    expect_badarg(past_the_end, a);
    expect_badarg(another_kind, a);
    CHECK_EQ(pit_atomics_delete(a), 0);
    CHECK_EQ(pit_atomics_delete(a), -EINVAL);
    successor = pit_must(pit_atomics_new(2, 0));
    CHECK(successor.id != a.id);
    expect_badarg(stale_atomics, a);
    expect_badarg(stale_atomics, (pit_atomics){INT64_MAX});
    expect_badarg(stale_atomics, (pit_atomics){INT64_MIN | EINVAL});
    expect_badarg(stale_atomics, (pit_atomics){0});
    CHECK_EQ(pit_error(pit_atomics_new(0, 0)), -EINVAL);
    CHECK_EQ(pit_error(pit_atomics_new(1, 8)), -EINVAL);
    CHECK_EQ(pit_atomics_delete(successor), 0);
}

static void writer(const void *arg)
{
    const struct handed *h = arg;

    for (int i = 0; i < 1000; i++) {
        pit_atomics_add(h->atomics, 0, 1);
        pit_counters_add(h->counters, 1, 2);
        pit_counters_sub(h->counters, 1, 1);
        if (i % 100 == 0 && pit_self().id)
            pit_yield();
    }
}

static void *foreign_writer(void *arg)
{
    writer(arg);
    return NULL;
}

/* AT-1, CN-1: no addition is lost, from whatever thread; handles travel in messages. */
static void additions_are_counted(unsigned flags)
{
    struct handed h = {pit_must(pit_atomics_new(1, 0)), pit_must(pit_counters_new(2, flags))};
    enum { WRITERS = 8 };
    pit_monitored m[WRITERS];
    pthread_t foreign;

    pit_send_copy(pit_self(), &pit_type_handed, &h);
    h = *pit_receive_only(handed, A_WHILE);
    for (int i = 0; i < WRITERS; i++)
        m[i] = spawn_watched(writer, &h, sizeof h);
    CHECK_EQ(pthread_create(&foreign, NULL, foreign_writer, &h), 0);
    for (int i = 0; i < WRITERS; i++)
        expect_end(m[i], "normal");
    pthread_join(foreign, NULL);
    CHECK_EQ(pit_atomics_get(h.atomics, 0), (WRITERS + 1) * 1000);
    CHECK_EQ(pit_counters_get(h.counters, 1), (WRITERS + 1) * 1000);
    CHECK_EQ(pit_counters_get(h.counters, 0), 0);
    pit_counters_put(h.counters, 1, -3);
    CHECK_EQ(pit_counters_get(h.counters, 1), -3);
    CHECK_EQ(pit_atomics_delete(h.atomics), 0);
    CHECK_EQ(pit_counters_delete(h.counters), 0);
}

enum { FOREIGN = 2 };

struct row {
    pit_counters counters;
    int adds; /* of each: so many that they are under way at the same time */
    pthread_barrier_t *begin;
};

static void *adds_often(void *arg)
{
    const struct row *r = arg;

    (void)pthread_barrier_wait(r->begin);
    for (int i = 0; i < r->adds; i++)
        pit_counters_add(r->counters, 0, 1);
    return NULL;
}

/* CN-1: the threads that are no scheduler share one row of a spread array. */
NODE_CASE(foreign_threads_lose_no_addition_to_each_other)
{
    pthread_barrier_t begin;
    struct row r = {pit_must(pit_counters_new(1, PIT_COUNTERS_SPREAD)),
                    pit_test_sanitized() ? 50000 : 500000, &begin};
    pthread_t threads[FOREIGN];

    CHECK_EQ(pthread_barrier_init(&begin, NULL, FOREIGN), 0);
    for (int i = 0; i < FOREIGN; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, adds_often, &r), 0);
    for (int i = 0; i < FOREIGN; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    (void)pthread_barrier_destroy(&begin);
    CHECK_EQ(pit_counters_get(r.counters, 0), FOREIGN * r.adds);
    CHECK_EQ(pit_counters_delete(r.counters), 0);
}

NODE_CASE(no_addition_is_lost) { additions_are_counted(0); }
NODE_CASE(no_spread_addition_is_lost) { additions_are_counted(PIT_COUNTERS_SPREAD); }

static void uses_until_it_fails(const void *arg)
{
    for (;;)
        pit_atomics_add(*(const pit_atomics *)arg, 0, 1);
}

/* AT-1: who uses an array while it is deleted never sees freed memory, and then ends with
   badarg. */
NODE_CASE(deleting_under_a_user_harms_nobody)
{
    for (int round = 0; round < 30; round++) {
        pit_atomics a = pit_must(pit_atomics_new(1, 0));
        pit_monitored m[4];

        for (int i = 0; i < 4; i++)
            m[i] = spawn_watched(uses_until_it_fails, &a, sizeof a);
        while (pit_atomics_get(a, 0) < 100)
            pit_yield();
        CHECK_EQ(pit_atomics_delete(a), 0);
        for (int i = 0; i < 4; i++)
            CHECK(pit_receive_ref(m[i].ref, A_WHILE));
    }
}

/* An array that nobody deletes goes with the node; sanitizers would see it stay. */
NODE_CASE(what_is_left_goes_with_the_node)
{
    for (int i = 0; i < 3000; i++)
        CHECK(pit_atomics_new(1, 0).id > 0);
}
