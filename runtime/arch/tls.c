/* The current thread's pointer: the variable that tls.h reads, and its only writer. */
#include "runtime/arch/tls.h"

_Thread_local struct pit__thread *pit__thread_self
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Out of line, so that the plain store is complete before any volatile read of the caller. */
__attribute__((noinline)) void pit__thread_set(struct pit__thread *t)
{
    pit__thread_self = t;
    __asm__ volatile("" ::: "memory");
}
