/*
 * Chained buckets in two generations.
 *
 * Growing a table of a million keys at once would hold up everybody who waits for it, so a resize
 * makes the new generation and moves one bucket with each seek. Meanwhile a key is in the old
 * generation if its bucket there has not been moved, else in the new one; new keys go to the new
 * one.
 *
 * Invariants
 *  (1) old.size == 0, or buckets old.at[0..moved) are empty and old.used > 0.
 *  (2) a key is in exactly one generation, once.
 *  (3) count == old.used + now.used; bytes is the sum of all blocks and both arrays.
 *
 * Order of scan: cursors count with their bits reversed, so that the buckets into which one bucket
 * splits, or from which it is merged, are neighbours in the order. What was visited in one size is
 * therefore not asked for again in another, and what was not is: the reason why a scan survives
 * resizes with nothing but a number for its state.
 */
#include "examples/casino/store.h"

#include <errno.h>
#include <string.h>

#include "examples/casino/hash.h"

#define FIRST_SIZE 16
#define LARGEST_SIZE ((size_t)1 << 31) /* cursors and bucket numbers have 32 bits */
/* keys are fewer than a so-manieth of the buckets: half of the array's memory is then waste */
#define SHRINK_BELOW 8
/* empty buckets a step may pass over: bounded work, yet it always ends before the next resize */
#define EMPTY_STEPS 10

void store_init(struct store *s, uint64_t seed, const struct memory *memory)
{
    *s = (struct store){.memory = memory, .seed = seed};
}

static size_t block_size(size_t key_len, size_t value_room)
{
    return sizeof(struct store_entry) + key_len + value_room;
}

static size_t entry_size(const struct store_entry *e)
{
    return block_size(e->key_len, e->value_room);
}

static struct store_entry **bucket(const struct store_buckets *b, uint64_t hash)
{
    return &b->at[(uint32_t)hash & (b->size - 1)];
}

static int buckets_new(struct store *s, size_t size, struct store_buckets *ret)
{
    struct store_entry **at = s->memory->resize(NULL, size * sizeof(*at));

    if (!at)
        return -ENOMEM;
    memset(at, 0, size * sizeof(*at));
    s->bytes += size * sizeof(*at);
    *ret = (struct store_buckets){.at = at, .size = size};
    return 0;
}

static void buckets_free(struct store *s, struct store_buckets *b)
{
    s->bytes -= b->size * sizeof(struct store_entry *);
    if (b->at)
        s->memory->release(b->at);
    *b = (struct store_buckets){0};
}

static void buckets_clear(struct store *s, struct store_buckets *b)
{
    for (size_t i = 0; i < b->size && b->used; i++) {
        struct store_entry *next;

        for (struct store_entry *e = b->at[i]; e; e = next) {
            next = e->next;
            s->memory->release(e);
            b->used--;
        }
    }
    buckets_free(s, b);
}

void store_clear(struct store *s)
{
    buckets_clear(s, &s->old);
    buckets_clear(s, &s->now);
    store_init(s, s->seed, s->memory);
}

void store_reserve(struct store *s, size_t keys)
{
    size_t size = FIRST_SIZE;

    while (size < keys && size < LARGEST_SIZE)
        size *= 2;
    if (!s->now.size && !s->old.size)
        (void)buckets_new(s, size, &s->now); /* it failed: as if nobody had asked */
}

/* Move one bucket of the old generation. */
static void resize_step(struct store *s)
{
    for (int passed = 0; passed < EMPTY_STEPS && !s->old.at[s->moved]; passed++)
        if (++s->moved == s->old.size)
            break;
    if (s->moved < s->old.size) {
        struct store_entry *next;

        for (struct store_entry *e = s->old.at[s->moved]; e; e = next) {
            struct store_entry **to = bucket(&s->now, e->hash);

            next = e->next;
            e->next = *to;
            *to = e;
            s->old.used--;
            s->now.used++;
        }
        s->old.at[s->moved] = NULL;
    }
    if (s->old.used == 0) {
        buckets_free(s, &s->old);
        s->moved = 0;
    }
}

