/*
 * Where errno is now. A function that is not declared const, in a file of its own and never
 * inlined, so that no compiler keeps the address across a call after which the process may be on
 * another thread.
 */
#include <errno.h>

int *pit__errno_location(void);

__attribute__((noinline)) int *pit__errno_location(void)
{
    __asm__ volatile(""); /* nor does one conclude from the body that it is pure */
    return &errno;
}
