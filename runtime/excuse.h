/*
 * The first look at a message's descriptor, a call to be answered or memory to be freed, which the
 * program names: one that leads nowhere (NULL) is the fault of its user, as a payload that does is.
 * The roads of messages cannot spare a store for that (pit__touching_begin); so the instruction
 * itself is known by its address. It stands in a table (section pit_excused, an offset each), which
 * fault.c asks before it says that the runtime broke. It is the same instruction that a compiler
 * would make, so it costs nothing.
 *
 * What holds where it stands: nothing is half changed, and whatever the process holds goes with it.
 * The look comes before every other at the same thing.
 */
#ifndef PIT_RUNTIME_EXCUSE_H
#define PIT_RUNTIME_EXCUSE_H

#include <stddef.h>

#include "runtime/message.h"

/* A function that works on nothing but what it was given, outside of the border: a fault there is
   its caller's (lib/given.ld). */
#define PIT__GIVEN __attribute__((section(".text.pit_given")))

#define PIT__EXCUSED "\n.pushsection pit_excused,\"a\"\n.balign 4\n.long 771b - .\n.popsection\n"

#if defined(__x86_64__)
static inline bool pit__type_owns(const pit_type *type)
{
    bool owns;

    __asm__("771: testb %[bit], %[flags]" PIT__EXCUSED
            : "=@ccnz"(owns)
            : [bit] "i"(PIT_TYPE_OWNS), [flags] "m"(*(const uint8_t *)&type->flags));
    return owns;
}
static inline uint32_t pit__type_flags(const pit_type *type)
{
    uint32_t flags;

    __asm__("771: movzwl %[at], %[flags]" PIT__EXCUSED
            : [flags] "=r"(flags)
            : [at] "m"(type->flags));
    return flags;
}
static inline uint32_t pit__type_size(const pit_type *type)
{
    uint32_t size;

    __asm__("771: movl %[at], %[size]" PIT__EXCUSED : [size] "=r"(size) : [at] "m"(type->size));
    return size;
}
static inline bool pit__type_has_size(const pit_type *type, uint32_t size)
{
    bool has;

    __asm__("771: cmpl %[size], %[at]" PIT__EXCUSED
            : "=@cce"(has)
            : [size] "r"(size), [at] "m"(type->size));
    return has;
}
static inline uint64_t pit__given_word(const uint64_t *at)
{
    uint64_t word;

    __asm__("771: movq %[at], %[word]" PIT__EXCUSED : [word] "=r"(word) : [at] "m"(*at));
    return word;
}
static inline bool pit__message_is_call(const struct pit__message *m)
{
    bool is;

    __asm__("771: cmpb %[call], %[kind]" PIT__EXCUSED
            : "=@cce"(is)
            : [call] "i"(PIT__CALL), [kind] "m"(m->block.kind));
    return is;
}
#elif defined(__aarch64__)
static inline uint32_t pit__type_flags(const pit_type *type)
{
    uint32_t flags;

    __asm__("771: ldrh %w[flags], [%[type], %[offset]]" PIT__EXCUSED
            : [flags] "=r"(flags)
            : [type] "r"(type), [offset] "i"(offsetof(pit_type, flags)), "m"(type->flags));
    return flags;
}
static inline bool pit__type_owns(const pit_type *type)
{
    return pit__type_flags(type) & PIT_TYPE_OWNS;
}
static inline uint32_t pit__type_size(const pit_type *type)
{
    uint32_t size;

    __asm__("771: ldr %w[size], [%[type], %[offset]]" PIT__EXCUSED
            : [size] "=r"(size)
            : [type] "r"(type), [offset] "i"(offsetof(pit_type, size)), "m"(type->size));
    return size;
}
static inline bool pit__type_has_size(const pit_type *type, uint32_t size)
{
    return pit__type_size(type) == size;
}
static inline uint64_t pit__given_word(const uint64_t *at)
{
    uint64_t word;

    __asm__("771: ldr %[word], [%[at]]" PIT__EXCUSED : [word] "=r"(word) : [at] "r"(at), "m"(*at));
    return word;
}
static inline bool pit__message_is_call(const struct pit__message *m)
{
    uint32_t kind;

    __asm__("771: ldrb %w[kind], [%[m], %[offset]]" PIT__EXCUSED
            : [kind] "=r"(kind)
            : [m] "r"(m), [offset] "i"(offsetof(struct pit__message, block.kind)),
              "m"(m->block.kind));
    return kind == PIT__CALL;
}
#endif

#endif
