/*
 * Goal: who takes the events of traces (test_trace.c): tracers and their end, functions, limits,
 * and all of it at random.
 * Method: cases in a node (node.h), on 1, 2, 4 schedulers and while processes are moved. Function
 * tracers write into a table of atomics, since they run on several threads.
 */
#include "tests/runtime/traced.h"

#include <stdio.h>

/* ---- tracers */

static void takes_events(const void *arg)
{
    pit_tracer t = pit_tracer_open((pit_tracer_opts){0});
    const pit_msg *m = pit_receive_type(&pit_type_child, A_WHILE);

    CHECK(t.id > 0 && m);
    CHECK_EQ(pit_trace(t, pit_as(m, child)->pid, PIT_TRACE_MESSAGES), 0);
    pit_send(m->from, pong, .n = 1);
    (void)pit_receive_type(&pit_type_stop, PIT_INFINITY);
}

/* The tracer's death removes its traces. OTP: trace_SUITE/tracer_exit, tracer_die. */
NODE_CASE(a_tracers_death_ends_its_traces)
{
    for (int i = 0; i < 60; i++) { /* more than there are places: they are free again */
        pit_pid p = spawn_anywhere(obeys, NULL, 0), tracer;
        pit_monitored m = spawn_watched(takes_events, NULL, 0);
        pit_pid to;

        tracer = m.pid;
        pit_send(tracer, child, .pid = p);
        CHECK(pit_receive_type(&pit_type_pong, A_WHILE));
        CHECK_EQ(pit_trace_info(p, &to), PIT_TRACE_MESSAGES);
        CHECK(pit_pid_equal(to, tracer));
        ask(p, 1);
        if (i % 2)
            pit_exit_process(tracer, pit_atom("kill"));
        else
            pit_send(tracer, stop);
        expect_end(m, i % 2 ? "killed" : "normal");
        CHECK_EQ(pit_trace_info(p, NULL), 0);
        ask(p, 2);
        pit_send(p, stop);
    }
    expect_empty();
}

/* A tracer is not traced. OTP: trace_SUITE/self_send, suicidal_tracer: a process cannot trace
   itself to itself. */
NODE_CASE(a_tracer_is_never_traced)
{
    pit_tracer other = pit_tracer_open((pit_tracer_opts){.function = pit_trace_print}), t;

    pit_log_sink_set(no_log);
    CHECK(other.id > 0);
    CHECK_EQ(pit_trace(other, pit_self(), PIT_TRACE_RECEIVE), 0);
    CHECK_EQ(pit_trace_info(pit_self(), NULL), PIT_TRACE_RECEIVE);
    t = open_to_me();
    CHECK_EQ(pit_trace_info(pit_self(), NULL), 0);
    CHECK_EQ(pit_trace(t, pit_self(), PIT_TRACE_EVERYTHING), -EPERM);
    CHECK_EQ(pit_trace(other, pit_self(), PIT_TRACE_EVERYTHING), -EPERM);
    CHECK_EQ(pit_tracer_close(t), 0);
    CHECK_EQ(pit_trace(other, pit_self(), PIT_TRACE_EVERYTHING), 0);
    CHECK_EQ(pit_tracer_close(other), 0);
    expect_empty();
}

