/* The commands on keys themselves: removing, expiring, counting, listing. */
#include <stdlib.h>

#include "examples/casino/glob.h"
#include "examples/casino/verbs.h"

void verb_del(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c;
    int64_t removed = 0;

    for (size_t i = 1; i < count; i++) {
        struct store_place place = work_find(w, words[i]);

        if (place.entry) {
            work_remove(w, &place);
            removed++;
        }
    }
    resp_integer(w->reply, removed);
}

void verb_exists(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c;
    int64_t found = 0;

    for (size_t i = 1; i < count; i++)
        found += work_find(w, words[i]).entry != NULL;
    resp_integer(w->reply, found);
}

enum expire_flag { ONLY_NEW = 1, ONLY_OLD = 2, ONLY_LATER = 4, ONLY_SOONER = 8 };

static bool expire_flags(struct work *w, const struct bytes *words, size_t count, unsigned *ret)
{
    static const char *const names[] = {"nx", "xx", "gt", "lt"};
    unsigned flags = 0;

    for (size_t i = 3; i < count; i++) {
        unsigned found = 0;

        for (unsigned n = 0; n < 4; n++)
            found |= bytes_is(words[i], names[n]) ? 1u << n : 0;
        if (!found) {
            resp_error(w->reply, "ERR Unsupported option %.*s",
                       (int)(words[i].len < 256 ? words[i].len : 256), words[i].at);
            return false;
        }
        flags |= found;
    }
    if (flags & ONLY_NEW && flags != ONLY_NEW) {
        resp_error(w->reply, "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if ((flags & ONLY_LATER) && (flags & ONLY_SOONER)) {
        resp_error(w->reply, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    *ret = flags;
    return true;
}

/* A key without an end counts as one that ends later than any other. */
static bool may_expire(unsigned flags, int64_t old, int64_t ends)
{
    bool has = old != STORE_FOREVER;

    if (flags & ONLY_NEW && has)
        return false;
    if (flags & ONLY_OLD && !has)
        return false;
    if (flags & ONLY_LATER && (!has || ends <= old))
        return false;
    return !(flags & ONLY_SOONER && has && ends >= old);
}

void verb_expire(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    bool seconds = c->id == COMMAND_expire || c->id == COMMAND_expireat;
    bool absolute = c->id == COMMAND_expireat || c->id == COMMAND_pexpireat;
    unsigned flags;
    int64_t ends;

    if (!expire_flags(w, words, count, &flags) ||
        !work_ends(w, c, words[2], seconds ? 1000 : 1, absolute ? 0 : w->now, &ends))
        return;

    struct store_place place = work_find(w, words[1]);
    if (!place.entry || !may_expire(flags, place.entry->ends, ends)) {
        resp_integer(w->reply, 0);
        return;
    }
    if (ends <= w->now) {
        work_remove(w, &place);
    } else {
        store_set_ends(w->store, place.entry, ends);
        journal_ends(w->journal, words[1], ends);
    }
    resp_integer(w->reply, 1);
}

void verb_persist(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct store_place place = work_find(w, words[1]);
    bool had = place.entry && place.entry->ends != STORE_FOREVER;

    if (had) {
        store_set_ends(w->store, place.entry, STORE_FOREVER);
        journal_ends(w->journal, words[1], STORE_FOREVER);
    }
    resp_integer(w->reply, had);
}

void verb_ttl(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)count;
    const struct store_entry *e = work_find(w, words[1]).entry;

    if (!e) {
        resp_integer(w->reply, -2);
    } else if (e->ends == STORE_FOREVER) {
        resp_integer(w->reply, -1);
    } else {
        int64_t left = e->ends - w->now; /* positive: find has removed what is over */

        resp_integer(w->reply, c->id == COMMAND_pttl ? left : left / 1000 + (left % 1000 >= 500));
    }
}

void verb_type(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    resp_status(w->reply, work_find(w, words[1]).entry ? "string" : "none");
}

void verb_dbsize(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)words, (void)count;
    resp_integer(w->reply, (int64_t)w->store->count);
}

void verb_flush(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c;
    if (count > 2 || (count == 2 && !bytes_is(words[1], "async") && !bytes_is(words[1], "sync"))) {
        work_syntax_error(w);
        return;
    }
    store_clear(w->store);
    journal_clear(w->journal);
    resp_status(w->reply, "OK");
}

/* Keys that match, gathered while a scan is on; those that have expired are passed over, the scan
   may not remove. */
struct gathering {
    struct bytes pattern; /* at NULL: all */
    int64_t now;
    struct out keys;
    size_t count;
};

static void gather(void *context, const struct store_entry *e)
{
    struct gathering *g = context;

    if (e->ends != STORE_FOREVER && e->ends <= g->now)
        return;
    if (g->pattern.at && !glob_match(g->pattern, store_key(e)))
        return;
    resp_bulk(&g->keys, store_key(e));
    g->count++;
}

/* The array of what was gathered; if there was no memory for it, the reply as a whole has
   failed. */
static void reply_gathered(struct work *w, struct gathering *g)
{
    resp_array(w->reply, g->count);
    out_bytes(w->reply, out_content(&g->keys));
    w->reply->failed |= g->keys.failed;
    out_free(&g->keys);
}

void verb_keys(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c, (void)count;
    struct gathering g = {.pattern = words[1], .now = w->now, .keys = out_new(w->store->memory)};
    uint64_t cursor = 0;

    do
        cursor = store_scan(w->store, cursor, gather, &g);
    while (cursor);
    reply_gathered(w, &g);
}

/* Like redis's strtoul: digits only and not beyond 64 bits, behind a sign; minus wraps around;
   nothing at all is 0. */
static bool parse_cursor(struct bytes word, uint64_t *ret)
{
    uint64_t cursor = 0;
    bool minus = word.len > 0 && word.at[0] == '-';
    size_t i = minus || (word.len > 0 && word.at[0] == '+');

    if (i && i == word.len)
        return false;
    for (; i < word.len; i++) {
        unsigned digit = (unsigned)((unsigned char)word.at[i] - '0');

        if (digit > 9 || __builtin_mul_overflow(cursor, 10u, &cursor) ||
            __builtin_add_overflow(cursor, digit, &cursor))
            return false;
    }
    *ret = minus ? 0 - cursor : cursor;
    return true;
}

struct scan_options {
    int64_t count;
    struct bytes match;
    bool other_type; /* TYPE of something that is not here */
};

static bool scan_options(struct work *w, const struct bytes *words, size_t count,
                         struct scan_options *o)
{
    for (size_t i = 2; i < count; i += 2) {
        bool value = i + 1 < count;

        if (value && bytes_is(words[i], "count")) {
            if (!work_number(w, words[i + 1], &o->count))
                return false;
            if (o->count < 1) {
                work_syntax_error(w);
                return false;
            }
        } else if (value && bytes_is(words[i], "match")) {
            o->match = words[i + 1];
        } else if (value && bytes_is(words[i], "type")) {
            o->other_type = !bytes_is(words[i + 1], "string");
        } else {
            work_syntax_error(w);
            return false;
        }
    }
    return true;
}

#define SCAN_MOST 65536 /* keys one SCAN is asked for at most: a table serves others too */
/* buckets visited for each key asked for, so that a sparse table ends a call as well */
#define SCAN_EMPTY 10

void verb_scan(struct work *w, const struct command *c, const struct bytes *words, size_t count)
{
    (void)c;
    struct scan_options o = {.count = 10};
    uint64_t cursor;

    if (!parse_cursor(words[1], &cursor)) {
        resp_error(w->reply, "ERR invalid cursor");
        return;
    }
    if (!scan_options(w, words, count, &o))
        return;

    struct gathering g = {.pattern = o.match, .now = w->now, .keys = out_new(w->store->memory)};
    size_t want = o.count < SCAN_MOST ? (size_t)o.count : SCAN_MOST;
    size_t visits = want * SCAN_EMPTY;
    do
        cursor = store_scan(w->store, cursor, gather, &g);
    while (cursor && --visits && g.count < want);
    if (o.other_type) {
        out_clear(&g.keys);
        g.count = 0;
    }
    resp_array(w->reply, 2);
    resp_bulk_number(w->reply, (int64_t)cursor);
    reply_gathered(w, &g);
}
