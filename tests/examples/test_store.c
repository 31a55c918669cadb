/*
 * Goal: the store agrees with a plain array of keys through every resize; a scan misses no key that
 * stays; what the journal says, applied to a copy, always gives the same keys; failing memory loses
 * nothing.
 * Method: random puts, appends, removals, ends, flushes and passing time, seeded, against a model;
 * commands through execute(), with the journal applied to a second store after each.
 */
#include "tests/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/casino/execute.h"
#include "examples/casino/glob.h"
#include "examples/casino/number.h"

#define KEYS 400

struct model {
    bool there[KEYS];
    int64_t ends[KEYS];
    char value[KEYS][64];
};

static struct bytes key_of(unsigned n, char *buffer)
{
    return bytes_of(buffer, (size_t)sprintf(buffer, "key:%u", n));
}

static unsigned number_of(struct bytes key)
{
    int64_t n;

    CHECK(number_parse(bytes_of(key.at + 4, key.len - 4), &n));
    return (unsigned)n;
}

static void check_same(struct store *s, const struct model *m)
{
    size_t count = 0, mortal = 0;
    char buffer[32];

    for (unsigned i = 0; i < KEYS; i++) {
        struct store_place place = store_seek(s, key_of(i, buffer));

        CHECK_EQ(place.entry != NULL, m->there[i]);
        if (!place.entry)
            continue;
        CHECK(bytes_equal(store_value(place.entry), bytes_text(m->value[i])));
        CHECK_EQ(place.entry->ends, m->ends[i]);
        count++;
        mortal += m->ends[i] != STORE_FOREVER;
    }
    CHECK_EQ(s->count, count);
    CHECK_EQ(s->mortal, mortal);
}

static void change(struct store *s, struct model *m, unsigned key, uint64_t *random)
{
    char buffer[32], text[64];
    struct store_place place = store_seek(s, key_of(key, buffer));
    uint64_t act = pit_test_random_below(random, 10);
    int64_t ends = act & 1 ? (int64_t)pit_test_random_below(random, 1000) + 1 : STORE_FOREVER;

    if (act < 5) {
        snprintf(text, sizeof(text), "%0*u", (int)pit_test_random_below(random, 40) + 1, key);
        CHECK_EQ(store_put(s, &place, bytes_text(text), ends), 0);
        m->there[key] = true;
        m->ends[key] = ends;
        memcpy(m->value[key], text, sizeof(text));
    } else if (!place.entry) {
        return;
    } else if (act < 6) {
        if (strlen(m->value[key]) + 3 < sizeof(m->value[key])) {
            CHECK_EQ(store_append(s, &place, bytes_text("abc")), 0);
            memcpy(m->value[key] + strlen(m->value[key]), "abc", sizeof("abc"));
        }
    } else if (act < 7) {
        store_set_ends(s, place.entry, ends);
        m->ends[key] = ends;
    } else {
        store_remove(s, &place);
        m->there[key] = false;
    }
}

static void forget(void *context, struct bytes key)
{
    ((struct model *)context)->there[number_of(key)] = false;
}

PIT_TEST(store_agrees_with_a_model_through_every_resize)
{
    uint64_t random = pit_test_seed();
    struct model m = {0};
    struct store s;
    uint64_t rounds = pit_test_scale(300, 20000);

    store_init(&s, random, &memory_heap);
    for (uint64_t round = 0; round < rounds; round++) {
        /* The number of keys in play rises and falls, so that the table does too. */
        unsigned span = 1 + (unsigned)pit_test_random_below(&random, KEYS);

        for (int i = 0; i < 60; i++)
            change(&s, &m, (unsigned)pit_test_random_below(&random, span), &random);
        if (round % 7 == 0) {
            int64_t now = (int64_t)pit_test_random_below(&random, 1200);

            for (int i = 0; i < 600; i++)
                store_tidy(&s, now, 3, forget, &m);
            for (unsigned i = 0; i < KEYS; i++)
                CHECK(!m.there[i] || m.ends[i] == STORE_FOREVER || m.ends[i] > now);
        }
        if (round % 50 == 49) {
            store_clear(&s);
            memset(&m, 0, sizeof(m));
            CHECK_EQ(s.bytes, 0);
        }
        check_same(&s, &m);
    }
    store_clear(&s);
    CHECK_EQ(s.bytes, 0);
}

static void mark(void *context, const struct store_entry *e)
{
    ((bool *)context)[number_of(store_key(e))] = true;
}

