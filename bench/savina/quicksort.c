/*
 * Quicksort: a process splits its numbers, gives the two halves to two new processes, and puts together what they send back.
 * Numbers travel as binaries, which are not copied.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>
#include <string.h>

#define THRESHOLD 2048 /* fewer are sorted at once */

PIT_MESSAGE(quicksort_work, (pit_binary, numbers));
PIT_MESSAGE(quicksort_sorted, (bool, right), (pit_binary, numbers));

struct sorter {
    pit_pid parent;
    bool right; /* of its parent's two halves */
};

static size_t count_of(pit_binary b) { return b.size / sizeof(uint64_t); }
static const uint64_t *numbers_of(pit_binary b) { return (const uint64_t *)(const void *)b.data; }

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static pit_binary sorted_at_once(pit_binary b)
{
    uint8_t *room;
    pit_binary result = pit_binary_make(b.size, &room);

    memcpy(room, b.data, b.size);
    qsort(room, count_of(b), sizeof(uint64_t), by_size);
    return result;
}

/* Those that are smaller (or greater) than the pivot. */
static pit_binary half(pit_binary b, uint64_t pivot, bool greater)
{
    const uint64_t *from = numbers_of(b);
    uint8_t *room;
    size_t n = 0, count = count_of(b);

    for (size_t i = 0; i < count; i++)
        n += greater ? from[i] > pivot : from[i] < pivot;
    pit_binary result = pit_binary_make(n * sizeof(uint64_t), &room);
    uint64_t *to = (uint64_t *)(void *)room;
    for (size_t i = 0; i < count; i++)
        if (greater ? from[i] > pivot : from[i] < pivot)
            *to++ = from[i];
    return result;
}

static void sorter(const void *arg);

static void sort_half(pit_binary b, uint64_t pivot, bool right)
{
    struct sorter arg = {.parent = pit_self(), .right = right};

    pit_send(pit_spawn(sorter, &arg, sizeof arg), quicksort_work, .numbers = half(b, pivot, right));
}

/* The sorted halves at both ends, and between them as often as it was there the pivot. */
static pit_binary sorted_by_others(pit_binary b)
{
    uint64_t pivot = numbers_of(b)[count_of(b) / 2];
    uint8_t *room;
    size_t total = b.size, left = 0, right = 0;

    sort_half(b, pivot, false);
    sort_half(b, pivot, true);
    pit_binary result = pit_keep(pit_binary_make(total, &room));
    for (int i = 0; i < 2; i++) {
        const struct quicksort_sorted *s = pit_receive_only(quicksort_sorted, PIT_INFINITY);
        pit_binary part = s->numbers;

        if (part.size)
            memcpy(s->right ? room + total - part.size : room, part.data, part.size);
        *(s->right ? &right : &left) = part.size;
    }
    for (size_t at = left; at < total - right; at += sizeof pivot)
        memcpy(room + at, &pivot, sizeof pivot);
    return result;
}

static void sorter(const void *arg)
{
    const struct sorter *self = arg;
    pit_binary b = pit_keep(pit_receive_only(quicksort_work, PIT_INFINITY)->numbers);
    pit_binary s = count_of(b) < THRESHOLD ? sorted_at_once(b) : sorted_by_others(b);

    pit_send(self->parent, quicksort_sorted, .right = self->right, .numbers = s);
}

static void run(const uint64_t *params)
{
    uint64_t count = params[0], sum = 0, sorted_sum = 0, falls = 0;
    uint32_t random = 1024;
    uint8_t *room;
    pit_binary b = pit_binary_make(count * sizeof(uint64_t), &room);
    struct sorter arg = {.parent = pit_self()};

    BENCH_CHECK(count > 0);
    for (uint64_t i = 0; i < count; i++)
        sum += ((uint64_t *)(void *)room)[i] = savina_random60(&random);
    int64_t since = pit_now();
    pit_send(pit_spawn(sorter, &arg, sizeof arg), quicksort_work, .numbers = b);
    pit_binary s = pit_receive_only(quicksort_sorted, PIT_INFINITY)->numbers;
    savina_report(since, "numbers_per_s", count);
    savina_expect("numbers", count_of(s), count);
    for (uint64_t i = 0; i < count; i++) {
        sorted_sum += numbers_of(s)[i];
        falls += i && numbers_of(s)[i] < numbers_of(s)[i - 1];
    }
    savina_expect("places where it falls", falls, 0);
    savina_expect("sum of the numbers", sorted_sum, sum);
}

const struct savina savina_quicksort = {
    .name = "quicksort",
    .what = "a tree of processes sorts numbers",
    .run = run,
    .params = {{"numbers", 1000000, 1, SAVINA_LINEAR}},
};
