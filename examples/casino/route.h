/*
 * One round of a connection: the commands it has read, spread over the tables, and the replies put
 * together again in the order of the commands.
 *
 * A command of one key goes to its table. One of many keys is taken apart into commands of one key
 * unless all its keys live on one table; so MSET is atomic per table, not over all (as in a redis
 * cluster, which refuses it altogether). A command for all tables goes to each. Each table gets its
 * part as one batch and answers with the replies in a row.
 */
#ifndef CASINO_ROUTE_H
#define CASINO_ROUTE_H

#include <stdint.h>

#include "examples/casino/batch.h"
#include "examples/casino/bytes.h"
#include "examples/casino/command.h"
#include "examples/casino/out.h"

#define ROUTE_TABLES 64 /* at most: a set of tables is one word */

struct route {
    unsigned tables;
    uint64_t seed;
    uint64_t asked;  /* the tables that have a batch */
    size_t commands; /* so far in this round */
    bool plain;      /* all replies are one table's own, as they stand */
    struct out plan; /* how to put the replies together */
    struct route_progress {
        size_t step,
            piece;   /* of plan: where the step at hand begins; so many of its pieces are used */
        size_t here; /* bytes of `here` that are used */
        int64_t sum;
        struct out error; /* of the step at hand: the first piece that is one */
    } progress;
    struct out here;   /* replies that needed no table */
    struct out *batch; /* of each table; NULL until the first command: idle clients are many */
};

void route_init(struct route *r, unsigned tables, uint64_t seed, const struct memory *memory);
void route_free(struct route *r);

/* A new round. Large buffers go, small ones stay. */
void route_clear(struct route *r);

/* Which table a key lives on. */
unsigned route_table(const struct route *r, struct bytes key);

/* Add a command that command_check() has passed, of any place but AT_DESK. */
void route_add(struct route *r, const struct command *c, const struct bytes *words, size_t count);

/* The next command's reply is made here and now: write exactly one reply to what this returns. */
struct out *route_here(struct route *r);

/* true: some buffer found no memory, and the round is good for nothing. */
bool route_failed(const struct route *r);

enum route_result {
    ROUTE_WRONG, /* an answer is not what was asked for (a bug in a table), or there is no memory */
    ROUTE_WANTS, /* as far as the answers go: a table that is needed has nothing left */
    ROUTE_DONE,
};

/*
 * Put the replies of this round together, going on where the last call stopped. rest[t] is what
 * table t of the asked ones has said and was not used yet, whole replies; what is used is taken off
 * its front. So a table may answer its batch in parts, and no more than a part of a long reply is
 * ever in memory.
 */
enum route_result route_assemble(struct route *r, struct bytes *rest, struct out *reply);

#endif
