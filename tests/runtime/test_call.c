/*
 * Goal: calls are answered, or fail and say why, whatever becomes of server and caller (GEN-5,
 * GEN-6, ALIAS-7).
 * Method: cases in a node (node.h). A server does with each call what the call asks for.
 */
#include "tests/runtime/node.h"

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(other, (int64_t, n), (int64_t, m));
PIT_MESSAGE(rich, (pit_term, t), (pit_binary, b));
PIT_MESSAGE(release);

enum {
    ANSWER,
    FORGET,
    DEFER,
    DIE_WITH_IT,
    DIE_DEFERRED,
    FAULTY_TYPE,
    KEEP,
    LEAVE_IN_QUEUE,
    ANSWER_TWICE,
    ANSWER_RICH,
    DROP_KEPT
};

static void serve(const pit_msg *m, pit_asker *asker)
{
    static const struct other wrong = {1, 2};
    struct number reply;
    struct rich r;

    if (pit_is(m, release)) {
        reply.n = 99;
        pit_answer_asker(*asker, &pit_type_number, &reply);
        pit_answer_asker(*asker, &pit_type_number, &reply); /* once is enough: no effect */
        return;
    }
    reply.n = pit_as(m, other)->m + 1;
    switch (pit_as(m, other)->n) {
    case ANSWER:
        CHECK_EQ(pit_answer(m, &pit_type_number, &reply), 0);
        break;
    case FORGET:
        break;
    case DEFER:
        *asker = pit_defer_message(m);
        break;
    case DIE_WITH_IT:
        pit_exit(pit_atom("died_with_it"));
    case DIE_DEFERRED:
        *asker = pit_defer_message(m);
        pit_exit(pit_atom("died_deferred"));
    case FAULTY_TYPE:
        CHECK_EQ(pit_answer(m, &pit_type_other, &wrong), 0);
        break;
    case KEEP:
        (void)pit_keep(m);
        break;
    case DROP_KEPT:
        pit_drop(pit_keep(m));
        break;
    case LEAVE_IN_QUEUE:
        pit_sleep(5);
        pit_exit(pit_atom("died_busy"));
    case ANSWER_TWICE:
        CHECK_EQ(pit_answer(m, &pit_type_number, &reply), 0);
        CHECK_EQ(pit_answer(m, &pit_type_number, &reply), -EINVAL);
        break;
    case ANSWER_RICH:
        r = (struct rich){
            .t = pit_build("{answer, ~, [~a]}", reply.n, "x"),
            .b = pit_binary_text(
                "some bytes, not few, so that they are counted and shared by all who hold them")};
        CHECK_EQ(pit_answer(m, &pit_type_rich, &r), 0);
        break;
    }
}

static void server_body(const void *arg)
{
    pit_asker asker = {0};

    for (;;)
        serve(pit_receive(PIT_INFINITY), &asker);
}

static void server_handler(void *state, const pit_msg *m)
{
    if (!pit_is(m, pit_start))
        serve(m, state);
}

static pit_pid server_new(int kind)
{
    pit_asker none = {0};

    return kind ? pit_spawn_handler_with(server_handler, &none, sizeof none,
                                         .scheduler = PIT_ANYWHERE)
                : spawn_anywhere(server_body, NULL, 0);
}

static int ask(pit_pid server, int64_t what, int64_t m, int64_t timeout, int64_t *ret)
{
    struct other q = {what, m};
    struct number a = {-1};
    int r = pit_try_call(server, &pit_type_other, &q, timeout, &pit_type_number, &a);

    if (ret)
        *ret = a.n;
    return r;
}

/* What a call finds in each way that it can end, for both kinds of server. */
NODE_CASE(a_call_is_answered_or_says_why_not)
{
    for (int kind = 0; kind < 2; kind++)
        for (int round = 0; round < 5; round++) {
            pit_pid s = server_new(kind);
            int64_t n;

            CHECK_EQ(ask(s, ANSWER, 41, A_WHILE, &n), 0);
            CHECK_EQ(n, 42);
            CHECK_EQ(ask(s, ANSWER_TWICE, 1, A_WHILE, &n), 0);
            CHECK_EQ(n, 2);
            CHECK_EQ(ask(s, FAULTY_TYPE, 1, A_WHILE, &n), -PIT_EBADCALL);
            CHECK_EQ(ask(s, DROP_KEPT, 1, A_WHILE, &n), -PIT_EBADCALL);
            pit_send(s, release); /* no call is deferred: nothing happens */
            /* Unanswered: told when the message is let go, at the next receive or the handler's
               return. */
            if (kind == 1)
                CHECK_EQ(ask(s, FORGET, 1, A_WHILE, &n), -PIT_EBADCALL);
            CHECK_EQ(ask(s, DIE_WITH_IT, 1, A_WHILE, &n), -PIT_ENOPROC);
            CHECK_STR(text_of(pit_last_exit_reason()), "died_with_it");
            CHECK_EQ(ask(s, ANSWER, 1, A_WHILE, &n), -PIT_ENOPROC);
            CHECK_STR(text_of(pit_last_exit_reason()), "noproc");
            s = server_new(kind);
            CHECK_EQ(ask(s, DIE_DEFERRED, 1, A_WHILE, &n), -PIT_ENOPROC);
            CHECK_STR(text_of(pit_last_exit_reason()), "died_deferred");
            s = server_new(kind);
            CHECK_EQ(ask(s, KEEP, 1, 5, &n), -ETIMEDOUT);
            pit_exit_process(s, pit_atom("kill"));
            expect_empty();
        }
    expect_alone();
}

