/*
 * The drive; see drive.h. It runs no process of the node: the server is a child of fork(), so that
 * what is checked is what a client sees.
 *
 * Nothing here waits for the server without end: an answer or a restart that does not come is what
 * a drive is there to tell.
 */
#include "examples/casino/drive.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pit/log.h>

#include "examples/casino/casino.h"
#include "examples/casino/drive_check.h"
#include "examples/casino/drive_load.h"
#include "examples/casino/drive_peer.h"

#define CHECKERS 5 /* four by RESP, the last one by HTTP */

static atomic_bool stop;

struct server {
    const char *address;
    int port, http_port;
    pid_t pid;
};

struct crasher {
    const struct server *server;
    pthread_t thread;
    uint64_t tables, connections, restarts, errors;
    char first_error[200];
};

/* A number in INFO; false: there was no answer. */
static bool info_number(struct crasher *c, struct peer *p, const char *name, uint64_t *ret)
{
    const char *reply = peer_ask(p, "info stats");
    const char *at = reply ? strstr(reply, name) : NULL;

    if (!at) {
        complain(c->first_error, &c->errors, "INFO", reply);
        return false;
    }
    *ret = strtoull(at + strlen(name) + 1, NULL, 10);
    return true;
}

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* Crash a table, and wait for its successor. */
static bool crash_table(struct crasher *c, struct peer *p, uint64_t *random)
{
    uint64_t before, now;

    if (!info_number(c, p, "table_restarts", &before))
        return false;
    const char *reply = peer_ask(p, "crash table any:%u %u", (unsigned)next_random(random),
                                 (unsigned)(next_random(random) % 60));

    if (!reply || strcmp(reply, "+OK") != 0) {
        complain(c->first_error, &c->errors, "CRASH TABLE", reply);
        return false;
    }
    c->tables++;
    for (int waited = 0; waited < drive_patience * 1000; waited += 5) {
        if (!info_number(c, p, "table_restarts", &now))
            return false;
        if (now > before) {
            c->restarts++;
            return true;
        }
        pause_ms(5);
    }
    complain(c->first_error, &c->errors, "a restart did not come", "");
    return false;
}

/* A connection that crashes is closed, and that is all anybody sees of it. */
static void crash_connection(struct crasher *c)
{
    struct peer p;

    if (!peer_open(&p, c->server->address, c->server->port)) {
        complain(c->first_error, &c->errors, "connect", NULL);
        return;
    }
    const char *reply = peer_ask(&p, "crash connection");
    if (reply)
        complain(c->first_error, &c->errors, "CRASH CONNECTION", reply);
    c->connections++;
    peer_close(&p);
}

static void *crash(void *arg)
{
    struct crasher *c = arg;
    uint64_t random = 12345;
    struct peer p;

    if (!peer_open(&p, c->server->address, c->server->port)) {
        complain(c->first_error, &c->errors, "connect", NULL);
        return NULL;
    }
    while (!atomic_load(&stop)) {
        if (!crash_table(c, &p, &random))
            break;
        crash_connection(c);
        pause_ms(20);
    }
    peer_close(&p);
    return NULL;
}

static void drop(enum pit_log_level level, const char *text, size_t length) {}

/* The server, in an OS process of its own that ends with ours. */
static bool server_start(struct server *s, const struct options *o)
{
    int ports[2];
    char line[64] = {0};

    if (pipe(ports) < 0)
        return false;
    s->address = "127.0.0.1";
    s->pid = fork();
    if (s->pid < 0)
        return false;
    if (s->pid == 0) {
        struct options mine = *o;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ports[0]);
        (void)snprintf(mine.address, sizeof mine.address, "%s", s->address);
        mine.port = mine.http_port = 0;
        mine.allow_crash = true;
        /* Each crash would be logged, as it should be; here they are the point. */
        pit_log_sink_set(drop);
        _exit(casino_run(&mine, ports[1]));
    }
    close(ports[1]);
    bool ready = read(ports[0], line, sizeof(line) - 1) > 0 &&
                 sscanf(line, "%d %d", &s->port, &s->http_port) == 2;
    close(ports[0]);
    return ready;
}

