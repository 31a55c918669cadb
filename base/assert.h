/*
 * PIT_ASSERT: a broken invariant of pitboss itself ends the node; always compiled in.
 * PIT_NEED: memory that a promise takes. A signal, an answer or a relation must not be lost, and
 * without a few words of memory there is nothing else that the node could do: it ends as by
 * PIT_ASSERT, and says what it wants.
 * PIT_AUDIT: O(n) checks of whole structures, in test builds only (-Daudit=true).
 * PIT_POINT: a place where threads race; test builds (-Dpoints=true) wait there a random time,
 * chosen by a seed.
 */
#ifndef PIT_BASE_ASSERT_H
#define PIT_BASE_ASSERT_H

#define PIT__LIKELY(x) __builtin_expect(!!(x), 1)
#define PIT__UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Print and end; the crash dump, where a node runs, is written by the fault handler. */
_Noreturn void pit__assert_failed(const char *what, const char *file, int line);

#define PIT_ASSERT(x) (PIT__LIKELY(x) ? (void)0 : pit__assert_failed(#x, __FILE__, __LINE__))

_Noreturn void pit__memory_ran_out(const char *file, int line);

#define PIT_NEED(x) (PIT__LIKELY(x) ? (void)0 : pit__memory_ran_out(__FILE__, __LINE__))

#ifdef PIT_AUDITS
#define PIT_AUDIT(call) (call)
#else
#define PIT_AUDIT(call) ((void)0)
#endif

#ifdef PIT_POINTS
void pit__point(const char *name);
#define PIT_POINT(name) pit__point(name)
#else
#define PIT_POINT(name) ((void)0)
#endif

#endif
