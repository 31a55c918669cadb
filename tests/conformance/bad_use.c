/*
 * Goal: bad use of the public functions of processes, messages, names, timers and aliases gives the
 *   error that their headers promise, ends nobody else, and leaves the node as it was. What threads
 *   that run no process get: tests/runtime/test_foreign.c.
 * Method: each wrong argument with each function that takes it. What "ends the caller" is done by a
 *   process of its own; garbage comes from a seed.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(number, (int64_t, n));

static const pit_pid error_pid = {INT64_MIN | EINVAL};
static const pit_ref error_ref = {{INT64_MIN | EINVAL}, 0};

/* The body ends its process with {Kind, <<"...">>, ...}, and nothing else happens. */
static void expect_error(pit_body *body, const void *arg, size_t size, const char *kind)
{
    pit_monitored m = spawn_watched(body, arg, size);
    const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);
    char begin[40];

    CHECK(down);
    snprintf(begin, sizeof begin, "{%s,<<\"", kind);
    if (strncmp(text_of(pit_as(down, pit_down)->reason), begin, strlen(begin)) != 0)
        pit_test_fail(__FILE__, __LINE__, "%s, where %s was promised",
                      text_of(pit_as(down, pit_down)->reason), kind);
}

static void expect_badarg(pit_body *body) { expect_error(body, NULL, 0, "badarg"); }

/* ---- garbage */

/* A pid of garbage bits that is nobody's: not of a process that lives now. */
static pit_pid garbage(uint64_t *chance)
{
    for (;;) {
        pit_pid p = {(int64_t)(pit_test_random(chance) & INT64_MAX)}, all[8];
        size_t n = pit_processes(all, 8);
        bool lives = false;

        if (pit_test_random_below(chance, 2)) /* of slots that exist, and of wrong generations */
            p.id = (int64_t)pit_test_random_below(chance, 64) | (p.id & ~((INT64_C(1) << 27) - 1));
        for (size_t i = 0; i < n && i < 8; i++)
            lives |= pit_pid_equal(p, all[i]);
        if (!lives && p.id)
            return p;
    }
}

/* EXIT-3, LINK-2, MON-4, SIG-3, TIMER-2, LIFE-10, REG-1, ALIAS-5: a pid of garbage bits is a
   process that never was. */
NODE_CASE(a_pid_of_garbage_is_nobody)
{
    uint64_t chance = pit_test_seed();
    pit_process_info info;
    pit_term t = pit_nil();

    (void)pit_trap_exit(true);
    for (int i = 0; i < 500; i++) {
        pit_pid p = garbage(&chance);
        pit_ref ref = {p, pit_test_random(&chance)};
        struct number n = {1};

        pit_send(p, number, .n = 1);
        pit_send(ref, number, .n = 1);
        pit_message_send(p, pit_message_make(&pit_type_number, 100));
        pit_exit_process(p, pit_atom("kill"));
        pit_exit_alias(ref, pit_atom("kill"));
        CHECK(!pit_is_alive(p));
        CHECK_EQ(pit_process_info_of(p, &info), -PIT_ENOPROC);
        CHECK_EQ(pit_try_link(p), -PIT_ENOPROC);
        pit_unlink(p);
        pit_link(p);
        expect_exited(p, "noproc");
        expect_down(pit_monitor(p), p, "noproc");
        CHECK_EQ(pit_demonitor(ref, PIT_DEMONITOR_FLUSH), 0);
        CHECK(!pit_unalias(ref));
        CHECK(!pit_receive_ref(ref, 0));
        CHECK_EQ(pit_register("garbage", p), -PIT_ENOPROC);
        CHECK_EQ(pit_try_call(p, &pit_type_number, &n, 1000, &pit_type_number, &n), -PIT_ENOPROC);
        CHECK_EQ(pit_error(pit_start_timer(0, p, 1)), 0);
        CHECK_EQ(pit_error(pit_send_after(1000, p, number, .n = 1)), 0);
        CHECK_EQ(pit_cancel_timer(ref), -ENOENT);
        CHECK_EQ(pit_read_timer(ref), -ENOENT);
        CHECK_EQ(pit_cancel_timer_async(ref, false), 0);
        CHECK_EQ(pit_suspend(p, 0), -PIT_ENOPROC);
        CHECK_EQ(pit_resume(p), -EINVAL);
        CHECK(!pit_spawn_request_abandon(ref));
        CHECK_EQ(pit_try_send(p, number, .n = 1), 0);
        CHECK_EQ(pit_process_item(p, PIT_INFO_LINKS, &t), -PIT_ENOPROC);
        CHECK_EQ(pit_process_dictionary(p, t, &t), -PIT_ENOPROC);
        CHECK_EQ(pit_trace_info(p, NULL), -PIT_ENOPROC);
        CHECK_EQ(pit_tracer_open((pit_tracer_opts){.to = p}).id, INT64_MIN | PIT_ENOPROC);
        pit_answer_asker((pit_asker){p, pit_test_random(&chance)}, &pit_type_number, &n);
    }
    expect_alone();
    expect_empty();
}

