/*
 * HTTP/1.1 requests, on llhttp, and responses.
 *
 * http_next() takes input in pieces of any size and stops at the end of each request, so pipelined
 * requests come out one by one. What it keeps of a request (URL, body) is copied and bounded; input
 * may be dropped at once. Whatever is wrong with a request becomes a status to answer with, after
 * which the connection closes: behind a request that cannot be parsed nobody knows where the next
 * one starts.
 */
#ifndef CASINO_HTTP_H
#define CASINO_HTTP_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "examples/casino/bytes.h"
#include "examples/casino/memory.h"
#include "examples/casino/out.h"

struct http_limits {
    size_t url;
    size_t headers; /* bytes of all headers of a request, trailers included */
    size_t body;
};

/* A URL holds a key, every byte of which may be written as three. */
#define HTTP_LIMITS ((struct http_limits){3 * (64 << 10) + 64, 16 << 10, 512 << 10})

enum http_result {
    HTTP_MORE,
    /* the client waits to be told to send the body: write http_go_on(), then go on */
    HTTP_CONTINUE,
    HTTP_GOT,    /* method, url, body and after are set until the next call */
    HTTP_BROKEN, /* answer with status, then close */
};

/* What becomes of the connection after a response. */
enum http_after {
    HTTP_CLOSE,
    HTTP_KEEP,
    HTTP_KEEP_SAID, /* and it is said: a client of HTTP/1.0 else waits for the end */
};

struct http {
    struct http_limits limits;
    const char *method; /* "GET" */
    struct bytes url, body;
    enum http_after after;
    int status; /* after HTTP_BROKEN */

    llhttp_t parser;
    struct out url_kept, body_kept;
    size_t header_bytes;
    /* how much of these header names, and of the one known coding, has matched; see http.c */
    unsigned expect_at, host_at, coding_at, chunked_at;
    unsigned hosts; /* headers of that name */
    bool expects, asked, complete;
    bool coded; /* the body is, and in another way than in chunks */
};

/* The parser points into itself: it is set up where it stays. */
void http_init(struct http *h, const struct http_limits *limits, const struct memory *memory);
void http_free(struct http *h);

/* *used is set for every result: the caller takes so many bytes off the input. */
enum http_result http_next(struct http *h, const char *input, size_t len, size_t *used);

/* The path of a URL: without scheme and host, and without a query. */
struct bytes http_path(struct bytes url);
/* Undo %41. false: it is not well-formed, or there is no memory (to->failed). */
bool http_decode(struct bytes text, struct out *to);

struct http_response {
    int status;
    const char *type; /* of the body; NULL: text/plain */
    const char *more; /* further header lines, each with its "\r\n"; NULL: none */
    struct bytes body;
    bool head; /* the request was a HEAD: say how long the body is, but leave it out */
    enum http_after after;
};

void http_respond(struct out *o, const struct http_response *r);
/* A line for the body of the answer to HTTP_BROKEN. */
const char *http_trouble(int status);
void http_go_on(struct out *o); /* 100 Continue */

#endif
