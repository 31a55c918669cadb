/*
 * Goal: what a node says of itself (pit_system_info) is right: counts, limits, names, queues,
 * memory, and how long its schedulers were active.
 * Method: what a number must be is brought about first; times are compared with each other and with
 * the clock, never with how long something ought to take.
 */
#include <errno.h>
#include <stdio.h>

#include "term/atom.h"
#include "tests/runtime/node.h"

PIT_MESSAGE(go);
PIT_MESSAGE(ready);

static pit_term item(enum pit_system what)
{
    pit_term t;

    CHECK_EQ(pit_system_info(what, &t), 0);
    return t;
}

static int64_t number(pit_term t)
{
    int64_t n;
    bool is = pit_term_to(t, &n); /* on its own: in CHECK cppcheck 2.10 cannot parse it */

    CHECK(is);
    return n;
}
/* Element i of a list, from 0. */
static pit_term at(pit_term list, int i)
{
    while (i-- > 0)
        list = pit_list_tail(list);
    return pit_list_head(list);
}

static int64_t of(enum pit_system what) { return number(item(what)); }

static int64_t memory(const char *kind)
{
    pit_term t;

    CHECK(pit_map_get(item(PIT_SYSTEM_MEMORY), pit_atom_of(kind), &t));
    return number(t);
}

/* LIFE-10, LIFE-11: how many processes and atoms there are, and may be. */
NODE_CASE(a_node_counts_processes_and_atoms)
{
    int64_t atoms = of(PIT_SYSTEM_ATOM_COUNT);
    pit_pid p[20];
    char name[40];

    CHECK_EQ(of(PIT_SYSTEM_PROCESS_COUNT), 1);
    CHECK_EQ(of(PIT_SYSTEM_PROCESS_LIMIT), 4194304);
    CHECK_EQ(of(PIT_SYSTEM_ATOM_LIMIT), 1048576);
    CHECK_EQ(of(PIT_SYSTEM_SCHEDULERS), pit__node.count);
    for (int i = 0; i < 20; i++)
        p[i] = spawn_anywhere(wait_forever, NULL, 0);
    CHECK_EQ(of(PIT_SYSTEM_PROCESS_COUNT), 21);
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "an atom of this case %d", i);
        (void)pit_atom_of(name);
    }
    CHECK_EQ(of(PIT_SYSTEM_ATOM_COUNT), atoms + 7);
    for (int i = 0; i < 20; i++)
        pit_exit_process(p[i], pit_atom("kill"));
    expect_alone();
    CHECK_EQ(of(PIT_SYSTEM_PROCESS_COUNT), 1);
}

/* LIFE-11: the limits are those that the node was started with. */
NODE_CASE_WITH(the_limits_of_a_node_are_its_options, .schedulers = 2,
               .opts = {.processes = 2000, .atoms = 5000})
{
    CHECK_EQ(of(PIT_SYSTEM_PROCESS_LIMIT), 2000);
    CHECK_EQ(of(PIT_SYSTEM_ATOM_LIMIT), 5000);
    /* it is the OS process's: for the cases after this one */
    pit__atoms_set_limit(PIT__ATOMS_LIMIT);
}

/* REG-3, REG-4: the list of names, and their number. */
NODE_CASE(a_node_lists_its_names)
{
    pit_monitored m;

    CHECK_EQ(of(PIT_SYSTEM_NAME_COUNT), 0);
    CHECK_STR(text_of(item(PIT_SYSTEM_REGISTERED)), "[]");
    CHECK_EQ(pit_register("name of the first", pit_self()), 0);
    m.pid = pit_spawn_with(wait_forever, NULL, 0, .name = "name of another", .monitor = true,
                           .ret_ref = &m.ref, .scheduler = PIT_ANYWHERE);
    CHECK_EQ(of(PIT_SYSTEM_NAME_COUNT), 2);
    CHECK_STR(text_of(item(PIT_SYSTEM_REGISTERED)), "['name of the first','name of another']");
    pit_exit_process(m.pid, pit_atom("kill"));
    expect_end(m, "killed");
    CHECK_STR(text_of(item(PIT_SYSTEM_REGISTERED)), "['name of the first']");
    CHECK_EQ(pit_unregister("name of the first"), 0);
    CHECK_EQ(of(PIT_SYSTEM_NAME_COUNT), 0);
}

