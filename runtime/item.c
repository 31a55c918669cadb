/*
 * A process's items, as terms. Spec: INFO-1..6.
 *
 * The answer is of any size, and the asker may end before it comes. So the question is a box with
 * two holders, the asker and the request; the last one frees it, and the answer in it, a sealed
 * tuple of the values. The request lets go of it wherever it ends: at the process's owner, or
 * undeliverable. The asker's hold is a resource of it.
 *
 * Values are built in the heap of the owner's thread, which is nobody's, and are sealed; so neither
 * the process that is asked nor one that runs there just now is charged for it. What could make
 * them large is added up first and bounded. Their atoms are among those that always are
 * (term/atom.h), so that a full table hinders nobody.
 */
#include <pit/info.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pit/mailbox.h>
#include <pit/process.h>

#include "runtime/attend.h"
#include "runtime/bound.h"
#include "runtime/dictionary.h"
#include "runtime/enter.h"
#include "runtime/fault.h"
#include "runtime/info.h"
#include "runtime/memory.h"
#include "runtime/name.h"
#include "runtime/signal.h"
#include "runtime/text.h"
#include "runtime/trace.h"
#include "runtime/where.h"
#include "term/blob.h"
#include "term/heap.h"
#include "term/sealed.h"

#define ITEMS_MOST 64
#define ANSWER_MOST ((size_t)64 << 20)
#define COST 50 /* in reductions: who asks again and again lets others run, some of which it asks */
#define COST_OF_ITEM 50    /* a microsecond and more */
#define KEY PIT_INFO_ITEMS /* the item of a dictionary's key */

struct box {
    struct pit__block block;
    struct pit__resource resource; /* the asker's */
    _Atomic(int) holders;          /* acquire and release: who frees it sees what the other wrote */
    int error;                     /* the request's: 0, or why there is no answer */
    struct pit__sealed *answer;    /* likewise: a tuple of the values */
    struct pit__sealed *key;       /* of KEY */
    unsigned count;
    uint8_t items[ITEMS_MOST];
};

static void let_go(struct box *b)
{
    struct pit__thread *t = pit__thread();

    if (atomic_fetch_sub_explicit(&b->holders, 1, memory_order_acq_rel) > 1)
        return;
    pit__sealed_release(b->answer);
    pit__sealed_release(b->key);
    pit__block_free(t ? &t->sched->blocks : NULL, b);
}

static void asker_ended(struct pit__resource *r)
{
    let_go(PIT__CONTAINER(r, struct box, resource));
}

/* ---- values, at the owner */

/* What is asked of, and where it stands, which is looked up before its thread runs nobody. */
struct asked {
    struct pit__sched *s;
    struct pit__process *p;
    bool sensitive;
    uintptr_t frames[PIT__WHERE_MOST];
    size_t frame_count;
};

/* The runtime's own frames are no answer: it stands in the function that called it. */
static void find_frames(struct asked *a)
{
    size_t skip = 0;

    if (a->sensitive)
        return;
    a->frame_count = pit__where(a->p, a->frames, PIT__WHERE_MOST);
    while (skip < a->frame_count && pit__text_kind_at(a->frames[skip]) == PIT__TEXT_RUNTIME)
        skip++;
    a->frame_count -= skip;
    memmove(a->frames, a->frames + skip, a->frame_count * sizeof *a->frames);
}

static pit_term text_of(const char *text) { return pit_bytes(text, strlen(text)); }

static pit_term place(uintptr_t address, bool is_return)
{
    char text[256];

    (void)pit__fault_place_text(address, is_return, text, sizeof text);
    return text_of(text);
}

/* "serve" of "serve+0x1c (casino+0x4a3c)"; undefined if there is no name. */
static pit_term function_at(uintptr_t address)
{
    char text[256], *end;

    (void)pit__fault_place_text(address, true, text, sizeof text);
    end = strchr(text, '+');
    return end && text[0] != '(' ? pit_bytes(text, (size_t)(end - text)) : PIT__A(undefined);
}

static pit_term stacktrace(const struct asked *a)
{
    pit_term list = pit_nil();

    for (size_t i = a->frame_count; i-- > 0;)
        list = pit_list_cons(place(a->frames[i], true), list);
    return list;
}

static pit_term pid_or_none(int64_t id)
{
    return id ? pit_term_of((pit_pid){id}) : PIT__A(undefined);
}

static pit_term of_relation(const struct pit__relation *r)
{
    pit_term peer = pid_or_none(r->peer);

    switch (r->block.kind) {
    case PIT__R_MONITOR:
        if (r->extra)
            peer = (pit_term){r->extra};
        return pit_tuple(PIT__A(process), peer);
    case PIT__R_SUSPENDING:
        return pit_tuple(peer, r->extra);
    default:
        return peer;
    }
}