/* Without memory for the new array the old one serves on: slower, but nothing is lost. */
static void resize_start(struct store *s, size_t size)
{
    struct store_buckets larger;

    if (s->old.size || buckets_new(s, size, &larger) < 0)
        return;
    s->old = s->now;
    s->now = larger;
    s->moved = 0;
    s->swept = 0;
    if (s->old.used == 0)
        buckets_free(s, &s->old);
}

static bool find_in(struct store_buckets *b, struct store_place *place)
{
    struct store_entry **link = bucket(b, place->hash);
    uint32_t hash = (uint32_t)place->hash;

    for (struct store_entry *e; (e = *link); link = &e->next) {
        if (e->hash == hash && bytes_equal(store_key(e), place->key)) {
            place->entry = e;
            place->link = link;
            place->home = b;
            return true;
        }
    }
    return false;
}

struct store_place store_seek(struct store *s, struct bytes key)
{
    struct store_place place = {.key = key, .hash = hash_key(s->seed, key)};

    if (s->old.size) {
        resize_step(s);
        if (s->old.size && find_in(&s->old, &place))
            return place;
    }
    if (s->now.size)
        (void)find_in(&s->now, &place); /* not found is an answer too: entry is NULL */
    return place;
}

/* Rounded up, so that a counter's next digit or a value of about the same length needs no new
   block. */
static size_t value_room(size_t len)
{
    size_t rounded = (len + 15) & ~(size_t)15;

    return rounded ? rounded : 16;
}

static int insert(struct store *s, struct store_place *place, struct bytes value)
{
    if (!s->now.size && buckets_new(s, FIRST_SIZE, &s->now) < 0)
        return -ENOMEM;
    if (s->now.used >= s->now.size && s->now.size < LARGEST_SIZE)
        resize_start(s, s->now.size * 2);

    size_t room = value_room(value.len);
    struct store_entry *e = s->memory->resize(NULL, block_size(place->key.len, room));
    if (!e)
        return -ENOMEM;
    *e = (struct store_entry){.hash = (uint32_t)place->hash,
                              .key_len = (uint32_t)place->key.len,
                              .value_room = (uint32_t)room};
    memcpy(e->data, place->key.at, place->key.len);
    place->link = bucket(&s->now, place->hash);
    place->home = &s->now;
    e->next = *place->link;
    *place->link = place->entry = e;
    s->now.used++;
    s->count++;
    s->bytes += entry_size(e);
    return 0;
}

static int set_room(struct store *s, struct store_place *place, size_t room)
{
    size_t before = entry_size(place->entry);
    struct store_entry *e = s->memory->resize(place->entry, block_size(place->key.len, room));

    if (!e)
        return -ENOMEM;
    e->value_room = (uint32_t)room;
    s->bytes = s->bytes - before + entry_size(e);
    *place->link = place->entry = e;
    return 0;
}

/* Too small, or more than twice too large: a short value does not keep a long one's memory. */
static bool room_unfit(const struct store_entry *e, size_t len)
{
    return len > e->value_room || (e->value_room > 64 && len < e->value_room / 2);
}

int store_put(struct store *s, struct store_place *place, struct bytes value, int64_t ends)
{
    int r = 0;

    if (!place->entry)
        r = insert(s, place, value);
    else if (room_unfit(place->entry, value.len))
        r = set_room(s, place, value_room(value.len));
    if (r < 0)
        return r;

    struct store_entry *e = place->entry;
    if (value.len)
        memcpy(e->data + e->key_len, value.at, value.len);
    e->value_len = (uint32_t)value.len;
    store_set_ends(s, e, ends);
    return 0;
}

/* beyond this, appending makes room for a mebibyte more instead of doubling */
#define SPARE_MOST (1u << 20)

int store_append(struct store *s, struct store_place *place, struct bytes more)
{
    struct store_entry *e = place->entry;
    size_t len = e->value_len + more.len;

    if (len > e->value_room) {
        int r = set_room(s, place, value_room(len + (len < SPARE_MOST ? len : SPARE_MOST)));

        if (r < 0)
            return r;
        e = place->entry;
    }
    if (more.len)
        memcpy(e->data + e->key_len + e->value_len, more.at, more.len);
    e->value_len = (uint32_t)len;
    return 0;
}

