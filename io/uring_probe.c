/*
 * Features of the kernel that io/ rests on. See uring_probe.h.
 *
 * Linux 6.0 is the oldest kernel that has all of it (multishot receive). Version numbers are not
 * compared: distributions carry features back and policies take them away, so what can be asked is
 * asked, and what cannot is tried once on a socket pair.
 */
#include "io/uring_probe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <pit/log.h>

#define NEEDS_KERNEL "pitboss needs Linux 6.0 or newer"

static const char *kernel_release(void)
{
    static struct utsname name;

    return uname(&name) == 0 ? name.release : "unknown";
}

/* kernel.io_uring_disabled: 0 allowed, 1 for a group, 2 for nobody; -1: the kernel has no such
   setting. */
static int disabled_setting(void)
{
    int value = -1;
    FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");

    if (!f)
        return -1;
    if (fscanf(f, "%d", &value) != 1)
        value = -1;
    (void)fclose(f); /* only read */
    return value;
}

static void explain_eperm(void)
{
    int setting = disabled_setting();

    if (setting == 2)
        pit_log(PIT_LOG_ERROR,
                "io_uring is switched off: kernel.io_uring_disabled is 2; allow it with "
                "`sysctl kernel.io_uring_disabled=0`");
    else if (setting == 1)
        pit_log(PIT_LOG_ERROR,
                "io_uring is restricted: kernel.io_uring_disabled is 1; allow it with `sysctl "
                "kernel.io_uring_disabled=0`, or run as a member of the group in "
                "kernel.io_uring_group");
    else
        pit_log(PIT_LOG_ERROR,
                "io_uring is forbidden (EPERM), by a seccomp filter or a security module; "
                "containers: allow "
                "io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile "
                "(docker: --security-opt seccomp=PROFILE)");
}

int pit__uring_explain(int error)
{
    struct rlimit limit = {0};

    switch (error) {
    case -ENOSYS:
        pit_log(PIT_LOG_ERROR,
                "this kernel (%s) has no io_uring, or a seccomp filter hides it; " NEEDS_KERNEL,
                kernel_release());
        break;
    case -EPERM:
    case -EACCES:
        explain_eperm();
        break;
    case -EINVAL:
        pit_log(
            PIT_LOG_ERROR,
            "this kernel (%s) does not know cooperative io_uring task work (5.19); " NEEDS_KERNEL,
            kernel_release());
        break;
    case -ENOMEM:
        (void)getrlimit(RLIMIT_MEMLOCK, &limit); /* cannot fail: both arguments are right */
        pit_log(
            PIT_LOG_ERROR,
            "no memory for an io_uring; where the kernel counts rings as locked memory, "
            "RLIMIT_MEMLOCK is %llu KiB "
            "now: raise it with `ulimit -l`, LimitMEMLOCK= of systemd, or run fewer schedulers; "
            "where address space is limited (`ulimit -v`), raise that or lower +P",
            (unsigned long long)limit.rlim_cur / 1024);
        break;
    case -EMFILE:
        (void)getrlimit(RLIMIT_NOFILE, &limit);
        pit_log(PIT_LOG_ERROR,
                "no descriptor left for an io_uring; RLIMIT_NOFILE is %llu: raise it with `ulimit "
                "-n` or LimitNOFILE= of systemd",
                (unsigned long long)limit.rlim_cur);
        break;
    case -ENFILE:
        pit_log(PIT_LOG_ERROR, "no open file left in the system for an io_uring: raise it with "
                               "`sysctl fs.file-max=NUMBER`");
        break;
    default:
        pit_log(PIT_LOG_ERROR,
                "io_uring could not be set up (io_uring_setup, io_uring_register or "
                "io_uring_enter): %s; if a "
                "seccomp filter forbids one of them, allow it",
                strerror(-error));
        break;
    }
    return error;
}

int pit__uring_explain_other(const char *call, int error)
{
    if (error == -EMFILE || error == -ENFILE)
        return pit__uring_explain(error);
    pit_log(PIT_LOG_ERROR,
            "the driver cannot start: %s: %s; if a seccomp filter forbids the call, allow it", call,
            strerror(-error));
    return error;
}

static bool has_features(const struct io_uring *ring)
{
    static const struct {
        unsigned flag;
        const char *what;
    } needed[] = {
        {IORING_FEAT_NODROP, "completions kept when the queue is full (5.5)"},
        {IORING_FEAT_SUBMIT_STABLE, "requests copied at submission (5.5)"},
        {IORING_FEAT_FAST_POLL, "internal polling (5.7)"},
        {IORING_FEAT_EXT_ARG, "waiting with a time limit (5.11)"},
        {IORING_FEAT_CQE_SKIP, "requests without a completion (5.17)"},
    };

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!(ring->features & needed[i].flag)) {
            pit_log(PIT_LOG_ERROR, "the io_uring of this kernel (%s) lacks: %s; " NEEDS_KERNEL,
                    kernel_release(), needed[i].what);
            return false;
        }
    return true;
}

