/*
 * Faults: the handlers and their decision. The contract is in fault.h.
 *
 * Everything from on_signal to its return is async-signal-safe. decide() only reads; what it says
 * is done by the handler or by pit__fault_raise. Two threads may fault at once: contained faults
 * are each thread's own affair; of two that end the node, the first writes the dump, the other
 * waits.
 */
#include "runtime/fault.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "runtime/arch/machine.h"
#include "runtime/backtrace.h"
#include "runtime/crashdump.h"
#include "runtime/guard.h"
#include "runtime/stdio_locks.h"
#include "runtime/text.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

/* the dump's frames, and a handler that was there before */
#define ALTERNATE_ROOM ((size_t)64 << 10)

/* NULL: a member of what it is said to point to; of a message's, a header stands before it */
#define NEAR 4096

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
#define SIGNALS (sizeof(signals) / sizeof(*signals))

/* At the low end of the alternate stack's mapping, behind a guard page from the stack itself. */
struct fault_thread {
    size_t mapped;
    stack_t before;
    struct pit__float_control floats; /* as they were when it began */
    struct pit__fault_info info;
    struct pit__fault_place place;
};

static struct {
    const struct pit__fault_ops *ops; /* NULL: not installed */
    pid_t pid;                        /* a forked child is not the node */
    struct sigaction before[SIGNALS];
    _Atomic(int) ending;
} fault;

static _Thread_local struct fault_thread *fault_self __attribute__((tls_model("initial-exec")));

/* --- deciding -------------------------------------------------------------------------------- */

/* A non-canonical address is reported as 0 with code SI_KERNEL; a sent signal has none. */
static bool address_known(const siginfo_t *si)
{
    return (si->si_signo == SIGSEGV || si->si_signo == SIGBUS) && si->si_code > 0 &&
           si->si_code != SI_KERNEL;
}

enum verdict {
    CONTAIN,
    NOT_OURS,   /* the handler that was there before, or the default, without a dump */
    NO_PROCESS, /* the same, but with a dump if it is the default */
    IN_RUNTIME,
    IN_MALLOC,
    WITH_LOCK,
};

static const char *const reasons[] = {
    [CONTAIN] = "contained",
    [NOT_OURS] = "sent from outside",
    [NO_PROCESS] = "on a thread that was running no process",
    [IN_RUNTIME] = "in the runtime",
    [IN_MALLOC] = "inside malloc, whose heap is damaged or locked",
    [WITH_LOCK] = "while a lock was held that nobody would release",
};

#define FROM_LINKER extern __attribute__((weak, visibility("hidden")))

/* Offsets of the instructions that excuse.h speaks of; the linker says where they begin and end. */
FROM_LINKER const int32_t __start_pit_excused[], __stop_pit_excused[];

/* Code that measures a term before anything is done with it (term/copy.c), and all code that works
   on nothing but what it was given (lib/given.ld). */
FROM_LINKER const char __start_pit_measure[], __stop_pit_measure[];
FROM_LINKER const char pit__given_begin[], pit__given_end[];

static bool within(uintptr_t pc, const char *begin, const char *end)
{
    return pc >= (uintptr_t)begin && pc < (uintptr_t)end;
}

static bool excused(uintptr_t pc)
{
    for (const int32_t *at = __start_pit_excused; at != __stop_pit_excused; at++)
        if ((uintptr_t)((intptr_t)at + *at) == pc)
            return true;
    return within(pc, __start_pit_measure, __stop_pit_measure);
}

/*
 * null: the fault is at an address near 0. Between its border's two sides (enter.h) the runtime
 * reads through NULL if it is broken; outside of them, where it works on what is the process's, if
 * it was given NULL. What is shared is worked on outside of them too, on the fast roads of messages,
 * so another address is an error of ours; but not in what knows nothing but what it was given: a
 * term that is used after the receive that ended its life is its user's fault.
 */
static enum verdict decide(const struct pit__fault_place *place, uintptr_t pc, bool null)
{
    if (pit__guard.malloc_depth > 0)
        return IN_MALLOC;
    if (pit__guard.locks > 0)
        return WITH_LOCK;
    if (place->touching || excused(pc))
        return CONTAIN;
    if (place->in_runtime)
        return IN_RUNTIME;
    if (!null && pit__text_kind_at(pc) == PIT__TEXT_RUNTIME &&
        !within(pc, pit__given_begin, pit__given_end))
        return IN_RUNTIME;
    return CONTAIN;
}

/* Sent by kill, sigqueue or tgkill. abort() sends to itself, and is not from outside. */
static bool from_outside(const siginfo_t *si)
{
    if (si->si_code > 0)
        return false;
    return si->si_code != SI_TKILL || si->si_pid != fault.pid;
}

