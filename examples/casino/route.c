/*
 * The plan is a row of steps, one a command: how its reply is made of pieces, and which table each
 * piece comes from. Tables answer in the order they were asked, so a piece needs no number: it is
 * the next reply of its table.
 */
#include "examples/casino/route.h"

#include "examples/casino/hash.h"
#include "examples/casino/number.h"
#include "examples/casino/resp.h"

enum step_kind {
    AS_IT_IS,  /* one piece */
    SUM,       /* integers, added */
    ALL_OK,    /* +OK, if all pieces are */
    IN_ARRAY,  /* an array with each piece as an element */
    JOINED,    /* arrays, joined to one */
    SCAN_STEP, /* one piece, whose cursor is a table's and becomes ours */
};

#define HERE ROUTE_TABLES /* the "table" of replies that are made here */

struct step {
    uint32_t kind;
    uint32_t pieces; /* as many bytes follow, each the number of a table */
};

void route_init(struct route *r, unsigned tables, uint64_t seed, const struct memory *memory)
{
    *r = (struct route){.tables = tables,
                        .seed = seed,
                        .plain = true,
                        .plan = out_new(memory),
                        .here = out_new(memory),
                        .progress.error = out_new(memory)};
}

void route_free(struct route *r)
{
    out_free(&r->plan);
    out_free(&r->here);
    out_free(&r->progress.error);
    for (unsigned t = 0; r->batch && t < r->tables; t++)
        out_free(&r->batch[t]);
    if (r->batch)
        r->plan.memory->release(r->batch);
    r->batch = NULL;
}

static bool have_batches(struct route *r)
{
    if (r->batch)
        return true;
    r->batch = r->plan.memory->resize(NULL, r->tables * sizeof(*r->batch));
    for (unsigned t = 0; r->batch && t < r->tables; t++)
        r->batch[t] = out_new(r->plan.memory);
    r->plan.failed |= !r->batch;
    return r->batch != NULL;
}

/* What an idle connection may keep of each buffer: enough for a small pipeline. */
#define KEPT_IDLE 2048

static void empty(struct out *o)
{
    if (o->room > KEPT_IDLE)
        out_free(o);
    else
        out_clear(o);
}

void route_clear(struct route *r)
{
    for (uint64_t left = r->asked; left; left &= left - 1)
        empty(&r->batch[__builtin_ctzll(left)]);
    empty(&r->plan);
    empty(&r->here);
    empty(&r->progress.error);
    r->progress.step = r->progress.piece = r->progress.here = 0;
    r->progress.sum = 0;
    r->asked = 0;
    r->commands = 0;
    r->plain = true;
}

/* The upper half of the hash: the lower one chooses the bucket there. */
unsigned route_table(const struct route *r, struct bytes key)
{
    return (unsigned)((hash_key(r->seed, key) >> 32) * r->tables >> 32);
}

static void add_step(struct route *r, enum step_kind kind, size_t pieces)
{
    struct step s = {kind, (uint32_t)pieces};

    out_add(&r->plan, &s, sizeof(s));
    r->commands++;
    r->plain &= kind == AS_IT_IS;
}

/* One piece of the step that was added last. */
static void add_piece(struct route *r, unsigned table, enum command_id id,
                      const struct bytes *words, size_t count)
{
    char t = (char)table;

    if (!have_batches(r))
        return;
    out_add(&r->plan, &t, 1);
    batch_add(&r->batch[table], id, words, count);
    r->plain &= !r->asked || r->asked == (uint64_t)1 << table;
    r->asked |= (uint64_t)1 << table;
}

static void whole(struct route *r, unsigned table, const struct command *c,
                  const struct bytes *words, size_t count)
{
    add_step(r, AS_IT_IS, 1);
    add_piece(r, table, c->id, words, count);
}

/*
 * All keys on one table? Then the command goes there as it is. Not MGET: its reply may be as long
 * as all its values are, and as one GET a key it can be answered in parts.
 */
static bool one_table(const struct route *r, const struct command *c, const struct bytes *words,
                      size_t count, unsigned *ret)
{
    unsigned table = route_table(r, words[1]);

    if (c->id == COMMAND_mget && count > 2)
        return false;
    for (size_t i = 1; i < count; i += (size_t)c->step)
        if (route_table(r, words[i]) != table)
            return false;
    *ret = table;
    return true;
}

static enum step_kind parts_kind(enum command_id id)
{
    switch (id) {
    case COMMAND_mget:
        return IN_ARRAY;
    case COMMAND_mset:
        return ALL_OK;
    default:
        return SUM;
    }
}

/* The command of one key that a command of many is taken apart into. */
static enum command_id part_of(enum command_id id)
{
    switch (id) {
    case COMMAND_mget:
        return COMMAND_get;
    case COMMAND_mset:
        return COMMAND_set;
    default:
        return id;
    }
}

