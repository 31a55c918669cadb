/*
 * A RESP client; see resp_client.h.
 *
 * It works in rounds: as many commands as are there, up to a bound, become one batch a table; when all answers are
 * there, the replies leave in one piece and the next round begins. So a pipeline costs a message a table and one
 * system call, and the order of replies needs no bookkeeping between rounds.
 */
#include "examples/casino/resp_client.h"

#include "examples/casino/client.h"
#include "examples/casino/crash.h"
#include "examples/casino/desk.h"
#include "examples/casino/house.h"
#include "examples/casino/number.h"
#include "examples/casino/report.h"
#include "examples/casino/resp.h"
#include "examples/casino/round.h"
#include "examples/casino/stats.h"

#define ROUND_COMMANDS \
    128 /* at most in a round: a bound on the replies in memory, far beyond the use of batching */

struct resp_client {
    struct options options;
    struct client client;
    struct resp resp;
    struct desk desk;
    struct desk_house house;
    struct round round;
    struct out reply;
    bool asking;  /* a round is under way */
    bool closing; /* after this round's replies */
};

static _Atomic uint64_t next_id = 1;

static void init(struct resp_client *self)
{
    client_init(&self->client, self->options.idle_timeout);
    resp_init(&self->resp, &self->options.resp, &memory_process);
    round_init(&self->round, &self->options);
    self->reply = out_new(&memory_process);
    self->house = (struct desk_house){report_settings, report_info, &self->options};
    self->desk.house = &self->house;
    self->desk.id = (int64_t)atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
    stats_add(&stats.resp_clients, 1);
}

/* CRASH CONNECTION, CRASH HOUSE, CRASH TABLE key [place]. Really: what these do is what a bug would do. */
static void crash(struct resp_client *self, const struct bytes *words, size_t count,
                  struct out *reply)
{
    int64_t after = 0;

    if (!self->options.allow_crash) {
        resp_error(reply, "ERR CRASH is off; start the casino with --allow-crash");
    } else if (count == 2 && bytes_is(words[1], "connection")) {
        crash_now();
    } else if (count == 2 && bytes_is(words[1], "house")) {
        house_crash(pit_whereis("house"));
        resp_status(reply, "OK");
    } else if ((count == 3 || (count == 4 && number_parse(words[3], &after) && after >= 0)) &&
               bytes_is(words[1], "table")) {
        round_crash_table(&self->round, words[2], (uint32_t)(after < 1000000 ? after : 1000000));
        resp_status(reply, "OK");
    } else {
        resp_error(reply, "ERR try CRASH TABLE key [place], CRASH CONNECTION, CRASH HOUSE");
    }
}

static void command(struct resp_client *self, const struct bytes *words, size_t count)
{
    struct route *route = &self->round.route;
    const struct command *c = command_find(words[0]);

    if (!c || !command_has_arity(c, count)) {
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

    while (self->round.route.commands < ROUND_COMMANDS && !self->closing) {
        switch (resp_next(&self->resp, client_input(c), client_input_len(c), &used)) {
        case RESP_MORE:
            return false;
        case RESP_BROKEN:
            resp_error(route_here(&self->round.route), "%s", self->resp.error);
            stats_add(&stats.protocol_errors, 1);
            self->closing = true;
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

/* The round is over: send its replies. */
static void finish(struct resp_client *self)
{
    struct bytes reply = round_reply(&self->round, &self->reply);

    self->asking = false;
    if (!reply.at)
        pit_exit(pit_build("no_reply"));
    stats_add(&stats.commands, self->round.route.commands);
    client_send(&self->client, reply);
    if (self->reply.room > 4096)
        out_free(&self->reply);
    round_clear(&self->round);
    if (self->closing)
        client_end(&self->client);
}

/* Rounds, until one has to wait for tables or there is nothing more to do. */
static void serve(struct resp_client *self)
{
    while (!self->asking) {
        (void)read_commands(self); /* whether there is more shows in the next turn */
        if (!self->round.route.commands)
            break;
        if (route_failed(&self->round.route))
            pit_exit(pit_build("system_limit"));
        if (!self->round.route.asked) {
            finish(self);
            continue;
        }
        self->asking = true;
        round_start(&self->round);
        if (self->round.error)
            return; /* the caller sees to it */
    }
    if (self->asking)
        return;
    if (self->client.ended) /* and all that it had asked is answered */
        client_end(&self->client);
    client_more(&self->client);
}

/* One error for whatever was asked, and the end: which replies belong to which commands can no longer be said. */
static void give_up(struct resp_client *self)
{
    struct out error = out_new(&memory_process);

    stats_add(&stats.failed, 1);
    resp_error(&error, "%s", self->round.error);
    client_send(&self->client, out_content(&error));
    client_end(&self->client);
}

static void handle(void *state, const pit_msg *m)
{
    struct resp_client *self = state;

    if (client_message(&self->client, m)) {
        if (!self->asking)
            serve(self);
    } else if (pit_is(m, pit_start)) {
        init(self);
    } else if (pit_is(m, client_socket)) {
        client_open(&self->client, pit_as(m, client_socket)->socket);
    } else {
        switch (round_message(&self->round, m)) {
        case ROUND_DONE:
            finish(self);
            serve(self);
            break;
        case ROUND_NOT_MINE:
            pit_unexpected(m);
            break;
        case ROUND_WAIT:
        case ROUND_FAILED:
            break;
        }
    }
    if (self->round.error)
        give_up(self);
}

pit_pid resp_client_start_link(const struct options *o, int scheduler)
{
    struct resp_client state = {.options = *o};

    return pit_try_spawn_handler(handle, &state, sizeof(state),
                                 (pit_spawn_opts){.link = true,
                                                  .scheduler = (int16_t)PIT_ON(scheduler),
                                                  .label = "resp_client"});
}
