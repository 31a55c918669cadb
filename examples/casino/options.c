/* The command line. Sizes take k, m and g. */
#include "examples/casino/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/casino/route.h"

static const char help[] =
    "casino: a key-value and counter server (RESP and HTTP) whose processes may crash\n"
    "\n"
    "  --bind ADDRESS          listen on this address (127.0.0.1)\n"
    "  --port N                RESP, for redis-cli and redis-benchmark (6380; 0: a free one)\n"
    "  --http-port N           HTTP, for a browser, curl and wrk (8080; 0: a free one)\n"
    "  --tables N              processes that share the keys, 1 to 64 (4)\n"
    "  --schedulers N          cores to use (all); as +S N\n"
    "  --allow-crash           let clients say CRASH TABLE key and CRASH CONNECTION\n"
    "  --allow-house-crash     and CRASH HOUSE; writes under way then get an error\n"
    "\n"
    "Limits; sizes take k, m or g:\n"
    "  --max-clients N         connections at the same time, RESP and HTTP together (20000)\n"
    "  --max-key SIZE          bytes of a key (64k)\n"
    "  --max-value SIZE        bytes of a value (512k)\n"
    "  --max-request SIZE      bytes of a command (1m)\n"
    "  --max-headers SIZE      bytes of an HTTP request's headers (16k)\n"
    "  --max-memory SIZE       bytes of all keys and values; 0: no limit (0)\n"
    "  --max-reply SIZE        bytes one table answers to one command (64m)\n"
    "  --max-outstanding SIZE  bytes of replies made for a client before it takes them (1m)\n"
    "  --idle-timeout S        seconds a RESP client may be silent; 0: for ever (0)\n"
    "  --http-idle-timeout S   seconds an HTTP client may be silent (60)\n"
    "  --http-request-timeout S\n"
    "                          seconds an HTTP request may take to arrive (as "
    "--http-idle-timeout)\n"
    "  --send-timeout S        seconds a client may refuse to take its replies (30)\n"
    "\n"
    "  --self-drive [SECONDS]  start, drive with redis-benchmark and wrk while tables and\n"
    "                          connections are crashed, check every acknowledged write, report "
    "(10)\n"
    "  --help\n"
    "\n"
    "Besides, the node's flags: +S, +P, +sbt ... (docs/guide.md).\n";

enum option_id {
    BIND = 256,
    PORT,
    HTTP_PORT,
    TABLES,
    SCHEDULERS,
    ALLOW_CRASH,
    ALLOW_HOUSE_CRASH,
    MAX_CLIENTS,
    MAX_KEY,
    MAX_VALUE,
    MAX_REQUEST,
    MAX_HEADERS,
    MAX_MEMORY,
    MAX_REPLY,
    MAX_OUTSTANDING,
    IDLE_TIMEOUT,
    HTTP_IDLE_TIMEOUT,
    HTTP_REQUEST_TIMEOUT,
    SEND_TIMEOUT,
    SELF_DRIVE,
    HELP,
};

