/*
 * Listeners: a multishot accept, and a queue of connections that the kernel has accepted and nobody
 * has asked for.
 *
 * The accept is armed when the owner first accepts. It is cancelled when QUEUE connections wait,
 * and armed again when half of them were taken. With a limit of connections it is asked for one at
 * a time instead, so that the limit is exact; while it is reached, and while there are no
 * descriptors, a timer tries again: both end by what happens elsewhere, on any scheduler, and a
 * poll a few times a second costs less than telling.
 *
 * Several listeners share a port by SO_REUSEPORT, which lets any program of this user share it too,
 * silently. So the first of them binds and listens without it, which fails if anybody listens
 * there, and only then allows sharing, for its siblings to join. Another pitboss program meets the
 * same refusal; one that binds with SO_REUSEPORT on purpose does not, and only another user can be
 * kept out of that.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pit/log.h>
#include <pit/must.h>
#include <pit/node.h>

#include "io/address.h"
#include "io/options.h"
#include "io/stream.h"
#include "runtime/process.h"

#define BACKLOG_DEFAULT 1024
/* Connections that are ours already, and that nobody else could serve meanwhile. A power of two. */
#define QUEUE 256u
#define FULL_RETRY_NS 5000000
#define EXHAUSTED_RETRY_NS 100000000

struct listening {
    pit_tcp_opts opts;
    int fds[QUEUE * 2]; /* a ring; twice, since a cancelled accept may have gone on for a while */
    unsigned head, count;
    bool exhausted;       /* out of descriptors, and said so */
    uint16_t served_port; /* counted in served_on; 0: not of pit_tcp_serve */
    struct __kernel_timespec retry;
};

/*
 * Of each port, how many listeners of pit_tcp_serve have it. Those of a server that has ended close
 * on their schedulers a moment later, when its supervisor may have started the next one already:
 * that one waits for them, instead of failing because of itself.
 *
 * Decremented with release after the close, read with acquire before a bind: who reads 0 binds
 * after the last close, so a port that is still taken then is taken by somebody else.
 */
static _Atomic(uint16_t) served_on[65536];
#define PREDECESSOR_MS 1000 /* for it to close: it does so at its schedulers' next passes */

static struct listening *listening(const struct pit__socket *l) { return l->extra; }

static bool full(const struct pit__socket *l)
{
    const struct pit__limit *limit = l->limit;

    return limit->max && atomic_load_explicit(&limit->alive, memory_order_relaxed) >= limit->max;
}

/* ---- the timer */

static void retry_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_timeout(sqe, &listening(PIT__CONTAINER(op, struct pit__socket, send))->retry, 0,
                          0);
}

static void accept_arm(struct pit__socket *l);

static void retry_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__socket *l = PIT__CONTAINER(op, struct pit__socket, send);

    pit__socket_ended(l, op);
    if (l->life == PIT__SOCKET_CLOSING)
        pit__socket_progress(l);
    else
        accept_arm(l);
}

static const struct pit__op_kind retry_kind = {IORING_OP_TIMEOUT, retry_prepare, retry_complete};

static void retry_later(struct pit__socket *l, long ns)
{
    listening(l)->retry = (struct __kernel_timespec){.tv_nsec = ns};
    if (pit__op_idle(&l->send))
        pit__socket_start(l, &l->send);
}

/* ---- the accept */

static void accept_arm(struct pit__socket *l)
{
    if (!l->armed || l->error || !pit__op_idle(&l->receive) || !pit__op_idle(&l->send) ||
        listening(l)->count >= QUEUE / 2)
        return;
    if (full(l)) {
        retry_later(l, FULL_RETRY_NS);
        return;
    }
    l->stopping = false;
    pit__socket_start(l, &l->receive);
}

