/*
 * Goal: flags mean what the manual says, and what is wrong is refused and told.
 * Method: texts and arguments, and what they make of the options; the log is read.
 */
#include "tests/harness/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pit/log.h>

#include "runtime/options.h"

static char logged[4000];

static void take_log(enum pit_log_level level, const char *text, size_t length)
{
    size_t n = length < sizeof logged - 1 ? length : sizeof logged - 1;

    memcpy(logged, text, n);
    logged[n] = '\0';
}

static int text(pit_node_opts *o, const char *flags)
{
    static char storage[4096];

    pit_log_sink_set(take_log);
    logged[0] = '\0';
    memset(o, 0, sizeof *o);
    return pit__options_text(o, flags, storage, sizeof storage);
}

PIT_TEST(flags_set_their_options)
{
    pit_node_opts o;

    CHECK_EQ(text(&o, " +S 4 +sbt 0-3,8 \t+P 5000\n+t 2048 +M 1000000 -name casino -dump /x/y +sss "
                      "128 +sbwt 0 -stop 500 -seed 0x10 "),
             0);
    CHECK_EQ(o.schedulers, 4);
    CHECK_STR(o.cores, "0-3,8");
    CHECK_EQ(o.processes, 5000);
    CHECK_EQ(o.atoms, 2048);
    CHECK_EQ(o.memory, 1000000);
    CHECK_STR(o.name, "casino");
    CHECK_STR(o.crash_dump, "/x/y");
    CHECK_EQ(o.stack, 128 * 1024);
    CHECK_EQ(o.spin_us, -1);
    CHECK_EQ(o.stop_timeout, 500);
    CHECK_EQ(o.seed, 16);
    CHECK_EQ(pit__options_complete(&o), 0);
    CHECK_EQ(text(&o, ""), 0);
    CHECK_EQ(text(&o, NULL), 0);
    CHECK_EQ(text(&o, "+S 2 +S 3"), 0); /* later ones win */
    CHECK_EQ(o.schedulers, 3);
}

PIT_TEST(what_is_wrong_is_refused_and_told)
{
    static const struct {
        const char *flags, *says;
    } wrong[] = {
        {"+S", "needs a value"},
        {"+S 0", "from 1 to 1024"},
        {"+S 1025", "from 1 to 1024"},
        {"+S four", "must be a number"},
        {"+S 4x", "must be a number"},
        {"+S -1", "from 1"},
        {"+Q 5", "unknown flag +Q"},
        {"casino", "unknown flag casino"},
        {"+P 1023", "from 1024"},
        {"+sss 15", "from 16"},
        {"+sss 8193", "to 8192"},
        {"-stop 0", "from 1"},
        {"+P 999999999999999999999", ""},
        {"-name", "needs a value"},
        {"+S 4:", "must be a number"},
        {"+S 1:2", "no more than N, must be a number"},
        {"+S x:1", "must be a number"},
        {"+S -1:1", "must be a number"},
        {"+S4x", "flag +S 4x"},
        {"+Q", "known are +S +sbt"},
        {"+sbwt sometimes", "must be a number"},
        {"-stop5", "unknown flag -stop5"},
    };
    pit_node_opts o;
    char longest[5000];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_EQ(text(&o, wrong[i].flags), -EINVAL);
        CHECK(logged[0]);
        CHECK(strstr(logged, wrong[i].says));
    }
    memset(longest, ' ', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK_EQ(text(&o, longest), -EINVAL);
    CHECK(strstr(logged, "longer than"));
}

PIT_TEST(flags_may_be_written_as_users_of_the_beam_write_them)
{
    pit_node_opts o;

    CHECK_EQ(text(&o, "+S4 +P100000 +sbwtnone +sbt u +sss64"), 0);
    CHECK_EQ(o.schedulers, 4);
    CHECK_EQ(o.processes, 100000);
    CHECK_EQ(o.spin_us, -1);
    CHECK_STR(o.cores, "none");
    CHECK_EQ(o.stack, 64 * 1024);
    CHECK_EQ(text(&o, "+sbwt -1"), 0);
    CHECK_EQ(o.spin_us, -1);
    CHECK_EQ(text(&o, "+S 8:2 +sbwt very_long +sbt db"), 0);
    CHECK_EQ(o.schedulers, 2);
    CHECK_EQ(o.spin_us, 2000);
    CHECK_STR(o.cores, NULL);
}

/* The arguments of a program as one text, and what is left of them. */
static int arguments(pit_node_opts *o, const char *all, const char *left)
{
    static char storage[1000];
    char *argv[20] = {NULL}, *save = NULL;
    int argc = 0, r;

    pit_log_sink_set(take_log);
    logged[0] = '\0';
    memset(o, 0, sizeof *o);
    CHECK((size_t)snprintf(storage, sizeof storage, "%s", all) < sizeof storage);
    for (char *w = strtok_r(storage, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    r = pit__options_args(o, argc, argv);
    if (r >= 0) {
        char got[1000] = "";

        for (int i = 0; i < r; i++)
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), i ? " %s" : "%s", argv[i]);
        CHECK_STR(got, left);
        CHECK(!argv[r]);
    }
    return r;
}

