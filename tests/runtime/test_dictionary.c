/*
 * Goal: the process dictionary (PD-1), group leader and parent (GL-1, SIG-10), label (PD-2).
 * Method: cases in a node (node.h); the dictionary against a plain array that is changed at random
 * as it is.
 */
#include <pit/keep.h>

#include "tests/runtime/node.h"

PIT_MESSAGE(told, (pit_pid, leader), (pit_pid, parent));

static pit_process_info info_of(pit_pid p)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(p, &info), 0);
    return info;
}

/* PD-1: put, get, erase answer the old value, or undefined; keys are exact. */
NODE_CASE(the_dictionary_keeps_terms_by_key)
{
    CHECK_STR(text_of(pit_get(pit_atom("a"))), "undefined");
    CHECK_STR(text_of(pit_put(pit_atom("a"), pit_build("{x, ~}", 1))), "undefined");
    CHECK_STR(text_of(pit_put(pit_atom("a"), pit_build("[y]"))), "{x,1}");
    CHECK_STR(text_of(pit_get(pit_atom("a"))), "[y]");
    CHECK_STR(text_of(pit_put(pit_term_of(1), pit_atom("one"))), "undefined");
    CHECK_STR(text_of(pit_put(pit_term_of(1.0), pit_atom("float"))), "undefined");
    CHECK_STR(text_of(pit_get(pit_term_of(1))), "one");
    CHECK_STR(text_of(pit_get(pit_term_of(1.0))), "float");
    CHECK_EQ(pit_list_length(pit_get_all()), 3);
    CHECK_EQ(pit_list_length(pit_get_keys()), 3);
    CHECK_STR(text_of(pit_get_keys_of(pit_atom("one"))), "[1]");
    CHECK_STR(text_of(pit_erase(pit_atom("a"))), "[y]");
    CHECK_STR(text_of(pit_erase(pit_atom("a"))), "undefined");
    CHECK_EQ(pit_list_length(pit_erase_all()), 2);
    CHECK_STR(text_of(pit_get_all()), "[]");
    CHECK_STR(text_of(pit_get(pit_term_of(1))), "undefined");
}

/* PD-1: what was put outlives the terms that it was built from, and what was got outlives its
   place. */
NODE_CASE(what_is_put_outlives_what_it_was_built_from)
{
    pit_term old;

    for (int i = 0; i < 100; i++)
        (void)pit_put(pit_term_of(i), pit_build("{~, ~, [~, ~]}", i,
                                                "some text, longer than a word of memory", i, i));
    pit_term_release_all();
    for (int i = 0; i < 100; i++) {
        int n = -1;

        CHECK(pit_match(pit_get(pit_term_of(i)), "{~, _, _}", &n));
        CHECK_EQ(n, i);
    }
    old = pit_get(pit_term_of(7));
    (void)pit_put(pit_term_of(7), old); /* a part of what it replaces */
    (void)pit_put(pit_term_of(7), pit_get(pit_term_of(7)));
    CHECK(pit_term_equal(old, pit_erase(pit_term_of(7))));
}

static void has_nothing(const void *arg)
{
    CHECK_STR(text_of(pit_get_all()), "[]");
    (void)pit_put(pit_atom("mine"), pit_term_of(2));
}

/* PD-1: not inherited, and nobody else's. */
NODE_CASE(the_dictionary_is_not_inherited)
{
    pit_monitored m;

    (void)pit_put(pit_atom("mine"), pit_term_of(1));
    m = spawn_watched(has_nothing, NULL, 0);
    expect_end(m, "normal");
    CHECK_STR(text_of(pit_get(pit_atom("mine"))), "1");
}

#define KEYS 200

static void changes_at_random(const void *arg)
{
    uint64_t chance = *(const uint64_t *)arg;
    int64_t is[KEYS] = {0};
    size_t used = 0;

    for (uint64_t i = 0; i < pit_test_scale(5000, 200000); i++) {
        size_t k = pit_test_random_below(&chance, KEYS);
        int64_t value = (int64_t)pit_test_random_below(&chance, 1000) + 1, old = 0;
        pit_term was, key = pit_build("{key, ~}", (int64_t)k);

        if (pit_test_random_below(&chance, 3)) {
            was = pit_put(key, pit_term_of(value));
            used += !is[k];
        } else {
            was = pit_erase(key);
            value = 0;
            used -= is[k] != 0;
        }
        CHECK_EQ(pit_term_to(was, &old) ? old : 0, is[k]);
        is[k] = value;
        pit_term_release_all();
    }
    CHECK_EQ(pit_list_length(pit_get_all()), (int64_t)used);
}

