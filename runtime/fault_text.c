/* Faults in words: for exit reasons and logs. Not in a signal handler: dladdr takes a lock. */
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/fault.h"
#include "runtime/text.h"

#define NULL_PAGE 4096 /* an address below is a member of a struct at NULL */

const char *pit__fault_signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    case SIGTRAP:
        return "SIGTRAP";
    case SIGSYS:
        return "SIGSYS";
    case SIGABRT:
        return "SIGABRT";
    default:
        return "SIG?";
    }
}

static bool at_null(const struct pit__fault_info *info)
{
    return info->address_known && info->address < NULL_PAGE;
}

const char *pit__fault_name(const struct pit__fault_info *info)
{
    switch (info->kind) {
    case PIT__FAULT_MEMORY:
        return at_null(info) ? "null_pointer" : "bad_address";
    case PIT__FAULT_JUMP:
        return "bad_jump";
    case PIT__FAULT_OVERFLOW:
        return "stack_overflow";
    case PIT__FAULT_ARITHMETIC:
        return "arithmetic";
    case PIT__FAULT_ILLEGAL:
        return "illegal_instruction";
    case PIT__FAULT_CALL:
        return "forbidden_system_call";
    case PIT__FAULT_ASSERT:
        return "assertion";
    case PIT__FAULT_ABORT:
        break;
    }
    return "abort";
}

struct text {
    char *at;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    if (t->length + 1 >= t->size)
        return;
    va_start(args, format);
    n = vsnprintf(t->at + t->length, t->size - t->length, format, args);
    va_end(args);
    if (n > 0)
        t->length += (size_t)n < t->size - t->length ? (size_t)n : t->size - t->length - 1;
}

/* The function is looked up one byte before a return address, which may be the next function's. */
static void append_place(struct text *t, uintptr_t address, bool is_return)
{
    const struct pit__text_range *r = pit__text_find(address);
    Dl_info symbol;
    const char *slash;

    if (!r) {
        append(t, "0x%lx, where no code is", (unsigned long)address);
        return;
    }
    if (dladdr((void *)(address - is_return), &symbol) && symbol.dli_sname)
        append(t, "%s+0x%lx ", symbol.dli_sname,
               (unsigned long)(address - (uintptr_t)symbol.dli_saddr));
    slash = strrchr(r->name, '/');
    append(t, "(%s+0x%lx)", slash ? slash + 1 : r->name, (unsigned long)(address - r->base));
}

static const char *sentence(const struct pit__fault_info *info)
{
    switch (info->kind) {
    case PIT__FAULT_MEMORY:
        return at_null(info) ? "null pointer" : "bad address";
    case PIT__FAULT_JUMP:
        return "jump to a bad address";
    case PIT__FAULT_OVERFLOW:
        return "stack overflow";
    case PIT__FAULT_ARITHMETIC:
        return info->code == FPE_INTDIV ? "division by zero" : "arithmetic fault";
    case PIT__FAULT_ILLEGAL:
        return "illegal instruction";
    case PIT__FAULT_CALL:
        return "forbidden system call";
    case PIT__FAULT_ASSERT:
        return "assertion failed";
    case PIT__FAULT_ABORT:
        break;
    }
    return "abort";
}

/* Of abort and assertions the first frames are the wrapper's own; the interesting place is
   above. */
static uintptr_t place_of(const struct pit__fault_info *info, bool *ret_is_return)
{
    for (unsigned i = 0; i < info->frame_count; i++) {
        if (pit__text_kind_at(info->frames[i]) == PIT__TEXT_PROGRAM) {
            *ret_is_return = i > 0 || info->code == 0;
            return info->frames[i];
        }
    }
    *ret_is_return = false;
    return info->pc;
}

size_t pit__fault_reason_text(const struct pit__fault_info *info, char *text, size_t size)
{
    struct text t = {.at = text, .size = size};
    bool is_return;
    uintptr_t place = place_of(info, &is_return);

    if (size)
        text[0] = 0;
    append(&t, "%s: %s", pit__fault_signal_name(info->signal), sentence(info));
    if (info->expression) {
        append(&t, ": %s, %s:%u, in %s", info->expression, info->file, info->line,
               info->function ? info->function : "?");
        return t.length;
    }
    if (info->address_known)
        append(&t, ", address 0x%lx", (unsigned long)info->address);
    else if (info->kind == PIT__FAULT_MEMORY)
        append(&t, ", address unknown");
    append(&t, ", in ");
    append_place(&t, place, is_return);
    return t.length;
}

size_t pit__fault_place_text(uintptr_t address, bool is_return, char *text, size_t size)
{
    struct text t = {.at = text, .size = size};

    if (size)
        text[0] = 0;
    append_place(&t, address, is_return);
    return t.length;
}

size_t pit__fault_frame_text(const struct pit__fault_info *info, unsigned i, char *text,
                             size_t size)
{
    if (i < info->frame_count)
        return pit__fault_place_text(info->frames[i], i > 0 || info->code == 0, text, size);
    if (size)
        text[0] = 0;
    return 0;
}
