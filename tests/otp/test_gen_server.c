/*
 * Goal: servers do what spec/behaviours says of proc_lib, gen and gen_server (rules PL-, GEN-, GS-;
 * each case names its own).
 * Method: two servers, one that obeys and tells what was called, and one whose init does what its
 * argument says.
 */
#include <errno.h>

#include "tests/otp/node.h"

/* ---- a counter, as in the documentation ---- */

PIT_MESSAGE(was_called, (pit_text32, what), (pit_term, reason));

#define counter_protocol(CALL, CAST)                                                \
    CALL(add, ((int64_t, n)), ((int64_t, total)))                                   \
    CALL(get, (), ((int64_t, total)))                                               \
    CALL(lock, (), ((bool, ok)))                                                    \
    CALL(slow, ((int64_t, ms)), ())                                                 \
    CALL(sum, ((int32_t, n, 4)), ((int64_t, total)))                                \
    CALL(finish, ((pit_term, reason)), ((int64_t, total)))                          \
    CALL(crash, (), ())                                                             \
    CALL(deadline, ((int64_t, ms)), ())                                             \
    CALL(label, ((pit_binary, b), (pit_term, t)), ((pit_binary, b), (pit_term, t))) \
    CAST(reset, ())                                                                 \
    CAST(unlock, ())                                                                \
    CAST(chain, ((int64_t, n)))

PIT_PROTOCOL(counter);

struct counter {
    int64_t total, chain;
    pit_pid watcher; /* gets was_called */
    pit_asker asker;
};

struct counter_arg {
    int64_t from;
    pit_pid watcher;
    bool trap;
};

static void tell(const struct counter *self, const char *what, pit_term reason)
{
    if (self->watcher.id)
        pit_send(self->watcher, was_called, .what = pit_text32(what), .reason = reason);
}

static int counter_init(struct counter *self, const void *p)
{
    const struct counter_arg *arg = p;

    self->total = arg->from;
    self->watcher = arg->watcher;
    if (arg->trap)
        pit_trap_exit(true);
    return 0;
}
static void on_add(struct counter *self, const struct counter_add *m, struct counter_add_reply *r)
{
    r->total = self->total += m->n;
}
static void on_get(struct counter *self, const struct counter_get *m, struct counter_get_reply *r)
{
    r->total = self->total;
}
static void on_lock(struct counter *self, const struct counter_lock *m,
                    struct counter_lock_reply *r)
{
    self->asker = pit_defer();
}
static void on_unlock(struct counter *self, const struct counter_unlock *m)
{
    pit_reply(self->asker, counter_lock, .ok = true);
}
static void on_slow(struct counter *self, const struct counter_slow *m,
                    struct counter_slow_reply *r)
{
    pit_sleep(m->ms);
}
static void on_sum(struct counter *self, const struct counter_sum *m, struct counter_sum_reply *r)
{
    for (int i = 0; i < 4; i++)
        r->total += m->n[i];
}
static void on_finish(struct counter *self, const struct counter_finish *m,
                      struct counter_finish_reply *r)
{
    r->total = self->total;
    pit_server_finish(m->reason);
}
static void on_crash(struct counter *self, const struct counter_crash *m,
                     struct counter_crash_reply *r)
{
    pit_exit(pit_build("{oops, ~}", 7));
}
static void on_deadline(struct counter *self, const struct counter_deadline *m,
                        struct counter_deadline_reply *r)
{
    pit_server_timeout(m->ms);
}
static void on_label(struct counter *self, const struct counter_label *m,
                     struct counter_label_reply *r)
{
    r->b = m->b;
    r->t = pit_build("{was, ~}", m->t);
}
static void on_reset(struct counter *self, const struct counter_reset *m) { self->total = 0; }
static void on_chain(struct counter *self, const struct counter_chain *m)
{
    self->chain = m->n;
    pit_server_resume();
}

static void info(struct counter *self, const pit_msg *m)
{
    tell(self, m->type->name,
         pit_is(m, pit_exited) ? pit_as(m, pit_exited)->reason : pit_atom("undefined"));
}
static void timeout(struct counter *self) { tell(self, "timeout", pit_atom("undefined")); }
static void resume(struct counter *self)
{
    self->total++;
    if (--self->chain > 0)
        pit_server_resume();
}
static void terminate(struct counter *self, pit_term reason) { tell(self, "terminate", reason); }

