#include "runtime/relation.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "term/sealed.h"

#define SMALL 12
#define SEGMENT 512   /* buckets in a piece of the directory; a piece is 4 KiB */
#define SEGMENTS 2048 /* a million buckets; beyond, chains grow longer */

/* Linear hashing (Litwin 1980): buckets 0 .. split-1 and base .. base+split-1 have been split
   already. */
struct pit__relation_index {
    uint32_t base; /* a power of two */
    uint32_t split;
    struct pit__relation **segment[SEGMENTS];
};

/* Keys are pids and counters: their low bits must not decide alone. */
static inline uint32_t hash(uint64_t key, unsigned kind)
{
    return (uint32_t)(((key ^ kind) * 0x9e3779b97f4a7c15u) >> 32);
}

static struct pit__relation **bucket(struct pit__relation_index *x, uint32_t n)
{
    return &x->segment[n / SEGMENT][n % SEGMENT];
}

static struct pit__relation **bucket_of(struct pit__relation_index *x, uint64_t key, unsigned kind)
{
    uint32_t h = hash(key, kind);
    uint32_t n = h & (x->base - 1);

    if (n < x->split)
        n = h & (2 * x->base - 1);
    return bucket(x, n);
}

static bool segment_ready(struct pit__relation_index *x, uint32_t n)
{
    struct pit__relation ***s;

    if (n / SEGMENT >= SEGMENTS)
        return false;
    s = &x->segment[n / SEGMENT];
    if (!*s)
        *s = calloc(SEGMENT, sizeof **s);
    return *s != NULL;
}

/* One bucket more: its entries part between it and the new one. No memory: the chains grow longer,
   no more. */
static void grow(struct pit__relation_index *x)
{
    struct pit__relation *r, **old, **new;

    if (!segment_ready(x, x->base + x->split))
        return;
    old = bucket(x, x->split);
    new = bucket(x, x->base + x->split);
    r = *old;
    *old = *new = NULL;
    while (r) {
        struct pit__relation *chain = r->chain;
        struct pit__relation **to = hash(r->key, r->block.kind) & x->base ? new : old;

        r->chain = *to;
        *to = r;
        r = chain;
    }
    if (++x->split == x->base) {
        x->base *= 2;
        x->split = 0;
    }
}

static void index_add(struct pit__relation_index *x, struct pit__relation *r)
{
    struct pit__relation **b = bucket_of(x, r->key, r->block.kind);

    r->chain = *b;
    *b = r;
}

static void index_free(struct pit__relation_index *x)
{
    if (!x)
        return;
    for (unsigned i = 0; i < SEGMENTS && x->segment[i]; i++)
        free(x->segment[i]);
    free(x);
}

static void index_make(struct pit__relations *rs)
{
    struct pit__relation_index *x = calloc(1, sizeof *x);

    if (!x)
        return;
    x->base = 16;
    if (!segment_ready(x, 0)) {
        free(x);
        return;
    }
    for (struct pit__relation *r = rs->first; r; r = r->next)
        index_add(x, r);
    rs->index = x;
}

static void set_up(struct pit__relation *r, enum pit__relation_kind kind, uint64_t key,
                   int64_t peer, unsigned flags)
{
    PIT_NEED(r);
    r->block.kind = (uint8_t)kind;
    r->key = key;
    r->peer = peer;
    r->extra = 0;
    PIT__R_FLAGS(r) = flags;
}

struct pit__relation *pit__relation_new(struct pit__blocks *pool, enum pit__relation_kind kind,
                                        uint64_t key, int64_t peer)
{
    struct pit__relation *r = pit__block_alloc(pool, sizeof *r);

    set_up(r, kind, key, peer, 0);
    return r;
}

struct pit__relation *pit__relation_new_tagged(struct pit__blocks *pool,
                                               enum pit__relation_kind kind, uint64_t key,
                                               int64_t peer, struct pit__sealed *tag)
{
    struct pit__tagged_relation *r = pit__block_alloc(pool, sizeof *r);

    set_up(&r->r, kind, key, peer, PIT__R_TAGGED);
    r->tag = tag;
    r->reply_tag = NULL;
    return &r->r;
}

void pit__relation_free(struct pit__blocks *pool, struct pit__relation *r)
{
    if (PIT__UNLIKELY(PIT__R_FLAGS(r) & PIT__R_TAGGED)) {
        struct pit__tagged_relation *tagged = (struct pit__tagged_relation *)r;

        pit__sealed_release(tagged->tag);
        pit__sealed_release(tagged->reply_tag);
    }
    pit__block_free(pool, r);
}

struct pit__relation *pit__relation_find(const struct pit__relations *rs,
                                         enum pit__relation_kind kind, uint64_t key)
{
    struct pit__relation *r;

    if (rs->index) {
        for (r = *bucket_of(rs->index, key, kind); r; r = r->chain)
            if (r->key == key && r->block.kind == kind)
                return r;
        return NULL;
    }
    for (r = rs->last; r; r = r->prev) /* youngest first: what was made last is asked for first */
        if (r->key == key && r->block.kind == kind)
            return r;
    return NULL;
}

static void list_append(struct pit__relations *rs, struct pit__relation *r)
{
    r->next = NULL;
    r->prev = rs->last;
    if (rs->last)
        rs->last->next = r;
    else
        rs->first = r;
    rs->last = r;
}

static void list_remove(struct pit__relations *rs, struct pit__relation *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        rs->first = r->next;
    if (r->next)
        r->next->prev = r->prev;
    else
        rs->last = r->prev;
}

void pit__relation_add(struct pit__relations *rs, struct pit__relation *r)
{
    list_append(rs, r);
    rs->count++;
    rs->timers += r->block.kind == PIT__R_TIMER;
    if (rs->index) {
        index_add(rs->index, r);
        if (rs->count > rs->index->base + rs->index->split) /* one a bucket; not one an add */
            grow(rs->index);
    } else if (rs->count > SMALL)
        index_make(rs);
}

void pit__relation_remove(struct pit__relations *rs, struct pit__relation *r)
{
    if (rs->index) {
        struct pit__relation **b = bucket_of(rs->index, r->key, r->block.kind);

        while (*b != r)
            b = &(*b)->chain;
        *b = r->chain;
    }
    list_remove(rs, r);
    PIT_ASSERT(rs->count > 0);
    rs->count--;
    rs->timers -= r->block.kind == PIT__R_TIMER;
    if (!rs->count && rs->index)
        pit__relations_close(rs);
}

void pit__relation_to_end(struct pit__relations *rs, struct pit__relation *r)
{
    PIT_ASSERT(!rs->index);
    list_remove(rs, r);
    list_append(rs, r);
}

void pit__relations_close(struct pit__relations *rs)
{
    index_free(rs->index);
    rs->index = NULL;
}