NODE_CASE(the_dictionary_is_what_was_put_into_it)
{
    pit_monitored m[4];

    for (uint64_t i = 0; i < 4; i++) {
        uint64_t seed = pit_test_seed() + i;

        m[i] = spawn_watched(changes_at_random, &seed, sizeof seed);
    }
    for (int i = 0; i < 4; i++)
        expect_end(m[i], "normal");
}

/* Its memory is the process's: it counts, and goes with the process, in pieces that stall
   nobody. */
static void fills(const void *arg)
{
    size_t before = info_of(pit_self()).memory;

    for (int i = 0; i < 20000; i++) {
        (void)pit_put(pit_term_of(i),
                      pit_build("{some, [~, ~], <<\"and so on, and so on\">>}", i, i));
        pit_term_release_all();
    }
    CHECK(info_of(pit_self()).memory > before + 20000 * 100);
    if (*(const bool *)arg) {
        (void)pit_erase_all();
        pit_term_release_all();
        CHECK_STR(text_of(pit_get_keys()), "[]");
        CHECK(info_of(pit_self()).memory < before + 20000 * 100);
    }
}

NODE_CASE(the_dictionary_counts_as_memory_and_goes_with_the_process)
{
    for (int i = 0; i < 2; i++) {
        bool erase = i;

        expect_end(spawn_watched(fills, &erase, sizeof erase), "normal");
    }
    expect_alone();
}

/* GL-1: inherited; the first process is its own. INFO-5: the parent is who spawned. */
static void tells(const void *arg)
{
    pit_send(*(const pit_pid *)arg, told, .leader = pit_group_leader(), .parent = pit_parent());
    (void)pit_receive(PIT_INFINITY);
    pit_send(*(const pit_pid *)arg, told, .leader = pit_group_leader(), .parent = pit_parent());
    (void)pit_receive(PIT_INFINITY);
}

static void spawns_one_that_tells(const void *arg)
{
    (void)spawn_anywhere(tells, arg, sizeof(pit_pid));
    (void)pit_receive(PIT_INFINITY);
}

NODE_CASE(the_group_leader_is_inherited)
{
    pit_pid self = pit_self(), other = spawn_anywhere(wait_forever, NULL, 0), p;
    const pit_msg *m;

    CHECK(pit_pid_equal(pit_group_leader(), self));
    CHECK(pit_pid_equal(pit_parent(), PIT_NO_PID));
    p = spawn_anywhere(tells, &self, sizeof self);
    m = pit_receive_type(&pit_type_told, A_WHILE);
    CHECK(pit_pid_equal(pit_as(m, told)->leader, self));
    CHECK(pit_pid_equal(pit_as(m, told)->parent, self));
    CHECK(pit_pid_equal(info_of(p).group_leader, self));

    /* SIG-10: ordered with what is sent, so what it is told afterwards finds it */
    CHECK_EQ(pit_set_group_leader(p, other), 0);
    pit_send(p, told, .leader = self, .parent = self);
    m = pit_receive_type(&pit_type_told, A_WHILE);
    CHECK(pit_pid_equal(pit_as(m, told)->leader, other));
    pit_exit_process(p, pit_atom("kill"));
    CHECK_EQ(pit_set_group_leader(p, other), -PIT_ENOPROC);
    CHECK_EQ(pit_set_group_leader(self, PIT_NO_PID), -EINVAL);

    CHECK_EQ(pit_set_group_leader(self, other), 0);
    CHECK(pit_pid_equal(pit_group_leader(), other));
    p = spawn_anywhere(spawns_one_that_tells, &self, sizeof self);
    m = pit_receive_type(&pit_type_told, A_WHILE);
    CHECK(pit_pid_equal(pit_as(m, told)->leader, other));
    CHECK(pit_pid_equal(pit_as(m, told)->parent, p));
}

/* PD-2: a label is a copy. */
NODE_CASE(a_label_is_a_copy)
{
    char text[300];

    strcpy(text, "a label");
    pit_set_label(text);
    strcpy(text, "other");
    CHECK_STR(info_of(pit_self()).label, "a label");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    pit_set_label(text);
    CHECK_EQ(strlen(info_of(pit_self()).label), 63);
    pit_set_label(NULL);
    CHECK_STR(info_of(pit_self()).label, "");
}
