/*
 * Goal: process flags, the limit of memory (HEAP-1..5).
 * Method: cases in a node (node.h); events are caught by a sink of the log.
 */
#include <stdio.h>

#include "tests/runtime/node.h"

PIT_MESSAGE(load, (uint8_t, bytes, 1000));
PIT_MESSAGE(full_of_terms, (pit_term, list));
PIT_MESSAGE(ready);

/* ---- the flags */

/* Section 11: the old value comes back; nonsense is refused.
   OTP: process_SUITE/process_flag_badarg */
NODE_CASE(a_flag_answers_its_old_value)
{
    CHECK_EQ(pit_process_flag(PIT_FLAG_TRAP_EXIT, 1), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_TRAP_EXIT, 0), 1);
    CHECK(!pit_trap_exit(false));
    CHECK_EQ(pit_process_flag(PIT_FLAG_PRIORITY, PIT_PRIORITY_HIGH), PIT_PRIORITY_NORMAL);
    CHECK_EQ(pit_process_flag(PIT_FLAG_PRIORITY, PIT_PRIORITY_LOW), PIT_PRIORITY_HIGH);
    pit_yield();
    CHECK_EQ(pit_process_flag(PIT_FLAG_PRIORITY, PIT_PRIORITY_MAX), PIT_PRIORITY_LOW);
    pit_yield();
    CHECK_EQ(pit_process_flag(PIT_FLAG_PRIORITY, PIT_PRIORITY_NORMAL), PIT_PRIORITY_MAX);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, 1 << 20), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_KILL, 0), 1);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_REPORT, 0), 1);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, 0), 1 << 20);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_KILL, 1), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_REPORT, 1), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_SENSITIVE, 1), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_SENSITIVE, 0), 1);
    CHECK_EQ(pit_process_flag(PIT_FLAG_TRAP_EXIT, 2), -EINVAL);
    CHECK_EQ(pit_process_flag(PIT_FLAG_PRIORITY, 4), -EINVAL);
    CHECK_EQ(pit_process_flag(PIT_FLAG_PRIORITY, -1), -EINVAL);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, -5), -EINVAL);
    CHECK_EQ(pit_process_flag((enum pit_flag)99, 0), -EINVAL);
}

PIT_TEST(outside_of_a_process_there_are_no_flags)
{
    CHECK_EQ(pit_process_flag(PIT_FLAG_TRAP_EXIT, 1), -PIT_ENOTPROCESS);
}

/* SCHED-2: a low process is passed over while normal ones run, and a high one goes before them. */
static _Atomic(unsigned) order;
static unsigned turn_of[3];

static void notes(const void *arg)
{
    int who = *(const int *)arg;

    (void)pit_process_flag(PIT_FLAG_PRIORITY, who == 0   ? PIT_PRIORITY_LOW
                                              : who == 1 ? PIT_PRIORITY_NORMAL
                                                         : PIT_PRIORITY_HIGH);
    (void)pit_receive_type(&pit_type_ready, PIT_INFINITY);
    turn_of[who] = atomic_fetch_add(&order, 1);
}

NODE_CASE_WITH(a_changed_priority_changes_the_turn, .schedulers = 1)
{
    pit_monitored m[3];

    atomic_store(&order, 0);
    for (int i = 0; i < 3; i++)
        m[i] = spawn_watched(notes, &i, sizeof i);
    for (int i = 0; i < 30; i++)
        pit_yield();
    for (int i = 0; i < 3; i++)
        pit_send(m[i].pid, ready);
    for (int i = 0; i < 3; i++)
        expect_end(m[i], "normal");
    CHECK(turn_of[2] < turn_of[1]);
    CHECK(turn_of[1] < turn_of[0]);
}

/* ---- the limit */

static struct {
    _Atomic(unsigned) events;
    char text[2100];
} caught;

static void catches(enum pit_log_level level, const char *text, size_t length)
{
    if (!strstr(text, "maximum heap size"))
        return;
    if (atomic_fetch_add(&caught.events, 1) == 0) {
        memcpy(caught.text, text, length < sizeof caught.text ? length : sizeof caught.text - 1);
        CHECK_EQ(level, PIT_LOG_ERROR);
    }
}

static void catch_events(void)
{
    memset(&caught, 0, sizeof caught);
    pit_log_sink_set(catches);
}

#define LIMIT (256 * 1024)

static void allocates(const void *arg)
{
    (void)pit_trap_exit(true);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    for (size_t all = 0;; all += 1024) {
        CHECK(all <= LIMIT + 4096);
        (void)pit_alloc(1024);
    }
}

static void builds(const void *arg)
{
    pit_term list = pit_nil();

    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    for (size_t i = 0;; i++) {
        CHECK(i < LIMIT);
        list = pit_list_cons(pit_term_of((int64_t)i), list);
    }
}

static void remembers(const void *arg)
{
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    for (int64_t i = 0;; i++) {
        CHECK(i < LIMIT / 16);
        (void)pit_put(pit_term_of(i), pit_build("[1,2,3]"));
        pit_term_release_all();
    }
}

