/* Backtrace: walking a stack within its bounds. The contract is in backtrace.h. */
#include "runtime/backtrace.h"

#include <stdbool.h>

#include "runtime/text.h"

#define FIRST_FRAME 64 /* a frame that ends the chain lies so near to the top: context.h */

static bool is_frame(const struct pit__backtrace_from *f, uintptr_t fp)
{
    return fp % sizeof(uintptr_t) == 0 && fp >= f->low && fp >= f->sp &&
           fp <= f->top - 2 * sizeof(uintptr_t) && f->top > 2 * sizeof(uintptr_t);
}

/* Red zones of a sanitizer are words like others here. */
__attribute__((no_sanitize_address, no_sanitize_thread)) static uintptr_t word_at(uintptr_t address)
{
    return *(const volatile uintptr_t *)address;
}

static bool keeps_frame_pointers(uintptr_t pc)
{
    enum pit__text_kind kind = pit__text_kind_at(pc);

    return kind == PIT__TEXT_PROGRAM || kind == PIT__TEXT_RUNTIME;
}

/* The instruction before it is a call. Code that keeps frame pointers is mapped and readable. */
__attribute__((no_sanitize_address, no_sanitize_thread)) static bool is_return(uintptr_t address)
{
    const volatile unsigned char *p = (const volatile unsigned char *)address;

    if (!keeps_frame_pointers(address) || !keeps_frame_pointers(address - 8))
        return false;
#if defined(__x86_64__)
    if (p[-5] == 0xe8)
        return true; /* call to an offset */
    for (int back = 2; back <= 7; back++)
        if (p[-back] == 0xff && (p[-back + 1] & 0x38) == 0x10)
            return true; /* call through a register or memory */
    return false;
#else
    return (p[-1] & 0xfc) == 0x94 || (p[-1] == 0xd6 && (p[-2] & 0xe0) == 0x20); /* bl, blr */
#endif
}

/* A frame at this place would lead to `up`, and was entered by a call. */
static bool leads_to(uintptr_t at, uintptr_t up)
{
    return word_at(at) == up && is_return(word_at(at + sizeof(uintptr_t)));
}

/* The first frame of the stack, which ends the chain, lies near its top; 0: there is none. */
static uintptr_t first_frame(const struct pit__backtrace_from *f)
{
    for (uintptr_t at = f->top - 2 * sizeof(uintptr_t); at + FIRST_FRAME > f->top;
         at -= sizeof(uintptr_t))
        if (is_frame(f, at) && leads_to(at, 0))
            return at;
    return 0;
}

/*
 * The innermost frame of the chain, found from its other end: from each frame down to the nearest
 * word that leads to it. From below, remains of earlier calls would be met before the live frames.
 */
static uintptr_t search_frame(const struct pit__backtrace_from *f)
{
    uintptr_t frame = first_frame(f);

    if (!frame)
        return 0;
    for (uintptr_t at = frame - sizeof(uintptr_t); is_frame(f, at); at -= sizeof(uintptr_t))
        if (leads_to(at, frame))
            frame = at;
    return frame;
}

/*
 * The frame that was found belongs to who called into the library; where it did so lies between,
 * under its variables. The nearest, for further down are remains of calls that have returned.
 */
static uintptr_t search_call(const struct pit__backtrace_from *f, uintptr_t frame)
{
    for (uintptr_t at = frame; at > f->sp;) {
        at -= sizeof(uintptr_t);
        if (is_return(word_at(at)))
            return word_at(at);
    }
    return 0;
}

/* The caller of code without a frame: in the link register, or just pushed. */
static uintptr_t caller_without_frame(const struct pit__backtrace_from *f)
{
    if (f->link)
        return is_return(f->link) ? f->link : 0;
    if (!is_frame(f, f->sp))
        return 0;
    return is_return(word_at(f->sp)) ? word_at(f->sp) : 0;
}

size_t pit__backtrace(const struct pit__backtrace_from *from, uintptr_t *frames, size_t most)
{
    uintptr_t fp = from->fp;
    size_t count = 0;

    if (from->pc && count < most)
        frames[count++] = from->pc;
    if (from->sp && !keeps_frame_pointers(from->pc)) {
        uintptr_t caller = caller_without_frame(from);

        if (!caller) {
            fp = search_frame(from);
            caller = fp ? search_call(from, fp) : 0;
        }
        if (caller && count < most)
            frames[count++] = caller; /* and fp is that caller's */
    }
    while (count < most && is_frame(from, fp)) {
        uintptr_t up = word_at(fp), back = word_at(fp + sizeof(uintptr_t));

        if (back == 0)
            break;
        frames[count++] = back;
        if (up <= fp)
            break; /* 0 at the first frame; anything else is no chain */
        fp = up;
    }
    return count;
}
