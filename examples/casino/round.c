/*
 * Asking tables; see round.h.
 *
 * Of each table we know: nobody yet, its pid, or that it is gone and its successor is being looked
 * for. A batch that has no answer when house_found names the successor was never executed (house.h,
 * (3)), so it is simply sent again.
 */
#include "examples/casino/round.h"

struct table_seen {
    pit_pid pid;  /* PIT_NO_PID: not known */
    pit_pid gone; /* the last one that ended */
    pit_ref monitor;
    const pit_msg *answer; /* NULL: none yet */
    struct bytes rest;     /* of answer: what has not been used */
    size_t taken;          /* bytes of the batch that are answered */
    uint32_t strikes;      /* so many are still to be crashed on purpose, one after the other */
    uint32_t crash_after;  /* then one more, so many places later; 0: none */
    uint16_t crashes;      /* of tables that had this round's batch, and were not asked to */
    bool looked_for;
    bool struck; /* pid has been told to crash, and is not down yet */
    bool kept;   /* answer is */
};

/*
 * So often a batch is sent again: by then the commands are the likely cause. Where clients may
 * crash tables on purpose others are, and the batch may meet a crash of theirs each time.
 */
#define CRASHES_MOST 8
#define CRASHES_MOST_OF_OTHERS 1000

void round_init(struct round *r, const struct options *o)
{
    *r = (struct round){
        .house = PIT_NO_PID,
        .crashes_most = o->allow_crash ? CRASHES_MOST_OF_OTHERS : CRASHES_MOST,
    };
    route_init(&r->route, (unsigned)o->tables, o->seed, &memory_process);
}

static bool known(pit_pid pid) { return !pit_pid_equal(pid, PIT_NO_PID); }

static void fail(struct round *r, const char *error)
{
    if (!r->error)
        r->error = error;
}

static void have_tables(struct round *r)
{
    if (!r->tables)
        r->tables = pit_alloc(r->route.tables * sizeof(*r->tables));
    if (known(r->house))
        return;
    r->house = pit_whereis("house");
    if (known(r->house))
        r->house_monitor = pit_monitor(r->house);
    else
        fail(r, "ERR the house is closed for a moment, try again");
}

static void look_for(struct round *r, unsigned table)
{
    struct table_seen *t = &r->tables[table];

    if (t->looked_for || !known(r->house))
        return;
    t->looked_for = true;
    pit_send(r->house, house_find, .client = pit_self(), .gone = t->gone, .table = table);
}

static void ask(struct round *r, unsigned table)
{
    const struct out *batch = &r->route.batch[table];
    struct table_seen *t = &r->tables[table];
    size_t size = batch->len - t->taken;
    struct table_work *w = message_make(&pit_type_table_work, size);

    w->client = pit_self();
    w->ticket = r->ticket;
    memcpy(w + 1, batch->data + t->taken, size);
    pit_message_send(t->pid, w);
}

static void ask_waiting(struct round *r)
{
    r->ticket++;
    for (uint64_t left = r->waiting; left; left &= left - 1) {
        unsigned table = (unsigned)__builtin_ctzll(left);

        if (known(r->tables[table].pid))
            ask(r, table);
        else
            look_for(r, table);
    }
}

/* What is to crash is told so. A strike is done when its table is down, a crash at some later place
   when it was asked for. */
static void strike(struct round *r, unsigned table)
{
    struct table_seen *t = &r->tables[table];

    if (!known(t->pid)) {
        look_for(r, table);
    } else if (t->strikes) {
        if (!t->struck)
            pit_send(t->pid, table_crash, .after = 0);
        t->struck = true;
    } else {
        pit_send(t->pid, table_crash, .after = t->crash_after);
        t->crash_after = 0;
        r->strikes &= ~((uint64_t)1 << table);
    }
}

void round_start(struct round *r)
{
    r->waiting = r->route.asked;
    have_tables(r);
    for (uint64_t left = r->strikes; left; left &= left - 1)
        strike(r, (unsigned)__builtin_ctzll(left));
    ask_waiting(r);
}

static enum round_result state(const struct round *r)
{
    if (r->error)
        return ROUND_FAILED;
    return r->waiting || r->strikes ? ROUND_WAIT : ROUND_DONE;
}

static enum round_result answered(struct round *r, const pit_msg *m)
{
    const struct table_answer *a = pit_as(m, table_answer);

    if (a->ticket != r->ticket || !(r->waiting >> a->table & 1))
        return ROUND_WAIT; /* of a round that failed */
    struct table_seen *t = &r->tables[a->table];
    t->answer = m;
    t->rest = message_tail(m, sizeof(*a));
    t->taken += a->taken;
    t->crashes = 0;
    r->waiting &= ~((uint64_t)1 << a->table);
    t->kept = state(r) != ROUND_DONE;
    if (t->kept)
        (void)pit_keep(m); /* the last one lives as long as the handler that sends the reply */
    return state(r);
}

static enum round_result found(struct round *r, const struct house_found *f)
{
    struct table_seen *t = &r->tables[f->table];

    t->pid = f->pid;
    t->monitor = pit_monitor(f->pid);
    t->looked_for = false;
    if (r->waiting >> f->table & 1)
        ask(r, f->table);
    if (!(r->strikes >> f->table & 1))
        return ROUND_WAIT;
    strike(r, f->table);
    return state(r);
}

