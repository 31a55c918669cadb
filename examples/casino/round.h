/*
 * A round, from the side of the process that asks: send each table its batch, gather the answers,
 * and ask a table's successor again when a table crashes before it answered.
 *
 * For one process; at most one round at a time. The process hands every message to round_message()
 * that it does not know itself. Tables are looked up at the house when they are first needed and
 * watched from then on.
 */
#ifndef CASINO_ROUND_H
#define CASINO_ROUND_H

#include "examples/casino/messages.h"
#include "examples/casino/options.h"
#include "examples/casino/route.h"

enum round_result {
    ROUND_NOT_MINE, /* the message was none of ours */
    ROUND_WAIT,
    ROUND_DONE, /* who was asked has answered: round_reply() */
    /* a table crashed on these very commands again and again, or the house did: `error` */
    ROUND_FAILED,
};

struct table_seen;

struct round {
    struct route route;        /* what to ask; the caller fills it in */
    struct table_seen *tables; /* NULL until one is needed */
    pit_pid house;
    pit_ref house_monitor;
    uint64_t ticket;  /* of this round */
    uint64_t waiting; /* the tables that have not answered */
    uint64_t strikes; /* the tables that have still to be crashed */
    const char *error;
    uint16_t crashes_most; /* of a table that has a batch of this round */
    bool over;             /* all commands are answered, after round_reply() */
};

void round_init(struct round *r, const struct options *o);

/* Ask. Not for a round that asks nobody: see round_asks(). */
void round_start(struct round *r);
enum round_result round_message(struct round *r, const pit_msg *m);

/*
 * After ROUND_DONE, or for a round that asked nobody: the replies, or as many as the answers allow.
 * They live until round_clear() or round_go_on(); at NULL: no memory. Then, if the round is not
 * over, round_go_on() asks for more.
 */
struct bytes round_reply(struct round *r, struct out *assembled);
static inline bool round_is_over(const struct round *r) { return r->over; }
void round_go_on(struct round *r);
void round_clear(struct round *r);

/*
 * With this round, make the table of this key crash (messages.h: table_crash). With after 0 once
 * for each call, one successor after the other, and the round is not done before: a message to one
 * that is ending already would be lost.
 */
void round_crash_table(struct round *r, struct bytes key, uint32_t after);

/* Does it need a table at all? */
static inline bool round_asks(const struct round *r) { return r->route.asked || r->strikes; }

#endif