static void asks_and_tells(const void *arg)
{
    const struct {
        pit_pid server;
        int64_t what;
    } *a = arg;
    int64_t n;
    int r = ask(a->server, a->what, 5, A_WHILE, &n);

    pit_exit(r == -PIT_ENOPROC ? pit_build("{~, ~}", r, pit_last_exit_reason())
                               : pit_build("{~, ~}", r, n));
}

/* Several callers: of those whose calls wait in the queue, are kept, or were deferred, each hears
   of the server's end. */
NODE_CASE(all_callers_hear_of_their_servers_end)
{
    for (int kind = 0; kind < 2; kind++)
        for (int round = 0; round < 10; round++) {
            struct {
                pit_pid server;
                int64_t what;
            } a = {server_new(kind), 0};
            int64_t what[] = {DEFER,          KEEP,   DEFER,  KEEP, ANSWER,
                              LEAVE_IN_QUEUE, ANSWER, ANSWER, DEFER};
            enum { N = sizeof what / sizeof *what };
            pit_monitored callers[N];
            pit_process_info info;
            int failed = 0;

            for (int i = 0; i < N; i++) {
                a.what = what[i];
                callers[i] = spawn_watched(asks_and_tells, &a, sizeof a);
                if (what[i] == LEAVE_IN_QUEUE)
                    while (pit_process_info_of(callers[i].pid, &info) == 0 &&
                           info.status != PIT_WAITING)
                        pit_yield();
            }
            for (int i = 0; i < N; i++) {
                const pit_msg *m = pit_receive_ref(callers[i].ref, A_WHILE);
                const char *text;

                CHECK(m);
                text = text_of(pit_as(m, pit_down)->reason);
                if (!strcmp(text, "{0,6}")) { /* answered before */
                    CHECK_EQ(what[i], ANSWER);
                    continue;
                }
                failed++;
                CHECK(!strcmp(text, "{-4001,died_busy}") || !strcmp(text, "{-4001,noproc}"));
            }
            CHECK(failed >= 6);
        }
    expect_alone();
}

/* GEN-6, ALIAS-7: an answer that comes after the time is dropped, and the next call gets its
   own. */
NODE_CASE(a_late_answer_is_dropped)
{
    for (int kind = 0; kind < 2; kind++) {
        pit_pid s = server_new(kind);

        for (int i = 0; i < 20; i++) {
            int64_t n, begin = pit_now();

            CHECK_EQ(ask(s, DEFER, 0, i % 3, &n), -ETIMEDOUT);
            CHECK(pit_now() - begin >= i % 3 * INT64_C(1000000));
            pit_send(s, release);
            CHECK_EQ(ask(s, ANSWER, i, A_WHILE, &n), 0);
            CHECK_EQ(n, i + 1);
            expect_empty();
        }
        pit_exit_process(s, pit_atom("kill"));
    }
    expect_alone();
}

static void defers_to(const void *arg)
{
    const struct {
        pit_pid server;
        int64_t what;
    } *a = arg;
    int64_t n;

    CHECK_EQ(ask(a->server, DEFER, 0, A_WHILE, &n), 0);
    CHECK_EQ(n, 99);
}

/* A deferred call is answered when the server wants to. */
NODE_CASE(a_deferred_call_is_answered_later)
{
    for (int kind = 0; kind < 2; kind++) {
        struct {
            pit_pid server;
            int64_t what;
        } a = {server_new(kind), 0};

        for (int i = 0; i < 20; i++) {
            pit_monitored m = spawn_watched(defers_to, &a, sizeof a);
            pit_process_info info = {0};

            while (info.status != PIT_WAITING || info.message_count)
                CHECK_EQ(pit_process_info_of(a.server, &info), 0);
            pit_send(a.server, release);
            while (!pit_receive_ref(m.ref, 1)) /* its call may not have been there yet */
                pit_send(a.server, release);
        }
        pit_exit_process(a.server, pit_atom("kill"));
    }
    expect_alone();
}