/* In order of creation. */
static pit_term relations(const struct pit__process *p, enum pit__relation_kind kind)
{
    pit_term list = pit_nil();

    for (const struct pit__relation *r = p->relations.last; r; r = r->prev)
        if (r->block.kind == kind && !(kind == PIT__R_LINK && r->extra))
            list = pit_list_cons(of_relation(r), list);
    return list;
}

static int64_t timers(const struct pit__process *p)
{
    int64_t n = 0;

    for (const struct pit__relation *r = p->relations.first; r; r = r->next)
        n += r->block.kind == PIT__R_TIMER;
    return n;
}

static pit_term messages(const struct pit__process *p)
{
    pit_term list = pit_nil();
    int n = 0;

    for (const struct pit__message *m = p->head; m && n < PIT_INFO_MESSAGES_MOST;
         m = pit__message_next(m), n++)
        list = pit_list_cons(
            pit_tuple(text_of(m->public.type->name), m->block.size, pid_or_none(m->public.from.id)),
            list);
    return pit_list_reverse(list);
}

static bool add_entry(const struct pit__dictionary_entry *e, void *context)
{
    pit_term *list = context;

    *list = pit_list_cons(pit_tuple(pit__sealed_root(e->key), pit__sealed_root(e->value)), *list);
    return true;
}

static pit_term dictionary(const struct pit__process *p)
{
    pit_term list = pit_nil();

    pit__dictionary_each(pit__dictionary_of(p), add_entry, &list);
    return list;
}

static pit_term key_of(const struct asked *a, const struct pit__sealed *key)
{
    const struct pit__dictionary_entry *e =
        a->sensitive ? NULL : pit__dictionary_find(pit__dictionary_of(a->p), pit__sealed_root(key));

    return e ? pit__sealed_root(e->value) : PIT__A(undefined);
}

static const char *const statuses[] = {"runnable", "running", "waiting", "exiting", "suspended"};
static const char *const priorities[] = {"normal", "low", "high", "max"};
static const char *const policies[] = {"block", "drop_newest", "drop_oldest", "exit", "call"};

static pit_term max_heap(const struct pit__extra *x)
{
    return pit_build("#{size => ~, kill => ~, error_logger => ~}", x ? x->heap_limit : 0,
                     (bool)!(x && x->heap_no_kill), (bool)!(x && x->heap_no_report));
}

static pit_term mailbox(const struct pit__process *p)
{
    pit_mailbox limits;
    pit_mailbox_load load;

    if (!pit__bound_state(p, &limits, &load))
        return PIT__A(undefined);
    return pit_build("#{messages => ~, bytes => ~, policy => ~a, dropped => ~, blocked => ~}",
                     limits.messages, limits.bytes, policies[limits.policy], load.dropped,
                     load.blocked);
}

static pit_term tracer(struct pit__process *p)
{
    const struct pit__tracer *t;
    int64_t id;

    /* Asked for anew: it may have been closed since, on another thread. */
    t = pit__trace_of(p, &id) ? pit__tracer_of(id) : NULL;
    return t ? pid_or_none(t->to.id) : PIT__A(undefined);
}

static const struct pit__blob_use *uses(const struct pit__process *p)
{
    return p->heap ? p->heap->blobs : NULL;
}

static pit_term binaries(const struct pit__process *p)
{
    pit_term list = pit_nil();

    for (const struct pit__blob_use *u = uses(p); u; u = u->next) {
        struct pit__blob_state b;

        if (!u->owner)
            continue; /* around static bytes: nobody counts them */
        b = pit__blob_state(u->owner);
        list = pit_list_cons(pit_tuple((uint64_t)(uintptr_t)u->owner, b.bytes, b.uses), list);
    }
    return list;
}

static uint64_t words(size_t bytes) { return (bytes + 7) / 8; }

/* The value of an item, kind by kind: what is of none is of the next kind. */

static pit_term contents(const struct asked *a, const struct box *b, unsigned item)
{
    switch (item) {
    case PIT_INFO_MESSAGES:
        return a->sensitive ? pit_nil() : messages(a->p);
    case PIT_INFO_DICTIONARY:
        return a->sensitive ? pit_nil() : dictionary(a->p);
    case PIT_INFO_BINARY:
        return binaries(a->p);
    default:
        return key_of(a, b->key);
    }
}

