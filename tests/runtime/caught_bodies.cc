#include "tests/runtime/caught_bodies.h"

#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <pit/pit.h>

#include "tests/harness/test.h"

#define PROCESSES 12

PIT_MESSAGE(nudge, (int32_t, n));
PIT_MESSAGE(own_step, (int32_t, n));

extern "C" {
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
}

namespace
{

struct own : std::runtime_error {
    int n;
    explicit own(int number) : std::runtime_error(std::to_string(number)), n(number) {}
};

int in_hand()
{
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const own &e) {
        return e.n;
    }
}

/* Gives the core to the others, each time in another way. */
void others_run(int turn)
{
    if (turn % 3 == 0)
        pit_yield();
    else if (turn % 3 == 1)
        CHECK(!pit_receive_type(&pit_type_own_step, 1));
    else {
        pit_send(pit_self(), own_step, .n = turn);
        CHECK(pit_receive_only(own_step, A_WHILE)->n == turn);
    }
}

/* Not one of the caller's exceptions may be lost, changed or gained. */
void nothing_else(int n)
{
    CHECK(std::uncaught_exceptions() == 0);
    CHECK(n ? in_hand() == n : !std::current_exception());
}

void catches_inside(int n, int depth)
{
    try {
        throw own(n + depth);
    } catch (const own &e) {
        others_run(n + depth);
        nothing_else(n + depth);
        if (depth < 4)
            catches_inside(n, depth + 1);
        nothing_else(n + depth);
        CHECK(e.n == n + depth && e.what() == std::to_string(n + depth));
    }
}

void takes_turns(const void *arg)
{
    int n = *static_cast<const int *>(arg) * 100;
    uint64_t rounds = pit_test_scale(6, 2000);

    for (uint64_t i = 0; i < rounds; i++) {
        std::exception_ptr kept;

        try {
            try {
                throw own(n + 50);
            } catch (...) {
                others_run(n);
                nothing_else(n + 50);
                catches_inside(n, 1);
                nothing_else(n + 50);
                others_run(n + 1);
                kept = std::current_exception();
                throw; /* the same, and not a neighbour's */
            }
        } catch (const own &e) {
            others_run(n + 2);
            CHECK(e.n == n + 50);
            nothing_else(n + 50);
        }
        others_run(n);
        nothing_else(0);
        try {
            std::rethrow_exception(kept);
        } catch (const own &e) {
            others_run(n + 1);
            CHECK(e.n == n + 50);
        }
        nothing_else(0);
    }
}

void wait_for(pit_ref ref) { CHECK(pit_receive_ref(ref, A_WHILE)); }

void run_many(pit_body *body)
{
    pit_ref refs[PROCESSES] = {};

    for (int i = 0; i < PROCESSES; i++) {
        int n = i + 1;
        pit_must(pit_spawn_with(body, &n, sizeof n, .monitor = true, .scheduler = PIT_ANYWHERE,
                                .ret_ref = &refs[i]));
    }
    for (pit_ref ref : refs) {
        const pit_msg *m = pit_receive_ref(ref, A_WHILE);

        CHECK(m && pit_term_equal(pit_as(m, pit_down)->reason, pit_atom("normal")));
    }
    nothing_else(0);
}

struct waits_when_destroyed {
    int n, before;
    waits_when_destroyed(int number, int uncaught) : n(number), before(uncaught) {}
    ~waits_when_destroyed()
    {
        CHECK(std::uncaught_exceptions() == before);
        others_run(n);
        CHECK(std::uncaught_exceptions() == before);
        try {
            throw own(n);
        } catch (const own &e) {
            others_run(n + 1);
            CHECK(std::uncaught_exceptions() == before && e.n == n);
        }
        CHECK(std::uncaught_exceptions() == before);
    }
};

void unwinds(const void *arg)
{
    int n = *static_cast<const int *>(arg);
    uint64_t rounds = pit_test_scale(6, 2000);

    for (uint64_t i = 0; i < rounds; i++) {
        try {
            if (n % 2) {
                waits_when_destroyed quietly(n, 0); /* others have an exception on its way now */
            }
            waits_when_destroyed outer(n, 1), inner(n + 1, 1);

            throw own(n);
        } catch (const own &e) {
            CHECK(e.n == n);
        }
        nothing_else(0);
    }
}

/* --- a handler */

struct asker {
    int32_t n;
};

void catches_in_a_handler(void *state, const pit_msg *m)
{
    if (!pit_is(m, nudge))
        return;
    try {
        throw own(pit_as(m, nudge)->n);
    } catch (const own &e) {
        others_run(e.n);
        nothing_else(e.n);
        others_run(e.n + 1);
        nothing_else(e.n);
    }
    nothing_else(0);
    if (++static_cast<asker *>(state)->n == 4)
        pit_exit(pit_atom("normal"));
}

