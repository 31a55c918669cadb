/*
 * A ring of provided buffers: memory that the kernel fills for multishot receives, and what is lent
 * of it.
 *
 * take and collect: the owner's thread only. put: any thread; a foreign one hands the buffer back
 * through a list that the owner collects. The object outlives its driver until the last lent buffer
 * has come back.
 */
#ifndef PIT_IO_BUFFERS_H
#define PIT_IO_BUFFERS_H

#include "io/uring.h"

/* Register count buffers of size bytes with the ring as group PIT__BUFFER_GROUP. wake_fd, an
   eventfd, is written by a foreign thread that gives a buffer back while the owner has said that
   it waits for some; on success it belongs to this object, which closes it last of all. -ENOMEM,
   or what the kernel says. */
int pit__buffers_new(struct io_uring *ring, struct pit__driver *driver, int wake_fd, unsigned count,
                     unsigned size, struct pit__buffers **ret);

/* The owner is done; NULL is fine. The kernel fills none any more. */
void pit__buffers_release(struct pit__buffers *b);

/* Buffer number id, of which the kernel filled length bytes. */
struct pit__buffer *pit__buffers_take(struct pit__buffers *b, unsigned id, uint32_t length);

/* The unread bytes in memory of their own; NULL: no memory. */
struct pit__buffer *pit__buffer_copy(const struct pit__buffer *buffer);

/* More than half is lent. */
bool pit__buffers_scarce(const struct pit__buffers *b);

/* Before each submission: fill the ring from what came back. How many are in it now. */
unsigned pit__buffers_collect(struct pit__buffers *b);

/* A receive found the ring empty: keep more in it from now on, if there are more. */
void pit__buffers_deepen(struct pit__buffers *b);

/* Whether foreign threads shall say when they give one back. After setting it, collect once
   more. */
void pit__buffers_awaited(struct pit__buffers *b, bool awaited);

unsigned pit__buffers_lent(const struct pit__buffers *b);
unsigned pit__buffers_depth(const struct pit__buffers *b); /* how many the ring is kept at */

#endif
