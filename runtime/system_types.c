/*
 * Descriptors of the messages that the runtime itself sends. Their terms are sealed reasons that
 * the message owns by its kind (PIT__SYSTEM), not by the descriptor; so PIT_TYPE_OWNS is not set.
 */
#include <pit/process.h>
#include <pit/timer.h>
#include <pit/trace.h>

#define FIELD(message, field, kind_)                                              \
    {                                                                             \
        .name = #field, .kind = kind_, .offset = offsetof(struct message, field), \
        .size = sizeof((struct message *)0)->field                                \
    }

static const pit_field exited_fields[] = {FIELD(pit_exited, pid, PIT_KIND_PID),
                                          FIELD(pit_exited, reason, PIT_KIND_TERM)};
static const pit_field down_fields[] = {
    FIELD(pit_down, ref, PIT_KIND_REF), FIELD(pit_down, pid, PIT_KIND_PID),
    FIELD(pit_down, reason, PIT_KIND_TERM), FIELD(pit_down, tag, PIT_KIND_TERM),
    FIELD(pit_down, name, PIT_KIND_TERM)};
static const pit_field timeout_fields[] = {FIELD(pit_timeout, timer, PIT_KIND_REF),
                                           FIELD(pit_timeout, value, PIT_KIND_UINT)};
static const pit_field spawn_reply_fields[] = {FIELD(pit_spawn_reply, request, PIT_KIND_REF),
                                               FIELD(pit_spawn_reply, pid, PIT_KIND_PID),
                                               FIELD(pit_spawn_reply, tag, PIT_KIND_TERM)};
static const pit_field timer_cancelled_fields[] = {FIELD(pit_timer_cancelled, timer, PIT_KIND_REF),
                                                   FIELD(pit_timer_cancelled, left, PIT_KIND_INT)};
static const pit_field timer_read_fields[] = {FIELD(pit_timer_read, timer, PIT_KIND_REF),
                                              FIELD(pit_timer_read, left, PIT_KIND_INT)};
static const pit_field trace_event_fields[] = {
    FIELD(pit_trace_event, when_ns, PIT_KIND_INT), FIELD(pit_trace_event, pid, PIT_KIND_PID),
    FIELD(pit_trace_event, peer, PIT_KIND_PID),    FIELD(pit_trace_event, number, PIT_KIND_UINT),
    FIELD(pit_trace_event, event, PIT_KIND_UINT),  FIELD(pit_trace_event, scheduler, PIT_KIND_UINT),
    FIELD(pit_trace_event, text, PIT_KIND_TEXT)};
static const pit_field trace_delivered_fields[] = {FIELD(pit_trace_delivered, ref, PIT_KIND_REF),
                                                   FIELD(pit_trace_delivered, pid, PIT_KIND_PID)};

const pit_type pit_type_pit_start = {.name = "pit_start", .size = sizeof(struct pit_start)};
const pit_type pit_type_pit_exited = {.name = "pit_exited",
                                      .size = sizeof(struct pit_exited),
                                      .field_count = 2,
                                      .fields = exited_fields};
const pit_type pit_type_pit_down = {
    .name = "pit_down", .size = sizeof(struct pit_down), .field_count = 5, .fields = down_fields};
const pit_type pit_type_pit_timeout = {.name = "pit_timeout",
                                       .size = sizeof(struct pit_timeout),
                                       .flags = PIT_TYPE_SYSTEM,
                                       .field_count = 2,
                                       .fields = timeout_fields};
const pit_type pit_type_pit_spawn_reply = {.name = "pit_spawn_reply",
                                           .size = sizeof(struct pit_spawn_reply),
                                           .field_count = 3,
                                           .fields = spawn_reply_fields};
const pit_type pit_type_pit_timer_cancelled = {.name = "pit_timer_cancelled",
                                               .size = sizeof(struct pit_timer_cancelled),
                                               .field_count = 2,
                                               .fields = timer_cancelled_fields};
const pit_type pit_type_pit_timer_read = {.name = "pit_timer_read",
                                          .size = sizeof(struct pit_timer_read),
                                          .field_count = 2,
                                          .fields = timer_read_fields};
const pit_type pit_type_pit_trace_event = {.name = "pit_trace_event",
                                           .size = sizeof(struct pit_trace_event),
                                           .field_count = 7,
                                           .fields = trace_event_fields};
const pit_type pit_type_pit_trace_delivered = {.name = "pit_trace_delivered",
                                               .size = sizeof(struct pit_trace_delivered),
                                               .flags = PIT_TYPE_SYSTEM,
                                               .field_count = 2,
                                               .fields = trace_delivered_fields};
