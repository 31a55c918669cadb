/* What each step does, and the process that does it. interpret.erl is the twin: see there for the
   same names. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/differential/run.h"

enum { WAIT = 100 }; /* ms that waitk waits */

uint32_t chance(uint64_t *state, uint32_t below)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((z ^ (z >> 31)) >> 32) * below >> 32);
}

/* ---- the log */

static struct event *log_next(struct seat *s, enum event_kind kind, int step)
{
    struct log *log = &s->run->logs[s->process];
    int at = atomic_load_explicit(&log->count, memory_order_relaxed);
    struct event *e = &log->events[at < MAX_EVENTS ? at : MAX_EVENTS - 1];

    *e = (struct event){.kind = kind, .step = step};
    return e;
}

static void log_done(struct seat *s)
{
    struct log *log = &s->run->logs[s->process];
    int at = atomic_load_explicit(&log->count, memory_order_relaxed);

    if (at < MAX_EVENTS)
        atomic_store_explicit(&log->count, at + 1, memory_order_release);
}

static void log_result(struct seat *s, const char *text)
{
    snprintf(log_next(s, EVENT_RESULT, s->steps)->text, MAX_TEXT, "%s", text);
    log_done(s);
}

static void log_message(struct seat *s, const pit_msg *m, int step)
{
    struct event *e;

    if (pit_is(m, note)) {
        e = log_next(s, EVENT_NOTE, step);
        e->number = pit_as(m, note)->number;
    } else if (pit_is(m, pit_exited)) {
        e = log_next(s, EVENT_EXIT, step);
        e->pid = pit_as(m, pit_exited)->pid;
        pit_term_print(e->text, MAX_TEXT, pit_as(m, pit_exited)->reason);
    } else if (pit_is(m, pit_down)) {
        e = log_next(s, EVENT_DOWN, step);
        e->ref = pit_as(m, pit_down)->ref;
        e->pid = pit_as(m, pit_down)->pid;
        pit_term_print(e->text, MAX_TEXT, pit_as(m, pit_down)->reason);
    } else if (pit_is(m, pit_timer_cancelled)) {
        e = log_next(s, EVENT_CANCELLED, step);
        e->ref = pit_as(m, pit_timer_cancelled)->timer;
        e->number = pit_as(m, pit_timer_cancelled)->left >= 0;
    } else if (pit_is(m, pit_timer_read)) {
        e = log_next(s, EVENT_READ, step);
        e->ref = pit_as(m, pit_timer_read)->timer;
        e->number = pit_as(m, pit_timer_read)->left >= 0;
    } else {
        e = log_next(s, EVENT_TIMEOUT, step);
        e->ref = pit_as(m, pit_timeout)->timer;
        e->number = (int)pit_as(m, pit_timeout)->value;
    }
    log_done(s);
}

static void log_received(struct seat *s, const pit_msg *m)
{
    if (m)
        log_message(s, m, s->steps);
    else
        log_result(s, "none");
}

/* ---- what steps are about */

/* Process number a step names; false: not there yet, and logged. */
static bool target(struct seat *s, int process, pit_pid *ret)
{
    ret->id = atomic_load_explicit(&s->run->pids[process], memory_order_relaxed);
    if (ret->id == 0)
        log_result(s, "none");
    return ret->id != 0;
}

bool made_ref(struct run *run, int number, pit_ref *ret)
{
    struct made *made = &run->made[number];

    if (!atomic_load_explicit(&made->ready, memory_order_acquire))
        return false;
    *ret = made->ref;
    return true;
}

static bool target_ref(struct seat *s, int number, pit_ref *ret)
{
    if (made_ref(s->run, number, ret))
        return true;
    log_result(s, "none");
    return false;
}

static void make_ref(struct seat *s, int number, pit_ref ref, bool by_name)
{
    struct made *made = &s->run->made[number];

    made->ref = ref;
    made->by_name = by_name;
    atomic_store_explicit(&made->ready, true, memory_order_release);
}

static const char *name_of(struct seat *s, int number, char ret[MAX_TEXT])
{
    snprintf(ret, MAX_TEXT, "name_%d_%d", s->run->worker, number);
    return ret;
}

static pit_term reason_of(const struct step *step)
{
    return strcmp(step->word, "tuple") == 0 ? pit_build("{bad, [1, ok]}") : pit_atom_of(step->word);
}

static const char *truth(bool b) { return b ? "true" : "false"; }

void counts_text(pit_pid pid, char *ret)
{
    pit_process_info info;

    if (pit_process_info_of(pid, &info) == 0)
        snprintf(ret, MAX_TEXT, "l%zum%zub%zuq%zu%s", info.links, info.monitors,
                 info.monitored_by - 1, info.message_count, info.trap_exit ? "x" : "");
    else
        snprintf(ret, MAX_TEXT, "gone");
}

