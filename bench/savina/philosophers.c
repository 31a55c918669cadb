/*
 * Dining philosophers: an arbitrator holds the forks. Who is refused asks again at once.
 */
#include "bench/savina/savina.h"

#define arbitrator_protocol(CALL, CAST)                 \
    CALL(hungry, ((uint32_t, seat)), ((bool, may_eat))) \
    CAST(done, ((uint32_t, seat)))                      \
    CALL(meals, (), ((uint64_t, eaten), (uint64_t, refused)))
PIT_PROTOCOL(arbitrator);

struct arbitrator {
    bool *fork_taken;
    uint32_t seats;
    uint64_t eaten, refused;
};

static int init(struct arbitrator *self, const void *arg)
{
    self->seats = *(const uint32_t *)arg;
    self->fork_taken = pit_alloc(self->seats * sizeof *self->fork_taken);
    return 0;
}

static void on_hungry(struct arbitrator *self, const struct arbitrator_hungry *m,
                      struct arbitrator_hungry_reply *r)
{
    bool *left = &self->fork_taken[m->seat],
         *right = &self->fork_taken[(m->seat + 1) % self->seats];

    r->may_eat = !*left && !*right;
    if (r->may_eat)
        *left = *right = true;
    else
        self->refused++;
}

static void on_done(struct arbitrator *self, const struct arbitrator_done *m)
{
    bool *left = &self->fork_taken[m->seat],
         *right = &self->fork_taken[(m->seat + 1) % self->seats];

    BENCH_CHECK(*left && *right);
    *left = *right = false;
    self->eaten++;
}

static void on_meals(struct arbitrator *self, const struct arbitrator_meals *m,
                     struct arbitrator_meals_reply *r)
{
    *r = (struct arbitrator_meals_reply){.eaten = self->eaten, .refused = self->refused};
}

PIT_SERVER(arbitrator, struct arbitrator, .init = init);

struct philosopher {
    pit_pid arbitrator, first;
    uint32_t seat;
    uint64_t rounds;
};

static void philosopher(const void *arg)
{
    const struct philosopher *self = arg;

    for (uint64_t i = 0; i < self->rounds; i++) {
        while (!arbitrator_hungry(self->arbitrator, self->seat).may_eat)
            ;
        arbitrator_done(self->arbitrator, self->seat);
    }
    /* An answer to this comes after the last `done` was served. */
    (void)arbitrator_meals(self->arbitrator);
    pit_send(self->first, bench_done, .count = self->rounds);
}

static void run(const uint64_t *params)
{
    uint32_t seats = (uint32_t)params[0];
    uint64_t rounds = params[1];

    BENCH_CHECK(seats >= 2);
    int64_t since = pit_now();
    pit_pid arbitrator = pit_must(pit_server_start_link(&arbitrator_server, &seats, sizeof seats));
    for (uint32_t i = 0; i < seats; i++) {
        struct philosopher arg = {
            .arbitrator = arbitrator, .first = pit_self(), .seat = i, .rounds = rounds};

        pit_spawn_link(philosopher, &arg, sizeof arg);
    }
    uint64_t done = bench_wait_done(seats);
    savina_report(since, "meals_per_s", done);
    struct arbitrator_meals_reply meals = arbitrator_meals(arbitrator);
    bench_report("refused", (double)meals.refused);
    savina_expect("meals", meals.eaten, seats * rounds);
}

const struct savina savina_philosophers = {
    .name = "philosophers",
    .what = "philosophers ask an arbitrator for their forks",
    .run = run,
    .params = {{"philosophers", 20, 2, SAVINA_FIXED}, {"rounds", 10000, 1, SAVINA_LINEAR}},
};
