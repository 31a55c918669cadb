/*
 * Goal: a heap owns what it gave out, gives all of it back, and keeps its bound.
 * Method: the memory hook counts bytes and can fail the nth allocation.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "term/blob.h"
#include "term/heap.h"
#include "term/sealed.h"
#include "tests/harness/test.h"
#include "tests/term/ends.h"
#include "tests/term/random_term.h"

static size_t in_use;
static unsigned countdown; /* 0: never fail; n: the nth allocation from now fails */
static bool fired;

static void *counted_alloc(size_t bytes)
{
    if (countdown && --countdown == 0) {
        fired = true;
        return NULL;
    }
    in_use += bytes;
    return malloc(bytes);
}
static void counted_free(void *memory, size_t bytes)
{
    in_use -= bytes;
    free(memory);
}

static struct pit__heap heap;
static struct pit__heap *our_heap(void) { return &heap; }
static void use_our_heap(void)
{
    pit__term_memory = (struct pit__term_memory){counted_alloc, counted_free};
    pit__heap_current = our_heap;
}

PIT_TEST(an_unused_heap_owns_nothing)
{
    use_our_heap();
    pit__heap_reset(&heap);
    (void)pit_build("{ok, ~, ~}", 5, pit_atom("yes"));
    CHECK(in_use > 0);
    CHECK(in_use <= 512);
    pit__heap_free(&heap);
    CHECK_EQ(in_use, 0);
    CHECK_EQ(heap.bytes, 0);
}

PIT_TEST(a_reset_keeps_one_small_region_and_frees_the_rest)
{
    use_our_heap();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20000; i++)
            (void)pit_tuple(i, i);
        CHECK(in_use > 100000);
        (void)pit_bytes(NULL, 0);
        pit__heap_reset(&heap);
        CHECK(in_use <= 512);
    }
    pit__heap_free(&heap);
    (void)pit__heap_cells(10000); /* the first is a huge one */
    pit__heap_reset(&heap);
    CHECK_EQ(in_use, 0);
}

PIT_TEST(terms_of_any_size_lie_beside_each_other_unharmed)
{
    use_our_heap();
    pit_term terms[300];
    for (int i = 0; i < 300; i++) {
        uint64_t *c = pit__heap_cells((size_t)i * 7 + 1);
        c[0] = pit__header(PIT__BOX_TUPLE, (size_t)i * 7);
        for (int n = 0; n < i * 7; n++)
            c[1 + n] = pit_int(i).word;
        terms[i] = pit__box_term(c);
    }
    for (int i = 0; i < 300; i++)
        for (int n = 0; n < i * 7; n++)
            CHECK_EQ(pit_tuple_get(terms[i], (size_t)n).word, pit_int(i).word);
    pit__heap_free(&heap);
    CHECK_EQ(in_use, 0);
}

static _Noreturn void endless_list(void)
{
    for (pit_term list = pit_nil();;)
        list = pit_list_cons(pit_int(1), list);
}

PIT_TEST(a_heap_past_its_bound_ends_its_process_and_keeps_its_terms)
{
    use_our_heap();
    char text[100];
    heap.limit = 100000;
    pit_term kept = pit_build("{kept, ~}", "here");
    CHECK_ENDS(pit__heap_cells(20000), "system_limit: no memory for terms: 160000 bytes asked");
    CHECK_ENDS(pit__heap_cells(SIZE_MAX / 8), "system_limit");
    CHECK_ENDS((endless_list(), 0), "at most 100000 in use");
    CHECK(heap.bytes <= 100000);
    CHECK(heap.bytes > 99900);
    CHECK(pit_term_print(text, sizeof text, kept) > 0);
    CHECK_STR(text, "{kept,<<\"here\">>}");
    pit__heap_free(&heap);
    CHECK_EQ(in_use, 0);
}

PIT_TEST(a_rollback_undoes_what_came_after_the_mark)
{
    uint8_t *to;
    use_our_heap();
    pit_binary b = pit__binary_alloc(1000, &to);
    pit_term first = pit_build("{first, ~}", b);
    struct pit__heap_mark mark = pit__heap_mark(&heap);
    size_t before = in_use;

    for (int i = 0; i < 1000; i++)
        (void)pit_build("{later, ~, [1,2,3]}", b);
    CHECK_EQ(pit__binary_count(b), 1002);
    pit__heap_rollback(&heap, mark);
    CHECK_EQ(in_use, before);
    CHECK_EQ(pit__binary_count(b), 2);
    CHECK(pit_match(first, "{first, _}"));
    pit__heap_free(&heap);
    CHECK_EQ(pit__binary_count(b), 1);
    pit__binary_release(b);
    CHECK_EQ(in_use, 0);
}

