/*
 * gen_server: a callback process whose handler serves a protocol.
 *
 * One block of the process's memory holds all of a server: struct server, the user's state, a copy
 * of the start's argument; so an idle server costs its slot and that block. Everything here runs in
 * the server's process, but for starting and stopping it.
 *
 * Life     STARTING   the process waits for its starter's request, whatever else is in its queue (GS-1: init before any message)
 *          SERVING    init has succeeded and the starter knows
 *          ENDING     terminate was called, or will not be; nothing is served any more
 *
 * Starting is a call: the request begins init, its answer is init's result. So the starter looks at
 * no message of its queue, a death in init is the failure of the call, and a timeout is the call's.
 * (PL-2)
 *
 * The link to the starter. PL-2 asks that a failed start neither leaves an exit message behind nor
 * kills a starter that does not trap exits. So a starter that traps exits is linked from the spawn
 * on, and takes the message out of its queue if the start fails; one that does not is linked by the
 * server itself, after init and before it reports success.
 */
#include "otp/gen_server.h"

#include <errno.h>
#include <string.h>

#include <pit/keep.h>
#include <pit/must.h>

#include "base/assert.h"
#include "base/log.h"
#include "term/atom.h"
#include "term/sealed.h"
#include "runtime/excuse.h"
#include "runtime/message.h"
#include "runtime/park.h"
#include "runtime/process.h"
#include "runtime/signal.h"
#include "otp/reason.h"

enum { STARTING, SERVING, ENDING };

struct server {
    struct pit__resource resource; /* how we learn of an end that nobody asked for: gone() */
    struct pit__process *process;
    const pit_server *spec;
    const pit_msg *message;  /* in hand: pit_defer; NULL: between messages */
    struct pit__sealed *end; /* pit_server_finish: the reason; NULL: goes on */
    uint64_t timer;          /* the number of the timer that is armed; 0: armed without one */
    uint64_t timeouts; /* numbers them: one that was cancelled too late is known by its number */
    uint8_t life;
    bool linked;     /* to the process that started it, its parent */
    bool link_later; /* after init: see above */
    bool armed;
    bool resume;
    bool has_arg; /* of more than no bytes */
};

_Static_assert(sizeof(struct server) % 16 == 0, "the state behind it is aligned to 16");

/*
 * Messages of the machinery. They are not in anybody's protocol, and cannot be: the names are
 * reserved. Of the system lane: a server whose mailbox is full can be stopped in order, and its
 * timeout is not dropped.
 */
PIT_SYSTEM_MESSAGE(pit__server_start);
PIT_MESSAGE(pit__server_started, (int32_t, error));
PIT_SYSTEM_MESSAGE(pit__server_stop, (pit_term, reason));
PIT_MESSAGE(pit__server_stopped);
PIT_SYSTEM_MESSAGE(pit__server_timeout, (uint64_t, number));

static void serve(void *state, const pit_msg *m);

static void *self_of(struct server *s) { return s + 1; }

static size_t round16(size_t n) { return (n + 15) & ~(size_t)15; }

static const void *arg_of(struct server *s)
{
    return s->has_arg ? (char *)self_of(s) + round16(s->spec->state_size) : NULL;
}

/* The server that the caller is, for functions that are called in callbacks. */
static struct server *current(const char *function)
{
    struct pit__process *p = pit__current();

    if (!p || !(p->flags & PIT__F_CALLBACK) || p->handler != serve)
        pit__exit_text("badarg", function, NULL, 0);
    return p->state;
}

/* ---- ending ---- */

/* Spec: GS-11, PL-4. how: "ends" in order, "ended" by itself. message: the one in hand, or NULL. */
static void report_end(const struct server *s, const char *how, pit_term reason,
                       const pit_msg *message)
{
    pit_pid pid = {pit__process_pid(s->process)};
    char who[300], why[600], last[600] = "";

    if (pit__reason_expected(reason) || !pit__log_on(PIT_LOG_ERROR))
        return;
    pit_term_print(why, sizeof why, reason);
    if (message)
        pit_message_text(message, last, sizeof last);
    pit_log(PIT_LOG_ERROR, "server %s %s: %s%s%s",
            pit__process_text(pid, s->spec->name, who, sizeof who), how, why,
            last[0] ? "; last message " : "", last);
}

