/*
 * Goal: a sealed term is one copy however many hold it, readable from any thread, gone with the
 * last holder; a term of one word is sealed without memory.
 * Method: counted memory; threads that retain, read and release one reason.
 */
#include <pthread.h>
#include <stdlib.h>

#include "term/blob.h"
#include "term/heap.h"
#include "term/sealed.h"
#include "tests/harness/test.h"
#include "tests/term/random_term.h"

static unsigned allocations;
static void *counted_alloc(size_t bytes)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return malloc(bytes);
}
static void plain_free(void *memory, size_t bytes)
{
    (void)bytes;
    free(memory);
}

PIT_TEST(terms_of_one_word_are_sealed_without_memory)
{
    pit_term words[] = {pit_atom("undefined"),
                        pit_atom("normal"),
                        pit_int(0),
                        pit_int(-1),
                        pit_int((INT64_C(1) << 60) - 1),
                        pit_int(-(INT64_C(1) << 60)),
                        pit_nil(),
                        pit_term_of(((pit_pid){0})),
                        pit_term_of(((pit_pid){(INT64_C(1) << 61) - 1}))};

    pit__term_memory = (struct pit__term_memory){counted_alloc, plain_free};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct pit__sealed *s = pit__seal(words[i]);
        CHECK(s != NULL);
        CHECK(pit__sealed_is_word(s));
        CHECK_EQ(pit__sealed_root(s).word, words[i].word);
        CHECK(pit__sealed_retain(s) == s);
        pit__sealed_release(s);
        pit__sealed_release(s);
    }
    CHECK_EQ(allocations, 0);
}

PIT_TEST(reasons_are_known_by_constant)
{
    CHECK(pit__reason_is(pit__seal(pit_atom_of("normal")), normal));
    CHECK(!pit__reason_is(pit__seal(pit_atom_of("kill")), killed));
    CHECK_STR(pit_atom_text(pit__sealed_root(pit__reason(noproc))), "noproc");
    CHECK(!pit__reason_is(NULL, normal));
    pit__sealed_release(NULL);
}

PIT_TEST(a_seal_is_one_block_and_outlives_the_heap)
{
    pit__term_memory = (struct pit__term_memory){counted_alloc, plain_free};
    pit_term t = pit_build("{shutdown, [~, #{a => 1.5}], \"text\", 123456789012345678901234567890}",
                           "maintenance");
    unsigned before = allocations;
    struct pit__sealed *s = pit__seal(t);

    CHECK_EQ(allocations, before + 1);
    CHECK(!pit__sealed_is_word(s));
    pit__heap_free(pit__heap());
    CHECK_STR(
        pit_term_text(pit__sealed_root(s)),
        "{shutdown,[<<\"maintenance\">>,#{a => 1.5}],\"text\",123456789012345678901234567890}");
    pit__sealed_release(s);
}

PIT_TEST(a_seal_holds_the_binaries_in_it)
{
    uint8_t *to;
    pit_binary b = pit__binary_alloc(100, &to);

    struct pit__sealed *s = pit__seal(pit_build("{~, [~]}", b, b));
    pit_term_release_all();
    CHECK_EQ(pit__binary_count(b), 3);
    struct pit__sealed *again = pit__seal(pit__sealed_root(s));
    CHECK_EQ(pit__binary_count(b), 5);
    pit__sealed_release(s);
    pit__sealed_release(again);
    CHECK_EQ(pit__binary_count(b), 1);
    pit__binary_release(b);
}

PIT_TEST(a_sealed_copy_is_equal_whatever_the_term)
{
    uint64_t seed = pit_test_seed();

    for (uint64_t i = 0; i < pit_test_scale(500, 20000); i++) {
        pit_term t = random_term(&seed, 4);
        struct pit__sealed *s = pit__seal(t);
        CHECK(pit_term_equal(pit__sealed_root(s), t));
        CHECK_EQ(pit_term_hash(pit__sealed_root(s)), pit_term_hash(t));
        pit__sealed_release(s);
        pit_term_release_all();
    }
}

#define THREADS 4
static void *hold(void *arg)
{
    struct pit__sealed *mine = arg;

    for (int i = 0; i < 2000; i++) {
        struct pit__sealed *s = pit__sealed_retain(mine);
        int n = 0;
        CHECK(pit_match(pit__sealed_root(s), "{fault, #{n := ~}, _}", &n));
        CHECK_EQ(n, 7);
        pit__sealed_release(s);
        pit_term_release_all();
    }
    pit__sealed_release(mine);
    return NULL;
}

/* With the count's release made relaxed, ThreadSanitizer reports the free. */
PIT_TEST(threads_share_one_sealed_reason)
{
    pthread_t threads[THREADS];
    struct pit__sealed *s =
        pit__seal(pit_build("{fault, #{n => 7}, ~}", pit_binary_new("0123456789", 10)));

    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, hold, pit__sealed_retain(s)), 0);
    pit__sealed_release(s);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void *build_and_end(void *arg)
{
    (void)arg;
    (void)pit_build("{some, [terms, ~]}", pit_binary_new("of a thread", 11));
    return NULL;
}

/* LeakSanitizer is the judge. */
PIT_TEST(a_thread_gives_its_terms_back_when_it_ends)
{
    pthread_t thread;

    for (int i = 0; i < 10; i++) {
        CHECK_EQ(pthread_create(&thread, NULL, build_and_end, NULL), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
}
