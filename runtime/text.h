/*
 * Text: whose code lies at an address.
 *
 * A sorted table of the executable ranges of all loaded modules. It is immutable: a new one is made
 * when modules were loaded, and the old one stays, for a signal handler may be reading it; there
 * are as many as there were refreshes that found a change.
 *
 * The runtime's own range is its shared object, or the section pit_text of a program that has the
 * static library in it. A program that was linked from the layers' own archives (our unit tests)
 * has no such section: then nothing is PIT__TEXT_RUNTIME, and pit__text_knows_runtime() says so.
 */
#ifndef RUNTIME_TEXT_H
#define RUNTIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pit__text_kind {
    PIT__TEXT_NONE,    /* no code there, or code that no module holds */
    PIT__TEXT_PROGRAM, /* the main program */
    PIT__TEXT_RUNTIME,
    PIT__TEXT_LIBC, /* the C library's and the compiler's: libc, libm, ld.so, libgcc_s, the vDSO */
    PIT__TEXT_LIBRARY, /* any other module */
};

struct pit__text_range {
    uintptr_t begin, end;
    uintptr_t base;   /* what the module was moved by: address - base is what addr2line wants */
    const char *name; /* the module's path */
    enum pit__text_kind kind;
};

/* Make the table, or a new one if modules came or went. 0 or -ENOMEM. Any thread, no signal
   handler. */
int pit__text_refresh(void);

/* The range that holds this address; NULL: none. Async-signal-safe. */
const struct pit__text_range *pit__text_find(uintptr_t address);

static inline enum pit__text_kind pit__text_kind_at(uintptr_t address)
{
    const struct pit__text_range *r = pit__text_find(address);

    return r ? r->kind : PIT__TEXT_NONE;
}

/* Whether the runtime's own range could be told from the program's. */
bool pit__text_knows_runtime(void);

#endif
