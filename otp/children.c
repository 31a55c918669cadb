/*
 * The children of one supervisor: see the header.
 */
#include "otp/children.h"

#include <string.h>

#include "base/assert.h"

/* ---- tables; the two differ in what is hashed, compared and linked ---- */

static size_t hash_key(int64_t key)
{
    /* pids differ in low and in high bits */
    uint64_t h = (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);

    return (size_t)(h ^ h >> 32);
}

static size_t hash_id(const char *id)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

static struct pit__child **key_bucket(const struct pit__child_table *t, int64_t key)
{
    return &t->buckets[hash_key(key) & (t->room - 1)];
}

static struct pit__child **id_bucket(const struct pit__child_table *t, const char *id)
{
    return &t->buckets[hash_id(id) & (t->room - 1)];
}

/* The chains of the old buckets, as one array of buckets to be put anew. */
static struct pit__child **grow(struct pit__child_table *t, size_t *ret_old)
{
    struct pit__child **old = t->buckets;

    *ret_old = t->room;
    t->room = t->room ? 2 * t->room : 8;
    t->buckets = pit_alloc(t->room * sizeof(struct pit__child *));
    return old;
}

static void put_key(struct pit__child_table *t, struct pit__child *c)
{
    struct pit__child **bucket = key_bucket(t, c->key);

    c->next_by_key = *bucket;
    *bucket = c;
}

static void put_id(struct pit__child_table *t, struct pit__child *c)
{
    struct pit__child **bucket = id_bucket(t, c->id);

    c->next_by_id = *bucket;
    *bucket = c;
}

static void grow_keys(struct pit__child_table *t)
{
    size_t n;
    struct pit__child **old = grow(t, &n), *next;

    for (size_t i = 0; i < n; i++)
        for (struct pit__child *c = old[i]; c; c = next) {
            next = c->next_by_key;
            put_key(t, c);
        }
    pit_free(old);
}

static void grow_ids(struct pit__child_table *t)
{
    size_t n;
    struct pit__child **old = grow(t, &n), *next;

    for (size_t i = 0; i < n; i++)
        for (struct pit__child *c = old[i]; c; c = next) {
            next = c->next_by_id;
            put_id(t, c);
        }
    pit_free(old);
}

static void set_key(struct pit__child_set *set, struct pit__child *c, int64_t key)
{
    struct pit__child_table *t = &set->by_key;

    if (c->key) {
        struct pit__child **link = key_bucket(t, c->key);

        while (*link != c)
            link = &(*link)->next_by_key;
        *link = c->next_by_key;
        t->used--;
    }
    c->key = key;
    if (!key)
        return;
    if (t->used == t->room)
        grow_keys(t);
    put_key(t, c);
    t->used++;
}

struct pit__child *pit__child_by_key(const struct pit__child_set *set, int64_t key)
{
    struct pit__child *c = set->by_key.room && key ? *key_bucket(&set->by_key, key) : NULL;

    while (c && c->key != key)
        c = c->next_by_key;
    return c;
}

struct pit__child *pit__child_by_id(const struct pit__child_set *set, const char *id)
{
    struct pit__child *c = set->by_id.room ? *id_bucket(&set->by_id, id) : NULL;

    while (c && strcmp(c->id, id) != 0)
        c = c->next_by_id;
    return c;
}

/* ---- children ---- */

void pit__child_set_init(struct pit__child_set *set)
{
    *set = (struct pit__child_set){0};
    pit__list_init(&set->order);
}

static int64_t default_shutdown(const pit_child *spec)
{
    if (spec->shutdown == PIT_SHUTDOWN_NOW)
        return 0;
    if (spec->shutdown > INT64_MAX / 2000000)
        return PIT_INFINITY; /* 146 years: it is reckoned with in nanoseconds */
    if (spec->shutdown)
        return spec->shutdown;
    return spec->type == PIT_SUPERVISOR ? PIT_INFINITY : 5000;
}

struct pit__child *pit__child_add(struct pit__child_set *set, const pit_child *spec, const char *id)
{
    size_t id_size = id ? strlen(id) + 1 : 0;
    struct pit__child *c = pit_alloc(sizeof *c + spec->size + id_size);

    c->start = spec->start;
    c->shutdown = default_shutdown(spec);
    c->serial = ++set->serials;
    c->restart = (uint8_t)spec->restart;
    c->type = (uint8_t)spec->type;
    c->size = spec->size;
    if (spec->size)
        memcpy(c->data, spec->arg, spec->size);
    pit__list_append(&set->order, &c->link);
    set->count++;
    if (id) {
        c->id = memcpy(c->data + spec->size, id, id_size);
        if (set->by_id.used == set->by_id.room)
            grow_ids(&set->by_id);
        put_id(&set->by_id, c);
        set->by_id.used++;
    }
    return c;
}

void pit__child_remove(struct pit__child_set *set, struct pit__child *c)
{
    PIT_ASSERT(c->state == PIT__CHILD_STOPPED);
    if (c->id) {
        struct pit__child **link = id_bucket(&set->by_id, c->id);

        while (*link != c)
            link = &(*link)->next_by_id;
        *link = c->next_by_id;
        set->by_id.used--;
    }
    pit__list_remove(&c->link);
    set->count--;
    pit_free(c);
}

void pit__child_running(struct pit__child_set *set, struct pit__child *c, pit_pid pid)
{
    set_key(set, c, pid.id);
    c->state = PIT__CHILD_RUNNING;
}

void pit__child_stopped(struct pit__child_set *set, struct pit__child *c)
{
    set_key(set, c, 0);
    c->state = PIT__CHILD_STOPPED;
}

void pit__child_restarting(struct pit__child_set *set, struct pit__child *c)
{
    set_key(set, c, -c->serial);
    c->state = PIT__CHILD_RESTARTING;
}
