/*
 * The C++ exceptions that this thread is catching. The C++ library keeps them per thread and pitboss does not switch them
 * (docs/isolation.md), but what a process was catching when it ended is nobody's any more.
 */
#ifndef PIT_RUNTIME_CAUGHT_H
#define PIT_RUNTIME_CAUGHT_H

/* The running process ends where it may have been in a catch block. Nothing in a program without C++. */
void pit__caught_forget(void);

#endif
