/*
 * The process dictionary: terms that a process keeps by key, for itself.
 *
 * It belongs to one process, is empty when the process begins, is not inherited, and goes with it.
 * Others see it only by asking (pit_process_dictionary of <pit/info.h>). Keys are the same if they
 * are identical (1 and 1.0 are not). What the functions answer is a copy that lives as long as a
 * term built now. They cost O(1) and the size of the terms; the memory counts as the process's.
 * Call from inside a process; none waits; without memory the caller ends with system_limit.
 * Erlang: get, put, erase. Spec: PD-1.
 */
#ifndef PIT_DICTIONARY_H
#define PIT_DICTIONARY_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/term.h>

PIT_BEGIN_DECLS

/* Keep value under key; the old value, or undefined. Erlang: put/2. */
pit_term pit_put(pit_term key, pit_term value);

/* The value; undefined: none. Erlang: get/1. */
pit_term pit_get(pit_term key);

/* It is there no more; the old value, or undefined. Erlang: erase/1. */
pit_term pit_erase(pit_term key);

/*
 * All: [{Key, Value}], in no order that means anything. erase_all leaves the dictionary empty.
 * Erlang: get/0, erase/0.
 */
pit_term pit_get_all(void);
pit_term pit_erase_all(void);

/* All keys; those whose value is this. Erlang: get_keys/0, get_keys/1. */
pit_term pit_get_keys(void);
pit_term pit_get_keys_of(pit_term value);

PIT_END_DECLS

#endif
