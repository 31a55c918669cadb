/*
 * Kept binaries and terms: a table of one process, found by what is kept, O(1) to keep and to drop.
 *
 * The table is a resource of its process, made with the first thing that is kept, and stands first
 * among the resources, so that a process with many sockets finds it at once. It lets go of
 * everything when the process ends, however it ends; its nodes are memory of the process, which is
 * released after its resources. Only the process touches it.
 */
#include <pit/keep.h>

#include "runtime/enter.h"
#include "runtime/park.h"
#include "runtime/process.h"
#include "runtime/reason.h"
#include "runtime/signal.h"
#include "term/blob.h"
#include "term/sealed.h"

/* One thing, kept count times. A binary is known by its block, a term by its word: the address of
   its sealed copy. */
struct kept {
    struct kept *next;
    uint64_t key;
    uint64_t count;
    struct pit__blob *blob;
    struct pit__sealed *sealed;
};

struct keeper {
    struct pit__resource resource;
    struct kept **buckets; /* a power of two, never fewer than things */
    size_t room, used;
};

static void let_go(struct kept *k)
{
    pit__blob_release(k->blob);
    pit__sealed_release(k->sealed);
}

/* The process has ended. */
static void let_all_go(struct pit__resource *r)
{
    struct keeper *keeper = PIT__CONTAINER(r, struct keeper, resource);

    for (size_t i = 0; i < keeper->room; i++)
        for (struct kept *k = keeper->buckets[i]; k; k = k->next)
            let_go(k);
}

static struct keeper *keeper_of(struct pit__process *p)
{
    struct pit__list *first = p->resources.next;

    for (struct pit__list *l = first; l && l != &p->resources; l = l->next) {
        struct pit__resource *r = PIT__CONTAINER(l, struct pit__resource, link);

        if (r->release == let_all_go)
            return PIT__CONTAINER(r, struct keeper, resource);
    }
    return NULL;
}

static struct keeper *make_keeper(struct pit__process *p)
{
    struct keeper *k = pit_alloc(sizeof *k);

    k->resource.release = let_all_go;
    pit__own(p, &k->resource);
    pit__list_remove(&k->resource.link);
    pit__list_append(p->resources.next, &k->resource.link); /* before the first */
    return k;
}

static struct kept **bucket(const struct keeper *keeper, uint64_t key)
{
    /* keys are addresses: their low bits are alike */
    uint64_t h = key * UINT64_C(0x9E3779B97F4A7C15);

    return &keeper->buckets[(h >> 32) & (keeper->room - 1)];
}

/* An atom's word may be the same number as a block's address, so what is looked for is told
   apart. */
static struct kept **find(const struct keeper *keeper, uint64_t key, bool term)
{
    struct kept **link;

    if (!keeper || !keeper->room)
        return NULL;
    for (link = bucket(keeper, key); *link; link = &(*link)->next)
        if ((*link)->key == key && ((*link)->sealed != NULL) == term)
            return link;
    return NULL;
}

static void grow(struct keeper *keeper)
{
    struct kept **old = keeper->buckets, *next;
    size_t n = keeper->room;

    keeper->room = n ? 2 * n : 8;
    keeper->buckets = pit_alloc(keeper->room * sizeof(struct kept *));
    for (size_t i = 0; i < n; i++)
        for (struct kept *k = old[i]; k; k = next) {
            struct kept **at = bucket(keeper, k->key);

            next = k->next;
            k->next = *at;
            *at = k;
        }
    pit_free(old);
}

/* Kept for the first time; the references in what are taken over. */
static void add(struct pit__process *p, struct kept what)
{
    struct keeper *keeper = keeper_of(p);
    struct kept *k, **at;

    if (!keeper)
        keeper = make_keeper(p);
    if (keeper->used == keeper->room)
        grow(keeper);
    k = pit_alloc(sizeof *k);
    *k = what;
    k->count = 1;
    at = bucket(keeper, what.key);
    k->next = *at;
    *at = k;
    keeper->used++;
}

static bool keep_again(struct pit__process *p, uint64_t key, bool term)
{
    struct kept **at = find(keeper_of(p), key, term);

    if (at)
        (*at)->count++;
    return at != NULL;
}

static void drop(struct pit__process *p, uint64_t key, bool term)
{
    struct keeper *keeper = keeper_of(p);
    struct kept **at = find(keeper, key, term), *k;

    if (!at || --(*at)->count)
        return;
    k = *at;
    *at = k->next;
    keeper->used--;
    let_go(k);
    pit_free(k);
}

/* What is kept belongs to a process: elsewhere it would be lost with what holds it, and nobody
   told. */
static struct pit__process *enter(const char *function)
{
    (void)pit__enter();
    return pit__caller(pit__thread(), function);
}

pit_binary pit__keep_binary(pit_binary b)
{
    struct pit__process *p = enter("pit_keep");
    uint64_t key = (uint64_t)(uintptr_t)b.pit__owner;

    if (key && !keep_again(p, key, false)) {
        pit__blob_retain(b.pit__owner);
        add(p, (struct kept){.key = key, .blob = b.pit__owner});
    }
    pit__leave();
    return b;
}

void pit__drop_binary(pit_binary b)
{
    struct pit__process *p = enter("pit_drop");

    if (b.pit__owner)
        drop(p, (uint64_t)(uintptr_t)b.pit__owner, false);
    pit__leave();
}

/* What is one word needs no keeping; nor does it have an address. */
pit_term pit__keep_term(pit_term t)
{
    struct pit__process *p = enter("pit_keep");
    struct pit__sealed *sealed;

    if (!keep_again(p, t.word, true)) {
        sealed = pit__seal(t);
        if (!sealed)
            pit__exit_current(pit__reason_system_limit("no memory to keep a term"));
        t = pit__sealed_root(sealed);
        if (!pit__sealed_is_word(sealed))
            add(p, (struct kept){.key = t.word, .sealed = sealed});
    }
    pit__leave();
    return t;
}

void pit__drop_term(pit_term t)
{
    drop(enter("pit_drop"), t.word, true);
    pit__leave();
}
