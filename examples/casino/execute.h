/*
 * Commands at a table: words in, a reply and a journal out.
 *
 * Everything a command does to the store is in the journal when it returns; everything it answers
 * is in the reply. The caller gives the journal to the house before it gives the reply to the
 * client. If journal->failed, the store is ahead of what the house can be told, and the only sound
 * thing to do is to crash and be restored.
 */
#ifndef CASINO_EXECUTE_H
#define CASINO_EXECUTE_H

#include "examples/casino/command.h"
#include "examples/casino/journal.h"
#include "examples/casino/out.h"
#include "examples/casino/store.h"

struct store_limits {
    size_t key;    /* bytes of a key */
    size_t value;  /* bytes of a value */
    size_t memory; /* bytes of a store, give or take one growth of its bucket array; 0: none */
};

#define STORE_LIMITS ((struct store_limits){64 << 10, 512 << 10, 0})

struct work {
    struct store *store;
    const struct store_limits *limits;
    int64_t now; /* milliseconds since 1970 */
    struct out *reply;
    struct out *journal;
};

/* One command that command_check() has passed, of any place but AT_DESK. */
void execute(struct work *w, const struct command *c, const struct bytes *words, size_t count);

/* Remove what has expired and go on with resizing: call it now and then, with a bound on the
   work. */
void execute_tidy(struct work *w, size_t buckets);

#endif