PIT_TEST(arguments_that_begin_with_a_plus_are_the_nodes_wherever_they_stand)
{
    pit_node_opts o;

    CHECK_EQ(arguments(&o, "app +S 2 file +P100000 -v", "app file -v"), 3);
    CHECK_EQ(o.schedulers, 2);
    CHECK_EQ(o.processes, 100000);
    CHECK_EQ(arguments(&o, "app +S 2 -- +S 3 --pit", "app -- +S 3 --pit"), 5);
    CHECK_EQ(o.schedulers, 2);
    CHECK_EQ(arguments(&o, "app a +S2 -extra +x -- --pit y", "app a +x -- --pit y"), 6);
    CHECK_EQ(o.schedulers, 2);
    CHECK_EQ(arguments(&o, "app", "app"), 1);
    CHECK_EQ(arguments(&o, "+app -name x", "+app -name x"), 3); /* a program may be called so */
    CHECK(!o.name);
}

PIT_TEST(all_arguments_after_pit_are_the_nodes)
{
    pit_node_opts o;

    CHECK_EQ(arguments(&o, "app +S 3 x --pit -name a +S 2", "app x"), 2);
    CHECK_EQ(o.schedulers, 2);
    CHECK_STR(o.name, "a");
    CHECK_EQ(arguments(&o, "app --pit", "app"), 1);
}

PIT_TEST(arguments_that_are_wrong_are_told_and_left_alone)
{
    char app[] = "app", s[] = "+S", two[] = "2", q[] = "+quick";
    char *argv[] = {app, s, two, q, NULL};
    pit_node_opts o;

    CHECK_EQ(arguments(&o, "app x +quick", NULL), -EINVAL);
    CHECK(strstr(logged, "unknown flag +quick; known are +S"));
    CHECK(strstr(logged, "--"));
    CHECK_EQ(arguments(&o, "app +S", NULL), -EINVAL);
    CHECK(strstr(logged, "needs a value"));
    CHECK_EQ(arguments(&o, "app +S -- x", NULL), -EINVAL);
    CHECK_EQ(arguments(&o, "app --pit x", NULL), -EINVAL);
    CHECK_EQ(arguments(&o, "app --pit -name", NULL), -EINVAL);
    CHECK_EQ(pit__options_args(&o, 4, argv), -EINVAL);
    CHECK(argv[1] == s && argv[3] == q && !argv[4]);
}

PIT_TEST(a_level_of_the_log_that_there_is_not_is_refused)
{
    pit_node_opts o;

    CHECK_EQ(text(&o, ""), 0);
    CHECK_EQ(setenv("PITBOSS_LOG", "verbose", 1), 0);
    CHECK_EQ(pit__options_complete(&o), -EINVAL);
    CHECK(strstr(logged, "verbose") &&
          strstr(logged, "none, error, warning, notice, info or debug"));
    CHECK_EQ(setenv("PITBOSS_LOG", "debug", 1), 0);
    CHECK_EQ(pit__options_complete(&o), 0);
    CHECK_EQ(setenv("PITBOSS_LOG", "", 1), 0);
    CHECK_EQ(pit__options_complete(&o), 0);
}

PIT_TEST(zero_stands_for_a_sound_value)
{
    pit_node_opts o = {0};

    CHECK_EQ(pit__options_complete(&o), 0);
    CHECK_EQ(o.processes, 4194304);
    CHECK_EQ(o.stack, 64 * 1024);
    CHECK_EQ(o.spin_us, 20);
    CHECK_EQ(o.stop_timeout, 10000);
}

PIT_TEST(options_out_of_range_are_refused_and_told)
{
    static const struct {
        pit_node_opts opts;
        const char *says; /* NULL: sound */
    } cases[] = {
        {{.schedulers = -1}, "schedulers"},
        {{.schedulers = 1025}, "schedulers"},
        {{.processes = 1023}, "processes"},
        {{.processes = 134217728}, "processes"},
        {{.atoms = 1023}, "atoms"},
        {{.atoms = 16777217}, "atoms"},
        {{.atoms = 1024}, NULL},
        {{.atoms = 16777216}, NULL},
        {{.memory = 65535}, "memory"},
        {{.memory = UINT64_MAX}, "memory"},
        {{.memory = 65536}, NULL},
        {{.stack = 16383}, "stack"},
        {{.spin_us = -2}, "spin_us"},
        {{.spin_us = 1000001}, "spin_us"},
        {{.spin_us = -1}, NULL},
        {{.stop_timeout = -1}, "stop_timeout"},
        {{.stop_timeout = 86400001}, "stop_timeout"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pit_node_opts o = cases[i].opts;

        pit_log_sink_set(take_log);
        logged[0] = '\0';
        CHECK_EQ(pit__options_complete(&o), cases[i].says ? -EINVAL : 0);
        CHECK(!cases[i].says || strstr(logged, cases[i].says));
    }
}
