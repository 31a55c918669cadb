/*
 * supervisor: a server that starts its children, and starts them again. Spec: SUP-1..24; the rule
 * stands where it is kept.
 *
 * The children are in children.h's set, the rate of restarts in intensity.h; what is asked of a
 * supervisor comes from supervisor_calls.c. Start functions run here, in callbacks of the server;
 * they and the ending of children block, and what comes meanwhile waits in the queue. So between
 * two callbacks the states in the set are right: RUNNING means that no exit message of that pid has
 * been looked at yet.
 *
 * A child that is ended on purpose is unlinked first; an exit message that was in the queue already
 * names a pid that no child has any more, and is dropped when it is reached. That is cheaper than
 * searching the queue for it, which is done only where its reason is needed.
 */
#include <pit/supervisor.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pit/must.h>

#include "base/log.h"
#include "term/atom.h"
#include "runtime/block.h"
#include "runtime/park.h"
#include "otp/child_spec.h"
#include "otp/children.h"
#include "otp/gen_server.h"
#include "otp/intensity.h"
#include "otp/reason.h"
#include "otp/supervisor_protocol.h"

struct supervisor {
    char name[64]; /* registered, or empty */
    enum pit_strategy strategy;
    struct pit__intensity intensity;
    struct pit__child_set children;
    pit_child kind; /* simple: what each child is; without id and argument */
    uint64_t restarts;
};

/* The start's argument: what the supervisor's own init gets. */
struct start_arg {
    pit_sup_init *init;
    char name[64];
    bool has_arg; /* of more than no bytes */
    char arg[] __attribute__((aligned(16)));
};

static bool is_simple(const struct supervisor *s) { return s->strategy == PIT_SIMPLE_ONE_FOR_ONE; }

/* ---- reports. Spec: SUP-7, SUP-23 ---- */

static void report(enum pit_log_level level, const struct supervisor *s, const char *what,
                   const char *id, pit_pid pid, const char *why)
{
    char me[128], child[128];

    pit_log(level, "supervisor %s: %s: %s, %s",
            pit__process_text(pit_self(), s->name, me, sizeof me), what,
            pid.id > 0 ? pit__process_text(pid, id, child, sizeof child)
            : id       ? id
                       : "a child",
            why);
}

static void report_reason(enum pit_log_level level, const struct supervisor *s, const char *what,
                          const char *id, pit_pid pid, pit_term reason)
{
    char why[600];

    if (!pit__log_on(level))
        return;
    pit_term_print(why, sizeof why, reason);
    report(level, s, what, id, pid, why);
}

static void report_start_error(const struct supervisor *s, const struct pit__child *c, int error)
{
    if (error == -PIT_EEXITED)
        report_reason(PIT_LOG_ERROR, s, "a child could not be started", c->id, PIT_NO_PID,
                      pit_last_exit_reason());
    else
        report(PIT_LOG_ERROR, s, "a child could not be started", c->id, PIT_NO_PID,
               pit_strerror(error));
}

static int refuse(const struct supervisor *s, const char *id, const char *why)
{
    report(PIT_LOG_ERROR, s, "wrong specification", id, PIT_NO_PID, why);
    return -EINVAL;
}

/* ---- starting and ending one child ---- */

/* 0: it runs. 1: its start said ignore (SUP-6). Negative: the error of its start. It is STOPPED
   before. */
static int start_child(struct supervisor *s, struct pit__child *c)
{
    pit_pid pid = c->start(c->size ? c->data : NULL);
    int error = pit_error(pid);

    if (error == -PIT_EIGNORE || pid.id == 0)
        return 1;
    if (error)
        return error;
    pit__child_running(&s->children, c, pid);
    if (!is_simple(s) && pit__log_on(PIT_LOG_INFO)) /* Spec: SUP-8 */
        report(PIT_LOG_INFO, s, "started", c->id, pid, "progress");
    return 0;
}

/* Spec: SUP-16, which ends are no error when a child was told to end. */
static void report_ended(const struct supervisor *s, const struct pit__child *c, pit_pid pid,
                         pit_term reason)
{
    bool brutal = c->shutdown == PIT_BRUTAL_KILL;
    bool fine = reason.word == (brutal ? PIT__A(killed) : PIT__A(shutdown)).word;

    if (c->restart != PIT_PERMANENT && pit__reason_expected(reason))
        fine = true;
    if (!fine)
        report_reason(PIT_LOG_ERROR, s, "a child did not shut down as it should", c->id, pid,
                      reason);
}

