/*
 * Bytes on their way out: a buffer that grows. Replies, journals and bodies are written into one.
 *
 * Writers do not check each step. A step that finds no memory sets `failed`, and from then on the
 * buffer takes nothing more; whoever sends the buffer looks at `failed` once, before it does.
 */
#ifndef CASINO_OUT_H
#define CASINO_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "examples/casino/bytes.h"
#include "examples/casino/memory.h"

struct out {
    char *data;
    size_t len, room;
    const struct memory *memory;
    bool failed;
};

static inline struct out out_new(const struct memory *memory)
{
    return (struct out){.memory = memory};
}

/* Make space for n more bytes: where to write them, or NULL. The caller adds what it wrote to
   len. */
char *out_grow(struct out *o, size_t n);
void out_free(struct out *o);
void out_format(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline char *out_space(struct out *o, size_t n)
{
    return o->room - o->len >= n && !o->failed ? o->data + o->len : out_grow(o, n);
}

static inline void out_add(struct out *o, const void *at, size_t len)
{
    char *to = len ? out_space(o, len) : NULL;

    if (to) {
        memcpy(to, at, len);
        o->len += len;
    }
}

static inline void out_bytes(struct out *o, struct bytes b) { out_add(o, b.at, b.len); }
static inline void out_text(struct out *o, const char *text) { out_add(o, text, strlen(text)); }
static inline struct bytes out_content(const struct out *o) { return bytes_of(o->data, o->len); }

/* Empty it for the next use; the memory stays. */
static inline void out_clear(struct out *o)
{
    o->len = 0;
    o->failed = false;
}

#endif
