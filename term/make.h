/*
 * Terms in a given heap, with an error instead of an end: for those who read what strangers wrote.
 * Each answers 0, or -ENOMEM with *ret untouched. Arguments are not checked: a float is finite, a
 * pid holds no error.
 */
#ifndef PIT_TERM_MAKE_H
#define PIT_TERM_MAKE_H

#include "term/heap.h"

int pit__make_float(struct pit__heap *h, double value, pit_term *ret);
int pit__make_pid(struct pit__heap *h, pit_pid pid, pit_term *ret);
int pit__make_ref(struct pit__heap *h, pit_ref ref, pit_term *ret);

/* Size bytes that the caller fills in through *ret_writable before anyone reads the term. */
int pit__make_bytes(struct pit__heap *h, size_t size, pit_term *ret, uint8_t **ret_writable);

/* Count pairs, key and value beside each other, which are sorted in place; of equal keys the last
   counts. */
int pit__make_map(struct pit__heap *h, uint64_t *pairs, size_t count, pit_term *ret);

/* Of terms that are one. */
pit_pid pit__term_pid_of(pit_term t);
pit_ref pit__ref_of(pit_term t);

#endif
