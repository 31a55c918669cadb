/*
 * The plan is a row of steps, one a command: how its reply is made of pieces, and which table each piece comes from.
 * Tables answer in the order they were asked, so a piece needs no number: it is the next reply of its table.
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
                        .here = out_new(memory)};
}

void route_free(struct route *r)
{
    out_free(&r->plan);
    out_free(&r->here);
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

/* All keys on one table? Then the command goes there as it is, which is also atomic. */
static bool one_table(const struct route *r, const struct command *c, const struct bytes *words,
                      size_t count, unsigned *ret)
{
    unsigned table = route_table(r, words[1]);

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
 * Our cursor is a table's cursor times the number of tables, plus the table's number; a table that has been scanned
 * to its end is followed by the next one from its beginning. What is no cursor is for a table to complain about.
 */
static void scan(struct route *r, const struct command *c, const struct bytes *words, size_t count)
{
    char text[NUMBER_DIGITS];
    struct bytes *own;
    int64_t cursor;
    unsigned table = 0;
    struct out copy = out_new(r->plan.memory);

    out_add(&copy, words, count * sizeof(*words));
    own = (void *)copy.data;
    r->plan.failed |= copy.failed;
    if (own && number_parse(words[1], &cursor) && cursor >= 0) {
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

/* What is left of each table's answer while a reply is put together. */
struct pieces {
    struct bytes rest[ROUTE_TABLES + 1];
    const char *tables; /* of the step at hand */
    const struct route *route;
};

/* The next reply of the table of piece i; empty: there is none. */
static struct bytes take(struct pieces *p, size_t i)
{
    struct bytes *rest = &p->rest[(unsigned char)p->tables[i]];
    struct bytes piece = bytes_of(rest->at, resp_reply_length(*rest));

    rest->at += piece.len;
    rest->len -= piece.len;
    return piece;
}

static bool number_in(struct bytes piece, char kind, int64_t *ret)
{
    const char *end = memchr(piece.at, '\r', piece.len);

    return piece.at[0] == kind && end &&
           number_parse(bytes_of(piece.at + 1, (size_t)(end - piece.at) - 1), ret);
}

/* Add the pieces up; the first that is an error is the reply instead. */
static bool add_up(struct pieces *p, size_t count, enum step_kind kind, struct out *reply)
{
    struct bytes error = {NULL, 0};
    int64_t sum = 0, n = 0;

    for (size_t i = 0; i < count; i++) {
        struct bytes piece = take(p, i);

        if (!piece.len)
            return false;
        if (piece.at[0] == '-') {
            error = error.at ? error : piece;
            continue;
        }
        if (kind == SUM && !number_in(piece, ':', &n))
            return false;
        sum += n;
    }
    if (error.at)
        out_bytes(reply, error);
    else if (kind == SUM)
        resp_integer(reply, sum);
    else
        resp_status(reply, "OK");
    return true;
}

static bool in_array(struct pieces *p, size_t count, struct out *reply)
{
    resp_array(reply, count);
    for (size_t i = 0; i < count; i++) {
        struct bytes piece = take(p, i);

        if (!piece.len)
            return false;
        out_bytes(reply, piece);
    }
    return true;
}

/* The elements of an array reply, without the line that says how many. */
static struct bytes elements(struct bytes piece)
{
    const char *end = memchr(piece.at, '\n', piece.len);
    size_t head = end ? (size_t)(end - piece.at) + 1 : piece.len;

    return bytes_of(piece.at + head, piece.len - head);
}

static bool join(struct pieces *p, size_t count, struct out *reply)
{
    struct out all = out_new(reply->memory);
    struct bytes error = {NULL, 0};
    int64_t sum = 0, n = 0;
    bool well = true;

    for (size_t i = 0; i < count && well; i++) {
        struct bytes piece = take(p, i);

        well = piece.len > 0 && (piece.at[0] == '-' || number_in(piece, '*', &n));
        if (well && piece.at[0] == '-') {
            error = piece;
        } else if (well) {
            sum += n;
            out_bytes(&all, elements(piece));
        }
    }
    if (error.at) {
        out_bytes(reply, error);
    } else {
        resp_array(reply, (size_t)sum);
        out_bytes(reply, out_content(&all));
    }
    well = well && !all.failed;
    out_free(&all);
    return well;
}

/* *2, a bulk with the cursor, the array of keys: the cursor is replaced. */
static bool rescan(struct pieces *p, struct out *reply)
{
    unsigned tables = p->route->tables;
    unsigned table = (unsigned char)p->tables[0];
    struct bytes piece = take(p, 0);
    int64_t cursor;

    if (!piece.len || piece.at[0] == '-') {
        out_bytes(reply, piece);
        return piece.len > 0;
    }
    struct bytes rest = elements(piece);
    size_t bulk = resp_reply_length(rest);
    struct bytes digits = elements(bytes_of(rest.at, bulk));
    if (digits.len < 3 || !number_parse(bytes_of(digits.at, digits.len - 2), &cursor))
        return false;
    if (cursor)
        cursor = cursor * tables + table;
    else if (table + 1 < tables)
        cursor = table + 1;
    resp_array(reply, 2);
    resp_bulk_number(reply, cursor);
    out_add(reply, rest.at + bulk, rest.len - bulk);
    return true;
}

static bool make_reply(struct pieces *p, const struct step *s, struct out *reply)
{
    struct bytes piece;

    switch (s->kind) {
    case AS_IT_IS:
        piece = take(p, 0);
        out_bytes(reply, piece);
        return piece.len > 0;
    case IN_ARRAY:
        return in_array(p, s->pieces, reply);
    case JOINED:
        return join(p, s->pieces, reply);
    case SCAN_STEP:
        return rescan(p, reply);
    default:
        return add_up(p, s->pieces, s->kind, reply);
    }
}

bool route_assemble(struct route *r, const struct bytes *answers, struct out *reply)
{
    struct pieces p = {.route = r};
    size_t at = 0;

    for (unsigned t = 0; t < r->tables; t++)
        if (r->asked >> t & 1)
            p.rest[t] = answers[t];
    p.rest[HERE] = out_content(&r->here);
    while (at < r->plan.len) {
        struct step s;

        memcpy(&s, r->plan.data + at, sizeof(s));
        p.tables = r->plan.data + at + sizeof(s);
        at += sizeof(s) + s.pieces;
        if (!make_reply(&p, &s, reply))
            return false;
    }
    return !reply->failed;
}
