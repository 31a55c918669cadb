/*
 * errno, safe in processes.
 *
 * A process may run on another kernel thread after it waited, and compilers fetch the address of
 * the C library's errno once for several uses (its function is declared const), so a read after a
 * wait could be the old thread's. Here the address is asked for anew each time. It stays a thread's
 * variable: do not expect a value to survive a call that waits. The functions of pitboss return
 * their errors and leave errno alone.
 */
#ifndef PIT_ERRNO_H
#define PIT_ERRNO_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <errno.h>

#include <pit/base.h>

PIT_BEGIN_DECLS

int *pit__errno_location(void);

PIT_END_DECLS

#undef errno
#define errno (*pit__errno_location())

#endif
