/*
 * Persistent terms: configuration and tables that seldom change and that all processes read,
 * without a copy.
 *
 * A term is stored under a key, which is any term. Reading finds it where it lies: no copy, however
 * large it is. What was read lives as long as a term built at the same moment (until the next
 * receive, or until the handler returns; pit_keep makes it live on), also when it is replaced or
 * erased meanwhile: the old term is freed with its last reader.
 *
 * Unless said otherwise a function may be called from any thread, a process or not, and does not
 * wait. Writing takes a lock and costs as much as copying the value; it is for what seldom changes.
 * Everything is erased when the node has stopped.
 * Erlang: module persistent_term. Spec: PT-1, PT-2.
 */
#ifndef PIT_PERSISTENT_H
#define PIT_PERSISTENT_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/term.h>

PIT_BEGIN_DECLS

/*
 * Store a copy of value under key; one that is equal to what is there changes nothing. 0, or
 * -ENOMEM. Erlang: put/2.
 */
int pit_persistent_put(pit_term key, pit_term value);

/* The same, but never replaces: -EEXIST if another value is there. Erlang: put_new/2 [28.4+]. */
int pit_persistent_put_new(pit_term key, pit_term value);

/*
 * The value. There is none: ends the caller with badarg. No memory for the hold on it: ends it with
 * system_limit. Erlang: get/1.
 */
pit_term pit_persistent_get(pit_term key);

/* The value, or otherwise. Erlang: get/2. */
pit_term pit_persistent_get_or(pit_term key, pit_term otherwise);

/* true: it was there. Erlang: erase/1. */
bool pit_persistent_erase(pit_term key);

/* How many there are, and the bytes of their keys and values. Erlang: info/0. */
typedef struct pit_persistent_about {
    size_t count;
    size_t memory;
} pit_persistent_about;
pit_persistent_about pit_persistent_info(void);

PIT_END_DECLS

#endif
