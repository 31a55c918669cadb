/*
 * What the driver needs of the kernel: whether it is there and allowed, and if not, what to change.
 */
#ifndef PIT_IO_URING_PROBE_H
#define PIT_IO_URING_PROBE_H

#include <liburing.h>

/* Log why a ring could not be made (error: negative errno of io_uring_queue_init_params) and
   what to do about it. Returns error. */
int pit__uring_explain(int error);

/* The same of another system call that the driver needs, by its name. */
int pit__uring_explain_other(const char *call, int error);

/* Check an open ring for every operation and behaviour that io/ builds on, by trying what the
   kernel's tables do not tell. 0; -ENOSYS: something is missing; another error: a limit or a ban
   (pit__uring_explain). It has been logged. */
int pit__uring_check(struct io_uring *ring);

/* The limit of descriptors, raised as far as it goes without privileges: a server's connections
   are descriptors. */
void pit__uring_raise_limits(void);

#endif
