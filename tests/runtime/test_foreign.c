/*
 * Goal: a thread that runs no process is told so by what can say it, and ended with a clear text by what cannot; what says "any
 *   thread" works there (the head of <pit/process.h>).
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
    pit_ref ref;
} f;

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
    return NULL;
}

NODE_CASE(a_foreign_thread_is_told_that_it_runs_no_process)
{
    pthread_t thread;

    f.test = pit_self();
    f.ref = pit_start_timer(60000, f.test, 1);
    CHECK_EQ(pit_register("test", f.test), 0);
    CHECK_EQ(pthread_create(&thread, NULL, outside, NULL), 0);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 6);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 5);
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
    void (*all[])(void) = {receives, sleeps,    yields, exits,  ends_another,     links,
                           unlinks,  allocates, makes,  spawns, sends_to_an_error};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_abort(all[i]);
}
