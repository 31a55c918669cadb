/*
 * The protocols whose answers are known to the byte before they come: echo, stream, RESP,
 * WebSocket.
 *
 * What a request carries is a slice of the pattern that begins somewhere else for each request of
 * each connection; so an answer to another request, or another connection's, is a wrong one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/net/load/load.h"
#include "bench/net/pattern.h"

static uint32_t offset_of(uint32_t connection, uint64_t number)
{
    uint64_t x = ((uint64_t)connection << 32 ^ number) + 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((x ^ x >> 31) % PATTERN_SIZE);
}

static const uint8_t *payload_of(struct request r)
{
    return pattern + offset_of(r.connection, r.number);
}

static struct run run_of(const void *at, size_t len) { return (struct run){at, len}; }

/* From `at` on, of parts one after the other. */
static struct run within(const struct run *parts, size_t count, uint64_t at)
{
    for (size_t i = 0; i < count; i++) {
        if (at < parts[i].len)
            return run_of((const char *)parts[i].at + at, parts[i].len - at);
        at -= parts[i].len;
    }
    return run_of(NULL, 0);
}

/* ---- echo ---- */

static size_t echo_request(struct request r, uint8_t *to)
{
    memcpy(to, payload_of(r), options.size);
    return options.size;
}

static struct run echo_expect(struct request r, uint64_t at)
{
    return run_of(payload_of(r) + at, options.size - at);
}

/* ---- stream: bench/net/stream.c says what is asked ---- */

static size_t stream_request(struct request r, uint8_t *to)
{
    uint32_t words[2] = {htonl(offset_of(r.connection, r.number)), htonl((uint32_t)options.size)};

    memcpy(to, words, sizeof words);
    return sizeof words;
}

static struct run stream_expect(struct request r, uint64_t at)
{
    uint64_t from = (offset_of(r.connection, r.number) + at) % PATTERN_SIZE,
             left = options.size - at;

    return run_of(pattern + from, left < PATTERN_SIZE ? left : PATTERN_SIZE);
}

/* ---- RESP: SET, and GET of what was set, by turns; each connection has keys of its own ---- */

#define KEYS 16 /* of a connection */

static struct request set_of(struct request r)
{
    r.number &= ~1ull;
    return r;
}

