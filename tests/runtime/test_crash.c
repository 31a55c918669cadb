/*
 * Goal: a fault in a process's own code ends that process and no other, whatever body it has and
 * whatever it holds; its reason names signal and kind, links and monitors see it; and nothing is
 * left behind after many.
 * Method: real faults in processes of a node (node.h). For the long run a keeper restarts what
 * crashes; then memory, descriptors, slots and blocks are compared with what they were. (With
 * supervisors, and I/O under way: tests/otp/test_crashes.c.) Under sanitizers abort and assert are
 * their own, so these two are left to the other builds.
 */
#include "tests/runtime/node.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>

#include "runtime/arch/machine.h"
#include "tests/runtime/faults.h"
#include "tests/runtime/holdings.h"

PIT_MESSAGE(crash, (int, how));
PIT_MESSAGE(rest);
PIT_MESSAGE(number, (int64_t, n));

/* ---- who crashes */

/* What it holds is released all the same. */
static void hold_things(void)
{
    char *p = pit_alloc(100);

    memset(p, 1, 100);
    (void)pit_alloc(20000);
    (void)pit_start_timer(100000, pit_self(), 1);
    (void)pit_monitor(pit_self());
    (void)pit_new(number);
    (void)pit_build("{a, [term, <<\"that stands in memory of its own\">>]}");
    pit_send(pit_self(), number, .n = 1);
}

static void body(const void *arg)
{
    int how = *(const int *)arg;

    hold_things();
    if (how & 1)
        (void)pit_keep(pit_receive(0));
    if (how & 2)
        pit_yield();
    kinds[how / 4].fault();
    CHECK(!"lived on");
}

static void handler(void *state, const pit_msg *m)
{
    int how = *(const int *)state; /* -1: at the start */

    if (pit_is(m, pit_start) && how < 0)
        kinds[-how - 1].fault();
    if (pit_is(m, rest))
        pit_sleep(0); /* from here on it is on a stack of its own */
    if (pit_is(m, crash)) {
        hold_things();
        if (pit_as(m, crash)->how & 1)
            (void)pit_receive_type(&pit_type_number, A_WHILE);
        kinds[pit_as(m, crash)->how / 4].fault();
        CHECK(!"lived on");
    }
}

static void waits_then_crashes(void *state, const pit_msg *m)
{
    if (pit_is(m, crash)) {
        (void)pit_receive_type(&pit_type_rest, A_WHILE); /* keeps this stack */
        kinds[pit_as(m, crash)->how / 4].fault();
    }
}

static void expect_fault(pit_ref ref, pit_pid p, const char *reason)
{
    const pit_msg *m = pit_receive_ref(ref, A_WHILE);
    const char *text;

    CHECK(m);
    text = text_of(pit_as(m, pit_down)->reason);
    if (strncmp(text, reason, strlen(reason)) != 0)
        pit_test_fail(__FILE__, __LINE__, "%s is not %s...", text, reason);
    m = pit_receive_type(&pit_type_pit_exited, A_WHILE);
    CHECK(m);
    CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, p));
    CHECK(!strncmp(text_of(pit_as(m, pit_exited)->reason), reason, strlen(reason)));
}

NODE_CASE(a_fault_in_a_body_ends_its_process_alone)
{
    map_a_file();
    (void)pit_trap_exit(true);
    for (int how = 0; how < KINDS * 4; how++) {
        pit_ref ref;
        pit_pid p, bystander;

        if (!usable(how / 4))
            continue;
        bystander = spawn_anywhere(wait_forever, NULL, 0);
        p = pit_spawn_with(body, &how, sizeof how, .scheduler = PIT_ANYWHERE, .link = true,
                           .monitor = true, .ret_ref = &ref, .name = "crashing");
        expect_fault(ref, p, kinds[how / 4].reason);
        CHECK_EQ(pit_whereis("crashing").id, 0);
        CHECK(pit_is_alive(bystander));
        pit_exit_process(bystander, pit_atom("kill"));
    }
    expect_alone();
    expect_empty();
}

