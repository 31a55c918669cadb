/*
 * Goal: whatever two ends of a connection do, in any order and on any scheduler, each reads a
 *   prefix of what the other sent, all of it if both ended in order, and in the end nothing is
 *   left: no process, socket, descriptor, lent buffer.
 * Method: pairs of processes that draw their next step from a seed: blocking and active reads,
 *   every kind of send, giving the connection away, and every kind of end. Both directions carry
 *   bytes that tell their position.
 */
#include "tests/io/node.h"

#include <dirent.h>
#include <stdatomic.h>
#include <string.h>

#include "io/uring.h"
#include "runtime/park.h"

enum { PAIRS = 64, BIGGEST = 20000 };

/* Written by the sender before it ends its direction in order; read by the other end at the end
   of the stream. */
static _Atomic(uint64_t) sent_in_order[2 * PAIRS];
static _Atomic(int) living;

struct end {
    pit_tcp socket;
    uint64_t seed, sent, got;
    uint32_t number; /* of this end; the other one's is number ^ 1 */
    uint32_t steps;
};

static uint8_t byte_at(uint32_t number, uint64_t i)
{
    return (uint8_t)((i + number) * 2654435761u >> 11 ^ i);
}

static void check_received(struct end *e, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (b[i] != byte_at(e->number ^ 1, e->got + i))
            pit_test_fail(__FILE__, __LINE__, "end %u: byte %llu is wrong", e->number,
                          (unsigned long long)(e->got + i));
    e->got += n;
}

static void leave(const char *reason)
{
    living--;
    if (!strcmp(reason, "crash"))
        pit_exit(pit_atom("failed"));
    pit_exit(pit_atom("normal"));
}

/* The peer has ended its direction: if in order, nothing is missing. */
static void at_end(struct end *e)
{
    uint64_t all = sent_in_order[e->number ^ 1];

    if (all)
        CHECK_EQ(e->got, all - 1);
    leave("end");
}

static void result(struct end *e, int r)
{
    if (r >= 0 || r == -EAGAIN)
        return;
    if (r == -ETIMEDOUT) /* both sides wait for room: one gives up */
        (void)pit_tcp_abort(e->socket);
    else
        CHECK(r == -ECONNRESET || r == -EPIPE);
    leave("error");
}

static void write_some(struct end *e)
{
    size_t n =
        (size_t)pit_test_random_below(&e->seed, pit_test_random_below(&e->seed, 4) ? 700 : BIGGEST);
    uint8_t *b = pit_alloc(n + 1);
    int r;

    for (size_t i = 0; i < n; i++)
        b[i] = byte_at(e->number, e->sent + i);
    switch (pit_test_random_below(&e->seed, 3)) {
    case 0:
        r = pit_tcp_write(e->socket, b, n);
        break;
    case 1:
        r = pit_tcp_send_copy(e->socket, b, n);
        break;
    default:
        r = pit_tcp_send(e->socket, pit_binary_new(b, n));
        break;
    }
    pit_free(b);
    if (r == 0)
        e->sent += n;
    result(e, r);
}

static void read_some(struct end *e)
{
    uint8_t b[5000];
    int64_t timeout = (int64_t)pit_test_random_below(&e->seed, 3);
    pit_binary binary;
    int r;

    if (pit_test_random_below(&e->seed, 3)) {
        r = pit_tcp_read(e->socket, b, (size_t)pit_test_random_below(&e->seed, sizeof b) + 1,
                         timeout);
        if (r > 0)
            check_received(e, b, (size_t)r);
    } else {
        r = pit_tcp_receive(e->socket, &binary, timeout);
        if (r > 0)
            check_received(e, binary.data, binary.size);
    }
    if (r == 0)
        at_end(e);
    if (r != -ETIMEDOUT)
        result(e, r);
}

