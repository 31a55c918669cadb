/*
 * A table: a server that owns the keys whose hash is its number.
 *
 * It may crash at any instruction. Its memory goes with it, its successor gets the keys from the
 * house, and clients that have no answer ask the successor (house.h says why that is sound). To see
 * this happen, the places in its code where a crash is most interesting are marked, and a
 * table_crash message can name one.
 */
#ifndef CASINO_TABLE_H
#define CASINO_TABLE_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

#define table_protocol(CALL, CAST) \
    CALL(ping, (), ((uint64_t, keys), (uint64_t, bytes), (uint64_t, commands), (uint64_t, batches)))
PIT_PROTOCOL(table);

struct table_arg {
    struct options options;
    uint32_t number;
};

/* The name that table n is registered under. */
pit_text16 table_name(uint32_t n);
pit_pid table_start_link(const struct table_arg *arg);

#endif