/* ---- handles that hold an error */

static void sends(const void *arg) { pit_send(error_pid, go); }
static void sends_alias(const void *arg) { pit_send(error_ref, go); }
static void moves(const void *arg)
{
    pit_message_send(error_pid, pit_message_make(&pit_type_number, 8));
}
static void exits(const void *arg) { pit_exit_process(error_pid, pit_atom("kill")); }
static void links(const void *arg) { pit_link(error_pid); }
static void tries_to_link(const void *arg) { (void)pit_try_link(error_pid); }
static void unlinks(const void *arg) { pit_unlink(error_pid); }
static void monitors(const void *arg) { (void)pit_monitor(error_pid); }
static void starts_timer(const void *arg) { (void)pit_start_timer(1, error_pid, 1); }
static void sends_after(const void *arg) { (void)pit_send_after(1, error_pid, go); }
static void cancels(const void *arg) { (void)pit_cancel_timer(error_ref); }
static void reads(const void *arg) { (void)pit_read_timer(error_ref); }
static void suspends(const void *arg) { (void)pit_suspend(error_pid, 0); }
static void exits_alias(const void *arg) { pit_exit_alias(error_ref, pit_atom("kill")); }

/* LINK-5, EXIT-3, MON-4, SIG-3, TIMER-7: what holds an error ends its user with badarg. */
NODE_CASE(a_handle_that_holds_an_error_is_badarg)
{
    pit_body *bodies[] = {sends,         sends_alias, moves,    exits,        links,
                          tries_to_link, unlinks,     monitors, starts_timer, sends_after,
                          cancels,       reads,       suspends, exits_alias};
    struct number n = {1};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_badarg(bodies[i]);
    CHECK_EQ(pit_try_call(error_pid, &pit_type_number, &n, 10, &pit_type_number, &n), -EINVAL);
    CHECK_EQ(pit_register("error", error_pid), -PIT_ENOPROC);
    CHECK(!pit_is_alive(error_pid));
    CHECK_EQ(pit_process_info_of(error_pid, &(pit_process_info){0}), -PIT_ENOPROC);
    CHECK_EQ(pit_demonitor(error_ref, 0), 0);
    CHECK(!pit_unalias(error_ref));
    expect_alone();
}

/* ---- NULL and wrong types */

static void sends_twice(const void *arg)
{
    void *n = pit_message_make(&pit_type_number, 8);

    pit_message_send(pit_self(), n);
    pit_message_send(pit_self(), n);
}
static void sends_what_it_did_not_make(const void *arg)
{
    static struct {
        _Alignas(16) char head[128];
        struct number n;
    } mine;

    pit_message_send(pit_self(), &mine.n);
}
static void drops_after_sending(const void *arg)
{
    void *n = pit_message_make(&pit_type_number, 8);

    pit_message_send(pit_self(), n);
    CHECK_EQ(pit_as(pit_receive(0), number)->n, 0);
}