static pit_term others(const struct asked *a, const struct box *b, unsigned item)
{
    struct pit__process *p = a->p;

    switch (item) {
    case PIT_INFO_LINKS:
        return relations(p, PIT__R_LINK);
    case PIT_INFO_MONITORS:
        return relations(p, PIT__R_MONITOR);
    case PIT_INFO_MONITORED_BY:
        return relations(p, PIT__R_MONITORED_BY);
    case PIT_INFO_SUSPENDING:
        return relations(p, PIT__R_SUSPENDING);
    case PIT_INFO_SUSPENDED_BY:
        return relations(p, PIT__R_SUSPENDED_BY);
    case PIT_INFO_PARENT:
        return pid_or_none(p->parent.id);
    case PIT_INFO_GROUP_LEADER:
        return pid_or_none(p->group_leader.id);
    case PIT_INFO_TRACER:
        return tracer(p);
    default:
        return contents(a, b, item);
    }
}

static pit_term amount(const struct asked *a, const struct box *b, unsigned item)
{
    const struct pit__process *p = a->p;
    size_t terms = p->heap ? p->heap->bytes : 0;

    switch (item) {
    case PIT_INFO_MESSAGE_QUEUE_LEN:
        return pit_term_of(p->length);
    case PIT_INFO_MEMORY:
        return pit_term_of(pit__process_memory(p));
    case PIT_INFO_HEAP_SIZE:
        return pit_term_of(words(terms));
    case PIT_INFO_TOTAL_HEAP_SIZE:
        return pit_term_of(words(terms + p->memory));
    case PIT_INFO_STACK_SIZE:
        return pit_term_of(words(pit__process_stack(p)));
    case PIT_INFO_REDUCTIONS:
        return pit_term_of(p->reductions + p->slice_reductions);
    case PIT_INFO_TIMERS:
        return pit_term_of(timers(p));
    default:
        return others(a, b, item);
    }
}

static pit_term setting(const struct asked *a, const struct box *b, unsigned item)
{
    struct pit__process *p = a->p;
    int64_t id;

    switch (item) {
    case PIT_INFO_REGISTERED_NAME:
        return p->name ? pit__name_term(p) : pit_nil();
    case PIT_INFO_LABEL:
        return p->label ? text_of(p->label) : PIT__A(undefined);
    case PIT_INFO_PRIORITY:
        return pit_atom_of(priorities[p->priority]);
    case PIT_INFO_TRAP_EXIT:
        return pit_bool(p->flags & PIT__F_TRAP);
    case PIT_INFO_MAX_HEAP_SIZE:
        return max_heap(p->extra);
    case PIT_INFO_MAILBOX:
        return mailbox(p);
    case PIT_INFO_PRIORITY_MESSAGES:
        return pit_bool(pit__attends(p, PIT__AT_PRIORITY));
    case PIT_INFO_SENSITIVE:
        return pit_bool(a->sensitive);
    case PIT_INFO_TRACE:
        return pit_term_of(pit__trace_of(p, &id));
    default:
        return amount(a, b, item);
    }
}

/* What it does, and where it stands. */
static pit_term value(const struct asked *a, const struct box *b, unsigned item)
{
    switch (item) {
    case PIT_INFO_STATUS:
        return pit_atom_of(statuses[pit__info_status(a->p)]);
    case PIT_INFO_SCHEDULER:
        return pit_term_of((int)a->s->index);
    case PIT_INFO_CURRENT_FUNCTION:
        return a->frame_count ? function_at(a->frames[0]) : PIT__A(undefined);
    case PIT_INFO_CURRENT_LOCATION:
        return a->frame_count ? place(a->frames[0], true) : PIT__A(undefined);
    case PIT_INFO_CURRENT_STACKTRACE:
        return stacktrace(a);
    case PIT_INFO_INITIAL_CALL:
        return place((uintptr_t)a->p->body, false); /* of a union: or its handler */
    default:
        return setting(a, b, item);
    }
}

/* An upper bound of what the answer may take, lists as often as they are asked for. */
static bool fits(const struct pit__process *p, const struct box *b)
{
    const struct pit__dictionary *d = pit__dictionary_of(p);
    const struct pit__dictionary_entry *e =
        b->key ? pit__dictionary_find(d, pit__sealed_root(b->key)) : NULL;
    size_t all = d ? d->bytes + d->used * 64 : 0, bytes = e ? e->bytes : 0;

    for (unsigned i = 0; i < b->count; i++)
        if (b->items[i] == PIT_INFO_DICTIONARY)
            bytes += all;
        else if (b->items[i] == PIT_INFO_MESSAGES)
            bytes += PIT_INFO_MESSAGES_MOST * 400;
        else if (b->items[i] == PIT_INFO_BINARY)
            for (const struct pit__blob_use *u = uses(p); u; u = u->next)
                bytes += 128;
        else
            bytes += (size_t)p->relations.count * 48 + 4096;
    return bytes <= ANSWER_MOST;
}

