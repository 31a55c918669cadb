/*
 * Goal: spawn requests (SPAWN-7) and the options and entries of every spawn (SPAWN-1..5).
 * Method: cases of the specification in a node (node.h); each placement in turn: the requester's
 * own scheduler, another one, anywhere.
 */
#include <malloc.h>

#include "tests/runtime/node.h"

PIT_MESSAGE(go);
PIT_MESSAGE(number, (int, n));
PIT_MESSAGE(hello, (pit_pid, who));

static void ended(const void *arg) {}
static void told_to_end(const void *arg)
{
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    pit_exit(pit_atom("told"));
}
static void greets(const void *arg) { pit_send(*(const pit_pid *)arg, hello, .who = pit_self()); }

/* Where the i-th goes. */
static int16_t place(int i)
{
    int n = (int)pit__node.count;

    return (int16_t)(i % 3 == 0 ? 0 : i % 3 == 1 ? PIT_ANYWHERE : PIT_ON(i / 3 % n));
}

static const struct pit_spawn_reply *reply_of(pit_ref request)
{
    return pit_as(pit_receive_ref(request, A_WHILE), pit_spawn_reply);
}

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

/* SPAWN-7; OTP: process_SUITE/spawn_request_bif */
NODE_CASE(a_request_is_answered_with_the_process)
{
    pit_pid me = pit_self();

    for (int i = 0; i < 60; i++) {
        pit_ref r = pit_spawn_request(told_to_end, NULL, 0, .scheduler = place(i),
                                      .reply_tag = pit_build("{mine, ~}", i));
        const struct pit_spawn_reply *m = reply_of(r);
        pit_pid p = pit_must(m->pid);

        CHECK_STR(text_of(m->tag), text_of(pit_build("{mine, ~}", i)));
        CHECK(pit_is_alive(p));
        CHECK(pit_pid_equal(info_of(p).parent, me));
        CHECK_EQ(info_of(p).links + info_of(p).monitored_by, 0);
        CHECK(!pit_spawn_request_abandon(r));
        pit_send(p, go);
        r = pit_spawn_request(greets, &me, sizeof me, .scheduler = place(i));
        m = reply_of(r);
        CHECK_STR(text_of(m->tag), "undefined");
        p = m->pid;
        CHECK(pit_pid_equal(pit_receive_only(hello, A_WHILE)->who, p));
    }
    expect_alone();
    expect_empty();
}

static void on_hello(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start))
        pit_send(*(pit_pid *)state, hello, .who = pit_self());
    else
        pit_exit(pit_atom("told"));
}

NODE_CASE(a_request_for_a_callback_process)
{
    pit_pid me = pit_self();

    for (int i = 0; i < 30; i++) {
        pit_ref r = pit_spawn_request_handler(on_hello, &me, sizeof me, .scheduler = place(i),
                                              .monitor = true);
        pit_pid p = pit_must(reply_of(r)->pid);

        CHECK(pit_pid_equal(pit_receive_only(hello, A_WHILE)->who, p));
        pit_send(p, go);
        expect_down(r, p, "told");
    }
}

/* SPAWN-7: reply modes; OTP: process_SUITE/spawn_request_reply_option */
NODE_CASE(reply_modes)
{
    static const struct {
        uint8_t mode;
        bool good, bad;
    } modes[] = {{PIT_REPLY_YES, true, true},
                 {PIT_REPLY_NO, false, false},
                 {PIT_REPLY_ERROR_ONLY, false, true},
                 {PIT_REPLY_SUCCESS_ONLY, true, false}};

    for (int i = 0; i < 48; i++) {
        pit_ref r = pit_spawn_request(told_to_end, NULL, 0, .reply = modes[i % 4].mode,
                                      .scheduler = place(i / 4), .monitor = true, .name = "child");
        pit_pid p;

        if (modes[i % 4].good)
            CHECK(!pit_error(reply_of(r)->pid));
        while (!(p = pit_whereis("child")).id)
            pit_yield();
        pit_send(p, go);
        expect_down(r, p, "told"); /* the monitor is there whatever the mode */
        r = pit_spawn_request(ended, NULL, 0, .reply = modes[i % 4].mode, .priority = 77);
        if (modes[i % 4].bad)
            CHECK_EQ(pit_error(reply_of(r)->pid), -EINVAL);
        CHECK(!pit_receive_ref(r, 0));
        CHECK_EQ(pit_demonitor(r, 0), 0);
    }
    expect_alone();
    expect_empty();
}

