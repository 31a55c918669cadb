/*
 * Tokens; see scan.h.
 *
 * More lenient than Erlang in one point: a reserved word is an atom here without quotes too, since
 * a term can hold nothing else by that name. Stricter in what no printed term has: no parentheses,
 * and in a binary no types but /utf8, no integers of more than 64 bits and none wider than
 * SEGMENT_BITS.
 */
#include "term/scan.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "term/integer.h"
#include "term/make.h"
#include "term/number.h"
#include "term/pid.h"
#include "term/text.h"

void pit__scan_init(struct pit__scanner *s, const char *text, size_t size, struct pit__heap *h,
                    enum pit__atom_how atoms)
{
    const uint8_t *at = (const uint8_t *)text;
    *s = (struct pit__scanner){
        .begin = at, .at = at, .end = at + size, .heap = h, .atoms = atoms, .where = at};
}

enum pit__token pit__scan_fail(struct pit__scanner *s, int error, const char *what)
{
    if (!s->error) {
        s->error = error;
        s->what = what;
    }
    return PIT__TOKEN_ERROR;
}

/* The same, at the place that the scanner has reached. */
static enum pit__token fail_here(struct pit__scanner *s, int error, const char *what)
{
    if (!s->error)
        s->where = s->at;
    return pit__scan_fail(s, error, what);
}

static enum pit__token made(struct pit__scanner *s, int r)
{
    return r < 0 ? pit__scan_fail(s, r, "no memory") : PIT__TOKEN_TERM;
}

/* The byte at a distance; 0 past the end, which begins nothing. */
static uint8_t peek(const struct pit__scanner *s, size_t distance)
{
    return (size_t)(s->end - s->at) > distance ? s->at[distance] : 0;
}

