/*
 * Goal: processes are born as asked and end completely (LIFE, SPAWN), and their limit harms nobody
 * (LIFE-11).
 * Method: cases of the specification, each as the first process of a node (node.h).
 */
#include "tests/runtime/node.h"

#include <sys/mman.h>

PIT_MESSAGE(report, (int64_t, n), (pit_pid, who));
PIT_MESSAGE(go);
PIT_MESSAGE(blob, (uint8_t, bytes, 1000));

static void ended(const void *arg) {}

/* ---- identity */

/* LIFE-1: never reused, however often the slot is. */
NODE_CASE(a_pid_is_never_seen_twice)
{
    uint64_t n = pit_test_scale(pit_test_sanitized() ? 500 : 2000, 100000);
    pit_pid *seen = pit_alloc(n * sizeof *seen);

    for (uint64_t i = 0; i < n; i++) {
        pit_monitored m = spawn_watched(ended, NULL, 0);

        seen[i] = m.pid;
        expect_end(m, "normal");
        CHECK(!pit_is_alive(m.pid));
        CHECK(m.pid.id > 0);
        if (i)
            CHECK(m.pid.id != seen[i - 1].id);
    }
    for (uint64_t i = 0; i < n; i += 97)
        for (uint64_t k = 0; k < n; k++)
            CHECK(i == k || seen[i].id != seen[k].id);
}

/* LIFE-1: what is sent to an old pid does not reach who has its slot now. */
NODE_CASE(mail_for_the_dead_does_not_reach_their_successors)
{
    for (int i = 0; i < 200; i++) {
        pit_monitored m = spawn_watched(ended, NULL, 0), next;
        pit_process_info info;

        expect_end(m, "normal");
        next = spawn_watched(wait_forever, NULL, 0); /* often in the same slot */
        pit_send(m.pid, go);
        pit_exit_process(m.pid, pit_atom("kill"));
        CHECK_EQ(pit_process_info_of(m.pid, &info), -PIT_ENOPROC);
        CHECK_EQ(pit_process_info_of(next.pid, &info), 0);
        CHECK_EQ(info.message_count, 0);
        pit_exit_process(next.pid, pit_atom("stop"));
        expect_end(next, "stop");
    }
}

/* LIFE-2 */
NODE_CASE(a_process_says_what_it_is_doing)
{
    pit_process_info info;
    pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK_EQ(info.status, PIT_RUNNING);
    for (int i = 0; i < 10000 && info.status != PIT_WAITING; i++) {
        CHECK_EQ(pit_process_info_of(p, &info), 0);
        pit_yield();
    }
    CHECK_EQ(info.status, PIT_WAITING);
    CHECK(pit_pid_equal(info.parent, pit_self()));
}

static void yields_forever(const void *arg)
{
    for (;;)
        pit_yield();
}

/* LIFE-2: who could run while another does is runnable, and neither waits nor runs. */
NODE_CASE_WITH(one_that_waits_for_the_core_is_runnable, .schedulers = 1)
{
    pit_monitored p = spawn_watched(yields_forever, NULL, 0);
    pit_process_info info;

    for (int i = 0; i < 20; i++) {
        CHECK_EQ(pit_process_info_of(p.pid, &info), 0);
        CHECK_EQ(info.status, PIT_RUNNABLE);
        pit_yield();
    }
    pit_exit_process(p.pid, pit_atom("kill"));
    expect_end(p, "killed");
}

/* LIFE-3 */
NODE_CASE(running_off_the_end_is_normal) { expect_end(spawn_watched(ended, NULL, 0), "normal"); }

static void bad_send(const void *arg) { pit_send((pit_pid){INT64_MIN | EINVAL}, go); }
static void bad_match(const void *arg) { (void)pit_must(-ENOENT); }