/* Tell it to end. Returns the monitor by which it is waited for. */
static pit_ref tell(const struct pit__child *c, pit_pid pid)
{
    pit_ref down = pit_monitor(pid);

    pit_unlink(pid);
    pit_exit_process(pid, c->shutdown == PIT_BRUTAL_KILL ? PIT__A(kill) : PIT__A(shutdown));
    return down;
}

/* It was dead before it was monitored: its exit message knows why. */
static pit_term reason_of_down(const struct pit_down *d)
{
    pit_term reason = d->reason;
    pit_pid pid = d->pid;

    if (reason.word == PIT__A(noproc).word)
        (void)pit__take_exit_of(pid, &reason);
    return reason;
}

/* Whatever its state was, it is STOPPED afterwards. */
static void stop_child(struct supervisor *s, struct pit__child *c)
{
    pit_pid pid = pit__child_pid(c);
    const pit_msg *m;
    pit_ref down;

    if (c->state == PIT__CHILD_RUNNING) {
        down = tell(c, pid);
        m = pit_receive_ref(down, c->shutdown == PIT_BRUTAL_KILL ? PIT_INFINITY : c->shutdown);
        if (!m) {
            pit_exit_process(pid, PIT__A(kill));
            m = pit_receive_ref(down, PIT_INFINITY);
        }
        report_ended(s, c, pid, reason_of_down(pit_payload(m)));
    }
    pit__child_stopped(&s->children, c);
}

/* ---- ending all children ---- */

/* Milliseconds from now to a time of pit_now(), rounded up; at least 0. */
static int64_t left(int64_t until)
{
    int64_t ns = until - pit_now();

    return ns > 0 ? (ns + 999999) / 1000000 : 0;
}

/* One of them has ended, or the time is over: false. */
static bool await_one(struct supervisor *s, int64_t timeout)
{
    const pit_msg *m = pit_receive_type(&pit_type_pit_down, timeout);
    const struct pit_down *d = m ? pit_payload(m) : NULL;
    struct pit__child *c = d ? pit__child_by_key(&s->children, d->pid.id) : NULL;

    if (c) {
        pit_pid pid = d->pid;

        report_ended(s, c, pid, reason_of_down(d));
        pit__child_stopped(&s->children, c);
    }
    return m != NULL;
}

/* All at once, one time for all of them. Spec: SUP-15, SUP-22. */
static void stop_simple(struct supervisor *s)
{
    int64_t shutdown = PIT_INFINITY, until;
    struct pit__child *c;

    for (c = pit__child_first(&s->children); c; c = pit__child_next(&s->children, c)) {
        if (c->state == PIT__CHILD_RUNNING)
            (void)tell(c, pit__child_pid(c));
        else
            pit__child_stopped(&s->children, c);
        shutdown = c->shutdown == PIT_BRUTAL_KILL ? PIT_INFINITY : c->shutdown;
    }
    until = pit_now() + shutdown * 1000000;
    while (s->children.by_key.used && await_one(s, shutdown < 0 ? PIT_INFINITY : left(until)))
        ;
    for (c = s->children.by_key.used ? pit__child_first(&s->children) : NULL; c;
         c = pit__child_next(&s->children, c))
        if (c->state == PIT__CHILD_RUNNING)
            pit_exit_process(pit__child_pid(c), PIT__A(kill));
    while (s->children.by_key.used)
        (void)await_one(s, PIT_INFINITY);
}

/* Those after first (NULL: all), the youngest first. Spec: SUP-12, SUP-15. Temporary ones are
   forgotten. */
static void stop_after(struct supervisor *s, const struct pit__child *first)
{
    struct pit__child *c = pit__child_last(&s->children), *previous;

    for (; c && c != first; c = previous) {
        previous = pit__child_previous(&s->children, c);
        stop_child(s, c);
        if (c->restart == PIT_TEMPORARY)
            pit__child_remove(&s->children, c);
    }
}

static void end_all(struct supervisor *s, pit_term reason)
{
    if (is_simple(s))
        stop_simple(s);
    else
        stop_after(s, NULL);
}

/* ---- restarting ---- */

/* Its start failed: try again behind what is in the queue, so that others get in between. Spec:
   SUP-13. */
