/*
 * Arrays of shared integers, found by handle in a table.
 *
 * A handle is the index of an entry and a number that no other array has had there. An entry points
 * to its array, which holds its own handle and never changes but in its cells; so a look is one
 * load and one compare, and a stale handle is told from its successor. Entries are made in pieces
 * and stay; deleted arrays go after a grace period (grace.h).
 *
 * A counters' array that is spread has a row for each scheduler and one for all other threads, on
 * cache lines of their own. A scheduler's row is written by its thread alone (put excepted, which
 * may lose additions: CN-1), so an addition there is a load and a store; the others' row is added
 * to atomically.
 *
 * Order: the cells of pit_atomics are sequentially consistent, as AT-1 has it. R1, the release of
 * an entry, publishes a complete array; A1, the acquire of a look, pairs with it. Everything else
 * is under the lock.
 */
#include "runtime/atomics.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pit/atomics.h>

#include "runtime/enter.h"
#include "runtime/grace.h"
#include "runtime/node_state.h"

#define PIECE 1024
#define PIECES 1024
#define INDEX_BITS 20
#define LINE 8 /* cells of a cache line */

_Static_assert(PIECE *PIECES == 1 << INDEX_BITS, "an index has INDEX_BITS");

enum kind { ATOMICS, COUNTERS };

struct array {
    struct pit__grace grace;
    int64_t id;
    size_t count;
    size_t row;    /* cells from one row to the next */
    unsigned rows; /* 1, or the schedulers and one more */
    uint8_t kind;
    bool is_unsigned;
    size_t bytes;
    _Atomic(int64_t) cells[] __attribute__((aligned(64)));
};

struct entry {
    _Atomic(struct array *) array;
    uint64_t uses; /* under the lock, as what follows */
    uint32_t next_free;
};

