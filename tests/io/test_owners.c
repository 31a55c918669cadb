/*
 * Goal: a socket has one owner, closes with him however he ends, and can be given away on the same
 *   and to another scheduler, at any moment of its life, without a byte lost; nothing is left
 *   behind: descriptors, sockets, processes.
 * Method: owners that end in every way, and chains of owners on two schedulers that pass a busy
 * connection on.
 */
#include "tests/io/node.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/uring.h"

static unsigned descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    CHECK(dir != NULL);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* Closing is in the background: wait for what is to come, the harness's limit ends a test that
   waits in vain. */
static void until_sockets(size_t n)
{
    while (pit_tcp_count() != n)
        pit_sleep(1);
}

/* ---- the end of an owner */

enum how { RETURNS, EXITS, IS_KILLED, IS_KILLED_READING, IS_KILLED_WRITING, HOWS };

struct ending {
    pit_tcp socket;
    enum how how;
};

static void ends(void *state, const pit_msg *m)
{
    struct ending *e = state;
    static char block[100000];
    char b[16];

    if (!pit_is(m, pit_start))
        return;
    CHECK_EQ(pit_tcp_send_copy(e->socket, "bye", 3), 0);
    switch (e->how) {
    case RETURNS:
    case EXITS:
        pit_exit(e->how == EXITS ? pit_atom("failed") : pit_atom("normal"));
    case IS_KILLED_READING:
        (void)pit_tcp_read(e->socket, b, sizeof b, PIT_INFINITY);
        break;
    case IS_KILLED_WRITING:
        for (;;)
            if (pit_tcp_write(e->socket, block, sizeof block) < 0)
                break;
        break;
    default:
        break;
    }
}

NODE_TEST(a_socket_closes_with_its_owner_however_he_ends)
{
    size_t sockets = pit_tcp_count();
    unsigned fds = descriptors();

    for (int round = 0; round < 3; round++)
        for (enum how how = RETURNS; how < HOWS; how++) {
            struct node_pair p =
                node_pair_with((pit_tcp_opts){.linger = how == IS_KILLED_WRITING ? 1 : A_WHILE});
            struct ending e = {p.server, how};
            pit_ref ref;
            char b[16];

            pit_pid owner = pit_must(pit_tcp_try_give_handler(
                p.server, ends, &e, sizeof e, (pit_spawn_opts){.monitor = true, .ret_ref = &ref}));
            CHECK_EQ(pit_tcp_read_exactly(p.client, b, 3, A_WHILE), 3);
            CHECK_EQ(memcmp(b, "bye", 3), 0); /* what was queued when it ended leaves */
            if (how >= IS_KILLED) {
                pit_sleep(how > IS_KILLED ? 10 : 0);
                pit_exit_process(owner, pit_atom("kill"));
            }
            CHECK(pit_receive_ref(ref, A_WHILE) != NULL);
            if (how != IS_KILLED_WRITING)
                CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, A_WHILE), 0);
            CHECK_EQ(pit_tcp_close(p.client), 0);
            until_sockets(sockets);
            CHECK(!pit_is_alive(owner));
        }
    CHECK_EQ(descriptors(), fds);
}

NODE_TEST(ten_thousand_connections_leave_no_descriptor_and_no_socket)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = node_listen(text, sizeof text, (pit_tcp_opts){0});
    unsigned fds = descriptors();
    size_t sockets = pit_tcp_count();
    uint64_t many = pit_test_scale(2000, 100000);

    for (uint64_t i = 0; i < many; i++) {
        char b[4];
        pit_tcp c = pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0});
        CHECK_EQ(pit_error(c), 0);
        pit_tcp s = pit_tcp_accept(l);
        CHECK_EQ(pit_error(s), 0);
        if (i % 3 == 0) {
            CHECK_EQ(pit_tcp_send_copy(c, "hi", 2), 0);
            CHECK_EQ(pit_tcp_read_exactly(s, b, 2, A_WHILE), 2);
        }
        CHECK_EQ(i % 5 ? pit_tcp_close(c) : pit_tcp_abort(c), 0);
        CHECK_EQ(pit_tcp_close(s), 0);
    }
    until_sockets(sockets);
    CHECK_EQ(descriptors(), fds);
}

/* ---- wrong pointers: the fault of the process that named them, and of nobody else */

