/*
 * Processes: spawn them, send to them, receive, end them, and learn of their end.
 *
 * A process shares nothing and owns what it makes: its memory (pit_alloc), sockets, timers. All of
 * it is released when the process ends, however it ends. There are two kinds of body and one kind
 * of process:
 *   - a *stackful* process runs a C function that may block anywhere (pit_spawn);
 *   - a *callback* process (pit_spawn_handler, and every behaviour) is called with one message at a
 *     time and holds no stack while it waits: a few hundred bytes. Its handler may block too; only
 *     that process waits.
 *
 * Unless said otherwise, a function here is called from inside a process. From any other thread
 * what returns an error number, or a handle that can hold one, gives -PIT_ENOTPROCESS; what has no
 * way to say so (void, or a message, memory, a truth or a count: pit_send is for any thread,
 * pit_link, pit_receive, pit_alloc, pit_is_alive are not), and what would end its caller on an
 * error, logs its name and aborts the OS process. What fails with an error that a caller rarely
 * handles ends the caller instead (let it crash); its pit_try_ form returns the error.
 *
 * A NULL where none may be, or another address that is none, of a payload, its descriptor, buffer
 * or predicate ends the caller with the fault that it is, and nobody else (docs/isolation.md); so
 * does memory that is shorter than was said. A NULL name is no name, as "" is: -EINVAL where one is
 * given, nobody's where one is looked for; an address that is none is a fault there too. With an
 * address given to pit_free that nothing stands before the node may end.
 *
 * Every function here is a scheduling point: it costs reductions, and a process that has used its
 * slice yields in it. Functions that wait say so. A process may run on another kernel thread after
 * it waited or yielded, so nothing thread-local and no lock may be held across a call (errno is
 * safe: never read it across one). C++ exceptions in hand are the process's: a catch block, and a
 * destructor that an exception runs, may wait; one that nobody catches ends it, as abort does.
 */
#ifndef PIT_PROCESS_H
#define PIT_PROCESS_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/term.h>
#include <pit/type.h>

PIT_BEGIN_DECLS

/* ---- spawning -------------------------------------------------------------------------------- */

/*
 * The body of a stackful process. arg is the process's own copy of what the spawner gave. Returning
 * ends it: normal.
 */
typedef void pit_body(const void *arg);

/*
 * The handler of a callback process: state is the process's own copy of what the spawner gave, m
 * the message. The first message of every callback process is pit_start. m lives until the handler
 * returns, whatever it receives.
 */
typedef void pit_handler(void *state, const pit_msg *m);

enum pit_priority { PIT_PRIORITY_NORMAL, PIT_PRIORITY_LOW, PIT_PRIORITY_HIGH, PIT_PRIORITY_MAX };

/*
 * Where a process starts. 0: on its spawner's scheduler; PIT_ON(n): on scheduler n, counted from 0,
 * and it stays there; the others are moved between schedulers as the load wants it.
 */
#define PIT_ON(n) ((n) + 1)
#define PIT_ANYWHERE (-1) /* the node chooses: round robin */

typedef struct pit_spawn_opts {
    bool link;         /* link it to the caller, atomically with its creation. Spec: SPAWN-2 */
    bool monitor;      /* monitor it; the reference goes to *ret_ref, which must then be given */
    uint8_t priority;  /* enum pit_priority, from its first moment on */
    uint8_t reply;     /* enum pit_reply_mode; of a spawn request */
    int16_t scheduler; /* see PIT_ON */
    uint8_t alias;     /* enum pit_alias_mode, of the monitor: see pit_monitor_with */
    uint8_t max_heap;  /* PIT_MAX_HEAP_NO_KILL, PIT_MAX_HEAP_NO_REPORT; of a limit of memory */
    bool link_priority, monitor_priority; /* see pit_link_with, pit_monitor_with */
    /* bytes, rounded up to a power of two from 16 KiB, at most 8 MiB; 0: the node's (+sss), 64 KiB.
       A callback process has the 64 KiB of the loop that calls it, whatever this says */
    uint32_t stack;
    uint32_t max_heap_kib; /* PIT_FLAG_MAX_HEAP_SIZE from the beginning, in KiB; 0: no limit */
    const char *name; /* register it under this name before it runs; taken: holds -PIT_ENAMETAKEN */
    /* what tools show; a string that outlives the process (a literal). NULL: nothing. One that
       cannot be read is the caller's fault, as any wrong pointer here: SIGSEGV ends it */
    const char *label;
    pit_ref *ret_ref;   /* where the monitor's reference goes, before the process runs */
    pit_term tag;       /* of the monitor: see pit_monitor_with */
    pit_term reply_tag; /* of a spawn request */
    const struct pit_mailbox *mailbox; /* a bound on its mailbox: <pit/mailbox.h>. NULL: none */
    uint64_t pit__kind;                /* the runtime's own: behaviours mark what they spawn */
} pit_spawn_opts;