static void take_apart(struct route *r, const struct command *c, const struct bytes *words,
                       size_t count)
{
    size_t step = (size_t)c->step;
    unsigned table;

    /* MSET of an odd number: any table says what is wrong. */
    if ((count - 1) % step != 0 || one_table(r, c, words, count, &table)) {
        whole(r, route_table(r, words[1]), c, words, count);
        return;
    }
    add_step(r, parts_kind(c->id), (count - 1) / step);
    for (size_t i = 1; i < count; i += step) {
        struct bytes part[3] = {words[0], words[i], step == 2 ? words[i + 1] : words[0]};

        add_piece(r, route_table(r, words[i]), part_of(c->id), part, 1 + step);
    }
}

static enum step_kind everywhere_kind(enum command_id id)
{
    switch (id) {
    case COMMAND_keys:
        return JOINED;
    case COMMAND_dbsize:
        return SUM;
    default:
        return ALL_OK;
    }
}

static void everywhere(struct route *r, const struct command *c, const struct bytes *words,
                       size_t count)
{
    add_step(r, everywhere_kind(c->id), r->tables);
    for (unsigned t = 0; t < r->tables; t++)
        add_piece(r, t, c->id, words, count);
}

/*
 * Our cursor is a table's cursor times the number of tables, plus the table's number; a table that
 * has been scanned to its end is followed by the next one from its beginning. An empty one is 0.
 * What is no cursor is for a table to complain about; a negative one, which nobody was ever given,
 * is for the last one, so that the scan ends.
 */
static void scan(struct route *r, const struct command *c, const struct bytes *words, size_t count)
{
    char text[NUMBER_DIGITS];
    struct bytes *own;
    int64_t cursor = 0;
    unsigned table = r->tables - 1;
    struct out copy = out_new(r->plan.memory);

    out_add(&copy, words, count * sizeof(*words));
    own = (void *)copy.data;
    r->plan.failed |= copy.failed;
    if (own && (!words[1].len || number_parse(words[1], &cursor)) && cursor >= 0) {
        table = (unsigned)((uint64_t)cursor % r->tables);
        own[1] = bytes_of(text, number_print(cursor / r->tables, text));
    }
    add_step(r, SCAN_STEP, 1);
    if (own)
        add_piece(r, table, c->id, own, count);
    out_free(&copy);
}

void route_add(struct route *r, const struct command *c, const struct bytes *words, size_t count)
{
    switch (c->place) {
    case AT_KEYS:
        take_apart(r, c, words, count);
        break;
    case AT_EVERY:
        everywhere(r, c, words, count);
        break;
    case AT_SCAN:
        scan(r, c, words, count);
        break;
    case AT_KEY:
    case AT_DESK:
        whole(r, route_table(r, words[1]), c, words, count);
        break;
    }
}

struct out *route_here(struct route *r)
{
    char t = HERE;

    add_step(r, AS_IT_IS, 1);
    out_add(&r->plan, &t, 1);
    r->plain = false;
    return &r->here;
}

bool route_failed(const struct route *r)
{
    bool failed = r->plan.failed || r->here.failed;

    for (unsigned t = 0; r->batch && t < r->tables; t++)
        failed |= r->batch[t].failed;
    return failed;
}

/* A step at work. */
struct pieces {
    struct route *route;
    struct bytes *rest; /* of each table */
    const char *tables; /* of the step's pieces */
    size_t count;
    struct out *reply;
};

/* The next piece of the step; empty: its table has no more for now. */
static struct bytes take(struct pieces *p)
{
    struct route_progress *at = &p->route->progress;
    unsigned table = (unsigned char)p->tables[at->piece];
    struct bytes here = bytes_of(p->route->here.data + at->here, p->route->here.len - at->here);
    struct bytes *rest = table == HERE ? &here : &p->rest[table];
    struct bytes piece = bytes_of(rest->at, resp_reply_length(*rest));

    if (table == HERE)
        at->here += piece.len;
    rest->at += piece.len;
    rest->len -= piece.len;
    at->piece += piece.len > 0;
    return piece;
}

/* What an empty piece means: an answer that is there but holds no whole reply is wrong. */
static enum route_result missing(const struct pieces *p)
{
    unsigned table = (unsigned char)p->tables[p->route->progress.piece];

    return table != HERE && !p->rest[table].len ? ROUTE_WANTS : ROUTE_WRONG;
}

static bool number_in(struct bytes piece, char kind, int64_t *ret)
{
    const char *end = memchr(piece.at, '\r', piece.len);

    return piece.at[0] == kind && end &&
           number_parse(bytes_of(piece.at + 1, (size_t)(end - piece.at) - 1), ret);
}

/* Add the pieces up; the first that is an error is the reply instead. */
static enum route_result add_up(struct pieces *p, enum step_kind kind)
{
    struct route_progress *at = &p->route->progress;

