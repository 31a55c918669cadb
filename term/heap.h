/*
 * Where terms lie: a heap is a chain of regions that are filled from the bottom and given back
 * together.
 *
 * A heap belongs to one process (or, outside processes, to one thread); only its owner touches it.
 * The zero struct is an empty heap that owns no memory: the first term makes the first region, so a
 * process that builds no terms pays 48 bytes. Nothing in a heap is freed alone; a mark and a
 * rollback undo what was built since, newest first.
 *
 * The hooks are how the layers above take part without this one knowing them. They are set once,
 * before the first term is made, or per test.
 */
#ifndef PIT_TERM_HEAP_H
#define PIT_TERM_HEAP_H

#include <stdint.h>

#include "term/cell.h"

struct pit__region;

struct pit__heap {
    uint64_t *top; /* the next free cell of the newest region */
    uint64_t *end;
    struct pit__region *regions; /* newest first */
    struct pit__blob_use *blobs; /* counted binaries that this heap uses, newest first */
    size_t bytes;                /* of all regions */
    size_t limit;                /* 0: PIT__HEAP_LIMIT; PIT__HEAP_UNLIMITED */
};

/* Far above what a process that means well builds between two receives, and no danger to the
   node. */
#define PIT__HEAP_LIMIT ((size_t)256 << 20)
#define PIT__HEAP_UNLIMITED SIZE_MAX

struct pit__heap_mark {
    uint64_t *top;
    struct pit__region *region;
    struct pit__blob_use *blobs;
};

/* The heap that terms are built in. Default, and when it answers NULL: one that belongs to the
   thread. */
extern struct pit__heap *(*pit__heap_current)(void);

/* A user's mistake, and a limit that was reached. They do not return: they end the process.
   Default: abort. */
extern void (*pit__term_badarg)(const char *what);
extern void (*pit__term_system_limit)(const char *what);

/* Memory for regions, binaries and sealed terms; alloc may answer NULL; any thread may free.
   Default: malloc. */
struct pit__term_memory {
    void *(*alloc)(size_t bytes);
    void (*free)(void *memory, size_t bytes);
};
extern struct pit__term_memory pit__term_memory;

/* Called with each number of bytes that the default memory takes (less than 0: gives back), and
   again with those of binaries. */
extern void (*pit__term_tally)(bool binary, int64_t bytes);

/* Call the hook; the format is printf's. */
_Noreturn void pit__badarg(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void pit__system_limit(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The current heap, never NULL. */
struct pit__heap *pit__heap(void);

/* Cells, uninitialised; NULL: no memory, or past the bound. */
uint64_t *pit__heap_try(struct pit__heap *h, size_t cells);

/* The same in the current heap; ends the process instead of answering NULL. */
uint64_t *pit__heap_cells(size_t cells);

/* All terms go; the oldest region, a small one, stays for the next. Cheap when nothing was
   built. */
void pit__heap_reset(struct pit__heap *h);

/* All terms and all memory go; the heap is empty, and usable again. */
void pit__heap_free(struct pit__heap *h);

struct pit__heap_mark pit__heap_mark(const struct pit__heap *h);
void pit__heap_rollback(struct pit__heap *h, struct pit__heap_mark mark);

/* From now on the heap holds the caller's use of b, and gives it back when it is reset. -ENOMEM: it
   does not. */
int pit__heap_adopt(struct pit__heap *h, pit_binary b);

/* ---- Copies ---- */

/* Cells that a copy of t needs; SIZE_MAX: more than most. Shared parts count each time they are
   met. */
size_t pit__term_words(pit_term t, size_t most);

/*
 * Copy t into cells, which has pit__term_words(t) of them, and answer the copy. Its uses of counted
 * binaries are put before *blobs. The copy refers to nothing outside cells but those.
 */
pit_term pit__term_flatten(pit_term t, uint64_t *cells, struct pit__blob_use **blobs);

/* Give back the uses of a flattened term. */
void pit__blob_uses_release(struct pit__blob_use *uses);

/* A copy in another heap; 0 or -ENOMEM. What is no pointer is copied for free. */
int pit__term_copy(struct pit__heap *h, pit_term t, pit_term *ret);

#endif
