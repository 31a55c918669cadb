/*
 * Goal: flags mean what the manual says, and what is wrong is refused and told. Method: texts and arguments, and what they make
 *   of the options; the log is read.
 */
#include "tests/harness/test.h"

#include <errno.h>
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
        {"+S", "needs a value"},          {"+S 0", "from 1 to 1024"},
        {"+S 1025", "from 1 to 1024"},    {"+S four", "must be a number"},
        {"+S 4x", "must be a number"},    {"+S -1", "from 1"},
        {"+Q 5", "unknown flag +Q"},      {"casino", "unknown flag casino"},
        {"+P 1023", "from 1024"},         {"+sss 15", "from 16"},
        {"+sss 8193", "to 8192"},         {"-stop 0", "from 1"},
        {"+P 999999999999999999999", ""}, {"-name", "needs a value"},
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

PIT_TEST(arguments_begin_where_they_are_told_to)
{
    char program[] = "program", mark[] = "--pit", s[] = "+S", two[] = "2";
    char *argv[] = {program, mark, s, two, NULL};
    pit_node_opts o = {0};

    CHECK_EQ(pit__options_args(&o, 4, argv, 2), 0);
    CHECK_EQ(o.schedulers, 2);
    CHECK_EQ(pit__options_args(&o, 4, argv, 4), 0);
    pit_log_sink_set(take_log);
    CHECK_EQ(pit__options_args(&o, 3, argv, 2), -EINVAL);
    CHECK_EQ(pit__options_args(&o, 4, argv, 1), -EINVAL);
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
