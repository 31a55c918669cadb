/*
 * Goal: signals of one sender to one receiver arrive in the order they were sent, over all their
 * kinds (SIG-1..3, SIG-5..7).
 * Method: senders number what they send and the receiver checks; kinds are mixed so that each
 * proves what came before it. The processes run on different schedulers, and are moved while it
 * happens.
 */
#include "tests/runtime/node.h"

#include "runtime/enter.h"
#include "runtime/signal.h"

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(done, (pit_pid, who));
PIT_MESSAGE(go);
PIT_MESSAGE(big, (int64_t, n), (uint8_t, bytes, 3000));
PIT_MESSAGE(rich, (pit_binary, b), (pit_term, t), (pit_binary, c, 2));

/* ---- messages of many senders */

struct numbering {
    pit_pid to;
    int64_t n;
    uint64_t seed;
};

static void numbers(const void *arg)
{
    struct numbering a = *(const struct numbering *)arg;

    for (int64_t i = 0; i < a.n; i++) {
        switch (pit_test_random_below(&a.seed, 5)) {
        case 0:
            pit_send(a.to, big, .n = i, .bytes = {1});
            break;
        case 1: {
            struct number *m = pit_new(number);

            m->n = i;
            pit_message_send(a.to, m);
            break;
        }
        case 2:
            CHECK_EQ(pit_send_name("receiver", &pit_type_number, &(struct number){i}), 0);
            break; /* SIG-2 */
        default:
            pit_send(a.to, number, .n = i);
        }
        if (!pit_test_random_below(&a.seed, 50))
            pit_yield();
    }
}

/* SIG-1, SIG-2: by pid or by name, copied or moved, small or large: one order. */
NODE_CASE(messages_of_each_sender_come_in_order)
{
    enum { SENDERS = 8 };
    int64_t each = (int64_t)pit_test_scale(pit_test_sanitized() ? 1000 : 10000, 200000),
            next[SENDERS] = {0};
    pit_pid senders[SENDERS];
    uint64_t chance = pit_test_seed();

    CHECK_EQ(pit_register("receiver", pit_self()), 0);
    for (int i = 0; i < SENDERS; i++) {
        struct numbering a = {pit_self(), each, pit_test_random(&chance)};

        senders[i] = spawn_anywhere(numbers, &a, sizeof a);
    }
    for (int64_t left = SENDERS * each; left > 0; left--) {
        const pit_msg *m = pit_receive(A_WHILE);
        int i = 0;

        CHECK(m);
        while (i < SENDERS && !pit_pid_equal(senders[i], m->from))
            i++;
        CHECK(i < SENDERS);
        CHECK_EQ(pit_is(m, big) ? pit_as(m, big)->n : pit_as(m, number)->n, next[i]++);
        if (left % 1000 == 0)
            pit_yield();
    }
    expect_empty();
}

/* ---- mixed kinds */

/*
 * What a mixed sequence proves: messages carry numbers; an exit signal to a trapping receiver
 * carries its number as the reason and stands between them; a question (process_info) sees as many
 * messages as were sent before it; a timer for now starts where it stands; register acts at once.
 */
struct mixed {
    pit_pid to;
    uint64_t seed;
};

static void sends_mixed(const void *arg)
{
    struct mixed a = *(const struct mixed *)arg;
    pit_process_info info;

    for (int64_t i = 0; i < 400; i++) {
        switch (pit_test_random_below(&a.seed, 6)) {
        case 0:
            pit_exit_process(a.to, pit_build("~", i));
            break;
        case 1:
            CHECK(pit_is_alive(a.to));
            pit_send(a.to, number, .n = i);
            break;
        case 2:
            CHECK_EQ(pit_process_info_of(a.to, &info), 0);
            pit_send(a.to, number, .n = i);
            break;
        case 3:
            pit_link(a.to);
            pit_unlink(a.to);
            pit_send(a.to, number, .n = i);
            break;
        case 4:
            CHECK_EQ(pit_demonitor(pit_monitor(a.to), 0), 1);
            pit_send(a.to, number, .n = i);
            break;
        default:
            pit_send(a.to, number, .n = i);
        }
    }
    pit_send(a.to, done, .who = pit_self());
}

