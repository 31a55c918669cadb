/*
 * Sealed terms: one block with the count, the root, the uses of counted binaries and the cells.
 *
 * The count's orders are those of a binary's (binary.c): a retain is relaxed, a release is acq_rel.
 * The cells are written before the first pointer leaves pit__seal; whoever passes that pointer on
 * orders them.
 */
#include "term/sealed.h"

#include <stdatomic.h>

#include "base/assert.h"
#include "term/atom.h"
#include "term/heap.h"

struct pit__sealed {
    _Atomic uint64_t count;
    pit_term root;
    struct pit__blob_use *blobs;
    size_t bytes;
    uint64_t cells[];
};
_Static_assert((PIT__TAG_SMALL & 1) && (PIT__TAG_PID & 1) && (PIT__TAG_NIL & 1),
               "terms that are one word have the lowest bit, or are atoms");

static struct pit__sealed *seal_cells(pit_term t)
{
    size_t words = pit__term_words(t, PIT__HEAP_LIMIT / sizeof(uint64_t));
    if (words == SIZE_MAX)
        return NULL;

    size_t bytes = sizeof(struct pit__sealed) + words * sizeof(uint64_t);
    struct pit__sealed *s = pit__term_memory.alloc(bytes);
    if (!s)
        return NULL;
    PIT_ASSERT(!pit__sealed_is_word(s));
    atomic_init(&s->count, 1);
    s->blobs = NULL;
    s->bytes = bytes;
    s->root = pit__term_flatten(t, s->cells, &s->blobs);
    return s;
}

/* What was never a term, a variable that nobody set, ends its user here, not those who read it
   later. */
struct pit__sealed *pit__seal_checked(pit_term t)
{
    if (pit__is_pointer(t))
        return seal_cells(t);
    if (pit__tag(t) != PIT__TAG_ATOM || t.word >> 3 >= pit__atoms_count())
        pit__badarg("not a term: %#llx", (unsigned long long)t.word);
    return pit__sealed_word(t);
}

void pit__seal_look(pit_term t)
{
    if (pit__is_pointer(t))
        (void)pit__term_words(t, SIZE_MAX);
    else
        (void)pit__seal(t); /* which takes nothing for a word */
}

size_t pit__sealed_bytes(const struct pit__sealed *s)
{
    return s && !pit__sealed_is_word(s) ? s->bytes : 0;
}

struct pit__sealed *pit__sealed_retain(struct pit__sealed *s)
{
    if (!pit__sealed_is_word(s))
        atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
    return s;
}

void pit__sealed_release_cells(struct pit__sealed *s)
{
    uint64_t before = atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel);
    PIT_ASSERT(before > 0);
    if (before > 1)
        return;
    pit__blob_uses_release(s->blobs);
    pit__term_memory.free(s, s->bytes);
}

pit_term pit__sealed_root(const struct pit__sealed *s)
{
    uint64_t word = (uint64_t)(uintptr_t)s;

    PIT_ASSERT(s != NULL);
    if (!pit__sealed_is_word(s))
        return s->root;
    return (pit_term){(word & PIT__TAG_MASK) == 7 ? word & ~PIT__TAG_MASK : word};
}
