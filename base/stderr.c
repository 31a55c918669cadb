#include "base/stderr.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATIENCE 1000 /* ms */
#define TRIES 64      /* of one line: whoever has room and takes nothing has not */

/* Nobody reads. Relaxed: a hint, which a thread that misses the change pays with one wait. */
static atomic_bool stalled;

static bool is_file(void)
{
    struct stat st;

    return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

/* Is there room? A reader that is gone counts as room: the write will say so. */
static bool wait_for_room(void)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    int limit = atomic_load_explicit(&stalled, memory_order_relaxed) ? 0 : PATIENCE, r;

    while ((r = poll(&p, 1, limit)) < 0 && errno == EINTR)
        ;
    atomic_store_explicit(&stalled, r == 0, memory_order_relaxed);
    return r > 0;
}

/*
 * Not to wait in the write itself has to be said with each write: the descriptor's own mode
 * (O_NONBLOCK) belongs to everybody who has this terminal or pipe. Where the kernel cannot
 * (EOPNOTSUPP), there is room at least when it begins.
 */
static ssize_t write_some(const char *text, size_t size)
{
    struct iovec piece = {.iov_base = (void *)text, .iov_len = size};
    ssize_t n = pwritev2(STDERR_FILENO, &piece, 1, -1, RWF_NOWAIT);

    if (n >= 0 || errno == EPIPE || errno == EBADF)
        return n;
    if (errno == EAGAIN && !is_file()) /* a file is never waited for, however slow its disk */
        return wait_for_room() ? 0 : -1;
    if (errno == EAGAIN || wait_for_room())
        return write(STDERR_FILENO, text, size);
    return -1;
}

bool pit__stderr_write(const char *text, size_t size)
{
    int saved = errno;

    for (int tries = 0; size && tries < TRIES; tries++) {
        ssize_t n = write_some(text, size);

        if (n < 0 && errno != EINTR)
            break;
        if (n > 0) {
            atomic_store_explicit(&stalled, false, memory_order_relaxed);
            text += n;
            size -= (size_t)n;
        }
    }
    errno = saved;
    return size == 0;
}
