/*
 * The node: schedulers, their options, and the first process.
 */
#ifndef PIT_NODE_H
#define PIT_NODE_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/term.h>

PIT_BEGIN_DECLS

/*
 * Options of a node; zero is the default of each. The environment and the command line speak the
 * same flags, in the manner of the BEAM's: pit_node_flags.
 */
typedef struct pit_node_opts {
    /* +S N: how many, 1 to 1,024; 0: one a core this OS process may use */
    int schedulers;
    /*
     * +sbt LIST: "0-3,8": cores to pin schedulers to, in this order; NULL: all allowed; "none":
     * don't pin
     */
    const char *cores;
    /*
     * +P N: how many processes may live at once, 1,024 to 134,217,727; 0: 4,194,304. Exact; one
     * that is ending counts until its teardown is over
     */
    uint32_t processes;
    /* +t N: limit of atoms, 1,024 to 16,777,216; 0: 1,048,576 */
    uint32_t atoms;
    /* +M BYTES: limit of one process's own memory, 65,536 or more; 0: none */
    uint64_t memory;
    /* -name N: the node's name, in logs and crash dumps; NULL: the program's */
    const char *name;
    /*
     * -dump FILE: where a crash dump goes; NULL: pitboss-crash-PID.txt in the working directory;
     * "-": stderr
     */
    const char *crash_dump;
    /* +sss KIB: default stack of a process; here in bytes, 16 KiB to 8 MiB; 0: 64 KiB */
    uint32_t stack;
    /* +sbwt US: how long an idle scheduler spins before it sleeps, at most 1,000,000; 0: 20 us; -1:
       not at all (as a flag 0 is that too). For completions of I/O it is 3 us at most. */
    int spin_us;
    /* -stop MS: how long supervision trees may take to stop, at most a day; 0: 10,000 ms */
    int stop_timeout;
    /* -seed N: seed of pit_random and of the runtime's own choices; 0: from the system */
    uint64_t seed;
    /* leave SIGINT and SIGTERM to the program */
    bool no_signals;
} pit_node_opts;

/* The first process. Its return value is the node's exit status. */
typedef int pit_first(int argc, char **argv);

/*
 * Start a node, run first as a process, and return when the node has stopped, with its exit status:
 * what first returned (its low 8 bits), or 1 if it ended by anything but returning; after SIGINT or
 * SIGTERM 0, after pit_stop its status. Stopping is in order: what first was linked to gets its
 * exit signal, every supervisor ends its children as its specification says, within stop_timeout;
 * then what is left is killed. SIGINT and SIGTERM send first an exit signal `shutdown`, which it
 * may trap. One node at a time in an OS process.
 *
 * Negative: the node could not start, and why was logged: -EINVAL (an option), -EEXIST (two
 * different messages of one name), -ENOSYS, -EPERM (io_uring missing or forbidden; the log says
 * what to change), -EMFILE, -ENFILE (no descriptor for it), -ENOMEM, -EBUSY (a node is running).
 * Any thread but a process; it waits for as long as the node runs. Erlang: the program erl.
 */
int pit_run(const pit_node_opts *opts, pit_first *first, int argc, char **argv);

/*
 * Take a node's flags out of a program's arguments, in the manner of the BEAM's, into opts, where
 * they win over what stands there: first those of PITBOSS_FLAGS, split at blanks, then
 * - those that begin with + wherever they stand before "--" or "-extra", with their values:
 *   `app +S 2 file +P100000`;
 * - all that follow "--pit", also those that begin with -, which are the program's own elsewhere:
 *   `app --pit -name x`.
 * Later ones win. *argc and argv keep what is left, in its order, a NULL at the end; "--pit" and
 * "-extra" go, "--" stays. opts points into argv and into static memory.
 *
 * 0; -EINVAL: a flag that is unknown or lacks a sound value, and which was logged, argv is as it
 * was; -ENOMEM. Does not wait. Once, before the node, in main's thread. Erlang: erl's flags and
 * ERL_FLAGS.
 */
int pit_node_flags(pit_node_opts *opts, int *argc, char **argv);

/*
 * pit_node_flags and pit_run for use in main: prints what went wrong, and returns 1 then. first
 * gets what is left of argv. Waits as pit_run.
 */
int pit_main(int argc, char **argv, pit_first *first);

/*
 * Stop the node in order, with this exit status: first gets the exit signal shutdown. Returns at
 * once; a node that is stopping already, or none, is left alone. From any process or thread.
 * Erlang: init:stop/1.
 */
void pit_stop(int status);

typedef struct pit_node_info {
    const char *name;
    int schedulers;
    uint64_t processes, process_limit;
    uint64_t processes_peak;          /* the most that anybody who asked has seen */
    uint64_t spawned, exited, faults; /* since the start; faults: ends by a contained fault */
    uint64_t messages;                /* sent, all kinds */
    uint64_t context_switches;
    uint64_t run_queue; /* processes that wait for a core now */
    uint64_t steals;    /* processes that were handed to another scheduler */
    uint64_t io_submitted, io_completed;
    int64_t uptime_ns;
    /*
     * histogram of sampled delays from runnable to run (every 64th wake, and all of a scheduler's
     * first pass after a sleep); bucket i: [2^i, 2^(i+1)) ns
     */
    uint64_t run_delay_ns[64];
} pit_node_info;

/* Sums over all schedulers; each number is exact in itself, not all at one instant. Does not
   wait. Any thread. Erlang: statistics/1, system_info/1. */
void pit_node_info_get(pit_node_info *ret);

/* Which scheduler runs the caller, from 0; -1 outside of one. Does not wait. Any thread.
   Erlang: system_info(scheduler_id). */
int pit_scheduler(void);

PIT_END_DECLS

#endif