/* LIFE-4: an error's reason is {Kind, What...}; an exit's is exactly what was given. */
NODE_CASE(errors_and_exits_have_their_reasons)
{
    pit_monitored m = spawn_watched(bad_send, NULL, 0);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down);
    CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{badarg,<<\"", 11));
    m = spawn_watched(bad_match, NULL, 0);
    down = pit_receive_ref(m.ref, A_WHILE);
    CHECK(down);
    CHECK(strstr(text_of(pit_as(down, pit_down)->reason), "{badmatch,<<\"-ENOENT: "));
}

/* LIFE-6: no user code runs after the signal, not even what would run at the end of a scope. */
static _Atomic(int) cleanups;
static void clean_up(const int *unused) { atomic_fetch_add(&cleanups, 1); }

static void has_cleanup(const void *arg)
{
    __attribute__((cleanup(clean_up))) int scoped = 0;

    (void)scoped;
    wait_forever(NULL);
}

NODE_CASE(an_exit_signal_runs_no_cleanup)
{
    pit_monitored m = spawn_watched(has_cleanup, NULL, 0);

    pit_yield();
    pit_exit_process(m.pid, pit_atom("stop"));
    expect_end(m, "stop");
    CHECK_EQ(atomic_load(&cleanups), 0);
}

static void is_named(const void *arg)
{
    CHECK_EQ(pit_register("the_name", pit_self()), 0);
    pit_send(*(const pit_pid *)arg, go);
    wait_forever(NULL);
}

/* LIFE-7, LIFE-8, REG-4: who sees the end sees the name free and the process gone. */
NODE_CASE(a_name_is_free_before_its_end_is_told)
{
    pit_pid me = pit_self();

    (void)pit_trap_exit(true);
    for (int i = 0; i < 100; i++) {
        pit_ref ref;
        pit_pid p = pit_spawn_with(is_named, &me, sizeof me, .scheduler = PIT_ANYWHERE,
                                   .link = true, .monitor = true, .ret_ref = &ref);

        CHECK(pit_receive_type(&pit_type_go, A_WHILE));
        CHECK(pit_pid_equal(pit_whereis("the_name"), p));
        pit_exit_process(p, pit_atom("stop"));
        if (i % 2) {
            expect_exited(p, "stop");
            CHECK_EQ(pit_whereis("the_name").id, 0);
            CHECK(!pit_is_alive(p));
            expect_down(ref, p, "stop");
        } else {
            expect_down(ref, p, "stop");
            CHECK_EQ(pit_whereis("the_name").id, 0);
            CHECK_EQ(pit_message_count(), 1); /* LIFE-9: the EXIT came before the DOWN */
            expect_exited(p, "stop");
        }
    }
}

/* LIFE-10 */
NODE_CASE(after_a_kill_a_process_is_not_alive)
{
    for (int i = 0; i < 200; i++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);

        if (i % 3)
            pit_yield();
        CHECK(pit_is_alive(p));
        pit_exit_process(p, pit_atom("kill"));
        CHECK(!pit_is_alive(p));
    }
    CHECK(pit_is_alive(pit_self()));
    CHECK(!pit_is_alive(PIT_NO_PID));
    expect_alone();
}

/* LIFE-10: all that live are listed, no more than there is room for, and all are counted. */
NODE_CASE(processes_lists_all_that_live)
{
    pit_pid mine[100], all[200];
    size_t n, found = 0;

    for (int i = 0; i < 100; i++)
        mine[i] = spawn_anywhere(wait_forever, NULL, 0);
    n = pit_processes(all, 200);
    CHECK_EQ(n, 101);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 100; k++)
            found += pit_pid_equal(all[i], mine[k]);
    CHECK_EQ(found, 100);
    CHECK_EQ(pit_processes(all, 3), 101);
    CHECK_EQ(pit_processes(NULL, 0), 101);
    for (int k = 0; k < 100; k++)
        pit_exit_process(mine[k], pit_atom("kill"));
    expect_alone();
}

static bool is_listed(pit_pid p)
{
    pit_pid all[8];
    size_t n = pit_processes(all, 8);

    for (size_t i = 0; i < n && i < 8; i++)
        if (pit_pid_equal(all[i], p))
            return true;
    return false;
}

/* LIFE-10: one that is ending is not alive and yet listed, until its teardown gives its pid
   back. */
