/*
 * pit_match: a format and a term, walked together.
 *
 * Targets are set last, from a copy: a pattern that fails half way has touched none. What the
 * pattern's own floats and strings needed of the heap is given back when it fails. The walk
 * recurses, since its depth is the format's, which a programmer wrote; it is bounded all the same.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "term/cell.h"
#include "term/format.h"
#include "term/scan.h"

#define DEPTH_MOST 32
#define TARGETS_MOST 16

struct matcher {
    struct pit__scanner scan;
    const struct pit__arg *targets;
    unsigned count;
    unsigned used;
    unsigned depth;
    const char *wrong; /* the format is: badarg, not false */
    union {
        uint64_t words[3];
        pit_binary largest;
    } taken[TARGETS_MOST];
};
_Static_assert(sizeof(pit_binary) == 3 * sizeof(uint64_t), "a target is at most three words");

static bool wrong(struct matcher *m, const char *what)
{
    if (!m->wrong)
        m->wrong = what;
    return false;
}

/* An atom that does not exist is in no term, so the pattern is sound and does not match. */
static bool scan_failed(struct matcher *m)
{
    return m->scan.error == -ENOENT ? false : wrong(m, m->scan.what);
}

static bool match(struct matcher *m, enum pit__token token, pit_term t);

static bool match_place(struct matcher *m, pit_term t)
{
    if (m->used == m->count)
        return wrong(m, "more ~ than targets");

    struct pit__arg target = m->targets[m->used];
    target.as.target = &m->taken[m->used++];
    const char *what = NULL;
    bool fits = pit__format_take(t, target, m->scan.letter, &what);
    return what ? wrong(m, what) : fits;
}

static bool match_tuple(struct matcher *m, pit_term t)
{
    if (!pit__is_box(t, PIT__BOX_TUPLE))
        return false;

    const uint64_t *c = pit__cells(t);
    size_t size = pit__header_size(*c);
    enum pit__token token = pit__scan(&m->scan);
    if (token == PIT__TOKEN_CLOSE_BRACE)
        return size == 0;
    for (size_t i = 0; i < size; i++) {
        if (!match(m, token, pit__at(c + 1 + i)))
            return false;
        token = pit__scan(&m->scan);
        if (token == PIT__TOKEN_CLOSE_BRACE)
            return i + 1 == size;
        if (token != PIT__TOKEN_COMMA)
            return wrong(m, "expected , or } in a tuple");
        token = pit__scan(&m->scan);
    }
    return false; /* the format has more elements */
}

static bool match_tail(struct matcher *m, pit_term t)
{
    if (!match(m, pit__scan(&m->scan), t))
        return false;
    return pit__scan(&m->scan) == PIT__TOKEN_CLOSE_LIST ||
           wrong(m, "expected ] after the tail of a list");
}

static bool match_list(struct matcher *m, pit_term t)
{
    enum pit__token token = pit__scan(&m->scan);

    if (token == PIT__TOKEN_CLOSE_LIST)
        return pit__tag(t) == PIT__TAG_NIL;
    while (pit__tag(t) == PIT__TAG_PAIR) {
        const uint64_t *c = pit__cells(t);
        if (!match(m, token, pit__at(c)))
            return false;
        t = pit__at(c + 1);
        token = pit__scan(&m->scan);
        if (token == PIT__TOKEN_CLOSE_LIST)
            return pit__tag(t) == PIT__TAG_NIL;
        if (token == PIT__TOKEN_BAR)
            return match_tail(m, t);
        if (token != PIT__TOKEN_COMMA)
            return wrong(m, "expected , | or ] in a list");
        token = pit__scan(&m->scan);
    }
    return false;
}