typedef struct pit_monitored {
    pit_pid pid;
    pit_ref ref;
} pit_monitored;

/*
 * Start a process that runs body on a stack of its own. arg[0..size) is copied; NULL with size 0 is
 * fine. A body that is NULL is no error here: the process ends at once with {undef, ...}.
 * Spec: SPAWN-5. The process limit reached (option processes), or no memory: ends the caller with
 * {system_limit, ...}. Outside of a process: ends the node. Does not wait; but near the limit, when
 * the caller's scheduler has no room for one more process, it may wait for the others to say
 * whether they have. Erlang: spawn/1, spawn_link/1, spawn_monitor/1. Spec: SPAWN-1..3, LIFE-11.
 */
pit_pid pit_spawn(pit_body *body, const void *arg, size_t size);
pit_pid pit_spawn_link(pit_body *body, const void *arg, size_t size);
pit_monitored pit_spawn_monitor(pit_body *body, const void *arg, size_t size);

/*
 * The same for a callback process: state[0..size) is copied, aligned to 16, and given to each call
 * of the handler.
 */
pit_pid pit_spawn_handler(pit_handler *handler, const void *state, size_t size);
pit_pid pit_spawn_handler_link(pit_handler *handler, const void *state, size_t size);

/*
 * With options. Holds -EINVAL (an option out of range, or no name), -PIT_ESYSTEMLIMIT (processes;
 * or atoms, for the name), -ENOMEM, -PIT_ENAMETAKEN, -PIT_ENOTPROCESS; nothing was started. Waits
 * no more than pit_spawn. pit_spawn_with(body, &arg, sizeof arg, .link = true, .name = "house")
 * ends the caller instead. Erlang: spawn_opt/2. Spec: SPAWN-1, SPAWN-2, SPAWN-4.
 */
pit_pid pit_try_spawn(pit_body *body, const void *arg, size_t size, pit_spawn_opts opts);
pit_pid pit_try_spawn_handler(pit_handler *handler, const void *state, size_t size,
                              pit_spawn_opts opts);
/* Ends the caller if pid holds an error. */
pit_pid pit__spawned(pit_pid pid, const char *file, int line);
#define pit_spawn_with(body, arg, size, ...)                                                    \
    pit__spawned(pit_try_spawn((body), (arg), (size), (pit_spawn_opts){__VA_ARGS__}), __FILE__, \
                 __LINE__)
#define pit_spawn_handler_with(handler, state, size, ...)                                          \
    pit__spawned(pit_try_spawn_handler((handler), (state), (size), (pit_spawn_opts){__VA_ARGS__}), \
                 __FILE__, __LINE__)

/*
 * Ask for a process without waiting for it: the reference of the request, at once; later the
 * message pit_spawn_reply with that reference and the new process, or a pid that holds the error,
 * which the function above would have returned. pit_spawn_request(body, &arg, sizeof arg,
 * .link = true, .monitor = true): options as above. Beyond them:
 *   .reply      PIT_REPLY_YES, PIT_REPLY_NO (no message at all), PIT_REPLY_ERROR_ONLY,
 *               PIT_REPLY_SUCCESS_ONLY
 *   .reply_tag  a term that the reply brings along; undefined: none
 * With .monitor the request's reference is the monitor's too; .ret_ref is not needed. Link, monitor
 * and alias are the caller's from the reply on: before, they cannot be undone; the reply precedes
 * every other signal of the new process. A caller that ends before has the process, if linked, end
 * with it. pit_receive_ref(request) finds the reply.
 * Holds -ENOMEM (for a tag), -PIT_ENOTPROCESS. Waits no more than pit_spawn.
 * Erlang: spawn_request/5. Spec: SPAWN-7.
 */
enum pit_reply_mode {
    PIT_REPLY_YES,
    PIT_REPLY_NO,
    PIT_REPLY_ERROR_ONLY,
    PIT_REPLY_SUCCESS_ONLY,
};
pit_ref pit_spawn_request_opt(pit_body *body, const void *arg, size_t size, pit_spawn_opts opts);
pit_ref pit_spawn_request_handler_opt(pit_handler *handler, const void *state, size_t size,
                                      pit_spawn_opts opts);
