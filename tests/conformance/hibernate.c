/*
 * Goal: how behaviours hibernate (HIB-5): a callback process holds no stack while it waits, so it
 *   has nothing to give up, and its crash is reported after any wait as before it.
 * Method: a handler that waits is looked at from below the public interface.
 */
#include "tests/conformance/terms.h"

PIT_MESSAGE(go);
PIT_MESSAGE(number, (int64_t, n));

static _Atomic(int) errors_logged;

static void hear(enum pit_log_level level, const char *text, size_t length)
{
    if (level == PIT_LOG_ERROR && memmem(text, length, "with exit value: {badmatch,", 27))
        atomic_fetch_add(&errors_logged, 1);
}

static void crashes_on_go(void *state, const pit_msg *m)
{
    if (pit_is(m, go))
        (void)pit_must(-ENOTCONN);
    if (pit_is(m, number))
        pit_hibernate(); /* half way, until the next message, it holds a stack; after it none */
}

/* HIB-5: it waits without a stack, and crashes with a report afterwards, also when it had
   hibernated half way in a handler. */
NODE_CASE(a_behaviour_that_waits_holds_no_stack_and_crashes_aloud)
{
    pit_log_sink_set(hear);
    for (int i = 0; i < 10; i++) {
        pit_process_info info;
        pit_monitored m;
        const pit_msg *down;

        m.pid = pit_spawn_handler_with(crashes_on_go, NULL, 0, .scheduler = PIT_ANYWHERE,
                                       .monitor = true, .ret_ref = &m.ref);
        if (i % 2)
            pit_send(m.pid, number, .n = 1);
        do
            CHECK_EQ(pit_process_info_of(m.pid, &info), 0);
        while (info.status != PIT_WAITING || info.message_count);
        if (i % 2 == 0)
            CHECK(!pit__slot_of(m.pid)->stack);
        pit_send(m.pid, go);
        down = pit_receive_ref(m.ref, A_WHILE);
        CHECK(down);
        CHECK(!strncmp(text_of(pit_as(down, pit_down)->reason), "{badmatch,", 10));
        CHECK_EQ(atomic_load(&errors_logged), i + 1);
    }
    pit_log_sink_set(node_silent);
}