static void names_no_memory(void *state, const pit_msg *m)
{
    struct ending *e = state;
    void *nowhere = (void *)4096;
    char b;

    if (!pit_is(m, pit_start))
        return;
    switch ((int)e->how) {
    case 0:
        (void)pit_tcp_read(e->socket, nowhere, 100, PIT_INFINITY);
        break;
    case 1:
        (void)pit_tcp_read(e->socket, &b, 1, PIT_INFINITY);
        (void)pit_tcp_send_copy(e->socket, nowhere, 100);
        break;
    case 2:
        (void)pit_tcp_read(e->socket, &b, 1, PIT_INFINITY);
        (void)pit_tcp_send_copy(e->socket, "queued", 6);
        (void)pit_tcp_write(e->socket, nowhere, 300);
        break;
    }
    pit_exit(pit_atom("normal"));
}

NODE_TEST(memory_that_is_not_there_ends_the_process_that_named_it)
{
    for (int how = 0; how < 3; how++) {
        struct node_pair p = node_pair();
        struct ending e = {p.server, (enum how)how};
        pit_ref ref;
        char b[16];

        pit_must(pit_tcp_try_give_handler(p.server, names_no_memory, &e, sizeof e,
                                          (pit_spawn_opts){.monitor = true, .ret_ref = &ref}));
        CHECK_EQ(pit_tcp_write(p.client, "data", 4), 0);
        const pit_msg *m = pit_receive_ref(ref, A_WHILE);
        CHECK(m != NULL);
        CHECK(!pit_term_equal(pit_as(m, pit_down)->reason, pit_atom("normal")));
        if (how == 2) {
            CHECK_EQ(pit_tcp_read_exactly(p.client, b, 6, A_WHILE), 6);
            CHECK_EQ(memcmp(b, "queued", 6), 0);
        }
        CHECK_EQ(pit_tcp_close(p.client), 0);
        until_sockets(0);
    }
}

static void *const nowhere = (void *)4096;

static void writes_much(pit_tcp s) { (void)pit_tcp_write(s, nowhere, 1 << 20); }
static void looks(pit_tcp s)
{
    while (pit_tcp_read(s, nowhere, 4, 0) == -ETIMEDOUT)
        pit_sleep(1); /* until the kernel has it */
}
static void receives(pit_tcp s) { (void)pit_tcp_receive(s, nowhere, PIT_INFINITY); }
static void asks_peer(pit_tcp s) { (void)pit_tcp_peer(s, nowhere); }
static void asks_local(pit_tcp s) { (void)pit_tcp_local(s, nowhere); }
static void listens(pit_tcp s) { (void)pit_tcp_listen(nowhere); }
static void connects(pit_tcp s) { (void)pit_tcp_connect(nowhere, 1000); }
static void connects_from(pit_tcp s)
{
    (void)pit_tcp_connect("127.0.0.1:1", 1000, .from = nowhere);
}
static void serves(pit_tcp s) { (void)pit_tcp_serve(node_any_port(), NULL, NULL, nowhere); }
static void serves_nowhere(pit_tcp s) { (void)pit_tcp_serve(nowhere, NULL, NULL, NULL); }

struct victim {
    void (*does)(pit_tcp);
    pit_tcp socket;
};
static void victim(void *state, const pit_msg *m)
{
    const struct victim *v = state;

    v->does(v->socket);
    pit_exit(pit_atom("survived"));
}

/* An address, an answer's place or a buffer, whoever would have touched it: we or the kernel.
   Nothing of it is left. */
NODE_TEST(every_wrong_pointer_ends_the_process_that_named_it)
{
    static void (*const all[])(pit_tcp) = {writes_much, looks,         receives, asks_peer,
                                           asks_local,  listens,       connects, connects_from,
                                           serves,      serves_nowhere};
    int fds = descriptors();

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct node_pair p = node_pair();
        struct victim v = {all[i], p.server};
        pit_ref ref;

        CHECK_EQ(pit_tcp_write(p.client, "data", 4), 0);
        pit_must(pit_tcp_try_give_handler(p.server, victim, &v, sizeof v,
                                          (pit_spawn_opts){.monitor = true, .ret_ref = &ref}));
        const pit_msg *m = pit_receive_ref(ref, A_WHILE);
        CHECK(m != NULL);
        CHECK(pit_match(pit_as(m, pit_down)->reason, "{fault, 'SIGSEGV', _, _, _, _}"));
        CHECK_EQ(pit_tcp_close(p.client), 0);
        until_sockets(0);
    }
    CHECK_EQ(descriptors(), fds);
}