#define pit_spawn_request(body, arg, size, ...) \
    pit_spawn_request_opt((body), (arg), (size), (pit_spawn_opts){__VA_ARGS__})
#define pit_spawn_request_handler(handler, state, size, ...) \
    pit_spawn_request_handler_opt((handler), (state), (size), (pit_spawn_opts){__VA_ARGS__})

/*
 * Give up a request whose reply has not come. true: it was under way; there will be no reply, link
 * or monitor, and a process that was to be linked gets an exit signal, abandoned. false: the reply
 * has come, or the request is not the caller's. Does not wait. Erlang: spawn_request_abandon/1.
 * Spec: SPAWN-7.
 */
bool pit_spawn_request_abandon(pit_ref request);

/* Oneself. PIT_NO_PID outside of a process. Does not wait. Erlang: self/0. */
pit_pid pit_self(void);

/* ---- sending --------------------------------------------------------------------------------- */

/*
 * Send a copy of payload, type->size bytes, to a process. Never fails for a process that is gone
 * (the message is dropped); a pid that holds an error ends the caller with badarg, no memory with
 * system_limit. A process waits here if the mailbox it sends to is full and bounded by
 * PIT_OVERLOAD_BLOCK (<pit/mailbox.h>), else never. Messages from one process to another arrive in
 * the order they were sent. May be called from any thread.
 * pit_send(to, name, .field = ...) of <pit/message.h> is the usual form.
 * Erlang: !. Spec: SIG-1, SIG-3, SIG-5.
 */
void pit_send_copy(pit_pid to, const pit_type *type, const void *payload);

/*
 * As pit_send_copy, to who has this name now. Returns 0, or -PIT_ENOPROC: nobody has it. Waits as
 * that does. Any thread. Erlang: Name ! Msg. Spec: SIG-3.
 */
int pit_send_name(const char *name, const pit_type *type, const void *payload);

/*
 * A message built in place and moved, for payloads that should not be copied: make one with room
 * for size >= type->size bytes (zeroed), fill it in, send it. What is sent or dropped belongs to
 * the caller no more; what is neither is released with the process. make is NULL without memory.
 * send ends the caller with badarg if payload is not of make, or was sent already, or the pid holds
 * an error; it waits as pit_send_copy does, the others never. No counterpart in Erlang.
 */
void *pit_message_make(const pit_type *type, size_t size);
void pit_message_send(pit_pid to, void *payload);
void pit_message_drop(void *payload);

/* ---- receiving ------------------------------------------------------------------------------- */

/*
 * The next message, or NULL when timeout ms have passed without one (0: look once; PIT_INFINITY).
 * It lives until the next pit_receive... of the same level; pit_keep makes it live on. Waits.
 * Erlang: receive ... after. Spec: RECV-1..4, TIMER-3.
 */
const pit_msg *pit_receive(int64_t timeout);

/*
 * The oldest message of this type, of this reference (the pit_down of a monitor, a timer's
 * pit_timeout, a request's pit_spawn_reply, what came by an alias), or for which match says true;
 * the others stay, in their order. NULL: timeout. match runs inside the runtime: of pit_ it may
 * call pit_is and pit_payload alone. What else it calls is not refused, but one that sends to its
 * own process is asked about what it sent, and so need not end. For a reference that the caller
 * made last (pit_monitor, pit_spawn_monitor, pit_spawn_request, pit_alias, pit_make_ref, a timer of
 * the caller's own) pit_receive_ref starts behind what was in the queue then, so it costs the same
 * however long the queue; for others it looks from the beginning. Wait. Erlang: receive with
 * patterns. Spec: RECV-1, RECV-5.
 */
const pit_msg *pit_receive_type(const pit_type *type, int64_t timeout);
const pit_msg *pit_receive_ref(pit_ref ref, int64_t timeout);
const pit_msg *pit_receive_match(bool (*match)(const pit_msg *m, void *context), void *context,
                                 int64_t timeout);

/* The payload's size in bytes: type->size, or more where the sender made more room. Does not wait.
   No counterpart in Erlang. */
size_t pit_message_size(const pit_msg *m);

/*
 * Keep a received message until pit_drop or the end of the process. Returns m. Dropping one that is
 * not kept: no effect. Neither waits. No counterpart in Erlang, where what is referred to stays.
 */
