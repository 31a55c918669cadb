/*
 * Terms as text: Erlang's ~tp on one line.
 *
 * Everything goes through one sink, which counts all and keeps what fits, so measuring and writing
 * cannot differ. Nested terms wait on a stack: a run of cells, and what stands between and behind
 * them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "term/atom.h"
#include "term/cell.h"
#include "term/integer.h"
#include "term/make.h"
#include "term/number.h"
#include "term/pid.h"
#include "term/stack.h"
#include "term/text.h"

struct sink {
    char *to;
    size_t size;
    size_t length;
};

static void put(struct sink *k, const char *text, size_t n)
{
    if (k->length < k->size) {
        size_t room = k->size - k->length;
        memcpy(k->to + k->length, text, n < room ? n : room);
    }
    k->length += n;
}

static void put_char(struct sink *k, char c) { put(k, &c, 1); }
static void put_text(struct sink *k, const char *text) { put(k, text, strlen(text)); }

static void put_number(struct sink *k, uint64_t v)
{
    char text[24];
    put(k, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, v));
}

/* ---- Characters ---- */

/* As Erlang's io_lib: what has a name gets it, other control characters three octal digits. */
static void put_quoted(struct sink *k, uint32_t c, char quote)
{
    static const char named[] = "\n\t\v\b\f\r\x1b\x7f", letters[] = "ntvbfred";
    const char *found = c && c < 0x80 ? strchr(named, (int)c) : NULL;
    uint8_t encoded[4];
    char octal[8];

    if (c == (uint8_t)quote || c == '\\') {
        put_char(k, '\\');
        put_char(k, (char)c);
    } else if ((c >= ' ' && c <= '~') || c >= 0xa0) {
        put(k, (const char *)encoded, pit__utf8_encode(c, encoded));
    } else if (found) {
        put_char(k, '\\');
        put_char(k, letters[found - named]);
    } else {
        put(k, octal, (size_t)snprintf(octal, sizeof octal, "\\%03o", c & 0xff));
    }
}

static void put_utf8_quoted(struct sink *k, const uint8_t *at, size_t size, char quote)
{
    const uint8_t *end = at + size;
    uint32_t c;

    put_char(k, quote);
    while (at < end) {
        unsigned used = pit__utf8_decode(at, end, &c);
        PIT_ASSERT(used > 0); /* the caller looked */
        put_quoted(k, c, quote);
        at += used;
    }
    put_char(k, quote);
}

/* ---- Leaves ---- */

static void put_atom(struct sink *k, pit_term t)
{
    size_t size;
    const char *text = pit__atom_text(t, &size);

    if (pit__atom_is_bare(text, size))
        put(k, text, size);
    else
        put_utf8_quoted(k, (const uint8_t *)text, size, '\'');
}

/* Digits of a large one need room that no frame has: the memory hook's, and without it the process
   ends. */
static void put_big(struct sink *k, pit_term t)
{
    size_t limbs = pit__header_size(*pit__cells(t));
    size_t bytes = limbs * (sizeof(uint64_t) + 20);
    uint64_t *scratch = pit__term_memory.alloc(bytes);

    if (!scratch)
        pit__system_limit("no memory to print an integer of %zu bits", limbs * 64);
    char *end = (char *)scratch + bytes;
    char *digits = pit__integer_digits(t, scratch, end);
    put(k, digits, (size_t)(end - digits));
    pit__term_memory.free(scratch, bytes);
}

static void put_integer(struct sink *k, pit_term t)
{
    char text[24];

    if (pit__tag(t) == PIT__TAG_SMALL) {
        put(k, text, (size_t)snprintf(text, sizeof text, "%" PRId64, pit__small_value(t)));
        return;
    }
    if (pit__is_box(t, PIT__BOX_NEGATIVE))
        put_char(k, '-');
    put_big(k, t);
}

static void put_pid_fields(struct sink *k, pit_pid pid)
{
    put_char(k, pit__pid_is_proxy(pid) ? '1' : '0');
    put_char(k, '.');
    put_number(k, pit__pid_index(pid));
    put_char(k, '.');
    put_number(k, pit__pid_generation(pid));
}

static void put_pid(struct sink *k, pit_term t)
{
    put_char(k, '<');
    put_pid_fields(k, pit__term_pid_of(t));
    put_char(k, '>');
}

static void put_ref(struct sink *k, pit_term t)
{
    pit_ref ref = pit__ref_of(t);

    put_text(k, "#Ref<");
    put_pid_fields(k, ref.owner);
    put_char(k, '.');
    put_number(k, ref.number);
    put_char(k, '>');
}

static bool printable_utf8(const uint8_t *at, size_t size, bool *ret_ascii)
{
    const uint8_t *end = at + size;
    uint32_t c;

    *ret_ascii = true;
    while (at < end) {
        unsigned used = pit__utf8_decode(at, end, &c);
        if (!used || !pit__printable(c))
            return false;
        *ret_ascii &= used == 1;
        at += used;
    }
    return true;
}

static void put_binary(struct sink *k, pit_term t)
{
    size_t size;
    const uint8_t *data = pit__bytes(t, &size);
    bool ascii;

    put_text(k, "<<");
    if (size > 0 && printable_utf8(data, size, &ascii)) {
        put_utf8_quoted(k, data, size, '"');
        put_text(k, ascii ? "" : "/utf8");
    } else {
        for (size_t i = 0; i < size; i++) {
            if (i > 0)
                put_char(k, ',');
            put_number(k, data[i]);
        }
    }
    put_text(k, ">>");
}