/* SIG-5: a payload is sent once, and only what pit_message_make made. */
NODE_CASE(a_built_message_is_sent_once)
{
    expect_badarg(sends_twice);
    expect_badarg(sends_what_it_did_not_make);
    expect_end(spawn_watched(drops_after_sending, NULL, 0), "normal");
    CHECK(!pit_message_make(&pit_type_number, SIZE_MAX / 2));
    pit_message_drop(pit_message_make(&pit_type_number, 1000));
    CHECK_EQ(pit_send_name(NULL, &pit_type_go, &(struct go){0}), -PIT_ENOPROC);
    CHECK_EQ(pit_send_name("", &pit_type_go, &(struct go){0}), -PIT_ENOPROC);
    expect_alone();
}

/* REG-1, REG-2, REG-3, MON-3: no name at all. */
NODE_CASE(no_name_is_nobodys_name)
{
    const char *none[] = {NULL, "", "undefined", "\xff"};

    for (int i = 0; i < 4; i++) {
        CHECK_EQ(pit_register(none[i], pit_self()), -EINVAL);
        CHECK_EQ(pit_unregister(none[i]), -PIT_ENOPROC);
        CHECK_EQ(pit_whereis(none[i]).id, 0);
        expect_down(pit_monitor_name(none[i]), PIT_NO_PID, "noproc");
    }
    CHECK_EQ(pit_processes(NULL, 0), 1);
}

static void sends_null(const void *arg) { pit_send_copy(pit_self(), &pit_type_number, NULL); }
static void sends_null_to_name(const void *arg)
{
    CHECK_EQ(pit_register("null", pit_self()), 0);
    (void)pit_send_name("null", &pit_type_number, NULL);
}
static void sends_null_by_alias(const void *arg)
{
    pit_send_alias_copy(pit_alias(), &pit_type_number, NULL);
}
static void sends_null_later(const void *arg)
{
    (void)pit_send_after_copy(1, pit_self(), &pit_type_number, NULL);
}
static void calls_with_null(const void *arg)
{
    struct number n;

    (void)pit_try_call(*(const pit_pid *)arg, &pit_type_number, NULL, 100, &pit_type_number, &n);
}
static void matches_with_null(const void *arg)
{
    pit_send(pit_self(), number, .n = 1);
    (void)pit_receive_match(NULL, NULL, 0);
}
static void is_told_into_null(const void *arg) { (void)pit_process_info_of(pit_self(), NULL); }
static void lists_into_null(const void *arg) { (void)pit_processes(NULL, 5); }
static void asks_the_node_into_null(const void *arg) { pit_node_info_get(NULL); }
static void measures_null(const void *arg) { (void)pit_message_size(NULL); }
static void spawns_with_null(const void *arg) { (void)pit_spawn(wait_forever, NULL, 10); }
static void names_nonsense(const void *arg) { (void)pit_register((const char *)8, pit_self()); }

/*
 * LIFE-6: a NULL where none may be is the caller's own fault, and nobody else's: the reason says
 * so, the node goes on. The sanitizers report such an access before the runtime can contain it.
 */
NODE_CASE(a_null_where_none_may_be_ends_its_user_alone)
{
    pit_body *bodies[] = {sends_null,        sends_null_to_name, sends_null_by_alias,
                          sends_null_later,  calls_with_null,    matches_with_null,
                          is_told_into_null, lists_into_null,    asks_the_node_into_null,
                          measures_null,     spawns_with_null,   names_nonsense};
    pit_pid me = pit_self();

    if (pit_test_sanitized())
        pit_test_skip("a sanitizer ends the program at such an access");
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        pit_monitored m = spawn_watched(bodies[i], &me, sizeof me);
        const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

        CHECK(down);
        if (strncmp(text_of(pit_as(down, pit_down)->reason), "{fault,'SIGSEGV',", 17) != 0)
            pit_test_fail(__FILE__, __LINE__, "body %zu: %s", i,
                          text_of(pit_as(down, pit_down)->reason));
        CHECK_EQ(pit_whereis("null").id, 0);
    }
    /* And where NULL may be. */
    pit_drop((const pit_msg *)NULL);
    pit_free(NULL);
    pit_message_drop(NULL);
    CHECK_EQ(pit_processes(NULL, 0), 1);
    expect_alone();
    expect_empty();
}

