/*
 * A table; see table.h.
 *
 * The one rule: what was executed is sent to the house in the same handler run, and the answer to
 * it goes with it. The store runs ahead of the house only inside work(); a crash there loses what
 * nobody was told of.
 */
#include "examples/casino/table.h"

#include <stdio.h>

#include "examples/casino/batch.h"
#include "examples/casino/crash.h"
#include "examples/casino/house.h"
#include "examples/casino/journal.h"
#include "examples/casino/monitor.h"

PIT_MESSAGE(table_tick);

struct table {
    uint32_t number;
    struct store_limits limits;
    size_t max_reply; /* bytes of the reply to one command */
    size_t enough;    /* bytes of replies after which a batch is answered so far */
    uint64_t seed;
    pit_pid house;
    pit_ref house_monitor;
    struct store store;
    struct out reply, journal;
    struct batch_reader reader;
    uint64_t commands, batches;
    uint32_t places_to_crash; /* marked places until this one crashes; 0: it does not */
    bool ticking;
};

/* A marked place. */
static void crash_here(struct table *self)
{
    if (self->places_to_crash && --self->places_to_crash == 0)
        crash_now();
}

pit_text16 table_name(uint32_t n)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "table_%u", n % 1000);
    return pit_text16(name);
}

static int init(struct table *self, const void *arg)
{
    const struct table_arg *a = arg;

    self->number = a->number;
    self->limits = a->options.store;
    self->max_reply = a->options.max_reply;
    self->enough = a->options.max_outstanding / (size_t)a->options.tables;
    self->seed = a->options.seed;
    self->reply = out_new(&memory_process);
    self->journal = out_new(&memory_process);
    self->reader = batch_read(bytes_of("", 0), &memory_process);
    store_init(&self->store, self->seed, &memory_process);
    monitor_started(pit_whereis("monitor"), self->number); /* nobody, when the casino opens */
    pit_server_resume(); /* the supervisor need not wait for the copy */
    return 0;
}

/* A house that crashed is back within moments; nothing but asking tells when. */
#define HOUSE_WAIT_MS 5000

static void meet_house(struct table *self)
{
    for (int waited = 0;; waited++) {
        self->house = pit_whereis("house");
        if (!pit_pid_equal(self->house, PIT_NO_PID))
            break;
        if (waited == HOUSE_WAIT_MS)
            pit_exit(pit_build("no_house"));
        pit_sleep(1);
    }
    self->house_monitor = pit_monitor(self->house);
}

/* The keys of the predecessor. Whoever asks meanwhile waits in the queue. */
static void resume(struct table *self)
{
    uint64_t cursor = 0;

    meet_house(self);
    store_reserve(&self->store, house_enter(self->house, self->number, pit_self(), false).keys);
    do {
        struct house_copy_reply part = house_copy(self->house, self->number, cursor);

        if (journal_apply(bytes_of((const char *)part.journal.data, part.journal.size),
                          &self->store) < 0)
            pit_exit(pit_build("copy_refused"));
        cursor = part.cursor;
    } while (cursor);
}

/* Journal and reply to the house, which answers; or the reply to the client, if there is nothing to
   tell the house. */
static void publish(struct table *self, pit_pid client, uint64_t ticket, size_t taken)
{
    struct out *j = &self->journal, *r = &self->reply;

    if (j->len) {
        struct house_write *w = message_make(&pit_type_house_write, j->len + r->len);

        *w = (struct house_write){client, ticket, self->number, (uint32_t)taken, (uint32_t)j->len};
        memcpy(w + 1, j->data, j->len);
        if (r->len)
            memcpy((char *)(w + 1) + j->len, r->data, r->len);
        pit_message_send(self->house, w);
    } else if (r->len) {
        struct table_answer *a = message_make(&pit_type_table_answer, r->len);

        a->ticket = ticket;
        a->table = self->number;
        a->taken = (uint32_t)taken;
        memcpy(a + 1, r->data, r->len);
        pit_message_send(client, a);
    }
}

/* A house that crashed has forgotten everything: it gets all keys again, in front of all that will
   be written. */
static void put_entry(void *context, const struct store_entry *e)
{
    struct table *self = context;

    journal_put(&self->journal, store_key(e), store_value(e), e->ends);
}

#define REFILL_SIZE ((size_t)64 << 10)

