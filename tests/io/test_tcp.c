/*
 * Goal: what <pit/tcp.h> says of connections: bytes arrive whole and in order whatever the sizes,
 *   ends and errors are told, queues are bounded and wait or refuse as asked.
 * Method: both ends in one node on ephemeral loopback ports; where order of the two ends matters,
 * one process holds both.
 */
#include "tests/io/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Byte i of a stream that is easy to check. */
static uint8_t byte_at(uint64_t i) { return (uint8_t)(i * 2654435761u >> 13 ^ i); }

static void fill(uint8_t *to, uint64_t from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = byte_at(from + i);
}

static void check_bytes(const uint8_t *b, uint64_t from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (b[i] != byte_at(from + i))
            pit_test_fail(__FILE__, __LINE__, "byte %llu of the stream is wrong",
                          (unsigned long long)(from + i));
}

/* ---- echo, blocking and active */

static void echo(const void *arg)
{
    pit_tcp s = *(const pit_tcp *)arg;
    char buffer[3000]; /* smaller than the ring's buffers, and no divisor of them */
    int n;

    while ((n = pit_must(pit_tcp_read(s, buffer, sizeof buffer, PIT_INFINITY))) > 0)
        pit_must(pit_tcp_write(s, buffer, (size_t)n));
}

struct conn {
    pit_tcp socket;
    int mode;
};

static void active_echo(void *state, const pit_msg *m)
{
    struct conn *c = state;

    if (pit_is(m, pit_start))
        CHECK_EQ(pit_tcp_active(c->socket, c->mode), 0);
    else if (pit_is(m, pit_tcp_data)) {
        CHECK_EQ(pit_as(m, pit_tcp_data)->socket.id, c->socket.id);
        CHECK(pit_as(m, pit_tcp_data)->bytes.size > 0);
        CHECK_EQ(pit_tcp_send(c->socket, pit_as(m, pit_tcp_data)->bytes), 0);
        if (c->mode == PIT_TCP_ONCE)
            CHECK_EQ(pit_tcp_active(c->socket, PIT_TCP_ONCE), 0);
    } else if (pit_is(m, pit_tcp_passive)) {
        CHECK(c->mode > 0);
        CHECK_EQ(pit_tcp_active(c->socket, c->mode), 0);
    } else if (pit_is(m, pit_tcp_closed)) {
        CHECK_EQ(pit_as(m, pit_tcp_closed)->error, 0);
        pit_exit(pit_atom("normal"));
    } else
        CHECK(!"another message");
}

/* Writes sizes of all kinds; a process of its own, so that both directions run at once. */
static void writer(const void *arg)
{
    pit_tcp s = *(const pit_tcp *)arg;
    static const size_t sizes[] = {1, 63, 64, 4095, 4096, 4097, 65536, 1, 300000, 17};
    uint64_t at = 0;

    (void)s;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint8_t *b = pit_alloc(sizes[i]);
            fill(b, at, sizes[i]);
            pit_must(pit_tcp_write(s, b, sizes[i]));
            pit_free(b);
            at += sizes[i];
        }
    pit_must(pit_tcp_shutdown(s, PIT_TCP_WRITE));
    /* The answers come to this process, the owner. */
    for (uint64_t got = 0;;) {
        uint8_t b[10000];
        int n = pit_must(pit_tcp_read(s, b, sizeof b, A_WHILE));
        if (n == 0) {
            CHECK_EQ(got, at);
            return;
        }
        check_bytes(b, got, (size_t)n);
        got += (uint64_t)n;
    }
}

/* The writer sends before it reads, so the kernel's buffers must hold what is on the way: the
   echoer's queue does. */
static void run_writer(pit_tcp client)
{
    pit_spawn_opts opts = {.monitor = true};
    pit_ref ref;

    opts.ret_ref = &ref;
    pit_must(pit_tcp_try_give(client, writer, opts));
    const pit_msg *m = pit_receive_ref(ref, A_WHILE);
    CHECK(m != NULL);
    CHECK(pit_term_equal(pit_as(m, pit_down)->reason, pit_atom("normal")));
}

static const pit_tcp_opts roomy = {.read_ahead = 4 << 20, .high_watermark = 4 << 20};