/* RECV-2: any negative timeout is none: it waits. */
NODE_CASE(a_negative_timeout_never_comes)
{
    (void)pit_send_after(3, pit_self(), number, .n = 1);
    CHECK_EQ(pit_as(pit_receive(-5), number)->n, 1);
    (void)pit_send_after(3, pit_self(), number, .n = 2);
    CHECK_EQ(pit_as(pit_receive_type(&pit_type_number, INT64_MIN), number)->n, 2);
}

/* ---- huge sizes and times out of range */

static void allocates_all(const void *arg) { (void)pit_alloc(SIZE_MAX / 2); }
static void grows_beyond_all(const void *arg) { (void)pit_realloc(pit_alloc(10), SIZE_MAX / 2); }
static void spawns_with_all(const void *arg) { (void)pit_spawn(wait_forever, arg, SIZE_MAX / 2); }

/* LIFE-11, TIMER-1, RECV-2, SPAWN-4: sizes that cannot be, times and options out of range. */
NODE_CASE(what_cannot_be_is_refused)
{
    static const char one[1];

    CHECK(!pit_try_alloc(SIZE_MAX / 2));
    CHECK(!pit_try_alloc(SIZE_MAX));
    expect_error(allocates_all, NULL, 0, "system_limit");
    expect_error(grows_beyond_all, NULL, 0, "system_limit");
    CHECK(pit_error(pit_try_spawn(wait_forever, one, SIZE_MAX / 2, (pit_spawn_opts){0})) < 0);
    CHECK(pit_error(pit_try_spawn(wait_forever, one, SIZE_MAX, (pit_spawn_opts){0})) < 0);
    {
        pit_monitored m = spawn_watched(spawns_with_all, NULL, 0);

        CHECK(pit_receive_ref(m.ref, A_WHILE));
    }
    CHECK_EQ(pit_error(pit_start_timer(-1, pit_self(), 1)), -EINVAL);
    CHECK_EQ(pit_error(pit_alias_with(.mode = 9)), -EINVAL);
    CHECK_EQ(pit_error(pit_alias_with(.mode = PIT_ALIAS_DEMONITOR)), -EINVAL);
    CHECK_EQ(pit_error(pit_monitor_with(pit_self(), .alias = 9)), -EINVAL);
    expect_alone();
}

static void takes_go_only(const void *arg) { (void)pit_receive_type(&pit_type_go, PIT_INFINITY); }
static void sleeps_for_ever(const void *arg)
{
    pit_sleep(INT64_MAX - (int64_t)(pit_self().id & 1));
    CHECK(!"reached");
}
static void receives_for_ever(const void *arg)
{
    (void)pit_receive_type(&pit_type_go, INT64_MAX / 1000000 + 1);
    CHECK(!"reached");
}
static void calls_for_ever(const void *arg)
{
    struct number n = {1};

    (void)pit_try_call(*(const pit_pid *)arg, &pit_type_number, &n, INT64_MAX - 1, &pit_type_number,
                       &n);
    CHECK(!"reached");
}

/* RECV-2, RECV-3, TIMER-1, TIMER-5: times beyond all that a clock will show are waited for, and
   none is mistaken for a past one. */
NODE_CASE(times_without_end_are_waited_for)
{
    pit_pid deaf = spawn_anywhere(takes_go_only, NULL, 0);
    pit_body *bodies[] = {sleeps_for_ever, receives_for_ever, calls_for_ever};
    const int64_t far[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000000, INT64_MAX / 1000000 + 1};
    pit_monitored m[3];

    for (int i = 0; i < 3; i++)
        m[i] = spawn_watched(bodies[i], &deaf, sizeof deaf);
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        pit_ref r = pit_start_timer(far[i], pit_self(), i);

        CHECK(pit_read_timer(r) > 0);
        CHECK(pit_cancel_timer(r) > 0);
        r = pit_start_timer_at(far[i] > INT64_MAX - 2 ? far[i] : INT64_MAX - (int64_t)i, pit_self(),
                               i);
        CHECK(pit_cancel_timer(r) > 0);
    }
    (void)pit_start_timer_at(INT64_MIN, pit_self(), 5); /* long past */
    CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timeout)->value, 5);
    for (int i = 0; i < 3; i++) {
        while (!pit_is_alive(m[i].pid))
            pit_test_fail(__FILE__, __LINE__, "body %d did not wait", i);
        pit_exit_process(m[i].pid, pit_atom("enough"));
        expect_end(m[i], "enough");
    }
    pit_exit_process(deaf, pit_atom("kill"));
    expect_alone();
    expect_empty();
}