PIT_TEST(store_scan_sees_every_key_that_stays_while_the_table_grows_and_shrinks)
{
    uint64_t random = pit_test_seed(), rounds = pit_test_scale(pit_test_sanitized() ? 10 : 50, 500);
    char buffer[32];

    for (uint64_t round = 0; round < rounds; round++) {
        struct store s;
        bool seen[100000] = {false};
        uint64_t cursor = 0, others = 0, from = 0;

        store_init(&s, random, &memory_heap);
        for (unsigned i = 0; i < 100; i++) {
            struct store_place place = store_seek(&s, key_of(i, buffer));
            CHECK_EQ(store_put(&s, &place, bytes_text("x"), STORE_FOREVER), 0);
        }
        do {
            bool growing = pit_test_random_below(&random, 2);

            cursor = store_scan(&s, cursor, mark, seen);
            for (uint64_t i = pit_test_random_below(&random, 300); i > 0; i--) {
                if (!growing && from == others)
                    break;
                struct store_place place =
                    store_seek(&s, key_of((unsigned)(100 + (growing ? others++ : from++)), buffer));
                if (growing)
                    CHECK_EQ(store_put(&s, &place, bytes_text("y"), STORE_FOREVER), 0);
                else
                    store_remove(&s, &place);
            }
            store_tidy(&s, 0, pit_test_random_below(&random, 100), forget, NULL);
        } while (cursor && others < 90000);
        for (unsigned i = 0; i < 100 && !cursor; i++)
            CHECK(seen[i]);
        store_clear(&s);
    }
}

static int allowed;

static void *failing_resize(void *old, size_t size)
{
    return allowed-- > 0 ? realloc(old, size) : NULL;
}

PIT_TEST(store_without_memory_keeps_what_it_has)
{
    const struct memory failing = {failing_resize, free};
    char buffer[32];
    struct store s;
    size_t put = 0;

    store_init(&s, 1, &failing);
    for (unsigned i = 0; i < 200; i++) {
        struct store_place place = store_seek(&s, key_of(i, buffer));
        size_t bytes = s.bytes;

        allowed = i % 3 == 0 ? 0 : 3; /* with 3 a bucket array and an entry can be had */
        int r = store_put(&s, &place, bytes_text("value"), STORE_FOREVER);
        CHECK_EQ(r < 0, i % 3 == 0);
        put += r == 0;
        if (r < 0)
            CHECK_EQ(s.bytes, bytes);
        CHECK_EQ(s.count, put);
    }
    for (unsigned i = 0; i < 200; i++)
        CHECK_EQ(store_seek(&s, key_of(i, buffer)).entry != NULL, i % 3 != 0);
    store_clear(&s);
}

PIT_TEST(store_reserved_for_many_keys_does_not_resize)
{
    char buffer[32];
    struct store s;

    store_init(&s, 1, &memory_heap);
    store_reserve(&s, 1000);
    size_t size = s.now.size;
    for (unsigned i = 0; i < 1000; i++) {
        struct store_place place = store_seek(&s, key_of(i, buffer));

        CHECK_EQ(store_put(&s, &place, bytes_text("x"), STORE_FOREVER), 0);
        CHECK_EQ(s.now.size, size);
    }
    store_reserve(&s, 100000); /* no effect: it is not empty */
    CHECK_EQ(s.now.size, size);
    store_clear(&s);
}

struct table {
    struct store store, copy;
    struct out reply, journal;
    struct store_limits limits;
    int64_t now;
};

static void table_init(struct table *t)
{
    *t = (struct table){
        .reply = out_new(&memory_heap), .journal = out_new(&memory_heap), .now = 1000000};
    t->limits = STORE_LIMITS;
    store_init(&t->store, 1, &memory_heap);
    store_init(&t->copy, 2, &memory_heap);
}

static void table_free(struct table *t)
{
    store_clear(&t->store);
    store_clear(&t->copy);
    out_free(&t->reply);
    out_free(&t->journal);
}

static void collect(void *context, const struct store_entry *e)
{
    struct store_place place = store_seek(context, store_key(e));

    CHECK(place.entry);
    CHECK(bytes_equal(store_value(place.entry), store_value(e)));
    CHECK_EQ(place.entry->ends, e->ends);
}

static void check_copy(struct table *t)
{
    uint64_t cursor = 0;

    CHECK_EQ(t->store.count, t->copy.count);
    do
        cursor = store_scan(&t->store, cursor, collect, &t->copy);
    while (cursor);
}

/* One command, its words separated by single spaces; returns the reply as a C string. The copy
   follows. */
