/*
 * Wraps: the C library's functions that the runtime stands in front of, to know when a thread is
 * inside malloc or holds a lock (guard.h), and to turn abort and assert into the end of a process.
 *
 * The dynamic linker binds the program's calls, and those of other libraries, to the first
 * definition it meets: ours, since the program names us before libc. libc's calls of itself do not
 * come here; its own locks are not counted, and its aborts arrive as a signal.
 *
 * All are weak: a fully static program has libc's own definitions in the same link, which then win,
 * and containment does without the counters. Sanitizers stand in front of the same functions, so
 * under them nothing here exists but the counters.
 *
 * The counters are this thread's, and nothing here can switch, so the compiler may keep their
 * address. This file is compiled with -fexceptions: a C++ exception may leave through pthread_once.
 */
#include "runtime/guard.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/fault.h"

_Thread_local struct pit__thread_guard pit__guard
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

__attribute__((noinline)) bool pit__guard_held(void)
{
    return pit__guard.locks > 0 || pit__guard.malloc_depth > 0 || pit__guard.stdio_locks > 0;
}

#if !defined(PIT__FIBRE_ASAN) && !defined(PIT__FIBRE_TSAN)

#define WRAP __attribute__((weak, visibility("default")))

/* --- malloc ---------------------------------------------------------------------------------- */

/* glibc's own, under the names it keeps for those who stand in front. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void __libc_free(void *p);

#define COUNTED(expression)    \
    do {                       \
        void *result;          \
        enter_malloc();        \
        result = (expression); \
        leave_malloc();        \
        return result;         \
    } while (0)

/* A fault between two statements must see the counter as the program's order has it. */
static inline void enter_malloc(void)
{
    pit__guard.malloc_depth++;
    atomic_signal_fence(memory_order_seq_cst);
}

static inline void leave_malloc(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    pit__guard.malloc_depth--;
}

WRAP void *malloc(size_t size) { COUNTED(__libc_malloc(size)); }
WRAP void *calloc(size_t count, size_t size) { COUNTED(__libc_calloc(count, size)); }
WRAP void *realloc(void *p, size_t size) { COUNTED(__libc_realloc(p, size)); }
WRAP void *memalign(size_t alignment, size_t size) { COUNTED(__libc_memalign(alignment, size)); }
WRAP void *aligned_alloc(size_t alignment, size_t size)
{
    COUNTED(__libc_memalign(alignment, size));
}
WRAP void *valloc(size_t size) { COUNTED(__libc_valloc(size)); }
WRAP void *pvalloc(size_t size) { COUNTED(__libc_pvalloc(size)); }

WRAP void free(void *p)
{
    enter_malloc();
    __libc_free(p);
    leave_malloc();
}

WRAP void *reallocarray(void *p, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    COUNTED(__libc_realloc(p, bytes));
}

WRAP int posix_memalign(void **ret, size_t alignment, size_t size)
{
    int saved = errno;
    void *p;

    if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
        return EINVAL;
    enter_malloc();
    p = __libc_memalign(alignment, size);
    leave_malloc();
    errno = saved; /* it reports by its result alone */
    if (!p)
        return ENOMEM;
    *ret = p;
    return 0;
}

/* --- the next definition --------------------------------------------------------------------- */

/* libc's definition, looked up at the first call. Several threads may; they find the same. */
static void *next(_Atomic(void *) *slot, const char *name)
{
    void *found = atomic_load_explicit(slot, memory_order_relaxed);

    if (__builtin_expect(!found, 0)) {
        found = dlsym(RTLD_NEXT, name);
        atomic_store_explicit(slot, found, memory_order_relaxed);
    }
    return found;
}

