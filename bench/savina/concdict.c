/*
 * ConcDict: a dictionary in a server, and workers that read and write it.
 */
#include "bench/savina/savina.h"

#define KEYS (INT32_MAX / 4096) /* the suite's; each of them is there from the beginning */

#define dict_protocol(CALL, CAST)                         \
    CALL(read, ((uint32_t, key)), ((uint32_t, value)))    \
    CALL(write, ((uint32_t, key), (uint32_t, value)), ()) \
    CALL(totals, (), ((uint64_t, reads), (uint64_t, writes), (uint64_t, size)))
PIT_PROTOCOL(dict);

/* Open addressing: a key is in the first slot from its own on that is its own or empty. Keys are
   stored plus one. */
#define SLOTS (1u << 20)

struct dict {
    struct {
        uint32_t key, value;
    } * slots;
    uint64_t reads, writes, size;
};

static uint32_t slot_of(const struct dict *self, uint32_t key)
{
    uint32_t i = (key * 2654435769u) >> 12;

    while (self->slots[i].key && self->slots[i].key != key + 1)
        i = (i + 1) % SLOTS;
    return i;
}

static void put(struct dict *self, uint32_t key, uint32_t value)
{
    uint32_t i = slot_of(self, key);

    self->size += self->slots[i].key == 0;
    self->slots[i].key = key + 1;
    self->slots[i].value = value;
}

static int init(struct dict *self, const void *arg)
{
    self->slots = pit_alloc(SLOTS * sizeof *self->slots);
    for (uint32_t key = 0; key < KEYS; key++)
        put(self, key, key);
    return 0;
}

static void on_read(struct dict *self, const struct dict_read *m, struct dict_read_reply *r)
{
    self->reads++;
    r->value = self->slots[slot_of(self, m->key)].value;
}

static void on_write(struct dict *self, const struct dict_write *m, struct dict_write_reply *r)
{
    self->writes++;
    put(self, m->key, m->value);
}

static void on_totals(struct dict *self, const struct dict_totals *m, struct dict_totals_reply *r)
{
    *r = (struct dict_totals_reply){
        .reads = self->reads, .writes = self->writes, .size = self->size};
}

PIT_SERVER(dict, struct dict, .init = init);

struct worker {
    pit_pid dict, first;
    uint64_t requests;
    uint32_t write_percent, random;
};

/* Every value that is written is its key, or that and a multiple of KEYS: so what is read can be
   checked. */
static void worker(const void *arg)
{
    struct worker self = *(const struct worker *)arg;
    uint64_t writes = 0;

    for (uint64_t i = 0; i < self.requests; i++) {
        uint32_t dice = savina_random(&self.random, 100), key = savina_random(&self.random, KEYS);

        if (dice < self.write_percent) {
            dict_write(self.dict, key, key + KEYS * (uint32_t)(i % 100));
            writes++;
        } else {
            uint32_t value = dict_read(self.dict, key).value;

            if (value % KEYS != key)
                bench_fail("key %u has %u, expected it modulo %u", key, value, KEYS);
        }
    }
    pit_send(self.first, bench_done, .count = writes);
}

static void run(const uint64_t *params)
{
    uint64_t workers = params[0], requests = params[1];
    pit_pid dict = pit_must(pit_server_start_link(&dict_server, NULL, 0));
    int64_t since = pit_now();

    for (uint64_t i = 0; i < workers; i++) {
        struct worker arg = {
            .dict = dict,
            .first = pit_self(),
            .requests = requests,
            .write_percent = (uint32_t)params[2],
            .random = (uint32_t)(i + 1) * 7919,
        };
        pit_spawn_link(worker, &arg, sizeof arg);
    }
    uint64_t writes = bench_wait_done(workers);
    savina_report(since, "requests_per_s", workers * requests);
    struct dict_totals_reply totals = dict_totals(dict);
    savina_expect("writes", totals.writes, writes);
    savina_expect("reads and writes", totals.reads + totals.writes, workers * requests);
    savina_expect("keys", totals.size, KEYS);
}

const struct savina savina_concdict = {
    .name = "concdict",
    .what = "workers read and write a dictionary in a server",
    .run = run,
    .params = {{"workers", 20, 1, SAVINA_FIXED},
               {"requests", 10000, 1, SAVINA_LINEAR},
               {"write_percent", 10, 0, SAVINA_FIXED}},
};
