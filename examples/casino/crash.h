/* The crash of CRASH ...: what a bug would do, and nothing gentler. */
#ifndef CASINO_CRASH_H
#define CASINO_CRASH_H

#include <stddef.h>

/*
 * A sanitizer would end the OS process for what is meant here. Pointer and target are volatile, or
 * a compiler that knows the pointer to be NULL leaves the store out, and all paths that lead to it.
 */
__attribute__((no_sanitize("undefined"), no_sanitize_thread, noinline, unused)) static void
crash_now(void)
{
    volatile int *volatile nowhere = NULL;

    *nowhere = 0; /* NOLINT(clang-analyzer-core.NullDereference) */
}

#endif