/* SIG-1: over all kinds. */
NODE_CASE(signals_of_all_kinds_keep_one_order)
{
    enum { SENDERS = 4 };
    int64_t next[SENDERS] = {0};
    pit_pid senders[SENDERS];
    uint64_t chance = pit_test_seed();
    int left = SENDERS;

    (void)pit_trap_exit(true);
    for (int i = 0; i < SENDERS; i++) {
        struct mixed a = {pit_self(), pit_test_random(&chance)};

        senders[i] = spawn_anywhere(sends_mixed, &a, sizeof a);
    }
    while (left) {
        const pit_msg *m = pit_receive(A_WHILE);
        int i = 0;
        int64_t n = -1;

        CHECK(m);
        while (i < SENDERS && !pit_pid_equal(senders[i], m->from))
            i++;
        CHECK(i < SENDERS);
        if (pit_is(m, done)) {
            CHECK_EQ(next[i], 400);
            left--;
            continue;
        }
        if (pit_is(m, pit_exited))
            CHECK(pit_term_to(pit_as(m, pit_exited)->reason, &n));
        else
            n = pit_as(m, number)->n;
        CHECK_EQ(n, next[i]++);
    }
    expect_alone();
    expect_empty();
}

static void links_then_dies(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    pit_link(to);
    pit_send(to, number, .n = 1);
    pit_exit_process(to, pit_atom("first"));
    pit_send(to, number, .n = 2);
    pit_exit(pit_atom("second"));
}

/* SIG-1: link, message, exit, message, link exit. */
NODE_CASE(the_last_signal_of_a_process_comes_last)
{
    (void)pit_trap_exit(true);
    for (int i = 0; i < 100; i++) {
        pit_pid me = pit_self(), p = spawn_anywhere(links_then_dies, &me, sizeof me);

        CHECK_EQ(pit_as(pit_receive(A_WHILE), number)->n, 1);
        CHECK_STR(text_of(pit_as(pit_receive(A_WHILE), pit_exited)->reason), "first");
        CHECK_EQ(pit_as(pit_receive(A_WHILE), number)->n, 2);
        {
            const pit_msg *m = pit_receive(A_WHILE);

            CHECK(pit_pid_equal(pit_as(m, pit_exited)->pid, p));
            CHECK_STR(text_of(pit_as(m, pit_exited)->reason), "second");
        }
    }
    expect_empty();
}

static void counts_until_asked(const void *arg)
{
    for (;;)
        (void)pit_receive_type(&pit_type_go, PIT_INFINITY);
}

/* SIG-1, INFO-3: a question sees all that was sent before it, and nothing after. */
NODE_CASE(a_question_sees_what_was_sent_before_it)
{
    pit_pid p = spawn_anywhere(counts_until_asked, NULL, 0);
    pit_process_info info;

    for (int64_t i = 0; i < 500; i++) {
        pit_send(p, number, .n = i);
        if (i % 7 == 0) {
            CHECK_EQ(pit_process_info_of(p, &info), 0);
            CHECK_EQ(info.message_count, i + 1);
        }
    }
    pit_exit_process(p, pit_atom("kill"));
    CHECK_EQ(pit_process_info_of(p, &info), -PIT_ENOPROC); /* LIFE-10 */
}

/* ---- from threads that run no process */

struct foreign {
    pit_pid to;
    int64_t n;
};

static void *sends_from_outside(void *arg)
{
    struct foreign *f = arg;

    for (int64_t i = 0; i < f->n; i++)
        pit_send(f->to, number, .n = i);
    return NULL;
}

/* SIG-1 for foreign threads: each is a sender whose messages come in order, though all are from
         nobody. */
NODE_CASE(a_foreign_threads_messages_come_in_order)
{
    struct foreign f = {pit_self(), pit_test_sanitized() ? 2000 : 20000};
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, sends_from_outside, &f), 0);
    for (int64_t i = 0; i < f.n; i++) {
        const pit_msg *m = pit_receive(A_WHILE);

        CHECK(m);
        CHECK_EQ(m->from.id, 0);
        CHECK_EQ(pit_as(m, number)->n, i);
    }
    pthread_join(thread, NULL);
    expect_empty();
}

/* ---- what a send is */

static void ended(const void *arg) {}