/* SPAWN-7: failures come as messages: badopt, system_limit and ours */
NODE_CASE_WITH(a_request_that_fails_says_why, .schedulers = 2, .opts = {.processes = 1024})
{
    size_t room = 20000, n = 0;
    pit_pid *held = pit_alloc(room * sizeof *held), p;
    pit_ref r;

    pit_must(pit_register("taken", pit_self()));
    r = pit_spawn_request(ended, NULL, 0, .name = "taken", .link = true, .monitor = true,
                          .reply_tag = pit_atom("t"));
    CHECK_EQ(pit_error(reply_of(r)->pid), -PIT_ENAMETAKEN);
    CHECK_EQ(pit_error(reply_of(pit_spawn_request(ended, NULL, 0, .name = ""))->pid), -EINVAL);
    for (int mode = 4; mode < 256; mode++) { /* no mode of an answer: it is answered */
        r = pit_spawn_request(ended, NULL, 0, .reply = (uint8_t)mode);
        CHECK_EQ(pit_error(reply_of(r)->pid), -EINVAL);
    }
    CHECK_EQ(pit_error(reply_of(pit_spawn_request(ended, NULL, 0, .monitor = true,
                                                  .alias = PIT_ALIAS_REPLY))
                           ->pid),
             -EINVAL);
    CHECK_EQ(info_of(pit_self()).links + info_of(pit_self()).monitors, 0);
    expect_alone();
    for (;;) {
        p = reply_of(pit_spawn_request(told_to_end, NULL, 0, .link = true, .stack = 16 * 1024))
                ->pid;
        if (p.id < 0)
            break;
        CHECK(n < room);
        held[n++] = p;
    }
    CHECK_EQ(pit_error(p), -PIT_ESYSTEMLIMIT);
    (void)pit_trap_exit(true);
    for (size_t i = 0; i < n; i++) {
        pit_send(held[i], go);
        expect_exited(held[i], "told");
    }
    expect_empty();
}

/*
 * SPAWN-7: reply, then EXIT, then DOWN, LIFE-9; however short the child lives.
 * OTP: process_SUITE/spawn_request_monitor_child_exit, spawn_request_link_child_exit
 */
NODE_CASE(the_reply_comes_before_all_that_the_child_sends)
{
    pit_pid me = pit_self();

    (void)pit_trap_exit(true);
    for (int i = 0; i < 300; i++) {
        bool link = i % 2, monitor = i / 2 % 2;
        pit_ref r = pit_spawn_request(greets, &me, sizeof me, .link = link, .monitor = monitor,
                                      .scheduler = place(i));
        const pit_msg *m = pit_receive(A_WHILE);
        pit_pid p = pit_as(m, pit_spawn_reply)->pid;

        CHECK(pit_ref_equal(pit_as(m, pit_spawn_reply)->request, r));
        CHECK(pit_pid_equal(pit_as(pit_receive(A_WHILE), hello)->who, p));
        if (link)
            CHECK(pit_pid_equal(pit_as(pit_receive(A_WHILE), pit_exited)->pid, p));
        if (monitor) {
            const struct pit_down *d = pit_as(pit_receive(A_WHILE), pit_down);

            CHECK(pit_ref_equal(d->ref, r));
            CHECK_STR(text_of(d->reason), "normal");
        }
    }
    expect_alone();
    expect_empty();
}

static void killer(const void *arg)
{
    pit_pid p;

    for (;;) {
        if ((p = pit_whereis("victim")).id)
            pit_exit_process(p, pit_atom("kill"));
        pit_yield();
    }
}

/* SPAWN-2, SPAWN-7: one that is killed on its way to its scheduler is answered for and heard of
   like others. */
NODE_CASE(a_child_that_is_killed_before_it_runs)
{
    pit_pid k = spawn_anywhere(killer, NULL, 0);

    (void)pit_trap_exit(true);
    for (int i = 0; i < 200; i++) {
        pit_ref r = pit_spawn_request(wait_forever, NULL, 0, .link = true, .monitor = true,
                                      .scheduler = place(i), .name = "victim");
        pit_pid p = pit_must(pit_as(pit_receive(A_WHILE), pit_spawn_reply)->pid);

        expect_exited(p, "killed");
        expect_down(r, p, "killed");
    }
    expect_empty();
    pit_exit_process(k, pit_atom("kill"));
    expect_alone();
}