/* What is wrong is said. OTP: trace_SUITE/wrong_flags, trace_info_badarg. */
NODE_CASE(bad_use_is_an_error)
{
    pit_tracer t = open_to_me(),
               u = pit_tracer_open((pit_tracer_opts){.function = pit_trace_print}), more[40];
    pit_pid p = spawn_anywhere(obeys, NULL, 0), garbage = {INT64_C(5) << 27 | 1000000};
    pit_monitored gone = spawn_watched(sends_to, &(pit_pid){0}, sizeof(pit_pid));
    pit_tracer_info info;
    int n = 0;

    pit_exit_process(gone.pid, pit_atom("kill"));
    expect_end(gone, "killed");
    CHECK_EQ(pit_trace(t, gone.pid, PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_trace(t, garbage, PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_trace(t, PIT_NO_PID, PIT_TRACE_SEND), -PIT_ENOPROC);
    CHECK_EQ(pit_trace(t, (pit_pid){INT64_MIN | EINVAL}, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace(t, p, 1u << 30), -EINVAL);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_DROPPED), -EINVAL);
    CHECK_EQ(pit_trace((pit_tracer){0}, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace((pit_tracer){-5}, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace((pit_tracer){INT64_MAX}, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace(u, p, PIT_TRACE_SEND), -EBUSY);
    CHECK_EQ(pit_trace(u, p, 0), 0); /* it has none there to end */
    CHECK_EQ(pit_trace_info(p, NULL), PIT_TRACE_SEND);
    CHECK_EQ(pit_trace_info(gone.pid, NULL), -PIT_ENOPROC);
    CHECK_EQ(pit_trace_all(t, 0, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace_all(t, 4, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace_all(u, PIT_TRACE_NEW, PIT_TRACE_SEND), -EBUSY);
    CHECK_EQ(pit_tracer_close(t), 0);
    CHECK_EQ(pit_tracer_close(t), -EINVAL);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_trace_all(t, PIT_TRACE_NEW, PIT_TRACE_SEND), -EINVAL);
    CHECK_EQ(pit_tracer_info_of(t, &info), -EINVAL);
    CHECK_EQ(pit_trace_all(u, PIT_TRACE_NEW, PIT_TRACE_SEND), 0);
    CHECK_EQ(pit_trace_all(u, PIT_TRACE_NEW, 0), 0);
    CHECK(pit_tracer_open((pit_tracer_opts){.to = gone.pid}).id == (INT64_MIN | PIT_ENOPROC));
    CHECK(pit_tracer_open((pit_tracer_opts){.to = {-1}}).id == (INT64_MIN | EINVAL));
    CHECK(pit_trace_delivered((pit_pid){-1}).owner.id == (INT64_MIN | EINVAL));
    for (; n < 40 && (more[n] = pit_tracer_open((pit_tracer_opts){0})).id > 0; n++)
        ;
    CHECK_EQ(n, 31);
    CHECK(more[n].id == (INT64_MIN | EMFILE));
    while (n--)
        CHECK_EQ(pit_tracer_close(more[n]), 0);
    CHECK((more[0] = pit_tracer_open((pit_tracer_opts){0})).id > 0);
    expect_empty();
}

/* ---- functions */

static struct {
    _Atomic(uint64_t) receives, sends, others, dropped, sum;
    _Atomic(bool) closed;
} seen;

static void note(const pit_trace_event *e, const pit_msg *m, void *context)
{
    char text[400];

    CHECK(context == &seen);
    CHECK(!atomic_load_explicit(&seen.closed, memory_order_relaxed));
    CHECK(pit_trace_text(e, m, text, sizeof text) > 0);
    if (e->event == PIT_TRACE_DROPPED) {
        CHECK(!m);
        atomic_fetch_add(&seen.dropped, e->number);
    } else if (e->event == PIT_TRACE_RECEIVE || e->event == PIT_TRACE_SEND) {
        CHECK(m);
        if (pit_is(m, ping))
            atomic_fetch_add(&seen.sum, pit_as(m, ping)->n);
        atomic_fetch_add(e->event == PIT_TRACE_SEND ? &seen.sends : &seen.receives, 1);
    } else
        atomic_fetch_add(&seen.others, 1);
}

/* A function sees the message itself, and is called no more once its tracer is closed. */
NODE_CASE(a_function_is_called_with_the_message)
{
    pit_tracer t;
    pit_pid p = spawn_anywhere(obeys, NULL, 0);
    pit_tracer_info info;

    memset(&seen, 0, sizeof seen);
    t = pit_tracer_open((pit_tracer_opts){.function = note, .context = &seen});
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_MESSAGES | PIT_TRACE_EXIT), 0);
    for (uint32_t i = 1; i <= 100; i++)
        ask(p, i);
    CHECK_EQ(seen.sum, 5050);
    CHECK_EQ(seen.sends, 100);
    CHECK_EQ(seen.receives, 100);
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    CHECK_EQ(info.taken, 200);
    CHECK_EQ(info.dropped, 0);
    CHECK_EQ(info.backlog, 0);
    CHECK(pit_pid_equal(info.to, pit_self()));
    CHECK_EQ(pit_tracer_close(t), 0);
    atomic_store(&seen.closed, true);
    CHECK_EQ(pit_trace_info(p, NULL), 0);
    ask(p, 1);
    expect_empty();
}

static char printed[4000];

static void keep_log(enum pit_log_level level, const char *text, size_t length)
{
    if (level == PIT_LOG_NOTICE && strlen(printed) + length < sizeof printed)
        strncat(printed, text, length);
}

/* Lines as dbg writes them. */
NODE_CASE_WITH(events_are_printed_as_lines, .schedulers = 1)
{
    pit_tracer t = pit_tracer_open(
        (pit_tracer_opts){.function = pit_trace_print, .context = (void *)(uintptr_t) "trace: "});
    pit_monitored watched = pit_spawn_monitor(obeys, NULL, 0);
    pit_pid p = watched.pid;
    const char *it = text_of(pit_term_of(p)), *me = text_of(pit_term_of(pit_self()));
    char wanted[1000];

    pit_log_sink_set(keep_log);
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_MESSAGES | PIT_TRACE_EXIT), 0);
    ask(p, 5);
    pit_exit_process(p, pit_atom("kill"));
    expect_end(watched, "killed");
    CHECK_EQ(pit_tracer_close(t), 0);
    pit_log_sink_set(no_log);
    snprintf(wanted, sizeof wanted,
             "=notice= trace: (%s) << #ping{n = 5}\n=notice= trace: (%s) %s ! #pong{n = 5}\n"
             "=notice= trace: (%s) exit killed\n",
             it, it, me, it);
    CHECK_STR(printed, wanted);
}

/* Of a timer to a name the line says the name, of one to a process the pid. */
NODE_CASE_WITH(the_line_of_a_timer_says_to_whom, .schedulers = 1)
{
    pit_trace_event e = {
        .pid = pit_self(), .number = 7, .event = PIT_TRACE_TIMER_START, .text = "house"};
    const char *me = text_of(pit_term_of(pit_self()));
    char line[200], wanted[200];

    (void)pit_trace_text(&e, NULL, line, sizeof line);
    snprintf(wanted, sizeof wanted, "(%s) timer_start house #7", me);
    CHECK_STR(line, wanted);
    e.text[0] = '\0';
    e.peer = pit_self();
    (void)pit_trace_text(&e, NULL, line, sizeof line);
    snprintf(wanted, sizeof wanted, "(%s) timer_start %s #7", me, me);
    CHECK_STR(line, wanted);
}

/* ---- limits */

/* What does not fit the rate is dropped, counted, and told once; afterwards events come again. */
NODE_CASE(events_beyond_the_rate_are_dropped_and_told)
{
    /* a tenth of a second's, on each scheduler: less than the slowest machine asks for */
    const uint64_t most = 4;
    pit_tracer t;
    pit_pid p = spawn_anywhere(obeys, NULL, 0);
    pit_tracer_info info;
    uint64_t all = 0;

    memset(&seen, 0, sizeof seen);
    t = pit_tracer_open((pit_tracer_opts){.function = note, .context = &seen, .rate = 40});
    CHECK_EQ(pit_trace(t, p, PIT_TRACE_RECEIVE), 0);
    /* All at once: however slow the machine is, p receives them faster than the rate. */
    for (; all < 2000; all++)
        pit_send(p, ping, .n = (uint32_t)all);
    for (uint32_t i = 0; i < all; i++) {
        const pit_msg *m = pit_receive_type(&pit_type_pong, A_WHILE);

        CHECK(m && pit_as(m, pong)->n == i);
    }
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    CHECK_EQ(info.taken + info.dropped, all);
    CHECK(info.taken >= most);
    CHECK(info.dropped > 0);
    /* The summary of the last drops comes by itself. */
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); seen.dropped < info.dropped;) {
        CHECK(pit_now() < until);
        pit_sleep(5);
    }
    CHECK_EQ(seen.dropped, info.dropped);
    CHECK_EQ(seen.receives, info.taken);
    pit_sleep(120);
    ask(p, 1);
    CHECK_EQ(seen.receives, info.taken + 1);
}

