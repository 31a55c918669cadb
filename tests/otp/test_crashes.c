/*
 * Goal: however often, however and with whatever in its hands a supervised process crashes, it is
 * started again, and nothing is left behind: memory, descriptors, slots, timers, relations and I/O
 * under way are what they were. 1,000,000 crashes with PIT_TEST_LONG=1; docs/isolation.md has the
 * figures.
 * Method: a supervisor with SEATS children of three kinds. Whoever starts tells the test, who
 * watches it and tells it how to crash and what to hold then; each way to hold comes with each kind
 * of fault in each kind of body. After a warm-up, and again at the end, when all seats wait, the
 * node is counted. Exactly: descriptors, sockets, operations in the kernel, slots, timers, live
 * blocks, links and monitors, and malloc's bytes (meson.build switches off what malloc keeps for
 * each thread). Resident memory by a bound, see RSS_MOST. Under sanitizers abort and assert are
 * their own, and malloc and resident memory too: these are left to the other builds.
 */
#include "tests/runtime/node.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/mman.h>
#include <stdio.h>
#include <unistd.h>

#include <pit/supervisor.h>
#include <pit/tcp.h>

#include "tests/runtime/faults.h"
#include "tests/runtime/holdings.h"

/*
 * What schedulers keep for themselves is kept between crashes, so it is there after the warm-up,
 * but for what depends on how many processes happened to end at once: a stack's touched pages
 * (overflow touches all 16), a socket's buffers, a pool's chunk of 256 KiB a scheduler. A leak of
 * two bytes a crash would be twice this bound in the long run.
 */
#define RSS_MOST (1 << 20)
#define WARM_STACK INT64_C(8192) /* the pages of one that a crash ran on */
#define SEATS 12

PIT_MESSAGE(up, (int, seat));
PIT_MESSAGE(crash, (int, fault), (int, holding));
PIT_MESSAGE(rest);
PIT_MESSAGE(number, (int64_t, n));

enum holding { NOTHING, MEMORY, TIMERS, RELATIONS, CONNECTION, QUEUE, ALL, HOLDINGS };
static const char *const holding_names[HOLDINGS] = {
    "nothing",        "memory",      "timers", "relations", "receive and accept under way",
    "send under way", "all of these"};

static pit_pid judge, anchor; /* the test itself, and one that lives through all */

/* ---- what it holds */

static void hold_memory(void)
{
    memset(pit_alloc(100), 1, 100);
    (void)pit_alloc(20000);
    (void)pit_new(number);
    (void)pit_build("{a, [term, <<\"that stands in memory of its own\">>]}");
    pit_send(pit_self(), number, .n = 1);
    (void)pit_keep(pit_receive_type(&pit_type_number, A_WHILE));
    pit_send(pit_self(), number, .n = 2); /* is never received */
}

/* Its own end with it; one that is for somebody else fires all the same. */
static void hold_timers(void)
{
    for (int i = 0; i < 3; i++) {
        (void)pit_start_timer(100000 * (i + 1), pit_self(), i);
        (void)pit_start_timer(10 * (i + 1), anchor, i);
    }
}

static void hold_relations(void)
{
    pit_link(anchor);
    (void)pit_monitor(anchor);
    (void)pit_monitor(pit_self());
}

struct pair {
    pit_listener listener;
    pit_tcp client, server;
};

/* All three stay open. */
static struct pair hold_pair(pit_tcp_opts opts)
{
    struct pair p = {.listener = pit_must(pit_tcp_listen("127.0.0.1:0"))};
    char text[PIT_ADDRESS_TEXT];
    pit_address a;

    CHECK_EQ(pit_tcp_local(p.listener, &a), 0);
    p.client =
        pit_must(pit_tcp_connect_opts(pit_address_text(&a, text, sizeof text), A_WHILE, opts));
    /* takes this one, and is armed for the next */
    p.server = pit_must(pit_tcp_accept_timeout(p.listener, A_WHILE));
    return p;
}

/* The kernel has a receive of each end and an accept, and one end has bytes that nobody will
   read. */
static void hold_connection(void)
{
    struct pair p = hold_pair((pit_tcp_opts){0});

    CHECK_EQ(pit_tcp_active(p.client, PIT_TCP_ONCE), 0);
    CHECK_EQ(pit_tcp_active(p.server, PIT_TCP_ONCE), 0);
    pit_sleep(0); /* what is armed is submitted when the scheduler is in its loop */
    CHECK_EQ(pit_tcp_send_copy(p.server, "unread", 6), 0);
}

