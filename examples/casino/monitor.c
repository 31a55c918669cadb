/* The monitor; see monitor.h. */
#include "examples/casino/monitor.h"

#include "examples/casino/route.h"
#include "examples/casino/table.h"

PIT_MESSAGE(monitor_tick);

#define PING_EVERY_MS 1000
#define PING_WAIT_MS 500
#define ILL_AFTER_NS (INT64_C(3) * 1000000000) /* without an answer: two pings, and their wait */

struct watched {
    pit_pid pid; /* PIT_NO_PID: gone, and its successor is awaited */
    pit_ref monitor;
    bool up;
    int64_t answered; /* pit_now() of its last answer */
    struct table_ping_reply last;
};

struct monitor {
    uint32_t tables;
    struct watched watched[ROUTE_TABLES];
};

static int init(struct monitor *self, const void *arg)
{
    self->tables = (uint32_t)((const struct options *)arg)->tables;
    for (uint32_t n = 0; n < self->tables; n++)
        self->watched[n].answered = pit_now(); /* it has the time that a restart has */
    pit_server_resume();
    return 0;
}

/*
 * Watch whoever is this table now, if we do not watch one. Nobody: its supervisor is about to start
 * it. A table has its name before it announces itself, so who is not found here announces itself
 *     later, and is met then.
 */
static void meet(struct monitor *self, uint32_t n)
{
    struct watched *w = &self->watched[n];

    if (!pit_pid_equal(w->pid, PIT_NO_PID))
        return;
    w->pid = pit_whereis(table_name(n).s);
    if (!pit_pid_equal(w->pid, PIT_NO_PID))
        w->monitor = pit_monitor(w->pid);
}

/* Told by each successor, however soon it ends itself: looking from time to time would miss
   some. */
static void on_started(struct monitor *self, const struct monitor_started *m)
{
    if (m->table >= self->tables)
        return;
    pit_log(PIT_LOG_NOTICE, "%s is back", table_name(m->table).s);
    meet(self, m->table); /* else its predecessor's end is not told yet: then */
}

static void ping(struct monitor *self, uint32_t n)
{
    struct watched *w = &self->watched[n];
    int r;

    if (pit_pid_equal(w->pid, PIT_NO_PID))
        return; /* being looked for */
    r = table_try_ping(w->pid, PING_WAIT_MS, &w->last);
    if (r == -ETIMEDOUT && w->up)
        pit_log(PIT_LOG_WARNING, "%s does not answer", table_name(n).s);
    w->up = r == 0;
    if (w->up)
        w->answered = pit_now();
}

static void ping_all(struct monitor *self)
{
    for (uint32_t n = 0; n < self->tables; n++)
        ping(self, n);
    (void)pit_send_after(PING_EVERY_MS, pit_self(), monitor_tick); /* it ends with us */
}

static void resume(struct monitor *self)
{
    for (uint32_t n = 0; n < self->tables; n++)
        meet(self, n);
    ping_all(self);
}

static void gone(struct monitor *self, const struct pit_down *down)
{
    for (uint32_t n = 0; n < self->tables; n++) {
        struct watched *w = &self->watched[n];
        char reason[512];

        if (pit_pid_equal(w->pid, PIT_NO_PID) || !pit_ref_equal(w->monitor, down->ref))
            continue;
        (void)pit_term_print(reason, sizeof(reason), down->reason);
        pit_log(PIT_LOG_WARNING, "%s ended: %s", table_name(n).s, reason);
        w->pid = PIT_NO_PID;
        w->up = false;
        meet(self, n); /* if its supervisor was faster than the news of the end */
    }
}

static void on_state(struct monitor *self, const struct monitor_state *m,
                     struct monitor_state_reply *r)
{
    r->tables = self->tables;
    for (uint32_t n = 0; n < self->tables; n++) {
        r->up += self->watched[n].up;
        r->well += pit_now() - self->watched[n].answered < ILL_AFTER_NS;
        r->keys += self->watched[n].last.keys;
        r->bytes += self->watched[n].last.bytes;
        r->commands += self->watched[n].last.commands;
    }
}

static void info(struct monitor *self, const pit_msg *m)
{
    if (pit_is(m, monitor_tick))
        ping_all(self);
    else if (pit_is(m, pit_down))
        gone(self, pit_as(m, pit_down));
    else
        pit_unexpected(m);
}

PIT_SERVER(monitor, struct monitor, .init = init, .info = info, .resume = resume);

pit_pid monitor_start_link(const struct options *o)
{
    return pit_server_start_with(&monitor_server, o, sizeof(*o), .link = true, .name = "monitor");
}