/* SIG-3: to a name that nobody has it fails; to the dead it does not. */
NODE_CASE(sending_to_nobody)
{
    pit_monitored m = spawn_watched(ended, NULL, 0);
    struct number n = {1};

    expect_end(m, "normal");
    pit_send(m.pid, number, .n = 1);
    pit_send(PIT_NO_PID, number, .n = 1);
    CHECK_EQ(pit_send_name("nobody", &pit_type_number, &n), -PIT_ENOPROC);
    CHECK_EQ(pit_send_name("", &pit_type_number, &n), -PIT_ENOPROC);
    CHECK_EQ(pit_send_name(NULL, &pit_type_number, &n), -PIT_ENOPROC);
    CHECK_EQ(pit_register("me", pit_self()), 0);
    CHECK_EQ(pit_send_name("me", &pit_type_number, &n), 0);
    CHECK_EQ(pit_receive_only(number, 0)->n, 1);
    expect_empty();
}

/* SIG-5: what was sent is a copy. */
NODE_CASE(a_message_is_a_copy)
{
    struct big *b = pit_alloc(sizeof *b);

    for (int64_t i = 0; i < 20; i++) {
        memset(b->bytes, (int)i, sizeof b->bytes);
        b->n = i;
        pit_send_copy(pit_self(), &pit_type_big, b);
    }
    for (int64_t i = 0; i < 20; i++) {
        const struct big *got = pit_receive_only(big, 0);

        CHECK_EQ(got->n, i);
        CHECK_EQ(got->bytes[0], i);
        CHECK_EQ(got->bytes[2999], i);
        CHECK_EQ((uintptr_t)got % 16, 0);
    }
}

/* A message may be larger than its type says, when it is built in place. */
NODE_CASE(a_built_message_is_moved_with_all_its_room)
{
    static const size_t sizes[] = {0, 8, 100, 4000, 5000, 300000};
    pit_pid me = pit_self();

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *m = pit_message_make(&pit_type_number, sizes[i]);
        size_t size = sizes[i] < sizeof(struct number) ? sizeof(struct number) : sizes[i];
        const pit_msg *got;

        for (size_t k = 0; k < size; k++)
            CHECK_EQ(m[k], 0);
        memset(m, 5, size);
        pit_message_send(me, m);
        got = pit_receive(0);
        CHECK(pit_payload(got) == m); /* the same memory */
        CHECK_EQ(pit_message_size(got), size);
        CHECK_EQ(((const char *)pit_payload(got))[size - 1], 5);
    }
    pit_message_drop(pit_new(number));
    pit_message_drop(NULL);
    CHECK(pit_new(number)); /* goes with the process */
}

static void forwards(const void *arg)
{
    pit_pid to = *(const pit_pid *)arg;

    for (;;) {
        const struct rich *r = pit_as(pit_receive(PIT_INFINITY), rich);

        pit_send(to, rich, .b = r->b, .t = r->t, .c = {r->c[0], r->c[1]});
    }
}

/* SIG-5: large binaries are shared and not copied, through any number of processes; terms are
   copied. */
NODE_CASE(binaries_are_shared_and_terms_travel)
{
    pit_pid p = pit_self();
    uint8_t *bytes;
    pit_binary b = pit_binary_make(100000, &bytes), small = pit_binary_text("x");
    const uint8_t *data = b.data;
    const struct rich *r;

    memset(bytes, 9, 100000);
    for (int i = 0; i < 5; i++)
        p = spawn_anywhere(forwards, &p, sizeof p);
    for (int i = 0; i < 20; i++)
        pit_send(p, rich, .b = b, .t = pit_build("{list, [~, #{k => ~}]}", i, 1.5),
                 .c = {small, pit_binary_slice(b, 10, 20)});
    for (int i = 0; i < 20; i++) {
        r = pit_receive_only(rich, A_WHILE);
        CHECK(r->b.data == data);
        CHECK_EQ(r->b.data[99999], 9);
        CHECK(r->c[1].data == data + 10);
        CHECK_EQ(r->c[1].size, 20);
        CHECK_EQ(r->c[0].data[0], 'x');
        CHECK_STR(text_of(r->t), text_of(pit_build("{list, [~, #{k => 1.5}]}", i)));
    }
}

/* What waits in the queue of one that ends is released, whatever it holds. The leak checker
   watches. */
