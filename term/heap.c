/*
 * Heaps: regions of doubling size, each from the memory hook; see heap.h.
 *
 * The first region is small, because most processes build a tuple or two; the doubling keeps the
 * number of regions logarithmic up to 1 MiB each, and the memory held at most about twice the
 * memory used. Under AddressSanitizer what a reset gave back is poisoned, so that a term used too
 * long is found where it is used.
 */
#include "term/heap.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "term/blob.h"

#if defined(__SANITIZE_ADDRESS__)
#define HEAP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_ASAN 1
#endif
#endif
#ifdef HEAP_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, bytes) __asan_poison_memory_region(p, bytes)
#define UNPOISON(p, bytes) __asan_unpoison_memory_region(p, bytes)
#else
#define POISON(p, bytes) ((void)0)
#define UNPOISON(p, bytes) ((void)0)
#endif

#define REGION_FIRST ((size_t)512)
#define REGION_MOST ((size_t)1 << 20)

struct pit__region {
    struct pit__region *older;
    size_t bytes;
    uint64_t *top; /* while a newer region is being filled */
    uint64_t reserved;
    uint64_t cells[];
};
_Static_assert(sizeof(struct pit__region) % 16 == 0, "the cells of a region are aligned to 16");

/* ---- Hooks ---- */

static void no_tally(bool binary, int64_t bytes) {}
void (*pit__term_tally)(bool binary, int64_t bytes) = no_tally;

static void *memory_alloc(size_t bytes)
{
    void *memory = malloc(bytes);

    if (memory)
        pit__term_tally(false, (int64_t)bytes);
    return memory;
}
static void memory_free(void *memory, size_t bytes)
{
    if (memory)
        pit__term_tally(false, -(int64_t)bytes);
    free(memory);
}
struct pit__term_memory pit__term_memory = {memory_alloc, memory_free};

static void say_and_abort(const char *what)
{
    fprintf(stderr, "pitboss: outside of any process: %s\n", what);
    abort();
}
void (*pit__term_badarg)(const char *what) = say_and_abort;
void (*pit__term_system_limit)(const char *what) = say_and_abort;

