/*
 * What the behaviours that are servers themselves (supervisor.c) need of gen_server.c beyond
 * <pit/server.h>.
 */
#ifndef PIT_OTP_GEN_SERVER_H
#define PIT_OTP_GEN_SERVER_H

#include <pit/server.h>

/* pit_spawn_opts.pit__kind of a supervisor: the runtime counts them, to stop in order. */
#define PIT__KIND_SUPERVISOR 1u

/* pit_server_start_opts, with the mark that the runtime knows this kind of process by. */
pit_pid pit__server_start(const pit_server *server, const void *arg, size_t size,
                          const pit_server_opts *opts, uint64_t kind);

#endif
