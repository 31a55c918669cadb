/*
 * The one list of commands: name, how many words, where its keys stand, and who answers it.
 *
 * Arity is counted as redis counts it: the name included; negative: at least so many. Keys: first
 * and last position (negative: from the end) and the distance between them; 0: none.
 */
#ifndef CASINO_COMMAND_H
#define CASINO_COMMAND_H

#include <stddef.h>

#include "examples/casino/bytes.h"
#include "examples/casino/out.h"

enum command_place {
    AT_DESK,  /* the connection itself */
    AT_KEY,   /* the table of its one key */
    AT_KEYS,  /* the tables of its keys */
    AT_EVERY, /* all tables */
    AT_SCAN,  /* the table that the cursor names */
};

enum command_flag {
    READS = 1,
    WRITES = 2,
    GROWS = 4, /* may need memory: refused when there is none left */
    FAST = 8,  /* constant time */
};

/*  name       arity  keys: first, last, step  place     flags */
#define COMMAND_LIST(C)                                  \
    C(append, 3, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST) \
    C(client, -2, 0, 0, 0, AT_DESK, 0)                   \
    C(command, -1, 0, 0, 0, AT_DESK, 0)                  \
    C(config, -2, 0, 0, 0, AT_DESK, 0)                   \
    C(crash, -2, 0, 0, 0, AT_DESK, 0)                    \
    C(dbsize, 1, 0, 0, 0, AT_EVERY, READS | FAST)        \
    C(decr, 2, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST)   \
    C(decrby, 3, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST) \
    C(del, -2, 1, -1, 1, AT_KEYS, WRITES)                \
    C(echo, 2, 0, 0, 0, AT_DESK, FAST)                   \
    C(exists, -2, 1, -1, 1, AT_KEYS, READS | FAST)       \
    C(expire, -3, 1, 1, 1, AT_KEY, WRITES | FAST)        \
    C(expireat, -3, 1, 1, 1, AT_KEY, WRITES | FAST)      \
    C(flushall, -1, 0, 0, 0, AT_EVERY, WRITES)           \
    C(flushdb, -1, 0, 0, 0, AT_EVERY, WRITES)            \
    C(get, 2, 1, 1, 1, AT_KEY, READS | FAST)             \
    C(getdel, 2, 1, 1, 1, AT_KEY, WRITES | FAST)         \
    C(getset, 3, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST) \
    C(incr, 2, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST)   \
    C(incrby, 3, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST) \
    C(info, -1, 0, 0, 0, AT_DESK, 0)                     \
    C(keys, 2, 0, 0, 0, AT_EVERY, READS)                 \
    C(mget, -2, 1, -1, 1, AT_KEYS, READS | FAST)         \
    C(mset, -3, 1, -1, 2, AT_KEYS, WRITES | GROWS)       \
    C(persist, 2, 1, 1, 1, AT_KEY, WRITES | FAST)        \
    C(pexpire, -3, 1, 1, 1, AT_KEY, WRITES | FAST)       \
    C(pexpireat, -3, 1, 1, 1, AT_KEY, WRITES | FAST)     \
    C(ping, -1, 0, 0, 0, AT_DESK, FAST)                  \
    C(psetex, 4, 1, 1, 1, AT_KEY, WRITES | GROWS)        \
    C(pttl, 2, 1, 1, 1, AT_KEY, READS | FAST)            \
    C(quit, -1, 0, 0, 0, AT_DESK, FAST)                  \
    C(scan, -2, 0, 0, 0, AT_SCAN, READS)                 \
    C(select, 2, 0, 0, 0, AT_DESK, FAST)                 \
    C(set, -3, 1, 1, 1, AT_KEY, WRITES | GROWS)          \
    C(setex, 4, 1, 1, 1, AT_KEY, WRITES | GROWS)         \
    C(setnx, 3, 1, 1, 1, AT_KEY, WRITES | GROWS | FAST)  \
    C(strlen, 2, 1, 1, 1, AT_KEY, READS | FAST)          \
    C(time, 1, 0, 0, 0, AT_DESK, FAST)                   \
    C(ttl, 2, 1, 1, 1, AT_KEY, READS | FAST)             \
    C(type, 2, 1, 1, 1, AT_KEY, READS | FAST)            \
    C(unlink, -2, 1, -1, 1, AT_KEYS, WRITES | FAST)

enum command_id {
#define COMMAND_ID(name, arity, first, last, step, place, flags) COMMAND_##name,
    COMMAND_LIST(COMMAND_ID)
#undef COMMAND_ID
        COMMAND_COUNT
};

struct command {
    char name[16]; /* lower case, padded with zero bytes */
    enum command_id id;
    int arity, first, last, step;
    enum command_place place;
    unsigned flags;
};

extern const struct command commands[COMMAND_COUNT]; /* by id, which is the order of names */

/* By name, in any case; NULL: unknown. */
const struct command *command_find(struct bytes name);

/* The command of these words (count > 0), if it exists and has enough words; else NULL, and the
   error is in reply. */
const struct command *command_check(const struct bytes *words, size_t count, struct out *reply);

/* Does it take so many words, its name included? */
static inline bool command_has_arity(const struct command *c, size_t count)
{
    return c->arity > 0 ? count == (size_t)c->arity : count >= (size_t)-c->arity;
}

void command_wrong_arity(struct out *reply, const char *name);

#endif