const pit_msg *pit_keep(const pit_msg *m);
void pit_drop(const pit_msg *m);

/*
 * How many messages wait, not counting the one in hand. Does not wait.
 * Erlang: process_info(self(), message_queue_len). Spec: RECV-6.
 */
size_t pit_message_count(void);

/* Log and ignore a message that nobody expected. Waits as pit_log does. Erlang: what gen_server
   does by itself without handle_info/2. */
void pit_unexpected(const pit_msg *m);

/* ---- calls ----------------------------------------------------------------------------------- */

/*
 * Ask server and wait for the answer: send request (request_type->size bytes), copy the answer into
 * *reply (reply_type->size bytes). No message that was or comes into the queue is looked at, so it
 * costs the same with a million of them waiting. A late answer is dropped. The typed functions that
 * PIT_PROTOCOL makes stand on this.
 *
 * 0, or -ETIMEDOUT, -PIT_ENOPROC (not there, or gone before it answered: pit_last_exit_reason()
 * says why), -PIT_EBADCALL (it does not know this call, or its answer has another size), -EDEADLK
 * (a call to oneself), -EINVAL (a handle that holds an error), -ENOMEM (for binaries and terms of
 * the answer). No memory for the request ends the caller with system_limit. The caller's message in
 * hand and its terms stay. Waits.
 * Erlang: gen_server:call/3. Spec: GEN-5, GEN-6, ALIAS-7.
 */
int pit_try_call(pit_pid server, const pit_type *request_type, const void *request, int64_t timeout,
                 const pit_type *reply_type, void *reply);

/*
 * Why the last pit_try_call that ended with -PIT_ENOPROC failed: the server's exit reason, or
 * noproc. Does not wait. Erlang: the reason with which gen_server:call/3 ends its caller.
 */
pit_term pit_last_exit_reason(void);

/*
 * Who asked, kept beyond the message, so that the answer can come later and from anywhere in this
 * process.
 */
typedef struct pit_asker {
    pit_pid pid;
    uint64_t tag;
} pit_asker;

/*
 * Answer the call that m is. 0; -EINVAL: m is no call, or was answered or deferred. A caller that
 * is gone is no error. A call that is neither answered nor deferred when its message is released
 * fails in the caller: -PIT_EBADCALL. Deferred, it is answered by pit_answer_asker in the same
 * process; a second answer, and one to what was no call, have no effect; a process that ends before
 * fails its deferred calls with its exit reason. None waits. Erlang: gen_server:reply/2.
 */
int pit_answer(const pit_msg *m, const pit_type *reply_type, const void *reply);
pit_asker pit_defer_message(const pit_msg *m);
void pit_answer_asker(pit_asker asker, const pit_type *reply_type, const void *reply);

/* ---- waiting and ending ---------------------------------------------------------------------- */

/* Let others run. Erlang: yield/0. */
void pit_yield(void);

/*
 * Wait ms milliseconds (0: yields; PIT_INFINITY: until an exit signal); consumes no message.
 * Erlang: timer:sleep/1. Spec: RECV-3.
 */
void pit_sleep(int64_t ms);

/*
 * Give the pages of the stack below the caller's frame back to the system and wait for a message,
 * which stays in the queue; what was built since the last receive is let go, the message in hand
 * stays. Goes on where it was called. Waits. Erlang: hibernate/0. Spec: HIB-2, HIB-3.
 */
void pit_hibernate(void);

/*
 * End oneself with a reason. Runs no cleanup attributes and no C++ destructors. Erlang: exit/1.
 * Spec: EXIT-2, LIFE-3, LIFE-6.
 */
PIT_NORETURN void pit_exit(pit_term reason);

/*
 * Send an exit signal. reason normal is ignored by a process that does not trap exits, kill cannot
 * be trapped. The dead and the never born are no error; a handle that holds an error ends the
 * caller with badarg. Does not wait. To oneself it acts at once. Erlang: exit/2. Spec: EXIT-T1..T7,
 * EXIT-3..5.
 */
void pit_exit_process(pit_pid to, pit_term reason);

/*
 * Receive exit signals as pit_exited messages instead of ending with them, from now on: one that
 * comes before a new process has run finds the default, false. Returns the old setting. Does not
 * wait. Erlang: process_flag(trap_exit, Bool). Spec: EXIT-1.
 */
bool pit_trap_exit(bool on);