NODE_CASE_WITH(one_that_is_ending_is_listed_but_not_alive, .schedulers = 1)
{
    for (int i = 0; i < 10; i++) {
        pit_monitored p = spawn_watched(wait_forever, NULL, 0);

        pit_yield(); /* a slice of our own: it is not torn down before we give the core up */
        pit_exit_process(p.pid, pit_atom("kill"));
        CHECK(is_listed(p.pid));
        CHECK(!pit_is_alive(p.pid)); /* asked of one that is ending, it waits */
        expect_end(p, "killed");
        CHECK(!is_listed(p.pid));
    }
}

/* What is released by a process's end, which asks whether the process is listed just then. */
struct last_look {
    struct pit__resource resource;
    pit_pid pid;
    _Atomic(int) listed; /* -1: it has not looked */
};

static void look(struct pit__resource *r)
{
    struct last_look *l = PIT__CONTAINER(r, struct last_look, resource);

    atomic_store_explicit(&l->listed, is_listed(l->pid), memory_order_release);
}

static void owns_a_look(const void *arg)
{
    struct last_look *l = *(struct last_look *const *)arg;

    l->pid = pit_self();
    l->resource.release = look;
    pit__own(pit__current(), &l->resource);
    wait_forever(NULL);
}

/* LIFE-10: the same wherever it runs, seen from within its teardown; whoever has heard of the end
   finds it listed no more. */
NODE_CASE(one_whose_end_is_under_way_is_listed)
{
    for (int i = 0; i < 10; i++) {
        struct last_look l = {.listed = -1}, *at = &l;
        pit_monitored p = spawn_watched(owns_a_look, &at, sizeof at);
        pit_process_info info;

        do /* it has what it owns */
            CHECK_EQ(pit_process_info_of(p.pid, &info), 0);
        while (info.status != PIT_WAITING);
        CHECK(is_listed(p.pid));
        CHECK_EQ(atomic_load_explicit(&l.listed, memory_order_acquire), -1);
        pit_exit_process(p.pid, pit_atom("kill"));
        CHECK(!pit_is_alive(p.pid));
        expect_end(p, "killed");
        CHECK_EQ(atomic_load_explicit(&l.listed, memory_order_acquire), true);
        CHECK(!is_listed(p.pid));
    }
}

/* ---- the limit */

static size_t spawn_all(pit_pid *all, size_t room)
{
    size_t n = 0;

    for (;; n++) {
        pit_pid p = pit_try_spawn(wait_forever, NULL, 0,
                                  (pit_spawn_opts){.stack = 16 * 1024, .scheduler = PIT_ANYWHERE});

        if (p.id < 0) {
            CHECK_EQ(pit_error(p), -PIT_ESYSTEMLIMIT);
            return n;
        }
        CHECK(n < room);
        all[n] = p;
    }
}

/* Ends every third of them, wherever it is. */
static size_t end_some(pit_pid *all, size_t n)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++)
        if (i % 3 == 0)
            pit_exit_process(all[i], pit_atom("kill"));
        else
            all[left++] = all[i];
    while (pit__node_processes() > left + 1)
        pit_sleep(1);
    return left;
}

/* LIFE-11: the limit is exact, whichever schedulers' processes live and end; it is an error for who
   asks for more, and for nobody else. */
static void fill_to_the_limit(void)
{
    enum { LIMIT = 1024 };
    pit_pid all[LIMIT];
    size_t n = spawn_all(all, LIMIT);

    CHECK_EQ(n, LIMIT - 1); /* and we */
    for (size_t i = 0; i < n; i += 31)
        CHECK(pit_is_alive(all[i]));
    for (int round = 0; round < 3; round++) {
        pit_ref r;

        n = end_some(all, n);
        n += spawn_all(all + n, LIMIT - n);
        CHECK_EQ(n, LIMIT - 1);
        r = pit_spawn_request(wait_forever, NULL, 0, .monitor = true);
        CHECK_EQ(pit_error(pit_as(pit_receive_ref(r, A_WHILE), pit_spawn_reply)->pid),
                 -PIT_ESYSTEMLIMIT);
    }
    for (size_t i = 0; i < n; i++)
        pit_exit_process(all[i], pit_atom("kill"));
    expect_alone();
}

