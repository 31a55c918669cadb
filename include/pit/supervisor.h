/*
 * Supervisors: start children, and start them again when they end as they should not.
 * Erlang: supervisor.
 *
 *     static pit_sup_spec casino(const void *arg)
 *     {
 *         return (pit_sup_spec){
 *             .strategy = PIT_ONE_FOR_ALL, .intensity = 5, .period = 60,
 *             .children = PIT_CHILDREN(
 *                 {.id = "house", .start = house_start},
 *                 {.id = "door", .start = door_start, .restart = PIT_TRANSIENT, .shutdown = 2000}),
 *         };
 *     }
 *     pit_pid sup = pit_must(pit_supervisor_start_link(casino, NULL, 0));
 *
 * A supervisor is a server that traps exits. It starts its children one after the other, in the
 * order given, and ends them in the reverse order; when it ends, they end. A child that ends is
 * handled by its restart type and by the strategy; more than `intensity` restarts within `period`
 * seconds are too many: the supervisor ends its children and then itself, with reason shutdown, and
 * leaves the rest to its own supervisor.
 *
 * A child's start function runs in the supervisor's process. It returns a process that is linked to
 * the supervisor, as pit_server_start_link, pit_supervisor_start_link and pit_spawn_link do; or a
 * handle that holds why there is none, as theirs do or as pit_pid_error(-ENOENT) makes one.
 * -PIT_EIGNORE and PIT_NO_PID are no errors: the child is kept and does not run. It must return its
 * errors: pit_must would end the supervisor. While it waits, so does the supervisor.
 *
 * The functions on a supervisor wait for it as long as it takes, and end the caller if it is gone
 * (as a call does).
 */
#ifndef PIT_SUPERVISOR_H
#define PIT_SUPERVISOR_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/server.h>

#ifdef __cplusplus
#include <initializer_list>
#endif

PIT_BEGIN_DECLS

/* ---- what to supervise ----------------------------------------------------------------------- */

/*
 * Which others a restart concerns: none; all; those started later. Simple: any number of children
 * of one kind, without order, all started by pit_supervisor_start_simple. Spec: SUP-12, SUP-22.
 */
enum pit_strategy { PIT_ONE_FOR_ONE, PIT_ONE_FOR_ALL, PIT_REST_FOR_ONE, PIT_SIMPLE_ONE_FOR_ONE };

/*
 * When a child is started again: always; unless it ended with normal, shutdown or {shutdown, _};
 * never. Erlang: permanent, transient, temporary.
 */
enum pit_restart { PIT_PERMANENT, PIT_TRANSIENT, PIT_TEMPORARY };
enum pit_child_type { PIT_WORKER, PIT_SUPERVISOR };

/*
 * How a child is ended, besides a time in ms (and PIT_INFINITY): it gets the exit signal shutdown,
 * and kill if it has not ended in that time; PIT_BRUTAL_KILL: kill at once; PIT_SHUTDOWN_NOW:
 * shutdown, and kill without a pause (Erlang's 0).
 */
#define PIT_BRUTAL_KILL (-2)
#define PIT_SHUTDOWN_NOW (-3)

/* An intensity of no restart at all; zero is the default. */
#define PIT_NO_RESTARTS (-1)

typedef struct pit_child {
    const char *id PIT__DEFAULT; /* 1 to 63 bytes, unique in the supervisor */
    pit_pid (*start)(const void *arg) PIT__DEFAULT;
    /* arg[0..size) is copied, and given to each start; size 0: NULL */
    const void *arg PIT__DEFAULT;
    size_t size PIT__DEFAULT;
    enum pit_restart restart PIT__DEFAULT;
    int64_t shutdown PIT__DEFAULT; /* 0: 5,000 ms for a worker, PIT_INFINITY for a supervisor */
    enum pit_child_type type PIT__DEFAULT;
} pit_child;

/*
 * PIT_CHILDREN({.id = ..., .start = ...}, ...): a copy of these in the supervisor's memory, ids and
 * arguments included.
 */
struct pit__children;
typedef struct pit_children {
    struct pit__children *pit__copy PIT__DEFAULT;
} pit_children;

typedef struct pit_sup_spec {
    enum pit_strategy strategy PIT__DEFAULT;
    /* restarts within the period that are allowed; 0: 1. PIT_NO_RESTARTS */
    int64_t intensity PIT__DEFAULT;
    int64_t period PIT__DEFAULT;        /* seconds; 0: 5 */
    pit_children children PIT__DEFAULT; /* simple: exactly one, whose id and arg are not used */
    bool ignore PIT__DEFAULT;           /* no supervisor after all: the start holds -PIT_EIGNORE */
} pit_sup_spec;

/*
 * Says what to supervise. Runs in the supervisor's process, with its copy of arg; NULL: its size
 * was 0.
 */
typedef pit_sup_spec pit_sup_init(const void *arg);

/* ---- starting and stopping ------------------------------------------------------------------- */

