/*
 * Where a contained fault lands. fault.c decides in its signal handler, by what running() tells it,
 * and continues in land(), on the process's own stack from its top: an ordinary call of the runtime
 * that ends the process with a reason that says it all.
 */
#include "runtime/land.h"

#include <stdio.h>

#include <pit/log.h>
#include <pit/term.h>

#include "runtime/backtrace.h"
#include "runtime/crashdump.h"
#include "runtime/enter.h"
#include "runtime/fault.h"
#include "runtime/name.h"
#include "runtime/node_state.h"
#include "runtime/reason.h"
#include "runtime/signal.h"

#define FRAMES 8             /* in the reason; the log has as many */
#define DUMP_MOST 100000     /* processes in a crash dump */
#define DUMP_BACKTRACES 1000 /* of them with their frames */
#define DUMP_FRAMES 16

static bool running(struct pit__fault_place *ret)
{
    struct pit__thread *t = pit__thread();

    if (!t)
        return false;
    *ret = (struct pit__fault_place){
        .stack = t->current && t->current->stack ? t->current->stack : t->sched->loop_stack,
        .in_runtime = t->in_runtime > 0,
        .touching = t->touching != NULL,
    };
    return t->current != NULL;
}

/* {fault, 'SIGSEGV', null_pointer, Address | unknown, <<"where">>, [<<"frame">>, ...]} */
static pit_term reason_term(const struct pit__fault_info *info)
{
    char text[256];
    pit_term frames = pit_nil(), address = pit_atom("unknown");
    unsigned n = info->frame_count < FRAMES ? info->frame_count : FRAMES;

    for (unsigned i = n; i-- > 0;) {
        (void)pit__fault_frame_text(info, i, text, sizeof text);
        frames = pit_list_cons(pit_term_of((const char *)text), frames);
    }
    if (info->address_known)
        address = pit_term_of((uint64_t)info->address);
    if (info->expression)
        snprintf(text, sizeof text, "%s:%u: %s: assertion failed: %s",
                 info->file ? info->file : "?", info->line, info->function ? info->function : "?",
                 info->expression);
    else
        (void)pit__fault_frame_text(info, 0, text, sizeof text);
    return pit_tuple(pit_atom("fault"), pit_atom_of(pit__fault_signal_name(info->signal)),
                     pit_atom_of(pit__fault_name(info)), address, (const char *)text, frames);
}

PIT_NORETURN static void land(void *argument)
{
    const struct pit__fault_info *info = argument;
    struct pit__thread *t = pit__thread();
    struct pit__process *p = t->current;
    struct pit__reason_room room;
    char text[512];

    t->in_runtime = 1;
    if (t->touching && t->touching != t)
        pit__block_free(&t->sched->blocks, t->touching);
    t->touching = NULL;
    p->flags |= PIT__F_FAULTED;
    (void)pit__fault_reason_text(info, text, sizeof text);
    pit_log(
        PIT_LOG_ERROR,
        "Error in process <0.%u.%llu>%s%s with exit value: fault, %s, group leader <0.%llu.%llu>",
        pit__slot_index(p), (unsigned long long)(pit__process_pid(p) >> PIT__PID_INDEX_BITS),
        p->name ? " registered as " : "", p->name ? pit__name_text(p) : "", text,
        (unsigned long long)pit__pid_index(p->group_leader),
        (unsigned long long)pit__pid_generation(p->group_leader)); /* GL-2 */
    room = pit__reason_begin();
    pit__exit_current(pit__reason_end(&room, reason_term(info)));
}

void pit__no_room(void) { pit__fault_raise(PIT__FAULT_OVERFLOW, NULL, __builtin_frame_address(0)); }

/* Where a process that waits on a stack of its own stands. One that runs on another thread has
   moved on from its saved frames. */
static void dump_frames(int fd, const struct pit__process *p)
{
    uintptr_t frames[DUMP_FRAMES];
    struct pit__backtrace_from from;
    size_t n;

    if (!p->stack || !p->sp || (p->status != PIT__WAITING && p->status != PIT__RUNNABLE))
        return;
    from = (struct pit__backtrace_from){.pc = pit__context_pc(p->sp),
                                        .fp = pit__context_fp(p->sp),
                                        .low = (uintptr_t)p->stack->low,
                                        .top = (uintptr_t)pit__stack_top(p->stack)};
    n = pit__backtrace(&from, frames, DUMP_FRAMES);
    pit__crashdump_frames(fd, frames, n);
}

/* In a signal handler: reads what it finds, which may be half changed. */
static void dump(int fd)
{
    uint32_t used = atomic_load_explicit(&pit__slots.used, memory_order_acquire), shown = 0;

    pit__crashdump_printf(fd, "node %s, %u schedulers, %lu processes\n", pit__node.name,
                          pit__node.count, (unsigned long)pit__node_processes());
    for (unsigned i = 0; i < pit__node.count; i++) {
        const struct pit__sched *s = pit__node.scheds[i];

        pit__crashdump_printf(
            fd, "scheduler %u: %u runnable, %lu switches, %lu faults contained\n", i, s->runnable,
            (unsigned long)atomic_load_explicit(&s->switches, memory_order_relaxed),
            (unsigned long)atomic_load_explicit(&s->faults, memory_order_relaxed));
    }
    for (uint32_t i = 0; i < used && shown < DUMP_MOST; i++) {
        const struct pit__process *p = pit__slots.base + i;
        int64_t pid = pit__process_pid(p);

        if (!pid)
            continue;
        shown++;
        pit__crashdump_printf(
            fd, "process <0.%u.%lu> status %u messages %u reductions %lu label %s\n", i,
            (unsigned long)(pid >> PIT__PID_INDEX_BITS), p->status, p->length,
            (unsigned long)(p->reductions + p->slice_reductions), p->label ? p->label : "-");
        if (shown <= DUMP_BACKTRACES)
            dump_frames(fd, p);
    }
}

static const struct pit__fault_ops ops = {.running = running, .land = land, .dump = dump};

int pit__land_begin(void)
{
    int r;

    pit__crashdump_path(pit__node.opts.crash_dump);
    r = pit__fault_init(&ops);
    if (r < 0)
        pit_log(PIT_LOG_ERROR,
                "cannot prepare for faults (rt_sigaction, reading the loaded modules): %s; if a "
                "seccomp filter forbids rt_sigaction, allow it",
                pit_strerror(r));
    return r;
}

void pit__land_end(void) { pit__fault_shutdown(); }

void pit__land_thread_begin(void)
{
    int r = pit__fault_thread_init();

    if (r < 0)
        pit_log(PIT_LOG_WARNING,
                "no signal stack (%s): a stack overflow on this scheduler will end the node",
                pit_strerror(r));
}

void pit__land_thread_end(void) { pit__fault_thread_exit(); }
