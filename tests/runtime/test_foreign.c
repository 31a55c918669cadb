/*
 * Goal: a thread that runs no process is told so by what can say it, and ended with a clear text by
 * what cannot; what says "any thread" works there (the head of <pit/process.h>).
 * Method: a foreign thread beside a running node, and forked children without one.
 */
#include "tests/runtime/node.h"

#include <signal.h>
#include <sys/wait.h>

PIT_MESSAGE(number, (int64_t, n));

static void never(const void *arg) { CHECK(!"reached"); }
static void never_handler(void *state, const pit_msg *m) { CHECK(!"reached"); }

static struct {
    pit_pid test;
    pit_ref ref, alias;
} f;

/* The rest of what can say so, by an error number or a handle that holds it. */
static void the_rest_says_so(void)
{
    struct number n = {5};
    pit_tracer tracer = {1};
    pit_tracer_info info;
    pit_pid p;

    CHECK_EQ(pit_error(pit_monitor_with(f.test, .alias = PIT_ALIAS_DEMONITOR)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_monitor_name_with("test", .priority = true)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_alias()), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_alias_with(.priority = true)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_spawn_request(never, NULL, 0)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_spawn_request_handler(never_handler, NULL, 0)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_send_at_copy(0, f.test, &pit_type_number, &n)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_send_after_name(0, "test", &pit_type_number, &n)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_send_at_name(0, "test", &pit_type_number, &n)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_start_timer_name(0, "test", 1)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_start_timer_at_name(0, "test", 1)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_cancel_timer_async(f.ref, true), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_read_timer_async(f.ref), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_suspend(f.test, 0), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_resume(f.test), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_process_flag(PIT_FLAG_TRAP_EXIT, 1), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_set_group_leader(f.test, f.test), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_mailbox_bound((pit_mailbox){.messages = 1}), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_tracer_open((pit_tracer_opts){.to = f.test}).id, INT64_MIN | PIT_ENOTPROCESS);
    CHECK_EQ(pit_tracer_close(tracer), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_tracer_info_of(tracer, &info), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_trace(tracer, f.test, PIT_TRACE_SEND), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_trace_name(tracer, "test", PIT_TRACE_SEND), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_trace_all(tracer, PIT_TRACE_NEW, PIT_TRACE_SEND), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_trace_info(f.test, &p), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_trace_delivered(f.test)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_parent().id, 0);
    CHECK_EQ(pit_group_leader().id, 0);
}

/* And of what says "any thread". */
static void the_rest_works(void)
{
    struct number n = {5};
    pit_atomics a = pit_atomics_new(2, 0);
    pit_counters c = pit_counters_new(2, PIT_COUNTERS_SPREAD);

    CHECK_EQ(pit_atomics_add_get(a, 1, 7), 7);
    pit_counters_add(c, 1, 3);
    CHECK_EQ(pit_counters_get(c, 1), 3);
    CHECK_EQ(pit_atomics_delete(a), 0);
    CHECK_EQ(pit_counters_delete(c), 0);
    CHECK_EQ(pit_persistent_put(pit_atom("outside"), pit_build("{1, [2]}")), 0);
    CHECK_STR(text_of(pit_persistent_get(pit_atom("outside"))), "{1,[2]}");
    CHECK(pit_persistent_erase(pit_atom("outside")));
    pit_term_release_all();
    CHECK(pit_wall_clock() > 0);
    pit_send(f.alias, number, .n = 7);
    pit_send_priority_copy(f.alias, &pit_type_number, &n);
    CHECK_EQ(pit_try_send(f.test, number, .n = 9), 0);
}

static void *outside(void *unused)
{
    struct number n = {5};
    pit_process_info info;
    pit_node_info node;
    pit_term t = pit_nil();
    pit_pid all[4];

    CHECK_EQ(pit_error(pit_try_spawn(never, NULL, 0, (pit_spawn_opts){0})), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_try_spawn_handler(never_handler, NULL, 0, (pit_spawn_opts){0})),
             -PIT_ENOTPROCESS);
    CHECK_EQ(pit_try_link(f.test), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_monitor(f.test)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_monitor_name("test")), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_demonitor(f.ref, PIT_DEMONITOR_FLUSH), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_make_ref()), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_try_call(f.test, &pit_type_number, &n, 10, &pit_type_number, &n),
             -PIT_ENOTPROCESS);
    CHECK_EQ(pit_register("other", f.test), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_unregister("test"), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_process_info_of(f.test, &info), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_start_timer(0, f.test, 1)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_start_timer_at(0, f.test, 1)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_send_after(0, f.test, number, .n = 1)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_cancel_timer(f.ref), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_read_timer(f.ref), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_process_item(f.test, PIT_INFO_STATUS, &t), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_process_items(f.test, &(enum pit_info){PIT_INFO_LINKS}, 1, &t), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_process_dictionary(f.test, t, &t), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_system_info(PIT_SYSTEM_MEMORY, &t), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_scheduler_wall_time(true), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_self().id, 0);
    CHECK_EQ(pit_scheduler(), -1);
    CHECK(pit_pid_equal(pit_whereis("test"), f.test));
    CHECK_EQ(pit_whereis("nobody").id, 0);
    CHECK_EQ(pit_processes(all, 4), 1);
    CHECK(pit_random() != pit_random());
    CHECK(pit_now() > 0);
    pit_node_info_get(&node);
    CHECK_EQ(node.processes, 1);
    pit_send(f.test, number, .n = 6);
    CHECK_EQ(pit_send_name("test", &pit_type_number, &n), 0);
    the_rest_says_so();
    the_rest_works();
    return NULL;
}

