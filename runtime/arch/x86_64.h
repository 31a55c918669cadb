/*
 * The context switch on x86-64. What it promises: context.h, by which it is included.
 *
 * A saved context, from its stack pointer upwards: resume address, rbx, rbp. rbp cannot be named
 * as clobbered while it is the frame pointer, and clang refuses rbx where it is the base pointer
 * of a realigned frame (each function under AddressSanitizer), so both are pushed; the enclosing
 * function need not save rbx a second time.
 */
#ifndef RUNTIME_ARCH_X86_64_H
#define RUNTIME_ARCH_X86_64_H

#include <stddef.h>
#include <stdint.h>

#include <pit/base.h>

#ifdef __AVX512F__
#define PIT__CLOBBER_AVX512                                                                       \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", \
        "k7"
#else
#define PIT__CLOBBER_AVX512
#endif

/* The first code of a fresh context, and what abandons one: x86_64.S. */
void pit__context_start(void);
PIT_NORETURN void pit__context_restart(void *stack_top, void (*entry)(void *), void *arg);

static inline __attribute__((always_inline)) void pit__switch(void **save_sp, void *to_sp)
{
    __asm__ volatile("pushq %%rbp\n\t"
                     "pushq %%rbx\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "movq %%rsp, (%0)\n\t"
                     "movq %1, %%rsp\n\t"
                     "popq %%rax\n\t"
                     "jmpq *%%rax\n"
                     "1:\n\t"
                     "popq %%rbx\n\t"
                     "popq %%rbp"
                     : "+D"(save_sp), "+S"(to_sp)
                     :
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
                       "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15" PIT__CLOBBER_AVX512);
}

/*
 * pit__context_start pops entry and arg, after which rsp is aligned to 16 and two zeros lie above
 * it, for those who scan the stack by words.
 */
static inline void *pit__context_prepare(void *stack_top, void (*entry)(void *), void *arg)
{
    uint64_t *sp = (uint64_t *)stack_top - 5;

    sp[0] = (uint64_t)(uintptr_t)pit__context_start;
    sp[1] = (uint64_t)(uintptr_t)entry;
    sp[2] = (uint64_t)(uintptr_t)arg;
    sp[3] = 0;
    sp[4] = 0;
    return sp;
}

/* Where a saved context will resume, and its frame pointer: to walk a parked process's frames. */
static inline uintptr_t pit__context_pc(const void *sp)
{
    return (uintptr_t)((const uint64_t *)sp)[0];
}
static inline uintptr_t pit__context_fp(const void *sp)
{
    return pit__context_pc(sp) == (uintptr_t)pit__context_start
               ? 0
               : (uintptr_t)((const uint64_t *)sp)[2];
}

#endif
