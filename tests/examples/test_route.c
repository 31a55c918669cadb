/*
 * Goal: commands spread over many tables are answered as one table would answer them, in their
 * order.
 * Method: rounds of random commands go to five stores through route.h and to one store directly;
 * the replies must be the same bytes. KEYS and SCAN have no order: their keys are counted and
 * looked up.
 */
#include "tests/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/casino/execute.h"
#include "examples/casino/number.h"
#include "examples/casino/resp.h"
#include "examples/casino/route.h"

#define TABLES 5

static const struct store_limits limits = {.key = 100, .value = 1000};

static void run(struct store *s, const struct command *c, const struct bytes *words, size_t count,
                struct out *reply)
{
    struct out journal = out_new(&memory_heap);
    struct work w = {s, &limits, 1000, reply, &journal};

    execute(&w, c, words, count);
    out_free(&journal);
}

/* What a table does with its batch: so many commands of it, then what is left of it is for another
   time. */
static void serve(struct store *s, struct bytes *batch, uint64_t most, struct out *reply)
{
    struct batch_reader r = batch_read(*batch, &memory_heap);
    const struct command *c;
    const struct bytes *words;
    size_t count;

    while (most-- > 0 && (c = batch_next(&r, &words, &count)))
        run(s, c, words, count, reply);
    *batch = r.rest;
    batch_done(&r);
}

struct many {
    struct route route;
    struct store store[TABLES];
    struct out answer[TABLES];
    uint64_t random;
};

static void many_init(struct many *m, uint64_t seed)
{
    m->random = seed;
    route_init(&m->route, TABLES, seed, &memory_heap);
    for (unsigned t = 0; t < TABLES; t++) {
        store_init(&m->store[t], seed, &memory_heap);
        m->answer[t] = out_new(&memory_heap);
    }
}

static void many_free(struct many *m)
{
    route_free(&m->route);
    for (unsigned t = 0; t < TABLES; t++) {
        store_clear(&m->store[t]);
        out_free(&m->answer[t]);
    }
}

/* Each table answers a few commands at a time, and again when what it answered is used up. */
static void answer_round(struct many *m, struct out *reply)
{
    struct bytes rest[TABLES], batch[TABLES];
    struct out said = out_new(&memory_heap);
    enum route_result result;

    CHECK(!route_failed(&m->route));
    for (unsigned t = 0; t < TABLES; t++) {
        rest[t] = bytes_of("", 0);
        batch[t] = m->route.asked >> t & 1 ? out_content(&m->route.batch[t]) : rest[t];
    }
    do {
        for (unsigned t = 0; t < TABLES; t++) {
            if (rest[t].len)
                continue;
            out_clear(&m->answer[t]);
            serve(&m->store[t], &batch[t], 1 + pit_test_random_below(&m->random, 9), &m->answer[t]);
            rest[t] = out_content(&m->answer[t]);
            out_bytes(&said, rest[t]);
        }
        result = route_assemble(&m->route, rest, reply);
    } while (result == ROUTE_WANTS);
    CHECK_EQ(result, ROUTE_DONE);
    for (unsigned t = 0; t < TABLES; t++)
        CHECK_EQ(rest[t].len + batch[t].len, 0);
    if (m->route.plain)
        CHECK(bytes_equal(out_content(reply), out_content(&said)));
    out_free(&said);
    route_clear(&m->route);
}

static size_t make(struct bytes *words, char text[][NUMBER_DIGITS], uint64_t *random)
{
    static const char *const names[] = {"set", "get",    "incr",   "append", "mset", "mget",
                                        "del", "exists", "dbsize", "strlen", "mset", "unlink"};
    const char *name = names[pit_test_random_below(random, 12)];
    const struct command *c = command_find(bytes_text(name));
    size_t count = c->arity > 0 ? (size_t)c->arity : 1 + (size_t)pit_test_random_below(random, 6);

    count = count < (size_t)abs(c->arity) ? (size_t)abs(c->arity) : count;
    if (c->id == COMMAND_set)
        count = 3;
    words[0] = bytes_text(name);
    for (size_t i = 1; i < count; i++) {
        size_t len = number_print((int64_t)pit_test_random_below(random, 60), text[i]);

        words[i] = bytes_of(text[i], len);
    }
    return count;
}

