/*
 * Goal: persistent terms (PT-1, PT-2).
 * Method: cases in a node (node.h), under the sanitizers.
 */
#include <malloc.h>

#include "tests/runtime/node.h"

/* PT-1: put, get, get with a default, erase, info; keys are any terms. */
NODE_CASE(what_was_put_is_got)
{
    pit_term key = pit_build("{config, ~, [1, 2]}", 7);

    CHECK_EQ(pit_persistent_put(key, pit_build("#{port => 80, name => <<\"www\">>}")), 0);
    CHECK_EQ(pit_persistent_put(pit_atom("limit"), pit_build("10")), 0);
    CHECK_STR(text_of(pit_persistent_get(pit_build("{config, 7, [1, 2]}"))),
              "#{name => <<\"www\">>,port => 80}");
    CHECK_STR(text_of(pit_persistent_get(pit_atom("limit"))), "10");
    CHECK_STR(text_of(pit_persistent_get_or(pit_atom("none"), pit_atom("otherwise"))), "otherwise");
    CHECK_STR(text_of(pit_persistent_get_or(pit_build("1.0"), pit_nil())), "[]");
    CHECK_EQ(pit_persistent_info().count, 2);
    CHECK(pit_persistent_info().memory > 0);
    CHECK(pit_persistent_erase(key));
    CHECK(!pit_persistent_erase(key));
    CHECK(pit_persistent_erase(pit_atom("limit")));
    CHECK_EQ(pit_persistent_info().count, 0);
    CHECK_EQ(pit_persistent_info().memory, 0);
}

static void gets_nothing(const void *arg) { (void)pit_persistent_get(pit_atom("nothing")); }

/* PT-1: get of a missing key is a badarg. */
NODE_CASE(a_missing_key_is_a_badarg)
{
    pit_monitored m = spawn_watched(gets_nothing, NULL, 0);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down && strstr(text_of(pit_as(down, pit_down)->reason), "{badarg,"));
}

/* PT-1: an equal value changes nothing; put_new refuses another one. 1 and 1.0 are different
   keys. */
NODE_CASE(putting_new_and_putting_again)
{
    pit_term before;

    CHECK_EQ(pit_persistent_put_new(pit_atom("k"), pit_build("{a, 1}")), 0);
    before = pit_persistent_get(pit_atom("k"));
    CHECK_EQ(pit_persistent_put(pit_atom("k"), pit_build("{a, 1}")), 0);
    CHECK(before.word == pit_persistent_get(pit_atom("k")).word);
    CHECK_EQ(pit_persistent_put_new(pit_atom("k"), pit_build("{a, 1}")), 0);
    CHECK_EQ(pit_persistent_put_new(pit_atom("k"), pit_build("{a, 2}")), -EEXIST);
    CHECK_EQ(pit_persistent_put(pit_atom("k"), pit_build("{a, 2}")), 0);
    CHECK_STR(text_of(pit_persistent_get(pit_atom("k"))), "{a,2}");
    CHECK_STR(text_of(before), "{a,1}");
    CHECK_EQ(pit_persistent_put(pit_build("1"), pit_atom("integer")), 0);
    CHECK_EQ(pit_persistent_put(pit_build("1.0"), pit_atom("float")), 0);
    CHECK_STR(text_of(pit_persistent_get(pit_build("1"))), "integer");
    CHECK_STR(text_of(pit_persistent_get(pit_build("1.0"))), "float");
}

/* What has a list's tag, and leads nowhere. */
static void puts_nothing(const void *arg)
{
    pit_term key = pit_list_of(NULL, 0);

    for (int i = 0; i < 512; i++)
        key = pit_list_cons(pit_int(i), key);
    (void)pit_persistent_put(key, (pit_term){8 | (key.word & 7)});
}

