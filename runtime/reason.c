#include "runtime/reason.h"

#include <string.h>

#include "term/heap.h"

/* Built in a heap of its own: the process that it is for may be out of memory, or not be a process. */
static struct pit__sealed *build(const char *kind, const char *text, const char *file, int line)
{
    pit_term k, t, parts[3];
    unsigned n = 2;

    if (pit__atom(kind, strlen(kind), PIT__ATOM_MAKE, &k) < 0)
        k = PIT__A(error);
    t = pit_term_of(text);
    parts[0] = k;
    parts[1] = t;
    if (file) {
        const char *base = strrchr(file, '/');

        parts[n++] = pit_tuple(base ? base + 1 : file, line);
    }
    return pit__reason_of(n == 2 ? pit_tuple(parts[0], parts[1])
                                 : pit_tuple(parts[0], parts[1], parts[2]));
}

struct pit__sealed *pit__reason_text(const char *kind, const char *text, const char *file, int line)
{
    struct pit__heap *h = pit__heap();
    struct pit__heap_mark mark = pit__heap_mark(h);
    struct pit__sealed *s = build(kind, text, file, line);

    pit__heap_rollback(h, mark);
    return s;
}

struct pit__sealed *pit__reason_system_limit(const char *text)
{
    return pit__reason_text("system_limit", text, NULL, 0);
}

enum pit__exit_kind pit__reason_kind(const struct pit__sealed *r)
{
    pit_term t;

    if (pit__reason_is(r, normal))
        return PIT__EXIT_KIND_NORMAL;
    if (pit__reason_is(r, killed))
        return PIT__EXIT_KIND_KILLED;
    if (pit__reason_is(r, shutdown))
        return PIT__EXIT_KIND_SHUTDOWN;
    t = pit__sealed_root(r);
    if (pit_is_tuple(t) && pit_tuple_size(t) >= 1) {
        pit_term first = pit_tuple_get(t, 0);

        if (first.word == PIT__A(shutdown).word)
            return PIT__EXIT_KIND_SHUTDOWN;
        if (first.word == PIT__A(fault).word)
            return PIT__EXIT_KIND_FAULT;
    }
    return PIT__EXIT_KIND_ERROR;
}
