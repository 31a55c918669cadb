/*
 * Goal: a command is read the same however its bytes arrive, and every error is redis's own, in
 * redis's words.
 * Method: each input is given whole, byte by byte from a buffer that moves, and cut at random; the
 * outcomes are written as text and compared. Replies are written and walked over again.
 */
#include "tests/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/casino/resp.h"

/* Read all commands of input, given in pieces of at most `piece` bytes (0: random), into text: [a|b][c]!error */
static void read_all(const char *input, size_t len, size_t piece, struct out *text)
{
    struct resp p;
    struct resp_limits limits = {.bulk = 1000, .words = 50, .line = 200, .command = 4000};
    uint64_t random = pit_test_seed();
    size_t given = 0, used_all = 0;
    enum resp_result r = RESP_MORE;

    resp_init(&p, &limits, &memory_heap);
    while (given < len && r != RESP_BROKEN) {
        size_t n = piece ? piece : 1 + pit_test_random_below(&random, 40);

        given += n < len - given ? n : len - given;
        for (r = RESP_COMMAND; r == RESP_COMMAND;) {
            /* A copy of its own each time: the input moves, and reading past its end is seen. */
            size_t have = given - used_all, used = 0;
            char *copy = malloc(have ? have : 1);

            memcpy(copy, input + used_all, have);
            r = resp_next(&p, copy, have, &used);
            if (r == RESP_COMMAND) {
                out_text(text, "[");
                for (size_t i = 0; i < p.count; i++) {
                    out_text(text, i ? "|" : "");
                    out_bytes(text, p.words[i]);
                }
                out_text(text, "]");
                used_all += used;
            } else if (r == RESP_MORE) {
                CHECK(resp_wanted(&p) > have);
            }
            free(copy);
        }
    }
    if (r == RESP_BROKEN)
        out_format(text, "!%s", p.error);
    out_add(text, "", 1);
    resp_free(&p);
}

static void expect(const char *input, size_t len, const char *outcome)
{
    for (size_t piece = 0; piece <= len + 1; piece = piece < 4 ? piece + 1 : piece * 3) {
        struct out text = out_new(&memory_heap);

        read_all(input, len, piece, &text);
        CHECK_STR(text.data, outcome);
        out_free(&text);
    }
}

#define EXPECT(input, outcome) expect(input, sizeof(input) - 1, outcome)

PIT_TEST(resp_reads_arrays)
{
    EXPECT("*1\r\n$4\r\nPING\r\n", "[PING]");
    EXPECT("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n", "[SET|a|]");
    EXPECT("*2\r\n$3\r\nGET\r\n$4\r\n\r\n\r\n\r\n", "[GET|\r\n\r\n]");
    EXPECT("*0\r\n*-1\r\n*1\r\n$1\r\nx\r\n", "[][][x]");
}

PIT_TEST(resp_reads_pipelines)
{
    EXPECT("*1\r\n$1\r\na\r\n*2\r\n$1\r\nb\r\n$1\r\nc\r\nd e\n*1\r\n$1\r\nf\r\n",
           "[a][b|c][d|e][f]");
    EXPECT("*1\r\n$1\r\na\r\n*2\r\n$1\r\nb\r\n$1\r\n", "[a]");
}

PIT_TEST(resp_reads_inline_commands_with_quotes)
{
    EXPECT("set a 1\r\n", "[set|a|1]");
    EXPECT("\r\n\n  ping  \n", "[][][ping]");
    EXPECT("set k \"a b\\x41\\n\\\"\"\n", "[set|k|a bA\n\"]");
    EXPECT("set k 'a \\' \\n'\n", "[set|k|a ' \\n]");
    EXPECT("set pre\"fix\" 'x'\n", "[set|prefix|x]");
    EXPECT("set k \"\" ''\n", "[set|k||]");
    EXPECT("set \"a\n", "!ERR Protocol error: unbalanced quotes in request");
    EXPECT("set \"a\"b\n", "!ERR Protocol error: unbalanced quotes in request");
    EXPECT("set 'a\\'\n", "!ERR Protocol error: unbalanced quotes in request");
}

PIT_TEST(resp_words_errors_as_redis_does)
{
    EXPECT("ping\n*x\r\n", "[ping]!ERR Protocol error: invalid multibulk length");
    EXPECT("*\r\n", "!ERR Protocol error: invalid multibulk length");
    EXPECT("*01\r\n", "!ERR Protocol error: invalid multibulk length");
    EXPECT("*99999999999999999999\r\n", "!ERR Protocol error: invalid multibulk length");
    EXPECT("*1\r\nx\r\n", "!ERR Protocol error: expected '$', got 'x'");
    EXPECT("*1\r\n\r\n", "!ERR Protocol error: expected '$', got ' '");
    EXPECT("*1\r\n$-1\r\n", "!ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$ 1\r\n", "!ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$1x\r\n", "!ERR Protocol error: invalid bulk length");
}

