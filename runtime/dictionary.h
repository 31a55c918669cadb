/*
 * The process dictionary inside the runtime: a hash of sealed terms. Owner only.
 */
#ifndef PIT_RUNTIME_DICTIONARY_H
#define PIT_RUNTIME_DICTIONARY_H

#include "runtime/extra.h"
#include "runtime/park.h"

struct pit__sealed;

/* Memory of the process, as the table: an entry is a resource, so that a teardown lets go of a
   large dictionary in pieces. */
struct pit__dictionary_entry {
    struct pit__resource resource;
    struct pit__dictionary_entry *next;
    struct pit__sealed *key, *value;
    uint64_t hash;
    uint64_t bytes; /* of both terms */
};

struct pit__dictionary {
    struct pit__dictionary_entry **buckets; /* a power of two, never fewer than entries */
    size_t room, used;
    uint64_t bytes;
};

/* NULL: p has none. */
static inline const struct pit__dictionary *pit__dictionary_of(const struct pit__process *p)
{
    return p->extra ? p->extra->dictionary : NULL;
}

/* Each entry, until visit says false. */
void pit__dictionary_each(const struct pit__dictionary *d,
                          bool (*visit)(const struct pit__dictionary_entry *e, void *context),
                          void *context);

/* NULL: no such key. */
const struct pit__dictionary_entry *pit__dictionary_find(const struct pit__dictionary *d,
                                                         pit_term key);

#endif
