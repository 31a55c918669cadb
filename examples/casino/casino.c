/*
 * The tree:
 *
 *   casino_sup, one for one
 *     house            what each table acknowledged; refilled by the tables if it crashes itself
 *     table_sup        one for one: table_0 ... table_N; refilled by the house
 *     monitor          pings tables, logs restarts
 *     connection_sup   simple one for one: a process for each client; never started again, for nobody is there to talk to
 *     listener_sup     resp_listener, http_listener; last, so that nobody comes in before the rest is there, and
 *                      first to go when the casino closes
 */
#include "examples/casino/casino.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "examples/casino/house.h"
#include "examples/casino/http_client.h"
#include "examples/casino/listener.h"
#include "examples/casino/monitor.h"
#include "examples/casino/resp_client.h"
#include "examples/casino/table.h"

/* Written before the node starts, read by its processes. */
static struct options options;
static int ready;

static pit_pid start_house(const void *arg) { return house_start_link(&options); }
static pit_pid start_monitor(const void *arg) { return monitor_start_link(&options); }
static pit_pid start_table(const void *arg) { return table_start_link(arg); }

/*
 * Clients that may crash tables on purpose crash them often: how often is then no sign of trouble.
 * Else a table that crashes ten times in ten seconds has a problem that starting it again does not
 * solve.
 */
static int64_t intensity(void) { return options.allow_crash ? 100000 : 10; }

static pit_sup_spec no_children(const void *arg)
{
    return (pit_sup_spec){.strategy = PIT_ONE_FOR_ONE, .intensity = intensity(), .period = 10};
}

/* The tables' number is known at run time, so they are added to a supervisor that starts
   without. */
static pit_pid start_table_sup(const void *arg)
{
    pit_pid sup =
        pit_supervisor_start_with(no_children, NULL, 0, .link = true, .name = "table_sup");

    if (pit_error(sup) < 0)
        return sup;
    for (int i = 0; i < options.tables; i++) {
        struct table_arg a = {options, (uint32_t)i};
        pit_text16 name = table_name(a.number);
        pit_pid table = pit_supervisor_start_child(sup, .id = name.s, .start = start_table,
                                                   .arg = &a, .size = sizeof(a));

        if (pit_error(table) < 0) {
            (void)pit_server_stop(sup, pit_build("shutdown"),
                                  PIT_INFINITY); /* it is empty or nearly so */
            return table;
        }
    }
    return sup;
}

static pit_pid start_client(const void *arg)
{
    const struct newcomer *n = arg;

    return n->kind == LISTEN_RESP ? resp_client_start_link(&options, n->scheduler)
                                  : http_client_start_link(&options, n->scheduler);
}

static pit_sup_spec clients(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_SIMPLE_ONE_FOR_ONE,
        .children = PIT_CHILDREN(
            {.id = "client", .start = start_client, .restart = PIT_TEMPORARY, .shutdown = 2000}),
    };
}

static pit_pid start_connection_sup(const void *arg)
{
    return pit_supervisor_start_with(clients, NULL, 0, .link = true, .name = "connection_sup");
}

static pit_pid start_resp_listener(const void *arg)
{
    return listener_start_link(&options, LISTEN_RESP);
}
static pit_pid start_http_listener(const void *arg)
{
    return listener_start_link(&options, LISTEN_HTTP);
}

static pit_sup_spec listeners(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_ONE_FOR_ONE,
        .intensity = 5,
        .period = 10,
        .children = PIT_CHILDREN({.id = "resp_listener", .start = start_resp_listener},
                                 {.id = "http_listener", .start = start_http_listener}),
    };
}

static pit_pid start_listener_sup(const void *arg)
{
    return pit_supervisor_start_with(listeners, NULL, 0, .link = true, .name = "listener_sup");
}

