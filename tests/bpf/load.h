/*
 * A load with a known answer: fires every probe, and those that pitlat watches in known numbers.
 *
 *   load SECONDS [run]  waits so long for a tool that watches process_run, process_runnable and
 *                       process_exit, or process_run alone, and then for a line of input; fires;
 *                       waits until the tool has gone. Status 0; 3: none came. Prints `ready`, then
 *                       `fired`.
 *   load --cost N       at a line of input fires N pairs, prints the nanoseconds that a pair took.
 *
 * What it fires, the processes being INDEX of generation 7:
 *   1         23 delays of 3 ms or a little more; the runtime's own figure is -1 (not sampled)
 *   2         100 delays as short as can be; the runtime's own figure is 5,000 ns in 7 of them
 *   3         becomes runnable and is killed; then runs all the same, which matches nothing
 *   11 to 15  runnable all at once, then each runs
 */
#ifndef TESTS_BPF_LOAD_H
#define TESTS_BPF_LOAD_H

/* Linked into the program `load`, and as a shared library into `load_shared`. */
__attribute__((visibility("default"))) int load_main(int argc, char **argv);

#endif
