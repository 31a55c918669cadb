/*
 * Interprets programs (README.md has the language) on pitboss, and prints the outcomes seen.
 * interpret.erl is the twin.
 *
 *   interpret IN OUT RUNS SEED WORKERS [--pit +S N]
 *
 * Every program of IN is run RUNS times; OUT gets a line `Id <tab> Count <tab> Outcome` for each
 * distinct outcome. Workers run beside each other, each with its own program; the coordinator of a
 * run is the worker's own process.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/differential/run.h"

enum { HANG = 30000, MAX_OUTCOME = 16384 }; /* ms in which a phase ends, or the program hangs */

struct node {
    char **lines; /* each is taken by one worker, and taken apart by it */
    int count, runs, workers;
    uint64_t seed;
    FILE *out;
    _Atomic(int) next; /* a number, handed out by read-modify-write: relaxed */
};

static struct node node;

/* ---- the coordinator of a run */

struct coordinator {
    struct run *run;
    uint64_t chance;
    unsigned alive; /* bits: those whose end is not known */
    unsigned dones; /* bits: those that have said so since they were last asked */
    bool hang;
    bool probed;
    pit_ref probe, watch[MAX_PROCESSES];
    char ends[MAX_PROCESSES][MAX_TEXT]; /* "": not ended */
    char counts[MAX_PROCESSES][MAX_TEXT];
};

static pit_pid pid_of(struct run *run, int p)
{
    return (pit_pid){atomic_load_explicit(&run->pids[p], memory_order_relaxed)};
}

static void took_down(struct coordinator *c, const struct pit_down *down)
{
    c->probed |= pit_ref_equal(c->probe, down->ref);
    for (int p = 1; p < MAX_PROCESSES; p++)
        if (pit_ref_equal(c->watch[p], down->ref)) {
            c->alive &= ~(1u << p);
            atomic_fetch_or_explicit(&c->run->ended, 1u << p, memory_order_relaxed);
            pit_term_print(c->ends[p], MAX_TEXT, down->reason);
        }
}

static void took_born(struct coordinator *c, const struct born *b)
{
    c->watch[b->process] = pit_monitor(b->pid);
    c->alive |= 1u << b->process;
    pit_send(b->parent, tell, .what = CONTROL_NOTED, .phase = 0, .script = 0);
}

/* One message to the coordinator. false: none came in time. */
static bool take(struct coordinator *c, int limit)
{
    const pit_msg *m = pit_receive(limit);

    if (pit_is(m, done))
        c->dones |= 1u << pit_as(m, done)->process;
    else if (pit_is(m, born))
        took_born(c, pit_as(m, born));
    else if (m)
        took_down(c, pit_as(m, pit_down));
    return m;
}

static void until_done(struct coordinator *c, unsigned wanted)
{
    while (wanted & c->alive & ~c->dones && !c->hang)
        c->hang = !take(c, HANG);
    c->dones = 0;
}

static void until_ended(struct coordinator *c, unsigned wanted)
{
    while (wanted & c->alive && !c->hang)
        c->hang = !take(c, HANG);
}

/* Whoever asks for a process that is gone is answered by the scheduler that has its slot: wait
   behind him. */
static void ask_the_dead(struct coordinator *c, pit_pid dead)
{
    c->probe = pit_monitor(dead);
    c->probed = false;
    while (!c->probed && !c->hang)
        c->hang = !take(c, HANG);
}

/*
 * Until all that was sent has been handled: two rounds of questions in which nobody is found to
 * have ended. Questions go the way of signals and are behind them, since whoever sent those has
 * said that it is done; and what a process answered to a signal (about a timer) is behind its
 * answer to the first round, so before the second.
 */
static void settle(struct coordinator *c)
{
    unsigned dying, before;
    int quiet = 0;

    do {
        before = c->alive;
        dying = 0;
        while (take(c, 0))
            ;
        for (int p = 1; p < MAX_PROCESSES; p++)
            if (c->ends[p][0])
                ask_the_dead(c, pid_of(c->run, p));
        for (int p = 1; p < MAX_PROCESSES; p++)
            if (c->alive >> p & 1 && !pit_is_alive(pid_of(c->run, p)))
                dying |= 1u << p;
        until_ended(c, dying);
        quiet = c->alive == before ? quiet + 1 : 0;
    } while (quiet < 2 && !c->hang);
}

static bool has_short_timer(const struct script *script)
{
    for (int i = 0; i < script->count; i++) {
        const struct step *s = &script->steps[i];

        if ((strcmp(s->name, "timer") == 0 || strcmp(s->name, "after") == 0) && s->a[0] < 100)
            return true;
    }
    return false;
}

static void run_phase(struct coordinator *c, int number)
{
    const struct phase *phase = &c->run->program->phase[number];
    unsigned here = 0, from = chance(&c->chance, (uint32_t)phase->count);
    bool timed = false;

    for (int i = 0; i < phase->count; i++) {
        int at = (int)(from + (unsigned)i) % phase->count;
        const struct script *script = &phase->scripts[at];

        if (!(c->alive >> script->process & 1))
            continue;
        here |= 1u << script->process;
        timed |= has_short_timer(script);
        pit_send(pid_of(c->run, script->process), tell, .what = CONTROL_RUN, .phase = number,
                 .script = at);
    }
    until_done(c, here);
    if (timed)
        pit_sleep(6);
    settle(c);
}