/*
 * Is there such a process, which has not begun to end? Asked in order with what was sent: after an
 * exit signal that ends it the answer is false. Waits if it belongs to another scheduler.
 * Erlang: is_process_alive/1. Spec: LIFE-10.
 */
bool pit_is_alive(pit_pid pid);

/* ---- flags, group leader, label -------------------------------------------------------------- */

/*
 * What a process may set of itself; each is one number.
 *   TRAP_EXIT        0 or 1: pit_trap_exit
 *   PRIORITY         enum pit_priority. low shares the queue of normal, and runs in one of eight of
 *                    its turns while others wait there; high goes before both, and max, which is
 *                    the runtime's, before high
 *   MAX_HEAP_SIZE    bytes of memory that it may have; 0: no limit, the default. What counts:
 *                    memory of pit_alloc, its argument or state, terms, dictionary, messages that
 *                    wait, that it keeps and that it builds, with their terms; not its stack, and
 *                    not the bytes of shared binaries. Looked at when it is given memory, when a
 *                    message reaches it, and when its terms are let go. Terms that would take it
 *                    past the limit are not built
 *   MAX_HEAP_KILL    1, the default: over the limit it ends, untrappably, with reason killed. 0: it
 *                    goes on
 *   MAX_HEAP_REPORT  1, the default: an event of level error says that it is over the limit, what
 *                    it has and where it stands; once, and again each time it has grown by half or
 *                    has come back. 0: nothing is said
 *   SENSITIVE        1: it is not traced (what is set stays, and acts when this is 0 again), the
 *                    event of MAX_HEAP_REPORT has no frames of it, and <pit/info.h> tells no
 *                    messages, dictionary or place of it; default 0
 *
 * Returns the old value; or -EINVAL: no such flag or value, -ENOMEM, -PIT_ENOTPROCESS. Does not
 * wait. Erlang: process_flag/2. Spec: SCHED-2, HEAP-1..5, EXIT-1.
 */
enum pit_flag {
    PIT_FLAG_TRAP_EXIT,
    PIT_FLAG_PRIORITY,
    PIT_FLAG_MAX_HEAP_SIZE,
    PIT_FLAG_MAX_HEAP_KILL,
    PIT_FLAG_MAX_HEAP_REPORT,
    PIT_FLAG_SENSITIVE,
};
int64_t pit_process_flag(enum pit_flag flag, int64_t value);

/* pit_spawn_opts.max_heap: what else than the default becomes of who is over .max_heap_kib. */
#define PIT_MAX_HEAP_NO_KILL 1u
#define PIT_MAX_HEAP_NO_REPORT 2u

/*
 * The group leader: a pid that is inherited from the spawner, by which output and applications find
 * where a process belongs; the first process is its own. PIT_NO_PID outside of a process. Setting
 * it is a signal, ordered with what the caller sends: 0, -PIT_ENOPROC: no such process, -EINVAL:
 * leader holds an error or is nobody, -ENOMEM, -PIT_ENOTPROCESS; waits if pid belongs to another
 * scheduler. Erlang: group_leader/0,2. Spec: GL-1, SIG-10.
 */
pit_pid pit_group_leader(void);
int pit_set_group_leader(pit_pid pid, pit_pid leader);

/*
 * Who spawned the caller, which may be long gone; PIT_NO_PID for the first, and outside of a
 * process. Does not wait. Erlang: process_info(self(), parent). Spec: INFO-5.
 */
pit_pid pit_parent(void);

/*
 * What tools show of the caller: a copy of at most 255 bytes of text; NULL: nothing. Ends the
 * caller with system_limit without memory. Does not wait. Erlang: proc_lib:set_label/1. Spec: PD-2.
 */
void pit_set_label(const char *text);

/*
 * Keep a process from running until pit_resume: for debugging, not for synchronisation. The caller
 * counts how often it suspends a process, and as many pit_resume let it go; suspended by several,
 * it waits for all of them, and a suspender that ends lets go of what it suspended. A suspended
 * process is sent to, watched, asked (pit_process_info_of) and ended as ever, and its timeouts (of
 * receives, calls and sleeps) stand still; messages of timers that are to be sent to it still
 * arrive. Returns when it has left the core, so waits if it belongs to another scheduler;
 * PIT_SUSPEND_NO_WAIT: at once. PIT_SUSPEND_ONCE: unless the caller suspends it already, which is
 * -EALREADY; and without NO_WAIT it has left the core by then.
 *
 * 0, -PIT_ENOPROC, -EALREADY, -EINVAL (oneself, or unknown flags), -ENOMEM. A handle that holds an
 * error ends the caller with badarg. pit_resume: 0, or -EINVAL: the caller does not suspend it (any
 * more: it has ended). It does not wait.
 * Erlang: suspend_process/2, resume_process/1. Spec: SCHED-5.
 */
