/*
 * The context switch on AArch64. What it promises: context.h, by which it is included.
 *
 * A saved context, from its stack pointer upwards: x29, resume address, x19, nothing. x29 is the
 * frame pointer, x19 clang's base pointer of realigned frames: neither can be named as clobbered
 * everywhere. Of v8 to v15 the compiler keeps the low halves for its caller by itself, since the
 * whole registers are clobbered. The hint after the label is `bti j`, a legal target for the jump
 * where branch targets are enforced.
 */
#ifndef RUNTIME_ARCH_AARCH64_H
#define RUNTIME_ARCH_AARCH64_H

#include <stddef.h>
#include <stdint.h>

#include <pit/base.h>

/* The first code of a fresh context, and what abandons one: aarch64.S. */
void pit__context_start(void);
PIT_NORETURN void pit__context_restart(void *stack_top, void (*entry)(void *), void *arg);

static inline __attribute__((always_inline)) void pit__switch(void **save_sp, void *to_sp)
{
    register void **save __asm__("x0") = save_sp;
    register void *to __asm__("x1") = to_sp;

    __asm__ volatile("adr x9, 1f\n\t"
                     "stp x29, x9, [sp, #-32]!\n\t"
                     "str x19, [sp, #16]\n\t"
                     "mov x10, sp\n\t"
                     "str x10, [%0]\n\t"
                     "mov sp, %1\n\t"
                     "ldr x16, [sp, #8]\n\t"
                     "br x16\n"
                     "1:\n\t"
                     "hint #36\n\t"
                     "ldr x19, [sp, #16]\n\t"
                     "ldr x29, [sp], #32"
                     : "+r"(save), "+r"(to)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x18", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "cc", "memory", "v0", "v1", "v2", "v3", "v4",
                       "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",
                       "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
                       "v27", "v28", "v29", "v30", "v31");
}

/* pit__context_start loads entry and arg and drops them, so that sp is the top less two zeros. */
static inline void *pit__context_prepare(void *stack_top, void (*entry)(void *), void *arg)
{
    uint64_t *sp = (uint64_t *)stack_top - 6;

    sp[0] = (uint64_t)(uintptr_t)entry;
    sp[1] = (uint64_t)(uintptr_t)pit__context_start;
    sp[2] = (uint64_t)(uintptr_t)arg;
    sp[3] = 0;
    sp[4] = 0;
    sp[5] = 0;
    return sp;
}

/* Where a saved context will resume, and its frame pointer: to walk a parked process's frames. */
static inline uintptr_t pit__context_pc(const void *sp)
{
    return (uintptr_t)((const uint64_t *)sp)[1];
}
static inline uintptr_t pit__context_fp(const void *sp)
{
    return pit__context_pc(sp) == (uintptr_t)pit__context_start
               ? 0
               : (uintptr_t)((const uint64_t *)sp)[0];
}

#endif
