/*
 * The atom table.
 *
 * May run at the same time: everything, with everything. Reading takes no lock and never waits;
 * making an atom takes the mutex.
 *
 * Two structures. By index: an array of pointers to chunks of 1,024 entries; a chunk is allocated
 * once and stays. By text: an open hash table of words (hash above, index + 1 below; 0 is empty),
 * at most half full, replaced by one of twice the size when it would be fuller. A table that was
 * replaced stays readable and is not freed: all of them together are smaller than the newest.
 *
 * Invariants
 *  (1) An entry is written once, before its index is visible, and never changes.
 *  (2) A slot of a table goes from 0 to its final word, once. So a probe that meets 0 has seen all
 *      atoms that were in this table when the probe began; one made since, or after the table was
 *      replaced, is missed.
 *  (3) Who misses an atom and wants to make it looks again under the mutex, in the newest table:
 *      (2) cannot make two of one text. Who only wants to find it may answer "none": it was not
 *          there when he began.
 *
 * Order
 *  R1 a slot, or the table itself, is published: the entry and its text (and the chunk) are
 *  complete. A1 a reader loads table and slot. It synchronises with the R1 of the slot.
 *  R2 a chunk is published.  A2 a reader by index loads it. The entry itself needs no order of its own: whoever
 *     holds an atom of another thread got it through something that orders more than this (a
 *     message, the release and acquire of pit_atom's cache, or R1/A1).
 */
#include "term/atom.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "term/cell.h"
#include "term/heap.h"
#include "term/text.h"

#define CHUNK 1024u
#define CHUNKS_MAX 65536u /* 64 M atoms: far above any sensible limit */
#define TABLE_FIRST 1024u
#define TEXT_BLOCK ((size_t)16384)

struct entry {
    const char *text;
    uint32_t size;
    uint32_t hash;
};

struct table {
    struct table *older; /* replaced by this one, still read by who loaded it before */
    uint32_t mask;
    _Atomic uint64_t slots[];
};

static struct entry predefined[CHUNK] = {
#define PREDEFINED(name, text_) {.text = text_, .size = sizeof(text_) - 1},
    PIT__ATOMS(PREDEFINED)
#undef PREDEFINED
};
_Static_assert(PIT__ATOM_PREDEFINED < CHUNK, "the first chunk holds them all");
_Static_assert(PIT__ATOM_undefined == 0, "the zero pit_term is undefined");

static struct entry *_Atomic chunks[CHUNKS_MAX] = {predefined};
static struct table *_Atomic newest;

/* Under the mutex. */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t count; /* these three: written under it, read by anyone */
static _Atomic uint32_t limit = PIT__ATOMS_LIMIT;
static _Atomic size_t memory;
static char *text_at;
static size_t text_left;

static uint32_t hash_text(const char *text, size_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ size;

    while (size >= 8) {
        uint64_t w;
        memcpy(&w, text, 8);
        h = (h ^ w) * UINT64_C(0x9fb21c651e98df25);
        h ^= h >> 32;
        text += 8;
        size -= 8;
    }
    uint64_t w = 0;
    for (size_t i = 0; i < size; i++) /* not a memcpy: the bytes beyond are not ours */
        w |= (uint64_t)(uint8_t)text[i] << 8 * i;
    h = (h ^ w) * UINT64_C(0x9fb21c651e98df25);
    return (uint32_t)(h ^ h >> 32);
}

static const struct entry *entry_at(uint32_t index)
{
    /* A2 */
    const struct entry *chunk = atomic_load_explicit(&chunks[index / CHUNK], memory_order_acquire);
    return &chunk[index % CHUNK];
}

/* ---- By text ---- */

static bool find_in(struct table *t, const char *text, size_t size, uint32_t hash,
                    uint32_t *ret_index)
{
    for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
        uint64_t slot = atomic_load_explicit(&t->slots[i], memory_order_acquire); /* A1 */
        if (slot == 0)
            return false;
        if ((uint32_t)(slot >> 32) != hash)
            continue;
        const struct entry *e = entry_at((uint32_t)slot - 1);
        if (e->size == size && memcmp(e->text, text, size) == 0) {
            *ret_index = (uint32_t)slot - 1;
            return true;
        }
    }
}