static _Atomic(struct entry *) pieces[PIECES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t used = 1, first_free; /* 0: none, so no handle is 0 */

static struct entry *entry_of(uint32_t index)
{
    struct entry *piece = atomic_load_explicit(&pieces[index / PIECE],
                                               memory_order_acquire); /* pairs with its making */

    return piece ? &piece[index % PIECE] : NULL;
}

/* ---- making and deleting */

static struct entry *take_entry(uint32_t *ret_index)
{
    struct entry *piece;

    if (first_free) {
        struct entry *e = entry_of(first_free);

        *ret_index = first_free;
        first_free = e->next_free;
        return e;
    }
    if (used == PIECE * PIECES)
        return NULL;
    if (!entry_of(used)) {
        piece = calloc(PIECE, sizeof *piece);
        if (!piece)
            return NULL;
        atomic_store_explicit(&pieces[used / PIECE], piece, memory_order_release);
    }
    *ret_index = used++;
    return entry_of(*ret_index);
}

static int64_t publish(struct array *a)
{
    struct entry *e;
    uint32_t index;

    pthread_mutex_lock(&lock);
    e = take_entry(&index);
    if (e) {
        a->id = (int64_t)((++e->uses & INT32_MAX) << INDEX_BITS | index);
        atomic_store_explicit(&e->array, a, memory_order_release); /* R1 */
    }
    pthread_mutex_unlock(&lock);
    return e ? a->id : INT64_MIN | PIT_ESYSTEMLIMIT;
}

static void array_over(struct pit__grace *g) { free(PIT__CONTAINER(g, struct array, grace)); }

static int64_t make(enum kind kind, size_t count, unsigned flags)
{
    bool spread = kind == COUNTERS && (flags & PIT_COUNTERS_SPREAD);
    unsigned rows = spread ? pit__node.count + 1 : 1;
    size_t row = spread ? (count + LINE - 1) / LINE * LINE : count, bytes;
    struct array *a = NULL;
    int64_t id;

    if (!count || count > UINT32_MAX || flags > 1)
        return INT64_MIN | EINVAL;
    bytes = (sizeof *a + rows * row * sizeof *a->cells + 63) & ~(size_t)63;
    a = aligned_alloc(64, bytes);
    if (!a)
        return INT64_MIN | ENOMEM;
    *a = (struct array){.count = count,
                        .row = row,
                        .rows = rows,
                        .kind = kind,
                        .is_unsigned = kind == ATOMICS && (flags & PIT_ATOMICS_UNSIGNED),
                        .bytes = bytes};
    for (size_t i = 0; i < rows * row; i++)
        atomic_init(&a->cells[i], 0);
    id = publish(a);
    if (id < 0)
        free(a);
    return id;
}

static int delete (int64_t id, enum kind kind)
{
    struct entry *e = id > 0 ? entry_of((uint32_t)id & (PIECE * PIECES - 1)) : NULL;
    struct array *a;

    if (!e)
        return -EINVAL;
    pthread_mutex_lock(&lock);
    a = atomic_load_explicit(&e->array, memory_order_relaxed); /* the lock orders it */
    if (!a || a->id != id || a->kind != kind) {
        pthread_mutex_unlock(&lock);
        return -EINVAL;
    }
    /* Relaxed: it publishes nothing; the grace period sees to it that no look finds the array
       afterwards. */
    atomic_store_explicit(&e->array, NULL, memory_order_relaxed);
    if ((e->uses & INT32_MAX) != INT32_MAX) { /* else it is retired: its handles are used up */
        e->next_free = first_free;
        first_free = (uint32_t)id & (PIECE * PIECES - 1);
    }
    pthread_mutex_unlock(&lock);
    a->grace.over = array_over;
    pit__grace_after(&a->grace);
    return 0;
}

void pit__atomics_close(void)
{
    for (uint32_t i = 0; i < PIECES; i++) {
        struct entry *piece = atomic_load_explicit(&pieces[i], memory_order_acquire);

        for (uint32_t k = 0; piece && k < PIECE; k++)
            free(atomic_load_explicit(&piece[k].array, memory_order_acquire));
        free(piece);
        atomic_store_explicit(&pieces[i], NULL, memory_order_relaxed);
    }
    used = 1;
    first_free = 0;
}

/* ---- looking */

/* The array between here and leave(), or the caller ends. */
static struct array *enter(int64_t id, enum kind kind, struct pit__thread **ret_thread)
{
    struct pit__thread *t = *ret_thread = pit__in();
    struct entry *e;
    struct array *a;

    pit__grace_look(t);
    e = PIT__LIKELY(id > 0) ? entry_of((uint32_t)id & (PIECE * PIECES - 1)) : NULL;
    a = PIT__LIKELY(e) ? atomic_load_explicit(&e->array, memory_order_acquire) : NULL; /* A1 */
    if (PIT__LIKELY(a && a->id == id && a->kind == kind))
        return a;
    pit__grace_looked(t);
    pit__exit_text("badarg", kind == ATOMICS ? "no such pit_atomics" : "no such pit_counters", NULL,
                   0);
}

static void leave(struct pit__thread *t)
{
    pit__grace_looked(t);
    pit__out_same(t, 1);
}

static _Atomic(int64_t) *cell(struct pit__thread *t, struct array *a, unsigned row, size_t index)
{
    if (PIT__UNLIKELY(index >= a->count)) {
        pit__grace_looked(t);
        pit__exit_text("badarg", "an index past the end of the array", NULL, 0);
    }
    return &a->cells[row * a->row + index];
}

static pit_atomics_about about(int64_t id, enum kind kind)
{
    struct pit__thread *t;
    const struct array *a = enter(id, kind, &t);
    pit_atomics_about r = {.count = a->count,
                           .min = a->is_unsigned ? 0 : INT64_MIN,
                           .max = a->is_unsigned ? -1 : INT64_MAX,
                           .memory = a->bytes};

    leave(t);
    return r;
}

/* ---- atomics */

pit_atomics pit_atomics_new(size_t count, unsigned flags)
{
    return (pit_atomics){make(ATOMICS, count, flags)};
}
int pit_atomics_delete(pit_atomics a) { return delete (a.id, ATOMICS); }
pit_atomics_about pit_atomics_info(pit_atomics a) { return about(a.id, ATOMICS); }

int64_t pit_atomics_get(pit_atomics handle, size_t index)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, ATOMICS, &t);
    int64_t value = atomic_load(cell(t, a, 0, index));

    leave(t);
    return value;
}

