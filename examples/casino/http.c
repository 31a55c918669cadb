/*
 * The callbacks of llhttp, and the loop around it.
 *
 * llhttp calls back with pieces of the input; a piece ends where the input does, so a header's name
 * may come in two. Of the headers few are of interest here; llhttp itself reads those that frame a
 * message, but takes any coding before the chunks for one that is ours to undo. on_message_complete pauses the parser: that is how a request ends a call to
 * http_next().
 */
#include "examples/casino/http.h"

#include <string.h>

static struct http *of(llhttp_t *parser) { return parser->data; }

static int refuse(struct http *h, int status)
{
    h->status = status;
    return HPE_USER;
}

static int keep(struct http *h, struct out *o, const char *at, size_t len, size_t most, int status)
{
    if (len > most - o->len)
        return refuse(h, status);
    out_add(o, at, len);
    return o->failed ? refuse(h, 503) : 0;
}

static int on_begin(llhttp_t *parser)
{
    struct http *h = of(parser);

    out_clear(&h->url_kept);
    out_clear(&h->body_kept);
    h->header_bytes = 0;
    h->expect_at = h->host_at = h->coding_at = h->chunked_at = h->hosts = 0;
    h->expects = h->asked = h->coded = h->complete = false;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct http *h = of(parser);

    return keep(h, &h->url_kept, at, len, h->limits.url, 414);
}

static int count_header(struct http *h, size_t len)
{
    h->header_bytes += len;
    return h->header_bytes > h->limits.headers ? refuse(h, 431) : 0;
}

/* How many letters of a header's name are matched; more than it has: it is another name. */
#define OTHER_NAME 100

static unsigned match(const char *name, unsigned matched, const char *at, size_t len)
{
    for (size_t i = 0; i < len && matched != OTHER_NAME; i++)
        matched = name[matched] && name[matched] == bytes_lower(at[i]) ? matched + 1 : OTHER_NAME;
    return matched;
}

static const char expect[] = "expect", host_name[] = "host", coding[] = "transfer-encoding",
                  chunked[] = "chunked";

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct http *h = of(parser);

    /* A blank before the colon: proxies differ about what such a header is (RFC 9112, 5.1). */
    if (memchr(at, ' ', len) || memchr(at, '\t', len))
        return refuse(h, 400);
    h->expect_at = match(expect, h->expect_at, at, len);
    h->host_at = match(host_name, h->host_at, at, len);
    h->coding_at = match(coding, h->coding_at, at, len);
    return count_header(h, len);
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    struct http *h = of(parser);

    /* "100-continue" is the only expectation there is */
    h->expects |= h->expect_at == sizeof(expect) - 1 && len > 0;
    for (size_t i = 0; i < len; i++)
        if (at[i] != ' ' && at[i] != '\t')
            h->chunked_at = match(chunked, h->chunked_at, at + i, 1);
    return count_header(h, len);
}

static int on_header_done(llhttp_t *parser)
{
    struct http *h = of(parser);

    h->hosts += h->host_at == sizeof(host_name) - 1;
    h->coded |= h->coding_at == sizeof(coding) - 1 && h->chunked_at != sizeof(chunked) - 1;
    h->expect_at = h->host_at = h->coding_at = h->chunked_at = 0;
    return count_header(h, 4); /* colon, space and line end: a thousand empty headers count too */
}

static int on_headers_complete(llhttp_t *parser)
{
    struct http *h = of(parser);

    if (parser->http_major > 1)
        return refuse(h, 505);
    if (parser->method == HTTP_CONNECT)
        return refuse(h, 405);
    if (h->coded) /* what would be stored is not what was meant. RFC 9112, 6.1 */
        return refuse(h, 501);
    /* no other protocol is spoken here: the request is answered as it stands */
    parser->upgrade = 0;
    if (!(parser->flags & F_CHUNKED) && parser->content_length > h->limits.body)
        return refuse(h, 413);
    /* RFC 9112, 3.2: exactly one Host since 1.1. Without a version it is a request of 1991. */
    if (parser->http_major == 0 || h->hosts > 1 || (parser->http_minor > 0 && !h->hosts))
        return refuse(h, 400);
    h->expects = h->expects && (parser->flags & F_CHUNKED || parser->content_length > 0);
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct http *h = of(parser);

    h->expects = false; /* it has not waited */
    return keep(h, &h->body_kept, at, len, h->limits.body, 413);
}

static int on_chunk_header(llhttp_t *parser)
{
    struct http *h = of(parser);

    return parser->content_length > h->limits.body - h->body_kept.len ? refuse(h, 413) : 0;
}

/* An extension of a chunk says nothing to us, but it is read: count it as the header it is. */
static int on_extension(llhttp_t *parser, const char *at, size_t len)
{
    (void)at;
    return count_header(of(parser), len);
}