/* After a first ring could be made: is it a limit or a ban, and so no want of this kernel's? */
static bool is_limit_or_ban(int error)
{
    return error == -EPERM || error == -EACCES || error == -EMFILE || error == -ENFILE ||
           error == -ENOMEM;
}

/* What the error means if it is a limit or a ban; else that this kernel cannot do what. Returns
   what pit_run does. */
static int explain_or(int error, const char *what)
{
    if (is_limit_or_ban(error))
        return pit__uring_explain(error);
    pit_log(PIT_LOG_ERROR, "%s on this kernel (%s): %s; " NEEDS_KERNEL, what, kernel_release(),
            strerror(-error));
    return -ENOSYS;
}

static int check_operations(struct io_uring *ring)
{
    static const struct {
        int op;
        const char *name;
    } needed[] = {
        {IORING_OP_ACCEPT, "accept"},       {IORING_OP_CONNECT, "connect"},
        {IORING_OP_SEND, "send"},           {IORING_OP_SENDMSG, "sendmsg"},
        {IORING_OP_RECV, "recv"},           {IORING_OP_POLL_ADD, "poll"},
        {IORING_OP_ASYNC_CANCEL, "cancel"}, {IORING_OP_TIMEOUT, "timeout"},
    };
    enum { OPERATIONS = 256 }; /* as many as the kernel's interface has room for */
    struct io_uring_probe *probe =
        calloc(1, sizeof *probe + OPERATIONS * sizeof(struct io_uring_probe_op));
    int r = probe ? io_uring_register_probe(ring, probe, OPERATIONS) : -ENOMEM;

    if (r < 0)
        r = explain_or(r, "io_uring does not say what it can do");
    for (size_t i = 0; r >= 0 && i < sizeof needed / sizeof *needed; i++)
        if (!io_uring_opcode_supported(probe, needed[i].op)) {
            pit_log(
                PIT_LOG_ERROR,
                "the io_uring of this kernel (%s) lacks or forbids the operation %s; " NEEDS_KERNEL,
                kernel_release(), needed[i].name);
            r = -ENOSYS;
        }
    free(probe);
    return r;
}

/* One multishot receive into a buffer ring of one buffer, on a socket pair with three bytes in
   it. */
static int try_receive(struct io_uring *ring, int reader, struct io_uring_buf_ring *buffers)
{
    static char memory[64];
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    struct __kernel_timespec limit = {.tv_sec = 2};
    struct io_uring_cqe *cqe;
    int r;

    if (!sqe)
        return -EBUSY;
    io_uring_buf_ring_add(buffers, memory, sizeof memory, 0, io_uring_buf_ring_mask(1), 0);
    io_uring_buf_ring_advance(buffers, 1);
    io_uring_prep_recv_multishot(sqe, reader, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    r = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &limit, NULL);
    if (r < 0)
        return r;
    r = cqe->res == 3 && (cqe->flags & IORING_CQE_F_BUFFER) ? 0 : cqe->res < 0 ? cqe->res : -EPROTO;
    io_uring_cqe_seen(ring, cqe);
    return r;
}

/* The pair is used up. */
static int try_buffer_ring(struct io_uring *ring, const int pair[2])
{
    struct io_uring_buf_reg reg = {.ring_entries = 1, .bgid = 0};
    struct io_uring_buf_ring *buffers = NULL;
    int r;

    if (posix_memalign((void **)&buffers, 4096, 4096))
        return -ENOMEM;
    memset(buffers, 0, 4096);
    reg.ring_addr = (uintptr_t)buffers;
    r = io_uring_register_buf_ring(ring, &reg, 0);
    if (r < 0)
        goto out;
    io_uring_buf_ring_init(buffers);
    r = write(pair[1], "pit", 3) == 3 ? try_receive(ring, pair[0], buffers) : -EIO;
    (void)io_uring_unregister_buf_ring(ring, 0); /* goes with the ring at the latest */
out:
    free(buffers);
    return r;
}

/* The pair is closed before the ring is used again, which ends the receive; its last completions
   are thrown away with the ring. */
static int check_buffer_ring(struct io_uring *ring)
{
    int pair[2], r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return pit__uring_explain_other("socketpair", -errno);
    r = try_buffer_ring(ring, pair);
    (void)close(pair[0]);
    (void)close(pair[1]);
    return r < 0 ? explain_or(r, "multishot receive into a ring of buffers does not work") : 0;
}

int pit__uring_check(struct io_uring *ring)
{
    int r = has_features(ring) ? check_operations(ring) : -ENOSYS;

    if (r < 0)
        return r;

    /* On a small ring of its own: what an older kernel does with flags that it does not know
       must not touch the real one. */
    struct io_uring own;

    r = io_uring_queue_init(4, &own, 0);
    if (r < 0)
        return pit__uring_explain(r);
    r = check_buffer_ring(&own);
    io_uring_queue_exit(&own);
    return r;
}

void pit__uring_raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE,
                        &limit); /* if it is refused, accept says so when the limit is reached */
    }
}
