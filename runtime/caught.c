/*
 * The globals of the Itanium C++ ABI, section 2.2.2: their two members and how they are got are the same for libstdc++ and
 * libc++abi. The exceptions themselves are not freed: their destructors are the program's, and its frames are gone.
 */
#include "runtime/caught.h"

struct globals {
    void *caught;
    unsigned uncaught;
};

/* Weak: NULL in a program that has no C++ library. */
extern struct globals *cxa_get_globals_fast(void) __asm__("__cxa_get_globals_fast")
    __attribute__((weak));

void pit__caught_forget(void)
{
    struct globals *g = cxa_get_globals_fast ? cxa_get_globals_fast() : 0;

    if (g)
        *g = (struct globals){0};
}