static bool take(struct pit__scanner *s, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* Kept out of pit__scan, so that a bracket or a bare atom does not pay for their frames. */
#define COLD __attribute__((noinline))

/* What the ASCII characters are; most texts are made of nothing else. Beyond it text.h decides. */
enum { LOWER = 1, NAME = 2, PLAIN = 4 }; /* plain: neither white nor a comment */
static const uint8_t classes[256] = {
    ['!' ... '$'] = PLAIN,
    ['&' ... '/'] = PLAIN,
    ['0' ... '9'] = PLAIN | NAME,
    [':' ... '?'] = PLAIN,
    ['@'] = PLAIN | NAME,
    ['A' ... 'Z'] = PLAIN | NAME,
    ['[' ... '^'] = PLAIN,
    ['_'] = PLAIN | NAME,
    ['`'] = PLAIN,
    ['a' ... 'z'] = PLAIN | NAME | LOWER,
    ['{' ... '~'] = PLAIN,
};

/* White space and comments. Beyond ASCII only what Latin-1 calls white, in UTF-8. */
void pit__scan_blanks(struct pit__scanner *s)
{
    while (s->at < s->end) {
        if (*s->at == '%') {
            while (s->at < s->end && *s->at != '\n')
                s->at++;
        } else if (*s->at <= ' ') {
            s->at++;
        } else if (*s->at == 0xc2 && peek(s, 1) >= 0x80 && peek(s, 1) <= 0xa0) {
            s->at += 2;
        } else {
            return;
        }
    }
}

static inline void skip_blank(struct pit__scanner *s)
{
    if (s->at < s->end && !(classes[*s->at] & PLAIN))
        pit__scan_blanks(s);
}

/* ---- Characters in quotes ---- */

static int hex_value(uint8_t c)
{
    if (pit__is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xHH and \x{H...}. */
static bool hex_escape(struct pit__scanner *s, uint32_t *ret)
{
    bool braces = take(s, "{");
    uint32_t c = 0;
    unsigned digits = 0;

    for (; digits < (braces ? 8u : 2u) && hex_value(peek(s, 0)) >= 0; digits++)
        c = c << 4 | (uint32_t)hex_value(*s->at++);
    if (digits == 0 || (!braces && digits != 2) || (braces && !take(s, "}")))
        return false;
    *ret = c;
    return true;
}

static uint32_t octal_escape(struct pit__scanner *s)
{
    uint32_t c = 0;

    for (unsigned i = 0; i < 3 && peek(s, 0) >= '0' && peek(s, 0) <= '7'; i++)
        c = c * 8 + (*s->at++ - '0');
    return c;
}

/* After the backslash. */
static bool escape(struct pit__scanner *s, uint32_t *ret)
{
    static const char from[] = "bdefnrstv", to[] = "\b\x7f\x1b\f\n\r \t\v";
    uint8_t c = peek(s, 0);
    const char *found = c ? strchr(from, c) : NULL;

    if (c >= '0' && c <= '7') {
        *ret = octal_escape(s);
    } else if (c == 'x') {
        s->at++;
        if (!hex_escape(s, ret))
            return false;
    } else if (c == '^') {
        if (peek(s, 1) < ' ' || peek(s, 1) > '~')
            return false;
        *ret = peek(s, 1) & 31;
        s->at += 2;
    } else if (found) {
        *ret = (uint8_t)to[found - from];
        s->at++;
    } else { /* itself, whatever it is */
        unsigned used = pit__utf8_decode(s->at, s->end, ret);
        s->at += used;
        return used > 0;
    }
    return pit__utf8_is_character(*ret);
}

/* 1: a character; 0: the closing quote was taken; below: an error. */
static int quoted_character(struct pit__scanner *s, uint8_t quote, uint32_t *ret)
{
    if (s->at == s->end)
        return fail_here(s, -EINVAL, "the closing quote is missing"), -1;
    if (*s->at == quote) {
        s->at++;
        return 0;
    }
    if (*s->at == '\\') {
        s->at++;
        if (!escape(s, ret))
            return fail_here(s, -EINVAL, "not an escape sequence"), -1;
        return 1;
    }
    unsigned used = pit__utf8_decode(s->at, s->end, ret);
    if (!used)
        return fail_here(s, -EINVAL, "not UTF-8"), -1;
    s->at += used;
    return 1;
}

/* ---- Atoms and strings ---- */

static enum pit__token atom(struct pit__scanner *s, const char *text, size_t size)
{
    int r = pit__atom(text, size, s->atoms, &s->value);

    switch (r) {
    case 0:
        return PIT__TOKEN_TERM;
    case -ENOENT:
        return pit__scan_fail(s, r, "no such atom exists");
    case -ENAMETOOLONG:
        return pit__scan_fail(s, -EINVAL, "an atom has at most 255 characters");
    case -PIT_ESYSTEMLIMIT:
        return pit__scan_fail(s, r, "the table of atoms is full");
    case -ENOMEM:
        return pit__scan_fail(s, r, "no memory for an atom");
    default:
        return pit__scan_fail(s, -EINVAL, "not UTF-8");
    }
}

static enum pit__token bare_atom(struct pit__scanner *s)
{
    const uint8_t *from = s->at;
    uint32_t c;
    unsigned used;

    while (s->at < s->end && classes[*s->at] & NAME)
        s->at++;
    while ((used = pit__utf8_decode(s->at, s->end, &c)) > 0 && pit__is_name(c))
        s->at += used;
    return atom(s, (const char *)from, (size_t)(s->at - from));
}

COLD static enum pit__token quoted_atom(struct pit__scanner *s)
{
    uint8_t text[PIT__ATOM_BYTES];
    size_t size = 0;
    uint32_t c;
    int r;

    s->at++;
    for (unsigned n = 0; (r = quoted_character(s, '\'', &c)) > 0; n++) {
        if (n == PIT__ATOM_CHARACTERS)
            return pit__scan_fail(s, -EINVAL, "an atom has at most 255 characters");
        size += pit__utf8_encode(c, text + size);
    }
    return r < 0 ? PIT__TOKEN_ERROR : atom(s, (const char *)text, size);
}

/* Strings beside each other are one: a long one is printed so by ~p. */
COLD static enum pit__token string(struct pit__scanner *s)
{
    pit_term list = pit_nil();
    uint64_t *tail = &list.word;
    const uint8_t *after;
    uint32_t c;
    int r;

    do {
        s->at++;
        while ((r = quoted_character(s, '"', &c)) > 0) {
            uint64_t *pair = pit__heap_try(s->heap, 2);
            if (!pair)
                return made(s, -ENOMEM);
            pair[0] = pit__small(c).word;
            pair[1] = pit_nil().word;
            *tail = pit__pair_term(pair).word;
            tail = pair + 1;
        }
        if (r < 0)
            return PIT__TOKEN_ERROR;
        after = s->at;
        skip_blank(s);
    } while (peek(s, 0) == '"');
    s->at = after;
    s->value = list;
    return PIT__TOKEN_TERM;
}

/* $a, $\n */
COLD static enum pit__token character(struct pit__scanner *s)
{
    uint32_t c;

    s->at++;
    if (s->at == s->end)
        return pit__scan_fail(s, -EINVAL, "a character is missing after $");
    if (*s->at == '\\') {
        s->at++;
        if (!escape(s, &c))
            return fail_here(s, -EINVAL, "not an escape sequence");
    } else {
        unsigned used = pit__utf8_decode(s->at, s->end, &c);
        if (!used)
            return fail_here(s, -EINVAL, "not UTF-8");
        s->at += used;
    }
    s->value = pit__small(c);
    return PIT__TOKEN_TERM;
}

/* -1, - 1, +1, -$a */
COLD static enum pit__token signed_number(struct pit__scanner *s)
{
    const uint8_t *sign = s->at++;

    skip_blank(s);
    if (peek(s, 0) != '$') {
        s->at = sign;
        return pit__scan_number(s);
    }
    enum pit__token token = character(s);
    if (token == PIT__TOKEN_TERM && *sign == '-') {
        int64_t c = 0;

        (void)pit__integer_to_int(s->value, &c); /* a character is one */
        s->value = pit__small(-c);
    }
    return token;
}

/* Decimal digits and the character after them; false: none, or above most. */
static bool field(struct pit__scanner *s, uint64_t most, const char *after, uint64_t *ret)
{
    uint64_t v = 0;

    if (!pit__is_digit(peek(s, 0)))
        return false;
    while (pit__is_digit(peek(s, 0))) {
        unsigned digit = *s->at++ - '0';
        if (digit > most || v > (most - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *ret = v;
    return take(s, after);
}

/* ---- Binaries: measured once without a target, then written ---- */

#define SEGMENT_BITS 65536

struct bytes {
    uint8_t *to; /* NULL while measuring */
    size_t bits;
};

/* The last width bits of v, of which there are as many as it takes. */
static void put_integer(struct bytes *b, int64_t v, uint64_t width)
{
    size_t at = b->bits;

    b->bits += width;
    if (width == 8 && at % 8 == 0) { /* nearly all of them */
        if (b->to)
            b->to[at / 8] = (uint8_t)v;
        return;
    }
    for (uint64_t i = b->to ? width : 0; i-- > 0; at++) {
        if (at % 8 == 0)
            b->to[at / 8] = 0;
        if (i < 64 ? (uint64_t)v >> i & 1 : v < 0)
            b->to[at / 8] |= (uint8_t)(0x80 >> at % 8);
    }
}

static void put(struct bytes *b, uint32_t c, bool utf8)
{
    uint8_t encoded[4];
    unsigned n = 1;

    encoded[0] = (uint8_t)c;
    if (utf8)
        n = pit__utf8_encode(c, encoded);
    for (unsigned i = 0; i < n; i++)
        put_integer(b, encoded[i], 8);
}

/* "..." and "..."/utf8; which of the two it is stands behind it. */
static bool string_segment(struct pit__scanner *s, struct bytes *b)
{
    const uint8_t *from = ++s->at;
    bool wide = false;
    uint32_t c;
    int r;

    while ((r = quoted_character(s, '"', &c)) > 0)
        wide |= c > 0xff;
    if (r < 0)
        return false;

    bool utf8 = take(s, "/utf8");
    if (wide && !utf8)
        return fail_here(s, -EINVAL, "a character above 255 in a binary needs /utf8"), false;
    const uint8_t *after = s->at;
    s->at = from;
    while (quoted_character(s, '"', &c) > 0)
        put(b, c, utf8);
    s->at = after;
    return true;
}

static enum pit__token segment_value(struct pit__scanner *s)
{
    uint8_t c = peek(s, 0);

    if (c == '$')
        return character(s);
    if (c == '-' || c == '+')
        return signed_number(s);
    if (pit__is_digit(c))
        return pit__scan_number(s);
    return fail_here(s, -EINVAL, "a binary holds bytes and strings");
}

/* 1, -1, 300:16; without a width the last 8 bits. */
static bool integer_segment(struct pit__scanner *s, struct bytes *b)
{
    uint64_t width = 8;
    int64_t v;

    s->where = s->at;
    if (segment_value(s) != PIT__TOKEN_TERM)
        return false;
    if (!pit__integer_to_int(s->value, &v))
        return pit__scan_fail(s, -EINVAL, "a binary holds integers of at most 64 bits"), false;
    skip_blank(s);
    if (take(s, ":")) {
        skip_blank(s);
        if (!field(s, SEGMENT_BITS, "", &width))
            return fail_here(s, -EINVAL, "a width is 0 to 65536 bits"), false;
    }
    put_integer(b, v, width);
    return true;
}

/* After <<; takes the >>. */
static bool segments(struct pit__scanner *s, struct bytes *b)
{
    skip_blank(s);
    if (take(s, ">>"))
        return true;
    for (;;) {
        skip_blank(s);
        if (!(peek(s, 0) == '"' ? string_segment(s, b) : integer_segment(s, b)))
            return false;
        skip_blank(s);
        if (take(s, ">>"))
            return true;
        if (!take(s, ","))
            return fail_here(s, -EINVAL, "expected , or >> in a binary of whole bytes"), false;
    }
}

COLD static enum pit__token binary(struct pit__scanner *s)
{
    struct bytes b = {0};
    pit_term t;

    s->at += 2;
    const uint8_t *from = s->at;
    if (!segments(s, &b))
        return PIT__TOKEN_ERROR;

    if (b.bits % 8)
        return fail_here(s, -EINVAL, "not a whole number of bytes");
    size_t size = b.bits / 8;
    int r = pit__make_bytes(s->heap, size, &t, &b.to);
    if (r < 0)
        return made(s, r);
    s->at = from;
    b.bits = 0;
    bool again = segments(s, &b);
    PIT_ASSERT(again);
    PIT_ASSERT(b.bits == 8 * size);
    s->value = t;
    return PIT__TOKEN_TERM;
}

/* ---- Pids and references ---- */

static bool pid_fields(struct pit__scanner *s, const char *after, pit_pid *ret)
{
    uint64_t proxy, index, generation;

    if (!field(s, 1, ".", &proxy) || !field(s, PIT__PID_INDEX_MAX, ".", &index) ||
        !field(s, PIT__PID_GENERATION_MAX, after, &generation))
        return false;
    *ret = pit__pid(proxy, index, generation);
    return true;
}

COLD static enum pit__token pid(struct pit__scanner *s)
{
    pit_pid p;

    s->at++;
    if (!pid_fields(s, ">", &p))
        return fail_here(s, -EINVAL, "not a pid: <0.Index.Generation>");
    return made(s, pit__make_pid(s->heap, p, &s->value));
}

COLD static enum pit__token reference(struct pit__scanner *s)
{
    pit_ref ref;

    if (!take(s, "#Ref<") || !pid_fields(s, ".", &ref.owner) ||
        !field(s, UINT64_MAX, ">", &ref.number))
        return fail_here(s, -EINVAL, "not a reference: #Ref<0.Index.Generation.Number>");
    return made(s, pit__make_ref(s->heap, ref, &s->value));
}

/* ---- Tokens ---- */

COLD static enum pit__token name(struct pit__scanner *s)
{
    uint32_t c;

    if (!pit__utf8_decode(s->at, s->end, &c))
        return pit__scan_fail(s, -EINVAL, "not UTF-8");
    if (pit__is_lower(c))
        return bare_atom(s);
    if (*s->at == '_' && !pit__is_name(peek(s, 1)) && peek(s, 1) < 0x80) {
        s->at++;
        return PIT__TOKEN_ANY;
    }
    return pit__scan_fail(s, -EINVAL,
                          pit__is_name(c) ? "a variable is not a term" : "no term begins so");
}

static enum pit__token two(struct pit__scanner *s, const char *text, enum pit__token token)
{
    return take(s, text) ? token : pit__scan_fail(s, -EINVAL, "no term begins so");
}

enum pit__token pit__scan(struct pit__scanner *s)
{
    skip_blank(s);
    s->where = s->at;
    if (s->at == s->end)
        return PIT__TOKEN_END;

    uint8_t c = *s->at;
    switch (c) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
    case '|':
        s->at++;
        return (enum pit__token)c;
    case '~':
        s->at++;
        s->letter = 0;
        if (pit__is_lower(peek(s, 0)) || (peek(s, 0) >= 'A' && peek(s, 0) <= 'Z'))
            s->letter = (char)*s->at++;
        return PIT__TOKEN_PLACE;
    case '"':
        return string(s);
    case '\'':
        return quoted_atom(s);
    case '$':
        return character(s);
    case '<':
        return peek(s, 1) == '<' ? binary(s) : pid(s);
    case '#':
        return peek(s, 1) == 'R' ? reference(s) : two(s, "#{", PIT__TOKEN_MAP);
    case '=':
        return two(s, "=>", PIT__TOKEN_ARROW);
    case ':':
        return two(s, ":=", PIT__TOKEN_HAS);
    case '.':
        s->at++;
        return PIT__TOKEN_STOP;
    case '-':
    case '+':
        return signed_number(s);
    default:
        if (classes[c] & LOWER)
            return bare_atom(s);
        return pit__is_digit(c) ? pit__scan_number(s) : name(s);
    }
}