static void try_again_later(struct supervisor *s, struct pit__child *c, int error)
{
    report_start_error(s, c, error);
    pit__child_restarting(&s->children, c);
    pit__sup_again(pit_self(), c->serial);
}

/* Spec: SUP-6, a temporary child that ignores is forgotten; that of a simple supervisor too. */
static void forget_ignored(struct supervisor *s, struct pit__child *c)
{
    if (is_simple(s) || c->restart == PIT_TEMPORARY)
        pit__child_remove(&s->children, c);
}

/* false: its start failed, and will be tried again. */
static bool restart_one(struct supervisor *s, struct pit__child *c)
{
    int r = start_child(s, c);

    if (r < 0) {
        try_again_later(s, c, r);
        return false;
    }
    c->restarts++;
    if (r)
        forget_ignored(s, c);
    return true;
}

/* From c on, in order; where one fails it ends there, and the retry goes on from it. */
static void restart_from(struct supervisor *s, struct pit__child *c)
{
    struct pit__child *next;

    for (; c; c = next) {
        next = pit__child_next(&s->children, c);
        if (!restart_one(s, c))
            return;
    }
}

/* c is STOPPED. Spec: SUP-10..12. */
static void restart(struct supervisor *s, struct pit__child *c)
{
    if (!pit__intensity_add(&s->intensity, pit_now() / 1000000000)) {
        report(PIT_LOG_ERROR, s, "too many restarts", c->id, PIT_NO_PID,
               "reached_max_restart_intensity");
        pit__child_remove(&s->children, c);
        pit_server_finish(PIT__A(shutdown));
        return;
    }
    s->restarts++;
    switch (s->strategy) {
    case PIT_ONE_FOR_ALL:
        stop_after(s, NULL);
        restart_from(s, pit__child_first(&s->children));
        break;
    case PIT_REST_FOR_ONE:
        stop_after(s, c);
        restart_from(s, c);
        break;
    default:
        (void)restart_one(s, c);
        break;
    }
}

/* Spec: SUP-14, one that was ended or forgotten meanwhile is not found. */
static void on_again(struct supervisor *s, const struct pit__sup_again *m)
{
    struct pit__child *c = pit__child_by_key(&s->children, -m->serial);

    if (c) {
        pit__child_stopped(&s->children, c);
        restart(s, c);
    }
}

/* A child has ended by itself. */
static void child_ended(struct supervisor *s, struct pit__child *c, pit_term reason)
{
    bool expected = pit__reason_expected(reason);

    if (c->restart == PIT_PERMANENT || !expected)
        report_reason(PIT_LOG_ERROR, s, "a child ended", c->id, pit__child_pid(c), reason);
    pit__child_stopped(&s->children, c);
    if (c->restart == PIT_TEMPORARY || (c->restart == PIT_TRANSIENT && expected && is_simple(s)))
        pit__child_remove(&s->children, c);
    else if (c->restart == PIT_PERMANENT || !expected)
        restart(s, c);
}

/* Spec: SUP-24, exits of pids that are no child are dropped; all else is a mistake of its
   sender. */
static void on_info(struct supervisor *s, const pit_msg *m)
{
    if (pit_is(m, pit_exited)) {
        const struct pit_exited *e = pit_as(m, pit_exited);
        struct pit__child *c = pit__child_by_key(&s->children, e->pid.id);

        if (c)
            child_ended(s, c, e->reason);
    } else
        pit_unexpected(m);
}

/* ---- starting ---- */

/* Spec: SUP-5, SUP-7. */
static int start_all(struct supervisor *s)
{
    struct pit__child *next;

    for (struct pit__child *c = pit__child_first(&s->children); c; c = next) {
        int r = start_child(s, c);

        next = pit__child_next(&s->children, c);
        if (r < 0) {
            report_start_error(s, c, r);
            stop_after(s, NULL);
            return r;
        }
        if (r)
            forget_ignored(s, c);
    }
    return 0;
}

static int add_all(struct supervisor *s, const struct pit__children *list)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const pit_child *spec = &list->child[i];
        const char *wrong = pit__child_wrong(spec, is_simple(s));

        if (!wrong && !is_simple(s) && pit__child_by_id(&s->children, spec->id))
            wrong = "another child has the same id";
        if (wrong)
            return refuse(s, spec->id, wrong);
        if (is_simple(s))
            s->kind = (pit_child){.start = spec->start,
                                  .restart = spec->restart,
                                  .shutdown = spec->shutdown,
                                  .type = spec->type};
        else
            pit__child_add(&s->children, spec, spec->id);
    }
    return 0;
}

