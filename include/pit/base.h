/*
 * What every other header rests on: the handles, the errors, and must.
 *
 * Handles are small structs that are passed by value. No pointer into the runtime reaches a
 * program, so a stale handle is an error code and not a crash. A handle whose sign bit is set holds
 * an error instead (pit_error). Identities are structs of their own, so that passing one for
 * another does not compile.
 *
 * Errors are values: an int is 0, a count, or a negative error number; what makes a handle returns
 * it or one that holds the error. The numbers are errno's, and a few of our own that start at 4000,
 * above all of errno's.
 *
 * What stands after "Erlang:" is a function's counterpart there, after "Spec:" the rules of Erlang
 * that it keeps: each is a line of tests/conformance/rules.txt, those of servers and supervisors of
 * behaviours.txt beside it.
 */
#ifndef PIT_BASE_H
#define PIT_BASE_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The library is compiled with hidden visibility; what public headers declare is what it exports.
 */
#define PIT__VISIBLE_BEGIN _Pragma("GCC visibility push(default)")
#define PIT__VISIBLE_END _Pragma("GCC visibility pop")

#ifdef __cplusplus
#define PIT_BEGIN_DECLS \
    extern "C" {        \
    PIT__VISIBLE_BEGIN
#define PIT_END_DECLS \
    PIT__VISIBLE_END  \
    }
#define PIT_NORETURN [[noreturn]]
#define PIT_ALIGNAS(n) alignas(n)
#else
#define PIT_BEGIN_DECLS PIT__VISIBLE_BEGIN
#define PIT_END_DECLS PIT__VISIBLE_END
#define PIT_NORETURN _Noreturn
#define PIT_ALIGNAS(n) _Alignas(n)
#endif

PIT_BEGIN_DECLS

/*
 * A timeout that never comes, as any negative one. Times are milliseconds wherever nothing else is
 * said.
 */
#define PIT_INFINITY (-1)

/* Our own error numbers; as results they are negative. pit_strerror() knows these and errno's. */
#define PIT_ENOPROC 4001  /* no such process, or it ended before it could answer */
#define PIT_EBADCALL 4002 /* the server does not know this call */
/* a limit of the node: processes, atoms, names; the text says which option raises it */
#define PIT_ESYSTEMLIMIT 4003
#define PIT_ENOTPROCESS 4004   /* called from a thread that runs no process */
#define PIT_ENOCONNECTION 4005 /* the other node cannot be reached */
/* the server ended while it was asked; its reason: pit_last_exit_reason() */
#define PIT_EEXITED 4006
#define PIT_ENAMETAKEN 4007 /* the name belongs to another process */
#define PIT_EIGNORE 4008    /* a start function said "not today": no child, no error */
#define PIT_EOVERLOAD 4009  /* the server's mailbox is full, and its policy is to refuse */

/*
 * A process. 63 bits: local or proxy, slot, generation; negative: the error it holds. Never reused.
 */
typedef struct pit_pid {
    int64_t id;
} pit_pid;

/*
 * A reference: the process that made it, and a number unique in that process. Erlang: reference().
 */
typedef struct pit_ref {
    pit_pid owner;
    uint64_t number;
} pit_ref;

/* A listening socket and a connection; see <pit/tcp.h>. */
typedef struct pit_listener {
    int64_t id;
} pit_listener;
typedef struct pit_tcp {
    int64_t id;
} pit_tcp;

/* Shared integers; see <pit/atomics.h>. */
typedef struct pit_atomics {
    int64_t id;
} pit_atomics;
typedef struct pit_counters {
    int64_t id;
} pit_counters;

/*
 * No process: what whereis answers for an unknown name, and the sender of a message from a foreign
 * thread.
 */
#define PIT_NO_PID (PIT__LITERAL(pit_pid){0})
#ifdef __cplusplus
#define PIT__LITERAL(T) T
#else
#define PIT__LITERAL(T) (T)
#endif

/* The same process, the same reference. Neither waits. Any thread. Erlang: =:=. */
static inline bool pit_pid_equal(pit_pid a, pit_pid b) { return a.id == b.id; }
static inline bool pit_ref_equal(pit_ref a, pit_ref b)
{
    return a.owner.id == b.owner.id && a.number == b.number;
}

/*
 * The text of an error, positive or negative: "no such process". Never NULL; static or thread-local
 * storage. Does not wait. Any thread. Erlang: inet:format_error/1.
 */
const char *pit_strerror(int error);

PIT_END_DECLS

#endif
