/*
 * Goal: a C++20 program uses messages, servers and supervisors as a C program does, and shares its
 * messages with C.
 * Method: the header of cxx_peer.c, whose server is asked from here; and a server and a supervisor
 * in C++.
 */
#include "tests/otp/cxx_peer.h"

#include <cstring>
#include <exception>
#include <stdexcept>

#include "tests/harness/test.h"

#undef CHECK_EQ /* it uses _Generic, which C++ has not */
#define CHECK_EQ(a, b) CHECK((a) == (b))

static void (*body)(void);
static int first(int, char **)
{
    body();
    return 0;
}
static void run(void (*b)(void))
{
    pit_node_opts opts = {};

    opts.schedulers = 2;
    opts.no_signals = true;
    body = b;
    CHECK_EQ(pit_run(&opts, first, 0, nullptr), 0);
}

PIT_TEST(c_and_cxx_share_the_type_of_a_message)
{
    CHECK(c_type_of_mixed() == &pit_type_mixed);
    CHECK_EQ(pit_type_mixed.fields[0].kind, PIT_KIND_BOOL);
    CHECK_EQ(pit_type_mixed.fields[2].of, PIT_KIND_INT);
    CHECK(pit_type_find("mixed") == &pit_type_mixed);
}

PIT_TEST(messages_in_cxx)
{
    run([] {
        pit_send(pit_self(), mixed, .yes = true, .name = pit_text16("Ada"), .numbers = {1, 2, 3},
                 .d = 0.5);
        const pit_msg *m = pit_receive(A_WHILE);
        CHECK(pit_is(m, mixed));
        CHECK_EQ(pit_as(m, mixed)->numbers[2], 3);
        CHECK(std::strcmp(pit_as(m, mixed)->name.s, "Ada") == 0);
        pit_ref timer =
            pit_send_after(5, pit_self(), mixed, .yes = false, .name = {}, .numbers = {}, .d = 0);
        CHECK_EQ(pit_error(timer), 0);
        CHECK(!pit_receive_only(mixed, A_WHILE)->yes);
        mixed *built = pit_new(mixed);
        built->d = 2;
        pit_message_send(pit_self(), built);
        CHECK_EQ(pit_receive_only(mixed, A_WHILE)->d, 2);
        CHECK_EQ(pit_must(5L), 5);
    });
}

PIT_TEST(a_server_in_c_is_asked_from_cxx)
{
    run([] {
        pit_pid a = pit_must(adder_start());
        struct adder_add_reply r;

        CHECK_EQ(adder_add(a, 5, true).total, 10);
        CHECK_EQ(adder_try_add(a, 1000, &r, 1, false), 0);
        CHECK_EQ(pit_call(a, adder_add, .n = 1, .twice = false).total, 12);
        adder_reset(a);
        CHECK_EQ(adder_add(a, 0, false).total, 0);
    });
}

#define echo_protocol(CALL, CAST) \
    CALL(say, ((pit_text32, text)), ((pit_text32, text))) CALL(later, (), ((int32_t, n)))
PIT_PROTOCOL(echo);

struct echo_state {
    int32_t asked;
};
static void on_say(echo_state *self, const struct echo_say *m, struct echo_say_reply *r)
{
    self->asked++;
    r->text = m->text;
}
static void on_later(echo_state *self, const struct echo_later *, struct echo_later_reply *)
{
    pit_asker asker = pit_defer();
    pit_reply(asker, echo_later, .n = self->asked);
}
static int init(echo_state *self, const void *arg)
{
    self->asked = *static_cast<const int32_t *>(arg);
    return 0;
}
PIT_SERVER(echo, echo_state, .init = init);

static pit_pid echo_start(const void *)
{
    int32_t from = 40;

    return pit_server_start_with(&echo_server, &from, sizeof from, .link = true, .name = "echo");
}

static pit_sup_spec tree(const void *)
{
    return pit_sup_spec{
        .strategy = PIT_ONE_FOR_ALL,
        .intensity = 3,
        .children = PIT_CHILDREN(
            {.id = "echo", .start = echo_start},
            {.id = "other", .start = [](const void *) { return adder_start(); }, .shutdown = 100})};
}

PIT_TEST(a_server_and_a_supervisor_in_cxx)
{
    run([] {
        pit_trap_exit(true); /* or its end would be ours */
        pit_pid sup = pit_must(pit_supervisor_start_link(tree, nullptr, 0));
        pit_pid echo = pit_whereis("echo");

        CHECK(std::strcmp(echo_say(echo, pit_text32("hello")).text.s, "hello") == 0);
        CHECK_EQ(echo_later(echo).n, 41);
        CHECK_EQ(pit_supervisor_count_children(sup).active, 2u);
        CHECK_EQ(pit_server_stop(sup, pit_atom("shutdown"), A_WHILE), 0);
    });
}

extern "C" {
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
}

/* An exception in hand when its process ends is not freed (runtime/caught.c): LeakSanitizer would
   be right. */
static void throws_what_nobody_frees(bool begin)
{
    if (__lsan_disable)
        begin ? __lsan_disable() : __lsan_enable();
}

static void exits_in_a_catch_block(const void *)
{
    try {
        throws_what_nobody_frees(true);
        throw std::runtime_error("its own");
    } catch (...) {
        throws_what_nobody_frees(false);
        pit_exit(pit_atom("bye"));
    }
}

static void refuses_in_a_catch_block(const void *)
{
    try {
        throws_what_nobody_frees(true);
        throw 1;
    } catch (...) {
        throws_what_nobody_frees(false);
        (void)pit_must(-5);
    }
}

static void throws(const void *) { throw std::runtime_error("nobody catches it"); }

static void has_no_exception(const void *)
{
    CHECK(!std::current_exception());
    CHECK_EQ(std::uncaught_exceptions(), 0);
}

static void wait_for_the_end(void (*b)(const void *))
{
    pit_ref ref = {};

    pit_spawn_with(b, nullptr, 0, .monitor = true, .scheduler = PIT_ON(0), .ret_ref = &ref);
    CHECK(pit_receive_ref(ref, A_WHILE));
}

/* What a process was catching when it ended is not another's. */
PIT_TEST(an_exception_ends_with_its_process)
{
    run([] {
        void (*const ends[])(const void *) = {exits_in_a_catch_block, refuses_in_a_catch_block,
                                              throws};

        for (auto e : ends) {
            if (e == throws && pit_test_sanitized())
                continue; /* abort is the sanitizer's */
            wait_for_the_end(e);
            wait_for_the_end(has_no_exception);
        }
    });
}
