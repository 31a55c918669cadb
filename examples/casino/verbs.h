/* One function a command, and what they share. Only execute.c and the verbs_*.c files include
   this. */
#ifndef CASINO_VERBS_H
#define CASINO_VERBS_H

#include "examples/casino/execute.h"
#include "examples/casino/resp.h"

typedef void verb(struct work *w, const struct command *c, const struct bytes *words, size_t count);

verb verb_append, verb_counter, verb_dbsize, verb_del, verb_exists, verb_expire, verb_flush,
    verb_get, verb_getdel, verb_getset, verb_keys, verb_mget, verb_mset, verb_persist, verb_scan,
    verb_set, verb_setex, verb_setnx, verb_strlen, verb_ttl, verb_type;

/* Find a key that has not expired. One that has is removed on the way, and the house is told. */
struct store_place work_find(struct work *w, struct bytes key);

/* Put and tell the house. false: it was refused, and the reply says so. */
bool work_put(struct work *w, struct store_place *place, struct bytes value, int64_t ends);
void work_remove(struct work *w, struct store_place *place);
bool work_fits(struct work *w, size_t key_len, size_t value_len);
void work_no_memory(struct work *w);

/* A number from the client; false: it is none, and the reply says so. */
bool work_number(struct work *w, struct bytes word, int64_t *ret);

/* A time span from the client (unit: milliseconds in one), as a point in time. false: refused,
   said. */
bool work_ends(struct work *w, const struct command *c, struct bytes word, int64_t unit,
               int64_t since, int64_t *ret);

void work_syntax_error(struct work *w);
void work_bad_time(struct work *w, const struct command *c);

#endif
