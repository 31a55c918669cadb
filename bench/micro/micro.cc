// Registers the loops of loops.c with google-benchmark. Each iteration is one node and one batch;
// its time is the loop's own.
//
// Question: what does one operation of the runtime cost when nothing else is in the way?
// Sketch:   send and receive: a block from the pool, two list operations, a slice check: 15-30 ns.
//           A switch: six registers and two run-queue operations: 10-20 ns.
//           Spawn and end: a slot, a message, the teardown steps: 30-60 ns.
//           Timer: a wheel's list, in and out, and two look-ups: 20-40 ns.
#include <benchmark/benchmark.h>

#include "bench/micro/loops.h"

static constexpr uint64_t BATCH = 200000;

static void loop(benchmark::State &state, double (*run)(uint64_t))
{
    for (auto _ : state) {
        double seconds = run(BATCH);

        if (seconds < 0) {
            state.SkipWithError("an operation was lost");
            return;
        }
        state.SetIterationTime(seconds);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(BATCH));
}

#define MICRO(name) \
    BENCHMARK_CAPTURE(loop, name, micro_##name)->UseManualTime()->Unit(benchmark::kMillisecond)

MICRO(send_receive);
MICRO(switch);
MICRO(spawn);
MICRO(timer);

BENCHMARK_MAIN();