static void start(struct coordinator *c)
{
    static const uint32_t noises[] = {0, 0, 2, 5};
    static const uint8_t priorities[] = {PIT_PRIORITY_LOW, PIT_PRIORITY_NORMAL, PIT_PRIORITY_NORMAL,
                                         PIT_PRIORITY_HIGH};
    const struct program *program = c->run->program;
    uint32_t noise = noises[chance(&c->chance, 4)];

    for (int p = 1; p <= program->processes; p++) {
        if (program->deferred >> p & 1)
            continue;
        struct seat seat = {.run = c->run, .process = p, .noise = noise, .chance = c->chance};
        pit_spawn_opts opts = {.monitor = true,
                               .ret_ref = &c->watch[p],
                               .priority = priorities[chance(&c->chance, 4)],
                               .scheduler = chance(&c->chance, 2) ? PIT_ANYWHERE : 0};
        pit_pid pid = chance(&c->chance, 2)
                          ? pit_try_spawn(process_body, &seat, sizeof seat, opts)
                          : pit_try_spawn_handler(process_handler, &seat, sizeof seat, opts);
        atomic_store_explicit(&c->run->pids[p], pit_must(pid).id, memory_order_relaxed);
        c->alive |= 1u << p;
    }
}

static void drained(struct coordinator *c)
{
    unsigned wanted = c->alive;

    for (int p = 1; p < MAX_PROCESSES; p++)
        if (wanted >> p & 1) {
            counts_text(pid_of(c->run, p), c->counts[p]);
            pit_send(pid_of(c->run, p), tell, .what = CONTROL_DRAIN, .phase = 0, .script = 0);
        }
    until_done(c, wanted);
}

static void killed(struct coordinator *c)
{
    for (int p = 1; p < MAX_PROCESSES; p++)
        if (c->alive >> p & 1)
            pit_exit_process(pid_of(c->run, p), pit_atom("kill"));
    c->hang = false;
    until_ended(c, c->alive);
}

/* ---- the outcome as text */

struct text {
    size_t length;
    char s[MAX_OUTCOME];
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(t->s + t->length, sizeof t->s - t->length, format, args);
    va_end(args);
    t->length += n > 0 ? (size_t)n : 0;
    if (t->length >= sizeof t->s)
        t->length = sizeof t->s - 1;
}

static void add_process(struct text *t, struct run *run, pit_pid pid)
{
    for (int p = 1; p < MAX_PROCESSES; p++)
        if (pid.id && pid_of(run, p).id == pid.id) {
            add(t, "p%d", p);
            return;
        }
    add(t, "p?");
}

/* Returns its number, 0: nobody's. */
static int add_ref(struct text *t, struct run *run, pit_ref ref)
{
    pit_ref made;

    for (int r = 1; r < MAX_REFS; r++)
        if (made_ref(run, r, &made) && pit_ref_equal(made, ref)) {
            add(t, "r%d", r);
            return r;
        }
    add(t, "r?");
    return 0;
}

/* A timeout says the number of its timer's reference. Who was ended in the call that started the
   timer has not written the reference down: then nobody else's is meant. */
static void add_timer(struct text *t, struct run *run, const struct event *e)
{
    pit_ref made;

    if (e->number > 0 && e->number < MAX_REFS && !made_ref(run, e->number, &made))
        add(t, "r%d", e->number);
    else
        add_ref(t, run, e->ref);
}

static void add_event(struct text *t, struct run *run, const struct event *e)
{
    int r;

    if (e->step < 0)
        add(t, "q:");
    else
        add(t, "%d:", e->step);
    switch (e->kind) {
    case EVENT_RESULT:
        add(t, "%s", e->text);
        break;
    case EVENT_NOTE:
        add(t, "note(%d)", e->number);
        break;
    case EVENT_EXIT:
        add(t, "exit(");
        add_process(t, run, e->pid);
        add(t, ",%s)", e->text);
        break;
    case EVENT_DOWN:
        add(t, "down(");
        r = add_ref(t, run, e->ref);
        if (run->made[r].by_name) {
            add(t, ",name,%s)", e->text);
            break;
        }
        add(t, ",");
        add_process(t, run, e->pid);
        add(t, ",%s)", e->text);
        break;
    case EVENT_TIMEOUT:
        add(t, "timeout(");
        add_timer(t, run, e);
        add(t, ",%d)", e->number);
        break;
    case EVENT_CANCELLED:
    case EVENT_READ:
        add(t, e->kind == EVENT_CANCELLED ? "cancelled(" : "left(");
        add_ref(t, run, e->ref);
        add(t, ",%s)", e->number ? "left" : "false");
        break;
    }
}