static pit_sup_spec casino(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_ONE_FOR_ONE,
        .intensity = 5,
        .period = 10,
        .children = PIT_CHILDREN(
            {.id = "house", .start = start_house},
            {.id = "table_sup", .start = start_table_sup, .type = PIT_SUPERVISOR},
            {.id = "monitor", .start = start_monitor},
            {.id = "connection_sup", .start = start_connection_sup, .type = PIT_SUPERVISOR},
            {.id = "listener_sup", .start = start_listener_sup, .type = PIT_SUPERVISOR}),
    };
}

/* How to reach it: its address without and with the brackets of IPv6, and what redis-cli wants to
   be told. */
struct host {
    char bare[sizeof(options.address)], url[sizeof(options.address) + 2],
        cli[sizeof(options.address) + 4];
};

static struct host host_of(const char *address)
{
    if (!strcmp(address, "*")) /* every address of this machine: this is one of them */
        address = "127.0.0.1";
    struct host h = {"", "", ""};
    bool brackets = address[0] == '[';

    (void)snprintf(h.bare, sizeof(h.bare), "%.*s", (int)(strlen(address) - 2 * brackets),
                   address + brackets);
    (void)snprintf(h.url, sizeof(h.url), strchr(h.bare, ':') ? "[%s]" : "%s", h.bare);
    if (strcmp(h.bare, "127.0.0.1") != 0)
        (void)snprintf(h.cli, sizeof(h.cli), "-h %s ", h.bare);
    return h;
}

static void greet(void)
{
    struct host host = host_of(options.address);
    int resp = listener_port(LISTEN_RESP), http = listener_port(LISTEN_HTTP);

    if (ready >= 0) {
        dprintf(ready, "%d %d\n", resp, http);
        return;
    }
    printf("casino: %d tables are open.\n"
           "  RESP  %s:%d   redis-cli %s-p %d set a 1\n"
           "  HTTP  %s:%d   curl http://%s:%d/kv/a\n"
           "  page  http://%s:%d/   the live supervision tree; also /healthz, /metrics\n",
           options.tables, host.url, resp, host.cli, resp, host.url, http, host.url, http, host.url,
           http);
    if (options.allow_crash)
        printf(
            "  crash redis-cli %s-p %d crash table a   and   redis-cli %s-p %d crash connection\n",
            host.cli, resp, host.cli, resp);
    printf("Ctrl-C closes it.\n");
    fflush(stdout);
}

static int first(int argc, char **argv)
{
    pit_trap_exit(true); /* of the tree's end, and of the shutdown that SIGINT and SIGTERM become */
    pit_pid sup = pit_supervisor_start_with(casino, NULL, 0, .link = true, .name = "casino_sup");

    if (pit_error(sup) < 0) {
        fprintf(stderr, "casino: could not open: %s\n", pit_strerror(pit_error(sup)));
        return 1;
    }
    greet();
    for (;;) {
        const struct pit_exited *e = pit_receive_only(pit_exited, PIT_INFINITY);

        if (pit_pid_equal(e->pid, sup)) {
            fprintf(stderr, "casino: the supervisor gave up: %s\n", pit_term_text(e->reason));
            return 1;
        }
        if (pit_atom_is(e->reason, "shutdown"))
            break;
    }
    if (ready < 0)
        printf("casino: closing.\n");
    return pit_server_stop(sup, pit_build("shutdown"), PIT_INFINITY) < 0;
}

int casino_run(const struct options *o, int ready_fd)
{
    pit_node_opts node = *o->node;
    pit_address address;
    int status;

    if (pit_address_parse(listener_address(o, o->port).s, &address) < 0) {
        fprintf(
            stderr,
            "casino: --bind %s: that is no address; it wants one in numbers, as 127.0.0.1 or ::1\n",
            o->address);
        return 2;
    }
    if (o->schedulers)
        node.schedulers = o->schedulers;
    if (!node.name)
        node.name = "casino";

    options = *o;
    ready = ready_fd;
    status = pit_run(&node, first, 0, NULL);
    if (status < 0) {
        fprintf(stderr, "casino: the node does not start: %s\n", pit_strerror(status));
        return 1;
    }
    return status;
}