static void floods(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (uint32_t i = 0; i < 3000; i++)
        pit_send(to, ping, .n = i);
}

static void swallows(void *state, const pit_msg *m) {}

/* A tracer that does not keep up has no more than its backlog in its queue, and hears of the
   rest. */
NODE_CASE(a_slow_tracer_has_a_bounded_backlog)
{
    pit_tracer t = pit_tracer_open((pit_tracer_opts){.backlog = 100, .rate = 100000000});
    pit_pid sink = pit_spawn_handler_with(swallows, NULL, 0, .scheduler = PIT_ANYWHERE);
    pit_monitored f;
    pit_tracer_info info;
    uint64_t told = 0, got = 0;

    CHECK_EQ(pit_trace(t, sink, PIT_TRACE_RECEIVE), 0);
    f = spawn_watched(floods, &sink, sizeof sink);
    expect_end(f, "normal");
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    while (info.taken + info.dropped < 3000) {
        pit_sleep(1);
        CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    }
    CHECK(info.backlog <= 104);
    CHECK(pit_message_count() <= 104);
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000); told < info.dropped;) {
        const pit_msg *m = pit_receive_type(&pit_type_pit_trace_event, 1);
        const pit_trace_event *e = m ? pit_payload(m) : NULL;

        CHECK(pit_now() < until);
        if (e && e->event == PIT_TRACE_DROPPED)
            told += e->number;
        else if (e)
            got++;
        CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    }
    while (pit_receive_type(&pit_type_pit_trace_event, 0))
        got++;
    CHECK_EQ(told, info.dropped);
    CHECK_EQ(got, info.taken);
    CHECK_EQ(got + told, 3000);
    CHECK_EQ(pit_tracer_info_of(t, &info), 0);
    CHECK_EQ(info.backlog, 0);
}

