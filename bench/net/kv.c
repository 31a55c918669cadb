/*
 * kv: RESP. A server of SET, GET and the rest of casino's commands, without casino's house: one
 * process a connection, which parses, and one table process, which owns the keys (kv_table.h).
 *
 * A connection watches the table that it asks. When that ends, so does the connection, for its
 * client's keys are gone; the supervisor starts another table, and the client may connect again.
 */
#include <string.h>

#include "bench/bench.h"
#include "bench/net/kv_table.h"
#include "bench/net/serve.h"
#include "examples/casino/resp.h"

struct connection {
    pit_tcp socket;
    pit_pid table;
    struct resp resp;
    struct out input; /* the beginning of a command whose end has not come */
    struct out batch;
    unsigned asked; /* batches that are not answered yet */
    bool ending;
};

/* Commands that are whole go into the batch; what is left of the input stays. Returns false if it
   is no RESP. */
static bool take_commands(struct connection *c)
{
    size_t done = 0, used;
    enum resp_result result;

    while ((result = resp_next(&c->resp, c->input.data + done, c->input.len - done, &used)) ==
           RESP_COMMAND) {
        if (c->resp.count)
            kv_batch_add(&c->batch, c->resp.words, c->resp.count);
        done += used;
    }
    c->input.len -= done;
    memmove(c->input.data, c->input.data + done, c->input.len);
    return result == RESP_MORE;
}

static void ask_table(struct connection *c)
{
    struct kv_batch *b = pit_message_make(&pit_type_kv_batch, sizeof *b + c->batch.len);

    BENCH_CHECK(b && !c->batch.failed);
    b->length = (uint32_t)c->batch.len;
    memcpy(b + 1, c->batch.data, c->batch.len);
    out_clear(&c->batch);
    pit_message_send(c->table, b);
    c->asked++;
}

static void end_when_answered(struct connection *c)
{
    if (c->ending && !c->asked)
        serve_end();
}

static void received(struct connection *c, pit_binary bytes)
{
    if (c->ending)
        return;
    out_add(&c->input, bytes.data, bytes.size);
    BENCH_CHECK(!c->input.failed);
    c->ending = !take_commands(c);
    if (c->batch.len)
        ask_table(c);
    end_when_answered(c);
}

static void answered(struct connection *c, const struct kv_replies *r)
{
    c->asked--;
    serve_reply(c->socket, r + 1, r->length);
    c->ending |= r->quit;
    end_when_answered(c);
}

static void began(struct connection *c)
{
    static const struct resp_limits limits = RESP_LIMITS;

    resp_init(&c->resp, &limits, &serve_memory);
    c->input = out_new(&serve_memory);
    c->batch = out_new(&serve_memory);
    c->table = pit_whereis(KV_TABLE);
    if (pit_pid_equal(c->table, PIT_NO_PID))
        serve_end(); /* it is being started again */
    pit_monitor(c->table);
    serve_active(c->socket);
}

static void connection(void *state, const pit_msg *m)
{
    struct connection *c = state;

    if (pit_is(m, pit_tcp_data))
        received(c, pit_as(m, pit_tcp_data)->bytes);
    else if (pit_is(m, kv_replies))
        answered(c, pit_as(m, kv_replies));
    else if (pit_is(m, pit_tcp_passive))
        serve_active(c->socket);
    else if (pit_is(m, pit_tcp_closed) || pit_is(m, pit_down))
        serve_end();
    else if (pit_is(m, pit_start))
        began(c);
}

static void start(pit_tcp s, void *arg)
{
    struct connection c = {.socket = s};

    pit_tcp_give_handler(s, connection, &c, sizeof c);
}

int bench_kv(char **argv)
{
    return serve(argv[0], &(struct service){.start = start, .helper = kv_table_start});
}
