/*
 * Stacks: pools, and the common store behind them. The contract is in stack.h.
 *
 * Address space is reserved in regions, each for one size class and twice as large as the last of
 * its class, so that a million stacks need some forty mappings. Regions are never unmapped. A
 * region is cut into slots from its low end; a slot that lost its memory goes to its class's cold
 * list and is preferred over a new one.
 *
 * Invariants (under the store's lock)
 *  (1) The cold list has room for every slot of its class: giving back cannot fail.
 *  (2) A slot's guard is installed before it is first used and stays, cold or not.
 *
 * The memory comes from mmap and not from numa/: the first touch places it, and the scheduler that
 * first uses a stack is the one that should have it near.
 */
#include "runtime/stack.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pit/log.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

#define LEAST_PAGE ((size_t)4096)
#define COLOURS 16
#define COLOUR_STEP 64
#define FIRST_REGION ((size_t)16 << 20)
#define LARGEST_REGION ((size_t)4 << 30)

/* A guard by mprotect makes two mappings more: 16 K for these, 31 K for the groups of a million. */
#define GUARDS_FOR_ALL 8192
#define GROUP 64

#define POOL_MOST 16384 /* of a class: beyond, a stack that is put back goes cold at once */
#define OWN_FRAMES 1024 /* what calls of the C library use below discard */
#define CANARY_WORDS 8

_Static_assert(sizeof(struct pit__stack) + (COLOURS - 1) * COLOUR_STEP < LEAST_PAGE / 2,
               "a parked process's frames need the rest of the page");
_Static_assert(PIT__STACK_LEAST << (PIT__STACK_CLASSES - 1) == PIT__STACK_MOST, "classes");

/* A cold slot: where it is and, in the lowest bit, whether it has a guard. */
typedef uintptr_t cold_slot;

struct size_class {
    char *region; /* the newest */
    size_t region_slots;
    size_t region_used;
    size_t made; /* slots of all regions that were handed out */
    cold_slot *cold;
    size_t cold_count;
    size_t cold_room;
};