/* SPAWN-7: tag, alias and reference of the monitor; OTP: process_SUITE/spawn_monitor_alias */
NODE_CASE(options_of_the_monitor_of_a_request)
{
    for (int i = 0; i < 30; i++) {
        pit_ref r = pit_spawn_request(told_to_end, NULL, 0, .monitor = true,
                                      .alias = PIT_ALIAS_DEMONITOR, .tag = pit_build("{t, ~}", i),
                                      .reply_tag = pit_atom("r"), .scheduler = place(i));
        pit_pid p = pit_must(reply_of(r)->pid);
        const struct pit_down *d;

        pit_send(r, number, .n = i);
        CHECK_EQ(pit_as(pit_receive_ref(r, A_WHILE), number)->n, i);
        if (i % 2) {
            CHECK_EQ(pit_demonitor(r, 0), 1);
            pit_send(p, go);
        } else {
            pit_send(p, go);
            d = pit_as(pit_receive_ref(r, A_WHILE), pit_down);
            CHECK(pit_pid_equal(d->pid, p));
            CHECK_STR(text_of(d->tag), text_of(pit_build("{t, ~}", i)));
        }
        pit_send(r, number, .n = i);
        expect_empty();
    }
}

/* SPAWN-7: before the reply nothing can be undone.
   OTP: process_SUITE/spawn_request_monitor_demonitor */
NODE_CASE(a_request_cannot_be_demonitored_before_its_reply)
{
    for (int i = 0; i < 60; i++) {
        pit_ref r = pit_spawn_request(told_to_end, NULL, 0, .monitor = true, .scheduler = place(i));
        int active = pit_demonitor(r, PIT_DEMONITOR_FLUSH);
        pit_pid p = pit_must(pit_as(pit_receive(A_WHILE), pit_spawn_reply)->pid);

        pit_send(p, go);
        if (!active)
            expect_down(r, p, "told");
        expect_empty();
    }
    expect_alone();
}

/*
 * LINK-1, SPAWN-7: who links to a child by its name before the reply has one link with it, and not
 * a second when the request is completed; who unlinks again has none.
 */
NODE_CASE(a_link_before_the_reply_is_the_only_one)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 60; i++) {
        bool unlink = i % 2;
        pit_ref r = pit_spawn_request(told_to_end, NULL, 0, .link = true, .scheduler = place(i / 2),
                                      .name = "early");
        pit_pid p = pit_whereis("early");

        pit_link(p);
        if (unlink)
            pit_unlink(p);
        CHECK(pit_pid_equal(reply_of(r)->pid, p));
        CHECK_EQ(info_of(p).links, !unlink);
        CHECK_EQ(info_of(pit_self()).links, !unlink);
        pit_send(p, go);
        if (!unlink)
            expect_exited(p, "told");
        expect_alone();
        CHECK_EQ(info_of(pit_self()).links, 0);
        expect_empty();
    }
}

/* ---- abandoning. SPAWN-7; OTP: process_SUITE/spawn_request_abandon_bif */

NODE_CASE(an_abandoned_request_leaves_nothing)
{
    int given_up = 0;

    for (int i = 0; i < 200; i++) {
        bool link = i % 2, monitor = i / 2 % 2;
        pit_ref r = pit_spawn_request(
            told_to_end, NULL, 0, .link = link, .monitor = monitor, .scheduler = place(i),
            .name = "orphan", .tag = pit_build("{t, ~}", i), .reply_tag = pit_build("{r, ~}", i));
        bool was;

        for (int k = i / 4 % 3; k > 0; k--)
            pit_yield();
        was = pit_spawn_request_abandon(r);
        CHECK(!pit_spawn_request_abandon(r));
        given_up += was;
        if (was) {
            pit_pid orphan;

            if (!link) { /* it lives, and knows nothing of us */
                while (!(orphan = pit_whereis("orphan")).id)
                    pit_yield();
                CHECK_EQ(info_of(orphan).links, 0);
                CHECK_EQ(info_of(orphan).monitored_by, 0);
                pit_send(orphan, go);
            }
            expect_alone();
        } else {
            pit_pid p = pit_must(reply_of(r)->pid);

            pit_unlink(p);
            pit_send(p, go);
            if (monitor)
                expect_down(r, p, "told");
            expect_alone();
        }
        CHECK(!pit_receive_ref(r, 0));
        expect_empty();
    }
    CHECK(given_up > 0); /* at once after the request the answer is never there yet */
    CHECK_EQ(info_of(pit_self()).links + info_of(pit_self()).monitors, 0);
    CHECK(!pit_spawn_request_abandon(pit_make_ref()));
}