static void refill_house(struct table *self)
{
    uint64_t cursor = 0;

    meet_house(self);
    (void)house_enter(self->house, self->number, pit_self(), true);
    out_clear(&self->reply);
    out_clear(&self->journal);
    do {
        cursor = store_scan(&self->store, cursor, put_entry, self);
        if (self->journal.failed)
            pit_exit(pit_build("system_limit"));
        if (self->journal.len < REFILL_SIZE && cursor)
            continue;
        publish(self, PIT_NO_PID, 0, 0);
        out_clear(&self->journal);
    } while (cursor);
}

#define TICK_MS 100
#define TICK_BUCKETS 2000 /* at most so much is looked at in a tick: some 0.1 ms of work */

/* At most one tick is under way: only the tick itself clears `ticking`. It is never cancelled, it
   ends with the table. */
static void keep_ticking(struct table *self)
{
    if (self->ticking || !(self->store.mortal || store_uneven(&self->store)))
        return;
    self->ticking = true;
    (void)pit_send_after(TICK_MS, pit_self(), table_tick);
}

static struct work work_now(struct table *self)
{
    out_clear(&self->reply);
    out_clear(&self->journal);
    return (struct work){&self->store, &self->limits, pit_wall_clock() / 1000000, &self->reply,
                         &self->journal};
}

/* Whatever could not be written down must not be answered: crash, and have the keys as the house
   has them. */
static void check_memory(const struct table *self)
{
    if (self->reply.failed || self->journal.failed || self->reader.words.failed)
        pit_exit(pit_build("system_limit"));
}

/* Buffers that one large request has blown up do not stay. */
#define KEPT ((size_t)256 << 10)

static void shrink(struct out *o)
{
    if (o->room > KEPT)
        out_free(o);
}

static void tick(struct table *self)
{
    struct work w = work_now(self);

    self->ticking = false;
    execute_tidy(&w, TICK_BUCKETS);
    check_memory(self);
    publish(self, PIT_NO_PID, 0, 0);
    keep_ticking(self);
}

/* Only what lists keys can be so long: nothing that it has done is lost with its reply. */
static void too_long(struct table *self, size_t before)
{
    self->reply.len = before;
    resp_error(&self->reply, "ERR the reply is longer than %zu bytes (max-reply)", self->max_reply);
}

/* As many commands as fit into a reply of the size that a client may have outstanding; it asks
   again for the rest. */
static void work(struct table *self, const pit_msg *m)
{
    const struct table_work *request = pit_as(m, table_work);
    struct work w = work_now(self);
    const struct command *c;
    const struct bytes *words;
    size_t count;

    struct bytes batch = message_tail(m, sizeof(*request));
    self->reader.rest = batch;
    while (self->reply.len < self->enough && (c = batch_next(&self->reader, &words, &count))) {
        size_t before = self->reply.len;

        crash_here(self);
        execute(&w, c, words, count);
        if (self->reply.len - before > self->max_reply)
            too_long(self, before);
        self->commands++;
    }
    self->batches++;
    crash_here(self);
    check_memory(self);
    publish(self, request->client, request->ticket, batch.len - self->reader.rest.len);
    crash_here(self);
    shrink(&self->reply);
    shrink(&self->journal);
    keep_ticking(self);
}

static void on_ping(struct table *self, const struct table_ping *m, struct table_ping_reply *r)
{
    *r = (struct table_ping_reply){self->store.count, self->store.bytes, self->commands,
                                   self->batches};
}

static void info(struct table *self, const pit_msg *m)
{
    if (pit_is(m, table_work)) {
        work(self, m);
    } else if (pit_is(m, table_tick)) {
        tick(self);
    } else if (pit_is(m, table_crash)) {
        self->places_to_crash = pit_as(m, table_crash)->after + 1;
        if (self->places_to_crash == 1)
            crash_here(self);
    } else if (pit_is(m, pit_down) &&
               pit_ref_equal(pit_as(m, pit_down)->ref, self->house_monitor)) {
        refill_house(self);
    } else {
        pit_unexpected(m);
    }
}

PIT_SERVER(table, struct table, .init = init, .info = info, .resume = resume);

pit_pid table_start_link(const struct table_arg *arg)
{
    return pit_server_start_with(&table_server, arg, sizeof(*arg), .link = true,
                                 .name = table_name(arg->number).s);
}