/*
 * Start a supervisor and its children, linked to the caller. Holds the error of the child that
 * could not be started (those before it were ended again, and the log names it); -EINVAL: a wrong
 * specification, which the log names; -PIT_EIGNORE, and what starting a server holds.
 * pit_supervisor_start_with(init, arg, size, .name = "casino_sup") takes the options of a server; a
 * supervisor is linked in any case, so that nothing is left when a node stops. pit_server_stop ends
 * it. Waits.
 * Erlang: supervisor:start_link/2,3. Spec: SUP-1..8, SUP-15.
 */
pit_pid pit_supervisor_start_link(pit_sup_init *init, const void *arg, size_t size);
pit_pid pit_supervisor_start_opts(pit_sup_init *init, const void *arg, size_t size,
                                  pit_server_opts opts);
#define pit_supervisor_start_with(...) PIT__SUPERVISOR_START(__VA_ARGS__, )

/* ---- children, at run time ------------------------------------------------------------------- */

/*
 * Add a child, last in order, and start it:
 * pit_supervisor_start_child(sup, .id = "x", .start = x_start). PIT_NO_PID: its start said ignore.
 * Holds the error of its start (nothing was added), -EALREADY (this id runs), -EEXIST (this id is
 * known and does not run), -EINVAL (a wrong specification, or a simple supervisor).
 * Erlang: supervisor:start_child/2. Spec: SUP-18.
 */
#define pit_supervisor_start_child(...) PIT__SUPERVISOR_START_CHILD(__VA_ARGS__, )
pit_pid pit_supervisor_add_child(pit_pid supervisor, pit_child child);

/*
 * One more child of a simple supervisor, with a copy of arg[0..size). As above; -EINVAL: not
 * simple. Erlang: supervisor:start_child/2 with arguments. Spec: SUP-22.
 */
pit_pid pit_supervisor_start_simple(pit_pid supervisor, const void *arg, size_t size);

/*
 * End a child by its id; it stays known (a temporary one does not). 0, also if it did not run.
 * -ENOENT; -EINVAL: a simple supervisor, which wants terminate_pid; that is for any supervisor, and
 * forgets the child of a simple one.
 * Erlang: supervisor:terminate_child/2. Spec: SUP-19.
 */
int pit_supervisor_terminate_child(pit_pid supervisor, const char *id);
int pit_supervisor_terminate_pid(pit_pid supervisor, pit_pid child);

/*
 * Start a child that does not run: as start_child. Holds -EALREADY (it runs), -EAGAIN (a restart is
 * under way), -ENOENT, -EINVAL (simple).
 * Erlang: supervisor:restart_child/2. Spec: SUP-20.
 */
pit_pid pit_supervisor_restart_child(pit_pid supervisor, const char *id);

/*
 * Forget a child that does not run: 0, or -EBUSY (it runs), -EAGAIN (a restart is under way),
 * -ENOENT, -EINVAL. Erlang: supervisor:delete_child/2. Spec: SUP-20.
 */
int pit_supervisor_delete_child(pit_pid supervisor, const char *id);

typedef struct pit_child_info {
    char id[64]; /* empty: of a simple supervisor */
    pit_pid pid; /* PIT_NO_PID: does not run */
    bool restarting;
    uint8_t type;      /* enum pit_child_type */
    uint8_t restart;   /* enum pit_restart */
    uint32_t restarts; /* how often it was started again since it was added */
} pit_child_info;

/* Up to room children, the newest first; returns how many there are.
   Erlang: supervisor:which_children/1. Spec: SUP-21. */
size_t pit_supervisor_which_children(pit_pid supervisor, pit_child_info *ret, size_t room);

typedef struct pit_child_count {
    uint64_t specs, active, supervisors, workers;
    uint64_t restarts; /* of all children, since the supervisor was started */
} pit_child_count;

/* How many there are, by kind. Erlang: supervisor:count_children/1. Spec: SUP-21. */
pit_child_count pit_supervisor_count_children(pit_pid supervisor);

/* ---- what the macros stand on; not for programs ---------------------------------------------- */

pit_children pit__children(const pit_child *children, size_t count);

PIT_END_DECLS

#ifdef __cplusplus
static inline pit_children pit__children_of(std::initializer_list<pit_child> list)
{
    return pit__children(list.begin(), list.size());
}
#define PIT_CHILDREN(...) (pit__children_of({__VA_ARGS__}))
#else
#define PIT_CHILDREN(...)                            \
    (pit__children((const pit_child[]){__VA_ARGS__}, \
                   sizeof((const pit_child[]){__VA_ARGS__}) / sizeof(pit_child)))
#endif

#define PIT__SUPERVISOR_START(init, arg, size, ...)   \
    (pit_supervisor_start_opts((init), (arg), (size), \
                               __extension__ PIT__LITERAL(pit_server_opts){__VA_ARGS__}))
#define PIT__SUPERVISOR_START_CHILD(supervisor, ...) \
    (pit_supervisor_add_child((supervisor), __extension__ PIT__LITERAL(pit_child){__VA_ARGS__}))

#endif