NODE_TEST(a_blocking_echo_returns_every_byte)
{
    struct node_pair p = node_pair_with(roomy);

    pit_tcp_give(p.server, echo);
    run_writer(p.client);
}

NODE_TEST(an_active_echo_returns_every_byte)
{
    for (int i = 0; i < 4; i++) {
        static const int modes[] = {PIT_TCP_ALWAYS, PIT_TCP_ONCE, 1, 7};
        struct node_pair p = node_pair_with(roomy);
        struct conn c = {p.server, modes[i]};
        pit_tcp_give_handler(p.server, active_echo, &c, sizeof c);
        run_writer(p.client);
    }
}

NODE_TEST(two_sockets_of_one_process_talk)
{
    struct node_pair p = node_pair();
    char b[16];

    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(pit_tcp_write(p.client, "ping", 4), 0);
        CHECK_EQ(pit_tcp_read_exactly(p.server, b, 4, A_WHILE), 4);
        CHECK_EQ(pit_tcp_write(p.server, "pong!", 5), 0);
        CHECK_EQ(pit_tcp_read_exactly(p.client, b, 5, A_WHILE), 5);
        CHECK_EQ(memcmp(b, "pong!", 5), 0);
    }
}

/* ---- reading */

NODE_TEST(a_read_without_data_ends_at_its_time)
{
    struct node_pair p = node_pair();
    char b[8];
    int64_t begin = pit_now();

    CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, 20), -ETIMEDOUT);
    CHECK(pit_now() - begin >= 20000000);
    CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, 0), -ETIMEDOUT);
    CHECK_EQ(pit_tcp_write(p.server, "late", 4), 0); /* what comes later is not lost */
    CHECK_EQ(pit_tcp_read_exactly(p.client, b, 4, A_WHILE), 4);
    CHECK_EQ(memcmp(b, "late", 4), 0);
}

NODE_TEST(looking_once_sees_what_has_arrived)
{
    struct node_pair p = node_pair();
    char b[8];
    int r;

    CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, 0), -ETIMEDOUT);
    CHECK_EQ(pit_tcp_write(p.server, "x", 1), 0);
    while ((r = pit_tcp_read(p.client, b, sizeof b, 0)) == -ETIMEDOUT)
        pit_sleep(1);
    CHECK_EQ(r, 1);
    CHECK_EQ(b[0], 'x');
}

NODE_TEST(a_binary_lives_until_the_next_receive_and_longer_in_a_queue)
{
    struct node_pair p = node_pair();
    static uint8_t big[4096];
    size_t got = 0;
    int n;

    fill(big, 0, sizeof big);
    CHECK_EQ(pit_tcp_send(p.server, pit_binary_new(big, sizeof big)),
             0); /* from the heap: shared by the queue */
    while (got < sizeof big) {
        pit_binary b;
        n = pit_tcp_receive(p.client, &b, A_WHILE);
        CHECK(n > 0);
        CHECK_EQ((size_t)n, b.size);
        check_bytes(b.data, got, b.size);
        CHECK_EQ(pit_tcp_send(p.client, b), 0);
        got += b.size;
    }
    static uint8_t back[4096];
    CHECK_EQ(pit_tcp_read_exactly(p.server, back, sizeof back, A_WHILE), (int)sizeof back);
    check_bytes(back, 0, sizeof back);
}

NODE_TEST(arguments_out_of_range_are_refused)
{
    struct node_pair p = node_pair();
    char b[4];

    CHECK_EQ(pit_tcp_read(p.client, b, 0, 0), -EINVAL);
    CHECK_EQ(pit_tcp_read_exactly(p.client, b, 0, 0), -EINVAL);
    CHECK_EQ(pit_tcp_active(p.client, -3), -EINVAL);
    CHECK_EQ(pit_tcp_give_to(p.client, (pit_pid){INT64_MAX}), -EINVAL);
    CHECK_EQ(pit_tcp_active(p.client, PIT_TCP_ALWAYS), 0);
    CHECK_EQ(pit_tcp_read(p.client, b, 4, 0), -EBUSY);
    CHECK_EQ(pit_error(pit_tcp_listen("127.0.0.1:0", .backlog = -1)), -EINVAL);
    CHECK_EQ(pit_error(pit_tcp_listen("127.0.0.1:0", .high_watermark = 10, .low_watermark = 11)),
             -EINVAL);
    CHECK_EQ(pit_error(pit_tcp_listen("nowhere:0")), -EINVAL);
    CHECK_EQ(pit_error(pit_tcp_connect("127.0.0.1", 100)), -EINVAL);
}

