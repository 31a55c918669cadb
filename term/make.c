/*
 * Terms by function: what each kind is made of, and taken apart into. Maps: map.c, integers:
 * integer.c.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/size.h"
#include "term/atom.h"
#include "term/blob.h"
#include "term/cell.h"
#include "term/heap.h"
#include "term/integer.h"
#include "term/make.h"
#include "term/text.h"

enum pit_term_kind pit_term_kind(pit_term t)
{
    static const uint8_t of_box[] = {
        [PIT__BOX_TUPLE] = PIT_TERM_TUPLE,      [PIT__BOX_MAP] = PIT_TERM_MAP,
        [PIT__BOX_FLOAT] = PIT_TERM_FLOAT,      [PIT__BOX_POSITIVE] = PIT_TERM_INTEGER,
        [PIT__BOX_NEGATIVE] = PIT_TERM_INTEGER, [PIT__BOX_PID] = PIT_TERM_PID,
        [PIT__BOX_REF] = PIT_TERM_REF,          [PIT__BOX_BYTES] = PIT_TERM_BINARY,
        [PIT__BOX_BLOB] = PIT_TERM_BINARY,
    };
    switch (pit__tag(t)) {
    case PIT__TAG_ATOM:
        return PIT_TERM_ATOM;
    case PIT__TAG_SMALL:
        return PIT_TERM_INTEGER;
    case PIT__TAG_PID:
        return PIT_TERM_PID;
    case PIT__TAG_PAIR:
        return PIT_TERM_CONS;
    case PIT__TAG_NIL:
        return PIT_TERM_NIL;
    case PIT__TAG_BOX:
        return of_box[pit__header_type(*pit__cells(t))];
    default:
        pit__badarg("not a term: %#llx", (unsigned long long)t.word);
    }
}

/* ---- Numbers and identities ---- */

int pit__make_float(struct pit__heap *h, double value, pit_term *ret)
{
    uint64_t *c = pit__heap_try(h, 2);

    if (!c)
        return -ENOMEM;
    c[0] = pit__header(PIT__BOX_FLOAT, 0);
    memcpy(c + 1, &value, sizeof value);
    *ret = pit__box_term(c);
    return 0;
}

/* What pit__heap_cells does for those who fill the cells themselves. */
static pit_term or_end(int r, const pit_term *t)
{
    if (PIT__UNLIKELY(r < 0))
        pit__system_limit("no memory for a term: this process holds %zu bytes of terms",
                          pit__heap()->bytes);
    return *t;
}

pit_term pit_float(double value)
{
    pit_term t = {0};

    if (!isfinite(value))
        pit__badarg("pit_float: not a finite number");
    int r = pit__make_float(pit__heap(), value, &t);
    return or_end(r, &t);
}

int pit__make_pid(struct pit__heap *h, pit_pid pid, pit_term *ret)
{
    if (PIT__LIKELY((uint64_t)pid.id >> 61 == 0)) {
        *ret = (pit_term){(uint64_t)pid.id << 3 | PIT__TAG_PID};
        return 0;
    }
    uint64_t *c = pit__heap_try(h, 2);
    if (!c)
        return -ENOMEM;
    c[0] = pit__header(PIT__BOX_PID, 0);
    c[1] = (uint64_t)pid.id;
    *ret = pit__box_term(c);
    return 0;
}

pit_pid pit__term_pid_of(pit_term t)
{
    return (pit_pid){(int64_t)(pit__tag(t) == PIT__TAG_PID ? t.word >> 3 : pit__cells(t)[1])};
}

int pit__make_ref(struct pit__heap *h, pit_ref ref, pit_term *ret)
{
    uint64_t *c = pit__heap_try(h, 3);

    if (!c)
        return -ENOMEM;
    c[0] = pit__header(PIT__BOX_REF, 0);
    c[1] = (uint64_t)ref.owner.id;
    c[2] = ref.number;
    *ret = pit__box_term(c);
    return 0;
}

