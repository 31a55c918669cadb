/*
 * The children of one supervisor: in the order of their start, and found by pid and by id in O(1),
 * with 100,000 of them too.
 *
 * All of it is memory of the supervisor's process and is touched by it alone. A child is
 *   STOPPED      known, does not run; key 0
 *   RUNNING      key is its pid, by which it is found
 *   RESTARTING   its start failed and is tried again; key is minus its serial, by which the retry finds it
 * A child is in the table of keys exactly if its key is not 0, and in the table of ids exactly if
 * it has one.
 */
#ifndef PIT_OTP_CHILDREN_H
#define PIT_OTP_CHILDREN_H

#include <pit/supervisor.h>

#include "base/list.h"

enum pit__child_state { PIT__CHILD_STOPPED, PIT__CHILD_RUNNING, PIT__CHILD_RESTARTING };

struct pit__child {
    struct pit__list link; /* in order of start */
    int64_t key;
    struct pit__child *next_by_key, *next_by_id;
    pit_pid (*start)(const void *arg);
    int64_t shutdown; /* ms, PIT_INFINITY, PIT_BRUTAL_KILL; nothing left out any more */
    int64_t serial;   /* unique in this supervisor, above 0 */
    uint32_t restarts;
    uint8_t state, restart, type;
    size_t size;                              /* of the argument */
    const char *id;                           /* NULL: of a simple supervisor */
    char data[] __attribute__((aligned(16))); /* the argument, then the id */
};

/* Chained, a power of two of buckets, never more children than buckets. */
struct pit__child_table {
    struct pit__child **buckets;
    size_t room, used;
};

struct pit__child_set {
    struct pit__list order;
    struct pit__child_table by_key, by_id;
    int64_t serials;
    size_t count;
};

void pit__child_set_init(struct pit__child_set *set);

/* A child that is STOPPED, last in order. id NULL: none. The specification has been checked. */
struct pit__child *pit__child_add(struct pit__child_set *set, const pit_child *spec,
                                  const char *id);

/* Forget it and free it; it is STOPPED. */
void pit__child_remove(struct pit__child_set *set, struct pit__child *c);

void pit__child_running(struct pit__child_set *set, struct pit__child *c, pit_pid pid);
void pit__child_stopped(struct pit__child_set *set, struct pit__child *c);
void pit__child_restarting(struct pit__child_set *set, struct pit__child *c);

struct pit__child *pit__child_by_key(const struct pit__child_set *set, int64_t key);
struct pit__child *pit__child_by_id(const struct pit__child_set *set, const char *id);

static inline pit_pid pit__child_pid(const struct pit__child *c)
{
    pit_pid pid = {c->state == PIT__CHILD_RUNNING ? c->key : 0};
    return pid;
}

/* The one before or after in order; NULL: none. */
static inline struct pit__child *pit__child_at(const struct pit__child_set *set,
                                               struct pit__list *link)
{
    return link == &set->order ? NULL : PIT__CONTAINER(link, struct pit__child, link);
}
static inline struct pit__child *pit__child_first(const struct pit__child_set *set)
{
    return pit__child_at(set, set->order.next);
}
static inline struct pit__child *pit__child_last(const struct pit__child_set *set)
{
    return pit__child_at(set, set->order.prev);
}
static inline struct pit__child *pit__child_next(const struct pit__child_set *set,
                                                 struct pit__child *c)
{
    return pit__child_at(set, c->link.next);
}
static inline struct pit__child *pit__child_previous(const struct pit__child_set *set,
                                                     struct pit__child *c)
{
    return pit__child_at(set, c->link.prev);
}

#endif