/* ---- ends */

NODE_TEST(a_half_closed_connection_still_carries_the_other_way)
{
    struct node_pair p = node_pair();
    char b[8];

    CHECK_EQ(pit_tcp_send_copy(p.client, "ask", 3), 0);
    CHECK_EQ(pit_tcp_shutdown(p.client, PIT_TCP_WRITE), 0); /* after what is queued */
    CHECK_EQ(pit_tcp_send_copy(p.client, "x", 1), -EPIPE);
    CHECK_EQ(pit_tcp_read_exactly(p.server, b, 3, A_WHILE), 3);
    CHECK_EQ(pit_tcp_read(p.server, b, sizeof b, A_WHILE), 0);
    CHECK_EQ(pit_tcp_read(p.server, b, sizeof b, A_WHILE), 0); /* and again */
    CHECK_EQ(pit_tcp_write(p.server, "answer", 6), 0);
    CHECK_EQ(pit_tcp_close(p.server), 0);
    CHECK_EQ(pit_tcp_read_exactly(p.client, b, 6, A_WHILE), 6);
    CHECK_EQ(pit_tcp_read(p.client, b, sizeof b, A_WHILE), 0);
}

NODE_TEST(a_peer_that_closes_half_way_is_told_apart_from_one_that_closes)
{
    struct node_pair p = node_pair(), q = node_pair();
    char b[8];

    CHECK_EQ(pit_tcp_write(p.client, "abc", 3), 0);
    CHECK_EQ(pit_tcp_close(p.client), 0);
    CHECK_EQ(pit_tcp_close(q.client), 0);
    CHECK_EQ(pit_tcp_read_exactly(p.server, b, 8, A_WHILE), -EPIPE);
    CHECK_EQ(pit_tcp_read_exactly(q.server, b, 8, A_WHILE), 0);
}

NODE_TEST(a_reset_is_told)
{
    struct node_pair p = node_pair(), q = node_pair();
    char b[8];

    CHECK_EQ(pit_tcp_abort(p.client), 0);
    CHECK_EQ(pit_tcp_read(p.server, b, sizeof b, A_WHILE), -ECONNRESET);
    CHECK_EQ(pit_tcp_write(p.server, "x", 1), -ECONNRESET);

    CHECK_EQ(pit_tcp_active(q.server, PIT_TCP_ALWAYS), 0);
    CHECK_EQ(pit_tcp_abort(q.client), 0);
    const struct pit_tcp_closed *m = pit_receive_only(pit_tcp_closed, A_WHILE);
    CHECK_EQ(m->socket.id, q.server.id);
    CHECK_EQ(m->error, -ECONNRESET);
}

NODE_TEST(active_ends_with_one_message_after_the_data)
{
    struct node_pair p = node_pair();

    CHECK_EQ(pit_tcp_write(p.client, "last", 4), 0);
    CHECK_EQ(pit_tcp_close(p.client), 0);
    pit_sleep(20);
    CHECK_EQ(pit_tcp_active(p.server, PIT_TCP_ALWAYS), 0);
    const pit_msg *m = pit_receive(A_WHILE);
    CHECK(pit_is(m, pit_tcp_data));
    CHECK_EQ(pit_as(m, pit_tcp_data)->bytes.size, 4);
    m = pit_receive(A_WHILE);
    CHECK(pit_is(m, pit_tcp_closed));
    CHECK_EQ(pit_tcp_active(p.server, PIT_TCP_ALWAYS), 0);
    CHECK(pit_receive(20) == NULL);
}

NODE_TEST(nobody_listens_is_refused_and_a_port_is_taken_once)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = node_listen(text, sizeof text, (pit_tcp_opts){0});

    CHECK_EQ(pit_error(pit_tcp_listen_opts(text, (pit_tcp_opts){0})), -EADDRINUSE);
    CHECK_EQ(pit_tcp_unlisten(l), 0);
    CHECK_EQ(pit_tcp_unlisten(l), -EBADF);
    CHECK_EQ(pit_error(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0})), -ECONNREFUSED);
    l = pit_tcp_listen_opts(text, (pit_tcp_opts){0}); /* free again */
    CHECK_EQ(pit_error(l), 0);
}

