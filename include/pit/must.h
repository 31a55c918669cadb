/*
 * pit_must: let it crash, for what returns an error; pit_error: the error that a handle holds.
 */
#ifndef PIT_MUST_H
#define PIT_MUST_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>

/*
 * pit_must(x) is x, or ends the calling process with {badmatch, ...} if x is an error: a negative number, or a handle
 * that holds one. The reason names the expression, the error, file and line. x is an int, a long (ssize_t, int64_t) or
 * a handle, and is evaluated once.
 *
 *     pit_listener l = pit_must(pit_tcp_listen("127.0.0.1:7000"));
 *
 * pit_error(handle) is 0, or the negative error number that the handle holds.
 */

PIT_BEGIN_DECLS

PIT_NORETURN void pit__must_failed(int64_t error, const char *what, const char *file, int line);

PIT_END_DECLS

static inline int pit__error_of(int64_t id) { return id < 0 ? (int)id : 0; }

/* One function for each kind of thing; `id` is where it keeps its sign. Overloads in C++, selected by _Generic in C. */
#define PIT__MUST_KINDS(KIND)          \
    KIND(int, int, x)                  \
    KIND(long, long, x)                \
    KIND(long long, llong, x)          \
    KIND(pit_pid, pid, x.id)           \
    KIND(pit_ref, ref, x.owner.id)     \
    KIND(pit_listener, listener, x.id) \
    KIND(pit_tcp, tcp, x.id)

#define PIT__HANDLE_KINDS(KIND)        \
    KIND(pit_pid, pid, x.id)           \
    KIND(pit_ref, ref, x.owner.id)     \
    KIND(pit_listener, listener, x.id) \
    KIND(pit_tcp, tcp, x.id)

#ifdef __cplusplus

#define PIT__MUST(T, name, id)                                                   \
    static inline T pit__must(T x, const char *what, const char *file, int line) \
    {                                                                            \
        if (__builtin_expect(id < 0, 0))                                         \
            pit__must_failed(id, what, file, line);                              \
        return x;                                                                \
    }
#define PIT__ERROR(T, name, id) \
    static inline int pit_error(T x) { return pit__error_of(id); }

#define pit_must(...) pit__must((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

#else

#define PIT__MUST(T, name, id)                                                          \
    static inline T pit__must_##name(T x, const char *what, const char *file, int line) \
    {                                                                                   \
        if (__builtin_expect(id < 0, 0))                                                \
            pit__must_failed(id, what, file, line);                                     \
        return x;                                                                       \
    }
#define PIT__ERROR(T, name, id) \
    static inline int pit__error_##name(T x) { return pit__error_of(id); }

#define PIT__MUST_CASE(T, name, id) , T : pit__must_##name
#define PIT__ERROR_CASE(T, name, id) , T : pit__error_##name

/* A type of its own as first association, since a list that a macro makes begins with a comma. */
struct pit__no_handle;
#define pit_must(...)                                                                           \
    (_Generic((__VA_ARGS__), struct pit__no_handle *                                            \
              : (void)0 PIT__MUST_KINDS(PIT__MUST_CASE))((__VA_ARGS__), #__VA_ARGS__, __FILE__, \
                                                         __LINE__))
#define pit_error(handle)                       \
    (_Generic((handle), struct pit__no_handle * \
              : (void)0 PIT__HANDLE_KINDS(PIT__ERROR_CASE))(handle))

#endif

PIT__MUST_KINDS(PIT__MUST)
PIT__HANDLE_KINDS(PIT__ERROR)

#endif
