/*
 * Where memory comes from: the seam between the parts that know bytes and the process that runs
 * them.
 *
 * A process hands in the runtime's allocator, so that all it holds goes when it crashes, wherever
 * it crashes; tests and fuzzers hand in the heap, or one that fails on purpose. NULL is an answer
 * that every caller expects.
 */
#ifndef CASINO_MEMORY_H
#define CASINO_MEMORY_H

#include <stddef.h>

struct memory {
    void *(*resize)(void *old, size_t size); /* old may be NULL; on failure old is left as it was */
    void (*release)(void *block);            /* NULL is fine */
};

extern const struct memory memory_heap;

#endif
