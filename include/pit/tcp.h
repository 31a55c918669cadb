/*
 * TCP: listen, accept, connect, and two ways to receive.
 *
 * A socket belongs to one process, its owner, and is closed when that process ends. Only the owner
 * may use it; others get -EACCES, and send the owner a message instead. A socket that was closed,
 * or never was, is -EBADF, and so is one whose number the kernel or we have used again. What is
 * said of a socket holds for a listener where it makes sense.
 *
 * Blocking style: pit_tcp_read and pit_tcp_write, which wait; only the process that calls them
 * waits. Active style: what arrives becomes messages (pit_tcp_data ...), for processes that hold no
 * stack while they wait; see pit_tcp_active.
 *
 * Sending: what is sent is queued, and leaves with everything else that this scheduler's processes
 * have sent when it next looks after I/O: microseconds later, in one system call for all of them. A
 * queue that has grown to the high watermark makes the sender wait until it is below the low one.
 *
 * Errors are the kernel's: -ECONNRESET, -EPIPE, -ETIMEDOUT, ... A buffer, an address or a place for
 * an answer that is no memory is none of them: it ends the caller, and nobody else, with the fault
 * that it is. Nagle's algorithm is off unless asked for.
 */
#ifndef PIT_TCP_H
#define PIT_TCP_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/address.h>
#include <pit/base.h>
#include <pit/binary.h>
#include <pit/message.h>
#include <pit/process.h>

PIT_BEGIN_DECLS

/* ---- options ---- */

#ifdef __cplusplus
#define PIT__ZERO = {} /* g++ warns of members left out that have no default */
#else
#define PIT__ZERO
#endif

/* For listen (and what it accepts), connect and serve. Zero is the default of each. */
typedef struct pit_tcp_opts {
    int backlog PIT__ZERO;         /* connections that wait to be accepted; 0: 1,024 */
    int max_connections PIT__ZERO; /* alive at once; more wait. 0: no limit. Of each listener: with
                                          per_scheduler there is one a scheduler */
    bool reuse_port PIT__ZERO;     /* share the port with others who say so too */
    bool per_scheduler PIT__ZERO;  /* pit_tcp_serve: a listener on each scheduler */
    bool ipv6_only PIT__ZERO;      /* "*:80" and "[::]:80" without IPv4 */
    bool delay PIT__ZERO;          /* let the kernel gather small writes (Nagle) */
    bool keepalive PIT__ZERO;      /* let the kernel probe an idle peer */
    bool no_wait PIT__ZERO;        /* a full queue: -EAGAIN; pit_tcp_writable follows */
    int send_buffer PIT__ZERO;     /* the kernel's, in bytes; 0: it decides */
    int receive_buffer PIT__ZERO;  /* the kernel's, in bytes; 0: it decides */
    uint32_t high_watermark PIT__ZERO; /* bytes queued from which on senders wait; 0: 64 KiB */
    uint32_t low_watermark PIT__ZERO;  /* and below which they go on; 0: half of that */
    uint32_t read_ahead PIT__ZERO;     /* bytes received before they are read; 0: 64 KiB */
    uint32_t send_timeout PIT__ZERO;   /* ms that a sender waits for room; 0: for ever */
    uint32_t linger PIT__ZERO;         /* ms that queued bytes may take after close; 0: 10,000 */
    const char *from PIT__ZERO;        /* connect: local address, "192.0.2.1:0"; NULL: any */
} pit_tcp_opts;

/* ---- listening ---- */

/*
 * pit_tcp_listen("127.0.0.1:7000", .backlog = 4096): listen on an address as pit_address_parse
 * takes it; port 0: a free one, see pit_tcp_local. Holds -EINVAL, -EADDRINUSE, -EACCES (a port
 * below 1024), -EADDRNOTAVAIL, -EMFILE, -ENOMEM. Does not wait. Erlang: gen_tcp:listen/2.
 */
#define pit_tcp_listen(...) PIT__TCP_LISTEN(__VA_ARGS__, )
pit_listener pit_tcp_listen_opts(const char *address, pit_tcp_opts opts);