/* LIFE-11: on one, two and four schedulers. */
NODE_CASE_WITH(the_process_limit_harms_nobody, .schedulers = 1, .opts = {.processes = 1024})
{
    fill_to_the_limit();
}
NODE_CASE_WITH(the_process_limit_harms_nobody_of_two, .schedulers = 2, .opts = {.processes = 1024})
{
    fill_to_the_limit();
}
NODE_CASE_WITH(the_process_limit_harms_nobody_of_four, .schedulers = 4, .opts = {.processes = 1024})
{
    fill_to_the_limit();
}

static void spawns_what_it_can(const void *arg)
{
    int64_t n = 0;
    pit_pid to = *(const pit_pid *)arg;

    while (pit_try_spawn(wait_forever, NULL, 0, (pit_spawn_opts){.stack = 16 * 1024}).id > 0)
        n++;
    pit_send(to, report, .n = n, .who = pit_self());
    wait_forever(NULL);
}

/* LIFE-11: several who take what is left of it at once get all of it together. */
NODE_CASE_WITH(the_process_limit_is_shared_exactly, .schedulers = 4, .opts = {.processes = 1024})
{
    enum { SPAWNERS = 6 };
    pit_pid me = pit_self(), all[1024];
    int64_t sum = 0;

    for (int round = 0; round < 3; round++) {
        size_t n;

        sum = 0;
        for (int i = 0; i < SPAWNERS; i++)
            (void)spawn_anywhere(spawns_what_it_can, &me, sizeof me);
        for (int i = 0; i < SPAWNERS; i++)
            sum += pit_receive_only(report, A_WHILE)->n;
        CHECK_EQ(sum, 1024 - 1 - SPAWNERS);
        n = pit_processes(all, 1024);
        CHECK_EQ(n, 1024);
        for (size_t i = 0; i < n; i++)
            if (!pit_pid_equal(all[i], me))
                pit_exit_process(all[i], pit_atom("kill"));
        expect_alone();
    }
}

/* LIFE-11: who is ended while it waits to hear of free slots leaves them to others. */
static void tries_for_ever(const void *arg)
{
    for (;;) {
        pit_pid p = pit_try_spawn(ended, NULL, 0, (pit_spawn_opts){.scheduler = PIT_ANYWHERE});

        CHECK(p.id > 0 || pit_error(p) == -PIT_ESYSTEMLIMIT);
    }
}

NODE_CASE_WITH(who_is_ended_at_the_limit_leaves_its_slots, .schedulers = 4,
               .opts = {.processes = 1024})
{
    pit_pid all[1024] = {{0}};
    size_t n = spawn_all(all, 1024);

    for (int round = 0; round < 10; round++) {
        pit_pid by[4];

        for (int i = 0; i < 8; i++)
            pit_exit_process(all[--n], pit_atom("kill"));
        for (int i = 0; i < 4; i++)
            do
                by[i] = pit_try_spawn(tries_for_ever, NULL, 0,
                                      (pit_spawn_opts){.scheduler = PIT_ANYWHERE});
            while (by[i].id < 0);
        pit_sleep(1);
        for (int i = 0; i < 4; i++)
            pit_exit_process(by[i], pit_atom("kill"));
        while (pit__node_processes() > n + 1)
            pit_sleep(1);
        n += spawn_all(all + n, 1024 - n);
        CHECK_EQ(n, 1023);
    }
    for (size_t i = 0; i < n; i++)
        pit_exit_process(all[i], pit_atom("kill"));
    expect_alone();
}

static void spawns_for_ever(const void *arg)
{
    for (;;)
        (void)pit_spawn_with(wait_forever, NULL, 0, .link = true);
}