PIT_TEST(a_copy_is_equal_and_outlives_the_original)
{
    uint64_t seed = pit_test_seed();

    use_our_heap();
    for (uint64_t i = 0; i < pit_test_scale(300, 20000); i++) {
        struct pit__heap other = {0};
        pit_term copy, t = random_term(&seed, 4);
        char before[200], after[200];
        CHECK_EQ(pit__term_copy(&other, t, &copy), 0);
        CHECK(pit_term_equal(copy, t));
        size_t n = pit_term_print(before, sizeof before, t);
        pit__heap_reset(&heap);
        CHECK_EQ(pit_term_print(after, sizeof after, copy), n);
        CHECK_STR(after, before);
        pit__heap_free(&other);
    }
    pit__heap_free(&heap);
    CHECK_EQ(in_use, 0);
}

PIT_TEST(a_copy_beyond_the_bound_of_its_heap_fails_and_leaves_nothing)
{
    use_our_heap();
    struct pit__heap small = {.limit = 2000};
    pit_term list = pit_nil(), copy = {42};

    for (int i = 0; i < 1000; i++)
        list = pit_list_cons(pit_int(i), list);
    CHECK_EQ(pit__term_copy(&small, list, &copy), -ENOMEM);
    CHECK_EQ(copy.word, 42);
    CHECK_EQ(small.bytes, 0);
    for (int i = 0; i < 60; i++)
        list = pit_tuple(list, list); /* 2^60 elements, shared: counting must stop */
    CHECK_EQ(pit__term_copy(&small, list, &copy), -ENOMEM);
    pit__heap_free(&heap);
}

/* Nesting costs no C stack, in whatever walks a term. */
PIT_TEST(terms_nested_a_million_deep_are_walked_like_others)
{
    use_our_heap();
    pit_term a = pit_nil(), b = pit_nil(), copy;
    struct pit__heap other = {0};
    size_t depth = 1000000;

    for (size_t i = 0; i < depth; i++) {
        a = i % 3   ? pit_tuple(a)
            : i % 2 ? pit_list(a)
                    : pit_map_put(pit_build("#{}"), pit_int(1), a);
        b = i % 3   ? pit_tuple(b)
            : i % 2 ? pit_list(b)
                    : pit_map_put(pit_build("#{}"), pit_int(1), b);
    }
    CHECK(pit_term_equal(a, b));
    CHECK_EQ(pit_term_compare(a, b), 0);
    CHECK_EQ(pit_term_hash(a), pit_term_hash(b));
    CHECK_EQ(pit__term_copy(&other, a, &copy), 0);
    CHECK(pit_term_equal(copy, b));
    CHECK(pit_term_print(NULL, 0, a) > 2 * depth);
    struct pit__sealed *s = pit__seal(a);
    CHECK(pit_term_equal(pit__sealed_root(s), b));
    pit__sealed_release(s);
    pit__heap_free(&other);
    pit__heap_free(&heap);
    CHECK_EQ(in_use, 0);
}

PIT_TEST(parsing_survives_every_single_failure_of_memory)
{
    static const char text[] =
        "{ok,[1,2.5|x],\"string of some characters\",#{a=>1,b=>[123456789012345678901234567890]},"
        "<<\"a binary that is too long to be kept inside of the term, so that it is counted\">>,"
        "#{1=>1,2=>1,3=>1,4=>1,5=>1,6=>1,7=>1,8=>1,9=>1,10=>1,11=>1,12=>1,13=>1,14=>1,15=>1,16=>1,"
        "17=>1},"
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"
        "[1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,"
        "9,1,2,3]}";
    unsigned nth = 0;

    use_our_heap();
    do {
        pit_term t = {42};
        fired = false;
        countdown = ++nth;
        int r = pit_term_parse(text, sizeof text - 1, &t);
        countdown = 0;
        CHECK_EQ(r, fired ? -ENOMEM : 0);
        CHECK_EQ(t.word == 42, fired);
        if (fired)
            CHECK_EQ(in_use, 0);
    } while (fired);
    CHECK(nth > 6);
    pit__heap_free(&heap);
    CHECK_EQ(in_use, 0);
}

PIT_TEST(sealing_survives_a_failure_of_memory)
{
    use_our_heap();
    pit_term t = pit_build("{a, ~}", "b");
    countdown = 1;
    CHECK(pit__seal(t) == NULL);
    countdown = 1;
    struct pit__sealed *s = pit__seal(pit_atom("normal"));
    CHECK(s != NULL);
    countdown = 0;
    pit__heap_free(&heap);
}