static void makes_messages(const void *arg)
{
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    for (int64_t i = 0;; i++) {
        CHECK(i < LIMIT / 1000 + 2);
        CHECK(pit_message_make(&pit_type_load, 0));
    }
}

static void is_over_already(const void *arg)
{
    (void)pit_alloc(2 * LIMIT);
    (void)pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT);
    CHECK(!"it goes on");
}

static void grow_terms(size_t bytes)
{
    pit_term list = pit_nil();

    for (size_t i = 0; i < bytes / 16; i++)
        list = pit_list_cons(pit_term_of((int64_t)i), list);
}

/* No part is over, all together are. */
static void allocates_beside_terms(const void *arg)
{
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    grow_terms(LIMIT / 8 * 5);
    for (int i = 0; i < 10; i++)
        (void)pit_alloc(LIMIT / 16);
    CHECK(!"it goes on");
}

static void builds_beside_memory(const void *arg)
{
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    pit_free(pit_alloc(LIMIT / 8 * 5));
    grow_terms(LIMIT / 4); /* what was given back is there for them */
    (void)pit_alloc(LIMIT / 8 * 3);
    grow_terms(LIMIT / 8 * 5);
    CHECK(!"it goes on");
}

static void hoards(const void *arg)
{
    pit_pid owner = *(const pit_pid *)arg;

    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    pit_send(owner, ready);
    (void)pit_receive_type(&pit_type_ready, PIT_INFINITY);
}

/*
 * HEAP-1, HEAP-2, HEAP-5: whatever memory it is that grows, it ends with killed, trapping or not,
 * at the next look at it, though it never yields. OTP: process_SUITE/spawn_opt_max_heap_size,
 * process_max_heap_size_SUITE/immediate_termination
 */
NODE_CASE(over_its_limit_a_process_is_killed)
{
    static pit_body *const bodies[] = {allocates,           builds,          remembers,
                                       makes_messages,      is_over_already, allocates_beside_terms,
                                       builds_beside_memory};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        pit_monitored m;

        catch_events();
        m = spawn_watched(bodies[i], NULL, 0);
        expect_end(m, "killed");
        CHECK_EQ(atomic_load(&caught.events), 1);
    }
    pit_log_sink_set(node_silent);
}

/* HEAP-1, HEAP-2: so does its mailbox, whether it waits or not. The link carries killed too. */
NODE_CASE(over_its_limit_by_its_mail_a_process_is_killed)
{
    pit_pid self = pit_self();

    (void)pit_trap_exit(true);
    for (int round = 0; round < 4; round++) {
        pit_pid p =
            pit_spawn_with(hoards, &self, sizeof self, .scheduler = PIT_ANYWHERE, .link = true);
        pit_ref end = pit_monitor(p);

        catch_events();
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
        for (int i = 0; i < LIMIT / 1000 - 50; i++)
            pit_send(p, load, .bytes = {0});
        CHECK(pit_is_alive(p));
        CHECK_EQ(atomic_load(&caught.events), 0);
        for (int i = 0; i < 100; i++)
            pit_send(p, load, .bytes = {0});
        expect_down(end, p, "killed");
        expect_exited(p, "killed");
        CHECK_EQ(atomic_load(&caught.events), 1);
    }
    pit_log_sink_set(node_silent);
}

static void waits_with(const void *arg)
{
    (void)pit_receive(PIT_INFINITY);
    (void)pit_receive(PIT_INFINITY);
}

static void traps_and_hoards(const void *arg)
{
    (void)pit_trap_exit(true);
    hoards(arg);
}

/* HEAP-1, HEAP-2: and the terms in its mail, the reasons that it traps, and what it was given at
   its spawn. */
NODE_CASE(terms_and_arguments_count_towards_the_limit)
{
    static char large[LIMIT + 1];
    pit_pid self = pit_self();
    pit_monitored m[3];
    pit_term list = pit_nil();

    catch_events();
    m[0] = spawn_watched(hoards, &self, sizeof self);
    m[1] = spawn_watched(traps_and_hoards, &self, sizeof self);
    m[2].pid = pit_spawn_with(waits_with, large, sizeof large, .scheduler = PIT_ANYWHERE,
                              .monitor = true, .ret_ref = &m[2].ref, .max_heap_kib = LIMIT / 1024);
    for (int i = 0; i < 2; i++)
        CHECK(pit_receive_type(&pit_type_ready, A_WHILE));
    for (int i = 0; i < LIMIT / 16; i++) /* terms live until the next receive */
        list = pit_list_cons(pit_int(i), list);
    for (int i = 0; i < 4; i++)
        pit_send(m[0].pid, full_of_terms, .list = list);
    pit_exit_process(m[1].pid, list);
    pit_exit_process(m[1].pid, list);
    pit_send(m[2].pid, load, .bytes = {0}); /* it is looked at when mail comes */
    for (int i = 0; i < 3; i++)
        expect_end(m[i], "killed");
    CHECK_EQ(atomic_load(&caught.events), 3);
    pit_log_sink_set(node_silent);
}

