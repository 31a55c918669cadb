/*
 * What one asks of a supervisor, in the asking process. Spec: SUP-18..22. Each is a call that waits
 * for as long as it takes, for starting and ending children may take long.
 */
#include <pit/supervisor.h>

#include <errno.h>
#include <string.h>

#include <pit/keep.h>
#include <pit/must.h>

#include "term/blob.h"
#include "runtime/park.h"
#include "otp/call.h"
#include "otp/supervisor_protocol.h"

#define ASK(supervisor, name, request, reply)                                          \
    pit__call_within((supervisor), PIT_INFINITY, &pit_type_pit__sup_##name, (request), \
                     &pit_type_pit__sup_##name##_reply, (reply))

/* An id for a message. false: there is none of this length, so no child has it. */
static bool id_of(const char *id, pit_text64 *ret)
{
    if (!id || strnlen(id, sizeof ret->s) == sizeof ret->s)
        return false;
    *ret = pit_text64(id);
    return true;
}

/*
 * Kept until the answer has come (pit_drop), so that it goes with a caller that ends on the way: by
 * a wrong arg, for want of a supervisor, or killed while it waits. Not pit_binary_new: that lives
 * until the caller's next receive, and a loop that starts children may have none.
 */
static pit_binary kept_copy(const void *arg, size_t size)
{
    uint8_t *at = NULL;
    pit_binary b;

    /* it is nobody's for a moment: no yield, in which the caller may be ended */
    (void)pit__enter();
    b = pit__binary_alloc(size, &at);
    if (b.data) {
        (void)pit_keep(b);
        pit__binary_release(b);
    }
    pit__leave();
    if (b.data)
        memcpy(at, arg, size);
    return b;
}

pit_pid pit_supervisor_add_child(pit_pid supervisor, pit_child child)
{
    struct pit__sup_add request = {.function = (uintptr_t)child.start,
                                   .shutdown = child.shutdown,
                                   .restart = (uint8_t)child.restart,
                                   .type = (uint8_t)child.type};
    struct pit__sup_add_reply reply;

    if (!id_of(child.id, &request.id) || (child.size && !child.arg))
        return pit_pid_error(-EINVAL);
    if (child.size) {
        request.arg = kept_copy(child.arg, child.size);
        if (!request.arg.data)
            return pit_pid_error(-ENOMEM);
    }
    ASK(supervisor, add, &request, &reply);
    pit_drop(request.arg);
    return reply.pid;
}

static pit_pid start_simple_large(pit_pid supervisor, const void *arg, size_t size)
{
    struct pit__sup_simple_large request = {kept_copy(arg, size)};
    struct pit__sup_simple_large_reply reply;

    if (!request.arg.data)
        return pit_pid_error(-ENOMEM);
    ASK(supervisor, simple_large, &request, &reply);
    pit_drop(request.arg);
    return reply.pid;
}

pit_pid pit_supervisor_start_simple(pit_pid supervisor, const void *arg, size_t size)
{
    struct pit__sup_simple request = {.size = (uint32_t)size};
    struct pit__sup_simple_reply reply;

    if (size > PIT__SUP_SMALL)
        return start_simple_large(supervisor, arg, size);
    if (size)
        memcpy(request.arg, arg, size);
    ASK(supervisor, simple, &request, &reply);
    return reply.pid;
}

int pit_supervisor_terminate_child(pit_pid supervisor, const char *id)
{
    struct pit__sup_end request;
    struct pit__sup_end_reply reply;

    if (!id_of(id, &request.id))
        return -ENOENT;
    ASK(supervisor, end, &request, &reply);
    return reply.error;
}

int pit_supervisor_terminate_pid(pit_pid supervisor, pit_pid child)
{
    struct pit__sup_end_pid request = {child};
    struct pit__sup_end_pid_reply reply;

    ASK(supervisor, end_pid, &request, &reply);
    return reply.error;
}

pit_pid pit_supervisor_restart_child(pit_pid supervisor, const char *id)
{
    struct pit__sup_restart request;
    struct pit__sup_restart_reply reply;

    if (!id_of(id, &request.id))
        return pit_pid_error(-ENOENT);
    ASK(supervisor, restart, &request, &reply);
    return reply.pid;
}

int pit_supervisor_delete_child(pit_pid supervisor, const char *id)
{
    struct pit__sup_delete request;
    struct pit__sup_delete_reply reply;

    if (!id_of(id, &request.id))
        return -ENOENT;
    ASK(supervisor, delete, &request, &reply);
    return reply.error;
}

size_t pit_supervisor_which_children(pit_pid supervisor, pit_child_info *ret, size_t room)
{
    struct pit__sup_which request = {0};
    struct pit__sup_which_reply reply;

    ASK(supervisor, which, &request, &reply);
    if (reply.count && room)
        memcpy(ret, reply.children.data, (reply.count < room ? reply.count : room) * sizeof *ret);
    return reply.count;
}

pit_child_count pit_supervisor_count_children(pit_pid supervisor)
{
    struct pit__sup_count request = {0};
    struct pit__sup_count_reply reply;

    ASK(supervisor, count, &request, &reply);
    return (pit_child_count){reply.specs, reply.active, reply.supervisors, reply.workers,
                             reply.restarts};
}
