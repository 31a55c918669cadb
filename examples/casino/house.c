/* The house; see house.h for what it promises. */
#include "examples/casino/house.h"

#include "examples/casino/crash.h"
#include "examples/casino/journal.h"
#include "examples/casino/route.h"

/* One table as the house knows it. */
struct seat {
    struct store copy;
    pit_pid table;      /* who it is; PIT_NO_PID: nobody, until one enters */
    pit_ref monitor;    /* of table */
    pit_pid next;       /* entered while table was not known to be gone; answered when it is */
    pit_asker asker;    /* of next's enter */
    bool refill;        /* next's */
    struct out finders; /* pids of clients that wait for a successor */
};

struct house {
    uint32_t tables;
    uint64_t writes;
    struct seat seats[ROUTE_TABLES];
};

static int init(struct house *self, const void *arg)
{
    const struct options *o = arg;

    self->tables = (uint32_t)o->tables;
    for (uint32_t t = 0; t < self->tables; t++) {
        store_init(&self->seats[t].copy, o->seed, &memory_process);
        self->seats[t].finders = out_new(&memory_process);
    }
    return 0;
}

static bool is_nobody(pit_pid pid) { return pit_pid_equal(pid, PIT_NO_PID); }

static struct seat *seat_of(struct house *self, uint32_t table)
{
    if (table >= self->tables)
        pit_exit(pit_build("{no_such_table, ~}", table));
    return &self->seats[table];
}

static uint32_t number_of(const struct house *self, const struct seat *s)
{
    return (uint32_t)(s - self->seats);
}

/* Who sits down is watched, and whoever waited is told. */
static void seat_taken(struct house *self, struct seat *s, pit_pid who, bool refill)
{
    const pit_pid *finder = (void *)s->finders.data;

    if (refill)
        store_clear(&s->copy);
    s->table = who;
    s->monitor = pit_monitor(who);
    for (size_t i = 0; i < s->finders.len / sizeof(*finder); i++)
        pit_send(finder[i], house_found, .pid = who, .table = number_of(self, s));
    out_free(&s->finders);
}

static void on_enter(struct house *self, const struct house_enter *m, struct house_enter_reply *r)
{
    struct seat *s = seat_of(self, m->table);

    if (!is_nobody(s->table) && !pit_pid_equal(s->table, m->who)) {
        s->next = m->who; /* the predecessor's last messages may still be under way */
        s->refill = m->refill;
        s->asker = pit_defer();
        return;
    }
    seat_taken(self, s, m->who, m->refill);
    r->keys = s->copy.count;
}

static void table_gone(struct house *self, const struct pit_down *down)
{
    for (uint32_t t = 0; t < self->tables; t++) {
        struct seat *s = &self->seats[t];

        if (is_nobody(s->table) || !pit_ref_equal(s->monitor, down->ref))
            continue;
        s->table = PIT_NO_PID;
        if (!is_nobody(s->next)) {
            seat_taken(self, s, s->next, s->refill);
            s->next = PIT_NO_PID;
            pit_reply(s->asker, house_enter, .keys = s->copy.count);
        }
    }
}

/* A part of the copy is a journal that makes it: puts, about so many bytes of them. */
#define PART_SIZE ((size_t)64 << 10)

static void put_entry(void *journal, const struct store_entry *e)
{
    journal_put(journal, store_key(e), store_value(e), e->ends);
}

static void on_copy(struct house *self, const struct house_copy *m, struct house_copy_reply *r)
{
    struct seat *s = seat_of(self, m->table);
    struct out part = out_new(&memory_process);
    uint64_t cursor = m->cursor;

    do
        cursor = store_scan(&s->copy, cursor, put_entry, &part);
    while (cursor && part.len < PART_SIZE);
    if (part.failed)
        pit_exit(pit_build("system_limit"));
    r->cursor = cursor;
    r->journal = pit_binary_new(part.data, part.len);
    out_free(&part);
}

static void on_state(struct house *self, const struct house_state *m, struct house_state_reply *r)
{
    for (uint32_t t = 0; t < self->tables; t++) {
        r->keys += self->seats[t].copy.count;
        r->bytes += self->seats[t].copy.bytes;
    }
    r->writes = self->writes;
}

static void on_crash(struct house *self, const struct house_crash *m) { crash_now(); }

/* The answer to a write, now that the copy has it. */
static void pass_on(const struct house_write *w, struct bytes answer)
{
    struct table_answer *a = message_make(&pit_type_table_answer, answer.len);

    a->ticket = w->ticket;
    a->table = w->table;
    a->taken = w->taken;
    memcpy(a + 1, answer.at, answer.len);
    pit_message_send(w->client, a);
}

#define TIDY_BUCKETS 4 /* with each write, so that a resize ends long before the next one is due */

static void not_expired(void *context, struct bytes key) {}

static void written(struct house *self, const pit_msg *m)
{
    const struct house_write *w = pit_as(m, house_write);
    struct seat *s = seat_of(self, w->table);
    struct bytes tail = message_tail(m, sizeof(*w));
    int r = journal_apply(bytes_of(tail.at, w->journal), &s->copy);

    if (r < 0) /* the copy is no copy any more: crash, and be refilled */
        pit_exit(pit_build("{journal, ~}", r));
    /* nothing is old enough to expire here: that is the table's to say */
    if (store_uneven(&s->copy))
        store_tidy(&s->copy, INT64_MIN, TIDY_BUCKETS, not_expired, NULL);
    self->writes++;
    if (!is_nobody(w->client))
        pass_on(w, bytes_of(tail.at + w->journal, tail.len - w->journal));
}

static void find(struct house *self, const struct house_find *f)
{
    struct seat *s = seat_of(self, f->table);

    if (!is_nobody(s->table) && !pit_pid_equal(s->table, f->gone))
        pit_send(f->client, house_found, .pid = s->table, .table = f->table);
    else
        out_add(&s->finders, &f->client, sizeof(f->client));
    if (s->finders.failed)
        pit_exit(pit_build("system_limit"));
}

static void info(struct house *self, const pit_msg *m)
{
    if (pit_is(m, house_write))
        written(self, m);
    else if (pit_is(m, house_find))
        find(self, pit_as(m, house_find));
    else if (pit_is(m, pit_down))
        table_gone(self, pit_as(m, pit_down));
    else
        pit_unexpected(m);
}

PIT_SERVER(house, struct house, .init = init, .info = info);

pit_pid house_start_link(const struct options *o)
{
    return pit_server_start_with(&house_server, o, sizeof(*o), .link = true, .name = "house");
}