PIT_SERVER(counter, struct counter, .init = counter_init, .info = info, .timeout = timeout,
           .resume = resume, .terminate = terminate);

static pit_pid counter(int64_t from)
{
    return pit_must(
        pit_server_start(&counter_server, &(struct counter_arg){from}, sizeof(struct counter_arg)));
}
static pit_pid watched(bool trap)
{
    struct counter_arg arg = {.watcher = pit_self(), .trap = trap};

    return pit_must(pit_server_start_link(&counter_server, &arg, sizeof arg));
}

static const struct was_called *called(const char *what)
{
    const struct was_called *w = pit_receive_only(was_called, A_WHILE);

    CHECK_STR(w->what.s, what);
    return w;
}

/* ---- calls and casts ---- */

NODE_TEST(gen_5_calls_answer_in_all_three_forms)
{
    pit_pid c = counter(100);
    struct counter_add_reply r;
    int32_t four[4] = {1, 2, 3, 4};

    CHECK_EQ(counter_add(c, 5).total, 105);
    CHECK_EQ(counter_try_add(c, A_WHILE, &r, 5), 0);
    CHECK_EQ(r.total, 110);
    CHECK_EQ(pit_call(c, counter_add, .n = -10).total, 100);
    CHECK_EQ(pit_call(c, counter_get).total, 100);
    CHECK_EQ(counter_sum(c, four).total, 10);
    counter_reset(c);
    CHECK_EQ(counter_get(c).total, 0); /* GS-17: in order */
}

NODE_TEST(binaries_and_terms_come_back_in_replies)
{
    pit_pid c = counter(0);
    pit_binary b =
        pit_binary_text("a text that is long enough to be a shared block: 0123456789012345");
    struct counter_label_reply r = counter_label(c, b, pit_build("[~, ~a]", 1, "x"));

    CHECK(pit_binary_equal(r.b, b));
    CHECK_STR(text_of(r.t), "{was,[1,x]}");
}

NODE_TEST(gs_16_a_deferred_call_is_answered_later)
{
    pit_pid c = counter(0);
    struct counter_lock_reply r = {0};

    CHECK_EQ(counter_try_lock(c, 20, &r), -ETIMEDOUT);
    counter_unlock(c); /* GEN-6: the late answer is dropped */
    CHECK_EQ(counter_get(c).total, 0);
    CHECK_EQ(pit_message_count(), 0);
}

static void unlocker(const void *arg)
{
    pit_sleep(10);
    counter_unlock(*(const pit_pid *)arg);
}

NODE_TEST(gs_16_a_deferred_call_waits_for_its_answer)
{
    pit_pid c = counter(0);

    pit_spawn(unlocker, &c, sizeof c);
    CHECK(counter_lock(c).ok);
}

NODE_TEST(gen_5_a_call_that_takes_too_long)
{
    pit_pid c = counter(0);
    struct counter_slow_reply r;
    int64_t ms = 60;

    /* An answer that came all the same: we were kept from our time-out for so long. Longer,
       then. */
    while (counter_try_slow(c, 10, &r, ms) == 0 && ms < A_WHILE)
        ms *= 4;
    CHECK(ms < A_WHILE);
    CHECK_EQ(counter_get(c).total, 0); /* the server lives and goes on */
    CHECK_EQ(pit_message_count(), 0);
}

static void call_itself(const void *arg) { counter_get(pit_self()); }
static void call_the_dead(const void *arg) { counter_get(*(const pit_pid *)arg); }
static void call_the_crashing(const void *arg) { counter_crash(*(const pit_pid *)arg); }