#define PIT_SUSPEND_ONCE 1u
#define PIT_SUSPEND_NO_WAIT 2u
int pit_suspend(pit_pid pid, unsigned flags);
int pit_resume(pit_pid pid);

/* ---- links and monitors ---------------------------------------------------------------------- */

/*
 * Share fate with another process: when one ends, the other gets its exit signal. Repeated, or to
 * oneself: no effect. No such process: a caller that traps exits gets pit_exited with noproc,
 * another ends with noproc; see pit_try_link. pit_link_with(other, .priority = true) has an option,
 * which each further call for the same link sets anew, pit_link to false. After pit_unlink no exit
 * signal over this link acts. What is no pid ends the caller with badarg. None waits.
 * Erlang: link/1, link/2, unlink/1. Spec: LINK-1..3, LINK-6..8.
 */
void pit_link(pit_pid other);
typedef struct pit_link_opts {
    /* what it makes of the other's end is a priority message, for the caller. Spec: LINK-11 */
    bool priority;
} pit_link_opts;
void pit_link_opt(pit_pid other, pit_link_opts opts);
#define pit_link_with(other, ...) pit_link_opt((other), (pit_link_opts){__VA_ARGS__})
int pit_try_link(pit_pid other); /* 0, or -PIT_ENOPROC: not there, and nothing happened */
void pit_unlink(pit_pid other);

/*
 * Watch another process: when it ends the caller gets pit_down with the reference that this
 * returns; at once, with noproc, if it is gone. Each call makes a monitor of its own. A handle that
 * holds an error ends the caller with badarg. Does not wait. Erlang: monitor(process, Pid).
 * Spec: MON-1..7, MON-11.
 */
pit_ref pit_monitor(pit_pid target);

/*
 * As pit_monitor, for the process that has this name now; nobody, or no name: pit_down with noproc
 * and PIT_NO_PID. The message names the name, whose atom stays for ever. Does not wait.
 * Erlang: monitor(process, Name). Spec: MON-2, MON-3.
 */
pit_ref pit_monitor_name(const char *name);

/*
 * With options: pit_monitor_with(p, .tag = pit_build("{worker, ~}", 7)),
 * pit_monitor_name_with("house", .alias = ...).
 *   alias  makes the reference an alias too (see pit_alias), in one of three modes:
 *            PIT_ALIAS_EXPLICIT          until pit_unalias
 *            PIT_ALIAS_DEMONITOR         until pit_demonitor, pit_unalias, or the pit_down has come
 *            PIT_ALIAS_REPLY_DEMONITOR   the same; and the first message that comes by it ends
 *                                        alias and monitor
 *   tag    a term that the pit_down brings along in its field of that name; undefined: none
 *   priority  the pit_down is a priority message: it stands before all ordinary ones in the queue
 * Holds -EINVAL for another alias, -ENOMEM (for the tag, or priority). A monitor of oneself makes
 * neither monitor nor alias. Does not wait. Erlang: monitor/3. Spec: MON-10, ALIAS-4.
 */
typedef struct pit_monitor_opts {
    uint8_t alias; /* enum pit_alias_mode; 0: none */
    bool priority;
    pit_term tag;
} pit_monitor_opts;
pit_ref pit_monitor_opt(pit_pid target, pit_monitor_opts opts);
pit_ref pit_monitor_name_opt(const char *name, pit_monitor_opts opts);
#define pit_monitor_with(target, ...) pit_monitor_opt((target), (pit_monitor_opts){__VA_ARGS__})
#define pit_monitor_name_with(name, ...) \
    pit_monitor_name_opt((name), (pit_monitor_opts){__VA_ARGS__})

/*
 * Stop watching. After it no pit_down with this reference is added to the queue;
 * PIT_DEMONITOR_FLUSH removes one that is there already. 1: it was active. 0: it had fired, or was
 * never ours. -EINVAL: another flag, and nothing was done. -PIT_ENOTPROCESS outside of a process.
 * Does not wait.
 * Erlang: demonitor(Ref, [info | Flush]). Spec: MON-8, MON-9.
 */