pit_ref pit__ref_of(pit_term t)
{
    const uint64_t *c = pit__cells(t);
    return (pit_ref){.owner = {(int64_t)c[1]}, .number = c[2]};
}

/* ---- Binaries ---- */

static int make_binary(struct pit__heap *h, pit_binary b, pit_term *ret)
{
    if (b.size <= PIT__BYTES_INLINE) {
        uint8_t *to;
        int r = pit__make_bytes(h, b.size, ret, &to);
        if (r == 0 && b.size)
            memcpy(to, b.data, b.size);
        return r;
    }

    struct pit__blob_cell *c =
        (struct pit__blob_cell *)pit__heap_try(h, sizeof *c / sizeof(uint64_t));
    if (!c)
        return -ENOMEM;
    *c = (struct pit__blob_cell){
        pit__header(PIT__BOX_BLOB, 0), b.data, b.size, {b.pit__owner, h->blobs}};
    pit__binary_retain(b);
    h->blobs = &c->use;
    *ret = pit__box_term((uint64_t *)c);
    return 0;
}

int pit__make_bytes(struct pit__heap *h, size_t size, pit_term *ret, uint8_t **ret_writable)
{
    if (size <= PIT__BYTES_INLINE) {
        uint64_t *c = pit__heap_try(h, 1 + size / 8 + 1);
        if (!c)
            return -ENOMEM;
        c[0] = pit__header(PIT__BOX_BYTES, size);
        c[1 + size / 8] = 0; /* the zero byte at the end, and no stale bytes beside it */
        *ret_writable = (uint8_t *)(c + 1);
        *ret = pit__box_term(c);
        return 0;
    }

    pit_binary b = pit__binary_alloc(size, ret_writable);
    if (!b.data)
        return -ENOMEM;
    int r = make_binary(h, b, ret);
    pit__binary_release(b); /* the term has its own use */
    return r;
}

pit_term pit_bytes(const void *data, size_t size)
{
    pit_term t = {0};
    uint8_t *to;
    int r = pit__make_bytes(pit__heap(), size, &t, &to);

    if (r == 0 && size)
        memcpy(to, data, size);
    return or_end(r, &t);
}

/* Short ones lie in the term's own heap and cannot be counted there: they are copied, so all can be
   kept. */
static pit_binary binary_of(pit_term t)
{
    const struct pit__blob_cell *c = (const struct pit__blob_cell *)pit__cells(t);

    if (pit__header_type(c->header) == PIT__BOX_BLOB)
        return (pit_binary){c->data, c->size, c->use.owner};

    size_t size;
    const uint8_t *data = pit__bytes(t, &size);
    return pit_binary_new(data, size);
}

/* ---- Tuples and lists ---- */

pit_term pit_tuple_of(const pit_term *elements, size_t count)
{
    if (pit__size_never(count))
        pit__system_limit("no memory for a tuple of %zu elements", count);

    uint64_t *c = pit__heap_cells(1 + count);

    c[0] = pit__header(PIT__BOX_TUPLE, count);
    if (count)
        memcpy(c + 1, elements, count * sizeof *elements);
    return pit__box_term(c);
}

size_t pit_tuple_size(pit_term tuple)
{
    if (!pit__is_box(tuple, PIT__BOX_TUPLE))
        pit__badarg("pit_tuple_size: not a tuple");
    return pit__header_size(*pit__cells(tuple));
}

pit_term pit_tuple_get(pit_term tuple, size_t index)
{
    if (!pit__is_box(tuple, PIT__BOX_TUPLE))
        pit__badarg("pit_tuple_get: not a tuple");
    size_t size = pit__header_size(*pit__cells(tuple));
    if (index >= size)
        pit__badarg("pit_tuple_get: element %zu of a tuple of %zu", index, size);
    return pit__at(pit__cells(tuple) + 1 + index);
}