/* ---- everything at once */

static void lives_wildly(const void *arg)
{
    uint64_t chance = *(const uint64_t *)arg;
    pit_pid friends[4] = {pit_self(), pit_self(), pit_self(), pit_self()};

    (void)pit_trap_exit(true);
    for (int i = 0; i < 60; i++) {
        pit_pid other = friends[pit_test_random_below(&chance, 4)];

        switch (pit_test_random_below(&chance, 9)) {
        case 0:
            if (i < 40) {
                uint64_t seed = pit_test_random(&chance) | 1;

                if (*(const uint64_t *)arg % 4)
                    seed &= ~UINT64_C(3); /* the tree ends */
                else
                    break;
                friends[pit_test_random_below(&chance, 4)] =
                    spawn_anywhere(lives_wildly, &seed, sizeof seed);
            }
            break;
        case 1:
            pit_link(other);
            break;
        case 2:
            pit_unlink(other);
            break;
        case 3:
            (void)pit_demonitor(pit_monitor(other), PIT_DEMONITOR_FLUSH);
            break;
        case 4:
            (void)pit_cancel_timer(pit_start_timer(1, other, 1));
            break;
        case 5:
            (void)pit_receive(0);
            break;
        case 6:
            pit_yield();
            break;
        default:
            pit_send(other, ping, .n = (uint32_t)i);
            break;
        }
    }
    if (pit_test_random_below(&chance, 3) == 0)
        pit_exit(pit_atom("enough"));
}

static void traces_wildly(const void *arg)
{
    uint64_t chance = *(const uint64_t *)arg;
    pit_tracer t = {0};
    pit_pid all[200];

    for (int i = 0; i < 60; i++) {
        size_t n = pit_processes(all, 200);
        pit_pid p = all[pit_test_random_below(&chance, n < 200 ? n : 200)];
        uint32_t events =
            (uint32_t)pit_test_random(&chance) & (PIT_TRACE_EVERYTHING | UINT32_C(0xf) << 24);
        int64_t r = 0;

        switch (pit_test_random_below(&chance, 8)) {
        case 0:
            if (t.id > 0)
                CHECK_EQ(pit_tracer_close(t), 0);
            t = pit_tracer_open(pit_test_random_below(&chance, 2)
                                    ? (pit_tracer_opts){.rate = 20000, .backlog = 500}
                                    : (pit_tracer_opts){.function = note, .context = &seen});
            break;
        case 1:
            r = pit_trace_all(t, 1 + (unsigned)pit_test_random_below(&chance, 3), events);
            break;
        case 2:
            r = pit_trace_all(t, PIT_TRACE_EXISTING | PIT_TRACE_NEW, 0);
            break;
        case 3:
            CHECK(pit_trace_delivered(i % 2 ? p : PIT_NO_PID).owner.id > 0);
            break;
        case 4:
            while (pit_receive(0))
                ;
            break;
        default:
            r = pit_trace(t, p, events);
            break;
        }
        CHECK(r >= 0 || r == -EINVAL || r == -EBUSY || r == -EPERM || r == -PIT_ENOPROC);
        if (t.id < 0)
            t.id = 0;
    }
}

/* Traces are set and cleared at random while processes send, spawn, link, end and are moved:
   nothing breaks, and all end. */
NODE_CASE(traces_come_and_go_while_processes_live)
{
    uint64_t chance = pit_test_seed();

    memset(&seen, 0, sizeof seen);
    for (uint64_t round = 0; round < pit_test_scale(3, 60); round++) {
        for (int i = 0; i < 12; i++) {
            uint64_t seed = pit_test_random(&chance);

            (void)spawn_anywhere(i % 4 ? lives_wildly : traces_wildly, &seed, sizeof seed);
        }
        expect_alone();
    }
}
