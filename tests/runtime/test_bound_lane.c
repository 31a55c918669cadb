/*
 * Goal: the system lane of a full mailbox (<pit/mailbox.h>): whatever the policy, no signal, reply
 * or system message is lost, refused or delayed.
 * Method: a case a policy in a node (bounded.h): one that is full is asked, watched and killed, and
 * is itself told what it asked for.
 */
#include "tests/runtime/bounded.h"

static int ask(pit_pid to, const pit_type *type, int64_t n)
{
    struct question q = {n};
    struct answer a = {0};
    int r = pit_try_call(to, type, &q, A_WHILE, &pit_type_answer, &a);

    CHECK(r != 0 || a.n == n + 1);
    return r;
}

static void asks(const void *arg)
{
    const struct sends *s = arg;

    CHECK_EQ(ask(s->to, &pit_type_sys_question, 41), 0);
}

static void links_and_dies(const void *arg)
{
    pit_link(*(const pit_pid *)arg);
    pit_exit(pit_atom("done"));
}

static void lets_be(void *unused) {}

/*
 * A mailbox that is full to the brim is called, monitored, linked to, looked at and killed; it
 * itself hears of the ends that it watches and gets its answers and timeouts. No signal, no reply
 * and no system message is lost, refused or delayed.
 */
static void the_lane_is_open(uint32_t policy)
{
    pit_mailbox bound = {.messages = BOUND, .policy = policy, .overloaded = lets_be};
    pit_monitored to = spawn_lane(bound, true), dead, asker;
    struct sends s = {to.pid, pit_self(), 0, 1000};
    pit_process_info info;
    pit_monitored sender = {0};
    pit_ref ref;

    if (policy == PIT_OVERLOAD_BLOCK) {
        sender = spawn_watched(sends_all, &s, sizeof s);
        wait_until_blocked(to.pid, 1);
    } else if (policy == PIT_OVERLOAD_EXIT)
        send_numbers(to.pid, 0, BOUND);
    else
        sends_all(&s);
    CHECK(state_of(to.pid).messages >= BOUND);
    /* an ordinary call is let in by BLOCK and CALL, and else answered at once: by nobody's loss */
    if (policy == PIT_OVERLOAD_BLOCK || policy == PIT_OVERLOAD_DROP_OLDEST ||
        policy == PIT_OVERLOAD_CALL)
        CHECK_EQ(ask(to.pid, &pit_type_question, 1), 0);
    else if (policy == PIT_OVERLOAD_DROP_NEWEST)
        CHECK_EQ(ask(to.pid, &pit_type_question, 1), -PIT_EOVERLOAD);
    for (int i = 0; i < 20; i++) /* system calls are taken in */
        CHECK_EQ(ask(to.pid, &pit_type_sys_question, i), 0);
    asker = spawn_watched(asks, &s, sizeof s);
    expect_end(asker, "normal");
    CHECK_EQ(pit_process_info_of(to.pid, &info), 0); /* asked of its owner */
    CHECK(pit_is_alive(to.pid));
    ref = pit_monitor(to.pid);
    dead = spawn_watched(links_and_dies, &to.pid, sizeof to.pid); /* its exit is trapped there */
    expect_end(dead, "done");
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "done");
    pit_exit_process(to.pid, pit_atom("trapped"));
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "trapped");
    pit_exit_process(to.pid, pit_atom("kill"));
    expect_end(to, "killed");
    expect_down(ref, to.pid, "killed");
    if (policy == PIT_OVERLOAD_BLOCK)
        expect_end(sender, "normal");
}

NODE_CASE(the_system_lane_passes_block) { the_lane_is_open(PIT_OVERLOAD_BLOCK); }
NODE_CASE(the_system_lane_passes_drop_newest) { the_lane_is_open(PIT_OVERLOAD_DROP_NEWEST); }
NODE_CASE(the_system_lane_passes_drop_oldest) { the_lane_is_open(PIT_OVERLOAD_DROP_OLDEST); }
NODE_CASE(the_system_lane_passes_exit) { the_lane_is_open(PIT_OVERLOAD_EXIT); }
NODE_CASE(the_system_lane_passes_call) { the_lane_is_open(PIT_OVERLOAD_CALL); }