/* A caller that ends while it waits harms nobody; its answer is dropped. */
NODE_CASE(a_caller_that_ends_is_no_error)
{
    for (int kind = 0; kind < 2; kind++) {
        struct {
            pit_pid server;
            int64_t what;
        } a = {server_new(kind), DEFER};

        for (int i = 0; i < 20; i++) {
            pit_monitored m = spawn_watched(asks_and_tells, &a, sizeof a);
            int64_t n;

            if (i % 2)
                pit_sleep(1);
            pit_exit_process(m.pid, pit_atom("kill"));
            expect_end(m, "killed");
            pit_send(a.server, release);
            CHECK_EQ(ask(a.server, ANSWER, 1, A_WHILE, &n), 0);
        }
        pit_exit_process(a.server, pit_atom("kill"));
    }
    expect_alone();
}

/* No message in the queue is looked at, so a call costs the same with many of them waiting. */
NODE_CASE(a_call_does_not_touch_the_queue)
{
    pit_pid s = server_new(1);

    for (int64_t i = 0; i < 1000; i++)
        pit_send(pit_self(), number, .n = i);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(ask(s, ANSWER, 1, A_WHILE, NULL), 0);
    CHECK_EQ(pit_message_count(), 1000);
    CHECK_EQ(pit_receive_only(number, 0)->n, 0);
    pit_exit_process(s, pit_atom("kill"));
}

/* What an answer owns is copied out, and lives on when the server is gone. */
NODE_CASE(an_answer_may_hold_terms_and_binaries)
{
    pit_pid s = server_new(1);
    struct other q = {ANSWER_RICH, 6};
    struct rich r;

    CHECK_EQ(pit_try_call(s, &pit_type_other, &q, A_WHILE, &pit_type_rich, &r), 0);
    pit_exit_process(s, pit_atom("kill"));
    expect_alone();
    CHECK_EQ(pit_try_call(s, &pit_type_other, &q, A_WHILE, &pit_type_number, &q), -PIT_ENOPROC);
}

/* Not a call to oneself, to nobody, or to an error. */
NODE_CASE(calls_that_cannot_be)
{
    int64_t n;
    struct number m = {1};

    CHECK_EQ(ask(pit_self(), ANSWER, 1, A_WHILE, &n), -EDEADLK);
    CHECK_EQ(ask(server_new(0), DIE_WITH_IT, 1, A_WHILE, &n), -PIT_ENOPROC);
    CHECK_EQ(ask(PIT_NO_PID, ANSWER, 1, A_WHILE, &n), -PIT_ENOPROC);
    CHECK_STR(text_of(pit_last_exit_reason()), "noproc"); /* not that of the call before */
    CHECK_EQ(ask((pit_pid){INT64_MIN | ENOENT}, ANSWER, 1, A_WHILE, &n), -EINVAL);
    CHECK_EQ(ask((pit_pid){INT64_C(3) << 27 | 5000000}, ANSWER, 1, A_WHILE, &n), -PIT_ENOPROC);
    CHECK_STR(text_of(pit_last_exit_reason()), "noproc");
    pit_send(pit_self(), number, .n = 1);
    CHECK_EQ(pit_answer(pit_receive(0), &pit_type_number, &m), -EINVAL); /* no call */
    expect_empty();
}

static void calls_often(const void *arg)
{
    const struct {
        pit_pid server;
        int64_t n;
    } *a = arg;

    for (int64_t i = 0; i < a->n; i++) {
        int64_t n;

        CHECK_EQ(ask(a->server, ANSWER, i, A_WHILE, &n), 0);
        CHECK_EQ(n, i + 1);
    }
}

/* Many callers at once: each gets its own answer. */
NODE_CASE(each_caller_gets_its_own_answer)
{
    for (int kind = 0; kind < 2; kind++) {
        struct {
            pit_pid server;
            int64_t n;
        } a = {server_new(kind), pit_test_sanitized() ? 300 : 3000};
        pit_monitored callers[16];

        for (int i = 0; i < 16; i++)
            callers[i] = spawn_watched(calls_often, &a, sizeof a);
        for (int i = 0; i < 16; i++)
            expect_end(callers[i], "normal");
        pit_exit_process(a.server, pit_atom("kill"));
    }
    expect_alone();
}
