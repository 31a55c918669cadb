/*
 * Goal: what was added is found by kind and key, in few steps however many there are, and stands in
 * the order of its making.
 * Method: random adding, finding and removing against a plain list, across the sizes at which the
 * index comes, grows and goes.
 */
#include "tests/harness/test.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/relation.h"

enum { MOST = 4000 };

static struct {
    struct pit__relations rs;
    struct pit__relation *in_order[MOST]; /* the model */
    unsigned count;
    uint64_t chance, next_key;
} f;

static uint64_t below(uint64_t n) { return pit_test_random_below(&f.chance, n); }

static struct pit__relation *new_relation(unsigned kind, uint64_t key)
{
    struct pit__relation *r = calloc(1, sizeof *r);

    r->block.kind = (uint8_t)kind;
    r->key = key;
    return r;
}

/* Keys of different kinds may be equal; those of pids differ in their low bits, those of references
   in the high ones too. */
static void add(void)
{
    uint64_t n = ++f.next_key, key = n / 2 << (n % 3 ? 0 : 27);
    unsigned kind = (unsigned)below(PIT__R_TIMER + 1);

    if (f.count == MOST || pit__relation_find(&f.rs, kind, key))
        return;
    f.in_order[f.count] = new_relation(kind, key);
    pit__relation_add(&f.rs, f.in_order[f.count++]);
}

static void remove_at(unsigned i)
{
    struct pit__relation *r = f.in_order[i];

    CHECK(pit__relation_find(&f.rs, r->block.kind, r->key) == r);
    pit__relation_remove(&f.rs, r);
    CHECK(!pit__relation_find(&f.rs, r->block.kind, r->key));
    free(r);
    memmove(f.in_order + i, f.in_order + i + 1, (f.count - i - 1) * sizeof *f.in_order);
    f.count--;
}

static void check_all(void)
{
    struct pit__relation *r = f.rs.first;
    unsigned timers = 0;

    for (unsigned i = 0; i < f.count; i++, r = r->next) {
        CHECK(r == f.in_order[i]);
        CHECK(pit__relation_find(&f.rs, r->block.kind, r->key) == r);
        timers += r->block.kind == PIT__R_TIMER;
    }
    CHECK(r == NULL);
    CHECK(f.rs.last == (f.count ? f.in_order[f.count - 1] : NULL));
    CHECK_EQ(f.rs.count, f.count);
    CHECK_EQ(f.rs.timers, timers);
    CHECK_EQ(!f.rs.index, f.count == 0 || !f.rs.index);
}

PIT_TEST(what_is_added_is_found_and_in_order)
{
    f.chance = pit_test_seed();
    for (int round = 0; round < 8; round++) {
        unsigned peak = round % 2 ? MOST : (unsigned)below(40);

        for (int i = 0; f.count < peak && i < 3 * MOST; i++) {
            if (f.count && below(4) == 0)
                remove_at((unsigned)below(f.count));
            else
                add();
            if (f.count < 50 || i % 512 == 0)
                check_all();
        }
        while (f.count) {
            remove_at((unsigned)below(f.count));
            if (f.count < 50 || f.count % 512 == 0)
                check_all();
        }
        CHECK(!f.rs.index);
    }
}

/* Without an index, as in a teardown: searched one by one, moved to the end. */
PIT_TEST(without_an_index_everything_still_works)
{
    f.chance = pit_test_seed();
    while (f.count < 100)
        add();
    CHECK(f.rs.index);
    pit__relations_close(&f.rs);
    CHECK(!f.rs.index);
    check_all();
    for (int i = 0; i < 50; i++) {
        unsigned at = (unsigned)below(f.count);
        struct pit__relation *r = f.in_order[at];

        pit__relation_to_end(&f.rs, r);
        memmove(f.in_order + at, f.in_order + at + 1, (f.count - at - 1) * sizeof *f.in_order);
        f.in_order[f.count - 1] = r;
        check_all();
    }
    while (f.count)
        remove_at(0);
}

/* The kinds of keys that there are spread over the buckets: a million keys in a row take few steps
   each. */
PIT_TEST(finding_one_of_many_takes_few_steps)
{
    enum { MANY = 200000 };
    struct pit__relation *all = calloc(MANY, sizeof *all);
    uint64_t keys = 0;

    CHECK(all);
    for (int i = 0; i < MANY; i++) {
        all[i].block.kind = PIT__R_MONITOR;
        all[i].key = UINT64_C(1) << 48 | (uint64_t)i;
        pit__relation_add(&f.rs, &all[i]);
    }
    for (int i = 0; i < MANY; i++) { /* hangs, if it is a scan */
        CHECK(pit__relation_find(&f.rs, PIT__R_MONITOR, all[i].key) == &all[i]);
        CHECK(!pit__relation_find(&f.rs, PIT__R_LINK, all[i].key));
        keys += all[i].key;
    }
    CHECK(keys);
    for (int i = 0; i < MANY; i++)
        pit__relation_remove(&f.rs, &all[i]);
    CHECK_EQ(f.rs.count, 0);
    free(all);
}

/* The index grew by a bucket with each one added, so a supervisor's grew with each restart. */
PIT_TEST(an_index_follows_how_many_there_are_and_not_how_many_there_were)
{
    size_t before;

    memset(&f, 0, sizeof f);
    while (f.count < 20)
        add();
    before = mallinfo2().uordblks;
    for (int i = 0; i < 100000; i++) {
        remove_at(0);
        while (f.count < 20)
            add();
    }
    check_all();
    if (!pit_test_sanitized()) /* theirs is another malloc; a bucket each would be 800,000 bytes */
        CHECK(mallinfo2().uordblks < before + 4096);
    while (f.count)
        remove_at(0);
}
