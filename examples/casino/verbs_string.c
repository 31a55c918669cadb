/* The commands on values: reading, setting, counting, appending. Replies and their order of checks
   are redis's. */
#include "examples/casino/number.h"
#include "examples/casino/verbs.h"

static const struct bytes *option_value(const struct bytes *words, size_t count, size_t i)
{
    return i + 1 < count ? &words[i + 1] : NULL;
}

static void reply_value(struct work *w, const struct store_entry *e)
{
    if (e)
        resp_bulk(w->reply, store_value(e));
    else
        resp_null(w->reply);
}

void verb_get(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct store_place place = work_find(w, words[1]);

    reply_value(w, place.entry);
}

void verb_mget(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c;
    resp_array(w->reply, count - 1);
    for (size_t i = 1; i < count; i++)
        reply_value(w, work_find(w, words[i]).entry);
}

void verb_getdel(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct store_place place = work_find(w, words[1]);

    reply_value(w, place.entry);
    if (place.entry)
        work_remove(w, &place);
}

/* The old value is in the reply before the new one is tried; a refusal takes it back. */
static bool put_after_reply(struct work *w, struct store_place *place, struct bytes value,
                            int64_t ends, size_t reply_start)
{
    if (work_fits(w, place->key.len, value.len)) {
        if (store_put(w->store, place, value, ends) == 0) {
            journal_put(w->journal, place->key, value, ends);
            return true;
        }
        w->reply->len = reply_start;
        work_no_memory(w);
    }
    return false;
}

void verb_getset(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct store_place place = work_find(w, words[1]);
    size_t start = w->reply->len;

    if (!work_fits(w, words[1].len, words[2].len))
        return;
    reply_value(w, place.entry);
    (void)put_after_reply(w, &place, words[2], STORE_FOREVER,
                          start); /* either way the reply is complete */
}

/* The options of SET. */
struct set_options {
    bool nx, xx, get, keep;
    const char *ends_as; /* "ex", "px", "exat", "pxat"; NULL: none */
    struct bytes ends;
};

static bool set_option(struct set_options *o, struct bytes word, const struct bytes *next,
                       size_t *i)
{
    static const char *const times[] = {"ex", "px", "exat", "pxat"};

    if (bytes_is(word, "nx") && !o->xx)
        return o->nx = true;
    if (bytes_is(word, "xx") && !o->nx)
        return o->xx = true;
    if (bytes_is(word, "get"))
        return o->get = true;
    if (bytes_is(word, "keepttl") && !o->ends_as)
        return o->keep = true;
    for (size_t t = 0; t < 4 && next && !o->keep; t++) {
        /* The same one twice is accepted, and the last counts: so does redis. */
        if (!bytes_is(word, times[t]) || (o->ends_as && o->ends_as != times[t]))
            continue;
        o->ends_as = times[t];
        o->ends = *next;
        (*i)++;
        return true;
    }
    return false;
}

/* For SET, SETEX and PSETEX, whose times must be positive, before and after `now` is added. */
static bool positive_ends(struct work *w, const struct command *c, struct bytes word, bool seconds,
                          bool absolute, int64_t *ret)
{
    int64_t span;

    if (!work_number(w, word, &span))
        return false;
    if (span <= 0) {
        work_bad_time(w, c);
        return false;
    }
    return work_ends(w, c, word, seconds ? 1000 : 1, absolute ? 0 : w->now, ret);
}

void verb_set(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    struct set_options o = {0};
    int64_t ends = STORE_FOREVER;

    for (size_t i = 3; i < count; i++) {
        if (!set_option(&o, words[i], option_value(words, count, i), &i)) {
            work_syntax_error(w);
            return;
        }
    }
    if (o.ends_as && !positive_ends(w, c, o.ends, o.ends_as[0] == 'e', o.ends_as[2] != '\0', &ends))
        return;
    if (!work_fits(w, words[1].len, words[2].len))
        return;

    struct store_place place = work_find(w, words[1]);
    size_t start = w->reply->len;
    bool refused = place.entry ? o.nx : o.xx;
    if (o.get)
        reply_value(w, place.entry);
    if (refused) {
        if (!o.get)
            resp_null(w->reply);
        return;
    }
    if (o.keep && place.entry)
        ends = place.entry->ends;
    if (put_after_reply(w, &place, words[2], ends, start) && !o.get)
        resp_status(w->reply, "OK");
}

void verb_setex(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)count;
    int64_t ends;

    if (!positive_ends(w, c, words[2], c->id == COMMAND_setex, false, &ends))
        return;
    struct store_place place = work_find(w, words[1]);
    if (work_put(w, &place, words[3], ends))
        resp_status(w->reply, "OK");
}

void verb_setnx(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct store_place place = work_find(w, words[1]);

    if (place.entry)
        resp_integer(w->reply, 0);
    else if (work_put(w, &place, words[2], STORE_FOREVER))
        resp_integer(w->reply, 1);
}

void verb_mset(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    if (count % 2 == 0) {
        command_wrong_arity(w->reply, c->name);
        return;
    }
    for (size_t i = 1; i < count; i += 2) /* all or none */
        if (!work_fits(w, words[i].len, words[i + 1].len))
            return;
    for (size_t i = 1; i < count; i += 2) {
        struct store_place place = work_find(w, words[i]);

        if (!work_put(w, &place, words[i + 1], STORE_FOREVER))
            return;
    }
    resp_status(w->reply, "OK");
}

/* By how much INCR, DECR, INCRBY or DECRBY changes a counter. */
static bool step_of(struct work *w, const struct command *c, const struct bytes *words,
                    int64_t *ret)
{
    if (c->id == COMMAND_incr || c->id == COMMAND_decr) {
        *ret = c->id == COMMAND_incr ? 1 : -1;
        return true;
    }
    if (!work_number(w, words[2], ret))
        return false;
    if (c->id == COMMAND_incrby)
        return true;
    if (*ret == INT64_MIN) {
        resp_error(w->reply, "ERR decrement would overflow");
        return false;
    }
    *ret = -*ret;
    return true;
}

void verb_counter(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)count;
    char digits[NUMBER_DIGITS];
    int64_t step, n = 0;

    if (!step_of(w, c, words, &step))
        return;
    struct store_place place = work_find(w, words[1]);
    if (place.entry && !work_number(w, store_value(place.entry), &n))
        return;
    if (__builtin_add_overflow(n, step, &n)) {
        resp_error(w->reply, "ERR increment or decrement would overflow");
        return;
    }
    struct bytes text = bytes_of(digits, number_print(n, digits));
    if (work_put(w, &place, text, place.entry ? place.entry->ends : STORE_FOREVER))
        resp_integer(w->reply, n);
}

void verb_append(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct store_place place = work_find(w, words[1]);

    if (!place.entry) {
        if (!work_put(w, &place, words[2], STORE_FOREVER))
            return;
    } else {
        if (!work_fits(w, 0, place.entry->value_len + words[2].len))
            return;
        if (store_append(w->store, &place, words[2]) < 0) {
            work_no_memory(w);
            return;
        }
        journal_append(w->journal, words[1], words[2]);
    }
    resp_integer(w->reply, place.entry->value_len);
}

void verb_strlen(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    const struct store_entry *e = work_find(w, words[1]).entry;

    resp_integer(w->reply, e ? e->value_len : 0);
}
