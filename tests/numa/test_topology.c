/*
 * Goal: a topology holds exactly the CPUs that this OS process may use; a description makes the
 *   machine that it says, and nothing else is accepted as one.
 * Method: shrink the affinity mask and read again; describe, count, and spell descriptions
 * wrongly.
 */
#include "numa/topology.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>

#include "tests/harness/test.h"

/* What topology.h says of every topology. */
static void check_sound(const struct pit__topology *t)
{
    CHECK(t->cpu_count >= 1);
    CHECK(t->core_count >= 1 && t->core_count <= t->cpu_count);
    CHECK(t->node_count >= 1 && t->node_count <= t->cpu_count);

    int first_threads = 0;
    for (int i = 0; i < t->cpu_count; i++) {
        const struct pit__cpu *c = &t->cpus[i];

        CHECK(i == 0 || t->cpus[i - 1].cpu < c->cpu);
        CHECK(c->core >= 0 && c->core < t->core_count);
        CHECK(c->numa_node >= 0 && c->package >= 0 && c->thread >= 0);
        CHECK(pit__topology_find(t, c->cpu) == c);
        first_threads += c->thread == 0;
    }
    CHECK_EQ(first_threads, t->core_count);
    CHECK(!pit__topology_find(t, -1));
    CHECK(!pit__topology_find(t, t->cpus[t->cpu_count - 1].cpu + 1));
}

PIT_TEST(this_machine_has_the_cpus_of_the_affinity_mask)
{
    struct pit__topology *t = NULL;
    cpu_set_t allowed;

    CHECK_EQ(pit__topology_read(&t), 0);
    check_sound(t);
    CHECK(!t->described);
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CHECK_EQ(t->cpu_count, CPU_COUNT(&allowed));
    for (int i = 0; i < t->cpu_count; i++)
        CHECK(CPU_ISSET((size_t)t->cpus[i].cpu, &allowed));
    pit__topology_free(t);
}

PIT_TEST(a_cpu_outside_of_the_affinity_mask_is_not_there)
{
    struct pit__topology *t = NULL;
    cpu_set_t one;

    CHECK_EQ(pit__topology_read(&t), 0);
    int last = t->cpus[t->cpu_count - 1].cpu;
    pit__topology_free(t);

    CPU_ZERO(&one);
    CPU_SET((size_t)last, &one);
    CHECK_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    CHECK_EQ(pit__topology_read(&t), 0);
    check_sound(t);
    CHECK_EQ(t->cpu_count, 1);
    CHECK_EQ(t->cpus[0].cpu, last);
    CHECK_EQ(t->cpus[0].core, 0); /* numbered among what is usable */
    CHECK_EQ(t->cpus[0].thread, 0);
    pit__topology_free(t);
}

PIT_TEST(a_description_makes_nodes_cores_and_threads)
{
    struct pit__topology *t = NULL;

    CHECK_EQ(pit__topology_describe("2 nodes x 4 cores x 2 threads", &t), 0);
    check_sound(t);
    CHECK(t->described);
    CHECK_EQ(t->node_count, 2);
    CHECK_EQ(t->core_count, 8);
    CHECK_EQ(t->cpu_count, 16);
    for (int i = 0; i < 16; i++) {
        CHECK_EQ(t->cpus[i].cpu, i);
        CHECK_EQ(t->cpus[i].core, i % 8);
        CHECK_EQ(t->cpus[i].thread, i / 8);
        CHECK_EQ(t->cpus[i].numa_node, i % 8 / 4);
        CHECK_EQ(t->cpus[i].package, t->cpus[i].numa_node);
    }
    pit__topology_free(t);
}

PIT_TEST(a_description_may_be_terse_or_singular)
{
    static const char *const same[] = {"1 node x 1 core", "1nodesx1cores",
                                       "  1 nodes  x  1 core x 1 thread ",
                                       "1 node x 1 cores x1thread"};

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct pit__topology *t = NULL;

        CHECK_EQ(pit__topology_describe(same[i], &t), 0);
        check_sound(t);
        CHECK_EQ(t->cpu_count, 1);
        pit__topology_free(t);
    }
}

PIT_TEST(another_text_is_refused_and_nothing_is_returned)
{
    static const char *const wrong[] = {
        "",
        "2",
        "nodes",
        "2 nodes",
        "2 nodes x",
        "2 nodes x 4",
        "0 nodes x 4 cores",
        "2 nodes x 0 cores",
        "2 nodes x 4 cores x 0 threads",
        "-2 nodes x 4 cores",
        "4 cores x 2 nodes",
        "2 nodes x 4 cores x 2 threads x 1",
        "2 nodes x 4 cores 2 threads",
        "33 nodes x 32 cores",
        "9999 nodes x 9999 cores x 9999 threads",
        "99999999999 nodes x 1 core",
        "2 nodes x 4 coress",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pit__topology *t = NULL;

        CHECK_EQ(pit__topology_describe(wrong[i], &t), -EINVAL);
        CHECK(t == NULL);
    }
}

PIT_TEST(the_largest_description_is_accepted)
{
    struct pit__topology *t = NULL;

    CHECK_EQ(pit__topology_describe("8 nodes x 64 cores x 2 threads", &t), 0);
    check_sound(t);
    CHECK_EQ(t->cpu_count, 1024);
    pit__topology_free(t);
}