/* The kernel has a send that does not end, for nobody reads; more waits behind it. */
static void hold_queue(void)
{
    static const char bytes[16384];
    struct pair p =
        hold_pair((pit_tcp_opts){.send_buffer = 4096, .receive_buffer = 4096, .no_wait = true});

    while (pit_tcp_send_copy(p.client, bytes, sizeof bytes) == 0)
        pit_yield();
    pit_sleep(0);
}

static void hold(int holding)
{
    if (holding == MEMORY || holding == ALL)
        hold_memory();
    if (holding == TIMERS || holding == ALL)
        hold_timers();
    if (holding == RELATIONS || holding == ALL)
        hold_relations();
    if (holding == CONNECTION || holding == ALL)
        hold_connection();
    if (holding == QUEUE || holding == ALL)
        hold_queue();
}

static void do_crash(const pit_msg *m)
{
    struct crash c = *pit_as(m, crash);

    hold(c.holding);
    kinds[c.fault].fault();
    CHECK(!"lived on");
}

/* ---- who crashes: a body with a stack, a handler, and a handler that blocked before and so has a
   stack */

static void body(const void *arg)
{
    pit_send(judge, up, .seat = *(const int *)arg);
    do_crash(pit_receive_type(&pit_type_crash, PIT_INFINITY));
}

static void handler(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start))
        pit_send(judge, up, .seat = *(const int *)state);
    else if (pit_is(m, crash))
        do_crash(m);
}

static void blocking_handler(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start)) {
        pit_send(judge, up, .seat = *(const int *)state);
        do_crash(pit_receive_type(&pit_type_crash, PIT_INFINITY));
    }
}

static pit_pid start_seat(const void *arg)
{
    int seat = *(const int *)arg;
    pit_spawn_opts opts = {.link = true, .scheduler = PIT_ANYWHERE};

    if (seat % 3 == 0)
        return pit_try_spawn(body, &seat, sizeof seat, opts);
    return pit_try_spawn_handler(seat % 3 == 1 ? handler : blocking_handler, &seat, sizeof seat,
                                 opts);
}

#define SEAT(n)                                                                      \
    {                                                                                \
        .id = "seat " #n, .start = start_seat, .arg = &(int){n}, .size = sizeof(int) \
    }

static pit_sup_spec seats(const void *arg)
{
    return (pit_sup_spec){.strategy = PIT_ONE_FOR_ONE,
                          .intensity = 1000000000,
                          .period = 1,
                          .children =
                              PIT_CHILDREN(SEAT(0), SEAT(1), SEAT(2), SEAT(3), SEAT(4), SEAT(5),
                                           SEAT(6), SEAT(7), SEAT(8), SEAT(9), SEAT(10), SEAT(11))};
}

static void anchor_body(const void *arg)
{
    (void)pit_trap_exit(true); /* what was linked to it has ended */
    for (;;)
        (void)pit_receive(PIT_INFINITY);
}

/* ---- counting the node */

struct count {
    struct holdings node;
    int64_t descriptors, sockets, processes, slots, relations, malloced, warm_stacks, resident,
        resident_slots;
};

