/*
 * Faults: a process's own fault ends that process; any other ends the node, with a crash dump.
 *
 * The handlers for SEGV, BUS, FPE, ILL, TRAP, SYS and ABRT decide, on an alternate stack:
 *
 *   sent by another OS process, or after fork in a child   as if we were not here
 *   this thread runs no process                            the handler that was there before us, else dump
 *   inside malloc, or a counted lock is held (guard.h)     dump
 *   in the runtime, by its flag or by the address          dump, unless it is touching the program's memory (park.h, excuse.h)
 *   else                                                   contained, also in libc and other libraries
 *
 * Contained: the handler returns into pit__context_restart at the top of the process's own stack,
 * where ops->land gets what happened and ends the process. All the frames that were there are gone;
 * the thread, its signal mask and its alternate stack are as before. abort and failed assertions
 * come the same way, without a signal, if wrap.c stands in front of them.
 *
 * A stack overflow is told by the address (the guard of the stack that runs), never by si_code.
 * One that strikes in the runtime ends the node, for what the runtime was changing is half changed;
 * so whoever enters the runtime should see to it first that there is room (pit__stack_room).
 */
#ifndef RUNTIME_FAULT_H
#define RUNTIME_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/stack.h"

/* What runs on the calling thread. */
struct pit__fault_place {
    /* that it runs on: a process's own; the loop's, of a callback and between two processes; NULL:
       not known */
    struct pit__stack *stack;
    bool in_runtime;
    bool touching; /* the runtime reads or writes memory that the program named */
};

enum pit__fault_kind {
    PIT__FAULT_MEMORY,   /* a read or write of an address that is not there, or not allowed */
    PIT__FAULT_JUMP,     /* execution of such an address */
    PIT__FAULT_OVERFLOW, /* the stack's guard or canary */
    PIT__FAULT_ARITHMETIC,
    PIT__FAULT_ILLEGAL, /* an instruction, or a trap */
    PIT__FAULT_CALL,    /* a forbidden system call */
    PIT__FAULT_ABORT,
    PIT__FAULT_ASSERT,
};

#define PIT__FAULT_FRAMES 32

struct pit__fault_info {
    enum pit__fault_kind kind;
    int signal; /* SIGABRT for abort and assert, SIGSEGV for a canary */
    int code;   /* si_code; 0 without a signal */
    bool address_known;
    /* the pc is in a library whose state we know nothing of: counts towards the taint */
    bool foreign;
    uintptr_t address;
    uintptr_t pc;
    unsigned frame_count;
    uintptr_t frames[PIT__FAULT_FRAMES]; /* [0] is the pc */
    /* of a failed assertion; else NULL and 0 */
    const char *expression, *file, *function;
    unsigned line;
};

/*
 * What the runtime fills in. running is called in a signal handler: it says whether a process runs
 * on this thread, and where; if none does, it may say where the scheduler runs, for the dump. land is called on the process's stack, in an ordinary context; info is
 * the thread's own and holds until that thread's next fault. dump is called in a signal handler and
 * writes what the node is doing with write(2), by pit__crashdump_printf.
 */
struct pit__fault_ops {
    bool (*running)(struct pit__fault_place *ret_place);
    void (*land)(void *info); /* does not return; info is a struct pit__fault_info */
    void (*dump)(int fd);
};

/* Install the handlers. Before the first process; once a node. 0 or a negative errno. */
int pit__fault_init(const struct pit__fault_ops *ops);

/* Put back what was there. After the last process. */
void pit__fault_shutdown(void);

/* Each thread that runs processes: its alternate stack. 0, or why there is none: -ENOMEM, what the
   kernel says. */
int pit__fault_thread_init(void);
void pit__fault_thread_exit(void);

/*
 * The same end without a signal: for abort, assertions and a broken canary. Returns if it cannot be
 * contained here; then the caller ends the OS process. what may be NULL. frame is the caller's
 * __builtin_frame_address(0): the place of the fault is where the caller was called. (Given, not
 * found: clang makes no frame for a function that does not return, unless it is asked for.)
 */
struct pit__fault_assertion {
    const char *expression, *file, *function;
    unsigned line;
};
void pit__fault_raise(enum pit__fault_kind kind, const struct pit__fault_assertion *what,
                      const void *frame);

/* "SIGSEGV"; "SIG?" for others than ours. */
const char *pit__fault_signal_name(int signal);

/* "stack_overflow", "null_pointer" and so on: a short name for an atom. */
const char *pit__fault_name(const struct pit__fault_info *info);

/*
 * Texts for the exit reason; not in a signal handler. The result is cut at size and ends with 0;
 * returned is its length.
 *   reason_text  "SIGSEGV: null pointer, address 0x10, in on_add+0x14 (casino+0x1a34)"
 *   frame_text   "on_add+0x14 (casino+0x1a34)", of frames[i]
 */
size_t pit__fault_reason_text(const struct pit__fault_info *info, char *text, size_t size);
size_t pit__fault_place_text(uintptr_t address, bool is_return, char *text,
                             size_t size); /* the same, of any address */
size_t pit__fault_frame_text(const struct pit__fault_info *info, unsigned i, char *text,
                             size_t size);

#endif
