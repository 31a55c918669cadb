/*
 * Commands on their way to a table, as bytes: what a connection has read and checked, packed so
 * that a pipeline of commands is one message.
 *
 * It never leaves the node and is not checked again: a record is a head, the lengths of the words,
 * the words.
 */
#ifndef CASINO_BATCH_H
#define CASINO_BATCH_H

#include "examples/casino/bytes.h"
#include "examples/casino/command.h"
#include "examples/casino/out.h"

void batch_add(struct out *batch, enum command_id id, const struct bytes *words, size_t count);

struct batch_reader {
    struct bytes rest;
    struct out words; /* an array of struct bytes, for the command at hand */
};

static inline struct batch_reader batch_read(struct bytes batch, const struct memory *memory)
{
    return (struct batch_reader){batch, out_new(memory)};
}

/* The next command and its words, which live until the next call; NULL: no more, or no memory
   (words.failed). */
const struct command *batch_next(struct batch_reader *r, const struct bytes **ret_words,
                                 size_t *ret_count);

/* Done; the reader may be used again for another batch by setting `rest`. */
static inline void batch_done(struct batch_reader *r) { out_free(&r->words); }

#endif
