/*
 * Goal: requests come out whole and one by one however they arrive; every limit answers with its
 * status.
 * Method: each input is given whole and in pieces of every small size; outcomes are compared as
 * text.
 */
#include "tests/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/casino/http.h"

static const struct http_limits limits = {.url = 100, .headers = 300, .body = 50};

/* "GET /x (body) keep;" for each request, "continue;" and "!status" */
static void read_all(const char *input, size_t len, size_t piece, struct out *text)
{
    struct http h;
    size_t at = 0;

    http_init(&h, &limits, &memory_heap);
    while (at < len) {
        size_t n = piece < len - at ? piece : len - at, used;
        char *copy = malloc(n);

        memcpy(copy, input + at, n);
        enum http_result r = http_next(&h, copy, n, &used);
        free(copy);
        CHECK(used <= n);
        at += used;
        if (r == HTTP_GOT)
            out_format(text, "%s %.*s (%.*s) %s;", h.method, (int)h.url.len, h.url.at,
                       (int)h.body.len, h.body.len ? h.body.at : "", h.after ? "keep" : "close");
        else if (r == HTTP_CONTINUE)
            out_text(text, "continue;");
        else if (r == HTTP_BROKEN)
            break;
        else
            CHECK_EQ(used, n);
    }
    if (h.status)
        out_format(text, "!%d", h.status);
    out_add(text, "", 1);
    http_free(&h);
}

static void expect(const char *input, const char *outcome)
{
    size_t len = strlen(input);

    for (size_t piece = 1; piece <= len; piece = piece < 8 || piece == len ? piece + 1 : len) {
        struct out text = out_new(&memory_heap);

        read_all(input, len, piece, &text);
        CHECK_STR(text.data, outcome);
        out_free(&text);
    }
}

PIT_TEST(http_reads_requests)
{
    expect("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / () keep;");
    expect("GET /a?b=c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /a?b=c () close;");
    expect("GET / HTTP/1.0\r\n\r\n", "GET / () close;");
    expect("PUT /kv/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
           "PUT /kv/a (hello) keep;");
}

PIT_TEST(http_reads_pipelined_requests)
{
    expect("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: "
           "2\r\n\r\nab"
           "DELETE /3 HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET /1 () keep;PUT /2 (ab) keep;DELETE /3 () keep;");
}

PIT_TEST(http_reads_chunked_bodies)
{
    expect("PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n",
           "PUT /c (abcde) keep;GET /d () keep;");
}

PIT_TEST(http_undoes_no_coding_but_chunks)
{
    expect(
        "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t Chunked \r\n\r\n1\r\na\r\n0\r\n\r\n",
        "PUT /c (a) keep;");
    expect("PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "!501");
    expect("PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n"
           "Transfer-Encoding: chunked\r\n\r\n",
           "!501");
    expect("PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encodings: gzip\r\nContent-Length: 1\r\n\r\na",
           "PUT /c (a) keep;");
}

PIT_TEST(http_tells_a_client_that_waits_to_go_on)
{
    struct http h;
    size_t used;
    const char *head =
        "PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

    http_init(&h, &limits, &memory_heap);
    CHECK_EQ(http_next(&h, head, strlen(head), &used), HTTP_CONTINUE);
    CHECK_EQ(used, strlen(head));
    CHECK_EQ(http_next(&h, "a", 1, &used), HTTP_MORE);
    CHECK_EQ(http_next(&h, "b", 1, &used), HTTP_GOT);
    CHECK(bytes_equal(h.body, bytes_text("ab")));
    http_free(&h);
}

PIT_TEST(http_answers_no_upgrade_and_refuses_tunnels)
{
    expect("GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
           "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET /w () keep;GET /x () keep;");
    expect("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "!405");
}

PIT_TEST(http_answers_bad_requests_with_their_status)
{
    char long_one[2000];

    expect("hello\r\n\r\n", "!400");
    expect("GET / HTTP/1.1\r\nBad header\r\n\r\n", "!400");
    expect("GET / HTTP/7.9\r\n\r\n", "!505");
    expect("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "!505");
    expect("GET / HTTP/1.1\r\n\r\n", "!400");
    expect("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "!400");
    expect("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "!400");
    expect("GET /\r\n\r\n", "!400");
    expect("PUT /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "!400");
    expect("PUT /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "!400");
    expect("PUT /a HTTP/1.1\r\nContent-Length: 51\r\n\r\n", "!413");
    expect("PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n30\r\n", "");
    expect("PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", "!413");
    snprintf(long_one, sizeof(long_one), "GET /%0200d HTTP/1.1\r\n\r\n", 0);
    expect(long_one, "!414");
    snprintf(long_one, sizeof(long_one), "GET / HTTP/1.1\r\nX: %0400d\r\n\r\n", 0);
    expect(long_one, "!431");
    snprintf(long_one, sizeof(long_one), "GET / HTTP/1.1\r\nX%0400d: 1\r\n\r\n", 0);
    expect(long_one, "!431");
}

PIT_TEST(http_bounds_headers_that_are_many_and_empty)
{
    struct out input = out_new(&memory_heap);

    out_text(&input, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100; i++)
        out_text(&input, "a:\r\n");
    out_text(&input, "\r\n");
    out_add(&input, "", 1);
    expect(input.data, "!431");
    out_free(&input);
}

static void check_decoded(const char *text, const char *outcome)
{
    struct out o = out_new(&memory_heap);
    bool well = http_decode(bytes_text(text), &o);

    CHECK_EQ(well, outcome != NULL);
    if (outcome)
        CHECK(bytes_equal(out_content(&o), bytes_text(outcome)));
    out_free(&o);
}

PIT_TEST(http_paths_are_found_and_decoded)
{
    CHECK(bytes_equal(http_path(bytes_text("/a/b?c")), bytes_text("/a/b")));
    CHECK(bytes_equal(http_path(bytes_text("http://h:1/a#x")), bytes_text("/a")));
    CHECK(bytes_equal(http_path(bytes_text("http://h")), bytes_text("")));
    CHECK(bytes_equal(http_path(bytes_text("*")), bytes_text("")));
    check_decoded("a%20b%2Fc", "a b/c");
    check_decoded("%4", NULL);
    check_decoded("%zz", NULL);
    check_decoded("", "");
}

PIT_TEST(http_responses_say_how_long_they_are)
{
    struct out o = out_new(&memory_heap);
    struct http_response r = {.status = 200, .body = bytes_text("hi"), .after = HTTP_KEEP};

    http_respond(&o, &r);
    CHECK(bytes_equal(out_content(&o),
                      bytes_text("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Length: 2\r\n\r\nhi")));
    out_clear(&o);
    http_respond(&o,
                 &(struct http_response){.status = 405, .more = "Allow: GET\r\n", .head = true});
    CHECK(bytes_equal(out_content(&o),
                      bytes_text("HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; "
                                 "charset=utf-8\r\nContent-Length: 0\r\nAllow: GET\r\n"
                                 "Connection: close\r\n\r\n")));
    out_clear(&o);
    http_respond(&o, &(struct http_response){.status = 204, .after = HTTP_KEEP});
    CHECK(bytes_equal(out_content(&o), bytes_text("HTTP/1.1 204 No Content\r\n\r\n")));
    out_clear(&o);
    http_respond(&o, &(struct http_response){.status = 204, .after = HTTP_KEEP_SAID});
    CHECK(bytes_equal(out_content(&o),
                      bytes_text("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n")));
    out_free(&o);
}