/* ---- the steps: each logs its result once */

static void step_send(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    pit_send(to, note, .number = step->a[1]);
    log_result(s, "ok");
}

static void step_nsend(struct seat *s, const struct step *step)
{
    struct note m = {.number = step->a[1]};
    char name[MAX_TEXT];

    log_result(s, pit_send_name(name_of(s, step->a[0], name), &pit_type_note, &m) == 0 ? "ok"
                                                                                       : "badarg");
}

static void step_link(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    pit_link(to);
    log_result(s, "ok");
}

/* As catch link(P): to one that traps exits the missing is a message, to another an error.
   LINK-2. */
static void step_trylink(struct seat *s, const struct step *step)
{
    bool traps = pit_trap_exit(false);

    (void)pit_trap_exit(traps);
    if (traps) {
        step_link(s, step);
        return;
    }
    pit_pid to;
    if (target(s, step->a[0], &to))
        log_result(s, pit_try_link(to) == 0 ? "ok" : "noproc");
}

static void step_unlink(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    pit_unlink(to);
    log_result(s, "ok");
}

static void step_trap(struct seat *s, const struct step *step)
{
    log_result(s, truth(pit_trap_exit(step->a[0])));
}

static void step_exit(struct seat *s, const struct step *step) { pit_exit(reason_of(step)); }

static void step_kill(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    pit_exit_process(to, reason_of(step));
    log_result(s, "ok");
}

/* Of one that is known to be gone its scheduler says so; Erlang knows at once. This answer is
   behind that. */
static void behind_the_dead(struct seat *s, int process, pit_pid pid)
{
    if (atomic_load_explicit(&s->run->ended, memory_order_relaxed) >> process & 1)
        (void)pit_is_alive(pid);
}

static void step_mon(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    make_ref(s, step->a[1], pit_monitor(to), false);
    behind_the_dead(s, step->a[0], to);
    log_result(s, "ok");
}

static void step_nmon(struct seat *s, const struct step *step)
{
    char name[MAX_TEXT];

    make_ref(s, step->a[1], pit_monitor_name(name_of(s, step->a[0], name)), true);
    log_result(s, "ok");
}

static void step_demon(struct seat *s, const struct step *step)
{
    enum { FLUSH = 1, INFO = 2 };
    pit_ref ref;

    if (!target_ref(s, step->a[0], &ref))
        return;
    int was = pit_demonitor(ref, step->a[1] & FLUSH ? PIT_DEMONITOR_FLUSH : 0);
    log_result(s, truth(was || !(step->a[1] & INFO)));
}

static void step_alive(struct seat *s, const struct step *step)
{
    pit_pid pid;

    if (target(s, step->a[0], &pid))
        log_result(s, truth(pit_is_alive(pid)));
}

static void step_where(struct seat *s, const struct step *step)
{
    char text[MAX_TEXT];
    pit_pid pid = pit_whereis(name_of(s, step->a[0], text));

    snprintf(text, sizeof text, pid.id == 0 ? "undefined" : "'p?'");
    for (int p = 1; p < MAX_PROCESSES; p++)
        if (pid.id && pid.id == atomic_load_explicit(&s->run->pids[p], memory_order_relaxed))
            snprintf(text, sizeof text, "p%d", p);
    log_result(s, text);
}

static void step_reg(struct seat *s, const struct step *step)
{
    char name[MAX_TEXT];
    pit_pid pid;

    if (target(s, step->a[1], &pid))
        log_result(s, pit_register(name_of(s, step->a[0], name), pid) == 0 ? "ok" : "badarg");
}

static void step_unreg(struct seat *s, const struct step *step)
{
    char name[MAX_TEXT];

    log_result(s, pit_unregister(name_of(s, step->a[0], name)) == 0 ? "ok" : "badarg");
}

static void step_recv(struct seat *s, const struct step *step) { log_received(s, pit_receive(0)); }

static bool is_note(const pit_msg *m, void *number)
{
    return pit_is(m, note) && ((const struct note *)pit_payload(m))->number == *(const int *)number;
}

static void step_recvk(struct seat *s, const struct step *step)
{
    int number = step->a[0];

    log_received(s, pit_receive_match(is_note, &number, 0));
}

static void step_waitk(struct seat *s, const struct step *step)
{
    int number = step->a[0];

    log_received(s, pit_receive_match(is_note, &number, WAIT));
}

static void step_recvx(struct seat *s, const struct step *step)
{
    log_received(s, pit_receive_type(&pit_type_pit_exited, 0));
}

