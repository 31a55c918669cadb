/*
 * Maps: n keys in exact order, then their n values, in one boxed object.
 *
 * One representation for all sizes: a term is built once and read many times, and a sorted array is
 * the smallest thing to copy, compare and print in order. A program that needs a changing table has
 * ets, or C.
 */
#include <errno.h>
#include <string.h>

#include "base/size.h"
#include "term/cell.h"
#include "term/heap.h"
#include "term/make.h"
#include "term/stack.h"

struct pair {
    pit_term key;
    pit_term value;
};
_Static_assert(sizeof(struct pair) == 2 * sizeof(uint64_t), "make_map takes pairs of words");

/* Below this, insertion beats merging, and maps in messages and options seldom have more. */
#define RUN 16

static void insertion_sort(struct pair *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct pair moving = p[i];
        size_t at = i;
        for (; at > 0 && pit_term_compare_exact(p[at - 1].key, moving.key) > 0; at--)
            p[at] = p[at - 1];
        p[at] = moving;
    }
}

static void merge(const struct pair *a, size_t na, const struct pair *b, size_t nb, struct pair *to)
{
    while (na > 0 && nb > 0) {
        bool second = pit_term_compare_exact(a->key, b->key) > 0; /* equal: the earlier first */
        *to++ = second ? *b : *a;
        a += !second;
        na -= !second;
        b += second;
        nb -= second;
    }
    memcpy(to, na > 0 ? a : b, (na > 0 ? na : nb) * sizeof *to);
}

/* Stable, and n log n whatever the order: keys come from strangers. */
static int sort_pairs(struct pair *p, size_t n)
{
    for (size_t i = 0; i < n; i += RUN)
        insertion_sort(p + i, n - i < RUN ? n - i : RUN);
    if (n <= RUN)
        return 0;

    struct pair *other = pit__term_memory.alloc(n * sizeof *p), *from = p, *to = other;
    if (!other)
        return -ENOMEM;
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            size_t na = n - i < width ? n - i : width;
            size_t nb = n - i - na < width ? n - i - na : width;
            merge(from + i, na, from + i + na, nb, to + i);
        }
        struct pair *swap = from;
        from = to;
        to = swap;
    }
    if (from != p)
        memcpy(p, from, n * sizeof *p);
    pit__term_memory.free(other, n * sizeof *p);
    return 0;
}

/* Of neighbours with one key only the last stays. */
static size_t drop_doubles(struct pair *p, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && pit_term_equal(p[kept - 1].key, p[i].key))
            kept--;
        p[kept++] = p[i];
    }
    return kept;
}

int pit__make_map(struct pit__heap *h, uint64_t *words, size_t count, pit_term *ret)
{
    struct pair *pairs = (struct pair *)words;
    int r = sort_pairs(pairs, count);

    if (r < 0)
        return r;
    count = drop_doubles(pairs, count);

    uint64_t *c = pit__heap_try(h, 1 + 2 * count);
    if (!c)
        return -ENOMEM;
    c[0] = pit__header(PIT__BOX_MAP, count);
    for (size_t i = 0; i < count; i++) {
        c[1 + i] = pairs[i].key.word;
        c[1 + count + i] = pairs[i].value.word;
    }
    *ret = pit__box_term(c);
    return 0;
}

pit_term pit_map_of(const pit_term *keys, const pit_term *values, size_t count)
{
    struct pit__stack pairs;
    pit_term t = {0};

    if (pit__size_never(count))
        pit__system_limit("no memory for a map of %zu keys", count);
    pit__stack_init(&pairs);
    pit__stack_need(&pairs, 2 * count);
    for (size_t i = 0; i < count; i++) {
        pit__stack_push(&pairs, keys[i].word);
        pit__stack_push(&pairs, values[i].word);
    }
    int r = pit__make_map(pit__heap(), pairs.words, count, &t);
    pit__stack_free(&pairs);
    if (r < 0)
        pit__system_limit("no memory for a map of %zu keys", count);
    return t;
}

/* ---- Reading ---- */

struct map {
    size_t count;
    const uint64_t *keys;
    const uint64_t *values;
};

static struct map map_of(pit_term t, const char *who)
{
    if (!pit__is_box(t, PIT__BOX_MAP))
        pit__badarg("%s: not a map", who);

    const uint64_t *c = pit__cells(t);
    size_t count = pit__header_size(*c);
    return (struct map){count, c + 1, c + 1 + count};
}

/* Where key is, or where it would stand. */
static bool locate(const struct map *m, pit_term key, size_t *ret_at)
{
    size_t low = 0, high = m->count;

    if (!pit__is_pointer(key) &&
        m->count <= RUN) { /* one word names it: no comparison is needed to find it */
        for (size_t i = 0; i < m->count; i++)
            if (m->keys[i] == key.word) {
                *ret_at = i;
                return true;
            }
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = pit_term_compare_exact(pit__at(m->keys + middle), key);
        if (order == 0) {
            *ret_at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return false;
}

size_t pit_map_size(pit_term map) { return map_of(map, "pit_map_size").count; }

bool pit_map_get(pit_term map, pit_term key, pit_term *ret_value)
{
    struct map m = map_of(map, "pit_map_get");
    size_t at;

    if (!locate(&m, key, &at))
        return false;
    *ret_value = pit__at(m.values + at);
    return true;
}

bool pit_map_at(pit_term map, size_t index, pit_term *ret_key, pit_term *ret_value)
{
    struct map m = map_of(map, "pit_map_at");

    if (index >= m.count)
        return false;
    *ret_key = pit__at(m.keys + index);
    *ret_value = pit__at(m.values + index);
    return true;
}

/* ---- Changed copies ---- */

/* n words without the removed ones at `at`, with the added one there. */
static void splice(uint64_t *to, const uint64_t *from, size_t n, size_t at, bool remove,
                   const pit_term *add)
{
    if (at)
        memcpy(to, from, at * sizeof *to);
    to += at;
    if (add)
        *to++ = add->word;
    from += at + remove;
    n -= at + remove;
    if (n)
        memcpy(to, from, n * sizeof *to);
}

static pit_term changed(const struct map *m, size_t at, bool remove, const pit_term *key,
                        const pit_term *value)
{
    size_t count = m->count - remove + (key != NULL);
    uint64_t *c = pit__heap_cells(1 + 2 * count);

    c[0] = pit__header(PIT__BOX_MAP, count);
    splice(c + 1, m->keys, m->count, at, remove, key);
    splice(c + 1 + count, m->values, m->count, at, remove, value);
    return pit__box_term(c);
}

pit_term pit_map_put(pit_term map, pit_term key, pit_term value)
{
    struct map m = map_of(map, "pit_map_put");
    size_t at;
    bool there = locate(&m, key, &at);

    return changed(&m, at, there, &key, &value);
}

pit_term pit_map_remove(pit_term map, pit_term key)
{
    struct map m = map_of(map, "pit_map_remove");
    size_t at;

    return locate(&m, key, &at) ? changed(&m, at, true, NULL, NULL) : map;
}
