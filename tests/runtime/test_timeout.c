/*
 * Goal: a process has one timeout, by a clock of its own, whatever it waits in (RECV-3, SCHED-5):
 * what it was suspended for in all does not count, and that one wait timed out no later wait sees.
 * Method: cases in a node (node.h). How long it was suspended is written into the process, so that
 * no case has to wait for it. That the awaited comes when the time is over already, but before the
 * process runs, is brought about on one scheduler: who brings it looks at the process's flag.
 */
#include "tests/runtime/node.h"

#include "runtime/extra.h"

PIT_MESSAGE(number, (int64_t, n));
PIT_MESSAGE(question, (int64_t, n));
PIT_MESSAGE(answer, (int64_t, n));
PIT_MESSAGE(now_for_it, (uint64_t, wait)); /* a struct pit__wait */
PIT_MESSAGE(through);
PIT_MESSAGE(no_such);

static int ask(pit_pid server, int64_t timeout)
{
    struct question q = {1};
    struct answer a = {0};
    int r = pit_try_call(server, &pit_type_question, &q, timeout, &pit_type_answer, &a);

    CHECK(r != 0 || a.n == 2);
    return r;
}

static void answer_it(const pit_msg *m)
{
    struct answer a = {pit_as(m, question)->n + 1};

    CHECK_EQ(pit_answer(m, &pit_type_answer, &a), 0);
}

/* ---- its own clock */

enum { MS = 1000000, COUNTED = 5 * MS };

static void leaves_in_its_queue(const void *arg)
{
    (void)pit_receive_type(&pit_type_no_such, PIT_INFINITY);
}

static void waits_after_an_hour(const void *arg)
{
    struct pit__extra *x = pit__extra_of(pit__current());
    int64_t since;

    x->paused_ns = INT64_C(3600) * 1000 * MS;
    since = pit_now();
    switch (*(const int *)arg) {
    case 0:
        CHECK(!pit_receive(COUNTED / MS));
        break;
    case 1:
        CHECK(!pit_receive_type(&pit_type_no_such, COUNTED / MS));
        break;
    case 2:
        pit_sleep(COUNTED / MS);
        break;
    case 3:
        CHECK_EQ(ask(spawn_anywhere(leaves_in_its_queue, NULL, 0), COUNTED / MS), -ETIMEDOUT);
        break;
    }
    CHECK(pit_now() - since >= COUNTED);
}

/* SCHED-5 [28+]: who was suspended for an hour waits for what it asks for from then on: neither an
   hour longer, nor not at all. */
NODE_CASE(timeouts_come_in_time_after_a_suspension)
{
    pit_monitored m[4];

    for (int how = 0; how < 4; how++)
        m[how] = spawn_watched(waits_after_an_hour, &how, sizeof how);
    for (int how = 0; how < 4; how++)
        expect_end(m[how], "normal");
}

/* ---- no later wait sees it */

enum first {
    RECEIVE,
    SELECT,
    SLEEP,
    CALL,
    BEATEN_RECEIVE,
    BEATEN_SELECT,
    BEATEN_CALL,
    BEATEN_PARK,
    FIRSTS
};
enum then { SLEEP_ON, ASK, SELECT_ON, THENS };

struct steps {
    pit_pid test;
    enum first first;
    enum then then;
};

static void times_out(const struct steps *s)
{
    struct pit__wait w;
    int r;

    switch (s->first) {
    case RECEIVE:
        CHECK(!pit_receive(1));
        break;
    case SELECT:
        CHECK(!pit_receive_type(&pit_type_number, 1));
        break;
    case SLEEP:
        pit_sleep(1);
        break;
    case CALL:
        CHECK_EQ(ask(spawn_anywhere(leaves_in_its_queue, NULL, 0), 1), -ETIMEDOUT);
        break;
    case BEATEN_RECEIVE:
        while (!pit_receive(1))
            ;
        break;
    case BEATEN_SELECT:
        while (!pit_receive_type(&pit_type_number, 1))
            ;
        break;
    case BEATEN_CALL:
        while ((r = ask(s->test, 1)) != 0)
            CHECK_EQ(r, -ETIMEDOUT);
        break;
    default:
        do {
            pit__wait_init(&w);
            pit_send(s->test, now_for_it, .wait = (uint64_t)(uintptr_t)&w);
            pit__enter();
            r = pit__park(&w, pit_now() + MS);
            pit__leave();
        } while (r != 0);
    }
}

static void waits_twice(const void *arg)
{
    const struct steps *s = arg;
    int64_t since;

    times_out(s);
    pit_send(s->test, through);
    since = pit_now();
    switch (s->then) {
    case SLEEP_ON:
        pit_sleep(2);
        CHECK(pit_now() - since >= 2 * MS);
        break;
    case ASK:
        CHECK_EQ(ask(s->test, A_WHILE), 0);
        break;
    default:
        CHECK(pit_receive_type(&pit_type_answer, A_WHILE)); /* others come before it */
    }
}

struct awaited {
    const pit_msg *question;
    struct pit__wait *wait;
};

static bool has_timed_out(pit_pid p) { return pit__slot_of(p)->flags & PIT__F_TIMED_OUT; }

static void look(struct awaited *a)
{
    const pit_msg *m;

    if ((m = pit_receive_type(&pit_type_now_for_it, 0)))
        a->wait = (struct pit__wait *)(uintptr_t)pit_as(m, now_for_it)->wait;
    if ((m = pit_receive_type(&pit_type_question, 0))) {
        if (a->question)
            pit_drop(a->question);
        a->question = pit_keep(m);
    }
}

/* What p waits for comes, just after its time was over. */
static void beat(pit_pid p, enum first first, struct awaited *a)
{
    if (first == BEATEN_RECEIVE || first == BEATEN_SELECT)
        pit_send(p, number, .n = 1);
    if (first == BEATEN_CALL && a->question) {
        answer_it(a->question);
        pit_drop(a->question);
        a->question = NULL;
    }
    if (first == BEATEN_PARK && a->wait) {
        pit__enter();
        pit__unpark(a->wait);
        pit__leave();
        a->wait = NULL;
    }
}

static void what_then_is_awaited(pit_pid p, enum then then)
{
    const pit_msg *m = then == ASK ? pit_receive_type(&pit_type_question, A_WHILE) : NULL;

    for (int i = 0; i < 20; i++) {
        pit_yield();
        if (then == SELECT_ON && i % 8 == 0)
            pit_send(p, number, .n = 2);
    }
    if (then == ASK)
        answer_it(m);
    else if (then == SELECT_ON)
        pit_send(p, answer, .n = 2);
}

/* RECV-3, GEN-6: each kind of wait that timed out, also with what it waited for there when it runs,
   before each kind of wait that would end too early. */
NODE_CASE_WITH(no_wait_sees_that_an_earlier_one_timed_out, .schedulers = 1)
{
    for (unsigned i = 0; i < FIRSTS * THENS; i++) {
        struct steps s = {pit_self(), i / THENS, i % THENS};
        struct awaited a = {NULL, NULL};
        pit_monitored m;

        /* of low priority: we look at it before it runs */
        m.pid = pit_spawn_with(waits_twice, &s, sizeof s, .priority = PIT_PRIORITY_LOW,
                               .monitor = true, .ret_ref = &m.ref);
        while (!pit_receive_type(&pit_type_through, 0)) {
            look(&a);
            if (has_timed_out(m.pid))
                beat(m.pid, s.first, &a);
            pit_yield();
        }
        what_then_is_awaited(m.pid, s.then);
        expect_end(m, "normal");
    }
}
