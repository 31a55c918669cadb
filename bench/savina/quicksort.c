/*
 * Quicksort: a process splits its numbers, gives the two halves to two new processes, and puts
 * together what they send back. Numbers travel as binaries, which are not copied.
 */
#include "bench/savina/savina.h"

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

#define FEW 16 /* are sorted by insertion */

static void sort_few(uint64_t *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t x = a[i];
        size_t k = i;

        for (; k && a[k - 1] > x; k--)
            a[k] = a[k - 1];
        a[k] = x;
    }
}

static void sort_in_place(uint64_t *a, size_t n)
{
    while (n > FEW) {
        uint64_t pivot = a[n / 2];
        size_t i = 0, k = n - 1;

        for (;; i++, k--) {
            while (a[i] < pivot)
                i++;
            while (a[k] > pivot)
                k--;
            if (i >= k)
                break;
            uint64_t x = a[i];
            a[i] = a[k];
            a[k] = x;
        }
        size_t left = k + 1; /* never all: the pivot is not the last */
        sort_in_place(a, left);
        a += left;
        n -= left;
    }
    sort_few(a, n);
}

static pit_binary sorted_at_once(pit_binary b)
{
    uint8_t *room;
    pit_binary result = pit_binary_make_unfilled(b.size, &room);

    memcpy(room, b.data, b.size);
    sort_in_place((uint64_t *)(void *)room, count_of(b));
    return result;
}

/* The smaller than the pivot from the front, the greater from the back. A number is written at both
   ends, and stays where it belongs: chance decides which, so a branch would be foreseen wrongly
   half of the time. Between the ends there is always room. */
static void split(pit_binary b, uint64_t pivot, pit_binary *ret_smaller, pit_binary *ret_greater)
{
    const uint64_t *from = numbers_of(b);
    uint8_t *room;
    size_t count = count_of(b), smaller = 0, greater = 0;
    pit_binary both = pit_binary_make_unfilled(b.size, &room);
    uint64_t *to = (uint64_t *)(void *)room;

    for (size_t i = 0; i < count; i++) {
        to[smaller] = to[count - 1 - greater] = from[i];
        smaller += from[i] < pivot;
        greater += from[i] > pivot;
    }
    *ret_smaller = pit_binary_slice(both, 0, smaller * sizeof *to);
    *ret_greater = pit_binary_slice(both, (count - greater) * sizeof *to, greater * sizeof *to);
}

static void sorter(const void *arg);

static void sort_half(pit_binary half, bool right)
{
    struct sorter arg = {.parent = pit_self(), .right = right};

    pit_send(pit_spawn(sorter, &arg, sizeof arg), quicksort_work, .numbers = half);
}

/* The sorted halves at both ends, and between them as often as it was there the pivot. What was to
   be sorted lives until the first half comes back, and only then is there room for the result: so
   one can be made of the other's memory. */
static pit_binary sorted_by_others(pit_binary b)
{
    uint64_t pivot = numbers_of(b)[count_of(b) / 2];
    uint8_t *room = NULL;
    size_t total = b.size;
    pit_binary smaller, greater, result = {0};

    split(b, pivot, &smaller, &greater);
    sort_half(smaller, false);
    sort_half(greater, true);
    for (int i = 0; i < 2; i++) {
        const struct quicksort_sorted *s = pit_receive_only(quicksort_sorted, PIT_INFINITY);
        pit_binary part = s->numbers;

        if (!room)
            result = pit_keep(pit_binary_make_unfilled(total, &room));
        if (part.size)
            memcpy(s->right ? room + total - part.size : room, part.data, part.size);
    }
    for (size_t at = smaller.size; at < total - greater.size; at += sizeof pivot)
        memcpy(room + at, &pivot, sizeof pivot);
    return result;
}

static void sorter(const void *arg)
{
    const struct sorter *self = arg;
    pit_binary b = pit_receive_only(quicksort_work, PIT_INFINITY)->numbers;
    pit_binary s = count_of(b) < THRESHOLD ? sorted_at_once(b) : sorted_by_others(b);

    pit_send(self->parent, quicksort_sorted, .right = self->right, .numbers = s);
}

static void run(const uint64_t *params)
{
    uint64_t count = params[0], sum = 0, sorted_sum = 0, falls = 0;
    uint32_t random = 1024;
    uint8_t *room;
    pit_binary b = pit_binary_make_unfilled(count * sizeof(uint64_t), &room);
    struct sorter arg = {.parent = pit_self()};

    BENCH_CHECK(count > 0);
    for (uint64_t i = 0; i < count; i++)
        sum += ((uint64_t *)(void *)room)[i] = savina_random60(&random);
    int64_t since = pit_now();
    pit_send(pit_spawn(sorter, &arg, sizeof arg), quicksort_work, .numbers = b);
    pit_binary s = BENCH_AWAIT(pit_receive_only(quicksort_sorted, PIT_INFINITY))->numbers;
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
