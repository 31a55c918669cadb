/*
 * Goal: Erlang/OTP's hibernate_SUITE, and what hibernation is in C (HIB-1, HIB-4): the call stack
 *   stays, its pages below the caller's frame are given back, and are there again when they are
 *   needed.
 * Method: a process that has used much of its stack hibernates; the kernel is asked which pages it
 *   has (mincore), the process what it remembers.
 */
#include <sys/mman.h>

#include <pit/info.h>

#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);
PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(asks, (pit_pid, who), (int64_t, n));

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

static void wait_until_it_waits(pit_pid p)
{
    while (info_of(p).status != PIT_WAITING)
        pit_yield();
}

/* ---- it wakes, and goes on */

static void counts(const void *arg)
{
    int64_t n = 0;

    (void)pit_trap_exit(*(const bool *)arg);
    for (;;) {
        const pit_msg *m;

        pit_hibernate();
        m = pit_receive(0);
        CHECK(m); /* it woke for a message, which is there */
        if (pit_is(m, asks))
            pit_send(pit_as(m, asks)->who, number, .n = n++);
        else
            CHECK(pit_is(m, pit_exited));
    }
}

/*
 * HIB-1, HIB-2: it waits, wakes for a message, goes on where it was with all that it knew, and
 * hibernates again. OTP: hibernate_SUITE/basic, in_place
 */
NODE_CASE(a_hibernating_process_wakes_and_remembers)
{
    for (int round = 0; round < 4; round++) {
        bool trap = round % 2;
        pit_monitored m = spawn_watched(counts, &trap, sizeof trap);

        for (int64_t i = 0; i < 20; i++) {
            if (i % 3)
                wait_until_it_waits(m.pid);
            pit_send(m.pid, asks, .who = pit_self(), .n = i);
            CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
        }
        wait_until_it_waits(m.pid);
        pit_exit_process(m.pid, pit_atom("normal")); /* a message for who traps, else nothing */
        pit_send(m.pid, asks, .who = pit_self(), .n = 0);
        CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 20);
        wait_until_it_waits(m.pid);
        pit_exit_process(m.pid, pit_atom("kill")); /* HIB-3: a fatal one */
        expect_end(m, "killed");
    }
    expect_alone();
}

/* HIB-2: with messages there it does not wait, and takes none.
   OTP: hibernate_SUITE/messages_in_queue */
NODE_CASE(messages_in_the_queue_end_a_hibernation_at_once)
{
    for (int64_t i = 0; i < 5; i++)
        pit_send(pit_self(), number, .n = i);
    for (int64_t i = 0; i < 5; i++) {
        pit_hibernate();
        CHECK_EQ(pit_message_count(), 5 - i);
        CHECK_EQ(pit_as(pit_receive(0), number)->n, i);
    }
}

static void works_after_waking(const void *arg)
{
    pit_monitored m;
    pit_ref t;

    pit_hibernate();
    CHECK(pit_receive_type(&pit_type_go, 0));
    m = spawn_watched(wait_forever, NULL, 0); /* each of these waits in the runtime */
    (void)info_of(m.pid);
    pit_exit_process(m.pid, pit_atom("kill"));
    expect_end(m, "killed");
    t = pit_start_timer(1, pit_self(), 1);
    CHECK(pit_receive_ref(t, A_WHILE));
    pit_hibernate();
    CHECK(pit_receive_type(&pit_type_go, 0));
    pit_exit(large_term(LARGE));
}

/* HIB-4: calls of all kinds right after it woke. OTP: hibernate_SUITE/wake_up_and_bif_trap */
NODE_CASE(a_process_that_woke_works_as_before)
{
    for (int i = 0; i < 10; i++) {
        pit_monitored m = spawn_watched(works_after_waking, NULL, 0);

        if (i % 2)
            wait_until_it_waits(m.pid);
        pit_send(m.pid, go);
        pit_send(m.pid, go);
        expect_large_end(m);
    }
    expect_alone();
}

/* ---- what it gives back */

static size_t resident(const void *low, size_t size)
{
    unsigned char pages[2048];
    size_t n = size / 4096, sum = 0;

    CHECK(n <= sizeof pages);
    CHECK_EQ(mincore((void *)(uintptr_t)low, size, pages), 0);
    for (size_t i = 0; i < n; i++)
        sum += pages[i] & 1;
    return sum;
}

