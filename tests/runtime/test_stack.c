/*
 * Goal: the states and guards of runtime/stack.h, and what a parked stack costs.
 * Method: overflows are real faults, told apart by the address; memory is what the kernel counts
 *   in /proc/self/statm. Kernels without MADV_GUARD_INSTALL are imitated. Each test is an OS
 *   process of its own, so each starts with an empty store.
 */
#include "tests/harness/test.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/stack.h"

static size_t resident_bytes(void)
{
    size_t total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    CHECK(f);
    CHECK_EQ(fscanf(f, "%zu %zu", &total, &resident), 2);
    (void)fclose(f); /* was only read */
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static bool kernel_has_light_guards(void)
{
    struct pit__stack_pool pool = {0};
    struct pit__stack_usage usage;

    pit__stack_put(&pool, pit__stack_get(&pool, 0));
    pit__stack_usage(&usage);
    pit__stack_pool_close(&pool);
    return usage.light_guards;
}

PIT_TEST(a_stack_has_at_least_the_size_asked_for)
{
    struct pit__stack_pool pool = {0};

    for (size_t size = 1; size <= PIT__STACK_MOST; size = size * 3 + 1) {
        struct pit__stack *s = pit__stack_get(&pool, size);

        CHECK(s);
        CHECK(pit__stack_usable(s) >= size);
        CHECK_EQ((uintptr_t)pit__stack_top(s) % 64, 0);
        memset(s->low, 0x5a, size < 65536 ? size : 65536);
        CHECK_EQ(pit__stack_classify(s, (uintptr_t)s->low), PIT__STACK_INSIDE);
        CHECK_EQ(pit__stack_classify(s, (uintptr_t)s - 1), PIT__STACK_INSIDE);
        CHECK_EQ(pit__stack_classify(s, (uintptr_t)s), PIT__STACK_ELSEWHERE);
        CHECK_EQ(pit__stack_classify(s, (uintptr_t)s->low - 1), PIT__STACK_GUARD);
        CHECK_EQ(pit__stack_classify(s, (uintptr_t)s->low - PIT__STACK_GUARD_SIZE),
                 PIT__STACK_GUARD);
        CHECK_EQ(pit__stack_classify(s, (uintptr_t)s->low - PIT__STACK_GUARD_SIZE - 1),
                 PIT__STACK_ELSEWHERE);
        CHECK_EQ(pit__stack_classify(s, 0), PIT__STACK_ELSEWHERE);
        pit__stack_put(&pool, s);
    }
    CHECK(pit__stack_get(&pool, PIT__STACK_MOST));
    CHECK(!pit__stack_get(&pool, PIT__STACK_MOST + 1));
    CHECK(pit__stack_usable(pit__stack_get(&pool, 0)) >= PIT__STACK_DEFAULT);
}

PIT_TEST(the_stack_put_last_comes_first)
{
    struct pit__stack_pool pool = {0};
    struct pit__stack *a = pit__stack_get(&pool, 0), *b = pit__stack_get(&pool, 0);
    struct pit__stack *large = pit__stack_get(&pool, 300000);

    CHECK(a != b && large != a);
    pit__stack_put(&pool, a);
    pit__stack_put(&pool, large);
    pit__stack_put(&pool, b);
    CHECK_EQ(pit__stack_get(&pool, PIT__STACK_DEFAULT), b);
    CHECK_EQ(pit__stack_get(&pool, 300001), large);
    CHECK_EQ(pit__stack_get(&pool, 0), a);
    CHECK(pit__stack_get(&pool, 0) != b);
}

/* Of 16 neighbours no two tops share a cache set: they differ in bits 6 to 9. */
PIT_TEST(tops_of_neighbours_are_coloured)
{
    struct pit__stack_pool pool = {0};
    unsigned seen = 0;

    for (unsigned i = 0; i < 16; i++)
        seen |= 1u << ((uintptr_t)pit__stack_get(&pool, 0) / 64 % 16);
    CHECK_EQ(seen, 0xffff);
}

/* --- guards ---------------------------------------------------------------------------------- */

static struct pit__stack *victim;
static sigjmp_buf back;

enum { WRITTEN, IN_GUARD = 40, NOT_IN_GUARD };

static void report_fault(int signal, siginfo_t *info, void *context)
{
    enum pit__stack_place place = pit__stack_classify(victim, (uintptr_t)info->si_addr);

    (void)signal;
    (void)context;
    siglongjmp(back, place == PIT__STACK_GUARD ? IN_GUARD : NOT_IN_GUARD);
}

/* Write at this address, and say what came of it. */
static int write_at(uintptr_t address)
{
    struct sigaction act = {.sa_sigaction = report_fault, .sa_flags = SA_SIGINFO}, old;
    int came;

    CHECK_EQ(sigaction(SIGSEGV, &act, &old), 0);
    came = sigsetjmp(back, 1);
    if (came == WRITTEN)
        *(volatile char *)address = 0;
    CHECK_EQ(sigaction(SIGSEGV, &old, NULL), 0);
    return came;
}

static void check_guard(struct pit__stack *s)
{
    victim = s;
    CHECK(s->guarded);
    CHECK_EQ(write_at((uintptr_t)s->low), WRITTEN);
    CHECK_EQ(write_at((uintptr_t)s->low - 1), IN_GUARD);
    CHECK_EQ(write_at((uintptr_t)s->low - PIT__STACK_GUARD_SIZE), IN_GUARD);
}

PIT_TEST(an_overflow_hits_the_guard)
{
    struct pit__stack_pool pool = {0};

    for (size_t size = PIT__STACK_LEAST; size <= PIT__STACK_MOST; size *= 2)
        check_guard(pit__stack_get(&pool, size));
}

PIT_TEST(the_guard_is_still_there_after_the_stack_was_cold)
{
    struct pit__stack_pool pool = {0};
    struct pit__stack_usage usage;
    struct pit__stack *s = pit__stack_get(&pool, 0), *again;

    pit__stack_put(&pool, s);
    pit__stack_pool_close(&pool);
    pit__stack_usage(&usage);
    CHECK_EQ(usage.cold, 1);
    again = pit__stack_get(&pool, 0);
    CHECK_EQ(again, s);
    check_guard(again);
}

PIT_TEST(without_light_guards_the_first_stacks_have_real_guards)
{
    struct pit__stack_pool pool = {0};

    pit__stack_without_light_guards();
    check_guard(pit__stack_get(&pool, 0));
    check_guard(pit__stack_get(&pool, PIT__STACK_MOST));
}

PIT_TEST(without_light_guards_many_stacks_have_a_guard_a_group_and_canaries)
{
    struct pit__stack_pool pool = {0};
    unsigned guarded = 0, bare = 0;
    struct pit__stack *last_bare = NULL;

    if (pit_test_sanitized())
        return; /* ThreadSanitizer ends at some 7,000 fibres, and a guard for all comes first */
    pit__stack_without_light_guards();
    for (unsigned i = 0; i < 40000; i++) {
        struct pit__stack *s = pit__stack_get(&pool, PIT__STACK_LEAST);

        CHECK(s);
        CHECK(pit__stack_sound(s));
        if (s->guarded) {
            guarded++;
        } else {
            bare++;
            last_bare = s;
        }
    }
    CHECK(guarded >= 8192 + (40000 - 8192) / 64 - 1 && guarded < 9000);
    CHECK_EQ(guarded + bare, 40000);

    last_bare->low[63] = 1;
    CHECK(!pit__stack_sound(last_bare));
    pit__stack_put(&pool, last_bare); /* not pooled, but cold, so its canary is whole again */
    CHECK_EQ(pool.sizes[0].count, 0);
    CHECK_EQ(pit__stack_get(&pool, PIT__STACK_LEAST), last_bare);
    CHECK(pit__stack_sound(last_bare));
}

PIT_TEST(reading_a_canary_costs_no_memory)
{
    struct pit__stack_pool pool = {0};
    struct pit__stack *s[256];
    size_t before;

    if (pit_test_sanitized())
        return; /* the shadow grows as well */
    for (unsigned i = 0; i < 256; i++)
        s[i] = pit__stack_get(&pool, 0);
    before = resident_bytes();
    for (unsigned i = 0; i < 256; i++)
        CHECK(pit__stack_canary_intact(s[i]));
    CHECK(resident_bytes() < before + (size_t)256 * 1024);
}

/* --- memory ---------------------------------------------------------------------------------- */

struct parked {
    struct pit__stack *stack;
    void *sp;
};

static struct pit__fibre main_fibre;
static void *main_sp;

static __attribute__((noinline)) void park(struct parked *p)
{
    pit__switch_fibre(&p->sp, &p->stack->fibre, main_sp, &main_fibre);
}

static void parked_body(void *arg)
{
    pit__fibre_entered();
    for (;;)
        park((struct parked *)arg);
}

PIT_TEST_WITHIN(a_parked_stack_costs_one_page, 120)
{
    struct pit__stack_pool pool = {0};
    size_t count = pit_test_sanitized() ? 500 : 100000;
    struct parked *parked = (struct parked *)calloc(count, sizeof(*parked));
    struct pit__stack_usage usage;
    size_t before, each;

    if (!kernel_has_light_guards())
        count = 10000; /* guards by mprotect for most, and so many mappings */
    CHECK(parked);
    memset(parked, 1, count * sizeof(*parked));
    pit__fibre_adopt(&main_fibre);
    before = resident_bytes();
    for (size_t i = 0; i < count; i++) {
        struct parked *p = &parked[i];

        p->stack = pit__stack_get(&pool, 0);
        CHECK(p->stack);
        p->sp = pit__context_prepare(pit__stack_top(p->stack), parked_body, p);
        pit__switch_fibre(&main_sp, &main_fibre, p->sp, &p->stack->fibre);
    }
    each = (resident_bytes() - before) / count;
    pit__stack_usage(&usage);
    printf("# %zu parked stacks: %zu bytes each, %zu regions, light guards %d\n", count, each,
           usage.regions, usage.light_guards);
    if (!pit_test_sanitized())
        CHECK(each <= 4200);

    for (size_t i = 0; i < count; i++)
        pit__stack_put(&pool, parked[i].stack);
    pit__stack_pool_close(&pool);
    pit__stack_usage(&usage);
    CHECK_EQ(usage.cold, usage.made);
    if (!pit_test_sanitized())
        CHECK(resident_bytes() < before + ((size_t)2 << 20)); /* the cold list */
    free(parked);
}

PIT_TEST(discard_gives_back_what_lies_below_the_live_frames)
{
    struct pit__stack_pool pool = {0};
    struct pit__stack *s = pit__stack_get(&pool, (size_t)4 << 20);
    char *live = (char *)pit__stack_top(s) - 2000;
    size_t full;

    memset(s->low, 7, (size_t)(live - s->low) + 2000);
    full = resident_bytes();
    pit__stack_discard(s, live);
    CHECK(resident_bytes() + ((size_t)3 << 20) < full);
    CHECK_EQ(live[0], 7);
    CHECK_EQ(live[1999], 7);
    CHECK_EQ(s->low[0], 0);
    pit__stack_put(&pool, s);
    CHECK_EQ(pit__stack_get(&pool, (size_t)4 << 20), s);
}

static unsigned discards;

/* Frames at every distance from a page's lower end. */
static __attribute__((noinline)) void discard_own(struct parked *p, unsigned depth)
{
    volatile char frame[48];

    frame[0] = (char)depth;
    pit__stack_discard(p->stack, __builtin_frame_address(0));
    discards++;
    if (depth > 0)
        discard_own(p, depth - 1);
    CHECK_EQ(frame[0], (char)depth);
}

static void discarding_body(void *arg)
{
    pit__fibre_entered();
    discard_own((struct parked *)arg, 200);
    pit__leave_fibre(&((struct parked *)arg)->stack->fibre, main_sp, &main_fibre);
}

PIT_TEST(a_process_may_discard_below_itself)
{
    struct pit__stack_pool pool = {0};
    struct parked p = {.stack = pit__stack_get(&pool, 0)};

    pit__fibre_adopt(&main_fibre);
    p.sp = pit__context_prepare(pit__stack_top(p.stack), discarding_body, &p);
    pit__switch_fibre(&main_sp, &main_fibre, p.sp, &p.stack->fibre);
    CHECK_EQ(discards, 201);
    pit__stack_put(&pool, p.stack);
}

PIT_TEST(trim_gives_back_only_what_nobody_missed)
{
    struct pit__stack_pool pool = {0};
    struct pit__stack *s[64];
    struct pit__stack_usage usage;
    unsigned rounds = 0;

    for (unsigned i = 0; i < 64; i++)
        s[i] = pit__stack_get(&pool, 0);
    for (unsigned i = 0; i < 64; i++)
        pit__stack_put(&pool, s[i]);
    CHECK_EQ(pit__stack_trim(&pool, 1000), 0); /* all were in use since the last call */
    for (unsigned i = 0; i < 60; i++)
        s[i] = pit__stack_get(&pool, 0);
    for (unsigned i = 0; i < 60; i++)
        pit__stack_put(&pool, s[i]);
    CHECK_EQ(pit__stack_trim(&pool, 1000), 2); /* 4 were idle; half of them */
    CHECK_EQ(pit__stack_trim(&pool, 10), 10);
    while (pit__stack_trim(&pool, 1000) > 0)
        CHECK(++rounds < 20);
    pit__stack_usage(&usage);
    CHECK_EQ(usage.cold, 64);
    CHECK(!pool.sizes[2].head);
}

PIT_TEST(a_pool_has_a_bound)
{
    struct pit__stack_pool pool = {0};
    unsigned count = pit_test_sanitized() ? 1000 : 17000;
    struct pit__stack **s = (struct pit__stack **)calloc(count, sizeof(struct pit__stack *));
    struct pit__stack_usage usage;

    for (unsigned i = 0; i < count; i++)
        s[i] = pit__stack_get(&pool, PIT__STACK_LEAST);
    for (unsigned i = 0; i < count; i++)
        pit__stack_put(&pool, s[i]);
    pit__stack_usage(&usage);
    CHECK_EQ(pool.sizes[0].count + usage.cold, count);
    CHECK(pool.sizes[0].count <= 16384);
    free(s);
}

PIT_TEST(no_address_space_is_an_error_and_the_pool_stays_sound)
{
    struct pit__stack_pool pool = {0};
    struct rlimit limit = {.rlim_cur = (rlim_t)256 << 20, .rlim_max = RLIM_INFINITY};
    struct pit__stack *first, *s;
    unsigned count = 1;

    if (pit_test_sanitized())
        return; /* the shadow alone exceeds the limit */
    CHECK_EQ(getrlimit(RLIMIT_AS, &(struct rlimit){0}), 0);
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    first = pit__stack_get(&pool, 0);
    CHECK(first);
    while ((s = pit__stack_get(&pool, 0))) {
        s->low[0] = 1;
        CHECK(++count < 4096);
    }
    CHECK(count > 256); /* more than half of what there was, although regions grow */
    CHECK(!pit__stack_get(&pool, 0));
    pit__stack_put(&pool, first);
    CHECK_EQ(pit__stack_get(&pool, 0), first);
}

/* --- threads --------------------------------------------------------------------------------- */

#define HAND_OVER 64

static struct pit__stack *handed[HAND_OVER];
static pthread_barrier_t barrier;

static void *takes_foreign_stacks(void *arg)
{
    struct pit__stack_pool pool = {0};
    unsigned rounds = *(unsigned *)arg;

    for (unsigned round = 0; round < rounds; round++) {
        pthread_barrier_wait(&barrier);
        for (unsigned i = 0; i < HAND_OVER; i++)
            pit__stack_put(&pool, handed[i]);
        if (round % 4 == 3)
            pit__stack_pool_close(&pool);
        pthread_barrier_wait(&barrier);
    }
    pit__stack_pool_close(&pool);
    return NULL;
}

PIT_TEST(stacks_may_end_in_another_threads_pool)
{
    struct pit__stack_pool pool = {0};
    unsigned rounds = (unsigned)pit_test_scale(pit_test_sanitized() ? 40 : 200, 20000);
    struct pit__stack_usage usage;
    pthread_t other;

    CHECK_EQ(pthread_barrier_init(&barrier, NULL, 2), 0);
    CHECK_EQ(pthread_create(&other, NULL, takes_foreign_stacks, &rounds), 0);
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < HAND_OVER; i++) {
            handed[i] = pit__stack_get(&pool, 0);
            handed[i]->low[0] = (char)i;
        }
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    }
    CHECK_EQ(pthread_join(other, NULL), 0);
    pit__stack_pool_close(&pool);
    pit__stack_usage(&usage);
    CHECK_EQ(usage.cold, usage.made);
    CHECK(usage.made <= (size_t)5 * HAND_OVER);
}
