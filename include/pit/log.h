/*
 * The log seam: where messages of the runtime and of programs go. A first form: text lines on
 * stderr.
 */
#ifndef PIT_LOG_H
#define PIT_LOG_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>

PIT_BEGIN_DECLS

/*
 * PIT_LOG_NONE is for pit_log_level_set alone: nothing is logged, and preparing an event costs
 * nothing.
 */
enum pit_log_level {
    PIT_LOG_NONE = -1,
    PIT_LOG_ERROR,
    PIT_LOG_WARNING,
    PIT_LOG_NOTICE,
    PIT_LOG_INFO,
    PIT_LOG_DEBUG
};

/*
 * One event: level and text as printf's. Cut at 2,000 bytes. Any thread. Erlang: logger:log/3.
 *
 * stderr: waits for a slow reader, holding the calling scheduler. One that has read nothing for a
 * second is waited for no more: lines are dropped until it reads again, and the first one then says
 * how many. A closed stderr drops all.
 */
void pit_log(enum pit_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Events above this level are dropped; the default is PIT_LOG_NOTICE, or
 * PITBOSS_LOG=none|error|warning|notice|info|debug. Does not wait. Any thread.
 * Erlang: logger:set_primary_config(level, Level).
 */
void pit_log_level_set(enum pit_log_level level);

/*
 * Where events go instead of stderr; NULL: stderr again. sink is called on any thread and must not
 * wait; a fault in it may end the node. Does not wait. Any thread. Erlang: logger:add_handler/3.
 */
void pit_log_sink_set(void (*sink)(enum pit_log_level level, const char *text, size_t length));

PIT_END_DECLS

#endif
