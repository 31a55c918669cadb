/* What each step does, and the process that does it. interpret.erl is the twin: see there for the same names. */
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

/* As catch link(P): to one that traps exits the missing is a message, to another an error. LINK-2. */
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

static void step_mon(struct seat *s, const struct step *step)
{
    pit_pid to;

    if (!target(s, step->a[0], &to))
        return;
    make_ref(s, step->a[1], pit_monitor(to), false);
    /* Of one that is known to be gone its scheduler sends the DOWN; Erlang makes it at once. This answer is behind it. */
    if (atomic_load_explicit(&s->run->ended, memory_order_relaxed) >> step->a[0] & 1)
        (void)pit_is_alive(to);
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

static void step_spawn(struct seat *s, const struct step *step)
{
    enum { LINK = 1, MONITOR = 2 };
    int process = step->a[0], how = step->a[1];
    struct seat child = {.run = s->run, .process = process, .noise = s->noise};
    pit_ref ref;

    if (atomic_load_explicit(&s->run->pids[process], memory_order_relaxed) != 0) {
        log_result(s, "again");
        return;
    }
    child.chance = s->chance + 1;
    pit_spawn_opts opts = {.link = how & LINK,
                           .monitor = how & MONITOR,
                           .ret_ref = &ref,
                           .scheduler = chance(&s->chance, 2) ? PIT_ANYWHERE : 0};
    pit_pid pid = chance(&s->chance, 2)
                      ? pit_try_spawn(process_body, &child, sizeof child, opts)
                      : pit_try_spawn_handler(process_handler, &child, sizeof child, opts);
    if (how & MONITOR)
        make_ref(s, step->a[2], ref, false);
    atomic_store_explicit(&s->run->pids[process], pit_must(pid).id, memory_order_relaxed);
    pit_send(s->run->coordinator, born, .process = process, .pid = pid, .parent = pit_self());
    (void)pit_receive_type(&pit_type_tell, PIT_INFINITY); /* noted */
    log_result(s, "ok");
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
    {"send", step_send},     {"nsend", step_nsend},     {"link", step_link},
    {"unlink", step_unlink}, {"trylink", step_trylink}, {"trap", step_trap},
    {"exit", step_exit},     {"kill", step_kill},       {"mon", step_mon},
    {"nmon", step_nmon},     {"demon", step_demon},     {"alive", step_alive},
    {"where", step_where},   {"reg", step_reg},         {"unreg", step_unreg},
    {"recv", step_recv},     {"recvk", step_recvk},     {"waitk", step_waitk},
    {"recvx", step_recvx},   {"recvr", step_recvr},     {"spawn", step_spawn},
    {"timer", step_timer},   {"after", step_after},     {"cancel", step_cancel},
    {"read", step_read},     {"info", step_info},       {"yield", step_yield},
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