static void sees_abandoned(const void *arg)
{
    const pit_msg *m;

    (void)pit_trap_exit(true);
    pit_send(*(const pit_pid *)arg, hello, .who = pit_self());
    m = pit_receive_type(&pit_type_pit_exited, A_WHILE);
    CHECK(m);
    pit_exit(pit_build("{saw, ~}", pit_as(m, pit_exited)->reason));
}

/* SPAWN-7: the child gets `abandoned`, from who asked for it; it is an exit signal like others. */
NODE_CASE(an_abandoned_child_is_told_so)
{
    (void)pit_trap_exit(true); /* of a completed request the link is ours */
    for (int i = 0; i < 40; i++) {
        pit_pid me = pit_self(), p;
        pit_ref r, d;

        r = pit_spawn_request(sees_abandoned, &me, sizeof me, .link = true, .scheduler = place(i),
                              .name = "abandoned");
        d = pit_monitor_name("abandoned");
        if (i % 2 == 0 && pit_spawn_request_abandon(r)) {
            const char *reason = text_of(pit_as(pit_receive_ref(d, A_WHILE), pit_down)->reason);

            /* Whether it trapped exits by then is a race. */
            CHECK(!strcmp(reason, "abandoned") || !strcmp(reason, "{saw,abandoned}"));
            (void)pit_receive_type(&pit_type_hello, 0);
            continue;
        }
        p = pit_must(reply_of(r)->pid);
        CHECK(pit_pid_equal(pit_receive_only(hello, A_WHILE)->who, p));
        pit_exit_process(p, pit_atom("asked"));
        expect_down(d, p, "{saw,asked}");
        expect_exited(p, "{saw,asked}");
    }
    expect_empty();
}

/* ---- the requester ends: OTP: process_SUITE/spawn_request_link_parent_exit,
   spawn_request_link_parent_exit_compound_reason */

struct ends_soon {
    int i;
    bool link;
};
static void asks_and_ends(const void *arg)
{
    const struct ends_soon *e = arg;

    (void)pit_spawn_request(e->link ? wait_forever : ended, NULL, 0, .link = e->link,
                            .monitor = true, .scheduler = place(e->i),
                            .tag = pit_build("{t, ~}", e->i), .name = "left");
    for (int k = e->i / 3 % 3; k > 0; k--)
        pit_yield();
    pit_exit(pit_build("{my, [reason, ~]}", e->i));
}

NODE_CASE(a_requester_that_ends_takes_the_linked_child_along)
{
    for (int i = 0; i < 120; i++) {
        struct ends_soon e = {i, i % 2};
        pit_monitored m = spawn_watched(asks_and_ends, &e, sizeof e);
        pit_ref d;
        const char *reason;

        while (!pit_whereis("left").id && i % 2 && pit_is_alive(m.pid))
            pit_yield();
        d = pit_monitor_name("left");
        expect_end(m, text_of(pit_build("{my, [reason, ~]}", i)));
        reason = text_of(pit_as(pit_keep(pit_receive_ref(d, A_WHILE)), pit_down)->reason);
        if (e.link)
            CHECK(!strcmp(reason, "noproc") ||
                  !strcmp(reason, text_of(pit_build("{my, [reason, ~]}", i))));
        expect_alone();
    }
    expect_empty();
}

/* ---- the other spawns */

/* A pointer that leads nowhere, or a term that is none, with tags of some KiB. */
static void spawns_wrongly(const void *arg)
{
    int way = *(const int *)arg;
    const void *nowhere = (const void *)8;
    pit_term tag = pit_list_of(NULL, 0);
    pit_ref r;

    for (int i = 0; i < 512; i++)
        tag = pit_list_cons(pit_int(i), tag);
    if (way == 0)
        (void)pit_spawn_with(ended, nowhere, 16, .monitor = true, .ret_ref = &r, .tag = tag);
    else if (way == 1)
        (void)pit_spawn_with(ended, NULL, 0, .monitor = true, .ret_ref = &r, .tag = tag,
                             .name = nowhere);
    else if (way == 2)
        (void)pit_spawn_request(ended, nowhere, 16, .monitor = true, .tag = tag, .reply_tag = tag);
    else
        (void)pit_spawn_request(ended, NULL, 0, .monitor = true, .tag = tag,
                                .reply_tag = {(uint64_t)(uintptr_t)nowhere | (tag.word & 7)});
}

