/*
 * The house: holds a copy of every table's keys, and answers writes once the copy has them.
 *
 * What it promises
 *  (1) A client that has the answer to a write has it from here, so the write is in the copy (or in
 *      the message queue, which no crash of a table touches, in front of anything that could ask
 *      for the copy).
 *  (2) A table that starts gets the copy only after everything its predecessor ever sent has been
 *      handled: enter is answered after the predecessor's end is known here, and the news of a
 *      process's end comes after its messages.
 *  (3) house_found for a successor is sent after every answer to the predecessor's writes. So a
 *      client that gets it knows: what has no answer now was never executed, and may be asked
 *      again.
 *
 * A house that crashes is refilled by its tables, which hold the same keys. Answers that were on
 * their way are then lost: clients that wait for one are told so.
 */
#ifndef CASINO_HOUSE_H
#define CASINO_HOUSE_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"

/*
 * enter: `who` is table number `table` from now on. refill: it has keys, the house shall forget its
 * own and will be sent
 *        them. Answered when the predecessor is gone.
 * copy:  the next part of the copy as a journal; from cursor 0 until the answer's cursor is 0.
 * state: for INFO and /metrics.
 * crash: dereference NULL, to see it refilled.
 */
#define house_protocol(CALL, CAST)                                                       \
    CALL(enter, ((uint32_t, table), (pit_pid, who), (bool, refill)), ((uint64_t, keys))) \
    CALL(copy, ((uint32_t, table), (uint64_t, cursor)),                                  \
         ((uint64_t, cursor), (pit_binary, journal)))                                    \
    CALL(state, (), ((uint64_t, keys), (uint64_t, bytes), (uint64_t, writes)))           \
    CAST(crash, ())
PIT_PROTOCOL(house);

pit_pid house_start_link(const struct options *o);

#endif
