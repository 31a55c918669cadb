/*
 * Goal: Erlang/OTP's process_SUITE where it asks about other processes and oneself
 * (INFO-1..6, RECV-6). Method: each case names the one of OTP's whose question it asks in C; what
 * an item's value must be is brought about first.
 */
#include <stdio.h>

#include <pit/info.h>

#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);
PIT_MESSAGE(number, (int64_t, n));

static void ended(const void *arg) {}

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

static void is_asked(const void *arg)
{
    pit_pid asker = *(const pit_pid *)arg;

    (void)pit_trap_exit(true);
    CHECK_EQ(pit_register("asked", pit_self()), 0);
    (void)pit_start_timer(100000, pit_self(), 1);
    (void)pit_monitor(asker);
    pit_send(asker, ready);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
}

/*
 * INFO-1, INFO-2, INFO-4: what another says of itself; of the dead there is nothing.
 * OTP: process_SUITE/t_process_info, process_info_other, otp_4725
 */
NODE_CASE(the_items_of_another_are_as_it_is)
{
    pit_pid me = pit_self(), p;
    pit_process_info info;

    p = pit_spawn_with(is_asked, &me, sizeof me, .priority = PIT_PRIORITY_HIGH,
                       .label = "the label", .link = true, .scheduler = PIT_ANYWHERE);
    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    do
        info = info_of(p);
    while (info.status != PIT_WAITING);
    CHECK(pit_pid_equal(info.pid, p));
    CHECK(pit_pid_equal(info.parent, me));
    CHECK(info.trap_exit);
    CHECK(!info.is_supervisor);
    CHECK_EQ(info.priority, PIT_PRIORITY_HIGH);
    CHECK_STR(info.name, "asked");
    CHECK_STR(info.label, "the label");
    CHECK_EQ(info.links, 1);
    CHECK_EQ(info.monitors, 1);
    CHECK_EQ(info.monitored_by, 0);
    CHECK_EQ(info.timers, 1);
    CHECK_EQ(info.message_count, 0);
    CHECK(info.memory > 0);
    CHECK(info.reductions > 0);
    CHECK_EQ(info_of(me).monitored_by, 1);
    CHECK_EQ(info_of(me).links, 1);
    pit_unlink(p);
    CHECK_EQ(info_of(p).links, 0);
    pit_send(p, go);
    expect_alone();
    CHECK_EQ(pit_process_info_of(p, &info), -PIT_ENOPROC);
    CHECK_EQ(pit_process_info_of(PIT_NO_PID, &info), -PIT_ENOPROC);
}

static void begets(const void *arg)
{
    (void)spawn_anywhere(wait_forever, NULL, 0);
    pit_send(*(const pit_pid *)arg, ready);
}

/* INFO-5: who spawned it, also when that is gone; the first process has none.
   OTP: process_SUITE/process_info_parent */
NODE_CASE(a_process_knows_its_parent)
{
    pit_pid me = pit_self(), all[4];
    pit_monitored m = spawn_watched(begets, &me, sizeof me);
    int found = 0;

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    expect_end(m, "normal");
    for (size_t i = 0, n = pit_processes(all, 4); i < n; i++)
        if (!pit_pid_equal(all[i], me)) {
            CHECK(pit_pid_equal(info_of(all[i]).parent, m.pid));
            pit_exit_process(all[i], pit_atom("kill"));
            found++;
        }
    CHECK_EQ(found, 1);
    CHECK_EQ(info_of(me).parent.id, 0);
    expect_alone();
}

static void fills(const void *arg)
{
    for (int64_t i = 0; i < 100; i++)
        pit_send(*(const pit_pid *)arg, number, .n = i);
    pit_send(*(const pit_pid *)arg, ready);
}

/*
 * RECV-6, INFO-3: the length of one's own queue counts what is on its way in, and both ways to ask
 * agree. OTP: process_SUITE/process_info_self_signal, process_info_self_msgq_len,
 * process_info_self_msgq_len_messages, process_info_self_msgq_len_more
 */
NODE_CASE(the_own_queue_counts_all_that_has_come)
{
    pit_pid me = pit_self();

    for (int round = 0; round < 20; round++) {
        size_t n = 0, before;

        expect_end(spawn_watched(fills, &me, sizeof me), "normal"); /* so all it sent is here */
        before = pit_message_count();
        CHECK_EQ(before, 101);
        CHECK_EQ(info_of(me).message_count, before);
        pit_send(me, go);
        CHECK_EQ(pit_message_count(), 102);
        CHECK_EQ(info_of(me).message_count, 102);
        while (pit_receive(0))
            n++;
        CHECK_EQ(n, 102);
        CHECK_EQ(info_of(me).message_count, 0);
    }
}

