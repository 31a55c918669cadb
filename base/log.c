#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stderr.h"

static const char *const names[] = {"error", "warning", "notice", "info", "debug"};
enum { UNREAD = PIT_LOG_NONE - 1 };
/* not read from the environment yet; relaxed: a setting, nothing hangs on it */
static atomic_int level_now = UNREAD;
static _Atomic(void (*)(
    enum pit_log_level, const char *,
    size_t)) sink_now; /* release/acquire: what the sink needs was set up before */

/* What PITBOSS_LOG asks for. UNREAD: no level that there is. */
static int level_wanted(void)
{
    const char *wanted = getenv("PITBOSS_LOG");

    if (!wanted || !*wanted)
        return PIT_LOG_NOTICE;
    if (!strcmp(wanted, "none"))
        return PIT_LOG_NONE;
    for (int i = 0; i <= PIT_LOG_DEBUG; i++)
        if (!strcmp(wanted, names[i]))
            return i;
    return UNREAD;
}

static int level_get(void)
{
    int level = atomic_load_explicit(&level_now, memory_order_relaxed);

    if (level != UNREAD)
        return level;
    level = level_wanted();
    if (level == UNREAD)
        level = PIT_LOG_NOTICE;
    atomic_store_explicit(&level_now, level, memory_order_relaxed);
    return level;
}

int pit__log_environment(void)
{
    if (level_wanted() != UNREAD)
        return 0;
    pit_log(PIT_LOG_ERROR,
            "PITBOSS_LOG=%s is no level; it is none, error, warning, notice, info or debug",
            getenv("PITBOSS_LOG"));
    return -EINVAL;
}

void pit_log_level_set(enum pit_log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

void pit_log_sink_set(void (*sink)(enum pit_log_level, const char *, size_t))
{
    atomic_store_explicit(&sink_now, sink, memory_order_release);
}

bool pit__log_on(enum pit_log_level level) { return (int)level <= level_get(); }

/* A line that could not be written is counted, and the next one that can says so. */
static void to_stderr(const char *text, size_t size)
{
    static atomic_ulong dropped; /* relaxed: a counter, which nothing hangs on */
    unsigned long n = atomic_exchange_explicit(&dropped, 0, memory_order_relaxed);
    char note[96];

    if (n) {
        int length =
            snprintf(note, sizeof note, "=warning= nobody read stderr: %lu lines lost\n", n);

        if (pit__stderr_write(note, (size_t)length))
            n = 0;
    }
    if (!pit__stderr_write(text, size))
        n++;
    if (n)
        atomic_fetch_add_explicit(&dropped, n, memory_order_relaxed);
}

void pit_log(enum pit_log_level level, const char *format, ...)
{
    char text[2048];
    void (*sink)(enum pit_log_level, const char *, size_t);
    va_list ap;
    int head, n;

    if (!pit__log_on(level))
        return;
    head = snprintf(text, sizeof text, "=%s= ", names[level]);
    va_start(ap, format);
    n = vsnprintf(text + head, sizeof text - (size_t)head - 1, format, ap);
    va_end(ap);
    n = n < 0 ? head : head + n;
    if ((size_t)n > sizeof text - 2)
        n = sizeof text - 2;
    text[n++] = '\n';
    sink = atomic_load_explicit(&sink_now, memory_order_acquire);
    if (sink)
        sink(level, text, (size_t)n);
    else
        to_stderr(text, (size_t)n);
}
