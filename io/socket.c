/*
 * The table of sockets, their owners, and how they close. See socket.h.
 *
 * Order: R1 a socket's handle is published, with its kind. A1 a look-up. R2 an owner leaves a
 * socket to an heir: all that is the socket's. A2 who takes the heir's name off, by
 * compare-and-swap, has the socket: the heir itself when it first uses the handle, or the carrier
 * that follows it from scheduler to scheduler, so that a socket is closed if its heir dies before
 * it knew.
 */
#include "io/socket.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pit/log.h>

#include "base/assert.h"
#include "base/oracle.h"
#include "runtime/process.h"

/* Chunks are never freed: (3). 2^24 sockets are more than descriptors. */
#define CHUNK 256u
#define SLOT_BITS 24
#define SLOT_MASK ((INT64_C(1) << SLOT_BITS) - 1)
#define CHUNKS ((1u << SLOT_BITS) / CHUNK)
#define GENERATION_MAX ((INT64_C(1) << (63 - SLOT_BITS)) - 1)

#define LINGER_TICK_S 1 /* how often those that linger are looked at */

static _Atomic(struct pit__socket *) chunks[CHUNKS];
static struct {
    pthread_mutex_t lock;
    struct pit__socket *free;
    uint32_t used; /* slots handed out so far */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};
static _Atomic(size_t) open_sockets;

/* ---- the table */

static struct pit__socket *chunk_new(uint32_t number)
{
    struct pit__socket *chunk;

    if (number >= CHUNKS || posix_memalign((void **)&chunk, 64, CHUNK * sizeof(*chunk)))
        return NULL;
    for (uint32_t i = 0; i < CHUNK; i++) {
        chunk[i] = (struct pit__socket){.fd = -1, .generation = 1};
        chunk[i].slot = number * CHUNK + i;
    }
    atomic_store_explicit(&chunks[number], chunk, memory_order_release);
    return chunk;
}

static struct pit__socket *slot_get(void)
{
    struct pit__socket *s, *chunk;

    pthread_mutex_lock(&table.lock);
    s = table.free;
    if (s)
        table.free = s->next_free;
    else if ((chunk = table.used % CHUNK
                          ? atomic_load_explicit(&chunks[table.used / CHUNK], memory_order_relaxed)
                          : chunk_new(table.used / CHUNK)))
        s = chunk + table.used++ % CHUNK;
    pthread_mutex_unlock(&table.lock);
    return s;
}

static void slot_put(struct pit__socket *s)
{
    if (s->generation == GENERATION_MAX)
        return; /* used up: retired for ever */
    s->generation++;
    pthread_mutex_lock(&table.lock);
    s->next_free = table.free;
    table.free = s;
    pthread_mutex_unlock(&table.lock);
}

static struct pit__socket *slot_of(int64_t handle)
{
    if (handle <= 0)
        return NULL;

    uint32_t slot = (uint32_t)(handle & SLOT_MASK);
    struct pit__socket *chunk = atomic_load_explicit(&chunks[slot / CHUNK], memory_order_acquire);

    return chunk ? chunk + slot % CHUNK : NULL;
}

size_t pit_tcp_count(void) { return atomic_load_explicit(&open_sockets, memory_order_relaxed); }

/* ---- per driver */

struct pit__sockets {
    struct pit__driver *driver;
    struct pit__list lingering;
    struct pit__op tick;
    struct __kernel_timespec interval;
    void *scratch;
};

static void tick_prepare(struct pit__op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_timeout(sqe, &PIT__CONTAINER(op, struct pit__sockets, tick)->interval, 0, 0);
}

/* Those whose time is up are reset. */
static void tick_complete(struct pit__op *op, int res, uint32_t flags)
{
    struct pit__sockets *all = PIT__CONTAINER(op, struct pit__sockets, tick);
    int64_t now = pit__now();

    for (struct pit__list *l = all->lingering.next; l != &all->lingering;) {
        struct pit__socket *s = PIT__CONTAINER(l, struct pit__socket, lingering);
        l = l->next;
        if (res == -ECANCELED || s->linger_until <= now) {
            s->error = -ETIMEDOUT;
            pit__op_cancel(s->driver, &s->send);
        }
    }
    if (!pit__list_empty(&all->lingering) && res != -ECANCELED)
        pit__op_start(all->driver, op);
}

