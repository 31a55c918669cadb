/* Fibre: the rare half of fibre.h, where the contract is. */
#include "runtime/arch/fibre.h"

#include <pthread.h>

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(low, high) ((void)(low), (void)(high), 0u)
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

void pit__fibre_create(struct pit__fibre *f, void *low, size_t size)
{
    *f = (struct pit__fibre){0};
#if defined(PIT__FIBRE_ASAN)
    f->low = low;
    f->size = size;
#elif defined(PIT__FIBRE_TSAN)
    f->context = __tsan_create_fiber(0);
#endif
    f->valgrind_id = VALGRIND_STACK_REGISTER(low, (char *)low + size - 1);
}

void pit__fibre_destroy(struct pit__fibre *f)
{
#if defined(PIT__FIBRE_ASAN)
    __asan_unpoison_memory_region(f->low, f->size);
#elif defined(PIT__FIBRE_TSAN)
    if (!f->thread_own)
        __tsan_destroy_fiber(f->context);
#endif
    VALGRIND_STACK_DEREGISTER(f->valgrind_id);
}

void pit__fibre_adopt(struct pit__fibre *f)
{
    *f = (struct pit__fibre){0};
#if defined(PIT__FIBRE_ASAN)
    pthread_attr_t attr;
    void *low = NULL;

    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        (void)pthread_attr_getstack(&attr, &low,
                                    &f->size); /* cannot fail for attributes that were just read */
        f->low = low;
        pthread_attr_destroy(&attr);
    }
#elif defined(PIT__FIBRE_TSAN)
    f->context = __tsan_get_current_fiber();
    f->thread_own = true;
#endif
}

void pit__fibre_renew(struct pit__fibre *f)
{
#if defined(PIT__FIBRE_ASAN)
    __asan_unpoison_memory_region(f->low, f->size); /* red zones of frames that never returned */
#elif defined(PIT__FIBRE_TSAN)
    __tsan_destroy_fiber(f->context);
    f->context = __tsan_create_fiber(0);
#else
    (void)f;
#endif
}

/* Not instrumented: its own frame is among what was poisoned. */
__attribute__((no_sanitize_address)) void pit__fibre_landed(struct pit__fibre *f)
{
#if defined(PIT__FIBRE_ASAN)
    __asan_unpoison_memory_region(f->low, f->size);
#else
    (void)f; /* what ThreadSanitizer counted goes with the fibre, at the next renew or restart */
#endif
}

bool pit__under_valgrind(void) { return RUNNING_ON_VALGRIND != 0; }
