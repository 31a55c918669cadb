/*
 * The programs by which the public API is judged: how a process, a server, a supervisor, a socket
 * server and terms should read. compile builds this with every warning on; it is not run.
 */
#include <pit/pit.h>
#include <pit/tcp.h>
#include <stdio.h>
PIT_MESSAGE(greet, (pit_text16, name)); /* struct greet, and its type */
PIT_MESSAGE(bye, (uint32_t, how_many));

static void greeter(const void *arg)
{
    for (uint32_t n = 1;; n++) {
        const pit_msg *m = pit_receive(PIT_INFINITY);
        if (pit_is(m, greet)) {
            printf("hello, %s\n", pit_as(m, greet)->name.s);
            pit_send(m->from, bye, .how_many = n); /* a wrong or missing field does not compile */
        } else
            pit_unexpected(m); /* logs it */
    }
}
static int first(int argc, char **argv)
{
    pit_pid g = pit_spawn_link(greeter, NULL, 0);
    pit_send(g, greet, .name = pit_text16("Ada"));
    printf("%u\n", pit_receive_only(bye, 1000 /* ms */)->how_many); /* selective */
    return 0;                                                       /* the node's exit status */
}
int main(int argc, char **argv) { return pit_main(argc, argv, first); }
#define counter_protocol(CALL, CAST)              \
    CALL(add, ((int64_t, n)), ((int64_t, total))) \
    CALL(get, (), ((int64_t, total)))             \
    CAST(reset, ())
PIT_PROTOCOL(counter);
pit_pid counter_start_link(int64_t from);
struct counter {
    int64_t total;
};
static int init(struct counter *self, const void *arg)
{
    self->total = *(const int64_t *)arg;
    return 0;
}
static void on_add(struct counter *self, const struct counter_add *m, struct counter_add_reply *r)
{
    r->total = self->total += m->n;
}
static void on_get(struct counter *self, const struct counter_get *m, struct counter_get_reply *r)
{
    r->total = self->total;
}
static void on_reset(struct counter *self, const struct counter_reset *m) { self->total = 0; }

PIT_SERVER(counter, struct counter, .init = init);
pit_pid counter_start_link(int64_t from)
{
    return pit_server_start_link(&counter_server, &from, sizeof from);
}
static pit_pid house_start(const void *arg) { return counter_start_link(100); }
static pit_pid table_sup_start(const void *arg) { return counter_start_link(100); }
static pit_pid door_start(const void *arg) { return counter_start_link(100); }
static pit_sup_spec casino(const void *arg)
{
    return (pit_sup_spec){
        .strategy = PIT_ONE_FOR_ALL,
        .intensity = 5,
        .period = 60,
        .children = PIT_CHILDREN(
            {.id = "house", .start = house_start},
            {.id = "tables", .start = table_sup_start, .type = PIT_SUPERVISOR},
            {.id = "door", .start = door_start, .restart = PIT_TRANSIENT, .shutdown = 2000}),
    };
}
static void connection(const void *arg)
{
    pit_tcp s = *(const pit_tcp *)arg;
    char buf[4096];
    for (;;) {
        int n = pit_must(pit_tcp_read(s, buf, sizeof buf, PIT_INFINITY));
        if (n == 0)
            return; /* the peer closed; the socket dies with this process */
        pit_must(pit_tcp_write(s, buf, n));
    }
}
static void acceptor(const void *arg)
{
    pit_listener l = pit_must(pit_tcp_listen("127.0.0.1:7000", .backlog = 1024));
    for (;;)
        pit_tcp_give(pit_must(pit_tcp_accept(l)), connection); /* spawns its owner */
}
struct conn {
    pit_tcp sock;
};
static void info(struct conn *self, const pit_msg *m)
{
    if (pit_is(m, pit_tcp_data))
        pit_must(pit_tcp_send(self->sock, pit_keep(pit_as(m, pit_tcp_data)->bytes))); /* no copy */
}
void use(pit_pid account, pit_pid server, const char *memo);
void use(pit_pid account, pit_pid server, const char *memo)
{
    /* ends the caller if the server is gone or takes 5 s */
    int64_t total = counter_add(server, 5).total;
    struct counter_add_reply r;
    int e = counter_try_add(server, 200 /* ms */, &r, 5);
    total = pit_call(server, counter_add, .n = 5).total; /* by name: nothing to swap */
    counter_reset(server);
    pit_pid sup = pit_must(pit_supervisor_start_link(casino, NULL, 0));
    pit_term t = pit_build("{deposit, ~, #{currency => ~a, memo => ~}}", account, "EUR",
                           memo); /* ~a: an atom */
    uint64_t amount;
    const char *cur;
    if (pit_match(t, "{deposit, ~, #{currency := ~a}}", &amount, &cur))
        puts("x");
    (void)total;
    (void)e;
    (void)sup;
    (void)acceptor;
    (void)info;
    pit_spawn_with(connection, &e, sizeof e, .link = true, .name = "house");
    pit_exit(pit_build("{shutdown, ~a}", "maintenance"));
}
