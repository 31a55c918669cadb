/*
 * Binaries: counted bytes that never change once they are shared.
 *
 * A pit_binary is a small value: where the bytes are, how many, and who counts them. Copying the
 * value copies no bytes, and neither does sending it, putting it into a term or taking a slice of
 * it: all of them share one block, which is freed with its last user, on whichever thread that is.
 *
 * A binary that a function here returns lives as long as a term built at the same moment: until the
 * next receive. pit_keep() keeps it longer; a message or a term that holds it keeps it alive by
 * itself. The zero value is the empty binary. Nothing here blocks or yields; without memory the
 * caller's process ends with reason system_limit.
 */
#ifndef PIT_BINARY_H
#define PIT_BINARY_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <string.h>

#include <pit/base.h>

PIT_BEGIN_DECLS

struct pit__blob;

typedef struct pit_binary {
    const uint8_t *data;
    size_t size;
    struct pit__blob *pit__owner; /* NULL: memory that outlives the program's use of it */
} pit_binary;

/* A copy of size bytes. Erlang: a binary. */
pit_binary pit_binary_new(const void *data, size_t size);

/* A copy of a C text, without its terminating zero. */
pit_binary pit_binary_text(const char *text);

/*
 * Room for size bytes, to be filled in through *ret_writable before the binary is sent, kept or put
 * into a term; afterwards others read it, and it must not be written. The bytes start as zeros.
 */
pit_binary pit_binary_make(size_t size, uint8_t **ret_writable);

/*
 * Room for size bytes as of pit_binary_make, but what they are before the caller has written them
 * is undefined, and each of them must be written before the binary is shared: they may be another
 * binary's bytes of earlier. For large binaries that are filled anyway, at half of the memory
 * traffic. size may be 0. Without memory, or with a size that no memory can have, the caller ends
 * with system_limit. Neither blocks nor yields. Erlang: none, whose binaries are made with their
 * bytes.
 */
pit_binary pit_binary_make_unfilled(size_t size, uint8_t **ret_writable);

/*
 * Bytes that are never freed and never change: a literal, a table of constants. Copies and counts
 * nothing.
 */
static inline pit_binary pit_binary_static(const void *data, size_t size)
{
    pit_binary b = {(const uint8_t *)data, size, NULL};
    return b;
}

/*
 * The size bytes that begin at from; they share b's block, and live as long as b does. A range that
 * is not inside b ends the caller with badarg. Erlang: binary:part/3.
 */
pit_binary pit_binary_slice(pit_binary b, size_t from, size_t size);

/* The same bytes. */
static inline bool pit_binary_equal(pit_binary a, pit_binary b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

PIT_END_DECLS

#endif
