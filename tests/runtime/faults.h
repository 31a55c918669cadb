/*
 * Every kind of fault, really done: what a process does that is to crash, and how its exit reason
 * begins.
 *
 * map_a_file() first, for the fault on a mapped file. usable(kind): also where sanitizers stand in
 * front of abort and assert.
 */
#ifndef TESTS_RUNTIME_FAULTS_H
#define TESTS_RUNTIME_FAULTS_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/harness/test.h"

/* Faults on purpose are not to be diagnosed. Both compilers know one of the two ways to say so of
   undefined behaviour. */
#if defined(__clang__)
#define FAULTY __attribute__((noinline, no_sanitize("address", "thread", "undefined")))
#else
#define FAULTY \
    __attribute__((noinline, no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

static volatile int sink;
static int *volatile null;
static char *past_the_end; /* of a mapped file: SIGBUS */

FAULTY static void write_null(void) { *null = 1; }
FAULTY static void read_null(void) { sink = null[4]; }
FAULTY static void jump_wild(void) { ((void (*volatile)(void))(uintptr_t)0x10)(); }
FAULTY static void divide(void)
{
    volatile int zero = 0;

    sink = 7 / zero;
}
FAULTY static void trap(void) { __builtin_trap(); }
FAULTY static void read_past_the_end(void) { sink = *(volatile unsigned char *)past_the_end; }

static int recurse(int depth);
static int (*volatile recursion)(int) = recurse; /* so that no compiler sees where it leads */
FAULTY static int recurse(int depth)
{
    volatile char frame[1000];

    frame[depth % 1000] = (char)depth;
    return recursion(depth + 1) + frame[7];
}
FAULTY static void overflow(void) { sink = recursion(0); }

static const char *volatile bad_text = (const char *)8;
FAULTY static void libc_faults(void) { sink = (int)strlen(bad_text); }
static void aborts(void) { abort(); }
static void asserts(void) { assert(sink == -12345); }

static const struct kind {
    void (*fault)(void);
    const char *name;
    const char *reason; /* how it begins */
    bool everywhere;    /* also under sanitizers */
} kinds[] = {
    {write_null, "a write through NULL", "{fault,'SIGSEGV',null_pointer,", true},
    {read_null, "a read through NULL", "{fault,'SIGSEGV',null_pointer,", true},
    {jump_wild, "a wild jump", "{fault,'SIGSEGV',", true},
#if defined(__x86_64__)
    {divide, "a division by zero", "{fault,'SIGFPE',", true},
#endif
    {trap, "an illegal instruction", "{fault,'SIG", true},
    {overflow, "stack overflow", "{fault,'SIGSEGV',stack_overflow,", true},
    {read_past_the_end, "a read past the end of a mapped file", "{fault,'SIGBUS',", true},
    {libc_faults, "a bad pointer given to libc", "{fault,'SIGSEGV',", true},
    {aborts, "abort()", "{fault,'SIGABRT',", false},
    {asserts, "a failed assert", "{fault,'SIGABRT',", false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool usable(int how) { return kinds[how].everywhere || !pit_test_sanitized(); }

static void map_a_file(void)
{
    char path[] = "/tmp/pit_test_crash_XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    unlink(path);
    past_the_end = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0); /* of an empty file */
    CHECK(past_the_end != MAP_FAILED);
    close(fd);
}

#endif
