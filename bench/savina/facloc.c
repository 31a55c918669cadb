/*
 * Facility location: customers come one by one to a tree of quadrants, each a process. A quadrant
 * whose customers are too far from the facilities it knows opens one, gives its customers to four
 * new quadrants, and has the others told.
 */
#include "bench/savina/savina.h"

#include <math.h>

#define GRID 500.0
#define ALPHA 2.0

struct point {
    double x, y;
};

PIT_MESSAGE(facloc_begin, (pit_binary, facilities),
            (pit_binary, customers)); /* to a new quadrant */
PIT_MESSAGE(facloc_customer, (double, x), (double, y));
PIT_MESSAGE(facloc_next); /* the root to the first process */
PIT_MESSAGE(facloc_opened, (double, x), (double, y), (uint8_t, quarter)); /* by or below a child */
PIT_MESSAGE(facloc_facility, (double, x), (double, y)); /* known above, or beside */
PIT_MESSAGE(facloc_finish);
PIT_MESSAGE(facloc_finished, (uint64_t, facilities), (uint64_t, customers), (uint64_t, told));

struct points {
    struct point *at;
    size_t count, room;
};

struct quadrant {
    pit_pid parent; /* of the root: the first process */
    bool is_root, is_open;
    uint8_t quarter; /* of its parent: 0 to 3, opposite ones add up to 3 */
    struct point low, middle, high;
    double cost;
    struct points facilities, customers;
    pit_pid children[4];
    uint32_t finished;
    uint64_t told, below_facilities, below_customers;
};

static void add(struct points *p, struct point q)
{
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 16;
        p->at = pit_realloc(p->at, p->room * sizeof *p->at);
    }
    p->at[p->count++] = q;
}

static void add_customer(struct quadrant *self, struct point c)
{
    double least = INFINITY;

    for (size_t i = 0; i < self->facilities.count; i++) {
        double dx = self->facilities.at[i].x - c.x, dy = self->facilities.at[i].y - c.y;
        double squared = dx * dx + dy * dy;

        least = squared < least ? squared : least;
    }
    add(&self->customers, c);
    self->cost += sqrt(least);
}

static uint8_t quarter_of(const struct quadrant *self, struct point c)
{
    return (uint8_t)((c.x > self->middle.x) + 2 * (c.y > self->middle.y));
}

static void quadrant(void *state, const pit_msg *m);

static pit_pid spawn_quarter(const struct quadrant *self, uint8_t quarter)
{
    bool right = quarter & 1, upper = quarter & 2;
    struct quadrant child = {
        .parent = pit_self(),
        .quarter = quarter,
        .low = {right ? self->middle.x : self->low.x, upper ? self->middle.y : self->low.y},
        .high = {right ? self->high.x : self->middle.x, upper ? self->high.y : self->middle.y},
    };

    child.middle =
        (struct point){(child.low.x + child.high.x) / 2, (child.low.y + child.high.y) / 2};
    return pit_spawn_handler_link(quadrant, &child, sizeof child);
}

static void open_facility(struct quadrant *self)
{
    pit_binary facilities =
        pit_binary_new(self->facilities.at, self->facilities.count * sizeof *self->facilities.at);
    struct points parts[4] = {{0}};

    for (size_t i = 0; i < self->customers.count; i++)
        add(&parts[quarter_of(self, self->customers.at[i])], self->customers.at[i]);
    for (uint8_t q = 0; q < 4; q++) {
        self->children[q] = spawn_quarter(self, q);
        pit_send(self->children[q], facloc_begin, .facilities = facilities,
                 .customers = pit_binary_new(parts[q].at, parts[q].count * sizeof(struct point)));
        pit_free(parts[q].at);
    }
    self->customers.count = 0;
    self->is_open = true;
    if (!self->is_root)
        pit_send(self->parent, facloc_opened, .x = self->middle.x, .y = self->middle.y,
                 .quarter = self->quarter);
}

static void begin(struct quadrant *self, const struct facloc_begin *m)
{
    size_t known = m->facilities.size / sizeof(struct point);
    const struct point *customers = (const struct point *)(const void *)m->customers.data;

    for (size_t i = 0; i < known; i++)
        add(&self->facilities, ((const struct point *)(const void *)m->facilities.data)[i]);
    add(&self->facilities, self->middle);
    for (size_t i = 0; i < m->customers.size / sizeof(struct point); i++)
        add_customer(self, customers[i]);
}

