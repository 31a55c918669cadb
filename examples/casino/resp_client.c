/*
 * A RESP client; see resp_client.h.
 *
 * It works in rounds: as many commands as are there, up to a bound, become one batch a table; when
 * all answers are there, the replies leave in one piece and the next round begins. So a pipeline
 * costs a message a table and one system call, and the order of replies needs no bookkeeping
 * between rounds.
 */
#include "examples/casino/resp_client.h"

#include "examples/casino/client.h"
#include "examples/casino/crash.h"
#include "examples/casino/desk.h"
#include "examples/casino/house.h"
#include "examples/casino/number.h"
#include "examples/casino/report.h"
#include "examples/casino/resp.h"
#include "examples/casino/stats.h"

/* at most in a round: a bound on the replies in memory, far beyond the use of batching */
#define ROUND_COMMANDS 128

/* What the desk answers in this round counts as outstanding as well. */
static bool round_is_full(const struct client *c)
{
    return c->round.route.commands >= ROUND_COMMANDS ||
           c->round.route.here.len >= c->options.max_outstanding;
}

struct resp_client {
    struct client client; /* first: client.h */
    struct resp resp;
    struct desk desk;
    struct desk_house house;
    bool closing; /* after this round's replies */
    bool broken;  /* because what it sends cannot be read */
};

static _Atomic uint64_t next_id = 1;

static void init(void *state)
{
    struct resp_client *self = state;

    resp_init(&self->resp, &self->client.options.resp, &memory_process);
    self->house = (struct desk_house){report_settings, report_info, &self->client.options};
    self->desk.house = &self->house;
    self->desk.id = (int64_t)atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
    stats_add(&stats.resp_clients, 1);
}

/* CRASH CONNECTION, CRASH TABLE key [place]; CRASH HOUSE (--allow-house-crash). Really: what these
   do is what a bug would do. */
static void crash(struct resp_client *self, const struct bytes *words, size_t count,
                  struct out *reply)
{
    int64_t after = 0;

    if (!self->client.options.allow_crash) {
        resp_error(reply, "ERR CRASH is off; start the casino with --allow-crash");
    } else if (count == 2 && bytes_is(words[1], "connection")) {
        crash_now();
    } else if (self->client.options.allow_house_crash && count == 2 &&
               bytes_is(words[1], "house")) {
        house_crash(pit_whereis("house"));
        resp_status(reply, "OK");
    } else if ((count == 3 || (count == 4 && number_parse(words[3], &after) && after >= 0)) &&
               bytes_is(words[1], "table")) {
        round_crash_table(&self->client.round, words[2],
                          (uint32_t)(after < 1000000 ? after : 1000000));
        resp_status(reply, "OK");
    } else {
        resp_error(reply, "ERR try CRASH TABLE key [place], CRASH CONNECTION");
    }
}

/*
 * A browser that a foreign page has made to send its request here. As redis does: closed without a
 * word, before the request's body is read, which would be commands.
 */
static bool is_http(struct bytes word) { return bytes_is(word, "post") || bytes_is(word, "host:"); }

static void command(struct resp_client *self, const struct bytes *words, size_t count)
{
    struct route *route = &self->client.round.route;
    const struct command *c = command_find(words[0]);

    if (is_http(words[0])) {
        stats_add(&stats.protocol_errors, 1);
        if (!route->commands)
            client_end(&self->client);
        self->closing = true;
    } else if (!c || !command_has_arity(c, count)) {
        (void)command_check(words, count, route_here(route));
    } else if (c->id == COMMAND_crash) {
        crash(self, words, count, route_here(route));
    } else if (c->place == AT_DESK) {
        if (desk_answer(&self->desk, c, words, count, pit_wall_clock() / 1000, route_here(route)) ==
            DESK_QUIT)
            self->closing = true;
    } else {
        route_add(route, c, words, count);
    }
}

/* Read commands into the round. false: the input holds no further whole command. */
static bool read_commands(struct resp_client *self)
{
    struct client *c = &self->client;
    size_t used;

    while (!round_is_full(c) && !self->closing) {
        switch (resp_next(&self->resp, client_input(c), client_input_len(c), &used)) {
        case RESP_MORE:
            return false;
        case RESP_BROKEN:
            resp_error(route_here(&self->client.round.route), "%s", self->resp.error);
            stats_add(&stats.protocol_errors, 1);
            self->closing = self->broken = true;
            return false;
        case RESP_COMMAND:
            c->used += used;
            if (self->resp.count)
                command(self, self->resp.words, self->resp.count);
            break;
        }
    }
    return true;
}

/* The round is over, or asked nobody: send its replies. */
static void answer(void *state)
{
    struct resp_client *self = state;
    struct client *c = &self->client;
    struct bytes reply = round_reply(&c->round, &c->reply);

    if (!reply.at)
        pit_exit(pit_build("no_reply"));
    client_send(c, reply);
    if (!round_is_over(&c->round)) {
        client_ask_on(c); /* only now: a client that takes nothing has no more made for it */
        return;
    }
    stats_add(&stats.commands, c->round.route.commands);
    round_clear(&c->round);
    if (self->broken)
        client_leave(c);
    else if (self->closing)
        client_end(c);
}

static void serve(void *state)
{
    struct resp_client *self = state;
    struct client *c = &self->client;

    while (!c->asking) {
        (void)read_commands(self); /* whether there is more shows in the next turn */
        if (!c->round.route.commands)
            break;
        if (round_asks(&c->round))
            client_ask(c);
        else
            answer(self);
    }
}

/* One error for whatever was asked, and the end: which replies belong to which commands can no
   longer be said. */
static void give_up(void *state)
{
    struct client *c = &((struct resp_client *)state)->client;

    out_clear(&c->reply);
    resp_error(&c->reply, "%s", c->round.error);
    client_send(c, out_content(&c->reply));
    client_end(c);
}

static const struct client_kind resp_kind = {init, serve, answer, give_up, NULL};

static void handle(void *state, const pit_msg *m)
{
    client_handle(&((struct resp_client *)state)->client, m);
}

pit_pid resp_client_start_link(const struct options *o, int scheduler)
{
    struct resp_client state = {
        .client = {.kind = &resp_kind, .options = *o, .idle_timeout = o->idle_timeout}};

    return pit_try_spawn_handler(handle, &state, sizeof(state),
                                 (pit_spawn_opts){.link = true,
                                                  .scheduler = (int16_t)PIT_ON(scheduler),
                                                  .label = "resp_client"});
}