/*
 * The next connection, which belongs to the caller. Waits, at most timeout ms: then it holds
 * -ETIMEDOUT. A node that is out of descriptors logs so and tries again; connections wait in the
 * backlog meanwhile. Erlang: gen_tcp:accept/1,2.
 */
pit_tcp pit_tcp_accept(pit_listener l);
pit_tcp pit_tcp_accept_timeout(pit_listener l, int64_t timeout);

/*
 * Stop listening. Peers that nobody has accepted yet see their connection closed or reset; those
 * that were accepted live on. 0 or -EBADF, -EACCES. Does not wait. Erlang: gen_tcp:close/1.
 */
int pit_tcp_unlisten(pit_listener l);

/*
 * Listen, and start a process for each connection: start(s, arg) is called in an acceptor process,
 * which owns s. It hands it on with one of the pit_tcp_give functions; a connection that it kept is
 * closed when it returns, and so is one whose start ends the acceptor: that ends the caller too, by
 * a link.
 *
 * pit_tcp_serve("*:80", start, NULL, .per_scheduler = true): one acceptor, or one on each
 * scheduler, which keeps a connection's I/O and its process on one core. They end with the caller.
 * The address that they listen on goes to *ret_local unless it is NULL. 0, or what pit_tcp_listen
 * holds. Waits until all listen; on a port that a server of this node has, for up to a second: it
 * may be about to end. No counterpart in Erlang.
 *
 * A port that anybody listens on is refused (-EADDRINUSE), though a listener on each scheduler
 * means that the kernel lets sockets share it. .reuse_port = true shares it on purpose, with all
 * who say so too: two programs of one user then get some of the connections each, as when an old
 * version hands over to a new one.
 */
typedef void pit_tcp_start(pit_tcp s, void *arg);
#define pit_tcp_serve(...) PIT__TCP_SERVE(__VA_ARGS__, )
int pit_tcp_serve_opts(const char *address, pit_tcp_start *start, void *arg, pit_address *ret_local,
                       pit_tcp_opts opts);

/* ---- connecting ---- */

/*
 * pit_tcp_connect("127.0.0.1:7000", 5000, .keepalive = true): connect, waiting at most so many ms.
 * Holds -EINVAL, -ECONNREFUSED, -ETIMEDOUT, -ENETUNREACH, ... Erlang: gen_tcp:connect/4.
 */
#define pit_tcp_connect(...) PIT__TCP_CONNECT(__VA_ARGS__, )
pit_tcp pit_tcp_connect_opts(const char *address, int64_t timeout, pit_tcp_opts opts);

/* ---- receiving, blocking ---- */

/*
 * What has arrived, at least one byte and at most size. The count; 0: the peer will send no more;
 * -ETIMEDOUT after timeout ms; -EBUSY: the socket is active; -ECONNRESET and the like. Waits.
 * Erlang: gen_tcp:recv(S, 0).
 */
int pit_tcp_read(pit_tcp s, void *buffer, size_t size, int64_t timeout);

/* Exactly size bytes. size (at most INT_MAX); 0: the peer closed before the first; -EPIPE: it
   closed half way; -ETIMEDOUT: what has arrived is lost, close the socket. Waits. Erlang:
   gen_tcp:recv(S, N). */
int pit_tcp_read_exactly(pit_tcp s, void *buffer, size_t size, int64_t timeout);

/* As pit_tcp_read, for a binary that lives until the next receive; large ones are not copied.
   The count, 0 and errors as there, -ENOMEM; *ret is set if the count is above 0. Waits.
   Erlang: gen_tcp:recv(S, 0). */
int pit_tcp_receive(pit_tcp s, pit_binary *ret, int64_t timeout);

/* ---- receiving, active ---- */

/* Messages to the owner. */
PIT_MESSAGE(pit_tcp_data, (pit_tcp, socket), (pit_binary, bytes)); /* bytes that arrived */
PIT_MESSAGE(pit_tcp_closed, (pit_tcp, socket),
            (int32_t, error));                   /* the last of them has been; 0: the peer closed */