static void frees_nonsense(const void *arg)
{
    _Alignas(16) static char nothing[256];

    pit_free(nothing + 128);
}
static void labels_with_nonsense(const void *arg)
{
    static char text[4000];
    pit_process_info info;

    memset(text, 'x', sizeof text - 1);
    pit_set_label(text); /* 255 bytes of it */
    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK_EQ(strlen(info.label), sizeof info.label - 1);
}

/* INFO-2, SPAWN-4, LIFE-11: numbers out of range, of each function that takes one. */
NODE_CASE(numbers_out_of_range_are_refused)
{
    static const pit_spawn_opts wrong[] = {
        {.priority = 4}, {.priority = 255},     {.scheduler = 30000}, {.scheduler = -2},
        {.alias = 5},    {.stack = UINT32_MAX}, {.max_heap = 4},      {.name = "undefined"},
    };
    enum pit_info many[65] = {0};
    pit_term t[65] = {0};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (pit_error(pit_try_spawn(wait_forever, NULL, 0, wrong[i])) != -EINVAL)
            pit_test_fail(__FILE__, __LINE__, "spawn option %zu is not refused", i);
    CHECK_EQ(pit_process_items(pit_self(), many, 65, t), -EINVAL);
    CHECK_EQ(pit_process_items(pit_self(), many, SIZE_MAX, t), -EINVAL);
    CHECK_EQ(pit_process_item(pit_self(), (enum pit_info) - 1, t), -EINVAL);
    CHECK_EQ(pit_system_info((enum pit_system) - 1, t), -EINVAL);
    CHECK_EQ(pit_process_flag((enum pit_flag) - 1, 1), -EINVAL);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, INT64_MIN), -EINVAL);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1, .policy = UINT32_MAX}), -EINVAL);
    CHECK_EQ(pit_error(pit_atomics_new(SIZE_MAX, 0)), -EINVAL);
    CHECK_EQ(pit_error(pit_counters_new((size_t)UINT32_MAX + 2, 0)), -EINVAL);
    CHECK_EQ(pit_suspend(pit_self(), ~0u), -EINVAL);
    expect_badarg(frees_nonsense);
    expect_end(spawn_watched(labels_with_nonsense, NULL, 0), "normal");
    CHECK_EQ(pit_processes(NULL, 0), 1);
    expect_alone();
}

/* ---- sizes */

PIT_MESSAGE(owner, (pit_term, term), (pit_binary, bytes));

static const pit_term two[2] = {{0}, {0}};
static void makes_a_tuple(const void *arg) { (void)pit_tuple_of(two, *(const size_t *)arg); }
static void makes_a_list(const void *arg) { (void)pit_list_of(two, *(const size_t *)arg); }
static void makes_a_map(const void *arg) { (void)pit_map_of(two, two, *(const size_t *)arg); }
static void allocates(const void *arg) { (void)pit_alloc(*(const size_t *)arg); }

/* LIFE-6, SPAWN-4: a size that nothing has, nor the sum of it and what is put beside it. None of
   them is read up to. */