static int64_t descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int64_t n = 0;

    CHECK(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static int64_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size, pages = 0;

    CHECK(f && fscanf(f, "%ld %ld", &size, &pages) == 2);
    fclose(f);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Stacks that have memory: in use, or pooled. */
static int64_t warm_stacks(void)
{
    struct pit__stack_usage u;

    pit__stack_usage(&u);
    return (int64_t)(u.made - u.cold);
}

static int64_t relations_of(pit_pid pid)
{
    pit_process_info info;

    CHECK_EQ(pit_process_info_of(pid, &info), 0);
    return (int64_t)(info.links + info.monitors + info.monitored_by);
}

/* Of the table of slots: a huge page becomes resident whole. */
static int64_t resident_slots(void)
{
    static unsigned char pages[64 * 1024]; /* 256 MiB, far beyond what lives here */
    size_t bytes = atomic_load(&pit__slots.used) * sizeof(struct pit__process), n;
    int64_t found = 0;

    bytes = (bytes + (2u << 20) - 1) / (2u << 20) * (2u << 20);
    if (bytes > pit__slots.reserved)
        bytes = pit__slots.reserved;
    n = bytes / 4096;
    CHECK(n <= sizeof pages);
    CHECK_EQ(mincore(pit__slots.base, bytes, pages), 0);
    for (size_t i = 0; i < n; i++)
        found += pages[i] & 1;
    return found * 4096;
}

static struct count count(pit_pid sup)
{
    struct count c = {.node = holdings_now()};

    c.relations = relations_of(sup) + relations_of(anchor) + relations_of(pit_self());
    c.sockets = (int64_t)pit_tcp_count();
    c.processes = (int64_t)pit__node_processes();
    c.slots = atomic_load(&pit__slots.used);
    c.descriptors = descriptors();
    c.malloced = pit_test_sanitized() ? 0 : (int64_t)mallinfo2().uordblks;
    c.warm_stacks = warm_stacks();
    c.resident = resident();
    c.resident_slots = resident_slots();
    return c;
}

static void print_count(const char *when, const struct count *c)
{
    printf("    %s: %lld descriptors, %lld sockets, %lld operations in the kernel, %lld processes, "
           "%lld slots (%lld free), "
           "%lld timers, %lld links and monitors, %lld bytes of blocks, %lld bytes of malloc's, "
           "%lld KiB resident\n",
           when, (long long)c->descriptors, (long long)c->sockets, (long long)c->node.operations,
           (long long)c->processes, (long long)c->slots, (long long)c->node.free_slots,
           (long long)c->node.timers, (long long)c->relations, (long long)c->node.block_bytes,
           (long long)c->malloced, (long long)c->resident / 1024);
}

/* All but the resident memory. */
static bool same(const struct count *a, const struct count *b)
{
    return a->descriptors == b->descriptors && a->sockets == b->sockets &&
           a->node.operations == b->node.operations && a->processes == b->processes &&
           a->slots - a->node.free_slots == b->slots - b->node.free_slots &&
           a->node.timers == b->node.timers && a->relations == b->relations &&
           a->node.block_bytes == b->node.block_bytes && a->malloced == b->malloced;
}

/* What is under way comes to rest: until it is the same twenty times in a row, and the kernel has
   nothing of ours. (While sockets close, a timer of each scheduler looks after them once a
   second.) */
static struct count count_at_rest(pit_pid sup)
{
    struct count before = count(sup), now;
    int64_t until = pit_now() + A_WHILE * INT64_C(1000000);

    for (int quiet = 0; quiet < 20 && pit_now() < until; before = now) {
        pit_sleep(10);
        now = count(sup);
        quiet = same(&before, &now) && !now.node.operations ? quiet + 1 : 0;
    }
    return before;
}

/* ---- many crashes */

static int64_t by_fault[KINDS], by_holding[HOLDINGS];

/* The i-th: every fault with every holding. I/O costs a hundred times the rest: one crash in eight
   has some. */
static struct crash nth_crash(int64_t i)
{
    int64_t turn = i / KINDS;
    struct crash c = {.fault = (int)(i % KINDS),
                      .holding = turn % 8 ? (int)(turn % CONNECTION)
                                          : CONNECTION + (int)(turn / 8 % (HOLDINGS - CONNECTION))};

    while (!usable(c.fault))
        c.fault = (c.fault + 1) % KINDS;
    by_fault[c.fault]++;
    by_holding[c.holding]++;
    return c;
}

static struct seat {
    pit_pid pid;
    pit_ref ref;
    int fault; /* what it was last told */
} table[SEATS];
static int waiting[SEATS], waiters;

static void expect_reason(const struct seat *seat)
{
    const pit_msg *m = pit_receive_ref(seat->ref, A_WHILE);
    const char *text, *wanted = kinds[seat->fault].reason;

    CHECK(m);
    text = text_of(pit_as(m, pit_down)->reason);
    if (strncmp(text, wanted, strlen(wanted)) != 0)
        pit_test_fail(__FILE__, __LINE__, "%s is not %s...", text, wanted);
}

/* The next one that is started sits down. */
static void welcome(void)
{
    const pit_msg *m = pit_receive_type(&pit_type_up, A_WHILE);
    pit_pid pid;
    int n;

    CHECK(m);
    pid = m->from;
    n = pit_as(m, up)->seat;
    if (table[n].pid.id)
        expect_reason(&table[n]);
    table[n].pid = pid;
    table[n].ref = pit_monitor(pid);
    waiting[waiters++] = n;
}

static void crash_often(int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        struct crash c = nth_crash(i);
        struct seat *seat;

        while (!waiters)
            welcome();
        seat = &table[waiting[--waiters]];
        seat->fault = c.fault;
        pit_send(seat->pid, crash, .fault = c.fault, .holding = c.holding);
    }
    while (waiters < SEATS)
        welcome();
}