static void works(const void *arg)
{
    for (;;)
        pit_yield();
}

/* SCHED-3: how long the run queues are, by scheduler and together. */
NODE_CASE_WITH(a_node_tells_its_run_queues, .schedulers = 2)
{
    enum { N = 10 };
    pit_pid p[N];

    CHECK_EQ(pit_list_length(item(PIT_SYSTEM_RUN_QUEUE_LENGTHS)), 2);
    for (int i = 0; i < N; i++)
        p[i] = pit_spawn_with(works, NULL, 0, .scheduler = PIT_ON(1));
    for (;;) { /* all but the one that runs wait, as the scheduler's last pass found them */
        pit_term lengths = item(PIT_SYSTEM_RUN_QUEUE_LENGTHS);

        if (number(at(lengths, 1)) >= N - 1 && of(PIT_SYSTEM_RUN_QUEUE) >= N - 1)
            break;
        pit_sleep(1);
    }
    for (int i = 0; i < N; i++)
        pit_exit_process(p[i], pit_atom("kill"));
    expect_alone();
    CHECK(of(PIT_SYSTEM_CONTEXT_SWITCHES) > N);
}

static void holds(const void *arg)
{
    size_t size = *(const size_t *)arg;
    pit_term list = pit_nil();

    (void)pit_alloc(size);
    for (int i = 0; i < 10000; i++)
        list = pit_list_cons(pit_term_of(i), list);
    (void)pit_put(pit_atom("list"), list);
    (void)pit_put(pit_atom("key"),
                  pit_build("{1.5, ~}", pit_binary_make(size, &(uint8_t *){NULL})));
    pit_send(pit_parent(), ready);
    (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
    wait_forever(NULL);
}

/* SPAWN-3, LIFE-7: memory by kind grows with what is of its kind, adds up, and what is given back
   is no longer counted. */
NODE_CASE(a_node_tells_its_memory_by_kind)
{
    size_t size = (size_t)8 << 20;
    int64_t blocks = memory("blocks"), binary = memory("binary"), atom = memory("atom");
    int64_t terms = memory("terms");
    pit_pid p = spawn_anywhere(holds, &size, sizeof size);
    char name[40];

    CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    CHECK(memory("blocks") >= blocks + (int64_t)size);
    CHECK(memory("binary") >= binary + (int64_t)size);
    CHECK(memory("terms") > terms + 80000);
    CHECK(memory("slots") >= 2 * (int64_t)sizeof(struct pit__process));
    CHECK(memory("stacks") >= 2 * 64 * 1024);
    CHECK(memory("resident") > 0);
    {
        pit_term all = item(PIT_SYSTEM_MEMORY), kinds[6];
        static const char *const of_six[] = {"total", "processes", "system",
                                             "slots", "blocks",    "terms"};

        for (int i = 0; i < 6; i++)
            CHECK(pit_map_get(all, pit_atom_of(of_six[i]), &kinds[i]));
        CHECK_EQ(number(kinds[0]), number(kinds[1]) + number(kinds[2]));
        CHECK_EQ(number(kinds[1]), number(kinds[3]) + number(kinds[4]) + number(kinds[5]));
    }
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
    CHECK(memory("blocks") < blocks + (int64_t)size);
    CHECK(memory("binary") < binary + (int64_t)size);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "an atom that takes room %d %d", (int)pit__node.count, i);
        (void)pit_atom_of(name);
    }
    CHECK(memory("atom") > atom);
}