PIT_TEST(route_over_many_tables_answers_as_one_table_does)
{
    uint64_t random = pit_test_seed(), rounds = pit_test_scale(5000, 500000);
    struct out reply = out_new(&memory_heap), expected = out_new(&memory_heap);
    struct store single;
    struct many m;

    many_init(&m, random);
    store_init(&single, random, &memory_heap);
    for (uint64_t round = 0; round < rounds; round++) {
        out_clear(&reply);
        out_clear(&expected);
        for (uint64_t n = 1 + pit_test_random_below(&random, 8); n > 0; n--) {
            struct bytes words[16];
            char text[16][NUMBER_DIGITS];

            if (pit_test_random_below(&random, 8) == 0) {
                resp_status(route_here(&m.route), "PONG");
                resp_status(&expected, "PONG");
                continue;
            }
            size_t count = make(words, text, &random);
            const struct command *c = command_find(words[0]);
            route_add(&m.route, c, words, count);
            run(&single, c, words, count, &expected);
        }
        answer_round(&m, &reply);
        CHECK(bytes_equal(out_content(&reply), out_content(&expected)));
    }
    many_free(&m);
    store_clear(&single);
    out_free(&reply);
    out_free(&expected);
}

static void ask(struct many *m, struct out *reply, const char *name, const char *word)
{
    struct bytes words[] = {bytes_text(name), bytes_text(word)};

    out_clear(reply);
    route_add(&m->route, command_find(words[0]), words, 2);
    answer_round(m, reply);
    out_add(reply, "", 1);
}

#define KEYS 1000

static void fill(struct many *m)
{
    struct out reply = out_new(&memory_heap);
    char text[16];

    for (int i = 0; i < KEYS; i++) {
        struct bytes words[] = {bytes_text("set"), bytes_text(text), bytes_text("v")};

        words[1].len = (size_t)sprintf(text, "%d", i);
        out_clear(&reply);
        route_add(&m->route, &commands[COMMAND_set], words, 3);
        answer_round(m, &reply);
    }
    out_free(&reply);
}

/* Mark the keys of an array reply; the line that says how many is at *from. */
static void mark(char *from, bool *seen)
{
    long count = strtol(from + 1, &from, 10);

    for (; count > 0; count--) {
        char *key = strchr(strchr(from + 2, '\n'), '\n') + 1;

        seen[strtol(key, &from, 10)] = true;
    }
}

PIT_TEST(route_scans_all_tables_one_after_the_other)
{
    struct out reply = out_new(&memory_heap);
    bool seen[KEYS] = {false}, listed[KEYS] = {false};
    char cursor[32] = "0";
    struct many m;

    many_init(&m, pit_test_seed());
    fill(&m);
    do {
        ask(&m, &reply, "scan", cursor);
        char *at = strchr(reply.data, '\n') + 1; /* the cursor's length */
        at = strchr(at, '\n') + 1;               /* the cursor */
        char *keys = strchr(at, '\n') + 1;
        snprintf(cursor, sizeof(cursor), "%.*s", (int)strcspn(at, "\r"), at);
        mark(keys, seen);
    } while (strcmp(cursor, "0") != 0);
    ask(&m, &reply, "keys", "*");
    CHECK_EQ(strtol(reply.data + 1, NULL, 10), KEYS);
    mark(reply.data, listed);
    for (int i = 0; i < KEYS; i++)
        CHECK(seen[i] && listed[i]);
    ask(&m, &reply, "scan", "x");
    CHECK_STR(reply.data, "-ERR invalid cursor\r\n");
    many_free(&m);
    out_free(&reply);
}

PIT_TEST(route_refuses_an_answer_that_is_not_whole)
{
    struct out reply = out_new(&memory_heap);
    struct bytes words[] = {bytes_text("del"), bytes_text("a"), bytes_text("b"), bytes_text("c")};
    struct bytes answers[TABLES];
    struct route r;

    route_init(&r, TABLES, 1, &memory_heap);
    route_add(&r, &commands[COMMAND_del], words, 4);
    for (unsigned t = 0; t < TABLES; t++)
        answers[t] = bytes_text(":1\r\n");
    answers[__builtin_ctzll(r.asked)].len = 3;
    CHECK_EQ(route_assemble(&r, answers, &reply), ROUTE_WRONG);
    route_free(&r);
    out_free(&reply);
}