/* LIFE-11: pit_spawn ends the caller with system_limit, and what it was linked to with it. */
NODE_CASE_WITH(a_spawn_beyond_the_limit_ends_the_spawner, .schedulers = 2,
               .opts = {.processes = 1024, .stack = 16 * 1024})
{
    pit_monitored m = spawn_watched(spawns_for_ever, NULL, 0);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down);
    CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{system_limit,<<\"the process limit",
                   33));
    expect_alone();
}

/* ---- spawn */

static void echoes_argument(const void *arg)
{
    const struct report *r = arg;

    CHECK_EQ((uintptr_t)arg % 16, 0);
    pit_send(r->who, report, .n = r->n, .who = pit_self());
}

static void handler_echoes(void *state, const pit_msg *m)
{
    struct report *r = state;

    CHECK_EQ((uintptr_t)state % 16, 0);
    if (pit_is(m, pit_start))
        return;
    r->n++; /* state is the process's own, and lasts */
    pit_send(r->who, report, .n = r->n, .who = pit_self());
}

/* SPAWN-1: each variant; arguments are copied. */
NODE_CASE(every_kind_of_spawn_works)
{
    struct report r = {.n = 5, .who = pit_self()};
    pit_pid p = pit_spawn(echoes_argument, &r, sizeof r), h;
    pit_monitored m;
    const struct report *got;

    r.n = 6; /* not seen by the first */
    got = pit_receive_only(report, A_WHILE);
    CHECK(got->n == 5 && pit_pid_equal(got->who, p));
    m = pit_spawn_monitor(echoes_argument, &r, sizeof r);
    CHECK_EQ(pit_receive_only(report, A_WHILE)->n, 6);
    expect_end(m, "normal");
    (void)pit_trap_exit(true);
    p = pit_spawn_link(echoes_argument, &r, sizeof r);
    expect_exited(p, "normal");
    CHECK_EQ(pit_receive_only(report, A_WHILE)->n, 6);
    h = pit_spawn_handler_link(handler_echoes, &r, sizeof r);
    r.n = 100;
    for (int i = 0; i < 3; i++) {
        pit_send(h, go);
        CHECK_EQ(pit_receive_only(report, A_WHILE)->n, 7 + i);
    }
    pit_exit_process(h, pit_atom("stop"));
    expect_exited(h, "stop");
    h = pit_spawn_handler(handler_echoes, &r, sizeof r);
    pit_send(h, go);
    CHECK_EQ(pit_receive_only(report, A_WHILE)->n, 101);
    pit_exit_process(h, pit_atom("kill"));
    expect_alone();
}

static void dies(const void *arg) { pit_exit(pit_atom("born_dead")); }

/* SPAWN-2: it cannot die before its link and monitor are there. */
NODE_CASE(link_and_monitor_are_there_before_the_child_can_die)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 500; i++) {
        pit_ref ref;
        pit_pid p = pit_spawn_with(dies, NULL, 0, .scheduler = PIT_ANYWHERE, .link = true,
                                   .monitor = true, .ret_ref = &ref);

        expect_exited(p, "born_dead");
        expect_down(ref, p, "born_dead");
    }
    expect_empty();
}

static void tells_info(const void *arg)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK(!info.trap_exit);
    CHECK_EQ(info.priority, PIT_PRIORITY_NORMAL);
    CHECK_STR(info.name, "");
    CHECK_EQ(info.links, 0);
}

static void parent_of(const void *arg)
{
    (void)pit_trap_exit(true);
    CHECK_EQ(pit_register("parent", pit_self()), 0);
    expect_end(spawn_watched(tells_info, NULL, 0), "normal");
}

/* SPAWN-3 */
NODE_CASE(a_child_inherits_nothing)
{
    pit_monitored m = {0};

    m.pid = pit_spawn_with(parent_of, NULL, 0, .priority = PIT_PRIORITY_HIGH, .monitor = true,
                           .ret_ref = &m.ref);
    expect_end(m, "normal");
}

static void tells_priority(const void *arg)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    pit_exit(pit_build("{~, ~, ~}", (int)info.priority, (const char *)info.name,
                       (const char *)info.label));
}