static int on_init(struct supervisor *s, const void *p)
{
    const struct start_arg *arg = p;
    pit_sup_spec spec;
    const char *wrong;
    int r;

    (void)pit_trap_exit(true);
    memcpy(s->name, arg->name, sizeof s->name);
    pit__child_set_init(&s->children);
    spec = arg->init(arg->has_arg ? arg->arg : NULL);
    if (spec.ignore)
        return -PIT_EIGNORE;
    wrong = pit__flags_wrong(&spec);
    if (!wrong && spec.strategy == PIT_SIMPLE_ONE_FOR_ONE &&
        (!spec.children.pit__copy || spec.children.pit__copy->count != 1))
        wrong = "a simple supervisor has exactly one child specification";
    if (wrong)
        return refuse(s, NULL, wrong);
    s->strategy = spec.strategy;
    s->intensity.allowed = spec.intensity == 0                 ? 1
                           : spec.intensity == PIT_NO_RESTARTS ? 0
                                                               : spec.intensity;
    s->intensity.period = spec.period ? spec.period : 5;
    r = add_all(s, spec.children.pit__copy);
    pit_free(spec.children.pit__copy);
    return r ? r : start_all(s);
}

/* ---- requests ---- */

/* Start a child that was just added; if that fails it is forgotten. Spec: SUP-18, SUP-22. */
static pit_pid start_added(struct supervisor *s, struct pit__child *c)
{
    int r = start_child(s, c);

    if (r == 0)
        return pit__child_pid(c);
    if (r > 0) {
        forget_ignored(s, c);
        return PIT_NO_PID;
    }
    report_start_error(s, c, r);
    pit__child_remove(&s->children, c);
    return pit_pid_error(r);
}

static void on_add(struct supervisor *s, const struct pit__sup_add *m, struct pit__sup_add_reply *r)
{
    pit_child spec = {.id = m->id.s,
                      .start = (pit_pid(*)(const void *))(uintptr_t)m->function,
                      .arg = m->arg.data,
                      .size = m->arg.size,
                      .restart = m->restart,
                      .shutdown = m->shutdown,
                      .type = m->type};
    const char *wrong = is_simple(s) ? "a simple supervisor starts its children by start_simple"
                                     : pit__child_wrong(&spec, false);
    struct pit__child *known = wrong ? NULL : pit__child_by_id(&s->children, spec.id);

    if (wrong)
        r->pid = pit_pid_error(refuse(s, spec.id, wrong));
    else if (known)
        r->pid = pit_pid_error(known->state == PIT__CHILD_STOPPED ? -EEXIST : -EALREADY);
    else
        r->pid = start_added(s, pit__child_add(&s->children, &spec, spec.id));
}

static pit_pid start_simple(struct supervisor *s, const void *arg, size_t size)
{
    pit_child spec = s->kind;

    if (!is_simple(s))
        return pit_pid_error(-EINVAL);
    spec.arg = arg;
    spec.size = size;
    return start_added(s, pit__child_add(&s->children, &spec, NULL));
}

static void on_simple(struct supervisor *s, const struct pit__sup_simple *m,
                      struct pit__sup_simple_reply *r)
{
    r->pid = start_simple(s, m->arg, m->size);
}

static void on_simple_large(struct supervisor *s, const struct pit__sup_simple_large *m,
                            struct pit__sup_simple_large_reply *r)
{
    r->pid = start_simple(s, m->arg.data, m->arg.size);
}

/* Spec: SUP-19. */
static int end_child(struct supervisor *s, struct pit__child *c)
{
    if (!c)
        return -ENOENT;
    stop_child(s, c);
    if (c->restart == PIT_TEMPORARY || is_simple(s))
        pit__child_remove(&s->children, c);
    return 0;
}

static void on_end_pid(struct supervisor *s, const struct pit__sup_end_pid *m,
                       struct pit__sup_end_pid_reply *r)
{
    r->error = end_child(s, pit__child_by_key(&s->children, m->pid.id > 0 ? m->pid.id : 0));
}