static void step_recvr(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref))
        log_received(s, pit_receive_ref(ref, 0));
}

enum { LINK = 1, MONITOR = 2 };

/* What a child is given; false: it has been made before, and that is logged. */
static bool seat_of_child(struct seat *s, int process, struct seat *ret)
{
    if (atomic_load_explicit(&s->run->pids[process], memory_order_relaxed) != 0) {
        log_result(s, "again");
        return false;
    }
    *ret = (struct seat){
        .run = s->run, .process = process, .noise = s->noise, .chance = s->chance + 1};
    return true;
}

static pit_spawn_opts options_of_child(struct seat *s, int how)
{
    return (pit_spawn_opts){.link = how & LINK,
                            .monitor = how & MONITOR,
                            .scheduler = chance(&s->chance, 2) ? PIT_ANYWHERE : 0};
}

static void announce(struct seat *s, int process, pit_pid pid)
{
    atomic_store_explicit(&s->run->pids[process], pit_must(pid).id, memory_order_relaxed);
    pit_send(s->run->coordinator, born, .process = process, .pid = pid, .parent = pit_self());
    (void)pit_receive_type(&pit_type_tell, PIT_INFINITY); /* noted */
    log_result(s, "ok");
}

static void step_spawn(struct seat *s, const struct step *step)
{
    struct seat child;
    pit_ref ref;

    if (!seat_of_child(s, step->a[0], &child))
        return;
    pit_spawn_opts opts = options_of_child(s, step->a[1]);
    opts.ret_ref = &ref;
    pit_pid pid = chance(&s->chance, 2)
                      ? pit_try_spawn(process_body, &child, sizeof child, opts)
                      : pit_try_spawn_handler(process_handler, &child, sizeof child, opts);
    if (step->a[1] & MONITOR)
        make_ref(s, step->a[2], ref, false);
    announce(s, step->a[0], pid);
}

static bool is_reply(const pit_msg *m, void *request)
{
    return pit_is(m, pit_spawn_reply) &&
           pit_ref_equal(((const struct pit_spawn_reply *)pit_payload(m))->request,
                         *(const pit_ref *)request);
}

/* The reply is taken at once, whatever lies before it. SPAWN-7 */
static void step_spawnreq(struct seat *s, const struct step *step)
{
    struct seat child;
    pit_ref ref;

    if (!seat_of_child(s, step->a[0], &child))
        return;
    pit_spawn_opts opts = options_of_child(s, step->a[1]);
    ref = chance(&s->chance, 2)
              ? pit_spawn_request_opt(process_body, &child, sizeof child, opts)
              : pit_spawn_request_handler_opt(process_handler, &child, sizeof child, opts);
    make_ref(s, step->a[2], ref, false);
    announce(s, step->a[0],
             pit_as(pit_receive_match(is_reply, &ref, PIT_INFINITY), pit_spawn_reply)->pid);
}

static void step_abandon(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref))
        log_result(s, truth(pit_spawn_request_abandon(ref)));
}

static void step_alias(struct seat *s, const struct step *step)
{
    make_ref(s, step->a[0],
             pit_alias_with(.mode = step->a[1] ? PIT_ALIAS_REPLY : PIT_ALIAS_EXPLICIT), false);
    log_result(s, "ok");
}

static void step_amon(struct seat *s, const struct step *step)
{
    static const uint8_t modes[] = {PIT_ALIAS_EXPLICIT, PIT_ALIAS_DEMONITOR,
                                    PIT_ALIAS_REPLY_DEMONITOR};
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    make_ref(s, step->a[1], pit_monitor_with(to, .alias = modes[step->a[2]]), false);
    behind_the_dead(s, step->a[0], to);
    log_result(s, "ok");
}

static void step_asend(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (!target_ref(s, step->a[0], &ref))
        return;
    pit_send(ref, note, .number = step->a[1]);
    log_result(s, "ok");
}

static void step_unalias(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref))
        log_result(s, truth(pit_unalias(ref)));
}

static void step_susp(struct seat *s, const struct step *step)
{
    enum { NO_WAIT = 1, ONCE = 2 };
    unsigned flags = (step->a[1] & NO_WAIT ? PIT_SUSPEND_NO_WAIT : 0) |
                     (step->a[1] & ONCE ? PIT_SUSPEND_ONCE : 0);
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    int r = pit_suspend(to, flags); /* suspended already, with ONCE: false there */
    behind_the_dead(s, step->a[0], to);
    log_result(s, r == 0 ? "true" : r == -EALREADY ? "false" : "badarg");
}

static void step_resume(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (target(s, step->a[0], &to))
        log_result(s, pit_resume(to) == 0 ? "true" : "badarg");
}

