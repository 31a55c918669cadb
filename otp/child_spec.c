/*
 * Specifications of supervisors and children: checked, and copied by PIT_CHILDREN. See
 * child_spec.h.
 */
#include "otp/child_spec.h"

#include <string.h>

#include "runtime/block.h"
#include "runtime/park.h"

const char *pit__child_wrong(const pit_child *c, bool simple)
{
    size_t length = c->id ? strnlen(c->id, 64) : 0;

    if (!simple && (length == 0 || length > 63))
        return "its id must have 1 to 63 bytes";
    if (!c->start)
        return "it has no start function";
    if ((unsigned)c->restart > PIT_TEMPORARY)
        return "its restart is none of the three";
    if ((unsigned)c->type > PIT_SUPERVISOR)
        return "its type is neither worker nor supervisor";
    if (c->shutdown < PIT_SHUTDOWN_NOW)
        return "its shutdown is negative";
    if (c->size && !c->arg)
        return "its arg is missing";
    return NULL;
}

const char *pit__flags_wrong(const pit_sup_spec *spec)
{
    if ((unsigned)spec->strategy > PIT_SIMPLE_ONE_FOR_ONE)
        return "its strategy is none of the four";
    if (spec->intensity < PIT_NO_RESTARTS)
        return "its intensity is negative";
    if (spec->period < 0)
        return "its period is negative";
    return NULL;
}

pit_children pit__children(const pit_child *children, size_t count)
{
    size_t size = sizeof(struct pit__children) + count * sizeof(pit_child);
    struct pit__children *copy;
    char *at;

    for (size_t i = 0; i < count; i++) {
        if (children[i].size > PIT__BLOCK_MOST)
            pit__exit_text("badarg", "PIT_CHILDREN: an arg of 4 GiB or more", NULL, 0);
        size += children[i].size + (children[i].id ? strlen(children[i].id) + 1 : 0);
    }
    copy = pit_alloc(size);
    copy->count = count;
    at = (char *)&copy->child[count];
    for (size_t i = 0; i < count; i++) {
        pit_child *c = &copy->child[i];

        *c = children[i];
        if (c->size && c->arg) {
            c->arg = memcpy(at, c->arg, c->size);
            at += c->size;
        }
        if (c->id) {
            size_t n = strlen(c->id) + 1;

            c->id = memcpy(at, c->id, n);
            at += n;
        }
    }
    return (pit_children){copy};
}