#define NEXT(name)                             \
    ({                                         \
        static _Atomic(void *) slot;           \
        (__typeof__(&name))next(&slot, #name); \
    })

/* --- locks ----------------------------------------------------------------------------------- */

static inline int locked(int result)
{
    if (result == 0 || result == EOWNERDEAD)
        pit__guard.locks++;
    return result;
}

/* Locks taken before the counting began, or by libc, are not ours to subtract. */
static inline int unlocked(int result)
{
    if (result == 0 && pit__guard.locks > 0)
        pit__guard.locks--;
    return result;
}

WRAP int pthread_mutex_lock(pthread_mutex_t *m) { return locked(NEXT(pthread_mutex_lock)(m)); }
WRAP int pthread_mutex_trylock(pthread_mutex_t *m)
{
    return locked(NEXT(pthread_mutex_trylock)(m));
}
WRAP int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
    return locked(NEXT(pthread_mutex_timedlock)(m, until));
}
WRAP int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
    return locked(NEXT(pthread_mutex_clocklock)(m, clock, until));
}
WRAP int pthread_mutex_unlock(pthread_mutex_t *m)
{
    return unlocked(NEXT(pthread_mutex_unlock)(m));
}

WRAP int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
    return locked(NEXT(pthread_rwlock_rdlock)(l));
}
WRAP int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
    return locked(NEXT(pthread_rwlock_tryrdlock)(l));
}
WRAP int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *until)
{
    return locked(NEXT(pthread_rwlock_timedrdlock)(l, until));
}
WRAP int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
                                    const struct timespec *until)
{
    return locked(NEXT(pthread_rwlock_clockrdlock)(l, clock, until));
}
WRAP int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
    return locked(NEXT(pthread_rwlock_wrlock)(l));
}
WRAP int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
    return locked(NEXT(pthread_rwlock_trywrlock)(l));
}
WRAP int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
    return locked(NEXT(pthread_rwlock_timedwrlock)(l, until));
}
WRAP int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
                                    const struct timespec *until)
{
    return locked(NEXT(pthread_rwlock_clockwrlock)(l, clock, until));
}
WRAP int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
    return unlocked(NEXT(pthread_rwlock_unlock)(l));
}

WRAP int pthread_spin_lock(pthread_spinlock_t *l) { return locked(NEXT(pthread_spin_lock)(l)); }
WRAP int pthread_spin_trylock(pthread_spinlock_t *l)
{
    return locked(NEXT(pthread_spin_trylock)(l));
}
WRAP int pthread_spin_unlock(pthread_spinlock_t *l)
{
    return unlocked(NEXT(pthread_spin_unlock)(l));
}

/* Runs when a scope ends, by an exception too. */
static void lower(const int *unused)
{
    (void)unused;
    pit__guard.locks--;
}
#define WHILE_COUNTED                                            \
    __attribute__((cleanup(lower))) const int counted_scope = 0; \
    (void)counted_scope;                                         \
    pit__guard.locks++

WRAP int pthread_once(pthread_once_t *once, void (*function)(void))
{
    WHILE_COUNTED;
    return NEXT(pthread_once)(once, function);
}

WRAP int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *arg)
{
    WHILE_COUNTED;
    return NEXT(dl_iterate_phdr)(callback, arg);
}

WRAP void flockfile(FILE *f)
{
    NEXT(flockfile)(f);
    pit__guard.stdio_locks++;
}

WRAP int ftrylockfile(FILE *f)
{
    int result = NEXT(ftrylockfile)(f);

    if (result == 0)
        pit__guard.stdio_locks++;
    return result;
}

WRAP void funlockfile(FILE *f)
{
    if (pit__guard.stdio_locks > 0)
        pit__guard.stdio_locks--;
    NEXT(funlockfile)(f);
}

/* --- abort and assert ------------------------------------------------------------------------ */

WRAP void abort(void)
{
    pit__fault_raise(PIT__FAULT_ABORT, NULL, __builtin_frame_address(0));
    NEXT(abort)(); /* not contained: the signal's handler writes the dump */
    _exit(127);
}

WRAP void __assert_fail(const char *expression, const char *file, unsigned line,
                        const char *function)
{
    const struct pit__fault_assertion what = {expression, file, function, line};

    pit__fault_raise(PIT__FAULT_ASSERT, &what, __builtin_frame_address(0));
    NEXT(__assert_fail)(expression, file, line, function);
    _exit(127);
}

#endif
