/*
 * Goal: whatever many processes do to each other at random, the rules hold together: order and
 * conservation of messages of each pair, none to a later life of a slot, one DOWN a monitor, one
 * message a timer and never early, both sides of every link and monitor agree in the end, and slots
 * and blocks come back.
 * Method: actors, half of them stackful and half callbacks, take random steps from a seed: send,
 * call, link, unlink, monitor, demonitor, exit, spawn, timers, traps, names. Each keeps a model of
 * what it must still hear of and fails the test when it hears anything else. When the budget of
 * steps is used up, rounds of questions from each to each let all signals arrive; then the books
 * are compared.
 */
#include "tests/runtime/node.h"

#include "tests/runtime/holdings.h"

#include "runtime/signal.h"

PIT_MESSAGE(note, (pit_pid, from), (pit_pid, to),
            (uint64_t, n));       /* n counts from 1 for each pair */
PIT_MESSAGE(late, (pit_pid, to)); /* of a timer */
PIT_MESSAGE(tick);
PIT_MESSAGE(question, (uint64_t, n));
PIT_MESSAGE(settle, (pit_pid, who), (bool, last));
PIT_MESSAGE(settled, (pit_pid, who));

enum {
    POPULATION = 40,
    /* cells of pids that actors find each other by; the dead stay in them for a while */
    KNOWN = 48,
    PEERS = 256, /* that one actor exchanges notes with in its life */
    WATCHED = 16,
    TIMERS = 16,
};

static _Atomic(int64_t) known[KNOWN];
static _Atomic(int64_t) budget;
static _Atomic(uint64_t) births;

struct peer {
    int64_t pid;
    uint64_t sent, got;
};

struct watch {
    pit_ref ref;
    pit_pid target;
    bool open;
    bool fired; /* demonitor said that its DOWN is in the queue already */
};

struct timer {
    pit_ref ref;
    int64_t due;
    bool open;
};

struct actor {
    uint64_t chance;
    unsigned peer_count;
    struct peer peers[PEERS * 2];
    struct watch watches[WATCHED];
    struct timer timers[TIMERS];
};

static uint64_t below(struct actor *a, uint64_t n) { return pit_test_random_below(&a->chance, n); }

/* ---- the model of one actor */

static struct peer *peer_of(struct actor *a, pit_pid pid)
{
    unsigned i = (unsigned)((uint64_t)pid.id * 0x9e3779b97f4a7c15u >> 40) % (PEERS * 2);

    while (a->peers[i].pid && a->peers[i].pid != pid.id)
        i = (i + 1) % (PEERS * 2);
    if (!a->peers[i].pid) {
        if (a->peer_count == PEERS)
            pit_exit(pit_atom("knows_enough"));
        a->peer_count++;
        a->peers[i].pid = pid.id;
    }
    return &a->peers[i];
}

static void heard_note(struct actor *a, const pit_msg *m)
{
    const struct note *n = pit_as(m, note);

    CHECK(pit_pid_equal(n->to, pit_self())); /* not for an earlier life of this slot */
    CHECK(pit_pid_equal(n->from, m->from));
    CHECK_EQ(n->n, ++peer_of(a, n->from)->got); /* SIG-1, and none is lost */
}

static void heard_down(struct actor *a, const pit_msg *m)
{
    const struct pit_down *d = pit_as(m, pit_down);

    for (struct watch *w = a->watches; w < a->watches + WATCHED; w++)
        if (w->open && pit_ref_equal(w->ref, d->ref)) {
            CHECK(pit_pid_equal(w->target, d->pid));
            w->open = false;
            return;
        }
    CHECK(!"a DOWN of a monitor that fired before, was taken back, or never was");
}

static void heard_timeout(struct actor *a, const pit_msg *m)
{
    const struct pit_timeout *t = pit_as(m, pit_timeout);

    CHECK(pit_pid_equal(t->timer.owner, pit_self()));
    if (t->value == 0)
        return; /* another's for us */
    for (struct timer *i = a->timers; i < a->timers + TIMERS; i++)
        if (i->open && pit_ref_equal(i->ref, t->timer)) {
            CHECK(pit_now() >= i->due);
            i->open = false;
            return;
        }
    CHECK(!"a timer that fired before, was cancelled, or never was");
}

static void settling(struct actor *a, const struct settle *s);