static void step_timer(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[1], &to))
        return;
    make_ref(s, step->a[2], pit_start_timer(step->a[0], to, (uint64_t)step->a[2]), false);
    log_result(s, "ok");
}

static void step_after(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[1], &to))
        return;
    make_ref(s, step->a[3], pit_send_after(step->a[0], to, note, .number = step->a[2]), false);
    log_result(s, "ok");
}

static void step_cancel(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref))
        log_result(s, pit_cancel_timer(ref) >= 0 ? "left" : "false");
}

static void step_read(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref))
        log_result(s, pit_read_timer(ref) >= 0 ? "left" : "false");
}

/*
 * Rule TIMER-4 (README.md): what was asked of a timer before this has been answered. The answer
 * comes from the process that it belongs to, so it is here when that has answered a question more
 * (SIG-1).
 */
static void await_answer(pit_ref timer) { (void)pit_is_alive(timer.owner); }

static void step_acancel(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref)) {
        log_result(s, pit_cancel_timer_async(ref, step->a[1]) == 0 ? "ok" : "system_limit");
        await_answer(ref);
    }
}

static void step_aread(struct seat *s, const struct step *step)
{
    pit_ref ref;

    if (target_ref(s, step->a[0], &ref)) {
        log_result(s, pit_read_timer_async(ref) == 0 ? "ok" : "system_limit");
        await_answer(ref);
    }
}

static void step_info(struct seat *s, const struct step *step)
{
    char text[MAX_TEXT];
    pit_pid pid;

    if (!target(s, step->a[0], &pid))
        return;
    counts_text(pid, text);
    if (!step->a[1] && strchr(text, 'q')) { /* without the queue */
        char *q = strchr(text, 'q'), *rest = q + 1 + strspn(q + 1, "0123456789");

        memmove(q, rest, strlen(rest) + 1);
    }
    log_result(s, text);
}

static void step_yield(struct seat *s, const struct step *step)
{
    pit_yield();
    log_result(s, "ok");
}

static const struct {
    const char *name;
    void (*run)(struct seat *s, const struct step *step);
} steps[] = {
    {"send", step_send},       {"nsend", step_nsend},     {"link", step_link},
    {"unlink", step_unlink},   {"trylink", step_trylink}, {"trap", step_trap},
    {"exit", step_exit},       {"kill", step_kill},       {"mon", step_mon},
    {"nmon", step_nmon},       {"demon", step_demon},     {"alive", step_alive},
    {"where", step_where},     {"reg", step_reg},         {"unreg", step_unreg},
    {"recv", step_recv},       {"recvk", step_recvk},     {"waitk", step_waitk},
    {"recvx", step_recvx},     {"recvr", step_recvr},     {"spawn", step_spawn},
    {"timer", step_timer},     {"after", step_after},     {"cancel", step_cancel},
    {"read", step_read},       {"info", step_info},       {"yield", step_yield},
    {"alias", step_alias},     {"amon", step_amon},       {"asend", step_asend},
    {"unalias", step_unalias}, {"susp", step_susp},       {"resume", step_resume},
    {"acancel", step_acancel}, {"aread", step_aread},     {"spawnreq", step_spawnreq},
    {"abandon", step_abandon},
};

/* ---- a process */

/* false: the script's last step is to return. */
static bool run_script(struct seat *s, const struct script *script)
{
    for (int i = 0; i < script->count; i++) {
        const struct step *step = &script->steps[i];
        size_t n = 0;

        if (strcmp(step->name, "return") == 0)
            return false;
        if (s->noise && chance(&s->chance, s->noise) == 0)
            pit_yield();
        while (n < sizeof steps / sizeof steps[0] && strcmp(steps[n].name, step->name) != 0)
            n++;
        if (n < sizeof steps / sizeof steps[0])
            steps[n].run(s, step);
        else
            log_result(s, "no such step");
        s->steps++;
    }
    return true;
}

static void drain(struct seat *s)
{
    const pit_msg *m;

    while ((m = pit_receive(0)))
        log_message(s, m, -1);
}

static void process_loop(struct seat *s)
{
    for (;;) {
        struct tell c =
            *(const struct tell *)pit_payload(pit_receive_type(&pit_type_tell, PIT_INFINITY));

        if (c.what == CONTROL_DRAIN)
            drain(s);
        else if (!run_script(s, &s->run->program->phase[c.phase].scripts[c.script]))
            return;
        pit_send(s->run->coordinator, done, .process = s->process);
    }
}

void process_body(const void *seat)
{
    struct seat s = *(const struct seat *)seat;

    process_loop(&s);
}

void process_handler(void *seat, const pit_msg *m)
{
    process_loop(seat);
    pit_exit(pit_atom("normal"));
}
