/*
 * Goal: Erlang/OTP's register_SUITE: one name, given to one process after another, each killed,
 * never found in a wrong state. Method: as OTP's; a name that is still the last one's is taken from
 * it first.
 */
#include "tests/runtime/node.h"

/*
 * REG-1, REG-2, REG-3, REG-4: the name is the new one's at once, whatever has become of the last.
 * OTP: register_SUITE/otp_8099
 */
NODE_CASE(a_name_goes_from_one_that_is_killed_to_the_next)
{
    uint64_t n = pit_test_scale(pit_test_sanitized() ? 500 : 5000, 1000000), waited = 0;

    for (uint64_t i = 0; i < n; i++) {
        pit_pid p = spawn_anywhere(wait_forever, NULL, 0);
        int r = pit_register("passed_on", p);

        if (r) {
            CHECK_EQ(r, -PIT_ENAMETAKEN);
            waited++;
            r = pit_unregister("passed_on");
            CHECK(r == 0 || r == -PIT_ENOPROC); /* it ended meanwhile */
            CHECK_EQ(pit_register("passed_on", p), 0);
        }
        CHECK(pit_pid_equal(pit_whereis("passed_on"), p));
        pit_exit_process(p, pit_atom("kill"));
    }
    expect_alone();
    CHECK_EQ(pit_whereis("passed_on").id, 0);
    CHECK(waited <= n);
}
