/*
 * What the files of pitboss-bench share: a benchmark's signature, how it reports, and how it fails.
 *
 * A benchmark runs in the node's first process, prints `metric value` lines through the report
 * functions, and returns 0. It checks its own result: a lost message, a wrong count, order or sum
 * end the program with status 1, so that a figure which was printed is also a figure of correct
 * work. The work and the metric names are those of the programs in peers/, so that a row can be
 * held against theirs.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <pit/pit.h>

/* The arguments that follow the name on the command line; main has checked their number. */
typedef int bench_run(char **argv);

bench_run bench_spawn, bench_spawn_idle;
bench_run bench_ping_pong, bench_ping_pong_apart, bench_thread_ring, bench_counting;
bench_run bench_big, bench_fork_join_create, bench_fork_join_throughput, bench_chameneos;
bench_run bench_call, bench_call_backlog;
bench_run bench_links_monitors;
bench_run bench_supervisor_restart, bench_supervisor_children;
bench_run bench_timers, bench_timers_cancel;
bench_run bench_trace;
bench_run bench_fairness;
bench_run bench_spike, bench_flat, bench_overload;
bench_run bench_echo, bench_stream, bench_http, bench_kv, bench_ws;

/* Run without a node: what the machine does by itself. */
bench_run bench_bounce;
bench_run bench_floor_switch, bench_floor_atomic, bench_floor_malloc, bench_floor_syscall;
bench_run bench_floor_enter, bench_floor_nop, bench_floor_loopback;

/* ---- report.c: arguments in, metrics out ---- */

/* A count from the command line; anything but a number up to `most` is a usage error and
   ends the program. */
uint64_t bench_number(const char *text, uint64_t most);

void bench_report(const char *metric, double value);
void bench_report_rate(const char *metric, uint64_t count, int64_t since_ns);

/* <prefix>_p50, _p99, _p999 and _max of all samples, in microseconds; sorts them. with_count adds
   <prefix>_n. */
void bench_report_percentiles(const char *prefix, int64_t *samples_ns, size_t count,
                              bool with_count);

/* Resident memory of this OS process in bytes. */
double bench_resident_bytes(void);

/* Memory that outlives processes, for results; never NULL. */
void *bench_memory(size_t count, size_t size);

/* Says what was wrong and ends the program with status 1, at once: a wrong result has no figure. */
PIT_NORETURN void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define BENCH_CHECK(condition) \
    ((condition) ? (void)0 : bench_fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition))

/* ---- work.c: what several benchmarks do ---- */

/* How the processes of a benchmark tell its first process that their part is done. */
PIT_MESSAGE(bench_done, (uint64_t, count));

/*
 * What the first process waits for: m = BENCH_AWAIT(pit_receive(PIT_INFINITY)). A message that was
 * lost would hang the benchmark, so it gives up, and fails, when one such wait has taken two
 * minutes; of PITBOSS_BENCH_PATIENCE milliseconds, if that is in the environment: for tests.
 */
#define BENCH_AWAIT(...)                           \
    __extension__({                                \
        bench_waits(true);                         \
        __auto_type bench_awaited = (__VA_ARGS__); \
        bench_waits(false);                        \
        bench_awaited;                             \
    })
void bench_waits(bool begins);

/* Wait for `messages` bench_done, and return the sum of their counts. */
uint64_t bench_wait_done(uint64_t messages);

/* End a callback process, reason normal. */
PIT_NORETURN void bench_end(void);

/* The peers' generator, so that all choose the same random targets. */
static inline uint32_t bench_lcg(uint32_t x) { return (x * 1103515245u + 12345u) & 0x7fffffffu; }

/* The work of the fork-join benchmarks: one sine, which the compiler cannot leave out. */
void bench_compute(double x);

#endif
