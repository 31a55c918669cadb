#include "runtime/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "runtime/enter.h"
#include "runtime/excuse.h"
#include "runtime/heap_limit.h"
#include "runtime/node_state.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "term/heap.h"

/* What stands before the memory that pit_alloc gives. */
struct allocation {
    struct pit__block block; /* block.next is unused */
    struct pit__list link;   /* of the process's allocations */
    size_t size;
    uint64_t tag; /* whose it is, while it is anybody's: tag_of() */
};
_Static_assert(sizeof(struct allocation) % 16 == 0, "what is given out is aligned to 16");

static struct allocation *allocation_of(void *memory) { return (struct allocation *)memory - 1; }

/* Of this place and this process, so neither a freed one nor anything else that may stand there has
   it by chance. */
static uint64_t tag_of(const struct pit__process *p, const struct allocation *a)
{
    return UINT64_C(0x616c6c6f63617465) ^ (uintptr_t)a ^ (uint64_t)pit__process_pid(p);
}

/*
 * What the program says is its memory. If it is not, nothing has been touched yet: the process
 * ends, and nobody else. The sanitizer would end the node for this look at what was freed.
 */
__attribute__((no_sanitize_address)) static struct allocation *
own(const struct pit__process *p, void *memory, const char *function)
{
    struct allocation *a = allocation_of(memory);
    char text[128];

    if (PIT__LIKELY(pit__given_word(&a->tag) == tag_of(p, a)))
        return a;
    snprintf(text, sizeof text, "%s: freed before, or no memory of pit_alloc's by this process",
             function);
    pit__exit_text("badarg", text, NULL, 0);
}

void *pit__copy_in(struct pit__sched *s, const void *data, size_t size)
{
    struct pit__block *b;

    if (!size)
        return NULL;
    b = pit__block_alloc(&s->blocks, sizeof *b + size);
    if (!b)
        return NULL;
    b->size = (uint32_t)size;
    memcpy(b + 1, data, size);
    return b + 1;
}

size_t pit__copy_size(const void *copy)
{
    return copy ? ((const struct pit__block *)copy - 1)->size : 0;
}

void pit__copy_free(struct pit__sched *s, void *copy)
{
    if (copy)
        pit__block_free(&s->blocks, (struct pit__block *)copy - 1);
}

static void *try_alloc(struct pit__sched *s, struct pit__process *p, size_t size)
{
    struct allocation *a;
    uint64_t limit = pit__node.opts.memory;

    if (pit__size_never(size) || (limit && (size > limit || p->memory + size > limit)))
        return NULL;
    a = pit__block_alloc(&s->blocks, sizeof *a + size);
    if (!a)
        return NULL;
    a->size = size;
    a->tag = tag_of(p, a);
    p->memory += size;
    if (!p->allocations.next)
        pit__list_init(&p->allocations);
    pit__list_append(&p->allocations, &a->link);
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
        pit__heap_limit_touched(s, p);
    return a + 1;
}

static void give_back(struct pit__sched *s, struct pit__process *p, struct allocation *a)
{
    a->tag = 0;
    pit__list_remove(&a->link);
    p->memory -= a->size;
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION))
        pit__heap_limit_heap(p);
    pit__block_free(&s->blocks, a);
}

void *pit_try_alloc(size_t size)
{
    struct pit__thread *t = pit__in();
    struct pit__process *p = pit__caller(t, "pit_try_alloc");
    void *memory = try_alloc(t->sched, p, size);

    if (memory)
        memset(memory, 0, size);
    pit__out(1);
    return memory;
}

PIT_NORETURN static void no_memory(size_t size)
{
    char text[128];

    snprintf(text, sizeof text, "pit_alloc(%zu): no memory, or past the limit of one process (+M)",
             size);
    pit__in();
    pit__exit_current(pit__reason_system_limit(text));
}

void *pit_alloc(size_t size)
{
    void *memory = pit_try_alloc(size);

    if (PIT__UNLIKELY(!memory))
        no_memory(size);
    return memory;
}

void *pit_realloc(void *memory, size_t size)
{
    struct pit__thread *t;
    struct pit__process *p;
    struct allocation *a;
    void *new;

    if (!memory)
        return pit_alloc(size);
    t = pit__in();
    p = pit__caller(t, "pit_realloc");
    a = own(p, memory, "pit_realloc");
    if (size <= pit__block_room(a) - sizeof *a && a->block.size_class != PIT__BLOCK_LARGE) {
        pit__process_charge(p, (int64_t)size - (int64_t)a->size);
        a->size = size;
        pit__out(1);
        return memory;
    }
    new = try_alloc(t->sched, p, size);
    if (!new)
        no_memory(size);
    memcpy(new, memory, a->size < size ? a->size : size);
    give_back(t->sched, p, a);
    pit__out(1);
    return new;
}

void pit_free(void *memory)
{
    struct pit__thread *t;
    struct pit__process *p;

    if (!memory)
        return;
    t = pit__in();
    p = pit__caller(t, "pit_free");
    give_back(t->sched, p, own(p, memory, "pit_free"));
    pit__out(1);
}

void pit__process_charge(struct pit__process *p, int64_t bytes)
{
    p->memory += (size_t)bytes;
    if (PIT__LIKELY(!(p->flags & PIT__F_ATTENTION)))
        return;
    if (bytes > 0)
        pit__heap_limit_touched(pit__thread()->sched, p);
    else
        pit__heap_limit_heap(p);
}

/* ---- terms */

struct pit__heap *pit__process_heap(struct pit__process *p)
{
    if (!p->heap) {
        p->heap = calloc(1, sizeof *p->heap);
        if (p->heap) {
            p->flags |= PIT__F_HEAP;
            pit__heap_limit_heap(p);
        }
    }
    return p->heap; /* NULL: term/ uses the thread's */
}

void pit__process_heap_reset(struct pit__process *p)
{
    if (PIT__UNLIKELY(p->flags & PIT__F_ATTENTION)) /* what was built counts, though it goes */
        pit__heap_limit_touched(pit__thread()->sched, p);
    if (p->heap)
        pit__heap_reset(p->heap);
}

/* ---- the end */

bool pit__process_memory_free(struct pit__sched *s, struct pit__process *p, int *budget)
{
    while (!pit__list_empty(&p->allocations)) {
        if (--*budget < 0)
            return false;
        give_back(s, p, PIT__CONTAINER(p->allocations.next, struct allocation, link));
    }
    pit__copy_free(s, p->state);
    p->state = NULL;
    if (p->heap) {
        pit__heap_free(p->heap);
        free(p->heap);
        p->heap = NULL;
    }
    return true;
}

size_t pit__process_stack(const struct pit__process *p)
{
    if (!p->stack)
        return 0;
    return (size_t)((char *)pit__stack_top(p->stack) - (char *)p->sp) + sizeof *p->stack;
}

size_t pit__process_memory(const struct pit__process *p)
{
    size_t total = sizeof *p + p->memory + pit__copy_size(p->state) + pit__process_stack(p);

    if (p->heap)
        total += p->heap->bytes;
    for (const struct pit__message *m = p->kept; m; m = pit__message_next(m))
        total += pit__message_bytes(m);
    return total + (size_t)p->length * sizeof(struct pit__message);
}