static struct pit__sealed *build(const struct asked *a, const struct box *b)
{
    struct pit__heap *h = pit__heap();
    struct pit__heap_mark mark = pit__heap_mark(h);
    pit_term values[ITEMS_MOST];
    struct pit__sealed *s;

    for (unsigned i = 0; i < b->count; i++)
        values[i] = value(a, b, b->items[i]);
    s = pit__seal(pit_tuple_of(values, b->count));
    pit__heap_rollback(h, mark);
    return s;
}

static void on_owner(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    struct pit__thread *t = pit__thread();
    struct box *b = *(struct box *const *)in;
    struct asked a = {.s = s, .p = p};

    if (!p || p->status == PIT__EXITING || (p->flags & PIT__F_EXIT))
        b->error = -PIT_ENOPROC;
    else if (!fits(p, b))
        b->error = -E2BIG;
    else {
        /* p is this scheduler's, so this is its thread */
        struct pit__process *current = t->current;

        a.sensitive = p->extra && p->extra->sensitive;
        find_frames(&a);
        t->current = NULL; /* what is built is nobody's */
        b->answer = build(&a, b);
        t->current = current;
        b->error = b->answer ? 0 : -ENOMEM;
    }
    let_go(b);
}

/* ---- the asker */

static struct box *new_box(struct pit__thread *t)
{
    struct box *b = pit__block_alloc(&t->sched->blocks, sizeof *b);

    if (!b)
        return NULL;
    atomic_store_explicit(&b->holders, 1, memory_order_relaxed);
    b->error = 0;
    b->answer = b->key = NULL;
    b->count = 0;
    b->resource.release = asker_ended;
    pit__own(t->current, &b->resource);
    return b;
}

static int copy_out(struct box *b, pit_term *values)
{
    pit_term copies[ITEMS_MOST], all;

    if (b->error < 0)
        return b->error;
    all = pit__sealed_root(b->answer);
    for (unsigned i = 0; i < b->count; i++)
        if (pit__term_copy(pit__heap(), pit_tuple_get(all, i), &copies[i]) < 0)
            return -ENOMEM;
    pit__touching_begin();
    for (unsigned i = 0; i < b->count; i++)
        values[i] = copies[i];
    pit__touching_end();
    return 0;
}

static int over(struct box *b, int r)
{
    pit__disown(&b->resource);
    let_go(b);
    return r;
}

/* Asks, waits, and lets go of b. */
static int ask(struct pit__thread *t, pit_pid pid, struct box *b, pit_term *values)
{
    int nothing, r;

    atomic_store_explicit(&b->holders, 2, memory_order_relaxed);
    r = pit__request(t, t->current, pid, on_owner, &b, sizeof b, &nothing, sizeof nothing);
    if (r < 0)
        let_go(b); /* it was never sent */
    else
        r = copy_out(b, values);
    return over(b, r);
}

static int ask_items(struct pit__thread *t, pit_pid pid, const enum pit_info *items, size_t count,
                     pit_term *values)
{
    struct box *b;

    if (count > ITEMS_MOST)
        return -EINVAL;
    b = new_box(t);
    if (!b)
        return -ENOMEM;
    pit__touching_begin(); /* should it fault, the box goes with the process */
    for (b->count = 0; b->count < count && (unsigned)items[b->count] < PIT_INFO_ITEMS; b->count++)
        b->items[b->count] = (uint8_t)items[b->count];
    pit__touching_end();
    return b->count < count ? over(b, -EINVAL) : ask(t, pid, b, values);
}

static int ask_key(struct pit__thread *t, pit_pid pid, pit_term key, pit_term *value)
{
    struct box *b = new_box(t);

    if (!b)
        return -ENOMEM;
    b->key = pit__seal(key);
    b->items[b->count++] = KEY;
    return b->key ? ask(t, pid, b, value) : over(b, -ENOMEM);
}

int pit_process_items(pit_pid pid, const enum pit_info *items, size_t count, pit_term *values)
{
    struct pit__thread *t = pit__in();
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    r = ask_items(t, pid, items, count, values);
    pit__out(COST + (int)(count < ITEMS_MOST ? count : ITEMS_MOST) * COST_OF_ITEM);
    return r;
}

int pit_process_item(pit_pid pid, enum pit_info item, pit_term *value)
{
    return pit_process_items(pid, &item, 1, value);
}

int pit_process_dictionary(pit_pid pid, pit_term key, pit_term *value)
{
    struct pit__thread *t = pit__in();
    int r;

    if (PIT__UNLIKELY(pit__no_process(t)))
        return -PIT_ENOTPROCESS;
    r = ask_key(t, pid, key, value);
    pit__out(COST);
    return r;
}