/* HEAP-3: what the event holds; independent of kill. */
static void grows_and_lives(const void *arg)
{
    void *memory;

    pit_set_label("glutton");
    CHECK_EQ(pit_register("glutton", pit_self()), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_KILL, 0), 1);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    memory = pit_alloc(LIMIT + 1);
    CHECK_EQ(atomic_load(&caught.events), 1);
    pit_free(pit_alloc(1000)); /* over it still, and not much more */
    CHECK_EQ(atomic_load(&caught.events), 1);
    pit_free(pit_alloc(LIMIT)); /* HEAP-4: half as much again */
    CHECK_EQ(atomic_load(&caught.events), 2);
    pit_free(memory);
    pit_free(pit_alloc(1000)); /* below it: it has come back */
    pit_free(pit_alloc(LIMIT + 1));
    CHECK_EQ(atomic_load(&caught.events), 3);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_REPORT, 0), 1);
    pit_free(pit_alloc(8 * LIMIT));
    CHECK_EQ(atomic_load(&caught.events), 3);
    for (int i = 0; i < 20000; i++) /* terms as well */
        (void)pit_build("{~, ~}", i, i);
    (void)pit_receive(0);
}

/* HEAP-3, HEAP-4: without kill it goes on, and what is said has all that it should. */
NODE_CASE(who_is_not_killed_is_reported_and_lives)
{
    static const char *const items[] = {"registered as glutton",
                                        "Context: maximum heap size reached",
                                        "Max heap size: 262144",
                                        "Total heap size: 26",
                                        "Kill: false",
                                        "Error logger: true",
                                        "Message queue length: 0",
                                        "Label: glutton",
                                        "Group leader: <0.1.1>",
                                        "Stacktrace: "};

    catch_events();
    expect_end(spawn_watched(grows_and_lives, NULL, 0), "normal");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (!strstr(caught.text, items[i])) {
            fprintf(stderr, "no \"%s\" in: %s\n", items[i], caught.text);
            CHECK(false);
        }
    pit_log_sink_set(node_silent);
}

/* INFO-4, HEAP-3: what the flags are is told; of a sensitive process the event has no frames. */
static void is_sensitive(const void *arg)
{
    pit_process_info info;

    CHECK_EQ(pit_process_flag(PIT_FLAG_SENSITIVE, 1), 0);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, LIMIT), 0);
    (void)pit_put(pit_atom("key"), pit_atom("value"));
    CHECK_EQ(pit_process_info_of(pit_self(), &info), 0);
    CHECK(info.sensitive);
    CHECK_EQ(info.max_heap_size, LIMIT);
    CHECK_EQ(info.dictionary, 1);
    CHECK(info.stack_memory > 0);
    CHECK(info.memory >= info.stack_memory + info.term_memory);
    (void)pit_alloc(LIMIT + 1);
}

NODE_CASE(of_a_sensitive_process_no_frames_are_shown)
{
    catch_events();
    expect_end(spawn_watched(is_sensitive, NULL, 0), "killed");
    CHECK(strstr(caught.text, "Stacktrace: -"));
    pit_log_sink_set(node_silent);
}

/* HEAP-1: of a process that takes as much as it is sent, nothing is left to count; and the option
   is there from the beginning. */
static void takes(const void *arg)
{
    for (int i = 0; i < 3000; i++)
        (void)pit_receive(PIT_INFINITY);
    CHECK_EQ(pit_process_flag(PIT_FLAG_MAX_HEAP_SIZE, 0), LIMIT);
}

static void takes_in_a_handler(void *state, const pit_msg *m)
{
    int *left = state;

    if (pit_is(m, load) && --*left == 0)
        pit_exit(pit_atom("normal"));
}

NODE_CASE(what_is_taken_counts_no_more)
{
    int left = 3000;
    pit_monitored m[2];

    catch_events();
    m[0].pid = pit_spawn_with(takes, NULL, 0, .scheduler = PIT_ANYWHERE, .monitor = true,
                              .ret_ref = &m[0].ref, .max_heap_kib = LIMIT / 1024);
    m[1].pid =
        pit_spawn_handler_with(takes_in_a_handler, &left, sizeof left, .scheduler = PIT_ANYWHERE,
                               .monitor = true, .ret_ref = &m[1].ref, .max_heap_kib = LIMIT / 1024);
    for (int i = 0; i < 3000; i++)
        for (int k = 0; k < 2; k++) {
            pit_send(m[k].pid, load, .bytes = {0});
            while (i % 100 == 99) {
                pit_process_info info;

                if (pit_process_info_of(m[k].pid, &info) < 0 || info.message_count < 50)
                    break;
                pit_yield();
            }
        }
    expect_end(m[0], "normal");
    expect_end(m[1], "normal");
    CHECK_EQ(atomic_load(&caught.events), 0);
    pit_log_sink_set(node_silent);
}

/* LIFE-11: a spawn without room for it is refused whole. */
NODE_CASE(options_of_a_limit_are_looked_at)
{
    CHECK_EQ(
        pit_try_spawn(wait_forever, NULL, 0, (pit_spawn_opts){.max_heap_kib = 64, .max_heap = 8})
            .id,
        INT64_MIN | EINVAL);
}
