/*
 * Terms from text, and from a format with arguments: one reader, which keeps what it has read on a
 * stack and makes a tuple, list or map of the top when its bracket closes. So nesting costs no C
 * stack.
 */
#include <errno.h>

#include "base/assert.h"
#include "term/format.h"
#include "term/make.h"
#include "term/scan.h"
#include "term/stack.h"

enum open { OPEN_TUPLE, OPEN_LIST, OPEN_TAIL, OPEN_MAP }; /* tail: behind the | of a list */

struct reader {
    struct pit__scanner scan;
    struct pit__stack values;
    struct pit__stack open; /* of each bracket: what it is, and how many values lay below it */
    const struct pit__format_args *args; /* NULL: text, in which ~ is an error */
    unsigned used;
};

static bool fail(struct reader *r, const char *what)
{
    (void)pit__scan_fail(&r->scan, -EINVAL, what);
    return false;
}

static bool no_memory(struct reader *r)
{
    (void)pit__scan_fail(&r->scan, -ENOMEM, "no memory, or more terms than this process may hold");
    return false;
}

static bool push_value(struct reader *r, pit_term t)
{
    if (!pit__stack_room(&r->values, 1))
        return no_memory(r);
    pit__stack_push(&r->values, t.word);
    return true;
}

static bool push_open(struct reader *r, enum open kind)
{
    if (r->open.count == 2 * PIT_PARSE_DEPTH)
        return fail(r, "nested too deep");
    if (!pit__stack_room(&r->open, 2))
        return no_memory(r);
    pit__stack_push(&r->open, kind);
    pit__stack_push(&r->open, r->values.count);
    return true;
}

static enum open innermost(const struct reader *r)
{
    return (enum open)r->open.words[r->open.count - 2];
}
static size_t gathered(const struct reader *r)
{
    return r->values.count - r->open.words[r->open.count - 1];
}

/* ---- A bracket closes ---- */

static int make_tuple(struct reader *r, const uint64_t *words, size_t n, pit_term *ret)
{
    uint64_t *c = pit__heap_try(r->scan.heap, 1 + n);

    if (!c)
        return -ENOMEM;
    c[0] = pit__header(PIT__BOX_TUPLE, n);
    memcpy(c + 1, words, n * sizeof *words);
    *ret = pit__box_term(c);
    return 0;
}

/* The cells lie in the order of the list. */
static int make_list(struct reader *r, const uint64_t *words, size_t n, pit_term tail,
                     pit_term *ret)
{
    if (n == 0) {
        *ret = tail;
        return 0;
    }
    uint64_t *c = pit__heap_try(r->scan.heap, 2 * n);
    if (!c)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        c[2 * i] = words[i];
        c[2 * i + 1] = i + 1 < n ? pit__pair_term(c + 2 * i + 2).word : tail.word;
    }
    *ret = pit__pair_term(c);
    return 0;
}

static bool close_bracket(struct reader *r)
{
    enum open kind = innermost(r);
    size_t n = gathered(r);
    uint64_t *words = r->values.words + r->values.count - n;
    pit_term t = {0};
    int e;

    if (kind == OPEN_TUPLE)
        e = make_tuple(r, words, n, &t);
    else if (kind == OPEN_MAP)
        e = pit__make_map(r->scan.heap, words, n / 2, &t);
    else if (kind == OPEN_TAIL)
        e = make_list(r, words, n - 1, pit__at(words + n - 1), &t);
    else
        e = make_list(r, words, n, pit_nil(), &t);
    if (e < 0)
        return no_memory(r);
    r->values.count -= n;
    r->open.count -= 2;
    return push_value(r, t);
}

/* ---- The grammar ---- */

static bool argument(struct reader *r)
{
    pit_term t;

    if (!r->args)
        return fail(r, "no term begins so");
    if (r->used == r->args->count)
        return fail(r, "more ~ than arguments");
    const char *what = pit__format_value(r->args->args[r->used++], r->scan.letter, &t);
    return what ? fail(r, what) : push_value(r, t);
}

enum step { VALUE, AFTER, FAILED };

/* Where a value is wanted, or the end of a bracket that is still empty. */
static enum step read_value(struct reader *r, bool may_close)
{
    enum pit__token token = pit__scan(&r->scan);
    bool ok;

    switch (token) {
    case PIT__TOKEN_TERM:
        return push_value(r, r->scan.value) ? AFTER : FAILED;
    case PIT__TOKEN_PLACE:
        return argument(r) ? AFTER : FAILED;
    case PIT__TOKEN_OPEN_TUPLE:
        return push_open(r, OPEN_TUPLE) ? VALUE : FAILED;
    case PIT__TOKEN_OPEN_LIST:
        return push_open(r, OPEN_LIST) ? VALUE : FAILED;
    case PIT__TOKEN_MAP:
        return push_open(r, OPEN_MAP) ? VALUE : FAILED;
    case PIT__TOKEN_CLOSE_BRACE:
    case PIT__TOKEN_CLOSE_LIST:
        ok = may_close && (innermost(r) == OPEN_LIST) == (token == PIT__TOKEN_CLOSE_LIST);
        return (ok ? close_bracket(r) : fail(r, "a term is missing here")) ? AFTER : FAILED;
    case PIT__TOKEN_ERROR:
        return FAILED;
    case PIT__TOKEN_ANY:
        return fail(r, "_ is a pattern, not a term"), FAILED;
    case PIT__TOKEN_END:
        return fail(r, "the text ends where a term is missing"), FAILED;
    default:
        return fail(r, "a term is missing here"), FAILED;
    }
}