static bool match_map(struct matcher *m, pit_term t)
{
    if (!pit__is_box(t, PIT__BOX_MAP))
        return false;

    pit_term value;
    enum pit__token token = pit__scan(&m->scan);
    if (token == PIT__TOKEN_CLOSE_BRACE)
        return true; /* #{} matches every map */
    for (;;) {
        if (token == PIT__TOKEN_ERROR)
            return scan_failed(m);
        if (token != PIT__TOKEN_TERM)
            return wrong(m, "a key is an atom, a number, a string or a binary");
        pit_term key = m->scan.value;
        if (pit__scan(&m->scan) != PIT__TOKEN_HAS)
            return wrong(m, "expected := after a key");
        if (!pit_map_get(t, key, &value) || !match(m, pit__scan(&m->scan), value))
            return false;
        token = pit__scan(&m->scan);
        if (token == PIT__TOKEN_CLOSE_BRACE)
            return true;
        if (token != PIT__TOKEN_COMMA)
            return wrong(m, "expected , or } in a map");
        token = pit__scan(&m->scan);
    }
}

static bool match_inside(struct matcher *m, bool (*kind)(struct matcher *, pit_term), pit_term t)
{
    if (m->depth == DEPTH_MOST)
        return wrong(m, "a pattern is nested at most 32 deep");
    m->depth++;
    bool matched = kind(m, t);
    m->depth--;
    return matched;
}

static bool match(struct matcher *m, enum pit__token token, pit_term t)
{
    switch (token) {
    case PIT__TOKEN_ANY:
        return true;
    case PIT__TOKEN_PLACE:
        return match_place(m, t);
    case PIT__TOKEN_TERM:
        return pit_term_equal(m->scan.value, t);
    case PIT__TOKEN_OPEN_TUPLE:
        return match_inside(m, match_tuple, t);
    case PIT__TOKEN_OPEN_LIST:
        return match_inside(m, match_list, t);
    case PIT__TOKEN_MAP:
        return match_inside(m, match_map, t);
    case PIT__TOKEN_ERROR:
        return scan_failed(m);
    default:
        return wrong(m, "a pattern is missing here");
    }
}

static bool match_all(struct matcher *m, pit_term t)
{
    if (!match(m, pit__scan(&m->scan), t))
        return false;
    if (pit__scan(&m->scan) != PIT__TOKEN_END)
        return wrong(m, "more text than one pattern");
    return m->used == m->count || wrong(m, "fewer ~ than targets");
}

/* The number of ~ outside quotes: checked whether the term matches or not, so that a rare branch is
 * not the one that finds the mistake. */
static unsigned places(const char *format)
{
    unsigned n = 0;

    for (char quote = 0; *format; format++) {
        if (quote) {
            if (*format == '\\' && format[1])
                format++;
            else if (*format == quote)
                quote = 0;
        } else if (*format == '"' || *format == '\'') {
            quote = *format;
        } else if (*format == '$' && format[1]) {
            format += format[1] == '\\' && format[2] ? 2 : 1;
        } else {
            n += *format == '~';
        }
    }
    return n;
}

bool pit__match(pit_term t, struct pit__place place, const struct pit__arg *targets, unsigned count)
{
    struct pit__heap *h = pit__heap();
    struct pit__heap_mark mark = pit__heap_mark(h);
    struct matcher m;

    PIT_ASSERT(count <= TARGETS_MOST);
    if (places(place.format) != count)
        pit__format_refuse("pit_match", place, 0, "the number of ~ is not the number of targets");
    m.targets = targets;
    m.count = count;
    m.used = 0;
    m.depth = 0;
    m.wrong = NULL;
    pit__scan_init(&m.scan, place.format, strlen(place.format), h, PIT__ATOM_FIND);
    bool matched = match_all(&m, t);
    if (m.wrong) {
        size_t offset = (size_t)(m.scan.where - m.scan.begin);
        pit__format_refuse("pit_match", place, offset, m.wrong);
    }
    if (!matched) {
        pit__heap_rollback(h, mark);
        return false;
    }
    for (unsigned i = 0; i < count; i++)
        memcpy(targets[i].as.target, &m.taken[i], targets[i].size);
    return true;
}