static void on_customer(struct quadrant *self, const struct facloc_customer *m, pit_pid from)
{
    struct point c = {m->x, m->y};

    if (self->is_open) {
        pit_send(self->children[quarter_of(self, c)], facloc_customer, .x = c.x, .y = c.y);
    } else {
        add_customer(self, c);
        if (self->cost > ALPHA * sqrt(2) * GRID)
            open_facility(self);
    }
    if (self->is_root)
        pit_send(from, facloc_next);
}

/* A child's, or one below it: known here, above, and in the quarter that is opposite. */
static void on_opened(struct quadrant *self, const struct facloc_opened *m)
{
    self->told++;
    add(&self->facilities, (struct point){m->x, m->y});
    if (!self->is_root)
        pit_send(self->parent, facloc_opened, .x = m->x, .y = m->y, .quarter = self->quarter);
    pit_send(self->children[3 - m->quarter], facloc_facility, .x = m->x, .y = m->y);
}

static void on_facility(struct quadrant *self, const struct facloc_facility *m)
{
    add(&self->facilities, (struct point){m->x, m->y});
    for (int q = 0; self->is_open && q < 4; q++)
        pit_send(self->children[q], facloc_facility, .x = m->x, .y = m->y);
}

static void finish(struct quadrant *self)
{
    pit_send(self->parent, facloc_finished, .facilities = self->below_facilities + self->is_open,
             .customers = self->below_customers + self->customers.count,
             .told = self->told + self->is_open);
    bench_end();
}

static void on_finished(struct quadrant *self, const struct facloc_finished *m)
{
    self->below_facilities += m->facilities;
    self->below_customers += m->customers;
    if (++self->finished == 4)
        finish(self);
}

static void quadrant(void *state, const pit_msg *m)
{
    struct quadrant *self = state;

    if (pit_is(m, facloc_customer)) {
        on_customer(self, pit_as(m, facloc_customer), m->from);
    } else if (pit_is(m, facloc_facility)) {
        on_facility(self, pit_as(m, facloc_facility));
    } else if (pit_is(m, facloc_opened)) {
        on_opened(self, pit_as(m, facloc_opened));
    } else if (pit_is(m, facloc_begin)) {
        begin(self, pit_as(m, facloc_begin));
    } else if (pit_is(m, facloc_finished)) {
        on_finished(self, pit_as(m, facloc_finished));
    } else if (pit_is(m, facloc_finish)) {
        if (!self->is_open)
            finish(self);
        for (int q = 0; q < 4; q++)
            pit_send(self->children[q], facloc_finish);
    }
}

static void run(const uint64_t *params)
{
    uint64_t points = params[0];
    uint32_t random = 123456;
    struct quadrant arg = {
        .parent = pit_self(),
        .is_root = true,
        .middle = {GRID / 2, GRID / 2},
        .high = {GRID, GRID},
    };
    int64_t since = pit_now();
    pit_pid root = pit_spawn_handler_link(quadrant, &arg, sizeof arg);

    pit_send(root, facloc_begin, .facilities = {0}, .customers = {0});
    for (uint64_t i = 0; i < points; i++) {
        double x = savina_random(&random, 1 << 20) * (GRID / (1 << 20));
        double y = savina_random(&random, 1 << 20) * (GRID / (1 << 20));

        pit_send(root, facloc_customer, .x = x, .y = y);
        (void)BENCH_AWAIT(pit_receive_only(facloc_next, PIT_INFINITY));
    }
    pit_send(root, facloc_finish);
    struct facloc_finished f = *BENCH_AWAIT(pit_receive_only(facloc_finished, PIT_INFINITY));
    savina_report(since, "customers_per_s", points);
    bench_report("facilities", (double)f.facilities);
    savina_expect("customers", f.customers, points);
    savina_expect("facilities that the root was told of", f.told, f.facilities);
}

const struct savina savina_facloc = {
    .name = "facloc",
    .what = "customers come to a tree of quadrants, which open facilities",
    .run = run,
    .params = {{"points", 100000, 100, SAVINA_LINEAR}},
};