PIT_MESSAGE(pit_tcp_passive, (pit_tcp, socket)); /* the count of messages is used up */
PIT_MESSAGE(pit_tcp_writable, (pit_tcp, socket)); /* below the low watermark after an -EAGAIN */
PIT_MESSAGE(pit_tcp_accepted, (pit_listener, listener),
            (pit_tcp, socket)); /* a connection, the owner's */

#define PIT_TCP_PASSIVE 0
#define PIT_TCP_ONCE (-1)
#define PIT_TCP_ALWAYS (-2)

/*
 * From now on what arrives becomes pit_tcp_data: one message (ONCE, then passive again without a
 * word), count of them (then pit_tcp_passive), ALWAYS, or none (PASSIVE, the state of a new
 * socket). What has arrived already comes at once. After pit_tcp_closed nothing comes any more, but
 * the socket stays open, for what is to be sent, until it is closed.
 *
 * ALWAYS has no bound: a peer that sends faster than the owner handles fills its mailbox. Use a
 * count where the peer is not trusted. 0; -EINVAL; -EBADF, -EACCES. Does not wait. Erlang:
 * inet:setopts(S, [{active, N}]).
 */
int pit_tcp_active(pit_tcp s, int count);

/* The same for a listener: connections become pit_tcp_accepted, as many as count says. ONCE and
   pit_tcp_passive: as one. Results as there. Does not wait. No counterpart in Erlang. */
int pit_tcp_accept_active(pit_listener l, int count);

/* ---- sending ---- */

/*
 * Queue a binary; it is shared, not copied, and the caller need not keep it. Full queue: waits, or
 * -EAGAIN (option no_wait). 0; -EAGAIN; -ETIMEDOUT (option send_timeout: the peer takes nothing;
 * close it); -EPIPE, -ECONNRESET: the connection is gone, or was shut down for sending. That
 * something was queued says nothing of its arrival. Erlang: gen_tcp:send/2.
 */
int pit_tcp_send(pit_tcp s, pit_binary bytes);

/*
 * The same for bytes that are copied, and waits like it; -ENOMEM: nothing was queued. What is
 * queued copy by copy leaves together.
 */
int pit_tcp_send_copy(pit_tcp s, const void *data, size_t size);

/* All of it, whatever its size, waiting for the peer to take it as often as needed; on return it
   is queued or sent. 0 or an error as pit_tcp_send's, after which it is not known how much went
   out. Waits, whatever the option. Erlang: gen_tcp:send/2. */
int pit_tcp_write(pit_tcp s, const void *data, size_t size);

/* Bytes queued and not yet taken by the kernel; -EBADF, -EACCES. Does not wait.
   Erlang: inet:getstat(S, [send_pend]). */
int64_t pit_tcp_queued(pit_tcp s);

/* ---- ending ---- */

/*
 * No more from us (WRITE: after what is queued), no more to us (READ), both. 0; -ENOTCONN.
 * Does not wait. Erlang: gen_tcp:shutdown/2.
 */
enum pit_tcp_how { PIT_TCP_READ, PIT_TCP_WRITE, PIT_TCP_BOTH };
int pit_tcp_shutdown(pit_tcp s, enum pit_tcp_how how);

/* Close: what is queued leaves in the background (option linger), the handle is dead at once.
   Does not wait. 0; -EBADF, -EACCES. Erlang: gen_tcp:close/1. */
int pit_tcp_close(pit_tcp s);

/* Close with a reset: what is queued is thrown away. Does not wait. 0; -EBADF, -EACCES.
   Erlang: gen_tcp:close/1 after {linger, {true, 0}}. */
int pit_tcp_abort(pit_tcp s);

/* ---- owners ---- */

/*
 * Give a socket to a new process, pit_tcp_give(s, body): body's argument is the socket (a const
 * pit_tcp *). The new owner; a limit that is reached ends the caller, and the socket with it. opts
 * as pit_spawn_with's; place it with .scheduler.
 * pit_tcp_give_handler(s, handler, &state, sizeof state): a callback process; its state is to hold
 * the socket. The try forms hold what pit_try_spawn holds, -EBADF or -EACCES; the socket is still
 * the caller's then. May wait, if I/O of the socket is in flight and the new owner lives on another
 * scheduler.
 */
