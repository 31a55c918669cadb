/*
 * Signals to who is blocked in I/O: one that waits in an accept, a read or a write is linked to,
 * watched, asked, suspended and told to exit like one that waits in a receive, and whom an exit
 * signal does not end goes on with its I/O.
 */
#include "tests/runtime/node.h"

#include <pit/info.h>
#include <pit/tcp.h>

enum where { IN_ACCEPT, IN_READ, IN_WRITE };

struct blocker {
    pit_pid parent;
    enum where where;
    bool trap;
};

PIT_MESSAGE(listens, (uint16_t, port));
PIT_MESSAGE(has_accepted);

static char block[1 << 20]; /* more than both ends take before somebody reads */
static const pit_tcp_opts small = {.send_buffer = 4096, .receive_buffer = 4096};

/* 0: any that is free. */
static const char *address(char text[PIT_ADDRESS_TEXT], uint16_t port)
{
    snprintf(text, PIT_ADDRESS_TEXT, "%s:%u", pit_test_loopback(), port);
    return text;
}

static void blocks(const void *arg)
{
    const struct blocker *b = arg;
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = pit_must(pit_tcp_listen_opts(address(text, 0), small));
    pit_address a;
    pit_tcp s;
    char got[4];

    pit_trap_exit(b->trap);
    CHECK_EQ(pit_tcp_local(l, &a), 0);
    pit_send(b->parent, listens, .port = a.port);
    s = pit_must(pit_tcp_accept(l));
    pit_send(b->parent, has_accepted);
    if (b->where == IN_READ)
        CHECK_EQ(pit_tcp_read_exactly(s, got, sizeof got, PIT_INFINITY), (int)sizeof got);
    if (b->where == IN_WRITE)
        CHECK_EQ(pit_tcp_write(s, block, sizeof block), 0);
    CHECK_STR(text_of(pit_receive_only(pit_exited, A_WHILE)->reason), "stop");
    pit_exit(pit_atom("done"));
}

static pit_tcp connect_to(uint16_t port)
{
    char text[PIT_ADDRESS_TEXT];

    return pit_must(pit_tcp_connect_opts(address(text, port), A_WHILE, small));
}

/* It stops there sooner or later; the harness's limit ends a test that waits in vain. */
static pit_process_info once_it_is(pit_pid p, enum pit_process_status status)
{
    pit_process_info info;

    for (;;) {
        CHECK_EQ(pit_process_info_of(p, &info), 0);
        if (info.status == status)
            return info;
        pit_sleep(1);
    }
}

/* All but the exit signal. It is linked to when they are over. */
static void reach(pit_pid p)
{
    pit_process_info info;
    pit_term status;
    pit_ref ref;

    CHECK_EQ(pit_process_item(p, PIT_INFO_STATUS, &status), 0);
    pit_link(p);
    ref = pit_monitor(p);
    info = once_it_is(p, PIT_WAITING);
    CHECK_EQ(info.links, 1);
    CHECK_EQ(info.monitored_by, 2);
    pit_unlink(p);
    CHECK_EQ(pit_demonitor(ref, 0), 1);
    info = once_it_is(p, PIT_WAITING);
    CHECK_EQ(info.links, 0);
    CHECK_EQ(info.monitored_by, 1);
    CHECK_EQ(pit_suspend(p, 0), 0);
    CHECK_EQ(once_it_is(p, PIT_SUSPENDED).suspended_by, 1);
    CHECK_EQ(pit_resume(p), 0);
    (void)once_it_is(p, PIT_WAITING);
    CHECK(pit_is_alive(p));
    pit_link(p);
}

/* What it waits for comes. */
static void let_go(enum where where, uint16_t port, pit_tcp *c)
{
    static char got[sizeof block];

    if (where == IN_ACCEPT)
        *c = connect_to(port);
    else if (where == IN_READ)
        CHECK_EQ(pit_tcp_write(*c, "data", 4), 0);
    else
        CHECK_EQ(pit_tcp_read_exactly(*c, got, sizeof got, A_WHILE), (int)sizeof got);
}

static void reached(enum where where, bool trap)
{
    struct blocker b = {pit_self(), where, trap};
    pit_monitored m = spawn_watched(blocks, &b, sizeof b);
    uint16_t port = pit_receive_only(listens, A_WHILE)->port;
    pit_tcp c = {0};

    if (where != IN_ACCEPT) {
        c = connect_to(port);
        CHECK(pit_receive_only(has_accepted, A_WHILE));
    }
    (void)once_it_is(m.pid, PIT_WAITING);
    reach(m.pid);
    pit_exit_process(m.pid, pit_atom("stop"));
    if (trap) {
        CHECK_EQ(once_it_is(m.pid, PIT_WAITING).message_count, 1);
        let_go(where, port, &c);
    }
    expect_end(m, trap ? "done" : "stop");
    expect_exited(m.pid, trap ? "done" : "stop");
    if (c.id)
        CHECK_EQ(pit_tcp_close(c), 0);
}

/* SIG-1, EXIT-1, LINK-1, MON-1, INFO-1, SCHED-5 */
NODE_CASE(who_waits_in_an_accept_is_reached)
{
    pit_trap_exit(true);
    reached(IN_ACCEPT, false);
    reached(IN_ACCEPT, true);
}

/* SIG-1, EXIT-1, LINK-1, MON-1, INFO-1, SCHED-5 */
NODE_CASE(who_waits_in_a_read_is_reached)
{
    pit_trap_exit(true);
    reached(IN_READ, false);
    reached(IN_READ, true);
}

/* SIG-1, EXIT-1, LINK-1, MON-1, INFO-1, SCHED-5 */
NODE_CASE(who_waits_in_a_write_is_reached)
{
    pit_trap_exit(true);
    reached(IN_WRITE, false);
    reached(IN_WRITE, true);
}
