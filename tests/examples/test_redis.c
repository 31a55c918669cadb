/*
 * Goal: the casino's commands, replies and errors are redis's, byte for byte.
 * Method: a redis-server of our own on a Unix socket gets the same random commands and the same
 * broken protocol;
 *   replies are compared. Where redis promises no order (KEYS, SCAN) the lists are sorted first;
 *   where the clock shows (TTL, PTTL) the numbers may differ by what a slow test takes. Ends are
 *   far away or past, never near.
 */
#include "tests/harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "examples/casino/desk.h"
#include "examples/casino/execute.h"
#include "examples/casino/number.h"
#include "examples/casino/resp.h"

struct peer {
    char folder[64];
    char path[96];
    pid_t pid;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int peer_connect(const struct peer *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Started, and answering: its socket appears when it is ready, and nothing tells us but trying. */
static void peer_start(struct peer *p)
{
    strcpy(p->folder, "/tmp/casino-redis-XXXXXX");
    CHECK(mkdtemp(p->folder));
    snprintf(p->path, sizeof(p->path), "%s/socket", p->folder);
    p->pid = fork();
    CHECK(p->pid >= 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed CHECK leaves no server behind */
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", p->path, "--save", "",
               "--appendonly", "no", "--databases", "1", "--dir", p->folder, "--proto-max-bulk-len",
               "1mb", (char *)NULL);
        _exit(127);
    }
    for (int tries = 0;; tries++) {
        int status, fd = peer_connect(p);

        if (fd >= 0) {
            close(fd);
            return;
        }
        if (waitpid(p->pid, &status, WNOHANG) == p->pid)
            pit_test_fail(__FILE__, __LINE__,
                          "redis-server does not run; scripts/setup installs it");
        CHECK(tries < 20000);
        poll(NULL, 0, 5);
    }
}

static void peer_stop(struct peer *p)
{
    int status;

    kill(p->pid, SIGTERM);
    CHECK_EQ(waitpid(p->pid, &status, 0), p->pid);
    unlink(p->path);
    rmdir(p->folder);
}

static void send_all(int fd, struct bytes b)
{
    while (b.len) {
        ssize_t n = send(fd, b.at, b.len, MSG_NOSIGNAL);

        if (n < 0)
            return; /* it has closed already: what it said before is what is compared */
        b.at += n;
        b.len -= (size_t)n;
    }
}

/* Read until so many whole replies are there; 0: until the peer closes. */
static void receive(int fd, size_t replies, struct out *to)
{
    size_t at = 0;
    bool until_closed = replies == 0;

    out_clear(to);
    while (until_closed || replies) {
        char *space = out_space(to, 65536);
        ssize_t n = recv(fd, space, 65536, 0);

        if (n <= 0) {
            CHECK(until_closed);
            return;
        }
        to->len += (size_t)n;
        for (size_t len;
             replies && (len = resp_reply_length(bytes_of(to->data + at, to->len - at))) > 0;) {
            at += len;
            replies--;
        }
    }
}

/* The same, without a network. */
struct ours {
    struct store store;
    struct store_limits limits;
    struct desk desk;
    struct out reply, journal;
};

static void no_info(void *context, const char *section, struct out *text)
{
    out_text(text, "# x\r\n");
}

static const struct desk_setting settings[] = {{"save", ""}, {"appendonly", "no"}, {NULL, NULL}};
static const struct desk_house desk_house = {settings, no_info, NULL};

static void ours_init(struct ours *o, uint64_t seed)
{
    *o = (struct ours){.reply = out_new(&memory_heap), .journal = out_new(&memory_heap)};
    o->limits = (struct store_limits){.key = 1 << 20, .value = 1 << 20};
    o->desk.house = &desk_house;
    store_init(&o->store, seed, &memory_heap);
}

static void ours_free(struct ours *o)
{
    store_clear(&o->store);
    out_free(&o->reply);
    out_free(&o->journal);
}

static enum desk_result ours_answer(struct ours *o, const struct bytes *words, size_t count)
{
    struct work w = {&o->store, &o->limits, now_ms(), &o->reply, &o->journal};
    const struct command *c = command_check(words, count, &o->reply);

