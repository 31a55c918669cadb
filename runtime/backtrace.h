/*
 * Backtrace: the return addresses on a stack, without touching anything but that stack.
 *
 * Follows frame pointers, which programs and the runtime are compiled with. Every pointer is
 * checked against the stack's bounds before it is followed, so a destroyed chain ends the walk and
 * nothing else. Libraries are often compiled without frame pointers: from there, or from a wild
 * jump, the chain is sought from the stack's top; what earlier calls left there may mislead it, so
 * the frames between a library and its caller are a good guess, and no more.
 *
 * Async-signal-safe. Needs pit__text_refresh to have been called once.
 */
#ifndef RUNTIME_BACKTRACE_H
#define RUNTIME_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

struct pit__backtrace_from {
    uintptr_t pc; /* the first entry; 0: none */
    uintptr_t sp; /* 0: not known, the frame pointer is trusted */
    uintptr_t fp;
    uintptr_t link;     /* the return address in a register, where there is one; else 0 */
    uintptr_t low, top; /* of the stack */
};

/* Fills frames with pc and return addresses, the innermost first; returns how many. */
size_t pit__backtrace(const struct pit__backtrace_from *from, uintptr_t *frames, size_t most);

#endif