void pit_atomics_put(pit_atomics handle, size_t index, int64_t value)
{
    (void)pit_atomics_exchange(handle, index, value);
}

void pit_atomics_add(pit_atomics a, size_t index, int64_t n)
{
    (void)pit_atomics_add_get(a, index, n);
}
void pit_atomics_sub(pit_atomics a, size_t index, int64_t n)
{
    (void)pit_atomics_sub_get(a, index, n);
}

/* In unsigned arithmetic, which wraps where signed overflows. C11 defines the atomic one to
   wrap. */
int64_t pit_atomics_add_get(pit_atomics handle, size_t index, int64_t n)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, ATOMICS, &t);
    int64_t old = atomic_fetch_add(cell(t, a, 0, index), n);

    leave(t);
    return (int64_t)((uint64_t)old + (uint64_t)n);
}

int64_t pit_atomics_sub_get(pit_atomics a, size_t index, int64_t n)
{
    return pit_atomics_add_get(a, index, (int64_t) - (uint64_t)n);
}

int64_t pit_atomics_exchange(pit_atomics handle, size_t index, int64_t value)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, ATOMICS, &t);
    int64_t old = atomic_exchange(cell(t, a, 0, index), value);

    leave(t);
    return old;
}

bool pit_atomics_compare_exchange(pit_atomics handle, size_t index, int64_t *expected,
                                  int64_t desired)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, ATOMICS, &t);
    int64_t is = *expected;
    bool done = atomic_compare_exchange_strong(cell(t, a, 0, index), &is, desired);

    leave(t);
    *expected = is;
    return done;
}

/* ---- counters */

pit_counters pit_counters_new(size_t count, unsigned flags)
{
    return (pit_counters){make(COUNTERS, count, flags)};
}
int pit_counters_delete(pit_counters c) { return delete (c.id, COUNTERS); }
pit_atomics_about pit_counters_info(pit_counters c) { return about(c.id, COUNTERS); }

void pit_counters_add(pit_counters handle, size_t index, int64_t n)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, COUNTERS, &t);

    if (a->rows == 1)
        atomic_fetch_add(cell(t, a, 0, index), n);
    else if (t && t->sched->index < a->rows - 1) { /* this thread's own row */
        _Atomic(int64_t) *c = cell(t, a, t->sched->index, index);

        atomic_store_explicit(
            c, (int64_t)((uint64_t)atomic_load_explicit(c, memory_order_relaxed) + (uint64_t)n),
            memory_order_relaxed);
    } else
        atomic_fetch_add_explicit(cell(t, a, a->rows - 1, index), n, memory_order_relaxed);
    leave(t);
}

void pit_counters_sub(pit_counters c, size_t index, int64_t n)
{
    pit_counters_add(c, index, (int64_t) - (uint64_t)n);
}

int64_t pit_counters_get(pit_counters handle, size_t index)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, COUNTERS, &t);
    uint64_t sum = 0;

    for (unsigned row = 0; row < a->rows; row++)
        sum += (uint64_t)atomic_load(cell(t, a, row, index));
    leave(t);
    return (int64_t)sum;
}

void pit_counters_put(pit_counters handle, size_t index, int64_t value)
{
    struct pit__thread *t;
    struct array *a = enter(handle.id, COUNTERS, &t);

    for (unsigned row = a->rows; row-- > 0;)
        atomic_store(cell(t, a, row, index), row == 0 ? value : 0);
    leave(t);
}
