/*
 * Monitors: exactly one DOWN for each, whatever the end of the watched, a demonitor and hand-overs race for.
 *
 * Modelled: a watcher and a watched process, each with an owner among two schedulers that hand both to and fro; the record
 *   on either side; MONITOR and DEMONITOR one way, DOWN the other. The watched ends by itself, or is told to end at any
 *   time, in transit too. Its teardown goes in pieces: the pid goes, records fire one by one, what was put off is answered,
 *   the slot is free and soon another's; signals are delivered between any two pieces. A MONITOR that finds its receiver
 *   ending is put off behind the pieces, one that finds it gone is answered by the slot's owner. The watcher may end too.
 * Abstracted: the road of signals (mailbox.pml: each pair's order holds over hand-overs, and an owner of old forwards), so
 *   what is under way to a process is a queue that its owner takes from; exit signals over links (unlink.pml).
 *
 * Invariants
 *  (1) A monitor's DOWN comes once at most, and never after its demonitor said that it was active.
 *  (2) When nothing moves any more: of a watched process that has ended one DOWN came, unless the watcher took the monitor
 *      away or has ended; of one that lives there is a record on both sides, or on neither.
 *  (3) What belongs to a process is touched by its owner alone, and it is torn down only where it has been adopted.
 *
 * Broken by: NO_RECORD_TEST LATE_RECORD PUT_OFF_IS_LOST DEAD_IS_SILENT NO_GENERATION NO_DEMONITOR EXIT_IN_TRANSIT RECORD_STAYS
 */
#define MONITORS 2
#define MOVES 1 /* of each process */
#define NOWHERE 2

mtype = { monitor, demonitor };
mtype = { living, ending, vanished, monitors_told, unborn };

chan to_watched = [6] of { mtype, byte }; /* to the first life of its slot */
chan to_watcher = [6] of { byte };        /* DOWN */
chan put_off = [MONITORS] of { byte };

byte watched_owner, watched_at, watcher_owner, watcher_at; /* at: NOWHERE in transit */
byte watched_moves, watcher_moves;
mtype status = living; /* of who has the watched one's slot */
bit second;            /* it is the slot's second life */
bit told;              /* to end, while it was in transit */
bit watcher_gone;

bit ends, watcher_ends; /* chosen at the start: what may happen must not happen, or all would have ended at the end */
bit keeps[MONITORS];    /* and not all monitors are taken away */

byte made; /* monitors so far: a reference each */
bit record[MONITORS];    /* the watcher's */
bit fires[MONITORS];     /* of who has the watched one's slot */
bit taken_away[MONITORS]; /* demonitor said that it was active: ghost */
byte downs[MONITORS];     /* messages: ghost */

#define is_ending (status == ending || status == vanished || status == monitors_told)
#define takes(k) (record[k] && !keeps[k] && !taken_away[k])
#define mine(owner) assert(owner == me) /* (3) */

inline terminate()
{
#ifndef EXIT_IN_TRANSIT
    if
    :: watched_at == NOWHERE -> told = 1
    :: else ->
#endif
        status = ending
#ifndef EXIT_IN_TRANSIT
    fi
#endif
}

inline signal_to_watched(kind, k)
{
    mine(watched_owner);
    if
    :: kind == monitor ->
        if
#ifdef NO_GENERATION
        :: status == living -> fires[k] = 1
#else
        :: !second && status == living -> fires[k] = 1
#endif
#ifdef LATE_RECORD
        :: !second && is_ending -> fires[k] = 1
#else
        :: !second && is_ending -> put_off!k
#endif
        :: else ->
#ifndef DEAD_IS_SILENT
            to_watcher!k; /* noproc */
#endif
            skip
        fi
    :: kind == demonitor ->
        if
        :: !second && (status == living || status == ending) -> fires[k] = 0
        :: else
        fi
    fi
}

inline down(k)
{
    mine(watcher_owner);
    if
#ifdef NO_RECORD_TEST
    :: !watcher_gone ->
#else
    :: !watcher_gone && record[k] ->
#endif
        record[k] = 0;
        assert(downs[k] == 0 && !taken_away[k]); /* (1) */
        downs[k]++
    :: else
    fi
}

