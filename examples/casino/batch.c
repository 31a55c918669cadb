/* Packing commands, and unpacking them without copying a word. */
#include "examples/casino/batch.h"

#include <stdint.h>

struct head {
    uint32_t id;
    uint32_t count;
};

void batch_add(struct out *batch, enum command_id id, const struct bytes *words, size_t count)
{
    struct head h = {id, (uint32_t)count};
    size_t size = sizeof(h) + count * sizeof(uint32_t);

    for (size_t i = 0; i < count; i++)
        size += words[i].len;
    char *to = out_space(batch, size);
    if (!to)
        return;
    batch->len += size;
    memcpy(to, &h, sizeof(h));
    to += sizeof(h);
    for (size_t i = 0; i < count; i++, to += sizeof(uint32_t)) {
        uint32_t len = (uint32_t)words[i].len;

        memcpy(to, &len, sizeof(len));
    }
    for (size_t i = 0; i < count; i++) {
        if (words[i].len)
            memcpy(to, words[i].at, words[i].len);
        to += words[i].len;
    }
}

const struct command *batch_next(struct batch_reader *r, const struct bytes **ret_words,
                                 size_t *ret_count)
{
    struct head h;

    if (r->rest.len < sizeof(h))
        return NULL;
    memcpy(&h, r->rest.at, sizeof(h));
    out_clear(&r->words);
    struct bytes *words = (void *)out_space(&r->words, h.count * sizeof(*words));
    if (!words)
        return NULL;

    const char *lens = r->rest.at + sizeof(h);
    const char *at = lens + h.count * sizeof(uint32_t);
    for (size_t i = 0; i < h.count; i++) {
        uint32_t len;

        memcpy(&len, lens + i * sizeof(len), sizeof(len));
        words[i] = bytes_of(at, len);
        at += len;
    }
    r->rest = bytes_of(at, (size_t)(r->rest.at + r->rest.len - at));
    *ret_words = words;
    *ret_count = h.count;
    return &commands[h.id];
}