/* One of those that were to crash is down: the next, or that was all. */
static void struck_down(struct round *r, unsigned table)
{
    struct table_seen *t = &r->tables[table];

    t->struck = false;
    t->strikes--;
    if (!t->strikes && !t->crash_after)
        r->strikes &= ~((uint64_t)1 << table);
}

static enum round_result table_down(struct round *r, unsigned table)
{
    struct table_seen *t = &r->tables[table];

    t->gone = t->pid;
    t->pid = PIT_NO_PID;
    if (!((r->waiting | r->strikes) >> table & 1))
        return ROUND_WAIT; /* looked for when it is needed */
    if (t->struck)
        struck_down(r, table);
    else if (++t->crashes == r->crashes_most)
        fail(r, "ERR the table crashes each time it is asked this");
    if ((r->waiting | r->strikes) >> table & 1)
        look_for(r, table);
    return state(r);
}

static enum round_result house_down(struct round *r)
{
    r->house = PIT_NO_PID;
    for (unsigned t = 0; t < r->route.tables; t++)
        r->tables[t].looked_for = false;
    if (r->waiting || r->strikes)
        fail(r, "ERR the house crashed; whether this was done is not known");
    return state(r);
}

static enum round_result down(struct round *r, const struct pit_down *d)
{
    if (known(r->house) && pit_ref_equal(d->ref, r->house_monitor))
        return house_down(r);
    for (unsigned t = 0; t < r->route.tables; t++)
        if (known(r->tables[t].pid) && pit_ref_equal(d->ref, r->tables[t].monitor))
            return table_down(r, t);
    return ROUND_NOT_MINE;
}

enum round_result round_message(struct round *r, const pit_msg *m)
{
    if (!r->tables)
        return ROUND_NOT_MINE;
    if (pit_is(m, table_answer))
        return answered(r, m);
    if (pit_is(m, house_found))
        return found(r, pit_as(m, house_found));
    if (pit_is(m, pit_down))
        return down(r, pit_as(m, pit_down));
    return ROUND_NOT_MINE;
}

static bool all_taken(const struct round *r, unsigned table)
{
    return r->tables[table].taken == r->route.batch[table].len;
}

/* One table's replies are the client's as they stand. */
static struct bytes plain_reply(struct round *r)
{
    unsigned table = (unsigned)__builtin_ctzll(r->route.asked);
    struct bytes reply = r->tables[table].rest;

    r->tables[table].rest.len = 0;
    r->over = all_taken(r, table);
    return reply;
}

struct bytes round_reply(struct round *r, struct out *assembled)
{
    struct bytes rest[ROUTE_TABLES];
    enum route_result result;

    if (r->route.plain && r->route.asked)
        return plain_reply(r);
    for (uint64_t left = r->route.asked; left; left &= left - 1) {
        unsigned table = (unsigned)__builtin_ctzll(left);

        rest[table] = r->tables[table].rest;
    }
    out_clear(assembled);
    result = route_assemble(&r->route, rest, assembled);
    for (uint64_t left = r->route.asked; left; left &= left - 1) {
        unsigned table = (unsigned)__builtin_ctzll(left);

        r->tables[table].rest = rest[table];
    }
    r->over = result == ROUTE_DONE;
    return result == ROUTE_WRONG ? bytes_of(NULL, 0)
                                 : bytes_of(assembled->len ? assembled->data : "", assembled->len);
}

static void forget_answer(struct table_seen *t)
{
    if (t->answer && t->kept)
        pit_drop(t->answer);
    t->answer = NULL;
    t->kept = false;
}

/*
 * Those tables are asked that have nothing left here: what one client has outstanding is a part of
 * each table at most. The table that the reply waits for is one of them, and it answers one command
 * at least, so each turn gets on.
 */
void round_go_on(struct round *r)
{
    for (uint64_t left = r->route.asked; left; left &= left - 1) {
        unsigned table = (unsigned)__builtin_ctzll(left);
        struct table_seen *t = &r->tables[table];

        if (!t->rest.len) {
            forget_answer(t);
            if (!all_taken(r, table))
                r->waiting |= (uint64_t)1 << table;
        } else if (!t->kept) {
            (void)pit_keep(t->answer);
            t->kept = true;
        }
    }
    have_tables(r);
    ask_waiting(r);
}

void round_clear(struct round *r)
{
    for (uint64_t left = r->strikes; left; left &= left - 1) { /* it failed */
        struct table_seen *t = &r->tables[__builtin_ctzll(left)];

        t->strikes = t->crash_after = 0;
        t->struck = false;
    }
    r->strikes = 0;
    for (uint64_t left = r->tables ? r->route.asked : 0; left; left &= left - 1) {
        struct table_seen *t = &r->tables[__builtin_ctzll(left)];

        forget_answer(t);
        t->taken = 0;
        t->crashes = 0;
    }
    r->waiting = 0;
    r->error = NULL;
    route_clear(&r->route);
}

void round_crash_table(struct round *r, struct bytes key, uint32_t after)
{
    unsigned table = route_table(&r->route, key);

    have_tables(r);
    struct table_seen *t = &r->tables[table];
    if (after && known(t->pid) &&
        !t->strikes) { /* nothing to wait for, and so no round that would end */
        pit_send(t->pid, table_crash, .after = after);
        return;
    }
    if (after)
        t->crash_after = after;
    else
        t->strikes++;
    r->strikes |= (uint64_t)1 << table;
}