NODE_CASE(a_huge_size_is_refused)
{
    static const size_t sizes[] = {SIZE_MAX,         SIZE_MAX - 7,     SIZE_MAX - 15,
                                   SIZE_MAX / 2,     SIZE_MAX / 2 + 1, SIZE_MAX / 4,
                                   SIZE_MAX / 8 + 1, SIZE_MAX / 64 + 1};
    static pit_body *const limited[] = {makes_a_tuple, makes_a_list, makes_a_map};
    char byte = 0;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK(!pit_message_make(&pit_type_owner, sizes[i]));
        CHECK(!pit_message_make(&pit_type_number, sizes[i]));
        CHECK_EQ(pit_error(pit_try_spawn(wait_forever, &byte, sizes[i], (pit_spawn_opts){0})),
                 -EINVAL);
        for (size_t k = 0; k < sizeof limited / sizeof *limited; k++)
            expect_error(limited[k], &sizes[i], sizeof sizes[i], "system_limit");
    }
    for (size_t i = 0; i < 3; i++) { /* the sanitizers' malloc ends the program for smaller ones */
        CHECK(!pit_try_alloc(sizes[i]));
        expect_error(allocates, &sizes[i], sizeof sizes[i], "system_limit");
    }
    expect_alone();
}

/* ALIAS-5, SIG-3, SCHED-5, GL-1: what else takes a pid or a reference, with one that is garbage, an
   error or nobody's. */
NODE_CASE(the_rest_that_takes_a_handle)
{
    uint64_t chance = pit_test_seed();
    struct number n = {1};

    for (int i = 0; i < 100; i++) {
        pit_pid p = garbage(&chance);
        pit_ref ref = {p, pit_test_random(&chance)};

        pit_send_priority(ref, number, .n = 1);
        pit_exit_alias_priority(ref, pit_atom("kill"));
        CHECK_EQ(pit_set_group_leader(p, pit_self()), -PIT_ENOPROC);
        CHECK_EQ(pit_read_timer_async(ref), 0);
        CHECK_EQ(pit_as(pit_receive(A_WHILE), pit_timer_read)->left, -ENOENT);
    }
    CHECK_EQ(pit_set_group_leader(pit_self(), error_pid), -EINVAL);
    CHECK_EQ(pit_suspend(pit_self(), 0), -EINVAL);
    CHECK_EQ(pit_resume(pit_self()), -EINVAL);
    pit_answer_asker((pit_asker){error_pid, 1}, &pit_type_number, &n);
    pit_answer_asker((pit_asker){PIT_NO_PID, 0}, &pit_type_number, &n);
    pit_send(pit_self(), number, .n = 7);
    CHECK_EQ(pit_answer(pit_receive(0), &pit_type_number, &n), -EINVAL);
    expect_alone();
    expect_empty();
}

/* ---- while one ends */

static void sends_to_itself_and_exits(const void *arg)
{
    pit_pid me = pit_self();

    pit_send(me, number, .n = 1);
    (void)pit_start_timer(0, me, 1);
    pit_link(me);
    (void)pit_monitor(me);
    pit_exit_process(me, pit_atom("now"));
    CHECK(!"reached");
}

static void ends_with_mail(const void *arg)
{
    for (int i = 0; i < 1000; i++)
        pit_send(pit_self(), number, .n = i);
}

static void floods(const void *arg)
{
    pit_pid p = *(const pit_pid *)arg;

    for (int i = 0; i < 300; i++) {
        pit_send(p, number, .n = i);
        pit_exit_process(p, pit_atom("again"));
        (void)pit_start_timer(0, p, 1);
    }
}

/* EXIT-5, EXIT-7, LIFE-7: to send to oneself as one ends, and to one that is ending, does
   nothing. */
NODE_CASE(sending_to_who_is_ending_is_dropped)
{
    for (int i = 0; i < 30; i++) {
        pit_monitored m = spawn_watched(sends_to_itself_and_exits, NULL, 0), by;

        expect_end(m, "now");
        expect_end(spawn_watched(ends_with_mail, NULL, 0), "normal");
        m = spawn_watched(wait_forever, NULL, 0);
        by = spawn_watched(floods, &m.pid, sizeof m.pid);
        pit_exit_process(m.pid, pit_atom("first"));
        {
            const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

            CHECK(down);
            CHECK(pit_atom_is(pit_as(down, pit_down)->reason, "first") ||
                  pit_atom_is(pit_as(down, pit_down)->reason, "again"));
        }
        expect_end(by, "normal");
    }
    expect_alone();
}