static void print_crashes(int64_t n, int64_t ns)
{
    printf("    %lld crashes and restarts in %.1f s on %u schedulers\n", (long long)n,
           (double)ns / 1e9, pit__node.count);
    for (int i = 0; i < KINDS; i++)
        printf("    %8lld by %s\n", (long long)by_fault[i], kinds[i].name);
    for (int i = 0; i < HOLDINGS; i++)
        printf("    %8lld that held %s\n", (long long)by_holding[i], holding_names[i]);
}

static void crash_and_count(void)
{
    int64_t n = (int64_t)pit_test_scale(pit_test_sanitized() ? 1000 : 20000, 1000000), since, grown;
    struct count before, after;
    pit_pid sup;

    map_a_file();
    judge = pit_self();
    anchor = pit_spawn(anchor_body, NULL, 0);
    sup = pit_must(pit_supervisor_start_link(seats, NULL, 0));
    while (waiters < SEATS)
        welcome();
    crash_often(pit_test_sanitized() ? 500 : 20000);
    before = count_at_rest(sup);

    memset(by_fault, 0, sizeof by_fault);
    memset(by_holding, 0, sizeof by_holding);
    since = pit_now();
    crash_often(n);
    since = pit_now() - since;
    after = count_at_rest(sup);

    print_crashes(n, since);
    print_count("before", &before);
    print_count("after ", &after);
    (void)fflush(stdout);
    CHECK_EQ(after.descriptors, before.descriptors);
    CHECK_EQ(after.sockets, 0);
    CHECK_EQ(before.node.operations, 0);
    CHECK_EQ(after.node.operations, 0);
    CHECK_EQ(after.processes, before.processes);
    CHECK_EQ(after.slots - after.node.free_slots, before.slots - before.node.free_slots);
    CHECK(after.slots <= 10000 * (int64_t)pit__node.count); /* a scheduler keeps 8192 free ones */
    CHECK_EQ(after.node.timers, before.node.timers);
    CHECK_EQ(after.relations, before.relations);
    CHECK_EQ(after.node.block_bytes, before.node.block_bytes);
    CHECK_EQ(after.malloced, before.malloced);
    /* What pools keep for later is not lost: how much depends on which scheduler was how far ahead
       of the other. */
    grown = (after.resident - before.resident) - (after.resident_slots - before.resident_slots) -
            (after.node.chunk_bytes - before.node.chunk_bytes) -
            (after.warm_stacks - before.warm_stacks) * WARM_STACK;
    if (!pit_test_sanitized() && grown > RSS_MOST)
        pit_test_fail(__FILE__, __LINE__, "%lld KiB more are resident", (long long)grown / 1024);
    pit_unlink(sup);
    CHECK_EQ(pit_server_stop(sup, pit_atom("shutdown"), A_WHILE), 0);
    pit_exit_process(anchor, pit_atom("kill"));
    expect_alone();
}

/*
 * What malloc's caches of each thread hold free counts as given out in mallinfo2, and is some KiB
 * more or less by chance. Without them its figure is exact. Only the environment can say so, before
 * malloc begins: once more, then.
 */
__attribute__((constructor)) static void without_caches(int argc, char **argv)
{
    if (pit_test_sanitized() || getenv("GLIBC_TUNABLES"))
        return;
    if (setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) == 0)
        (void)execv("/proc/self/exe",
                    argv); /* refused: the figure may be off, and the case says so */
}

static void run(int schedulers)
{
    pit_log_level_set(PIT_LOG_NONE); /* each crash would be reported, twice */
    node_run((struct node_case){.body = crash_and_count, .schedulers = schedulers});
}

PIT_TEST_WITHIN(crashes_leave_nothing_behind_on_1, 120) { run(1); }
PIT_TEST_WITHIN(crashes_leave_nothing_behind_on_2, 120) { run(2); }