static void insert_in(struct table *t, uint32_t hash, uint32_t index)
{
    uint32_t i = hash & t->mask;

    while (atomic_load_explicit(&t->slots[i], memory_order_relaxed) != 0)
        i = (i + 1) & t->mask;
    atomic_store_explicit(&t->slots[i], (uint64_t)hash << 32 | (index + 1),
                          memory_order_release); /* R1 */
}

/* Under the mutex. */
static void *taken(void *at, size_t size)
{
    if (at)
        atomic_store_explicit(&memory, pit__atoms_memory() + size, memory_order_relaxed);
    return at;
}

/* Under the mutex. Also makes the first table, with the predefined atoms in it. */
static int grow(struct table *old)
{
    uint32_t slots = old ? (old->mask + 1) * 2 : TABLE_FIRST;
    size_t size = sizeof(struct table) + (size_t)slots * sizeof(uint64_t);
    struct table *t = taken(calloc(1, size), size);
    if (!t)
        return -ENOMEM;

    t->older = old;
    t->mask = slots - 1;
    if (!old) {
        for (uint32_t i = 0; i < PIT__ATOM_PREDEFINED; i++)
            predefined[i].hash = hash_text(predefined[i].text, predefined[i].size);
        atomic_store_explicit(&count, PIT__ATOM_PREDEFINED, memory_order_relaxed);
    }
    for (uint32_t i = 0, n = pit__atoms_count(); i < n; i++)
        insert_in(t, entry_at(i)->hash, i);
    atomic_store_explicit(&newest, t, memory_order_release); /* R1 */
    return 0;
}

/* Under the mutex. Texts share blocks: one malloc each would be most of a short atom's cost. */
static const char *keep_text(const char *text, size_t size)
{
    if (text_left < size + 1) {
        char *block = taken(malloc(TEXT_BLOCK), TEXT_BLOCK);
        if (!block)
            return NULL;
        text_at = block;
        text_left = TEXT_BLOCK;
    }
    char *kept = text_at;
    memcpy(kept, text, size);
    kept[size] = '\0';
    text_at += size + 1;
    text_left -= size + 1;
    return kept;
}
_Static_assert(PIT__ATOM_BYTES + 1 <= TEXT_BLOCK, "any text fits a block");

static struct entry *room_for(uint32_t index)
{
    struct entry *chunk = atomic_load_explicit(&chunks[index / CHUNK], memory_order_relaxed);

    if (!chunk) {
        chunk = taken(calloc(CHUNK, sizeof *chunk), CHUNK * sizeof *chunk);
        if (!chunk)
            return NULL;
        atomic_store_explicit(&chunks[index / CHUNK], chunk, memory_order_release); /* R2 */
    }
    return &chunk[index % CHUNK];
}

/* Under the mutex. */
static int make(const char *text, size_t size, uint32_t hash, uint32_t *ret_index)
{
    struct table *t = atomic_load_explicit(&newest, memory_order_relaxed);

    if (!t || (t->mask + 1) / 2 <= pit__atoms_count()) {
        int r = grow(t);
        if (r < 0)
            return r;
        t = atomic_load_explicit(&newest, memory_order_relaxed);
    }
    if (find_in(t, text, size, hash, ret_index))
        return 0;

    uint32_t index = pit__atoms_count();
    if (index >= pit__atoms_limit())
        return -PIT_ESYSTEMLIMIT;
    struct entry *e = room_for(index);
    if (!e)
        return -ENOMEM;
    const char *kept = keep_text(text, size);
    if (!kept)
        return -ENOMEM;

    *e = (struct entry){.text = kept, .size = (uint32_t)size, .hash = hash};
    /* before R1: who finds it sees it counted */
    atomic_store_explicit(&count, index + 1, memory_order_relaxed);
    insert_in(t, hash, index);
    *ret_index = index;
    return 0;
}

static int check_text(const char *text, size_t size)
{
    size_t characters;

    if (size > PIT__ATOM_BYTES)
        return -ENAMETOOLONG;
    if (!pit__utf8_valid((const uint8_t *)text, size, &characters))
        return -EINVAL;
    return characters > PIT__ATOM_CHARACTERS ? -ENAMETOOLONG : 0;
}