static void floods_slowly(const void *arg)
{
    for (int64_t i = 0; i < 300; i++) {
        pit_send(*(const pit_pid *)arg, number, .n = i);
        if (i % 30 == 0)
            pit_yield();
    }
}

static void takes_go_only(const void *arg) { (void)pit_receive_type(&pit_type_go, PIT_INFINITY); }

/*
 * RECV-6, INFO-3: what the asker sent before is counted, the more others send meanwhile; the length
 * never falls. OTP: process_SUITE/process_info_other_message_queue_len_signal_race,
 * process_info_msgq_len_no_very_long_delay
 */
NODE_CASE(the_length_of_anothers_queue_is_right_under_load)
{
    pit_pid p = spawn_anywhere(takes_go_only, NULL, 0);
    size_t last = 0;

    for (int i = 0; i < 4; i++)
        (void)spawn_anywhere(floods_slowly, &p, sizeof p);
    for (size_t i = 1; i <= 100; i++) {
        size_t now;

        pit_send(p, number, .n = 1);
        now = info_of(p).message_count;
        CHECK(now >= i);
        CHECK(now > last || i == 1);
        last = now;
    }
    while (pit__node_processes() > 2)
        pit_sleep(1);
    CHECK_EQ(info_of(p).message_count, 4 * 300 + 100);
    pit_send(p, go);
    expect_alone();
}

static void signals_for_ever(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;

    (void)pit_trap_exit(true);
    for (;;) {
        (void)pit_demonitor(pit_monitor(p), PIT_DEMONITOR_FLUSH);
        pit_link(p);
        pit_unlink(p);
        (void)pit_is_alive(p); /* no more are under way than are handled: it comes behind them */
        pit_yield();
    }
}

/*
 * LIFE-2, INFO-3: signals that it handles do not make a waiting process look as if it ran.
 * OTP: process_SUITE/process_info_other_status, process_info_status_handled_signal
 */
