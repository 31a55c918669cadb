/* The plain heap behind memory.h. */
#include "examples/casino/memory.h"

#include <stdlib.h>

static void *heap_resize(void *old, size_t size) { return realloc(old, size); }
static void heap_release(void *block) { free(block); }

const struct memory memory_heap = {heap_resize, heap_release};