NODE_TEST(gen_5_a_call_without_an_answer_ends_the_caller)
{
    pit_pid c = counter(0);
    struct counter_get_reply r;
    pit_term why, what;

    why = reason_of(pit_spawn_monitor(call_itself, NULL, 0));
    CHECK(strstr(text_of(why), "{calling_self,{call,counter_get,<"));
    why = reason_of(pit_spawn_monitor(call_the_crashing, &c, sizeof c));
    CHECK(pit_match(why, "{{oops, 7}, {call, ~, _}}", &what));
    CHECK(pit_atom_is(what, "counter_crash"));
    why = reason_of(pit_spawn_monitor(call_the_dead, &c, sizeof c));
    CHECK(pit_match(why, "{noproc, {call, counter_get, _}}"));
    CHECK_EQ(counter_try_get(c, A_WHILE, &r), -PIT_ENOPROC);
}

#define other_protocol(CALL, CAST) CALL(ask, (), ()) CAST(say, ())
PIT_PROTOCOL(other);

static void ask_other(const void *arg) { other_ask(*(const pit_pid *)arg); }

NODE_TEST(a_call_that_the_server_does_not_know_ends_the_caller_and_not_the_server)
{
    pit_pid c = counter(3);
    struct other_ask_reply r;

    pit_log_level_set(PIT_LOG_ERROR);
    CHECK_EQ(other_try_ask(c, A_WHILE, &r), -PIT_EBADCALL);
    CHECK(pit_match(reason_of(pit_spawn_monitor(ask_other, &c, sizeof c)),
                    "{badcall, {call, other_ask, _}}"));
    CHECK_EQ(counter_get(c).total, 3);
}

/* ---- info, timeouts, resume ---- */

NODE_TEST(gs_7_what_the_protocol_does_not_name_goes_to_info)
{
    pit_pid c = watched(true);

    other_say(c);
    called("other_say");
    CHECK_EQ(counter_get(c).total, 0);
}

static int start_nothing(struct counter *self, const void *arg) { return 0; }
#define bare_protocol(CALL, CAST) CALL(reset, (), ())
PIT_PROTOCOL(bare);
#define on_reset on_bare_reset
static void on_bare_reset(struct counter *self, const struct bare_reset *m,
                          struct bare_reset_reply *r)
{
}
PIT_SERVER(bare, struct counter, .init = start_nothing);
#undef on_reset

NODE_TEST(gs_8_without_info_a_message_is_logged_and_dropped)
{
    pit_pid b = pit_must(pit_server_start(&bare_server, NULL, 0));

    pit_log_level_set(PIT_LOG_WARNING);
    pit_log_sink_set(node_log_add);
    other_say(b);
    bare_reset(b); /* it lives */
    CHECK(node_logs("#other_say{}"));
}

NODE_TEST(gs_4_a_timeout_fires_when_nothing_comes)
{
    pit_pid c = watched(false);
    int64_t before = pit_now();

    counter_deadline(c, 20);
    called("timeout");
    CHECK(pit_now() - before >= 20 * 1000000);
    CHECK(pit_try_receive_only(was_called, 50) == NULL); /* once */
}

NODE_TEST(gs_4_any_message_cancels_the_timeout)
{
    pit_pid c = watched(false);
    int64_t before = pit_now();

    counter_deadline(c, 30);
    counter_get(c);
    /* On a machine that kept us from it for so long the timeout was first, rightly. */
    bool in_time = pit_now() - before < 30 * 1000000;
    bool fired = pit_try_receive_only(was_called, 60) != NULL;
    CHECK(!in_time || !fired);
    before = pit_now();
    counter_deadline(c, 30);
    counter_deadline(c, PIT_INFINITY);
    in_time = pit_now() - before < 30 * 1000000;
    fired = pit_try_receive_only(was_called, 60) != NULL;
    CHECK(!in_time || !fired);
}

NODE_TEST(gs_4_a_timeout_of_zero_fires_when_the_queue_is_empty)
{
    pit_pid c = watched(false);
    bool in_time, fired;
    int64_t before;

    counter_deadline(c, 0);
    called("timeout");
    before = pit_now();
    pit_send(
        c, counter_slow,
        .ms = 20); /* meanwhile the next two are queued: a message behind the deadline cancels it */
    pit_send(c, counter_deadline, .ms = 0);
    counter_reset(c);
    /* else the deadline was the last of the queue, rightly */
    in_time = pit_now() - before < 20 * 1000000;
    fired = pit_try_receive_only(was_called, 60) != NULL;
    CHECK(!in_time || !fired);
}