static void heard(struct actor *a, const pit_msg *m)
{
    if (pit_is(m, note))
        heard_note(a, m);
    else if (pit_is(m, pit_down))
        heard_down(a, m);
    else if (pit_is(m, pit_timeout))
        heard_timeout(a, m);
    else if (pit_is(m, late))
        CHECK(pit_pid_equal(pit_as(m, late)->to, pit_self()));
    else if (pit_is(m, question)) {
        struct question answer = {pit_as(m, question)->n + 1};

        if (answer.n % 16) /* else it is forgotten: -PIT_EBADCALL */
            CHECK_EQ(pit_answer(m, &pit_type_question, &answer), 0);
    } else if (pit_is(m, settle))
        settling(a, pit_as(m, settle));
    else
        CHECK(pit_is(m, pit_exited) || pit_is(m, tick));
}

/* ---- steps */

static void actor_body(const void *arg);
static void actor_handler(void *state, const pit_msg *m);

static void make_known(struct actor *a, pit_pid p) { atomic_store(&known[below(a, KNOWN)], p.id); }

static pit_pid born(struct actor *a, pit_spawn_opts o)
{
    uint64_t seed = pit_test_random(&a->chance), n = atomic_fetch_add(&births, 1);
    pit_pid p;

    o.scheduler = n % 3 ? PIT_ANYWHERE : 0;
    p = n % 2 ? pit_try_spawn(actor_body, &seed, sizeof seed, o)
              : pit_try_spawn_handler(actor_handler, &(struct actor *){(void *)(uintptr_t)seed},
                                      sizeof(void *), o);
    CHECK(p.id > 0 || pit_error(p) == -PIT_ENAMETAKEN);
    if (p.id > 0)
        make_known(a, p);
    return p;
}

static struct watch *free_watch(struct actor *a)
{
    struct watch *w = &a->watches[below(a, WATCHED)];

    return w->open ? NULL : w;
}

static void step_spawn(struct actor *a)
{
    struct watch *w = free_watch(a);
    pit_spawn_opts o = {
        .link = below(a, 3) == 0, .monitor = w != NULL, .ret_ref = w ? &w->ref : NULL};
    pit_pid p;

    if (pit__node_processes() > 2 * POPULATION)
        return;
    if (below(a, 4) == 0)
        o.name = below(a, 2) ? "one_name" : "another_name";
    p = born(a, o);
    if (w && p.id > 0)
        *w = (struct watch){.ref = w->ref, .target = p, .open = true};
}

static void step_demonitor(struct actor *a)
{
    struct watch *w = &a->watches[below(a, WATCHED)];
    bool flush = below(a, 2);

    if (!w->open || w->fired)
        return;
    if (pit_demonitor(w->ref, flush ? PIT_DEMONITOR_FLUSH : 0) || flush)
        w->open = false;
    else
        w->fired = true; /* it is there, and will be heard */
}

static void step_timer(struct actor *a, pit_pid other)
{
    struct timer *t = &a->timers[below(a, TIMERS)];
    int64_t ms = (int64_t)below(a, 4);

    if (below(a, 3) == 0 && other.id) {
        if (below(a, 2))
            (void)pit_start_timer(ms, other, 0);
        else
            (void)pit_send_after(ms, other, late, .to = other);
    } else if (t->open) {
        if (pit_cancel_timer(t->ref) >= 0)
            t->open = false;
    } else {
        t->due = pit_now() + ms * 1000000;
        t->ref = pit_start_timer(ms, pit_self(), 1);
        t->open = true;
    }
}

static void step_call(struct actor *a, pit_pid other)
{
    struct question q = {below(a, 1000)}, answer = {0};
    int r = pit_try_call(other, &pit_type_question, &q, (int64_t)below(a, 3), &pit_type_question,
                         &answer);

    CHECK(r == 0 || r == -ETIMEDOUT || r == -PIT_ENOPROC || r == -PIT_EBADCALL || r == -EDEADLK);
    CHECK(r != 0 || answer.n == q.n + 1);
}

static void step_exit(struct actor *a, pit_pid other)
{
    switch (below(a, 40)) {
    case 0:
        pit_exit(pit_build("{ended, ~}", a->chance % 100));
        break;
    case 1:
        pit_exit_process(other, pit_atom("kill"));
        break;
    case 2:
    case 3:
        pit_exit_process(other, pit_build("{told, ~}", a->chance % 100));
        break;
    default:
        pit_exit_process(other, pit_atom("normal"));
        break;
    }
}

static void step_name(struct actor *a, pit_pid other)
{
    const char *name = below(a, 2) ? "one_name" : "another_name";
    int r;

    switch (below(a, 3)) {
    case 0:
        r = pit_register(name, other);
        CHECK(r == 0 || r == -PIT_ENAMETAKEN || r == -PIT_ENOPROC);
        break;
    case 1:
        r = pit_unregister(name);
        CHECK(r == 0 || r == -PIT_ENOPROC);
        break;
    default:
        other = pit_whereis(name);
        pit_send(other, late, .to = other);
        break;
    }
}

