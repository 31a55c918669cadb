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
 * pit_must(x) is x, or ends the calling process with {badmatch, ...} if x is an error: a negative
 * number, or a handle that holds one. The reason names the expression, the error, file and line. x
 * is an int, a long (ssize_t, int64_t) or a handle, and is evaluated once.
 *
 *     pit_listener l = pit_must(pit_tcp_listen("127.0.0.1:7000"));
 *
 * pit_error(handle) is 0, or the negative error number that the handle holds. pit_pid_error(error)
 * is a process that holds error (-ENOENT): what a start function returns that could make none. 0 is
 * no error: PIT_NO_PID. None waits. Erlang: {ok, X} = f(), and {error, Reason}.
 */

PIT_BEGIN_DECLS

PIT_NORETURN void pit__must_failed(int64_t error, const char *what, const char *file, int line);

PIT_END_DECLS

/* A handle holds an error as the sign bit and the number. */
static inline int pit__error_of(int64_t id) { return id < 0 ? -(int)(id & INT32_MAX) : 0; }

static inline pit_pid pit_pid_error(int error)
{
    int64_t number = error;
    pit_pid pid = {error ? INT64_MIN | (number < 0 ? -number : number) : 0};

    return pid;
}

/*
 * One function for each kind of thing: where it keeps its sign, and its error. Overloads in C++; in
 * C selected by _Generic, whose first association is a type that nobody has, since a list that
 * macros make begins with a comma.
 */
#define PIT__MUST_HANDLES(KIND)                               \
    KIND(pit_pid, pid, x.id, pit__error_of(x.id))             \
    KIND(pit_ref, ref, x.owner.id, pit__error_of(x.owner.id)) \
    KIND(pit_listener, listener, x.id, pit__error_of(x.id))   \
    KIND(pit_tcp, tcp, x.id, pit__error_of(x.id))             \
    KIND(pit_atomics, atomics, x.id, pit__error_of(x.id))     \
    KIND(pit_counters, counters, x.id, pit__error_of(x.id))
#define PIT__MUST_KINDS(KIND)    \
    KIND(int, int, x, x)         \
    KIND(long, long, x, x)       \
    KIND(long long, llong, x, x) \
    PIT__MUST_HANDLES(KIND)

#define PIT__MUST(T, name, id, error)                                                        \
    static inline T PIT__MUST_NAME(pit__must, name)(T x, const char *what, const char *file, \
                                                    int line)                                \
    {                                                                                        \
        if (__builtin_expect(id < 0, 0))                                                     \
            pit__must_failed(error, what, file, line);                                       \
        return x;                                                                            \
    }
#define PIT__ERROR(T, name, id, error) \
    static inline int PIT__MUST_NAME(pit__error, name)(T x) { return error; }

#ifdef __cplusplus
#define PIT__MUST_NAME(function, name) function
#define pit_must(...) pit__must((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define pit_error(handle) pit__error(handle)
#else
#define PIT__MUST_NAME(function, name) function##_##name
#define PIT__MUST_CASE(T, name, id, error) , T : pit__must_##name
#define PIT__ERROR_CASE(T, name, id, error) , T : pit__error_##name
struct pit__nothing;
#define pit_must(...)                                                                    \
    (_Generic((__VA_ARGS__), struct pit__nothing * : 0 PIT__MUST_KINDS(PIT__MUST_CASE))( \
        (__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__))
#define pit_error(handle) \
    (_Generic((handle), struct pit__nothing * : 0 PIT__MUST_HANDLES(PIT__ERROR_CASE))(handle))
#endif

PIT__MUST_KINDS(PIT__MUST)
PIT__MUST_HANDLES(PIT__ERROR)

#ifdef __cplusplus
/*
 * What nothing above fits exactly: one line says so, instead of a dozen for each overload. As in C,
 * nothing is converted.
 */
template <class T> static inline T pit__must(T x, const char *, const char *, int)
{
    static_assert(sizeof(T) == 0, "pit_must takes an int, a long or a handle");
    return x;
}
#endif

#endif