int pit__atom(const char *text, size_t size, enum pit__atom_how how, pit_term *ret)
{
    uint32_t hash = hash_text(text, size), index = 0;
    struct table *t = atomic_load_explicit(&newest, memory_order_acquire); /* A1 */

    if (PIT__UNLIKELY(!t || !find_in(t, text, size, hash, &index))) {
        if (t && how == PIT__ATOM_FIND)
            return -ENOENT;
        int r = check_text(text, size);
        if (r < 0)
            return r;
        pthread_mutex_lock(&making);
        PIT_POINT("atom.make");
        if (how == PIT__ATOM_MAKE)
            r = make(text, size, hash, &index);
        else if (!atomic_load_explicit(&newest, memory_order_relaxed))
            r = grow(NULL);
        pthread_mutex_unlock(&making);
        if (r < 0)
            return r;
        if (how == PIT__ATOM_FIND) /* there was no table, now there is */
            return pit__atom(text, size, how, ret);
    }
    *ret = (pit_term){(uint64_t)index << 3};
    return 0;
}

/* ---- By index ---- */

const char *pit__atom_text(pit_term atom, size_t *ret_size)
{
    const struct entry *e = entry_at((uint32_t)(atom.word >> 3));

    *ret_size = e->size;
    return e->text;
}

/* From the text for the predefined: they may be hashed before the table exists. */
uint32_t pit__atom_hash(pit_term atom)
{
    uint32_t index = (uint32_t)(atom.word >> 3);
    const struct entry *e = entry_at(index);

    return index < PIT__ATOM_PREDEFINED ? hash_text(e->text, e->size) : e->hash;
}

int pit__atom_compare(pit_term a, pit_term b)
{
    size_t na, nb;
    const char *ta = pit__atom_text(a, &na), *tb = pit__atom_text(b, &nb);
    int order = memcmp(ta, tb, na < nb ? na : nb); /* UTF-8 keeps the order of the characters */

    return order ? order : (na > nb) - (na < nb);
}

uint32_t pit__atoms_count(void)
{
    uint32_t n = atomic_load_explicit(&count, memory_order_relaxed);
    return n ? n : PIT__ATOM_PREDEFINED;
}

uint32_t pit__atoms_limit(void) { return atomic_load_explicit(&limit, memory_order_relaxed); }
size_t pit__atoms_memory(void) { return atomic_load_explicit(&memory, memory_order_relaxed); }

void pit__atoms_set_limit(uint32_t wanted)
{
    pthread_mutex_lock(&making);
    atomic_store_explicit(&limit, wanted < CHUNKS_MAX * CHUNK ? wanted : CHUNKS_MAX * CHUNK,
                          memory_order_relaxed);
    pthread_mutex_unlock(&making);
}

/* ---- For programs ---- */

static _Noreturn void refuse(int error, const char *text)
{
    switch (error) {
    case -EINVAL:
        pit__badarg("not an atom, since it is not UTF-8: %.40s", text);
    case -ENAMETOOLONG:
        pit__badarg("an atom has at most %d characters: %.40s...", PIT__ATOM_CHARACTERS, text);
    default:
        pit__system_limit("no room for the atom %.40s: %u exist", text, pit__atoms_count());
    }
}

pit_term pit_atom_of(const char *text)
{
    pit_term atom;
    int r = pit__atom(text, strlen(text), PIT__ATOM_MAKE, &atom);

    if (r < 0)
        refuse(r, text);
    return atom;
}

/* Release, for the acquire in pit_atom: with the cached word comes the atom's entry. */
pit_term pit__atom_remember(const char *text, uint64_t *cache)
{
    pit_term atom = pit_atom_of(text);

    __atomic_store_n(cache, atom.word + 1, __ATOMIC_RELEASE);
    return atom;
}

bool pit_atom_known(const char *text, pit_term *ret)
{
    return pit__atom(text, strlen(text), PIT__ATOM_FIND, ret) == 0;
}

const char *pit_atom_text(pit_term atom)
{
    size_t size;

    if (pit__tag(atom) != PIT__TAG_ATOM)
        pit__badarg("pit_atom_text: not an atom");
    return pit__atom_text(atom, &size);
}

bool pit_atom_is(pit_term t, const char *text)
{
    size_t size;
    return pit__tag(t) == PIT__TAG_ATOM && strcmp(pit__atom_text(t, &size), text) == 0 &&
           strlen(text) == size;
}

pit_term pit_bool(bool value) { return value ? PIT__A(true_) : PIT__A(false_); }
