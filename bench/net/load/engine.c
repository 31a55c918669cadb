/*
 * Connections, and what is on its way on each: an epoll loop.
 *
 * A connection's requests are answered in their order. `due` holds when each was due that is not
 * answered yet, oldest first; the first `asked - answered` of them have been written, the others
 * wait until fewer than `depth` are on their way. A closed loop appends one for each answer, an
 * open loop when the schedule says so.
 *
 * Everything that is not as it should be ends the program: fail().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/net/load/load.h"

#define EVENTS 512
#define CONNECT_SECONDS 10
#define OWED_AFTER (60 * NS) /* what is still owed so long after the measured time is given up */
#define BUFFER (1 << 18)

/* Times, oldest first, in a ring that grows. */
struct times {
    int64_t *at;
    uint32_t first, count, room; /* room: a power of two, or none */
};

struct connection {
    int fd;
    bool waits_for_room; /* in the kernel's buffer, for `left` */
    bool queued;         /* in the list of those that have something to write */
    uint64_t asked, answered;
    struct times due;
    struct progress progress;
    uint8_t *left; /* of requests that were begun to be written; NULL: none */
    size_t left_at, left_len;
};

uint64_t served;

static struct connection *connections;
static int loop;
static uint8_t *in, *out;
static size_t out_room;
static uint32_t *queue, queued; /* connections that have something to write */

/* The run at hand. */
static struct {
    struct result *result;
    bool open;
    int64_t begin,
        end; /* of the measured time; it ends earlier when `most` requests are measured */
    uint64_t most;
    uint64_t owed; /* due and not answered */
    int64_t heard; /* the last answer, or when there last was nothing owed */
} run;

static void must(bool ok, const char *what)
{
    if (!ok)
        fail("%s: %s", what, strerror(errno));
}

static uint32_t number_of(const struct connection *c) { return (uint32_t)(c - connections); }

/* ---- times ---- */

static void times_add(struct times *t, int64_t at)
{
    if (t->count == t->room) {
        uint32_t room = t->room ? 2 * t->room : 4;
        int64_t *bigger = malloc(room * sizeof *bigger);

        must(bigger != NULL, "no memory");
        for (uint32_t i = 0; i < t->count; i++)
            bigger[i] = t->at[(t->first + i) & (t->room - 1)];
        free(t->at);
        *t = (struct times){bigger, 0, t->count, room};
    }
    t->at[(t->first + t->count++) & (t->room - 1)] = at;
}

static int64_t times_take(struct times *t)
{
    int64_t at = t->at[t->first];

    t->first = (t->first + 1) & (t->room - 1);
    t->count--;
    return at;
}

/* ---- asking ---- */

static void watch(struct connection *c, int op, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u32 = number_of(c)};

    must(!epoll_ctl(loop, op, c->fd, &e), "epoll_ctl");
}

static bool may_ask(const struct connection *c)
{
    uint64_t under_way = c->asked - c->answered;

    return under_way < options.depth && under_way < c->due.count;
}

/* Write; what the kernel does not take is kept in `left`. Returns false when something was left. */
static bool write_some(struct connection *c, const uint8_t *bytes, size_t len)
{
    ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
        fail("connection %u: send: %s", number_of(c), strerror(errno));
    size_t sent = n < 0 ? 0 : (size_t)n;
    if (sent == len)
        return true;
    if (!c->left) {
        c->left = malloc(len - sent);
        must(c->left != NULL, "no memory");
        memcpy(c->left, bytes + sent, len - sent);
        c->left_at = 0;
        c->left_len = len - sent;
    } else {
        c->left_at += sent;
    }
    if (!c->waits_for_room)
        watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    c->waits_for_room = true;
    return false;
}

static bool write_left(struct connection *c)
{
    if (c->left && !write_some(c, c->left + c->left_at, c->left_len - c->left_at))
        return false;
    free(c->left);
    c->left = NULL;
    if (c->waits_for_room)
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
    c->waits_for_room = false;
    return true;
}

/* Ask all that may be asked, as many in one call as fit the buffer. */
static void ask(struct connection *c)
{
    while (!c->left && may_ask(c)) {
        size_t len = 0;

        while (may_ask(c) && len + request_room() <= out_room)
            len += options.protocol->request((struct request){number_of(c), c->asked++}, out + len);
        write_some(c, out, len);
    }
}

static void add_due(struct connection *c, int64_t due)
{
    times_add(&c->due, due);
    run.owed++;
    if (!c->queued) {
        c->queued = true;
        queue[queued++] = number_of(c);
    }
}

static void ask_queued(void)
{
    for (uint32_t i = 0; i < queued; i++) {
        struct connection *c = &connections[queue[i]];

        c->queued = false;
        ask(c);
    }
    queued = 0;
}

/* ---- answers ---- */

static void note_answer(int64_t due, int64_t now)
{
    int64_t counts = run.open ? due : now;

    if (counts >= run.begin && counts < run.end)
        histogram_note(&run.result->latencies, (uint64_t)(now - due));
    if (now < run.begin || now >= run.end)
        return;
    if (++run.result->answers == run.most && !run.open)
        run.end = now;
}

static void answered(struct connection *c, int64_t now)
{
    note_answer(times_take(&c->due), now);
    c->answered++;
    served++;
    c->progress = (struct progress){0};
    run.owed--;
    run.heard = now;
    if (!run.open && now < run.end)
        add_due(c, now);
}

