/*
 * Terms: made of a format, taken apart by one, and as text. There is no external term format in
 * pitboss yet, so what stands for encoding and decoding is printing and parsing.
 */
#include <pit/pit.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/micro/loops.h"

#define TEXT "{deposit,17,#{currency => euro,memo => <<\"rent\">>}}"
/* terms live until the next receive: let go of so many at once, as a message's worth */
#define A_FEW 64

static pit_term build(uint64_t i)
{
    return pit_build("{deposit, ~, #{currency => ~a, memo => ~}}", i, "euro", "rent");
}

void micro_term_build(uint64_t n, uint64_t size)
{
    pit_term t = pit_nil(), memo;
    const char *currency;
    uint64_t last;

    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        t = build(i);
        BENCH_CHECK(pit_tuple_size(t) == 3);
        if (i % A_FEW == 0 && i + 1 < n)
            pit_term_release_all();
    }
    micro_end();
    BENCH_CHECK(
        pit_match(t, "{deposit, ~, #{currency := ~a, memo := ~}}", &last, &currency, &memo));
    BENCH_CHECK(last == n - 1 && !strcmp(currency, "euro"));
    BENCH_CHECK(pit_term_equal(memo, pit_build("~", "rent")));
}

void micro_term_match(uint64_t n, uint64_t size)
{
    pit_term t = build(17);
    const char *currency;
    uint64_t amount;

    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        amount = 0;
        BENCH_CHECK(pit_match(t, "{deposit, ~, #{currency := ~a}}", &amount, &currency));
        BENCH_CHECK(amount == 17 && currency[0] == 'e');
    }
    micro_end();
}

void micro_term_print(uint64_t n, uint64_t size)
{
    pit_term t = build(17);
    char text[128];

    micro_begin();
    for (uint64_t i = 0; i < n; i++)
        BENCH_CHECK(pit_term_print(text, sizeof text, t) == sizeof TEXT - 1);
    micro_end();
    BENCH_CHECK(!strcmp(text, TEXT));
}

void micro_term_parse(uint64_t n, uint64_t size)
{
    pit_term t = pit_nil();

    micro_begin();
    for (uint64_t i = 0; i < n; i++) {
        BENCH_CHECK(pit_term_parse(TEXT, sizeof TEXT - 1, &t) == 0);
        if (i % A_FEW == 0 && i + 1 < n)
            pit_term_release_all();
    }
    micro_end();
    BENCH_CHECK(pit_term_equal(t, build(17)));
}
