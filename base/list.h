/*
 * Intrusive doubly linked circular lists: the head is a node too. A node off any list points to
 * itself or is zero.
 */
#ifndef PIT_BASE_LIST_H
#define PIT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct pit__list {
    struct pit__list *next, *prev;
};

#define PIT__CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void pit__list_init(struct pit__list *l) { l->next = l->prev = l; }
static inline bool pit__list_empty(const struct pit__list *l) { return l->next == l || !l->next; }

static inline void pit__list_append(struct pit__list *head, struct pit__list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void pit__list_remove(struct pit__list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = node;
}

#endif