/*
 * The process has ended, on its scheduler and outside of it. An end in a callback that was not in
 * order is a crash, and is reported; one between messages came from an exit signal, and is not
 * (PL-5). The message in hand is looked at only if the process still holds it: a handler may have
 * kept and dropped it.
 */
static void gone(struct pit__resource *r)
{
    struct server *s = PIT__CONTAINER(r, struct server, resource);
    const struct pit__process *p = s->process;
    pit_term reason = pit__sealed_root(p->exit_reason);
    bool in_callback = s->life == STARTING || (s->life == SERVING && s->message);

    if (in_callback && reason.word != PIT__A(killed).word)
        report_end(s, s->life == STARTING ? "ended in init" : "ended", reason,
                   s->message && p->message == pit__message_of(s->message) ? s->message : NULL);
    pit__sealed_release(s->end);
}

/* Spec: GS-9, GS-10. terminate may end the process itself: then with its own reason. */
static void terminate(struct server *s)
{
    pit_term reason = pit__sealed_root(s->end);

    s->life = ENDING;
    (void)s->spec->terminate(self_of(s), reason);
    report_end(s, "ends", reason,
               s->message && s->message->type != &pit_type_pit__server_stop ? s->message : NULL);
}

/* The reason is sealed, since a plain term lives to the next receive only, and terminate may
   receive. */
PIT_NORETURN static void end(struct server *s)
{
    struct pit__sealed *reason = s->end;

    if (s->life != ENDING)
        terminate(s);
    s->end = NULL;
    pit__exit_current(reason);
}

/* From now on it ends with this reason; an earlier one is forgotten. */
static void end_with(struct server *s, struct pit__sealed *reason)
{
    pit__sealed_release(s->end);
    s->end = reason;
}

static struct pit__sealed *seal(pit_term reason)
{
    struct pit__sealed *sealed = pit__seal(reason);

    return sealed ? sealed : pit__reason(enomem);
}

/* ---- serving ---- */

/* Spec: GS-4, any message cancels the timeout. */
static void disarm(struct server *s)
{
    /* if it has expired meanwhile, the number in its message says that it is stale */
    if (s->armed && s->timer)
        (void)pit_cancel_timer((pit_ref){pit_self(), s->timer});
    s->armed = false;
}

static void on_timeout(struct server *s, const struct pit__server_timeout *m)
{
    if (!s->armed || m->number != s->timeouts)
        return; /* cancelled when it was already in the queue */
    s->armed = false;
    if (!s->spec->timeout(self_of(s)))
        pit_log(PIT_LOG_WARNING, "server %s: a timeout, but there is no callback for it",
                s->spec->name);
}

static bool is_call(const pit_msg *m) { return pit__message_of(m)->block.kind == PIT__CALL; }

static bool is_parents_end(const struct server *s, const pit_msg *m)
{
    return m->type == &pit_type_pit_exited && s->linked &&
           pit_pid_equal(((const struct pit_exited *)pit_payload(m))->pid, s->process->parent);
}

/* What the protocol does not name. Spec: GS-7, GS-8. */
static void serve_other(struct server *s, const pit_msg *m)
{
    if (is_parents_end(s, m))
        end_with(s, seal(((const struct pit_exited *)pit_payload(m))->reason));
    else if (m->type == &pit_type_pit__server_stop)
        end_with(s, seal(((const struct pit__server_stop *)pit_payload(m))->reason));
    else if (is_call(m)) /* the caller ends with badcall, since nobody answers */
        pit_log(PIT_LOG_NOTICE, "server %s does not know the call %s", s->spec->name,
                m->type->name);
    else if (!s->spec->info(self_of(s), m))
        pit_unexpected(m);
}

/* What the callback asked for while it ran. A resume may ask for another. Spec: GS-3. */
static void afterwards(struct server *s)
{
    while (s->resume && !s->end) {
        s->resume = false;
        if (!s->spec->resume(self_of(s)))
            pit_log(PIT_LOG_WARNING, "server %s: to be resumed, but there is no callback for it",
                    s->spec->name);
    }
    if (s->end)
        end(s);
}