NODE_CASE(a_fault_in_a_handler_ends_its_process_alone)
{
    map_a_file();
    (void)pit_trap_exit(true);
    for (int way = 0; way < 4; way++)
        for (int how = 0; how < KINDS * 4; how++) {
            int at_start = way == 1 ? -1 - how / 4 : 0;
            pit_ref ref;
            pit_pid p;

            if (!usable(how / 4))
                continue;
            p = pit_spawn_handler_with(way == 3 ? waits_then_crashes : handler, &at_start,
                                       sizeof at_start, .scheduler = PIT_ANYWHERE, .link = true,
                                       .monitor = true, .ret_ref = &ref);
            if (way == 2)
                pit_send(p, rest);
            if (way != 1)
                pit_send(p, crash, .how = how);
            if (way == 3)
                pit_send(p, rest);
            expect_fault(ref, p, kinds[how / 4].reason);
        }
    expect_alone();
    expect_empty();
}

/* ---- what belongs to the thread */

static struct pit__float_control before_it;

static bool floats_are_as_before(void)
{
    struct pit__float_control now = pit__float_control_get();

#if defined(__x86_64__)
    return !((now.mxcsr ^ before_it.mxcsr) & ~0x3fu) && now.x87 == before_it.x87;
#else
    return now.fpcr == before_it.fpcr;
#endif
}

/* Rounds down, and traps at a division by zero. */
static void changes_floats_and_faults(const void *arg)
{
    struct pit__float_control c = before_it = pit__float_control_get();

#if defined(__x86_64__)
    c.mxcsr = (c.mxcsr & ~0x200u) | 0x2000u;
    c.x87 = (uint16_t)((c.x87 & ~0x4u) | 0x400u);
#else
    c.fpcr |= 0x800000;
#endif
    pit__float_control_set(c);
    kinds[*(const int *)arg].fault();
}

static void looks_at_floats(const void *arg) { CHECK(floats_are_as_before()); }

/* What a process that faults did to the thread's floating-point control is no other's. */
NODE_CASE(a_fault_leaves_no_floating_point_control_behind)
{
    map_a_file();
    for (int how = 0; how < KINDS; how++) {
        pit_ref ref;

        if (!usable(how))
            continue;
        pit_spawn_with(changes_floats_and_faults, &how, sizeof how, .scheduler = PIT_ON(0),
                       .monitor = true, .ret_ref = &ref);
        CHECK(pit_receive_ref(ref, A_WHILE));
        pit_spawn_with(looks_at_floats, NULL, 0, .scheduler = PIT_ON(0), .monitor = true,
                       .ret_ref = &ref);
        CHECK(pit_receive_ref(ref, A_WHILE));
    }
    expect_alone();
}

/* ---- memory that a program names, touched by the runtime on its behalf */

static const struct number *volatile bad = (const struct number *)24;

static void sends_bad(const void *arg) { pit_send_copy(pit_self(), &pit_type_number, bad); }
static void spawns_bad(const void *arg) { (void)pit_spawn(wait_forever, bad, 8); }
static void calls_bad(const void *arg)
{
    (void)pit_try_call(*(const pit_pid *)arg, &pit_type_number, bad, 10, &pit_type_number, NULL);
}
static void times_bad(const void *arg)
{
    (void)pit_send_after_copy(10, pit_self(), &pit_type_number, bad);
}
static void info_bad(const void *arg)
{
    (void)pit_process_info_of(pit_self(), (pit_process_info *)(uintptr_t)bad);
}
static void registers_bad(const void *arg) { (void)pit_register((const char *)bad, pit_self()); }
static void looks_up_bad(const void *arg) { (void)pit_whereis((const char *)bad); }
static void sends_name_bad(const void *arg)
{
    (void)pit_send_name((const char *)bad, &pit_type_number, &(struct number){1});
}
static void spawns_bad_end(const void *arg)
{
    char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(two != MAP_FAILED);
    (void)munmap(two + 4096, 4096);
    (void)pit_spawn(wait_forever, two + 4000, 6000);
}
static void spawns_bad_ref(const void *arg)
{
    (void)pit_spawn_with(wait_forever, NULL, 0, .monitor = true,
                         .ret_ref = (pit_ref *)(uintptr_t)bad);
}
static void spawns_bad_name(const void *arg)
{
    (void)pit_spawn_with(wait_forever, NULL, 0, .name = (const char *)bad);
}