/* Behind a value inside a bracket. */
static enum step read_after(struct reader *r)
{
    enum open kind = innermost(r);
    bool key = kind == OPEN_MAP && gathered(r) % 2 == 1;
    enum pit__token token = pit__scan(&r->scan);

    switch (token) {
    case PIT__TOKEN_ERROR:
        return FAILED;
    case PIT__TOKEN_COMMA:
        if (kind == OPEN_TAIL)
            return fail(r, "one term follows a |"), FAILED;
        return key ? (fail(r, "expected => after a key"), FAILED) : VALUE;
    case PIT__TOKEN_ARROW:
        return key ? VALUE : (fail(r, "=> stands between a key and its value"), FAILED);
    case PIT__TOKEN_BAR:
        if (kind != OPEN_LIST)
            return fail(r, "| stands before the tail of a list"), FAILED;
        r->open.words[r->open.count - 2] = OPEN_TAIL;
        return VALUE;
    case PIT__TOKEN_CLOSE_BRACE:
        if (kind == OPEN_LIST || kind == OPEN_TAIL || key)
            return fail(r, key ? "expected => after a key" : "expected ] here"), FAILED;
        return close_bracket(r) ? AFTER : FAILED;
    case PIT__TOKEN_CLOSE_LIST:
        if (kind == OPEN_TUPLE || kind == OPEN_MAP)
            return fail(r, "expected } here"), FAILED;
        return close_bracket(r) ? AFTER : FAILED;
    case PIT__TOKEN_END:
        return fail(r, "the text ends inside a bracket"), FAILED;
    default:
        return fail(r, "expected , or the end of the bracket"), FAILED;
    }
}

static bool read_end(struct reader *r)
{
    enum pit__token token = pit__scan(&r->scan);

    if (token == PIT__TOKEN_STOP)
        token = pit__scan(&r->scan);
    if (token == PIT__TOKEN_ERROR)
        return false;
    if (token != PIT__TOKEN_END)
        return fail(r, "more text than one term");
    return !r->args || r->used == r->args->count || fail(r, "fewer ~ than arguments");
}

static bool read_term(struct reader *r)
{
    enum step step = VALUE;

    for (;;) {
        if (step == VALUE) /* an empty bracket may close; one with a , behind it may not */
            step = read_value(r, r->open.count > 0 && gathered(r) == 0);
        if (step == FAILED)
            return false;
        if (step == AFTER) {
            if (r->open.count == 0)
                return read_end(r);
            step = read_after(r);
        }
    }
}

/* On failure nothing that was built stays in the heap. */
static int read_all(struct reader *r, pit_term *ret)
{
    struct pit__heap_mark mark = pit__heap_mark(r->scan.heap);

    pit__stack_init(&r->values);
    pit__stack_init(&r->open);
    bool ok = read_term(r);
    if (ok) {
        PIT_ASSERT(r->values.count == 1);
        *ret = pit__at(r->values.words);
    } else {
        pit__heap_rollback(r->scan.heap, mark);
    }
    pit__stack_free(&r->values);
    pit__stack_free(&r->open);
    return ok ? 0 : r->scan.error;
}

/* ---- The interface ---- */

int pit_term_parse_with(const char *text, size_t size, unsigned flags, pit_term *ret,
                        pit_parse_error *error)
{
    struct reader r = {0};

    pit__scan_init(&r.scan, text, size, pit__heap(),
                   flags & PIT_PARSE_KNOWN_ATOMS ? PIT__ATOM_FIND : PIT__ATOM_MAKE);
    int e = read_all(&r, ret);
    if (e < 0 && error)
        *error = (pit_parse_error){(size_t)(r.scan.where - r.scan.begin), r.scan.what};
    return e;
}

int pit_term_parse(const char *text, size_t size, pit_term *ret)
{
    return pit_term_parse_with(text, size, 0, ret, NULL);
}

pit_term pit__build(struct pit__place place, const struct pit__arg *args, unsigned count)
{
    struct pit__format_args format = {args, count};
    struct reader r;
    pit_term t;

    r.args = &format;
    r.used = 0;
    pit__scan_init(&r.scan, place.format, strlen(place.format), pit__heap(), PIT__ATOM_MAKE);
    int e = read_all(&r, &t);
    if (e == -ENOMEM || e == -PIT_ESYSTEMLIMIT)
        pit__system_limit("pit_build(\"%s\"): %s, %s:%d", place.format, r.scan.what, place.file,
                          place.line);
    if (e < 0)
        pit__format_refuse("pit_build", place, (size_t)(r.scan.where - r.scan.begin), r.scan.what);
    return t;
}
