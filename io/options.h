/*
 * Options of TCP sockets: from pit_tcp_opts to the kernel and to struct pit__socket.
 */
#ifndef PIT_IO_OPTIONS_H
#define PIT_IO_OPTIONS_H

#include "io/socket.h"

/* -EINVAL: one is out of range. */
int pit__tcp_opts_check(const pit_tcp_opts *o);

/* What the kernel keeps with a descriptor; a listener's are inherited by what it accepts. 0 or a
   negative errno. */
int pit__tcp_opts_to_kernel(int fd, const pit_tcp_opts *o);

/* What we keep. */
void pit__tcp_opts_to_socket(struct pit__socket *s, const pit_tcp_opts *o);

#endif