/* A piece of the teardown. The last of them frees the slot, and it is given to another process. */
inline piece()
{
    mine(watched_owner);
    assert(watched_at == me); /* (3) */
    if
    :: status == ending -> status = vanished
    :: status == vanished && fires[0] -> fires[0] = 0; to_watcher!0
    :: status == vanished && !fires[0] && fires[1] -> fires[1] = 0; to_watcher!1
    :: status == vanished && !fires[0] && !fires[1] -> status = monitors_told
    :: status == monitors_told && nempty(put_off) ->
        put_off?k;
#ifndef PUT_OFF_IS_LOST
        to_watcher!k;
#endif
        skip
    :: status == monitors_told && empty(put_off) -> status = unborn
    fi
}

proctype scheduler(byte me)
{
    mtype kind;
    byte k;

end:
    do
    /* Signals, to who is in transit to us too. */
    :: atomic {
        watched_owner == me && nempty(to_watched) ->
        to_watched?kind, k;
        signal_to_watched(kind, k);
        k = 0
    }
    :: atomic { watcher_owner == me && nempty(to_watcher) -> to_watcher?k; down(k); k = 0 }

    /* The watched: it ends, or is told to by somebody. */
    :: atomic { ends && watched_at == me && status == living && !second -> status = ending }
    :: atomic { ends && watched_owner == me && status == living && !second && !told -> terminate() }
    :: atomic {
        watched_owner == me && is_ending &&
#ifndef EXIT_IN_TRANSIT
        watched_at == me
#else
        true /* it was put on the run queue */
#endif
        -> piece(); k = 0
    }
    :: atomic { watched_owner == me && status == unborn && !second -> second = 1; status = living }
    :: atomic {
        watched_at == me && status == living && watched_moves < MOVES ->
        watched_moves++;
        watched_at = NOWHERE;
        watched_owner = 1 - me
    }
    :: atomic { /* adopted */
        watched_at == NOWHERE && watched_owner == me ->
        watched_at = me;
        if
        :: told -> told = 0; status = ending
        :: else
        fi
    }

    /* The watcher. */
    :: atomic {
        watcher_at == me && !watcher_gone && made < MONITORS ->
        record[made] = 1;
        to_watched!monitor, made;
        made++
    }
    :: atomic {
        watcher_at == me && !watcher_gone && (takes(0) || takes(1)) ->
        if
        :: takes(0) -> k = 0
        :: takes(1) -> k = 1
        fi;
#ifndef RECORD_STAYS
        record[k] = 0;
#endif
        taken_away[k] = 1;
#ifndef NO_DEMONITOR
        to_watched!demonitor, k;
#endif
        k = 0
    }
    :: atomic { /* it ends */
        watcher_ends && watcher_at == me && !watcher_gone && made == MONITORS ->
        watcher_gone = 1;
        if
        :: record[0] -> record[0] = 0; to_watched!demonitor, 0
        :: else
        fi;
        if
        :: record[1] -> record[1] = 0; to_watched!demonitor, 1
        :: else
        fi
    }
    :: atomic {
        watcher_at == me && !watcher_gone && watcher_moves < MOVES ->
        watcher_moves++;
        watcher_at = NOWHERE;
        watcher_owner = 1 - me
    }
    :: atomic { watcher_at == NOWHERE && watcher_owner == me -> watcher_at = me }
    od
}

init
{
    byte k;

    atomic {
        watcher_owner = 1;
        watcher_at = 1;
        if
        :: ends = 1
        :: skip
        fi;
        if
        :: watcher_ends = 1
        :: skip
        fi;
        if
        :: keeps[0] = 1
        :: skip
        fi;
        if
        :: keeps[1] = 1
        :: skip
        fi;
        run scheduler(0);
        run scheduler(1)
    }
    timeout -> /* (2) */
    d_step {
        assert(ends == second && status == living);
        for (k : 0 .. MONITORS - 1) {
            if
            :: k < made && !watcher_gone && !taken_away[k] && second -> assert(downs[k] == 1 && !record[k])
            :: k < made && !second -> assert(record[k] == fires[k] && downs[k] == 0)
            :: else
            fi;
            assert(!(second && fires[k]))
        }
    }
}
