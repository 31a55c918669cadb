/*
 * Messages and a protocol that C and C++ share.
 */
#ifndef TESTS_OTP_CXX_PEER_H
#define TESTS_OTP_CXX_PEER_H

#include <pit/pit.h>

PIT_MESSAGE(mixed, (bool, yes), (pit_text16, name), (int32_t, numbers, 3), (double, d));

#define adder_protocol(CALL, CAST)                               \
    CALL(add, ((int64_t, n), (bool, twice)), ((int64_t, total))) \
    CAST(reset, ())

PIT_PROTOCOL(adder);

#ifdef __cplusplus
extern "C" {
#endif
pit_pid adder_start(void);
const pit_type *c_type_of_mixed(void);
#ifdef __cplusplus
}
#endif

#endif