/* --- ends */

/* An exception in hand when its process ends is not freed: LeakSanitizer would be right. */
void leaks_from_here(bool begin)
{
    if (__lsan_disable)
        begin ? __lsan_disable() : __lsan_enable();
}

[[noreturn]] void throws_what_nobody_frees(int n)
{
    leaks_from_here(true);
    throw own(n);
}

void waits_in_a_catch_block(const void *arg)
{
    pit_pid parent = *static_cast<const pit_pid *>(arg);

    try {
        throws_what_nobody_frees(7);
    } catch (...) {
        leaks_from_here(false);
        pit_send(parent, nudge, .n = 1);
        (void)pit_receive(PIT_INFINITY);
    }
}

void exits_in_a_catch_block(const void *)
{
    try {
        throws_what_nobody_frees(8);
    } catch (...) {
        leaks_from_here(false);
        pit_exit(pit_atom("bye"));
    }
}

void has_none(const void *) { nothing_else(0); }

pit_ref spawned(pit_body *body, const void *arg, size_t size, pit_pid *ret_pid)
{
    pit_ref ref = {};

    *ret_pid = pit_must(pit_spawn_with(body, arg, size, .monitor = true, .scheduler = PIT_ANYWHERE,
                                       .ret_ref = &ref));
    return ref;
}

bool throws_inside(const pit_msg *m, void *)
{
    try {
        throw own(1);
    } catch (const own &e) {
        return pit_is(m, nudge) && e.n == 1 && pit_as(m, nudge)->n == 2;
    }
}

void throws(const void *) { throws_what_nobody_frees(9); }

} // namespace

void caught_bodies_take_turns(void) { run_many(takes_turns); }
void caught_bodies_take_turns_in_destructors(void) { run_many(unwinds); }

void caught_bodies_wait_in_a_handler(void)
{
    pit_ref refs[PROCESSES] = {};
    pit_pid pids[PROCESSES];
    asker none = {0};

    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = pit_must(pit_spawn_handler_with(catches_in_a_handler, &none, sizeof none,
                                                  .monitor = true, .scheduler = PIT_ANYWHERE,
                                                  .ret_ref = &refs[i]));
        for (int j = 1; j <= 4; j++)
            pit_send(pids[i], nudge, .n = 10 * i + j);
    }
    for (pit_ref ref : refs)
        wait_for(ref);
}

void caught_bodies_end_in_a_catch_block(void)
{
    pit_pid self = pit_self(), pid;

    for (uint64_t i = 0; i < pit_test_scale(5, 1000); i++) {
        pit_ref ref = spawned(waits_in_a_catch_block, &self, sizeof self, &pid);

        CHECK(pit_receive_only(nudge, A_WHILE)->n == 1);
        pit_exit_process(pid, pit_atom("kill"));
        wait_for(ref);
        wait_for(spawned(has_none, nullptr, 0, &pid));
        wait_for(spawned(exits_in_a_catch_block, nullptr, 0, &pid));
        wait_for(spawned(has_none, nullptr, 0, &pid));
    }
    nothing_else(0);
}

void caught_bodies_have_a_predicate_that_throws(void)
{
    pit_send(pit_self(), nudge, .n = 1);
    pit_send(pit_self(), nudge, .n = 2);
    try {
        throw own(5);
    } catch (...) {
        CHECK(pit_as(pit_receive_match(throws_inside, nullptr, A_WHILE), nudge)->n == 2);
        nothing_else(5);
    }
    CHECK(pit_receive_only(nudge, A_WHILE)->n == 1);
    nothing_else(0);
}

void caught_bodies_catch_on_a_foreign_thread(void)
{
    std::atomic<bool> over(false);
    std::thread thread([&over] {
        while (!over) {
            try {
                throw own(3);
            } catch (const own &) {
                CHECK(in_hand() == 3 && std::uncaught_exceptions() == 0);
            }
            CHECK(!std::current_exception());
        }
    });

    run_many(takes_turns);
    over = true;
    thread.join();
}

void caught_bodies_go_uncaught(void)
{
    pit_pid pid;

    if (pit_test_sanitized())
        return; /* abort is the sanitizer's */
    try {
        throw own(4);
    } catch (...) {
        wait_for(spawned(throws, nullptr, 0, &pid));
        wait_for(spawned(has_none, nullptr, 0, &pid));
        nothing_else(4);
    }
    nothing_else(0);
}
