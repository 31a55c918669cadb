/*
 * Sealed terms: deep copies that belong to no process, never change, and are counted. An exit
 * reason is sealed once and handed to every link and monitor.
 *
 * A struct pit__sealed * is either a block or, with its lowest bit set, the term itself: sealing an
 * atom, a small integer, a pid or [] allocates nothing and cannot fail. NULL is not a sealed term;
 * it is what seal answers without memory. Never look through the pointer; use the functions, which
 * take both forms.
 *
 * Any thread may retain what it holds, read it, and release what it retained.
 */
#ifndef PIT_TERM_SEALED_H
#define PIT_TERM_SEALED_H

#include "term/atom.h"
#include "term/cell.h"

struct pit__sealed;

/* The term; it lives while the caller's count does. To let it live longer: pit__term_copy. */
pit_term pit__sealed_root(const struct pit__sealed *s);

/* A term that is one word, sealed for free. Atoms have tag 0, and a pointer needs its lowest bit:
   they get 7. */
static inline struct pit__sealed *pit__sealed_word(pit_term t)
{
    uint64_t word = pit__tag(t) == PIT__TAG_ATOM ? t.word | 7 : t.word;
    return (struct pit__sealed *)(uintptr_t)word;
}
static inline bool pit__sealed_is_word(const struct pit__sealed *s) { return (uintptr_t)s & 1; }

/* A sealed copy with one count, the caller's. NULL: no memory, or a term above PIT__HEAP_LIMIT. */
struct pit__sealed *pit__seal_checked(pit_term t);
static inline struct pit__sealed *pit__seal(pit_term t)
{
    unsigned tag = pit__tag(t);

    if (tag == PIT__TAG_ATOM && t.word >> 3 < PIT__ATOM_PREDEFINED) /* most exit reasons */
        return pit__sealed_word(t);
    return tag == PIT__TAG_SMALL || tag == PIT__TAG_PID || tag == PIT__TAG_NIL
               ? pit__sealed_word(t)
               : pit__seal_checked(t); /* badarg: no term */
}

/* A first look at what will be sealed. Who gave what is no term ends here; so it comes before
   anything is taken that would stay. */
void pit__seal_look(pit_term t);

/* The memory that it takes, without counted binaries; 0: none, it is a word, or NULL. */
size_t pit__sealed_bytes(const struct pit__sealed *s);

/* One more count. Answers s. */
struct pit__sealed *pit__sealed_retain(struct pit__sealed *s);

/* NULL: nothing. */
void pit__sealed_release_cells(struct pit__sealed *s);
static inline void pit__sealed_release(struct pit__sealed *s)
{
    if (s && !pit__sealed_is_word(s))
        pit__sealed_release_cells(s);
}

/* Reasons known by constant: pit__reason(normal). */
#define pit__reason(name) pit__sealed_word(PIT__A(name))
#define pit__reason_is(s, name) ((s) == pit__reason(name))

#endif