    while (at->piece < p->count) {
        struct bytes piece = take(p);
        int64_t n = 0;

        if (!piece.len)
            return missing(p);
        if (piece.at[0] == '-') {
            if (!at->error.len)
                out_bytes(&at->error, piece);
        } else if (kind == SUM && !number_in(piece, ':', &n)) {
            return ROUTE_WRONG;
        }
        at->sum += n;
    }
    if (at->error.len)
        out_bytes(p->reply, out_content(&at->error));
    else if (kind == SUM)
        resp_integer(p->reply, at->sum);
    else
        resp_status(p->reply, "OK");
    return at->error.failed ? ROUTE_WRONG : ROUTE_DONE;
}

/* Each piece leaves as it comes. */
static enum route_result in_array(struct pieces *p)
{
    struct route_progress *at = &p->route->progress;

    if (!at->sum++) /* nothing is summed here: it says that the head has been written */
        resp_array(p->reply, p->count);
    while (at->piece < p->count) {
        struct bytes piece = take(p);

        if (!piece.len)
            return missing(p);
        out_bytes(p->reply, piece);
    }
    return ROUTE_DONE;
}

/* The elements of an array reply, without the line that says how many. */
static struct bytes elements(struct bytes piece)
{
    const char *end = memchr(piece.at, '\n', piece.len);
    size_t head = end ? (size_t)(end - piece.at) + 1 : piece.len;

    return bytes_of(piece.at + head, piece.len - head);
}

/* The number of elements stands in front: no piece is taken before all are there. */
static enum route_result join(struct pieces *p)
{
    struct out all = out_new(p->reply->memory);
    struct bytes error = {NULL, 0};
    int64_t sum = 0, n = 0;
    bool well = true;

    for (size_t i = 0; i < p->count; i++)
        if (!p->rest[(unsigned char)p->tables[i]].len)
            return ROUTE_WANTS;
    for (size_t i = 0; i < p->count && well; i++) {
        struct bytes piece = take(p);

        well = piece.len > 0 && (piece.at[0] == '-' || number_in(piece, '*', &n));
        if (well && piece.at[0] == '-') {
            error = piece;
        } else if (well) {
            sum += n;
            out_bytes(&all, elements(piece));
        }
    }
    if (error.at) {
        out_bytes(p->reply, error);
    } else {
        resp_array(p->reply, (size_t)sum);
        out_bytes(p->reply, out_content(&all));
    }
    well = well && !all.failed;
    out_free(&all);
    return well ? ROUTE_DONE : ROUTE_WRONG;
}

static enum route_result as_it_is(struct pieces *p)
{
    struct bytes piece = take(p);

    if (!piece.len)
        return missing(p);
    out_bytes(p->reply, piece);
    return ROUTE_DONE;
}

/* *2, a bulk with the cursor, the array of keys: the cursor is replaced. */
static enum route_result rescan(struct pieces *p)
{
    unsigned tables = p->route->tables;
    unsigned table = (unsigned char)p->tables[0];
    struct bytes piece = take(p);
    int64_t cursor;

    if (!piece.len)
        return missing(p);
    if (piece.at[0] == '-') {
        out_bytes(p->reply, piece);
        return ROUTE_DONE;
    }
    struct bytes rest = elements(piece);
    size_t bulk = resp_reply_length(rest);
    struct bytes digits = elements(bytes_of(rest.at, bulk));
    if (digits.len < 3 || !number_parse(bytes_of(digits.at, digits.len - 2), &cursor))
        return ROUTE_WRONG;
    if (cursor)
        cursor = cursor * tables + table;
    else if (table + 1 < tables)
        cursor = table + 1;
    resp_array(p->reply, 2);
    resp_bulk_number(p->reply, cursor);
    out_add(p->reply, rest.at + bulk, rest.len - bulk);
    return ROUTE_DONE;
}

static enum route_result make_reply(struct pieces *p, enum step_kind kind)
{
    switch (kind) {
    case AS_IT_IS:
        return as_it_is(p);
    case IN_ARRAY:
        return in_array(p);
    case JOINED:
        return join(p);
    case SCAN_STEP:
        return rescan(p);
    default:
        return add_up(p, kind);
    }
}

static void next_step(struct route_progress *at, size_t size)
{
    at->step += size;
    at->piece = 0;
    at->sum = 0;
    out_clear(&at->error);
}

enum route_result route_assemble(struct route *r, struct bytes *rest, struct out *reply)
{
    struct route_progress *at = &r->progress;

    while (at->step < r->plan.len) {
        struct step s;
        const char *step = r->plan.data + at->step;

        memcpy(&s, step, sizeof(s));
        struct pieces p = {r, rest, step + sizeof(s), s.pieces, reply};
        enum route_result result = make_reply(&p, s.kind);
        if (reply->failed)
            return ROUTE_WRONG;
        if (result != ROUTE_DONE)
            return result;
        next_step(at, sizeof(s) + s.pieces);
    }
    return ROUTE_DONE;
}
