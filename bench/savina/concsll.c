/*
 * ConcSLL: a sorted linked list in a server, and workers that insert, search and ask for its size.
 */
#include "bench/savina/savina.h"

#define VALUES 1000000

#define list_protocol(CALL, CAST)                        \
    CALL(insert, ((uint32_t, value)), ())                \
    CALL(contains, ((uint32_t, value)), ((bool, there))) \
    CALL(size, (), ((uint64_t, size)))                   \
    CALL(sorted, (), ((uint64_t, length), (bool, sorted)))
PIT_PROTOCOL(list);

struct node {
    struct node *next;
    uint32_t value;
};

struct list {
    struct node *head;
    uint64_t size;
};

/* The link that leads to the first node which is not smaller. */
static struct node **find(struct list *self, uint32_t value)
{
    struct node **link = &self->head;

    while (*link && (*link)->value < value)
        link = &(*link)->next;
    return link;
}

static void on_insert(struct list *self, const struct list_insert *m, struct list_insert_reply *r)
{
    struct node **link = find(self, m->value), *n = pit_alloc(sizeof *n);

    *n = (struct node){.next = *link, .value = m->value};
    *link = n;
    self->size++;
}

static void on_contains(struct list *self, const struct list_contains *m,
                        struct list_contains_reply *r)
{
    const struct node *n = *find(self, m->value);

    r->there = n && n->value == m->value;
}

static void on_size(struct list *self, const struct list_size *m, struct list_size_reply *r)
{
    r->size = self->size;
}

static void on_sorted(struct list *self, const struct list_sorted *m, struct list_sorted_reply *r)
{
    r->sorted = true;
    for (const struct node *n = self->head; n; n = n->next) {
        r->length++;
        r->sorted &= !n->next || n->value <= n->next->value;
    }
}

PIT_SERVER(list, struct list);

struct worker {
    pit_pid list, first;
    uint64_t requests;
    uint32_t write_percent, size_percent, random;
};

static void worker(const void *arg)
{
    struct worker self = *(const struct worker *)arg;
    uint64_t inserted = 0;
    uint32_t mine = 0; /* the value that was inserted last, plus one */

    for (uint64_t i = 0; i < self.requests; i++) {
        uint32_t dice = savina_random(&self.random, 100);
        uint32_t value = savina_random(&self.random, VALUES);

        if (dice < self.size_percent) {
            BENCH_CHECK(list_size(self.list).size >= inserted);
        } else if (dice < self.size_percent + self.write_percent) {
            list_insert(self.list, value);
            inserted++;
            mine = value + 1;
        } else if (i % 2 && mine) {
            BENCH_CHECK(list_contains(self.list, mine - 1).there);
        } else {
            (void)list_contains(self.list, value); /* it may be there */
        }
    }
    pit_send(self.first, bench_done, .count = inserted);
}

static void run(const uint64_t *params)
{
    uint64_t workers = params[0], requests = params[1];
    int64_t since = pit_now();
    pit_pid list = pit_must(pit_server_start_link(&list_server, NULL, 0));

    for (uint64_t i = 0; i < workers; i++) {
        struct worker arg = {
            .list = list,
            .first = pit_self(),
            .requests = requests,
            .write_percent = (uint32_t)params[2],
            .size_percent = (uint32_t)params[3],
            .random = (uint32_t)(i + 1) * 7919,
        };
        pit_spawn_link(worker, &arg, sizeof arg);
    }
    uint64_t inserted = bench_wait_done(workers);
    savina_report(since, "requests_per_s", workers * requests);
    struct list_sorted_reply end = list_sorted(list);
    savina_expect("nodes in the list", end.length, inserted);
    BENCH_CHECK(end.sorted);
}

const struct savina savina_concsll = {
    .name = "concsll",
    .what = "workers insert into and search a sorted linked list in a server",
    .run = run,
    .params = {{"workers", 20, 1, SAVINA_FIXED},
               {"requests", 8000, 1, SAVINA_SQUARE},
               {"write_percent", 10, 0, SAVINA_FIXED},
               {"size_percent", 1, 0, SAVINA_FIXED}},
};
