/* INFO and /metrics; the tree is in tree.c. */
#include "examples/casino/report.h"

#include <inttypes.h>
#include <unistd.h>

#include "examples/casino/house.h"
#include "examples/casino/listener.h"
#include "examples/casino/monitor.h"
#include "examples/casino/options.h"
#include "examples/casino/stats.h"

const struct desk_setting report_settings[] = {
    {"appendonly", "no"}, {"databases", "1"}, {"maxmemory-policy", "noeviction"},
    {"save", ""},         {"timeout", "0"},   {NULL, NULL},
};

#define ASK_MS 2000

struct numbers {
    pit_node_info node;
    struct house_state_reply house;
    struct monitor_state_reply tables;
    uint64_t clients;  /* connected now */
    uint64_t restarts; /* of tables */
};

/* A house or monitor that is just being restarted leaves its numbers zero: better a gap than no
   answer at all. */
static struct numbers gather(void)
{
    struct numbers n = {0};

    pit_node_info_get(&n.node);
    (void)house_try_state(pit_whereis("house"), ASK_MS, &n.house);
    (void)monitor_try_state(pit_whereis("monitor"), ASK_MS, &n.tables);
    n.clients = pit_supervisor_count_children(pit_whereis("connection_sup")).active;
    n.restarts = pit_supervisor_count_children(pit_whereis("table_sup")).restarts;
    return n;
}

static bool wanted(const char *asked, const char *section)
{
    return !strcmp(asked, section) || !strcmp(asked, "all") || !strcmp(asked, "default") ||
           !strcmp(asked, "everything");
}

void report_info(void *context, const char *section, struct out *text)
{
    const struct options *o = context;
    struct numbers n = gather();

    if (wanted(section, "server"))
        out_format(
            text,
            "# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\nserver_name:casino\r\n"
            "process_id:%d\r\ntcp_port:%d\r\nuptime_in_seconds:%" PRId64 "\r\n\r\n",
            (int)getpid(), listener_port(LISTEN_RESP), n.node.uptime_ns / 1000000000);
    if (wanted(section, "clients"))
        out_format(text,
                   "# Clients\r\nconnected_clients:%" PRIu64
                   "\r\nblocked_clients:0\r\nmaxclients:%d\r\n\r\n",
                   n.clients, o->max_clients);
    if (wanted(section, "memory"))
        out_format(text, "# Memory\r\nused_memory:%" PRIu64 "\r\nhouse_copy:%" PRIu64 "\r\n\r\n",
                   n.tables.bytes, n.house.bytes);
    if (wanted(section, "stats"))
        out_format(text,
                   "# Stats\r\ntotal_connections_received:%" PRIu64
                   "\r\ntotal_commands_processed:%" PRIu64 "\r\ntable_restarts:%" PRIu64
                   "\r\nfaults_contained:%" PRIu64 "\r\n\r\n",
                   stats_read(&stats.resp_clients), stats_read(&stats.commands), n.restarts,
                   n.node.faults);
    if (wanted(section, "keyspace"))
        out_format(text, "# Keyspace\r\ndb0:keys=%" PRIu64 ",expires=0,avg_ttl=0\r\n",
                   n.house.keys);
}

static void metric(struct out *text, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    out_format(text, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
               value);
}

/* The node's histogram of sampled delays has a bucket for each power of two; Prometheus wants sums
   up to a bound. */
static void run_delay(struct out *text, const pit_node_info *node)
{
    static const char name[] = "casino_run_queue_delay_seconds";
    uint64_t sum = 0;
    double seconds = 0;

    out_format(text, "# HELP %s from runnable to running, sampled\n# TYPE %s histogram\n", name,
               name);
    for (int i = 0; i < 64; i++) {
        sum += node->run_delay_ns[i];
        seconds += (double)node->run_delay_ns[i] * 1.5 * (double)((uint64_t)1 << i) / 1e9;
        if (i >= 7 && i <= 33) /* 0.25 us to 17 s */
            out_format(text, "%s_bucket{le=\"%.9g\"} %" PRIu64 "\n", name,
                       (double)((uint64_t)2 << i) / 1e9, sum);
    }
    out_format(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9g\n%s_count %" PRIu64 "\n",
               name, sum, name, seconds, name, sum);
}

void report_metrics(struct out *text)
{
    struct numbers n = gather();

    metric(text, "casino_processes", "gauge", "processes alive", n.node.processes);
    metric(text, "casino_processes_spawned_total", "counter", "processes started", n.node.spawned);
    metric(text, "casino_messages_total", "counter", "messages and signals sent", n.node.messages);
    metric(text, "casino_faults_total", "counter", "processes ended by a contained fault",
           n.node.faults);
    metric(text, "casino_restarts_total", "counter", "tables started again", n.restarts);
    metric(text, "casino_run_queue", "gauge", "processes that wait for a core", n.node.run_queue);
    run_delay(text, &n.node);
    metric(text, "casino_connections", "gauge", "clients connected", n.clients);
    metric(text, "casino_resp_connections_total", "counter", "RESP clients accepted",
           stats_read(&stats.resp_clients));
    metric(text, "casino_http_connections_total", "counter", "HTTP clients accepted",
           stats_read(&stats.http_clients));
    metric(text, "casino_commands_total", "counter", "RESP commands answered",
           stats_read(&stats.commands));
    metric(text, "casino_requests_total", "counter", "HTTP requests answered",
           stats_read(&stats.requests));
    metric(text, "casino_protocol_errors_total", "counter", "clients closed for bad input",
           stats_read(&stats.protocol_errors));
    metric(text, "casino_stalled_total", "counter", "clients closed for not taking replies",
           stats_read(&stats.stalled));
    metric(text, "casino_failed_total", "counter", "rounds that failed", stats_read(&stats.failed));
    metric(text, "casino_keys", "gauge", "keys", n.tables.keys);
    metric(text, "casino_bytes", "gauge", "bytes of the tables' keys and values", n.tables.bytes);
    metric(text, "casino_house_keys", "gauge", "keys in the house's copy", n.house.keys);
    metric(text, "casino_house_bytes", "gauge", "bytes of the house's copy", n.house.bytes);
    metric(text, "casino_house_writes_total", "counter", "journals the house has taken",
           n.house.writes);
    metric(text, "casino_tables_up", "gauge", "tables that answered the last ping", n.tables.up);
}
