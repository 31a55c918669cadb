#include "runtime/where.h"

#include <stdio.h>

#include "runtime/backtrace.h"
#include "runtime/fault.h"
#include "runtime/sched.h"

size_t pit__where(const struct pit__process *p, uintptr_t *frames, size_t most)
{
    const struct pit__thread *t = pit__thread();
    const struct pit__stack *stack = p->stack;
    struct pit__backtrace_from from = {0};

    if (p->status == PIT__RUNNING) {
        if (!t || t->current != p)
            return 0;
        stack = stack ? stack : t->sched->loop_stack;
        from.pc = (uintptr_t)__builtin_return_address(0);
        from.fp = (uintptr_t)__builtin_frame_address(0);
    } else {
        if (!stack || !p->sp)
            return 0;
        from.pc = pit__context_pc(p->sp);
        from.fp = pit__context_fp(p->sp);
    }
    from.low = (uintptr_t)stack->low;
    from.top = (uintptr_t)pit__stack_top((struct pit__stack *)(uintptr_t)stack);
    return pit__backtrace(&from, frames, most);
}

size_t pit__where_text(const struct pit__process *p, size_t most, char *text, size_t size)
{
    uintptr_t frames[PIT__WHERE_MOST];
    size_t n = pit__where(p, frames, most < PIT__WHERE_MOST ? most : PIT__WHERE_MOST), length = 0;

    if (!size)
        return 0;
    text[0] = 0;
    for (size_t i = 0; i < n && length + 3 < size; i++) {
        if (i)
            length += (size_t)snprintf(text + length, size - length, ", ");
        length += pit__fault_place_text(frames[i], i > 0, text + length, size - length);
    }
    return length;
}