NODE_TEST(accept_ends_at_its_time)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = node_listen(text, sizeof text, (pit_tcp_opts){0});

    CHECK_EQ(pit_error(pit_tcp_accept_timeout(l, 10)), -ETIMEDOUT);
    CHECK_EQ(pit_error(pit_tcp_accept_timeout(l, 0)), -ETIMEDOUT);
    CHECK_EQ(pit_error(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0})), 0);
    CHECK_EQ(pit_error(pit_tcp_accept(l)), 0);
}

/* ---- sending: watermarks */

NODE_TEST(much_passes_a_small_window_in_order)
{
    pit_tcp_opts opts = {
        .send_buffer = 4096, .receive_buffer = 4096, .high_watermark = 1000, .read_ahead = 2000};
    struct node_pair p = node_pair_with(opts);
    const size_t total = (size_t)pit_test_scale(1 << 20, 64 << 20);
    uint8_t *all = malloc(total), b[777];

    CHECK(all != NULL);
    fill(all, 0, total);
    pit_tcp_give(p.server, echo);
    /* Write and read by turns, what fits, so that neither side's queue is ever large. */
    for (size_t sent = 0, got = 0; got < total;) {
        while (sent < total && sent - got < 3000) {
            size_t n = total - sent < 500 ? total - sent : 500;
            CHECK_EQ(pit_tcp_write(p.client, all + sent, n), 0);
            sent += n;
        }
        int n = pit_tcp_read(p.client, b, sizeof b, A_WHILE);
        CHECK(n > 0);
        check_bytes(b, got, (size_t)n);
        got += (size_t)n;
    }
    free(all);
}

static void slow_reader(const void *arg)
{
    pit_tcp s = *(const pit_tcp *)arg;
    static uint8_t b[100000];
    uint64_t got = 0;

    for (int i = 0;; i++) {
        if (i < 5)
            pit_sleep(5);
        int n = pit_must(pit_tcp_read(s, b, sizeof b, A_WHILE));
        if (n == 0)
            break;
        check_bytes(b, got, (size_t)n);
        got += (uint64_t)n;
    }
    CHECK_EQ(got, 8 << 20);
}

/* The writer waits for room again and again; large writes go straight to the kernel as far as it
   takes them. */
NODE_TEST(a_large_write_waits_for_a_slow_reader)
{
    struct node_pair p =
        node_pair_with((pit_tcp_opts){.send_buffer = 8192, .receive_buffer = 8192});
    uint8_t *all = malloc(8 << 20);
    pit_ref ref;

    CHECK(all != NULL);
    fill(all, 0, 8 << 20);
    pit_must(pit_tcp_try_give(p.server, slow_reader,
                              (pit_spawn_opts){.monitor = true, .ret_ref = &ref}));
    CHECK_EQ(pit_tcp_write(p.client, all, 8 << 20), 0);
    CHECK_EQ(pit_tcp_close(p.client), 0);
    const pit_msg *m = pit_receive_ref(ref, A_WHILE);
    CHECK(m && pit_term_equal(pit_as(m, pit_down)->reason, pit_atom("normal")));
    free(all);
}

/* One binary of 8 MiB: shared, sent in parts, and received whole although the sender closes at
   once. */
NODE_TEST(a_large_binary_leaves_in_the_background_after_the_close)
{
    struct node_pair p =
        node_pair_with((pit_tcp_opts){.send_buffer = 8192, .receive_buffer = 8192});
    uint8_t *writable;
    pit_binary b = pit_binary_make(8 << 20, &writable);
    pit_ref ref;

    fill(writable, 0, 8 << 20);
    pit_must(pit_tcp_try_give(p.server, slow_reader,
                              (pit_spawn_opts){.monitor = true, .ret_ref = &ref}));
    CHECK_EQ(pit_tcp_send(p.client, b), 0);
    CHECK(pit_tcp_queued(p.client) > 0);
    CHECK_EQ(pit_tcp_close(p.client), 0);
    CHECK_EQ(pit_tcp_queued(p.client), -EBADF);
    const pit_msg *m = pit_receive_ref(ref, A_WHILE);
    CHECK(m && pit_term_equal(pit_as(m, pit_down)->reason, pit_atom("normal")));
}

