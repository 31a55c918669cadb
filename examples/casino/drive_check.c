/* The checkers; see drive_check.h. One whose connection broke, or has no answer, has seen an error
   and goes. */
#include "examples/casino/drive_check.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/casino/drive_peer.h"

void complain(char first[200], uint64_t *count, const char *what, const char *reply)
{
    if (!(*count)++)
        (void)snprintf(first, 200, "%s: %.*s", what, reply ? (int)strcspn(reply, "\r\n") : 150,
                       reply ? reply : "the connection broke, or no answer came");
}

uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* ---- by RESP */

static bool write_one(struct checker *c, struct peer *p, unsigned key)
{
    const char *reply = peer_ask(p, "set check:%u:%u %" PRIu64, c->number, key, c->set[key] + 1);

    if (!reply || strcmp(reply, "+OK") != 0) {
        complain(c->first_error, &c->errors, "SET", reply);
        return reply != NULL;
    }
    c->set[key]++;
    c->writes++;
    return true;
}

static bool count_one(struct checker *c, struct peer *p, unsigned key)
{
    const char *reply = peer_ask(p, "incr count:%u:%u", c->number, key);

    if (!reply || reply[0] != ':') {
        complain(c->first_error, &c->errors, "INCR", reply);
        return reply != NULL;
    }
    c->counted[key]++;
    c->writes++;
    if (strtoull(reply + 1, NULL, 10) != c->counted[key]) {
        complain(c->first_error, &c->lost, "INCR gave another number than was counted", reply);
        c->counted[key] = strtoull(reply + 1, NULL, 10);
    }
    return true;
}

static bool check_one(struct checker *c, struct peer *p, unsigned key)
{
    const char *kinds[] = {"check", "count"};
    const uint64_t *expected[] = {c->set, c->counted};

    for (int kind = 0; kind < 2; kind++) {
        const char *reply = peer_ask(p, "get %s:%u:%u", kinds[kind], c->number, key);

        if (!reply || reply[0] == '-') { /* "$-1": no such key, which is an answer */
            complain(c->first_error, &c->errors, "GET", reply);
            return reply != NULL;
        }
        uint64_t value = strcmp(reply, "$-1") == 0 ? 0 : strtoull(reply, NULL, 10);
        if (value != expected[kind][key])
            complain(c->first_error, &c->lost, "a write is lost", reply);
    }
    return true;
}

static bool ask_one(struct checker *c, struct peer *p, uint64_t *random)
{
    unsigned key = (unsigned)(next_random(random) % CHECKED_KEYS);

    switch (next_random(random) % 5) {
    case 0:
        return check_one(c, p, key);
    case 1:
    case 2:
        return count_one(c, p, key);
    default:
        return write_one(c, p, key);
    }
}

/* ---- by HTTP */

static void key_path(const struct checker *c, unsigned key, char path[64])
{
    (void)snprintf(path, 64, "/kv/check:%u:%u", c->number, key);
}

static void complain_of_status(struct checker *c, const char *method, int status, const char *body)
{
    char what[32];

    (void)snprintf(what, sizeof(what), "%s, status %d", method, status);
    complain(c->first_error, &c->errors, what, body);
}

static bool put_one(struct checker *c, struct peer *p, unsigned key)
{
    char path[64], value[32];
    const char *reply;
    int status;

    key_path(c, key, path);
    (void)snprintf(value, sizeof(value), "%" PRIu64, c->set[key] + 1);
    status = peer_request(p, "PUT", path, value, &reply);
    if (status != 204) {
        complain_of_status(c, "PUT", status, reply);
        return reply != NULL;
    }
    c->set[key]++;
    c->writes++;
    return true;
}

static bool look_at_one(struct checker *c, struct peer *p, unsigned key)
{
    char path[64];
    const char *reply;
    int status;

    key_path(c, key, path);
    status = peer_request(p, "GET", path, "", &reply);
    if (status != 200 && status != 404) {
        complain_of_status(c, "GET", status, reply);
        return reply != NULL;
    }
    if ((status == 404 ? 0 : strtoull(reply, NULL, 10)) != c->set[key])
        complain(c->first_error, &c->lost, "a write by HTTP is lost", reply);
    return true;
}

static bool request_one(struct checker *c, struct peer *p, uint64_t *random)
{
    unsigned key = (unsigned)(next_random(random) % CHECKED_KEYS);

    return next_random(random) % 2 ? put_one(c, p, key) : look_at_one(c, p, key);
}

/* ---- the threads */

static void run(struct checker *c, bool (*one)(struct checker *, struct peer *, uint64_t *),
                bool (*check)(struct checker *, struct peer *, unsigned))
{
    struct peer p;
    uint64_t random = c->number + 1;
    bool going = peer_open(&p, c->address, c->port);

    if (!going) {
        complain(c->first_error, &c->errors, "connect", NULL);
        return;
    }
    while (going && !atomic_load(c->stop))
        going = one(c, &p, &random);
    for (unsigned key = 0; going && key < CHECKED_KEYS; key++)
        going = check(c, &p, key);
    peer_close(&p);
}

void *check_resp(void *arg)
{
    run(arg, ask_one, check_one);
    return NULL;
}

void *check_http(void *arg)
{
    run(arg, request_one, look_at_one);
    return NULL;
}