PIT_TEST(resp_bounds_what_a_client_may_announce)
{
    char line[1000];
    struct out many = out_new(&memory_heap);

    EXPECT("*51\r\n", "!ERR Protocol error: invalid multibulk length");
    EXPECT("*1\r\n$1001\r\n", "!ERR Protocol error: invalid bulk length");
    memset(line, '1', sizeof(line));
    line[0] = '*';
    expect(line, 150, "");
    expect(line, sizeof(line), "!ERR Protocol error: too big mbulk count string");
    memcpy(line, "*1\r\n$", 5);
    expect(line, sizeof(line), "!ERR Protocol error: too big bulk count string");
    memset(line, 'x', sizeof(line));
    expect(line, sizeof(line), "!ERR Protocol error: too big inline request");

    out_text(&many, "*6\r\n");
    for (int i = 0; i < 6; i++) {
        out_text(&many, "$900\r\n");
        out_add(&many, line, 900);
        out_text(&many, "\r\n");
    }
    expect(many.data, many.len, "!ERR Protocol error: too big request");
    out_free(&many);
}

PIT_TEST(resp_reads_more_words_than_it_has_room_for)
{
    struct out input = out_new(&memory_heap), outcome = out_new(&memory_heap);

    for (int round = 0; round < 2; round++) {
        out_text(&input, "*50\r\n");
        out_text(&outcome, "[");
        for (int i = 0; i < 50; i++) {
            out_format(&input, "$2\r\n%d\r\n", i + 10);
            out_format(&outcome, "%s%d", i ? "|" : "", i + 10);
        }
        out_text(&outcome, "]");
    }
    out_add(&outcome, "", 1);
    expect(input.data, input.len, outcome.data);
    out_free(&input);
    out_free(&outcome);
}

static int allowed; /* allocations until none is left */

static void *failing_resize(void *old, size_t size)
{
    return allowed-- > 0 ? realloc(old, size) : NULL;
}

PIT_TEST(resp_survives_every_failing_allocation)
{
    const struct memory failing = {failing_resize, free};
    char input[] =
        "*20\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n$1\r\ng\r\n"
        "$1\r\nh\r\n$1\r\ni\r\n$1\r\nj\r\n$1\r\nk\r\n$1\r\nl\r\n$1\r\nm\r\n$1\r\nn\r\n"
        "$1\r\no\r\n$1\r\np\r\n$1\r\nq\r\n$1\r\nr\r\n$1\r\ns\r\n$1\r\nt\r\n";

    for (int most = 0; most <= 4; most++) {
        struct resp p;
        size_t used = 0;

        allowed = most;
        resp_init(&p, &RESP_LIMITS, &failing);
        enum resp_result r = resp_next(&p, input, sizeof(input) - 1, &used);
        CHECK_EQ(r, most < 4 ? RESP_BROKEN : RESP_COMMAND);
        if (r == RESP_COMMAND)
            CHECK_EQ(p.count, 20);
        resp_free(&p);
    }
}

PIT_TEST(resp_replies_are_written_and_walked_over)
{
    struct out o = out_new(&memory_heap);

    resp_status(&o, "OK");
    resp_error(&o, "ERR a\r\nb %d", 7);
    resp_integer(&o, INT64_MIN);
    resp_bulk(&o, bytes_of("a\r\nb", 4));
    resp_null(&o);
    resp_array(&o, 2);
    resp_array(&o, 0);
    resp_bulk(&o, bytes_of("", 0));
    CHECK(bytes_equal(out_content(&o),
                      bytes_text("+OK\r\n-ERR a  b 7\r\n:-9223372036854775808\r\n$4\r\na\r\nb\r\n"
                                 "$-1\r\n*2\r\n*0\r\n$0\r\n\r\n")));

    size_t at = 0, replies = 0;
    for (size_t n; at < o.len; at += n, replies++) {
        n = resp_reply_length(bytes_of(o.data + at, o.len - at));
        CHECK(n > 0);
        for (size_t part = 0; part < n; part++)
            CHECK_EQ(resp_reply_length(bytes_of(o.data + at, part)), 0);
    }
    CHECK_EQ(replies, 6);
    out_free(&o);
}
