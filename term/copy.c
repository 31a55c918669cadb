/*
 * Copies of whole terms into other memory; declared in heap.h.
 *
 * Flattening is Cheney's walk: the copy itself is the list of what is still to be copied. A scan
 * runs after the fill; each pointer that it meets is replaced by a shallow copy at the fill,
 * headers say what to step over. It needs no stack, and visits cells in the order in which they
 * were just written.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "term/blob.h"
#include "term/heap.h"
#include "term/walk.h"

/*
 * The first look at a term that is to leave its process. One whose memory is gone faults here,
 * where nothing is begun: by this section fault.c knows that it is the fault of whoever gave it.
 */
__attribute__((section("pit_measure"))) size_t pit__term_words(pit_term t, size_t most)
{
    struct pit__stack s;
    size_t words = 0;

    pit__stack_init(&s);
    do {
        if (pit__tag(t) == PIT__TAG_PAIR) {
            words += 2;
            pit__walk_push(&s, pit__cells(t), 2);
        } else if (pit__tag(t) == PIT__TAG_BOX) {
            uint64_t header = *pit__cells(t);
            words += pit__header_words(header);
            pit__walk_push(&s, pit__cells(t) + 1, pit__header_terms(header));
        }
    } while (words <= most && pit__walk_next(&s, &t));
    pit__stack_free(&s);
    return words <= most ? words : SIZE_MAX;
}

static pit_term copy_shallow(pit_term t, uint64_t **fill, struct pit__blob_use **blobs)
{
    const uint64_t *from = pit__cells(t);
    uint64_t *to = *fill;
    size_t words = pit__tag(t) == PIT__TAG_PAIR ? 2 : pit__header_words(*from);

    memcpy(to, from, words * sizeof *to);
    *fill += words;
    if (pit__is_box(t, PIT__BOX_BLOB)) {
        struct pit__blob_cell *c = (struct pit__blob_cell *)to;
        pit__blob_retain(c->use.owner);
        c->use.next = *blobs;
        *blobs = &c->use;
    }
    return (pit_term){(uint64_t)(uintptr_t)to | pit__tag(t)};
}

pit_term pit__term_flatten(pit_term t, uint64_t *cells, struct pit__blob_use **blobs)
{
    uint64_t *fill = cells, *scan = cells;

    if (!pit__is_pointer(t))
        return t;

    pit_term root = copy_shallow(t, &fill, blobs);
    while (scan < fill) {
        pit_term w = pit__at(scan);
        if (pit__tag(w) == PIT__TAG_HEADER) {
            scan += 1 + pit__header_raw(w.word);
            continue;
        }
        if (pit__is_pointer(w))
            *scan = copy_shallow(w, &fill, blobs).word;
        scan++;
    }
    PIT_ASSERT(scan == fill);
    return root;
}

void pit__blob_uses_release(struct pit__blob_use *uses)
{
    while (uses) {
        struct pit__blob_use *next = uses->next;
        pit__blob_release(uses->owner);
        uses = next;
    }
}

int pit__term_copy(struct pit__heap *h, pit_term t, pit_term *ret)
{
    if (!pit__is_pointer(t)) {
        *ret = t;
        return 0;
    }

    size_t words = pit__term_words(t, (h->limit ? h->limit : PIT__HEAP_LIMIT) / sizeof(uint64_t));
    uint64_t *cells = words == SIZE_MAX ? NULL : pit__heap_try(h, words);
    if (!cells)
        return -ENOMEM;
    *ret = pit__term_flatten(t, cells, &h->blobs);
    return 0;
}
