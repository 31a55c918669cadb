#include "runtime/heap_limit.h"

#include <errno.h>
#include <stdio.h>

#include <pit/log.h>

#include "runtime/enter.h"
#include "runtime/memory.h"
#include "runtime/name.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "runtime/where.h"
#include "term/heap.h"

#define FRAMES 8

int pit__heap_limit_set(struct pit__process *p, uint64_t bytes, unsigned flags)
{
    struct pit__extra *x = pit__extra_of(p);

    if (!x || (bytes && pit__attend(p, PIT__AT_MEMORY) < 0))
        return -ENOMEM;
    x->heap_limit = bytes;
    x->heap_reported = 0;
    x->heap_no_kill = flags & PIT_MAX_HEAP_NO_KILL;
    x->heap_no_report = flags & PIT_MAX_HEAP_NO_REPORT;
    if (!bytes)
        pit__unattend(p, PIT__AT_MEMORY);
    pit__heap_limit_heap(p);
    return 0;
}

/* What of it counts: all but its slot, its stack and shared binaries. */
struct use {
    uint64_t own, terms, mailbox, kept, all;
};

static struct use use_of(const struct pit__process *p)
{
    struct use use = {.own = p->memory + pit__copy_size(p->state),
                      .terms = p->heap ? p->heap->bytes : 0};

    if (pit__attends(p, PIT__AT_MAIL)) {
        use.mailbox = p->extra->queue_bytes;
        use.kept = p->extra->kept_bytes;
    }
    use.all = use.own + use.terms + use.mailbox + use.kept;
    return use;
}

/* One event with all of HEAP-3. */
static void report(const struct pit__process *p, const struct use *use)
{
    const struct pit__extra *x = p->extra;
    char frames[1024];

    if (x->sensitive || !pit__where_text(p, FRAMES, frames, sizeof frames))
        snprintf(frames, sizeof frames, "-");
    pit_log(PIT_LOG_ERROR,
            "Process: <0.%u.%llu>%s%s Context: maximum heap size reached Max heap size: %llu bytes "
            "Total heap size: %llu bytes (own %llu, terms %llu, mailbox %llu, kept %llu) Kill: %s "
            "Error logger: true Message queue length: %u Label: %s Group leader: <0.%llu.%llu> "
            "Stacktrace: %s",
            pit__slot_index(p), (unsigned long long)pit__pid_generation(pit__handle_of(p)),
            p->name ? " registered as " : "", p->name ? pit__name_text(p) : "",
            (unsigned long long)x->heap_limit, (unsigned long long)use->all,
            (unsigned long long)use->own, (unsigned long long)use->terms,
            (unsigned long long)use->mailbox, (unsigned long long)use->kept,
            x->heap_no_kill ? "false" : "true", p->length, p->label ? p->label : "-",
            (unsigned long long)pit__pid_index(p->group_leader),
            (unsigned long long)pit__pid_generation(p->group_leader), frames); /* GL-2 */
}

static void over(const struct pit__process *p, const struct use *use)
{
    struct pit__extra *x = p->extra;

    if (x->heap_no_report || use->all < x->heap_reported + x->heap_reported / 2)
        return;
    x->heap_reported = use->all;
    report(p, use);
}

void pit__heap_limit_check(struct pit__sched *s, struct pit__process *p)
{
    struct pit__extra *x = p->extra;
    struct use use = use_of(p);

    pit__heap_limit_heap(p);
    if (use.all <= x->heap_limit) {
        x->heap_reported = 0;
        return;
    }
    if (p->status == PIT__EXITING || (p->flags & PIT__F_EXIT))
        return;
    over(p, &use);
    if (!x->heap_no_kill)
        pit__terminate(s, p, pit__reason(killed));
}

/* What its memory, argument or state leave to its terms; at least one byte, since 0 is no limit. */
static uint64_t for_terms(const struct pit__process *p)
{
    uint64_t limit = p->extra->heap_limit, own = p->memory + pit__copy_size(p->state);

    return limit > own ? limit - own : 1;
}

void pit__heap_limit_heap(struct pit__process *p)
{
    bool bound = pit__attends(p, PIT__AT_MEMORY) && !p->extra->heap_no_kill;

    if (p->heap)
        p->heap->limit = bound && p->extra->heap_limit < PIT__HEAP_LIMIT ? for_terms(p) : 0;
}

void pit__heap_limit_terms(void)
{
    struct pit__thread *t = pit__thread();
    struct pit__process *p = t ? t->current : NULL;
    struct use use;

    if (!p || !p->heap || !p->heap->limit)
        return;
    pit__in();
    use = use_of(p);
    over(p, &use);
    pit__exit_current(pit__reason(killed));
}
