#include "runtime/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/enter.h"
#include "runtime/signal.h"
#include "runtime/trace.h"
#include "term/atom.h"

#define PIECE 4096 /* cells; a piece is made when an atom in it is first used as a name */
#define PIECES 4096
#define LONGEST 255 /* bytes of a name */

static _Atomic(_Atomic(int64_t) *) pieces[PIECES];

static uint32_t index_of(pit_term atom) { return (uint32_t)(atom.word >> 3); }

/* The cell of an atom; NULL: none was ever made (or no memory). */
static _Atomic(int64_t) *cell(uint32_t index, bool make)
{
    _Atomic(_Atomic(int64_t) *) *place = &pieces[index / PIECE % PIECES];
    _Atomic(int64_t) *piece = atomic_load_explicit(place, memory_order_acquire), *mine;

    if (!piece && make && (mine = calloc(PIECE, sizeof *mine))) {
        /* Release: the zeros are there before the piece is found. Who loses the race takes the
           winner's (acquire). */
        if (atomic_compare_exchange_strong_explicit(place, &piece, mine, memory_order_acq_rel,
                                                    memory_order_acquire))
            piece = mine;
        else
            free(mine);
    }
    return piece ? &piece[index % PIECE] : NULL;
}

size_t pit__names_each(void (*f)(pit_term atom, void *context), void *context)
{
    size_t n = 0;

    for (uint32_t index = pit__atoms_count(); index-- > 0;) {
        const _Atomic(int64_t) *c = cell(index, false);

        if (!c)
            index -= index % PIECE; /* nor the rest of this piece */
        else if (atomic_load(c)) {
            n++;
            if (f)
                f((pit_term){(uint64_t)index << 3}, context);
        }
    }
    return n;
}

size_t pit__names_memory(void)
{
    size_t n = 0;

    for (unsigned i = 0; i < PIECES; i++)
        n += atomic_load_explicit(&pieces[i], memory_order_acquire) != NULL;
    return n * PIECE * sizeof(int64_t);
}

void pit__names_close(void)
{
    for (unsigned i = 0; i < PIECES; i++)
        free((void *)atomic_exchange_explicit(&pieces[i], NULL, memory_order_acq_rel));
}

/* 0: no name can be so. A pointer that leads nowhere is the fault of who gave it. */
static size_t length_of(const char *name)
{
    size_t length = 0;

    if (name) {
        pit__touching_begin();
        length = strnlen(name, LONGEST + 1);
        pit__touching_end();
    }
    return length > LONGEST ? 0 : length;
}

bool pit__name_valid(const char *name) { return length_of(name) && strcmp(name, "undefined") != 0; }

static int name_atom(const char *name, enum pit__atom_how how, pit_term *ret)
{
    size_t length = length_of(name);

    if (!pit__name_valid(name))
        return -EINVAL;
    return pit__atom(name, length, how, ret);
}

int pit__name_atom(const char *name, pit_term *ret)
{
    int r = name_atom(name, PIT__ATOM_MAKE, ret);

    return r == -ENAMETOOLONG ? -EINVAL : r;
}

pit_pid pit__name_holder(pit_term atom)
{
    _Atomic(int64_t) *c = cell(index_of(atom), false);

    return (pit_pid){c ? atomic_load(c) : 0};
}

int pit__name_claim(const char *name, struct pit__process *p)
{
    pit_term atom;
    _Atomic(int64_t) *c;
    int64_t nobody = 0;
    int r = pit__name_atom(name, &atom);

    if (r < 0)
        return r;
    if (p->name)
        return -PIT_ENAMETAKEN;
    c = cell(index_of(atom), true);
    if (!c)
        return -ENOMEM;
    if (!atomic_compare_exchange_strong(c, &nobody, pit__process_pid(p)))
        return -PIT_ENAMETAKEN;
    p->name = index_of(atom) + 1;
    PIT__TRACE(pit__thread()->sched, p, PIT_TRACE_REGISTER, PIT_NO_PID, 0, pit__name_text(p));
    return 0;
}

void pit__name_free(struct pit__process *p)
{
    int64_t expected = pit__process_pid(p);

    PIT__TRACE(pit__thread()->sched, p, PIT_TRACE_UNREGISTER, PIT_NO_PID, 0, pit__name_text(p));
    (void)atomic_compare_exchange_strong(cell(p->name - 1, false), &expected, 0);
    p->name = 0;
}

pit_term pit__name_term(const struct pit__process *p)
{
    return (pit_term){(uint64_t)(p->name - 1) << 3};
}

const char *pit__name_text(const struct pit__process *p)
{
    size_t size;

    return pit__atom_text(pit__name_term(p), &size);
}

pit_pid pit_whereis(const char *name)
{
    pit_pid found = PIT_NO_PID;
    pit_term atom;

    pit__in();
    if (name_atom(name, PIT__ATOM_FIND, &atom) == 0)
        found = pit__name_holder(atom);
    pit__out(1); /* who asks until a name is there lets others run, one of whom will have it */
    return found;
}

/* ---- the public side: a name is claimed and freed by its process's owner, who alone knows whether
   it lives */

struct naming {
    char name[LONGEST + 1];
    bool claim;
};

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    const struct naming *n = in;
    int *ret = out;

    *ret = -PIT_ENOPROC;
    if (!p)
        return;
    if (n->claim) {
        if (p->status != PIT__EXITING && !(p->flags & PIT__F_EXIT))
            *ret = pit__name_claim(n->name, p);
    } else if (p->name && !strcmp(pit__name_text(p), n->name)) {
        /* also of one that is ending: until its teardown frees it the name is its own */
        pit__name_free(p);
        *ret = 0;
    }
}

static int ask_owner(const char *name, pit_pid pid, bool claim)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = t ? t->current : NULL;
    struct naming n = {.claim = claim};
    int result = -PIT_ENOTPROCESS, r;

    if (p) {
        size_t length = length_of(name);

        if (!length)
            result = -EINVAL;
        else {
            memcpy(n.name, name, length + 1);
            r = pit__request(t, p, pid, on_owner, &n, sizeof n, &result, sizeof result);
            if (r < 0)
                result = r;
        }
    }
    pit__out(1);
    return result;
}

int pit_register(const char *name, pit_pid pid) { return ask_owner(name, pid, true); }

int pit_unregister(const char *name)
{
    pit_pid pid = pit_whereis(name);

    return pid.id ? ask_owner(name, pid, false) : -PIT_ENOPROC;
}
