/*
 * The C++ exceptions that somebody has in hand: the ones that are being caught, the youngest first,
 * and how many are on their way to a catch block. The Itanium C++ ABI (section 2.2.2) keeps them
 * per thread, and the C++ library asks for them by one function, __cxa_get_globals, at each throw,
 * catch and rethrow. pitboss stands in front of it and gives the running process its own, which
 * hang off the process, wait and move with it, and go when it ends: so nothing is switched with the
 * process.
 *
 * The exceptions of a process that ends are not freed: their destructors are the program's, and its
 * frames are gone.
 */
#ifndef PIT_RUNTIME_CAUGHT_H
#define PIT_RUNTIME_CAUGHT_H

/* As the ABI has it: the same for libstdc++ and libc++abi. */
struct pit__caught {
    void *exceptions;
    unsigned uncaught;
};

/* At the start of a node: warns if the program's C++ library asks somebody else. */
void pit__caught_check(void);

#endif