NODE_TEST(gs_3_resume_comes_before_any_message_and_may_chain)
{
    pit_pid c = counter(0);

    counter_chain(c, 3);
    CHECK_EQ(counter_get(c).total, 3);
}

/* ---- starting ---- */

enum how { FAILS, IGNORES, EXITS, FAULTS, HANGS, WAITS };

static volatile int *volatile nowhere;

/* Not for a sanitizer to find first. */
static __attribute__((noinline, no_sanitize("address", "undefined"))) void faults(void)
{
    *nowhere = 1;
}

static int wayward_init(struct counter *self, const void *arg)
{
    switch (*(const enum how *)arg) {
    case FAILS:
        return -EADDRINUSE;
    case IGNORES:
        return -PIT_EIGNORE;
    case EXITS:
        pit_exit(pit_build("{bad, init}"));
    case FAULTS:
        faults();
        break;
    case HANGS:
        pit_sleep(1000000);
        break;
    case WAITS:
        pit_sleep(30);
        break;
    }
    return 0;
}
#define wayward_protocol(CALL, CAST)
PIT_PROTOCOL(wayward);
PIT_SERVER(wayward, struct counter, .init = wayward_init, .terminate = terminate);

static pit_pid wayward(enum how how, bool link, int64_t ms)
{
    return pit_server_start_with(&wayward_server, &how, sizeof how, .link = link, .name = "wayward",
                                 .timeout = ms);
}

/* PL-2: nothing is left of it: no message, no name; and we are still here. */
static void check_failed_start(pit_pid held, int error)
{
    CHECK_EQ(pit_error(held), error);
    CHECK_EQ(pit_whereis("wayward").id, 0);
    pit_sleep(2);
    CHECK_EQ(pit_message_count(), 0);
}

static void starts_that_fail(bool link)
{
    check_failed_start(wayward(FAILS, link, 0), -EADDRINUSE);
    check_failed_start(wayward(IGNORES, link, 0), -PIT_EIGNORE);
    check_failed_start(wayward(EXITS, link, 0), -PIT_EEXITED);
    CHECK_STR(text_of(pit_last_exit_reason()), "{bad,init}");
    check_failed_start(wayward(HANGS, link, 20), -ETIMEDOUT);
}

NODE_TEST(pl_2_gs_1_a_failed_start_leaves_nothing_behind) { starts_that_fail(false); }
NODE_TEST(pl_2_gs_1_a_failed_start_does_not_kill_a_linked_starter) { starts_that_fail(true); }
NODE_TEST(pl_2_gs_1_a_failed_start_leaves_no_exit_message)
{
    pit_trap_exit(true);
    starts_that_fail(true);
}

NODE_TEST(pl_2_a_fault_in_init_is_a_failed_start)
{
    pit_trap_exit(true);
    check_failed_start(wayward(FAULTS, true, 0), -PIT_EEXITED);
    CHECK(strstr(text_of(pit_last_exit_reason()), "SIGSEGV"));
}

NODE_TEST(gen_2_a_name_that_is_taken)
{
    pit_pid first = pit_must(wayward(WAITS, true, 0));

    CHECK_EQ(pit_error(wayward(WAITS, true, 0)), -PIT_ENAMETAKEN);
    CHECK(pit_pid_equal(pit_whereis("wayward"), first));
}

static void early(const void *arg)
{
    while (!pit_whereis("wayward").id)
        pit_yield();
    pit_send_name("wayward", &pit_type_was_called,
                  &(struct was_called){.what = pit_text32("early")});
}

NODE_TEST(gs_1_init_comes_before_any_message)
{
    pit_monitored e = pit_spawn_monitor(early, NULL, 0);

    pit_must(wayward(WAITS, false, 0));
    pit_receive_ref(e.ref, A_WHILE);
}

NODE_TEST(start_link_links_and_start_does_not)
{
    pit_process_info me;

    counter(0);
    CHECK_EQ(pit_process_info_of(pit_self(), &me), 0);
    CHECK_EQ(me.links, 0);
    watched(false);
    CHECK_EQ(pit_process_info_of(pit_self(), &me), 0);
    CHECK_EQ(me.links, 1);
}

