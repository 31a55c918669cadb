/*
 * Events as lines, in the manner of Erlang's dbg.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <pit/log.h>
#include <pit/message.h>
#include <pit/trace.h>

#include "base/probes.h"
#include "term/pid.h"

struct line {
    char *buffer;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *format, ...)
{
    size_t room = l->length < l->size ? l->size - l->length : 0;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room ? l->buffer + l->length : NULL, room, format, args);
    va_end(args);
    if (n > 0)
        l->length += (size_t)n;
}

static void put_pid(struct line *l, pit_pid pid)
{
    put(l, "<0.%" PRIu64 ".%" PRIu64 ">", (uint64_t)pit__pid_index(pid),
        (uint64_t)pit__pid_generation(pid));
}

static void put_message(struct line *l, const pit_trace_event *e, const pit_msg *m)
{
    size_t room = l->length < l->size ? l->size - l->length : 0;

    if (m)
        l->length += pit_message_text(m, room ? l->buffer + l->length : NULL, room);
    else
        put(l, "#%s, %" PRIu64 " bytes", e->text, e->number);
}

static void put_peer(struct line *l, const char *what, const pit_trace_event *e)
{
    put(l, "%s ", what);
    put_pid(l, e->peer);
}

static void put_numbered(struct line *l, const char *what, const pit_trace_event *e)
{
    put_peer(l, what, e);
    put(l, " #%" PRIu64, e->number);
}

static void put_event(struct line *l, const pit_trace_event *e, const pit_msg *m)
{
    switch (e->event) {
    case PIT_TRACE_SEND:
    case PIT_TRACE_SEND_GONE:
        put_pid(l, e->peer);
        put(l, " ! ");
        put_message(l, e, m);
        if (e->event == PIT_TRACE_SEND_GONE)
            put(l, " (to a non_existing process)");
        return;
    case PIT_TRACE_RECEIVE:
        put(l, "<< ");
        put_message(l, e, m);
        return;
    case PIT_TRACE_SPAWN:
    case PIT_TRACE_SPAWNED:
        put_peer(l, e->event == PIT_TRACE_SPAWN ? "spawn" : "spawned by", e);
        put(l, e->text[0] ? " as %s" : "%s", e->text);
        return;
    case PIT_TRACE_EXIT:
        put(l, "exit %s", e->text);
        return;
    case PIT_TRACE_REGISTER:
        put(l, "register %s", e->text);
        return;
    case PIT_TRACE_UNREGISTER:
        put(l, "unregister %s", e->text);
        return;
    case PIT_TRACE_LINK:
        put_peer(l, "link", e);
        return;
    case PIT_TRACE_UNLINK:
        put_peer(l, "unlink", e);
        return;
    case PIT_TRACE_GETTING_LINKED:
        put_peer(l, "getting_linked", e);
        return;
    case PIT_TRACE_GETTING_UNLINKED:
        put_peer(l, "getting_unlinked", e);
        return;
    case PIT_TRACE_MONITOR:
        put_numbered(l, "monitor", e);
        return;
    case PIT_TRACE_DEMONITOR:
        put_numbered(l, "demonitor", e);
        return;
    case PIT_TRACE_IN:
        put(l, "in, scheduler %" PRIu64, e->number);
        return;
    case PIT_TRACE_OUT:
        put(l, e->number ? "out, waiting" : "out");
        return;
    case PIT_TRACE_TIMER_START:
        if (e->text[0])
            put(l, "timer_start %s #%" PRIu64, e->text, e->number);
        else
            put_numbered(l, "timer_start", e);
        return;
    case PIT_TRACE_TIMER_CANCEL:
        put_numbered(l, "timer_cancel", e);
        return;
    case PIT_TRACE_TIMER_FIRE:
        put(l, "timer_fire #%" PRIu64, e->number);
        return;
    default:
        put(l, "event %" PRIx32, e->event);
        return;
    }
}

size_t pit_trace_text(const pit_trace_event *e, const pit_msg *m, char *buffer, size_t size)
{
    struct line l = {buffer, size, 0};

    if (size)
        *buffer = 0;
    if (e->event == PIT_TRACE_DROPPED) {
        put(&l, "%" PRIu64 " events dropped on scheduler %" PRIu32, e->number, e->scheduler);
        return l.length;
    }
    put(&l, "(");
    put_pid(&l, e->pid);
    put(&l, ") ");
    put_event(&l, e, m);
    return l.length;
}

void pit_trace_print(const pit_trace_event *e, const pit_msg *m, void *context)
{
    char line[1024];

    (void)pit_trace_text(e, m, line, sizeof line);
    pit_log(PIT_LOG_NOTICE, "%s%s", context ? (const char *)context : "", line);
}
