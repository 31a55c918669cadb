/*
 * Tests that run inside a node: NODE_TEST(name) { ... } is a PIT_TEST whose body is the first
 * process of a node with two schedulers. The test passes if the body comes to its end.
 */
#ifndef TESTS_IO_NODE_H
#define TESTS_IO_NODE_H

#include <stdio.h>

#include <pit/pit.h>
#include <pit/tcp.h>

#include "tests/harness/test.h"

#define NODE_TEST(name) NODE_TEST_ON(name, 2)
#define NODE_TEST_ON(name, count)                                                 \
    static void node_body_##name(void);                                           \
    static int node_first_##name(int argc, char **argv)                           \
    {                                                                             \
        node_body_##name();                                                       \
        return 0;                                                                 \
    }                                                                             \
    PIT_TEST(name)                                                                \
    {                                                                             \
        pit_node_opts opts = {.schedulers = (count), .cores = "none"};            \
        CHECK_EQ(pit_run(&opts, node_first_##name, 0, (char *[]){(char *)0}), 0); \
    }                                                                             \
    static void node_body_##name(void)

/* Any port of an address that no other OS process uses: what was free there a moment ago still
   is. */
static inline const char *node_any_port(void)
{
    static char text[PIT_ADDRESS_TEXT];

    (void)snprintf(text, sizeof text, "%s:0", pit_test_loopback());
    return text;
}

/* A listener on a free port of the loopback, and its address as text. */
static inline pit_listener node_listen(char *text, size_t size, pit_tcp_opts opts)
{
    pit_listener l = pit_tcp_listen_opts(node_any_port(), opts);
    pit_address a;

    CHECK_EQ(pit_error(l), 0);
    CHECK_EQ(pit_tcp_local(l, &a), 0);
    CHECK(a.port != 0);
    (void)pit_address_text(&a, text, size);
    return l;
}

/* Two connected sockets, both the caller's. */
struct node_pair {
    pit_tcp client, server;
};
static inline struct node_pair node_pair_with(pit_tcp_opts opts)
{
    char text[PIT_ADDRESS_TEXT];
    pit_listener l = node_listen(text, sizeof text, opts);
    struct node_pair p = {.client = pit_tcp_connect_opts(text, A_WHILE, opts)};

    CHECK_EQ(pit_error(p.client), 0);
    p.server = pit_tcp_accept_timeout(l, A_WHILE);
    CHECK_EQ(pit_error(p.server), 0);
    CHECK_EQ(pit_tcp_unlisten(l), 0);
    return p;
}
static inline struct node_pair node_pair(void) { return node_pair_with((pit_tcp_opts){0}); }

#endif
