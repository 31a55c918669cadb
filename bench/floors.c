/*
 * The least that this machine can do: a switch between two stacks and nothing else, an atomic
 * operation nobody else wants, a block of memory taken and given back, a system call that does
 * nothing, an io_uring_enter that finds nothing to do, one that does nothing once, a message
 * through the kernel's loopback. What an operation of the runtime costs is given as a multiple of
 * one of these (`scripts/bench budget`); bounce.c is the floor between two cores.
 *
 * Each prints ns_per_op and checks that it did what it says. They run without a node.
 */
#include "bench/bench.h"

#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void report(int64_t since, uint64_t n)
{
    bench_report("ns_per_op", (double)(pit_now() - since) / (double)n);
}

/* ---- switch: save what a call must keep, take the other stack, give its back */

void bench_floor_jump(void **save, void *to);

#if defined(__x86_64__)
__asm__("    .text\n"
        "    .p2align 4\n"
        "    .globl bench_floor_jump\n"
        "    .hidden bench_floor_jump\n"
        "    .type bench_floor_jump, @function\n"
        "bench_floor_jump:\n"
        "    pushq %rbp\n    pushq %rbx\n    pushq %r12\n    pushq %r13\n    pushq %r14\n    pushq "
        "%r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n    popq %rbx\n    popq %rbp\n"
        "    ret\n"
        "    .size bench_floor_jump, . - bench_floor_jump\n");
enum {
    FRAME = 8,
    /* words: six registers, where to return, and that one's own return */
    ENTRY = 6
};
#else
__asm__("    .text\n"
        "    .p2align 4\n"
        "    .globl bench_floor_jump\n"
        "    .hidden bench_floor_jump\n"
        "    .type bench_floor_jump, %function\n"
        "bench_floor_jump:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp]\n    stp x21, x22, [sp, #16]\n    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n    stp x27, x28, [sp, #64]\n    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n    str x9, [x0]\n    mov sp, x1\n"
        "    ldp x19, x20, [sp]\n    ldp x21, x22, [sp, #16]\n    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n    ldp x27, x28, [sp, #64]\n    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n    ret\n"
        "    .size bench_floor_jump, . - bench_floor_jump\n");
enum { FRAME = 20, ENTRY = 11 };
#endif

#define STACK 65536

static struct {
    void *here, *there;
    uint64_t count;
} jump;

/* What a sanitizer adds to a function does not expect another stack under it. */
__attribute__((noinline, no_sanitize("address", "thread", "undefined"))) static void
other_side(void)
{
    for (;;) {
        jump.count++;
        bench_floor_jump(&jump.there, jump.here);
    }
}

int bench_floor_switch(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    void **stack = aligned_alloc(16, STACK);

    BENCH_CHECK(stack);
    void **top = stack + STACK / sizeof *stack - FRAME;
    for (int i = 0; i < FRAME; i++)
        top[i] = NULL;
    top[ENTRY] = (void *)other_side;
    jump.there = top;

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i += 2) /* to it, and back */
        bench_floor_jump(&jump.here, jump.there);
    report(since, (n + 1) / 2 * 2);
    BENCH_CHECK(jump.count == (n + 1) / 2);
    free(stack);
    return 0;
}

/* ---- one instruction, one allocation, one system call */

int bench_floor_atomic(char **argv)
{
    static _Alignas(128) _Atomic uint64_t word;
    uint64_t n = bench_number(argv[0], UINT32_MAX);

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++)
        atomic_fetch_add_explicit(&word, 1, memory_order_seq_cst);
    report(since, n);
    BENCH_CHECK(word == n);
    return 0;
}

int bench_floor_malloc(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++) {
        void *memory = malloc(64);

        __asm__ volatile("" : : "r"(memory) : "memory"); /* or the compiler leaves both out */
        BENCH_CHECK(memory);
        free(memory);
    }
    report(since, n);
    return 0;
}

int bench_floor_syscall(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    long parent = getppid();

    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(syscall(SYS_getppid) == parent);
    report(since, n);
    return 0;
}

/* ---- io_uring: entered for nothing, and for an operation that is none */

int bench_floor_enter(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    struct io_uring ring;

    BENCH_CHECK(io_uring_queue_init(8, &ring, 0) == 0);
    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(syscall(SYS_io_uring_enter, ring.ring_fd, 0, 0, 0, NULL, 0) == 0);
    report(since, n);
    io_uring_queue_exit(&ring);
    return 0;
}

int bench_floor_nop(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    struct io_uring_cqe *cqe;
    struct io_uring ring;

    BENCH_CHECK(io_uring_queue_init(8, &ring, 0) == 0);
    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

        io_uring_prep_nop(sqe);
        io_uring_sqe_set_data64(sqe, i);
        BENCH_CHECK(io_uring_submit_and_wait(&ring, 1) == 1);
        BENCH_CHECK(io_uring_peek_cqe(&ring, &cqe) == 0 && cqe->user_data == i);
        io_uring_cqe_seen(&ring, cqe);
    }
    report(since, n);
    io_uring_queue_exit(&ring);
    return 0;
}

/* ---- loopback: one thread sends to itself, so nobody is woken: two system calls and TCP */

static void connected(int ret[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BENCH_CHECK(listener >= 0 && ret[0] >= 0);
    BENCH_CHECK(bind(listener, (struct sockaddr *)&at, size) == 0 && listen(listener, 1) == 0);
    BENCH_CHECK(getsockname(listener, (struct sockaddr *)&at, &size) == 0);
    BENCH_CHECK(connect(ret[0], (struct sockaddr *)&at, size) == 0);
    ret[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    BENCH_CHECK(ret[1] >= 0);
    for (int i = 0; i < 2; i++)
        BENCH_CHECK(setsockopt(ret[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    close(listener);
}

int bench_floor_loopback(char **argv)
{
    uint64_t n = bench_number(argv[0], UINT32_MAX);
    char bytes[64] = {0};
    int ends[2];

    connected(ends);
    int64_t since = pit_now();
    for (uint64_t i = 0; i < n; i++) {
        int from = ends[i % 2], to = ends[(i + 1) % 2];

        bytes[0] = (char)i;
        BENCH_CHECK(send(from, bytes, sizeof bytes, 0) == sizeof bytes);
        bytes[0] = (char)~i;
        BENCH_CHECK(recv(to, bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes);
        BENCH_CHECK(bytes[0] == (char)i);
    }
    report(since, n);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
