/*
 * Stacks: where stackful processes and schedulers' loops run.
 *
 * A stack is address space, touched page by page. Below it lies a guard of 64 KiB, for a frame
 * larger than a small guard steps over it (programs are compiled with -fstack-clash-protection as
 * well). At its upper end stands struct pit__stack itself, so that a parked process needs one page
 * for both; the top, where the first frame begins, is the address of that struct. Tops are
 * coloured: stacks lie a whole number of pages apart, and their first frames would else share
 * cache sets.
 *
 *     | guard 64 KiB | low ...  usable, at least what was asked for ...  top | struct | colour |
 *
 * A pool belongs to one thread: no locks. Stacks may be put into another pool than they came from.
 * What pools give back, and what was never used, is kept in one place for all (stack.c, locked).
 *
 * States of a stack:  in use   got, not yet put
 *                     pooled   in one pool; its memory is as the last user left it
 *                     cold     in the common store; no memory but its guard's page-table entries
 *
 * Guards: MADV_GUARD_INSTALL where the kernel has it (6.13), which needs no mapping of its own.
 * Elsewhere mprotect, for all stacks while there are few, later for one of each GROUP, since
 * vm.max_map_count allows 65,530 mappings; a stack without a guard has a canary instead. The canary
 * is a line of zeros at low, which costs no memory as long as it is only read.
 */
#ifndef RUNTIME_STACK_H
#define RUNTIME_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "runtime/arch/fibre.h"

#define PIT__STACK_DEFAULT ((size_t)64 << 10)
#define PIT__STACK_LEAST ((size_t)16 << 10)
#define PIT__STACK_MOST ((size_t)8 << 20)
#define PIT__STACK_GUARD_SIZE ((size_t)64 << 10)
/* below what was asked for: the runtime's, which is called at the end of it */
#define PIT__STACK_ROOM ((size_t)8 << 10)
#define PIT__STACK_CLASSES 10 /* powers of two from LEAST to MOST */

struct pit__stack {
    struct pit__stack *next; /* in a pool */
    char *low;               /* the lowest usable byte; the guard ends here */
    struct pit__fibre fibre;
    uint8_t size_class;
    bool guarded; /* false: watch the canary */
} __attribute__((aligned(64)));

/* Zeroed, it is empty and ready. Owner's thread only. */
struct pit__stack_pool {
    struct {
        struct pit__stack *head;
        uint32_t count;
        uint32_t least; /* the fewest since the last trim: nobody missed these */
    } sizes[PIT__STACK_CLASSES];
};

enum pit__stack_place { PIT__STACK_INSIDE, PIT__STACK_GUARD, PIT__STACK_ELSEWHERE };

/*
 * A stack of at least size usable bytes; 0: the default. The one put last comes first, for its
 * memory is warm. NULL: there is no memory or no address space, and the log says what to raise; or
 * size exceeds PIT__STACK_MOST.
 */
struct pit__stack *pit__stack_get(struct pit__stack_pool *pool, size_t size);

/* Nobody runs on it or refers into it, the kernel included. */
void pit__stack_put(struct pit__stack_pool *pool, struct pit__stack *stack);

/*
 * Give back the memory of stacks that were not needed since the last call, at most `budget` of
 * them (about 1 us each); returns how many. For the scheduler when it is idle.
 */
unsigned pit__stack_trim(struct pit__stack_pool *pool, unsigned budget);

/* Give back everything. The pool is empty and may be used again. */
void pit__stack_pool_close(struct pit__stack_pool *pool);

/*
 * Give back the pages below sp, which are not live; the stack stays in use. For a process that
 * hibernates: with the stack pointer it was saved at or, called on the stack itself, its frame.
 */
void pit__stack_discard(struct pit__stack *stack, const void *sp);

/* Where the first frame begins: aligned to 64. */
static inline void *pit__stack_top(struct pit__stack *stack) { return stack; }

static inline size_t pit__stack_usable(const struct pit__stack *stack)
{
    return (size_t)((const char *)stack - stack->low);
}

/* Of a faulting address or a stack pointer. The struct above the top counts as elsewhere. */
static inline enum pit__stack_place pit__stack_classify(const struct pit__stack *stack,
                                                        uintptr_t address)
{
    uintptr_t low = (uintptr_t)stack->low;

    if (address >= low && address < (uintptr_t)stack)
        return PIT__STACK_INSIDE;
    if (address < low && address >= low - PIT__STACK_GUARD_SIZE)
        return PIT__STACK_GUARD;
    return PIT__STACK_ELSEWHERE;
}

/* How much is left below this frame: what enters the runtime near the end should fault before. */
static inline size_t pit__stack_room(const struct pit__stack *stack)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    return here > (uintptr_t)stack->low ? here - (uintptr_t)stack->low : 0;
}

bool pit__stack_canary_intact(const struct pit__stack *stack);

/* At each switch away: false, the process has overflowed its stack and must end. */
static inline bool pit__stack_sound(const struct pit__stack *stack)
{
    return PIT__LIKELY(stack->guarded) || pit__stack_canary_intact(stack);
}

/* For metrics and tests; any thread. */
struct pit__stack_usage {
    size_t made;       /* stacks that have address space */
    size_t cold;       /* of these, in the common store */
    size_t regions;    /* mappings made for them */
    size_t reserved;   /* bytes of address space */
    size_t warm;       /* of these: of stacks that are not cold, without their guards */
    bool light_guards; /* the kernel has MADV_GUARD_INSTALL */
};
void pit__stack_usage(struct pit__stack_usage *ret_usage);

/* For tests, before the first stack: behave as on a kernel without MADV_GUARD_INSTALL. */
void pit__stack_without_light_guards(void);

#endif