static struct {
    pthread_mutex_t lock;
    struct size_class classes[PIT__STACK_CLASSES];
    size_t regions;
    size_t reserved;
    size_t heavy_guards; /* by mprotect */
    enum { GUARDS_UNKNOWN, GUARDS_LIGHT, GUARDS_HEAVY } guards;
    bool complained;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t page_size = LEAST_PAGE;

__attribute__((constructor)) static void learn_page_size(void)
{
    page_size = (size_t)sysconf(_SC_PAGESIZE); /* 16 or 64 KiB on some AArch64 kernels */
}

static size_t class_size(unsigned size_class) { return PIT__STACK_LEAST << size_class; }

/* From low to the end of the slot. A page is added for the struct and the colour. */
static size_t class_span(unsigned size_class)
{
    return ((class_size(size_class) + PIT__STACK_ROOM + page_size - 1) & ~(page_size - 1)) +
           page_size;
}

static size_t class_stride(unsigned size_class)
{
    return PIT__STACK_GUARD_SIZE + class_span(size_class);
}

static unsigned class_of(size_t size)
{
    unsigned c = 0;

    while (class_size(c) < size)
        c++;
    return c;
}

/* --- the store, under its lock --------------------------------------------------------------- */

/* Once, so that a full machine does not fill its log as well. */
static void complain(int error, size_t size)
{
    if (store.complained)
        return;
    store.complained = true;
    pit_log(PIT_LOG_ERROR,
            "no address space for %zu KiB of stacks (%s): raise vm.max_map_count and ulimit -v; "
            "with vm.overcommit_memory=2 raise vm.overcommit_ratio, or set it to 0",
            size >> 10, strerror(error));
}

static bool cold_room_for(struct size_class *c, size_t slots)
{
    cold_slot *larger;

    if (c->cold_room >= slots)
        return true;
    larger = (cold_slot *)realloc(c->cold, slots * sizeof(*larger));
    if (!larger)
        return false;
    c->cold = larger;
    c->cold_room = slots;
    return true;
}

static size_t next_region_size(const struct size_class *c, size_t stride)
{
    size_t size = c->region ? c->region_slots * stride * 2 : FIRST_REGION;

    if (size > LARGEST_REGION)
        size = LARGEST_REGION;
    if (size < 4 * stride)
        size = 4 * stride;
    return size;
}

static bool add_region(struct size_class *c, unsigned size_class)
{
    size_t stride = class_stride(size_class);
    size_t slots = next_region_size(c, stride) / stride;
    size_t size = slots * stride;
    void *p = MAP_FAILED;

    /* A tight ulimit -v may have room for a smaller one. */
    while (slots > 0) {
        size = slots * stride;
        p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (p != MAP_FAILED)
            break;
        slots /= 2;
    }
    if (p == MAP_FAILED || !cold_room_for(c, c->made + slots)) {
        complain(errno, size);
        if (p != MAP_FAILED)
            (void)munmap(p, size); /* what was just mapped can be unmapped */
        return false;
    }
    /* Advice: a kernel that lacks one of these costs memory or time, not correctness. */
    (void)madvise(p, size, MADV_NOHUGEPAGE); /* a first touch would cost 2 MiB */
    (void)madvise(p, size, MADV_DONTDUMP);
    (void)madvise(p, size, MADV_DONTFORK); /* page tables of a million stacks */
    c->region = (char *)p;
    c->region_slots = slots;
    c->region_used = 0;
    store.regions++;
    store.reserved += size;
    return true;
}

static bool heavy_guard_wanted(size_t slot_number)
{
    return store.heavy_guards < GUARDS_FOR_ALL || slot_number % GROUP == 0;
}

/* 1: there is a guard. 0: there is none, the canary must do. -errno: no memory. */
static int install_guard(char *slot, size_t slot_number)
{
    if (store.guards != GUARDS_HEAVY) {
        if (madvise(slot, PIT__STACK_GUARD_SIZE, MADV_GUARD_INSTALL) == 0) {
            store.guards = GUARDS_LIGHT;
            return 1;
        }
        if (errno != EINVAL && errno != EPERM && errno != ENOSYS)
            return -errno;
        store.guards = GUARDS_HEAVY; /* an older kernel, or a sandbox that does not know them */
    }
    if (!heavy_guard_wanted(slot_number))
        return 0;
    if (mprotect(slot, PIT__STACK_GUARD_SIZE, PROT_NONE) != 0)
        return 0; /* out of mappings: as if it were not the group's turn */
    store.heavy_guards++;
    return 1;
}

static bool new_slot(struct size_class *c, unsigned size_class, cold_slot *ret)
{
    char *slot;
    int guard;

    if (c->region_used == c->region_slots && !add_region(c, size_class))
        return false;
    slot = c->region + c->region_used * class_stride(size_class);
    guard = install_guard(slot, c->made);
    if (guard < 0) {
        complain(-guard, class_stride(size_class));
        return false;
    }
    c->region_used++;
    c->made++;
    *ret = (cold_slot)slot | (cold_slot)guard;
    return true;
}

/* --- between the store and the pools --------------------------------------------------------- */

static bool store_take(unsigned size_class, cold_slot *ret, size_t *ret_colour)
{
    struct size_class *c = &store.classes[size_class];
    bool ok = true;

    pthread_mutex_lock(&store.lock);
    if (c->cold_count > 0)
        *ret = c->cold[--c->cold_count];
    else
        ok = new_slot(c, size_class, ret);
    pthread_mutex_unlock(&store.lock);
    if (ok)
        *ret_colour = (*ret & ~(cold_slot)1) / class_stride(size_class) % COLOURS;
    return ok;
}

static void store_give(unsigned size_class, cold_slot slot)
{
    struct size_class *c = &store.classes[size_class];

    pthread_mutex_lock(&store.lock);
    PIT_ASSERT(c->cold_count < c->cold_room);
    c->cold[c->cold_count++] = slot;
    pthread_mutex_unlock(&store.lock);
}

static struct pit__stack *warm_up(unsigned size_class)
{
    struct pit__stack *stack;
    cold_slot taken;
    size_t colour;
    char *slot;

    if (!store_take(size_class, &taken, &colour))
        return NULL;
    slot = (char *)(taken & ~(cold_slot)1);
    stack = (struct pit__stack *)(slot + class_stride(size_class) - colour * COLOUR_STEP -
                                  sizeof(*stack));
    *stack = (struct pit__stack){
        .low = slot + PIT__STACK_GUARD_SIZE,
        .size_class = (uint8_t)size_class,
        .guarded = taken & 1,
    };
    pit__fibre_create(&stack->fibre, stack->low, pit__stack_usable(stack));
    return stack;
}

static void cool_down(struct pit__stack *stack)
{
    unsigned size_class = stack->size_class;
    char *low = stack->low;
    cold_slot slot = (cold_slot)(low - PIT__STACK_GUARD_SIZE) | (cold_slot)stack->guarded;

    pit__fibre_destroy(&stack->fibre);
    if (madvise(low, class_span(size_class), MADV_DONTNEED) != 0)
        memset(low, 0, CANARY_WORDS * sizeof(uint64_t)); /* mlockall: it keeps its memory */
    store_give(size_class, slot);
}

/* --- the interface --------------------------------------------------------------------------- */

struct pit__stack *pit__stack_get(struct pit__stack_pool *pool, size_t size)
{
    struct pit__stack *stack;
    unsigned c;