#define PIT_DEMONITOR_FLUSH 1u
int pit_demonitor(pit_ref ref, unsigned flags);

/* A reference that nothing else has. Does not wait. Erlang: make_ref/0. */
pit_ref pit_make_ref(void);

/* ---- aliases --------------------------------------------------------------------------------- */

/*
 * An alias is a reference by which its maker can be sent messages, for as long as the maker likes:
 * pit_send(alias, name, .field = ...) is as a send to the maker's pid while the alias is active,
 * and dropped on arrival when it is not. So a reply that comes after its asker has given up never
 * reaches the queue. Whether it is active is decided when the message arrives, in order with the
 * maker's other messages; it cannot be asked. What came by an alias is found by
 * pit_receive_ref(alias). Only the maker can make and end it. Does not wait. Erlang: alias/0,
 * alias/1. Spec: ALIAS-1..7.
 *   pit_alias()                               until pit_unalias
 *   pit_alias_with(.mode = PIT_ALIAS_REPLY)   until the first message has come by it, or
 *                                             pit_unalias
 *   pit_alias_with(.priority = true)          what pit_send_priority sends to it is a priority
 *                                             message
 * Holds -ENOMEM (for priority), -EINVAL for another mode; those that speak of a monitor are
 * pit_monitor_with's.
 */
enum pit_alias_mode {
    PIT_ALIAS_EXPLICIT = 1,
    PIT_ALIAS_REPLY,
    PIT_ALIAS_DEMONITOR,
    PIT_ALIAS_REPLY_DEMONITOR
};
typedef struct pit_alias_opts {
    uint8_t mode; /* enum pit_alias_mode; 0: PIT_ALIAS_EXPLICIT */
    bool priority;
} pit_alias_opts;
pit_ref pit_alias(void);
pit_ref pit_alias_opt(pit_alias_opts opts);
#define pit_alias_with(...) pit_alias_opt((pit_alias_opts){__VA_ARGS__})

/*
 * End an alias, whatever its mode; its monitor stays. Messages that have come by it stay in the
 * queue; one that is still under way is dropped. true: it was an active alias of the caller. Does
 * not wait. Erlang: unalias/1. Spec: ALIAS-3, ALIAS-7.
 */
bool pit_unalias(pit_ref alias);

/*
 * Send to an alias; pit_send(alias, name, ...) calls this. Any reference may be sent to, those of
 * the dead and those that are no aliases too: nothing comes of it. A handle that holds an error
 * ends the caller with badarg. Waits as pit_send_copy does. Any thread.
 * Erlang: Alias ! Msg. Spec: ALIAS-2, ALIAS-5.
 */
void pit_send_alias_copy(pit_ref alias, const pit_type *type, const void *payload);

/*
 * The same as a priority message: it stands in the maker's queue behind other priority messages,
 * and before all ordinary ones. Only to an alias that was made for it; to another it is an ordinary
 * message. The order of signals is what it always is; only the place in the queue differs, and
 * nobody can tell by the message. pit_send_priority(alias, name, .field = ...) of <pit/message.h>
 * is the usual form. Waits as pit_send_copy does. Any thread. Erlang: send/3 with priority.
 * Spec: SIG-8.
 */
void pit_send_priority_copy(pit_ref alias, const pit_type *type, const void *payload);

/*
 * pit_exit_process to the maker of an alias, which acts if the alias is active then; and with
 * priority for the pit_exited of a maker that traps exits, if the alias was made for that. To
 * oneself too it is a signal like any other: EXIT-5 is of pids, so normal does nothing to who does
 * not trap exits. Do not wait. Erlang: exit/3. Spec: EXIT-1, EXIT-3, SIG-8.
 */
void pit_exit_alias(pit_ref alias, pit_term reason);
void pit_exit_alias_priority(pit_ref alias, pit_term reason);

/*
 * What the runtime sends. As messages of PIT_MESSAGE: struct pit_down is described by
 * pit_type_pit_down, and so on.
 */
