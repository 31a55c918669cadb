/*
 * Provided buffers. See buffers.h.
 *
 * Who writes what: the ring's tail and `lent` the owner; the list of returns any thread, by
 * compare-and-swap. The owner takes all of it by one exchange, so nothing is compared against after
 * it was taken and pushed again: no ABA. The last exchange, when the driver closes, leaves CLOSED
 * there; who finds that drops its reference instead.
 *
 * Order: R1 a foreign thread pushes a buffer: all its reads of the bytes come before. A1 the owner
 * takes the list. The starved owner sets `awaited` and then looks at the list; a foreign thread
 * pushes and then looks at `awaited`; both sequentially consistent, so one of them sees the other.
 *
 * The kernel takes buffers in the order in which they were put into the ring. With all of them in
 * it each receive would meet the coldest one of 16 MiB; so only `depth` are, and the others are a
 * stack of which the one that came back last goes in first. Depth doubles whenever a receive has
 * found none.
 *
 * References: one for the owner, one for each buffer that is out, one for a foreign thread while it
 * pushes (its buffer's may be dropped as soon as it is on the list). The last one frees the memory
 * and closes the eventfd.
 */
#include "io/buffers.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "runtime/park.h"

#define CLOSED ((struct pit__buffer *)1)

struct pit__buffers {
    /* owner */
    struct io_uring_buf_ring *ring;
    size_t ring_size, memory_size;
    uint8_t *memory;
    unsigned count, size, lent;
    unsigned depth;            /* how many are to be in the ring */
    unsigned spares;           /* how many are in neither ring nor hands, the */
    struct pit__buffer *spare; /* youngest, and warmest, first */

    /* all */
    /* whose scheduler's thread is the owner's; NULL: closed */
    _Atomic(struct pit__driver *) driver;
    int wake_fd;
    _Atomic(struct pit__buffer *) returns __attribute__((aligned(64)));
    atomic_bool awaited;
    atomic_uint references;

    struct pit__buffer all[] __attribute__((aligned(64)));
};

static void *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static void unref(struct pit__buffers *b)
{
    if (atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) != 1)
        return;
    if (b->memory)
        munmap(b->memory, b->memory_size);
    if (b->wake_fd >= 0)
        (void)close(b->wake_fd); /* nothing to be done about an error, and an eventfd has none */
    free(b);
}

/* Some of several: the caller holds another. */
static void unref_more(struct pit__buffers *b, unsigned n)
{
    unsigned before = atomic_fetch_sub_explicit(&b->references, n, memory_order_acq_rel);

    PIT_ASSERT(before > n);
}

/* Enough for most passes; 1 MiB of memory if each is filled, and it stays in the second-level
   cache. */
#define FIRST_DEPTH 64u

/* Between buffers, so that their first lines, which every request touches, do not share a few
   sets of the cache. */
#define COLOUR 64u

/* Visible to the kernel after the next advance. */
static void add(struct pit__buffers *b, struct pit__buffer *buffer, unsigned nth)
{
    unsigned id = (unsigned)(buffer - b->all);

    io_uring_buf_ring_add(b->ring, buffer->data, b->size, (unsigned short)id,
                          io_uring_buf_ring_mask(b->count), (int)nth);
}

static void spare(struct pit__buffers *b, struct pit__buffer *buffer)
{
    buffer->next = b->spare;
    b->spare = buffer;
    b->spares++;
}

/* How many are in the ring. */
static unsigned top_up(struct pit__buffers *b)
{
    unsigned there = b->count - b->lent - b->spares, n = 0;

    for (; b->spare && there + n < b->depth; n++) {
        struct pit__buffer *buffer = b->spare;
        b->spare = buffer->next;
        b->spares--;
        add(b, buffer, n);
    }
    if (n)
        io_uring_buf_ring_advance(b->ring, (int)n);
    return there + n;
}

int pit__buffers_new(struct io_uring *ring, struct pit__driver *driver, int wake_fd, unsigned count,
                     unsigned size, struct pit__buffers **ret)
{
    struct io_uring_buf_reg reg = {.ring_entries = count, .bgid = PIT__BUFFER_GROUP};
    struct pit__buffers *b;
    size_t bytes = sizeof(*b) + count * sizeof(struct pit__buffer);
    int r = -ENOMEM;

    PIT_ASSERT(count && (count & (count - 1)) == 0);
    if (posix_memalign((void **)&b, 64, bytes))
        return -ENOMEM;
    *b = (struct pit__buffers){.count = count, .size = size, .wake_fd = -1};
    atomic_init(&b->references, 1);
    atomic_init(&b->driver, driver);
    b->ring_size = count * sizeof(struct io_uring_buf);
    b->memory_size = (size_t)count * (size + COLOUR);
    b->ring = map(b->ring_size);
    b->memory = map(b->memory_size);
    if (!b->ring || !b->memory)
        goto fail;
    reg.ring_addr = (uintptr_t)b->ring;
    r = io_uring_register_buf_ring(ring, &reg, 0);
    if (r < 0)
        goto fail;

    io_uring_buf_ring_init(b->ring);
    for (unsigned i = count; i-- > 0;) {
        b->all[i] =
            (struct pit__buffer){.home = b, .data = b->memory + (size_t)i * (size + COLOUR)};
        spare(b, &b->all[i]);
    }
    b->depth = count < FIRST_DEPTH ? count : FIRST_DEPTH;
    (void)top_up(b);
    b->wake_fd = wake_fd;
    *ret = b;
    return 0;

fail:
    if (b->ring)
        munmap(b->ring, b->ring_size);
    unref(b);
    return r;
}