static void add_log(struct text *t, struct run *run, int p)
{
    int n = atomic_load_explicit(&run->logs[p].count, memory_order_acquire);

    add(t, "%d[", p);
    for (int i = 0; i < n; i++) {
        add(t, i ? " " : "");
        add_event(t, run, &run->logs[p].events[i]);
    }
    add(t, "]");
}

static void outcome(struct coordinator *c, struct text *t)
{
    if (c->hang)
        add(t, "HANG ");
    for (int p = 1; p <= c->run->program->processes; p++) {
        if (c->hang && !(c->alive >> p & 1))
            continue;
        if (!c->hang && p > 1)
            add(t, " ");
        add_log(t, c->run, p);
        if (c->hang)
            continue;
        if (strcmp(c->ends[p], "noproc") == 0)
            add(t, "?");
        else if (c->ends[p][0])
            add(t, "%s", c->ends[p]);
        else if (c->counts[p][0])
            add(t, "alive(%s)", c->counts[p]);
        else
            add(t, "unborn");
    }
}

/* ---- many runs of many programs */

static void run_once(const struct program *program, int worker, uint64_t seed, struct text *ret)
{
    struct run *run = pit_alloc(sizeof *run);
    struct coordinator c = {.run = run, .chance = seed};

    run->program = program;
    run->worker = worker;
    run->coordinator = pit_self();
    ret->length = 0;
    start(&c);
    settle(&c);
    for (int i = 0; i < program->phases && !c.hang; i++)
        run_phase(&c, i);
    if (!c.hang)
        drained(&c);
    outcome(&c, ret);
    killed(&c);
    if (!c.hang) /* else somebody may still write to it */
        pit_free(run);
}

struct seen {
    int count;
    char *text;
};

/* How many distinct ones there are in seen[0..n) with this one. */
static int see(struct seen *seen, int n, const char *text)
{
    int i = 0;

    while (i < n && strcmp(seen[i].text, text) != 0)
        i++;
    if (i == n) {
        seen[i].count = 0;
        seen[i].text = pit_alloc(strlen(text) + 1);
        memcpy(seen[i].text, text, strlen(text) + 1);
        n++;
    }
    seen[i].count++;
    return n;
}

static void print_seen(int id, struct seen *seen, int n, struct text *buffer)
{
    for (int i = 0; i < n; i++) {
        buffer->length = 0;
        add(buffer, "%d\t%d\t%s\n", id, seen[i].count, seen[i].text);
        fputs(buffer->s, node.out); /* one call, one line: workers write side by side */
        pit_free(seen[i].text);
    }
}

static void worker(const void *arg)
{
    int number = *(const int *)arg, i;
    struct program *program = pit_alloc(sizeof *program);
    struct seen *seen = pit_alloc(sizeof *seen * (size_t)node.runs);
    struct text *text = pit_alloc(sizeof *text);

    while ((i = atomic_fetch_add_explicit(&node.next, 1, memory_order_relaxed)) < node.count) {
        int n = 0;

        if (!program_parse(node.lines[i], program)) {
            fprintf(stderr, "interpret: line %d is no program\n", i + 1);
            exit(2);
        }
        for (int r = 1; r <= node.runs; r++) {
            run_once(program, number, node.seed ^ (uint64_t)program->id << 32 ^ (uint64_t)r << 16,
                     text);
            n = see(seen, n, text->s);
        }
        print_seen(program->id, seen, n, text);
    }
}

static int first(int argc, char **argv)
{
    for (int w = 0; w < node.workers; w++) {
        pit_ref ref;

        (void)pit_spawn_with(worker, &w, sizeof w, .monitor = true, .ret_ref = &ref,
                             .scheduler = PIT_ANYWHERE);
    }
    for (int w = 0; w < node.workers; w++) {
        const struct pit_down *down = pit_receive_only(pit_down, PIT_INFINITY);

        if (!pit_atom_is(down->reason, "normal")) {
            fprintf(stderr, "interpret: a worker ended with %s\n", pit_term_text(down->reason));
            return 1;
        }
    }
    return 0;
}

static void read_lines(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, lines = 0;

    if (!f) {
        perror(path);
        exit(2);
    }
    while (getline(&line, &room, f) > 0) {
        if (lines == (size_t)node.count) {
            lines = lines * 2 + 64;
            node.lines = realloc(node.lines, lines * sizeof *node.lines);
        }
        line[strcspn(line, "\n")] = '\0';
        node.lines[node.count++] = strdup(line);
    }
    free(line);
    fclose(f);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: interpret IN OUT RUNS SEED WORKERS [--pit FLAG...]\n");
        return 2;
    }
    read_lines(argv[1]);
    node.out = fopen(argv[2], "w");
    if (!node.out) {
        perror(argv[2]);
        return 2;
    }
    node.runs = atoi(argv[3]);
    node.seed = strtoull(argv[4], NULL, 10);
    node.workers = atoi(argv[5]);
    pit_log_level_set(PIT_LOG_NONE);
    int status = pit_main(argc, argv, first);
    if (fclose(node.out) != 0)
        status = 1;
    for (int i = 0; i < node.count; i++)
        free(node.lines[i]);
    free(node.lines);
    return status;
}