_Noreturn void pit__badarg(const char *format, ...)
{
    char what[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    pit__term_badarg(what);
    abort(); /* a hook that returns would let its caller use what it refused */
}

_Noreturn void pit__system_limit(const char *format, ...)
{
    char what[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    pit__term_system_limit(what);
    abort();
}

/* ---- The thread's own heap, for threads that run no process ---- */

static _Thread_local struct pit__heap thread_heap;
static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;

static void thread_end(void *heap) { pit__heap_free(heap); }
static void thread_key_make(void) { PIT_ASSERT(pthread_key_create(&thread_key, thread_end) == 0); }

static struct pit__heap *heap_of_thread(void)
{
    struct pit__heap *h = &thread_heap;

    if (PIT__UNLIKELY(!h->regions)) { /* about to be used for the first time: see to its end */
        pthread_once(&thread_once, thread_key_make);
        (void)pthread_setspecific(thread_key,
                                  h); /* fails without memory: then it leaks with its thread */
    }
    return h;
}
struct pit__heap *(*pit__heap_current)(void) = heap_of_thread;

struct pit__heap *pit__heap(void)
{
    struct pit__heap *h = pit__heap_current();
    return PIT__LIKELY(h != NULL) ? h : heap_of_thread();
}

/* ---- Regions ---- */

static size_t heap_limit(const struct pit__heap *h)
{
    return h->limit ? h->limit : PIT__HEAP_LIMIT;
}

/* 0: none fits the bound any more. The last one before the bound is as large as the bound
   allows. */
static size_t next_region_bytes(const struct pit__heap *h, size_t cells)
{
    size_t limit = heap_limit(h), left = limit > h->bytes ? (limit - h->bytes) & ~(size_t)15 : 0;
    size_t wanted = h->regions ? h->regions->bytes * 2 : REGION_FIRST;

    if (left < sizeof(struct pit__region) ||
        cells > (left - sizeof(struct pit__region)) / sizeof(uint64_t))
        return 0;
    size_t needed = (sizeof(struct pit__region) + cells * sizeof(uint64_t) + 15) & ~(size_t)15;
    if (wanted > REGION_MOST)
        wanted = REGION_MOST;
    if (wanted < needed)
        wanted = needed;
    return wanted < left ? wanted : left;
}

static int add_region(struct pit__heap *h, size_t cells)
{
    size_t bytes = next_region_bytes(h, cells);
    struct pit__region *r = bytes ? pit__term_memory.alloc(bytes) : NULL;

    if (!r)
        return -ENOMEM;
    if (h->regions)
        h->regions->top = h->top;
    *r = (struct pit__region){.older = h->regions, .bytes = bytes};
    h->regions = r;
    h->bytes += bytes;
    h->top = r->cells;
    h->end = (uint64_t *)((char *)r + bytes);
    POISON(r->cells, bytes - sizeof *r);
    return 0;
}

static void drop_newest_region(struct pit__heap *h)
{
    struct pit__region *r = h->regions;

    h->regions = r->older;
    h->bytes -= r->bytes;
    UNPOISON(r, r->bytes);
    pit__term_memory.free(r, r->bytes);
    h->top = h->regions ? h->regions->top : NULL;
    h->end = h->regions ? (uint64_t *)((char *)h->regions + h->regions->bytes) : NULL;
}

uint64_t *pit__heap_try(struct pit__heap *h, size_t cells)
{
    if (PIT__UNLIKELY((size_t)(h->end - h->top) < cells || !h->top) && add_region(h, cells) < 0)
        return NULL;

    uint64_t *at = h->top;
    h->top += cells;
    UNPOISON(at, cells * sizeof(uint64_t));
    return at;
}

uint64_t *pit__heap_cells(size_t cells)
{
    struct pit__heap *h = pit__heap();
    uint64_t *at = pit__heap_try(h, cells);

    if (PIT__UNLIKELY(!at))
        pit__system_limit("no memory for terms: %zu bytes asked, %zu of at most %zu in use",
                          cells * sizeof(uint64_t), h->bytes, heap_limit(h));
    return at;
}

struct pit__heap_mark pit__heap_mark(const struct pit__heap *h)
{
    return (struct pit__heap_mark){h->top, h->regions, h->blobs};
}

void pit__heap_rollback(struct pit__heap *h, struct pit__heap_mark mark)
{
    struct pit__blob_use *use = h->blobs;

    while (use != mark.blobs) { /* before the regions that hold them */
        struct pit__blob_use *next = use->next;
        pit__blob_release(use->owner);
        use = next;
    }
    h->blobs = mark.blobs;
    while (h->regions != mark.region)
        drop_newest_region(h);
    if (h->regions) {
        h->top = mark.top;
        POISON(h->top, (size_t)((char *)h->end - (char *)h->top));
    }
}

void pit__heap_reset(struct pit__heap *h)
{
    if (!h->regions)
        return;

    struct pit__region *oldest = h->regions;
    while (oldest->older)
        oldest = oldest->older;
    if (oldest->bytes > REGION_FIRST) /* the first term was a huge one: keep nothing of it */
        oldest = NULL;
    pit__heap_rollback(h, (struct pit__heap_mark){oldest ? oldest->cells : NULL, oldest, NULL});
}

void pit__heap_free(struct pit__heap *h) { pit__heap_rollback(h, (struct pit__heap_mark){0}); }

void pit_term_release_all(void) { pit__heap_reset(pit__heap()); }

int pit__heap_adopt(struct pit__heap *h, pit_binary b)
{
    if (!b.pit__owner)
        return 0;

    struct pit__blob_use *use =
        (struct pit__blob_use *)pit__heap_try(h, sizeof *use / sizeof(uint64_t));
    if (!use)
        return -ENOMEM;
    *use = (struct pit__blob_use){b.pit__owner, h->blobs};
    h->blobs = use;
    return 0;
}