static __attribute__((noinline)) int64_t uses_stack(int depth)
{
    volatile char much[4096];

    memset((char *)much, depth, sizeof much);
    return depth ? uses_stack(depth - 1) + much[17] : 0;
}

static void grows_and_hibernates(const void *arg)
{
    pit_pid test = *(const pit_pid *)arg;

    for (int64_t i = 0;; i++) {
        CHECK_EQ(uses_stack(100), 100 * 101 / 2); /* HIB-4: it grows as before */
        pit_send(test, ready);
        pit_hibernate();
        CHECK(pit_receive_type(&pit_type_go, 0));
    }
}

/* HIB-1, HIB-4: the pages it used are the system's while it hibernates, and its own again
   afterwards. */
NODE_CASE(a_hibernating_process_holds_little)
{
    pit_pid me = pit_self(), p;

    if (pit_test_sanitized())
        pit_test_skip("a sanitizer keeps a stack's pages");
    p = pit_spawn_with(grows_and_hibernates, &me, sizeof me, .stack = 1 << 20,
                       .scheduler = PIT_ANYWHERE);
    for (int i = 0; i < 5; i++) {
        struct pit__stack *stack;

        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        wait_until_it_waits(p);
        stack = pit__slot_of(p)->stack;
        CHECK(resident(stack->low,
                       (size_t)((const char *)pit__stack_top(stack) - (const char *)stack->low) &
                           ~(size_t)4095) < 8);
        pit_send(p, go);
    }
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

static uint64_t item(pit_pid p, enum pit_info item)
{
    uint64_t n;
    pit_term value;

    CHECK_EQ(pit_process_item(p, item, &value), 0);
    CHECK(pit_term_to(value, &n));
    return n;
}

PIT_MESSAGE(holds, (uint64_t, heap), (uint64_t, memory));

static void builds_and_hibernates(const void *arg)
{
    for (;;) {
        pit_term large = large_term(LARGE);

        pit_send(*(const pit_pid *)arg, holds, .heap = item(pit_self(), PIT_INFO_HEAP_SIZE),
                 .memory = item(pit_self(), PIT_INFO_MEMORY));
        expect_large(large);
        pit_hibernate();
        CHECK(pit_receive_type(&pit_type_go, 0));
    }
}

/* HIB-1, HIB-4, INFO-2: the terms that it built are no longer there while it hibernates, as its
   items say. */
NODE_CASE(a_hibernating_process_holds_no_terms)
{
    pit_pid me = pit_self(), p = spawn_anywhere(builds_and_hibernates, &me, sizeof me);

    for (int i = 0; i < 3; i++) {
        struct holds before = *pit_receive_only(holds, A_WHILE);
        uint64_t large = before.heap * 8;

        CHECK(large > LARGE * sizeof(pit_term));
        wait_until_it_waits(p);
        CHECK(item(p, PIT_INFO_HEAP_SIZE) * 8 < large / 8);
        CHECK(item(p, PIT_INFO_MEMORY) < before.memory - large / 2);
        pit_send(p, go);
    }
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

/* HIB-1: what was built the last receive is let go; what was kept, allocated and in hand
   stays. */
static void keeps_and_hibernates(const void *arg)
{
    char *mine = pit_alloc(100);
    pit_term kept = pit_keep(pit_build("{kept, [~]}", 7));
    const pit_msg *m = pit_receive(A_WHILE);

    memcpy(mine, "mine", sizeof "mine");
    pit_send(*(const pit_pid *)arg, ready);
    pit_hibernate();
    CHECK_EQ(pit_as(m, number)->n, 77); /* in hand */
    CHECK_STR(mine, "mine");
    CHECK_STR(text_of(kept), "{kept,[7]}");
    CHECK(pit_receive_type(&pit_type_go, 0));
}

NODE_CASE(what_a_process_owns_outlives_its_hibernation)
{
    pit_pid me = pit_self();

    for (int i = 0; i < 10; i++) {
        pit_monitored m = spawn_watched(keeps_and_hibernates, &me, sizeof me);

        pit_send(m.pid, number, .n = 77);
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        pit_send(m.pid, go);
        expect_end(m, "normal");
    }
}