FAULTY static bool match_faults(const pit_msg *m, void *context) { return *null == 1; }

static void matches_badly(const void *arg)
{
    pit_send(pit_self(), number, .n = 1);
    (void)pit_receive_match(match_faults, NULL, 0);
}

static void answers(void *state, const pit_msg *m)
{
    if (!pit_is(m, pit_start))
        (void)pit_answer(m, &pit_type_number, pit_payload(m));
}

static void takes_answer_badly(const void *arg)
{
    struct number n = {1};

    (void)pit_try_call(*(const pit_pid *)arg, &pit_type_number, &n, A_WHILE, &pit_type_number,
                       (void *)(uintptr_t)bad);
}

NODE_CASE(bad_pointers_given_to_the_runtime_are_their_givers_fault)
{
    pit_body *bodies[] = {sends_bad,         spawns_bad,     calls_bad,      times_bad,
                          info_bad,          registers_bad,  looks_up_bad,   sends_name_bad,
                          spawns_bad_name,   spawns_bad_end, spawns_bad_ref, matches_badly,
                          takes_answer_badly};
    pit_pid server = pit_spawn_handler_with(answers, NULL, 0, .scheduler = PIT_ANYWHERE);

    (void)pit_trap_exit(true);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            pit_ref ref;
            pit_pid p = pit_spawn_with(bodies[i], &server, sizeof server, .scheduler = PIT_ANYWHERE,
                                       .link = true, .monitor = true, .ret_ref = &ref);

            expect_fault(ref, p, "{fault,'SIGSEGV',");
        }
    CHECK(pit_is_alive(server));
    pit_exit_process(server, pit_atom("kill"));
    expect_alone();
}

/* ---- calls to one that crashes */

static void crashes_when_called(void *state, const pit_msg *m)
{
    if (!pit_is(m, pit_start))
        write_null();
}

NODE_CASE(a_caller_hears_that_its_server_crashed)
{
    for (int i = 0; i < 50; i++) {
        struct number n = {1};
        pit_pid s = pit_spawn_handler_with(crashes_when_called, NULL, 0, .scheduler = PIT_ANYWHERE);

        CHECK_EQ(pit_try_call(s, &pit_type_number, &n, A_WHILE, &pit_type_number, &n),
                 -PIT_ENOPROC);
        CHECK(!strncmp(text_of(pit_last_exit_reason()), "{fault,'SIGSEGV',null_pointer,", 30));
    }
    expect_alone();
}

/* ---- many */

static long resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size, pages = 0;

    CHECK(f && fscanf(f, "%ld %ld", &size, &pages) == 2);
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static long slot_bytes(void)
{
    return (long)atomic_load(&pit__slots.used) * (long)sizeof(struct pit__process);
}