static void accept_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    struct pit__socket *l = PIT__CONTAINER(op, struct pit__socket, receive);

    if (l->limit->max)
        io_uring_prep_accept(sqe, l->fd, NULL, NULL, SOCK_CLOEXEC);
    else
        io_uring_prep_multishot_accept(sqe, l->fd, NULL, NULL, SOCK_CLOEXEC);
}

static void drop_connection(struct pit__socket *l, int fd)
{
    (void)close(fd); /* nobody has it */
    atomic_fetch_sub_explicit(&l->limit->alive, 1, memory_order_relaxed);
}

/* The next connection as a socket of the listener's owner; NULL: none, or no memory, which costs
   the peer its connection. */
static struct pit__socket *take_connection(struct pit__socket *l)
{
    struct listening *g = listening(l);

    while (g->count) {
        int fd = g->fds[g->head];
        struct pit__socket *s = pit__stream_new(fd, &g->opts);
        g->head = (g->head + 1) % (QUEUE * 2);
        g->count--;
        if (s) {
            s->connected = true;
            s->limit = l->limit;
            atomic_fetch_add_explicit(&l->limit->references, 1, memory_order_relaxed);
            pit__socket_own(s, pit__socket_owner(l));
            return s;
        }
        drop_connection(l, fd);
    }
    return NULL;
}

/* Active: connections become messages. */
static void pump(struct pit__socket *l)
{
    pit_pid owner = pit__pid_of(pit__socket_owner(l));
    struct pit__socket *s;

    while (l->active != PIT_TCP_PASSIVE && listening(l)->count) {
        struct pit_tcp_accepted *m = pit__message_make(&pit_type_pit_tcp_accepted, sizeof(*m));
        if (!m)
            return; /* they wait; the next connection tries again */
        s = take_connection(l);
        m->listener.id = atomic_load_explicit(&l->handle, memory_order_relaxed);
        m->socket.id =
            s ? atomic_load_explicit(&s->handle, memory_order_relaxed) : pit__handle(-ENOMEM);
        pit__message_send(owner, PIT_NO_PID, m);
        if (l->active == PIT_TCP_ONCE)
            l->active = PIT_TCP_PASSIVE;
        else if (l->active > 0)
            l->active--;
    }
}

/* What to do about an error of accept: most are of one connection that is gone already. */
static void note_error(struct pit__socket *l, int res)
{
    switch (res) {
    case -EMFILE:
    case -ENFILE:
    case -ENOMEM:
    case -ENOBUFS:
        if (!listening(l)->exhausted)
            pit_log(PIT_LOG_WARNING,
                    "a listener cannot accept: %s; connections wait. Raise RLIMIT_NOFILE (`ulimit "
                    "-n`, LimitNOFILE= of "
                    "systemd), or bound them (max_connections)",
                    pit_strerror(res));
        listening(l)->exhausted = true;
        retry_later(l, EXHAUSTED_RETRY_NS);
        break;
    case -EBADF:
    case -EINVAL:
    case -ENOTSOCK:
    case -EOPNOTSUPP:
        l->error = res;
        break;
    default: /* cancelled, or the peer was faster */
        break;
    }
}

static void accepted(struct pit__socket *l, int fd)
{
    struct listening *g = listening(l);

    g->exhausted = false;
    atomic_fetch_add_explicit(&l->limit->alive, 1, memory_order_relaxed);
    if (l->life != PIT__SOCKET_OPEN || g->count == QUEUE * 2) {
        drop_connection(l, fd);
        return;
    }
    g->fds[(g->head + g->count++) % (QUEUE * 2)] = fd;
    if (g->count >= QUEUE && !l->stopping) {
        l->stopping = true;
        pit__op_cancel(l->driver, &l->receive);
    }
}

