/*
 * Sizes that cannot be. A sum or a product of such a size may be small: who is asked for one says
 * so before it is reckoned with. The limit is the same for bytes and for elements, which are 64
 * bytes at most.
 */
#ifndef PIT_BASE_SIZE_H
#define PIT_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No address space holds so many. */
static inline bool pit__size_never(size_t size) { return size > SIZE_MAX / 64; }

#endif
