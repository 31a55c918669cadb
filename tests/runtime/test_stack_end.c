/*
 * Goal: a process that ends for want of a stack, or on a stack that goes with it, leaves nothing
 * behind.
 * Method: stacks are made scarce by a limit of address space, or used up past what a pool keeps.
 */
#include <pit/pit.h>

#include <sys/resource.h>

#include "tests/runtime/node.h"

PIT_MESSAGE(stack_go, (int, n));

static void yielding(void *state, const pit_msg *m)
{
    if (pit_is(m, stack_go))
        for (int i = 0; i < 3; i++)
            pit_yield();
}

/* It was put on the run queue before the loop asked for its new stack, and freed while it stood
   there. */
NODE_CASE_WITH(who_yields_without_memory_for_a_stack_ends_once, .schedulers = 1)
{
    enum { MANY = 600 };
    struct rlimit old, none = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    static pit_monitored all[MANY];
    unsigned limited = 0;

    if (pit_test_sanitized())
        pit_test_skip("a limit of address space and a sanitizer's shadow do not go together");
    for (unsigned i = 0; i < MANY; i++) {
        all[i].pid =
            pit_spawn_handler_with(yielding, NULL, 0, .monitor = true, .ret_ref = &all[i].ref);
        (void)pit_is_alive(all[i].pid);
    }
    pit_yield(); /* all have started */
    CHECK_EQ(getrlimit(RLIMIT_AS, &old), 0);
    none.rlim_max = old.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_AS, &none), 0);
    for (unsigned i = 0; i < MANY; i++)
        pit_send(all[i].pid, stack_go, .n = 1);
    pit_sleep(50);
    CHECK_EQ(setrlimit(RLIMIT_AS, &old), 0);
    for (unsigned i = 0; i < MANY; i++) {
        const pit_msg *m;

        pit_exit_process(all[i].pid, pit_atom("enough"));
        m = pit_receive_ref(all[i].ref, A_WHILE);
        CHECK(m);
        limited += strncmp(text_of(pit_as(m, pit_down)->reason), "{system_limit", 13) == 0;
    }
    CHECK(limited > 0 && limited < MANY);
    expect_alone();
}

static void with_a_small_stack(const void *arg) { pit_yield(); }

/* The floor was counted from what was asked for, which left no room at all. */
NODE_CASE_WITH(a_stack_asked_for_too_small_is_the_smallest_one, .schedulers = 1)
{
    static const uint32_t sizes[] = {1, 4096, 16384, 20000};

    for (unsigned i = 0; i < 4; i++) {
        pit_monitored m;

        m.pid = pit_spawn_with(with_a_small_stack, NULL, 0, .stack = sizes[i], .monitor = true,
                               .ret_ref = &m.ref);
        expect_end(m, "normal");
    }
}

/* ---- ends with something in flight, which ends with it */

struct in_flight {
    struct pit__resource resource;
    struct pit__process *process;
};

static void landed(struct pit__resource *r)
{
    pit__io_end(PIT__CONTAINER(r, struct in_flight, resource)->process);
}

static void connection(const void *arg)
{
    struct in_flight *f = *(struct in_flight *const *)arg;

    (void)pit_receive(PIT_INFINITY);
    f->process = pit__enter();
    f->resource.release = landed;
    pit__own(f->process, &f->resource);
    pit__io_begin(f->process);
    pit__leave();
}

/* A pool that keeps no more gives a stack's memory back at once: the one under the feet of who put
   it there. */
NODE_CASE_WITH(a_stack_outlives_who_ends_on_it, .schedulers = 1)
{
    const unsigned many = pit_test_sanitized() ? 100 : 17000;
    struct in_flight *all = pit_alloc(many * sizeof *all);
    pit_pid *pids = pit_alloc(many * sizeof *pids);

    for (unsigned i = 0; i < many; i++) {
        struct in_flight *f = &all[i];

        pids[i] = pit_spawn(connection, &f, sizeof f);
    }
    pit_sleep(1);
    for (unsigned i = 0; i < many; i++)
        pit_send(pids[i], stack_go, .n = 1);
    expect_alone();
}

static bool reads_null(const pit_msg *m, void *context) { return *(volatile int *)context == 3; }

static void matching(const void *arg)
{
    pit_send(pit_self(), stack_go, .n = 1);
    (void)pit_receive_match(reads_null, NULL, PIT_INFINITY);
}

/* The program's own function, called from inside the runtime. */
NODE_CASE_WITH(a_fault_in_a_match_function_ends_its_process_alone, .schedulers = 1)
{
    pit_monitored m = spawn_watched(matching, NULL, 0);
    const pit_msg *down;

    if (pit_test_sanitized())
        pit_test_skip("a sanitizer reports the fault itself");
    down = pit_receive_ref(m.ref, A_WHILE);
    CHECK(down);
    CHECK(strncmp(text_of(pit_as(down, pit_down)->reason), "{fault,", 7) == 0);
}

static void breaks_its_canary(const void *arg)
{
    struct pit__stack *stack = pit__current()->stack;

    CHECK(!stack->guarded);
    *(volatile char *)stack->low = 1;
    pit_yield();
    CHECK(!"it goes on");
}

static void watch_canaries(void)
{
    enum { MANY = 9000 }; /* more than have a guard of their own */
    pit_pid *pids = pit_alloc(MANY * sizeof *pids);
    const pit_msg *down;
    pit_monitored m;

    for (unsigned i = 0; i < MANY; i++)
        pids[i] = pit_spawn(wait_forever, NULL, 0);
    pit_sleep(1);
    m = pit_spawn_monitor(breaks_its_canary, NULL, 0);
    down = pit_receive_ref(m.ref, A_WHILE);
    CHECK(down);
    CHECK(strncmp(text_of(pit_as(down, pit_down)->reason), "{stack_overflow,", 16) == 0);
    for (unsigned i = 0; i < MANY; i++)
        pit_exit_process(pids[i], pit_atom("kill"));
    expect_alone();
}

/* The loop's stack has a guard even there, by which it was judged whether any canary is to be
   looked at. */
PIT_TEST(a_broken_canary_ends_its_process_where_the_kernel_has_no_light_guards)
{
    if (pit_test_sanitized())
        pit_test_skip("thousands of fibres are too many for it");
    pit__stack_without_light_guards();
    node_run((struct node_case){.body = watch_canaries, .schedulers = 1});
}
