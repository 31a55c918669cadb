/* Crash dump: formatting and the frame of the dump. The contract is in crashdump.h. */
#include "runtime/crashdump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/stderr.h"
#include "runtime/fault.h"
#include "runtime/text.h"

#define LINE_MOST 512

static char dump_path[256];

void pit__crashdump_path(const char *path)
{
    size_t n = path ? strlen(path) : 0;

    if (n >= sizeof(dump_path))
        n = sizeof(dump_path) - 1;
    if (n)
        memcpy(dump_path, path, n);
    dump_path[n] = 0;
}

/* --- formatting ------------------------------------------------------------------------------ */

struct line {
    char text[LINE_MOST];
    size_t length;
};

static void put(struct line *l, char c)
{
    if (l->length < LINE_MOST)
        l->text[l->length++] = c;
}

static void put_text(struct line *l, const char *s)
{
    for (s = s ? s : "(null)"; *s; s++)
        put(l, *s);
}

static void put_number(struct line *l, unsigned long long n, unsigned base, int width, char fill)
{
    char digits[24];
    int count = 0;

    do {
        digits[count++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    for (int i = count; i < width; i++)
        put(l, fill);
    while (count > 0)
        put(l, digits[--count]);
}

static void put_signed(struct line *l, long long n, int width, char fill)
{
    if (n < 0) {
        put(l, '-');
        put_number(l, 0ULL - (unsigned long long)n, 10, width - 1, fill);
    } else {
        put_number(l, (unsigned long long)n, 10, width, fill);
    }
}

struct directive {
    int width;
    char fill;
    int longs; /* 0: int, 1: long or size_t, 2: long long */
};

static const char *parse_directive(const char *f, struct directive *d)
{
    *d = (struct directive){.fill = ' '};
    if (*f == '0') {
        d->fill = '0';
        f++;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        d->width = d->width * 10 + (*f - '0');
    for (; *f == 'l' || *f == 'z'; f++)
        d->longs++;
    return f;
}

static void write_all(int fd, const char *text, size_t length)
{
    if (fd == STDERR_FILENO) { /* a node must end also when nobody reads what it says */
        (void)pit__stderr_write(text, length);
        return;
    }
    while (length > 0) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* a full disk: the rest of the dump is lost, the node ends all the same */
        text += n;
        length -= (size_t)n;
    }
}

static unsigned long long next_unsigned(va_list *args, int longs)
{
    if (longs == 0)
        return va_arg(*args, unsigned);
    return longs == 1 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned long long);
}

static long long next_signed(va_list *args, int longs)
{
    if (longs == 0)
        return va_arg(*args, int);
    return longs == 1 ? va_arg(*args, long) : va_arg(*args, long long);
}

static void put_directive(struct line *l, char what, const struct directive *d, va_list *args)
{
    switch (what) {
    case 's':
        put_text(l, va_arg(*args, const char *));
        break;
    case 'c':
        put(l, (char)va_arg(*args, int));
        break;
    case 'd':
        put_signed(l, next_signed(args, d->longs), d->width, d->fill);
        break;
    case 'u':
        put_number(l, next_unsigned(args, d->longs), 10, d->width, d->fill);
        break;
    case 'x':
        put_number(l, next_unsigned(args, d->longs), 16, d->width, d->fill);
        break;
    case 'p':
        put_text(l, "0x");
        put_number(l, (uintptr_t)va_arg(*args, void *), 16, d->width, d->fill);
        break;
    default:
        put(l, what);
    }
}

void pit__crashdump_printf(int fd, const char *format, ...)
{
    struct line l = {.length = 0};
    struct directive d;
    va_list args;

    va_start(args, format);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&l, *f);
            continue;
        }
        f = parse_directive(f + 1, &d);
        if (!*f)
            break;
        put_directive(&l, *f, &d, &args);
    }
    va_end(args);
    write_all(fd, l.text, l.length);
}

/* --- the dump -------------------------------------------------------------------------------- */

void pit__crashdump_frames(int fd, const uintptr_t *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct pit__text_range *r = pit__text_find(frames[i]);

        if (r)
            pit__crashdump_printf(fd, "  %p %s+0x%lx\n", (void *)frames[i], r->name,
                                  (unsigned long)(frames[i] - r->base));
        else
            pit__crashdump_printf(fd, "  %p (no code of any module)\n", (void *)frames[i]);
    }
}

/* The program's name for a text that begins with it; no /proc, no answer. */
static void put_program(int fd)
{
    char path[256];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (n < 0)
        return;
    path[n] = 0;
    pit__crashdump_printf(fd, "program: %s\n", path);
}

static void write_fault(int fd, const struct pit__fault_info *info)
{
    pit__crashdump_printf(fd, "signal: %s (code %d)\n", pit__fault_signal_name(info->signal),
                          info->code);
    if (info->address_known)
        pit__crashdump_printf(fd, "address: %p\n", (void *)info->address);
    else
        pit__crashdump_printf(fd, "address: unknown\n");
    if (info->expression)
        pit__crashdump_printf(fd, "assertion: %s, %s:%u, %s\n", info->expression, info->file,
                              info->line, info->function);
    pit__crashdump_printf(fd, "backtrace:\n");
    pit__crashdump_frames(fd, info->frames, info->frame_count);
}

static void write_dump(int fd, const struct pit__fault_info *info, const char *why,
                       void (*node)(int fd))
{
    pit__crashdump_printf(fd, "pitboss crash dump\nwhy the node ended: %s\n", why);
    put_program(fd);
    pit__crashdump_printf(fd, "os process: %d, thread: %ld\n", (int)getpid(), syscall(SYS_gettid));
    write_fault(fd, info);
    if (node)
        node(fd);
    pit__crashdump_printf(fd, "end of dump\n");
}

/* The default name, made without stdio. Returns the descriptor, or stderr's if there is no
   other. */
static int open_dump(struct line *name)
{
    int fd;

    if (dump_path[0] == '-' && !dump_path[1])
        return STDERR_FILENO;
    if (dump_path[0]) {
        put_text(name, dump_path);
    } else {
        put_text(name, "pitboss-crash-");
        put_number(name, (unsigned long long)getpid(), 10, 0, ' ');
        put_text(name, ".txt");
    }
    name->text[name->length < LINE_MOST ? name->length : LINE_MOST - 1] = 0;
    fd = open(name->text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd < 0 ? STDERR_FILENO : fd;
}

void pit__crashdump_write(const struct pit__fault_info *info, const char *why, void (*node)(int fd))
{
    struct line name = {.length = 0};
    int fd = open_dump(&name);

    pit__crashdump_printf(STDERR_FILENO, "pitboss: the node ends: %s, %s\n",
                          pit__fault_signal_name(info->signal), why);
    write_dump(fd, info, why, node);
    if (fd != STDERR_FILENO) {
        pit__crashdump_printf(STDERR_FILENO, "pitboss: crash dump: %s\n", name.text);
        (void)close(fd); /* nothing is to be done about an error now */
    }
}
