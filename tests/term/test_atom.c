/*
 * Goal: one atom for each text, whoever makes it and when; the limits; what the constants name.
 * Method: threads make overlapping sets of atoms from a seed and compare what they got; the table
 * grows and is replaced several times meanwhile. With R1 in atom.c made relaxed ThreadSanitizer
 * reports it.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "term/atom.h"
#include "tests/harness/test.h"
#include "tests/term/ends.h"

PIT_TEST(a_zero_term_is_the_atom_undefined)
{
    pit_term zero = {0};

    CHECK(pit_is_atom(zero));
    CHECK_STR(pit_atom_text(zero), "undefined");
    CHECK_EQ(pit_atom("undefined").word, 0);
}

PIT_TEST(constants_are_the_atoms_of_their_texts)
{
#define SAME(name, text) CHECK_EQ(pit_atom_of(text).word, PIT__A(name).word);
    PIT__ATOMS(SAME)
#undef SAME
    CHECK_STR(pit_atom_text(PIT__A(EXIT)), "EXIT");
    CHECK_STR(pit_atom_text(PIT__A(true_)), "true");
}

PIT_TEST(the_text_of_a_constant_needs_no_table)
{
    size_t size;

    CHECK_STR(pit__atom_text(PIT__A(noproc), &size), "noproc");
    CHECK_EQ(size, 6);
    CHECK(pit__atom_compare(PIT__A(kill), PIT__A(killed)) < 0);
}

PIT_TEST(an_atom_is_found_only_once_it_was_made)
{
    pit_term t = {77};

    CHECK(!pit_atom_known("seldom seen", &t));
    CHECK_EQ(t.word, 77);
    pit_term made = pit_atom_of("seldom seen");
    CHECK(pit_atom_known("seldom seen", &t));
    CHECK_EQ(t.word, made.word);
    CHECK(pit_atom_known("ok", &t));
    CHECK_EQ(t.word, PIT__A(ok).word);
}

PIT_TEST(an_atom_from_a_literal_is_the_same_at_each_place_and_time)
{
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pit_atom("a literal").word, pit_atom_of("a literal").word);
        CHECK_EQ(pit_atom("another").word, pit_atom_of("another").word);
    }
    CHECK(pit_atom_is(pit_atom("another"), "another"));
    CHECK(!pit_atom_is(pit_atom("another"), "anothe"));
    CHECK(!pit_atom_is(pit_int(1), "1"));
}

PIT_TEST(texts_that_are_no_atoms_are_refused)
{
    char text[4 * 300 + 1];
    pit_term t;

    memset(text, 'x', 256);
    CHECK_EQ(pit__atom(text, 255, PIT__ATOM_MAKE, &t), 0);
    CHECK_EQ(pit__atom(text, 256, PIT__ATOM_MAKE, &t), -ENAMETOOLONG);
    for (int i = 0; i < 300; i++)
        memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4); /* characters count, not bytes */
    CHECK_EQ(pit__atom(text, 4 * 255, PIT__ATOM_MAKE, &t), 0);
    CHECK_EQ(pit__atom(text, 4 * 256, PIT__ATOM_MAKE, &t), -ENAMETOOLONG);
    CHECK_EQ(pit__atom("\xff", 1, PIT__ATOM_MAKE, &t), -EINVAL);
    CHECK_EQ(pit__atom("\xed\xa0\x80", 3, PIT__ATOM_MAKE, &t), -EINVAL);
    CHECK_EQ(pit__atom("", 0, PIT__ATOM_MAKE, &t), 0);
    CHECK_STR(pit_atom_text(t), "");
    CHECK_ENDS(pit_atom_of("\xc0\x80"), "badarg: not an atom, since it is not UTF-8");
    CHECK_ENDS(pit_atom_text(pit_int(1)), "not an atom");
}

PIT_TEST(a_full_table_says_so_and_still_finds_what_it_has)
{
    char text[32];
    pit_term t = {0};
    uint32_t before = pit__atoms_count();

    pit__atoms_set_limit(before + 10);
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "filler %d", i);
        CHECK_EQ(pit__atom(text, strlen(text), PIT__ATOM_MAKE, &t), 0);
    }
    CHECK_EQ(pit__atom("one too many", 12, PIT__ATOM_MAKE, &t), -PIT_ESYSTEMLIMIT);
    CHECK_EQ(pit__atom("filler 3", 8, PIT__ATOM_MAKE, &t), 0);
    CHECK_STR(pit_atom_text(t), "filler 3");
    CHECK_EQ(pit__atoms_count(), before + 10);
    CHECK_ENDS(pit_atom_of("one too many"), "system_limit: no room for the atom one too many");
    pit__atoms_set_limit(PIT__ATOMS_LIMIT);
    CHECK_EQ(pit__atom("one too many", 12, PIT__ATOM_MAKE, &t), 0);
}

PIT_TEST(the_table_grows_to_many_atoms)
{
    char text[32];
    uint64_t n = pit_test_scale(100000, 1000000);

    for (uint64_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "grown_%llu", (unsigned long long)i);
        pit_term t = pit_atom_of(text);
        CHECK_STR(pit_atom_text(t), text);
    }
    for (uint64_t i = 0; i < n; i += 97) {
        pit_term t;
        snprintf(text, sizeof text, "grown_%llu", (unsigned long long)i);
        CHECK(pit_atom_known(text, &t));
        CHECK_STR(pit_atom_text(t), text);
    }
}

#define THREADS 4
#define TEXTS 6000

struct maker {
    pthread_t thread;
    uint64_t seed;
    uint64_t words[TEXTS];
};

static void *make_atoms(void *arg)
{
    struct maker *m = arg;
    char text[32];

    for (unsigned n = 0; n < 2 * TEXTS; n++) { /* in an order of its own, and some twice */
        unsigned i = n < TEXTS ? (unsigned)pit_test_random_below(&m->seed, TEXTS) : n - TEXTS;
        snprintf(text, sizeof text, "shared %u", i);
        pit_term t = pit_atom_of(text);
        CHECK_STR(pit_atom_text(t), text);
        CHECK(m->words[i] == 0 || m->words[i] == t.word);
        m->words[i] = t.word;
    }
    return NULL;
}

PIT_TEST(threads_that_make_the_same_atoms_agree)
{
    static struct maker makers[THREADS];
    uint32_t before = pit__atoms_count();
    uint64_t seed = pit_test_seed();

    for (unsigned i = 0; i < THREADS; i++) {
        makers[i].seed = pit_test_random(&seed);
        CHECK_EQ(pthread_create(&makers[i].thread, NULL, make_atoms, &makers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(makers[i].thread, NULL), 0);
    for (unsigned t = 0; t < TEXTS; t++)
        for (unsigned i = 1; i < THREADS; i++)
            CHECK_EQ(makers[i].words[t], makers[0].words[t]);
    CHECK_EQ(pit__atoms_count(), before + TEXTS);
}
