/* Backtrace: walking a stack within its bounds. The contract is in backtrace.h. */
#include "runtime/backtrace.h"

#include <stdbool.h>

#include "runtime/text.h"

#define SEARCH_WORDS 4096 /* how far to look for a frame: printf's own are about 3 KiB */

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

/* A frame whose return address is in code that keeps frame pointers, and whose link makes sense. */
static uintptr_t search_frame(const struct pit__backtrace_from *f)
{
    uintptr_t at = f->sp;

    for (unsigned i = 0; i < SEARCH_WORDS && is_frame(f, at); i++, at += sizeof(uintptr_t)) {
        uintptr_t up = word_at(at);

        if (keeps_frame_pointers(word_at(at + sizeof(uintptr_t))) &&
            (up == 0 || (up > at && is_frame(f, up))))
            return at;
    }
    return 0;
}

/* The caller of code without a frame: in the link register, or just pushed. */
static uintptr_t caller_without_frame(const struct pit__backtrace_from *f)
{
    if (f->link)
        return keeps_frame_pointers(f->link) ? f->link : 0;
    if (!is_frame(f, f->sp))
        return 0;
    return keeps_frame_pointers(word_at(f->sp)) ? word_at(f->sp) : 0;
}

size_t pit__backtrace(const struct pit__backtrace_from *from, uintptr_t *frames, size_t most)
{
    uintptr_t fp = from->fp;
    size_t count = 0;

    if (from->pc && count < most)
        frames[count++] = from->pc;
    if (from->sp && !keeps_frame_pointers(from->pc)) {
        uintptr_t caller = caller_without_frame(from);

        if (caller && count < most)
            frames[count++] = caller; /* and fp is that caller's */
        else
            fp = search_frame(from);
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