    if (size > PIT__STACK_MOST)
        return NULL;
    c = class_of(size ? size : PIT__STACK_DEFAULT);
    stack = pool->sizes[c].head;
    if (PIT__UNLIKELY(!stack)) {
        pool->sizes[c].least = 0;
        return warm_up(c);
    }
    pool->sizes[c].head = stack->next;
    if (--pool->sizes[c].count < pool->sizes[c].least)
        pool->sizes[c].least = pool->sizes[c].count;
    stack->next = NULL;
    pit__fibre_renew(&stack->fibre);
    return stack;
}

void pit__stack_put(struct pit__stack_pool *pool, struct pit__stack *stack)
{
    unsigned c = stack->size_class;

    PIT_ASSERT(c < PIT__STACK_CLASSES);
    if (PIT__UNLIKELY(pool->sizes[c].count >= POOL_MOST || !pit__stack_sound(stack))) {
        cool_down(stack); /* a broken canary is zero again when its page is new */
        return;
    }
    stack->next = pool->sizes[c].head;
    pool->sizes[c].head = stack;
    pool->sizes[c].count++;
}

static void give_one(struct pit__stack_pool *pool, unsigned c)
{
    struct pit__stack *stack = pool->sizes[c].head;

    pool->sizes[c].head = stack->next;
    pool->sizes[c].count--;
    cool_down(stack);
}

/* Half of what was idle: a load that comes in waves does not lose all between two of them. */
unsigned pit__stack_trim(struct pit__stack_pool *pool, unsigned budget)
{
    unsigned given = 0;

    for (unsigned c = 0; c < PIT__STACK_CLASSES; c++) {
        unsigned idle = (pool->sizes[c].least + 1) / 2;

        for (; idle > 0 && given < budget; idle--, given++)
            give_one(pool, c);
        pool->sizes[c].least = pool->sizes[c].count;
    }
    return given;
}

void pit__stack_pool_close(struct pit__stack_pool *pool)
{
    for (unsigned c = 0; c < PIT__STACK_CLASSES; c++) {
        while (pool->sizes[c].head)
            give_one(pool, c);
        pool->sizes[c].least = 0;
    }
}

void pit__stack_discard(struct pit__stack *stack, const void *sp)
{
    uintptr_t low = (uintptr_t)stack->low;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t live = (uintptr_t)sp;

    /* Who discards below himself needs this frame, and madvise's, until he is back. */
    if (pit__stack_classify(stack, here) == PIT__STACK_INSIDE && here - OWN_FRAMES < live)
        live = here - OWN_FRAMES;
    live &= ~(page_size - 1);
    PIT_ASSERT(pit__stack_classify(stack, (uintptr_t)sp) == PIT__STACK_INSIDE);
    if (live > low)
        (void)madvise(stack->low, live - low, MADV_DONTNEED); /* fails only for locked memory */
}

/* The line may be a red zone of a frame that legally reaches down to it. */
__attribute__((no_sanitize("address"))) bool
pit__stack_canary_intact(const struct pit__stack *stack)
{
    const volatile uint64_t *word = (const volatile uint64_t *)stack->low;
    uint64_t all = 0;

    for (unsigned i = 0; i < CANARY_WORDS; i++)
        all |= word[i];
    return all == 0;
}

void pit__stack_usage(struct pit__stack_usage *ret_usage)
{
    struct pit__stack_usage usage = {0};

    pthread_mutex_lock(&store.lock);
    for (unsigned c = 0; c < PIT__STACK_CLASSES; c++) {
        usage.made += store.classes[c].made;
        usage.cold += store.classes[c].cold_count;
        usage.warm += (store.classes[c].made - store.classes[c].cold_count) * class_span(c);
    }
    usage.regions = store.regions;
    usage.reserved = store.reserved;
    usage.light_guards = store.guards == GUARDS_LIGHT;
    pthread_mutex_unlock(&store.lock);
    *ret_usage = usage;
}

void pit__stack_without_light_guards(void)
{
    pthread_mutex_lock(&store.lock);
    store.guards = GUARDS_HEAVY;
    pthread_mutex_unlock(&store.lock);
}