/* SPAWN-4: options are in force before the child first runs. */
NODE_CASE(options_hold_before_the_child_runs)
{
    for (int i = 0; i < 20; i++) {
        pit_monitored m;

        m.pid = pit_spawn_with(tells_priority, NULL, 0, .priority = PIT_PRIORITY_HIGH,
                               .name = "named", .label = "a label", .scheduler = PIT_ANYWHERE,
                               .monitor = true, .ret_ref = &m.ref);
        expect_end(m, "{2,<<\"named\">>,<<\"a label\">>}");
    }
}

static void tells_scheduler(const void *arg) { pit_exit(pit_build("~", pit_scheduler())); }

NODE_CASE_WITH(a_process_starts_where_it_is_asked_to, .schedulers = 4)
{
    for (int i = 0; i < 4; i++) {
        pit_monitored m;

        /* The highest priority, which no balance moves. */
        m.pid = pit_spawn_with(tells_scheduler, NULL, 0, .scheduler = PIT_ON(i),
                               .priority = PIT_PRIORITY_MAX, .monitor = true, .ret_ref = &m.ref);
        expect_end(m, text_of(pit_build("~", i)));
    }
}

/* Options out of range start nothing. */
NODE_CASE(a_spawn_with_wrong_options_starts_nothing)
{
    const pit_spawn_opts wrong[] = {
        {.priority = PIT_PRIORITY_MAX + 1},
        {.scheduler = -2},
        {.scheduler = 1025},
        {.stack = 9 << 20},
        {.monitor = true},
        {.name = ""},
        {.name = "undefined"},
    };
    struct report unused = {0};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_EQ(pit_error(pit_try_spawn(ended, &unused, sizeof unused, wrong[i])), -EINVAL);
        CHECK_EQ(pit_error(pit_try_spawn_handler(handler_echoes, &unused, sizeof unused, wrong[i])),
                 -EINVAL);
    }
    CHECK_EQ(pit_register("taken", pit_self()), 0);
    CHECK_EQ(
        pit_error(pit_try_spawn(ended, NULL, 0, (pit_spawn_opts){.name = "taken", .link = true})),
        -PIT_ENAMETAKEN);
    CHECK_EQ(pit__node_processes(), 1);
    expect_empty();
}

/* A spawn that failed leaves nothing behind: a supervisor that was never started does not hold up
   the node's stop. */
NODE_CASE_WITH(a_supervisor_that_was_not_spawned_is_not_waited_for, .schedulers = 1,
               .opts = {.stop_timeout = 60000})
{
    CHECK_EQ(pit_register("taken", pit_self()), 0);
    CHECK_EQ(
        pit_error(pit_try_spawn(ended, NULL, 0, (pit_spawn_opts){.name = "taken", .pit__kind = 1})),
        -PIT_ENAMETAKEN);
    CHECK_EQ(atomic_load(&pit__node.supervisors), 0);
}

static void uses_stack(const void *arg)
{
    size_t size = *(const size_t *)arg;
    volatile char *p = __builtin_alloca(size);

    for (size_t i = 0; i < size; i += 512)
        p[i] = 1;
    pit_yield();
    for (size_t i = 0; i < size; i += 512)
        CHECK_EQ(p[i], 1);
}

NODE_CASE(a_stack_is_as_large_as_asked)
{
    const uint32_t sizes[] = {16 << 10, 64 << 10, 256 << 10, 1 << 20, 8 << 20};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t use = pit_test_sanitized() ? sizes[i] / 4 : sizes[i] * 3 / 4;
        pit_monitored m;

        if (pit_test_sanitized() && sizes[i] < 64 << 10)
            continue; /* a sanitizer's own frames need more than that */
        m.pid = pit_spawn_with(uses_stack, &use, sizeof use, .stack = sizes[i], .monitor = true,
                               .ret_ref = &m.ref);
        expect_end(m, "normal");
    }
}

/* ---- a process's own memory */

