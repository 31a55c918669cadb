/*
 * The locks of stdio: given back when a process died in printf.
 *
 * A bad pointer given to printf faults inside libc while the stream is locked. The lock names its
 * owner, the thread, so it can be told that nobody else holds it. Only the three standard streams
 * are looked at: a FILE of the process's own is locked for those alone who share it.
 */
#ifndef RUNTIME_STDIO_LOCKS_H
#define RUNTIME_STDIO_LOCKS_H

/* On the thread that faulted, outside a signal handler, all the process's frames gone. */
void pit__stdio_locks_release(void);

#endif
