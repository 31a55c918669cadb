/*
 * The first frame of a context on x86-64, and the way out of all its frames. The promises are in
 * context.h.
 *
 * The unwind information of both says that their caller is undefined: unwinders stop there by
 * rule, not by failing. rbp is 0 for those that follow frame pointers. What follows each call is
 * reached only if an entry function returns, which none may.
 */
    .text

    .globl  pit__context_start
    .hidden pit__context_start
    .type   pit__context_start, @function
    .p2align 4
pit__context_start:
    .cfi_startproc
    .cfi_undefined rip
    .cfi_undefined rbp
    popq    %rax
    popq    %rdi
    xorl    %ebp, %ebp
    callq   *%rax
    ud2
    .cfi_endproc
    .size   pit__context_start, . - pit__context_start

    .globl  pit__context_restart
    .hidden pit__context_restart
    .type   pit__context_restart, @function
    .p2align 4
pit__context_restart:
    .cfi_startproc
    .cfi_undefined rip
    .cfi_undefined rbp
    movq    %rdi, %rsp
    xorl    %ebp, %ebp
    pushq   %rbp
    pushq   %rbp
    movq    %rdx, %rdi
    callq   *%rsi
    ud2
    .cfi_endproc
    .size   pit__context_restart, . - pit__context_restart

    .section .note.GNU-stack, "", @progbits