/* self, and not the current process: this is on the path of every call. */
void pit__server_answer(void *self, const pit_msg *m, const pit_type *reply_type, const void *reply)
{
    struct server *s = (struct server *)self - 1;

    if (PIT__UNLIKELY(s->end != NULL)) /* Spec: GS-6, the answer comes after terminate */
        terminate(s);
    (void)pit_answer(m, reply_type, reply); /* -EINVAL: deferred, or sent as a plain message */
}

/* ---- starting ---- */

/* Spec: GS-1. The starter waits for the end of the process, so that the name is free when it goes
   on. */
PIT_NORETURN static void init_failed(struct server *s, pit_asker starter, int error)
{
    struct pit__server_started answer = {error};

    s->life = ENDING;
    if (s->linked && !s->link_later)
        pit_unlink(s->process->parent);
    pit_answer_asker(starter, &pit_type_pit__server_started, &answer);
    pit_exit(PIT__A(normal));
}

/* The request of the starter, who may have been killed before it sent one: then nobody wants this
   server. */
static pit_asker await_starter(struct server *s, pit_pid starter)
{
    enum { LOOK_AGAIN_MS = 5000 };
    const pit_msg *m;

    while (!(m = pit_receive_type(&pit_type_pit__server_start, LOOK_AGAIN_MS)))
        if (!pit_is_alive(starter))
            pit_exit(PIT__A(noproc));
    return pit_defer_message(m);
}

static void start(struct server *s)
{
    struct pit__server_started answer = {0};
    pit_asker starter;
    int error;

    s->process = pit__current();
    pit__own(s->process, &s->resource);
    starter = await_starter(s, s->process->parent);
    error = s->spec->init(self_of(s), arg_of(s));
    if (error)
        init_failed(s, starter, error < 0 ? error : -EINVAL);
    s->life = SERVING;
    if (s->link_later)
        pit_link(s->process->parent);
    pit_answer_asker(starter, &pit_type_pit__server_started, &answer);
}

/* The handler of every server. */
static void serve(void *state, const pit_msg *m)
{
    struct server *s = state;

    s->message = m;
    if (PIT__UNLIKELY(s->life == STARTING))
        start(s); /* m is pit_start */
    else if (PIT__UNLIKELY(m->type == &pit_type_pit__server_timeout))
        on_timeout(s, pit_payload(m));
    else {
        if (PIT__UNLIKELY(s->armed))
            disarm(s);
        if (!s->spec->dispatch(self_of(s), m))
            serve_other(s, m);
    }
    if (PIT__UNLIKELY(s->resume || s->end))
        afterwards(s);
    s->message = NULL;
}

/* The start did not succeed. error: the call's, or what init returned; both negative. */
static pit_pid start_failed(pit_pid pid, int call_error, int init_error)
{
    pit_term ignored;
    pit_ref down;

    if (call_error != -PIT_ENOPROC) {
        down = pit_monitor(pid);
        pit_unlink(pid);
        if (call_error)
            pit_exit_process(pid, PIT__A(kill));
        (void)pit_receive_ref(down, PIT_INFINITY);
    } else
        pit_unlink(pid);
    (void)pit__take_exit_of(pid, &ignored);
    if (call_error == -PIT_ENOPROC)
        call_error = -PIT_EEXITED; /* it was there, and its reason is pit_last_exit_reason() */
    return pit_pid_error(call_error ? call_error : init_error);
}

/* Spec: PL-2. */
static pit_pid start_and_wait(pit_pid pid, int64_t timeout)
{
    struct pit__server_start request = {0};
    struct pit__server_started started;
    int e;

    if (pid.id < 0)
        return pid;
    e = pit_try_call(pid, &pit_type_pit__server_start, &request, timeout ? timeout : PIT_INFINITY,
                     &pit_type_pit__server_started, &started);
    if (e == 0 && started.error == 0)
        return pid;
    return start_failed(pid, e, e ? 0 : started.error);
}