/* --- describing ------------------------------------------------------------------------------ */

static enum pit__fault_kind kind_of(const siginfo_t *si, uintptr_t pc,
                                    const struct pit__stack *stack)
{
    uintptr_t address = (uintptr_t)si->si_addr;

    switch (si->si_signo) {
    case SIGFPE:
        return PIT__FAULT_ARITHMETIC;
    case SIGILL:
    case SIGTRAP:
        return PIT__FAULT_ILLEGAL;
    case SIGSYS:
        return PIT__FAULT_CALL;
    case SIGABRT:
        return PIT__FAULT_ABORT;
    default:
        if (!address_known(si))
            return PIT__FAULT_MEMORY;
        if (stack && pit__stack_classify(stack, address) == PIT__STACK_GUARD)
            return PIT__FAULT_OVERFLOW;
        if (address == pc || pit__text_kind_at(pc) == PIT__TEXT_NONE)
            return PIT__FAULT_JUMP;
        return PIT__FAULT_MEMORY;
    }
}

static void add_frames(struct pit__fault_info *info, struct pit__backtrace_from from,
                       struct pit__stack *stack)
{
    if (stack) {
        from.low = (uintptr_t)stack->low;
        from.top = (uintptr_t)pit__stack_top(stack);
    }
    info->frame_count = (unsigned)pit__backtrace(&from, info->frames, PIT__FAULT_FRAMES);
}

static void describe(struct pit__fault_info *info, const siginfo_t *si, const ucontext_t *u,
                     struct pit__stack *stack)
{
    uintptr_t pc = pit__machine_pc(u);

    *info = (struct pit__fault_info){
        .kind = kind_of(si, pc, stack),
        .signal = si->si_signo,
        .code = si->si_code,
        .address_known = address_known(si),
        .address = address_known(si) ? (uintptr_t)si->si_addr : 0,
        .foreign = pit__text_kind_at(pc) == PIT__TEXT_LIBRARY,
        .pc = pc,
    };
    add_frames(info,
               (struct pit__backtrace_from){.pc = pc,
                                            .sp = pit__machine_sp(u),
                                            .fp = pit__machine_fp(u),
                                            .link = pit__machine_link(u)},
               stack);
}

/* --- ending the node ------------------------------------------------------------------------- */

static size_t index_of(int signal)
{
    size_t i = 0;

    while (i < SIGNALS - 1 && signals[i] != signal)
        i++;
    return i;
}

/*
 * Leave it to the kernel. A fault of the processor strikes again when the handler returns, so a
 * core file shows the place itself; a signal that was sent is sent once more.
 */
static void end_by_default(const siginfo_t *si)
{
    struct sigaction act = {.sa_handler = SIG_DFL};

    (void)sigaction(si->si_signo, &act, NULL); /* cannot fail for these */
    if (si->si_code <= 0 || si->si_signo == SIGTRAP || si->si_signo == SIGSYS)
        (void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), si->si_signo);
}

/* True: somebody else's handler was there and has been called. */
static bool call_previous(const siginfo_t *si, void *context)
{
    const struct sigaction *before = &fault.before[index_of(si->si_signo)];

    if (before->sa_flags & SA_SIGINFO) {
        before->sa_sigaction(si->si_signo, (siginfo_t *)si, context);
        return true;
    }
    if (before->sa_handler == SIG_DFL)
        return false;
    if (before->sa_handler == SIG_IGN)
        return si->si_code <= 0; /* a fault cannot be ignored */
    before->sa_handler(si->si_signo);
    return true;
}

static void dump(const struct pit__fault_info *info, enum verdict verdict)
{
    if (atomic_exchange_explicit(&fault.ending, 1, memory_order_relaxed)) {
        for (;;)
            (void)pause(); /* another thread is writing the dump, and ends us all */
    }
    pit__crashdump_write(info, reasons[verdict], fault.ops->dump);
}

/* --- the handler ----------------------------------------------------------------------------- */

/* On the top of the process's stack, all its frames gone. Releases what the C library can give
   back. */
PIT_NORETURN static void landed(void *arg)
{
    struct fault_thread *t = (struct fault_thread *)arg;

    pit__fibre_landed(&t->place.stack->fibre);
    pit__stdio_locks_release();
    /* is the thread's, and its next process did not ask for it */
    pit__float_control_set(t->floats);
    fault.ops->land(&t->info);
    PIT_ASSERT(!"a landed process came back");
    __builtin_unreachable();
}

static enum verdict judge(const siginfo_t *si, const ucontext_t *u, struct pit__fault_place *place)
{
    if (getpid() != fault.pid || from_outside(si))
        return NOT_OURS;
    if (!fault_self)
        return NO_PROCESS;
    if (!fault.ops->running(place))
        return IN_RUNTIME; /* a scheduler between two processes */
    return decide(place, pit__machine_pc(u),
                  address_known(si) && (uintptr_t)si->si_addr + NEAR < 2 * NEAR);
}

