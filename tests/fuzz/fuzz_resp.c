/*
 * Any bytes as RESP: read them whole and byte by byte; both must give the same commands and the
 * same error. The commands are then executed, and a copy that only gets the journal must end with
 * the same keys.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "examples/casino/execute.h"
#include "examples/casino/resp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A line that is too long is only found to be if its end does not come along, so here, where the
 * same input comes in two ways, no line is.
 */
#define MOST 4096
static const struct resp_limits limits = {.bulk = 200, .words = 40, .line = MOST, .command = 1000};

struct table {
    struct store store, copy;
    struct out reply, journal;
};

static void run(struct table *t, const struct bytes *words, size_t count, int64_t now)
{
    static const struct store_limits small = {.key = 50, .value = 300, .memory = 20000};
    struct work w = {&t->store, &small, now, &t->reply, &t->journal};
    const struct command *c;

    out_clear(&t->reply);
    out_clear(&t->journal);
    c = command_check(words, count, &t->reply);
    if (c && c->place != AT_DESK)
        execute(&w, c, words, count);
    if (c && c->place == AT_DESK)
        return;
    PIT_ASSERT(resp_reply_length(out_content(&t->reply)) == t->reply.len);
    PIT_ASSERT(journal_apply(out_content(&t->journal), &t->copy) == 0);
}

static void same(void *context, const struct store_entry *e)
{
    struct store_place place = store_seek(context, store_key(e));

    PIT_ASSERT(place.entry && place.entry->ends == e->ends);
    PIT_ASSERT(bytes_equal(store_value(place.entry), store_value(e)));
}

static void check_copy(struct table *t)
{
    uint64_t cursor = 0;

    PIT_ASSERT(t->store.count == t->copy.count);
    do
        cursor = store_scan(&t->store, cursor, same, &t->copy);
    while (cursor);
}

/* What was read, as text; table NULL: only read. Input is given in pieces, each time in a block of
   its own. */
static void read_all(const uint8_t *data, size_t size, size_t piece, struct out *text,
                     struct table *table)
{
    struct resp p;
    size_t given = 0, used_all = 0;
    enum resp_result r = RESP_MORE;

    resp_init(&p, &limits, &memory_heap);
    while (given < size && r != RESP_BROKEN) {
        given += piece < size - given ? piece : size - given;
        for (r = RESP_COMMAND; r == RESP_COMMAND;) {
            size_t have = given - used_all, used = 0;
            char *copy = malloc(have ? have : 1);

            memcpy(copy, data + used_all, have);
            r = resp_next(&p, copy, have, &used);
            PIT_ASSERT(used <= have);
            used_all += used;
            for (size_t i = 0; r == RESP_COMMAND && i < p.count; i++)
                resp_bulk(text, p.words[i]);
            if (r == RESP_COMMAND && p.count && table)
                run(table, p.words, p.count, (int64_t)used_all);
            free(copy);
        }
    }
    if (r == RESP_BROKEN)
        resp_error(text, "%s", p.error);
    resp_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct out whole = out_new(&memory_heap), parts = out_new(&memory_heap);
    struct table t = {.reply = out_new(&memory_heap), .journal = out_new(&memory_heap)};

    if (size > MOST)
        return 0;
    store_init(&t.store, 1, &memory_heap);
    store_init(&t.copy, 2, &memory_heap);
    read_all(data, size, 1, &parts, NULL);
    read_all(data, size, size ? size : 1, &whole, &t);
    PIT_ASSERT(bytes_equal(out_content(&whole), out_content(&parts)));
    check_copy(&t);
    store_clear(&t.store);
    store_clear(&t.copy);
    out_free(&t.reply);
    out_free(&t.journal);
    out_free(&whole);
    out_free(&parts);
    return 0;
}
