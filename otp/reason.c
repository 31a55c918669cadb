/*
 * Exit reasons, as behaviours look at them.
 */
#include "otp/reason.h"

#include <stdio.h>

#include <pit/message.h>

#include "term/atom.h"

static bool is_shutdown(pit_term t) { return t.word == PIT__A(shutdown).word; }

bool pit__reason_expected(pit_term reason)
{
    if (reason.word == PIT__A(normal).word || is_shutdown(reason))
        return true;
    return pit_is_tuple(reason) && pit_tuple_size(reason) == 2 &&
           is_shutdown(pit_tuple_get(reason, 0));
}

static bool is_exit_of(const pit_msg *m, void *context)
{
    const struct pit_exited *e = pit_payload(m);

    return m->type == &pit_type_pit_exited && pit_pid_equal(e->pid, *(const pit_pid *)context);
}

bool pit__take_exit_of(pit_pid pid, pit_term *ret_reason)
{
    const pit_msg *m = pit_message_count() ? pit_receive_match(is_exit_of, &pid, 0) : NULL;

    if (m)
        *ret_reason = ((const struct pit_exited *)pit_payload(m))->reason;
    return m != NULL;
}

const char *pit__process_text(pit_pid pid, const char *name, char *buffer, size_t size)
{
    int n = name && *name ? snprintf(buffer, size, "%s ", name) : 0;

    if (n >= 0 && (size_t)n < size)
        pit_term_print(buffer + n, size - (size_t)n, pit_term_of(pid));
    return buffer;
}
