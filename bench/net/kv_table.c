/*
 * The table: decodes batches, runs their commands on casino's store, answers each batch with one
 * message.
 *
 * A batch is, for each command, its number of words and then each word's length and bytes; numbers
 * are 32 bits in the machine's order, unaligned. Only kv_batch_add writes batches, so a wrong one
 * is a fault of this program.
 */
#include "bench/net/kv_table.h"

#include <string.h>

#include "bench/bench.h"
#include "bench/net/serve.h"
#include "examples/casino/desk.h"
#include "examples/casino/execute.h"
#include "examples/casino/resp.h"

#define MS 1000000
/* looked at after each batch: resizing and expiry keep pace with the load */
#define TIDY_BUCKETS 16

/* ---- batches ---- */

static void add_number(struct out *batch, size_t n)
{
    uint32_t x = (uint32_t)n;

    out_add(batch, &x, sizeof x);
}

void kv_batch_add(struct out *batch, const struct bytes *words, size_t count)
{
    add_number(batch, count);
    for (size_t i = 0; i < count; i++) {
        add_number(batch, words[i].len);
        out_bytes(batch, words[i]);
    }
}

static size_t take_number(struct bytes *batch)
{
    uint32_t x;

    BENCH_CHECK(batch->len >= sizeof x);
    memcpy(&x, batch->at, sizeof x);
    *batch = bytes_of(batch->at + sizeof x, batch->len - sizeof x);
    return x;
}

static struct bytes take_word(struct bytes *batch)
{
    size_t len = take_number(batch);
    struct bytes word = bytes_of(batch->at, len);

    BENCH_CHECK(len <= batch->len);
    *batch = bytes_of(batch->at + len, batch->len - len);
    return word;
}

/* ---- the process ---- */

struct table {
    struct store store;
    struct out replies, journal;
    struct bytes *words;
    size_t room;
    struct desk desk;
};

static void no_info(void *context, const char *section, struct out *text)
{
    out_text(text, "# Server\r\nredis_version:7.0.0\r\n");
}

static const struct desk_setting settings[] = {{"save", ""}, {"appendonly", "no"}, {NULL, NULL}};
static const struct desk_house house = {.settings = settings, .info = no_info};

/* Returns false when the client asked to be let go. */
static bool run_command(struct table *t, struct work *w, size_t count)
{
    const struct command *c = command_check(t->words, count, &t->replies);

    if (!c)
        return true;
    if (c->place == AT_DESK)
        return desk_answer(&t->desk, c, t->words, count, w->now * 1000, &t->replies) != DESK_QUIT;
    execute(w, c, t->words, count);
    return true;
}

static bool run_batch(struct table *t, struct bytes batch)
{
    const struct store_limits limits = STORE_LIMITS;
    struct work w = {
        .store = &t->store,
        .limits = &limits,
        .now = pit_wall_clock() / MS,
        .reply = &t->replies,
        .journal = &t->journal,
    };
    bool stays = true;

    while (batch.len && stays) {
        size_t count = take_number(&batch);

        if (count > t->room) {
            t->words = pit_realloc(t->words, count * sizeof *t->words);
            t->room = count;
        }
        for (size_t i = 0; i < count; i++)
            t->words[i] = take_word(&batch);
        stays = run_command(t, &w, count);
        out_clear(&t->journal); /* nobody keeps a copy of this table */
    }
    execute_tidy(&w, TIDY_BUCKETS);
    out_clear(&t->journal);
    return stays;
}

static void answer(struct table *t, pit_pid to, bool quit)
{
    struct kv_replies *r = pit_message_make(&pit_type_kv_replies, sizeof *r + t->replies.len);

    BENCH_CHECK(r && !t->replies.failed);
    *r = (struct kv_replies){.length = (uint32_t)t->replies.len, .quit = quit};
    memcpy(r + 1, t->replies.data, t->replies.len);
    out_clear(&t->replies);
    pit_message_send(to, r);
}

static void table(void *state, const pit_msg *m)
{
    struct table *t = state;

    if (pit_is(m, kv_batch)) {
        const struct kv_batch *b = pit_as(m, kv_batch);
        bool stays = run_batch(t, bytes_of((const char *)(b + 1), b->length));

        answer(t, m->from, !stays);
    } else if (pit_is(m, pit_start)) {
        store_init(&t->store, pit_random(), &serve_memory);
        t->replies = out_new(&serve_memory);
        t->journal = out_new(&serve_memory);
        t->desk.house = &house;
    }
}

pit_pid kv_table_start(const void *arg)
{
    static const struct table empty;
    pit_spawn_opts opts = {.link = true, .name = KV_TABLE};

    return pit_try_spawn_handler(table, &empty, sizeof empty, opts);
}
