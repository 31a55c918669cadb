/*
 * pitboss-load: what its files share. One thread, plain C on epoll and nothing of pitboss: a
 * witness of its own.
 *
 *   main.c       the phases, what is printed
 *   options.c    the command line
 *   engine.c     connections, requests on their way, answers and when they came
 *   schedule.c   when requests are due in an open loop
 *   histogram.c  latencies
 *   protocol.c   echo, stream, RESP, WebSocket; http.c: HTTP. What is asked, and what exactly must be answered
 *   common.c     what all of these stand on: the options' values, the clock, the end
 *
 * Closed loop: each connection keeps `depth` requests on their way; the next one is due when an
 * answer came. A server that stalls is then asked less, and its stall is in few latencies. Open
 * loop: requests are due by a schedule that does not care for answers. Latency is the time from
 * when a request was due until its answer was there, whoever made it wait: the server, this
 * program, or a connection that had `depth` requests on their way already.
 */
#ifndef BENCH_NET_LOAD_LOAD_H
#define BENCH_NET_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/net/load/histogram.h"

#define NS 1000000000LL

struct protocol;

struct options {
    const struct protocol *protocol;
    uint16_t port;
    uint32_t connections, depth;
    size_t size;          /* of a request's or answer's payload, in bytes */
    int64_t warm, length; /* ns */
    uint64_t requests;    /* how many are measured at most; 0: as many as there is time for */
    int64_t timeout; /* ns without any answer, while some are owed, after which it is given up */
    double rate;     /* requests due each second, on all connections together; 0: closed loop */
    double share;    /* the same as a share of what a closed loop got; 0: none */
    bool fixed;      /* due at equal distances; else a Poisson process */
    bool curve;      /* print the latencies' whole distribution */
    uint64_t seed;
};

extern struct options options;
extern const uint8_t *pattern; /* bench/net/pattern.h's table, twice */
void pattern_make(void);

/* Says what was wrong and ends the program with status 1: what was lost or wrong has no figure. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t now_ns(void);

/* Fill in the options; what is wrong is said, and ends the program with status 2. */
void options_parse(int argc, char **argv);

/* ---- protocols ---- */

/* Which request: the connection's number, and how many it has asked before. */
struct request {
    uint32_t connection;
    uint64_t number;
};

/* How far the answer at hand has been read. */
struct progress {
    uint64_t at;            /* bytes of it that were right */
    struct http_head *head; /* of HTTP; NULL: not begun */
};

enum taken { TAKEN_PART, TAKEN_ALL, TAKEN_WRONG };

struct run {
    const void *at;
    size_t len;
};

struct protocol {
    const char *name;
    size_t size, most; /* of the payload, if the command line does not say; and at most */
    /* how much longer a request may be than the payload; the payload does not count where it is not
       sent */
    size_t overhead;
    bool sends_payload;
    /* Before the first request, on a socket that blocks; NULL: nothing. */
    void (*greet)(int fd, uint32_t connection);
    /* Write the request; returns its length. */
    size_t (*request)(struct request r, uint8_t *to);
    /* The answer's bytes from `at` on, as many as lie together; none: it ends there. NULL: `take`
       knows. */
    struct run (*expect)(struct request r, uint64_t at);
    /* Read of the answer what there is. *used bytes were its own. */
    enum taken (*take)(struct request r, struct progress *p, const uint8_t *data, size_t len,
                       size_t *used);
};

extern const struct protocol protocols[];
const struct protocol *protocol_named(const char *name); /* NULL: there is none */
extern const struct protocol protocol_http;

/* Room that any request of these options fits in. */
size_t request_room(void);

/* ---- the schedule ---- */

struct schedule {
    double due, gap; /* ns; gap: the mean distance */
    uint64_t random;
    bool fixed;
};

struct schedule schedule_new(double rate, bool fixed, uint64_t seed, int64_t begin);
/* When the next request is due; the one after that is due later. */
int64_t schedule_next(struct schedule *s);

/* ---- the engine ---- */

extern uint64_t served; /* answers since the start, whether they were measured or not */

struct result {
    double seconds;   /* that were measured */
    uint64_t answers; /* that came in the measured time */
    double cpu;       /* of this program in that time, in cores */
    /* closed: of those answers; open: of all requests due in that time, in ns */
    struct histogram latencies;
    /* open: how late this program was at handing a due request to its connection */
    struct histogram own_delay;
};

void engine_connect(void);

/*
 * Drive all connections: the first `warm` ns are not measured, then come at most `length` ns and,
 * unless it is 0, at most so many requests that are; then what is owed is waited for. rate 0:
 * closed loop.
 */
void engine_run(double rate, int64_t warm, int64_t length, uint64_t requests, struct result *ret);

#endif