static void step(struct actor *a)
{
    pit_pid other = {atomic_load(&known[below(a, KNOWN)])};
    struct watch *w;

    if (!other.id)
        other = pit_self();
    switch (below(a, 24)) {
    case 0:
    case 1:
        (void)pit_try_link(other);
        break;
    case 2:
    case 3:
        pit_unlink(other);
        break;
    case 4:
    case 5:
        if ((w = free_watch(a)) && !pit_pid_equal(other, pit_self()))
            *w = (struct watch){.ref = pit_monitor(other), .target = other, .open = true};
        break;
    case 6:
    case 7:
        step_demonitor(a);
        break;
    case 8:
        step_exit(a, other);
        break;
    case 9:
        step_spawn(a);
        break;
    case 10:
    case 11:
        step_timer(a, other);
        break;
    case 12:
        step_call(a, other);
        break;
    case 13:
        (void)pit_trap_exit(below(a, 3) != 0);
        break;
    case 14:
        (void)pit_is_alive(other);
        break;
    case 15:
        pit_yield();
        break;
    case 16:
        step_name(a, other);
        break;
    case 17:
        pit_sleep(0);
        break;
    default:
        for (uint64_t i = below(a, 10); i--;)
            pit_send(other, note, .from = pit_self(), .to = other, .n = ++peer_of(a, other)->sent);
    }
}

static bool may_step(void)
{
    return atomic_fetch_sub_explicit(&budget, 1, memory_order_relaxed) > 0;
}

static struct actor *actor_new(uint64_t seed)
{
    struct actor *a = pit_alloc(sizeof *a);

    a->chance = seed;
    (void)pit_trap_exit(below(a, 4) != 0);
    return a;
}

static void actor_body(const void *arg)
{
    struct actor *a = actor_new(*(const uint64_t *)arg);

    for (;;) {
        bool more = may_step();
        const pit_msg *m;

        if (more)
            step(a);
        while ((m = pit_receive(more ? 0 : PIT_INFINITY)))
            heard(a, m);
    }
}

static void actor_handler(void *state, const pit_msg *m)
{
    struct actor **a = state;

    if (pit_is(m, pit_start)) {
        *a = actor_new((uintptr_t)*a);
        pit_send(pit_self(), tick);
        return;
    }
    heard(*a, m);
    if (!pit_is(m, tick))
        return;
    for (int i = 0; i < 4; i++)
        if (may_step())
            step(*a);
        else
            return;
    pit_send(pit_self(), tick);
}

/* ---- the end: every signal has arrived, and the books agree */

/* Our signals to each of the others have been handled when it has answered. */
static void ask_all(void)
{
    pit_pid all[4 * POPULATION];
    size_t n = pit_processes(all, 4 * POPULATION);

    CHECK(n <= 4 * POPULATION);
    for (size_t i = 0; i < n; i++)
        (void)pit_is_alive(all[i]);
}

static void settling(struct actor *a, const struct settle *s)
{
    pit_pid who = s->who;
    bool last = s->last;

    ask_all();
    for (struct watch *w = a->watches; last && w < a->watches + WATCHED; w++)
        if (w->open && !pit_is_alive(w->target)) {
            CHECK(pit_receive_ref(w->ref, A_WHILE)); /* one that has ended is heard of */
            w->open = false;
        }
    for (struct timer *t = a->timers; last && t < a->timers + TIMERS; t++)
        if (t->open) {
            CHECK(pit_cancel_timer(t->ref) >= 0 || pit_receive_ref(t->ref, A_WHILE));
            t->open = false;
        }
    pit_send(who, settled, .who = pit_self());
}

/* A round: each actor asks each. Returns how many of them ended meanwhile. */
static size_t settle_round(bool last)
{
    pit_pid all[4 * POPULATION];
    pit_ref refs[4 * POPULATION] = {0};
    size_t n = pit_processes(all, 4 * POPULATION), ended = 0;

    CHECK(n <= 4 * POPULATION);
    for (size_t i = 0; i < n; i++)
        if (!pit_pid_equal(all[i], pit_self())) {
            refs[i] = pit_monitor(all[i]);
            pit_send(all[i], settle, .who = pit_self(), .last = last);
        }
    for (size_t left = n - 1; left; left--) {
        const pit_msg *m = pit_receive(2 * A_WHILE);

        CHECK(m);
        CHECK(pit_is(m, pit_down) || pit_is(m, settled));
        ended += pit_is(m, pit_down);
        for (size_t i = 0; pit_is(m, settled) && i < n; i++)
            if (pit_pid_equal(all[i], pit_as(m, settled)->who)) {
                if (!pit_demonitor(refs[i], PIT_DEMONITOR_FLUSH))
                    ended++;
                break;
            }
    }
    return ended;
}

