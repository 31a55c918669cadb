/*
 * What the thirty benchmarks of bench/savina share: how one describes itself, how it reports and
 * how it checks.
 *
 * A benchmark is one file with one `const struct savina savina_NAME`, and a line in SAVINA_ALL. Its
 * run function is called in the node's first process with the values of its parameters, in their
 * order. It makes its input, takes the time, runs, checks the result (savina_expect, BENCH_CHECK)
 * and reports. A wrong result ends the program with status 1 and says what was expected, so a
 * figure that was printed is a figure of correct work.
 */
#ifndef BENCH_SAVINA_SAVINA_H
#define BENCH_SAVINA_SAVINA_H

#include "bench/bench.h"

/* How the work grows with a parameter, so that --scale N can divide the work by N. */
enum savina_growth {
    SAVINA_FIXED, /* the shape of the benchmark: not scaled */
    SAVINA_LINEAR,
    SAVINA_SQUARE,
    SAVINA_CUBE,
    SAVINA_EXPONENTIAL
};

struct savina_param {
    const char *name;
    uint64_t standard, least; /* the suite's default; what --scale never goes below */
    enum savina_growth growth;
};

struct savina {
    const char *name, *what;
    void (*run)(const uint64_t *params);
    struct savina_param params[6]; /* up to the first without a name */
};

/* clang-format off */
#define SAVINA_ALL(X) \
    X(pingpong) X(count) X(fjthroughput) X(fjcreate) X(threadring) X(chameneos) \
    X(big) X(concdict) X(concsll) X(boundedbuffer) X(philosophers) X(barber) \
    X(cigsmok) X(logisticmap) X(banking) X(quicksort) X(radix) X(bitonic) \
    X(apsp) X(recmatmul) X(nqueens) X(astar) X(trapezoid) X(sieve) \
    X(filterbank) X(facloc) X(uct) X(fib) X(piprecision) X(sor)
/* clang-format on */

#define SAVINA_DECLARE(name) extern const struct savina savina_##name;
SAVINA_ALL(SAVINA_DECLARE)

/* ---- common.c ---- */

/* time_ms, and <metric>: count things in the time since `since`. Call it when the work is done,
   before it is checked. */
void savina_report(int64_t since, const char *metric, uint64_t count);

/* The result is what it must be; or the program ends, and says what was expected. */
void savina_expect(const char *what, uint64_t actual, uint64_t expected);
void savina_expect_double(const char *what, double actual, double expected); /* to the last bit */

/*
 * Chance, the same in the peers' programs: modulo 2^32 with a small factor, so that its products
 * are small integers in their languages too. A number below `below` (at most 2^24), without the
 * lowest bits, which repeat soon; and one below 2^60.
 */
static inline uint32_t savina_next_random(uint32_t x) { return x * 69069u + 1; }
static inline uint32_t savina_random(uint32_t *state, uint32_t below)
{
    *state = savina_next_random(*state);
    return (*state >> 8) % below;
}
uint64_t savina_random60(uint32_t *state);

/* A number of a stream that processes sort among them. */
PIT_MESSAGE(savina_number, (uint64_t, value));

/* What came out of such processes, beside what went in. */
struct savina_stream {
    uint64_t sum_in, sum_out, falls; /* falls: how often a number is less than the one before it */
};

/* Send count random numbers to head, and receive as many. */
struct savina_stream savina_stream_through(pit_pid head, uint64_t count);

/* They are the same numbers, in order; or the benchmark fails. */
void savina_stream_check(const struct savina_stream *s);

/* So many steps of work that no compiler can leave out. */
void savina_busy(uint32_t steps);

#endif
