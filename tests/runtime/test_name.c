/*
 * Goal: registered names (REG-1..5, LIFE-7).
 * Method: cases of the specification in a node (node.h).
 */
#include "tests/runtime/node.h"

#include <stdio.h>

PIT_MESSAGE(go);
PIT_MESSAGE(ask, (pit_pid, who), (pit_text32, name));

static void ended(const void *arg) {}

/* REG-1, REG-2, REG-3 */
NODE_CASE(a_name_belongs_to_one_and_a_process_has_one)
{
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0), me = pit_self();
    pit_process_info info;

    CHECK_EQ(pit_whereis("one").id, 0);
    CHECK_EQ(pit_register("one", p), 0);
    CHECK(pit_pid_equal(pit_whereis("one"), p));
    CHECK_EQ(pit_process_info_of(p, &info), 0);
    CHECK_STR(info.name, "one");
    CHECK_EQ(pit_register("one", me), -PIT_ENAMETAKEN);
    CHECK_EQ(pit_register("one", p), -PIT_ENAMETAKEN);
    CHECK_EQ(pit_register("two", p), -PIT_ENAMETAKEN); /* it has one */
    CHECK_EQ(pit_whereis("two").id, 0);
    CHECK_EQ(pit_register("two", me), 0);
    CHECK_EQ(pit_unregister("one"), 0); /* by anybody */
    CHECK_EQ(pit_unregister("one"), -PIT_ENOPROC);
    CHECK_EQ(pit_whereis("one").id, 0);
    CHECK_EQ(pit_register("three", p), 0);
    CHECK_EQ(pit_unregister("two"), 0);
    CHECK_EQ(pit_register("two", me), 0);
    pit_exit_process(p, pit_atom("kill"));
}

/* REG-1 */
NODE_CASE(what_is_no_name_is_refused)
{
    char longest[257];
    pit_monitored m = spawn_watched(ended, NULL, 0);

    expect_end(m, "normal");
    memset(longest, 'x', 256);
    longest[256] = '\0';
    CHECK_EQ(pit_register(NULL, pit_self()), -EINVAL);
    CHECK_EQ(pit_register("", pit_self()), -EINVAL);
    CHECK_EQ(pit_register("undefined", pit_self()), -EINVAL);
    CHECK_EQ(pit_register(longest, pit_self()), -EINVAL);
    CHECK_EQ(pit_register("\xff\xfe", pit_self()), -EINVAL);
    CHECK_EQ(pit_register("dead", m.pid), -PIT_ENOPROC);
    CHECK_EQ(pit_register("none", PIT_NO_PID), -PIT_ENOPROC);
    CHECK_EQ(pit_register("error", (pit_pid){INT64_MIN | EINVAL}), -PIT_ENOPROC);
    CHECK_EQ(pit_whereis(NULL).id, 0);
    CHECK_EQ(pit_whereis("").id, 0);
    CHECK_EQ(pit_whereis(longest).id, 0);
    CHECK_EQ(pit_unregister(NULL), -PIT_ENOPROC);
    CHECK_EQ(pit_unregister("undefined"), -PIT_ENOPROC);
    longest[255] = '\0';
    CHECK_EQ(pit_register(longest, pit_self()), 0);
    CHECK(pit_pid_equal(pit_whereis(longest), pit_self()));
    CHECK_EQ(pit_unregister(longest), 0);
    CHECK_EQ(pit_register("Größe", pit_self()), 0);
    CHECK(pit_pid_equal(pit_whereis("Größe"), pit_self()));
}

static void wants_the_name(const void *arg)
{
    pit_pid me = *(const pit_pid *)arg;
    int r = pit_register("wanted", pit_self());

    CHECK(r == 0 || r == -PIT_ENAMETAKEN);
    if (r == 0) {
        CHECK(pit_pid_equal(pit_whereis("wanted"), pit_self()));
        pit_send(me, go);
    }
    wait_forever(NULL);
}

/* REG-1, REG-5: of many that want it at once exactly one gets it. */
NODE_CASE(one_of_many_gets_a_name)
{
    for (int round = 0; round < 20; round++) {
        pit_pid me = pit_self(), all[10], winner;

        for (int i = 0; i < 10; i++)
            all[i] = spawn_anywhere(wants_the_name, &me, sizeof me);
        winner = pit_receive_type(&pit_type_go, A_WHILE)->from;
        for (int i = 0; i < 10; i++) {
            pit_process_info info;

            do
                CHECK_EQ(pit_process_info_of(all[i], &info), 0);
            while (info.status != PIT_WAITING);
        }
        expect_empty();
        CHECK(pit_pid_equal(pit_whereis("wanted"), winner));
        for (int i = 0; i < 10; i++)
            pit_exit_process(all[i], pit_atom("kill"));
        expect_alone();
        CHECK_EQ(pit_whereis("wanted").id, 0);
    }
}

static void looks_up(const void *arg)
{
    for (;;) {
        const struct ask *a = pit_receive_only(ask, PIT_INFINITY);

        CHECK(pit_pid_equal(pit_whereis(a->name.s), a->who));
        pit_send(a->who, go);
    }
}

/* REG-5: who is told of a name after it was registered finds it. */
NODE_CASE(a_name_that_one_is_told_of_is_there)
{
    pit_pid p = spawn_anywhere(looks_up, NULL, 0);

    for (int i = 0; i < 200; i++) {
        char name[32];

        snprintf(name, sizeof name, "name_%d", i % 5);
        CHECK_EQ(pit_register(name, pit_self()), 0);
        pit_send(p, ask, .who = pit_self(), .name = pit_text32(name));
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        CHECK_EQ(pit_unregister(name), 0);
    }
    pit_exit_process(p, pit_atom("kill"));
}

static void is_named_again(const void *arg) { wait_forever(NULL); }

/* REG-4: a name is free for the next as soon as its process's end was told. */
NODE_CASE(a_name_can_be_taken_over_at_once)
{
    for (int i = 0; i < 200; i++) {
        pit_monitored m;

        m.pid = pit_spawn_with(is_named_again, NULL, 0, .name = "again", .scheduler = PIT_ANYWHERE,
                               .monitor = true, .ret_ref = &m.ref);
        CHECK(pit_pid_equal(pit_whereis("again"), m.pid));
        pit_exit_process(m.pid, pit_atom("stop"));
        expect_end(m, "stop");
    }
}
