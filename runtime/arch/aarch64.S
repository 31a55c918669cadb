/*
 * The first frame of a context on AArch64, and the way out of all its frames. The promises are in
 * context.h.
 *
 * The unwind information of both says that their caller is undefined: unwinders stop there by
 * rule, not by failing. x29 and x30 are 0 for those that follow frame pointers. What follows each
 * call is reached only if an entry function returns, which none may. hint #38 is `bti jc`.
 */
    .text

    .globl  pit__context_start
    .hidden pit__context_start
    .type   pit__context_start, %function
    .p2align 4
pit__context_start:
    .cfi_startproc
    .cfi_undefined x30
    .cfi_undefined x29
    hint    #38
    ldr     x9, [sp]
    ldr     x0, [sp, #16]
    add     sp, sp, #32
    mov     x29, #0
    mov     x30, #0
    blr     x9
    brk     #1
    .cfi_endproc
    .size   pit__context_start, . - pit__context_start

    .globl  pit__context_restart
    .hidden pit__context_restart
    .type   pit__context_restart, %function
    .p2align 4
pit__context_restart:
    .cfi_startproc
    .cfi_undefined x30
    .cfi_undefined x29
    hint    #38
    mov     sp, x0
    mov     x29, #0
    mov     x30, #0
    stp     x29, x30, [sp, #-16]!
    mov     x9, x1
    mov     x0, x2
    blr     x9
    brk     #1
    .cfi_endproc
    .size   pit__context_restart, . - pit__context_restart

    .section .note.GNU-stack, "", %progbits