NODE_TEST(a_full_queue_refuses_and_says_when_it_has_room)
{
    pit_tcp_opts opts = {.send_buffer = 4096,
                         .receive_buffer = 4096,
                         .high_watermark = 10000,
                         .low_watermark = 2000,
                         .no_wait = true};
    struct node_pair p = node_pair_with(opts);
    char block[1000] = {0};
    uint64_t sent = 0, got = 0;
    int r;

    while ((r = pit_tcp_send_copy(p.client, block, sizeof block)) == 0 ||
           pit_tcp_queued(p.client) < 10000) {
        sent += r == 0 ? sizeof block : 0;
        pit_sleep(0); /* the kernel takes what fits */
    }
    CHECK_EQ(r, -EAGAIN);
    CHECK(pit_tcp_queued(p.client) >= 10000 && pit_tcp_queued(p.client) < 11000);
    CHECK(pit_receive(0) == NULL);
    while (!pit_is(pit_receive(0), pit_tcp_writable)) {
        int n = pit_tcp_read(p.server, block, sizeof block, A_WHILE);
        CHECK(n > 0);
        got += (uint64_t)n;
    }
    CHECK(pit_tcp_queued(p.client) <= 2000);
    while (got < sent)
        got += (uint64_t)pit_must(pit_tcp_read(p.server, block, sizeof block, A_WHILE));
    CHECK_EQ(got, sent);
    CHECK(pit_receive(0) == NULL); /* said once */
}

NODE_TEST(a_sender_waits_no_longer_than_it_asked_to)
{
    pit_tcp_opts opts = {
        .send_buffer = 4096, .receive_buffer = 4096, .high_watermark = 10000, .send_timeout = 50};
    struct node_pair p = node_pair_with(opts);
    static char block[100000];

    CHECK_EQ(pit_tcp_write(p.client, block, sizeof block), -ETIMEDOUT);
    CHECK_EQ(pit_tcp_send_copy(p.client, block, 1), -ETIMEDOUT);
    int64_t begin = pit_now();
    CHECK_EQ(pit_tcp_set(p.client, PIT_TCP_LINGER, 100), 0);
    CHECK_EQ(pit_tcp_close(p.client), 0);
    /* The peer never reads: the close gives up, and does not take what is queued along for ever. */
    while (pit_tcp_count() > 1)
        pit_sleep(10);
    CHECK(pit_now() - begin < A_WHILE * INT64_C(1000000));
}

NODE_TEST(many_small_sends_leave_together)
{
    struct node_pair p = node_pair();
    uint8_t b[100000];
    uint64_t at = 0;

    for (int i = 0; at < sizeof b - 1000; i++) {
        uint8_t part[1000];
        size_t n = (size_t)(i * 37 % 700) + 1;
        fill(part, at, n);
        if (i % 3)
            CHECK_EQ(pit_tcp_send_copy(p.client, part, n), 0);
        else
            CHECK_EQ(pit_tcp_send(p.client, pit_binary_new(part, n)), 0);
        at += n;
    }
    CHECK_EQ(pit_tcp_read_exactly(p.server, b, at, A_WHILE), (int)at);
    check_bytes(b, 0, at);
}

NODE_TEST(nothing_to_send_is_fine)
{
    struct node_pair p = node_pair();
    char b[4];

    CHECK_EQ(pit_tcp_send_copy(p.client, NULL, 0), 0);
    CHECK_EQ(pit_tcp_write(p.client, NULL, 0), 0);
    CHECK_EQ(pit_tcp_send(p.client, pit_binary_static(NULL, 0)), 0);
    CHECK_EQ(pit_tcp_send_copy(p.client, "abc", SIZE_MAX), -ENOMEM); /* nor to read up to there */
    CHECK_EQ(pit_tcp_send(p.client, pit_binary_static("abc", 3)), 0);
    CHECK_EQ(pit_tcp_read_exactly(p.server, b, 3, A_WHILE), 3);
}

