/*
 * HTTP/1.1 for pitboss-load: GET / on connections that are kept. An answer must have status 200, a
 * Content-Length, and the body that all servers here are set up to give. Other headers may say what
 * they like: servers send a date.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/net/load/load.h"

#define REQUEST "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
#define MOST_HEAD 2048

static const char body[] = "Hello, World!";

struct http_head {
    size_t len;
    char text[MOST_HEAD];
};

static size_t request(struct request r, uint8_t *to)
{
    memcpy(to, REQUEST, sizeof REQUEST - 1);
    return sizeof REQUEST - 1;
}

/* The head is whole: status, and the one header that matters. */
static bool head_is_right(const char *head, size_t len)
{
    static const char name[] = "content-length:";
    const char *end = head + len, *line = head;

    if (len < 13 || memcmp(head, "HTTP/1.1 200 ", 13) != 0)
        return false;
    while ((line = memchr(line, '\n', (size_t)(end - line))) && ++line < end)
        if ((size_t)(end - line) > sizeof name && !strncasecmp(line, name, sizeof name - 1))
            return strtoul(line + sizeof name - 1, NULL, 10) == sizeof body - 1;
    return false;
}

/* Where the head ends that begins at data; NULL: not there yet. */
static const uint8_t *head_end(const uint8_t *data, size_t len)
{
    const uint8_t *at = memmem(data, len, "\r\n\r\n", 4);

    return at ? at + 4 : NULL;
}

/* The head comes in pieces: gather them. How many bytes of data belong to it; it is whole if its
   end is there. */
static size_t gather(struct http_head *h, const uint8_t *data, size_t len, bool *whole)
{
    size_t room = sizeof h->text - h->len, had = h->len, n = len < room ? len : room;

    memcpy(h->text + had, data, n);
    const uint8_t *end = head_end((const uint8_t *)h->text, had + n);
    *whole = end != NULL;
    h->len = end ? (size_t)(end - (const uint8_t *)h->text) : had + n;
    return h->len - had;
}

/* p->at: 0: in the head; else 1 and as many bytes of the body as have been read. */
static enum taken take_head(struct progress *p, const uint8_t *data, size_t len, size_t *used)
{
    const uint8_t *end = p->head ? NULL : head_end(data, len);
    bool whole = end != NULL, right;

    if (end) { /* as nearly always: all of it in one piece */
        *used = (size_t)(end - data);
        right = head_is_right((const char *)data, *used);
    } else {
        if (!p->head && !(p->head = calloc(1, sizeof *p->head)))
            fail("no memory");
        *used = gather(p->head, data, len, &whole);
        right = whole ? head_is_right(p->head->text, p->head->len) : p->head->len < MOST_HEAD;
    }
    if (!right)
        return TAKEN_WRONG;
    if (whole) {
        free(p->head);
        p->head = NULL;
        p->at = 1;
    }
    return TAKEN_PART;
}

static enum taken take(struct request r, struct progress *p, const uint8_t *data, size_t len,
                       size_t *used)
{
    *used = 0;
    if (!p->at && take_head(p, data, len, used) == TAKEN_WRONG)
        return TAKEN_WRONG;
    if (!p->at)
        return TAKEN_PART;
    size_t have = p->at - 1, n = sizeof body - 1 - have;

    if (n > len - *used)
        n = len - *used;
    if (memcmp(data + *used, body + have, n) != 0)
        return TAKEN_WRONG;
    *used += n;
    p->at += n;
    return p->at == sizeof body ? TAKEN_ALL : TAKEN_PART;
}

const struct protocol protocol_http = {
    .name = "http", .overhead = sizeof REQUEST, .request = request, .take = take};