static const char *run(struct table *t, const char *line)
{
    struct bytes words[64];
    size_t count = 0;
    struct work w = {&t->store, &t->limits, t->now, &t->reply, &t->journal};

    for (const char *end = line; *end; line = end + 1) {
        end = strchrnul(line, ' ');
        words[count++] = bytes_of(line, (size_t)(end - line));
    }
    out_clear(&t->reply);
    out_clear(&t->journal);
    const struct command *c = command_check(words, count, &t->reply);
    if (c)
        execute(&w, c, words, count);
    CHECK(!t->journal.failed);
    CHECK_EQ(journal_apply(out_content(&t->journal), &t->copy), 0);
    out_add(&t->reply, "", 1);
    CHECK(!t->reply.failed);
    return t->reply.data;
}

PIT_TEST(commands_answer_as_redis_does)
{
    static const char *const cases[][2] = {
        {"SET a 1", "+OK\r\n"},
        {"get a", "$1\r\n1\r\n"},
        {"get b", "$-1\r\n"},
        {"SET a 2 NX", "$-1\r\n"},
        {"SET a 2 GET", "$1\r\n1\r\n"},
        {"SET a 3 NX XX", "-ERR syntax error\r\n"},
        {"SET a 3 EX 0", "-ERR invalid expire time in 'set' command\r\n"},
        {"SET a 3 EX x", "-ERR value is not an integer or out of range\r\n"},
        {"SET a 3 EX", "-ERR syntax error\r\n"},
        {"SET a 3 EX 10 PX 10", "-ERR syntax error\r\n"},
        {"SET a 3 EX 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n"},
        {"INCR a", ":3\r\n"},
        {"INCRBY a 9223372036854775807", "-ERR increment or decrement would overflow\r\n"},
        {"DECRBY a -9223372036854775808", "-ERR decrement would overflow\r\n"},
        {"DECRBY a 10", ":-7\r\n"},
        {"APPEND a x", ":3\r\n"},
        {"INCR a", "-ERR value is not an integer or out of range\r\n"},
        {"STRLEN a", ":3\r\n"},
        {"GETDEL a", "$3\r\n-7x\r\n"},
        {"EXISTS a", ":0\r\n"},
        {"MSET a 1 b 2 a 3", "+OK\r\n"},
        {"MSET a 1 b", "-ERR wrong number of arguments for 'mset' command\r\n"},
        {"MGET a b c", "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$-1\r\n"},
        {"EXISTS a a b c", ":3\r\n"},
        {"DEL a a c", ":1\r\n"},
        {"DBSIZE", ":1\r\n"},
        {"TTL b", ":-1\r\n"},
        {"TTL a", ":-2\r\n"},
        {"EXPIRE b 100", ":1\r\n"},
        {"TTL b", ":100\r\n"},
        {"EXPIRE b 50 GT", ":0\r\n"},
        {"EXPIRE b 50 NX LT",
         "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n"},
        {"EXPIRE b 50 no", "-ERR Unsupported option no\r\n"},
        {"PERSIST b", ":1\r\n"},
        {"PERSIST b", ":0\r\n"},
        {"PEXPIRE b -1", ":1\r\n"},
        {"KEYS *", "*0\r\n"},
        {"get", "-ERR wrong number of arguments for 'get' command\r\n"},
        {"hello a b", "-ERR unknown command 'hello', with args beginning with: 'a' 'b' \r\n"},
        {"SCAN x", "-ERR invalid cursor\r\n"},
        {"SCAN 0 COUNT 0", "-ERR syntax error\r\n"},
        {"SCAN 0", "*2\r\n$1\r\n0\r\n*0\r\n"},
        {"FLUSHALL now", "-ERR syntax error\r\n"},
        {"FLUSHALL", "+OK\r\n"},
    };
    struct table t;

    table_init(&t);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_STR(run(&t, cases[i][0]), cases[i][1]);
        check_copy(&t);
    }
    table_free(&t);
}

PIT_TEST(expired_keys_go_and_the_house_is_told)
{
    struct table t;

    table_init(&t);
    CHECK_STR(run(&t, "SET a 1 PX 100"), "+OK\r\n");
    CHECK_STR(run(&t, "SET b 1 PX 100"), "+OK\r\n");
    t.now += 99;
    CHECK_STR(run(&t, "PTTL a"), ":1\r\n");
    t.now += 1;
    CHECK_STR(run(&t, "KEYS *"), "*0\r\n");
    CHECK_STR(run(&t, "GET a"), "$-1\r\n");
    CHECK_EQ(t.copy.count, 1);

    struct work w = {&t.store, &t.limits, t.now, &t.reply, &t.journal};
    out_clear(&t.journal);
    for (int i = 0; i < 4; i++)
        execute_tidy(&w, 8);
    CHECK_EQ(t.store.count, 0);
    CHECK_EQ(journal_apply(out_content(&t.journal), &t.copy), 0);
    CHECK_EQ(t.copy.count, 0);
    table_free(&t);
}