struct pit_start { /* the first message of a callback process */
    char pit__nothing;
};
struct pit_exited { /* an exit signal that was trapped. Erlang: {'EXIT', Pid, Reason} */
    pit_pid pid;
    pit_term reason;
};
struct pit_down { /* a monitor fired. Erlang: {'DOWN', Ref, process, Pid, Reason} */
    pit_ref ref;
    pit_pid pid;
    pit_term reason;
    pit_term tag;  /* of pit_monitor_with, else undefined */
    pit_term name; /* that it was monitored by, an atom; else undefined */
};
struct pit_timeout { /* pit_start_timer's message. Erlang: {timeout, TRef, Msg} */
    pit_ref timer;
    uint64_t value;
};
/* Of pit_spawn_request. Erlang: {spawn_reply, ReqId, ok, Pid}, or {.., error, Reason}. */
struct pit_spawn_reply {
    pit_ref request;
    pit_pid pid;  /* or the error that it holds: pit_error(pid) */
    pit_term tag; /* .reply_tag, else undefined */
};
extern const pit_type pit_type_pit_start, pit_type_pit_exited, pit_type_pit_down,
    pit_type_pit_timeout, pit_type_pit_spawn_reply;

/* ---- names ----------------------------------------------------------------------------------- */

/*
 * Give a process a name: 1 to 255 bytes of UTF-8, not "undefined". 0, -EINVAL, -PIT_ENAMETAKEN (the
 * name is in use, or pid has one already), -PIT_ENOPROC, -PIT_ESYSTEMLIMIT (atoms), -ENOMEM,
 * -PIT_ENOTPROCESS. The atom stays for ever; the name is free again before links and monitors fire.
 * Waits if pid belongs to another scheduler.
 * Erlang: register/2, unregister/1, whereis/1. Spec: REG-1..5, LIFE-7.
 */
int pit_register(const char *name, pit_pid pid);
/* 0, or -PIT_ENOPROC: nobody has it. Waits as pit_register. */
int pit_unregister(const char *name);
/* PIT_NO_PID: nobody has it. Does not wait. Any thread. */
pit_pid pit_whereis(const char *name);
/* All names, registered/0: pit_system_info(PIT_SYSTEM_REGISTERED) of <pit/info.h>. */

/* ---- memory and the rest of a process's own -------------------------------------------------- */

/*
 * Memory of this process: zeroed, aligned to 16, released by pit_free or when the process ends.
 * Never NULL for a size that the memory limits allow (option memory); beyond them the process ends
 * with system_limit. pit_try_alloc returns NULL instead. Only the process itself may use these on
 * its memory; what was freed before, or is another's, ends the caller with badarg as long as
 * nothing else stands there by now. None waits. No counterpart in Erlang.
 */
void *pit_alloc(size_t size);
void *pit_try_alloc(size_t size);
/* As realloc, but ends as pit_alloc; NULL: pit_alloc; the new part is not zeroed. */
void *pit_realloc(void *memory, size_t size);
void pit_free(void *memory); /* NULL is fine */

enum pit_process_status { PIT_RUNNABLE, PIT_RUNNING, PIT_WAITING, PIT_EXITING, PIT_SUSPENDED };

typedef struct pit_process_info {
    pit_pid pid, parent, group_leader;
    enum pit_process_status status;
    uint8_t priority;
    bool trap_exit, is_supervisor, sensitive;
    char name[64]; /* the registered name, its first 63 bytes if it is longer; or empty */
    char label[64];
    size_t message_count;
    /* bytes: slot, stack in use, pit_alloc's, argument or state, terms, kept messages; of waiting
       ones the headers */
    size_t memory;
    size_t term_memory;   /* of it: terms */
    size_t stack_memory;  /* of it: stack in use; 0: it holds none, or runs on the loop's */
    size_t max_heap_size; /* PIT_FLAG_MAX_HEAP_SIZE; 0: no limit */
    size_t dictionary;    /* entries */
    uint64_t reductions;
    size_t links, monitors, monitored_by, timers;
    uint32_t trace; /* what it is traced with: PIT_TRACE_ bits of <pit/trace.h>; 0: it is not */
    pit_pid tracer; /* to whom */
    size_t suspending, suspended_by; /* processes that it suspends; that suspend it */
} pit_process_info;

/*
 * 0, -PIT_ENOPROC, -ENOMEM. A signal with an answer: what the caller sent before has arrived. Waits
 * if pid belongs to another scheduler. Items by name, also lists: <pit/info.h>.
 * Erlang: process_info/1. Spec: INFO-1, INFO-3.
 */
int pit_process_info_of(pit_pid pid, pit_process_info *ret);

/*
 * Up to room pids of living processes, in no order that means anything; returns how many there are.
 * Does not wait. Any thread. Erlang: processes/0.
 */
size_t pit_processes(pit_pid *ret, size_t room);

PIT_END_DECLS

#endif
