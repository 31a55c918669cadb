/*
 * The current thread's scheduler state, found anew at each call.
 *
 * A process may stop on one kernel thread and continue on another, and both compilers keep the
 * address of a thread-local variable, or its value, across what looks to them like any other
 * statement. So the pointer is read by an asm statement that is volatile: it is neither moved
 * across a switch (which is volatile asm, too) nor merged with an earlier read. The model is
 * initial-exec: one load of the offset, one of the value, in the shared library as well; the
 * linker turns the first into a constant in a program.
 *
 * Nothing else in the runtime may be thread-local unless no switch can happen between its address
 * and its use.
 */
#ifndef RUNTIME_ARCH_TLS_H
#define RUNTIME_ARCH_TLS_H

struct pit__thread;

/* Defined in tls.c. NULL in threads that are not the runtime's. */
#define PIT__THREAD_DECLARE                                   \
    extern _Thread_local struct pit__thread *pit__thread_self \
        __attribute__((tls_model("initial-exec"), visibility("hidden")))
PIT__THREAD_DECLARE;

static inline __attribute__((always_inline)) struct pit__thread *pit__thread(void)
{
    struct pit__thread *t;

#if defined(__x86_64__)
    __asm__ volatile("movq pit__thread_self@gottpoff(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(t));
#elif defined(__aarch64__)
    void *base;

    __asm__ volatile("mrs %1, tpidr_el0\n\t"
                     "adrp %0, :gottprel:pit__thread_self\n\t"
                     "ldr %0, [%0, :gottprel_lo12:pit__thread_self]\n\t"
                     "ldr %0, [%1, %0]"
                     : "=&r"(t), "=&r"(base));
#else
#error "pitboss runs on x86-64 and AArch64"
#endif
    return t;
}

/* The runtime's threads, at their start and end. */
void pit__thread_set(struct pit__thread *t);

#endif
