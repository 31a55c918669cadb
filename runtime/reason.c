#include "runtime/reason.h"

#include <string.h>

#include "runtime/sched.h"
#include "runtime/signal.h"

struct pit__reason_room pit__reason_begin(void)
{
    struct pit__heap *h = pit__heap();
    struct pit__reason_room room = {h, pit__heap_mark(h), h->limit};

    h->limit = PIT__HEAP_UNLIMITED;
    return room;
}

struct pit__sealed *pit__reason_end(const struct pit__reason_room *room, pit_term reason)
{
    struct pit__sealed *s = pit__reason_of(reason);

    room->heap->limit = room->limit;
    pit__heap_rollback(room->heap, room->mark);
    return s;
}

void pit__reason_no_memory(void)
{
    const struct pit__thread *t = pit__thread();

    if (t && t->current && pit__heap()->limit == PIT__HEAP_UNLIMITED)
        pit__exit_current(pit__reason(system_limit));
}

struct pit__sealed *pit__reason_text(const char *kind, const char *text, const char *file, int line)
{
    struct pit__reason_room room = pit__reason_begin();
    const char *base = file ? strrchr(file, '/') : NULL;
    pit_term k, t;

    if (pit__atom(kind, strlen(kind), PIT__ATOM_MAKE, &k) < 0)
        k = PIT__A(error);
    t = pit_term_of(text);
    return pit__reason_end(&room, file ? pit_tuple(k, t, pit_tuple(base ? base + 1 : file, line))
                                       : pit_tuple(k, t));
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