/* ---- addresses and options */

NODE_TEST(both_ends_agree_on_their_addresses)
{
    struct node_pair p = node_pair();
    pit_address a, b;

    CHECK_EQ(pit_tcp_local(p.client, &a), 0);
    CHECK_EQ(pit_tcp_peer(p.server, &b), 0);
    CHECK_EQ(a.port, b.port);
    CHECK_EQ(memcmp(a.ip, b.ip, 16), 0);
    CHECK_EQ(pit_tcp_peer(p.client, &a), 0);
    CHECK_EQ(pit_tcp_local(p.server, &b), 0);
    CHECK_EQ(a.port, b.port);
}

NODE_TEST(options_are_what_was_set)
{
    struct node_pair p = node_pair_with((pit_tcp_opts){.keepalive = true, .high_watermark = 5000});

    CHECK_EQ(pit_tcp_get(p.server, PIT_TCP_DELAY), 0); /* inherited from the listener */
    CHECK_EQ(pit_tcp_get(p.server, PIT_TCP_KEEPALIVE), 1);
    CHECK_EQ(pit_tcp_get(p.server, PIT_TCP_HIGH_WATERMARK), 5000);
    CHECK_EQ(pit_tcp_get(p.server, PIT_TCP_LOW_WATERMARK), 2500);
    CHECK_EQ(pit_tcp_set(p.server, PIT_TCP_DELAY, 1), 0);
    CHECK_EQ(pit_tcp_get(p.server, PIT_TCP_DELAY), 1);
    CHECK_EQ(pit_tcp_set(p.server, PIT_TCP_HIGH_WATERMARK, 1000), 0);
    CHECK(pit_tcp_get(p.server, PIT_TCP_LOW_WATERMARK) <= 1000);
    CHECK_EQ(pit_tcp_set(p.server, PIT_TCP_HIGH_WATERMARK, 0), -EINVAL);
    CHECK_EQ(pit_tcp_set(p.server, PIT_TCP_SEND_TIMEOUT, -1), -EINVAL);
    CHECK_EQ(pit_tcp_set(p.server, (enum pit_tcp_option)99, 1), -EINVAL);
    CHECK_EQ(pit_tcp_set(p.server, PIT_TCP_SEND_BUFFER, 16384), 0);
    CHECK(pit_tcp_get(p.server, PIT_TCP_SEND_BUFFER) >= 16384);
}

NODE_TEST(ipv6_and_ipv4_both_reach_a_star)
{
    pit_listener l = pit_tcp_listen("*:0");
    char text[PIT_ADDRESS_TEXT];
    pit_address a;

    CHECK_EQ(pit_error(l), 0);
    CHECK_EQ(pit_tcp_local(l, &a), 0);
    if (a.family != 6)
        pit_test_skip("this kernel has no IPv6");
    for (int i = 0; i < 2; i++) {
        char b[4];
        (void)snprintf(text, sizeof text, "%s:%u", i ? "[::1]" : pit_test_loopback(), a.port);
        pit_tcp c = pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0});
        if (pit_error(c) == -EADDRNOTAVAIL || pit_error(c) == -ENETUNREACH)
            pit_test_skip("the loopback has no IPv6 address");
        CHECK_EQ(pit_error(c), 0);
        pit_tcp s = pit_tcp_accept_timeout(l, A_WHILE);
        CHECK_EQ(pit_tcp_write(c, "six", 3), 0);
        CHECK_EQ(pit_tcp_read_exactly(s, b, 3, A_WHILE), 3);
        pit_address peer;
        CHECK_EQ(pit_tcp_peer(s, &peer), 0);
        CHECK_EQ(peer.family, 6);
    }
    (void)snprintf(text, sizeof text, "*:%u", a.port);
    CHECK_EQ(pit_tcp_unlisten(l), 0);
    l = pit_tcp_listen_opts(text, (pit_tcp_opts){.ipv6_only = true});
    CHECK_EQ(pit_error(l), 0);
    (void)snprintf(text, sizeof text, "%s:%u", pit_test_loopback(), a.port);
    CHECK_EQ(pit_error(pit_tcp_connect_opts(text, A_WHILE, (pit_tcp_opts){0})), -ECONNREFUSED);
}
