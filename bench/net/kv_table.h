/*
 * The table behind the kv benchmark: a process that owns all keys, and the two messages it speaks.
 *
 * A connection sends all commands of one read as one batch, and gets all their replies as one: so a
 * pipeline of sixteen costs two messages, like a single command. Batches of one connection are
 * answered in their order.
 */
#ifndef BENCH_NET_KV_TABLE_H
#define BENCH_NET_KV_TABLE_H

#include <pit/pit.h>

#include "examples/casino/out.h"

/* The bytes follow the struct, `length` of them; encoded by kv_batch_add, or replies as they go to
   the client. */
PIT_MESSAGE(kv_batch, (uint32_t, length));
PIT_MESSAGE(kv_replies, (uint32_t, length), (bool, quit));

/* The name that the table is registered under. */
#define KV_TABLE "table"

/* Start the table, linked to the caller: a child's start function. */
pit_pid kv_table_start(const void *arg);

/* Add one command to a batch under construction. */
void kv_batch_add(struct out *batch, const struct bytes *words, size_t count);

#endif