/*
 * A process that switched its alignment check on called us, and we read what is not aligned, as the
 * C library does too: the check is off from here on. It may also have been left on by who ran
 * before: only in a process's own code is it the process's.
 */
static bool checked_for_another(enum verdict verdict, const siginfo_t *si, ucontext_t *u)
{
    bool ours = verdict == IN_RUNTIME || verdict == IN_MALLOC || verdict == WITH_LOCK;

    return ours && si->si_signo == SIGBUS && si->si_code == BUS_ADRALN && pit__machine_unalign(u);
}

static void on_signal(int signal, siginfo_t *si, void *context)
{
    pit__machine_handler();

    int saved = errno;
    ucontext_t *u = (ucontext_t *)context;
    struct pit__fault_place place = {0};
    struct pit__fault_info info;
    enum verdict verdict = judge(si, u, &place);

    (void)signal;
    if (verdict == CONTAIN) {
        fault_self->place = place;
        describe(&fault_self->info, si, u, place.stack);
        pit__machine_redirect(u, pit__stack_top(place.stack), landed, fault_self);
    } else if (checked_for_another(verdict, si, u)) {
        /* and on it goes */
    } else if (verdict == NOT_OURS) {
        if (!call_previous(si, context))
            end_by_default(si);
    } else if (!call_previous(si, context)) {
        describe(&info, si, u, place.stack);
        dump(&info, verdict);
        end_by_default(si);
    }
    errno = saved;
}

void pit__fault_raise(enum pit__fault_kind kind, const struct pit__fault_assertion *what,
                      const void *frame)
{
    struct fault_thread *t = fault_self;

    if (!fault.ops || !t || getpid() != fault.pid || !fault.ops->running(&t->place))
        return;
    /* The caller is the wrapper of abort, so by its address it would always be in the runtime. */
    if (decide(&t->place, 0, false) != CONTAIN)
        return;
    t->info = (struct pit__fault_info){
        .kind = kind,
        .signal = kind == PIT__FAULT_OVERFLOW ? SIGSEGV : SIGABRT,
        .pc = ((const uintptr_t *)frame)[1],
    };
    if (what) {
        t->info.expression = what->expression;
        t->info.file = what->file;
        t->info.function = what->function;
        t->info.line = what->line;
    }
    add_frames(&t->info, (struct pit__backtrace_from){.fp = (uintptr_t)frame}, t->place.stack);
    pit__restart_fibre(&t->place.stack->fibre, pit__stack_top(t->place.stack), landed, t);
}

/* --- installing ------------------------------------------------------------------------------ */

int pit__fault_init(const struct pit__fault_ops *ops)
{
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int r;

    PIT_ASSERT(ops && ops->running && ops->land);
    r = pit__text_refresh();
    if (r < 0)
        return r;
    (void)sigfillset(&act.sa_mask); /* nothing else on the alternate stack while we decide */
    fault.ops = ops;
    fault.pid = getpid();
    atomic_store_explicit(&fault.ending, 0, memory_order_relaxed);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (sigaction(signals[i], &act, &fault.before[i]) < 0)
            return -errno;
    }
    return 0;
}

void pit__fault_shutdown(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &fault.before[i], NULL); /* cannot fail for these */
    fault.ops = NULL;
}

int pit__fault_thread_init(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t head = (sizeof(struct fault_thread) + page - 1) & ~(page - 1);
    size_t room = ALTERNATE_ROOM + ((getauxval(AT_MINSIGSTKSZ) + page - 1) & ~(page - 1));
    size_t mapped = head + page + room;
    struct fault_thread *t;
    stack_t alternate;
    void *p;

    PIT_ASSERT(!fault_self);
    p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (p == MAP_FAILED)
        return -errno;
    t = (struct fault_thread *)p;
    t->mapped = mapped;
    t->floats = pit__float_control_get();
    alternate = (stack_t){.ss_sp = (char *)p + head + page, .ss_size = room};
    if (mprotect((char *)p + head, page, PROT_NONE) < 0 ||
        sigaltstack(&alternate, &t->before) < 0) {
        int r = -errno;

        (void)munmap(p, mapped); /* what was just mapped can be unmapped */
        return r;
    }
    fault_self = t;
    return 0;
}

void pit__fault_thread_exit(void)
{
    struct fault_thread *t = fault_self;

    if (!t)
        return;
    fault_self = NULL;
    t->before.ss_flags &= SS_DISABLE;
    (void)sigaltstack(&t->before, NULL); /* what it was; a sanitizer unmaps what it finds there */
    (void)munmap(t, t->mapped);
}