static size_t resp_request(struct request r, uint8_t *to)
{
    char key[32];
    int key_len =
        snprintf(key, sizeof key, "key:%u:%u", r.connection, (unsigned)(r.number / 2 % KEYS));

    if (r.number % 2)
        return (size_t)sprintf((char *)to, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", key_len, key);
    int n =
        sprintf((char *)to, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%zu\r\n", key_len, key, options.size);
    memcpy(to + n, payload_of(r), options.size);
    memcpy(to + n + options.size, "\r\n", 2);
    return (size_t)n + options.size + 2;
}

static struct run resp_expect(struct request r, uint64_t at)
{
    static char head[32]; /* the same for all: the size does not change */
    static const char ok[] = "+OK\r\n";

    if (!(r.number % 2))
        return at < sizeof ok - 1 ? run_of(ok + at, sizeof ok - 1 - at) : run_of(NULL, 0);
    struct run parts[] = {{head, (size_t)sprintf(head, "$%zu\r\n", options.size)},
                          {payload_of(set_of(r)), options.size},
                          {"\r\n", 2}};
    return within(parts, 3, at);
}

/* ---- WebSocket: one binary message, in one frame each way ---- */

/* The key and the answer to it are the example of RFC 6455, so no hash is needed here. */
#define WS_GREETING                                                                      \
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static void ws_greet(int fd, uint32_t connection)
{
    char reply[1024];
    size_t len = 0;

    if (write(fd, WS_GREETING, sizeof WS_GREETING - 1) != sizeof WS_GREETING - 1)
        fail("connection %u: the handshake cannot be sent: %s", connection, strerror(errno));
    do { /* byte by byte: what follows the answer stays where it is */
        ssize_t n = len < sizeof reply - 1 ? read(fd, reply + len, 1) : 0;

        if (n < 0 && errno == EINTR)
            continue; /* stopped for a while, and a time limit on the socket: signal(7) */
        if (n <= 0)
            fail("connection %u: no whole answer to the handshake: %s", connection,
                 n < 0 ? strerror(errno) : "it ended, or is too long");
        reply[++len] = '\0';
    } while (len < 4 || memcmp(reply + len - 4, "\r\n\r\n", 4) != 0);
    if (strncmp(reply, "HTTP/1.1 101 ", 13) != 0 || !strstr(reply, WS_ACCEPT))
        fail("connection %u: the handshake was refused: %.*s", connection,
             (int)strcspn(reply, "\r"), reply);
}

/* A frame's head, without the mask's key. */
static size_t ws_head(uint8_t *to, uint8_t masked)
{
    size_t n = options.size;

    to[0] = 0x82; /* the message's last frame, binary */
    if (n < 126) {
        to[1] = (uint8_t)(masked | n);
        return 2;
    }
    if (n <= UINT16_MAX) {
        to[1] = masked | 126;
        to[2] = (uint8_t)(n >> 8);
        to[3] = (uint8_t)n;
        return 4;
    }
    to[1] = masked | 127;
    for (int i = 0; i < 8; i++)
        to[2 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
    return 10;
}

static size_t ws_request(struct request r, uint8_t *to)
{
    const uint8_t *payload = payload_of(r);
    uint32_t key = offset_of(~r.connection, r.number) * 2654435761u;
    size_t head = ws_head(to, 0x80), i = 0;

    memcpy(to + head, &key, sizeof key);
    to += head + sizeof key;
    for (; i + sizeof key <= options.size; i += sizeof key) {
        uint32_t word;

        memcpy(&word, payload + i, sizeof word);
        word ^= key;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < options.size; i++)
        to[i] = payload[i] ^ ((const uint8_t *)&key)[i % sizeof key];
    return head + sizeof key + options.size;
}

static struct run ws_expect(struct request r, uint64_t at)
{
    static uint8_t head[10];
    struct run parts[] = {{head, ws_head(head, 0)}, {payload_of(r), options.size}};

    return within(parts, 2, at);
}

/* ---- all of them ---- */

static enum taken take_expected(struct request r, struct progress *p, const uint8_t *data,
                                size_t len, size_t *used)
{
    struct run e = options.protocol->expect(r, p->at);

    for (*used = 0; e.len && *used < len; e = options.protocol->expect(r, p->at)) {
        size_t n = e.len < len - *used ? e.len : len - *used;

        if (memcmp(data + *used, e.at, n) != 0)
            return TAKEN_WRONG;
        *used += n;
        p->at += n;
    }
    return e.len ? TAKEN_PART : TAKEN_ALL;
}

#define MOST_PAYLOAD PATTERN_SIZE /* so much lies together in the table, wherever it begins */

const struct protocol protocols[] = {
    {.name = "echo",
     .size = 64,
     .most = MOST_PAYLOAD,
     .sends_payload = true,
     .request = echo_request,
     .expect = echo_expect,
     .take = take_expected},
    {.name = "stream",
     .size = 1 << 20,
     .most = 1 << 30,
     .overhead = 8,
     .request = stream_request,
     .expect = stream_expect,
     .take = take_expected},
    {.name = "resp",
     .size = 64,
     .most = 512 << 10,
     .overhead = 128,
     .sends_payload = true,
     .request = resp_request,
     .expect = resp_expect,
     .take = take_expected},
    {.name = "ws",
     .size = 64,
     .most = 1 << 20 < MOST_PAYLOAD ? 1 << 20 : MOST_PAYLOAD,
     .overhead = 14,
     .sends_payload = true,
     .greet = ws_greet,
     .request = ws_request,
     .expect = ws_expect,
     .take = take_expected},
    {.name = NULL},
};

const struct protocol *protocol_named(const char *name)
{
    if (!strcmp(name, protocol_http.name))
        return &protocol_http;
    for (const struct protocol *p = protocols; p->name; p++)
        if (!strcmp(name, p->name))
            return p;
    return NULL;
}

size_t request_room(void)
{
    const struct protocol *p = options.protocol;

    return p->overhead + (p->sends_payload ? options.size : 0);
}