struct tie {
    pit_pid peer;
    unsigned links, monitors, monitored_by;
};

static void count_ties(struct pit__sched *s, struct pit__process *p, const void *in, void *out)
{
    struct tie *t = out;

    *t = (struct tie){.peer = *(const pit_pid *)in};
    for (const struct pit__relation *r = p ? p->relations.first : NULL; r; r = r->next)
        if (r->peer == t->peer.id) {
            t->links += r->block.kind == PIT__R_LINK && !r->extra;
            t->monitors += r->block.kind == PIT__R_MONITOR;
            t->monitored_by += r->block.kind == PIT__R_MONITORED_BY;
        }
}

static struct tie tie(pit_pid of, pit_pid to)
{
    struct pit__process *me = pit__enter();
    struct tie t;

    CHECK_EQ(pit__request(pit__thread(), me, of, count_ties, &to, sizeof to, &t, sizeof t), 0);
    pit__leave();
    return t;
}

/* LINK-8, MON-1: what one side knows, the other does. */
static void compare_books(void)
{
    pit_pid all[4 * POPULATION];
    size_t n = pit_processes(all, 4 * POPULATION);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            struct tie a = tie(all[i], all[k]), b = tie(all[k], all[i]);

            CHECK_EQ(a.links, b.links);
            CHECK(a.links <= 1);
            CHECK_EQ(a.monitors, b.monitored_by);
            CHECK_EQ(a.monitored_by, b.monitors);
        }
}

/* Before the first round: what the node's own start has still under way would count, and be missed
   afterwards. */
static int64_t bytes_at_rest(void)
{
    for (struct holdings before = holdings_now(), now;; before = now) {
        pit_sleep(5);
        now = holdings_now();
        if (now.block_bytes == before.block_bytes && now.free_slots == before.free_slots &&
            now.free_slots == (int64_t)atomic_load(&pit__slots.used) - 2) /* index 0, and we */
            return now.block_bytes;
    }
}

/* Blocks are on their way home while we count, and slots between schedulers: until it is as it
   should be. */
static void expect_all_returned(int64_t bytes)
{
    for (int64_t until = pit_now() + A_WHILE * INT64_C(1000000);;) {
        struct holdings now = holdings_now();

        if (now.block_bytes == bytes &&
            now.free_slots == (int64_t)atomic_load(&pit__slots.used) - 2) /* index 0, and we */
            return;
        if (pit_now() > until)
            pit_test_fail(__FILE__, __LINE__,
                          "%lld bytes of blocks are live, and were %lld; %lld slots of %u are free",
                          (long long)now.block_bytes, (long long)bytes, (long long)now.free_slots,
                          atomic_load(&pit__slots.used));
        pit_sleep(1);
    }
}

/* ---- a run */

static void round_of(uint64_t seed, int64_t steps)
{
    struct actor *a = actor_new(seed);
    pit_pid all[4 * POPULATION];
    size_t n;

    (void)pit_trap_exit(false);
    atomic_store(&budget, steps);
    while (atomic_load(&budget) > 0) {
        if (pit__node_processes() < POPULATION)
            (void)born(a, (pit_spawn_opts){0});
        else
            pit_sleep(1);
    }
    /* Twice in a row nobody ended: then no signal is under way. */
    for (int quiet = 0; quiet < 2;)
        quiet = settle_round(false) ? 0 : quiet + 1;
    CHECK_EQ(settle_round(true), 0);
    compare_books();
    n = pit_processes(all, 4 * POPULATION);
    for (size_t i = 0; i < n; i++)
        if (!pit_pid_equal(all[i], pit_self()))
            pit_exit_process(all[i], pit_atom("kill"));
    expect_alone();
    for (size_t i = 0; i < KNOWN; i++)
        atomic_store(&known[i], 0);
    expect_empty();
    pit_free(a);
}

NODE_CASE(whatever_processes_do_at_random_the_books_agree)
{
    uint64_t chance = pit_test_seed();
    int64_t steps = (int64_t)pit_test_scale(pit_test_sanitized() ? 6000 : 60000, 4000000), before;

    expect_alone();
    before = bytes_at_rest();
    for (int i = 0; i < 3; i++) {
        round_of(pit_test_random(&chance), steps);
        expect_all_returned(before);
    }
}
