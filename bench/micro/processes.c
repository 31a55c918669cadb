/*
 * What processes do besides sending: start, end, take turns, ask, watch each other, find each other
 * by name, wait for time, and have memory. One scheduler, so that nothing but the operation is in
 * the figure.
 */
#include <pit/pit.h>

#include "bench/bench.h"
#include "bench/micro/loops.h"

struct job {
    pit_pid first;
    uint64_t n;
};

static uint64_t counted; /* by processes of one scheduler: they run one after the other */

/* Half of the switches are to the other process, half are back. */
static void yield_often(const void *arg)
{
    const struct job *self = arg;

    for (uint64_t i = 0; i < self->n; i++)
        pit_yield();
    pit_send(self->first, bench_done, .count = self->n);
}

void micro_switch(uint64_t n, uint64_t size)
{
    struct job arg = {.first = pit_self(), .n = n / 2};

    micro_begin();
    for (int i = 0; i < 2; i++)
        pit_spawn_link(yield_often, &arg, sizeof arg);
    BENCH_CHECK(bench_wait_done(2) == n / 2 * 2);
    micro_end();
}

static void count_one(const struct job *self)
{
    if (++counted == self->n)
        pit_send(self->first, bench_done, .count = self->n);
}

static void count_and_end(void *state, const pit_msg *m)
{
    count_one(state);
    bench_end();
}

/* One more than were asked for stands in the run queue before the first process. */
static void check_counted(uint64_t n)
{
    pit_yield();
    BENCH_CHECK(counted == n);
}

static void count_on_stack(const void *arg) { count_one(arg); }

void micro_spawn_exit(uint64_t n, uint64_t size)
{
    struct job arg = {.first = pit_self(), .n = n};

    counted = 0;
    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        pit_spawn_handler(count_and_end, &arg, sizeof arg);
    BENCH_CHECK(bench_wait_done(1) == n);
    micro_end();
    check_counted(n);
}

void micro_spawn_exit_stack(uint64_t n, uint64_t size)
{
    struct job arg = {.first = pit_self(), .n = n};

    counted = 0;
    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        pit_spawn(count_on_stack, &arg, sizeof arg);
    BENCH_CHECK(bench_wait_done(1) == n);
    micro_end();
    check_counted(n);
}

/* ---- calls */

#define micro_counter_protocol(CALL, CAST) CALL(next, (), ((uint64_t, number)))
PIT_PROTOCOL(micro_counter);

struct micro_counter {
    uint64_t next;
};

static void on_next(struct micro_counter *self, const struct micro_counter_next *m,
                    struct micro_counter_next_reply *r)
{
    r->number = self->next++;
}

static int init(struct micro_counter *self, const void *arg) { return 0; }

PIT_SERVER(micro_counter, struct micro_counter, .init = init);

void micro_call(uint64_t n, uint64_t size)
{
    pit_pid server = pit_must(pit_server_start_link(&micro_counter_server, NULL, 0));

    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(micro_counter_next(server).number == i);
    micro_end();
}

/* ---- links, monitors, names */

static void stay(void *state, const pit_msg *m) {}
static void end_at_once(void *state, const pit_msg *m) { bench_end(); }

void micro_link(uint64_t n, uint64_t size)
{
    pit_pid other = pit_spawn_handler(stay, NULL, 0);
    pit_process_info info;

    pit_link(other); /* one whose end is not awaited at once: that it was there at all */
    BENCH_CHECK(pit_process_info_of(other, &info) == 0 && info.links == 1);
    pit_unlink(other);
    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        pit_link(other);
        pit_unlink(other);
    }
    BENCH_CHECK(pit_process_info_of(other, &info) == 0 && info.links == 0);
    micro_end();
}

void micro_monitor(uint64_t n, uint64_t size)
{
    pit_pid other = pit_spawn_handler(stay, NULL, 0);

    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_demonitor(pit_monitor(other), PIT_DEMONITOR_FLUSH) == 1);
    micro_end();
}

void micro_spawn_monitor_down(uint64_t n, uint64_t size)
{
    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        pit_ref ref;
        pit_pid p = pit_spawn_handler_with(end_at_once, NULL, 0, .monitor = true, .ret_ref = &ref);

        BENCH_CHECK(pit_pid_equal(pit_as(pit_receive_ref(ref, PIT_INFINITY), pit_down)->pid, p));
    }
    micro_end();
}

void micro_whereis(uint64_t n, uint64_t size)
{
    pit_pid other = pit_spawn_handler(stay, NULL, 0);

    BENCH_CHECK(pit_register("micro_whereis", other) == 0);
    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_pid_equal(pit_whereis("micro_whereis"), other));
    micro_end();
}

void micro_register(uint64_t n, uint64_t size)
{
    pit_pid other = pit_spawn_handler(stay, NULL, 0);

    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_register("micro_register", other) == 0 &&
                    pit_unregister("micro_register") == 0);
    micro_end();
}

/* ---- time and memory */

void micro_timer(uint64_t n, uint64_t size)
{
    pit_pid self = pit_self();

    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_cancel_timer(pit_start_timer(5000, self, i)) > 0);
    micro_end();
    BENCH_CHECK(!pit_receive(0));
}

/* Due at once, a hundred at a time: what is measured is the timer, not the waiting for it. */
void micro_timer_fire(uint64_t n, uint64_t size)
{
    pit_pid self = pit_self();
    uint64_t sum = 0, wanted = 0;

    micro_begin();
    for (uint64_t i = 0; i < n; i += 100) {
        for (uint64_t j = i; j < i + 100 && j < n; j++) {
            pit_start_timer(0, self, j);
            wanted += j;
        }
        for (uint64_t j = i; j < i + 100 && j < n; j++)
            sum += pit_receive_only(pit_timeout, PIT_INFINITY)->value;
    }
    micro_end();
    BENCH_CHECK(sum == wanted && !pit_receive(0));
}

void micro_alloc(uint64_t n, uint64_t size)
{
    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        uint8_t *memory = pit_alloc(size);

        BENCH_CHECK(memory[0] == 0 && memory[size - 1] == 0);
        memory[0] = memory[size - 1] = 1; /* so that the next one must be zeroed */
        pit_free(memory);
    }
    micro_end();
}
