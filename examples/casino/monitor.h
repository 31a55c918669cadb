/*
 * The pit boss: pings the tables once a second, and logs each restart, which the table itself
 * announces, and each end of one that it watches, with the reason. How many restarts there were is
 * known to the tables' supervisor, which outlives a crash of the monitor (report.c).
 */
#ifndef CASINO_MONITOR_H
#define CASINO_MONITOR_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

/*
 * state:   up: tables that answered the last ping; well: that answered within the last seconds, a restart is no illness;
 *          keys, bytes: as last answered.
 * started: table number `table` starts. The monitor starts after the tables, so whoever announces
 * itself is a successor.
 */
#define monitor_protocol(CALL, CAST)                                              \
    CALL(state, (),                                                               \
         ((uint32_t, tables), (uint32_t, up), (uint32_t, well), (uint64_t, keys), \
          (uint64_t, bytes), (uint64_t, commands)))                               \
    CAST(started, ((uint32_t, table)))
PIT_PROTOCOL(monitor);

pit_pid monitor_start_link(const struct options *o);

#endif
