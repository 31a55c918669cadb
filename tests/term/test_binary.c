/*
 * Goal: bytes are shared and never copied, and freed exactly when the last holder lets go.
 * Method: counts read at each step; foreign memory whose free function counts its calls; ASan for
 * what is freed too early; threads that retain and release one binary.
 */
#include <pthread.h>
#include <string.h>

#include "term/blob.h"
#include "term/heap.h"
#include "tests/harness/test.h"
#include "tests/term/ends.h"

static int freed;
static void count_free(void *arg) { freed += *(int *)arg; }

PIT_TEST(a_binary_holds_a_copy_of_its_bytes)
{
    char text[] = "hello";
    pit_binary b = pit_binary_text(text);

    text[0] = 'j';
    CHECK_EQ(b.size, 5);
    CHECK(memcmp(b.data, "hello", 5) == 0);
    CHECK_EQ((uintptr_t)b.data % 16, 0);
    CHECK(pit_binary_equal(b, pit_binary_static("hello", 5)));
    CHECK(!pit_binary_equal(b, pit_binary_text("hellO")));
    CHECK(pit_binary_equal(pit_binary_new(NULL, 0), (pit_binary){0}));
}

PIT_TEST(a_made_binary_is_zeros_until_it_is_filled)
{
    uint8_t *to;
    pit_binary b = pit_binary_make(1000, &to);

    for (int i = 0; i < 1000; i++)
        CHECK_EQ(b.data[i], 0);
    to[999] = 7;
    CHECK_EQ(b.data[999], 7);
}

PIT_TEST(an_unfilled_binary_is_what_is_written_into_it)
{
    uint8_t *to;
    pit_binary b = pit_binary_make_unfilled(1000, &to);

    CHECK_EQ(b.size, 1000);
    CHECK(b.data == to);
    CHECK_EQ((uintptr_t)to % 16, 0);
    memset(to, 7, 1000);
    CHECK_EQ(b.data[0], 7);
    CHECK_EQ(b.data[999], 7);
    CHECK_EQ(pit_binary_make_unfilled(0, &to).size, 0);
}

PIT_TEST(slices_share_the_bytes_and_stay_inside)
{
    pit_binary b = pit_binary_text("0123456789");
    pit_binary s = pit_binary_slice(b, 3, 4);

    CHECK(s.data == b.data + 3);
    CHECK(pit_binary_equal(s, pit_binary_text("3456")));
    CHECK(pit_binary_slice(s, 1, 2).data == b.data + 4);
    CHECK_EQ(pit_binary_slice(b, 10, 0).size, 0);
    CHECK_ENDS(pit_binary_slice(b, 3, 8), "badarg: pit_binary_slice");
    CHECK_ENDS(pit_binary_slice(b, 11, 0), "badarg");
    CHECK_ENDS(pit_binary_slice(b, 1, SIZE_MAX), "badarg");
}

PIT_TEST(foreign_memory_goes_back_with_its_last_holder)
{
    static char foreign[100] = "lent";
    int once = 1;
    struct pit__heap h = {0};
    freed = 0;

    pit_binary b = pit__binary_wrap(foreign, sizeof foreign, count_free, &once);
    CHECK(b.data == (uint8_t *)foreign);
    CHECK_EQ(pit__binary_count(b), 1);
    pit__binary_retain(b);
    CHECK_EQ(pit__heap_adopt(&h, b), 0);
    pit__heap_reset(&h);
    CHECK_EQ(pit__binary_count(b), 1);
    CHECK_EQ(freed, 0);
    pit__binary_release(pit_binary_slice(b, 90, 10)); /* any value of it holds the same count */
    CHECK_EQ(freed, 1);
    pit__heap_free(&h);
}

PIT_TEST(a_heap_holds_what_was_built_until_it_is_reset)
{
    pit_binary b = pit_binary_new("x", 1);

    pit__binary_retain(b);
    CHECK_EQ(pit__binary_count(b), 2);
    pit_term_release_all();
    CHECK_EQ(pit__binary_count(b), 1);
    pit__binary_release(b);
    pit__binary_release(pit_binary_static("s", 1)); /* not counted */
}

#define ROUNDS 20000
static void *retain_and_release(void *arg)
{
    pit_binary b = *(pit_binary *)arg;
    unsigned sum = 0;

    for (int i = 0; i < ROUNDS; i++) {
        pit__binary_retain(b);
        sum += b.data[i % 64];
        pit__binary_release(b);
    }
    CHECK_EQ(sum, 0);
    pit__binary_release(b);
    return NULL;
}

/* With the release made relaxed, ThreadSanitizer reports the free. */
PIT_TEST(threads_share_a_binary_and_the_last_one_frees_it)
{
    uint8_t *to;
    pit_binary b = pit__binary_alloc(64, &to);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        pit__binary_retain(b);
        CHECK_EQ(pthread_create(&threads[i], NULL, retain_and_release, &b), 0);
    }
    pit__binary_release(b);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}
