/*
 * The supervision tree as JSON, by asking each supervisor for its children and each child for its
 * state. What ends while it is asked is shown as gone. Of the connections, which may be many, only
 * the newest are listed.
 */
#include <inttypes.h>

#include "examples/casino/listener.h"
#include "examples/casino/messages.h"
#include "examples/casino/report.h"

/* children of one supervisor that are shown; no fixed one has as many but table_sup */
#define LISTED 12
#define LISTED_MOST 64
#define DEPTH 4 /* the tree is three deep; a bound all the same */

static void pid_text(pit_pid pid, struct out *json)
{
    char text[64];

    (void)pit_term_print(text, sizeof(text), pit_build("~", pid));
    out_format(json, "\"pid\":\"%s\"", text);
}

static void state_of(pit_pid pid, struct out *json)
{
    static const char *const names[] = {"runnable", "running", "waiting", "exiting"};
    pit_process_info info;

    if (pit_process_info_of(pid, &info) < 0) {
        out_text(json, ",\"status\":\"gone\"");
        return;
    }
    out_format(json,
               ",\"status\":\"%s\",\"label\":\"%s\",\"memory\":%zu,\"messages\":%zu,\"reductions\":"
               "%" PRIu64,
               names[info.status], info.label, info.memory, info.message_count, info.reductions);
}

static void children_of(pit_pid supervisor, int depth, struct out *json);

static void child(const struct pit_child_info *c, int depth, struct out *json)
{
    bool runs = !pit_pid_equal(c->pid, PIT_NO_PID);

    out_format(json, "{\"id\":\"%s\",\"restarts\":%u,", c->id, c->restarts);
    if (runs)
        pid_text(c->pid, json);
    else
        out_text(json, "\"pid\":\"\"");
    if (runs)
        state_of(c->pid, json);
    else
        out_format(json, ",\"status\":\"%s\"", c->restarting ? "restarting" : "stopped");
    if (runs && c->type == PIT_SUPERVISOR && depth < DEPTH)
        children_of(c->pid, depth + 1, json);
    out_text(json, "}");
}

static void children_of(pit_pid supervisor, int depth, struct out *json)
{
    pit_child_info *list = pit_alloc(LISTED_MOST * sizeof(*list));
    size_t count = pit_supervisor_which_children(supervisor, list, LISTED_MOST);
    size_t have = count < LISTED_MOST ? count : LISTED_MOST;
    size_t from = 0;

    if (have && !list[0].id[0] && have > LISTED)
        have = LISTED; /* a simple supervisor's: the newest */
    out_format(json, ",\"count\":%zu,\"children\":[", count);
    for (size_t i = have; i > from; i--) { /* the oldest first */
        if (i < have)
            out_text(json, ",");
        child(&list[i - 1], depth, json);
    }
    out_text(json, "]");
    pit_free(list);
}

void report_tree(struct out *json)
{
    pit_pid top = pit_whereis("casino_sup");
    pit_node_info node;

    pit_node_info_get(&node);
    out_format(json,
               "{\"port\":%d,\"uptime\":%" PRId64 ",\"processes\":%" PRIu64 ",\"messages\":%" PRIu64
               ",\"faults\":%" PRIu64
               ",\"schedulers\":%d,\"tree\":{\"id\":\"casino_sup\",\"restarts\":0,",
               listener_port(LISTEN_RESP), node.uptime_ns / 1000000, node.processes, node.messages,
               node.faults, node.schedulers);
    pid_text(top, json);
    state_of(top, json);
    children_of(top, 0, json);
    out_text(json, "}}");
}
