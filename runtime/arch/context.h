/*
 * The context switch: leave one stack, continue on another.
 *
 * A context that does not run is one pointer, its saved stack pointer. What it points to is the
 * architecture's affair (x86_64.h, aarch64.h): the address to resume at and the few registers that
 * a compiler does not let an asm statement clobber. Every other register is clobbered, so the
 * compiler spills what is alive around the switch, and only that. There is no call and no return:
 * a resumed context is entered by an indirect jump at the place where it was left, one place for
 * each inlined copy, which the branch predictor can tell apart.
 *
 *   pit__switch(save, to)            continue at `to`; what was left can be continued at *save
 *   pit__context_prepare(top, f, a)  a context that, when switched to, calls f(a) on the stack that
 *                                    ends at top
 *   pit__context_restart(top, f, a)  abandon every frame of the present context; call f(a) at top
 *
 * Invariants
 *  (1) A saved context is resumed at most once for each save.
 *  (2) Stack tops are aligned to 16. f never returns: the frame below it traps.
 *  (3) The first frame is pit__context_start. Its caller is undefined in the unwind information
 *      and 0 in the chain of frame pointers, so that gdb, perf, BPF programs and C++ unwinders stop
 *      there.
 *  (4) Floating-point control (MXCSR, x87 control word, FPCR) belongs to the thread and is not
 *      switched.
 *  (5) Code that inlines pit__switch is compiled with -mno-red-zone on x86-64: the switch pushes.
 *
 * The scheduler uses fibre.h's forms of these, which also tell the sanitizers; both are the same
 * code without one.
 */
#ifndef RUNTIME_ARCH_CONTEXT_H
#define RUNTIME_ARCH_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include <pit/base.h>

#if defined(__x86_64__)
#include "runtime/arch/x86_64.h"
#elif defined(__aarch64__)
#include "runtime/arch/aarch64.h"
#else
#error "pitboss runs on x86-64 and AArch64"
#endif

#endif
