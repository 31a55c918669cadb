/*
 * The counted block behind a pit_binary, for those who hold binaries longer than a heap does:
 * messages, sealed terms, the driver's receive buffers.
 *
 * Everyone who holds a binary owns one count. Any thread may retain what it holds and release what
 * it retained; the last release frees the block where it happens.
 */
#ifndef PIT_TERM_BLOB_H
#define PIT_TERM_BLOB_H

#include <pit/binary.h>

/* One more count; of a binary that the caller may use now. Static bytes are not counted. */
void pit__binary_retain(pit_binary b);
void pit__binary_release(pit_binary b);
void pit__blob_retain(struct pit__blob *owner); /* NULL: nothing */
void pit__blob_release(struct pit__blob *owner);

/* Of one that the caller may use now: the bytes of its block, and how many use it. */
struct pit__blob_state {
    size_t bytes;
    uint64_t uses;
};
struct pit__blob_state pit__blob_state(const struct pit__blob *owner);

/* Size bytes of zeros with one count, the caller's. .data is NULL without memory. */
pit_binary pit__binary_alloc(size_t size, uint8_t **ret_writable);

/* The same for who writes all of it at once: the bytes are not cleared. */
pit_binary pit__binary_alloc_unfilled(size_t size, uint8_t **ret_writable);

/*
 * Foreign bytes with one count, the caller's: free_fn(arg) runs when the last count goes, on any
 * thread, and so must neither block nor fail. .data is NULL without memory, and free_fn will not
 * run.
 */
pit_binary pit__binary_wrap(const void *data, size_t size, void (*free_fn)(void *arg), void *arg);

/* Counts held at this moment; for tests and reports. 0: static. */
uint64_t pit__binary_count(pit_binary b);

#endif