#define pit_tcp_give(...) PIT__TCP_GIVE(__VA_ARGS__, )
#define pit_tcp_give_handler(...) PIT__TCP_GIVE_HANDLER(__VA_ARGS__, )
pit_pid pit_tcp_try_give(pit_tcp s, pit_body *body, pit_spawn_opts opts);
pit_pid pit_tcp_try_give_handler(pit_tcp s, pit_handler *handler, const void *state, size_t size,
                                 pit_spawn_opts opts);

/*
 * Give it to a process that exists. It is passive afterwards, with what had arrived. A process that
 * is dead, or dies on the way: the socket is closed. 0; -EBADF, -EACCES; -EINVAL: pid is no
 * process. Erlang: gen_tcp:controlling_process/2.
 */
int pit_tcp_give_to(pit_tcp s, pit_pid pid);

/* ---- addresses and options ---- */

/* The socket's or listener's own address, the peer's. 0, or -EBADF, -EACCES, -ENOTCONN. Neither
   waits. Erlang: inet:sockname/1, peername/1. */
#define pit_tcp_local(handle, ret) (pit__tcp_local((handle).id, (ret)))
int pit_tcp_peer(pit_tcp s, pit_address *ret);

/* Options of an open socket, sizes in bytes, times in ms. set: 0; get: the value. -EINVAL: no such
   option, or a value that it cannot have; -EBADF, -EACCES. Neither waits. Erlang: inet:setopts/2,
   getopts/2. */
enum pit_tcp_option {
    PIT_TCP_DELAY,
    PIT_TCP_KEEPALIVE,
    PIT_TCP_SEND_BUFFER,
    PIT_TCP_RECEIVE_BUFFER,
    PIT_TCP_HIGH_WATERMARK,
    PIT_TCP_LOW_WATERMARK,
    PIT_TCP_READ_AHEAD,
    PIT_TCP_SEND_TIMEOUT,
    PIT_TCP_LINGER,
    PIT_TCP_NO_WAIT,
};
int pit_tcp_set(pit_tcp s, enum pit_tcp_option option, int value);
int pit_tcp_get(pit_tcp s, enum pit_tcp_option option);

/* Sockets and listeners of the whole node that are open, those that linger included. Does not wait.
   Any thread. Erlang: inet:i/0 lists them. */
size_t pit_tcp_count(void);

/* ---- what the macros stand on; not for programs ---- */

int pit__tcp_local(int64_t id, pit_address *ret);
#define PIT__TCP_OPTS(...) (__extension__ PIT__LITERAL(pit_tcp_opts){__VA_ARGS__})
#define PIT__SPAWN_OPTS(...) (__extension__ PIT__LITERAL(pit_spawn_opts){__VA_ARGS__})
#define PIT__TCP_LISTEN(address, ...) pit_tcp_listen_opts((address), PIT__TCP_OPTS(__VA_ARGS__))
#define PIT__TCP_CONNECT(address, timeout, ...) \
    pit_tcp_connect_opts((address), (timeout), PIT__TCP_OPTS(__VA_ARGS__))
#define PIT__TCP_SERVE(address, start, arg, ret_local, ...) \
    pit_tcp_serve_opts((address), (start), (arg), (ret_local), PIT__TCP_OPTS(__VA_ARGS__))
#define PIT__TCP_GIVE(s, body, ...) \
    pit__spawned(pit_tcp_try_give((s), (body), PIT__SPAWN_OPTS(__VA_ARGS__)), __FILE__, __LINE__)
#define PIT__TCP_GIVE_HANDLER(s, handler, state, size, ...)                                      \
    pit__spawned(                                                                                \
        pit_tcp_try_give_handler((s), (handler), (state), (size), PIT__SPAWN_OPTS(__VA_ARGS__)), \
        __FILE__, __LINE__)

PIT_END_DECLS

#endif