static const struct option names[] = {
    {"bind", required_argument, NULL, BIND},
    {"port", required_argument, NULL, PORT},
    {"http-port", required_argument, NULL, HTTP_PORT},
    {"tables", required_argument, NULL, TABLES},
    {"schedulers", required_argument, NULL, SCHEDULERS},
    {"allow-crash", no_argument, NULL, ALLOW_CRASH},
    {"allow-house-crash", no_argument, NULL, ALLOW_HOUSE_CRASH},
    {"max-clients", required_argument, NULL, MAX_CLIENTS},
    {"max-key", required_argument, NULL, MAX_KEY},
    {"max-value", required_argument, NULL, MAX_VALUE},
    {"max-request", required_argument, NULL, MAX_REQUEST},
    {"max-headers", required_argument, NULL, MAX_HEADERS},
    {"max-memory", required_argument, NULL, MAX_MEMORY},
    {"max-reply", required_argument, NULL, MAX_REPLY},
    {"max-outstanding", required_argument, NULL, MAX_OUTSTANDING},
    {"idle-timeout", required_argument, NULL, IDLE_TIMEOUT},
    {"http-idle-timeout", required_argument, NULL, HTTP_IDLE_TIMEOUT},
    {"http-request-timeout", required_argument, NULL, HTTP_REQUEST_TIMEOUT},
    {"send-timeout", required_argument, NULL, SEND_TIMEOUT},
    {"self-drive", optional_argument, NULL, SELF_DRIVE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* A number from least to most, with a suffix if it is a size. */
static bool number(const char *text, uint64_t least, uint64_t most, bool size, uint64_t *ret)
{
    char *end;

    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || *text < '0' || *text > '9') /* strtoull takes blanks and a sign */
        return false;
    for (const char *unit = "kmg"; size && *end && *unit; unit++) {
        if (__builtin_mul_overflow(n, 1024ull, &n))
            return false;
        if (bytes_lower(*end) == *unit) {
            end++;
            break;
        }
    }
    if (*end || n < least || n > most)
        return false;
    *ret = n;
    return true;
}

static bool set_int(const char *text, int least, int most, int *to)
{
    uint64_t n;

    if (!number(text, (uint64_t)least, (uint64_t)most, false, &n))
        return false;
    *to = (int)n;
    return true;
}

static bool set_size(const char *text, uint64_t least, uint64_t most, size_t *to)
{
    uint64_t n;

    if (!number(text, least, most, true, &n))
        return false;
    *to = (size_t)n;
    return true;
}

#define DAY (24 * 60 * 60)
/* of keys, values and requests: their lengths are 32 bits, their sums too */
#define LARGEST ((uint64_t)256 << 20)

static bool set(struct options *o, int option, const char *text)
{
    switch (option) {
    case BIND:
        return snprintf(o->address, sizeof(o->address), "%s", text) < (int)sizeof(o->address);
    case PORT:
        return set_int(text, 0, 65535, &o->port);
    case HTTP_PORT:
        return set_int(text, 0, 65535, &o->http_port);
    case TABLES:
        return set_int(text, 1, ROUTE_TABLES, &o->tables);
    case SCHEDULERS:
        return set_int(text, 1, 1024, &o->schedulers);
    case ALLOW_CRASH:
        return o->allow_crash = true;
    case ALLOW_HOUSE_CRASH:
        return o->allow_crash = o->allow_house_crash = true;
    case MAX_CLIENTS:
        return set_int(text, 1, 10000000, &o->max_clients);
    case MAX_KEY:
        return set_size(text, 1, LARGEST, &o->store.key);
    case MAX_VALUE:
        return set_size(text, 1, LARGEST, &o->store.value);
    case MAX_REQUEST:
        return set_size(text, 1024, LARGEST * 2, &o->resp.command);
    case MAX_HEADERS:
        return set_size(text, 256, 1 << 30, &o->http.headers);
    case MAX_MEMORY:
        return set_size(text, 0, UINT64_MAX / 2, &o->store.memory);
    case MAX_REPLY:
        return set_size(text, 1024, 1 << 30, &o->max_reply);
    case MAX_OUTSTANDING:
        return set_size(text, 1024, 1 << 30, &o->max_outstanding);
    case IDLE_TIMEOUT:
        return set_int(text, 0, DAY, &o->idle_timeout);
    case HTTP_IDLE_TIMEOUT:
        return set_int(text, 0, DAY, &o->http_idle_timeout);
    case HTTP_REQUEST_TIMEOUT:
        return set_int(text, 0, DAY, &o->http_request_timeout);
    case SEND_TIMEOUT:
        return set_int(text, 1, DAY, &o->send_timeout);
    case SELF_DRIVE:
        o->self_drive = true;
        return !text || set_int(text, 1, DAY, &o->drive_seconds);
    default:
        return false;
    }
}

static void defaults(struct options *o)
{
    *o = (struct options){.address = "127.0.0.1",
                          .port = 6380,
                          .http_port = 8080,
                          .tables = 4,
                          .max_clients = 20000,
                          .http_idle_timeout = 60,
                          .http_request_timeout = -1,
                          .send_timeout = 30,
                          .max_reply = 64 << 20,
                          .max_outstanding = 1 << 20,
                          .drive_seconds = 10,
                          .store = STORE_LIMITS,
                          .resp = RESP_LIMITS,
                          .http = HTTP_LIMITS};
}

/* What follows from other options: each protocol lets through what the tables then judge. */
static void derive(struct options *o)
{
    size_t word = o->store.value > o->store.key ? o->store.value : o->store.key;

    o->resp.bulk = word;
    if (o->resp.command < word + 1024)
        o->resp.command = word + 1024;
    o->http.url = 3 * o->store.key + 64; /* every byte of a key may be written as three */
    o->http.body = o->store.value;
    o->store.memory /= (size_t)o->tables;
    if (o->http_request_timeout < 0)
        o->http_request_timeout = o->http_idle_timeout;
}

enum options_result options_parse(int argc, char **argv, struct options *ret)
{
    struct options o;
    int option, index = 0;

    defaults(&o);
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", names, &index)) != -1) {
        if (option == HELP || option == 'h') {
            fputs(help, stdout);
            return OPTIONS_DONE;
        }
        if (option == '?' || option == ':')
            return OPTIONS_WRONG;
        /* "--self-drive 20": getopt wants an optional argument to be joined by "=". */
        const char *text = optarg;
        if (option == SELF_DRIVE && !text && optind < argc && argv[optind][0] != '-')
            text = argv[optind++];
        if (!set(&o, option, text)) {
            fprintf(stderr, "casino: --%s does not take '%s'; see --help\n", names[index].name,
                    text ? text : "");
            return OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "casino: what is '%s'? See --help\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    derive(&o);
    *ret = o;
    return OPTIONS_RUN;
}
