#include "runtime/dictionary.h"

#include <pit/dictionary.h>

#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "term/heap.h"

/* ---- looking */

void pit__dictionary_each(const struct pit__dictionary *d,
                          bool (*visit)(const struct pit__dictionary_entry *, void *),
                          void *context)
{
    for (size_t i = 0; d && i < d->room; i++)
        for (const struct pit__dictionary_entry *e = d->buckets[i]; e; e = e->next)
            if (!visit(e, context))
                return;
}

/* The link that leads to the entry, or to NULL where it would be. */
static struct pit__dictionary_entry **find(const struct pit__dictionary *d, pit_term key,
                                           uint64_t hash)
{
    struct pit__dictionary_entry **link = &d->buckets[hash & (d->room - 1)];

    while (*link && ((*link)->hash != hash || !pit_term_equal(pit__sealed_root((*link)->key), key)))
        link = &(*link)->next;
    return link;
}

const struct pit__dictionary_entry *pit__dictionary_find(const struct pit__dictionary *d,
                                                         pit_term key)
{
    return d && d->used ? *find(d, key, pit_term_hash(key)) : NULL;
}

/* ---- changing */

PIT_NORETURN static void no_memory(void)
{
    pit__exit_current(pit__reason_system_limit("no memory for the process dictionary"));
}

static void let_go(struct pit__resource *r)
{
    struct pit__dictionary_entry *e = PIT__CONTAINER(r, struct pit__dictionary_entry, resource);

    pit__sealed_release(e->key);
    pit__sealed_release(e->value);
}

static struct pit__dictionary *make(struct pit__process *p)
{
    struct pit__extra *x = pit__extra_of(p);

    if (!x)
        no_memory();
    if (!x->dictionary)
        x->dictionary = pit_alloc(sizeof *x->dictionary);
    return x->dictionary;
}

static void grow(struct pit__dictionary *d)
{
    struct pit__dictionary_entry **old = d->buckets, *next;
    size_t n = d->room, room = n ? 2 * n : 8;

    d->buckets = pit_alloc(room * sizeof(struct pit__dictionary_entry *));
    d->room = room;
    for (size_t i = 0; i < n; i++)
        for (struct pit__dictionary_entry *e = old[i]; e; e = next) {
            struct pit__dictionary_entry **at = &d->buckets[e->hash & (room - 1)];

            next = e->next;
            e->next = *at;
            *at = e;
        }
    pit_free(old);
}

static uint64_t bytes_of(pit_term t) { return pit__term_words(t, SIZE_MAX) * sizeof(uint64_t); }

/* It is the process's from the beginning: should there be no memory for its terms, it goes with the
   process. */
static struct pit__dictionary_entry *new_entry(struct pit__process *p, pit_term key, pit_term value)
{
    struct pit__dictionary_entry *e = pit_alloc(sizeof *e);

    e->resource.release = let_go;
    pit__own(p, &e->resource);
    e->key = pit__seal(key);
    e->value = pit__seal(value);
    if (!e->key || !e->value)
        no_memory();
    e->bytes = bytes_of(key) + bytes_of(value);
    return e;
}

static void unlink_entry(struct pit__process *p, struct pit__dictionary *d,
                         struct pit__dictionary_entry **at)
{
    struct pit__dictionary_entry *e = *at;

    *at = e->next;
    d->used--;
    d->bytes -= e->bytes;
    pit__process_charge(p, -(int64_t)e->bytes);
    pit__disown(&e->resource);
    let_go(&e->resource);
    pit_free(e);
}

/* A copy that lives like what the process builds. */
static pit_term copy(const struct pit__sealed *s)
{
    pit_term t;

    if (pit__term_copy(pit__heap(), pit__sealed_root(s), &t) < 0)
        no_memory();
    return t;
}

pit_term pit_put(pit_term key, pit_term value)
{
    struct pit__process *p = pit__caller(pit__in(), "pit_put");
    struct pit__dictionary *d = make(p);
    uint64_t hash = pit_term_hash(key);
    pit_term old = PIT__A(undefined);
    struct pit__dictionary_entry *e, **at;

    if (d->used == d->room)
        grow(d);
    at = find(d, key, hash);
    if (*at)
        old = copy((*at)->value);
    e = new_entry(p, key, value); /* before the old one goes, which key and value may be parts of */
    e->hash = hash;
    if (*at)
        unlink_entry(p, d, at);
    e->next = *at;
    *at = e;
    d->used++;
    d->bytes += e->bytes;
    pit__process_charge(p, (int64_t)e->bytes);
    pit__out(2);
    return old;
}

pit_term pit_get(pit_term key)
{
    struct pit__process *p = pit__caller(pit__in(), "pit_get");
    const struct pit__dictionary_entry *e = pit__dictionary_find(pit__dictionary_of(p), key);
    pit_term value = e ? copy(e->value) : PIT__A(undefined);

    pit__out(1);
    return value;
}

pit_term pit_erase(pit_term key)
{
    struct pit__process *p = pit__caller(pit__in(), "pit_erase");
    struct pit__dictionary *d = p->extra ? p->extra->dictionary : NULL;
    struct pit__dictionary_entry **at = d && d->used ? find(d, key, pit_term_hash(key)) : NULL;
    pit_term old = PIT__A(undefined);

    if (at && *at) {
        old = copy((*at)->value);
        unlink_entry(p, d, at);
    }
    pit__out(1);
    return old;
}

/* ---- all of it */

struct collecting {
    enum { PAIRS, KEYS, KEYS_OF } what;
    pit_term value, list;
};

static bool collect(const struct pit__dictionary_entry *e, void *context)
{
    struct collecting *c = context;

    if (c->what == PAIRS)
        c->list = pit_list_cons(pit_tuple(copy(e->key), copy(e->value)), c->list);
    else if (c->what == KEYS || pit_term_equal(pit__sealed_root(e->value), c->value))
        c->list = pit_list_cons(copy(e->key), c->list);
    return true;
}

static pit_term collected(const char *function, struct collecting c)
{
    struct pit__process *p = pit__caller(pit__in(), function);
    const struct pit__dictionary *d = pit__dictionary_of(p);

    c.list = pit_nil();
    pit__dictionary_each(d, collect, &c);
    pit__out(1 + (d ? (int)(d->used / 16) : 0));
    return c.list;
}

pit_term pit_get_all(void) { return collected("pit_get_all", (struct collecting){.what = PAIRS}); }
pit_term pit_get_keys(void) { return collected("pit_get_keys", (struct collecting){.what = KEYS}); }
pit_term pit_get_keys_of(pit_term value)
{
    return collected("pit_get_keys_of", (struct collecting){.what = KEYS_OF, .value = value});
}

pit_term pit_erase_all(void)
{
    struct pit__process *p = pit__caller(pit__in(), "pit_erase_all");
    struct pit__dictionary *d = p->extra ? p->extra->dictionary : NULL;
    pit_term all = pit_get_all();

    for (size_t i = 0; d && i < d->room; i++)
        while (d->buckets[i])
            unlink_entry(p, d, &d->buckets[i]);
    pit__out(1);
    return all;
}
