/*
 * Goal: the set of a supervisor's children keeps their order and finds them by pid and id, through
 * any sequence of changes.
 * Method: seeded random changes, compared after each with a plain array.
 */
#include <stdio.h>

#include "tests/otp/node.h"

#include "otp/children.h"

static pit_pid no_start(const void *arg) { return PIT_NO_PID; }

struct model {
    struct pit__child *child[512];
    int64_t pid[512];
    int number[512];
    int count;
};

static void check(const struct pit__child_set *set, const struct model *m)
{
    struct pit__child *c = pit__child_first(set);
    int running = 0;

    CHECK_EQ(set->count, m->count);
    for (int i = 0; i < m->count; i++, c = pit__child_next(set, c)) {
        char id[16];

        CHECK(c == m->child[i]);
        snprintf(id, sizeof id, "child%d", m->number[i]);
        CHECK(pit__child_by_id(set, id) == c);
        CHECK_EQ(pit__child_pid(c).id, m->pid[i] > 0 ? m->pid[i] : 0);
        if (m->pid[i])
            CHECK(pit__child_by_key(set, m->pid[i]) == c);
        running += m->pid[i] != 0;
    }
    CHECK(c == NULL);
    CHECK_EQ(set->by_key.used, running);
    CHECK_EQ(set->by_id.used, m->count);
}

static void add(struct pit__child_set *set, struct model *m, int number)
{
    char id[16];
    int64_t arg = number;
    pit_child spec = {.start = no_start, .arg = &arg, .size = sizeof arg};

    snprintf(id, sizeof id, "child%d", number);
    m->child[m->count] = pit__child_add(set, &spec, id);
    m->pid[m->count] = 0;
    m->number[m->count++] = number;
}

static void forget(struct pit__child_set *set, struct model *m, int i)
{
    int64_t arg;

    memcpy(&arg, m->child[i]->data, sizeof arg);
    CHECK_EQ(arg, m->number[i]);
    pit__child_stopped(set, m->child[i]);
    pit__child_remove(set, m->child[i]);
    m->count--;
    for (; i < m->count; i++) {
        m->child[i] = m->child[i + 1];
        m->pid[i] = m->pid[i + 1];
        m->number[i] = m->number[i + 1];
    }
}

NODE_TEST(the_set_agrees_with_a_plain_array)
{
    uint64_t state = pit_test_seed();
    static struct model m;
    struct pit__child_set set;
    int numbers = 0;

    pit__child_set_init(&set);
    for (unsigned step = 0; step < pit_test_scale(3000, 100000); step++) {
        int i = m.count ? (int)pit_test_random_below(&state, (uint64_t)m.count) : 0;
        uint64_t what = pit_test_random_below(&state, 10);

        if ((what < 4 && m.count < 500) || !m.count)
            add(&set, &m, numbers++);
        else if (what < 6)
            forget(&set, &m, i);
        else if (what < 8)
            pit__child_running(&set, m.child[i], (pit_pid){m.pid[i] = (int64_t)(step + 1) << 20});
        else if (what == 8) {
            pit__child_restarting(&set, m.child[i]);
            m.pid[i] = -m.child[i]->serial;
        } else {
            pit__child_stopped(&set, m.child[i]);
            m.pid[i] = 0;
        }
        if (step % 16 == 0)
            check(&set, &m);
    }
}
