/*
 * Calls that end the caller when there is no answer. Spec: GEN-5.
 */
#include "otp/call.h"

#include <errno.h>

#include <pit/server.h>

#include "term/atom.h"

/* OTP's default, long enough for a busy server and short enough to notice a stuck one. */
enum { CALL_TIMEOUT_MS = 5000 };

static pit_term why(int error)
{
    switch (error) {
    case -ETIMEDOUT:
        return PIT__A(timeout);
    case -EDEADLK:
        return pit_atom("calling_self");
    case -PIT_EBADCALL:
        return PIT__A(badcall);
    case -PIT_ENOPROC:
        return pit_last_exit_reason();
    default:
        return pit_atom_of(pit_strerror(error));
    }
}

void pit__call_within(pit_pid server, int64_t timeout, const pit_type *request_type,
                      const void *request, const pit_type *reply_type, void *reply)
{
    int e = pit_try_call(server, request_type, request, timeout, reply_type, reply);

    if (__builtin_expect(e < 0, 0))
        pit_exit(pit_build("{~, {call, ~, ~}}", why(e), pit_atom_of(request_type->name), server));
}

void pit__call(pit_pid server, const pit_type *request_type, const void *request,
               const pit_type *reply_type, void *reply)
{
    pit__call_within(server, CALL_TIMEOUT_MS, request_type, request, reply_type, reply);
}
