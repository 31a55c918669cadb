/*
 * A journal is a row of records: a fixed head, then the key's bytes, then the value's. It never
 * leaves the node, so its numbers are the machine's own; it is read with memcpy, since nothing
 * aligns a record.
 */
#include "examples/casino/journal.h"

#include <errno.h>

enum journal_kind { JOURNAL_PUT = 1, JOURNAL_APPEND, JOURNAL_ENDS, JOURNAL_REMOVE, JOURNAL_CLEAR };

struct head {
    uint32_t kind;
    uint32_t key_len;
    uint32_t value_len;
    uint32_t unused; /* written as zero: no byte of a record is ever undefined */
    int64_t ends;
};
_Static_assert(sizeof(struct head) == 24, "no padding in a record");

static void record(struct out *j, enum journal_kind kind, struct bytes key, struct bytes value,
                   int64_t ends)
{
    struct head h = {
        .kind = kind, .key_len = (uint32_t)key.len, .value_len = (uint32_t)value.len, .ends = ends};
    char *to = out_space(j, sizeof(h) + key.len + value.len);

    if (!to)
        return;
    memcpy(to, &h, sizeof(h));
    if (key.len)
        memcpy(to + sizeof(h), key.at, key.len);
    if (value.len)
        memcpy(to + sizeof(h) + key.len, value.at, value.len);
    j->len += sizeof(h) + key.len + value.len;
}

static const struct bytes none = {"", 0};

void journal_put(struct out *j, struct bytes key, struct bytes value, int64_t ends)
{
    record(j, JOURNAL_PUT, key, value, ends);
}

void journal_append(struct out *j, struct bytes key, struct bytes more)
{
    record(j, JOURNAL_APPEND, key, more, STORE_FOREVER);
}

void journal_ends(struct out *j, struct bytes key, int64_t ends)
{
    record(j, JOURNAL_ENDS, key, none, ends);
}
void journal_remove(struct out *j, struct bytes key)
{
    record(j, JOURNAL_REMOVE, key, none, STORE_FOREVER);
}
void journal_clear(struct out *j) { record(j, JOURNAL_CLEAR, none, none, STORE_FOREVER); }

static int apply_one(const struct head *h, struct bytes key, struct bytes value, struct store *copy)
{
    if (h->kind == JOURNAL_CLEAR) {
        store_clear(copy);
        return 0;
    }
    struct store_place place = store_seek(copy, key);

    if (h->kind == JOURNAL_PUT)
        return store_put(copy, &place, value, h->ends);
    if (!place.entry)
        return -EBADMSG;
    switch (h->kind) {
    case JOURNAL_APPEND:
        return store_append(copy, &place, value);
    case JOURNAL_ENDS:
        store_set_ends(copy, place.entry, h->ends);
        return 0;
    case JOURNAL_REMOVE:
        store_remove(copy, &place);
        return 0;
    default:
        return -EBADMSG;
    }
}

int journal_apply(struct bytes journal, struct store *copy)
{
    size_t at = 0;

    while (at < journal.len) {
        struct head h;

        if (journal.len - at < sizeof(h))
            return -EBADMSG;
        memcpy(&h, journal.at + at, sizeof(h));
        at += sizeof(h);
        if (journal.len - at < (size_t)h.key_len + h.value_len)
            return -EBADMSG;
        struct bytes key = bytes_of(journal.at + at, h.key_len);
        struct bytes value = bytes_of(journal.at + at + h.key_len, h.value_len);
        int r = apply_one(&h, key, value, copy);
        if (r < 0)
            return r;
        at += (size_t)h.key_len + h.value_len;
    }
    return 0;
}