PIT_TEST(limits_refuse_and_change_nothing)
{
    struct table t;

    table_init(&t);
    t.limits = (struct store_limits){.key = 5, .value = 8, .memory = 2000};
    CHECK_STR(run(&t, "SET abcdef 1"), "-ERR key is longer than 5 bytes (max-key)\r\n");
    CHECK_STR(run(&t, "MSET a 1 b 123456789"),
              "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
    CHECK_EQ(t.store.count, 0);
    CHECK_STR(run(&t, "SET a 1234567"), "+OK\r\n");
    CHECK_STR(run(&t, "APPEND a 8"), ":8\r\n");
    CHECK_STR(run(&t, "APPEND a 9"),
              "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
    CHECK_STR(run(&t, "GET a"), "$8\r\n12345678\r\n");
    const char *reply = "+OK\r\n";
    for (int i = 0; i < 100 && !strcmp(reply, "+OK\r\n"); i++) {
        char line[32];

        snprintf(line, sizeof(line), "SET k%d v", i);
        reply = run(&t, line);
    }
    CHECK_STR(reply, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    CHECK(t.store.bytes <= 2000 + 1000); /* the bucket array may double once more */
    CHECK_STR(run(&t, "GET a"), "$8\r\n12345678\r\n");
    CHECK_STR(run(&t, "DEL a"), ":1\r\n");
    check_copy(&t);
    table_free(&t);
}

PIT_TEST(journal_that_is_cut_or_strange_is_refused)
{
    struct out j = out_new(&memory_heap);
    struct store s;

    journal_put(&j, bytes_text("key"), bytes_text("value"), 7);
    for (size_t len = 1; len < j.len; len++) {
        store_init(&s, 1, &memory_heap);
        CHECK(journal_apply(bytes_of(j.data, len), &s) < 0);
        store_clear(&s);
    }
    store_init(&s, 1, &memory_heap);
    out_clear(&j);
    journal_append(&j, bytes_text("key"), bytes_text("value"));
    CHECK(journal_apply(out_content(&j), &s) < 0);
    store_clear(&s);
    out_free(&j);
}

PIT_TEST(commands_are_sorted_and_found)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        CHECK(i == 0 || strcmp(commands[i - 1].name, commands[i].name) < 0);
        CHECK(command_find(bytes_text(commands[i].name)) == &commands[i]);
    }
    CHECK(command_find(bytes_text("GeTdEl")) == &commands[COMMAND_getdel]);
    CHECK(command_find(bytes_text("")) == NULL);
    CHECK(command_find(bytes_text("get ")) == NULL);
    CHECK(command_find(bytes_text("averyveryverylongname")) == NULL);
}

PIT_TEST(globs_match_as_redis_matches)
{
    static const struct {
        const char *pattern, *text;
        bool match;
    } cases[] = {
        {"*", "", true},
        {"*", "abc", true},
        {"a*c", "abbc", true},
        {"a*c", "abcd", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"[a-c]x", "bx", true},
        {"[c-a]x", "bx", true},
        {"[^a]", "b", true},
        {"[^a]", "a", false},
        {"a\\*", "a*", true},
        {"a\\*", "ab", false},
        {"[a", "a", true},
        {"[", "[", false},
        {"a\\", "a\\", true},
        {"**a**", "xax", true},
        {"[\\]]", "]", true},
        {"", "", true},
        {"", "a", false},
        {"*a*b*", "xxaxxb", true},
        {"*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQ(glob_match(bytes_text(cases[i].pattern), bytes_text(cases[i].text)),
                 cases[i].match);
}

PIT_TEST(numbers_have_one_spelling)
{
    static const int64_t numbers[] = {0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN, INT64_MAX - 1};
    static const char *const texts[] = {"",
                                        "-",
                                        "+1",
                                        "01",
                                        "-0",
                                        " 1",
                                        "1 ",
                                        "1x",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999",
                                        "0x1"};
    char text[NUMBER_DIGITS];
    int64_t n = 42;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CHECK(number_parse(bytes_of(text, number_print(numbers[i], text)), &n));
        CHECK_EQ(n, numbers[i]);
    }
    n = 42;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CHECK(!number_parse(bytes_text(texts[i]), &n));
    CHECK_EQ(n, 42);
}
