/*
 * Binaries: one block each, holding the count and either the bytes or how to give foreign ones
 * back.
 *
 * Order
 *   A retain is relaxed: who retains holds a count already, so the block cannot go meanwhile, and
 *   whatever hands the binary to another thread orders the bytes themselves.
 *   A release is a release, so that all of this thread's reads of the bytes come before its count
 *   is seen to be gone; the one that takes the last count is an acquire too, and so comes after
 *   every other's reads. (Written as one acq_rel operation, not as a fence: ThreadSanitizer does
 *   not understand fences.)
 */
#include <pit/binary.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/size.h"
#include "term/blob.h"
#include "term/heap.h"

struct pit__blob {
    _Atomic uint64_t count; /* 64 bits: cannot overflow by counting */
    void (*free_fn)(void *arg);
    void *arg;
    size_t bytes; /* of this block */
    uint8_t data[];
};
_Static_assert(sizeof(struct pit__blob) % 16 == 0, "the bytes are aligned to 16");

void pit__blob_retain(struct pit__blob *owner)
{
    if (owner)
        atomic_fetch_add_explicit(&owner->count, 1, memory_order_relaxed);
}

void pit__blob_release(struct pit__blob *owner)
{
    if (!owner)
        return;

    uint64_t before = atomic_fetch_sub_explicit(&owner->count, 1, memory_order_acq_rel);
    PIT_ASSERT(before > 0);
    if (before > 1)
        return;
    if (owner->free_fn)
        owner->free_fn(owner->arg);
    pit__term_tally(true, -(int64_t)owner->bytes);
    pit__term_memory.free(owner, owner->bytes);
}

void pit__binary_retain(pit_binary b) { pit__blob_retain(b.pit__owner); }
void pit__binary_release(pit_binary b) { pit__blob_release(b.pit__owner); }

/* Relaxed here and below: a number to show, out of date when it is looked at; nothing is decided by
   it. */
struct pit__blob_state pit__blob_state(const struct pit__blob *owner)
{
    return (struct pit__blob_state){owner->bytes,
                                    atomic_load_explicit(&owner->count, memory_order_relaxed)};
}

uint64_t pit__binary_count(pit_binary b)
{
    return b.pit__owner ? atomic_load_explicit(&b.pit__owner->count, memory_order_relaxed) : 0;
}

static struct pit__blob *blob_new(size_t size, void (*free_fn)(void *), void *arg)
{
    if (pit__size_never(size))
        return NULL;

    size_t bytes = sizeof(struct pit__blob) + size;
    struct pit__blob *blob = pit__term_memory.alloc(bytes);

    if (!blob)
        return NULL;
    pit__term_tally(true, (int64_t)bytes);
    atomic_init(&blob->count, 1);
    blob->free_fn = free_fn;
    blob->arg = arg;
    blob->bytes = bytes;
    return blob;
}

pit_binary pit__binary_alloc_unfilled(size_t size, uint8_t **ret_writable)
{
    struct pit__blob *blob = blob_new(size, NULL, NULL);

    if (!blob)
        return (pit_binary){NULL, 0, NULL};
    *ret_writable = blob->data;
    return (pit_binary){blob->data, size, blob};
}

pit_binary pit__binary_alloc(size_t size, uint8_t **ret_writable)
{
    pit_binary b = pit__binary_alloc_unfilled(size, ret_writable);

    if (b.pit__owner)
        memset(*ret_writable, 0, size);
    return b;
}

pit_binary pit__binary_wrap(const void *data, size_t size, void (*free_fn)(void *), void *arg)
{
    PIT_ASSERT(data != NULL);
    PIT_ASSERT(free_fn != NULL);

    struct pit__blob *blob = blob_new(0, free_fn, arg);
    return blob ? (pit_binary){data, size, blob} : (pit_binary){NULL, 0, NULL};
}

/* The current heap holds what the functions below return. */
static pit_binary heap_held(pit_binary b, size_t size)
{
    if (!b.pit__owner)
        pit__system_limit("no memory for a binary of %zu bytes", size);
    if (pit__heap_adopt(pit__heap(), b) < 0) {
        pit__binary_release(b);
        pit__system_limit("no memory for terms: cannot hold a binary of %zu bytes", size);
    }
    return b;
}

pit_binary pit_binary_make(size_t size, uint8_t **ret_writable)
{
    uint8_t *writable = NULL;
    pit_binary b = heap_held(pit__binary_alloc(size, &writable), size);

    *ret_writable = writable;
    return b;
}

pit_binary pit_binary_make_unfilled(size_t size, uint8_t **ret_writable)
{
    uint8_t *writable = NULL;
    pit_binary b = heap_held(pit__binary_alloc_unfilled(size, &writable), size);

    *ret_writable = writable;
    return b;
}

pit_binary pit_binary_new(const void *data, size_t size)
{
    uint8_t *to;
    pit_binary b = pit_binary_make_unfilled(size, &to);

    if (size)
        memcpy(to, data, size);
    return b;
}

pit_binary pit_binary_text(const char *text) { return pit_binary_new(text, strlen(text)); }

pit_binary pit_binary_slice(pit_binary b, size_t from, size_t size)
{
    if (from > b.size || size > b.size - from)
        pit__badarg("pit_binary_slice: %zu bytes from %zu of a binary of %zu", size, from, b.size);
    return (pit_binary){b.size ? b.data + from : b.data, size, b.pit__owner};
}