static void accept_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__socket *l = PIT__CONTAINER(op, struct pit__socket, receive);

    if (res >= 0)
        accepted(l, res);
    else
        note_error(l, res);
    if (pit__op_idle(op))
        pit__socket_ended(l, op);
    if (l->life == PIT__SOCKET_CLOSING) {
        if (pit__op_idle(op))
            pit__socket_progress(l);
        return;
    }
    if (l->active != PIT_TCP_PASSIVE)
        pump(l);
    if (l->waits_for != PIT__FOR_IDLE)
        accept_arm(l);
    if (listening(l)->count || l->error)
        pit__socket_unpark(l, PIT__FOR_INPUT);
}

static const struct pit__op_kind accept_kind = {IORING_OP_ACCEPT, accept_prepare, accept_complete};

/* Its drop. */
static void listening_drop(struct pit__socket *l)
{
    struct listening *g = listening(l);

    for (; g->count; g->count--) {
        drop_connection(l, g->fds[g->head]);
        g->head = (g->head + 1) % (QUEUE * 2);
    }
    pit__limit_release(l->limit);
    l->limit = NULL; /* it counts connections, and is not one */
    if (g->served_port)
        atomic_fetch_sub_explicit(&served_on[g->served_port], 1, memory_order_release);
}

/* ---- opening */

static int set_on(int fd, int level, int name, int on)
{
    return setsockopt(fd, level, name, &on, sizeof on) < 0 ? -errno : 0;
}

static int bind_and_listen(int fd, const pit_address *a, const pit_tcp_opts *opts)
{
    union pit__sockaddr address;
    socklen_t size = pit__address_to_kernel(a, &address);
    int r = set_on(fd, SOL_SOCKET, SO_REUSEADDR, 1);

    if (r == 0 && a->family == 6)
        r = set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY, opts->ipv6_only);
    if (r == 0 && opts->reuse_port)
        r = set_on(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (r == 0)
        r = pit__tcp_opts_to_kernel(fd, opts);
    if (r < 0)
        return r;
    if (bind(fd, &address.any, size) < 0 ||
        listen(fd, opts->backlog ? opts->backlog : BACKLOG_DEFAULT) < 0)
        return -errno;
    return 0;
}

