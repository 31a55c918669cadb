/*
 * Persistent terms: a hash table that is read without a lock.
 *
 * An entry never changes: key and value are sealed when it is made. Writers, under the lock, put a
 * new entry in the place of the old one, or a new table in the place of one that has grown full;
 * what they take away goes after a grace period (grace.h), and with it the table's hold on the
 * value. A reader takes a hold of its own while it looks: the value's bytes are wrapped as a
 * counted binary, which a process's heap holds like any other and gives back with the rest of its
 * terms. So what was read is freed with its last reader, and replacing needs no scan of the
 * processes. Spec: PT-2.
 *
 * Order: R1, the release of a bucket, a link or the table, publishes complete entries; A1, the
 * acquires of a look.
 */
#include "runtime/persistent.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pit/persistent.h>

#include "base/assert.h"
#include "runtime/enter.h"
#include "runtime/grace.h"
#include "term/blob.h"
#include "term/heap.h"
#include "term/sealed.h"

#define BUCKETS_LEAST 64
/* holds of the heap that are looked at before a value that was read gets another */
#define GLANCE 8

struct entry {
    struct pit__grace grace;
    _Atomic(struct entry *) next;
    uint64_t hash;
    struct pit__sealed *key, *value;
    pit_binary hold; /* its owner counts who uses value; NULL: a value that is one word */
    size_t bytes;
};

struct table {
    struct pit__grace grace;
    size_t buckets; /* a power of two */
    _Atomic(struct entry *) bucket[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct table *) table;
static size_t count, memory; /* under the lock */

/* ---- entries */

static void value_over(void *value) { pit__sealed_release(value); }

static void entry_free(struct entry *e)
{
    if (e->hold.pit__owner)
        pit__binary_release(e->hold);
    pit__sealed_release(e->key);
    free(e);
}

static void entry_over(struct pit__grace *g) { entry_free(PIT__CONTAINER(g, struct entry, grace)); }
static void table_over(struct pit__grace *g) { free(PIT__CONTAINER(g, struct table, grace)); }

static size_t bytes_of(pit_term t)
{
    return pit__is_pointer(t) ? pit__term_words(t, SIZE_MAX / 16) * sizeof(uint64_t) : 0;
}

/* NULL: no memory. */
static struct entry *entry_new(pit_term key, pit_term value, uint64_t hash)
{
    struct entry *e;

    pit__seal_look(value); /* the key has been looked at: it was hashed */
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->hash = hash;
    e->key = pit__seal(key);
    e->value = pit__seal(value);
    if (e->value && !pit__sealed_is_word(e->value)) {
        e->hold = pit__binary_wrap("", 1, value_over, e->value);
        if (!e->hold.pit__owner) {
            pit__sealed_release(e->value);
            e->value = NULL;
        }
    }
    if (!e->key || !e->value) {
        entry_free(e);
        return NULL;
    }
    e->bytes = sizeof *e + bytes_of(key) + bytes_of(value);
    return e;
}

/* ---- looking: under the lock, or between pit__grace_look and looked */

static struct entry *find(struct table *t, pit_term key, uint64_t hash,
                          _Atomic(struct entry *) **ret_place)
{
    _Atomic(struct entry *) *place;
    struct entry *e;

    if (!t)
        return NULL;
    place = &t->bucket[hash & (t->buckets - 1)];
    while ((e = atomic_load_explicit(place, memory_order_acquire)) && /* A1 */
           (e->hash != hash || !pit_term_equal(pit__sealed_root(e->key), key)))
        place = &e->next;
    if (ret_place)
        *ret_place = place;
    return e;
}

/* Has the heap a hold on it already? A look at the newest is enough for who reads in a loop. */
static bool held(const struct pit__heap *h, const struct pit__blob *owner)
{
    const struct pit__blob_use *use = h->blobs;

    for (int i = 0; use && i < GLANCE; i++, use = use->next)
        if (use->owner == owner)
            return true;
    return false;
}

static bool read(pit_term key, pit_term *ret)
{
    uint64_t hash = pit_term_hash(key); /* a bad key faults here, where it is the program's */
    struct pit__thread *t = pit__in();
    struct pit__heap *h = pit__heap();
    struct entry *e;
    bool no_room = false;

    pit__grace_look(t);
    e = find(atomic_load_explicit(&table, memory_order_acquire), key, hash, NULL); /* A1 */
    if (e) {
        *ret = pit__sealed_root(e->value);
        if (e->hold.pit__owner && !held(h, e->hold.pit__owner)) {
            pit__binary_retain(e->hold);
            no_room = pit__heap_adopt(h, e->hold) < 0;
            if (PIT__UNLIKELY(no_room))
                pit__binary_release(e->hold);
        }
    }
    pit__grace_looked(t);
    if (PIT__UNLIKELY(no_room))
        pit__system_limit("no memory to hold a persistent term");
    pit__out(1);
    return e;
}

pit_term pit_persistent_get(pit_term key)
{
    pit_term value;

    if (PIT__UNLIKELY(!read(key, &value)))
        pit__exit_text("badarg", "pit_persistent_get: nothing is stored under this key", NULL, 0);
    return value;
}

pit_term pit_persistent_get_or(pit_term key, pit_term otherwise)
{
    pit_term value;

    return read(key, &value) ? value : otherwise;
}

/* ---- writing: under the lock */

static struct table *table_new(size_t buckets)
{
    struct table *t = calloc(1, sizeof *t + buckets * sizeof *t->bucket);

