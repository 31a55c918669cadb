/*
 * Streams: what the two halves of a socket of kind PIT__STREAM do for what stands on them. Calls
 * run one way: tcp.c and listen.c on these, these on socket.c. What its end gives up, socket.c was
 * told with pit__socket_new.
 *
 * Everything here is for the scheduler's thread that (1) of socket.h names.
 */
#ifndef PIT_IO_STREAM_H
#define PIT_IO_STREAM_H

#include "io/socket.h"

/* ---- the receiving half (receive.c) */

extern const struct pit__op_kind pit__receive_kind;

/* Make the kernel receive if the owner wants and there is room. */
void pit__receive_arm(struct pit__socket *s);
/* Active: turn what is queued into messages. */
void pit__receive_pump(struct pit__socket *s);
void pit__receive_drop_all(struct pit__socket *s);
struct pit__buffer *pit__receive_take(struct pit__socket *s); /* the oldest buffer; NULL: none */
/* Into a process's memory, from within that process; how many bytes. */
size_t pit__receive_read(struct pit__socket *s, uint8_t *to, size_t size);
/* A buffer's bytes as a binary with one count, the caller's; the buffer is given up. .data NULL:
   no memory. */
pit_binary pit__receive_binary(struct pit__buffer *b);

/* ---- the sending half (send.c) */

extern const struct pit__op_kind pit__send_kind;

/* Queue a part of a binary (a count of it is taken over), or a copy. 0 or -ENOMEM. Starts the
   operation. */
int pit__send_blob(struct pit__socket *s, const uint8_t *data, size_t length,
                   struct pit__blob *blob);
int pit__send_bytes(struct pit__socket *s, const void *data, size_t length);
void pit__send_drop_all(struct pit__socket *s);

/* ---- the whole (tcp.c) */

/* A stream around fd, not connected and not owned yet; NULL: no memory. */
struct pit__socket *pit__stream_new(int fd, const pit_tcp_opts *opts);

#endif
