/*
 * Guard counters: why a fault on this thread could not be contained just now.
 *
 * A process that dies inside malloc leaves an arena locked, one that dies with a mutex leaves the
 * others waiting for ever. Neither can be seen from the program counter, so wrap.c stands in front
 * of these functions and counts. The counters belong to the thread, for so do the locks; a process
 * that parks while it holds one is wrong, and pit__guard_held() tells a debug build so.
 *
 * Written by their thread alone, read also by the fault handler on that thread.
 */
#ifndef RUNTIME_GUARD_H
#define RUNTIME_GUARD_H

#include <stdbool.h>

struct pit__thread_guard {
    unsigned malloc_depth; /* calls of the malloc family that have not returned */
    unsigned locks;        /* mutexes, rwlocks and spin locks held; pthread_once and
                              dl_iterate_phdr under way */
    unsigned stdio_locks;  /* flockfile: given back after a fault, so it does not forbid one */
};

/* Defined in wrap.c. Its address may be kept only where no switch can happen. */
extern _Thread_local struct pit__thread_guard pit__guard
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Is a counted lock held, or malloc under way, on this thread? A call, so that no address is kept
   across a switch. */
bool pit__guard_held(void);

#endif