    if (t)
        t->buckets = buckets;
    return t;
}

static void link_in(struct table *t, struct entry *e)
{
    _Atomic(struct entry *) *bucket = &t->bucket[e->hash & (t->buckets - 1)];

    atomic_store_explicit(&e->next, atomic_load_explicit(bucket, memory_order_relaxed),
                          memory_order_relaxed);
    atomic_store_explicit(bucket, e, memory_order_release); /* R1 */
}

/*
 * A table of twice the size, with entries of its own, since the old ones' links are being followed:
 * they share key and value. Without memory the old one goes on, with longer chains.
 */
static struct entry *twin(const struct entry *e)
{
    struct entry *new = malloc(sizeof *new);

    if (!new)
        return NULL;
    *new = (struct entry){.hash = e->hash,
                          .key = pit__sealed_retain(e->key),
                          .value = e->value,
                          .hold = e->hold,
                          .bytes = e->bytes};
    if (new->hold.pit__owner)
        pit__binary_retain(new->hold);
    return new;
}

static void each(struct table *t, void (*visit)(struct entry *e))
{
    for (size_t i = 0; t && i < t->buckets; i++)
        for (struct entry *e = atomic_load_explicit(&t->bucket[i], memory_order_relaxed), *next; e;
             e = next) {
            next = atomic_load_explicit(&e->next, memory_order_relaxed);
            visit(e);
        }
}

static void after_grace(struct entry *e)
{
    e->grace.over = entry_over;
    pit__grace_after(&e->grace);
}

static void grow(struct table *old)
{
    struct table *new = table_new(old ? old->buckets * 2 : BUCKETS_LEAST);

    if (!new)
        return;
    for (size_t i = 0; old && i < old->buckets; i++)
        for (struct entry *e = atomic_load_explicit(&old->bucket[i], memory_order_relaxed); e;
             e = atomic_load_explicit(&e->next, memory_order_relaxed)) {
            struct entry *copy = twin(e);

            if (!copy) {
                each(new, entry_free);
                free(new);
                return;
            }
            link_in(new, copy);
        }
    atomic_store_explicit(&table, new, memory_order_release); /* R1 */
    each(old, after_grace);
    if (old) {
        old->grace.over = table_over;
        pit__grace_after(&old->grace);
    }
}

/* Put new (NULL: nothing) in the place of old, whose link it takes over. */
static void replace(_Atomic(struct entry *) *place, struct entry *old, struct entry *new)
{
    struct entry *next = atomic_load_explicit(&old->next, memory_order_relaxed);

    if (new)
        atomic_store_explicit(&new->next, next, memory_order_relaxed);
    atomic_store_explicit(place, new ? new : next, memory_order_release); /* R1 */
    memory -= old->bytes;
    after_grace(old);
}

static int store(pit_term key, pit_term value, bool only_new)
{
    uint64_t hash = pit_term_hash(key);
    _Atomic(struct entry *) *place = NULL;
    struct entry *old, *new = entry_new(key, value, hash);
    struct table *t;
    int r = 0;

    pit__in();
    pthread_mutex_lock(&lock);
    t = atomic_load_explicit(&table, memory_order_relaxed); /* the lock orders it */
    if (!t || count >= t->buckets) {
        grow(t);
        t = atomic_load_explicit(&table, memory_order_relaxed);
    }
    old = find(t, key, hash, &place);
    if (old && pit_term_equal(pit__sealed_root(old->value), value))
        r = 0;
    else if (old && only_new)
        r = -EEXIST;
    else if (!new || !t)
        r = -ENOMEM;
    else {
        memory += new->bytes;
        if (old)
            replace(place, old, new);
        else {
            count++;
            link_in(t, new);
        }
        new = NULL;
    }
    pthread_mutex_unlock(&lock);
    if (new)
        entry_free(new);
    pit__out(8);
    return r;
}

int pit_persistent_put(pit_term key, pit_term value) { return store(key, value, false); }
int pit_persistent_put_new(pit_term key, pit_term value) { return store(key, value, true); }

bool pit_persistent_erase(pit_term key)
{
    uint64_t hash = pit_term_hash(key);
    _Atomic(struct entry *) *place = NULL;
    struct entry *e;

    pit__in();
    pthread_mutex_lock(&lock);
    e = find(atomic_load_explicit(&table, memory_order_relaxed), key, hash, &place);
    if (e) {
        replace(place, e, NULL);
        count--;
    }
    pthread_mutex_unlock(&lock);
    pit__out(8);
    return e;
}

pit_persistent_about pit_persistent_info(void)
{
    pit_persistent_about r;

    pit__in();
    pthread_mutex_lock(&lock);
    r = (pit_persistent_about){count, memory};
    pthread_mutex_unlock(&lock);
    pit__out(1);
    return r;
}

void pit__persistent_close(void)
{
    struct table *t = atomic_exchange_explicit(&table, NULL, memory_order_acquire);

    each(t, entry_free);
    free(t);
    count = memory = 0;
}
