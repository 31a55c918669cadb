/*
 * Goal: an address survives the way to its text and back, and what is no address is refused.
 * Method: tables, and every text cut short at every length.
 */
#include <pit/address.h>

#include <string.h>

#include "io/address.h"
#include "tests/harness/test.h"

PIT_TEST(an_address_prints_as_what_it_was_parsed_from)
{
    static const char *const texts[] = {"127.0.0.1:7000",        "0.0.0.0:0",
                                        "255.255.255.255:65535", "[::1]:7000",
                                        "[2001:db8::5]:443",     "[fe80::1%7]:80"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pit_address a, b;
        char text[PIT_ADDRESS_TEXT];
        union pit__sockaddr kernel;

        CHECK_EQ(pit_address_parse(texts[i], &a), 0);
        CHECK_STR(pit_address_text(&a, text, sizeof text), texts[i]);
        CHECK_EQ(pit__address_to_kernel(&a, &kernel),
                 a.family == 4 ? sizeof kernel.v4 : sizeof kernel.v6);
        pit__address_from_kernel(&kernel, &b);
        CHECK_STR(pit_address_text(&b, text, sizeof text), texts[i]);
    }
}

PIT_TEST(a_star_is_every_address)
{
    pit_address a;

    CHECK_EQ(pit_address_parse("*:80", &a), 0);
    CHECK_EQ(a.family, 6);
    CHECK_EQ(a.port, 80);
    CHECK_EQ(a.ip[15], 0);
}

PIT_TEST(what_is_no_address_is_refused)
{
    static const char *const wrong[] = {"",
                                        ":",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:-1",
                                        "127.0.0.1:8x",
                                        "127.0.0:80",
                                        "1.2.3.4.5:80",
                                        "localhost:80",
                                        "::1:80",
                                        "[::1]",
                                        "[::1]80",
                                        "[::1:80",
                                        "[]:80",
                                        "[::1%]:80",
                                        "[::1%x]:80",
                                        "[127.0.0.1]:80",
                                        "**:80",
                                        "*",
                                        " 1.2.3.4:5",
                                        "1.2.3.4:99999999999999999999"};
    pit_address a = {.port = 99};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQ(pit_address_parse(wrong[i], &a), -EINVAL);
    CHECK_EQ(pit_address_parse(NULL, &a), -EINVAL);
    CHECK_EQ(a.port, 99); /* untouched */
}

PIT_TEST(every_length_of_buffer_and_text_is_safe)
{
    static const char text[] = "[fe80::1234:5678:9abc:def0%4294967295]:65535";
    pit_address a;
    char cut[sizeof text], out[PIT_ADDRESS_TEXT];

    CHECK_EQ(pit_address_parse(text, &a), 0);
    for (size_t n = 1; n <= sizeof out; n++)
        CHECK(strlen(pit_address_text(&a, out, n)) < n);
    for (size_t n = 0; n < sizeof text - 1; n++) {
        memcpy(cut, text, n);
        cut[n] = 0;
        /* sanitizers watch; some cuts are addresses with a shorter port */
        (void)pit_address_parse(cut, &a);
    }
}
