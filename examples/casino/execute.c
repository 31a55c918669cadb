/* Which verb serves which command, and what the verbs share. */
#include "examples/casino/execute.h"

#include "examples/casino/number.h"
#include "examples/casino/verbs.h"

static verb *const verbs[COMMAND_COUNT] = {
    [COMMAND_append] = verb_append,    [COMMAND_dbsize] = verb_dbsize,
    [COMMAND_decr] = verb_counter,     [COMMAND_decrby] = verb_counter,
    [COMMAND_del] = verb_del,          [COMMAND_exists] = verb_exists,
    [COMMAND_expire] = verb_expire,    [COMMAND_expireat] = verb_expire,
    [COMMAND_flushall] = verb_flush,   [COMMAND_flushdb] = verb_flush,
    [COMMAND_get] = verb_get,          [COMMAND_getdel] = verb_getdel,
    [COMMAND_getset] = verb_getset,    [COMMAND_incr] = verb_counter,
    [COMMAND_incrby] = verb_counter,   [COMMAND_keys] = verb_keys,
    [COMMAND_mget] = verb_mget,        [COMMAND_mset] = verb_mset,
    [COMMAND_persist] = verb_persist,  [COMMAND_pexpire] = verb_expire,
    [COMMAND_pexpireat] = verb_expire, [COMMAND_psetex] = verb_setex,
    [COMMAND_pttl] = verb_ttl,         [COMMAND_scan] = verb_scan,
    [COMMAND_set] = verb_set,          [COMMAND_setex] = verb_setex,
    [COMMAND_setnx] = verb_setnx,      [COMMAND_strlen] = verb_strlen,
    [COMMAND_ttl] = verb_ttl,          [COMMAND_type] = verb_type,
    [COMMAND_unlink] = verb_del,
};

static size_t length(const struct bytes *words, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += words[i].len;
    return sum;
}

void execute(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    size_t most = w->limits->memory;

    /* Looked at before anything is changed, with all that the command brings: so MSET is refused as
       a whole. */
    if (most && c->flags & GROWS && w->store->bytes + length(words, count) > most)
        work_no_memory(w);
    else if (verbs[c->id])
        verbs[c->id](w, c, words, count);
    else
        resp_error(w->reply, "ERR '%s' is not a command of a table", c->name);
}

static void tell_expired(void *context, struct bytes key) { journal_remove(context, key); }

void execute_tidy(struct work *w, size_t buckets)
{
    store_tidy(w->store, w->now, buckets, tell_expired, w->journal);
}

struct store_place work_find(struct work *w, struct bytes key)
{
    struct store_place place = store_seek(w->store, key);

    if (place.entry && place.entry->ends != STORE_FOREVER && place.entry->ends <= w->now)
        work_remove(w, &place);
    return place;
}

bool work_fits(struct work *w, size_t key_len, size_t value_len)
{
    if (key_len > w->limits->key) {
        resp_error(w->reply, "ERR key is longer than %zu bytes (max-key)", w->limits->key);
        return false;
    }
    if (value_len > w->limits->value) {
        resp_error(w->reply, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        return false;
    }
    return true;
}

void work_no_memory(struct work *w)
{
    resp_error(w->reply, "OOM command not allowed when used memory > 'maxmemory'.");
}

bool work_put(struct work *w, struct store_place *place, struct bytes value, int64_t ends)
{
    if (!work_fits(w, place->key.len, value.len))
        return false;
    if (store_put(w->store, place, value, ends) < 0) {
        work_no_memory(w);
        return false;
    }
    journal_put(w->journal, place->key, value, ends);
    return true;
}

void work_remove(struct work *w, struct store_place *place)
{
    journal_remove(w->journal, place->key);
    store_remove(w->store, place);
}

bool work_number(struct work *w, struct bytes word, int64_t *ret)
{
    if (number_parse(word, ret))
        return true;
    resp_error(w->reply, "ERR value is not an integer or out of range");
    return false;
}

void work_syntax_error(struct work *w) { resp_error(w->reply, "ERR syntax error"); }

void work_bad_time(struct work *w, const struct command *c)
{
    resp_error(w->reply, "ERR invalid expire time in '%s' command", c->name);
}

bool work_ends(struct work *w, const struct command *c, struct bytes word, int64_t unit,
               int64_t since, int64_t *ret)
{
    int64_t span;

    if (!work_number(w, word, &span))
        return false;
    if (__builtin_mul_overflow(span, unit, &span) || __builtin_add_overflow(span, since, &span)) {
        work_bad_time(w, c);
        return false;
    }
    *ret = span;
    return true;
}