void pit__buffers_release(struct pit__buffers *b)
{
    if (!b)
        return;
    atomic_store_explicit(&b->driver, NULL, memory_order_relaxed);
    struct pit__buffer *list = atomic_exchange_explicit(&b->returns, CLOSED, memory_order_acquire);
    while (list) {
        struct pit__buffer *next = list->next;
        unref_more(b, 1);
        list = next;
    }
    munmap(b->ring, b->ring_size);
    unref(b);
}

struct pit__buffer *pit__buffers_take(struct pit__buffers *b, unsigned id, uint32_t length)
{
    struct pit__buffer *buffer = &b->all[id];

    PIT_ASSERT(id < b->count);
    PIT_ASSERT(length <= b->size);
    buffer->next = NULL;
    buffer->offset = 0;
    buffer->length = length;
    b->lent++;
    atomic_fetch_add_explicit(&b->references, 1, memory_order_relaxed);
    return buffer;
}

bool pit__buffers_scarce(const struct pit__buffers *b) { return b->lent > b->count / 2; }
unsigned pit__buffers_lent(const struct pit__buffers *b) { return b->lent; }
unsigned pit__buffers_depth(const struct pit__buffers *b) { return b->depth; }

unsigned pit__buffers_collect(struct pit__buffers *b)
{
    struct pit__buffer *list = NULL;
    unsigned n = 0;

    if (atomic_load_explicit(&b->returns, memory_order_seq_cst))
        list = atomic_exchange_explicit(&b->returns, NULL, memory_order_acquire); /* A1 */
    for (; list; n++) {
        struct pit__buffer *next = list->next;
        spare(b, list);
        list = next;
    }
    if (n) {
        b->lent -= n;
        unref_more(b, n);
    }
    return top_up(b);
}

void pit__buffers_deepen(struct pit__buffers *b)
{
    b->depth = b->depth * 2 < b->count ? b->depth * 2 : b->count;
}

void pit__buffers_awaited(struct pit__buffers *b, bool awaited)
{
    atomic_store_explicit(&b->awaited, awaited, memory_order_seq_cst);
}

/* It goes into the ring with the next collect. */
static void put_from_owner(struct pit__buffers *b, struct pit__buffer *buffer)
{
    spare(b, buffer);
    b->lent--;
    unref_more(b, 1);
}

static void put_from_elsewhere(struct pit__buffers *b, struct pit__buffer *buffer)
{
    struct pit__buffer *head = atomic_load_explicit(&b->returns, memory_order_relaxed);

    atomic_fetch_add_explicit(&b->references, 1, memory_order_relaxed);
    do {
        if (head == CLOSED) {
            unref_more(b, 1); /* the buffer's */
            break;
        }
        buffer->next = head;
    } while (!atomic_compare_exchange_weak_explicit(
        &b->returns, &head, buffer, memory_order_seq_cst, memory_order_relaxed)); /* R1 */
    PIT_POINT("buffers.pushed");
    if (atomic_load_explicit(&b->awaited, memory_order_seq_cst))
        (void)!write(b->wake_fd, &(uint64_t){1}, sizeof(uint64_t)); /* full: it is awake already */
    unref(b);
}

void pit__buffer_drop(struct pit__buffer *buffer)
{
    struct pit__buffers *b = buffer->home;

    if (!b) {
        free(buffer);
        return;
    }
    struct pit__driver *driver = atomic_load_explicit(&b->driver, memory_order_relaxed);
    if (driver && driver == pit__sched_driver())
        put_from_owner(b, buffer);
    else
        put_from_elsewhere(b, buffer);
}

struct pit__buffer *pit__buffer_copy(const struct pit__buffer *buffer)
{
    struct pit__buffer *copy = malloc(sizeof(*copy) + buffer->length);

    if (!copy)
        return NULL;
    *copy = (struct pit__buffer){.data = (uint8_t *)(copy + 1), .length = buffer->length};
    memcpy(copy->data, buffer->data + buffer->offset, buffer->length);
    return copy;
}
