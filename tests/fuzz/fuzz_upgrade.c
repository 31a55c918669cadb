/*
 * Any bytes as the handshake of a WebSocket: read them whole and in pieces; both must end the same
 * way at the same byte with the same answer, and every answer is a whole head of HTTP that fits its
 * room.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bench/net/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct end {
    enum upgrade_result result;
    size_t at;
    char reply[UPGRADE_REPLY];
};

static void check_reply(const struct end *e)
{
    size_t len = strnlen(e->reply, sizeof e->reply);

    PIT_ASSERT(len < sizeof e->reply);
    PIT_ASSERT(!strncmp(e->reply, e->result == UPGRADE_DONE ? "HTTP/1.1 101" : "HTTP/1.1 4", 10));
    PIT_ASSERT(!strcmp(e->reply + len - 4, "\r\n\r\n"));
}

static struct end read_all(const uint8_t *data, size_t size, size_t piece)
{
    struct end e = {.result = UPGRADE_MORE};
    struct upgrade u;

    upgrade_init(&u);
    while (e.at < size && e.result == UPGRADE_MORE) {
        size_t n = piece < size - e.at ? piece : size - e.at, used;
        char *copy = malloc(n); /* of its size, so that a byte read behind it is seen */

        PIT_ASSERT(copy);
        memcpy(copy, data + e.at, n);
        e.result = upgrade_next(&u, copy, n, &used, e.reply);
        free(copy);
        PIT_ASSERT(used <= n && (used == n || e.result != UPGRADE_MORE));
        e.at += used;
    }
    if (e.result != UPGRADE_MORE)
        check_reply(&e);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* within the limit of a handshake: beyond it the pieces decide where that is seen */
    if (size > 4096)
        return 0;
    struct end whole = read_all(data, size, size ? size : 1);

    for (size_t piece = 1; piece <= 7; piece += 3) {
        struct end parts = read_all(data, size, piece);

        PIT_ASSERT(parts.result == whole.result);
        PIT_ASSERT(parts.at == whole.at || whole.result == UPGRADE_REFUSED);
        PIT_ASSERT(!strcmp(parts.reply, whole.reply));
    }
    return 0;
}