void store_set_ends(struct store *s, struct store_entry *e, int64_t ends)
{
    s->mortal += (size_t)(ends != STORE_FOREVER);
    s->mortal -= (size_t)(e->ends != STORE_FOREVER);
    e->ends = ends;
}

void store_remove(struct store *s, struct store_place *place)
{
    struct store_entry *e = place->entry;

    *place->link = e->next;
    place->home->used--;
    s->count--;
    s->mortal -= (size_t)(e->ends != STORE_FOREVER);
    s->bytes -= entry_size(e);
    s->memory->release(e);
    place->entry = NULL;
    if (s->old.size && s->old.used == 0) {
        buckets_free(s, &s->old);
        s->moved = 0;
    }
}

static uint32_t reversed(uint32_t v)
{
    v = (v >> 1 & 0x55555555u) | (v & 0x55555555u) << 1;
    v = (v >> 2 & 0x33333333u) | (v & 0x33333333u) << 2;
    v = (v >> 4 & 0x0f0f0f0fu) | (v & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(v);
}

/* The next cursor for a table of mask + 1 buckets; 0 after the last. */
static uint32_t following(uint32_t cursor, uint32_t mask)
{
    return reversed(reversed(cursor | ~mask) + 1);
}

static void visit_bucket(const struct store_buckets *b, uint32_t cursor,
                         void (*visit)(void *context, const struct store_entry *e), void *context)
{
    for (const struct store_entry *e = b->at[cursor & (b->size - 1)]; e; e = e->next)
        visit(context, e);
}

uint64_t store_scan(const struct store *s, uint64_t cursor,
                    void (*visit)(void *context, const struct store_entry *e), void *context)
{
    const struct store_buckets *small = &s->now, *large = &s->old;
    uint32_t at = (uint32_t)cursor;

    if (!s->now.size || cursor != at)
        return 0;
    if (!s->old.size) {
        visit_bucket(&s->now, at, visit, context);
        return following(at, (uint32_t)(s->now.size - 1));
    }
    if (small->size > large->size) {
        small = &s->old;
        large = &s->now;
    }
    /* One bucket of the small generation, and all those of the large one that it splits into. */
    visit_bucket(small, at, visit, context);
    do {
        visit_bucket(large, at, visit, context);
        at = following(at, (uint32_t)(large->size - 1));
    } while (at & (uint32_t)((small->size - 1) ^ (large->size - 1)));
    return at;
}

/* Remove what has expired from one bucket. */
static void sweep_bucket(struct store *s, struct store_buckets *b, size_t i, int64_t now,
                         void (*expired)(void *context, struct bytes key), void *context)
{
    struct store_entry **link = &b->at[i];

    while (*link) {
        struct store_entry *e = *link;

        if (e->ends == STORE_FOREVER || e->ends > now) {
            link = &e->next;
            continue;
        }
        expired(context, store_key(e));
        struct store_place place = {.key = store_key(e), .entry = e, .link = link, .home = b};
        store_remove(s, &place);
    }
}

static bool sparse(const struct store *s)
{
    return s->now.size > FIRST_SIZE && s->count < s->now.size / SHRINK_BELOW;
}

bool store_uneven(const struct store *s) { return s->old.size || sparse(s); }

void store_tidy(struct store *s, int64_t now, size_t buckets,
                void (*expired)(void *context, struct bytes key), void *context)
{
    for (size_t i = 0; i < buckets && s->old.size; i++)
        resize_step(s);
    if (s->old.size)
        return; /* expired keys wait until the resize is done: one generation to sweep, not two */
    if (sparse(s))
        resize_start(s, s->now.size / 2);
    for (size_t i = 0; i < buckets && s->mortal && !s->old.size; i++) {
        s->swept &= s->now.size - 1;
        sweep_bucket(s, &s->now, s->swept++, now, expired, context);
    }
}