/* ---- handles */

struct stranger {
    pit_tcp socket;
    pit_pid parent;
};
PIT_MESSAGE(tried, (int32_t, read), (int32_t, write), (int32_t, close), (int32_t, give));

static void stranger(const void *arg)
{
    const struct stranger *s = arg;
    char b[4];

    pit_send(s->parent, tried, .read = pit_tcp_read(s->socket, b, 4, 0),
             .write = pit_tcp_write(s->socket, b, 4), .close = pit_tcp_close(s->socket),
             .give = pit_tcp_give_to(s->socket, pit_self()));
}

NODE_TEST(a_strangers_and_a_stale_handle_are_refused)
{
    for (int placement = 0; placement <= 2; placement++) {
        struct node_pair p = node_pair();
        struct stranger s = {p.client, pit_self()};
        char b[4];

        pit_must(pit_try_spawn(stranger, &s, sizeof s,
                               (pit_spawn_opts){.scheduler = (int16_t)placement}));
        const struct tried *t = pit_receive_only(tried, A_WHILE);
        CHECK_EQ(t->read, -EACCES);
        CHECK_EQ(t->write, -EACCES);
        CHECK_EQ(t->close, -EACCES);
        CHECK_EQ(t->give, -EACCES);

        CHECK_EQ(pit_tcp_close(p.client), 0);
        CHECK_EQ(pit_tcp_read(p.client, b, 4, 0), -EBADF);
        CHECK_EQ(pit_tcp_close(p.client), -EBADF);
        CHECK_EQ(pit_tcp_send_copy(p.client, b, 1), -EBADF);
        CHECK_EQ(pit_tcp_close((pit_tcp){0}), -EBADF);
        CHECK_EQ(pit_tcp_close((pit_tcp){-1}), -EBADF);
        CHECK_EQ(pit_tcp_close((pit_tcp){INT64_MAX}), -EBADF);
        /* The slot's next life is another's. */
        until_sockets(1);
        struct node_pair q = node_pair();
        CHECK_EQ(pit_tcp_close(p.client), -EBADF);
        CHECK_EQ(pit_tcp_close(q.client), 0);
        CHECK_EQ(pit_tcp_close(q.server), 0);
        CHECK_EQ(pit_tcp_close(p.server), 0);
        until_sockets(0);
    }
}

PIT_TEST(outside_of_a_process_nothing_works_and_nothing_breaks)
{
    char b[4];

    CHECK_EQ(pit_error(pit_tcp_listen("127.0.0.1:0")), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_error(pit_tcp_connect("127.0.0.1:1", 1)), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_tcp_read((pit_tcp){1}, b, 4, 0), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_tcp_close((pit_tcp){1}), -PIT_ENOTPROCESS);
    CHECK_EQ(pit_tcp_count(), 0);
}

/* ---- giving */

/* Echoes a few messages, then gives the connection to the next of its kind, on the other
   scheduler or the same. */
struct runner {
    pit_tcp socket;
    uint32_t left;
    uint64_t seed;
};

static void runner(void *state, const pit_msg *m)
{
    struct runner *r = state;
    char b[64];

    if (!pit_is(m, pit_start))
        return;
    for (unsigned n = (unsigned)pit_test_random_below(&r->seed, 4); n > 0; n--) {
        int got = pit_must(pit_tcp_read(r->socket, b, sizeof b, PIT_INFINITY));
        if (got == 0)
            pit_exit(pit_atom("normal"));
        pit_must(pit_tcp_send_copy(r->socket, b, (size_t)got));
    }
    if (pit_test_random_below(&r->seed,
                              2)) /* leave something unread, a receive armed, something unsent */
        (void)pit_tcp_read(r->socket, NULL, 0, 0);
    static const int16_t places[] = {0, PIT_ANYWHERE, PIT_ON(0), PIT_ON(1)};
    pit_must(pit_tcp_try_give_handler(
        r->socket, runner, r, sizeof *r,
        (pit_spawn_opts){.scheduler = places[pit_test_random_below(&r->seed, 4)]}));
    pit_exit(pit_atom("normal"));
}

