/*
 * Messages: to oneself, to another process of the same scheduler, to one of another scheduler;
 * copied, moved, and with a binary. Each carries its number in its first and last byte, which the
 * receiver compares; of one in WHOLE it compares every byte, which takes as long as a small message
 * and would be half of a large one's figure if it were of each.
 */
#include <pit/pit.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/micro/loops.h"

#define MOST 4096
#define WHOLE 64
#define FILLING 7 /* of the bytes between, so that bytes which were not copied are seen */

PIT_MESSAGE(micro_1, (uint8_t, bytes, 1));
PIT_MESSAGE(micro_64, (uint8_t, bytes, 64));
PIT_MESSAGE(micro_512, (uint8_t, bytes, 512));
PIT_MESSAGE(micro_4096, (uint8_t, bytes, 4096));
PIT_MESSAGE(micro_binary, (pit_binary, bytes));

static const pit_type *type_of(uint64_t size)
{
    const pit_type *types[] = {&pit_type_micro_1, &pit_type_micro_64, &pit_type_micro_512,
                               &pit_type_micro_4096};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i]->size == size)
            return types[i];
    bench_fail("no message of %llu bytes", (unsigned long long)size);
}

static void number(uint8_t *bytes, uint64_t size, uint64_t i)
{
    bytes[0] = bytes[size - 1] = (uint8_t)i;
}

static void check(const uint8_t *got, const uint8_t *sent, uint64_t size, uint64_t i)
{
    BENCH_CHECK(got[0] == (uint8_t)i && got[size - 1] == (uint8_t)i);
    if (i % WHOLE == 0)
        BENCH_CHECK(!memcmp(got, sent, size));
}

static const uint8_t *take(const pit_type *type)
{
    const pit_msg *m = pit_receive(PIT_INFINITY);

    BENCH_CHECK(m->type == type);
    return pit_payload(m);
}

/* other: who sends it back, or this process itself. */
static void play(pit_pid other, uint64_t n, uint64_t size)
{
    const pit_type *type = type_of(size);
    uint8_t bytes[MOST];

    memset(bytes, FILLING, sizeof bytes);
    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        number(bytes, size, i);
        pit_send_copy(other, type, bytes);
        check(take(type), bytes, size, i);
    }
    micro_end();
}

void micro_send_receive(uint64_t n, uint64_t size) { play(pit_self(), n, size); }

void micro_send_receive_moved(uint64_t n, uint64_t size)
{
    const pit_type *type = type_of(size);
    pit_pid self = pit_self();
    uint8_t sent[MOST] = {0}; /* but for its number it is as it was made */

    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        uint8_t *bytes = pit_message_make(type, size);

        BENCH_CHECK(bytes);
        number(bytes, size, i);
        number(sent, size, i);
        pit_message_send(self, bytes);
        check(take(type), sent, size, i);
    }
    micro_end();
}

void micro_send_receive_binary(uint64_t n, uint64_t size)
{
    pit_pid self = pit_self();
    uint8_t sent[MOST] = {0};

    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        uint8_t *bytes;
        pit_binary b = pit_binary_make(size, &bytes);

        number(bytes, size, i);
        number(sent, size, i);
        pit_send(self, micro_binary, .bytes = b);
        b = pit_as(pit_receive(PIT_INFINITY), micro_binary)->bytes;
        BENCH_CHECK(b.size == size);
        check(b.data, sent, size, i);
    }
    micro_end();
}

/* ---- to and fro */

static void echo(const void *arg)
{
    for (;;) {
        const pit_msg *m = pit_receive(PIT_INFINITY);

        pit_send_copy(m->from, m->type, pit_payload(m));
    }
}

struct player {
    pit_pid first;
    uint64_t n, size;
};

static void play_binary(pit_pid other, uint64_t n, uint64_t size)
{
    uint8_t *bytes, whole[MOST];
    pit_binary b = pit_binary_make(size, &bytes), back = b;

    memset(bytes, FILLING, size);
    memcpy(whole, bytes, size);
    pit_send(other, micro_binary, .bytes = b); /* from here on a message holds it, never we alone */
    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        back = pit_as(pit_receive(PIT_INFINITY), micro_binary)->bytes;
        BENCH_CHECK(back.size == size && back.data == bytes);
        if (i + 1 < n)
            pit_send(other, micro_binary, .bytes = back);
    }
    micro_end();
    BENCH_CHECK(!memcmp(back.data, whole, size)); /* nobody has written it all the time */
}

void micro_ping_pong(uint64_t n, uint64_t size) { play(pit_spawn_link(echo, NULL, 0), n, size); }

void micro_ping_pong_binary(uint64_t n, uint64_t size)
{
    play_binary(pit_spawn_link(echo, NULL, 0), n, size);
}

/* Both are pinned, the player in a process of its own: the first process may be moved. */
static void on_another(pit_body *player, uint64_t n, uint64_t size)
{
    struct player arg = {.first = pit_self(), .n = n, .size = size};

    pit_spawn_with(player, &arg, sizeof arg, .link = true, .scheduler = PIT_ON(0));
    BENCH_CHECK(bench_wait_done(1) == n);
}

static pit_pid far_echo(void)
{
    return pit_spawn_with(echo, NULL, 0, .link = true, .scheduler = PIT_ON(1));
}

static void player(const void *arg)
{
    const struct player *self = arg;

    play(far_echo(), self->n, self->size);
    pit_send(self->first, bench_done, .count = self->n);
}

static void binary_player(const void *arg)
{
    const struct player *self = arg;

    play_binary(far_echo(), self->n, self->size);
    pit_send(self->first, bench_done, .count = self->n);
}

void micro_ping_pong_apart(uint64_t n, uint64_t size) { on_another(player, n, size); }

void micro_ping_pong_apart_binary(uint64_t n, uint64_t size) { on_another(binary_player, n, size); }
