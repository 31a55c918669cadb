/*
 * What a process says of itself, item by item, and what the node says of itself. <pit/process.h>
 * and <pit/node.h> have structs of what is most often asked.
 *
 * Of a process: a question is a signal with an answer, in order with what the caller sent before.
 * The process asked does not run for it: its scheduler reads what is its own, also while it waits,
 * runs, is suspended or hibernates. Nothing copies a mailbox: of waiting messages no more is told
 * than what they are. Erlang: process_info/1, process_info/2. Spec: INFO-1..6.
 */
#ifndef PIT_INFO_H
#define PIT_INFO_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/term.h>

PIT_BEGIN_DECLS

/*
 * The items, and what their values are. Sizes that Erlang has in words are in words of 8 bytes here
 * (INFO-6); all other sizes are in bytes, and say so. [] and undefined stand for what is not there.
 * Of a process that is sensitive (PIT_FLAG_SENSITIVE) those marked * tell nothing: [] or undefined.
 *   STATUS              runnable, running, waiting, suspended or exiting
 *   CURRENT_FUNCTION *  a binary, <<"serve">>: the function that it is in, behind the runtime's
 *                       own; undefined: it waits without a stack, or its functions are not known
 *                       (programs are linked with -rdynamic)
 *   CURRENT_LOCATION *  the same with its place: <<"serve+0x1c (casino+0x4a3c)">>
 *   CURRENT_STACKTRACE * a list of such places, innermost first, 16 at most
 *   INITIAL_CALL        the place of its body or handler
 *   LINKS               pids, of links that are active (LINK-10)
 *   MONITORS            {process, Pid}, or {process, Name} of those that were made by name
 *   MONITORED_BY        pids, one for each monitor
 *   MESSAGE_QUEUE_LEN   messages that wait
 *   MESSAGES *          of the PIT_INFO_MESSAGES_MOST oldest of them {<<"type">>, Bytes, From},
 *                       oldest first; From undefined: sent by no process. Payloads are never shown
 *   MEMORY              bytes: slot, stack in use, memory of pit_alloc, terms, kept messages,
 *                       headers of waiting ones
 *   HEAP_SIZE           words of its terms
 *   TOTAL_HEAP_SIZE     words of its terms and of memory of pit_alloc
 *   STACK_SIZE          words of its stack that are in use; 0: it has none of its own
 *   REDUCTIONS          that it has used
 *   REGISTERED_NAME     an atom; []: none
 *   PRIORITY            low, normal, high or max
 *   TRAP_EXIT           true, false
 *   GROUP_LEADER        a pid
 *   LABEL               a binary, or undefined
 *   DICTIONARY *        [{Key, Value}]
 *   PARENT              a pid, or undefined: the first process
 *   SUSPENDING          [{Pid, Times}]
 *   SUSPENDED_BY        pids
 *   TIMERS              how many are to send to it
 *   SCHEDULER           its number
 *   MAX_HEAP_SIZE       #{size => Bytes, kill => true, error_logger => true}; size 0: no limit
 *   MAILBOX             #{messages => Most, bytes => Most, policy => Atom, dropped => N, blocked =>
 *                       N}; undefined: no bound
 *   PRIORITY_MESSAGES   true: it takes them (<pit/process.h>, aliases)
 *   SENSITIVE           true, false
 *   TRACE               the bits of what it is traced with; 0: it is not
 *   TRACER              a pid, or undefined: it is not traced, or to a function
 *   BINARY              counted binaries that its terms use, [{Id, Bytes, Uses}], one for each use,
 *                       oldest first: a number that no other binary has as long as this one is
 *                       there, its bytes (of one made around foreign bytes without these), and its
 *                       uses in the node
 * What Erlang has besides speaks of its garbage collector, its code loader, or other nodes.
 */
enum pit_info {
    PIT_INFO_STATUS,
    PIT_INFO_CURRENT_FUNCTION,
    PIT_INFO_CURRENT_LOCATION,
    PIT_INFO_CURRENT_STACKTRACE,
    PIT_INFO_INITIAL_CALL,
    PIT_INFO_LINKS,
    PIT_INFO_MONITORS,
    PIT_INFO_MONITORED_BY,
    PIT_INFO_MESSAGE_QUEUE_LEN,
    PIT_INFO_MESSAGES,
    PIT_INFO_MEMORY,
    PIT_INFO_HEAP_SIZE,
    PIT_INFO_TOTAL_HEAP_SIZE,
    PIT_INFO_STACK_SIZE,
    PIT_INFO_REDUCTIONS,
    PIT_INFO_REGISTERED_NAME,
    PIT_INFO_PRIORITY,
    PIT_INFO_TRAP_EXIT,
    PIT_INFO_GROUP_LEADER,
    PIT_INFO_LABEL,
    PIT_INFO_DICTIONARY,
    PIT_INFO_PARENT,
    PIT_INFO_SUSPENDING,
    PIT_INFO_SUSPENDED_BY,
    PIT_INFO_TIMERS,
    PIT_INFO_SCHEDULER,
    PIT_INFO_MAX_HEAP_SIZE,
    PIT_INFO_MAILBOX,
    PIT_INFO_PRIORITY_MESSAGES,
    PIT_INFO_SENSITIVE,
    PIT_INFO_TRACE,
    PIT_INFO_TRACER,
    PIT_INFO_BINARY,
    PIT_INFO_ITEMS /* how many there are */
};

#define PIT_INFO_MESSAGES_MOST 1000

