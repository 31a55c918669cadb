/*
 * What payloads own: binaries are shared by a count, terms are sealed. The descriptor says where
 * they are.
 */
#include <errno.h>
#include <string.h>

#include <pit/binary.h>
#include <pit/term.h>

#include "runtime/message.h"
#include "runtime/park.h"
#include "term/blob.h"
#include "term/heap.h"
#include "term/sealed.h"

/* Visit every owned field: at is its place in the payload. */
static void each(const pit_type *type, char *payload,
                 void (*visit)(unsigned kind, void *at, void *context), void *context)
{
    for (unsigned i = 0; i < type->field_count; i++) {
        const pit_field *f = &type->fields[i];
        unsigned kind = f->kind == PIT_KIND_ARRAY ? f->of : f->kind,
                 count = f->kind == PIT_KIND_ARRAY ? f->count : 1;

        for (unsigned k = 0; k < count; k++) {
            char *at = payload + f->offset + (size_t)k * (f->size / count);

            if (kind == PIT_KIND_BINARY || kind == PIT_KIND_TERM)
                visit(kind, at, context);
            else if (kind == PIT_KIND_STRUCT && (f->nested->flags & PIT_TYPE_OWNS))
                each(f->nested, at, visit, context);
        }
    }
}

static void count_terms(unsigned kind, void *at, void *context)
{
    *(unsigned *)context += kind == PIT_KIND_TERM;
}

unsigned pit__owned_terms(const pit_type *type)
{
    unsigned n = 0;

    if (type->flags & PIT_TYPE_OWNS)
        each(type, NULL, count_terms, &n);
    return n;
}

static struct pit__sealed **seals(const struct pit__message *m)
{
    return (struct pit__sealed **)((char *)(uintptr_t)(m + 1) + ((m->block.size + 7) & ~(size_t)7));
}

static void look(unsigned kind, void *at, void *context)
{
    pit_term t;

    if (kind != PIT_KIND_TERM)
        return;
    pit__touching_begin();
    t = *(const pit_term *)at;
    pit__touching_end();
    pit__seal_look(t);
}

void pit__owned_look(const pit_type *type, const void *payload)
{
    each(type, (char *)(uintptr_t)payload, look, NULL);
}

struct adopting {
    struct pit__sealed **next;
    int result;
};

static void adopt(unsigned kind, void *at, void *context)
{
    struct adopting *a = context;

    if (kind == PIT_KIND_BINARY) {
        pit__binary_retain(*(pit_binary *)at);
        return;
    }
    *a->next = pit__seal(*(pit_term *)at);
    if (*a->next)
        *(pit_term *)at = pit__sealed_root(*a->next);
    else {
        *(pit_term *)at = PIT__A(undefined);
        a->result = -ENOMEM;
    }
    a->next++;
}

int pit__owned_adopt(struct pit__message *m)
{
    struct adopting a = {.next = seals(m)};

    each(m->public.type, pit__message_payload(m), adopt, &a);
    return a.result;
}

static void release(unsigned kind, void *at, void *context)
{
    struct pit__sealed ***next = context;

    if (kind == PIT_KIND_BINARY)
        pit__binary_release(*(pit_binary *)at);
    else
        pit__sealed_release(*(*next)++);
}

void pit__owned_release(struct pit__message *m)
{
    struct pit__sealed **next = seals(m);

    each(m->public.type, pit__message_payload(m), release, &next);
}

size_t pit__owned_bytes(const struct pit__message *m)
{
    struct pit__sealed **seal = seals(m);
    size_t bytes = 0;

    for (unsigned n = pit__owned_terms(m->public.type); n > 0; n--)
        bytes += pit__sealed_bytes(*seal++);
    return bytes;
}

struct copying {
    struct pit__heap *heap;
    int result;
};

static void copy_out(unsigned kind, void *at, void *context)
{
    struct copying *c = context;
    int r;

    if (kind == PIT_KIND_BINARY) {
        pit__binary_retain(*(pit_binary *)at);
        r = pit__heap_adopt(c->heap, *(pit_binary *)at);
        if (r < 0)
            pit__binary_release(*(pit_binary *)at);
    } else
        r = pit__term_copy(c->heap, *(pit_term *)at, at);
    if (r < 0)
        c->result = r;
}

int pit__owned_copy_out(struct pit__message *m, void *copy, struct pit__heap *heap)
{
    struct copying c = {.heap = heap};

    if (!heap)
        return -ENOMEM;
    each(m->public.type, copy, copy_out, &c);
    return c.result;
}
