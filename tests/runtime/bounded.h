/*
 * What the tests of bounds on mailboxes share (test_bound.c, test_bound_block.c, test_bound_call.c,
 * test_bound_lane.c): a receiver that takes what the case tells it to, senders that number their
 * messages, and how a case asks what waits.
 */
#ifndef TESTS_RUNTIME_BOUNDED_H
#define TESTS_RUNTIME_BOUNDED_H

#include "tests/runtime/node.h"

PIT_MESSAGE(number, (int64_t, n), (int64_t, sender));
PIT_MESSAGE(wake);
PIT_MESSAGE(question, (int64_t, n));
PIT_MESSAGE(answer, (int64_t, n));
PIT_SYSTEM_MESSAGE(sys_question, (int64_t, n));
PIT_MESSAGE(report, (uint64_t, messages), (uint64_t, bytes), (uint64_t, dropped),
            (uint64_t, blocked));

/* ---- a receiver that takes nothing until it is told, by the system lane */

struct full {
    pit_pid parent;
    pit_mailbox bound;
    bool trap;
};

PIT_SYSTEM_MESSAGE(take, (int64_t, n));
PIT_SYSTEM_MESSAGE(ask_state);

/* Takes `number`s when told by a `take`; says what it has when told by ask_state; answers questions
   at any time. */
static inline void lane(const void *arg)
{
    const struct full *f = arg;

    pit_trap_exit(f->trap);
    CHECK_EQ(pit_mailbox_bound(f->bound), 0);
    pit_send(f->parent, wake);
    for (;;) {
        const pit_msg *m = pit_receive_type(&pit_type_take, 0);

        if (m) {
            for (int64_t n = pit_as(m, take)->n; n > 0; n--) {
                m = pit_receive_type(&pit_type_number, 0);
                if (!m)
                    break;
                pit_send_copy(f->parent, m->type, pit_payload(m));
            }
            pit_send(f->parent, wake);
        } else if (pit_receive_type(&pit_type_ask_state, 0)) {
            pit_mailbox_load l = pit_mailbox_state();

            pit_send(f->parent, report, .messages = l.messages, .bytes = l.bytes,
                     .dropped = l.dropped, .blocked = l.blocked);
        } else if ((m = pit_receive_type(&pit_type_question, 0)) ||
                   (m = pit_receive_type(&pit_type_sys_question, 0))) {
            struct answer a = {((const struct question *)pit_payload(m))->n + 1};

            CHECK_EQ(pit_answer(m, &pit_type_answer, &a), 0);
        } else if ((m = pit_receive_type(&pit_type_pit_exited, 0)))
            pit_send_copy(f->parent, m->type, pit_payload(m));
        else
            pit_sleep(1);
    }
}

static inline pit_monitored spawn_lane(pit_mailbox bound, bool trap)
{
    struct full f = {pit_self(), bound, trap};
    pit_monitored m = spawn_watched(lane, &f, sizeof f);

    CHECK(pit_receive_only(wake, A_WHILE));
    return m;
}

static inline struct report state_of(pit_pid p)
{
    pit_send(p, ask_state);
    return *pit_receive_only(report, A_WHILE);
}

static inline void tell(pit_pid to, int n)
{
    pit_send(to, take, .n = n);
    CHECK(pit_receive_only(wake, A_WHILE));
}

/* The numbers that it took, in order: these. */
static inline void expect_numbers(int64_t first, int64_t count)
{
    for (int64_t i = first; i < first + count; i++)
        CHECK_EQ(pit_receive_only(number, 0)->n, i);
    CHECK(!pit_try_receive_only(number, 0));
}

static inline void send_numbers(pit_pid to, int64_t from, int64_t count)
{
    for (int64_t i = from; i < from + count; i++)
        pit_send(to, number, .n = i, .sender = 0);
}

/* ---- senders */

enum { BOUND = 8 };

struct sends {
    pit_pid to, parent;
    int64_t sender, count;
};

static inline void sends_all(const void *arg)
{
    const struct sends *s = arg;

    for (int64_t i = 0; i < s->count; i++)
        pit_send(s->to, number, .n = i, .sender = s->sender);
}

static inline struct report wait_until_blocked(pit_pid to, uint64_t n)
{
    struct report r;

    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000);;) {
        r = state_of(to);
        if (r.blocked == n)
            return r;
        CHECK(pit_now() < until);
        pit_yield();
    }
}

#endif
