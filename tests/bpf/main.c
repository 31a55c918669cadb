/*
 * The programs load and load_shared: probes in the program itself, and in a library that it uses.
 */
#include "tests/bpf/load.h"

int main(int argc, char **argv) { return load_main(argc, argv); }
