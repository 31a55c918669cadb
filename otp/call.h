/*
 * Calls that end the caller when there is no answer, with a timeout of one's own. pit__call of
 * <pit/server.h> waits 5 s.
 */
#ifndef PIT_OTP_CALL_H
#define PIT_OTP_CALL_H

#include <pit/process.h>

/* As pit_try_call; what that returns as an error ends the caller with {Why, {call, Name, Server}}.
   Spec: GEN-5. */
void pit__call_within(pit_pid server, int64_t timeout, const pit_type *request_type,
                      const void *request, const pit_type *reply_type, void *reply);

#endif
