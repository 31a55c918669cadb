/*
 * The test harness: what every test file includes, and all that it needs.
 *
 *     PIT_TEST(a_popped_element_is_the_last_pushed)
 *     {
 *         CHECK(stack_pop(&s) == 3);
 *     }
 *
 * A test registers itself; main() comes from here. Each test runs in an OS process of its own, so
 * that a crash, an endless loop or a leak is the failure of that test, by name, and the others
 * still run. Therefore a failed CHECK may end that OS process on the spot, from any thread and on
 * any stack. Tests share nothing but the seed.
 *
 * Usage of a test program: see --help in test.c. Usable from C17 and C++17.
 */
#ifndef TESTS_HARNESS_TEST_H
#define TESTS_HARNESS_TEST_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define PIT_TEST__STATIC_ASSERT(x, text)
#else
#define PIT_TEST__STATIC_ASSERT(x, text) _Static_assert(x, text)
#endif

struct pit_test {
    const char *name;
    const char *file;
    void (*run)(void);
    unsigned seconds; /* the limit; 0: the default (120, or PIT_TEST_TIMEOUT) */
    struct pit_test *next;
};

/* Define a test. The name is a sentence; the limit is the default one. */
#define PIT_TEST(name) PIT_TEST_WITHIN(name, 0)

/* Define a test that may take so many seconds (at a small scale; sanitized builds and long runs get
   more). */
#define PIT_TEST_WITHIN(name, limit)                                                 \
    static void pit_test_##name(void);                                               \
    __attribute__((constructor)) static void pit_test_register_##name(void)          \
    {                                                                                \
        static struct pit_test entry = {#name, __FILE__, pit_test_##name, limit, 0}; \
        pit_test_register(&entry);                                                   \
    }                                                                                \
    static void pit_test_##name(void)

/* The condition holds, or the test fails here. Of any thread, any stack, and an OS process forked
   by the test. */
#define CHECK(x)                                         \
    do {                                                 \
        if (!(x))                                        \
            pit_test_fail(__FILE__, __LINE__, "%s", #x); \
    } while (0)

/* Two integers, enums, booleans or pointers are equal, by value and not by type: -1 is not
   UINT32_MAX. */
#define CHECK_EQ(a, b)                                                                    \
    do {                                                                                  \
        PIT_TEST__STATIC_ASSERT(_Generic((a), float : 0, double : 0, default : 1),        \
                                "floats: use CHECK_NEAR");                                \
        pit_test_equal((long long)(a), (long long)(b), __FILE__, __LINE__, #a " == " #b); \
    } while (0)

/* Two C strings are equal; NULL equals only NULL. */
#define CHECK_STR(a, b) pit_test_equal_text((a), (b), __FILE__, __LINE__, #a " == " #b)

/* Two numbers are at most so far apart. NaN is near nothing. */
#define CHECK_NEAR(a, b, distance) \
    pit_test_near((double)(a), (double)(b), (double)(distance), __FILE__, __LINE__, #a " ~ " #b)

/* small in the usual run; large when PIT_TEST_LONG=1. For counts of iterations, processes,
   bytes. */
uint64_t pit_test_scale(uint64_t small, uint64_t large);

/* The seed of this run: PIT_SEED, or drawn by the kernel. A failure prints it with the command that
   replays it. */
uint64_t pit_test_seed(void);

/* The next number of the generator whose state this is: any value starts it, pit_test_seed()
   say. */
uint64_t pit_test_random(uint64_t *state);

/* The same, evenly from 0 to below - 1. */
uint64_t pit_test_random_below(uint64_t *state, uint64_t below);

/* True in an address, undefined behaviour or thread sanitizer build. */
bool pit_test_sanitized(void);

/*
 * ms: what must come comes sooner; a test that waits this long has failed. Every limit in a test
 * that what is right could exceed on a slow machine is this one. Sanitized as much longer as the
 * harness lets it be: at a load of 12 and nice 5 each wait for a core was seen to last 30 ms, and a
 * delay point's yield is one.
 */
#define A_WHILE (pit_test_sanitized() ? 80000 : 20000)

/*
 * An IPv4 address of the loopback that is this OS process's own, "127.x.y.z": a port that was free
 * there stays free, and nobody listens on one that was closed. On 127.0.0.1 any other program may
 * come by it in between.
 */
const char *pit_test_loopback(void);

/*
 * End the test as skipped: the machine cannot run it, and why says which feature is missing. Only
 * for what the kernel or its permissions refuse; it is printed aloud and counted apart.
 */
void pit_test_skip(const char *why, ...) __attribute__((noreturn, format(printf, 1, 2)));

/*
 * What a failed CHECK calls once before the test ends, to print what a reader wants to know: on
 * whatever thread failed, while others run on. NULL: nothing.
 */
void pit_test_show_when_failing(void (*show)(void));

/* End the test as failed, with a text of one's own. */
void pit_test_fail(const char *file, int line, const char *what, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

/* What the macros above call. */
void pit_test_register(struct pit_test *entry);
void pit_test_equal(long long a, long long b, const char *file, int line, const char *what);
void pit_test_equal_text(const char *a, const char *b, const char *file, int line,
                         const char *what);
void pit_test_near(double a, double b, double distance, const char *file, int line,
                   const char *what);

#ifdef __cplusplus
}
#endif

#endif