NODE_CASE(mail_is_released_with_its_receiver)
{
    for (int i = 0; i < 5; i++) {
        pit_pid p = spawn_anywhere(counts_until_asked, NULL, 0);
        uint8_t *bytes;
        pit_binary b = pit_binary_make(50000, &bytes);
        struct rich *r;

        for (int k = 0; k < 300; k++)
            pit_send(
                p, rich, .b = b, .c = {b, b},
                .t = pit_build("{~, ~}", k, "a text that is longer than what stands in a word"));
        r = pit_new(rich);
        r->b = b;
        r->t = pit_build("[1,2,3]");
        pit_message_send(p, r);
        pit_exit_process(p, pit_atom("kill"));
        for (int k = 0; k < 300; k++)
            pit_send(p, rich, .b = b, .c = {b, b}, .t = pit_build("{~}", k));
        expect_alone();
    }
}

static void sends_bad_handle(const void *arg) { pit_send((pit_pid){INT64_MIN | PIT_ENOPROC}, go); }
static void moves_to_bad_handle(const void *arg)
{
    pit_message_send((pit_pid){INT64_MIN | PIT_ENOPROC}, pit_new(number));
}

static void sends_twice(const void *arg)
{
    struct number *n = pit_new(number);

    pit_message_send(*(const pit_pid *)arg, n);
    pit_message_send(*(const pit_pid *)arg, n);
}

/* A handle that holds an error is badarg. */
NODE_CASE(sending_to_an_error_ends_the_sender)
{
    pit_body *bodies[] = {sends_bad_handle, moves_to_bad_handle, sends_twice};
    pit_pid p = spawn_anywhere(counts_until_asked, NULL, 0);

    for (int i = 0; i < 3; i++) {
        pit_monitored m = spawn_watched(bodies[i], &p, sizeof p);
        const pit_msg *down = pit_receive_ref(m.ref, A_WHILE);

        CHECK(down);
        CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{badarg,", 8));
    }
    pit_exit_process(p, pit_atom("kill"));
    expect_alone();
}

/* ---- behind a sender that stands still between its two steps (mailbox.c) */

struct stuck {
    struct pit__message *carrier;
    struct pit__sched *owner;
};

static void *goes_on(void *arg)
{
    const struct stuck *s = arg;

    usleep(20000);
    pit__sched_post(s->owner, s->carrier);
    return NULL;
}

/* A sender's first step; the second, which brings the message, follows on a thread of its own. */
static pthread_t stick(struct stuck *s, pit_pid to)
{
    struct pit__process *p = pit__slot_of(to);
    pthread_t thread;

    pit__in();
    s->owner = pit__thread()->sched;
    s->carrier = pit__message_alloc(&s->owner->blocks, PIT__MESSAGE, sizeof(struct number));
    CHECK(s->carrier && pit__owned_by(p, s->owner));
    *(struct number *)pit__message_payload(s->carrier) = (struct number){1};
    s->carrier->public.type = &pit_type_number;
    s->carrier->public.from = pit__pid_of(pit__thread()->current);
    s->carrier->to = to;
    CHECK(pit__mailbox_push(&p->mailbox, s->carrier));
    CHECK_EQ(pthread_create(&thread, NULL, goes_on, s), 0);
    pit__out(1);
    return thread;
}

/*
 * SIG-1, LIFE-10, INFO-3: what a process asks of another is behind what it sent it before, and is
 * not answered past that though both are on one scheduler and the other could be looked at.
 */
NODE_CASE_WITH(no_question_overtakes_what_is_outside, .schedulers = 1)
{
    for (int how = 0; how < 4; how++) {
        pit_monitored m;
        pit_process_info info;
        struct stuck s;
        pthread_t thread;
        pit_term t;

        m.pid = pit_spawn_with(wait_forever, NULL, 0, .monitor = true, .ret_ref = &m.ref);
        pit_yield();
        thread = stick(&s, m.pid);
        pit_exit_process(m.pid, pit_atom("enough"));
        if (how == 0)
            CHECK(!pit_is_alive(m.pid));
        else if (how == 1)
            CHECK_EQ(pit_process_info_of(m.pid, &info), -PIT_ENOPROC);
        else if (how == 2)
            CHECK_EQ(pit_process_item(m.pid, PIT_INFO_LINKS, &t), -PIT_ENOPROC);
        else
            CHECK_EQ(pit_register("late", m.pid), -PIT_ENOPROC);
        expect_end(m, "enough");
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    expect_empty();
}