/*
 * One item, or several at one moment: values[i] is that of items[i]; an item may come twice. The
 * terms live like what the caller builds now.
 *
 * 0; -PIT_ENOPROC: no such process, or it is ending; -EINVAL: no such item, or more than 64;
 * -E2BIG: the answer would be larger than 64 MiB (a dictionary, a million links or binaries);
 * -ENOMEM, -PIT_ENOTPROCESS. On an error no value is touched. Waits if pid belongs to another
 * scheduler. The cost is that of the answer: for lists, of their length.
 * Erlang: process_info/2.
 */
int pit_process_item(pit_pid pid, enum pit_info item, pit_term *value);
int pit_process_items(pit_pid pid, const enum pit_info *items, size_t count, pit_term *values);

/*
 * What another has in its dictionary under this key; undefined: nothing, or it is sensitive. Errors
 * as above.
 * Erlang: process_info(Pid, {dictionary, Key}).
 */
int pit_process_dictionary(pit_pid pid, pit_term key, pit_term *value);

/* ---- the node -------------------------------------------------------------------------------- */

/*
 * What the node says of itself. Numbers are integers; a number of scheduler i stands at place i,
 * from 0, of its list. Each is exact in itself, not all at one instant.
 *   PROCESS_COUNT        processes that live or whose end is not over yet, which count for the
 *                        limit: LIFE-10
 *   PROCESS_LIMIT        how many there may be (+P)
 *   ATOM_COUNT           atoms that were ever made
 *   ATOM_LIMIT           how many there may be (+t)
 *   NAME_COUNT           registered names. Each is an atom, and a process has one at most: there is
 *                        no other limit
 *   REGISTERED           a list of them, in the order in which their atoms were made.
 *                        Erlang: registered/0. Spec: REG-3
 *   SCHEDULERS           how many there are
 *   RUN_QUEUE_LENGTHS    a list: processes that wait for each scheduler's core, as its last pass
 *                        found them; the caller's own scheduler's as it is now
 *   RUN_QUEUE            their sum
 *   SCHEDULER_WALL_TIME  a list of {Index, Active, Total} in ns, see pit_scheduler_wall_time;
 *                        undefined: it is not asked for
 *   CONTEXT_SWITCHES     how often a process was given a core since the node's start
 *   UPTIME               ns since the node's start
 *   MEMORY               a map of bytes by kind:
 *                          total      processes and system
 *                          processes  slots, blocks and terms
 *                            slots    the table of processes as far as it was ever used
 *                            blocks   messages, signals, links, monitors, timers, arguments, memory
 *                                     of pit_alloc; with what schedulers keep of it for later use
 *                            terms    of processes, dictionaries, reasons, persistent terms
 *                          system     atom, binary, and what schedulers and the table of names are
 *                                     made of
 *                            atom     texts and tables of atoms
 *                            binary   counted binaries; of one that was made around foreign bytes
 *                                     without these
 *                          stacks     not in total: address space of stacks that are in use, or
 *                                     kept warm for the next, without guards; it has memory as far
 *                                     as it was touched, page by page
 *                          resident   not in total: what the kernel says that this OS process has
 *                                     in memory, code, the program's own and stacks with it; 0:
 *                                     /proc is not to be read
 * What Erlang has besides speaks of its code loader, its allocators, or parts that are not there.
 * Counts of messages, faults, I/O and delays: pit_node_info_get.
 */
enum pit_system {
    PIT_SYSTEM_PROCESS_COUNT,
    PIT_SYSTEM_PROCESS_LIMIT,
    PIT_SYSTEM_ATOM_COUNT,
    PIT_SYSTEM_ATOM_LIMIT,
    PIT_SYSTEM_NAME_COUNT,
    PIT_SYSTEM_REGISTERED,
    PIT_SYSTEM_SCHEDULERS,
    PIT_SYSTEM_RUN_QUEUE_LENGTHS,
    PIT_SYSTEM_RUN_QUEUE,
    PIT_SYSTEM_SCHEDULER_WALL_TIME,
    PIT_SYSTEM_CONTEXT_SWITCHES,
    PIT_SYSTEM_UPTIME,
    PIT_SYSTEM_MEMORY,
    PIT_SYSTEM_ITEMS /* how many there are */
};

/*
 * One item. The term lives like what the caller builds now. 0; -EINVAL: no such item;
 * -PIT_ENOTPROCESS. On an error *value is not touched; no memory for the term ends the caller with
 * system_limit. Does not wait. The cost is that of the answer; NAME_COUNT and REGISTERED go through
 * a table as large as the atoms that were ever names.
 * Erlang: system_info/1, statistics/1, memory/0. Spec: LIFE-11, REG-3.
 */
int pit_system_info(enum pit_system item, pit_term *value);

/*
 * Count how long schedulers are active, from now on; false: no more. A scheduler is idle while it
 * has nothing to run, has looked for work elsewhere and sleeps or spins; it is active in all else,
 * also while the kernel has another thread on its core. Each scheduler counts from 0 when it hears
 * of it, within its present pass; until then its times are what they were. The node has one such
 * setting: who turns it off turns it off for all. It costs two looks at the clock each time that a
 * scheduler has nothing to run, and nothing while it is off.
 *
 * 1, 0: it was on, or off; -PIT_ENOTPROCESS; -ENOMEM: some schedulers may not have heard of it.
 * Does not wait.
 * Erlang: system_flag(scheduler_wall_time, On), which counts for as long as a process that turned
 * it on lives.
 */
int pit_scheduler_wall_time(bool on);

PIT_END_DECLS

#endif
