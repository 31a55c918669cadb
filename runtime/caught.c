/*
 * Who asks: the C++ library, from a throw, a catch block's two ends, std::current_exception and the
 * like, on any thread. Nothing here switches, and the library keeps no address over anything that
 * may.
 *
 * Outside of processes (a thread of the program's own, a log sink, main) they are the thread's,
 * kept here: there need be no other definition behind ours, as there is none in a program that
 * links its C++ library statically. Both are weak, as those of wrap.c: a definition that is in the
 * program all the same wins.
 */
#include "runtime/caught.h"

#include <dlfcn.h>

#include <pit/log.h>

#include "runtime/enter.h"
#include "runtime/extra.h"
#include "runtime/reason.h"
#include "runtime/signal.h"

#define IN_FRONT __attribute__((weak, visibility("default")))

struct pit__caught *__cxa_get_globals(void);
struct pit__caught *__cxa_get_globals_fast(void);

static _Thread_local struct pit__caught of_thread __attribute__((tls_model("initial-exec")));

/* The ABI has no room for an error here. From a receive's predicate too, whose caller is abandoned
   with it, as by a fault. */
PIT_NORETURN static void no_memory(struct pit__thread *t)
{
    t->touching = NULL;
    pit__exit_current(pit__reason_system_limit("no memory for a C++ exception"));
}

/* A process's first. */
static __attribute__((noinline)) struct pit__caught *begin(struct pit__process *p)
{
    struct pit__thread *t = pit__in();
    struct pit__extra *x = pit__extra_of(p);

    if (!x)
        no_memory(t);
    /* a throw is no scheduling point: it may be in the middle of anything of the program's */
    t->in_runtime--;
    return &x->caught;
}

static struct pit__caught *now(void)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p = t ? t->current : NULL;

    if (!p)
        return &of_thread;
    return PIT__LIKELY(p->extra != NULL) ? &p->extra->caught : begin(p);
}

IN_FRONT struct pit__caught *__cxa_get_globals(void) { return now(); }
IN_FRONT struct pit__caught *__cxa_get_globals_fast(void) { return now(); }

void pit__caught_check(void)
{
    void *asked = dlsym(RTLD_DEFAULT, "__cxa_get_globals");

    /* NULL: a program without C++, which shows its names to nobody. */
    if (asked && asked != (void *)__cxa_get_globals)
        pit_log(PIT_LOG_WARNING, "the C++ library does not ask pitboss for the exceptions in hand: "
                                 "no process may wait in a catch block. "
                                 "Link with -rdynamic, and pitboss before the C++ library");
}
