/*
 * The pit boss: pings the tables once a second, and logs each one that ends, with the reason, and each restart.
 */
#ifndef CASINO_MONITOR_H
#define CASINO_MONITOR_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

/*
 * up: tables that answered the last ping; well: that answered within the last seconds, a restart is no illness;
 * restarts: of tables, since the monitor runs; keys, bytes: as last answered.
 */
#define monitor_protocol(CALL, CAST)                                                  \
    CALL(state, (),                                                                   \
         ((uint32_t, tables), (uint32_t, up), (uint32_t, well), (uint64_t, restarts), \
          (uint64_t, keys), (uint64_t, bytes), (uint64_t, commands)))
PIT_PROTOCOL(monitor);

pit_pid monitor_start_link(const struct options *o);

#endif
