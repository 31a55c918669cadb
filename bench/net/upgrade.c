/* The callbacks of llhttp for the one request of a WebSocket connection; see upgrade.h. */
#include "bench/net/upgrade.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MOST 8192 /* bytes of a handshake */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static struct upgrade *of(llhttp_t *parser) { return parser->data; }

/* A piece of a word, which comes in as many as the input does. */
static void add(struct upgrade_word *w, const char *at, size_t len)
{
    size_t room = sizeof w->text - 1 - w->len;

    memcpy(w->text + w->len, at, len < room ? len : room);
    w->len += len < room ? len : room;
    w->text[w->len] = '\0';
}

static int on_name(llhttp_t *parser, const char *at, size_t len)
{
    add(&of(parser)->name, at, len);
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    add(&of(parser)->value, at, len);
    return 0;
}

static int on_header(llhttp_t *parser)
{
    struct upgrade *u = of(parser);

    if (!strcasecmp(u->name.text, "sec-websocket-key") && u->value.len == UPGRADE_KEY)
        memcpy(u->key, u->value.text, UPGRADE_KEY);
    u->websocket |= !strcasecmp(u->name.text, "upgrade") && !strcasecmp(u->value.text, "websocket");
    u->version |=
        !strcasecmp(u->name.text, "sec-websocket-version") && !strcmp(u->value.text, "13");
    u->name = u->value = (struct upgrade_word){0};
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    of(parser)->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_header,
    .on_message_complete = on_complete,
};

void upgrade_init(struct upgrade *u)
{
    *u = (struct upgrade){0};
    llhttp_init(&u->parser, HTTP_REQUEST, &settings);
    u->parser.data = u;
}

static bool wants_websocket(const struct upgrade *u)
{
    return u->parser.method == HTTP_GET && u->parser.http_major == 1 && u->parser.http_minor == 1 &&
           u->parser.flags & F_CONNECTION_UPGRADE && u->websocket && u->version && u->key[0];
}

static void accept_key(const struct upgrade *u, unsigned char ret[2 * SHA_DIGEST_LENGTH])
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    char text[sizeof GUID + UPGRADE_KEY];

    int len = snprintf(text, sizeof text, "%s" GUID, u->key);
    SHA1((const unsigned char *)text, (size_t)len, digest);
    EVP_EncodeBlock(ret, digest, sizeof digest);
}

static enum upgrade_result refuse(char *reply, const char *status)
{
    snprintf(reply, UPGRADE_REPLY,
             "HTTP/1.1 %s\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\nConnection: "
             "close\r\n\r\n",
             status);
    return UPGRADE_REFUSED;
}

enum upgrade_result upgrade_next(struct upgrade *u, const char *input, size_t len, size_t *used,
                                 char reply[UPGRADE_REPLY])
{
    unsigned char accept[2 * SHA_DIGEST_LENGTH];
    llhttp_errno_t error = llhttp_execute(&u->parser, input, len);

    *used = error == HPE_OK ? len : (size_t)(llhttp_get_error_pos(&u->parser) - input);
    u->bytes += *used;
    if (u->bytes > MOST)
        return refuse(reply, "431 Request Header Fields Too Large");
    if (error == HPE_OK)
        return UPGRADE_MORE;
    if (!u->complete)
        return refuse(reply, "400 Bad Request");
    if (!wants_websocket(u))
        return refuse(reply, "426 Upgrade Required");
    accept_key(u, accept);
    snprintf(reply, UPGRADE_REPLY,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             (const char *)accept);
    return UPGRADE_DONE;
}
