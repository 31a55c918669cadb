/*
 * What says where a process belongs: its parent, its group leader, its label.
 */
#include <errno.h>
#include <string.h>

#include "runtime/enter.h"
#include "runtime/signal.h"

#define LABEL_MOST 255

pit_pid pit_parent(void)
{
    struct pit__process *p = pit__current();

    return p ? p->parent : PIT_NO_PID;
}

pit_pid pit_group_leader(void)
{
    struct pit__process *p = pit__current();

    return p ? p->group_leader : PIT_NO_PID;
}

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    bool *done = out;

    *done = p && p->status != PIT__EXITING && !(p->flags & PIT__F_EXIT);
    if (*done)
        p->group_leader = *(const pit_pid *)in;
}

int pit_set_group_leader(pit_pid pid, pit_pid leader)
{
    struct pit__thread *t = pit__in();
    bool done = false;
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    if (leader.id <= 0 || pid.id < 0)
        r = -EINVAL;
    else
        r = pit__request(t, t->current, pid, on_owner, &leader, sizeof leader, &done, sizeof done);
    pit__out(2);
    return r == 0 && !done ? -PIT_ENOPROC : r;
}

/* The old copy goes last: a crash dump on another thread may be reading it, and finds at worst the
   memory's next use. */
void pit_set_label(const char *text)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_set_label");
    struct pit__extra *x = pit__extra_of(p);
    size_t length = 0;
    char *copy = NULL, *old;

    if (!x)
        pit__exit_text("system_limit", "no memory for a label", NULL, 0);
    if (text) {
        pit__touching_begin();
        length = strnlen(text, LABEL_MOST);
        pit__touching_end();
        copy = pit_alloc(length + 1);
        memcpy(copy, text, length);
    }
    old = x->label;
    p->label = x->label = copy;
    pit_free(old);
    pit__out(1);
}
