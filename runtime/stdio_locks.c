/* The locks of stdio. The contract is in stdio_locks.h. */
#include "runtime/stdio_locks.h"

#include <pthread.h>
#include <stdio.h>

#include "runtime/guard.h"

#ifdef __GLIBC__

/* glibc's _IO_lock_t since 2.0; its FILE is public, the lock's body is not. */
struct stdio_lock {
    int lock;
    int count;
    void *owner;
};

static void release(FILE *f)
{
    volatile struct stdio_lock *lock = (volatile struct stdio_lock *)f->_lock;

    /* In a program of one thread glibc counts without naming an owner until a second starts. */
    while (lock && lock->count > 0 && lock->owner == (void *)pthread_self())
        funlockfile(f);
}

void pit__stdio_locks_release(void)
{
    release(stdout);
    release(stderr);
    release(stdin);
    pit__guard.stdio_locks = 0; /* those that printf itself took were never counted */
}

#else

void pit__stdio_locks_release(void) { pit__guard.stdio_locks = 0; }

#endif