static const struct pit__op_kind tick_kind = {IORING_OP_TIMEOUT, tick_prepare, tick_complete};

static void detach(void *attached)
{
    struct pit__sockets *all = attached;

    free(all->scratch);
    free(all);
}

/* Without memory for it nothing is sent in parts, and nothing lingers. */
static struct pit__sockets *sockets_of(struct pit__driver *d)
{
    struct pit__sockets *all = pit__driver_attached(d);

    if (PIT__LIKELY(all))
        return all;
    all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    *all = (struct pit__sockets){.driver = d, .interval = {.tv_sec = LINGER_TICK_S}};
    pit__list_init(&all->lingering);
    pit__op_init(&all->tick, &tick_kind);
    pit__driver_attach(d, all, detach);
    return all;
}

void **pit__socket_scratch(struct pit__driver *d)
{
    struct pit__sockets *all = sockets_of(d);

    return all ? &all->scratch : NULL;
}

/* ---- owners */

static void on_release(struct pit__resource *r)
{
    pit__socket_release(PIT__CONTAINER(r, struct pit__socket, resource), false);
}

struct pit__socket *pit__socket_new(int fd, enum pit__socket_kind kind,
                                    void (*drop)(struct pit__socket *))
{
    struct pit__socket *s = slot_get();

    if (!s)
        return NULL;

    int64_t generation = s->generation;
    uint32_t slot = s->slot;
    s->fd = fd;
    s->kind = (uint8_t)kind;
    s->life = PIT__SOCKET_OPEN;
    s->resource = (struct pit__resource){.release = on_release};
    s->drop = drop;
    s->generation = generation;
    atomic_fetch_add_explicit(&open_sockets, 1, memory_order_relaxed);
    atomic_store_explicit(&s->handle, generation << SLOT_BITS | slot,
                          memory_order_release); /* R1 */
    return s;
}

/* Everything but what a stale handle may look at, the generation and the slot. */
static void clear(struct pit__socket *s)
{
    int64_t generation = s->generation;
    uint32_t slot = s->slot;

    memset(&s->PIT__SOCKET_CLEARED, 0,
           sizeof(*s) - offsetof(struct pit__socket, PIT__SOCKET_CLEARED));
    s->generation = generation;
    s->slot = slot;
    s->fd = -1;
}

struct pit__process *pit__socket_owner(const struct pit__socket *s)
{
    return atomic_load_explicit(&s->owner, memory_order_relaxed);
}

static unsigned in_flight(const struct pit__socket *s)
{
    return !pit__op_idle(&s->receive) + !pit__op_idle(&s->send);
}

static void pin(struct pit__process *p, unsigned n)
{
    while (n--)
        pit__io_begin(p);
}

static void unpin(struct pit__process *p, unsigned n)
{
    while (n--)
        pit__io_end(p);
}

void pit__socket_own(struct pit__socket *s, struct pit__process *p)
{
    atomic_store_explicit(&s->owner, p, memory_order_relaxed);
    pit__own(p, &s->resource);
    pin(p, in_flight(s));
    if (s->queued && pit__op_idle(&s->send)) /* stopped for the journey */
        pit__socket_start(s, &s->send);
}

static struct pit__process *leave_owner(struct pit__socket *s)
{
    struct pit__process *p = pit__socket_owner(s);

    atomic_store_explicit(&s->owner, NULL, memory_order_relaxed);
    if (p)
        unpin(p, in_flight(s));
    s->waits_for = PIT__FOR_NOTHING;
    return p;
}

static bool take_from_transit(struct pit__socket *s, int64_t heir)
{
    return atomic_compare_exchange_strong_explicit(&s->heir, &heir, 0, memory_order_acquire,
                                                   memory_order_relaxed); /* A2 */
}

/* Not the owner: perhaps the one to be. 0, or -EACCES; -EAGAIN: it cannot be said yet. */
static int inherit(struct pit__socket *s, struct pit__process *p)
{
    int64_t self = pit__pid_of(p).id;
    int64_t heir = atomic_load_explicit(&s->heir, memory_order_relaxed);

    if (heir == PIT__HEIR_UNBORN)
        return -EAGAIN;
    if (heir != self || !take_from_transit(s, self))
        return -EACCES;
    pit__socket_own(s, p);
    return 0;
}