static void ends_at_once(const void *arg) {}

/*
 * What the full one asked for itself: its DOWNs, its timeouts, its answers, and that a trace has
 * been delivered. None is dropped to make room either.
 */
static void full_itself(uint32_t policy)
{
    pit_monitored server = spawn_lane((pit_mailbox){0}, false);
    pit_monitored ends[20];
    pit_ref timers[20];

    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 3, .policy = policy}), 0);
    send_numbers(pit_self(), 0, 5);
    for (int i = 0; i < 20; i++) {
        ends[i] = spawn_watched(ends_at_once, NULL, 0);
        timers[i] = pit_start_timer(1, pit_self(), (uint64_t)i);
    }
    CHECK_EQ(ask(server.pid, &pit_type_question, 7), 0);
    (void)pit_trace_delivered(server.pid);
    pit_sleep(5);
    send_numbers(pit_self(), 5, 5);
    for (int i = 0; i < 20; i++) {
        expect_end(ends[i], "normal");
        CHECK(pit_receive_ref(timers[i], A_WHILE));
    }
    CHECK(pit_receive_only(pit_trace_delivered, A_WHILE));
    expect_numbers(policy == PIT_OVERLOAD_DROP_OLDEST ? 7 : 0, 3);
    pit_exit_process(server.pid, pit_atom("kill"));
    expect_end(server, "killed");
    expect_empty();
}
NODE_CASE(a_full_one_hears_what_it_asked_for)
{
    full_itself(PIT_OVERLOAD_DROP_NEWEST);
    full_itself(PIT_OVERLOAD_DROP_OLDEST);
}

static void answers_by(const void *arg) { pit_send(*(const pit_ref *)arg, answer, .n = 1); }

/*
 * An answer by an alias that is for replies, a monitor's too, comes into a full mailbox and is not
 * dropped to make room. ALIAS-1, ALIAS-4
 */
static void full_but_for_answers(uint32_t policy)
{
    pit_mailbox bound = {.messages = 3, .policy = policy, .overloaded = lets_be};
    int beyond = policy == PIT_OVERLOAD_EXIT ? 0 : 2;
    pit_pid watched = spawn_anywhere(wait_forever, NULL, 0);
    pit_monitored from[12];
    pit_ref refs[12];

    CHECK_EQ(pit_mailbox_bound(bound), 0);
    send_numbers(pit_self(), 0, 3 + beyond);
    for (int i = 0; i < 12; i++) {
        refs[i] = i % 2 ? pit_alias_with(.mode = PIT_ALIAS_REPLY)
                        : pit_monitor_with(watched, .alias = PIT_ALIAS_REPLY_DEMONITOR);
        from[i] = spawn_watched(answers_by, &refs[i], sizeof refs[i]);
    }
    for (int i = 0; i < 12; i++)
        expect_end(from[i], "normal");
    send_numbers(pit_self(), 3 + beyond, beyond);
    for (int i = 0; i < 12; i++)
        CHECK(pit_receive_ref(refs[i], 0));
    if (policy == PIT_OVERLOAD_BLOCK || policy == PIT_OVERLOAD_CALL)
        expect_numbers(0, 7); /* to oneself nobody waits, and a call drops nothing */
    else
        expect_numbers(policy == PIT_OVERLOAD_DROP_OLDEST ? 4 : 0, 3);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){0}), 0);
    pit_exit_process(watched, pit_atom("kill"));
    expect_empty();
}

NODE_CASE(a_full_one_gets_its_answers_by_alias)
{
    full_but_for_answers(PIT_OVERLOAD_BLOCK);
    full_but_for_answers(PIT_OVERLOAD_DROP_NEWEST);
    full_but_for_answers(PIT_OVERLOAD_DROP_OLDEST);
    full_but_for_answers(PIT_OVERLOAD_EXIT);
    full_but_for_answers(PIT_OVERLOAD_CALL);
}