NODE_CASE(a_foreign_thread_is_told_that_it_runs_no_process)
{
    pthread_t thread;

    f.test = pit_self();
    f.ref = pit_start_timer(60000, f.test, 1);
    f.alias = pit_alias();
    CHECK_EQ(pit_register("test", f.test), 0);
    CHECK_EQ(pthread_create(&thread, NULL, outside, NULL), 0);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 6);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 5);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 7);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 5);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 9);
    pthread_join(thread, NULL);
    CHECK(pit_cancel_timer(f.ref) > 0); /* untouched */
    CHECK_EQ(pit_process_info_of(f.test, &(pit_process_info){0}), 0);
    expect_empty();
}

static void receives(void) { (void)pit_receive(0); }
static void sleeps(void) { pit_sleep(0); }
static void yields(void) { pit_yield(); }
static void exits(void) { pit_exit(pit_atom("x")); }
static void ends_another(void) { pit_exit_process((pit_pid){1}, pit_atom("x")); }
static void links(void) { pit_link((pit_pid){1}); }
static void unlinks(void) { pit_unlink((pit_pid){1}); }
static void allocates(void) { (void)pit_alloc(1); }
static void makes(void) { (void)pit_message_make(&pit_type_number, 8); }
static void spawns(void) { (void)pit_spawn(never, NULL, 0); }
static void sends_to_an_error(void) { pit_send((pit_pid){INT64_MIN | EINVAL}, number, .n = 1); }

static void receives_type(void) { (void)pit_receive_type(&pit_type_number, 0); }
static void receives_ref(void) { (void)pit_receive_ref((pit_ref){0}, 0); }
static void counts_messages(void) { (void)pit_message_count(); }
static void asks_who_lives(void) { (void)pit_is_alive((pit_pid){1}); }
static void traps(void) { (void)pit_trap_exit(true); }
static void unaliases(void) { (void)pit_unalias((pit_ref){0}); }
static void abandons(void) { (void)pit_spawn_request_abandon((pit_ref){0}); }
static void hibernates(void) { pit_hibernate(); }
static void puts_(void) { (void)pit_put(pit_nil(), pit_nil()); }
static void gets_(void) { (void)pit_get(pit_nil()); }
static void asks_its_bound(void) { (void)pit_mailbox_state(); }
static void tries_to_allocate(void) { (void)pit_try_alloc(1); }
static void labels(void) { pit_set_label("label"); }
static void keeps(void) { (void)pit_keep(pit_build("{1}")); }
static void drops(void) { pit_drop(pit_build("{1}")); }
static void keeps_a_binary(void) { (void)pit_keep(pit_binary_text("bytes")); }
static void ends_an_alias(void) { pit_exit_alias((pit_ref){0}, pit_atom("x")); }

static char said[2000];
static void hear(enum pit_log_level level, const char *text, size_t length)
{
    (void)write(STDOUT_FILENO, text, length); /* through the pipe */
}

/* What it says, and that it ends by SIGABRT. */
static void expect_abort(void (*fn)(void))
{
    int fds[2], status;
    size_t n = 0;
    ssize_t r;
    pid_t child;

    CHECK_EQ(pipe(fds), 0);
    child = fork();
    CHECK(child >= 0);
    if (!child) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        pit_log_sink_set(hear);
        fn();
        _exit(0);
    }
    close(fds[1]);
    while (n < sizeof said - 1 && (r = read(fds[0], said + n, sizeof said - 1 - n)) > 0)
        n += (size_t)r;
    said[n] = '\0';
    close(fds[0]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : WEXITSTATUS(status) != 0);
    CHECK(strstr(said, "a thread that runs no process"));
}

PIT_TEST(what_cannot_say_so_ends_with_a_clear_text)
{
    void (*all[])(void) = {receives,
                           sleeps,
                           yields,
                           exits,
                           ends_another,
                           links,
                           unlinks,
                           allocates,
                           makes,
                           spawns,
                           sends_to_an_error,
                           receives_type,
                           receives_ref,
                           counts_messages,
                           asks_who_lives,
                           traps,
                           unaliases,
                           abandons,
                           hibernates,
                           puts_,
                           gets_,
                           asks_its_bound,
                           tries_to_allocate,
                           labels,
                           keeps,
                           drops,
                           keeps_a_binary,
                           ends_an_alias};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_abort(all[i]);
}
