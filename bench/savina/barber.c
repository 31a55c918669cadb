/*
 * Sleeping barber: customers enter a waiting room, or find it full and come again; a barber serves
 * one after the other and sleeps when there is none.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(barber_enter,
            (pit_pid, customer)); /* the factory to the room, the room to the barber */
PIT_MESSAGE(barber_full);         /* the room to a customer */
PIT_MESSAGE(barber_returned,
            (pit_pid, customer)); /* a customer to the factory: there was no seat */
PIT_MESSAGE(barber_next);         /* the barber to the room */
PIT_MESSAGE(barber_finished);     /* the barber to a customer */
PIT_MESSAGE(barber_cut);          /* a customer to the factory */

struct room {
    pit_pid barber;
    pit_pid *seats;
    uint64_t size, oldest, waiting;
    bool barber_sleeps;
};

static void call_next(struct room *self)
{
    self->barber_sleeps = self->waiting == 0;
    if (self->barber_sleeps)
        return;
    pit_send(self->barber, barber_enter, .customer = self->seats[self->oldest]);
    self->oldest = (self->oldest + 1) % self->size;
    self->waiting--;
}

static void room(void *state, const pit_msg *m)
{
    struct room *self = state;

    if (pit_is(m, pit_start)) {
        self->seats = pit_alloc(self->size * sizeof *self->seats);
        self->barber_sleeps = true;
    } else if (pit_is(m, barber_next)) {
        call_next(self);
    } else if (self->waiting == self->size) {
        pit_send(pit_as(m, barber_enter)->customer, barber_full);
    } else {
        self->seats[(self->oldest + self->waiting++) % self->size] =
            pit_as(m, barber_enter)->customer;
        if (self->barber_sleeps)
            call_next(self);
    }
}

struct barber {
    uint32_t haircut, random;
};

static void barber(void *state, const pit_msg *m)
{
    struct barber *self = state;

    if (!pit_is(m, barber_enter))
        return; /* pit_start */
    savina_busy(savina_random(&self->random, self->haircut) + 10);
    pit_send(pit_as(m, barber_enter)->customer, barber_finished);
    pit_send(m->from, barber_next);
}

struct customer {
    pit_pid factory;
};

static void customer(void *state, const pit_msg *m)
{
    const struct customer *self = state;

    if (pit_is(m, barber_full)) {
        pit_send(self->factory, barber_returned, .customer = pit_self());
    } else if (pit_is(m, barber_finished)) {
        pit_send(self->factory, barber_cut);
        bench_end();
    }
}

/* The factory is the first process: it makes the customers, sends back those that return, and
   counts the haircuts. */
static void run(const uint64_t *params)
{
    uint64_t haircuts = params[0], cut = 0, returned = 0;
    uint32_t pause = (uint32_t)params[2], random = 1;
    struct barber b = {.haircut = (uint32_t)params[3], .random = 2};
    struct customer c = {.factory = pit_self()};

    BENCH_CHECK(params[1] > 0 && pause > 0 && b.haircut > 0);
    int64_t since = pit_now();
    /* All wait for the barber, and he for the room: they go before those who come again and again
       while he works. */
    struct room r = {.size = params[1],
                     .barber = pit_spawn_handler_with(barber, &b, sizeof b, .link = true,
                                                      .priority = PIT_PRIORITY_HIGH)};
    pit_pid waiting_room =
        pit_spawn_handler_with(room, &r, sizeof r, .link = true, .priority = PIT_PRIORITY_HIGH);
    for (uint64_t i = 0; i < haircuts; i++) {
        pit_send(waiting_room, barber_enter, .customer = pit_spawn_handler(customer, &c, sizeof c));
        savina_busy(savina_random(&random, pause) + 10);
    }
    bench_waits(true); /* for a haircut: who comes again and again is no sign of life */
    while (cut < haircuts) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        if (pit_is(m, barber_cut)) {
            cut++;
            bench_waits(true);
        } else {
            returned++;
            pit_send(waiting_room, barber_enter, .customer = pit_as(m, barber_returned)->customer);
        }
    }
    bench_waits(false);
    savina_report(since, "haircuts_per_s", haircuts);
    bench_report("returned", (double)returned);
    savina_expect("messages after the last haircut", pit_message_count(), 0);
}

const struct savina savina_barber = {
    .name = "barber",
    .what = "customers, a waiting room of bounded size and a barber that sleeps",
    .run = run,
    .params = {{"haircuts", 5000, 1, SAVINA_LINEAR},
               {"room", 1000, 1, SAVINA_LINEAR},
               {"pause", 1000, 1, SAVINA_FIXED},
               {"haircut", 1000, 1, SAVINA_FIXED}},
};
