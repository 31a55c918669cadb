/*
 * Atoms: one number for each text, for ever. The table is the node's; reading it takes no lock.
 *
 * An atom's index is its identity within this run and says nothing of its text; order and hash go
 * by text. The list below is known by constant: PIT__A(ok) is the term. undefined comes first: it
 * is index 0. What the runtime says of a process that ends, and of processes and the node to who
 * asks, is among them, so that it can be said when the table is full.
 */
#ifndef PIT_TERM_ATOM_H
#define PIT_TERM_ATOM_H

#include <stddef.h>
#include <stdint.h>

#include <pit/term.h>

/* X(C name, text) */
#define PIT__ATOMS(X)                                 \
    X(undefined, "undefined")                         \
    X(true_, "true")                                  \
    X(false_, "false")                                \
    X(ok, "ok")                                       \
    X(error, "error")                                 \
    X(normal, "normal")                               \
    X(kill, "kill")                                   \
    X(killed, "killed")                               \
    X(noproc, "noproc")                               \
    X(shutdown, "shutdown")                           \
    X(noconnection, "noconnection")                   \
    X(timeout, "timeout")                             \
    X(badarg, "badarg")                               \
    X(badmatch, "badmatch")                           \
    X(badarith, "badarith")                           \
    X(badarity, "badarity")                           \
    X(badfun, "badfun")                               \
    X(badkey, "badkey")                               \
    X(badmap, "badmap")                               \
    X(badarray, "badarray")                           \
    X(badcall, "badcall")                             \
    X(bad_return_value, "bad_return_value")           \
    X(case_clause, "case_clause")                     \
    X(function_clause, "function_clause")             \
    X(if_clause, "if_clause")                         \
    X(undef, "undef")                                 \
    X(nocatch, "nocatch")                             \
    X(system_limit, "system_limit")                   \
    X(EXIT, "EXIT")                                   \
    X(DOWN, "DOWN")                                   \
    X(process, "process")                             \
    X(port, "port")                                   \
    X(time_offset, "time_offset")                     \
    X(infinity, "infinity")                           \
    X(ignore, "ignore")                               \
    X(already_started, "already_started")             \
    X(not_found, "not_found")                         \
    X(restarting, "restarting")                       \
    X(permanent, "permanent")                         \
    X(transient, "transient")                         \
    X(temporary, "temporary")                         \
    X(worker, "worker")                               \
    X(supervisor, "supervisor")                       \
    X(signal, "signal")                               \
    X(fault, "fault")                                 \
    X(abort, "abort")                                 \
    X(stack_overflow, "stack_overflow")               \
    X(enomem, "enomem")                               \
    X(overload, "overload")                           \
    X(notprocess, "notprocess")                       \
    X(unknown, "unknown")                             \
    X(null_pointer, "null_pointer")                   \
    X(bad_address, "bad_address")                     \
    X(bad_jump, "bad_jump")                           \
    X(arithmetic, "arithmetic")                       \
    X(illegal_instruction, "illegal_instruction")     \
    X(forbidden_system_call, "forbidden_system_call") \
    X(assertion, "assertion")                         \
    X(sigsegv, "SIGSEGV")                             \
    X(sigbus, "SIGBUS")                               \
    X(sigfpe, "SIGFPE")                               \
    X(sigill, "SIGILL")                               \
    X(sigtrap, "SIGTRAP")                             \
    X(sigsys, "SIGSYS")                               \
    X(sigabrt, "SIGABRT")                             \
    X(abandoned, "abandoned")                         \
    X(nonode_nohost, "nonode@nohost")                 \
    X(low, "low")                                     \
    X(high, "high")                                   \
    X(max, "max")                                     \
    X(runnable, "runnable")                           \
    X(running, "running")                             \
    X(waiting, "waiting")                             \
    X(exiting, "exiting")                             \
    X(suspended, "suspended")                         \
    X(block, "block")                                 \
    X(drop_newest, "drop_newest")                     \
    X(drop_oldest, "drop_oldest")                     \
    X(exit_, "exit")                                  \
    X(call_, "call")                                  \
    X(size, "size")                                   \
    X(error_logger, "error_logger")                   \
    X(messages, "messages")                           \
    X(bytes, "bytes")                                 \
    X(policy, "policy")                               \
    X(dropped, "dropped")                             \
    X(blocked, "blocked")                             \
    X(total, "total")                                 \
    X(processes, "processes")                         \
    X(system, "system")                               \
    X(slots, "slots")                                 \
    X(blocks, "blocks")                               \
    X(terms, "terms")                                 \
    X(binary, "binary")                               \
    X(atom, "atom")                                   \
    X(stacks, "stacks")                               \
    X(resident, "resident")

enum {
#define PIT__ATOM_INDEX(name, text) PIT__ATOM_##name,
    PIT__ATOMS(PIT__ATOM_INDEX)
#undef PIT__ATOM_INDEX
        PIT__ATOM_PREDEFINED
};

#define PIT__A(name) ((pit_term){(uint64_t)PIT__ATOM_##name << 3})

/* Characters, not bytes: Erlang's own limit. */
#define PIT__ATOM_CHARACTERS 255
#define PIT__ATOM_BYTES (4 * PIT__ATOM_CHARACTERS)

#define PIT__ATOMS_LIMIT 1048576u

enum pit__atom_how { PIT__ATOM_MAKE, PIT__ATOM_FIND };

/*
 * The atom with these bytes. 0, or -EINVAL: not UTF-8; -ENAMETOOLONG; -ENOENT: there is none and
 * the caller only wanted to find; -PIT_ESYSTEMLIMIT: the table is full; -ENOMEM.
 */
int pit__atom(const char *text, size_t size, enum pit__atom_how how, pit_term *ret);

/* Text (zero-terminated; an atom may contain zeros itself), its size in bytes, and the hash of the
   text. */
const char *pit__atom_text(pit_term atom, size_t *ret_size);
uint32_t pit__atom_hash(pit_term atom);

/* How many there may be, from a node's options; never fewer than there are. */
void pit__atoms_set_limit(uint32_t limit);
uint32_t pit__atoms_count(void);
uint32_t pit__atoms_limit(void);

/* Bytes of texts and tables that were made; the predefined lie in the program. Any thread. */
size_t pit__atoms_memory(void);

/* Order of the texts. */
int pit__atom_compare(pit_term a, pit_term b);

#endif