pit_term pit_nil(void) { return (pit_term){PIT__TAG_NIL}; }

pit_term pit_list_cons(pit_term head, pit_term tail)
{
    uint64_t *c = pit__heap_cells(2);

    c[0] = head.word;
    c[1] = tail.word;
    return pit__pair_term(c);
}

pit_term pit_list_of(const pit_term *elements, size_t count)
{
    pit_term list = pit_nil();

    if (pit__size_never(count))
        pit__system_limit("no memory for a list of %zu elements", count);
    while (count-- > 0)
        list = pit_list_cons(elements[count], list);
    return list;
}

pit_term pit_list_head(pit_term list)
{
    if (pit__tag(list) != PIT__TAG_PAIR)
        pit__badarg("pit_list_head: not a list with an element");
    return pit__at(pit__cells(list));
}

pit_term pit_list_tail(pit_term list)
{
    if (pit__tag(list) != PIT__TAG_PAIR)
        pit__badarg("pit_list_tail: not a list with an element");
    return pit__at(pit__cells(list) + 1);
}

int64_t pit_list_length(pit_term list)
{
    int64_t n = 0;

    for (; pit__tag(list) == PIT__TAG_PAIR; n++)
        list = pit__at(pit__cells(list) + 1);
    return pit__tag(list) == PIT__TAG_NIL ? n : -EINVAL;
}

pit_term pit_list_reverse(pit_term list)
{
    pit_term reversed = pit_nil();

    for (; pit__tag(list) == PIT__TAG_PAIR; list = pit__at(pit__cells(list) + 1))
        reversed = pit_list_cons(pit__at(pit__cells(list)), reversed);
    if (pit__tag(list) != PIT__TAG_NIL)
        pit__badarg("pit_list_reverse: not a proper list");
    return reversed;
}

pit_term pit_string(const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    pit_term list = pit_nil();
    uint64_t *tail = &list.word;
    uint32_t c;

    while (at < end) {
        unsigned used = pit__utf8_decode(at, end, &c);
        if (!used)
            pit__badarg("pit_string: not UTF-8");
        at += used;
        pit_term pair = pit_list_cons(pit__small(c), pit_nil());
        *tail = pair.word;
        tail = pit__cells(pair) + 1;
    }
    return list;
}

/* ---- From and to C's types ---- */

pit_term pit__term_of(struct pit__arg arg)
{
    pit_term t = {0};

    switch (arg.kind) {
    case PIT__ARG_INT:
        return pit_int(arg.as.i);
    case PIT__ARG_UINT:
        return pit_uint(arg.as.u);
    case PIT__ARG_FLOAT:
        return pit_float(arg.as.d);
    case PIT__ARG_BOOL:
        return pit_bool(arg.as.u != 0);
    case PIT__ARG_TEXT:
        if (!arg.as.text)
            pit__badarg("a C text that is NULL");
        return pit_bytes(arg.as.text, strlen(arg.as.text));
    case PIT__ARG_PID:
        if (arg.as.pid.id < 0)
            pit__badarg("a pid that holds an error: %s", pit_strerror((int)arg.as.pid.id));
        return or_end(pit__make_pid(pit__heap(), arg.as.pid, &t), &t);
    case PIT__ARG_REF:
        if (arg.as.ref.owner.id < 0)
            pit__badarg("a reference that holds an error: %s",
                        pit_strerror((int)arg.as.ref.owner.id));
        return or_end(pit__make_ref(pit__heap(), arg.as.ref, &t), &t);
    case PIT__ARG_BINARY:
        return or_end(make_binary(pit__heap(), arg.as.binary, &t), &t);
    case PIT__ARG_TERM:
        return arg.as.term;
    default:
        pit__badarg("a target where a value is wanted");
    }
}