NODE_TEST(a_busy_connection_passes_from_hand_to_hand)
{
    enum { CONNECTIONS = 8 };
    struct node_pair p[CONNECTIONS];
    uint64_t seed = pit_test_seed(), rounds = pit_test_scale(500, 20000);
    char b[64], back[64];

    for (int i = 0; i < CONNECTIONS; i++) {
        p[i] = node_pair();
        struct runner r = {.socket = p[i].server, .seed = seed + (uint64_t)i};
        pit_tcp_give_handler(p[i].server, runner, &r, sizeof r);
    }
    for (uint64_t n = 0; n < rounds; n++)
        for (int i = 0; i < CONNECTIONS; i++) {
            int size = snprintf(b, sizeof b, "round %llu of %d", (unsigned long long)n, i);
            CHECK_EQ(pit_tcp_write(p[i].client, b, (size_t)size), 0);
            CHECK_EQ(pit_tcp_read_exactly(p[i].client, back, (size_t)size, A_WHILE), size);
            CHECK_EQ(memcmp(b, back, (size_t)size), 0);
        }
    for (int i = 0; i < CONNECTIONS; i++)
        CHECK_EQ(pit_tcp_close(p[i].client), 0);
    until_sockets(0);
}

/* What had arrived, and what was queued to send, goes along. */
static void heir(void *state, const pit_msg *m)
{
    static char b[50000];
    pit_tcp s;

    if (!pit_is(m, pit_tcp_accepted)) /* used as "here is a socket" */
        return;
    s = pit_as(m, pit_tcp_accepted)->socket;
    CHECK_EQ(pit_tcp_read_exactly(s, b, 6, A_WHILE), 6);
    CHECK_EQ(memcmp(b, "unread", 6), 0);
    CHECK_EQ(pit_tcp_write(s, "heir", 4), 0);
    (void)pit_tcp_read(s, b, 1, PIT_INFINITY);
    pit_exit(pit_atom("normal"));
}

NODE_TEST(an_heir_finds_what_was_unread_and_unsent)
{
    for (int16_t place = 0; place <= 2; place++) {
        struct node_pair p =
            node_pair_with((pit_tcp_opts){.send_buffer = 4096, .receive_buffer = 4096});
        static char block[60000], got[60001];
        pit_pid other =
            pit_must(pit_try_spawn_handler(heir, NULL, 0, (pit_spawn_opts){.scheduler = place}));

        memset(block, 'q', sizeof block);
        CHECK_EQ(pit_tcp_write(p.client, "xunread", 7), 0);
        CHECK_EQ(pit_tcp_read_exactly(p.server, got, 1, A_WHILE), 1);
        CHECK_EQ(pit_tcp_send_copy(p.server, block, sizeof block), 0);
        pit_sleep(5); /* the kernel has taken a part, the rest is in flight */
        CHECK_EQ(pit_tcp_give_to(p.server, other), 0);
        CHECK_EQ(pit_tcp_close(p.server), -EACCES);
        pit_send(other, pit_tcp_accepted, .listener = {0}, .socket = p.server);
        CHECK_EQ(pit_tcp_read_exactly(p.client, got, sizeof block, A_WHILE), (int)sizeof block);
        CHECK_EQ(memcmp(got, block, sizeof block), 0);
        CHECK_EQ(pit_tcp_read_exactly(p.client, got, 4, A_WHILE), 4);
        CHECK_EQ(memcmp(got, "heir", 4), 0);
        CHECK_EQ(pit_tcp_close(p.client), 0);
        until_sockets(0);
    }
}

static void dies(const void *arg) {}

NODE_TEST(a_socket_given_to_the_dead_is_closed)
{
    for (int i = 0; i < 200; i++) {
        struct node_pair p = node_pair();
        char b[4];
        pit_pid dead =
            pit_must(pit_try_spawn(dies, NULL, 0, (pit_spawn_opts){.scheduler = (int16_t)(i % 3)}));

        if (i % 2)
            pit_sleep(1);
        CHECK_EQ(pit_tcp_give_to(p.server, dead), 0);
        CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, A_WHILE), 0);
        CHECK_EQ(pit_tcp_close(p.client), 0);
    }
    until_sockets(0);
}

static void never(void *state, const pit_msg *m) {}

