/*
 * Chameneos: creatures meet in pairs in a mall and change their colours. Many processes contend for
 * one.
 */
#include "bench/savina/savina.h"

PIT_MESSAGE(chameneos_meet, (uint8_t, colour)); /* to the mall: I am here */
PIT_MESSAGE(chameneos_partner, (uint8_t, colour),
            (pit_pid, other));                    /* to who came first: whom it met */
PIT_MESSAGE(chameneos_change, (uint8_t, colour)); /* to who came second: what it is now */
PIT_MESSAGE(chameneos_close);                     /* to each: it is over */

struct mall {
    pit_pid first, waiting;
    uint64_t left;
};

static void mall(void *state, const pit_msg *m)
{
    struct mall *self = state;

    if (!pit_is(m, chameneos_meet))
        return; /* pit_start */
    if (self->left == 0) {
        pit_send(m->from, chameneos_close);
    } else if (pit_pid_equal(self->waiting, PIT_NO_PID)) {
        self->waiting = m->from;
    } else {
        uint8_t colour = pit_as(m, chameneos_meet)->colour;

        pit_send(self->waiting, chameneos_partner, .colour = colour, .other = m->from);
        self->waiting = PIT_NO_PID;
        self->left--;
    }
}

struct creature {
    pit_pid mall, first;
    uint64_t met;
    uint8_t colour;
};

/* Two of one colour keep it, two of different colours take the third. */
static uint8_t mixed(uint8_t a, uint8_t b) { return a == b ? a : (uint8_t)(3 - a - b); }

static void creature(void *state, const pit_msg *m)
{
    struct creature *self = state;

    if (pit_is(m, chameneos_close)) {
        pit_send(self->first, bench_done, .count = self->met);
        bench_end();
    } else if (pit_is(m, chameneos_partner)) {
        const struct chameneos_partner *p = pit_as(m, chameneos_partner);

        self->colour = mixed(self->colour, p->colour);
        self->met++;
        pit_send(p->other, chameneos_change, .colour = self->colour);
    } else if (pit_is(m, chameneos_change)) {
        self->colour = pit_as(m, chameneos_change)->colour;
        self->met++;
    }
    pit_send(self->mall, chameneos_meet, .colour = self->colour); /* also on pit_start */
}

static void run(const uint64_t *params)
{
    uint64_t creatures = params[0], meetings = params[1];
    struct mall arg = {.first = pit_self(), .left = meetings};

    BENCH_CHECK(creatures >= 2 && meetings > 0);
    int64_t since = pit_now();
    pit_pid hall = pit_spawn_handler_link(mall, &arg, sizeof arg);
    for (uint64_t i = 0; i < creatures; i++) {
        struct creature one = {.mall = hall, .first = pit_self(), .colour = (uint8_t)(i % 3)};

        pit_spawn_handler_link(creature, &one, sizeof one);
    }
    uint64_t met = bench_wait_done(creatures);
    savina_report(since, "meetings_per_s", meetings);
    savina_expect("meetings, counted by each of a pair", met, 2 * meetings);
}

const struct savina savina_chameneos = {
    .name = "chameneos",
    .what = "creatures meet in pairs in a mall",
    .run = run,
    .params = {{"creatures", 100, 2, SAVINA_FIXED}, {"meetings", 200000, 1, SAVINA_LINEAR}},
};
