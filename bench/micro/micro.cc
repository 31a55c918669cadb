// Registers the loops of loops.c with google-benchmark. Each iteration is one node and one batch;
// its time is the loop's own.
//
// Question: what does one operation of the runtime cost when nothing else is in the way?
// Sketch:   each loop's is in the table of loops.c.
//
// Where the machine has counters the columns instructions, cycles and cache_misses say what an
// operation takes; where it has none (most virtual machines) bench/instructions counts instructions
// and atomic operations by callgrind.
#include <benchmark/benchmark.h>

#include "bench/micro/loops.h"

static bool failed; // what google-benchmark prints as an error, and ends with status 0 all the same

static void loop(benchmark::State &state, const micro_loop *loop)
{
    micro_counts sums = {};
    double seconds = 0;

    while (state.KeepRunning()) {
        micro_result result;

        if (!micro_run(loop, loop->batch, &result)) {
            failed = true;
            state.SkipWithError("the node did not start");
            return;
        }
        state.SetIterationTime(result.seconds);
        seconds += result.seconds;
        for (int i = 0; i < MICRO_COUNTERS; i++)
            sums.value[i] =
                result.counts.value[i] < 0 ? -1 : sums.value[i] + result.counts.value[i];
    }
    double operations = static_cast<double>(state.iterations()) * static_cast<double>(loop->batch);

    state.SetItemsProcessed(static_cast<int64_t>(operations));
    // Not by kInvert, which would print nanoseconds with an "s" behind.
    state.counters["ns_per_op"] = seconds * 1e9 / operations;
    for (int i = 0; i < MICRO_COUNTERS; i++)
        if (sums.value[i] >= 0)
            state.counters[micro_counter_names[i]] =
                static_cast<double>(sums.value[i]) / operations;
}

int main(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    for (size_t i = 0; i < micro_loop_count; i++)
        benchmark::RegisterBenchmark(micro_loops[i].name, loop, &micro_loops[i])
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
    benchmark::RunSpecifiedBenchmarks();
    return failed ? 1 : 0;
}