/* ---- ending ---- */

NODE_TEST(pl_6_stop_ends_with_the_reason_and_calls_terminate)
{
    pit_pid c = watched(false);

    pit_trap_exit(true);
    CHECK_EQ(pit_server_stop(c, pit_build("{shutdown, ~a}", "maintenance"), A_WHILE), 0);
    CHECK_STR(text_of(called("terminate")->reason), "{shutdown,maintenance}");
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "{shutdown,maintenance}");
    CHECK_EQ(pit_server_stop(PIT_NO_PID, pit_build("{shutdown, ~a}", "maintenance"), A_WHILE),
             -PIT_ENOPROC); /* that reason was another's */
    CHECK_EQ(pit_server_stop(c, pit_atom("normal"), A_WHILE), -PIT_ENOPROC); /* GEN-10 */
}

/* ---- a server whose mailbox is full */

enum { CLOG_ROOM = 3 };

#define clogged_protocol(CALL, CAST) \
    CAST(clog, ())                   \
    CAST(late, ())                   \
    CAST(junk, ())

PIT_PROTOCOL(clogged);

struct clogged {
    pit_pid watcher;
    int timeouts, junk;
};

struct clogged_arg {
    pit_pid watcher;
    uint32_t policy;
};

PIT_MESSAGE(clogged_end, (int32_t, timeouts), (int32_t, junk), (pit_term, reason));
PIT_MESSAGE(clogged_full);

static int clogged_init(struct clogged *self, const void *p)
{
    const struct clogged_arg *arg = p;

    self->watcher = arg->watcher;
    return pit_mailbox_bound((pit_mailbox){.messages = CLOG_ROOM, .policy = arg->policy});
}

static void on_junk(struct clogged *self, const struct clogged_junk *m) { self->junk++; }

/* Fills its own mailbox, and does not return before the stop has come too. */
static void on_clog(struct clogged *self, const struct clogged_clog *m)
{
    for (int i = 0; i < CLOG_ROOM; i++)
        clogged_junk(pit_self());
    pit_send(self->watcher, clogged_full);
    while (pit_message_count() <= CLOG_ROOM)
        pit_yield();
}

/* The oldest of what waits is its timeout. */
static void on_late(struct clogged *self, const struct clogged_late *m)
{
    pit_server_timeout(0);
    for (int i = 0; i < CLOG_ROOM + 2; i++)
        clogged_junk(pit_self());
    pit_send(self->watcher, clogged_full);
}

static void clogged_timeout(struct clogged *self) { self->timeouts++; }

static void clogged_terminate(struct clogged *self, pit_term reason)
{
    pit_send(self->watcher, clogged_end, .timeouts = self->timeouts, .junk = self->junk,
             .reason = reason);
}

PIT_SERVER(clogged, struct clogged, .init = clogged_init, .timeout = clogged_timeout,
           .terminate = clogged_terminate);

static void expect_clogged_end(int timeouts)
{
    const struct clogged_end *e = pit_receive_only(clogged_end, A_WHILE);

    CHECK_EQ(e->timeouts, timeouts);
    CHECK_EQ(e->junk, CLOG_ROOM);
    CHECK_STR(text_of(e->reason), "normal");
}

/* PL-6: what a full mailbox refuses or drops is not the stop, in Erlang a system message. */
NODE_TEST(pl_6_a_full_server_is_stopped_in_order)
{
    static const uint32_t policies[] = {PIT_OVERLOAD_DROP_NEWEST, PIT_OVERLOAD_DROP_OLDEST,
                                        PIT_OVERLOAD_EXIT, PIT_OVERLOAD_BLOCK};

    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct clogged_arg arg = {pit_self(), policies[i]};
        pit_pid s = pit_must(pit_server_start(&clogged_server, &arg, sizeof arg));

        clogged_clog(s);
        CHECK(pit_receive_only(clogged_full, A_WHILE));
        CHECK_EQ(pit_server_stop(s, pit_atom("normal"), A_WHILE), 0);
        expect_clogged_end(0);
    }
}

