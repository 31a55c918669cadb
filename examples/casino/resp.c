/*
 * Reading RESP2.
 *
 * Two forms of a command. The array: "*2\r\n$3\r\nGET\r\n$1\r\na\r\n". The inline form, for a
 * person at telnet: "get a\n", with quotes. What is lenient here is lenient in redis too, on
 * purpose: the byte after a '\r' is not looked at, nor are the two bytes behind a word, and an
 * array of no or a negative number of words is nothing.
 *
 * Invariants, between calls
 *  (1) at <= the input's length, and bytes before `at` are never read again until the command is
 *      complete.
 *  (2) spans[0..count) are the words already complete, as offsets.
 *  (3) left > 0 exactly while inside an array; bulk >= 0 only then.
 *  (4) no word, line or command longer than its limit is ever waited for.
 */
#include "examples/casino/resp.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "examples/casino/number.h"

void resp_init(struct resp *p, const struct resp_limits *limits, const struct memory *memory)
{
    *p = (struct resp){.limits = *limits, .memory = memory, .bulk = -1, .room = RESP_FEW};
    p->words = p->few_words;
    p->spans = p->few_spans;
}

void resp_free(struct resp *p)
{
    if (p->words != p->few_words)
        p->memory->release(p->words);
    if (p->spans != p->few_spans)
        p->memory->release(p->spans);
    p->words = p->few_words;
    p->spans = p->few_spans;
    p->room = RESP_FEW;
    p->count = 0;
}

static enum resp_result broken(struct resp *p, const char *error)
{
    p->error = error;
    return RESP_BROKEN;
}

/* A client that once sent a thousand words does not hold their space for ever. */
#define WORDS_TO_KEEP 64

static void start_over(struct resp *p)
{
    if (p->room > WORDS_TO_KEEP)
        resp_free(p);
    p->at = p->seen = p->count = 0;
    p->left = 0;
    p->bulk = -1;
}

static void *moved(struct resp *p, const void *few, void *old, size_t size, size_t used)
{
    void *block = p->memory->resize(old == few ? NULL : old, size);

    if (block && old == few)
        memcpy(block, few, used);
    return block;
}

static bool more_room(struct resp *p)
{
    size_t room = p->room * 2;
    struct resp_span *spans =
        moved(p, p->few_spans, p->spans, room * sizeof(*spans), p->count * sizeof(*spans));

    if (!spans)
        return false;
    p->spans = spans;
    struct bytes *words = moved(p, p->few_words, p->words, room * sizeof(*words), 0);
    if (!words)
        return false;
    p->words = words;
    p->room = room;
    return true;
}

static bool add_word(struct resp *p, size_t at, size_t len)
{
    if (p->count == p->room && !more_room(p))
        return false;
    p->spans[p->count++] = (struct resp_span){at, len};
    return true;
}

static enum resp_result complete(struct resp *p, const char *input, size_t *used)
{
    *used = p->at;
    for (size_t i = 0; i < p->count; i++)
        p->words[i] = bytes_of(input + p->spans[i].at, p->spans[i].len);
    p->at = p->seen = 0;
    p->left = 0;
    p->bulk = -1;
    return RESP_COMMAND;
}

/* Find the end of the line that starts at `at`: its first byte that is `end`. Never looks at a byte
   twice. */
static bool line_end(struct resp *p, const char *input, size_t len, char end, size_t *ret_line)
{
    size_t from = p->at + p->seen;
    const char *hit = from < len ? memchr(input + from, end, len - from) : NULL;

    if (!hit) {
        p->seen = len - p->at;
        return false;
    }
    *ret_line = (size_t)(hit - input) - p->at;
    p->seen = *ret_line; /* found again at once, should the byte behind it still be missing */
    return true;
}

/*
 * The number of a line like "*3\r\n", without its first byte. RESP_COMMAND: *ret is set and `at`
 * stands behind the line. The byte after '\r' must be there, whatever it is.
 */
static enum resp_result length_line(struct resp *p, const char *input, size_t len,
                                    const char *too_big, const char *invalid, int64_t *ret)
{
    size_t line;

    if (!line_end(p, input, len, '\r', &line))
        return len - p->at > p->limits.line ? broken(p, too_big) : RESP_MORE;
    if (p->at + line + 2 > len)
        return RESP_MORE;
    if (!line || !number_parse(bytes_of(input + p->at + 1, line - 1), ret))
        return broken(p, invalid);
    p->at += line + 2;
    p->seen = 0;
    return RESP_COMMAND;
}

static enum resp_result array_start(struct resp *p, const char *input, size_t len)
{
    static const char invalid[] = "ERR Protocol error: invalid multibulk length";
    enum resp_result r = length_line(
        p, input, len, "ERR Protocol error: too big mbulk count string", invalid, &p->left);

    if (r == RESP_COMMAND && p->left > 0 && (uint64_t)p->left > p->limits.words)
        return broken(p, invalid);
    return r;
}

static enum resp_result not_a_bulk(struct resp *p, char found)
{
    if (found == '\r' || found == '\n')
        found = ' '; /* as redis does: an error is one line */
    (void)snprintf(p->text, sizeof(p->text), "ERR Protocol error: expected '$', got '%c'", found);
    return broken(p, p->text);
}