NODE_TEST(an_heir_that_never_looks_still_owns)
{
    for (int16_t place = 0; place <= 2; place++) {
        struct node_pair p = node_pair();
        char b[4];
        pit_pid other =
            pit_must(pit_try_spawn_handler(never, NULL, 0, (pit_spawn_opts){.scheduler = place}));

        CHECK_EQ(pit_tcp_give_to(p.server, other), 0);
        CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, 20), -ETIMEDOUT);
        pit_exit_process(other, pit_atom("kill"));
        CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, A_WHILE), 0);
        CHECK_EQ(pit_tcp_close(p.client), 0);
        until_sockets(0);
    }
}

/* ---- listeners */

NODE_TEST(active_listeners_send_connections)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = node_listen(text, sizeof text, (pit_tcp_opts){0});
    pit_tcp c[3];

    CHECK_EQ(pit_tcp_accept_active(l, 2), 0);
    CHECK_EQ(pit_error(pit_tcp_accept(l)), -EBUSY);
    for (int i = 0; i < 3; i++)
        c[i] = pit_must(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0}));
    for (int i = 0; i < 2; i++) {
        const struct pit_tcp_accepted *m = pit_receive_only(pit_tcp_accepted, A_WHILE);
        CHECK_EQ(m->listener.id, l.id);
        CHECK_EQ(pit_tcp_write(m->socket, "x", 1), 0);
    }
    CHECK(pit_receive(20) == NULL);
    CHECK_EQ(pit_error(pit_tcp_accept(l)), 0);
    (void)c;
}

NODE_TEST(a_listener_keeps_its_limit_of_connections)
{
    enum { LIMIT = 5, CLIENTS = 20 };
    char text[PIT_ADDRESS_TEXT], b[4];
    pit_listener l = node_listen(text, sizeof text, (pit_tcp_opts){.max_connections = LIMIT});
    pit_tcp c[CLIENTS], s[CLIENTS];
    int accepted = 0;

    for (int i = 0; i < CLIENTS; i++)
        c[i] = pit_must(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0}));
    for (; accepted < LIMIT; accepted++)
        s[accepted] = pit_must(pit_tcp_accept(l));
    CHECK_EQ(pit_error(pit_tcp_accept_timeout(l, 30)), -ETIMEDOUT);
    for (int closed = 0; accepted < CLIENTS; accepted++, closed++) {
        CHECK_EQ(pit_tcp_close(s[closed]), 0);
        s[accepted] = pit_must(pit_tcp_accept_timeout(l, A_WHILE));
        CHECK_EQ(pit_tcp_read(c[closed], b, sizeof b, A_WHILE), 0);
    }
    CHECK_EQ(pit_error(pit_tcp_accept_timeout(l, 30)), -ETIMEDOUT);
}

NODE_TEST(a_listener_without_descriptors_waits_for_some)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = node_listen(text, sizeof text, (pit_tcp_opts){0});
    struct rlimit old, tight;
    pit_tcp c = pit_must(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0}));

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    tight = old;
    tight.rlim_cur = 5; /* fewer than are open */
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    CHECK_EQ(pit_error(pit_tcp_connect_opts(text, 100, (pit_tcp_opts){0})), -EMFILE);
    CHECK_EQ(pit_error(pit_tcp_accept_timeout(l, 150)), -ETIMEDOUT);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    CHECK_EQ(pit_error(pit_tcp_accept_timeout(l, A_WHILE)), 0);
    CHECK_EQ(pit_tcp_close(c), 0);
}

static _Atomic(int) on_scheduler[2];

static void counts(const void *arg)
{
    pit_tcp s = *(const pit_tcp *)arg;
    char b[4];

    on_scheduler[pit_scheduler()]++;
    (void)pit_tcp_read(s, b, sizeof b, PIT_INFINITY);
}

static void start(pit_tcp s, void *arg) { pit_tcp_give(s, counts); }

struct served {
    pit_pid parent;
    pit_tcp_opts opts;
};
PIT_MESSAGE(address, (pit_text64, text));

static void server(const void *arg)
{
    const struct served *s = arg;
    char text[PIT_ADDRESS_TEXT];
    pit_address a;

    CHECK_EQ(pit_tcp_serve_opts(node_any_port(), start, NULL, &a, s->opts), 0);
    pit_send(s->parent, address, .text = pit_text64(pit_address_text(&a, text, sizeof text)));
    (void)pit_receive(PIT_INFINITY);
}