/* In order, and in time. */
static bool server_stop(const struct server *s)
{
    int status;

    kill(s->pid, SIGTERM);
    for (int waited = 0; waited < drive_patience * 1000; waited += 10) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        pause_ms(10);
    }
    kill(s->pid, SIGKILL);
    waitpid(s->pid, &status, 0);
    return false;
}

struct drive {
    struct server server;
    struct checker checkers[CHECKERS];
    struct crasher crasher;
    struct load redis, http;
};

static void run(struct drive *d, int seconds)
{
    pthread_t redis, http;

    d->redis = d->http =
        (struct load){d->server.address, d->server.port, d->server.http_port, seconds};
    d->crasher.server = &d->server;
    for (unsigned i = 0; i < CHECKERS; i++) {
        struct checker *c = &d->checkers[i];
        bool by_http = i == CHECKERS - 1;

        *c = (struct checker){.address = d->server.address,
                              .port = by_http ? d->server.http_port : d->server.port,
                              .stop = &stop,
                              .number = i};
        pthread_create(&c->thread, NULL, by_http ? check_http : check_resp, c);
    }
    pthread_create(&d->crasher.thread, NULL, crash, &d->crasher);
    pthread_create(&redis, NULL, load_redis, &d->redis);
    pthread_create(&http, NULL, load_http, &d->http);
    pthread_join(redis, NULL);
    pthread_join(http, NULL);
    atomic_store(&stop, true);
    pthread_join(d->crasher.thread, NULL);
    for (unsigned i = 0; i < CHECKERS; i++)
        pthread_join(d->checkers[i].thread, NULL);
}

static bool report(const struct drive *d, bool stopped)
{
    const struct crasher *crash_report = &d->crasher;
    uint64_t writes = 0, lost = 0, errors = crash_report->errors + d->redis.errors + d->http.errors;

    for (unsigned i = 0; i < CHECKERS; i++) {
        const struct checker *c = &d->checkers[i];

        writes += c->writes;
        lost += c->lost;
        errors += c->errors;
        if (c->first_error[0])
            printf("  checker %u: %s\n", i, c->first_error);
    }
    if (crash_report->first_error[0])
        printf("  crasher: %s\n", crash_report->first_error);
    if (d->redis.missing || d->http.missing)
        printf("  redis-benchmark or wrk is not installed; scripts/setup installs both\n");
    printf("%s%s", d->redis.report, d->http.report);
    printf("  crashes injected: %" PRIu64 " tables, %" PRIu64
           " connections; restarts seen: %" PRIu64 "\n",
           crash_report->tables, crash_report->connections, crash_report->restarts);
    printf("  acknowledged writes checked: %" PRIu64 ", lost: %" PRIu64
           "; errors clients saw: %" PRIu64 "\n",
           writes, lost, errors);
    if (!stopped)
        printf("  the server did not stop in order\n");
    bool well = stopped && !lost && !errors && crash_report->tables > 0 &&
                crash_report->restarts == crash_report->tables;
    printf("%s\n", well ? "The house wins: nothing was lost." : "FAILED");
    return well;
}

int drive(const struct options *o)
{
    static struct drive d;
    struct peer p;

    if (!server_start(&d.server, o)) {
        fprintf(stderr, "casino: the server to be driven did not start\n");
        return 1;
    }
    printf("casino: driving it for %d seconds with redis-benchmark (50 clients, pipelines of 16) "
           "and wrk (20),\n"
           "        while tables and connections are made to dereference NULL.\n",
           o->drive_seconds);
    fflush(stdout);
    if (!peer_open(&p, d.server.address, d.server.port) ||
        !peer_ask(&p, "set house-rules \"be kind\""))
        fprintf(stderr, "casino: the server does not answer\n");
    peer_close(&p);
    run(&d, o->drive_seconds);
    return report(&d, server_stop(&d.server)) ? 0 : 1;
}