/* Blocks of up to this size are put together on the starter's stack. */
enum { SMALL = 1024 };

PIT__GIVEN pit_pid pit__server_start(const pit_server *server, const void *arg, size_t size,
                                     const pit_server_opts *opts, uint64_t kind)
{
    size_t arg_at = sizeof(struct server) + round16(server->state_size);
    size_t total = arg_at + size;
    char small[SMALL] __attribute__((aligned(16)));
    struct pit__process *p = pit__current();
    bool traps = p && (p->flags & PIT__F_TRAP);
    char *block;
    pit_pid pid;

    if (!p)
        return pit_pid_error(-PIT_ENOTPROCESS);
    if (size > PIT__BLOCK_MOST) /* as spawning has it */
        return pit_pid_error(-EINVAL);
    block = total <= SMALL ? small : pit_alloc(total);
    memset(block, 0, arg_at);
    *(struct server *)(void *)block = (struct server){
        .resource.release = gone,
        .spec = server,
        .linked = opts->link,
        .link_later = opts->link && !traps,
        .has_arg = size > 0,
    };
    if (size)
        memcpy(block + arg_at, arg, size);
    pid = pit_try_spawn_handler(serve, block, total,
                                (pit_spawn_opts){
                                    .link = opts->link && traps,
                                    .priority = opts->priority,
                                    .scheduler = opts->scheduler,
                                    .stack = opts->stack,
                                    .name = opts->name,
                                    .label = opts->label ? opts->label : server->name,
                                    .pit__kind = kind,
                                });
    if (block != small)
        pit_free(block);
    return start_and_wait(pid, opts->timeout);
}

pit_pid pit_server_start_opts(const pit_server *server, const void *arg, size_t size,
                              pit_server_opts opts)
{
    return pit__server_start(server, arg, size, &opts, 0);
}

pit_pid pit_server_start(const pit_server *server, const void *arg, size_t size)
{
    return pit__server_start(server, arg, size, &(pit_server_opts){0}, 0);
}

pit_pid pit_server_start_link(const pit_server *server, const void *arg, size_t size)
{
    return pit__server_start(server, arg, size, &(pit_server_opts){.link = true}, 0);
}

/* ---- from outside and from callbacks ---- */

/* Nobody answers: the server ends instead, and why it did is the call's failure. Spec: PL-6. */
int pit_server_stop(pit_pid server, pit_term reason, int64_t timeout)
{
    struct pit__server_stop request;
    struct pit__server_stopped never;
    int e;

    if (!pit__current())
        return -PIT_ENOTPROCESS;
    /* to be compared; and gone with a caller that ends meanwhile */
    request.reason = pit_keep(reason);
    e = pit_try_call(server, &pit_type_pit__server_stop, &request, timeout,
                     &pit_type_pit__server_stopped, &never);

    if (e == -PIT_ENOPROC) {
        pit_term actual = pit_last_exit_reason();

        if (pit_term_equal(actual, request.reason))
            e = 0;
        else if (actual.word != PIT__A(noproc).word)
            e = -PIT_EEXITED;
    }
    pit_drop(request.reason);
    return e;
}

pit_asker pit_defer(void)
{
    return pit_defer_message(current("pit_defer: not in a server")->message);
}

void pit_server_timeout(int64_t ms)
{
    struct server *s = current("pit_server_timeout: not in a server");
    struct pit__server_timeout m = {s->timeouts + 1};

    disarm(s);
    if (ms < 0)
        return;
    s->timeouts++;
    s->armed = true;
    s->timer = 0;
    if (ms == 0) /* behind what is in the queue now, and whatever is handled before it cancels it */
        pit_send_copy(pit_self(), &pit_type_pit__server_timeout, &m);
    else
        s->timer = pit_send_after_copy(ms, pit_self(), &pit_type_pit__server_timeout, &m).number;
}

void pit_server_resume(void) { current("pit_server_resume: not in a server")->resume = true; }

void pit_server_finish(pit_term reason)
{
    struct server *s = current("pit_server_finish: not in a server");

    if (s->life != ENDING) /* terminate cannot choose another end; pit_exit in it can */
        end_with(s, seal(reason));
}
