/*
 * Goal: schedulers stand on the CPUs that the options say, in the order that they say; a wrong
 *   option is refused; a pinned thread runs where it was pinned.
 * Method: described machines for the orders, this machine for pinning.
 */
#include "numa/place.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <pit/log.h>

#include "tests/harness/test.h"

static struct pit__topology *machine(const char *text)
{
    struct pit__topology *t = NULL;

    CHECK_EQ(pit__topology_describe(text, &t), 0);
    return t;
}

/* "0 2 4": the CPUs of schedulers 0, 1, 2; "-EINVAL" if refused. Static storage. */
static const char *placed(const char *text, const char *cores, int schedulers)
{
    static char line[512];
    struct pit__topology *t = machine(text);
    struct pit__placement *p = NULL;
    size_t at = 0;

    int r = pit__place_new(t, cores, schedulers, &p);
    if (r < 0) {
        CHECK_EQ(r, -EINVAL);
        CHECK(p == NULL);
        pit__topology_free(t);
        return "-EINVAL";
    }
    CHECK(!p->pinned); /* nobody is pinned to a CPU that is described only */
    line[0] = '\0';
    for (int i = 0; i < p->count; i++)
        at += (size_t)snprintf(line + at, sizeof line - at, "%s%d", i ? " " : "", p->cpus[i].cpu);
    pit__place_free(p);
    pit__topology_free(t);
    return line;
}

static void quiet(enum pit_log_level level, const char *text, size_t length)
{
    (void)level;
    (void)text;
    (void)length;
}

PIT_TEST(by_default_there_is_one_scheduler_a_cpu_node_by_node_and_first_threads_first)
{
    CHECK_STR(placed("1 node x 4 cores", NULL, 0), "0 1 2 3");
    CHECK_STR(placed("1 node x 2 cores x 2 threads", NULL, 0), "0 1 2 3");
    CHECK_STR(placed("2 nodes x 2 cores x 2 threads", NULL, 0), "0 1 4 5 2 3 6 7");
}

PIT_TEST(fewer_schedulers_than_cpus_share_a_node_and_no_core)
{
    CHECK_STR(placed("2 nodes x 4 cores x 2 threads", NULL, 4), "0 1 2 3");
    CHECK_STR(placed("2 nodes x 4 cores x 2 threads", NULL, 5), "0 1 2 3 8");
    CHECK_STR(placed("2 nodes x 4 cores", NULL, 6), "0 1 2 3 4 5");
}

PIT_TEST(more_schedulers_than_cpus_begin_again)
{
    CHECK_STR(placed("1 node x 2 cores", NULL, 5), "0 1 0 1 0");
    CHECK_STR(placed("1 node x 4 cores", "3,1", 3), "3 1 3");
}

PIT_TEST(a_list_is_taken_in_its_own_order)
{
    CHECK_STR(placed("3 nodes x 4 cores", "0-3,8", 0), "0 1 2 3 8");
    CHECK_STR(placed("3 nodes x 4 cores", "8,3-0", 0), "8 3 2 1 0");
    CHECK_STR(placed("3 nodes x 4 cores", "11", 0), "11");
    CHECK_STR(placed("3 nodes x 4 cores", "4-4,4", 0), "4 4");
    CHECK_STR(placed("3 nodes x 4 cores", "4-7", 2), "4 5");
}

PIT_TEST(a_wrong_list_or_count_is_refused)
{
    static const char *const wrong[] = {
        "",      ",",    "0,",       ",0", "0-",  "-1",    "0--1", "a",   "0 1",     "0;1",
        "0-1-2", "None", "99999999", "4",  "0-4", "0,1,9", "0x1",  "1.0", "0-999999"};

    pit_log_sink_set(quiet);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_STR(placed("1 node x 4 cores", wrong[i], 0), "-EINVAL");
    CHECK_STR(placed("1 node x 4 cores", NULL, -1), "-EINVAL");
    CHECK_STR(placed("1 node x 4 cores", NULL, PIT__PLACE_MOST + 1), "-EINVAL");
}

PIT_TEST(a_list_ends_at_its_bound)
{
    char text[2 * PIT__PLACE_MOST + 4];
    struct pit__topology *t = machine("1 node x 4 cores");
    struct pit__placement *p = NULL;

    for (int i = 0; i <= PIT__PLACE_MOST; i++)
        memcpy(text + 2 * i, "1,", 2);
    text[2 * PIT__PLACE_MOST - 1] = '\0'; /* as many as there may be */
    CHECK_EQ(pit__place_new(t, text, 0, &p), 0);
    CHECK_EQ(p->count, PIT__PLACE_MOST);
    pit__place_free(p);

    pit_log_sink_set(quiet);
    text[2 * PIT__PLACE_MOST - 1] = ',';
    text[2 * PIT__PLACE_MOST + 1] = '\0'; /* one more */
    CHECK_EQ(pit__place_new(t, text, 0, &p), -EINVAL);
    pit__topology_free(t);
}

PIT_TEST(none_places_as_ever_and_pins_nobody)
{
    struct pit__topology *t = NULL;
    struct pit__placement *p = NULL;

    CHECK_EQ(pit__topology_read(&t), 0);
    CHECK_EQ(pit__place_new(t, "none", 0, &p), 0);
    CHECK(!p->pinned);
    CHECK_EQ(p->count, t->cpu_count);
    pit__place_free(p);

    CHECK_EQ(pit__place_new(t, NULL, 0, &p), 0);
    CHECK(p->pinned);
    pit__place_free(p);
    pit__topology_free(t);
}

PIT_TEST(a_pinned_thread_runs_where_it_was_pinned)
{
    struct pit__topology *t = NULL;
    cpu_set_t before;

    CHECK_EQ(pit__topology_read(&t), 0);
    CHECK_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    for (int i = 0; i < t->cpu_count; i++) {
        CHECK_EQ(sched_setaffinity(0, sizeof before, &before), 0);
        CHECK_EQ(pit__pin(t->cpus[i].cpu), 0);
        CHECK_EQ(sched_getcpu(), t->cpus[i].cpu);
    }
    pit__topology_free(t);
}

PIT_TEST(pinning_to_a_cpu_that_does_not_exist_fails_and_changes_nothing)
{
    cpu_set_t before, after;

    CHECK_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    CHECK_EQ(pit__pin(8191), -EINVAL);
    CHECK_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    CHECK(CPU_EQUAL(&before, &after));
}