NODE_CASE(handling_signals_is_not_running)
{
    pit_pid p = spawn_anywhere(takes_go_only, NULL, 0), other;

    while (info_of(p).status != PIT_WAITING)
        pit_yield();
    other = spawn_anywhere(signals_for_ever, &p, sizeof p);
    for (int i = 0; i < 300; i++)
        CHECK_EQ(info_of(p).status, PIT_WAITING);
    CHECK_EQ(info_of(pit_self()).status, PIT_RUNNING);
    pit_exit_process(other, pit_atom("kill"));
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

PIT_MESSAGE(inspect, (pit_pid, who));

static void inspects(const void *arg)
{
    pit_pid report_to = *(const pit_pid *)arg, other = pit_receive_only(inspect, A_WHILE)->who;
    pit_process_info info;

    for (int i = 0; i < 300; i++) {
        CHECK_EQ(pit_process_info_of(other, &info), 0);
        CHECK(pit_is_alive(other));
        if (i % 7 == 0)
            pit_send(other, number, .n = i);
    }
    pit_send(report_to, ready);
    wait_forever(NULL);
}

/*
 * INFO-3: processes that ask each other all at once: nobody waits for ever, nobody's message is
 * lost. OTP: process_SUITE/process_info_lock_reschedule, process_info_lock_reschedule2,
 * process_info_lock_reschedule3
 */
NODE_CASE(processes_that_ask_each_other_all_get_answers)
{
    enum { N = 6 };
    pit_pid me = pit_self(), p[N];

    for (int i = 0; i < N; i++)
        p[i] = spawn_anywhere(inspects, &me, sizeof me);
    for (int i = 0; i < N; i++)
        pit_send(p[i], inspect, .who = p[(i + 1) % N]);
    for (int i = 0; i < N; i++)
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    for (int i = 0; i < N; i++)
        CHECK(info_of(p[i]).message_count <= 43);
    for (int i = 0; i < N; i++)
        pit_exit_process(p[i], pit_atom("kill"));
    expect_alone();
}

static void works(const void *arg)
{
    for (;;) {
        (void)pit_make_ref();
        pit_yield();
    }
}

/* INFO-4: the count of reductions only grows, asked by itself and by others.
   OTP: process_SUITE/process_info_reductions */
NODE_CASE(reductions_only_grow)
{
    pit_pid p = spawn_anywhere(works, NULL, 0);
    uint64_t mine = 0, its = 0, first;

    first = info_of(p).reductions;
    for (int i = 0; i < 200; i++) {
        uint64_t a = info_of(pit_self()).reductions, b = info_of(p).reductions;

        CHECK(a >= mine && b >= its);
        mine = a;
        its = b;
        pit_yield();
    }
    while (info_of(p).reductions <= first)
        pit_yield();
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

static void asks_often(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;
    pit_process_info info;

    for (int i = 0; i < 200; i++) {
        int r = pit_process_info_of(p, &info);

        CHECK(r == 0 || r == -PIT_ENOPROC);
        CHECK(r == 0 || !pit_is_alive(p));
        (void)pit_read_timer((pit_ref){p, 1});
    }
}

/*
 * INFO-3, LIFE-7 step 3: very many questions to one process, which dies in the midst of them: each
 * is answered. OTP: process_SUITE/system_task_blast, system_task_failed_enqueue
 */
NODE_CASE(questions_to_the_dying_are_all_answered)
{
    for (int round = 0; round < 5; round++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        pit_monitored m[8];

        for (int i = 0; i < 8; i++)
            m[i] = spawn_watched(asks_often, &p, sizeof p);
        for (int i = 0; i < round * 3; i++)
            pit_yield();
        pit_exit_process(p, pit_atom("kill"));
        for (int i = 0; i < 8; i++)
            expect_end(m[i], "normal");
    }
    expect_alone();
}

static void sleeps(const void *arg) { pit_sleep(PIT_INFINITY); }
static void hibernates(const void *arg) { pit_hibernate(); }
static void selects(const void *arg) { (void)pit_receive_type(&pit_type_go, PIT_INFINITY); }
static void handler(void *state, const pit_msg *m) {}

/* INFO-4: all items of processes in all states. OTP: process_SUITE/process_info_smoke_all */
NODE_CASE(every_state_can_be_asked)
{
    pit_body *bodies[] = {ended, works, sleeps, hibernates, selects, wait_forever};
    enum { KINDS = sizeof bodies / sizeof *bodies };

    for (int round = 0; round < 10; round++) {
        pit_pid p[KINDS + 1];
        pit_process_info info;

        for (int i = 0; i < KINDS; i++)
            p[i] = spawn_anywhere(bodies[i], NULL, 0);
        p[KINDS] = pit_spawn_handler_with(handler, NULL, 0, .scheduler = PIT_ANYWHERE);
        for (int i = 0; i <= KINDS; i++) {
            int r = pit_process_info_of(p[i], &info);

            if (r == -PIT_ENOPROC)
                CHECK_EQ(i, 0);
            else {
                CHECK_EQ(r, 0);
                CHECK(pit_pid_equal(info.pid, p[i]));
                CHECK(pit_pid_equal(info.parent, pit_self()));
                CHECK(info.status <= PIT_EXITING);
            }
        }
        for (int i = 0; i <= KINDS; i++)
            pit_exit_process(p[i], pit_atom("kill"));
        expect_alone();
    }
}

/* ---- by item */

static pit_term item_of(pit_pid p, enum pit_info item)
{
    pit_term t;

    CHECK_EQ(pit_process_item(p, item, &t), 0);
    return t;
}
static const char *item(pit_pid p, enum pit_info what) { return text_of(item_of(p, what)); }

static const char *told(const char *format, pit_pid p)
{
    static char text[200];

    snprintf(text, sizeof text, format, text_of(pit_build("~", p)));
    return text;
}

/* Those of what is seldom asked for. */
static void unusual_items(pit_pid p)
{
    pit_pid me = pit_self();
    pit_tracer tracer = pit_tracer_open((pit_tracer_opts){0});

    CHECK_EQ(pit_trace(tracer, p, PIT_TRACE_SPAWN), 0);
    CHECK_STR(item(p, PIT_INFO_TRACER), told("%s", me));
    CHECK_EQ(pit_tracer_close(tracer), 0);
    CHECK_STR(item(p, PIT_INFO_TRACER), "undefined");
    CHECK_STR(item(me, PIT_INFO_PRIORITY_MESSAGES), "false");
    (void)pit_alias_with(.priority = true);
    CHECK_STR(item(me, PIT_INFO_PRIORITY_MESSAGES), "true");
}

/* The items that are numbers or hold some. p waits, so that it is where it is. */
static void counted_items(pit_pid p)
{
    const struct pit__sched *owner =
        atomic_load_explicit(&pit__slot_of(p)->owner, memory_order_relaxed);
    pit_pid me = pit_self();
    int64_t before, after, on;

    CHECK(pit_term_to(item_of(p, PIT_INFO_SCHEDULER), &on));
    CHECK_EQ(on, owner->index);
    CHECK(pit_term_to(item_of(me, PIT_INFO_REDUCTIONS), &before));
    pit_yield(); /* they are counted at the end of a slice */
    CHECK(pit_term_to(item_of(me, PIT_INFO_REDUCTIONS), &after));
    CHECK(after > before);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1, .policy = PIT_OVERLOAD_DROP_NEWEST}),
             0);
    for (int i = 0; i < 3; i++)
        pit_send(me, go);
    CHECK(strstr(item(me, PIT_INFO_MAILBOX), "dropped => 2"));
    CHECK(strstr(item(me, PIT_INFO_MAILBOX), "policy => drop_newest"));
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){0}), 0);
    CHECK(pit_receive_type(&pit_type_go, 0));
}