    out_clear(&o->journal);
    if (!c)
        return DESK_GO_ON;
    if (c->place == AT_DESK)
        return desk_answer(&o->desk, c, words, count, w.now * 1000, &o->reply);
    execute(&w, c, words, count);
    return DESK_GO_ON;
}

/* Random commands. */

static const char *const numbers[] = {"0",
                                      "1",
                                      "-1",
                                      "10",
                                      "-10",
                                      "5000",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "01",
                                      "x",
                                      "",
                                      "1 ",
                                      "99999999999999999999",
                                      "9223372036854775"};
/* Hours, also in milliseconds: no key ends on its own here, for the two would not end it in the
   same millisecond. */
static const char *const spans[] = {"10000000", "20000000", "50000000", "-1",
                                    "0",        "-5",       "x",        "9223372036854775807"};
static const char *const set_words[] = {"NX", "xx",       "GET", "KEEPTTL", "EX",
                                        "px", "10000000", "0",   "junk"};
static const char *const expire_words[] = {"NX", "XX", "GT", "LT", "junk"};
static const char *const patterns[] = {"*", "k*", "k[0-4]", "k?", "*1", "k[^2]*", "x"};

#define ANY(list) list[pit_test_random_below(random, sizeof(list) / sizeof(list[0]))]

struct line {
    const char *words[16];
    char keys[8][8];
    char value[128];
    size_t count, keys_used;
};

static void add(struct line *l, const char *word) { l->words[l->count++] = word; }

static void add_key(struct line *l, uint64_t *random)
{
    char *key = l->keys[l->keys_used++];

    sprintf(key, "k%u", (unsigned)pit_test_random_below(random, 12));
    add(l, key);
}

static void add_value(struct line *l, uint64_t *random)
{
    if (pit_test_random_below(random, 2)) {
        add(l, ANY(numbers));
        return;
    }
    size_t len = pit_test_random_below(random, sizeof(l->value) - 1);

    for (size_t i = 0; i < len; i++)
        l->value[i] = (char)(1 + pit_test_random_below(random, 255));
    l->value[len] = '\0';
    add(l, l->value);
}

static void some(struct line *l, const char *const *words, size_t count, size_t most,
                 uint64_t *random)
{
    for (size_t n = pit_test_random_below(random, most + 1); n > 0; n--)
        add(l, words[pit_test_random_below(random, count)]);
}

#define SOME(l, list, most) some(l, list, sizeof(list) / sizeof(list[0]), most, random)

static void make_line(struct line *l, uint64_t *random)
{
    static const char *const of_key[] = {"get", "GETDEL", "incr",    "DECR", "STRLEN",
                                         "ttl", "PTTL",   "persist", "type"};
    static const char *const of_value[] = {"append", "getset", "setnx", "incrby", "decrby"};
    static const char *const of_keys[] = {"mget", "del", "EXISTS", "unlink"};
    static const char *const of_span[] = {"expire", "PEXPIRE"};
    static const char *const of_nothing[] = {"dbsize", "ping",    "nosuch", "get",
                                             "mset",   "command", "quit"};

    memset(l, 0, sizeof(*l));
    switch (pit_test_random_below(random, 13)) {
    case 0:
    case 1:
    case 2:
        add(l, "SET"), add_key(l, random), add_value(l, random);
        SOME(l, set_words, 3);
        break;
    case 3:
    case 4:
        add(l, ANY(of_key)), add_key(l, random);
        break;
    case 5:
    case 6:
        add(l, ANY(of_value)), add_key(l, random), add_value(l, random);
        break;
    case 7:
        add(l, ANY(of_keys));
        for (size_t n = 1 + pit_test_random_below(random, 6); n > 0; n--)
            add_key(l, random);
        break;
    case 8:
        add(l, "mset");
        for (size_t n = 1 + pit_test_random_below(random, 3); n > 0; n--)
            add_key(l, random), add_value(l, random);
        if (pit_test_random_below(random, 5) == 0)
            add_key(l, random);
        break;
    case 9:
        add(l, ANY(of_span)), add_key(l, random), add(l, ANY(spans));
        SOME(l, expire_words, 2);
        break;
    case 10:
        add(l, pit_test_random_below(random, 2) ? "setex" : "psetex"), add_key(l, random);
        add(l, ANY(spans)), add_value(l, random);
        break;
    case 11:
        if (pit_test_random_below(random, 2))
            add(l, "keys"), add(l, ANY(patterns));
        else
            add(l, "scan"), add(l, "0"), add(l, "count"), add(l, "1000"), add(l, "match"),
                add(l, ANY(patterns));
        break;
    default:
        if (pit_test_random_below(random, 40) == 0)
            add(l, "flushall");
        else
            /* "command" and "quit" answer otherwise */
            add(l, of_nothing[pit_test_random_below(random, 5)]);
        SOME(l, numbers, 2);
        break;
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keys have no spaces or line ends here, so the lines of a list can be sorted as lines. */
static void sort_lines(struct out *o)
{
    char *lines[4096], *rest;
    size_t count = 0;
    struct out sorted = out_new(&memory_heap);

    out_add(o, "", 1);
    rest = o->data;
    for (char *line; (line = strtok_r(rest, "\r\n", &rest)) && count < 4096;)
        lines[count++] = line;
    qsort(lines, count, sizeof(lines[0]), by_bytes);
    for (size_t i = 0; i < count; i++)
        out_format(&sorted, "%s\r\n", lines[i]);
    out_free(o);
    *o = sorted;
}

static bool close_numbers(struct bytes a, struct bytes b)
{
    int64_t m, n;

    return a.len > 3 && b.len > 3 && a.at[0] == ':' && b.at[0] == ':' &&
           number_parse(bytes_of(a.at + 1, a.len - 3), &m) &&
           number_parse(bytes_of(b.at + 1, b.len - 3), &n) && m > 0 && n > 0 && llabs(m - n) < 5000;
}

/*
 * Whether a key now ends later than before is a question of milliseconds when the times to live are
 * the same, and each reads its own clock: redis may be asked in the next millisecond, and the
 * casino still in the old one. What holds then is that the key is left with the same time.
 */
static bool milliseconds_decide(const struct line *l, struct bytes a, struct bytes b)
{
    static const struct bytes no = {":0\r\n", 4}, yes = {":1\r\n", 4};
    struct bytes name = bytes_text(l->words[0]);
    bool compares = false;

    for (size_t i = 3; i < l->count; i++)
        compares |= strcmp(l->words[i], "GT") == 0 || strcmp(l->words[i], "LT") == 0;
    return compares && (bytes_is(name, "expire") || bytes_is(name, "pexpire")) &&
           ((bytes_equal(a, no) && bytes_equal(b, yes)) ||
            (bytes_equal(a, yes) && bytes_equal(b, no)));
}

/* What both answer to one line. */
struct pair {
    int fd;
    struct ours *ours;
    struct out request, theirs;
};

static void ask(struct pair *p, const struct line *l)
{
    struct bytes words[16];

    out_clear(&p->request);
    out_clear(&p->ours->reply);
    resp_array(&p->request, l->count);
    for (size_t i = 0; i < l->count; i++)
        resp_bulk(&p->request, words[i] = bytes_text(l->words[i]));
    send_all(p->fd, out_content(&p->request));
    receive(p->fd, 1, &p->theirs);
    (void)ours_answer(p->ours, words, l->count); /* nothing here says quit */
}

static void compare(struct pair *p, const struct line *l)
{
    struct bytes name = bytes_text(l->words[0]);

    ask(p, l);
    if (bytes_is(name, "keys") || bytes_is(name, "scan")) {
        sort_lines(&p->theirs);
        sort_lines(&p->ours->reply);
    }
    struct bytes a = out_content(&p->theirs), b = out_content(&p->ours->reply);
    if (bytes_equal(a, b))
        return;
    if (milliseconds_decide(l, a, b)) {
        compare(p, &(struct line){.words = {"pttl", l->words[1]}, .count = 2});
        return;
    }
    if ((bytes_is(name, "ttl") || bytes_is(name, "pttl")) && close_numbers(a, b))
        return;
    fprintf(stderr, "command:");
    for (size_t i = 0; i < l->count; i++)
        fprintf(stderr, " \"%s\"", l->words[i]);
    fprintf(stderr, "\nredis:  %.*s\ncasino: %.*s\n", (int)a.len, a.at, (int)b.len, b.at);
    pit_test_fail(__FILE__, __LINE__, "a reply that redis does not give");
}

/* What chance does not make. */
static const struct line listings[] = {
    {.words = {"command", "list", "x"}, .count = 3},
    {.words = {"command", "LIST", "filterby"}, .count = 3},
    {.words = {"command", "list", "filterby", "nosuch", "x"}, .count = 5},
    {.words = {"command", "list", "FILTERBY", "pattern", "GetD*"}, .count = 5},
    {.words = {"command", "list", "filterby", "pattern", "nosuch"}, .count = 5},
    {.words = {"command", "count", "x"}, .count = 3},
};

PIT_TEST(commands_and_errors_are_those_of_redis)
{
    uint64_t random_state = pit_test_seed(), *random = &random_state;
    uint64_t rounds = pit_test_scale(20000, 1000000);
    struct peer redis;
    struct ours ours;
    struct pair pair = {-1, &ours, out_new(&memory_heap), out_new(&memory_heap)};

    peer_start(&redis);
    ours_init(&ours, random_state);
    pair.fd = peer_connect(&redis);
    CHECK(pair.fd >= 0);
    for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++)
        compare(&pair, &listings[i]);
    for (uint64_t round = 0; round < rounds; round++) {
        struct line l;

        make_line(&l, random);
        compare(&pair, &l);
    }
    close(pair.fd);
    peer_stop(&redis);
    ours_free(&ours);
    out_free(&pair.theirs);
    out_free(&pair.request);
}

/*
 * Commands of which both know the same, as arrays and inline, then broken by changed and missing
 * bytes. CONFIG GET is none of them: a byte more is a pattern, and settings are each server's own.
 */
static void make_stream(struct out *stream, uint64_t *random)
{
    static const char *const pieces[] = {
        "*1\r\n$4\r\nPING\r\n",
        "*2\r\n$4\r\necho\r\n$5\r\nhowdy\r\n",
        "ping\r\n",
        "echo \"a b\"\r\n",
        "echo 'a\\'b' \r\n",
        "\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
        "echo a b\n",
        "*1\r\n$3\r\nGET\r\n",
        "select 0\r\n",
        "select x\r\n",
        "select 77\r\n",
        "select 99999999999\r\n",
        "nosuch \"x\\r\\ny\" z\r\n",
        "echo \"\\x41\\n\\t\"\r\n",
        "client setname bob\r\n",
        "client getname\r\n",
        "config nosuch\r\n",
        "client nosuch x\r\n",
        "*2\r\n$4\r\nECHO\r\n$40\r\n0123456789012345678901234567890123456789\r\n",
        "ping a b\r\n",
    };
    static const char bytes[] = "\r\n*$\"' 0123456789-abx\\";

    out_clear(stream);
    for (uint64_t n = 1 + pit_test_random_below(random, 6); n > 0; n--)
        out_text(stream, ANY(pieces));
    CHECK(stream->data);
    for (uint64_t n = pit_test_random_below(random, 4); n > 0 && stream->len; n--) {
        size_t at = pit_test_random_below(random, stream->len);

        if (pit_test_random_below(random, 2)) {
            stream->data[at] = bytes[pit_test_random_below(random, sizeof(bytes) - 1)];
        } else {
            memmove(stream->data + at, stream->data + at + 1, stream->len - at - 1);
            stream->len--;
        }
    }
}

/* What the casino answers to a whole stream, until it ends or breaks. */
static void answer_stream(struct ours *o, struct out *stream)
{
    struct resp p;
    size_t at = 0, used;
    struct resp_limits limits = RESP_LIMITS;
    enum resp_result r;

    limits.bulk = 1 << 20;
    limits.command = 4 << 20;
    out_clear(&o->reply);
    memset(o->desk.name, 0, sizeof(o->desk.name));
    resp_init(&p, &limits, &memory_heap);
    while ((r = resp_next(&p, stream->data + at, stream->len - at, &used)) == RESP_COMMAND) {
        at += used;
        if (p.count && ours_answer(o, p.words, p.count) == DESK_QUIT)
            break;
    }
    if (r == RESP_BROKEN)
        resp_error(&o->reply, "%s", p.error);
    resp_free(&p);
}

PIT_TEST(broken_protocol_is_answered_as_by_redis)
{
    uint64_t random_state = pit_test_seed(), *random = &random_state;
    uint64_t rounds = pit_test_scale(3000, 200000);
    struct peer redis;
    struct ours ours;
    struct out theirs = out_new(&memory_heap), stream = out_new(&memory_heap),
               sent = out_new(&memory_heap);

    peer_start(&redis);
    ours_init(&ours, random_state);
    for (uint64_t round = 0; round < rounds; round++) {
        int fd = peer_connect(&redis);

        CHECK(fd >= 0);
        make_stream(&stream, random);
        out_clear(&sent);
        out_bytes(&sent, out_content(&stream)); /* answering undoes quotes in place */
        send_all(fd, out_content(&stream));
        shutdown(fd, SHUT_WR);
        receive(fd, 0, &theirs);
        close(fd);
        answer_stream(&ours, &stream);
        if (!bytes_equal(out_content(&theirs), out_content(&ours.reply))) {
            fprintf(stderr, "sent:   %.*s\nredis:  %.*s\ncasino: %.*s\n", (int)sent.len, sent.data,
                    (int)theirs.len, theirs.data, (int)ours.reply.len, ours.reply.data);
            pit_test_fail(__FILE__, __LINE__, "an answer that redis does not give");
        }
    }
    peer_stop(&redis);
    ours_free(&ours);
    out_free(&theirs);
    out_free(&stream);
    out_free(&sent);
}
