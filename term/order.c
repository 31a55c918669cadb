/*
 * Order, equality and hash of terms, each in one pass without recursion (walk.h says how).
 */
#include <string.h>

#include "term/atom.h"
#include "term/cell.h"
#include "term/integer.h"
#include "term/make.h"
#include "term/pid.h"
#include "term/walk.h"

static int three_way(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* ---- Of two leaves ---- */

static int compare_floats(double a, double b, bool exact)
{
    if (a != b)
        return a < b ? -1 : 1;
    return exact ? __builtin_signbit(b) - __builtin_signbit(a) : 0;
}

static int compare_numbers(pit_term a, pit_term b, bool exact)
{
    bool fa = pit__is_box(a, PIT__BOX_FLOAT), fb = pit__is_box(b, PIT__BOX_FLOAT);

    if (fa && fb)
        return compare_floats(pit__float_value(a), pit__float_value(b), exact);
    if (!fa && !fb)
        return pit__integer_compare(a, b);
    if (exact)
        return fa ? 1 : -1;
    return fa ? -pit__integer_compare_float(b, pit__float_value(a))
              : pit__integer_compare_float(a, pit__float_value(b));
}

static int compare_pids(pit_pid a, pit_pid b)
{
    int order = three_way(pit__pid_is_proxy(a), pit__pid_is_proxy(b));

    if (order == 0) /* as Erlang: what counts the reuses weighs more than the slot */
        order = three_way(pit__pid_generation(a), pit__pid_generation(b));
    return order ? order : three_way(pit__pid_index(a), pit__pid_index(b));
}

static int compare_refs(pit_ref a, pit_ref b)
{
    int order = compare_pids(a.owner, b.owner);
    return order ? order : three_way(a.number, b.number);
}

static int compare_binaries(pit_term a, pit_term b)
{
    size_t na, nb, n;
    const uint8_t *da = pit__bytes(a, &na), *db = pit__bytes(b, &nb);

    n = na < nb ? na : nb;
    int order = n ? memcmp(da, db, n) : 0;
    return order ? order : three_way(na, nb);
}

/* ---- Of whole terms ---- */

/* What is still to be compared: two runs of cells, side by side, and how. */
struct run {
    const uint64_t *a;
    const uint64_t *b;
    uint64_t count;
    uint64_t exact;
};
#define RUN_WORDS (sizeof(struct run) / sizeof(uint64_t))

static void push_run(struct pit__stack *s, const uint64_t *a, const uint64_t *b, size_t count,
                     bool exact)
{
    if (count == 0)
        return;
    pit__stack_need(s, RUN_WORDS);
    struct run r = {a, b, count, exact};
    memcpy(s->words + s->count, &r, sizeof r);
    s->count += RUN_WORDS;
}

static bool next_pair(struct pit__stack *s, pit_term *a, pit_term *b, bool *exact)
{
    struct run r;

    if (s->count == 0)
        return false;
    s->count -= RUN_WORDS;
    memcpy(&r, s->words + s->count, sizeof r);
    *a = pit__at(r.a);
    *b = pit__at(r.b);
    *exact = r.exact;
    push_run(s, r.a + 1, r.b + 1, r.count - 1, r.exact); /* into the room just left */
    return true;
}

/* The order of two terms of one kind, as far as it shows without their elements; these are
   pushed. */
static int compare_shapes(struct pit__stack *s, enum pit_term_kind kind, pit_term a, pit_term b,
                          bool exact)
{
    const uint64_t *ca = pit__cells(a), *cb = pit__cells(b);

    switch (kind) {
    case PIT_TERM_ATOM:
        return pit__atom_compare(a, b);
    case PIT_TERM_REF:
        return compare_refs(pit__ref_of(a), pit__ref_of(b));
    case PIT_TERM_PID:
        return compare_pids(pit__term_pid_of(a), pit__term_pid_of(b));
    case PIT_TERM_BINARY:
        return compare_binaries(a, b);
    case PIT_TERM_TUPLE:
    case PIT_TERM_MAP:
        break;
    case PIT_TERM_CONS:
        push_run(s, ca, cb, 2, exact);
        return 0;
    default: /* numbers were compared, and there is one [] */
        return 0;
    }

    size_t na = pit__header_size(*ca), nb = pit__header_size(*cb);
    if (na != nb)
        return na < nb ? -1 : 1;
    if (kind == PIT_TERM_MAP) {
        push_run(s, ca + 1 + na, cb + 1 + nb, na, exact);
        push_run(s, ca + 1, cb + 1, na, true); /* keys first, and in the order of keys */
    } else {
        push_run(s, ca + 1, cb + 1, na, exact);
    }
    return 0;
}

static int compare(pit_term a, pit_term b, bool exact)
{
    struct pit__stack s;
    int order = 0;

    pit__stack_init(&s);
    do {
        if (a.word == b.word)
            continue;
        enum pit_term_kind ka = pit_term_kind(a), kb = pit_term_kind(b);
        if (ka <= PIT_TERM_FLOAT && kb <= PIT_TERM_FLOAT)
            order = compare_numbers(a, b, exact);
        else if (ka != kb)
            order = ka < kb ? -1 : 1;
        else
            order = compare_shapes(&s, ka, a, b, exact);
    } while (order == 0 && next_pair(&s, &a, &b, &exact));
    pit__stack_free(&s);
    return order;
}

int pit_term_compare(pit_term a, pit_term b) { return compare(a, b, false); }
int pit_term_compare_exact(pit_term a, pit_term b) { return compare(a, b, true); }

bool pit_term_equal(pit_term a, pit_term b)
{
    if (a.word == b.word)
        return true;
    /* one word, one term: cell.h, invariants */
    if (pit__tag(a) != pit__tag(b) || !pit__is_pointer(a))
        return false;
    return compare(a, b, true) == 0;
}

/* ---- Hash ---- */

static uint64_t mix(uint64_t h, uint64_t w)
{
    h = (h ^ w) * UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, const uint8_t *data, size_t size)
{
    uint64_t w;

    h = mix(h, size);
    for (; size >= sizeof w; data += sizeof w, size -= sizeof w) {
        memcpy(&w, data, sizeof w);
        h = mix(h, w);
    }
    w = 0;
    if (size)
        memcpy(&w, data, size);
    return mix(h, w);
}

static uint64_t mix_boxed(struct pit__stack *s, uint64_t h, pit_term t)
{
    const uint64_t *c = pit__cells(t);
    size_t size;

    if (pit_is_binary(t)) {
        const uint8_t *data = pit__bytes(t, &size);
        return mix_bytes(mix(h, PIT__BOX_BYTES), data, size);
    }
    h = mix(h, *c); /* type and size */
    pit__walk_push(s, c + 1, pit__header_terms(*c));
    for (size_t i = 0; i < pit__header_raw(*c); i++)
        h = mix(h, c[1 + i]);
    return h;
}

uint64_t pit_term_hash(pit_term t)
{
    struct pit__stack s;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    pit__stack_init(&s);
    do {
        switch (pit__tag(t)) {
        case PIT__TAG_ATOM:
            h = mix(h, (uint64_t)pit__atom_hash(t) << 3);
            break;
        case PIT__TAG_BOX:
            h = mix_boxed(&s, h, t);
            break;
        case PIT__TAG_PAIR:
            h = mix(h, PIT__TAG_PAIR);
            pit__walk_push(&s, pit__cells(t), 2);
            break;
        default:
            h = mix(h, t.word);
        }
    } while (pit__walk_next(&s, &t));
    pit__stack_free(&s);
    return h ^ h >> 32;
}