static bool store_int(struct pit__arg target, int64_t v)
{
    unsigned unused = 64 - 8 * target.size;

    if ((int64_t)((uint64_t)v << unused) >> unused != v)
        return false;
    memcpy(target.as.target, &v,
           target.size); /* little-endian machines only, like the context switch */
    return true;
}

static bool store_uint(struct pit__arg target, uint64_t v)
{
    if (target.size < 8 && v >> 8 * target.size)
        return false;
    memcpy(target.as.target, &v, target.size);
    return true;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "store_int copies the low bytes");

static bool store_float(struct pit__arg target, pit_term t)
{
    if (!pit__is_box(t, PIT__BOX_FLOAT))
        return false;

    double d = pit__float_value(t);
    float f = (float)d;
    if (target.size == sizeof f) {
        if (!isfinite(f))
            return false;
        memcpy(target.as.target, &f, sizeof f);
    } else {
        memcpy(target.as.target, &d, sizeof d);
    }
    return true;
}

static bool store_bool(struct pit__arg target, pit_term t)
{
    if (t.word != PIT__A(true_).word && t.word != PIT__A(false_).word)
        return false;
    *(bool *)target.as.target = t.word == PIT__A(true_).word;
    return true;
}

/* A short binary ends with a zero already; of others a copy that does is made in the current
   heap. */
static bool store_text(struct pit__arg target, pit_term t)
{
    if (!pit_is_binary(t))
        return false;

    size_t size;
    const uint8_t *data = pit__bytes(t, &size);
    if (size && memchr(data, 0, size))
        return false;
    if (!pit__is_box(t, PIT__BOX_BYTES)) {
        char *copy = (char *)pit__heap_cells(size / 8 + 1);
        memcpy(copy, data, size);
        copy[size] = '\0';
        data = (const uint8_t *)copy;
    }
    *(const char **)target.as.target = (const char *)data;
    return true;
}

bool pit__term_to(pit_term t, struct pit__arg target)
{
    int64_t i;
    uint64_t u;

    switch (target.kind) {
    case PIT__TARGET_INT:
        return pit__integer_to_int(t, &i) && store_int(target, i);
    case PIT__TARGET_UINT:
        return pit__integer_to_uint(t, &u) && store_uint(target, u);
    case PIT__TARGET_FLOAT:
        return store_float(target, t);
    case PIT__TARGET_BOOL:
        return store_bool(target, t);
    case PIT__TARGET_TEXT:
        return store_text(target, t);
    case PIT__TARGET_PID:
        if (!pit_is_pid(t))
            return false;
        *(pit_pid *)target.as.target = pit__term_pid_of(t);
        return true;
    case PIT__TARGET_REF:
        if (!pit_is_ref(t))
            return false;
        *(pit_ref *)target.as.target = pit__ref_of(t);
        return true;
    case PIT__TARGET_BINARY:
        if (!pit_is_binary(t))
            return false;
        *(pit_binary *)target.as.target = binary_of(t);
        return true;
    case PIT__TARGET_TERM:
        *(pit_term *)target.as.target = t;
        return true;
    default:
        pit__badarg("a value where a target is wanted");
    }
}

/* The longest a macro can pass; the elements are gathered here before the cells are made. */
#define ARGS_MOST 16

static unsigned terms_of(const struct pit__arg *args, unsigned count, pit_term *terms)
{
    PIT_ASSERT(count <= ARGS_MOST);
    for (unsigned i = 0; i < count; i++)
        terms[i] = pit__term_of(args[i]);
    return count;
}

pit_term pit__tuple_of_args(const struct pit__arg *args, unsigned count)
{
    pit_term terms[ARGS_MOST];
    unsigned n = terms_of(args, count, terms);
    return pit_tuple_of(terms, n);
}

pit_term pit__list_of_args(const struct pit__arg *args, unsigned count)
{
    pit_term terms[ARGS_MOST];
    unsigned n = terms_of(args, count, terms);
    return pit_list_of(terms, n);
}