int pit__socket_of(int64_t handle, enum pit__socket_kind kind, struct pit__process *p,
                   struct pit__socket **ret)
{
    struct pit__socket *s = slot_of(handle);
    int r;

    if (PIT__UNLIKELY(!p))
        return -PIT_ENOTPROCESS;
    for (;;) {
        if (!s || atomic_load_explicit(&s->handle, memory_order_acquire) != handle) /* A1 */
            return -EBADF;
        if (PIT__LIKELY(pit__socket_owner(s) == p))
            break;
        r = inherit(s, p);
        if (r == 0)
            break;
        if (r != -EAGAIN)
            return r;
        pit_yield(); /* the giver is between spawning us and saying so: a few instructions */
    }
    if (s->kind != kind)
        return -EBADF;
    *ret = s;
    return 0;
}

void pit__socket_promise(struct pit__socket *s, bool promised)
{
    atomic_store_explicit(&s->heir, promised ? PIT__HEIR_UNBORN : 0, memory_order_relaxed);
}

/* ---- from one owner to the next */

struct carried {
    struct pit__socket *socket;
    pit_pid heir;
};

static void carry_on(struct carried *c);

static bool lives_here(const struct pit__process *p, pit_pid pid)
{
    return pit__process_pid(p) == pid.id && p->status != PIT__EXITING && p->status != PIT__ZOMBIE;
}

/* On the scheduler that owned the heir when the carrier left. */
static void arrive(void *arg)
{
    struct carried *c = arg;
    struct pit__process *p = pit__slot_of(c->heir);
    struct pit__socket *s = c->socket;

    if (atomic_load_explicit(&s->heir, memory_order_relaxed) != c->heir.id) {
        free(c); /* the heir was faster */
        return;
    }
    if (pit__process_pid(p) == c->heir.id &&
        atomic_load_explicit(&p->owner, memory_order_acquire) != pit__sched_current()) {
        carry_on(c);
        return;
    }
    if (take_from_transit(s, c->heir.id)) {
        if (lives_here(p, c->heir))
            pit__socket_own(s, p);
        else
            pit__socket_release(s, false);
    }
    free(c);
}

static void carry_on(struct carried *c)
{
    struct pit__process *p = pit__slot_of(c->heir);
    int index = pit__sched_index(atomic_load_explicit(&p->owner, memory_order_acquire));

    if (pit__run_on(index, arrive, c) == 0)
        return;
    /* No memory: the heir may still come for it; if it never does, the socket is lost with it.
       Said, since it cannot be helped. */
    pit_log(PIT_LOG_ERROR, "no memory to hand a socket to another scheduler");
    free(c);
}

int pit__socket_bequeath(struct pit__socket *s, pit_pid pid)
{
    struct pit__process *p = pit__slot_of(pid);
    struct carried *c;

    if (!p)
        return -EINVAL;
    if (atomic_load_explicit(&p->owner, memory_order_acquire) == pit__sched_current()) {
        pit__disown(&s->resource);
        leave_owner(s);
        pit__socket_promise(s, false);
        if (lives_here(p, pid))
            pit__socket_own(s, p);
        else
            pit__socket_release(s, false);
        return 0;
    }
    PIT_ASSERT(pit__socket_idle(s));
    c = malloc(sizeof(*c));
    if (!c)
        return -ENOMEM;
    *c = (struct carried){.socket = s, .heir = pid};
    pit__disown(&s->resource);
    leave_owner(s);
    atomic_store_explicit(&s->heir, pid.id, memory_order_release); /* R2 */
    carry_on(c);
    return 0;
}

/* ---- operations */

void pit__socket_start(struct pit__socket *s, struct pit__op *op)
{
    struct pit__process *p = pit__socket_owner(s);

    if (s->life == PIT__SOCKET_OPEN)
        s->driver = pit__sched_driver(); /* the same as before while something is in flight: (2) */
    pit__op_start(s->driver, op);
    if (p)
        pit__io_begin(p);
}