static int descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    CHECK(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

PIT_MESSAGE(holder, (pit_term, sound), (pit_binary, bytes), (pit_term, wrong));

enum { SENDS, SENDS_MADE, CALLS, WAYS };

/* One term of some KiB, and one that is none: it leads nowhere, or is a word that no term is. */
static void gives_no_term(const void *arg)
{
    int i = *(const int *)arg, way = i / 2 % WAYS;
    pit_term list = pit_list_of(NULL, 0);
    struct holder h = {.bytes = pit_binary_new("held", 4)}, *made;
    pit_pid to = pit_parent();

    for (int n = 0; n < 200; n++)
        list = pit_list_cons(pit_int(n), list);
    h.sound = list;
    h.wrong = i % 2 ? (pit_term){7} : (pit_term){8 | (list.word & 7)};
    if (way == SENDS)
        pit_send_copy(to, &pit_type_holder, &h);
    else if (way == SENDS_MADE) {
        made = pit_new(holder);
        *made = h;
        pit_message_send(to, made);
    } else
        (void)pit_try_call(to, &pit_type_holder, &h, A_WHILE, &pit_type_holder, &h);
}

/* LIFE-7: a message with a term that is none is never sent, and nothing of it stays. */
NODE_CASE(a_message_with_no_term_leaves_nothing_behind)
{
    size_t bytes = 0;
    int64_t blocks = 0;

    for (int i = 0; i < 20 * 2 * WAYS; i++) {
        pit_ref ref;
        const pit_msg *m;

        if (i == 4 * WAYS) {
            blocks = holdings_now().block_bytes;
            bytes = mallinfo2().uordblks;
        }
        (void)pit_spawn_with(gives_no_term, &i, sizeof i, .scheduler = PIT_ANYWHERE,
                             .monitor = true, .ret_ref = &ref);
        m = pit_receive_ref(ref, A_WHILE);
        CHECK(m);
        CHECK(!strncmp(text_of(pit_as(m, pit_down)->reason), i % 2 ? "{badarg," : "{fault,", 7));
    }
    expect_alone();
    expect_empty();
    CHECK(mallinfo2().uordblks < bytes + 128 * 1024); /* of 108 times 3 KiB */
    while (holdings_now().block_bytes > blocks)       /* what is on its way home comes */
        pit_yield();
}

static void crash_often(int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int how = (int)(i % (KINDS * 4)), at_start = i % 3 ? 0 : -1 - how / 4;
        pit_ref ref;
        const pit_msg *m;

        if (!usable(how / 4))
            continue;
        if (i % 2)
            (void)pit_spawn_with(body, &how, sizeof how, .scheduler = PIT_ANYWHERE, .monitor = true,
                                 .ret_ref = &ref);
        else {
            pit_pid p = pit_spawn_handler_with(i % 4 ? waits_then_crashes : handler, &at_start,
                                               sizeof at_start, .scheduler = PIT_ANYWHERE,
                                               .monitor = true, .ret_ref = &ref);
            pit_send(p, crash, .how = how);
            pit_send(p, rest);
        }
        m = pit_receive_ref(ref, A_WHILE);
        CHECK(m);
        CHECK(pit_is_tuple(pit_as(m, pit_down)->reason));
    }
    expect_alone();
}

static void crash_and_compare(void)
{
    int64_t n = (int64_t)pit_test_scale(pit_test_sanitized() ? 400 : 20000, 1000000);
    long before, grown;
    int fds;
    pit_node_info info;

    map_a_file();
    crash_often(n < 20000 ? n : 20000); /* pools and heaps have what they keep */
    before = resident() - slot_bytes();
    fds = descriptors();
    crash_often(n);
    CHECK_EQ(descriptors(), fds);
    pit_node_info_get(&info);
    CHECK(info.faults >= (uint64_t)n / 2);
    CHECK_EQ(info.spawned - info.exited, 1);
    /* slots were reused: a scheduler keeps 8192 at most */
    CHECK(atomic_load(&pit__slots.used) <= 10000 * pit__node.count);
    grown = resident() - slot_bytes() - before;
    /* what schedulers keep for themselves varies with where processes ended */
    if (!pit_test_sanitized() && grown > 4 << 20)
        pit_test_fail(__FILE__, __LINE__, "%ld KiB more are resident after %lld crashes",
                      grown / 1024, (long long)n);
}

static void node_many_crashes(void) { crash_and_compare(); }
PIT_TEST_WITHIN(many_crashes_and_restarts_leave_nothing_behind_on_1, 120)
{
    node_run((struct node_case){.body = node_many_crashes, .schedulers = 1});
}
PIT_TEST_WITHIN(many_crashes_and_restarts_leave_nothing_behind_on_2, 120)
{
    node_run((struct node_case){.body = node_many_crashes, .schedulers = 2});
}
PIT_TEST_WITHIN(many_crashes_and_restarts_leave_nothing_behind_while_moved, 120)
{
    node_run((struct node_case){.body = node_many_crashes, .schedulers = 3, .moved = true});
}