/* "*" where the kernel has no IPv6: IPv4 alone. */
static int open_descriptor(pit_address *a)
{
    static const uint8_t any[16];
    int fd = socket(a->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 && errno == EAFNOSUPPORT && a->family == 6 && memcmp(a->ip, any, sizeof any) == 0) {
        a->family = 4;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    return fd < 0 ? -errno : fd;
}

static int listener_new(int fd, const pit_tcp_opts *opts, struct pit__socket **ret)
{
    struct listening *g = calloc(1, sizeof(*g));
    struct pit__limit *limit = calloc(1, sizeof(*limit));
    struct pit__socket *l = g && limit ? pit__socket_new(fd, PIT__LISTENER, listening_drop) : NULL;

    if (!l) {
        free(g);
        free(limit);
        return -ENOMEM;
    }
    g->opts = *opts;
    limit->max = opts->max_connections;
    atomic_init(&limit->references, 1);
    l->extra = g;
    l->limit = limit;
    pit__op_init(&l->receive, &accept_kind);
    pit__op_init(&l->send, &retry_kind);
    *ret = l;
    return 0;
}

static int listener_open(pit_address a, const pit_tcp_opts *opts, struct pit__process *p,
                         struct pit__socket **ret)
{
    int fd = open_descriptor(&a);
    int r;

    if (fd < 0)
        return fd;
    r = bind_and_listen(fd, &a, opts);
    if (r == 0)
        r = listener_new(fd, opts, ret);
    if (r < 0) {
        (void)close(fd); /* nobody has connected yet, or will see it refused */
        return r;
    }
    pit__socket_own(*ret, p);
    return 0;
}

static int parse(const char *address, const pit_tcp_opts *opts, struct pit__process *p,
                 pit_address *ret)
{
    int r = p ? pit__address_taken(address, ret) : -PIT_ENOTPROCESS;

    return r < 0 ? r : pit__tcp_opts_check(opts);
}

static int64_t handle_of(const struct pit__socket *s)
{
    return atomic_load_explicit(&s->handle, memory_order_relaxed);
}

pit_listener pit_tcp_listen_opts(const char *address, pit_tcp_opts opts)
{
    struct pit__process *p = pit__enter();
    struct pit__socket *l = NULL;
    pit_address a;
    int r = parse(address, &opts, p, &a);

    if (r == 0)
        r = listener_open(a, &opts, p, &l);
    pit__leave();
    return (pit_listener){pit__handle(r < 0 ? r : handle_of(l))};
}

/* ---- accepting */

static int64_t accept_one(struct pit__socket *l, int64_t deadline)
{
    struct pit__socket *s;
    int r = 0;

    if (l->active != PIT_TCP_PASSIVE)
        return -EBUSY;
    l->armed = true;
    for (;;) {
        s = take_connection(l);
        accept_arm(l);
        if (s)
            return handle_of(s);
        if (r < 0 || (r = l->error) < 0)
            return r;
        r = pit__socket_park(l, PIT__FOR_INPUT, deadline);
    }
}

pit_tcp pit_tcp_accept_timeout(pit_listener listener, int64_t timeout)
{
    struct pit__socket *l;
    int64_t id = pit__socket_of(listener.id, PIT__LISTENER, pit__enter(), &l);

    if (id == 0)
        id = accept_one(l, pit__deadline(timeout));
    pit__leave();
    return (pit_tcp){pit__handle(id)};
}

pit_tcp pit_tcp_accept(pit_listener l) { return pit_tcp_accept_timeout(l, PIT_INFINITY); }

int pit_tcp_accept_active(pit_listener listener, int count)
{
    struct pit__socket *l;
    int r = pit__socket_of(listener.id, PIT__LISTENER, pit__enter(), &l);

    if (r == 0 && count < PIT_TCP_ALWAYS)
        r = -EINVAL;
    if (r == 0) {
        l->active = count;
        l->armed |= count != PIT_TCP_PASSIVE;
        pump(l);
        accept_arm(l);
    }
    pit__leave();
    return r;
}

int pit_tcp_unlisten(pit_listener listener)
{
    struct pit__socket *l;
    int r = pit__socket_of(listener.id, PIT__LISTENER, pit__enter(), &l);

    if (r == 0) {
        pit__disown(&l->resource);
        pit__socket_release(l, false);
    }
    pit__leave();
    return r;
}

/* ---- serving: acceptors */

struct acceptor {
    pit_pid parent;
    pit_listener listener;
    pit_tcp_start *start;
    void *arg;
};

static void acceptor(void *state, const pit_msg *m)
{
    struct acceptor *a = state;

    if (pit_is(m, pit_start)) {
        (void)pit_monitor(a->parent); /* its end is ours, a normal one too */
        (void)pit_tcp_accept_active(a->listener, PIT_TCP_ALWAYS);
    } else if (pit_is(m, pit_tcp_accepted)) {
        pit_tcp s = pit_as(m, pit_tcp_accepted)->socket;
        if (s.id < 0)
            return;
        a->start(s, a->arg);
        (void)pit_tcp_close(s); /* given away, as it should be: refused, and no harm */
    } else if (pit_is(m, pit_down))
        pit_exit(pit_as(m, pit_down)->reason);
}

/* One of a server's listeners, and who accepts on it; 0: nobody yet, it is the caller's. */
struct served {
    struct pit__socket *listener;
    pit_pid acceptor;
};

/* A process on this scheduler (placement 0) or another takes the listener. */
static int start_acceptor(struct served *one, const struct acceptor *proto, int16_t placement)
{
    struct acceptor state = *proto;
    pit_spawn_opts opts = {.link = true, .scheduler = placement, .label = "pit_tcp_serve"};
    pit_pid pid;
    int r;

    state.listener.id = handle_of(one->listener);
    pit__socket_promise(one->listener, true);
    pid = pit_try_spawn_handler(acceptor, &state, sizeof state, opts);
    r = pid.id < 0 ? pit_error(pid) : pit__socket_bequeath(one->listener, pid);
    if (r < 0)
        pit__socket_promise(one->listener, false);
    else
        one->acceptor = pid;
    return r;
}

/* On one port: the first is alone on it unless it is to be shared with others, then its siblings
   may join. */
static int open_first(pit_address *a, const pit_tcp_opts *opts, struct pit__process *p,
                      struct served *first, bool siblings)
{
    pit_address local;
    int r = listener_open(*a, opts, p, &first->listener);

    if (r == 0 && siblings)
        r = set_on(first->listener->fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (r == 0)
        r = pit__tcp_local(handle_of(first->listener), &local);
    if (r == 0)
        *a = local; /* port 0 is a number now */
    return r;
}

/* None serves unless all do. */
static int open_all(pit_address *a, const pit_tcp_opts *opts, struct pit__process *p,
                    struct served *all, int count)
{
    pit_tcp_opts sibling = *opts;
    int r = open_first(a, opts, p, &all[0], count > 1);

    sibling.reuse_port = true;
    for (int i = 1; r == 0 && i < count; i++)
        r = listener_open(*a, &sibling, p, &all[i].listener);
    return r;
}

static void count_served(struct served *all, int count, uint16_t port)
{
    for (int i = 0; i < count; i++) {
        listening(all[i].listener)->served_port = port;
        atomic_fetch_add_explicit(&served_on[port], 1, memory_order_relaxed); /* see served_on */
    }
}

static void undo(struct served *all, int count)
{
    for (int i = 0; i < count; i++)
        if (all[i].acceptor.id) {
            pit_unlink(all[i].acceptor);
            pit_exit_process(all[i].acceptor, pit_atom("shutdown"));
        } else if (all[i].listener) {
            pit__disown(&all[i].listener->resource);
            pit__socket_release(all[i].listener, false);
        }
}

static int serve(pit_address *a, const struct acceptor *proto, const pit_tcp_opts *opts,
                 struct pit__process *p)
{
    pit_node_info info = {.schedulers = 1};
    struct served *all;
    int r;

    if (opts->per_scheduler)
        pit_node_info_get(&info);
    all = calloc((size_t)info.schedulers, sizeof(*all));
    if (!all)
        return -ENOMEM;
    r = open_all(a, opts, p, all, info.schedulers);
    if (r == 0)
        count_served(all, info.schedulers, a->port);
    for (int i = 0; r == 0 && i < info.schedulers; i++)
        r = start_acceptor(&all[i], proto, opts->per_scheduler ? (int16_t)PIT_ON(i) : 0);
    if (r < 0)
        undo(all, info.schedulers);
    free(all);
    return r;
}

static int try_serve(const char *address, struct acceptor *proto, const pit_tcp_opts *opts,
                     pit_address *ret_local, bool *ret_ours)
{
    struct pit__process *p = pit__enter();
    pit_address a;
    int r = parse(address, opts, p, &a);

    *ret_ours = false;
    if (r == 0) {
        *ret_ours = atomic_load_explicit(&served_on[a.port], memory_order_acquire) > 0;
        proto->parent = pit__pid_of(p);
        r = serve(&a, proto, opts, p);
        if (r == 0 && ret_local)
            pit__address_given(&a, ret_local);
    }
    pit__leave();
    return r;
}

int pit_tcp_serve_opts(const char *address, pit_tcp_start *start, void *arg, pit_address *ret_local,
                       pit_tcp_opts opts)
{
    struct acceptor proto = {.start = start, .arg = arg};
    int64_t until = pit_now() + PREDECESSOR_MS * INT64_C(1000000);
    bool ours;
    int r;

    while ((r = try_serve(address, &proto, &opts, ret_local, &ours)) == -EADDRINUSE && ours &&
           pit_now() < until)
        pit_sleep(1);
    return r;
}
