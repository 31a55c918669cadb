/*
 * Where a process stands: its frames, and their text. By its owner, or by itself.
 */
#ifndef PIT_RUNTIME_WHERE_H
#define PIT_RUNTIME_WHERE_H

#include "runtime/process.h"

#define PIT__WHERE_MOST 16

/* The innermost first; how many. 0: it holds no stack, or runs just now and is not the caller. */
size_t pit__where(const struct pit__process *p, uintptr_t *frames, size_t most);

/* "f+0x14 (casino+0x1a34), g+0x2 (casino+0x1b00)": at most so many, cut at size; the length. */
size_t pit__where_text(const struct pit__process *p, size_t most, char *text, size_t size);

#endif
