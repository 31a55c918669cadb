/*
 * Integers that processes share: the exception to sharing nothing, for counters, limits and flags
 * that many write.
 *
 * pit_atomics is an array of 64-bit integers on which each operation is atomic and a full barrier.
 * pit_counters is an array of counters, which with PIT_COUNTERS_SPREAD has a copy for each
 * scheduler, so that adding costs no more than a store, and reading adds the copies up.
 *
 * A handle is a value: it may be copied, sent, kept in a state. An array lives until it is deleted
 * or the node has stopped; no process owns it. Indices count from 0, unlike Erlang's. Every
 * function here may be called from any thread, a process or not; none waits. A handle that is
 * deleted or holds an error, and an index outside of the array, end the calling process with
 * badarg; on a thread that runs no process they end the OS process with that text.
 * Erlang: modules atomics, counters. Spec: AT-1, CN-1.
 */
#ifndef PIT_ATOMICS_H
#define PIT_ATOMICS_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>

PIT_BEGIN_DECLS

/*
 * count integers, all 0. flags: PIT_ATOMICS_UNSIGNED is for pit_atomics_about alone: the bits are
 * the same, a program casts.
 * Holds -EINVAL (count is 0 or above 2^32, or an unknown flag), -ENOMEM, -PIT_ESYSTEMLIMIT (2^20
 * arrays are there).
 * Erlang: atomics:new/2.
 */
#define PIT_ATOMICS_UNSIGNED 1u
pit_atomics pit_atomics_new(size_t count, unsigned flags);

/*
 * Values wrap round. add_get and sub_get return the new value.
 * Erlang: atomics:get/2, put/3, add/3, sub/3, add_get/3, sub_get/3.
 */
int64_t pit_atomics_get(pit_atomics a, size_t index);
void pit_atomics_put(pit_atomics a, size_t index, int64_t value);
void pit_atomics_add(pit_atomics a, size_t index, int64_t n);
void pit_atomics_sub(pit_atomics a, size_t index, int64_t n);
int64_t pit_atomics_add_get(pit_atomics a, size_t index, int64_t n);
int64_t pit_atomics_sub_get(pit_atomics a, size_t index, int64_t n);

/* Write value; the old one. Erlang: atomics:exchange/3. */
int64_t pit_atomics_exchange(pit_atomics a, size_t index, int64_t value);

/*
 * true: it was *expected and is desired now. false: it was not; *expected is what it is.
 * Erlang: compare_exchange/4.
 */
bool pit_atomics_compare_exchange(pit_atomics a, size_t index, int64_t *expected, int64_t desired);

/*
 * What an array is. Erlang: atomics:info/1, counters:info/1. min and max are of an unsigned array's
 * as bits.
 */
typedef struct pit_atomics_about {
    size_t count;
    int64_t min, max;
    size_t memory; /* bytes */
} pit_atomics_about;
pit_atomics_about pit_atomics_info(pit_atomics a);

/*
 * From now on the handle is stale, for all. What is in the middle of an operation finishes it; the
 * memory goes after that. 0, or -EINVAL: it was stale.
 * No counterpart in Erlang, where the collector does it.
 */
int pit_atomics_delete(pit_atomics a);

/*
 * count counters, all 0. Without a flag they are as pit_atomics. PIT_COUNTERS_SPREAD: no addition
 * is lost, but a reader may see two counters change in another order than they did, and a put while
 * others add may lose either.
 * Holds the errors of pit_atomics_new.
 * Erlang: counters:new/2 (write_concurrency), add/3, sub/3, get/2, put/3, info/1.
 */
#define PIT_COUNTERS_SPREAD 1u
pit_counters pit_counters_new(size_t count, unsigned flags);
void pit_counters_add(pit_counters c, size_t index, int64_t n);
void pit_counters_sub(pit_counters c, size_t index, int64_t n);
int64_t pit_counters_get(pit_counters c, size_t index);
void pit_counters_put(pit_counters c, size_t index, int64_t value);
pit_atomics_about pit_counters_info(pit_counters c);
int pit_counters_delete(pit_counters c);

PIT_END_DECLS

#endif
