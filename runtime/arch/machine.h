/*
 * The machine state that a signal handler is given: read it, and send it elsewhere.
 *
 * Redirecting changes the saved state and lets the handler return into it, which is the only way
 * out of a handler that leaves the kernel's idea of the alternate stack right.
 */
#ifndef RUNTIME_ARCH_MACHINE_H
#define RUNTIME_ARCH_MACHINE_H

#include "runtime/arch/context.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)

static inline uintptr_t pit__machine_pc(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}
static inline uintptr_t pit__machine_sp(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
}
static inline uintptr_t pit__machine_fp(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RBP];
}

/*
 * First in a handler: the kernel leaves it the alignment check of the code that it interrupted, and
 * our reads that are not aligned would then be faults inside the handler. The 128 bytes are the red
 * zone.
 */
static inline void pit__machine_handler(void)
{
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "pushfq\n\t"
                     "andl $0xfffbffff, (%%rsp)\n\t"
                     "popfq\n\t"
                     "leaq 128(%%rsp), %%rsp" ::
                         : "memory", "cc");
}

/* The saved state was checking alignment, and does no more. */
static inline bool pit__machine_unalign(ucontext_t *u)
{
    greg_t *flags = &u->uc_mcontext.gregs[REG_EFL];
    bool checked = *flags & 0x40000;

    *flags &= ~(greg_t)0x40000;
    return checked;
}

/* How this thread rounds, and which floating-point exceptions trap. Set lets what is pending go. */
struct pit__float_control {
    uint32_t mxcsr;
    uint16_t x87;
};
static inline struct pit__float_control pit__float_control_get(void)
{
    struct pit__float_control c;

    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(c.mxcsr), "=m"(c.x87));
    return c;
}
static inline void pit__float_control_set(struct pit__float_control c)
{
    __asm__ volatile("fninit\n\tfldcw %1\n\tldmxcsr %0" ::"m"(c.mxcsr), "m"(c.x87));
}

/* Where a function that has not yet made a frame was called from. */
static inline uintptr_t pit__machine_link(const ucontext_t *u)
{
    (void)u;
    return 0; /* at the stack pointer, if anywhere */
}

/* Continue as pit__context_restart(stack_top, entry, arg) would. */
static inline void pit__machine_redirect(ucontext_t *u, void *stack_top, void (*entry)(void *),
                                         void *arg)
{
    greg_t *r = u->uc_mcontext.gregs;

    r[REG_RIP] = (greg_t)(uintptr_t)pit__context_restart;
    r[REG_RSP] = (greg_t)(uintptr_t)stack_top;
    r[REG_RBP] = 0;
    r[REG_RDI] = (greg_t)(uintptr_t)stack_top;
    r[REG_RSI] = (greg_t)(uintptr_t)entry;
    r[REG_RDX] = (greg_t)(uintptr_t)arg;
    r[REG_EFL] &= ~(greg_t)0x40500; /* alignment check, direction, single step */
    if (u->uc_mcontext.fpregs) {
        /* A pending exception of an unmasked unit would be raised again. */
        u->uc_mcontext.fpregs->swd &= (uint16_t)~0x80ff;
        u->uc_mcontext.fpregs->mxcsr &= ~0x3fu;
    }
}

#elif defined(__aarch64__)

static inline void pit__machine_handler(void) {}

struct pit__float_control {
    uint64_t fpcr;
};
static inline struct pit__float_control pit__float_control_get(void)
{
    struct pit__float_control c;

    __asm__ volatile("mrs %0, fpcr" : "=r"(c.fpcr));
    return c;
}
static inline void pit__float_control_set(struct pit__float_control c)
{
    __asm__ volatile("msr fpsr, xzr\n\tmsr fpcr, %0" ::"r"(c.fpcr));
}
static inline bool pit__machine_unalign(ucontext_t *u)
{
    (void)u;
    return false;
}

static inline uintptr_t pit__machine_pc(const ucontext_t *u) { return u->uc_mcontext.pc; }
static inline uintptr_t pit__machine_sp(const ucontext_t *u) { return u->uc_mcontext.sp; }
static inline uintptr_t pit__machine_fp(const ucontext_t *u) { return u->uc_mcontext.regs[29]; }
static inline uintptr_t pit__machine_link(const ucontext_t *u) { return u->uc_mcontext.regs[30]; }

static inline void pit__machine_redirect(ucontext_t *u, void *stack_top, void (*entry)(void *),
                                         void *arg)
{
    u->uc_mcontext.pc = (uintptr_t)pit__context_restart;
    u->uc_mcontext.sp = (uintptr_t)stack_top;
    u->uc_mcontext.regs[29] = 0;
    u->uc_mcontext.regs[30] = 0;
    u->uc_mcontext.regs[0] = (uintptr_t)stack_top;
    u->uc_mcontext.regs[1] = (uintptr_t)entry;
    u->uc_mcontext.regs[2] = (uintptr_t)arg;
    u->uc_mcontext.pstate &= ~(uint64_t)0xc00; /* branch-target state */
}

#endif

#endif