/* GS-4: nor is it the server's timeout. */
NODE_TEST(gs_4_a_full_server_gets_its_timeout)
{
    struct clogged_arg arg = {pit_self(), PIT_OVERLOAD_DROP_OLDEST};
    pit_pid s = pit_must(pit_server_start(&clogged_server, &arg, sizeof arg));

    clogged_late(s);
    CHECK(pit_receive_only(clogged_full, A_WHILE));
    CHECK_EQ(pit_server_stop(s, pit_atom("normal"), A_WHILE), 0);
    expect_clogged_end(1);
}

static void terminate_otherwise(struct counter *self, pit_term reason)
{
    pit_exit(pit_atom("changed"));
}
#define stubborn_protocol(CALL, CAST)
PIT_PROTOCOL(stubborn);
PIT_SERVER(stubborn, struct counter, .terminate = terminate_otherwise);

NODE_TEST(pl_6_gs_10_terminate_may_end_with_another_reason)
{
    pit_pid s = pit_must(pit_server_start(&stubborn_server, NULL, 0));

    CHECK_EQ(pit_server_stop(s, pit_atom("normal"), A_WHILE), -PIT_EEXITED);
    CHECK_STR(text_of(pit_last_exit_reason()), "changed");
}

NODE_TEST(gs_6_finish_calls_terminate_and_then_answers)
{
    pit_pid c = watched(false);
    struct counter_finish_reply r;

    pit_trap_exit(true);
    counter_add(c, 4);
    CHECK_EQ(counter_try_finish(c, A_WHILE, &r, pit_build("{done, ~}", 1)), 0);
    CHECK_EQ(r.total, 4);
    CHECK_STR(text_of(called("terminate")->reason), "{done,1}");
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "{done,1}");
}

NODE_TEST(gs_11_an_unexpected_end_is_logged)
{
    pit_pid c = counter(0);
    struct counter_finish_reply r;

    pit_log_sink_set(node_log_add);
    CHECK_EQ(counter_try_finish(c, A_WHILE, &r, pit_build("{broken, ~}", 1)), 0);
    CHECK(node_logs("server counter <"));
    CHECK(node_logs("{broken,1}; last message #counter_finish{reason = {broken,1}}"));
}

NODE_TEST(gs_11_a_crash_in_a_handler_is_logged_with_its_message)
{
    pit_pid c = counter(0);
    struct counter_crash_reply r;

    pit_log_sink_set(node_log_add);
    CHECK_EQ(counter_try_crash(c, A_WHILE, &r), -PIT_ENOPROC);
    CHECK_STR(text_of(pit_last_exit_reason()), "{oops,7}");
    CHECK(node_logs("ended: {oops,7}; last message #counter_crash{}"));
}

NODE_TEST(pl_4_a_crash_in_init_is_logged)
{
    pit_log_sink_set(node_log_add);
    wayward(EXITS, false, 0);
    CHECK(node_logs("server wayward <"));
    CHECK(node_logs("ended in init: {bad,init}"));
}

NODE_TEST(pl_5_an_end_by_an_exit_signal_is_not_logged)
{
    pit_pid c = counter(0);
    pit_ref down = pit_monitor(c);

    pit_log_sink_set(node_log_add);
    pit_exit_process(c, pit_atom("oops"));
    CHECK(pit_receive_ref(down, A_WHILE));
    CHECK(!node_logs("oops"));
}

static void terminate_chooses(struct counter *self, pit_term reason)
{
    pit_server_finish(pit_build("{another, ~}", 1)); /* too late */
}
#define late_protocol(CALL, CAST)
PIT_PROTOCOL(late);
PIT_SERVER(late, struct counter, .terminate = terminate_chooses);

NODE_TEST(gs_10_terminate_does_not_change_the_reason_by_finishing)
{
    pit_pid s = pit_must(pit_server_start(&late_server, NULL, 0));

    CHECK_EQ(pit_server_stop(s, pit_build("{shutdown, ~}", 1), A_WHILE), 0);
}

/* A parent that starts a counter and ends. */
static void parent(const void *arg)
{
    struct counter_arg a = *(const struct counter_arg *)arg;

    pit_must(pit_server_start_link(&counter_server, &a, sizeof a));
    pit_exit(pit_atom("parent_is_gone"));
}

