/*
 * BoundedBuffer: producers fill a buffer that consumers empty; a manager keeps it within its bound,
 * by asking for an item only when there is room for it.
 */
#include "bench/savina/savina.h"

#include <math.h>

PIT_MESSAGE(boundedbuffer_ready);   /* from a producer: ask me */
PIT_MESSAGE(boundedbuffer_produce); /* to a producer: one more */
PIT_MESSAGE(boundedbuffer_item, (uint64_t, number),
            (double, data));          /* from it, and to a consumer */
PIT_MESSAGE(boundedbuffer_available); /* a consumer has nothing to do */
PIT_MESSAGE(boundedbuffer_end);       /* to a consumer: there is no more */

static double process(double x, uint32_t cost, uint32_t *random)
{
    for (uint32_t i = 0; i < cost * 100; i++)
        x += log(savina_random(random, 1 << 20) / (double)(1 << 20) + 0.01);
    return x;
}

struct producer {
    pit_pid manager;
    uint64_t from, items; /* its items are numbered from..from+items-1 */
    uint32_t cost;
};

static void producer(const void *arg)
{
    const struct producer *self = arg;
    uint32_t random = (uint32_t)self->from + 1;
    double x = 0;

    pit_send(self->manager, boundedbuffer_ready);
    for (uint64_t i = 0; i < self->items; i++) {
        pit_receive_only(boundedbuffer_produce, PIT_INFINITY);
        x = process(x, self->cost, &random);
        pit_send(self->manager, boundedbuffer_item, .number = self->from + i, .data = x);
    }
}

struct consumer {
    pit_pid manager, first;
    uint32_t cost;
};

static void consumer(const void *arg)
{
    const struct consumer *self = arg;
    uint32_t random = 1;
    uint64_t sum = 0;
    double x = 0;

    for (;;) {
        pit_send(self->manager, boundedbuffer_available);
        const pit_msg *m = pit_receive(PIT_INFINITY);
        if (pit_is(m, boundedbuffer_end))
            break;
        sum += pit_as(m, boundedbuffer_item)->number;
        x = process(x + pit_as(m, boundedbuffer_item)->data, self->cost, &random);
    }
    BENCH_CHECK(!isnan(x)); /* and so nothing was left out */
    pit_send(self->first, bench_done, .count = sum);
}

/* Items that wait or are being made never exceed the buffer's size. Consumers wait only while it is
   empty. */
struct manager {
    uint64_t size, items_left, consumers_left; /* items that have not come */
    uint64_t waiting, in_making;               /* items */
    uint64_t oldest;                           /* where the oldest item is */
    struct boundedbuffer_item *buffer;
    uint64_t idle_count, resting_count;
    pit_pid *idle;    /* consumers that wait */
    pit_pid *resting; /* producers that were not asked */
    uint64_t producer_count, consumer_count;
};

static void ask_producers(struct manager *self)
{
    while (self->resting_count && self->waiting + self->in_making < self->size) {
        pit_send(self->resting[--self->resting_count], boundedbuffer_produce);
        self->in_making++;
    }
}

static void hand_out(struct manager *self)
{
    while (self->idle_count && self->waiting) {
        const struct boundedbuffer_item *item = &self->buffer[self->oldest];

        pit_send(self->idle[--self->idle_count], boundedbuffer_item, .number = item->number,
                 .data = item->data);
        self->oldest = (self->oldest + 1) % self->size;
        self->waiting--;
    }
    if (self->items_left || self->waiting)
        return;
    while (self->idle_count) {
        pit_send(self->idle[--self->idle_count], boundedbuffer_end);
        self->consumers_left--;
    }
    if (self->consumers_left == 0)
        bench_end();
}

static void manage(void *state, const pit_msg *m)
{
    struct manager *self = state;

    if (pit_is(m, boundedbuffer_item)) {
        BENCH_CHECK(self->waiting < self->size);
        self->buffer[(self->oldest + self->waiting++) % self->size] =
            *pit_as(m, boundedbuffer_item);
        self->in_making--;
        self->items_left--;
        self->resting[self->resting_count++] = m->from;
    } else if (pit_is(m, boundedbuffer_ready)) {
        self->resting[self->resting_count++] = m->from;
    } else if (pit_is(m, boundedbuffer_available)) {
        self->idle[self->idle_count++] = m->from;
    } else { /* pit_start */
        self->buffer = pit_alloc(self->size * sizeof *self->buffer);
        self->idle = pit_alloc(self->consumer_count * sizeof *self->idle);
        self->resting = pit_alloc(self->producer_count * sizeof *self->resting);
    }
    hand_out(self);
    ask_producers(self);
}

static void run(const uint64_t *params)
{
    uint64_t size = params[0], producers = params[1], consumers = params[2], each = params[3];
    uint64_t items = producers * each;
    struct manager arg = {
        .size = size,
        .items_left = items,
        .consumers_left = consumers,
        .producer_count = producers,
        .consumer_count = consumers,
    };

    BENCH_CHECK(size && producers && consumers && each);
    int64_t since = pit_now();
    /* Both sides wait for the manager: it goes before those whose work takes long. */
    pit_pid manager = pit_spawn_handler_with(manage, &arg, sizeof arg, .link = true,
                                             .priority = PIT_PRIORITY_HIGH);
    for (uint64_t i = 0; i < producers; i++) {
        struct producer p = {
            .manager = manager, .from = i * each, .items = each, .cost = (uint32_t)params[4]};

        pit_spawn_link(producer, &p, sizeof p);
    }
    for (uint64_t i = 0; i < consumers; i++) {
        struct consumer c = {.manager = manager, .first = pit_self(), .cost = (uint32_t)params[5]};

        pit_spawn_link(consumer, &c, sizeof c);
    }
    uint64_t sum = bench_wait_done(consumers);
    savina_report(since, "items_per_s", items);
    savina_expect("sum of the items' numbers", sum, items * (items - 1) / 2);
}

const struct savina savina_boundedbuffer = {
    .name = "boundedbuffer",
    .what = "producers and consumers share a buffer of bounded size",
    .run = run,
    .params = {{"size", 50, 1, SAVINA_FIXED},
               {"producers", 40, 1, SAVINA_FIXED},
               {"consumers", 40, 1, SAVINA_FIXED},
               {"items", 1000, 1, SAVINA_LINEAR},
               {"producer_cost", 25, 0, SAVINA_FIXED},
               {"consumer_cost", 25, 0, SAVINA_FIXED}},
};