/* The child of this id; NULL and *ret_error if there is none, or this is a simple supervisor. */
static struct pit__child *named(const struct supervisor *s, const pit_text64 *id, int *ret_error)
{
    struct pit__child *c = is_simple(s) ? NULL : pit__child_by_id(&s->children, id->s);

    if (!c)
        *ret_error = is_simple(s) ? -EINVAL : -ENOENT;
    return c;
}

static void on_end(struct supervisor *s, const struct pit__sup_end *m, struct pit__sup_end_reply *r)
{
    int error = 0;
    struct pit__child *c = named(s, &m->id, &error);

    r->error = c ? end_child(s, c) : error;
}

/* Spec: SUP-20. */
static void on_restart(struct supervisor *s, const struct pit__sup_restart *m,
                       struct pit__sup_restart_reply *r)
{
    int error = 0;
    struct pit__child *c = named(s, &m->id, &error);

    if (c && c->state != PIT__CHILD_STOPPED)
        error = c->state == PIT__CHILD_RUNNING ? -EALREADY : -EAGAIN;
    if (!error)
        error = start_child(s, c);
    r->pid = error < 0 ? pit_pid_error(error) : error ? PIT_NO_PID : pit__child_pid(c);
}

static void on_delete(struct supervisor *s, const struct pit__sup_delete *m,
                      struct pit__sup_delete_reply *r)
{
    int error = 0;
    struct pit__child *c = named(s, &m->id, &error);

    if (c && c->state != PIT__CHILD_STOPPED)
        error = c->state == PIT__CHILD_RUNNING ? -EBUSY : -EAGAIN;
    if (!error)
        pit__child_remove(&s->children, c);
    r->error = error;
}

/* Spec: SUP-21, the newest first. */
static void on_which(struct supervisor *s, const struct pit__sup_which *m,
                     struct pit__sup_which_reply *r)
{
    uint8_t *at;

    r->count = s->children.count;
    r->children = pit_binary_make(s->children.count * sizeof(pit_child_info), &at);
    for (struct pit__child *c = pit__child_last(&s->children); c;
         c = pit__child_previous(&s->children, c)) {
        pit_child_info info = {.pid = pit__child_pid(c),
                               .restarting = c->state == PIT__CHILD_RESTARTING,
                               .type = c->type,
                               .restart = c->restart,
                               .restarts = c->restarts};

        if (c->id)
            snprintf(info.id, sizeof info.id, "%s", c->id);
        memcpy(at, &info, sizeof info);
        at += sizeof info;
    }
}

static void on_count(struct supervisor *s, const struct pit__sup_count *m,
                     struct pit__sup_count_reply *r)
{
    for (struct pit__child *c = pit__child_first(&s->children); c;
         c = pit__child_next(&s->children, c)) {
        r->active += c->state == PIT__CHILD_RUNNING;
        r->supervisors += c->type == PIT_SUPERVISOR;
        r->workers += c->type == PIT_WORKER;
    }
    r->specs = is_simple(s) ? 1 : s->children.count;
    r->restarts = s->restarts;
}

PIT_SERVER(pit__sup, struct supervisor, .init = on_init, .info = on_info, .terminate = end_all);

/* ---- the start ---- */

pit_pid pit_supervisor_start_opts(pit_sup_init *init, const void *arg, size_t size,
                                  pit_server_opts opts)
{
    size_t total = sizeof(struct start_arg) + size;
    struct start_arg *a;
    pit_pid pid;

    if (size > PIT__BLOCK_MOST)
        return pit_pid_error(-EINVAL);
    a = pit_try_alloc(total);
    if (!a)
        return pit_pid_error(-ENOMEM);
    a->init = init;
    if (opts.name)
        snprintf(a->name, sizeof a->name, "%s", opts.name);
    a->has_arg = size > 0;
    if (size)
        memcpy(a->arg, arg, size);
    opts.link = true; /* one without a parent would be told by nobody that the node stops */
    if (!opts.label)
        opts.label = "supervisor";
    pid = pit__server_start(&pit__sup_server, a, total, &opts, PIT__KIND_SUPERVISOR);
    pit_free(a);
    return pid;
}

pit_pid pit_supervisor_start_link(pit_sup_init *init, const void *arg, size_t size)
{
    return pit_supervisor_start_opts(init, arg, size, (pit_server_opts){.link = true});
}
