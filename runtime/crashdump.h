/*
 * Crash dump: what the node was doing when it ended, for whoever has to find out why.
 *
 * Written in a signal handler with write(2) alone: no allocation, no locks, no stdio. What was
 * written before a second fault stays. Addresses are module+offset, which addr2line -e MODULE
 * OFFSET turns into lines.
 */
#ifndef RUNTIME_CRASHDUMP_H
#define RUNTIME_CRASHDUMP_H

#include <stddef.h>
#include <stdint.h>

struct pit__fault_info;

/* Where dumps go: NULL pitboss-crash-PID.txt in the working directory, "-" stderr. Copied. */
void pit__crashdump_path(const char *path);

/*
 * A line or a part of one. Knows %s %c %d %u %ld %lu %lld %llu %zu %x %lx %p and %%, with width and
 * zeros for numbers; cut at 512 bytes. Async-signal-safe.
 */
void pit__crashdump_printf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "  0x55d0c0 casino+0x1a34\n" for each. */
void pit__crashdump_frames(int fd, const uintptr_t *frames, size_t count);

/* The whole dump. why: why the fault could not be contained. node: writes the node's state; or
   NULL. */
void pit__crashdump_write(const struct pit__fault_info *info, const char *why,
                          void (*node)(int fd));

#endif
