/*
 * Unbalanced cobwebbed tree: every node asks the root whether it may have children, which chance
 * decides until the tree is large enough; then the tree is traversed, the urgent child of a node
 * before its others.
 */
#include "bench/savina/savina.h"

#define CHILDREN 10
#define ASK_STEPS 100 /* of work that a node does before it asks */

PIT_MESSAGE(uct_ask); /* a node to the root */
PIT_MESSAGE(uct_grant, (uint32_t, steps),
            (uint32_t, urgent));             /* and back: have children, which do so much work */
PIT_MESSAGE(uct_traverse);                   /* to a child */
PIT_MESSAGE(uct_counted, (uint64_t, nodes)); /* to the parent: so many are below and here */

struct node {
    pit_pid parent, root;
    uint32_t steps, urgent;
    uint32_t waits_for; /* children that have not counted */
    uint64_t nodes;
    pit_pid children[CHILDREN];
};

static void node(void *state, const pit_msg *m);

static void grow(struct node *self, const struct uct_grant *grant)
{
    struct node child = {
        .parent = pit_self(), .root = self->root, .steps = grant->steps, .nodes = 1};

    self->urgent = grant->urgent;
    self->waits_for = CHILDREN;
    for (uint32_t i = 0; i < CHILDREN; i++)
        self->children[i] = pit_spawn_handler(node, &child, sizeof child);
}

static void traverse(struct node *self)
{
    savina_busy(self->steps);
    if (self->waits_for == 0)
        return;
    pit_send(self->children[self->urgent], uct_traverse);
    for (uint32_t i = 0; i < CHILDREN; i++)
        if (i != self->urgent)
            pit_send(self->children[i], uct_traverse);
}

static void node(void *state, const pit_msg *m)
{
    struct node *self = state;

    if (pit_is(m, pit_start)) {
        savina_busy(ASK_STEPS);
        pit_send(self->root, uct_ask);
        return;
    }
    if (pit_is(m, uct_grant)) {
        grow(self, pit_as(m, uct_grant));
        return;
    }
    if (pit_is(m, uct_counted)) {
        self->nodes += pit_as(m, uct_counted)->nodes;
        self->waits_for--;
    } else {
        traverse(self);
    }
    if (self->waits_for == 0) {
        pit_send(self->parent, uct_counted, .nodes = self->nodes);
        bench_end();
    }
}

/* About a normal distribution: the sum of twelve. */
static uint32_t normal(uint32_t *random, uint32_t average, uint32_t deviation)
{
    int64_t sum = -6000;

    for (int i = 0; i < 12; i++)
        sum += savina_random(random, 1000);
    int64_t x = average + sum * deviation / 1000;
    return x < 1 ? 1 : (uint32_t)x;
}

/* The first process is the root. Its answers depend on how many have asked, not on who: so the size
   is always the same. */
static uint64_t grow_tree(const uint64_t *params, struct node *root)
{
    uint64_t size = 1 + CHILDREN, unanswered = CHILDREN;
    uint32_t random = 2, urgent_percent = (uint32_t)params[3];
    struct uct_grant grant = {.steps = normal(&random, (uint32_t)params[1], (uint32_t)params[2])};

    grow(root, &grant);
    while (unanswered) {
        pit_pid who = BENCH_AWAIT(pit_receive_type(&pit_type_uct_ask, PIT_INFINITY))->from;

        unanswered--;
        if (size + CHILDREN > params[0] || savina_random(&random, 2) == 0)
            continue;
        uint32_t steps = normal(&random, (uint32_t)params[1], (uint32_t)params[2]);
        bool urgent = savina_random(&random, 100) < urgent_percent;
        uint32_t which = urgent ? savina_random(&random, CHILDREN) : 0;
        pit_send(who, uct_grant, .steps = steps, .urgent = which);
        size += CHILDREN;
        unanswered += CHILDREN;
    }
    return size;
}

static void run(const uint64_t *params)
{
    struct node root = {.root = pit_self()};
    uint64_t counted = 1;
    int64_t since = pit_now();
    uint64_t size = grow_tree(params, &root);

    traverse(&root);
    for (int i = 0; i < CHILDREN; i++)
        counted += BENCH_AWAIT(pit_receive_only(uct_counted, PIT_INFINITY))->nodes;
    savina_report(since, "nodes_per_s", size);
    savina_expect("nodes in the tree", counted, size);
}

const struct savina savina_uct = {
    .name = "uct",
    .what = "a tree of processes grows by chance and is traversed",
    .run = run,
    .params = {{"nodes", 200000, 11, SAVINA_LINEAR},
               {"average_steps", 500, 1, SAVINA_FIXED},
               {"deviation", 100, 0, SAVINA_FIXED},
               {"urgent_percent", 50, 0, SAVINA_FIXED}},
};
