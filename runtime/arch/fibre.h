/*
 * Fibre: what AddressSanitizer, ThreadSanitizer and valgrind must know of a stack.
 *
 * Each stack has one, and each thread that runs a scheduler one for its own stack. Without a
 * sanitizer nothing is in it but valgrind's number, and the functions below are those of
 * context.h. Callback processes have none: their handlers run on the loop's stack, within the
 * loop's fibre.
 *
 *   create, destroy   with a stack's memory; neither while it runs
 *   adopt             the stack of the calling thread
 *   renew             before a recycled stack gets its next process; frames may have been
 *                     abandoned on it
 *   entered           the first thing that runs in a fresh context, in the function given to
 *                     prepare
 *   switch            the usual one; the context left will be continued
 *   leave             the same for a context that will not: its frames are gone. Whoever runs next
 *                     may renew the stack
 *   landed            after a signal handler sent the thread to the top: frames were abandoned
 *   restart           pit__context_restart within the running fibre
 *
 * ThreadSanitizer: the switch synchronises, for all that runs on one scheduler is ordered by its
 * switches. Its shadow call stack counts functions entered, and frames abandoned are never left,
 * so a fibre whose frames were abandoned is replaced: by renew for another's, by restart for the
 * running one.
 */
#ifndef RUNTIME_ARCH_FIBRE_H
#define RUNTIME_ARCH_FIBRE_H

#include "runtime/arch/context.h"

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define PIT__FIBRE_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define PIT__FIBRE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PIT__FIBRE_ASAN 1
#elif __has_feature(thread_sanitizer)
#define PIT__FIBRE_TSAN 1
#endif
#endif

#if defined(PIT__FIBRE_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif defined(PIT__FIBRE_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

struct pit__fibre {
#if defined(PIT__FIBRE_ASAN)
    void *fake;      /* ASan's fake stack of the frames that were left here */
    const void *low; /* the real stack */
    size_t size;
#elif defined(PIT__FIBRE_TSAN)
    void *context;
    bool thread_own; /* the thread's own context: not ours to destroy */
#endif
    unsigned valgrind_id;
};

/* fibre.c. size counts from low to the top that processes start at. */
void pit__fibre_create(struct pit__fibre *f, void *low, size_t size);
void pit__fibre_destroy(struct pit__fibre *f);
void pit__fibre_adopt(struct pit__fibre *f);
void pit__fibre_renew(struct pit__fibre *f);
void pit__fibre_landed(struct pit__fibre *f);
bool pit__under_valgrind(void);

static inline __attribute__((always_inline)) void pit__fibre_entered(void)
{
#if defined(PIT__FIBRE_ASAN)
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
}

static inline __attribute__((always_inline)) void
pit__switch_fibre(void **save_sp, struct pit__fibre *from, void *to_sp, struct pit__fibre *to)
{
    (void)from;
    (void)to;
#if defined(PIT__FIBRE_ASAN)
    __sanitizer_start_switch_fiber(&from->fake, to->low, to->size);
    pit__switch(save_sp, to_sp);
    __sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
#elif defined(PIT__FIBRE_TSAN)
    __tsan_switch_to_fiber(to->context, 0);
    pit__switch(save_sp, to_sp);
#else
    pit__switch(save_sp, to_sp);
#endif
}

PIT_NORETURN static inline __attribute__((always_inline)) void
pit__leave_fibre(struct pit__fibre *from, void *to_sp, struct pit__fibre *to)
{
    void *nobody;

    (void)from;
    (void)to;
#if defined(PIT__FIBRE_ASAN)
    __sanitizer_start_switch_fiber(NULL, to->low, to->size);
#elif defined(PIT__FIBRE_TSAN)
    __tsan_switch_to_fiber(to->context, 0);
#endif
    pit__switch(&nobody, to_sp);
    __builtin_unreachable();
}

PIT_NORETURN static inline __attribute__((always_inline)) void
pit__restart_fibre(struct pit__fibre *f, void *stack_top, void (*entry)(void *), void *arg)
{
    (void)f;
#if defined(PIT__FIBRE_ASAN)
    __asan_handle_no_return();
#elif defined(PIT__FIBRE_TSAN)
    /* Inline: the exit of a function entered in the old fibre must not count in the new one. */
    if (!f->thread_own) {
        void *old = f->context;

        f->context = __tsan_create_fiber(0);
        __tsan_switch_to_fiber(f->context, 0);
        __tsan_destroy_fiber(old);
    }
#endif
    pit__context_restart(stack_top, entry, arg);
}

#endif