/* INFO-1, INFO-2, INFO-4, INFO-5: each item by its name; a registered name that is not there is [].
   OTP: process_SUITE/process_info_other */
NODE_CASE(each_item_can_be_asked_for_by_itself)
{
    pit_pid me = pit_self(), p;
    pit_ref by_name;

    CHECK_STR(item(me, PIT_INFO_REGISTERED_NAME), "[]");
    CHECK_STR(item(me, PIT_INFO_STATUS), "running");
    CHECK_STR(item(me, PIT_INFO_PARENT), "undefined");
    p = pit_spawn_with(is_asked, &me, sizeof me, .priority = PIT_PRIORITY_HIGH, .link = true,
                       .scheduler = PIT_ANYWHERE);
    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    while (strcmp(item(p, PIT_INFO_STATUS), "waiting") != 0)
        pit_yield();
    CHECK_STR(item(p, PIT_INFO_REGISTERED_NAME), "asked");
    CHECK_STR(item(p, PIT_INFO_PRIORITY), "high");
    CHECK_STR(item(p, PIT_INFO_TRAP_EXIT), "true");
    CHECK_STR(item(p, PIT_INFO_LINKS), told("[%s]", me));
    CHECK_STR(item(p, PIT_INFO_MONITORS), told("[{process,%s}]", me));
    CHECK_STR(item(me, PIT_INFO_MONITORED_BY), told("[%s]", p));
    CHECK_STR(item(p, PIT_INFO_MONITORED_BY), "[]");
    CHECK_STR(item(p, PIT_INFO_PARENT), told("%s", me));
    CHECK_STR(item(p, PIT_INFO_GROUP_LEADER), told("%s", me));
    CHECK_STR(item(p, PIT_INFO_MESSAGE_QUEUE_LEN), "0");
    CHECK_STR(item(p, PIT_INFO_TIMERS), "1");
    CHECK_STR(item(p, PIT_INFO_SUSPENDING), "[]");
    CHECK_STR(item(p, PIT_INFO_SENSITIVE), "false");
    CHECK_STR(item(p, PIT_INFO_PRIORITY_MESSAGES), "false");
    CHECK_STR(item(p, PIT_INFO_TRACE), "0");
    CHECK_STR(item(p, PIT_INFO_TRACER), "undefined");
    CHECK_STR(item(p, PIT_INFO_MAILBOX), "undefined");
    CHECK_STR(item(p, PIT_INFO_MAX_HEAP_SIZE), "#{error_logger => true,kill => true,size => 0}");
    CHECK(pit_is_binary(item_of(p, PIT_INFO_CURRENT_LOCATION)));
    CHECK(pit_is_binary(item_of(p, PIT_INFO_INITIAL_CALL)));
    CHECK(pit_list_length(item_of(p, PIT_INFO_CURRENT_STACKTRACE)) > 0);
    CHECK_EQ(pit_suspend(p, 0), 0);
    CHECK_STR(item(p, PIT_INFO_STATUS), "suspended");
    CHECK_STR(item(me, PIT_INFO_SUSPENDING), told("[{%s,1}]", p));
    CHECK_STR(item(p, PIT_INFO_SUSPENDED_BY), told("[%s]", me));
    CHECK_EQ(pit_resume(p), 0);
    by_name = pit_monitor_name("asked");
    CHECK_STR(item(me, PIT_INFO_MONITORS), "[{process,asked}]");
    CHECK_EQ(pit_demonitor(by_name, 0), 1);
    pit_unlink(p);
    CHECK_STR(item(p, PIT_INFO_LINKS), "[]"); /* LINK-10 */
    counted_items(p);
    unusual_items(p);
    pit_send(p, go);
    expect_alone();
}

