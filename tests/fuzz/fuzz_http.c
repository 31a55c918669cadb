/*
 * Any bytes as HTTP: read them whole and in pieces; both must give the same requests and break at
 * the same one, and no part of a request may exceed its limit. Paths are decoded, which never makes
 * them longer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "examples/casino/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits limits = {.url = 100, .headers = 200, .body = 100};

static void describe(const struct http *h, struct out *text)
{
    struct out decoded = out_new(&memory_heap);
    struct bytes path = http_path(h->url);

    PIT_ASSERT(h->url.len <= limits.url && h->body.len <= limits.body);
    if (http_decode(path, &decoded))
        PIT_ASSERT(decoded.len <= path.len);
    out_text(text, h->method);
    out_bytes(text, h->url);
    out_bytes(text, h->body);
    out_text(text, h->after ? "+" : "-");
    out_free(&decoded);
}

static void read_all(const uint8_t *data, size_t size, size_t piece, struct out *text)
{
    struct http h;
    size_t at = 0;

    http_init(&h, &limits, &memory_heap);
    while (at < size) {
        size_t n = piece < size - at ? piece : size - at, used;
        char *copy = malloc(n);

        memcpy(copy, data + at, n);
        enum http_result r = http_next(&h, copy, n, &used);
        free(copy);
        PIT_ASSERT(used <= n);
        PIT_ASSERT(used > 0 || r == HTTP_GOT);
        at += used;
        if (r == HTTP_GOT)
            describe(&h, text);
        if (r == HTTP_BROKEN)
            break;
    }
    if (h.status)
        out_text(text, "!"); /* of two faults in one line the pieces decide which is seen first */
    http_free(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    for (size_t piece = 1; piece <= 7; piece += 3) {
        struct out whole = out_new(&memory_heap), parts = out_new(&memory_heap);

        read_all(data, size, size ? size : 1, &whole);
        read_all(data, size, piece, &parts);
        PIT_ASSERT(whole.data || whole.len == 0);
        PIT_ASSERT(bytes_equal(out_content(&whole), out_content(&parts)));
        out_free(&whole);
        out_free(&parts);
    }
    return 0;
}