static enum resp_result bulk_start(struct resp *p, const char *input, size_t len)
{
    static const char invalid[] = "ERR Protocol error: invalid bulk length";
    int64_t bulk = 0;
    size_t at = p->at;
    size_t line;

    /* The dollar is only missed once the line is whole: that is the order in which redis finds
       fault. */
    if (line_end(p, input, len, '\r', &line) && at + line + 2 <= len && input[at] != '$')
        return not_a_bulk(p, input[at]);
    enum resp_result r =
        length_line(p, input, len, "ERR Protocol error: too big bulk count string", invalid, &bulk);
    if (r != RESP_COMMAND)
        return r;
    if (bulk < 0 || (uint64_t)bulk > p->limits.bulk)
        return broken(p, invalid);
    if (p->at + (size_t)bulk + 2 > p->limits.command)
        return broken(p, "ERR Protocol error: too big request");
    p->bulk = bulk;
    return RESP_COMMAND;
}

static enum resp_result array_words(struct resp *p, const char *input, size_t len, size_t *used)
{
    while (p->left > 0) {
        if (p->bulk < 0) {
            enum resp_result r = p->at < len ? bulk_start(p, input, len) : RESP_MORE;

            if (r != RESP_COMMAND)
                return r;
        }
        size_t bulk = (size_t)p->bulk;
        if (len - p->at < bulk + 2)
            return RESP_MORE;
        if (!add_word(p, p->at, bulk))
            return broken(p, "ERR Protocol error: out of memory");
        p->at += bulk + 2;
        p->bulk = -1;
        p->left--;
    }
    return complete(p, input, used);
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool ends_word(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
static bool is_quote(char c) { return c == '"' || c == '\''; }

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = bytes_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char escaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

/* In double quotes, behind a backslash at line[i]: the byte it stands for. Returns where to go
   on. */
static size_t undo_escape(const char *line, size_t end, size_t i, char *ret)
{
    if (end - i > 3 && line[i + 1] == 'x' && hex_digit(line[i + 2]) >= 0 &&
        hex_digit(line[i + 3]) >= 0) {
        *ret = (char)(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3]));
        return i + 4;
    }
    *ret = escaped(line[i + 1]);
    return i + 2;
}

/*
 * One quoted part of a word, from line[i], the quote itself; its bytes go to line[*to]. Returns the
 * index behind the closing quote; 0 if there is none, or if something other than a space follows
 * it.
 */
static size_t undo_quotes(char *line, size_t end, size_t i, size_t *to)
{
    char quote = line[i++];

    while (i < end && line[i] != quote) {
        if (line[i] == '\\' && quote == '"' && i + 1 < end) {
            char c;

            i = undo_escape(line, end, i, &c);
            line[(*to)++] = c;
        } else if (line[i] == '\\' && quote == '\'' && i + 1 < end && line[i + 1] == '\'') {
            line[(*to)++] = '\'';
            i += 2;
        } else {
            line[(*to)++] = line[i++];
        }
    }
    if (i >= end || (i + 1 < end && !is_space(line[i + 1])))
        return 0;
    return i + 1;
}

/* Split line into words, undoing quotes in place: what is undone is never longer than what was
   written. */
static enum resp_result split_line(struct resp *p, char *input, size_t start, size_t end)
{
    size_t i = start;

    for (;;) {
        while (i < end && is_space(input[i]))
            i++;
        if (i == end)
            return RESP_COMMAND;

        size_t word = i, to = i;
        while (i < end && !ends_word(input[i]) && !is_quote(input[i]))
            input[to++] = input[i++];
        if (i < end && is_quote(input[i])) { /* what is quoted ends the word */
            i = undo_quotes(input, end, i, &to);
            if (!i)
                return broken(p, "ERR Protocol error: unbalanced quotes in request");
        }
        if (p->count >= p->limits.words || !add_word(p, word, to - word))
            return broken(p, "ERR Protocol error: too big inline request");
    }
}

static enum resp_result inline_command(struct resp *p, char *input, size_t len, size_t *used)
{
    size_t line;

    if (!line_end(p, input, len, '\n', &line))
        return len > p->limits.line ? broken(p, "ERR Protocol error: too big inline request")
                                    : RESP_MORE;
    size_t end = line > 0 && input[line - 1] == '\r' ? line - 1 : line;
    /* A zero byte ends the line for redis, whose strings do. */
    const char *zero = memchr(input, '\0', end);
    enum resp_result r = split_line(p, input, 0, zero ? (size_t)(zero - input) : end);
    if (r != RESP_COMMAND)
        return r;
    p->at = line + 1;
    return complete(p, input, used);
}

enum resp_result resp_next(struct resp *p, char *input, size_t len, size_t *used)
{
    if (p->error)
        return RESP_BROKEN;
    if (p->at == 0) { /* nothing of this command is understood: the words of the last one may go */
        size_t seen = p->seen;

        if (len == 0)
            return RESP_MORE;
        start_over(p);
        p->seen = seen;
        if (input[0] != '*')
            return inline_command(p, input, len, used);
        enum resp_result r = array_start(p, input, len);
        if (r != RESP_COMMAND)
            return r;
        if (p->left <= 0)
            return complete(p, input, used);
    }
    return array_words(p, input, len, used);
}

size_t resp_wanted(const struct resp *p)
{
    return p->bulk >= 0 ? p->at + (size_t)p->bulk + 2 : p->at + p->seen + 2;
}