/* SPAWN-1, LIFE-7: who faults in a spawn leaves nothing of it behind, not even the tag's copy. */
NODE_CASE(a_fault_in_a_spawn_leaves_no_tag)
{
    size_t before = 0;

    for (int i = 0; i < 136; i++) {
        int way = i % 4;
        pit_monitored m = spawn_watched(spawns_wrongly, &way, sizeof way);
        const struct pit_down *d = pit_as(pit_receive_ref(m.ref, A_WHILE), pit_down);

        CHECK(!strncmp(text_of(d->reason), "{fault,'SIGSEGV',", 17));
        if (i == 7)
            before = mallinfo2().uordblks;
    }
    CHECK(mallinfo2().uordblks < before + 256 * 1024); /* of 128 times 8 or 16 KiB */
    expect_alone();
    expect_empty();
}

/* SPAWN-5 */
NODE_CASE(a_process_without_a_function_ends_with_undef)
{
    pit_monitored m[3];
    pit_ref r;
    const char *reason;

    m[0] = pit_spawn_monitor(NULL, NULL, 0);
    m[1].pid = pit_spawn_handler_with(NULL, "state", 5, .monitor = true, .ret_ref = &m[1].ref,
                                      .scheduler = PIT_ANYWHERE);
    m[2].pid = spawn_anywhere(told_to_end, NULL, 0);
    r = pit_spawn_request(NULL, NULL, 0, .monitor = true);
    m[2] = (pit_monitored){pit_must(reply_of(r)->pid), r};
    for (int i = 0; i < 3; i++) {
        reason = text_of(pit_as(pit_receive_ref(m[i].ref, A_WHILE), pit_down)->reason);
        CHECK(!strncmp(reason, "{undef,", 7));
    }
}

/* SPAWN-1, SPAWN-4: tag and alias of a monitor that a spawn makes;
   OTP: process_SUITE/spawn_monitor_alias */
NODE_CASE(options_of_the_monitor_of_a_spawn)
{
    for (int i = 0; i < 30; i++) {
        pit_ref r;
        pit_pid p = pit_spawn_with(told_to_end, NULL, 0, .monitor = true, .ret_ref = &r,
                                   .alias = PIT_ALIAS_REPLY_DEMONITOR, .tag = pit_build("[~]", i),
                                   .scheduler = place(i));

        if (i % 2) {
            pit_send(r, number, .n = i);
            CHECK_EQ(pit_receive_only(number, A_WHILE)->n, i);
            CHECK_EQ(pit_demonitor(r, 0), 0);
            pit_send(p, go);
        } else {
            pit_send(p, go);
            CHECK_STR(text_of(pit_as(pit_receive_ref(r, A_WHILE), pit_down)->tag),
                      text_of(pit_build("[~]", i)));
        }
        pit_send(r, number, .n = i);
    }
    expect_alone();
    expect_empty();
    CHECK_EQ(pit_error(pit_try_spawn(ended, NULL, 0, (pit_spawn_opts){.alias = 9})), -EINVAL);
}

static void reports_itself(const void *arg)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK(!info.trap_exit);
    CHECK_EQ(info.priority, *(const int *)arg);
    CHECK(pit_pid_equal(info.group_leader, pit_parent()));
}

/* SPAWN-3, SPAWN-4, GL-1: nothing but the group leader is inherited; the priority is set before the
   child first runs. */
NODE_CASE(a_child_starts_with_what_its_options_say)
{
    static const uint8_t all[] = {PIT_PRIORITY_NORMAL, PIT_PRIORITY_LOW, PIT_PRIORITY_HIGH,
                                  PIT_PRIORITY_MAX};

    (void)pit_trap_exit(true);
    for (int i = 0; i < 24; i++) {
        int priority = all[i % 4];
        pit_ref r = pit_spawn_request(reports_itself, &priority, sizeof priority, .monitor = true,
                                      .priority = (uint8_t)priority, .scheduler = place(i / 4));

        CHECK(!pit_error(reply_of(r)->pid));
        CHECK_STR(text_of(pit_as(pit_receive_ref(r, A_WHILE), pit_down)->reason), "normal");
    }
}