NODE_TEST(a_server_serves_on_every_scheduler_and_ends_with_its_caller)
{
    for (int each = 0; each < 2; each++) {
        struct served s = {pit_self(), {.per_scheduler = each}};
        pit_pid pid = pit_spawn(server, &s, sizeof s);
        char text[PIT_ADDRESS_TEXT];
        pit_tcp c[64];

        (void)snprintf(text, sizeof text, "%s", pit_receive_only(address, A_WHILE)->text.s);
        on_scheduler[0] = on_scheduler[1] = 0;
        for (int i = 0; i < 64; i++)
            c[i] = pit_must(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0}));
        while (on_scheduler[0] + on_scheduler[1] < 64)
            pit_sleep(1);
        if (each) /* 2^-64 not to be on both */
            CHECK(on_scheduler[0] > 0 && on_scheduler[1] > 0);
        for (int i = 0; i < 64; i++)
            CHECK_EQ(pit_tcp_close(c[i]), 0);
        until_sockets(each ? 2 : 1);
        pit_exit_process(pid, pit_atom("shutdown"));
        until_sockets(0);
        CHECK_EQ(pit_error(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0})), -ECONNREFUSED);
    }
}

NODE_TEST(a_server_that_cannot_serve_everywhere_serves_nowhere)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener taken = node_listen(text, sizeof text, (pit_tcp_opts){0});

    for (int each = 0; each < 2; each++)
        CHECK_EQ(pit_tcp_serve_opts(text, start, NULL, NULL, (pit_tcp_opts){.per_scheduler = each}),
                 -EADDRINUSE);
    until_sockets(1);
    CHECK_EQ(pit_tcp_unlisten(taken), 0);
    CHECK_EQ(pit_tcp_serve_opts(text, start, NULL, NULL, (pit_tcp_opts){.per_scheduler = true}), 0);
}

/* ---- who shares a port */

/* Somebody else's listener, as another program would have it. */
static int strangers_listener(const char *text, bool shares)
{
    pit_address a;
    struct sockaddr_in in = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    CHECK_EQ(pit_address_parse(text, &a), 0);
    in.sin_port = htons(a.port);
    memcpy(&in.sin_addr, a.ip, 4);
    CHECK(fd >= 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    if (shares)
        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 10) < 0) {
        CHECK_EQ(errno, EADDRINUSE);
        CHECK_EQ(close(fd), 0);
        return -1;
    }
    return fd;
}

static void free_port(char *text, size_t size)
{
    CHECK_EQ(pit_tcp_unlisten(node_listen(text, size, (pit_tcp_opts){0})), 0);
}

NODE_TEST(a_port_is_not_shared_with_a_stranger_but_on_purpose)
{
    char text[PIT_ADDRESS_TEXT];
    int fd;

    free_port(text, sizeof text);
    fd = strangers_listener(text, true);
    CHECK(fd >= 0);
    for (int each = 0; each < 2; each++)
        CHECK_EQ(pit_tcp_serve(text, start, NULL, NULL, .per_scheduler = each), -EADDRINUSE);
    CHECK_EQ(pit_tcp_serve(text, start, NULL, NULL, .per_scheduler = true, .reuse_port = true), 0);
    CHECK_EQ(close(fd), 0);
    for (int each = 0; each < 2; each++) {
        free_port(text, sizeof text);
        CHECK_EQ(pit_tcp_serve(text, start, NULL, NULL, .per_scheduler = each), 0);
        CHECK_EQ(strangers_listener(text, !each), -1); /* a single listener is shared with nobody */
    }
}

NODE_TEST(a_second_server_of_the_node_is_told_that_the_port_is_taken)
{
    char text[PIT_ADDRESS_TEXT];

    free_port(text, sizeof text);
    CHECK_EQ(pit_tcp_serve(text, start, NULL, NULL, .per_scheduler = true), 0);
    CHECK_EQ(pit_tcp_serve(text, start, NULL, NULL, .per_scheduler = true), -EADDRINUSE);
    CHECK_EQ(pit_tcp_serve(text, start, NULL, NULL), -EADDRINUSE);
}

PIT_MESSAGE(serving);
struct again {
    pit_pid parent;
    char text[PIT_ADDRESS_TEXT];
};