/* The times of scheduler i, once it counts. */
struct times {
    int64_t active, total;
};
static struct times times_of(int i)
{
    for (;;) {
        pit_term all = item(PIT_SYSTEM_SCHEDULER_WALL_TIME), one = at(all, i);
        struct times t = {number(pit_tuple_get(one, 1)), number(pit_tuple_get(one, 2))};

        CHECK_EQ(pit_list_length(all), pit__node.count);
        CHECK_EQ(number(pit_tuple_get(one, 0)), i);
        CHECK(t.active >= 0 && t.active <= t.total);
        if (t.total)
            return t;
        pit_sleep(1);
    }
}

/* SCHED-3: how long schedulers had something to do: no longer than the clock says, and all of it
   who always has. */
NODE_CASE_WITH(a_scheduler_tells_how_long_it_was_active, .schedulers = 2)
{
    int64_t begun = pit_now();
    struct times t, later;
    pit_pid p;

    CHECK_STR(text_of(item(PIT_SYSTEM_SCHEDULER_WALL_TIME)), "undefined");
    CHECK_EQ(pit_scheduler_wall_time(true), 0);
    CHECK_EQ(pit_scheduler_wall_time(true), 1);
    for (int i = 0; i < 2; i++)
        CHECK(times_of(i).total <= pit_now() - begun);
    p = pit_spawn_with(works, NULL, 0, .scheduler = PIT_ON(1));
    while (pit_processes(NULL, 0) < 2 || !pit_is_alive(p))
        pit_yield();
    /* it has answered, so it runs: from here on nothing but active time passes there */
    t = times_of(1);
    pit_sleep(20);
    later = times_of(1);
    CHECK(later.total >= t.total + 20000000);
    CHECK_EQ(later.total - t.total, later.active - t.active);
    t = times_of(0);
    pit_sleep(20); /* and here nobody runs meanwhile */
    later = times_of(0);
    CHECK(later.active - t.active < later.total - t.total);
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
    t = times_of(1);
    do { /* idle again: the two drift apart */
        pit_sleep(1);
        later = times_of(1);
    } while (later.active - t.active == later.total - t.total);
    CHECK_EQ(pit_scheduler_wall_time(false), 1);
    CHECK_STR(text_of(item(PIT_SYSTEM_SCHEDULER_WALL_TIME)), "undefined");
    CHECK_EQ(pit_scheduler_wall_time(false), 0);
    begun = pit_now();
    CHECK_EQ(pit_scheduler_wall_time(true), 0); /* counts from 0 again */
    for (int i = 0; i < 2; i++)
        while (times_of(i).total > pit_now() - begun)
            pit_sleep(1);
    CHECK(of(PIT_SYSTEM_UPTIME) > 40000000);
}

/* LIFE-11: what is no item is refused, and leaves the value alone; a full table of atoms hinders no
   item of a process or node. */
NODE_CASE_WITH(a_full_table_of_atoms_hinders_no_item, .schedulers = 2, .opts = {.atoms = 1024})
{
    pit_term t = pit_atom("untouched");
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
    char name[40];

    CHECK_EQ(pit_system_info(PIT_SYSTEM_ITEMS, &t), -EINVAL);
    CHECK_EQ(pit_system_info((enum pit_system) - 1, &t), -EINVAL);
    CHECK(pit_atom_is(t, "untouched"));
    pit__atoms_set_limit((uint32_t)of(PIT_SYSTEM_ATOM_COUNT));
    snprintf(name, sizeof name, "one more");
    CHECK_EQ(pit_register(name, pit_self()), -PIT_ESYSTEMLIMIT);
    for (int i = 0; i < PIT_INFO_ITEMS; i++)
        CHECK_EQ(pit_process_item(p, (enum pit_info)i, &t), 0);
    for (int i = 0; i < PIT_SYSTEM_ITEMS; i++)
        CHECK_EQ(pit_system_info((enum pit_system)i, &t), 0);
    pit__atoms_set_limit(PIT__ATOMS_LIMIT);
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}
