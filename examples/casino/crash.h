/* The crash of CRASH ...: what a bug would do, and nothing gentler. */
#ifndef CASINO_CRASH_H
#define CASINO_CRASH_H

#include <stddef.h>

/* A sanitizer would end the OS process for what is meant here. */
__attribute__((no_sanitize("undefined"), noinline, unused)) static void crash_now(void)
{
    *(volatile int *)NULL = 0;
}

#endif