static void take_answers(struct connection *c, const uint8_t *data, size_t len, int64_t now)
{
    size_t used;

    for (size_t at = 0; at < len; at += used) {
        struct request r = {number_of(c), c->answered};

        if (c->answered == c->asked)
            fail("connection %u: %zu bytes that nobody asked for", r.connection, len - at);
        switch (options.protocol->take(r, &c->progress, data + at, len - at, &used)) {
        case TAKEN_WRONG:
            fail("connection %u, request %llu: a wrong answer, at byte %llu of it or later",
                 r.connection, (unsigned long long)r.number, (unsigned long long)c->progress.at);
        case TAKEN_ALL:
            answered(c, now);
            break;
        case TAKEN_PART:
            break;
        }
    }
}

static void receive(struct connection *c)
{
    ssize_t n = recv(c->fd, in, BUFFER, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        fail("connection %u: %s with %llu answers owed", number_of(c),
             n < 0 ? strerror(errno) : "closed by the server",
             (unsigned long long)(c->asked - c->answered));
    take_answers(c, in, (size_t)n, now_ns());
}

/* ---- connecting ---- */

static int connect_one(uint32_t number)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = CONNECT_SECONDS};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* of connect, too */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&address, sizeof address))
        fail("connection %u of %u to 127.0.0.1:%u: %s", number, options.connections,
             (unsigned)options.port,
             errno == EADDRNOTAVAIL ? "no local port is free (net.ipv4.ip_local_port_range)"
                                    : strerror(errno));
    if (options.protocol->greet)
        options.protocol->greet(fd, number);
    return fd;
}

static void enough_descriptors(void)
{
    struct rlimit l;
    rlim_t needed = (rlim_t)options.connections + 16;

    must(!getrlimit(RLIMIT_NOFILE, &l), "getrlimit");
    if (l.rlim_max < needed)
        fail("%u connections need %llu descriptors, and the limit is %llu (ulimit -Hn)",
             options.connections, (unsigned long long)needed, (unsigned long long)l.rlim_max);
    l.rlim_cur = l.rlim_max;
    must(!setrlimit(RLIMIT_NOFILE, &l), "setrlimit");
}

void engine_connect(void)
{
    enough_descriptors();
    out_room = request_room() > BUFFER ? request_room() : BUFFER;
    connections = calloc(options.connections, sizeof *connections);
    queue = calloc(options.connections, sizeof *queue);
    in = malloc(BUFFER);
    out = malloc(out_room);
    loop = epoll_create1(EPOLL_CLOEXEC);
    must(connections && queue && in && out && loop >= 0, "start");
    for (uint32_t i = 0; i < options.connections; i++) {
        struct connection *c = &connections[i];

        c->fd = connect_one(i);
        watch(c, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/* ---- the loop ---- */

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(int64_t until)
{
    struct epoll_event events[EVENTS];
    int64_t left = until - now_ns();
    struct timespec t = {.tv_sec = left > 0 ? left / NS : 0, .tv_nsec = left > 0 ? left % NS : 0};
    int n = epoll_pwait2(loop, events, EVENTS, &t, NULL);

    must(n >= 0 || errno == EINTR, "epoll_pwait2");
    for (int i = 0; i < n; i++) {
        struct connection *c = &connections[events[i].data.u32];

        if (events[i].events & EPOLLOUT && write_left(c))
            ask(c);
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            receive(c);
        ask(c);
    }
}

/* All that is due by now, each on the next connection. */
static void start_due(struct schedule *s, int64_t *next, int64_t now)
{
    static uint32_t turn;

    for (; *next <= now && *next < run.end; *next = schedule_next(s)) {
        turn = turn + 1 < options.connections ? turn + 1 : 0;
        add_due(&connections[turn], *next);
        if (*next < run.begin)
            continue;
        histogram_note(&run.result->own_delay, (uint64_t)(now - *next));
        if (run.result->own_delay.count == run.most)
            run.end = *next + 1;
    }
}

static void give_up_in_time(int64_t now)
{
    if (!run.owed)
        run.heard = now;
    else if (now - run.heard > options.timeout)
        fail("%llu answers are owed, and none came for %.1f s", (unsigned long long)run.owed,
             (double)(now - run.heard) / 1e9);
    if (run.owed && now > run.end + OWED_AFTER)
        fail("%llu answers are owed a minute after the last request was due",
             (unsigned long long)run.owed);
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static void ask_first(int64_t now)
{
    for (uint32_t i = 0; i < options.connections; i++)
        for (uint32_t k = 0; k < options.depth; k++)
            add_due(&connections[i], now);
}

void engine_run(double rate, int64_t warm, int64_t length, uint64_t requests, struct result *ret)
{
    int64_t now = now_ns(), next = INT64_MAX;
    double cpu_begin = 0, cpu_end = 0;
    struct schedule s;

    *ret = (struct result){0};
    run.result = ret;
    run.open = rate > 0;
    run.begin = now + warm;
    run.end = run.begin + length;
    run.most = requests ? requests : UINT64_MAX;
    run.heard = now;
    if (run.open) {
        s = schedule_new(rate, options.fixed, options.seed, now);
        next = schedule_next(&s);
    } else {
        ask_first(now);
    }
    /* next: also those are asked that fell due while nobody let us run, though the end came
       meanwhile. */
    while (now < run.end || next < run.end || run.owed) {
        if (run.open)
            start_due(&s, &next, now);
        ask_queued();
        /* Until something is due; but never long, so that silence is noticed. */
        wait_until(earlier(next < run.end ? next : INT64_MAX,
                           earlier(now < run.end ? run.end : INT64_MAX, now + NS / 10)));
        now = now_ns();
        if (!cpu_begin && now >= run.begin)
            cpu_begin = cpu_seconds();
        if (!cpu_end && now >= run.end)
            cpu_end = cpu_seconds();
        give_up_in_time(now);
    }
    ret->seconds = (double)(run.end - run.begin) / 1e9;
    ret->cpu = ret->seconds > 0 ? (cpu_end - cpu_begin) / ret->seconds : 0;
}