/* PT-1: a value that is no term ends who put it, and nothing stays of its key. */
NODE_CASE(a_put_of_no_term_leaves_no_key)
{
    size_t before = 0;

    for (int i = 0; i < 66; i++) {
        pit_monitored m = spawn_watched(puts_nothing, NULL, 0);
        const struct pit_down *d = pit_as(pit_receive_ref(m.ref, A_WHILE), pit_down);

        CHECK(!strncmp(text_of(d->reason), "{fault,'SIGSEGV',", 17));
        if (i == 1)
            before = mallinfo2().uordblks;
    }
    CHECK(mallinfo2().uordblks < before + 128 * 1024); /* of 64 times 8 KiB */
    CHECK_EQ(pit_persistent_info().count, 0);
    expect_alone();
}

/* PT-2: get never copies: the same words each time, in every process, and however often no memory
   is used for it. */
NODE_CASE(getting_copies_nothing)
{
    pit_term a, b;

    CHECK_EQ(pit_persistent_put(pit_atom("k"), pit_build("{large, [1, 2, 3]}")), 0);
    a = pit_persistent_get(pit_atom("k"));
    for (int i = 0; i < 100000; i++)
        b = pit_persistent_get(pit_atom("k"));
    CHECK(a.word == b.word);
}

PIT_MESSAGE(go);

/* Reads, lets a replacement happen, and looks at what it read. */
static void holds_on(const void *arg)
{
    pit_pid parent = *(const pit_pid *)arg;

    for (;;) {
        pit_term t = pit_persistent_get(pit_atom("k"));
        pit_term kept = pit_keep(t);
        int64_t first = 0, second = 0;

        pit_yield();
        CHECK(pit_match(t, "{~, ~}", &first, &second) && first == -second);
        CHECK(pit_match(kept, "{~, ~}", &first, &second) && first == -second);
        pit_drop(kept);
        if (first == 500) {
            pit_send(parent, go);
            return;
        }
        (void)pit_receive(0);
    }
}

/* PT-2: who holds the old term never sees freed memory (asan), whenever and wherever it is
   replaced. */
NODE_CASE(a_replaced_term_lives_while_it_is_held)
{
    pit_pid me = pit_self();

    CHECK_EQ(pit_persistent_put(pit_atom("k"), pit_build("{0, 0}")), 0);
    for (int i = 0; i < 4; i++)
        (void)spawn_anywhere(holds_on, &me, sizeof me);
    for (int64_t i = 1; i <= 500; i++) {
        CHECK_EQ(pit_persistent_put(pit_atom("k"), pit_build("{~, ~}", i, -i)), 0);
        pit_yield();
        (void)pit_receive_type(&pit_type_pit_start, 0); /* what was built goes */
    }
    for (int i = 0; i < 4; i++)
        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
    CHECK(pit_persistent_erase(pit_atom("k")));
}

static void *foreign_reader(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        int64_t n = -1;

        CHECK(pit_match(pit_persistent_get_or(pit_atom("k"), pit_build("{0}")), "{~}", &n));
        pit_term_release_all();
    }
    return NULL;
}

/* PT-1, PT-2: a thread that runs no process reads too; the table grows under it. */
NODE_CASE(the_table_grows_under_its_readers)
{
    pthread_t foreign;

    CHECK_EQ(pthread_create(&foreign, NULL, foreign_reader, NULL), 0);
    for (int64_t i = 0; i < 1000; i++) {
        CHECK_EQ(pit_persistent_put(pit_build("{key, ~}", i), pit_build("{~}", i)), 0);
        CHECK_EQ(pit_persistent_put(pit_atom("k"), pit_build("{~}", i)), 0);
    }
    for (int64_t i = 0; i < 1000; i++) {
        int64_t n = -1;

        CHECK(pit_match(pit_persistent_get(pit_build("{key, ~}", i)), "{~}", &n) && n == i);
        CHECK(i % 2 || pit_persistent_erase(pit_build("{key, ~}", i)));
    }
    CHECK_EQ(pit_persistent_info().count, 501);
    pthread_join(foreign, NULL);
}
