/*
 * Relations: what ties a process to others: its links, its monitors, the monitors on it, its
 * timers.
 *
 * One container a process, in order of creation (a teardown must not depend on addresses: a seed
 * could not replay it). Up to SMALL entries are searched one by one; beyond, a linear hash is kept
 * besides, which grows by one bucket an insertion, so that no insertion stalls. Owner only.
 */
#ifndef PIT_RUNTIME_RELATION_H
#define PIT_RUNTIME_RELATION_H

#include <stdint.h>

#include "runtime/block.h"
#include "runtime/wheel.h"

enum pit__relation_kind {
    PIT__R_LINK,         /* key: the peer's pid */
    PIT__R_MONITOR,      /* ours on another; key: the reference's number */
    PIT__R_MONITORED_BY, /* another's on us; key: the reference's number */
    PIT__R_ASKER,        /* a call whose answer was deferred; key: its tag */
    PIT__R_SUSPENDING,   /* one whom we suspend; key: its pid; extra: how often */
    PIT__R_SUSPENDED_BY, /* one who suspends us; key: its pid */
    PIT__R_TIMER,        /* that will send to us; key: the reference's number */
    PIT__R_ALIAS,        /* of ours; key: the reference's number */
    PIT__R_SPAWN,        /* a spawn request under way; key: its number, peer: the child */
};

struct pit__relation {
    struct pit__block block;
    struct pit__relation *next, *prev; /* in order of creation */
    struct pit__relation *chain;       /* of a hash bucket */
    uint64_t key;
    int64_t peer;   /* link, monitor, monitored-by: the other's pid */
    uint64_t extra; /* link: 0, or the id of the unlink under way; monitor: the name's term, or 0 */
};

/* What a relation is besides its kind; the bits lie where messages keep their size. */
#define PIT__R_FLAGS(r) ((r)->block.size)
#define PIT__R_SEEN 1u /* in a teardown: its turn comes after the links */
/* link, monitor: what it sends is a priority message; alias: may be sent those */
#define PIT__R_PRIORITY 2u
#define PIT__R_TAGGED 4u    /* it is a struct pit__tagged_relation */
#define PIT__R_ALIASED 8u   /* monitor: its reference was made an alias too */
#define PIT__R_MODE_SHIFT 4 /* alias: enum pit_alias_mode */
#define PIT__R_MODE(r) (PIT__R_FLAGS(r) >> PIT__R_MODE_SHIFT & 7u)

struct pit__sealed;

/* One that owns terms of the user's. */
struct pit__tagged_relation {
    struct pit__relation r;
    struct pit__sealed *tag;       /* of the DOWN; NULL: none */
    struct pit__sealed *reply_tag; /* of a spawn request's answer; NULL: none */
};

/* What a timer in a wheel is (pit__timer.what). */
enum {
    PIT__TIMER_TIMEOUT,  /* a process's receive or park */
    PIT__TIMER_RELATION, /* of a process */
    PIT__TIMER_NAMED,    /* the same to a name; peer: its atom's word */
    PIT__TIMER_TRACE     /* of a lane: trace.h */
};

/* A timer is a relation whose wheel node and message follow. */
struct pit__timer_relation {
    struct pit__relation r;
    struct pit__timer timer;
    struct pit__message *message;
};

struct pit__relation_index;

struct pit__relations {
    struct pit__relation *first, *last;
    struct pit__relation_index *index; /* NULL while small */
    uint32_t count;
    uint32_t timers;
};

/* A record that is in no container yet; extra and flags are 0. Without memory the node ends: it
   could not keep its promises. */
struct pit__relation *pit__relation_new(struct pit__blocks *pool, enum pit__relation_kind kind,
                                        uint64_t key, int64_t peer);

/* The same, with a tag, which it takes over, and no reply_tag. */
struct pit__relation *pit__relation_new_tagged(struct pit__blocks *pool,
                                               enum pit__relation_kind kind, uint64_t key,
                                               int64_t peer, struct pit__sealed *tag);

/* Free a record that is in no container, and what it owns; not for timers. */
void pit__relation_free(struct pit__blocks *pool, struct pit__relation *r);

/* NULL: none. */
struct pit__relation *pit__relation_find(const struct pit__relations *rs,
                                         enum pit__relation_kind kind, uint64_t key);

/* r->block.kind and r->key are set; key is not there yet. Cannot fail: without memory for the index
   it is searched one by one. */
void pit__relation_add(struct pit__relations *rs, struct pit__relation *r);
void pit__relation_remove(struct pit__relations *rs, struct pit__relation *r);

/* Make r the last in order; without an index only. */
void pit__relation_to_end(struct pit__relations *rs, struct pit__relation *r);

/* The index goes; what is left is searched one by one. When a process is torn down. */
void pit__relations_close(struct pit__relations *rs);

/* A new record, added. */
static inline struct pit__relation *pit__relate(struct pit__blocks *pool, struct pit__relations *rs,
                                                enum pit__relation_kind kind, uint64_t key,
                                                int64_t peer)
{
    struct pit__relation *r = pit__relation_new(pool, kind, key, peer);

    pit__relation_add(rs, r);
    return r;
}

/* Removed, and freed. */
static inline void pit__relation_drop(struct pit__blocks *pool, struct pit__relations *rs,
                                      struct pit__relation *r)
{
    pit__relation_remove(rs, r);
    pit__relation_free(pool, r);
}

#endif