NODE_TEST(gs_7_gs_9_the_parents_end_terminates_a_server_that_traps_exits)
{
    struct counter_arg arg = {.watcher = pit_self(), .trap = true};

    pit_spawn(parent, &arg, sizeof arg);
    CHECK_STR(text_of(called("terminate")->reason), "parent_is_gone");
}

NODE_TEST(gs_9_terminate_is_not_called_without_trapping)
{
    struct counter_arg arg = {.watcher = pit_self()};

    pit_spawn(parent, &arg, sizeof arg);
    CHECK(pit_try_receive_only(was_called, 50) == NULL);
}

NODE_TEST(gs_9_terminate_is_not_called_when_killed)
{
    pit_pid c = watched(true);
    pit_ref down = pit_monitor(c);

    pit_trap_exit(true);
    pit_exit_process(c, pit_atom("kill"));
    CHECK(pit_receive_ref(down, A_WHILE));
    CHECK(pit_try_receive_only(was_called, 20) == NULL);
}

static void another(const void *arg) { pit_exit_process(*(const pit_pid *)arg, pit_atom("hello")); }

NODE_TEST(gs_7_the_exit_of_another_process_goes_to_info)
{
    pit_pid c = watched(true);

    pit_spawn(another, &c, sizeof c);
    CHECK_STR(text_of(called("pit_exited")->reason), "hello");
    pit_trap_exit(true);
    /* by its parent: that cannot be told from its parent's end, nor does OTP */
    pit_exit_process(c, pit_atom("hello"));
    CHECK_STR(text_of(called("terminate")->reason), "hello");
}

static void outside(const void *arg) { pit_server_resume(); }

NODE_TEST(what_is_for_servers_ends_others)
{
    CHECK(strstr(text_of(reason_of(pit_spawn_monitor(outside, NULL, 0))),
                 "pit_server_resume: not in a server"));
}

/* ---- many ---- */

static void client(const void *arg)
{
    pit_pid c = *(const pit_pid *)arg;

    for (int i = 0; i < 1000; i++)
        counter_add(c, 1);
}

NODE_TEST(gs_17_no_request_is_lost_among_many_clients)
{
    enum { CLIENTS = 50 };
    pit_pid c = counter(0);
    pit_monitored m[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        m[i].pid = pit_spawn_with(client, &c, sizeof c, .monitor = true, .ret_ref = &m[i].ref,
                                  .scheduler = PIT_ANYWHERE);
    }
    for (int i = 0; i < CLIENTS; i++)
        CHECK(pit_receive_ref(m[i].ref, A_WHILE));
    CHECK_EQ(counter_get(c).total, CLIENTS * 1000);
}

NODE_TEST(ten_thousand_servers_start_and_stop)
{
    enum { MANY = 10000 };
    pit_node_info before, after;

    pit_node_info_get(&before);
    for (int i = 0; i < MANY; i++) {
        pit_pid c = counter(i);

        CHECK_EQ(counter_get(c).total, i);
        CHECK_EQ(pit_server_stop(c, pit_atom("normal"), A_WHILE), 0);
    }
    pit_node_info_get(&after);
    CHECK_EQ(after.processes, before.processes);
}

/* ---- without an argument: as with a body or handler, init has none, and not what lies behind the
   state */

#define plain_protocol(CALL, CAST) CAST(nothing, ())
PIT_PROTOCOL(plain);
struct plain {
    char odd[5];
};
static int plain_init(struct plain *self, const void *arg) { return arg ? -EEXIST : 0; }
static void on_nothing(struct plain *self, const struct plain_nothing *m) {}
PIT_SERVER(plain, struct plain, .init = plain_init);

NODE_TEST(gs_1_without_an_argument_init_gets_none)
{
    char some = 0;

    CHECK(pit_server_start(&plain_server, NULL, 0).id > 0);
    CHECK(pit_server_start(&plain_server, &some, 0).id > 0);
    CHECK_EQ(pit_error(pit_server_start(&plain_server, &some, sizeof some)), -EEXIST);
}