static void allocates(const void *arg)
{
    char *p[64];

    for (int i = 0; i < 64; i++) {
        size_t size = (size_t)i * i * 17;

        p[i] = pit_alloc(size);
        CHECK_EQ((uintptr_t)p[i] % 16, 0);
        for (size_t k = 0; k < size; k++)
            CHECK_EQ(p[i][k], 0);
        memset(p[i], i, size);
    }
    for (int i = 0; i < 64; i += 2)
        pit_free(p[i]);
    for (int i = 1; i < 64; i += 2) {
        p[i] = pit_realloc(p[i], 100000);
        CHECK(i == 1 || p[i][17] == i);
    }
    pit_free(NULL);
    pit_free(pit_realloc(NULL, 10));
    if (*(const int *)arg == 1)
        wait_forever(NULL);
    if (*(const int *)arg == 2)
        pit_exit(pit_atom("oops"));
}

static void frees_twice(const void *arg)
{
    char *p = pit_alloc(10);

    pit_free(p);
    if (*(const bool *)arg)
        (void)pit_realloc(p, 20);
    else
        pit_free(p);
}

/* What was freed is nobody's: neither freed once more nor given out twice. */
NODE_CASE(memory_freed_twice_ends_the_process_and_nobody_else)
{
    for (int again = 0; again < 2; again++) {
        pit_monitored m = spawn_watched(frees_twice, &(bool){again}, sizeof(bool));
        const struct pit_down *down = pit_receive_only(pit_down, A_WHILE);
        char text[256];

        CHECK(pit_pid_equal(down->pid, m.pid));
        pit_term_print(text, sizeof text, down->reason);
        CHECK(strstr(text, "badarg"));
        CHECK(strstr(text, "freed before"));
    }
}

/* Memory is the process's own and is released however it ends. The leak checker of an asan build
   watches the large ones. */
NODE_CASE(memory_goes_with_its_process)
{
    for (int way = 0; way < 3; way++) {
        pit_monitored m = spawn_watched(allocates, &way, sizeof way);
        pit_process_info info = {0};

        if (way == 1) {
            while (pit_process_info_of(m.pid, &info) == 0 && info.memory < 3200000)
                pit_yield();
            pit_exit_process(m.pid, pit_atom("kill"));
        }
        expect_end(m, way == 0 ? "normal" : way == 1 ? "killed" : "oops");
    }
    expect_alone();
}

static void wants_much(const void *arg)
{
    CHECK(pit_try_alloc(2 << 20) == NULL);
    (void)pit_alloc(1 << 19);
    (void)pit_alloc(1 << 20);
    CHECK(!"reached");
}

/* HEAP-1: the limit that the command line gives to all (+M).
   OTP: process_SUITE/command_line_max_heap_size */
NODE_CASE_WITH(memory_beyond_the_limit_ends_the_process, .schedulers = 1,
               .opts = {.memory = 1 << 20})
{
    pit_monitored m = spawn_watched(wants_much, NULL, 0);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

    CHECK(down);
    CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{system_limit,", 14));
}

/* ---- many */

NODE_CASE(many_processes_come_and_go)
{
    size_t n = pit_test_scale(pit_test_sanitized() ? 1000 : 20000, 500000);
    struct report r = {.n = 1, .who = pit_self()};
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        (void)pit_spawn_handler_with(handler_echoes, &r, sizeof r, .scheduler = PIT_ANYWHERE,
                                     .name = i == 7 ? "seventh" : NULL);
    CHECK_EQ(pit__node_processes(), n + 1);
    {
        pit_pid *all = pit_alloc((n + 1) * sizeof *all);

        CHECK_EQ(pit_processes(all, n + 1), n + 1);
        for (size_t i = 0; i <= n; i++)
            if (!pit_pid_equal(all[i], pit_self()))
                pit_send(all[i], go);
        for (size_t i = 0; i < n; i++)
            sum += pit_receive_only(report, A_WHILE)->n;
        for (size_t i = 0; i <= n; i++)
            if (!pit_pid_equal(all[i], pit_self()))
                pit_exit_process(all[i], pit_atom("kill"));
    }
    CHECK_EQ(sum, 2 * (int64_t)n);
    expect_alone();
}