static int on_complete(llhttp_t *parser)
{
    struct http *h = of(parser);

    h->complete = true;
    h->expects = false;
    h->after = !llhttp_should_keep_alive(parser) ? HTTP_CLOSE
               : parser->http_minor == 0         ? HTTP_KEEP_SAID
                                                 : HTTP_KEEP;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_done,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_chunk_extension_name = on_extension,
    .on_chunk_extension_value = on_extension,
    .on_message_complete = on_complete,
};

void http_init(struct http *h, const struct http_limits *limits, const struct memory *memory)
{
    *h =
        (struct http){.limits = *limits, .url_kept = out_new(memory), .body_kept = out_new(memory)};
    llhttp_init(&h->parser, HTTP_REQUEST, &settings);
    h->parser.data = h;
}

void http_free(struct http *h)
{
    out_free(&h->url_kept);
    out_free(&h->body_kept);
}

/* Between requests an idle connection keeps no more than this of each buffer. */
#define KEPT_IDLE 4096

static void forget(struct http *h)
{
    if (h->url_kept.room > KEPT_IDLE)
        out_free(&h->url_kept);
    if (h->body_kept.room > KEPT_IDLE)
        out_free(&h->body_kept);
    h->complete = false;
}

static int status_of(const struct http *h, llhttp_errno_t error)
{
    if (h->status)
        return h->status;
    return error == HPE_INVALID_VERSION ? 505 : 400;
}

enum http_result http_next(struct http *h, const char *input, size_t len, size_t *used)
{
    *used = 0;
    if (h->status)
        return HTTP_BROKEN;
    if (h->complete)
        forget(h);

    llhttp_errno_t error = llhttp_execute(&h->parser, input, len);
    *used = error == HPE_OK ? len : (size_t)(llhttp_get_error_pos(&h->parser) - input);
    if (error == HPE_PAUSED && h->complete) {
        llhttp_resume(&h->parser);
        h->method = llhttp_method_name((llhttp_method_t)h->parser.method);
        h->url = out_content(&h->url_kept);
        h->body = out_content(&h->body_kept);
        return HTTP_GOT;
    }
    if (error != HPE_OK) {
        h->status = status_of(h, error);
        *used = len;
        return HTTP_BROKEN;
    }
    if (h->expects && !h->asked) {
        h->asked = true;
        return HTTP_CONTINUE;
    }
    return HTTP_MORE;
}

struct bytes http_path(struct bytes url)
{
    const char *end = url.at + url.len, *from = url.at;

    if (url.len && *from != '/') { /* a proxy's form: http://host/path */
        const char *host = memmem(from, url.len, "://", 3);
        const char *path = host ? memchr(host + 3, '/', (size_t)(end - host - 3)) : NULL;

        from = path ? path : end;
    }
    for (const char *c = from; c < end; c++)
        if (*c == '?' || *c == '#')
            end = c;
    return bytes_of(from, (size_t)(end - from));
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = bytes_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(struct bytes text, struct out *to)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (c == '%') {
            if (text.len - i < 3 || hex(text.at[i + 1]) < 0 || hex(text.at[i + 2]) < 0)
                return false;
            c = (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2]));
            i += 2;
        }
        out_add(to, &c, 1);
    }
    return !to->failed;
}

const char *http_trouble(int status)
{
    switch (status) {
    case 408:
        return "the request took too long\n";
    case 413:
        return "the body is longer than --max-value\n";
    case 414:
        return "the URL is longer than --max-key allows\n";
    case 431:
        return "the headers are longer than --max-headers\n";
    case 505:
        return "HTTP/1.0 and HTTP/1.1 are spoken here\n";
    case 503:
        return "there is no memory for this request\n";
    case 501:
        return "a body comes as it is, or in chunks\n";
    case 405:
        return "this is not done here\n";
    default:
        return "this is not a request of HTTP/1.1\n";
    }
}

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Payload Too Large";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    case 507:
        return "Insufficient Storage";
    default:
        return "Status";
    }
}

void http_respond(struct out *o, const struct http_response *r)
{
    out_format(o, "HTTP/1.1 %d %s\r\n", r->status, reason_of(r->status));
    if (r->status != 204) { /* which has no body, and may not say that it has none */
        out_format(o, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                   r->type ? r->type : "text/plain; charset=utf-8", r->body.len);
    }
    if (r->more)
        out_text(o, r->more);
    if (r->after != HTTP_KEEP)
        out_text(o,
                 r->after == HTTP_CLOSE ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
    out_text(o, "\r\n");
    if (!r->head && r->status != 204)
        out_bytes(o, r->body);
}

void http_go_on(struct out *o) { out_text(o, "HTTP/1.1 100 Continue\r\n\r\n"); }