static void serves_again(const void *arg)
{
    const struct again *a = arg;

    CHECK_EQ(pit_tcp_serve(a->text, start, NULL, NULL, .per_scheduler = true), 0);
    pit_send(a->parent, serving);
    (void)pit_receive(PIT_INFINITY);
}

/* As a supervisor does: the next one starts when the last one's end is known, and its listeners
   close meanwhile. */
NODE_TEST(a_server_that_is_started_again_at_once_gets_its_port)
{
    struct again again = {.parent = pit_self()};

    free_port(again.text, sizeof again.text);
    for (int i = 0; i < 200; i++) {
        pit_ref ref;
        pit_pid pid = pit_spawn_with(serves_again, &again, sizeof again, .monitor = true,
                                     .ret_ref = &ref, .scheduler = PIT_ANYWHERE);

        CHECK(pit_receive_type(&pit_type_serving, A_WHILE));
        if (i % 2)
            CHECK_EQ(pit_tcp_close(pit_must(pit_tcp_connect(again.text, A_WHILE))), 0);
        pit_exit_process(pid, pit_atom("kill"));
        CHECK(pit_receive_ref(ref, A_WHILE));
    }
    until_sockets(0);
}

/* ---- memory and buffers */

static size_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long total, pages;

    CHECK(f && fscanf(f, "%lu %lu", &total, &pages) == 2);
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void idle(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start))
        CHECK_EQ(pit_tcp_active(*(pit_tcp *)state, PIT_TCP_ALWAYS), 0);
}

static void give_idle(pit_tcp s, void *arg) { pit_tcp_give_handler(s, idle, &s, sizeof s); }

NODE_TEST(an_idle_connection_costs_less_than_two_kibibytes)
{
    enum { WARM = 100, MANY = 2000 };
    char text[PIT_ADDRESS_TEXT];
    pit_address a;
    size_t before = 0;

    CHECK_EQ(pit_tcp_serve(node_any_port(), give_idle, NULL, &a), 0);
    (void)pit_address_text(&a, text, sizeof text);
    for (int i = 0; i < WARM + MANY; i++) {
        if (i == WARM) {
            until_sockets(1 + 2 * WARM);
            before = resident();
        }
        pit_must(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0}));
    }
    until_sockets(1 + 2 * (WARM + MANY));
    size_t each = (resident() - before) / MANY;
    if (!pit_test_sanitized()) /* two sockets (both ends are here) and a process */
        CHECK(each < 2048);
}

static void echo_all(void *state, const pit_msg *m)
{
    pit_tcp s = *(pit_tcp *)state;

    if (pit_is(m, pit_start))
        CHECK_EQ(pit_tcp_active(s, PIT_TCP_ALWAYS), 0);
    else if (pit_is(m, pit_tcp_data))
        CHECK_EQ(pit_tcp_send(s, pit_as(m, pit_tcp_data)->bytes), 0);
    else
        pit_exit(pit_atom("normal"));
}

static void give_echo(pit_tcp s, void *arg) { pit_tcp_give_handler(s, echo_all, &s, sizeof s); }

static void few_buffers(void)
{
    enum { CLIENTS = 32 };
    static char block[20000], back[20000];
    char text[PIT_ADDRESS_TEXT];
    pit_tcp c[CLIENTS];
    pit_address a;

    CHECK_EQ(pit_tcp_serve(node_any_port(), give_echo, NULL, &a), 0);
    (void)pit_address_text(&a, text, sizeof text);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 31 >> 3);
    for (int i = 0; i < CLIENTS; i++)
        c[i] = pit_must(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0}));
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < CLIENTS; i++)
            CHECK_EQ(pit_tcp_send_copy(c[i], block, sizeof block), 0);
        for (int i = 0; i < CLIENTS; i++) {
            CHECK_EQ(pit_tcp_read_exactly(c[i], back, sizeof back, A_WHILE), (int)sizeof back);
            CHECK_EQ(memcmp(back, block, sizeof block), 0);
        }
    }
}

static int few_buffers_first(int argc, char **argv)
{
    few_buffers();
    return 0;
}

PIT_TEST(a_ring_of_few_buffers_slows_but_loses_nothing)
{
    static const unsigned counts[] = {2, 4, 8};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        pit__uring_settings.buffers = counts[i];
        pit__uring_settings.buffer_size = 2048;
        CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = 2, .cores = "none"}, few_buffers_first, 0,
                         (char *[]){NULL}),
                 0);
    }
}
