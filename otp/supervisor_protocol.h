/*
 * What a supervisor can be asked: the messages between supervisor_calls.c, in the asking process,
 * and supervisor.c.
 */
#ifndef PIT_OTP_SUPERVISOR_PROTOCOL_H
#define PIT_OTP_SUPERVISOR_PROTOCOL_H

#include <pit/server.h>

/* Arguments up to this size travel in the message. */
#define PIT__SUP_SMALL 64

#define pit__sup_protocol(CALL, CAST)                                                          \
    CALL(add,                                                                                  \
         ((pit_text64, id), (uint64_t, function), (int64_t, shutdown), (uint8_t, restart),     \
          (uint8_t, type), (pit_binary, arg)),                                                 \
         ((pit_pid, pid)))                                                                     \
    CALL(simple, ((uint32_t, size), (uint8_t, arg, PIT__SUP_SMALL)), ((pit_pid, pid)))         \
    CALL(simple_large, ((pit_binary, arg)), ((pit_pid, pid)))                                  \
    CALL(end, ((pit_text64, id)), ((int32_t, error)))                                          \
    CALL(end_pid, ((pit_pid, pid)), ((int32_t, error)))                                        \
    CALL(restart, ((pit_text64, id)), ((pit_pid, pid)))                                        \
    CALL(delete, ((pit_text64, id)), ((int32_t, error)))                                       \
    CALL(which, (), ((uint64_t, count), (pit_binary, children)))                               \
    CALL(count, (),                                                                            \
         ((uint64_t, specs), (uint64_t, active), (uint64_t, supervisors), (uint64_t, workers), \
          (uint64_t, restarts)))                                                               \
    CAST(again, ((int64_t, serial)))

PIT_PROTOCOL(pit__sup);

#endif
