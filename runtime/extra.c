#include "runtime/extra.h"

#include <string.h>

#include "runtime/sched.h"

struct pit__extra *pit__extra_of(struct pit__process *p)
{
    struct pit__block *b;

    if (p->extra)
        return p->extra;
    b = pit__block_alloc(&pit__thread()->sched->blocks, sizeof *b + sizeof *p->extra);
    if (!b)
        return NULL;
    p->extra = memset(b + 1, 0, sizeof *p->extra);
    p->flags |= PIT__F_EXTRA;
    return p->extra;
}

void pit__extra_free(struct pit__sched *s, struct pit__process *p)
{
    if (p->extra)
        pit__block_free(&s->blocks, (struct pit__block *)p->extra - 1);
    p->extra = NULL;
    p->flags &= ~PIT__F_EXTRA;
}
