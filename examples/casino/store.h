/*
 * The keys of one table: a hash table that grows and shrinks a little at a time, and the time at
 * which each key ends.
 *
 * It knows no commands and no clock: what has expired is still here until somebody removes it, for
 * whoever removes a key must also tell the house (journal.h). One owner; nothing is shared; all
 * memory comes from struct memory.
 */
#ifndef CASINO_STORE_H
#define CASINO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "examples/casino/bytes.h"
#include "examples/casino/memory.h"

#define STORE_FOREVER 0 /* the end time of a key that does not expire */

/* One key. Key and value follow in the same block: one miss finds both. */
struct store_entry {
    struct store_entry *next;
    int64_t ends; /* milliseconds since 1970, or STORE_FOREVER */
    uint32_t hash;
    uint32_t key_len;
    uint32_t value_len;
    uint32_t value_room;
    char data[];
};

struct store_buckets {
    struct store_entry **at;
    size_t size; /* a power of two, or 0 */
    size_t used;
};

struct store {
    const struct memory *memory;
    uint64_t seed;
    size_t bytes;  /* of all blocks */
    size_t count;  /* of keys, the expired ones included */
    size_t mortal; /* of keys that have an end */
    size_t moved;  /* while two generations exist: so many buckets of the old one are empty */
    size_t swept;  /* where the search for expired keys goes on */
    struct store_buckets old, now; /* old.size is 0 but for the time of a resize */
};

/* Where a key is, or would be. Holds until the next seek, put, remove, clear or tidy. */
struct store_place {
    struct bytes key;
    uint64_t hash;
    struct store_entry *entry;  /* NULL: no such key */
    struct store_entry **link;  /* what points to entry */
    struct store_buckets *home; /* the generation it was found in */
};

static inline struct bytes store_key(const struct store_entry *e)
{
    return bytes_of(e->data, e->key_len);
}
static inline struct bytes store_value(const struct store_entry *e)
{
    return bytes_of(e->data + e->key_len, e->value_len);
}

void store_init(struct store *s, uint64_t seed, const struct memory *memory);
void store_clear(struct store *s); /* frees everything; the store is empty and usable */

/* So many keys will come: make room for them at once, if the store is empty. Without memory it
   grows as usual. */
void store_reserve(struct store *s, size_t keys);

struct store_place store_seek(struct store *s, struct bytes key);

/* Set value and end. 0; -ENOMEM: nothing has changed. Afterwards place->entry is the key's
   entry. */
int store_put(struct store *s, struct store_place *place, struct bytes value, int64_t ends);
/* Add to the value of a key that is there; room is made for twice as much. 0 or -ENOMEM. */
int store_append(struct store *s, struct store_place *place, struct bytes more);
void store_set_ends(struct store *s, struct store_entry *e, int64_t ends);
void store_remove(struct store *s, struct store_place *place);

/*
 * Visit keys, from cursor 0 until 0 is returned. A key that is there all the time is visited at
 * least once, however the table is resized meanwhile; one may be visited twice. A call visits one
 * bucket. visit must not change the store.
 */
uint64_t store_scan(const struct store *s, uint64_t cursor,
                    void (*visit)(void *context, const struct store_entry *e), void *context);

/* Is a resize under way, or due because most keys are gone? Then store_tidy has something to do. */
bool store_uneven(const struct store *s);

/*
 * The work that no request should pay for: go on with a resize, start one if the table has become
 * too large, and look for expired keys in at most `buckets` buckets. expired() is called for each
 * before it is removed.
 */
void store_tidy(struct store *s, int64_t now, size_t buckets,
                void (*expired)(void *context, struct bytes key), void *context);

#endif