static bool is_string(pit_term t)
{
    for (; pit__tag(t) == PIT__TAG_PAIR; t = pit__at(pit__cells(t) + 1)) {
        pit_term c = pit__at(pit__cells(t));
        if (pit__tag(c) != PIT__TAG_SMALL || !pit__printable((uint64_t)pit__small_value(c)))
            return false;
    }
    return pit__tag(t) == PIT__TAG_NIL;
}

static void put_string(struct sink *k, pit_term t)
{
    put_char(k, '"');
    for (; pit__tag(t) == PIT__TAG_PAIR; t = pit__at(pit__cells(t) + 1))
        put_quoted(k, (uint32_t)pit__small_value(pit__at(pit__cells(t))), '"');
    put_char(k, '"');
}

/* ---- Whole terms ---- */

/* One bracket that is still open. A list's at is the pair whose head was printed last. */
struct frame {
    enum pit_term_kind kind;
    const uint64_t *at;
    size_t index;
    size_t count;
};
#define FRAME_WORDS (sizeof(struct frame) / sizeof(uint64_t))

static void push_frame(struct pit__stack *s, struct frame f)
{
    pit__stack_need(s, FRAME_WORDS);
    memcpy(s->words + s->count, &f, sizeof f);
    s->count += FRAME_WORDS;
}

/* Print a leaf whole, and of anything else the opening, with a frame for the rest. */
static void open_term(struct sink *k, struct pit__stack *s, pit_term t)
{
    const uint64_t *c = pit__cells(t);
    char text[PIT__FLOAT_TEXT];
    enum pit_term_kind kind = pit_term_kind(t);

    switch (kind) {
    case PIT_TERM_INTEGER:
        put_integer(k, t);
        return;
    case PIT_TERM_FLOAT:
        put(k, text, pit__float_text(pit__float_value(t), text));
        return;
    case PIT_TERM_ATOM:
        put_atom(k, t);
        return;
    case PIT_TERM_REF:
        put_ref(k, t);
        return;
    case PIT_TERM_PID:
        put_pid(k, t);
        return;
    case PIT_TERM_BINARY:
        put_binary(k, t);
        return;
    case PIT_TERM_NIL:
        put_text(k, "[]");
        return;
    case PIT_TERM_CONS:
        if (is_string(t)) {
            put_string(k, t);
        } else {
            put_char(k, '[');
            push_frame(s, (struct frame){kind, NULL, (uintptr_t)c, 0});
        }
        return;
    case PIT_TERM_TUPLE:
        put_char(k, '{');
        push_frame(s, (struct frame){kind, c + 1, 0, pit__header_size(*c)});
        return;
    case PIT_TERM_MAP:
        put_text(k, "#{");
        push_frame(s, (struct frame){kind, c + 1, 0, 2 * pit__header_size(*c)});
        return;
    }
}

/* What stands before the next element of a tuple or map, and the element; false: it was closed. */
static bool next_element(struct sink *k, struct frame *f, pit_term *ret)
{
    bool map = f->kind == PIT_TERM_MAP;
    size_t i = f->index++, pairs = f->count / 2;

    if (i == f->count) {
        put_char(k, '}');
        return false;
    }
    if (i > 0)
        put_text(k, map && i % 2 ? " => " : ",");
    *ret = pit__at(f->at + (map ? i / 2 + i % 2 * pairs : i));
    return true;
}

/* A list: before its first head, behind a head, or (count 1) behind the tail of an improper one. */
static bool next_of_list(struct sink *k, struct frame *f, pit_term *ret)
{
    if (!f->at) {
        f->at = (const uint64_t *)(uintptr_t)f->index;
        *ret = pit__at(f->at);
        return true;
    }
    pit_term tail = pit__at(f->at + 1);
    if (f->count == 1 || pit__tag(tail) == PIT__TAG_NIL) {
        put_char(k, ']');
        return false;
    }
    if (pit__tag(tail) == PIT__TAG_PAIR) {
        put_char(k, ',');
        f->at = pit__cells(tail);
        *ret = pit__at(f->at);
    } else {
        put_char(k, '|');
        f->count = 1;
        *ret = tail;
    }
    return true;
}

static void print(struct sink *k, pit_term t)
{
    struct pit__stack s;

    pit__stack_init(&s);
    open_term(k, &s, t);
    while (s.count > 0) {
        struct frame f;
        uint64_t *top = s.words + s.count - FRAME_WORDS;
        memcpy(&f, top, sizeof f);
        bool more = f.kind == PIT_TERM_CONS ? next_of_list(k, &f, &t) : next_element(k, &f, &t);
        if (more) {
            memcpy(top, &f, sizeof f);
            open_term(k, &s, t);
        } else {
            s.count -= FRAME_WORDS;
        }
    }
    pit__stack_free(&s);
}

size_t pit_term_print(char *buf, size_t size, pit_term t)
{
    struct sink k = {buf, size, 0};

    print(&k, t);
    if (size > 0)
        buf[k.length < size ? k.length : size - 1] = '\0';
    return k.length;
}

/* Most texts are short: written once on the stack and copied; only a longer one is printed
   twice. */
const char *pit_term_text(pit_term t)
{
    char small[256];
    size_t length = pit_term_print(small, sizeof small, t);
    char *text = (char *)pit__heap_cells(length / 8 + 1);

    if (length < sizeof small)
        memcpy(text, small, length + 1);
    else
        (void)pit_term_print(text, length + 1, t);
    return text;
}
