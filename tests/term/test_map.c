/*
 * Goal: maps hold one value for each key, whatever the order of putting, and change only in copies.
 * Method: random operations against a plain array of pairs.
 */
#include "tests/harness/test.h"
#include "tests/term/ends.h"
#include "tests/term/random_term.h"

#define MOST 64

struct model {
    pit_term keys[MOST];
    pit_term values[MOST];
    size_t count;
};

static size_t model_find(const struct model *m, pit_term key)
{
    size_t i = 0;
    while (i < m->count && !pit_term_equal(m->keys[i], key))
        i++;
    return i;
}

static void model_put(struct model *m, pit_term key, pit_term value)
{
    size_t at = model_find(m, key);
    m->keys[at] = key;
    m->values[at] = value;
    m->count += at == m->count;
}

static void model_remove(struct model *m, pit_term key)
{
    size_t at = model_find(m, key);
    if (at < m->count) {
        m->count--;
        m->keys[at] = m->keys[m->count];
        m->values[at] = m->values[m->count];
    }
}

static void check_same(const struct model *m, pit_term map)
{
    pit_term key, value, last = {0};

    CHECK_EQ(pit_map_size(map), m->count);
    for (size_t i = 0; i < m->count; i++) {
        CHECK(pit_map_get(map, m->keys[i], &value));
        CHECK_EQ(value.word, m->values[i].word);
        CHECK(pit_map_at(map, i, &key, &value));
        CHECK(i == 0 || pit_term_compare_exact(last, key) < 0);
        last = key;
    }
    CHECK(!pit_map_at(map, m->count, &key, &value));
}

PIT_TEST(maps_agree_with_an_array_of_pairs)
{
    uint64_t seed = pit_test_seed();

    for (uint64_t round = 0; round < pit_test_scale(20, 1000); round++) {
        struct model m = {.count = 0};
        pit_term map = pit_build("#{}");
        for (int i = 0; i < 200; i++) {
            pit_term key =
                below(&seed, 2) ? pit_int((int64_t)below(&seed, 40)) : random_term(&seed, 1);
            pit_term value = pit_int(i);
            if (m.count == MOST || below(&seed, 4) == 0) {
                if (m.count == MOST || (m.count && below(&seed, 2)))
                    key = m.keys[below(&seed, m.count)];
                map = pit_map_remove(map, key);
                model_remove(&m, key);
            } else {
                pit_term before = map;
                size_t size = pit_map_size(before);
                map = pit_map_put(map, key, value);
                model_put(&m, key, value);
                CHECK_EQ(pit_map_size(before), size);
            }
            check_same(&m, map);
        }
        pit_term built = pit_map_of(m.keys, m.values, m.count);
        CHECK(pit_term_equal(built, map));
        pit_term_release_all();
    }
}

PIT_TEST(the_last_of_equal_keys_counts_in_maps_of_any_size)
{
    pit_term keys[3000], values[3000], value;
    uint64_t seed = pit_test_seed();

    for (size_t n = 1; n <= 3000; n = n * 3 / 2 + 1) {
        for (size_t i = 0; i < n; i++) {
            keys[i] = pit_int((int64_t)below(&seed, n));
            values[i] = pit_int((int64_t)i);
        }
        pit_term map = pit_map_of(keys, values, n);
        for (size_t i = n; i-- > 0;) {
            bool seen = false;
            for (size_t later = i + 1; later < n && later < i + 200; later++)
                seen |= keys[later].word == keys[i].word;
            if (seen)
                continue;
            CHECK(pit_map_get(map, keys[i], &value));
            CHECK(value.word >= values[i].word);
        }
    }
}

PIT_TEST(integers_and_floats_are_different_keys)
{
    pit_term map = pit_build("#{1 => i, 1.0 => f, 0.0 => z, -0.0 => m}"), value;

    CHECK_EQ(pit_map_size(map), 4);
    CHECK(pit_map_get(map, pit_float(1.0), &value) && pit_atom_is(value, "f"));
    CHECK(pit_map_get(map, pit_float(-0.0), &value) && pit_atom_is(value, "m"));
    CHECK_STR(pit_term_text(map), "#{1 => i,-0.0 => m,0.0 => z,1.0 => f}");
}

PIT_TEST(what_is_no_map_is_badarg)
{
    pit_term t;

    CHECK_ENDS(pit_map_size(pit_int(1)), "pit_map_size: not a map");
    CHECK_ENDS(pit_map_get(pit_nil(), pit_nil(), &t), "pit_map_get: not a map");
    CHECK_ENDS(pit_map_put(pit_nil(), pit_nil(), pit_nil()), "pit_map_put");
    CHECK_ENDS(pit_map_remove(pit_build("{}"), pit_nil()), "pit_map_remove");
    CHECK_ENDS(pit_tuple_get(pit_build("{a}"), 1), "element 1 of a tuple of 1");
    CHECK_ENDS(pit_tuple_size(pit_nil()), "not a tuple");
    CHECK_ENDS(pit_list_head(pit_nil()), "not a list with an element");
    CHECK_ENDS(pit_list_tail(pit_int(1)), "not a list with an element");
    CHECK_ENDS(pit_list_reverse(pit_build("[a|b]")), "not a proper list");
}

PIT_TEST(lists_are_made_measured_and_reversed)
{
    CHECK_EQ(pit_list_length(pit_build("[1,2,3]")), 3);
    CHECK_EQ(pit_list_length(pit_nil()), 0);
    CHECK_EQ(pit_list_length(pit_build("[1|2]")), -EINVAL);
    CHECK_EQ(pit_list_length(pit_int(7)), -EINVAL);
    CHECK_STR(pit_term_text(pit_list_reverse(pit_build("[1,2,3]"))), "[3,2,1]");
    CHECK(pit_is_list(pit_nil()) && pit_is_nil(pit_nil()) && !pit_is_cons(pit_nil()));
}