/* Messages until passive again, so that no data is left in the mailbox. */
static void read_active(struct end *e)
{
    int count = (int)pit_test_random_below(&e->seed, 3);
    const pit_msg *m;

    result(e, pit_tcp_active(e->socket, count ? count : PIT_TCP_ONCE));
    for (bool done = false; !done;) {
        m = pit_receive(2);
        if (!m) {
            CHECK_EQ(pit_tcp_active(e->socket, PIT_TCP_PASSIVE), 0);
            m = pit_receive(0); /* it may have come just now, and all of it */
            done = !m;
        }
        if (pit_is(m, pit_tcp_data)) {
            check_received(e, pit_as(m, pit_tcp_data)->bytes.data,
                           pit_as(m, pit_tcp_data)->bytes.size);
            done = done || !count;
        } else if (pit_is(m, pit_tcp_passive))
            done = done || count;
        else if (pit_is(m, pit_tcp_closed)) {
            if (pit_as(m, pit_tcp_closed)->error == 0)
                at_end(e);
            leave("closed");
        }
    }
}

static void end_in_order(struct end *e)
{
    uint8_t b[5000];
    int r;

    sent_in_order[e->number] = e->sent + 1;
    r = pit_tcp_shutdown(e->socket, PIT_TCP_WRITE);
    CHECK(r == 0 || r == -ENOTCONN);
    while ((r = pit_tcp_read(e->socket, b, sizeof b, A_WHILE)) > 0)
        check_received(e, b, (size_t)r);
    if (r == 0)
        at_end(e);
    result(e, r);
}

static void end_somehow(struct end *e)
{
    switch (pit_test_random_below(&e->seed, 6)) {
    case 0:
        CHECK_EQ(pit_tcp_close(e->socket), 0);
        leave("closed");
        break;
    case 1:
        CHECK_EQ(pit_tcp_abort(e->socket), 0);
        leave("aborted");
        break;
    case 2:
        leave("crash");
        break;
    default:
        end_in_order(e);
        break;
    }
}

static void end(void *state, const pit_msg *m)
{
    struct end *e = state;

    if (!pit_is(m, pit_start))
        return;
    while (e->steps-- > 0)
        switch (pit_test_random_below(&e->seed, 20)) {
        case 0:
            pit_yield();
            break;
        case 1: {
            /* The next of its kind goes on: on this scheduler, or any. */
            static const int16_t places[] = {0, PIT_ON(0), PIT_ON(1)};
            int16_t place = places[pit_test_random_below(&e->seed, 3)];
            pit_must(pit_tcp_try_give_handler(e->socket, end, e, sizeof *e,
                                              (pit_spawn_opts){.scheduler = place}));
            pit_exit(pit_atom("normal"));
        }
        case 2:
        case 3:
        case 4:
            read_active(e);
            break;
        case 5:
        case 6:
        case 7:
        case 8:
        case 9:
        case 10:
        case 11:
            write_some(e);
            break;
        default:
            read_some(e);
            break;
        }
    end_somehow(e);
}

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

NODE_TEST_ON(connections_survive_everything_that_their_ends_do, 2)
{
    uint64_t seed = pit_test_seed(), rounds = pit_test_scale(4, 200);
    unsigned fds = descriptors();
    pit_node_info before, now;

    pit_node_info_get(&before);
    for (uint64_t round = 0; round < rounds; round++) {
        living = 2 * PAIRS;
        for (uint32_t i = 0; i < PAIRS; i++) {
            struct node_pair p = node_pair_with((pit_tcp_opts){.send_timeout = 100,
                                                               .linger = 200,
                                                               .no_wait = (i & 1) != 0,
                                                               .read_ahead = i & 2 ? 3000 : 0,
                                                               .send_buffer = i & 4 ? 8192 : 0,
                                                               .high_watermark = i & 8 ? 2000 : 0});
            for (uint32_t j = 0; j < 2; j++) {
                struct end e = {.socket = j ? p.server : p.client, .number = 2 * i + j};
                e.seed = pit_test_random(&seed);
                e.steps = (uint32_t)pit_test_random_below(&seed, 200);
                sent_in_order[e.number] = 0;
                pit_tcp_give_handler(e.socket, end, &e, sizeof e);
            }
        }
        while (living > 0 || pit_tcp_count() > 0)
            pit_sleep(2);
    }
    CHECK_EQ(descriptors(), fds);
    do {
        pit_node_info_get(&now);
        pit_sleep(1);
    } while (now.processes > before.processes);
    struct pit__uring_stats stats;
    pit__uring_stats_of(pit__sched_driver(), &stats);
    CHECK_EQ(stats.lent, 0);
}
