/*
 * Links and unlinks that cross: rule LINK-8 of the process semantics.
 *
 * Modelled: two parties, each with at most one record {active, unlink id} of the other, signals in
 *   order in both directions. Each links and unlinks as it pleases; one of them may exit at any
 *   moment. A dead party answers LINK with an exit signal (noproc) and UNLINK_ID with its
 *   acknowledgement, which the owner of its slot does (slot.pml).
 *
 * Modelled rules
 *   send LINK only without an active record: make one active, forget the unlink id
 *   recv LINK with any record: ignored; else an active one
 *   send UNLINK_ID(id), id unique among those not acknowledged, only if active: inactive, remember id
 *   recv UNLINK_ID(id): an active record is deleted; acknowledged before any other signal
 *   recv UNLINK_ID_ACK(id): an inactive record with this id is deleted
 *   recv exit: it has an effect if the record is active; the record is deleted in any case
 * Abstracted: loss of a connection (it belongs to distribution), priorities, more than one peer.
 *
 * Invariants
 *  (1) When nothing moves any more and both live: both have an active record or neither has any.
 *  (2) When nothing moves any more and one has exited: the other has no record.
 *  (3) An exit signal has no effect on a party that unlinked and was not linked again since.
 *  (4) ONE_SIDED (only one party acts): the end is what its last act asked for.
 *
 * Also with:  ONE_SIDED
 * Broken by:  LINK_REVIVES ACK_ANY UNLINK_KEEPS EXIT_IF_ANY DEAD_IS_SILENT
 */
#define ACTS 3

mtype = { link, unlink, ack, exit };

chan to[2] = [8] of { mtype, byte };

bit dead[2];
bit record[2];     /* exists, */
bit linked[2];     /* and is active, */
byte unlink_id[2]; /* else this one is under way */
byte next_id[2];
byte acts[2];
bit unlinked[2];  /* since it was last linked, by either side: ghost */
bit last_is_link; /* of party 0: ghost */

inline delete()
{
    record[me] = 0;
    linked[me] = 0;
    unlink_id[me] = 0
}

inline act()
{
    acts[me]++;
    if
    :: !linked[me] -> /* link/1 */
        record[me] = 1;
        linked[me] = 1;
        unlink_id[me] = 0;
        unlinked[me] = 0;
        last_is_link = (me == 0 -> 1 : last_is_link);
        to[1 - me]!link, 0
    :: linked[me] -> /* unlink/1 */
        next_id[me]++;
        linked[me] = 0;
        unlink_id[me] = next_id[me];
        unlinked[me] = 1;
        last_is_link = (me == 0 -> 0 : last_is_link);
        to[1 - me]!unlink, next_id[me]
#ifndef ONE_SIDED
    :: !dead[1 - me] -> /* exits, and never acts again */
        dead[me] = 1;
        if
        :: linked[me] -> to[1 - me]!exit, 0
        :: else
        fi;
        delete()
#endif
    fi
}

inline receive()
{
    if
    :: kind == link && dead[me] ->
#ifdef DEAD_IS_SILENT
        skip
#else
        to[1 - me]!exit, 0
#endif
    :: kind == link && !dead[me] ->
        if
        :: !record[me] -> record[me] = 1; linked[me] = 1; unlinked[me] = 0
#ifdef LINK_REVIVES
        :: record[me] && !linked[me] -> linked[me] = 1; unlink_id[me] = 0; unlinked[me] = 0
#endif
        :: else
        fi
    :: kind == unlink ->
        if
#ifndef UNLINK_KEEPS
        :: linked[me] -> delete()
#endif
        :: else
        fi;
        to[1 - me]!ack, id
    :: kind == ack ->
        if
#ifdef ACK_ANY
        :: record[me] && !linked[me] -> delete()
#else
        :: record[me] && !linked[me] && unlink_id[me] == id -> delete()
#endif
        :: else
        fi
    :: kind == exit ->
        if
#ifdef EXIT_IF_ANY
        :: record[me] -> assert(!unlinked[me]) /* (3) */
#else
        :: linked[me] -> assert(!unlinked[me]) /* (3) */
#endif
        :: else
        fi;
        delete()
    fi
}

proctype party(byte me)
{
    mtype kind;
    byte id;

end:
    do
    :: atomic { to[me]?kind, id -> receive(); kind = 0; id = 0 }
#ifdef ONE_SIDED
    :: atomic { me == 0 && acts[me] < ACTS + 2 -> act() }
#else
    :: atomic { !dead[me] && acts[me] < ACTS -> act() }
#endif
    od
}

init
{
    atomic {
        run party(0);
        run party(1)
    }
    timeout ->
    if
    :: dead[0] || dead[1] -> assert(!record[0] && !record[1]) /* (2) */
    :: else ->
        assert(linked[0] == linked[1]); /* (1) */
        assert(record[0] == linked[0] && record[1] == linked[1])
    fi;
#ifdef ONE_SIDED
    assert(linked[0] == last_is_link) /* (4) */
#endif
}