enum { BINARY_BYTES = 1000 };

static void uses_binaries(const void *arg)
{
    static const char bytes[BINARY_BYTES];
    pit_term one = pit_bytes(bytes, sizeof bytes);

    (void)pit_tuple(one, pit_bytes(bytes, 64)); /* so few are part of the term */
    pit_send(*(const pit_pid *)arg, ready);
    pit_sleep(PIT_INFINITY);
}

static void shares_a_binary(const void *arg)
{
    static const char bytes[BINARY_BYTES];

    (void)pit_put(pit_atom("kept"), pit_bytes(bytes, sizeof bytes)); /* shared, not copied */
    pit_send(*(const pit_pid *)arg, ready);
    pit_sleep(PIT_INFINITY);
}

/* INFO-4: the binaries that another's terms use are told by size and uses. */
NODE_CASE(the_binaries_of_another_are_told)
{
    pit_pid me = pit_self(), p = spawn_anywhere(uses_binaries, &me, sizeof me);
    int64_t bytes, uses;
    pit_term all, one;

    CHECK_STR(item(me, PIT_INFO_BINARY), "[]");
    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    all = item_of(p, PIT_INFO_BINARY);
    CHECK_EQ(pit_list_length(all), 1);
    one = pit_list_head(all);
    CHECK(pit_match(one, "{_, ~, ~}", &bytes, &uses));
    CHECK(bytes >= BINARY_BYTES && bytes < 2 * BINARY_BYTES);
    CHECK_EQ(uses, 1);
    CHECK(pit_term_equal(one, pit_list_head(item_of(p, PIT_INFO_BINARY))));
    pit_exit_process(p, pit_atom("kill"));
    p = spawn_anywhere(shares_a_binary, &me, sizeof me);
    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    CHECK(pit_match(pit_list_head(item_of(p, PIT_INFO_BINARY)), "{_, ~, ~}", &bytes, &uses));
    CHECK_EQ(uses, 2); /* its term's, and its dictionary's */
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

/*
 * INFO-2: a list of items keeps its order, and what comes twice; a wrong one is refused, and of the
 * dead there is nothing. OTP: process_SUITE/process_info_2_list
 */
NODE_CASE(a_list_of_items_keeps_its_order)
{
    const enum pit_info items[] = {PIT_INFO_PRIORITY, PIT_INFO_LINKS, PIT_INFO_REGISTERED_NAME,
                                   PIT_INFO_PRIORITY, PIT_INFO_STATUS};
    enum pit_info many[65] = {0}, wrong[] = {PIT_INFO_STATUS, (enum pit_info)99};
    pit_term t[65] = {0};
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

    CHECK_EQ(pit_process_items(p, items, 5, t), 0);
    CHECK_STR(text_of(pit_list_of(t, 4)), "[normal,[],[],normal]");
    CHECK(pit_is_atom(t[4]));
    CHECK_EQ(pit_process_items(p, items, 0, NULL), 0);
    CHECK_EQ(pit_process_items(p, many, 64, t), 0);
    t[0] = pit_atom("untouched");
    CHECK_EQ(pit_process_items(p, many, 65, t), -EINVAL);
    CHECK_EQ(pit_process_items(p, wrong, 2, t), -EINVAL);
    CHECK_EQ(pit_process_item(p, PIT_INFO_ITEMS, t), -EINVAL);
    pit_exit_process(p, pit_atom("kill"));
    CHECK_EQ(pit_process_items(p, items, 5, t), -PIT_ENOPROC); /* INFO-3 */
    CHECK_EQ(pit_process_item(PIT_NO_PID, PIT_INFO_LINKS, t), -PIT_ENOPROC);
    CHECK_EQ(pit_process_dictionary(p, pit_atom("key"), t), -PIT_ENOPROC);
    CHECK(pit_atom_is(t[0], "untouched"));
    expect_alone();
}

/*
 * INFO-3, INFO-4, RECV-6: what waits in another's queue, in order, what the asker sent before
 * included; of a long queue the oldest. OTP: process_SUITE/process_info_messages,
 * process_info_other_msg, message_queue_data_SUITE/process_info_messages
 */
NODE_CASE(the_messages_of_another_are_told_and_not_shown)
{
    pit_pid me = pit_self(), p = spawn_anywhere(takes_go_only, NULL, 0);

    CHECK_STR(item(p, PIT_INFO_MESSAGES), "[]");
    pit_send(p, number, .n = 1);
    pit_send(p, ready);
    CHECK_STR(item(p, PIT_INFO_MESSAGES),
              text_of(pit_list(pit_tuple("number", 8, me), pit_tuple("ready", 1, me))));
    for (int i = 0; i < PIT_INFO_MESSAGES_MOST; i++)
        pit_send(p, number, .n = i);
    CHECK_EQ(pit_list_length(item_of(p, PIT_INFO_MESSAGES)), PIT_INFO_MESSAGES_MOST);
    CHECK_STR(item(p, PIT_INFO_MESSAGE_QUEUE_LEN),
              text_of(pit_term_of(PIT_INFO_MESSAGES_MOST + 2)));
    pit_send(me, ready);
    CHECK_STR(item(me, PIT_INFO_MESSAGES), text_of(pit_list(pit_tuple("ready", 1, me))));
    pit_send(p, go);
    expect_alone();
}

static void remembers(const void *arg)
{
    (void)pit_put(pit_atom("key"), pit_build("{a, [~, \"text\"]}", 1.5));
    (void)pit_put(pit_build("{1, 2}"), pit_atom("two"));
    pit_send(*(const pit_pid *)arg, ready);
    wait_forever(NULL);
}

/* PD-1, INFO-4: another's dictionary, and what it has under one key.
   OTP: process_SUITE/process_info_dict_lookup */
NODE_CASE(one_key_of_anothers_dictionary)
{
    pit_pid me = pit_self(), p = spawn_anywhere(remembers, &me, sizeof me);
    pit_term t;

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    CHECK_EQ(pit_process_dictionary(p, pit_atom("key"), &t), 0);
    CHECK_STR(text_of(t), "{a,[1.5,\"text\"]}");
    CHECK_EQ(pit_process_dictionary(p, pit_build("{1, 2}"), &t), 0);
    CHECK_STR(text_of(t), "two");
    CHECK_EQ(pit_process_dictionary(p, pit_build("{1, 3}"), &t), 0);
    CHECK_STR(text_of(t), "undefined");
    t = item_of(p, PIT_INFO_DICTIONARY);
    CHECK_EQ(pit_list_length(t), 2);
    CHECK_EQ(pit_process_dictionary(me, pit_atom("key"), &t), 0);
    CHECK_STR(text_of(t), "undefined");
    (void)pit_put(pit_atom("key"), pit_atom("mine"));
    CHECK_STR(item(me, PIT_INFO_DICTIONARY), "[{key,mine}]");
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

static void sets_label(const void *arg)
{
    pit_set_label("of the long way");
    pit_send(*(const pit_pid *)arg, ready);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    pit_set_label(NULL);
    pit_send(*(const pit_pid *)arg, ready);
    wait_forever(NULL);
}

/* PD-2, INFO-4. OTP: process_SUITE/process_info_label */
NODE_CASE(a_label_is_an_item)
{
    pit_pid me = pit_self(), p = spawn_anywhere(sets_label, &me, sizeof me);

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    CHECK_STR(item(p, PIT_INFO_LABEL), "<<\"of the long way\">>");
    pit_send(p, go);
    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    CHECK_STR(item(p, PIT_INFO_LABEL), "undefined");
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

static void has_memory(const void *arg)
{
    pit_process_info info;
    int64_t heap, total, stack, memory;
    pit_term t[4];

    (void)pit_alloc(800000);
    (void)pit_build("[1, 2, 3]");
    CHECK_EQ(pit_process_items(pit_self(),
                               (enum pit_info[]){PIT_INFO_HEAP_SIZE, PIT_INFO_TOTAL_HEAP_SIZE,
                                                 PIT_INFO_STACK_SIZE, PIT_INFO_MEMORY},
                               4, t),
             0);
    CHECK(pit_term_to(t[0], &heap) && pit_term_to(t[1], &total) && pit_term_to(t[2], &stack) &&
          pit_term_to(t[3], &memory));
    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK_EQ(heap, info.term_memory / 8);
    CHECK(total >= heap + 100000 && total < heap + 110000);
    CHECK(memory >= 8 * total);
    CHECK(stack > 0 && stack < 64 * 1024 / 8);
}

/* INFO-6: sizes of heap and stack are in words, memory is in bytes. */
NODE_CASE(sizes_are_in_words_and_memory_in_bytes)
{
    expect_end(spawn_watched(has_memory, NULL, 0), "normal");
}

static void hides(const void *arg)
{
    (void)pit_put(pit_atom("key"), pit_atom("secret"));
    CHECK_EQ(pit_process_flag(PIT_FLAG_SENSITIVE, 1), 0);
    pit_send(*(const pit_pid *)arg, ready);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
}

/* Section 11, INFO-4: of a sensitive process neither messages nor dictionary nor where it stands
   are told. */
NODE_CASE(of_the_sensitive_nothing_private_is_told)
{
    pit_pid me = pit_self(), p = spawn_anywhere(hides, &me, sizeof me);
    pit_term t;

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    pit_send(p, number, .n = 1);
    CHECK_STR(item(p, PIT_INFO_SENSITIVE), "true");
    CHECK_STR(item(p, PIT_INFO_MESSAGES), "[]");
    CHECK_STR(item(p, PIT_INFO_MESSAGE_QUEUE_LEN), "1");
    CHECK_STR(item(p, PIT_INFO_DICTIONARY), "[]");
    CHECK_STR(item(p, PIT_INFO_CURRENT_FUNCTION), "undefined");
    CHECK_STR(item(p, PIT_INFO_CURRENT_LOCATION), "undefined");
    CHECK_STR(item(p, PIT_INFO_CURRENT_STACKTRACE), "[]");
    CHECK_EQ(pit_process_dictionary(p, pit_atom("key"), &t), 0);
    CHECK_STR(text_of(t), "undefined");
    pit_send(p, go);
    expect_alone();
}

static void asks_everything(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;
    enum pit_info all[PIT_INFO_ITEMS];
    pit_term t[PIT_INFO_ITEMS];

    for (int i = 0; i < PIT_INFO_ITEMS; i++)
        all[i] = (enum pit_info)i;
    for (;;) {
        int r = pit_process_items(p, all, PIT_INFO_ITEMS, t);

        CHECK(r == 0 || r == -PIT_ENOPROC);
        pit_term_release_all();
        pit_yield();
    }
}

/* INFO-3, LIFE-7: all items of one that dies meanwhile; askers that are killed as they wait leave
   nothing behind. */
NODE_CASE(askers_and_asked_may_end_at_any_time)
{
    for (int round = 0; round < 6; round++) {
        pit_pid me = pit_self(), p = spawn_anywhere(remembers, &me, sizeof me);
        pit_monitored m[6];

        for (int i = 0; i < 6; i++)
            m[i] = spawn_watched(asks_everything, &p, sizeof p);
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        for (int i = 0; i < round; i++)
            pit_yield();
        for (int i = 0; i < 6; i++) {
            if (i == 3)
                pit_exit_process(p, pit_atom("kill"));
            pit_exit_process(m[i].pid, pit_atom("kill"));
            expect_end(m[i], "killed");
        }
        expect_alone();
    }
}

static void remembers_much(const void *arg)
{
    pit_term list = pit_nil();

    for (int i = 0; i < 100000; i++)
        list = pit_list_cons(pit_int(i), list);
    (void)pit_put(pit_atom("list"), list);
    pit_send(*(const pit_pid *)arg, ready);
    wait_forever(NULL);
}

/* INFO-2: an answer beyond all bounds is refused, and harms nobody. */
NODE_CASE_WITH(an_answer_that_is_too_large_is_refused, .schedulers = 2)
{
    pit_pid me = pit_self(), p = spawn_anywhere(remembers_much, &me, sizeof me);
    enum pit_info items[64];
    pit_term t[64];

    for (int i = 0; i < 64; i++)
        items[i] = PIT_INFO_DICTIONARY;
    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    CHECK_EQ(pit_process_items(p, items, 64, t), -E2BIG);
    CHECK_EQ(pit_process_dictionary(p, pit_atom("list"), t), 0);
    CHECK_EQ(pit_list_length(t[0]), 100000);
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}