void pit__socket_start_starved(struct pit__socket *s, struct pit__op *op)
{
    struct pit__process *p = pit__socket_owner(s);

    pit__op_start_starved(s->driver, op);
    if (p)
        pit__io_begin(p);
}

void pit__socket_ended(struct pit__socket *s, struct pit__op *op)
{
    struct pit__process *p = pit__socket_owner(s);

    PIT_ASSERT(pit__op_idle(op));
    if (p)
        pit__io_end(p);
    if (s->waits_for == PIT__FOR_IDLE && pit__socket_idle(s))
        pit__unpark(&s->wait);
}

int64_t pit__deadline(int64_t ms)
{
    return ms < 0 || ms > INT64_MAX / 2000000 ? INT64_MAX : pit__now() + ms * 1000000;
}

int pit__socket_park(struct pit__socket *s, enum pit__waits_for what, int64_t deadline_ns)
{
    int r;

    pit__wait_init(&s->wait);
    s->waits_for = (uint8_t)what;
    r = pit__park(
        &s->wait,
        deadline_ns); /* does not return if the process is ended: release forgets the wait */
    s->waits_for = PIT__FOR_NOTHING;
    return r;
}

void pit__socket_unpark(struct pit__socket *s, enum pit__waits_for what)
{
    if (s->waits_for == what)
        pit__unpark(&s->wait);
}

/* ---- closing */

static void limit_leave(struct pit__limit *limit)
{
    atomic_fetch_sub_explicit(&limit->alive, 1, memory_order_relaxed);
    pit__limit_release(limit);
}

void pit__limit_release(struct pit__limit *limit)
{
    if (atomic_fetch_sub_explicit(&limit->references, 1, memory_order_acq_rel) == 1)
        free(limit);
}

/* Nothing is in flight, nothing left to send. */
static void finish(struct pit__socket *s)
{
    if (s->lingers)
        pit__list_remove(&s->lingering);
    (void)close(s->fd); /* nobody waits for what it says */
    s->drop(s);         /* after the close: a listener's says that the port is free */
    free(s->extra);
    free(s->pieces);
    if (s->limit)
        limit_leave(s->limit);
    clear(s);
    atomic_fetch_sub_explicit(&open_sockets, 1, memory_order_relaxed);
    slot_put(s);
}

void pit__socket_progress(struct pit__socket *s)
{
    PIT_ASSERT(s->life == PIT__SOCKET_CLOSING);
    if (!pit__op_idle(&s->receive))
        return;
    if (!pit__op_idle(&s->send))
        return;
    finish(s);
}

/* What is queued leaves, until its time is up. */
static void linger(struct pit__socket *s)
{
    struct pit__sockets *all;

    if (pit__op_idle(&s->send)) { /* it was stopped to be given away */
        s->driver = pit__sched_driver();
        pit__op_start(s->driver, &s->send);
    }
    all = sockets_of(s->driver);
    if (!all) {
        s->error = -ENOMEM;
        pit__op_cancel(s->driver, &s->send);
        return;
    }
    s->linger_until = pit__now() + (int64_t)s->linger * 1000000;
    s->lingers = true;
    pit__list_append(&all->lingering, &s->lingering);
    if (pit__op_idle(&all->tick))
        pit__op_start(all->driver, &all->tick);
}

void pit__socket_release(struct pit__socket *s, bool reset)
{
    atomic_store_explicit(&s->handle, 0, memory_order_relaxed);
    leave_owner(s);
    s->life = PIT__SOCKET_CLOSING;
    s->active = PIT_TCP_PASSIVE;
    if (reset) {
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                         sizeof(struct linger));
        s->error = -ECANCELED;
    }
    if (s->kind == PIT__LISTENER)
        (void)shutdown(s->fd, SHUT_RDWR); /* now, not with the last completion: the port is free */
    if (!pit__op_idle(&s->receive))
        pit__op_cancel(s->driver, &s->receive);
    if (s->queued && !s->error && s->connected)
        linger(s);
    else if (!pit__op_idle(&s->send))
        pit__op_cancel(s->driver, &s->send);
    pit__socket_progress(s);
}
